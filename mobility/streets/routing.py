"""Times between snapped points, and the shape of the way between two of them."""

from __future__ import annotations

import os

import numpy as np

from mobility.dijkstra import (
    Contraction,
    Weights,
    many_to_many,
    one_to_all,
    shortest_path,
    swept_table,
    swept_to_all,
    weigh,
    within_limit,
)
from mobility.streets.edges import ranges
from mobility.streets.hierarchies import contraction_of, weights_of
from mobility.streets.model import (
    UNREACHED,
    Float32,
    Int32,
    Int64,
    ModeGraph,
    Route,
    Snapped,
    StreetNetwork,
)
from mobility.streets.snapping import cut_shape, graph_of

# Making a graph ready takes as long as some 15 to 40 searches over all of it.
_MANY = 40


def costs_ms(graph: ModeGraph, factor: Float32 | None) -> Int32:
    """Arc costs, times the factor of each arc's edge where there is one."""
    if factor is None:
        return graph.arc_ms
    cost = np.rint(graph.arc_ms * factor.astype(np.float64)[graph.arc_edge])
    return np.clip(cost, 0, 2**30).astype(np.int32)


def _ends(
    graph: ModeGraph, cost: Int32, points: Snapped, *, leaving: bool
) -> tuple[Int32, Int32, Int32, Int32]:
    """Graph nodes next to each point and the time between, as compressed rows; and the arcs.

    Leaving: the heads of the arcs over the point's edge, with what is left of the arc.
    Arriving: the tails, with what has been travelled up to the point.
    """
    edge = np.maximum(points.edge, 0)
    size = np.where(points.edge >= 0, np.diff(graph.edge_offset)[edge], 0)
    offset = np.concatenate(([0], np.cumsum(size))).astype(np.int32)
    arcs = graph.edge_arcs[ranges(graph.edge_offset[edge], size)]
    fraction = np.repeat(points.fraction, size)
    travelled = np.where(graph.arc_backward[arcs], 1 - fraction, fraction)
    share = 1 - travelled if leaving else travelled
    node = graph.head[arcs] if leaving else graph.arc_tail[arcs]
    ms = np.rint(cost[arcs] * share).astype(np.int32)
    return offset, node, ms, arcs


def _same_edge(
    graph: ModeGraph, cost: Int32, origins: Snapped, destinations: Snapped
) -> tuple[Int64, Int64, Int64]:
    """Pairs of points on one edge, in its direction: origin, destination, ms."""
    order = np.argsort(destinations.edge, kind="stable")
    edges = destinations.edge[order]
    first = np.searchsorted(edges, origins.edge, side="left")
    last = np.searchsorted(edges, origins.edge, side="right")
    size = np.where(origins.edge >= 0, last - first, 0)
    o = np.repeat(np.arange(len(size)), size)
    d = order[ranges(first, size)]
    if not len(o):
        none = np.empty(0, np.int64)
        return none, none, none
    step = destinations.fraction[d] - origins.fraction[o]
    n_edges = len(graph.forward_ms)
    best = np.full((2, n_edges), np.iinfo(np.int64).max)
    shared = np.zeros(n_edges, bool)
    shared[origins.edge[o]] = True
    arcs = np.flatnonzero(shared[graph.arc_edge])
    np.minimum.at(
        best, (graph.arc_backward[arcs].astype(np.int8), graph.arc_edge[arcs]), cost[arcs]
    )
    whole = best[(step < 0).astype(np.int8), origins.edge[o]]
    open_to = whole < np.iinfo(np.int64).max
    ms = np.where(step == 0, 0, np.rint(whole * np.abs(step)))
    keep = open_to | (step == 0)
    return o[keep], d[keep], ms[keep].astype(np.int64)


