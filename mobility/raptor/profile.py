"""From arrivals at stops to times at doors: egress, and percentiles over departures."""

from __future__ import annotations

import numpy as np
from numba import njit

from mobility.raptor.model import INNER, RIDE_BITS, UNREACHED, Int32, StopLinks
from mobility.raptor.rounds import Work

NO_TIME = np.int32(2**31 - 1)
"""Travel time in seconds of what can't be reached: worse than any."""


@njit(**INNER)
def egress_row(work: Work, egress: StopLinks, place: int, n_lanes: int, row: Int32) -> None:
    """Earliest packed arrival at one place per lane, written to `row`."""
    for lane in range(n_lanes):
        row[lane] = UNREACHED
    for e in range(egress.offset[place], egress.offset[place + 1]):
        stop = egress.stop[e]
        at = work.arrive_newest[stop]
        if at < 0:
            continue
        walk = egress.time[e]
        arrive = work.arrive[at : at + n_lanes]
        for lane in range(n_lanes):
            row[lane] = min(row[lane], np.int32(arrive[lane] + walk))


@njit(**INNER)
def travel_row(row: Int32, departures: Int32, lane_of: Int32, direct_s: int, times: Int32) -> int:
    """Seconds from each departure to arrival, the direct way where it is no slower.

    Returns how many departures arrive.
    """
    reached = 0
    for d in range(len(departures)):
        arrival = row[lane_of[d]]
        time = NO_TIME
        if arrival < UNREACHED:
            time = np.int32((arrival >> RIDE_BITS) - (departures[d] >> RIDE_BITS))
        if direct_s < time:
            time = np.int32(direct_s)
        times[d] = time
        reached += time != NO_TIME
    return reached


@njit(**INNER)
def nearest_ranks(times: Int32, percentiles: Int32, found: Int32) -> None:
    """Nearest-rank percentiles: element ceil(p / 100 · n) of the ascending times.

    By halving the range of seconds and counting, which needs no sorting: a count over a row
    of times is a few vector instructions.
    """
    n = len(times)
    low, high = times[0], times[0]
    for d in range(n):
        low = min(low, times[d])
        high = max(high, times[d])
    for q in range(len(percentiles)):
        rank = max(1, (percentiles[q] * n + 99) // 100)
        above = high
        while low < above:
            middle = np.int32(low + (above - low) // 2)
            count = np.int32(0)
            for d in range(n):
                count += np.int32(times[d] <= middle)
            if count >= rank:
                above = middle
            else:
                low = np.int32(middle + 1)
        found[q] = low
