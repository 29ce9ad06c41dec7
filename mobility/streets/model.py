"""The street network as arrays: one set of nodes and edges, one arc graph per mode."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]
Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

CLOSED = np.int32(-1)
UNREACHED = np.int32(2**31 - 1)
STREET_COLUMNS = ("way_id", "highway", "name", "ref", "tagset")
GRAPH_MODES = ("walk", "bike", "ebike", "speed_pedelec", "car")


def no_restrictions() -> pd.DataFrame:
    """Make an empty table of turn restrictions."""
    return pd.DataFrame(
        {
            "via": np.empty(0, np.int32),
            "from_way": np.empty(0, np.int64),
            "to_way": np.empty(0, np.int64),
            "only": np.empty(0, bool),
        }
    )


@dataclass(frozen=True)
class StreetSettings:
    """What a street network was timed with; kept so that a changed one is timed alike.

    Speeds in km/h. `date` decides which ferries run and which streets are open; None
    takes every ferry that has a season as running.
    """

    walk_kph: float = 4.8
    bike_kph: float = 18.0
    ebike_kph: float = 23.0
    speed_pedelec_kph: float = 35.0
    date: dt.date | None = None


@dataclass(frozen=True, eq=False)
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
        bool (n_nodes,): in the largest strongly connected component, or in another of 100 km
        of arcs or more. Other arcs are left out, and points never snap to their edges.
    node_of
        int32 (n_nodes of this graph,): street node each graph node stands at. Cars may have
        more graph nodes than street nodes: a node with turn restrictions is split, as is one
        behind a barrier, or in a street that is open to its own traffic only.
    arc_tail
        int32 (n_arcs,): graph node an arc leaves.
    arc_backward
        bool (n_arcs,): the arc runs against its edge.
    edge_offset, edge_arcs
        int32: arcs of edge e are ``edge_arcs[edge_offset[e]:edge_offset[e + 1]]``, ascending.
    through
        bool (n_edges,): open to through traffic, not only to who starts or ends there.
    blocked
        bool (n_nodes,): a barrier the mode can't pass stands at the street node.
    bans
        int64 (n, 3): street node, edge one comes by, edge one may not go on by.
    kin
        The graph this one was changed from, if any: what was prepared on it may serve again.
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
    arc_tail: Int32
    arc_backward: Bool
    edge_offset: Int32
    edge_arcs: Int32
    through: Bool
    blocked: Bool
    bans: Int64
    kin: ModeGraph | None = None


@dataclass(frozen=True, eq=False)
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
        One row per OSM way that is used: ``way_id (int64), highway, name, ref, tagset
        (int32)``; the tags that the rules read are ``tagsets[tagset]``.
    tagsets
        The different sets of tags, key → value.
    node_tags
        int32 (n_nodes,): index into `node_tagsets`, 0 where a node has no tag of interest.
    node_tagsets
        The different sets of node tags; entry 0 is empty.
    restrictions
        Turns cars may not make: ``via (street node), from_way, to_way (OSM ids), only
        (bool)``.
    settings
        Speeds and date.
    usual_kph
        (country, class, urban) → speed limit that untagged streets took from tagged ones.
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
    tagsets: tuple[Mapping[str, str], ...] = ()
    node_tags: Int32 = field(default_factory=lambda: np.empty(0, np.int32))
    node_tagsets: tuple[Mapping[str, str], ...] = ({},)
    restrictions: pd.DataFrame = field(default_factory=no_restrictions)
    settings: StreetSettings = field(default_factory=StreetSettings)
    usual_kph: Mapping[tuple[str, str, bool], float] | None = None
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Route:
    """The fastest way between two snapped points.

    Parameters
    ----------
    edges
        int32 (n,): edges in the order they are travelled; the first and last may be
        travelled in part.
    backward
        bool (n,): travelled against the edge.
    share
        float64 (n,): part of each edge that is travelled; 1 but at the two ends.
    lon, lat
        float64: shape of the route, from the foot of the origin to that of the destination.
    length_m
        Metres along the shape.
    ms
        Milliseconds; `UNREACHED` (and everything else empty) where there is no way.
    """

    edges: Int32
    backward: Bool
    share: Float64
    lon: Float64
    lat: Float64
    length_m: float
    ms: int


@dataclass(frozen=True, eq=False)
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
