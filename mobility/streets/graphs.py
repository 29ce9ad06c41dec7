"""Edges with times to arc graphs: barriers and banned turns, main component, local traffic.

A plain node can't remember how one came to it. Where that matters the node is split: at a
barrier or a banned turn into one copy per arriving arc, in streets closed to through
traffic into a copy for those who leave and a copy for those who arrive.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from mobility.streets.edges import ranges
from mobility.streets.model import CLOSED, Bool, Float32, Int32, Int64, ModeGraph

# Metres of arcs (both directions of a street count) of a part kept beside the largest.
LARGE_PART_M = 100_000.0


@dataclass(frozen=True, eq=False)
class EdgeTimes:
    """What one mode makes of each edge.

    Parameters
    ----------
    forward_ms, backward_ms
        int32 (n_edges,), `CLOSED` where forbidden.
    through
        bool (n_edges,): open to through traffic; else only to who starts or ends there.
    blocked
        bool (n_nodes,): a barrier the mode can't pass stands at the node.
    bans
        int64 (n, 3): node, edge one comes by, edge one may not go on by.
    """

    forward_ms: Int32
    backward_ms: Int32
    through: Bool
    blocked: Bool
    bans: Int64


@dataclass(frozen=True, eq=False)
class _Arcs:
    tail: Int64
    head: Int64
    edge: Int64
    backward: Bool
    ms: Int32

    def take(self, rows: Int64 | Bool) -> _Arcs:
        return _Arcs(
            self.tail[rows], self.head[rows], self.edge[rows], self.backward[rows], self.ms[rows]
        )

    def join(self, other: _Arcs) -> _Arcs:
        return _Arcs(
            np.concatenate((self.tail, other.tail)),
            np.concatenate((self.head, other.head)),
            np.concatenate((self.edge, other.edge)),
            np.concatenate((self.backward, other.backward)),
            np.concatenate((self.ms, other.ms)),
        )


def build_graph(
    mode: str, edge_from: Int32, edge_to: Int32, length_m: Float32, times: EdgeTimes
) -> ModeGraph:
    """Make the arc graph of one mode.

    Parameters
    ----------
    mode
        Name for the graph.
    edge_from, edge_to, length_m
        Edges of the street network.
    times
        Times and bans of the mode.
    """
    n_nodes = len(times.blocked)
    arcs = _street_arcs(edge_from, edge_to, times)
    node_of = np.arange(n_nodes)
    arcs, node_of = _split_turns(arcs, node_of, times)
    main = _main_component(arcs, len(node_of), length_m)
    arcs = arcs.take(main[arcs.tail] & main[arcs.head])
    kept = np.zeros(n_nodes, bool)
    kept[node_of[main]] = True
    arcs, node_of = _split_local(arcs, node_of, times.through)
    return _compress(mode, arcs, node_of, kept, times, len(edge_from))


def still_holds(graph: ModeGraph, edge_from: Int32, edge_to: Int32, times: EdgeTimes) -> bool:
    """Whether a graph is what `build_graph` would make of these edges and times."""
    if len(graph.kept) != len(times.blocked) or len(graph.through) != len(edge_from):
        return False
    tail = np.where(graph.arc_backward, edge_to[graph.arc_edge], edge_from[graph.arc_edge])
    pairs = (
        (graph.node_of[graph.arc_tail], tail),
        (graph.forward_ms, times.forward_ms),
        (graph.backward_ms, times.backward_ms),
        (graph.through, times.through),
        (graph.blocked, times.blocked),
        (graph.bans, times.bans),
    )
    return all(np.array_equal(old, new) for old, new in pairs)


def _street_arcs(edge_from: Int32, edge_to: Int32, times: EdgeTimes) -> _Arcs:
    ahead = np.flatnonzero(times.forward_ms != CLOSED)
    back = np.flatnonzero(times.backward_ms != CLOSED)
    return _Arcs(
        np.concatenate((edge_from[ahead], edge_to[back])).astype(np.int64),
        np.concatenate((edge_to[ahead], edge_from[back])).astype(np.int64),
        np.concatenate((ahead, back)).astype(np.int64),
        np.concatenate((np.zeros(len(ahead), bool), np.ones(len(back), bool))),
        np.concatenate((times.forward_ms[ahead], times.backward_ms[back])),
    )


def _split_turns(arcs: _Arcs, node_of: Int64, times: EdgeTimes) -> tuple[_Arcs, Int64]:
    """Give each arc that arrives at a barrier or banned turn a node of its own."""
    special = times.blocked.copy()
    special[times.bans[:, 0]] = True
    # Nobody may dodge a ban by driving past it and turning round at the next corner.
    special[arcs.head[np.isin(arcs.tail, times.bans[:, 0])]] = True
    arriving = np.flatnonzero(special[arcs.head])
    if not len(arriving):
        return arcs, node_of
    copy = len(node_of) + np.arange(len(arriving))
    leaving = np.flatnonzero(special[arcs.tail])
    order = leaving[np.argsort(arcs.tail[leaving], kind="stable")]
    first = np.searchsorted(arcs.tail[order], arcs.head[arriving], side="left")
    last = np.searchsorted(arcs.tail[order], arcs.head[arriving], side="right")
    came = np.repeat(np.arange(len(arriving)), last - first)
    goes = order[ranges(first, last - first)]
    allowed = _allowed(arcs, arriving[came], goes, times)
    head = arcs.head.copy()
    head[arriving] = copy
    moved = _Arcs(arcs.tail, head, arcs.edge, arcs.backward, arcs.ms)
    plain = moved.take(~special[arcs.tail])
    turned = moved.take(goes[allowed])
    turned = replace(turned, tail=copy[came[allowed]])
    return plain.join(turned), np.concatenate((node_of, node_of[arcs.head[arriving]]))


def _allowed(arcs: _Arcs, came: Int64, goes: Int64, times: EdgeTimes) -> Bool:
    """Which pairs of arriving and leaving arc may follow each other.

    At a barrier one may only turn back; elsewhere one may not, unless there is no other way.
    """
    node = arcs.head[came]
    n_edges = np.int64(len(times.through))
    banned_in = np.unique(times.bans[:, 0] * n_edges + times.bans[:, 1])
    # Edge numbers are small enough for pairs, not for triples: number the (node, in) pairs.
    pair = np.searchsorted(banned_in, times.bans[:, 0] * n_edges + times.bans[:, 1])
    banned = np.unique(pair * n_edges + times.bans[:, 2])
    here = node * n_edges + arcs.edge[came]
    at = np.searchsorted(banned_in, here)
    at[at == len(banned_in)] = 0
    known = banned_in[at] == here if len(banned_in) else np.zeros(len(here), bool)
    hit = known & np.isin(at * n_edges + arcs.edge[goes], banned)
    turns_back = arcs.edge[came] == arcs.edge[goes]
    onward = np.bincount(came[~turns_back & ~hit], minlength=len(arcs.head)) > 0
    allowed: Bool = np.where(times.blocked[node], turns_back, ~hit & ~(turns_back & onward[came]))
    return allowed


def _main_component(arcs: _Arcs, n_nodes: int, length_m: Float32) -> Bool:
    """Nodes of the strongly connected component with the most street, and of other large ones.

    What a closed border or a broken bridge cuts off is still a network of its own; a few
    streets that cannot be left or reached are an error of the map.
    """
    if not len(arcs.tail):
        return np.zeros(n_nodes, bool)
    matrix = coo_array(
        (np.ones(len(arcs.tail), np.int8), (arcs.tail, arcs.head)), shape=(n_nodes, n_nodes)
    )
    n_parts, part = connected_components(matrix.tocsr(), directed=True, connection="strong")
    inside = part[arcs.tail] == part[arcs.head]
    metres = np.bincount(
        part[arcs.tail[inside]], weights=length_m[arcs.edge[inside]], minlength=n_parts
    )
    large = metres >= LARGE_PART_M
    large[int(np.argmax(metres))] = True
    return np.asarray(large[part])


def _split_local(arcs: _Arcs, node_of: Int64, through: Bool) -> tuple[_Arcs, Int64]:
    """Let streets without through traffic be left and entered, but not driven through.

    Each node of such a street gets a leaving and an arriving copy. From leaving copies one
    gets on to the main graph, from there to arriving copies, and never back.
    """
    local = ~through[arcs.edge]
    if not local.any():
        return arcs, node_of
    main_arcs, street = arcs.take(~local), arcs.take(local)
    n = len(node_of)
    touched = np.unique(np.concatenate((street.tail, street.head)))
    leaving = np.full(n, -1, np.int64)
    leaving[touched] = n + np.arange(len(touched))
    arriving = np.full(n, -1, np.int64)
    arriving[touched] = n + len(touched) + np.arange(len(touched))
    on_main = np.zeros(n, bool)
    on_main[main_arcs.tail] = on_main[main_arcs.head] = True
    parts = [
        replace(street, tail=leaving[street.tail], head=leaving[street.head]),
        replace(street, tail=arriving[street.tail], head=arriving[street.head]),
    ]
    out = street.take(on_main[street.head])
    parts.append(replace(out, tail=leaving[out.tail]))
    into = street.take(on_main[street.tail])
    parts.append(replace(into, head=arriving[into.head]))
    for part in parts:
        main_arcs = main_arcs.join(part)
    return main_arcs, np.concatenate((node_of, node_of[touched], node_of[touched]))


def _compress(
    mode: str, arcs: _Arcs, node_of: Int64, kept: Bool, times: EdgeTimes, n_edges: int
) -> ModeGraph:
    arcs = arcs.take(
        np.lexsort((arcs.edge * 2 + arcs.backward, (arcs.tail << np.int64(32)) | arcs.head))
    )
    offset = np.concatenate(([0], np.cumsum(np.bincount(arcs.tail, minlength=len(node_of)))))
    edge_offset = np.concatenate(([0], np.cumsum(np.bincount(arcs.edge, minlength=n_edges))))
    graph = ModeGraph(
        mode=mode,
        forward_ms=times.forward_ms,
        backward_ms=times.backward_ms,
        offset=offset.astype(np.int32),
        head=arcs.head.astype(np.int32),
        arc_ms=arcs.ms.astype(np.int32),
        arc_edge=arcs.edge.astype(np.int32),
        kept=kept,
        node_of=node_of.astype(np.int32),
        arc_tail=arcs.tail.astype(np.int32),
        arc_backward=arcs.backward,
        edge_offset=edge_offset.astype(np.int32),
        edge_arcs=np.argsort(arcs.edge, kind="stable").astype(np.int32),
        through=times.through,
        blocked=times.blocked,
        bans=times.bans,
    )
    for array in vars(graph).values():
        if isinstance(array, np.ndarray):
            array.setflags(write=False)
    return graph
