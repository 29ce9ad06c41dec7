"""Which departures of a window are worth a lane of their own."""

from __future__ import annotations

import numpy as np
from numba import njit

from mobility.raptor.model import INNER, TILE, Int32, Service, event_at


@njit(**INNER)
def choose_lanes(
    service: Service, stops: Int32, times: Int32, departures: Int32, lane_of: Int32, kept: Int32
) -> int:
    """Keep the departures at which some trip at a first stop is caught for the last time.

    Between two of them nothing changes but the wait: all departures up to a kept one catch
    what it catches. The last departure is always kept.

    Parameters
    ----------
    stops, times
        Stops within reach of the door; packed times of the way there.
    departures
        Packed, ascending, evenly spaced.
    lane_of
        Written: lane that answers for each departure.
    kept
        Written: packed times of the lanes.

    Returns
    -------
    int
        Number of lanes.
    """
    n = len(departures)
    for d in range(n):
        lane_of[d] = 0
    lane_of[n - 1] = 1
    start, last = departures[0], departures[n - 1]
    step = departures[1] - start if n > 1 else 1
    for e in range(len(stops)):
        stop = stops[e]
        earliest, latest = start + times[e], last + times[e]
        for c in range(service.call_offset[stop], service.call_offset[stop + 1]):
            p, i = service.call_pattern[c], service.call_index[c]
            if not service.pickup[service.position_offset[p] + i]:
                continue
            n_trips = service.n_trips[p]
            row = service.event_offset[p] + np.int64(i) * TILE
            stride = (service.position_offset[p + 1] - service.position_offset[p]) * TILE
            low, high = 0, n_trips
            while low < high:
                middle = (low + high) >> 1
                if service.departure[event_at(row, stride, middle)] < earliest:
                    low = middle + 1
                else:
                    high = middle
            for t in range(low, n_trips):
                departure = service.departure[event_at(row, stride, t)]
                if departure > latest:
                    break
                lane_of[min((departure - earliest) // step, n - 1)] = 1
    n_lanes = 0
    for d in range(n):
        keep = lane_of[d]
        lane_of[d] = n_lanes
        if keep:
            kept[n_lanes] = departures[d]
            n_lanes += 1
    return n_lanes


@njit(**INNER)
def all_lanes(departures: Int32, lane_of: Int32, kept: Int32) -> int:
    """Give every departure its lane: the plain way, for comparison."""
    for d in range(len(departures)):
        lane_of[d] = d
        kept[d] = departures[d]
    return len(departures)
