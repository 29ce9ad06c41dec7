"""The merged multimodal graph as networkx and as GIS layers, to look into and to hand on.

The engine never uses it. Every node and edge says what it is: ``mode`` is walk, bike, ebike,
car, the mode of a line (rail, bus …), ``transfer``, ``access`` or ``egress``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import shapely

from mobility.errors import Problem, RunError, writing
from mobility.leftovers import whole_file
from mobility.network.model import Links, MultimodalNetwork
from mobility.streets import StreetNetwork
from mobility.timetable import Timetable

if TYPE_CHECKING:
    Graph = nx.MultiDiGraph[str]

STREET_MODES = ("walk", "bike", "ebike", "car")
WGS84 = "EPSG:4326"


def to_networkx(network: MultimodalNetwork, street_modes: tuple[str, ...] = STREET_MODES) -> Graph:
    """Lay the whole network out as one graph.

    Node ids are stable: ``street/<OSM id>``, ``stop/<feed:stop_id>``, ``zone/<zone id>``; nodes
    carry ``kind, lon, lat, name, country`` (also ``x``, ``y``, as osmnx expects). Edges carry
    ``mode, time_s`` and, by kind, ``length_m, way_id, name`` (streets) or ``line, operator,
    feed, trips`` (rides; `time_s` is the mean run, `trips` the number on the day).

    Parameters
    ----------
    network
        Built network.
    street_modes
        Street modes to take along; none gives the timetable and its links alone.

    Returns
    -------
    networkx.MultiDiGraph
        With ``crs`` as graph attribute.
    """
    graph: Graph = nx.MultiDiGraph(crs=WGS84)
    _add_streets(graph, network.supply.streets, street_modes)
    stop_nodes = _add_stops(graph, network.timetable)
    rides = ride_table(network.timetable)
    graph.add_edges_from(
        (stop_nodes[r.from_stop], stop_nodes[r.to_stop],
         {"mode": r.mode, "line": r.line, "operator": r.operator, "feed": r.feed,
          "trips": int(r.trips), "time_s": float(r.time_s)})
        for r in rides.itertuples(index=False)
    )  # fmt: skip
    transfers = network.transfers
    from_stop = np.repeat(np.arange(len(stop_nodes)), np.diff(transfers.offset))
    graph.add_edges_from(
        (stop_nodes[a], stop_nodes[b], {"mode": "transfer", "time_s": float(t)})
        for a, b, t in zip(
            from_stop.tolist(), transfers.to_stop.tolist(), transfers.time_s.tolist(), strict=True
        )
    )
    _add_zones(graph, network, stop_nodes)
    return graph


def _add_streets(graph: Graph, streets: StreetNetwork, modes: tuple[str, ...]) -> None:
    nodes = [f"street/{i}" for i in streets.node_id.tolist()]
    places = zip(nodes, streets.node_lon.tolist(), streets.node_lat.tolist(), strict=True)
    used = np.zeros(len(nodes), bool)
    names = streets.ways["name"].fillna("").astype(str).to_numpy()
    way_ids, highways = streets.ways["way_id"].to_numpy(), streets.ways["highway"].to_numpy()
    for mode in modes:
        arcs = streets.graphs[mode]
        n_nodes = len(arcs.offset) - 1
        tail = arcs.node_of[np.repeat(np.arange(n_nodes), np.diff(arcs.offset))]
        head = arcs.node_of[arcs.head]
        used[tail] = used[head] = True
        way = streets.edge_way[arcs.arc_edge]
        graph.add_edges_from(
            (nodes[a], nodes[b],
             {"mode": mode, "time_s": ms / 1000, "length_m": float(m), "way_id": int(way_ids[w]),
              "name": str(names[w]), "highway": str(highways[w])})
            for a, b, ms, m, w in zip(
                tail.tolist(), head.tolist(), arcs.arc_ms.tolist(),
                streets.edge_length_m[arcs.arc_edge].tolist(), way.tolist(), strict=True,
            )
        )  # fmt: skip
    graph.add_nodes_from(
        (node, {"kind": "street", "x": x, "y": y, "lon": x, "lat": y})
        for (node, x, y), in_use in zip(places, used.tolist(), strict=True)
        if in_use
    )


def _add_stops(graph: Graph, timetable: Timetable) -> list[str]:
    """Add stops; a stop split by ticket gets a number behind its id."""
    stops = timetable.stops
    copy = stops.groupby("stop_id").cumcount().to_numpy()
    nodes = [
        f"stop/{i}" if n == 0 else f"stop/{i}/{n}"
        for i, n in zip(stops["stop_id"], copy, strict=True)
    ]
    graph.add_nodes_from(
        (node, {"kind": "stop", "name": str(s.name), "feed": str(s.feed),
                "country": str(s.country), "x": float(s.lon), "y": float(s.lat),
                "lon": float(s.lon), "lat": float(s.lat)})
        for node, s in zip(nodes, stops[["name", "feed", "country", "lon", "lat"]].itertuples(
            index=False), strict=True)
    )  # fmt: skip
    return nodes


def _add_zones(graph: Graph, network: MultimodalNetwork, stops: list[str]) -> None:
    zones = network.supply.zones
    nodes = [f"zone/{i}" for i in zones.ids]
    graph.add_nodes_from(
        (node, {"kind": "zone", "name": str(name), "country": str(country), "x": x, "y": y,
                "lon": x, "lat": y})
        for node, name, country, x, y in zip(
            nodes, zones.names, zones.countries, zones.lon.tolist(), zones.lat.tolist(),
            strict=True)
    )  # fmt: skip
    for mode, links in network.access.items():
        graph.add_edges_from(
            (nodes[z], stops[s], {"mode": "access", "by": mode, "time_s": t})
            for z, s, t in _link_rows(links)
        )
    for mode, links in network.egress.items():
        graph.add_edges_from(
            (stops[s], nodes[z], {"mode": "egress", "by": mode, "time_s": t})
            for z, s, t in _link_rows(links)
        )


def _link_rows(links: Links) -> list[tuple[int, int, float]]:
    zone = np.repeat(np.arange(len(links.offset) - 1), np.diff(links.offset))
    times = links.time_s.astype(float)
    return list(zip(zone.tolist(), links.stop.tolist(), times.tolist(), strict=True))


def ride_table(timetable: Timetable) -> pd.DataFrame:
    """Sum the day's rides up by line and hop.

    Returns
    -------
    DataFrame
        ``from_stop, to_stop`` (stop numbers), ``line, mode, operator, feed, trips, time_s``
        (mean seconds from departure to arrival).
    """
    rows = []
    for p in range(len(timetable.pattern_route)):
        stops = timetable.pattern_stops[slice(*timetable.pattern_stop_offset[p : p + 2])]
        events = slice(*timetable.pattern_event_offset[p : p + 2])
        arrival = timetable.arrival_s[events].reshape(-1, len(stops))
        departure = timetable.departure_s[events].reshape(-1, len(stops))
        trips = slice(*timetable.pattern_trip_offset[p : p + 2])
        today = timetable.trip_day_shift[trips] == 0
        if not today.any():
            continue
        time_s = (arrival[today, 1:] - departure[today, :-1]).mean(axis=0)
        rows.append(
            pd.DataFrame({
                "from_stop": stops[:-1], "to_stop": stops[1:], "time_s": time_s,
                "trips": int(today.sum()), "route": timetable.pattern_route[p],
            })
        )  # fmt: skip
    columns = ["from_stop", "to_stop", "line", "mode", "operator", "feed", "trips", "time_s"]
    if not rows:
        return pd.DataFrame(columns=columns)
    routes = timetable.routes
    hops = pd.concat(rows, ignore_index=True)
    route = routes.iloc[hops["route"].to_numpy()]
    line = route["short_name"].where(route["short_name"] != "", route["long_name"])
    hops = hops.assign(
        line=line.to_numpy(), mode=route["mode"].to_numpy(),
        operator=route["operator"].to_numpy(), feed=route["feed"].to_numpy(),
        weighted=hops["time_s"] * hops["trips"],
    )  # fmt: skip
    keys = ["from_stop", "to_stop", "line", "mode", "operator", "feed"]
    summed = hops.groupby(keys, as_index=False, sort=True)[["trips", "weighted"]].sum()
    return summed.assign(time_s=summed["weighted"] / summed["trips"])[columns]


def write_graph(network: MultimodalNetwork, path: Path) -> None:
    """Write the graph as ``.graphml`` (networkx, Gephi) or ``.gpkg`` (QGIS), whole or not at all.

    Raises
    ------
    RunError
        The file's ending is another, or it can't be written.
    """
    if path.suffix not in (".graphml", ".gpkg"):
        raise RunError(Problem(str(path), f'the ending "{path.suffix}"', ".graphml or .gpkg"))
    with writing(path), whole_file(path) as beside, writing(path):
        if path.suffix == ".graphml":
            nx.write_graphml(to_networkx(network), beside)
            return
        for name, layer in gis_layers(network).items():
            layer.to_file(beside, layer=name, driver="GPKG", engine="pyogrio")


def gis_layers(network: MultimodalNetwork) -> dict[str, gpd.GeoDataFrame]:
    """Lay the network out as layers: ``streets``, ``rides``, ``stops``, ``zones``."""
    streets, timetable, zones = network.supply.streets, network.timetable, network.supply.zones
    stops = timetable.stops
    lon, lat = stops["lon"].to_numpy(), stops["lat"].to_numpy()
    rides = ride_table(timetable)
    a, b = rides["from_stop"].to_numpy(np.intp), rides["to_stop"].to_numpy(np.intp)
    hop = shapely.linestrings(
        np.stack([np.column_stack([lon[a], lat[a]]), np.column_stack([lon[b], lat[b]])], axis=1)
    )
    named = rides.assign(
        from_stop=stops["stop_id"].to_numpy()[a], to_stop=stops["stop_id"].to_numpy()[b]
    )
    stop_columns = stops[["stop_id", "name", "feed", "country"]]
    zone_table = pd.DataFrame({
        "zone_id": zones.ids, "name": zones.names, "country": zones.countries,
    })  # fmt: skip
    return {
        "streets": _street_layer(streets),
        "rides": gpd.GeoDataFrame(named, geometry=hop, crs=WGS84),
        "stops": gpd.GeoDataFrame(stop_columns, geometry=shapely.points(lon, lat), crs=WGS84),
        "zones": gpd.GeoDataFrame(
            zone_table, geometry=shapely.points(zones.lon, zones.lat), crs=WGS84
        ),
    }


def _street_layer(streets: StreetNetwork) -> gpd.GeoDataFrame:
    row = np.repeat(np.arange(len(streets.edge_way)), np.diff(streets.shape_offset))
    lines = shapely.linestrings(
        np.column_stack([streets.shape_lon, streets.shape_lat]), indices=row
    )
    table = (
        streets.ways[["way_id", "highway", "name"]].iloc[streets.edge_way].reset_index(drop=True)
    )
    table["country"] = np.array(streets.country_codes, object)[streets.edge_country]
    table["length_m"] = streets.edge_length_m
    for mode in STREET_MODES:
        graph = streets.graphs[mode]
        for name, ms in (("forward", graph.forward_ms), ("backward", graph.backward_ms)):
            table[f"{mode}_{name}_s"] = np.where(ms >= 0, ms / 1000, np.nan)
    return gpd.GeoDataFrame(table, geometry=lines, crs=WGS84)
