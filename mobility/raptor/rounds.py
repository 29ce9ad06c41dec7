"""The search: earliest arrivals at all stops, for all departures of a window at once.

Rounds as in RAPTOR: round k finds what is reached with at most k rides. Instead of one
search per departure, every label is a row of *lanes*, one per departure in ascending
order. Who leaves later never arrives earlier, so rows ascend, and

- a trip carries all lanes up to the latest one that catches it: one number per trip;
- a trip's arrival improves a run of lanes that ends at that number;
- a change of stops is one addition and minimum over a row, which the processor does
  sixteen lanes at a time.

Rows are made when first touched in a round, by copying the row of the round before. They
are taken from a pool one after the other, so that stops reached together lie together in
memory, and a search uses as little of it as can be. A bit per stop and round says which
rows exist, a table where they are. No clearing between origins.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from mobility.raptor.model import (
    INNER,
    NOWHERE,
    TILE,
    UNREACHED,
    Int32,
    Int64,
    Service,
    event_at,
)

Int16 = npt.NDArray[np.int16]
Labels = npt.NDArray[np.int32]


class Work(NamedTuple):
    """Memory of one thread, used again for every origin.

    Parameters
    ----------
    arrive, ready
        int32 pools of rows, packed: off a vehicle at a stop; able to board there. Row r of a
        stop holds at most r rides.
    arrive_at, ready_at
        int64 (n_stops, max_rides + 1): where rows start in their pool.
    arrive_rows, ready_rows
        int32 (n_stops,): bit r set where row r exists.
    arrive_newest, ready_newest, ready_before
        int64 (n_stops,): where the newest row starts, and the newest but one; −1 none.
    used
        int64 (2,): how much of the pools is in use.
    low, high
        int32 (n_stops,): lanes low … high − 1 of the newest arrive row changed this round.
    ready_low, ready_high
        The same of ready rows.
    step_start, step_count
        int32 (n_stops,): where a stop's boardings of this round stand in `step_lane`.
    step_lane, step_time
        int32, latest lane of each run of equal, new ready times, latest first, and the time.
    onboard
        int16 (n_events,): latest lane (+ 1) that has sat in the trip on arrival; 0 none.
    trips, lanes
        int32 (3 * (n_lanes + 1),), scratch: trips of a pattern one sits in, and the latest
        lane in each; two halves and a third for those just boarded.
    flags, words, never
        uint8 (over n_lanes,) scratch, the same memory as uint64, and an int32 row of UNREACHED.
    first
        int32 (n_patterns,): first position to scan from.
    stops, marked, patterns
        int32 lists: stops newly arrived at, stops newly boardable, patterns to scan.
    """

    arrive: Labels
    ready: Labels
    arrive_at: Int64
    ready_at: Int64
    arrive_rows: Int32
    ready_rows: Int32
    arrive_newest: Int64
    ready_newest: Int64
    ready_before: Int64
    used: Int64
    low: Int32
    high: Int32
    ready_low: Int32
    ready_high: Int32
    step_start: Int32
    step_count: Int32
    step_lane: Int32
    step_time: Int32
    onboard: Int16
    trips: Int32
    lanes: Int32
    flags: npt.NDArray[np.uint8]
    words: npt.NDArray[np.uint64]
    never: Int32
    first: Int32
    stops: Int32
    marked: Int32
    patterns: Int32


NEVER = np.int32(2**31 - 1)


def row_width(n_lanes: int) -> int:
    """Length of a row in its pool: at least one lane more, all of them UNREACHED.

    Whole eights, so that loops over parts of rows have no odd lanes at their end.
    """
    return (n_lanes + 8) // 8 * 8


_width = njit(**INNER)(row_width)


def make_work(service: Service, *, n_lanes: int, max_rides: int) -> Work:
    """Allocate the memory of one thread; rows are touched only where a search gets to."""
    n_stops = len(service.call_offset) - 1
    n_patterns = len(service.n_trips)
    shape = (n_stops, max_rides + 1)
    most = n_stops * (max_rides + 1) * row_width(n_lanes) + 1

    def zeros(size: int) -> Int32:
        return np.zeros(size, np.int32)

    flags = np.zeros(row_width(n_lanes), np.uint8)
    return Work(
        arrive=np.empty(most, np.int32),
        ready=np.empty(most, np.int32),
        arrive_at=np.zeros(shape, np.int64),
        ready_at=np.zeros(shape, np.int64),
        arrive_rows=zeros(n_stops),
        ready_rows=zeros(n_stops),
        arrive_newest=np.zeros(n_stops, np.int64),
        ready_newest=np.zeros(n_stops, np.int64),
        ready_before=np.zeros(n_stops, np.int64),
        used=np.zeros(2, np.int64),
        low=zeros(n_stops),
        high=zeros(n_stops),
        ready_low=zeros(n_stops),
        ready_high=zeros(n_stops),
        step_start=zeros(n_stops),
        step_count=zeros(n_stops),
        step_lane=zeros(n_stops * row_width(n_lanes) + 8),
        step_time=zeros(n_stops * row_width(n_lanes) + 8),
        onboard=np.zeros(len(service.arrival), np.int16),
        trips=zeros(3 * (n_lanes + 1)),
        lanes=zeros(3 * (n_lanes + 1)),
        flags=flags,
        words=flags.view(np.uint64),
        never=np.full(row_width(n_lanes), UNREACHED, np.int32),
        first=np.full(n_patterns, NEVER, np.int32),
        stops=zeros(n_stops),
        marked=zeros(n_stops),
        patterns=zeros(n_patterns),
    )


@njit(**INNER)
def newest(rows: int) -> int:
    """Highest row that exists; `rows` must not be 0."""
    row = 0
    while rows > 1:
        rows >>= 1
        row += 1
    return row


@njit(**INNER)
def row_at(rows: int, most: int) -> int:
    """Newest row of at most `most` rides, −1 where there is none."""
    rows &= (2 << most) - 1
    return newest(rows) if rows else -1


@njit(**INNER)
def begin(work: Work) -> None:
    """Forget the search before."""
    for stop in range(len(work.arrive_rows)):
        work.arrive_rows[stop] = 0
        work.ready_rows[stop] = 0
        work.arrive_newest[stop] = -1
        work.ready_newest[stop] = -1
    for event in range(len(work.onboard)):
        work.onboard[event] = 0
    work.used[0] = 0
    work.used[1] = 0


@njit(**INNER)
def _copy(row: Labels, other: Labels) -> None:
    """Copy a row; assigning slices would compile numpy's whole broadcasting."""
    for x in range(len(row)):
        row[x] = other[x]


