"""Edges divided where something new meets them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mobility.streets.edges import ranges, shape_lengths
from mobility.streets.model import Float64, Int64, StreetNetwork
from mobility.streets.snapping import cut_shape, on_shape

# Nearer to a node than this, the node itself is meant.
_AT_NODE_M = 1.0


@dataclass(frozen=True)
class Joint:
    """A node something may be joined to, with its position."""

    node: int
    lon: float
    lat: float


@dataclass(frozen=True, eq=False)
class Divided:
    """Streets with edges divided, and the node of each place asked for. Graphs are stale."""

    streets: StreetNetwork
    joints: tuple[Joint, ...]


def split_edges(streets: StreetNetwork, places: Sequence[tuple[int, float]]) -> Divided:
    """Divide edges at fractions of their length.

    A divided edge keeps its number for its first piece; the others come after all edges.
    Graphs are those of before: call `rebuild_graphs`.

    Parameters
    ----------
    streets
        Network.
    places
        (edge, fraction) pairs; several on one edge, and equal ones, are fine.
    """
    joints: dict[int, Joint] = {}
    cuts: dict[int, dict[float, list[int]]] = {}
    for row, (edge, fraction) in enumerate(places):
        node = _at_end(streets, edge, fraction)
        if node >= 0:
            joints[row] = Joint(node, float(streets.node_lon[node]), float(streets.node_lat[node]))
        else:
            cuts.setdefault(edge, {}).setdefault(fraction, []).append(row)
    if not cuts:
        return Divided(streets, tuple(joints[row] for row in range(len(places))))
    nodes: list[Joint] = []
    first: dict[int, tuple[Float64, Float64, int]] = {}
    pieces: list[tuple[int, int, int, Float64, Float64]] = []
    for edge in sorted(cuts):
        here, low = int(streets.edge_from[edge]), 0.0
        for fraction in [*sorted(cuts[edge]), 1.0]:
            lon, lat = cut_shape(streets, edge, low, fraction)
            if fraction < 1.0:
                joint = Joint(len(streets.node_id) + len(nodes), *on_shape(streets, edge, fraction))
                nodes.append(joint)
                joints.update(dict.fromkeys(cuts[edge][fraction], joint))
                there = joint.node
            else:
                there = int(streets.edge_to[edge])
            if low == 0.0:
                first[edge] = (lon, lat, there)
            else:
                pieces.append((edge, here, there, lon, lat))
            here, low = there, fraction
    return Divided(
        _rebuilt(streets, nodes, first, pieces),
        tuple(joints[row] for row in range(len(places))),
    )


def _at_end(streets: StreetNetwork, edge: int, fraction: float) -> int:
    """Node at the end the place is next to, −1 where it is next to neither."""
    length = float(streets.edge_length_m[edge])
    if fraction * length < _AT_NODE_M:
        return int(streets.edge_from[edge])
    if (1 - fraction) * length < _AT_NODE_M:
        return int(streets.edge_to[edge])
    return -1


def _rebuilt(
    streets: StreetNetwork,
    nodes: Sequence[Joint],
    first: dict[int, tuple[Float64, Float64, int]],
    pieces: Sequence[tuple[int, int, int, Float64, Float64]],
) -> StreetNetwork:
    lon, lat, offset = _new_shapes(streets, first, pieces)
    parent = np.array([piece[0] for piece in pieces], np.int64)
    edge_to = streets.edge_to.copy()
    for edge, (_, _, there) in first.items():
        edge_to[edge] = there
    lowest = min(0, int(streets.node_id.min()))
    new_ids = lowest - 1 - np.arange(len(nodes))
    return replace(
        streets,
        node_id=np.concatenate((streets.node_id, new_ids)),
        node_lon=np.concatenate((streets.node_lon, [node.lon for node in nodes])),
        node_lat=np.concatenate((streets.node_lat, [node.lat for node in nodes])),
        node_tags=np.concatenate((streets.node_tags, np.zeros(len(nodes), np.int32))),
        edge_from=np.concatenate(
            (streets.edge_from, np.array([piece[1] for piece in pieces], np.int32))
        ),
        edge_to=np.concatenate((edge_to, np.array([piece[2] for piece in pieces], np.int32))),
        edge_length_m=shape_lengths(lon, lat, offset),
        edge_way=np.concatenate((streets.edge_way, streets.edge_way[parent])),
        edge_country=np.concatenate((streets.edge_country, streets.edge_country[parent])),
        shape_offset=offset,
        shape_lon=lon,
        shape_lat=lat,
    )


def _new_shapes(
    streets: StreetNetwork,
    first: dict[int, tuple[Float64, Float64, int]],
    pieces: Sequence[tuple[int, int, int, Float64, Float64]],
) -> tuple[Float64, Float64, Int64]:
    """Vertices with divided edges' first pieces in their place and the others appended."""
    size = np.diff(streets.shape_offset)
    for edge, (lon, _, _) in first.items():
        size[edge] = len(lon)
    size = np.concatenate((size, np.array([len(piece[3]) for piece in pieces], np.int64)))
    offset = np.concatenate(([0], np.cumsum(size)))
    lon_all, lat_all = np.empty(offset[-1]), np.empty(offset[-1])
    kept = np.ones(len(streets.edge_from), bool)
    kept[list(first)] = False
    edges = np.flatnonzero(kept)
    to = ranges(offset[edges], size[edges])
    come = ranges(streets.shape_offset[edges], size[edges])
    lon_all[to], lat_all[to] = streets.shape_lon[come], streets.shape_lat[come]
    for edge, (lon, lat, _) in first.items():
        rows = slice(offset[edge], offset[edge + 1])
        lon_all[rows], lat_all[rows] = lon, lat
    for k, (_, _, _, lon, lat) in enumerate(pieces, start=len(kept)):
        rows = slice(offset[k], offset[k + 1])
        lon_all[rows], lat_all[rows] = lon, lat
    return lon_all, lat_all, offset
