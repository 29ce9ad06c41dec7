"""How far one gets along the streets from points that are reached at known times.

The points may be one front door, or every stop with the time one gets off there: then the
area is what public transport and the walk after it reach, street by street.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mobility.dijkstra import one_to_all
from mobility.maps.isochrones import Reach
from mobility.streets import UNREACHED, ModeGraph, Snapped, StreetNetwork, snap

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
MS = 1000.0


def street_reach(
    streets: StreetNetwork,
    mode: str,
    lon: Floats,
    lat: Floats,
    start_s: Floats,
    *,
    longest_s: float,
    max_snap_m: float = 500.0,
) -> Reach:
    """Go on along the streets from several points at once.

    Parameters
    ----------
    streets, mode
        Network and the mode one goes on by, such as ``"walk"``.
    lon, lat
        Points, (n,).
    start_s
        When one can leave each point, seconds after leaving home; NaN for never.
    longest_s
        No farther than this, seconds after leaving home.
    max_snap_m
        Points farther from any street are left out.

    Returns
    -------
    Reach
        Each piece of street once per direction one may go, for `isochrones`.
    """
    use = np.isfinite(start_s) & (start_s <= longest_s)
    points = snap(streets, mode, lon[use], lat[use], max_m=max_snap_m)
    graph = streets.graphs[mode]
    start_ms = np.rint(start_s[use] * MS)
    nodes, node_ms = _first_nodes(graph, points, start_ms)
    ms = one_to_all(
        graph.offset, graph.head, graph.arc_ms, nodes, node_ms, limit_ms=int(longest_s * MS)
    )
    tail = ms[graph.arc_tail].astype(np.float64)
    arcs = np.flatnonzero((tail < UNREACHED) & (tail <= longest_s * MS)).astype(np.int64)
    whole = _pieces(
        streets, graph.arc_edge[arcs].astype(np.int64), graph.arc_backward[arcs],
        tail[arcs] / MS, graph.arc_ms[arcs] / MS, np.zeros(len(arcs)),
    )  # fmt: skip
    return _joined([whole, _from_points(streets, graph, points, start_ms / MS)])


def _first_nodes(
    graph: ModeGraph, points: Snapped, start_ms: Floats
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Graph nodes at the ends of the points' edges, and when one is there."""
    row, arc, travelled = _arcs_over(graph, points)
    ms = start_ms[row] + (1.0 - travelled) * graph.arc_ms[arc]
    return graph.head[arc].astype(np.int32), np.rint(ms).astype(np.int32)


def _arcs_over(graph: ModeGraph, points: Snapped) -> tuple[Ints, Ints, Floats]:
    """Point, arc over its edge, and the share of the arc that lies behind the point."""
    snapped = np.flatnonzero(points.edge >= 0)
    edge = points.edge[snapped]
    first, size = graph.edge_offset[edge].astype(np.int64), np.diff(graph.edge_offset)[edge]
    row = np.repeat(snapped, size).astype(np.int64)
    step = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
    arc = graph.edge_arcs[np.repeat(first, size) + step].astype(np.int64)
    fraction = points.fraction[row]
    return row, arc, np.where(graph.arc_backward[arc], 1.0 - fraction, fraction)


def _from_points(
    streets: StreetNetwork, graph: ModeGraph, points: Snapped, start_s: Floats
) -> Reach:
    """Pieces of the points' own edges, from the point on in each direction."""
    row, arc, travelled = _arcs_over(graph, points)
    whole_s = graph.arc_ms[arc] / MS
    # As if one had come from the edge's start: the part behind the point is cut away.
    return _pieces(
        streets, graph.arc_edge[arc].astype(np.int64), graph.arc_backward[arc],
        start_s[row] - travelled * whole_s, whole_s, travelled,
    )  # fmt: skip


def _pieces(
    streets: StreetNetwork,
    edge: Ints,
    backward: npt.NDArray[np.bool_],
    start_s: Floats,
    whole_s: Floats,
    cut: Floats,
) -> Reach:
    """Cut arcs into the straight pieces of their shapes, times by length along the shape.

    `cut` is the share at the beginning of each arc that is not walked.
    """
    size = (streets.shape_offset[edge + 1] - streets.shape_offset[edge]).astype(np.int64)
    arc = np.repeat(np.arange(len(edge)), size)
    first = np.cumsum(size) - size
    place = np.arange(size.sum()) - first[arc]
    at = streets.shape_offset[edge][arc] + np.where(backward[arc], size[arc] - 1 - place, place)
    lon, lat = streets.shape_lon[at], streets.shape_lat[at]
    along = _share_along(lon, lat, arc, first, size)
    from_, to = np.flatnonzero(place < size[arc] - 1), np.flatnonzero(place > 0)
    owner = arc[from_]
    begin, end = along[from_], along[to]
    kept = end > cut[owner]
    from_, to, owner, begin, end = from_[kept], to[kept], owner[kept], begin[kept], end[kept]
    inside = np.clip((cut[owner] - begin) / np.maximum(end - begin, 1e-12), 0.0, 1.0)
    begin = np.maximum(begin, cut[owner])
    return Reach(
        lon_a=lon[from_] + (lon[to] - lon[from_]) * inside,
        lat_a=lat[from_] + (lat[to] - lat[from_]) * inside,
        lon_b=lon[to],
        lat_b=lat[to],
        time_a_s=start_s[owner] + begin * whole_s[owner],
        time_b_s=start_s[owner] + end * whole_s[owner],
        edge_s=(end - begin) * whole_s[owner],
        one_way=np.ones(len(from_), bool),
    )


def _share_along(lon: Floats, lat: Floats, arc: Ints, first: Ints, size: Ints) -> Floats:
    """Share of each arc's length that lies before each of its vertices, 0 … 1."""
    if not len(lon):
        return np.empty(0)
    east = np.diff(lon, prepend=lon[:1]) * np.cos(np.deg2rad(lat))
    step = np.hypot(east, np.diff(lat, prepend=lat[:1]))
    step[first] = 0.0
    total = np.cumsum(step)
    before = total - total[first][arc]
    length = before[first + size - 1][arc]
    evenly = (np.arange(len(lon)) - first[arc]) / np.maximum(size[arc] - 1, 1)
    return np.where(length > 0, before / np.where(length > 0, length, 1.0), evenly)


def _joined(parts: list[Reach]) -> Reach:
    names = ("lon_a", "lat_a", "lon_b", "lat_b", "time_a_s", "time_b_s", "edge_s", "one_way")
    return Reach(**{n: np.concatenate([getattr(part, n) for part in parts]) for n in names})
