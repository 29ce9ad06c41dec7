"""Supply of one day → multimodal network."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from mobility.network.flex import flex_links
from mobility.network.links import Points, Reach, as_links, reversed_reach, snap_points
from mobility.network.model import Links, MultimodalNetwork, Settings, Supply
from mobility.network.places import PlaceIndex, Places, index_places, link_places, spread
from mobility.network.tickets import TicketStops, penalty_s, split_stops
from mobility.network.transfers import build_transfers
from mobility.timetable import Timetable, build_timetable

STREET_LINKS = ("walk", "bike", "car")
LINK_SETTINGS = (
    "walk_kph", "bike_kph", "max_access_walk_s", "max_access_bike_s", "max_access_car_s",
    "max_transfer_walk_s", "max_snap_m",
)  # fmt: skip


def build_network(
    supply: Supply,
    *,
    day: dt.date,
    timezone: str,
    draw: int = 0,
    reuse: MultimodalNetwork | None = None,
) -> MultimodalNetwork:
    """Link a day's timetable, the streets and the zones.

    Parameters
    ----------
    supply
        Merged feeds, streets, zones, settings.
    day
        Service day the feeds were read for.
    timezone
        IANA zone of the region.
    draw
        Number of the phase draw for headway services.
    reuse
        A network whose street searches may be taken over where streets, zone points and
        settings are the same; the result is the same with or without it.

    Returns
    -------
    MultimodalNetwork
        Read-only.
    """
    settings = supply.settings
    same_feeds = reuse is not None and draw == 0 and _same_service(reuse.supply, supply)
    timetable = (
        reuse.timetable
        if same_feeds and reuse is not None
        else build_timetable(supply.feeds, day, timezone=timezone, seed=settings.seed, draw=draw)
    )
    tickets = _tickets(timetable, supply, split=not same_feeds)
    timetable = tickets.timetable
    stops = timetable.stops
    index = index_places(stops["lon"].to_numpy(np.float64), stops["lat"].to_numpy(np.float64))
    parking = _parking(timetable, supply, index)

    known = reuse if reuse is not None and _same_streets(reuse.supply, supply) else None
    zones = known.zone_points if known is not None else _zone_points(supply)
    places = link_places(
        supply.streets, index, zones, parking, settings, known.places if known else None
    )
    walked = spread(places.walked, index.place_of, index.place_of)
    transfers, counts = build_transfers(
        walked, supply.feeds, stops["stop_id"].to_numpy(object), supply.hub_transfer_s, settings,
        operator=tickets.operator,
        penalty=lambda a, b: penalty_s(settings.ticket, tickets, a, b),
    )  # fmt: skip
    access, egress = _zone_links(places, index, supply)
    return MultimodalNetwork(
        supply=supply,
        timetable=timetable,
        transfers=transfers,
        access=access,
        egress=egress,
        zone_snap_m={mode: zones[mode].snapped.distance_m for mode in zones},
        stop_snap_m=places.walk.snapped.distance_m[index.place_of],
        day=day,
        timezone=timezone,
        places=places,
        zone_points=zones,
        counts=counts,
    )
