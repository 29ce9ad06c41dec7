"""The plain tables that service and border indicators take, made from a day's timetable.

Trips of the service day itself are counted; those of the days before and after, which a
timetable holds for windows around midnight, are not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree
from shapely import STRtree, points

from mobility.indicators.frame import EARTH_M, Array
from mobility.indicators.municipalities import KEYS, municipalities
from mobility.indicators.service import is_rail
from mobility.timetable import Timetable
from mobility.zones import Zones

Ints = npt.NDArray[np.int64]
HUB_M = 250.0
ZONE_M = 5000.0


@dataclass(frozen=True)
class Events:
    """Calls of the day's own trips, one entry each: stop, trip, route, place in the trip, times.

    `boards`, `alights`: may one get on (not at the last stop), off (not at the first).
    """

    stop: Ints
    trip: Ints
    route: Ints
    arrival_s: Ints
    departure_s: Ints
    boards: npt.NDArray[np.bool_]
    alights: npt.NDArray[np.bool_]


def events(timetable: Timetable) -> Events:
    """Lay a timetable's calls out flat, trip by trip."""
    length = np.diff(timetable.pattern_stop_offset).astype(np.int64)
    counts = np.diff(timetable.pattern_event_offset)
    pattern = np.repeat(np.arange(len(length)), counts)
    within = np.arange(len(pattern)) - timetable.pattern_event_offset[:-1][pattern]
    place = within % np.maximum(length, 1)[pattern]
    trip = timetable.pattern_trip_offset[:-1][pattern] + within // np.maximum(length, 1)[pattern]
    column = timetable.pattern_stop_offset[:-1][pattern] + place
    own = timetable.trip_day_shift[trip] == 0
    boards = timetable.pickup[column] & (place < length[pattern] - 1)
    alights = timetable.drop_off[column] & (place > 0)
    return Events(
        stop=timetable.pattern_stops[column][own].astype(np.int64),
        trip=trip[own].astype(np.int64),
        route=timetable.trip_route[trip][own].astype(np.int64),
        arrival_s=timetable.arrival_s[own].astype(np.int64),
        departure_s=timetable.departure_s[own].astype(np.int64),
        boards=boards[own],
        alights=alights[own],
    )


def stop_service(
    timetable: Timetable, *, start_s: float = 25_200, end_s: float = 32_400
) -> pd.DataFrame:
    """Departures an hour at each station or stop: the input of `stop_access`.

    Platforms of one station are taken together; a stop of bus and train has a row for each.

    Returns
    -------
    DataFrame
        ``lon, lat, route_type, per_hour``; `route_type` is the least of the kind's types.
    """
    calls = events(timetable)
    parent = timetable.stops["parent"].to_numpy(np.int64)
    station = np.where(parent >= 0, parent, np.arange(len(parent)))
    kind = timetable.routes["route_type"].to_numpy(np.int64)
    table = pd.DataFrame(
        {
            "station": station[calls.stop],
            "rail": is_rail(kind[calls.route]),
            "route_type": kind[calls.route],
            "inside": (calls.departure_s >= start_s) & (calls.departure_s < end_s),
        }
    )[calls.boards]
    grouped = table.groupby(["station", "rail"], sort=True)
    rate = grouped["inside"].sum() / (end_s - start_s) * 3600
    at = rate.index.get_level_values("station").to_numpy(np.int64)
    return pd.DataFrame(
        {
            "lon": timetable.stops["lon"].to_numpy(np.float64)[at],
            "lat": timetable.stops["lat"].to_numpy(np.float64)[at],
            "route_type": grouped["route_type"].min().to_numpy(),
            "per_hour": rate.to_numpy(np.float64),
        }
    )


def feed_countries(timetable: Timetable) -> dict[str, str]:
    """Country of each feed: that in which most of its stops lie."""
    known = timetable.stops[timetable.stops["country"] != ""]
    counts = known.groupby(["feed", "country"], sort=True).size()
    return {
        str(feed): str(part.idxmax()[1]) for feed, part in counts.groupby(level="feed", sort=True)
    }