@njit(**INNER)
def _clear(row: Labels) -> None:
    """Fill a row with UNREACHED."""
    for x in range(len(row)):
        row[x] = UNREACHED


@njit(**INNER)
def set_access(work: Work, stops: Int32, times: Int32, departures: Int32, n_lanes: int) -> int:
    """Fill round 0: being at a stop after the way from the door. Returns how many stops."""
    ready, width = work.ready, _width(n_lanes)
    for e in range(len(stops)):
        stop = stops[e]
        at = np.int64(e) * width
        work.ready_at[stop, 0] = at
        work.ready_newest[stop] = at
        work.ready_before[stop] = -1
        _clear(ready[at : at + width])
        for lane in range(n_lanes):
            ready[at + lane] = departures[lane] + times[e]
        work.ready_rows[stop] = 1
        work.ready_low[stop] = 0
        work.ready_high[stop] = width
        work.marked[e] = stop
    work.used[1] = len(stops) * width
    return len(stops)


@njit(**INNER)
def _flag_steps(row: Labels, before: Labels, flags: npt.NDArray[np.uint8]) -> None:
    """Flag lanes lower than `before` and than the lane after.

    `row` has one lane more; what stands there after the last lane of all is no matter, for
    that lane is never reached.
    """
    for x in range(len(before)):
        flags[x] = np.uint8(row[x] < row[x + 1]) & np.uint8(row[x] < before[x])


