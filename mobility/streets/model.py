"""The street network as arrays: one set of nodes and edges, one arc graph per mode."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

Int32 = npt.NDArray[np.int32]
Float64 = npt.NDArray[np.float64]

CLOSED = np.int32(-1)
STREET_COLUMNS = ("way_id", "highway", "name", "country", "tags")


@dataclass(frozen=True)
class ModeGraph:
    """Arcs one mode may use, as compressed rows.

    Parameters
    ----------
    mode
        walk, bike, ebike, speed_pedelec or car.
    forward_ms, backward_ms
        int32 (n_edges,): milliseconds along and against the edge, `CLOSED` where forbidden.
    offset
        int32 (n_nodes + 1,); arcs out of node v are offset[v] … offset[v + 1] − 1.
    head
        int32 (n_arcs,): node an arc leads to. Arcs of a node ascend by (head, edge).
    arc_ms
        int32 (n_arcs,): cost in milliseconds.
    arc_edge
        int32 (n_arcs,): edge an arc belongs to.
    kept
        bool (n_nodes,): in the largest strongly connected component. Arcs outside it are left
        out, and points never snap to their edges.
    node_of
        int32 (n_nodes of this graph,): street node each graph node stands at. Cars may have
        more graph nodes than street nodes: a node with turn restrictions is split.
    """

    mode: str
    forward_ms: Int32
    backward_ms: Int32
    offset: Int32
    head: Int32
    arc_ms: Int32
    arc_edge: Int32
    kept: npt.NDArray[np.bool_]
    node_of: Int32


@dataclass(frozen=True)
class StreetNetwork:
    """All streets, paths and ferries.

    An edge runs between two junctions (or dead ends) and keeps its shape. Edge attributes
    that several edges share are codes into the small tables `ways`.

    Parameters
    ----------
    node_id
        int64 (n_nodes,): OSM id; negative where made by us.
    node_lon, node_lat
        float64 (n_nodes,), WGS 84.
    edge_from, edge_to
        int32 (n_edges,): street nodes.
    edge_length_m
        float32 (n_edges,), along the shape on the WGS 84 ellipsoid (or great circle).
    edge_way
        int32 (n_edges,): row of `ways`.
    edge_country
        int16 (n_edges,): index into `country_codes`, by polygon, at the edge's midpoint.
    shape_offset
        int64 (n_edges + 1,); vertices of edge e, both ends included.
    shape_lon, shape_lat
        float64.
    ways
        One row per OSM way that is used: ``way_id (int64), highway, name`` and the tags that
        the rules read.
    country_codes
        e.g. ``("", "BE", "NL")``.
    graphs
        Mode → ModeGraph.
    counts
        What was read, cut, left out and why: reason → number. Goes to ``street_tags.csv``
        and the manifest.
    """

    node_id: npt.NDArray[np.int64]
    node_lon: Float64
    node_lat: Float64
    edge_from: Int32
    edge_to: Int32
    edge_length_m: npt.NDArray[np.float32]
    edge_way: Int32
    edge_country: npt.NDArray[np.int16]
    shape_offset: npt.NDArray[np.int64]
    shape_lon: Float64
    shape_lat: Float64
    ways: pd.DataFrame
    country_codes: tuple[str, ...]
    graphs: Mapping[str, ModeGraph]
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Snapped:
    """Points put on the nearest usable edge of one mode.

    Parameters
    ----------
    mode
        Mode whose edges were used.
    edge
        int32 (n,): edge, −1 where none is within the limit.
    fraction
        float64 (n,): position along the edge, 0 at `edge_from`, 1 at `edge_to`.
    distance_m
        float32 (n,): straight line from point to edge; infinite where none.
    """

    mode: str
    edge: Int32
    fraction: Float64
    distance_m: npt.NDArray[np.float32]
