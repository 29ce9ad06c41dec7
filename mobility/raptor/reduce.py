"""Leave out ways on foot that can't help: who walks them could as well sit in the vehicle.

Walking on to a later stop of a line pays only if one overtakes the vehicle. Where the walk to
position i of a pattern takes at least as much longer than the walk to an earlier position j as
any trip takes from j to i, every trip caught at i is caught at j. A way to a stop is dropped
when that holds for every pattern one could board there. Backwards the same holds of getting
off too early. Arrivals, numbers of rides and the parts of journeys stay the same to the
second.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from mobility.raptor.model import (
    OUTER,
    TILE,
    Bool,
    Int32,
    Int64,
    Service,
    StopLinks,
    compress,
    event_at,
    mirror,
    sealed,
)

FAR = np.int32(2**31 - 1)


@njit(**OUTER)
def _add_slowest(
    position_offset: Int32, trips: Int32, event_offset: Int64, departure: Int32, ride: Int32
) -> None:
    for p in range(len(trips)):
        n_trips = trips[p]
        start, end = position_offset[p], position_offset[p + 1]
        row, stride = event_offset[p], (end - start) * TILE
        for position in range(start + 1, end):
            hop = np.int32(0)
            for t in range(n_trips):
                event = event_at(row, stride, t)
                hop = max(hop, departure[event + TILE] - departure[event])
            row += TILE
            ride[position] = ride[position - 1] + hop


def _slowest_ride(service: Service) -> Int32:
    """Packed time from each pattern's start to each position, every hop at its slowest."""
    service = sealed(service)
    ride = np.zeros(len(service.position_stop), np.int32)
    _add_slowest(
        service.position_offset, service.n_trips, service.event_offset, service.departure, ride
    )
    return ride


@njit(**OUTER)
def _mark_useful(
    position_offset: Int32,
    pickup: Bool,
    call_offset: Int32,
    call_pattern: Int32,
    call_index: Int32,
    offset: Int32,
    stop: Int32,
    time: Int32,
    ride: Int32,
    net: Int32,
    entry: Int32,
    first: Int32,
    last: Int32,
    touched: Int32,
    useful: Bool,
) -> None:
    for row in range(len(offset) - 1):
        n_touched = 0
        for e in range(offset[row], offset[row + 1]):
            for c in range(call_offset[stop[e]], call_offset[stop[e] + 1]):
                p = call_pattern[c]
                position = position_offset[p] + call_index[c]
                if not pickup[position] or position + 1 == position_offset[p + 1]:
                    continue
                net[position] = time[e] - ride[position]
                entry[position] = e
                if first[p] == FAR:
                    touched[n_touched] = p
                    n_touched += 1
                    first[p], last[p] = position, position
                first[p], last[p] = min(first[p], position), max(last[p], position)
        for k in range(n_touched):
            p = touched[k]
            least = FAR
            for position in range(first[p], last[p] + 1):
                if net[position] < least:
                    least = net[position]
                    useful[entry[position]] = True
                net[position] = FAR
            first[p] = FAR


def _useful(service: Service, links: StopLinks, ride: Int32) -> Bool:
    """Mark links that some pattern can only be boarded by, row by row."""
    service, links = sealed(service), sealed(links)
    n_positions, n_patterns = len(service.position_stop), len(service.n_trips)
    useful = np.zeros(len(links.stop), np.bool_)
    _mark_useful(
        service.position_offset, service.pickup, service.call_offset, service.call_pattern,
        service.call_index, links.offset, links.stop, links.time, ride,
        np.full(n_positions, FAR, np.int32), np.empty(n_positions, np.int32),
        np.full(n_patterns, FAR, np.int32), np.empty(n_patterns, np.int32),
        np.empty(n_patterns, np.int32), useful,
    )  # fmt: skip
    return useful


def _keep(links: StopLinks, kept: Bool) -> StopLinks:
    counts = np.concatenate([[0], np.cumsum(kept)])
    return StopLinks(
        counts[links.offset].astype(np.int32),
        np.ascontiguousarray(links.stop[kept]),
        np.ascontiguousarray(links.time[kept]),
    )


def _reduce_transfers(service: Service) -> Service:
    """Drop changes towards stops that can't help."""
    service = sealed(service)
    links = StopLinks(service.transfer_offset, service.transfer_stop, service.transfer_time)
    kept = _keep(links, _useful(service, links, _slowest_ride(service)))
    n_stops = len(links.offset) - 1
    changed_from = np.repeat(np.arange(n_stops, dtype=np.int32), np.diff(kept.offset))
    offset, order = compress(kept.stop, n_stops)
    return service._replace(
        transfer_offset=kept.offset,
        transfer_stop=kept.stop,
        transfer_time=kept.time,
        reverse_offset=offset,
        reverse_stop=np.ascontiguousarray(changed_from[order]),
        reverse_time=np.ascontiguousarray(kept.time[order]),
    )


def reduce_walks(
    service: Service, access: StopLinks, egress: StopLinks
) -> tuple[Service, StopLinks, StopLinks]:
    """Drop changes, ways to first stops and ways from last stops that can't help."""
    service = _reduce_transfers(service)
    backwards = _reduce_transfers(mirror(service, turn_s=0))
    service = service._replace(
        transfer_offset=backwards.reverse_offset,
        transfer_stop=backwards.reverse_stop,
        transfer_time=backwards.reverse_time,
        reverse_offset=backwards.transfer_offset,
        reverse_stop=backwards.transfer_stop,
        reverse_time=backwards.transfer_time,
    )
    return (
        service,
        _keep(access, _useful(service, access, _slowest_ride(service))),
        _keep(egress, _useful(backwards, egress, _slowest_ride(backwards))),
    )
