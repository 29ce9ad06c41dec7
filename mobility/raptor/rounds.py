"""The search: earliest arrivals at all stops, for all departures of a window at once.

Rounds as in RAPTOR: round k finds what is reached with at most k rides. Instead of one
search per departure, every label is a row of *lanes*, one per departure in ascending
order. Who leaves later never arrives earlier, so rows ascend, and

- a trip carries all lanes up to the latest one that catches it: one number per trip;
- a trip's arrival improves a run of lanes that ends at that number;
- a change of stops is one addition and minimum over a row, which the processor does
  sixteen lanes at a time.

Rows are made when first touched in a round, by copying the row of the round before, and
stand stop by stop with all rounds side by side: ``arrive[stop, round]``, ``ready[stop,
round]``. A bit per stop and round says which rows exist. No clearing between origins.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from mobility.raptor.model import UNREACHED, Int32, Service

Int16 = npt.NDArray[np.int16]
Labels = npt.NDArray[np.int32]


class Work(NamedTuple):
    """Memory of one thread, used again for every origin.

    Parameters
    ----------
    arrive, ready
        int32 (n_stops, max_rides + 1, n_lanes), packed: off a vehicle at a stop; able to
        board there. Row r holds at most r rides.
    arrive_rows, ready_rows
        int32 (n_stops,): bit r set where row r exists.
    low, high
        int32 (n_stops,): lanes low … high − 1 of the newest arrive row changed this round.
    ready_low, ready_high
        The same of ready rows.
    step_start, step_count
        int32 (n_stops,): where a stop's boardings of this round stand in `step_lane`.
    step_lane
        int32, latest lane of each run of equal, new ready times, latest first.
    onboard
        int16 (n_events,): latest lane (+ 1) that has sat in the trip on arrival; 0 none.
    lane_of_trip
        int32 (largest number of trips in a pattern,), scratch.
    first
        int32 (n_patterns,): first position to scan from.
    stops, marked, patterns
        int32 lists: stops newly arrived at, stops newly boardable, patterns to scan.
    """

    arrive: Labels
    ready: Labels
    arrive_rows: Int32
    ready_rows: Int32
    low: Int32
    high: Int32
    ready_low: Int32
    ready_high: Int32
    step_start: Int32
    step_count: Int32
    step_lane: Int32
    onboard: Int16
    lane_of_trip: Int32
    first: Int32
    stops: Int32
    marked: Int32
    patterns: Int32


NEVER = np.int32(2**31 - 1)


def make_work(service: Service, *, n_lanes: int, max_rides: int) -> Work:
    """Allocate the memory of one thread; rows are touched only where a search gets to."""
    n_stops = len(service.call_offset) - 1
    n_patterns = len(service.n_trips)
    shape = (n_stops, max_rides + 1, n_lanes)

    def zeros(size: int) -> Int32:
        return np.zeros(size, np.int32)

    return Work(
        arrive=np.empty(shape, np.int32),
        ready=np.empty(shape, np.int32),
        arrive_rows=zeros(n_stops),
        ready_rows=zeros(n_stops),
        low=zeros(n_stops),
        high=zeros(n_stops),
        ready_low=zeros(n_stops),
        ready_high=zeros(n_stops),
        step_start=zeros(n_stops),
        step_count=zeros(n_stops),
        step_lane=zeros(n_stops * n_lanes + 1),
        onboard=np.zeros(len(service.arrival), np.int16),
        lane_of_trip=np.full(max(1, int(service.n_trips.max(initial=1))), -1, np.int32),
        first=np.full(n_patterns, NEVER, np.int32),
        stops=zeros(n_stops),
        marked=zeros(n_stops),
        patterns=zeros(n_patterns),
    )


@njit(cache=True, nogil=True, inline="always")
def newest(rows: int) -> int:
    """Highest row that exists; `rows` must not be 0."""
    row = 0
    while rows > 1:
        rows >>= 1
        row += 1
    return row


@njit(cache=True, nogil=True)
def row_at(rows: int, most: int) -> int:
    """Newest row of at most `most` rides, −1 where there is none."""
    rows &= (2 << most) - 1
    return newest(rows) if rows else -1


@njit(cache=True, nogil=True)
def begin(work: Work) -> None:
    """Forget the search before."""
    work.arrive_rows[:] = 0
    work.ready_rows[:] = 0
    work.onboard[:] = 0


@njit(cache=True, nogil=True)
def set_access(work: Work, stops: Int32, times: Int32, departures: Int32, n_lanes: int) -> int:
    """Fill round 0: being at a stop after the way from the door. Returns how many stops."""
    for e in range(len(stops)):
        stop = stops[e]
        row = work.ready[stop, 0]
        for lane in range(n_lanes):
            row[lane] = departures[lane] + times[e]
        work.ready_rows[stop] = 1
        work.ready_low[stop] = 0
        work.ready_high[stop] = n_lanes
        work.marked[e] = stop
    return len(stops)


@njit(cache=True, nogil=True)
def _mark_patterns(service: Service, work: Work, n_marked: int, n_lanes: int) -> int:
    """List the boardings of newly ready stops and the patterns that call there."""
    n_patterns = 0
    n_steps = 0
    for e in range(n_marked):
        stop = work.marked[e]
        rows = work.ready_rows[stop]
        top = newest(rows)
        row = work.ready[stop, top]
        older = rows & ~(1 << top)
        before = work.ready[stop, newest(older)] if older else row
        work.step_start[stop] = n_steps
        for lane in range(work.ready_high[stop] - 1, work.ready_low[stop] - 1, -1):
            time = row[lane]
            if older != 0 and time >= before[lane]:
                continue
            if time < UNREACHED and (lane == n_lanes - 1 or time < row[lane + 1]):
                work.step_lane[n_steps] = lane
                n_steps += 1
        work.step_count[stop] = n_steps - work.step_start[stop]
        if work.step_count[stop] == 0:
            continue
        for c in range(service.call_offset[stop], service.call_offset[stop + 1]):
            p = service.call_pattern[c]
            if work.first[p] == NEVER:
                work.patterns[n_patterns] = p
                n_patterns += 1
            work.first[p] = min(work.first[p], service.call_index[c])
    return n_patterns


@njit(cache=True, nogil=True)
def _arrive(
    work: Work, stop: int, time: int, lane: int, floor: int, k: int, n_stops: int, n_lanes: int
) -> int:
    """Lower lanes `lane` down to `floor` + 1 of a stop to `time`. Returns the stops listed."""
    rows = work.arrive_rows[stop]
    if rows & (1 << k) == 0:
        row = work.arrive[stop, k]
        if rows == 0:
            row[:n_lanes] = UNREACHED
        else:
            row[:n_lanes] = work.arrive[stop, newest(rows)][:n_lanes]
        work.arrive_rows[stop] = rows | (1 << k)
        work.low[stop] = lane
        work.high[stop] = lane + 1
        work.stops[n_stops] = stop
        n_stops += 1
    row = work.arrive[stop, k]
    work.high[stop] = max(work.high[stop], lane + 1)
    while lane > floor and row[lane] > time:
        row[lane] = time
        lane -= 1
    work.low[stop] = min(work.low[stop], lane + 1)
    return n_stops


@njit(cache=True, nogil=True)
def _scan_pattern(service: Service, work: Work, p: int, k: int, n_stops: int, n_lanes: int) -> int:
    """Ride one pattern from its first newly ready stop on."""
    n_trips = service.n_trips[p]
    begin_position = service.position_offset[p]
    n_positions = service.position_offset[p + 1] - begin_position
    lanes = work.lane_of_trip
    low_trip, high_trip = n_trips, 0  # trips boarded lie in low_trip … high_trip − 1
    for i in range(work.first[p], n_positions):
        stop = service.position_stop[begin_position + i]
        event = service.event_offset[p] + np.int64(i) * n_trips
        if low_trip < high_trip:
            may_alight = service.drop_off[begin_position + i]
            rows = work.arrive_rows[stop]
            top = newest(rows) if rows else 0
            floor = -1
            for t in range(low_trip, high_trip):
                lane = lanes[t]
                if lane <= floor:
                    continue  # all who sit here could sit in an earlier trip
                if lane < work.onboard[event + t]:
                    lanes[t] = -1  # ridden before, by as late a lane, with fewer rides
                    floor = lane
                    continue
                work.onboard[event + t] = lane + 1
                if may_alight:
                    time = service.arrival[event + t] | k
                    if rows == 0 or time < work.arrive[stop, top, lane]:
                        n_stops = _arrive(work, stop, time, lane, floor, k, n_stops, n_lanes)
                        rows = work.arrive_rows[stop]
                        top = k
                floor = lane
            while low_trip < high_trip and lanes[low_trip] < 0:
                low_trip += 1
            while low_trip < high_trip and lanes[high_trip - 1] < 0:
                high_trip -= 1
            if low_trip == high_trip:
                low_trip, high_trip = n_trips, 0
        n_steps = work.step_count[stop]
        if n_steps == 0 or i == n_positions - 1 or not service.pickup[begin_position + i]:
            continue
        ready = work.ready[stop, newest(work.ready_rows[stop])]
        start = work.step_start[stop]
        # The latest lane by bisection, the others from there downwards.
        t, above = 0, n_trips
        time = ready[work.step_lane[start]]
        while t < above:
            middle = (t + above) >> 1
            if service.departure[event + middle] < time:
                t = middle + 1
            else:
                above = middle
        for s in range(start, start + n_steps):
            lane = work.step_lane[s]
            time = ready[lane]
            while t > 0 and service.departure[event + t - 1] >= time:
                t -= 1
            if t == n_trips or lane < work.onboard[event + n_trips + t]:
                continue
            if low_trip >= high_trip:
                low_trip, high_trip = t, t + 1
                lanes[t] = -1
            while t < low_trip:
                low_trip -= 1
                lanes[low_trip] = -1
            while t >= high_trip:
                lanes[high_trip] = -1
                high_trip += 1
            lanes[t] = max(lanes[t], lane)
    return n_stops


@njit(cache=True, nogil=True)
def _change(service: Service, work: Work, k: int, n_stops: int, n_lanes: int) -> int:
    """Walk from newly reached stops to where one may board next. Returns stops marked."""
    n_marked = 0
    for e in range(n_stops):
        origin = work.stops[e]
        low, high = work.low[origin], work.high[origin]
        reached = work.arrive[origin, k]
        for c in range(service.transfer_offset[origin], service.transfer_offset[origin + 1]):
            stop = service.transfer_stop[c]
            walk = service.transfer_time[c]
            rows = work.ready_rows[stop]
            if rows & (1 << k) == 0:
                row = work.ready[stop, k]
                if rows == 0:
                    row[:n_lanes] = UNREACHED
                else:
                    before = work.ready[stop, newest(rows)]
                    better = 0
                    for lane in range(low, high):
                        better += np.int32(reached[lane] + walk) < before[lane]
                    if better == 0:
                        continue
                    row[:n_lanes] = before[:n_lanes]
                work.ready_rows[stop] = rows | (1 << k)
                work.ready_low[stop] = low
                work.ready_high[stop] = high
                work.marked[n_marked] = stop
                n_marked += 1
            else:
                row = work.ready[stop, k]
                work.ready_low[stop] = min(work.ready_low[stop], low)
                work.ready_high[stop] = max(work.ready_high[stop], high)
            for lane in range(low, high):
                row[lane] = min(row[lane], np.int32(reached[lane] + walk))
    return n_marked


@njit(cache=True, nogil=True)
def search(service: Service, work: Work, n_marked: int, n_lanes: int, max_rides: int) -> None:
    """Run all rounds from the `n_marked` stops that `set_access` made ready."""
    for k in range(1, max_rides + 1):
        n_patterns = _mark_patterns(service, work, n_marked, n_lanes)
        n_stops = 0
        for e in range(n_patterns):
            p = work.patterns[e]
            n_stops = _scan_pattern(service, work, p, k, n_stops, n_lanes)
            work.first[p] = NEVER
        for e in range(n_marked):
            work.step_count[work.marked[e]] = 0
        if n_stops == 0 or k == max_rides:
            return
        n_marked = _change(service, work, k, n_stops, n_lanes)