@njit(**INNER)
def _mark_patterns(service: Service, work: Work, leave: Int32, n_marked: int) -> int:
    """List the boardings of newly ready stops and the patterns that lead on from there."""
    ready, ready_newest, first = work.ready, work.ready_newest, work.first
    step_lane, step_time = work.step_lane, work.step_time
    words = work.words
    n_patterns = 0
    n_steps = 0
    for e in range(n_marked):
        stop = np.int64(work.marked[e])
        low, high = np.int64(work.ready_low[stop]), np.int64(work.ready_high[stop])
        at, start = ready_newest[stop], work.ready_before[stop]
        before = work.never[: high - low] if start < 0 else ready[start + low : start + high]
        n_words = (high - low) >> 3
        _flag_steps(ready[at + low : at + high + 1], before, work.flags)
        work.step_start[stop] = n_steps
        for word in range(n_words - 1, -1, -1):
            if words[word] == 0:
                continue
            for x in range(8 * word + 7, 8 * word - 1, -1):
                step_lane[n_steps] = low + x
                step_time[n_steps] = ready[at + low + x]
                n_steps += work.flags[x]
        work.step_count[stop] = n_steps - work.step_start[stop]
        if work.step_count[stop] == 0:
            continue
        for c in range(service.call_offset[stop], service.call_offset[stop + 1]):
            p, i = service.call_pattern[c], service.call_index[c]
            position = service.position_offset[p] + i
            if not service.pickup[position] or leave[position] == NOWHERE:
                continue
            if first[p] == NEVER:
                work.patterns[n_patterns] = p
                n_patterns += 1
            first[p] = min(first[p], i)
    return n_patterns


