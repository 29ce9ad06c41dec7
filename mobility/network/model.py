"""The multimodal network: timetable, streets and zones, and what links them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from mobility.feeds.model import Feeds
from mobility.streets.model import Snapped, StreetNetwork
from mobility.timetable import Timetable
from mobility.zones import Countries, Zones

Int32 = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Links:
    """Which stops a zone reaches (or is reached from) on one street mode.

    Compressed rows: stops of zone z are ``stop[offset[z]:offset[z + 1]]``, ascending by
    stop; `time_s` is int32 seconds, rounded up, parking or unlocking included.
    """

    mode: str
    offset: Int32
    stop: Int32
    time_s: Int32


@dataclass(frozen=True)
class Transfers:
    """Changing from stop to stop, compressed rows by stop changed from.

    `time_s` is int32 seconds from getting off to being able to get on again, walk and minimum
    together. Each stop's row holds the stop itself (its own minimum) unless transfers.txt
    forbids it. The rows are ascending by `to_stop`. Not transitively closed: one change is
    one walk.
    """

    offset: Int32
    to_stop: Int32
    time_s: Int32


@dataclass(frozen=True)
class Points:
    """Places in WGS 84 and where they meet the streets of one mode.

    Parameters
    ----------
    lon, lat
        float64 (n,).
    snapped
        On the streets; edge −1 where too far.
    """

    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]
    snapped: Snapped


@dataclass(frozen=True)
class Reach:
    """Which points reach which within a limit: int32 rows `origin`, `destination`, `time_s`."""

    origin: Int32
    destination: Int32
    time_s: Int32


@dataclass(frozen=True)
class Places:
    """Places where stops stand, and what they reach on the streets.

    Parameters
    ----------
    walk, bike, car
        The places on each mode's streets.
    walked
        Place → place, walking.
    access
        Street mode → zone → place. Under ``"car"`` only places where one can park.
    egress
        Place → zone, walking.
    parking
        bool (n_places,): a car can be left here.
    """

    walk: Points
    bike: Points
    car: Points
    walked: Reach
    access: Mapping[str, Reach]
    egress: Reach
    parking: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class TicketRule:
    """What changing operator or country costs on the way: minutes at the transfer, euros."""

    operator_s: int = 0
    country_s: int = 0
    operator_euro: float = 0.0
    country_euro: float = 0.0


@dataclass(frozen=True)
class Settings:
    """Numbers that shape a network; every one is in the manifest.

    Speeds in km/h, distances in metres, times in seconds.
    """

    walk_kph: float = 4.8
    bike_kph: float = 18.0
    ebike_kph: float = 23.0
    max_access_walk_s: int = 1800
    max_access_bike_s: int = 1800
    max_access_car_s: int = 2700
    max_transfer_walk_s: int = 900
    min_transfer_s: int = 120
    bike_parking_s: int = 60
    park_and_ride_s: int = 240
    car_terminal_s: int = 240
    max_snap_m: float = 1500.0
    max_rides: int = 5
    seed: int = 1
    draws: int = 1
    ticket: TicketRule = field(default_factory=TicketRule)


@dataclass(frozen=True)
class FlexZone:
    """An on-demand area: a ride from any door in it to any of its hubs, and back.

    Parameters
    ----------
    id, name
        Of the service.
    area_wkb
        Polygon in WGS 84 as well-known binary.
    hubs
        stop_ids it serves.
    wait_s
        Mean time between ordering and the pick-up.
    speed_kph, detour_factor
        Ride time = straight line × detour ÷ speed.
    start_s, end_s
        Hours of service, seconds of the service day.
    """

    id: str
    name: str
    area_wkb: bytes
    hubs: tuple[str, ...]
    wait_s: int
    speed_kph: float
    detour_factor: float
    start_s: int = 0
    end_s: int = 108_000


@dataclass(frozen=True)
class Supply:
    """What a scenario may change: merged feeds, streets, zones, settings and station rules.

    Parameters
    ----------
    feeds
        Merged feeds of the day.
    streets, zones
        As read.
    settings
        Numbers.
    hub_transfer_s
        stop_id (or parent stop_id) → transfer time within that station.
    park_and_ride
        stop_ids where a car can be left; empty: every rail stop.
    street_factor
        (mode → float32 (n_edges,) or None): congestion and other factors by edge.
    flex_zones
        On-demand areas.
    countries
        Polygons, for changes that ask where the border runs; None where unknown.
    """

    feeds: Feeds
    streets: StreetNetwork
    zones: Zones
    settings: Settings
    hub_transfer_s: Mapping[str, int] = field(default_factory=dict)
    park_and_ride: tuple[str, ...] = ()
    street_factor: Mapping[str, npt.NDArray[np.float32]] = field(default_factory=dict)
    flex_zones: tuple[FlexZone, ...] = ()
    countries: Countries | None = None


@dataclass(frozen=True)
class MultimodalNetwork:
    """Everything the engine needs, read-only.

    Parameters
    ----------
    supply
        What it was made from; changes start here.
    timetable
        The day's patterns.
    transfers
        Stop to stop.
    access, egress
        Street mode → Links. access["walk"], access["bike"], access["car"] lead from zones to
        stops; egress["walk"] from stops to zones (rows by zone all the same).
    zone_snap_m
        Street mode → float32 (n_zones,), distance to the street; infinite = outside.
    stop_snap_m
        float32 (n_stops,), on the walk graph.
    day, timezone, draw
        Service day, IANA zone, and the number of the phase draw for headway services.
    places
        Street links by stop place, from which scenarios start.
    zone_points
        Street mode (walk, bike, ebike, car) → zones put on that mode's streets.
    counts
        What was left aside while linking, reason → number.
    """

    supply: Supply
    timetable: Timetable
    transfers: Transfers
    access: Mapping[str, Links]
    egress: Mapping[str, Links]
    zone_snap_m: Mapping[str, npt.NDArray[np.float32]]
    stop_snap_m: npt.NDArray[np.float32]
    day: dt.date = dt.date.min
    timezone: str = ""
    draw: int = 0
    places: Places | None = None
    zone_points: Mapping[str, Points] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