def matrix_ms(
    streets: StreetNetwork,
    mode: str,
    origins: Snapped,
    destinations: Snapped,
    *,
    limit_s: float | None = None,
    factor: Float32 | None = None,
    threads: int | None = None,
) -> Int32:
    """Travel times from every origin to every destination.

    Parameters
    ----------
    streets, mode
        Network and one of its graphs.
    origins, destinations
        Points snapped for the same mode.
    limit_s
        Longer ways count as unreached.
    factor
        float32 (n_edges,): what to multiply each edge's time by, e.g. congestion.
    threads
        At most so many at once; None for as many as there are cores.

    Returns
    -------
    int32 (n_origins, n_destinations), milliseconds, `UNREACHED` where no way leads.
    """
    graph = graph_of(streets, mode)
    cost = costs_ms(graph, factor)
    limit_ms = None if limit_s is None else round(limit_s * 1000)
    s_offset, s_node, s_ms, _ = _ends(graph, cost, origins, leaving=True)
    t_offset, t_node, t_ms, _ = _ends(graph, cost, destinations, leaving=False)
    ends = (s_offset, s_node, s_ms, t_offset, t_node, t_ms)
    if limit_ms is not None:
        rows, found, near = within_limit(graph.offset, graph.head, cost, *ends, limit_ms=limit_ms)
        table = np.full((len(rows) - 1, len(t_offset) - 1), UNREACHED, np.int32)
        table[np.repeat(np.arange(len(table)), np.diff(rows)), found] = near
    elif _few(origins):
        table = many_to_many(graph.offset, graph.head, cost, *ends)
    else:
        contraction, weights = _prepared(graph, factor, cost)
        table = swept_table(contraction, weights, *ends, threads=_threads(threads))
    o, d, ms = _same_edge(graph, cost, origins, destinations)
    inside = ms <= (UNREACHED - 1 if limit_ms is None else limit_ms)
    np.minimum.at(table, (o[inside], d[inside]), ms[inside].astype(np.int32))
    return table


def node_times_ms(
    streets: StreetNetwork,
    mode: str,
    origins: Snapped,
    *,
    limit_s: float | None = None,
    factor: Float32 | None = None,
    threads: int | None = None,
    prepare: bool | None = None,
) -> Int32:
    """Travel times from every origin to every node of the mode's graph.

    Parameters
    ----------
    streets, mode, origins, limit_s, factor, threads
        As for `matrix_ms`.
    prepare
        True takes the prepared graph, and prepares it first if need be, as pays for many
        calls; False searches; None goes by the number of origins.

    Returns
    -------
    int32 (n_origins, n_graph_nodes), milliseconds, `UNREACHED` where no way leads; graph
    node v stands at the street node ``graph.node_of[v]``.
    """
    graph = graph_of(streets, mode)
    cost = costs_ms(graph, factor)
    limit_ms = None if limit_s is None else round(limit_s * 1000)
    offset, node, ms, _ = _ends(graph, cost, origins, leaving=True)
    if prepare or (prepare is None and not _few(origins)):
        contraction, weights = _prepared(graph, factor, cost)
        return swept_to_all(
            contraction, weights, offset, node, ms, limit_ms=limit_ms, threads=_threads(threads)
        )
    table = np.empty((len(origins.edge), len(graph.node_of)), np.int32)
    for o in range(len(table)):
        part = slice(offset[o], offset[o + 1])
        table[o] = one_to_all(
            graph.offset, graph.head, cost, node[part], ms[part], limit_ms=limit_ms
        )
    return table


def _few(origins: Snapped) -> bool:
    """So few that a search from each takes less time than making the graph ready."""
    return len(origins.edge) < _MANY


def _prepared(graph: ModeGraph, factor: Float32 | None, cost: Int32) -> tuple[Contraction, Weights]:
    contraction = contraction_of(graph)
    return contraction, weights_of(graph) if factor is None else weigh(contraction, cost)


def _threads(threads: int | None) -> int:
    return threads or os.cpu_count() or 1


