"""Supply of one day → multimodal network."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from mobility.network.flex import flex_links
from mobility.network.links import as_links, merge_reach, reversed_reach, snap_points
from mobility.network.model import Links, MultimodalNetwork, Places, Points, Reach, Supply
from mobility.network.places import PlaceIndex, index_places, link_places, spread
from mobility.network.tickets import TicketStops, penalty_s, split_stops, unsplit
from mobility.network.transfers import build_transfers
from mobility.timetable import Timetable, build_timetable

LINK_MODES = ("walk", "bike", "car")
ZONE_MODES = ("walk", "bike", "ebike", "car")


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
        A network whose timetable is taken over where feeds and day are the same, and its street
        searches where streets, zone points and settings are; the result is the same with or
        without it.

    Returns
    -------
    MultimodalNetwork
        Read-only.
    """
    settings = supply.settings
    if reuse is not None and draw == reuse.draw and _same_service(reuse, supply, day, timezone):
        timetable = reuse.timetable
    else:
        seed = settings.seed
        timetable = build_timetable(supply.feeds, day, timezone=timezone, seed=seed, draw=draw)
    tickets = _by_ticket(timetable, supply)
    stops = tickets.timetable.stops
    stop_ids = stops["stop_id"].to_numpy(object)
    index = index_places(
        stops["lon"].to_numpy(np.float64),
        stops["lat"].to_numpy(np.float64),
        stops["country"].to_numpy(object) if "country" in stops else None,
    )
    stop_parking = _parking(tickets.timetable, supply)
    place_parking = np.zeros(len(index.lon), bool)
    place_parking[index.place_of[stop_parking]] = True

    known = reuse if reuse is not None and _same_streets(reuse.supply, supply) else None
    same_zones = known is not None and _same_zones(known.supply, supply)
    zones = known.zone_points if known is not None and same_zones else _zone_points(supply)
    places = link_places(
        supply.streets,
        index,
        zones,
        place_parking,
        settings,
        known.places if known else None,
        same_zones,
    )
    transfers, counts = build_transfers(
        spread(places.walked, index.place_of, index.place_of),
        supply.feeds,
        stop_ids,
        supply.hub_transfer_s,
        settings.min_transfer_s,
        lambda a, b: penalty_s(settings.ticket, tickets, a, b),
    )
    access, egress = _zone_links(places, index, tickets.timetable, stop_parking, supply)
    counts["stops too far from any street to walk"] = int((places.walk.snapped.edge < 0).sum())
    return MultimodalNetwork(
        supply=supply,
        timetable=tickets.timetable,
        transfers=transfers,
        access=access,
        egress=egress,
        zone_snap_m={mode: points.snapped.distance_m for mode, points in zones.items()},
        stop_snap_m=places.walk.snapped.distance_m[index.place_of],
        day=day,
        timezone=timezone,
        draw=draw,
        places=places,
        zone_points=zones,
        counts=counts,
    )


def _by_ticket(timetable: Timetable, supply: Supply) -> TicketStops:
    rule = supply.settings.ticket
    if rule.operator_s == 0 and rule.country_s == 0:
        return unsplit(timetable)
    return split_stops(timetable, {feed.id: feed.country for feed in supply.feeds.sources})


def _parking(timetable: Timetable, supply: Supply) -> npt.NDArray[np.bool_]:
    """Stops where a car can be left: the ones named, or else every stop trains call at."""
    stop_ids = timetable.stops["stop_id"].to_numpy(object)
    if supply.park_and_ride:
        feeds_stops = supply.feeds.stops
        named = feeds_stops["stop_id"].isin(supply.park_and_ride).to_numpy()
        parent = feeds_stops["parent"].to_numpy()
        by_station = named | ((parent >= 0) & named[np.maximum(parent, 0)])
        return np.isin(stop_ids, feeds_stops["stop_id"].to_numpy(object)[by_station])
    by_rail = (timetable.routes["mode"] == "rail").to_numpy()[timetable.pattern_route]
    served = np.zeros(len(stop_ids), bool)
    served[timetable.pattern_stops[np.repeat(by_rail, np.diff(timetable.pattern_stop_offset))]] = (
        True
    )
    return served


def _same_service(old: MultimodalNetwork, supply: Supply, day: dt.date, timezone: str) -> bool:
    """Tell whether a network's timetable is that of a supply; stops split by ticket are not."""
    a, b = old.supply.settings, supply.settings
    return (
        old.supply.feeds is supply.feeds
        and (old.day, old.timezone) == (day, timezone)
        and (a.seed, a.draws) == (b.seed, b.draws)
        and not any((a.ticket.operator_s, a.ticket.country_s))
    )


def _same_streets(old: Supply, new: Supply) -> bool:
    """Tell whether street searches of one supply hold for the other."""
    unlike = ("seed", "draws", "max_rides", "min_transfer_s", "ticket", "bike_parking_s",
              "park_and_ride_s", "car_terminal_s")  # fmt: skip
    settings = [{k: v for k, v in vars(s.settings).items() if k not in unlike} for s in (old, new)]
    return old.streets is new.streets and settings[0] == settings[1]


def _same_zones(old: Supply, new: Supply) -> bool:
    return np.array_equal(old.zones.lon, new.zones.lon) and np.array_equal(
        old.zones.lat, new.zones.lat
    )


def _zone_points(supply: Supply) -> dict[str, Points]:
    zones, streets, max_m = supply.zones, supply.streets, supply.settings.max_snap_m
    return {
        mode: snap_points(streets, mode, zones.lon, zones.lat, max_m, zones.countries)
        for mode in ZONE_MODES
        if mode in streets.graphs
    }


def _zone_links(
    places: Places,
    index: PlaceIndex,
    timetable: Timetable,
    stop_parking: npt.NDArray[np.bool_],
    supply: Supply,
) -> tuple[Mapping[str, Links], Mapping[str, Links]]:
    settings, n_zones = supply.settings, len(supply.zones.ids)
    stops = timetable.stops
    flex = flex_links(
        supply.flex_zones,
        supply.zones,
        stops["stop_id"].to_numpy(object),
        stops["lon"].to_numpy(np.float64),
        stops["lat"].to_numpy(np.float64),
    )
    walk = merge_reach(spread(places.access["walk"], None, index.place_of), flex)
    bike = spread(places.access["bike"], None, index.place_of)
    car = spread(places.access["car"], None, index.place_of)
    parked = stop_parking[car.destination]
    car = Reach(car.origin[parked], car.destination[parked], car.time_s[parked])
    out = merge_reach(reversed_reach(spread(places.egress, index.place_of, None)), flex)
    access = {
        "walk": as_links(walk, "walk", n_zones),
        "bike": as_links(bike, "bike", n_zones, extra_s=settings.bike_parking_s),
        "car": as_links(car, "car", n_zones, extra_s=settings.park_and_ride_s),
    }
    return access, {"walk": as_links(out, "walk", n_zones)}
