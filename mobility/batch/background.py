"""What a map shows behind the figures: lines, stops and main roads, from the network."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from mobility.batch.results import Background
from mobility.network import MultimodalNetwork
from mobility.streets import StreetNetwork
from mobility.timetable import Timetable

MAIN_ROADS = ("motorway", "trunk", "primary")
MAX_STOPS = 4000
ROAD_TOLERANCE_DEG = 0.0005


def lines_table(network: MultimodalNetwork, base: MultimodalNetwork | None = None) -> pd.DataFrame:
    """List each line once, along its longest stop sequence.

    Lines are one where operator, name and mode are. With a `base`, lines it does not have
    carry ``new`` True.

    Returns
    -------
    DataFrame
        ``name, mode, operator, cross_border, lon, lat, new``; lon and lat are arrays.
    """
    timetable = network.timetable
    key, n_stops = _line_keys(timetable), np.diff(timetable.pattern_stop_offset)
    known = set() if base is None else set(_line_keys(base.timetable))
    longest: dict[tuple[str, str, str], int] = {}
    for pattern, line in enumerate(key):
        if line not in longest or n_stops[pattern] > n_stops[longest[line]]:
            longest[line] = pattern
    stops = timetable.stops
    lon, lat = stops["lon"].to_numpy(), stops["lat"].to_numpy()
    country = stops["country"].to_numpy(object)
    rows = []
    for (operator, name, mode), pattern in sorted(longest.items()):
        first, last = timetable.pattern_stop_offset[pattern : pattern + 2]
        at = timetable.pattern_stops[first:last]
        rows.append({
            "name": name, "mode": mode, "operator": operator,
            "cross_border": len({c for c in country[at] if c}) > 1,
            "lon": lon[at], "lat": lat[at],
            "new": base is not None and (operator, name, mode) not in known,
        })  # fmt: skip
    columns = ["name", "mode", "operator", "cross_border", "lon", "lat", "new"]
    return pd.DataFrame(rows, columns=columns)


def _line_keys(timetable: Timetable) -> list[tuple[str, str, str]]:
    routes = timetable.routes
    name = routes["short_name"].where(routes["short_name"] != "", routes["long_name"])
    labels = list(zip(routes["operator"], name, routes["mode"], strict=True))
    return [labels[route] for route in timetable.pattern_route]


def stops_table(network: MultimodalNetwork) -> pd.DataFrame:
    """List served stops by name and place, stations first where there are too many to show."""
    timetable = network.timetable
    served = np.zeros(len(timetable.stops), bool)
    served[timetable.pattern_stops] = True
    by_rail = (timetable.routes["mode"] == "rail").to_numpy()[timetable.pattern_route]
    rail = np.zeros(len(served), bool)
    rail[timetable.pattern_stops[np.repeat(by_rail, np.diff(timetable.pattern_stop_offset))]] = True
    table = timetable.stops[["name", "lon", "lat"]].assign(rail=rail)[served]
    table = table.drop_duplicates(["name", "lon", "lat"])
    if len(table) > MAX_STOPS:
        table = table[table["rail"]].head(MAX_STOPS)
    return table.sort_values(["name", "lon", "lat"]).reset_index(drop=True)


def roads_table(streets: StreetNetwork) -> pd.DataFrame:
    """Lay main roads out as lines for a map's background: ``name, lon, lat`` (arrays)."""
    ways = streets.ways
    main = ways["highway"].isin(MAIN_ROADS).to_numpy()[streets.edge_way]
    edges = np.flatnonzero(main)
    parts = [
        shapely.LineString(
            np.column_stack([
                streets.shape_lon[streets.shape_offset[e] : streets.shape_offset[e + 1]],
                streets.shape_lat[streets.shape_offset[e] : streets.shape_offset[e + 1]],
            ])
        )
        for e in edges
    ]  # fmt: skip
    names = ways["name"].fillna("").to_numpy(object)[streets.edge_way[edges]]
    rows = []
    for name in sorted(set(names)):
        joined = shapely.line_merge(
            shapely.MultiLineString([p for p, n in zip(parts, names, strict=True) if n == name])
        )
        for line in shapely.get_parts(shapely.simplify(joined, ROAD_TOLERANCE_DEG)):
            lon, lat = np.asarray(line.coords).T
            rows.append({"name": name, "lon": lon, "lat": lat})
    return pd.DataFrame(rows, columns=["name", "lon", "lat"])


def background(
    network: MultimodalNetwork,
    base: MultimodalNetwork,
    layers: Mapping[str, gpd.GeoDataFrame] | None = None,
) -> Background:
    """Make what maps show behind the figures; lines the base lacks are marked new."""
    return Background(
        layers=dict(layers or {}),
        lines=lines_table(network, None if network is base else base),
        stops=stops_table(network),
        roads=roads_table(network.supply.streets),
    )


def counts_of(network: MultimodalNetwork) -> dict[str, int]:
    """Gather what was dropped or cut anywhere, by feed, street and link."""
    counts = {f"streets: {reason}": n for reason, n in network.supply.streets.counts.items()}
    for source in network.supply.feeds.sources:
        counts |= {f"feed {source.id}: {reason}": n for reason, n in source.dropped.items()}
    return counts | {f"links: {reason}": n for reason, n in network.counts.items()}
