"""What the kernels read: one day's service and the ways of changing, laid out for speed.

Times are kept *packed*: seconds shifted left by `RIDE_BITS`, the low bits counting the
rides taken so far. One integer comparison then means "earlier, and of equals with fewer
rides". A departure carries ones in its low bits, so that ``ready <= departure`` holds
whatever number of rides `ready` counts.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
from numba import njit

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]

RIDE_BITS = 4
RIDE_MASK = (1 << RIDE_BITS) - 1
MAX_RIDES = RIDE_MASK
TILE_BITS = 4
TILE = 1 << TILE_BITS
UNREACHED = np.int32(1 << 30)
"""Packed time of what can't be reached; adding a walk to it does not overflow."""
NOWHERE = np.int32(-1)

OUTER: Final[dict[str, Any]] = {"cache": True, "nogil": True, "_nrt": False}
"""Options of kernels called from Python. They make no arrays, so that none need be counted:
numba would otherwise count every use of an array, a row of one too, with a locked instruction."""
INNER: Final[dict[str, Any]] = {
    "nogil": True,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
    "_nrt": False,
}
"""Options of functions that only kernels call. To take a tuple of forty arrays over from
Python takes longer to compile than most functions themselves, so only few can be called."""


class Service(NamedTuple):
    """A timetable and its transfers as the kernels want them.

    A *position* is one stop of one pattern. Events of a pattern stand in *tiles* of `TILE`
    neighbouring trips; within a tile position by position. A search meets the few trips of
    its hours at all positions in turn, and so reads memory in order: see `event_at`.

    Parameters
    ----------
    position_offset
        int32 (n_patterns + 1,): positions of pattern p.
    position_stop
        int32 (n_positions,).
    pickup, drop_off
        bool (n_positions,).
    leave
        int32 (n_positions,): where one may get off next, see `next_exits`.
    n_trips
        int32 (n_patterns,).
    event_offset
        int64 (n_patterns + 1,): events of pattern p, whole tiles.
    arrival, departure
        int32 (n_events,), packed.
    call_offset, call_pattern, call_index
        The other way round: at which positions (pattern, index in it) a stop is called at,
        compressed rows by stop, ascending by pattern.
    transfer_offset, transfer_stop, transfer_time
        Changes from a stop, compressed rows; packed times.
    reverse_offset, reverse_stop, reverse_time
        Changes towards a stop.
    """

    position_offset: Int32
    position_stop: Int32
    pickup: Bool
    drop_off: Bool
    leave: Int32
    n_trips: Int32
    event_offset: Int64
    arrival: Int32
    departure: Int32
    call_offset: Int32
    call_pattern: Int32
    call_index: Int32
    transfer_offset: Int32
    transfer_stop: Int32
    transfer_time: Int32
    reverse_offset: Int32
    reverse_stop: Int32
    reverse_time: Int32


class StopLinks(NamedTuple):
    """Ways between places and stops, compressed rows by place, packed times."""

    offset: Int32
    stop: Int32
    time: Int32


Fields = TypeVar("Fields", bound=tuple[Any, ...])


def sealed(fields: Fields) -> Fields:
    """Return the same fields, arrays as read-only views.

    numba compiles a kernel once more for arrays that may be written, which takes longer than
    a demonstration's whole search: all come sealed, from wherever they are.
    """
    like: Any = type(fields)
    alike: Fields = like(*map(_sealed_field, fields))
    return alike


