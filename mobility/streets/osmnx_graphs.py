"""To and from osmnx: graphs with the attributes its functions expect, and its files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import osmnx as ox
import pandas as pd
import shapely

from mobility.errors import Problem, StreetError
from mobility.streets.law import rule_keys
from mobility.streets.model import CLOSED, StreetNetwork
from mobility.streets.osm import MORE_WAY_KEYS, NODE_KEYS, RawStreets
from mobility.streets.snapping import graph_of, usable_edges

_WGS84 = "epsg:4326"
_SUSPICIOUS = (b"<!DOCTYPE", b"<!ENTITY")


def to_osmnx(streets: StreetNetwork, mode: str) -> nx.MultiDiGraph[Any]:
    """Make the osmnx graph of one mode: nodes by OSM id, one edge per direction.

    Edges carry ``osmid, length (m), highway, name, ref, oneway, reversed, travel_time (s),
    speed_kph, country, edge (our number), geometry`` and their OSM tags. Turn restrictions
    and local-traffic rules have no place in such a graph; barriers a mode can't pass leave
    their node out of every way through.
    """
    graph = graph_of(streets, mode)
    made: nx.MultiDiGraph[Any] = nx.MultiDiGraph(
        crs=_WGS84, simplified=True, created_with="mobility", mode=mode
    )
    usable = np.flatnonzero(usable_edges(streets, mode))
    nodes = np.unique(np.concatenate((streets.edge_from[usable], streets.edge_to[usable])))
    made.add_nodes_from(
        (int(streets.node_id[row]), _node_attributes(streets, row)) for row in nodes.tolist()
    )
    for edge in usable.tolist():
        start, end = int(streets.edge_from[edge]), int(streets.edge_to[edge])
        ahead, back = int(graph.forward_ms[edge]), int(graph.backward_ms[edge])
        one_way = CLOSED in {ahead, back}
        for ms, u, v, is_back in ((ahead, start, end, False), (back, end, start, True)):
            if ms != CLOSED:
                made.add_edge(
                    int(streets.node_id[u]),
                    int(streets.node_id[v]),
                    **_edge_attributes(streets, edge, ms, one_way, is_back),
                )
    counts = ox.stats.count_streets_per_node(made)
    nx.set_node_attributes(made, counts, name="street_count")
    return made


def _node_attributes(streets: StreetNetwork, row: int) -> dict[str, Any]:
    return {
        **streets.node_tagsets[int(streets.node_tags[row])],
        "x": float(streets.node_lon[row]),
        "y": float(streets.node_lat[row]),
    }


def _edge_attributes(
    streets: StreetNetwork, edge: int, ms: int, one_way: bool, is_back: bool
) -> dict[str, Any]:
    way = streets.ways.iloc[int(streets.edge_way[edge])]
    rows = slice(streets.shape_offset[edge], streets.shape_offset[edge + 1])
    shape = np.stack((streets.shape_lon[rows], streets.shape_lat[rows]), axis=1)
    length = float(streets.edge_length_m[edge])
    attributes: dict[str, Any] = {
        **streets.tagsets[int(way["tagset"])],
        "osmid": int(way["way_id"]),
        "length": length,
        "oneway": one_way,
        "reversed": is_back,
        "travel_time": ms / 1000,
        "speed_kph": length / max(ms, 1) * 3600,
        "country": streets.country_codes[int(streets.edge_country[edge])],
        "edge": edge,
        "geometry": shapely.LineString(shape[::-1] if is_back else shape),
    }
    attributes |= {key: str(way[key]) for key in ("name", "ref") if way[key]}
    return attributes


def read_graphml(path: Path) -> nx.MultiDiGraph[Any]:
    """Read a graph that osmnx saved.

    Raises
    ------
    StreetError
        The file is missing, declares XML entities, or is no osmnx graph.
    """
    if not path.is_file():
        raise StreetError(Problem(str(path), "no such file", "an osmnx .graphml file"))
    with path.open("rb") as file:
        head = file.read(65_536)
    if any(word in head for word in _SUSPICIOUS):
        raise StreetError(
            Problem(str(path), "a document type declaration", "a plain .graphml file without one")
        )
    try:
        graph: nx.MultiDiGraph[Any] = ox.load_graphml(path)
    except (SyntaxError, ValueError, KeyError, nx.NetworkXError) as error:
        raise StreetError(
            Problem(str(path), f"no graph that osmnx can read ({error})", "a file of save_graphml")
        ) from error
    return graph


def raw_from_osmnx(graph: nx.MultiDiGraph[Any], where: str = "osmnx graph") -> RawStreets:
    """Take an osmnx graph apart into ways and nodes; each street becomes one way.

    A street that stands in the graph in both directions becomes one two-way street; one that
    has one direction only becomes one-way. Where osmnx merged several ways into one, the
    first of their classes, names and surfaces and the lowest of their limits hold.

    Raises
    ------
    StreetError
        The graph has no coordinates, or no edge.
    """
    graph = _in_degrees(graph, where)
    node_id, node_lon, node_lat, node_tags, node_sets = _graph_nodes(graph)
    streets = _undirected(graph)
    if not streets:
        raise StreetError(Problem(where, "no edge", "a street graph"))
    known: dict[tuple[tuple[str, str], ...], int] = {}
    bend = min(0, int(node_id.min())) - 1
    ids: list[int] = []
    refs: list[int] = []
    sizes: list[int] = []
    sets: list[int] = []
    names: list[str] = []
    numbers: list[str] = []
    bends: list[int] = []
    shapes: list[Any] = []
    for (u, v), data, two_way in streets:
        shape = _inner_shape(graph, u, v, data)
        inner = [bend - k for k in range(len(shape))]
        bend -= len(shape)
        bends.extend(inner)
        shapes.append(shape)
        refs.extend([int(u), *inner, int(v)])
        sizes.append(len(inner) + 2)
        ids.append(_first_int(data.get("osmid"), -len(ids) - 1))
        tags = _tags_of(data, two_way)
        sets.append(known.setdefault(tuple(sorted(tags.items())), len(known)))
        names.append(_first(data.get("name")))
        numbers.append(_first(data.get("ref")))
    all_ids = np.concatenate((node_id, np.array(bends, np.int64)))
    order = np.argsort(all_ids)
    bend_place = np.concatenate(shapes)
    return RawStreets(
        way_id=np.array(ids, np.int64),
        tagset=np.array(sets, np.int32),
        name=np.array(names, object),
        ref=np.array(numbers, object),
        tagsets=tuple(dict(tags) for tags in known),
        ref_offset=np.concatenate(([0], np.cumsum(sizes))).astype(np.int64),
        refs=np.array(refs, np.int64),
        node_id=all_ids[order],
        node_lon=np.concatenate((node_lon, bend_place[:, 0]))[order],
        node_lat=np.concatenate((node_lat, bend_place[:, 1]))[order],
        node_tags=np.concatenate((node_tags, np.zeros(len(bends), np.int32)))[order],
        node_tagsets=node_sets,
        restrictions=pd.DataFrame(
            {
                "via": np.empty(0, np.int64),
                "from_way": np.empty(0, np.int64),
                "to_way": np.empty(0, np.int64),
                "only": np.empty(0, bool),
            }
        ),
        counts={},
    )


def _in_degrees(graph: nx.MultiDiGraph[Any], where: str) -> nx.MultiDiGraph[Any]:
    if "crs" not in graph.graph:
        raise StreetError(Problem(where, "no coordinate system", "a graph made by osmnx"))
    missing = [node for node, data in graph.nodes(data=True) if "x" not in data or "y" not in data]
    if missing or not len(graph):
        raise StreetError(Problem(where, f"{len(missing)} nodes without x and y", "x and y on all"))
    if not all(isinstance(node, (int, np.integer)) for node in graph):
        raise StreetError(Problem(where, "nodes without OSM ids", "whole numbers as node ids"))
    lonlat: nx.MultiDiGraph[Any] = ox.project_graph(graph, to_latlong=True)
    return lonlat


def _graph_nodes(graph: nx.MultiDiGraph[Any]) -> tuple[Any, Any, Any, Any, Any]:
    nodes = sorted(graph.nodes(data=True))
    known: dict[tuple[tuple[str, str], ...], int] = {(): 0}
    rows = []
    for _, data in nodes:
        labels = tuple(
            sorted((key, str(data[key])) for key in NODE_KEYS if isinstance(data.get(key), str))
        )
        rows.append(known.setdefault(labels, len(known)))
    return (
        np.array([node for node, _ in nodes], np.int64),
        np.array([data["x"] for _, data in nodes], np.float64),
        np.array([data["y"] for _, data in nodes], np.float64),
        np.array(rows, np.int32),
        tuple(dict(tags) for tags in known),
    )


def _undirected(
    graph: nx.MultiDiGraph[Any],
) -> list[tuple[tuple[int, int], Mapping[str, Any], bool]]:
    """Streets with whether both directions are there, in the order of the graph."""
    groups: dict[tuple[Any, ...], list[tuple[Any, Any, Mapping[str, Any]]]] = {}
    for u, v, data in graph.edges(data=True):
        same = (min(u, v), max(u, v), str(sorted_ids(data.get("osmid"))), _length_key(data))
        groups.setdefault(same, []).append((u, v, data))
    found: list[tuple[tuple[int, int], Mapping[str, Any], bool]] = []
    for members in groups.values():
        # The direction of the OSM way first, so that tags with a direction keep their sense.
        ahead = [m for m in members if m[2].get("reversed") is not True]
        back = [m for m in members if m[2].get("reversed") is True]
        if not ahead or (len(ahead) > len(back) and not back):
            ahead, back = _by_direction(members)
        for k, (start, end, tags) in enumerate(ahead):
            found.append(((start, end), tags, k < len(back)))
        found.extend(((start, end), tags, False) for start, end, tags in back[len(ahead) :])
    return found


def _by_direction(members: list[Any]) -> tuple[list[Any], list[Any]]:
    start = members[0][0]
    ahead = [member for member in members if member[0] == start]
    return ahead, [member for member in members if member[0] != start]


def _length_key(data: Mapping[str, Any]) -> float:
    return round(float(data.get("length", 0.0)), 2)


def sorted_ids(osmid: object) -> list[str]:
    """Way ids of an osmnx edge, one or several, as sorted text."""
    return sorted(str(part) for part in (osmid if isinstance(osmid, list) else [osmid]))


def _inner_shape(graph: nx.MultiDiGraph[Any], u: Any, v: Any, data: Mapping[str, Any]) -> Any:
    """Vertices between the ends, from u to v."""
    if "geometry" not in data:
        return np.empty((0, 2))
    points = shapely.get_coordinates(data["geometry"])
    start = np.array([graph.nodes[u]["x"], graph.nodes[u]["y"]])
    if u != v and np.hypot(*(points[-1] - start)) < np.hypot(*(points[0] - start)):
        points = points[::-1]
    return points[1:-1]


def _first(value: object) -> str:
    part = value[0] if isinstance(value, list) and value else value
    return "" if part is None or isinstance(part, float) else str(part)


def _first_int(value: object, otherwise: int) -> int:
    part = value[0] if isinstance(value, list) and value else value
    return int(part) if isinstance(part, (int, np.integer)) else otherwise


def _tags_of(data: Mapping[str, Any], two_way: bool) -> dict[str, str]:
    tags: dict[str, str] = {}
    for key in sorted(rule_keys() | set(MORE_WAY_KEYS)):
        value = data.get(key)
        if key.startswith("maxspeed") and isinstance(value, list):
            tags[key] = ";".join(str(part) for part in value)
        elif _first(value):
            tags[key] = _first(value)
    tags["oneway"] = "no" if two_way else "yes"
    return tags
