"""Streets as tables and map layers: edges, what the rules did, pieces of network."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from mobility.streets.model import CLOSED, Route, StreetNetwork
from mobility.streets.quality import cycle_highways, traffic_stress
from mobility.streets.snapping import usable_edges

_CRS = "EPSG:4326"


def edges_layer(streets: StreetNetwork, edges: npt.ArrayLike | None = None) -> gpd.GeoDataFrame:
    """Edges with their shape, names, country, times and quality, for QGIS.

    Parameters
    ----------
    streets
        Network.
    edges
        Which; all by default.

    Returns
    -------
    geopandas.GeoDataFrame
        ``edge, way_id, highway, name, ref, country, length_m, stress, cycle_highway`` and
        per mode ``<mode>_s`` (seconds along the edge) and ``<mode>_back_s`` (against it),
        NaN where closed.
    """
    rows = np.arange(len(streets.edge_from)) if edges is None else np.asarray(edges, np.int64)
    ways = streets.ways.iloc[streets.edge_way[rows]].reset_index(drop=True)
    table = pd.DataFrame({"edge": rows})
    for column in ("way_id", "highway", "name", "ref"):
        table[column] = ways[column]
    table["country"] = np.array(streets.country_codes, object)[streets.edge_country[rows]]
    table["length_m"] = streets.edge_length_m[rows]
    table["stress"] = traffic_stress(streets)[rows]
    table["cycle_highway"] = cycle_highways(streets)[rows]
    for mode, graph in streets.graphs.items():
        usable = usable_edges(streets, mode)[rows]
        for suffix, ms in (("_s", graph.forward_ms), ("_back_s", graph.backward_ms)):
            seconds = np.where(usable & (ms[rows] != CLOSED), ms[rows] / 1000, np.nan)
            table[f"{mode}{suffix}"] = seconds.astype(np.float32)
    return gpd.GeoDataFrame(table, geometry=edge_lines(streets, rows), crs=_CRS)


def edge_lines(streets: StreetNetwork, edges: npt.NDArray[np.int64]) -> npt.NDArray[np.object_]:
    """Shapes of edges as shapely lines in WGS 84."""
    size = (streets.shape_offset[edges + 1] - streets.shape_offset[edges]).astype(np.int64)
    first = np.cumsum(size) - size
    place = np.repeat(streets.shape_offset[edges] - first, size) + np.arange(size.sum())
    points = np.stack((streets.shape_lon[place], streets.shape_lat[place]), axis=1)
    lines = np.empty(len(edges), object)
    if len(edges):
        lines[:] = shapely.linestrings(points, indices=np.repeat(np.arange(len(edges)), size))
    return lines


def route_line(way: Route) -> shapely.LineString:
    """Shape of a route; empty where there is no way or no distance."""
    if len(way.lon) < 2:
        return shapely.LineString()
    return shapely.LineString(np.stack((way.lon, way.lat), axis=1))


def write_layer(layer: gpd.GeoDataFrame, path: Path, name: str) -> None:
    """Write a layer to a GeoPackage, new or beside those it holds."""
    layer.to_file(path, layer=name, driver="GPKG")


def street_tags(streets: StreetNetwork) -> pd.DataFrame:
    """Evidence of reading and judging: what was read, cut, ignored, unmapped, imputed.

    Returns
    -------
    pandas.DataFrame
        ``what, count``, in order of the words.
    """
    rows = sorted(streets.counts.items())
    return pd.DataFrame(
        {"what": [what for what, _ in rows], "count": [count for _, count in rows]}
    ).astype({"count": np.int64})


def street_pieces(streets: StreetNetwork, mode: str, *, most: int = 20) -> pd.DataFrame:
    """Unconnected pieces of the streets a mode may use, longest first.

    Only the largest piece takes part in the model; two towns in two files that nothing joins
    show here as two long pieces.

    Returns
    -------
    pandas.DataFrame
        ``km, share, kept_km, lon, lat``: street in the piece, its share of all, how much of it
        is in the model, and the middle of the piece.
    """
    graph = streets.graphs[mode]
    usable = np.flatnonzero((graph.forward_ms != CLOSED) | (graph.backward_ms != CLOSED))
    ends = streets.edge_from[usable], streets.edge_to[usable]
    n = len(streets.node_id)
    matrix = coo_array((np.ones(len(usable), np.int8), ends), shape=(n, n))
    _, piece = connected_components(matrix.tocsr(), directed=False)
    table = pd.DataFrame(
        {
            "piece": piece[ends[0]],
            "km": streets.edge_length_m[usable].astype(np.float64) / 1000,
            "lon": streets.node_lon[ends[0]],
            "lat": streets.node_lat[ends[0]],
        }
    )
    table["kept_km"] = np.where(usable_edges(streets, mode)[usable], table["km"], 0.0)
    sums = table.groupby("piece").agg(
        {"km": "sum", "kept_km": "sum", "lon": "median", "lat": "median"}
    )
    sums["share"] = sums["km"] / max(float(sums["km"].sum()), 1e-9)
    sums = sums.sort_values("km", ascending=False, kind="stable").head(most)
    return sums[["km", "share", "kept_km", "lon", "lat"]].reset_index(drop=True)
