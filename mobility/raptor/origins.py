"""All origins of a block: search, egress, percentiles, and the median journey's parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from mobility.raptor.lanes import all_lanes, choose_lanes
from mobility.raptor.model import (
    INNER,
    OUTER,
    RIDE_BITS,
    RIDE_MASK,
    Int32,
    Int64,
    Service,
    StopLinks,
    next_exits,
    sealed,
)
from mobility.raptor.profile import NO_TIME, egress_row, nearest_ranks, travel_row
from mobility.raptor.rounds import Work, begin, search, set_access
from mobility.raptor.trace import (
    LEG_COLUMNS,
    PATTERN,
    TRIP,
    Memory,
    add_up,
    forget,
    last_stop,
    make_memory,
    trace,
)

N_PARTS = 5

Array = npt.NDArray[Any]


class Query(NamedTuple):
    """What is asked of the search.

    Parameters
    ----------
    departures
        int32, packed, ascending, evenly spaced.
    percentiles
        int32, ascending; nearest rank.
    max_rides
        1 … 15.
    few_lanes
        Share a lane between departures that catch the same trips.
    parts
        Also say what the median journey is made of.
    backwards
        Time runs backwards: the last ride found is the first taken.
    trip_offset, trip_feed, n_feeds
        Where each pattern's trips start; feed number per trip; how many feeds there are.
    """

    departures: Int32
    percentiles: Int32
    max_rides: int
    few_lanes: bool
    parts: bool
    backwards: bool
    trip_offset: Int32
    trip_feed: Int32
    n_feeds: int


class Answer(NamedTuple):
    """Results of a block of origins, written in place; rows by origin.

    `time_s` (n_o, n_d, n_percentiles), NO_TIME where unreachable; `reached` departures;
    `rides` of the median journey, −1 none, 0 direct; `parts` (n_o, n_d, 5); `feeds` key:
    feeds in order of first use, the first in the lowest digit, digits feed + 1 to the base
    n_feeds + 1.
    """

    time_s: Int32
    reached: Int32
    rides: npt.NDArray[np.int8]
    parts: Int32
    feeds: Int64


class Scratch(NamedTuple):
    """Memory of one thread for what comes after a search.

    `lane_of` the lane that answers for each departure, `kept` the lanes' departures, `row`
    arrivals by lane and `times` travel times by departure, `found` and `half` one number
    each, `legs` (max_rides, 6) of one journey, see `mobility.raptor.trace`, and `memory` the
    legs found lately.
    """

    lane_of: Int32
    kept: Int32
    row: Int32
    times: Int32
    found: Int32
    half: Int32
    legs: Int32
    memory: Memory


def make_scratch(query: Query) -> Scratch:
    """Allocate the memory of one thread."""
    n = len(query.departures)
    return Scratch(
        lane_of=np.zeros(n, np.int32),
        kept=np.zeros(n, np.int32),
        row=np.zeros(n, np.int32),
        times=np.zeros(n, np.int32),
        found=np.zeros(1, np.int32),
        half=np.array([50], np.int32),
        legs=np.zeros((query.max_rides, LEG_COLUMNS), np.int32),
        memory=make_memory(),
    )


def make_answer(n_o: int, n_d: int, query: Query) -> Answer:
    """Allocate the results of a block of origins."""
    n_parts = N_PARTS if query.parts else 0
    return Answer(
        time_s=np.empty((n_o, n_d, len(query.percentiles)), np.int32),
        reached=np.empty((n_o, n_d), np.int32),
        rides=np.empty((n_o, n_d), np.int8),
        parts=np.zeros((n_o, n_d, n_parts), np.int32),
        feeds=np.zeros((n_o, n_d) if query.parts else (0, 0), np.int64),
    )


def map_fields(change: Callable[[Array], Array], answer: Answer) -> Answer:
    """Do the same to every array of an answer."""
    return Answer(
        time_s=change(answer.time_s),
        reached=change(answer.reached),
        rides=change(answer.rides),
        parts=change(answer.parts),
        feeds=change(answer.feeds),
    )


@njit(**INNER)
def feed_key(legs: npt.NDArray[np.int32], n_rides: int, query: Query) -> int:
    """Feeds ridden, in order of first use, as one number; as many as fit into 63 bits."""
    base = np.int64(query.n_feeds + 1)
    key, place = np.int64(0), np.int64(1)
    for taken in range(n_rides):
        k = n_rides - 1 - taken if query.backwards else taken
        digit = query.trip_feed[query.trip_offset[legs[k, PATTERN]] + legs[k, TRIP]] + 1
        rest, seen = key, False
        while rest > 0:
            seen = seen or rest % base == digit
            rest //= base
        if not seen and place <= (2**62) // base:
            key += digit * place
            place *= base
    return int(key)


@njit(**INNER)
def _explain(
    service: Service,
    work: Work,
    query: Query,
    egress: StopLinks,
    place: int,
    lane: int,
    departure: int,
    lane_departure: int,
    arrival: int,
    memory: Memory,
    legs: npt.NDArray[np.int32],
    parts: Int32,
) -> int:
    """Trace one journey and fill its parts; returns its feed key, −1 on a fault."""
    entry = last_stop(work, egress, place, lane, arrival)
    if entry < 0:
        return -1
    n_rides = trace(service, work, memory, egress.stop[entry], lane, legs)
    if n_rides < 0:
        return -1
    add_up(service, legs, n_rides, lane_departure >> RIDE_BITS, parts)
    # Who leaves before the lane does waits that much longer for the same first vehicle.
    parts[1] += (lane_departure - departure) >> RIDE_BITS
    parts[4] = egress.time[entry] >> RIDE_BITS
    return int(feed_key(legs, n_rides, query))


@njit(**OUTER)
def _one_origin(
    service: Service,
    exits: Int32,
    stops: Int32,
    times: Int32,
    departures: Int32,
    max_rides: int,
    few_lanes: bool,
    work: Work,
    lane_of: Int32,
    kept: Int32,
) -> int:
    """Search from one place for all departures; returns the number of lanes."""
    begin(work)
    if few_lanes:
        n_lanes = choose_lanes(service, stops, times, departures, lane_of, kept)
    else:
        n_lanes = all_lanes(departures, lane_of, kept)
    n_marked = set_access(work, stops, times, kept, n_lanes)
    search(service, work, exits, n_marked, n_lanes, max_rides)
    return int(n_lanes)


@njit(**OUTER)
def _all_destinations(
    service: Service,
    egress: StopLinks,
    direct_s: Int32,
    query: Query,
    work: Work,
    n_lanes: int,
    scratch: Scratch,
    answer: Answer,
    o: int,
) -> int:
    """Answer for row `o`, from which `_one_origin` searched; returns journeys unexplained."""
    lane_of, row, times = scratch.lane_of, scratch.row, scratch.times
    found = scratch.found
    median = -1
    for q in range(len(query.percentiles)):
        if query.percentiles[q] == scratch.half[0]:
            median = q
    faults = 0
    forget(scratch.memory)
    for z in range(direct_s.shape[1]):
        direct = direct_s[o, z]
        egress_row(work, egress, z, n_lanes, row)
        reached = travel_row(row, query.departures, lane_of, direct, times)
        answer.reached[o, z] = reached
        answer.rides[o, z] = -1
        nearest_ranks(times, query.percentiles, answer.time_s[o, z])
        if reached == 0:
            continue
        if median >= 0:
            found[0] = answer.time_s[o, z, median]
        else:
            nearest_ranks(times, scratch.half, found)
        if found[0] == NO_TIME:
            continue
        d = 0
        while times[d] != found[0]:
            d += 1
        if found[0] == direct:
            answer.rides[o, z] = 0
            if query.parts:
                answer.parts[o, z, 0] = direct
            continue
        answer.rides[o, z] = row[lane_of[d]] & RIDE_MASK
        if query.parts:
            key = _explain(
                service,
                work,
                query,
                egress,
                z,
                lane_of[d],
                query.departures[d],
                scratch.kept[lane_of[d]],
                row[lane_of[d]],
                scratch.memory,
                scratch.legs,
                answer.parts[o, z],
            )
            faults += key < 0
            answer.feeds[o, z] = key
    return faults


def run_block(
    service: Service,
    access: StopLinks,
    egress: StopLinks,
    direct_s: Int32,
    query: Query,
    work: Work,
    scratch: Scratch,
    first: int,
    answer: Answer,
) -> int:
    """Answer the query for all origins of a block.

    Parameters
    ----------
    access, egress
        From origins to stops, and the same of destinations (rows by place).
    direct_s
        int32 (n_o of the block, n_d): the way without a vehicle, NO_TIME where it is none.
    scratch
        Left holding the legs of the journey explained last.
    first
        Row of `access` the block starts at.
    answer
        Written.

    Returns
    -------
    int
        Journeys that could not be explained; anything but 0 is a fault.
    """
    service, query = sealed(service), sealed(query)
    access, egress = sealed(access), sealed(egress)
    faults = 0
    has_door = np.zeros(len(service.call_offset) - 1, np.bool_)
    has_door[egress.stop] = True
    may_leave = service.drop_off & has_door[service.position_stop]
    exits = next_exits(service.position_offset, may_leave)
    exits.setflags(write=False)
    for o in range(len(direct_s)):
        low, high = access.offset[first + o], access.offset[first + o + 1]
        n_lanes = _one_origin(
            service,
            exits,
            access.stop[low:high],
            access.time[low:high],
            query.departures,
            query.max_rides,
            query.few_lanes,
            work,
            scratch.lane_of,
            scratch.kept,
        )
        faults += int(
            _all_destinations(service, egress, direct_s, query, work, n_lanes, scratch, answer, o)
        )
    return faults
