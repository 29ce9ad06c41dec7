"""One journey, leg by leg, from the same engine as the matrices, so that they agree."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from mobility import raptor
from mobility.network.model import MultimodalNetwork
from mobility.tables import STREET_MODES
from mobility.travel_times import (
    ACCESS,
    EGRESS,
    NO_TIME,
    Search,
    check_query,
    direct_seconds,
    make_query,
    prepare_search,
    street_matrix_ms,
    subset_links,
)

Int32 = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Place:
    """Where a leg begins or ends: a zone or a stop. `kind` is zone or stop."""

    kind: str
    id: str
    name: str
    lon: float
    lat: float


@dataclass(frozen=True)
class Leg:
    """One stretch of a journey in one vehicle or on one street mode.

    Parameters
    ----------
    mode
        walk, bike, car, or the mode of the line (rail, bus …).
    start, end
        Places.
    departure_s, arrival_s
        Seconds of the service day. A change arrives when one may board again, its minimum
        included.
    feed, operator, line, trip_id
        Of the vehicle; ``""`` on streets.
    via
        Names of the stops passed in between.
    """

    mode: str
    start: Place
    end: Place
    departure_s: int
    arrival_s: int
    feed: str = ""
    operator: str = ""
    line: str = ""
    trip_id: str = ""
    via: tuple[str, ...] = ()


@dataclass(frozen=True)
class Itinerary:
    """A journey from door to door; without legs where the destination can't be reached.

    Parameters
    ----------
    mode
        Mode of travel asked for.
    origin, destination
        Zone ids.
    departure_s
        When one is ready to leave (asked for, or found by an arrival search).
    arrival_s
        When one is there, −1 where never.
    rides
        Vehicles boarded.
    legs
        In order. Gaps between them are waits.
    """

    mode: str
    origin: str
    destination: str
    departure_s: int
    arrival_s: int
    rides: int = 0
    legs: tuple[Leg, ...] = field(default_factory=tuple)

    @property
    def reached(self) -> bool:
        """Whether the destination can be reached at all."""
        return self.arrival_s >= 0 or bool(self.legs)

    @property
    def travel_time_s(self) -> int:
        """Door to door, waiting included."""
        return self.arrival_s - self.departure_s


@dataclass(frozen=True)
class _Ride:
    """A ride in the timetable's own order, whichever way the search ran."""

    pattern: int
    trip: int
    board: int
    alight: int