def within_ms(
    streets: StreetNetwork,
    mode: str,
    origins: Snapped,
    destinations: Snapped,
    *,
    limit_s: float,
    factor: Float32 | None = None,
) -> tuple[Int64, Int32, Int32]:
    """Destinations each origin reaches within a limit.

    Returns
    -------
    offset, destination, ms
        Compressed rows by origin, destinations ascending: those of origin i are
        ``destination[offset[i]:offset[i + 1]]``.
    """
    graph = graph_of(streets, mode)
    cost = costs_ms(graph, factor)
    limit_ms = round(limit_s * 1000)
    s_offset, s_node, s_ms, _ = _ends(graph, cost, origins, leaving=True)
    t_offset, t_node, t_ms, _ = _ends(graph, cost, destinations, leaving=False)
    rows, found, ms = within_limit(
        graph.offset, graph.head, cost, s_offset, s_node, s_ms, t_offset, t_node, t_ms,
        limit_ms=limit_ms,
    )  # fmt: skip
    o, d, direct = _same_edge(graph, cost, origins, destinations)
    inside = direct <= limit_ms
    if not inside.any():
        return rows, found, ms
    origin = np.concatenate((np.repeat(np.arange(len(rows) - 1), np.diff(rows)), o[inside]))
    target = np.concatenate((found, d[inside]))
    total = np.concatenate((ms, direct[inside]))
    order = np.lexsort((total, target, origin))
    origin, target, total = origin[order], target[order], total[order]
    first = np.ones(len(order), bool)
    first[1:] = (origin[1:] != origin[:-1]) | (target[1:] != target[:-1])
    counts = np.bincount(origin[first], minlength=len(rows) - 1)
    return (
        np.concatenate(([0], np.cumsum(counts))),
        target[first].astype(np.int32),
        total[first].astype(np.int32),
    )


def one_point(points: Snapped, row: int) -> Snapped:
    """Take one of several snapped points."""
    rows = slice(row, row + 1)
    return Snapped(points.mode, points.edge[rows], points.fraction[rows], points.distance_m[rows])


def route(
    streets: StreetNetwork,
    mode: str,
    origin: Snapped,
    destination: Snapped,
    *,
    factor: Float32 | None = None,
) -> Route:
    """The fastest way from one snapped point to another, with its shape.

    `origin` and `destination` hold one point each (see `one_point`). The milliseconds are
    those of `matrix_ms`.
    """
    graph = graph_of(streets, mode)
    cost = costs_ms(graph, factor)
    _, s_node, s_ms, s_arc = _ends(graph, cost, origin, leaving=True)
    _, t_node, t_ms, t_arc = _ends(graph, cost, destination, leaving=False)
    ms, arcs, source, target = shortest_path(
        graph.offset, graph.head, cost, s_node, s_ms, t_node, t_ms
    )
    o, _, direct = _same_edge(graph, cost, origin, destination)
    start, end = float(origin.fraction[0]), float(destination.fraction[0])
    if len(o) and direct[0] <= ms:
        pieces = [(int(origin.edge[0]), end < start, start, end)]
        return _shape(streets, pieces, int(direct[0]))
    if source < 0:
        none, no_shape = np.empty(0, np.int32), np.empty(0, np.float64)
        return Route(none, np.empty(0, bool), no_shape, no_shape, no_shape, 0.0, int(UNREACHED))
    chain = [s_arc[source], *arcs, t_arc[target]]
    pieces = []
    for place, arc in enumerate(chain):
        backward = bool(graph.arc_backward[arc])
        low, high = (1.0, 0.0) if backward else (0.0, 1.0)
        low = start if place == 0 else low
        high = end if place == len(chain) - 1 else high
        pieces.append((int(graph.arc_edge[arc]), backward, low, high))
    return _shape(streets, pieces, ms)


def _shape(streets: StreetNetwork, pieces: list[tuple[int, bool, float, float]], ms: int) -> Route:
    shapes = [cut_shape(streets, edge, start, end) for edge, _, start, end in pieces]
    lon = np.concatenate([shape[0] for shape in shapes])
    lat = np.concatenate([shape[1] for shape in shapes])
    moved = np.ones(len(lon), bool)
    moved[1:] = (np.diff(lon) != 0) | (np.diff(lat) != 0)
    lon, lat = lon[moved], lat[moved]
    length = sum(
        abs(end - start) * float(streets.edge_length_m[edge]) for edge, _, start, end in pieces
    )
    return Route(
        edges=np.array([edge for edge, _, _, _ in pieces], np.int32),
        backward=np.array([backward for _, backward, _, _ in pieces], bool),
        share=np.array([abs(end - start) for _, _, start, end in pieces], np.float64),
        lon=lon,
        lat=lat,
        length_m=length,
        ms=ms,
    )
