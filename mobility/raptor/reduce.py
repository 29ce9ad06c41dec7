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
import numpy.typing as npt
from numba import njit

from mobility.raptor.model import TILE, Int32, Service, StopLinks, compress, event_at, mirror

FAR = np.int32(2**31 - 1)


@njit(cache=True, nogil=True)
def _slowest_ride(service: Service) -> Int32:
    """Packed time from each pattern's start to each position, every hop at its slowest."""
    ride = np.zeros(len(service.position_stop), np.int32)
    for p in range(len(service.n_trips)):
        n_trips = service.n_trips[p]
        start, end = service.position_offset[p], service.position_offset[p + 1]
        row, stride = service.event_offset[p], (end - start) * TILE
        for position in range(start + 1, end):
            hop = np.int32(0)
            for t in range(n_trips):
                event = event_at(row, stride, t)
                hop = max(hop, service.departure[event + TILE] - service.departure[event])
            row += TILE
            ride[position] = ride[position - 1] + hop
    return ride


@njit(cache=True, nogil=True)
def _useful(service: Service, links: StopLinks, ride: Int32) -> npt.NDArray[np.bool_]:
    """Mark links that some pattern can only be boarded by, row by row."""
    useful = np.zeros(len(links.stop), np.bool_)
    net = np.full(len(service.position_stop), FAR, np.int32)
    entry = np.empty(len(service.position_stop), np.int32)
    first = np.full(len(service.n_trips), FAR, np.int32)
    last = np.empty(len(service.n_trips), np.int32)
    touched = np.empty(len(service.n_trips), np.int32)
    for row in range(len(links.offset) - 1):
        n_touched = 0
        for e in range(links.offset[row], links.offset[row + 1]):
            stop = links.stop[e]
            for c in range(service.call_offset[stop], service.call_offset[stop + 1]):
                p = service.call_pattern[c]
                position = service.position_offset[p] + service.call_index[c]
                if not service.pickup[position] or position + 1 == service.position_offset[p + 1]:
                    continue
                net[position] = links.time[e] - ride[position]
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
    return useful


def _keep(links: StopLinks, kept: npt.NDArray[np.bool_]) -> StopLinks:
    counts = np.concatenate([[0], np.cumsum(kept)])
    return StopLinks(
        counts[links.offset].astype(np.int32),
        np.ascontiguousarray(links.stop[kept]),
        np.ascontiguousarray(links.time[kept]),
    )


def _reduce_transfers(service: Service) -> Service:
    """Drop changes towards stops that can't help."""
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