def journey(
    network: MultimodalNetwork,
    mode: str,
    origin: int,
    destination: int,
    depart_s: int,
    *,
    arrive_by: bool = False,
) -> Itinerary:
    """Find the best journey for one departure.

    Parameters
    ----------
    network
        What to travel on.
    mode
        One of `mobility.tables.MODES`, with the meaning it has in `travel_times`.
    origin, destination
        Rows of the network's zones.
    depart_s
        When one is ready to leave; with `arrive_by`, when one must be there, and the journey
        leaves as late as can be.

    Returns
    -------
    Itinerary
        Earliest arrival; of equals fewest rides, then the later boarding.

    Raises
    ------
    RunError
        An unknown mode or zone rows out of range.
    """
    rows = np.array([origin], np.int32), np.array([destination], np.int32)
    check_query(network, mode, *rows)
    if mode in STREET_MODES:
        ms = int(street_matrix_ms(network, mode, *rows)[0, 0])
        direct = NO_TIME if ms == NO_TIME else -(-ms // 1000)
        return _direct(network, mode, mode, origin, destination, depart_s, int(direct), arrive_by)
    direct = int(direct_seconds(network, mode, *rows)[0, 0])
    search = prepare_search(network, mode, arrive_by=arrive_by)
    found = _search(search, network.supply.settings.max_rides, origin, destination, depart_s)
    if found is None or found.total_s >= direct:
        street = ACCESS[mode]
        return _direct(network, mode, street, origin, destination, depart_s, direct, arrive_by)
    return _lay_out(network, search, mode, origin, destination, depart_s, found)


@dataclass(frozen=True)
class _Found:
    total_s: int
    first_s: int
    last_s: int
    legs: Int32


def _search(
    search: Search, max_rides: int, origin: int, destination: int, at_s: int
) -> _Found | None:
    """Search for one departure of the search's own clock and trace the journey."""
    if search.mirrored:
        origin, destination, at_s = destination, origin, search.turn_s - at_s
    query = make_query(
        search, np.array([at_s], np.int32), (50,), max_rides, parts=True, few_lanes=False
    )
    scratch, answer = raptor.make_scratch(query), raptor.make_answer(1, 1, query)
    faults = raptor.run_block(
        search.service,
        subset_links(search.access, np.array([origin], np.int32)),
        subset_links(search.egress, np.array([destination], np.int32)),
        np.full((1, 1), NO_TIME, np.int32),
        query,
        raptor.make_work(search.service, n_lanes=1, max_rides=max_rides),
        scratch,
        0,
        answer,
    )
    if answer.rides[0, 0] < 0 or faults:
        return None
    access_s, _, _, _, egress_s = answer.parts[0, 0].tolist()
    return _Found(
        total_s=int(answer.time_s[0, 0, 0]),
        first_s=access_s,
        last_s=egress_s,
        legs=scratch.legs[: answer.rides[0, 0]],
    )


def _rides(search: Search, legs: Int32) -> list[_Ride]:
    """Turn traced legs into the timetable's order."""
    service = search.service
    rides = []
    for leg in legs:
        pattern, trip, board, alight = (int(x) for x in leg[:4])
        if search.mirrored:
            last = int(np.diff(service.position_offset)[pattern]) - 1
            trip = int(service.n_trips[pattern]) - 1 - trip
            board, alight = last - alight, last - board
        rides.append(_Ride(pattern, trip, board, alight))
    return rides[::-1] if search.mirrored else rides


def _zone(network: MultimodalNetwork, row: int) -> Place:
    zones = network.supply.zones
    return Place(
        "zone",
        str(zones.ids[row]),
        str(zones.names[row]),
        float(zones.lon[row]),
        float(zones.lat[row]),
    )


def _stop(network: MultimodalNetwork, row: int) -> Place:
    stop = network.timetable.stops.iloc[row]
    return Place(
        "stop", str(stop["stop_id"]), str(stop["name"]), float(stop["lon"]), float(stop["lat"])
    )


def _direct(
    network: MultimodalNetwork,
    mode: str,
    street: str,
    origin: int,
    destination: int,
    at_s: int,
    direct_s: int,
    arrive_by: bool,
) -> Itinerary:
    start, end = _zone(network, origin), _zone(network, destination)
    if direct_s == NO_TIME:
        return Itinerary(mode, start.id, end.id, -1 if arrive_by else at_s, -1)
    departure_s = at_s - direct_s if arrive_by else at_s
    leg = Leg(street, start, end, departure_s, departure_s + direct_s)
    return Itinerary(mode, start.id, end.id, departure_s, departure_s + direct_s, 0, (leg,))


def _ride_leg(network: MultimodalNetwork, ride: _Ride) -> tuple[Leg, int, int]:
    """Return one ride, and the stops it begins and ends at."""
    timetable = network.timetable
    low = int(timetable.pattern_stop_offset[ride.pattern])
    n_positions = int(timetable.pattern_stop_offset[ride.pattern + 1]) - low
    event = int(timetable.pattern_event_offset[ride.pattern]) + ride.trip * n_positions
    trip = int(timetable.pattern_trip_offset[ride.pattern]) + ride.trip
    route = timetable.routes.iloc[int(timetable.trip_route[trip])]
    stops = timetable.pattern_stops[low + ride.board : low + ride.alight + 1]
    names = timetable.stops["name"].iloc[stops[1:-1]]
    leg = Leg(
        mode=str(route["mode"]),
        start=_stop(network, int(stops[0])),
        end=_stop(network, int(stops[-1])),
        departure_s=int(timetable.departure_s[event + ride.board]),
        arrival_s=int(timetable.arrival_s[event + ride.alight]),
        feed=str(route["feed"]),
        operator=str(route["operator"]),
        line=str(route["short_name"]) or str(route["long_name"]),
        trip_id=str(timetable.trip_ids[trip]),
        via=tuple(str(name) for name in names),
    )
    return leg, int(stops[0]), int(stops[-1])


def _transfer_s(network: MultimodalNetwork, start: int, end: int) -> int:
    transfers = network.transfers
    low, high = transfers.offset[start], transfers.offset[start + 1]
    row = low + int(np.searchsorted(transfers.to_stop[low:high], end))
    return int(transfers.time_s[row])


def _lay_out(
    network: MultimodalNetwork,
    search: Search,
    mode: str,
    origin: int,
    destination: int,
    at_s: int,
    found: _Found,
) -> Itinerary:
    """Put street legs, changes and rides in a row."""
    first_s, last_s = found.first_s, found.last_s
    if search.mirrored:
        first_s, last_s = last_s, first_s
    ridden = [_ride_leg(network, ride) for ride in _rides(search, found.legs)]
    start, end = _zone(network, origin), _zone(network, destination)
    leave_s = ridden[0][0].departure_s - first_s if search.mirrored else at_s
    legs = [Leg(ACCESS[mode], start, ridden[0][0].start, leave_s, leave_s + first_s)]
    for k, (leg, board, _) in enumerate(ridden):
        if k > 0:
            before, _, alight = ridden[k - 1]
            ready_s = before.arrival_s + _transfer_s(network, alight, board)
            legs.append(Leg(EGRESS, before.end, leg.start, before.arrival_s, ready_s))
        legs.append(leg)
    last = ridden[-1][0]
    legs.append(Leg(EGRESS, last.end, end, last.arrival_s, last.arrival_s + last_s))
    return Itinerary(
        mode, start.id, end.id, leave_s, last.arrival_s + last_s, len(ridden), tuple(legs)
    )