def border_hubs(
    timetable: Timetable, *, radius_m: float = HUB_M
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Arrivals and departures where lines of two countries meet: the input of `connections`.

    Stops less than `radius_m` apart, and platforms of one station, are one hub, named after
    its stop with most calls. A hub counts where lines of feeds of at least two countries call.

    Returns
    -------
    tuple
        Arrivals ``hub, line, country, arrival_s`` and departures ``hub, line, country,
        departure_s``.
    """
    calls = events(timetable)
    hub = _clusters(timetable, radius_m)[calls.stop]
    countries = feed_countries(timetable)
    routes = timetable.routes
    named = routes["short_name"].where(routes["short_name"] != "", routes["route_id"])
    line = (routes["feed"] + " " + named).to_numpy(object)[calls.route]
    country = routes["feed"].map(countries).fillna("").to_numpy(object)[calls.route]
    table = pd.DataFrame({"hub": hub, "line": line, "country": country, "stop": calls.stop})
    several = table[table["country"] != ""].groupby("hub")["country"].nunique()
    kept = table["hub"].isin(several[several > 1].index).to_numpy(bool)
    name = _hub_names(table[kept], timetable.stops["name"])
    table["hub"] = table["hub"].map(name)
    columns = ["hub", "line", "country"]
    coming = table.assign(arrival_s=calls.arrival_s)[kept & calls.alights]
    leaving = table.assign(departure_s=calls.departure_s)[kept & calls.boards]
    return (
        coming[[*columns, "arrival_s"]].reset_index(drop=True),
        leaving[[*columns, "departure_s"]].reset_index(drop=True),
    )


def _plane(lon: Array, lat: Array, middle: float) -> Array:
    """Metres east and north on a plane that is true near the middle latitude."""
    metre = np.radians(1) * EARTH_M
    return np.column_stack([lon * metre * np.cos(np.radians(middle)), lat * metre])


def _clusters(timetable: Timetable, radius_m: float) -> Ints:
    """Number of the hub each stop belongs to."""
    stops = timetable.stops
    lon, lat = stops["lon"].to_numpy(np.float64), stops["lat"].to_numpy(np.float64)
    n = len(stops)
    if n == 0:
        return np.zeros(0, np.int64)
    tree = cKDTree(_plane(lon, lat, float(lat.mean())))
    near = tree.query_pairs(radius_m, output_type="ndarray").reshape(-1, 2)
    parent = stops["parent"].to_numpy(np.int64)
    child = np.flatnonzero(parent >= 0)
    links = np.concatenate([near, np.column_stack([child, parent[child]])]).astype(np.int64)
    grid = coo_array((np.ones(len(links), bool), (links[:, 0], links[:, 1])), shape=(n, n))
    return np.asarray(connected_components(grid, directed=False)[1], np.int64)


def _hub_names(table: pd.DataFrame, names: pd.Series) -> dict[int, str]:
    """Name of each hub's busiest stop; namesakes are numbered."""
    calls = table.groupby(["hub", "stop"], sort=True).size().reset_index(name="calls")
    first = calls.sort_values(["hub", "calls", "stop"], ascending=[True, False, True])
    busiest = first.drop_duplicates("hub").set_index("hub")["stop"]
    found: dict[int, str] = {}
    used: dict[str, int] = {}
    for hub, stop in busiest.items():
        name = str(names.iloc[int(stop)])
        used[name] = used.get(name, 0) + 1
        found[int(str(hub))] = name if used[name] == 1 else f"{name} {used[name]}"
    return found


def municipality_of_stops(timetable: Timetable, zones: Zones, *, max_m: float = ZONE_M) -> Ints:
    """Municipality (as numbered by `municipalities`) of each stop, −1 where none.

    By the zones' polygons; where they have none, or a stop lies outside all, by the nearest
    zone point within `max_m`.
    """
    stops = timetable.stops
    lon, lat = stops["lon"].to_numpy(np.float64), stops["lat"].to_numpy(np.float64)
    zone = np.full(len(stops), -1, np.int64)
    if len(zones.ids) == 0 or len(stops) == 0:
        return zone
    if zones.shapes is not None:
        point, shape = STRtree(zones.shapes).query(points(lon, lat), predicate="within")
        zone[point[::-1]] = shape[::-1]
    middle = float(zones.lat.mean())
    distance, nearest = cKDTree(_plane(zones.lon, zones.lat, middle)).query(
        _plane(lon, lat, middle)
    )
    zone = np.where((zone < 0) & (distance <= max_m), nearest, zone)
    return np.where(zone >= 0, municipalities(zones).of_zone[zone], -1)


def direct_journeys(timetable: Timetable, zones: Zones) -> pd.DataFrame:
    """Direct trips between municipalities of two countries: the input of `round_trips`.

    A trip counts once per pair: from its last call where one gets on to the first after it
    where one gets off.

    Returns
    -------
    DataFrame
        ``origin, destination, departure_s, arrival_s`` and ``municipality_o, country_o,
        municipality_d, country_d``; origin and destination are ``"name (country)"``.
    """
    found = _direct(timetable, zones)
    across = (found["country_o"] != found["country_d"]) & (found["country_o"] != "")
    table = found[across & (found["country_d"] != "")].copy()
    for end, side in (("origin", "o"), ("destination", "d")):
        table[end] = table[f"municipality_{side}"] + " (" + table[f"country_{side}"] + ")"
    return table.reset_index(drop=True)


def direct_departures(timetable: Timetable, zones: Zones) -> pd.DataFrame:
    """Direct connections a day between municipalities: the input of `municipality_pairs`.

    Returns
    -------
    DataFrame
        ``municipality_o, country_o, municipality_d, country_d, departures``; pairs without
        one are not listed.
    """
    found = _direct(timetable, zones)
    counts = found.groupby(list(KEYS), sort=True).size()
    return counts.reset_index(name="departures")


def _direct(timetable: Timetable, zones: Zones) -> pd.DataFrame:
    """All direct trips between two municipalities, a row per trip and ordered pair."""
    groups = municipalities(zones)
    town = municipality_of_stops(timetable, zones)
    own = timetable.trip_day_shift == 0
    parts: list[npt.NDArray[np.int64]] = [np.empty((0, 4), np.int64)]
    for p in range(len(timetable.pattern_stop_offset) - 1):
        column = slice(*(int(x) for x in timetable.pattern_stop_offset[p : p + 2]))
        pairs = _town_pairs(
            town[timetable.pattern_stops[column]].tolist(),
            timetable.pickup[column].tolist(),
            timetable.drop_off[column].tolist(),
        )
        first, last = (int(x) for x in timetable.pattern_trip_offset[p : p + 2])
        trips = np.flatnonzero(own[first:last])
        length = column.stop - column.start
        start = timetable.pattern_event_offset[p] + trips * length
        for origin, destination, leave, arrive in pairs:
            rows = np.empty((len(trips), 4), np.int64)
            rows[:, 0], rows[:, 1] = origin, destination
            rows[:, 2] = timetable.departure_s[start + leave]
            rows[:, 3] = timetable.arrival_s[start + arrive]
            parts.append(rows)
    table = np.concatenate(parts)
    table = table[np.lexsort(table.T[::-1])]
    names = [groups.names[table[:, 0]], groups.countries[table[:, 0]]]
    names += [groups.names[table[:, 1]], groups.countries[table[:, 1]]]
    columns = dict(zip(KEYS, (np.asarray(n, object) for n in names), strict=True))
    return pd.DataFrame(columns | {"departure_s": table[:, 2], "arrival_s": table[:, 3]})


def _town_pairs(
    towns: list[int], boards: list[bool], alights: list[bool]
) -> list[tuple[int, int, int, int]]:
    """Ordered pairs of towns along a pattern: origin, destination, and the stops in it."""
    found: dict[tuple[int, int], tuple[int, int]] = {}
    last: dict[int, int] = {}
    for k, town in enumerate(towns):
        if town >= 0 and alights[k]:
            for origin, stop in last.items():
                if origin != town:
                    found.setdefault((origin, town), (stop, k))
        if town >= 0 and boards[k]:
            last[town] = k
    return [(a, b, leave, arrive) for (a, b), (leave, arrive) in found.items()]


def border_crossings(timetable: Timetable, zones: Zones) -> pd.DataFrame:
    """Services a day over the border: the input of `permeability`.

    A section is the pair of municipalities between whose stops trips cross, named in
    alphabetical order; its point lies midway between the two stops.

    Returns
    -------
    DataFrame
        ``section, lon, lat, per_day``, a row per pair of stops.
    """
    calls = events(timetable)
    groups, town = municipalities(zones), municipality_of_stops(timetable, zones)
    # A stop lies in its municipality's country; a feed's own country is only a guess.
    own = timetable.stops["country"].to_numpy(object)
    country = np.where(town >= 0, groups.countries[town], own) if len(groups.names) else own
    here, there = calls.stop[:-1], calls.stop[1:]
    crossing = (calls.trip[:-1] == calls.trip[1:]) & (country[here] != country[there])
    crossing &= (country[here] != "") & (country[there] != "")
    pair = np.sort(np.column_stack([here[crossing], there[crossing]]), axis=1)
    unique, count = np.unique(pair.reshape(-1, 2), axis=0, return_counts=True)
    stop_names = timetable.stops["name"].to_numpy(object)
    names = [
        " – ".join(sorted(_town(groups.names, town[s], stop_names[s]) for s in two))
        for two in unique
    ]
    lon, lat = (timetable.stops[axis].to_numpy(np.float64) for axis in ("lon", "lat"))
    return pd.DataFrame(
        {
            "section": names,
            "lon": lon[unique].mean(axis=1),
            "lat": lat[unique].mean(axis=1),
            "per_day": count.astype(np.float64),
        }
    ).sort_values(["section", "lon", "lat"], kind="stable", ignore_index=True)


def _town(names: npt.NDArray[np.object_], town: int, stop_name: object) -> str:
    return str(names[town]) if town >= 0 else str(stop_name)