@njit(**INNER)
def _ride(service: Service, work: Work, leave: Int32, n_patterns: int, k: int, n_lanes: int) -> int:
    """Ride all listed patterns from their first newly ready stop. Returns stops reached.

    `leave` says where after each position one may get off next, see `next_exits`.
    Trips one sits in stand in a list ascending by trip and by lane: who could sit in an
    earlier trip of the pattern does. The list changes between two halves of its memory.
    """
    arrive, arrive_at, arrive_rows = work.arrive, work.arrive_at, work.arrive_rows
    arrive_newest = work.arrive_newest
    used, width = work.used[0], _width(n_lanes)
    onboard, trips, lanes = work.onboard, work.trips, work.lanes
    half = np.int64(len(trips) // 3)
    arrival, departure = service.arrival, service.departure
    step_start, step_count = work.step_start, work.step_count
    step_lane, step_time = work.step_lane, work.step_time
    bit = 1 << k
    n_stops = 0
    for e in range(n_patterns):
        p = work.patterns[e]
        n_trips = np.int64(service.n_trips[p])
        begin_position = service.position_offset[p]
        n_positions = service.position_offset[p + 1] - begin_position
        base, stride = service.event_offset[p], np.int64(n_positions) * TILE
        taken, n_taken = np.int64(0), np.int64(0)
        t = np.int64(-1)
        off = np.int64(0)
        for i in range(work.first[p], n_positions):
            stop = np.int64(service.position_stop[begin_position + i])
            row = base + i * TILE
            here, off = off, np.int64(leave[begin_position + i])
            if n_taken > 0 and i == here:
                at = arrive_newest[stop]
                kept = taken
                lowest, highest = np.int64(-1), np.int64(-1)
                for u in range(taken, taken + n_taken):
                    lane, trip = lanes[u], trips[u]
                    event = event_at(row, stride, trip)
                    if lane < onboard[event]:
                        continue  # ridden before, by as late a lane and with fewer rides
                    lanes[kept], trips[kept] = lane, trip
                    kept += 1
                    onboard[event] = lane + 1
                    time = np.int32(arrival[event] | k)
                    if at < 0 or time < arrive[at + lane]:
                        if highest < 0:
                            lowest = np.int64(lane)
                            rows = arrive_rows[stop]
                            if rows & bit == 0:
                                if at < 0:
                                    _clear(arrive[used : used + width])
                                else:
                                    _copy(arrive[used : used + width], arrive[at : at + width])
                                at = used
                                used += width
                                arrive_at[stop, k] = at
                                arrive_newest[stop] = at
                                arrive_rows[stop] = rows | bit
                                work.low[stop] = lane
                                work.high[stop] = 0
                                work.stops[n_stops] = stop
                                n_stops += 1
                        arrive[at + lane] = time
                        highest = np.int64(lane)
                n_taken = kept - taken
                if highest >= 0:
                    work.low[stop] = min(work.low[stop], lowest)
                    work.high[stop] = max(work.high[stop], highest + 1)
            if off == NOWHERE:
                break
            n_steps = step_count[stop]
            if n_steps == 0 or not service.pickup[begin_position + i]:
                continue
            s = step_start[stop]
            end = s + n_steps
            time = step_time[s]
            if t < 0:  # bisection once, then from where the stop before left off
                t, above = np.int64(0), n_trips
                while t < above:
                    middle = (t + above) >> 1
                    if departure[event_at(row, stride, middle)] < time:
                        t = middle + 1
                    else:
                        above = middle
            else:
                while t < n_trips and departure[event_at(row, stride, t)] < time:
                    t += 1
                while t > 0 and departure[event_at(row, stride, t - 1)] >= time:
                    t -= 1
            latest = t
            if t == n_trips:  # the latest lanes miss the last trip
                if t == 0:
                    continue
                time = departure[event_at(row, stride, t - 1)]
                while s < end and step_time[s] > time:
                    s += 1
            # Trips boarded here, latest first.
            new, row_off = 2 * half, row + (off - i) * TILE
            sat = taken + n_taken
            while s < end:
                lane, time = step_lane[s], step_time[s]
                while sat > taken and lanes[sat - 1] >= lane:
                    sat -= 1
                before = n_trips  # who sits in a trip already needs an earlier one
                if sat < taken + n_taken:
                    before = np.int64(trips[sat])
                    t = min(t, before)
                while t > 0 and departure[event_at(row, stride, t - 1)] >= time:
                    t -= 1
                if t < before and lane >= onboard[event_at(row_off, stride, t)]:
                    lanes[new], trips[new] = lane, t
                    new += 1
                if t == 0:
                    break
                time = departure[event_at(row, stride, t - 1)]
                s += 1
                while s < end and step_time[s] > time:
                    s += 1
            t = latest
            if new > 2 * half:
                n_taken = _merge(trips, lanes, taken, n_taken, 2 * half, new, half - taken)
                taken = half - taken
        work.first[p] = NEVER
    work.used[0] = used
    return n_stops


@njit(**INNER)
def _merge(trips: Int32, lanes: Int32, old: int, n_old: int, low: int, new: int, out: int) -> int:
    """Merge trips sat in (from `old` on, ascending) with those boarded (down from `new`).

    Of all, those are written from `out` on whose lane is later than that of every earlier
    trip. Returns how many.
    """
    n = out
    end = old + n_old
    last = np.int32(-1)
    while old < end or new > low:
        if new == low or (old < end and trips[old] < trips[new - 1]):
            lane, trip = lanes[old], trips[old]
            old += 1
        else:
            new -= 1
            lane, trip = lanes[new], trips[new]
        if lane > last:
            if n > out and trips[n - 1] == trip:
                n -= 1
            lanes[n], trips[n] = lane, trip
            n += 1
            last = lane
    return n - out


@njit(**INNER)
def _close(row: Labels, low: int) -> int:
    """Make a row ascend again after single lanes fell. Returns the lowest lane changed."""
    least = row[len(row) - 1]
    for x in range(len(row) - 2, -1, -1):
        if row[x] > least:
            row[x] = least
            low = min(low, x)
        else:
            least = row[x]
    return low


@njit(**INNER)
def _close_all(work: Work, n_stops: int, k: int) -> None:
    """Close the rows of the last round, after which nobody changes."""
    for e in range(n_stops):
        start = work.arrive_at[work.stops[e], k]
        _close(work.arrive[start : start + work.high[work.stops[e]]], 0)


@njit(**INNER)
def _any_lower(row: Labels, other: Labels, walk: int) -> bool:
    """Whether `other` + `walk` is below `row` anywhere."""
    least = np.int32(0)  # counting would widen to 64 bits
    for x in range(len(row)):
        least = min(least, np.int32(np.int32(other[x] + walk) - row[x]))
    return bool(least < 0)


@njit(**INNER)
def _lower(row: Labels, other: Labels, walk: int) -> None:
    """Lower `row` to `other` + `walk` where that is less."""
    for x in range(len(row)):
        row[x] = min(row[x], np.int32(other[x] + walk))


@njit(**INNER)
def _change(service: Service, work: Work, k: int, n_stops: int, n_lanes: int) -> int:
    """Walk from newly reached stops to where one may board next. Returns stops marked."""
    arrive, ready = work.arrive, work.ready
    ready_at, ready_rows = work.ready_at, work.ready_rows
    ready_newest = work.ready_newest
    used, width = work.used[1], _width(n_lanes)
    bit = 1 << k
    n_marked = 0
    for e in range(n_stops):
        origin = np.int64(work.stops[e])
        high = np.int64(work.high[origin])
        start = work.arrive_at[origin, k]
        low = np.int64(_close(arrive[start : start + high], work.low[origin])) & ~7
        high = (high + 7) & ~7
        reached = arrive[start + low : start + high]
        for c in range(service.transfer_offset[origin], service.transfer_offset[origin + 1]):
            stop = np.int64(service.transfer_stop[c])
            walk = service.transfer_time[c]
            rows = ready_rows[stop]
            at = ready_newest[stop]
            if rows & bit == 0:
                at = used
                row = ready[at : at + width]
                before = ready_newest[stop]
                if before < 0:
                    _clear(row)
                else:
                    if not _any_lower(ready[before + low : before + high], reached, walk):
                        continue
                    _copy(row, ready[before : before + width])
                used += width
                ready_at[stop, k] = at
                ready_newest[stop] = at
                work.ready_before[stop] = before
                ready_rows[stop] = rows | bit
                work.ready_low[stop] = low
                work.ready_high[stop] = high
                work.marked[n_marked] = stop
                n_marked += 1
            else:
                work.ready_low[stop] = min(work.ready_low[stop], low)
                work.ready_high[stop] = max(work.ready_high[stop], high)
            _lower(ready[at + low : at + high], reached, walk)
    work.used[1] = used
    return n_marked


@njit(**INNER)
def search(
    service: Service, work: Work, exits: Int32, n_marked: int, n_lanes: int, max_rides: int
) -> None:
    """Run all rounds from the `n_marked` stops that `set_access` made ready.

    `exits` says where one may get off next in the last round, see `next_exits`.
    """
    for k in range(1, max_rides + 1):
        leave = exits if k == max_rides else service.leave
        n_patterns = _mark_patterns(service, work, leave, n_marked)
        n_stops = _ride(service, work, leave, n_patterns, k, n_lanes)
        for e in range(n_marked):
            work.step_count[work.marked[e]] = 0
        if k == max_rides:
            _close_all(work, n_stops, k)
        if n_stops == 0 or k == max_rides:
            return
        n_marked = _change(service, work, k, n_stops, n_lanes)
