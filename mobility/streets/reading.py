"""Files to a street network, in one call."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.errors import Problem, StreetError
from mobility.streets.build import rebuild_graphs
from mobility.streets.countries import country_codes, country_rows
from mobility.streets.edges import Box, Edges, make_edges
from mobility.streets.model import Float64, StreetNetwork, StreetSettings
from mobility.streets.osm import RawStreets, join_raw, read_osm
from mobility.streets.osmnx_graphs import raw_from_osmnx, read_graphml
from mobility.zones import Countries


def read_streets(
    paths: Sequence[Path],
    *,
    countries: Countries | None = None,
    box: Box | None = None,
    date: dt.date | None = None,
    walk_kph: float = 4.8,
    bike_kph: float = 18.0,
    ebike_kph: float = 23.0,
) -> StreetNetwork:
    """Read OSM files into a network with the graphs of every street mode.

    Parameters
    ----------
    paths
        ``.osm.pbf``, ``.osm``, ``.osm.gz`` or osmnx ``.graphml`` files, joined by OSM id.
    countries
        Polygons that decide whose law holds on an edge; None: the generic rules everywhere.
    box
        lon_min, lat_min, lon_max, lat_max; streets wholly outside are left out and counted.
    date
        Day on which ferries must sail.
    walk_kph, bike_kph, ebike_kph
        Speeds on the level, on good ground.

    Raises
    ------
    StreetError
        A file can't be read, or holds no street in the box.
    """
    settings = StreetSettings(walk_kph, bike_kph, ebike_kph, date=date)
    return streets_from_raw(_read_all(paths), countries=countries, box=box, settings=settings)


def _read_all(paths: Sequence[Path]) -> RawStreets:
    """Read all files, osmnx's and OSM's, into one."""
    graphs = [path for path in paths if path.suffix.lower() == ".graphml"]
    others = [path for path in paths if path not in graphs]
    parts = [raw_from_osmnx(read_graphml(path), str(path)) for path in graphs]
    if others or not graphs:
        parts.append(read_osm(others))
    return join_raw(parts)


def from_osmnx(
    graph: nx.MultiDiGraph[Any],
    *,
    countries: Countries | None = None,
    settings: StreetSettings | None = None,
) -> StreetNetwork:
    """Make a street network of an osmnx graph, under our rules.

    Raises
    ------
    StreetError
        The graph has no coordinate system, no edge, or nodes without positions.
    """
    return streets_from_raw(
        raw_from_osmnx(graph), countries=countries, settings=settings or StreetSettings()
    )


def streets_from_raw(
    raw: RawStreets,
    *,
    countries: Countries | None,
    settings: StreetSettings,
    box: Box | None = None,
) -> StreetNetwork:
    """Make a street network of ways and nodes as read."""
    edges = make_edges(raw, box)
    codes, edge_country = edge_countries(edges, countries)
    restrictions, lost = _place_restrictions(raw, edges)
    counts = {
        **edges.counts,
        "street nodes": len(edges.node_id),
        "street edges": len(edges.edge_to),
        "turn restrictions ignored (outside the streets)": lost,
    }
    streets = StreetNetwork(
        node_id=edges.node_id,
        node_lon=edges.node_lon,
        node_lat=edges.node_lat,
        edge_from=edges.edge_from,
        edge_to=edges.edge_to,
        edge_length_m=edges.edge_length_m,
        edge_way=edges.edge_way,
        edge_country=edge_country,
        shape_offset=edges.shape_offset,
        shape_lon=edges.shape_lon,
        shape_lat=edges.shape_lat,
        ways=edges.ways,
        country_codes=codes,
        graphs={},
        tagsets=raw.tagsets,
        node_tags=edges.node_tags,
        node_tagsets=raw.node_tagsets,
        restrictions=restrictions,
        settings=settings,
        counts={name: count for name, count in counts.items() if count},
    )
    streets = rebuild_graphs(streets)
    if not any(len(graph.head) for graph in streets.graphs.values()):
        raise StreetError(
            Problem("streets", "streets that no mode may use", "streets open to somebody")
        )
    return freeze(streets)


def freeze(streets: StreetNetwork) -> StreetNetwork:
    """Make every array of a network read-only."""
    for array in vars(streets).values():
        if isinstance(array, np.ndarray):
            array.setflags(write=False)
    return streets


def edge_countries(
    edges: Edges | StreetNetwork, countries: Countries | None
) -> tuple[tuple[str, ...], npt.NDArray[np.int16]]:
    """Country of each edge by polygon at the middle of its shape.

    Returns
    -------
    codes
        Sorted, ``""`` (nowhere) first.
    edge_country
        int16 (n_edges,), index into `codes`.
    """
    lon, lat = edge_midpoints(edges)
    return country_codes(countries), country_rows(countries, lon, lat)


def edge_midpoints(edges: Edges | StreetNetwork) -> tuple[Float64, Float64]:
    """Middle of the middle segment of each edge's shape: lon, lat."""
    first, last = edges.shape_offset[:-1], edges.shape_offset[1:] - 1
    before = (first + last) // 2
    after = np.minimum(before + 1, last)
    return (
        (edges.shape_lon[before] + edges.shape_lon[after]) / 2,
        (edges.shape_lat[before] + edges.shape_lat[after]) / 2,
    )


def _place_restrictions(raw: RawStreets, edges: Edges) -> tuple[pd.DataFrame, int]:
    """Turn restrictions whose node is a street node, by its row; and how many are not."""
    table = raw.restrictions
    row = np.searchsorted(edges.node_id, table["via"].to_numpy())
    row[row == len(edges.node_id)] = 0
    found = edges.node_id[row] == table["via"].to_numpy()
    placed = table[found].reset_index(drop=True)
    placed["via"] = row[found].astype(np.int32)
    return placed, int((~found).sum())


def with_countries(streets: StreetNetwork, countries: Countries | None) -> StreetNetwork:
    """Decide every edge's country anew and rebuild the graphs."""
    codes, edge_country = edge_countries(streets, countries)
    return freeze(rebuild_graphs(replace(streets, country_codes=codes, edge_country=edge_country)))
