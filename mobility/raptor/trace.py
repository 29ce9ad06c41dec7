"""From labels back to journeys: which trips, boarded and left where.

Nothing is stored for it while searching. A label of round k at a stop is explained by any
trip that arrives at that very second and could be boarded in time with k − 1 rides. Of
several trips the one boarded last counts, of several stops to board it at the one reached
soonest, so that the answer does not depend on how the search went about it.

Journeys to neighbouring doors share most of their legs: what explains a label is remembered
until the next search.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from mobility.raptor.model import (
    INNER,
    RIDE_BITS,
    RIDE_MASK,
    TILE,
    UNREACHED,
    Int32,
    Service,
    StopLinks,
    event_at,
)
from mobility.raptor.rounds import Work, row_at

PATTERN, TRIP, BOARD, ALIGHT, READY_S, FROM_STOP = range(6)
"""Columns of a leg: pattern, trip and positions within it, when one was ready at the stop
boarded at, and the stop one came from (−1: from the door)."""
LEG_COLUMNS = 6
NO_STOP = -1

MEMORY_BITS = 12

Legs = npt.NDArray[np.int32]


class Memory(NamedTuple):
    """Legs found lately: `leg` (2^12, 6) explains the label at place `label` of `Work.arrive`.

    A label's row is given by the low bits of its place; −1 where none is remembered.
    """

    label: npt.NDArray[np.int64]
    leg: Legs


def make_memory() -> Memory:
    """Allocate what one thread remembers."""
    size = 1 << MEMORY_BITS
    return Memory(np.full(size, -1, np.int64), np.zeros((size, LEG_COLUMNS), np.int32))


@njit(**INNER)
def forget(memory: Memory) -> None:
    """Forget the legs of the search before."""
    for row in range(len(memory.label)):
        memory.label[row] = -1


@njit(**INNER)
def last_stop(work: Work, egress: StopLinks, place: int, lane: int, arrival: int) -> int:
    """Entry of `egress` that explains an arrival; the shortest way, then the first stop."""
    best = -1
    for e in range(egress.offset[place], egress.offset[place + 1]):
        at = work.arrive_newest[egress.stop[e]]
        if at < 0:
            continue
        label = work.arrive[at + lane]
        if label + egress.time[e] == arrival and (best < 0 or egress.time[e] < egress.time[best]):
            best = e
    return best


@njit(**INNER)
def _boarding(service: Service, work: Work, p: int, alight: int, t: int, k: int, lane: int) -> int:
    """Where before `alight` lane may board trip t as its ride k; −1 nowhere.

    Of several stops the one it is ready at soonest, then the first.
    """
    best, soonest = -1, UNREACHED
    begin = service.position_offset[p]
    stride = (service.position_offset[p + 1] - begin) * TILE
    event = event_at(service.event_offset[p], stride, t)
    for i in range(alight - 1, -1, -1):
        if not service.pickup[begin + i]:
            continue
        stop = service.position_stop[begin + i]
        row = row_at(work.ready_rows[stop], k - 1)
        if row < 0:
            continue
        ready = work.ready[work.ready_at[stop, row] + lane]
        if ready <= service.departure[event + i * TILE] and ready <= soonest:
            best, soonest = i, ready
    return best


@njit(**INNER)
def _ride(service: Service, work: Work, stop: int, label: int, lane: int, leg: Int32) -> bool:
    """Find the ride that gave `label` at `stop`, of several the one boarded last."""
    k = label & RIDE_MASK
    arrival = label - k
    found, best = False, np.int64(0)
    for c in range(service.call_offset[stop], service.call_offset[stop + 1]):
        p, j = service.call_pattern[c], service.call_index[c]
        if j == 0 or not service.drop_off[service.position_offset[p] + j]:
            continue
        n_trips = service.n_trips[p]
        row = service.event_offset[p] + np.int64(j) * TILE
        stride = (service.position_offset[p + 1] - service.position_offset[p]) * TILE
        t, above = 0, n_trips
        while t < above:
            middle = (t + above) >> 1
            if service.arrival[event_at(row, stride, middle)] < arrival:
                t = middle + 1
            else:
                above = middle
        while t < n_trips and service.arrival[event_at(row, stride, t)] == arrival:
            i = _boarding(service, work, p, j, t, k, lane)
            if i >= 0:
                time = service.departure[event_at(row + (i - j) * TILE, stride, t)]
                if not found or time > best:
                    found, best = True, time
                    leg[PATTERN], leg[TRIP], leg[BOARD], leg[ALIGHT] = p, t, i, j
            t += 1
    return found


@njit(**INNER)
def _come_from(service: Service, work: Work, k: int, lane: int, leg: Int32) -> bool:
    """Find when, and from which stop, one came to where `leg`, ride k, is boarded."""
    board = service.position_stop[service.position_offset[leg[PATTERN]] + leg[BOARD]]
    label = work.ready[work.ready_at[board, row_at(work.ready_rows[board], k - 1)] + lane]
    leg[READY_S] = label >> RIDE_BITS
    leg[FROM_STOP] = NO_STOP
    if k == 1:
        return True
    shortest = np.int32(0)
    for c in range(service.reverse_offset[board], service.reverse_offset[board + 1]):
        origin = service.reverse_stop[c]
        row = row_at(work.arrive_rows[origin], k - 1)
        if row < 0:
            continue
        before = work.arrive[work.arrive_at[origin, row] + lane]
        if before + service.reverse_time[c] == label and (
            leg[FROM_STOP] < 0 or service.reverse_time[c] < shortest
        ):
            leg[FROM_STOP] = origin
            shortest = service.reverse_time[c]
    return bool(leg[FROM_STOP] >= 0)


@njit(**INNER)
def trace(service: Service, work: Work, memory: Memory, stop: int, lane: int, legs: Legs) -> int:
    """Write the rides that lead to the newest label at `stop`, first ride first.

    Returns
    -------
    int
        Number of rides; −1 if the label can't be explained, which is a fault.
    """
    at = work.arrive_newest[stop] + lane
    n_rides = work.arrive[at] & RIDE_MASK
    for k in range(n_rides, 0, -1):
        leg, label = legs[k - 1], work.arrive[at]
        if (label & RIDE_MASK) != k:
            return -1
        remembered = at & (len(memory.label) - 1)
        if memory.label[remembered] == at:
            for column in range(LEG_COLUMNS):
                leg[column] = memory.leg[remembered, column]
        else:
            if not _ride(service, work, stop, label, lane, leg):
                return -1
            if not _come_from(service, work, k, lane, leg):
                return -1
            memory.label[remembered] = at
            for column in range(LEG_COLUMNS):
                memory.leg[remembered, column] = leg[column]
        stop = leg[FROM_STOP]
        if k > 1:
            at = work.arrive_at[stop, row_at(work.arrive_rows[stop], k - 1)] + lane
    return int(n_rides)


@njit(**INNER)
def add_up(service: Service, legs: Legs, n_rides: int, departure_s: int, parts: Int32) -> int:
    """Sum a journey's access, wait, ride and transfer seconds; returns when the last ride ends."""
    for part in range(len(parts)):
        parts[part] = 0
    parts[0] = legs[0, READY_S] - departure_s
    now = np.int64(departure_s)
    for k in range(n_rides):
        leg = legs[k]
        p = leg[PATTERN]
        stride = (service.position_offset[p + 1] - service.position_offset[p]) * TILE
        event = event_at(service.event_offset[p], stride, leg[TRIP])
        left = service.departure[event + leg[BOARD] * TILE] >> RIDE_BITS
        arrived = service.arrival[event + leg[ALIGHT] * TILE] >> RIDE_BITS
        if k > 0:
            parts[3] += leg[READY_S] - now
        parts[1] += left - leg[READY_S]
        parts[2] += arrived - left
        now = arrived
    return int(now)