def _sealed_field(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return value
    view = value.view()
    view.setflags(write=False)
    return view


@njit(**INNER)
def event_at(row: int, stride: int, trip: int) -> int:
    """Where the event of `trip` stands at a position.

    `row` is ``event_offset[p] + i * TILE`` for position i, `stride` the size of the
    pattern's tiles, ``n_positions * TILE``.
    """
    return row + (trip >> TILE_BITS) * stride + (trip & (TILE - 1))


def _tile_offsets(position_offset: Int32, trip_offset: Int32) -> Int64:
    """Where the tiles of each pattern start, (n_patterns + 1,)."""
    n_tiles = (np.diff(trip_offset).astype(np.int64) + TILE - 1) >> TILE_BITS
    offset = np.zeros(len(position_offset), np.int64)
    np.cumsum(n_tiles * np.diff(position_offset) * TILE, out=offset[1:])
    return offset


@njit(**OUTER)
def _tiled(
    position_offset: Int32,
    trip_offset: Int32,
    event_offset: Int64,
    tile_offset: Int64,
    times: Int32,
    low_bits: int,
    turned: Int32,
) -> None:
    """Turn trip-by-trip events into tiles, packed."""
    for p in range(len(position_offset) - 1):
        n_positions = np.int64(position_offset[p + 1] - position_offset[p])
        for t in range(trip_offset[p + 1] - trip_offset[p]):
            event = event_offset[p] + t * n_positions
            for i in range(n_positions):
                at = event_at(tile_offset[p] + i * TILE, n_positions * TILE, t)
                turned[at] = (times[event + i] << RIDE_BITS) | low_bits


@njit(**OUTER)
def _mirrored(
    position_offset: Int32,
    trips: Int32,
    event_offset: Int64,
    times: Int32,
    turn_s: int,
    low_bits: int,
    turned: Int32,
) -> None:
    """Write events in the order of a mirror, counted down from `turn_s`."""
    for p in range(len(trips)):
        n_trips = trips[p]
        n_positions = np.int64(position_offset[p + 1] - position_offset[p])
        base, stride = event_offset[p], n_positions * TILE
        for t in range(n_trips):
            for i in range(n_positions):
                time = times[event_at(base + i * TILE, stride, t)] >> RIDE_BITS
                row = base + (n_positions - 1 - i) * TILE
                at = event_at(row, stride, n_trips - 1 - t)
                turned[at] = ((turn_s - time) << RIDE_BITS) | low_bits


def compress(rows: Int32, n_rows: int) -> tuple[Int32, npt.NDArray[np.intp]]:
    """Sort entries stably by row: offsets (n_rows + 1,) and the order that sorts them."""
    order = np.argsort(rows, kind="stable")
    offset = np.zeros(n_rows + 1, np.int32)
    np.cumsum(np.bincount(rows, minlength=n_rows), out=offset[1:])
    return offset, order


def next_exits(position_offset: Int32, may_leave: Bool) -> Int32:
    """Index of the next position after each where one may get off, NOWHERE if none follows."""
    n = len(may_leave)
    if not n:
        return np.zeros(0, np.int32)
    lengths = np.diff(position_offset)
    start = np.repeat(position_offset[:-1], lengths)
    end = np.repeat(position_offset[1:], lengths)
    at = np.where(may_leave, np.arange(n, dtype=np.int32), np.int32(n))
    after = np.append(np.minimum.accumulate(at[::-1])[::-1][1:], np.int32(n))
    return np.where(after < end, after - start, NOWHERE).astype(np.int32)


def pack(seconds: Int32) -> Int32:
    """Seconds as packed time without rides."""
    return np.ascontiguousarray(seconds.astype(np.int32) << RIDE_BITS)


def prepare(
    *,
    n_stops: int,
    pattern_stop_offset: Int32,
    pattern_stops: Int32,
    pickup: Bool,
    drop_off: Bool,
    pattern_trip_offset: Int32,
    pattern_event_offset: Int64,
    arrival_s: Int32,
    departure_s: Int32,
    transfer_offset: Int32,
    transfer_stop: Int32,
    transfer_s: Int32,
) -> Service:
    """Lay a timetable (see `mobility.timetable.Timetable`) and transfers out for the kernels."""
    positions = np.asarray(pattern_stop_offset, np.int32)
    trips = np.asarray(pattern_trip_offset, np.int32)
    events = np.asarray(pattern_event_offset, np.int64)
    tiles = _tile_offsets(positions, trips)
    stops = np.ascontiguousarray(pattern_stops, np.int32)
    per_pattern = np.diff(positions)
    pattern = np.repeat(np.arange(len(per_pattern), dtype=np.int32), per_pattern)
    index = np.arange(len(stops), dtype=np.int32) - positions[pattern]
    call_offset, call_order = compress(stops, n_stops)
    changed_from = np.repeat(np.arange(n_stops, dtype=np.int32), np.diff(transfer_offset))
    changed_to = np.ascontiguousarray(transfer_stop, np.int32)
    reverse_offset, reverse_order = compress(changed_to, n_stops)
    walk = pack(np.asarray(transfer_s))

    def tiled(times_s: Int32, low_bits: int) -> Int32:
        turned = np.zeros(tiles[-1], np.int32)
        _tiled(positions, trips, events, tiles, np.asarray(times_s, np.int32), low_bits, turned)
        return turned

    return Service(
        position_offset=positions,
        position_stop=stops,
        pickup=np.ascontiguousarray(pickup, np.bool_),
        drop_off=np.ascontiguousarray(drop_off, np.bool_),
        leave=next_exits(positions, np.asarray(drop_off, np.bool_)),
        n_trips=np.diff(trips).astype(np.int32),
        event_offset=tiles,
        arrival=tiled(arrival_s, 0),
        departure=tiled(departure_s, RIDE_MASK),
        call_offset=call_offset,
        call_pattern=np.ascontiguousarray(pattern[call_order]),
        call_index=np.ascontiguousarray(index[call_order]),
        transfer_offset=np.asarray(transfer_offset, np.int32),
        transfer_stop=changed_to,
        transfer_time=walk,
        reverse_offset=reverse_offset,
        reverse_stop=np.ascontiguousarray(changed_from[reverse_order]),
        reverse_time=np.ascontiguousarray(walk[reverse_order]),
    )


def mirror(service: Service, *, turn_s: int) -> Service:
    """Run a service backwards in time: what left at s now arrives at ``turn_s - s``.

    Searching forwards in the mirror finds latest departures for given arrivals.
    """
    service = sealed(service)
    positions, stops = service.position_offset, service.position_stop
    n_patterns = len(service.n_trips)
    lengths = np.diff(positions)
    pattern = np.repeat(np.arange(n_patterns), lengths)
    index = np.arange(len(stops)) - positions[pattern]
    turned_position = positions[pattern] + lengths[pattern] - 1 - index
    turned_stops = np.ascontiguousarray(stops[turned_position])
    call_offset, call_order = compress(turned_stops, len(service.call_offset) - 1)

    def mirrored(times: Int32, low_bits: int) -> Int32:
        turned = np.zeros_like(times)
        events, trips = service.event_offset, service.n_trips
        _mirrored(positions, trips, events, times, turn_s, low_bits, turned)
        return turned

    drop_off = np.ascontiguousarray(service.pickup[turned_position])
    return service._replace(
        position_stop=turned_stops,
        pickup=np.ascontiguousarray(service.drop_off[turned_position]),
        drop_off=drop_off,
        leave=next_exits(positions, drop_off),
        arrival=mirrored(service.departure, 0),
        departure=mirrored(service.arrival, RIDE_MASK),
        call_offset=call_offset,
        call_pattern=np.ascontiguousarray(pattern[call_order].astype(np.int32)),
        call_index=np.ascontiguousarray(index[call_order].astype(np.int32)),
        transfer_offset=service.reverse_offset,
        transfer_stop=service.reverse_stop,
        transfer_time=service.reverse_time,
        reverse_offset=service.transfer_offset,
        reverse_stop=service.transfer_stop,
        reverse_time=service.transfer_time,
    )
