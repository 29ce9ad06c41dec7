"""Shortest paths by elimination: contracted once, weighed anew for every set of costs.

Nodes are taken out of the graph one by one, in a given order; the neighbours left of a node
are joined by shortcuts. Which shortcuts there are depends on the order and the arcs alone,
so costs may change without a new contraction: `weigh` fills them in. A shortest way then
runs up in rank and down again, and a sweep over the ranks settles many sources at a time
without a queue.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from mobility.dijkstra.search import FARTHEST, UNREACHED, limited

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]

_FAR = FARTHEST + 1  # twice this still fits into 32 bits
_LANES = 32  # sources in one sweep: two or four vector registers of 32-bit numbers


@dataclass(frozen=True, eq=False)
class Contraction:
    """Nodes by rank, and the pairs of them that an arc or a shortcut joins.

    Parameters
    ----------
    rank
        int32 (n_nodes,): place of each node in the order.
    offset
        int64 (n_nodes + 1,): pairs of rank r with higher ranks are
        ``head[offset[r]:offset[r + 1]]``.
    head
        int32 (n_pairs,): the higher rank, ascending.
    pair
        int32 (n_arcs,): pair each arc of the graph runs over.
    upward
        bool (n_arcs,): the arc runs to the higher rank.
    """

    rank: Int32
    offset: Int64
    head: Int32
    pair: Int32
    upward: Bool


@dataclass(frozen=True, eq=False)
class Weights:
    """Milliseconds over each pair of a contraction, from the lower to the higher and back."""

    up_ms: Int32
    down_ms: Int32


@njit(cache=True, nogil=True)
def _eliminate(offset: Int64, lower: Int32, ends: Int64, head: Int32, parent: Int32) -> None:
    """Walk from each rank's lower neighbours up the tree; every rank met is a pair's lower end.

    The first time, with an empty `head`, `parent` is made and ``ends[r + 1]`` counts pairs;
    the second time `ends` says where the pairs of each rank begin, and `head` is filled.
    Ranks come in ascending order, and so do the heads of each pair.
    """
    n = len(parent)
    counting = len(head) == 0
    if counting:
        above = np.full(n, -1, np.int32)
        for i in range(n):
            for a in range(offset[i], offset[i + 1]):
                k = lower[a]
                while k >= 0 and k != i:
                    following = above[k]
                    above[k] = i
                    if following == -1:
                        parent[k] = i
                    k = following
    mark = np.full(n, -1, np.int32)
    for i in range(n):
        mark[i] = i
        for a in range(offset[i], offset[i + 1]):
            k = lower[a]
            while mark[k] != i:
                mark[k] = i
                if counting:
                    ends[k + 1] += 1
                else:
                    head[ends[k]] = i
                    ends[k] += 1
                k = parent[k]


@njit(cache=True, nogil=True)
def _weigh(offset: Int64, head: Int32, up_ms: Int32, down_ms: Int32) -> None:
    """Give each pair the fastest way over any lower rank that both its ends are joined to."""
    for v in range(len(offset) - 1):
        last = offset[v + 1]
        for i in range(offset[v], last):
            up_i, down_i = up_ms[i], down_ms[i]
            if up_i == _FAR and down_i == _FAR:
                continue
            p = offset[head[i]]
            for j in range(i + 1, last):
                b = head[j]
                while head[p] != b:
                    p += 1
                up_ms[p] = min(up_ms[p], np.int32(down_i + up_ms[j]))
                down_ms[p] = min(down_ms[p], np.int32(down_ms[j] + up_i))


@njit(cache=True, nogil=True)
def _ancestors(offset: Int64, head: Int32, ranks: Int32, met: Bool) -> None:
    for i in range(len(ranks)):
        v = ranks[i]
        while not met[v]:
            met[v] = True
            if offset[v] == offset[v + 1]:
                break
            v = head[offset[v]]


@njit(cache=True, nogil=True)
def _sweep(
    offset: Int64,
    head: Int32,
    up_ms: Int32,
    down_ms: Int32,
    s_offset: Int32,
    s_rank: Int32,
    s_ms: Int32,
    first: int,
    ms: Int32,
    wanted: Bool,
    met: Int32,
) -> None:
    """Fill ``ms[rank, lane]`` from as many sources as there are lanes, from `first` on."""
    n, lanes = ms.shape
    ms[:] = _FAR
    for lane in range(min(lanes, len(s_offset) - 1 - first)):
        for k in range(s_offset[first + lane], s_offset[first + lane + 1]):
            v = s_rank[k]
            ms[v, lane] = min(ms[v, lane], s_ms[k])
            while met[v] != first:
                met[v] = first
                if offset[v] == offset[v + 1]:
                    break
                v = head[offset[v]]
    for v in range(n):
        if met[v] == first:
            here = ms[v]
            for i in range(offset[v], offset[v + 1]):
                there, step = ms[head[i]], up_ms[i]
                for lane in range(lanes):
                    there[lane] = min(there[lane], np.int32(here[lane] + step))
    for v in range(n - 1, -1, -1):
        if wanted[v]:
            here = ms[v]
            for i in range(offset[v], offset[v + 1]):
                there, step = ms[head[i]], down_ms[i]
                for lane in range(lanes):
                    here[lane] = min(here[lane], np.int32(there[lane] + step))


@njit(cache=True, nogil=True)
def _read_off(
    ms: Int32, first: int, t_offset: Int32, t_rank: Int32, t_ms: Int32, limit_ms: int, table: Int32
) -> None:
    """Write the rows of `table` from `first` on: time at a target's nodes and on to the target."""
    lanes = min(ms.shape[1], len(table) - first)
    for d in range(len(t_offset) - 1):
        for lane in range(lanes):
            best = np.int64(UNREACHED)
            for k in range(t_offset[d], t_offset[d + 1]):
                reached = np.int64(ms[t_rank[k], lane])
                if reached <= limit_ms:
                    best = min(best, reached + t_ms[k])
            if best <= limit_ms:
                table[first + lane, d] = np.int32(best)


def contract(offset: Int32, head: Int32, rank: Int32) -> Contraction:
    """Find the shortcuts that taking nodes out by rank leaves.

    Parameters
    ----------
    offset, head
        Arcs of the graph.
    rank
        int32 (n_nodes,): a permutation; any is right, one with few shortcuts is fast.
    """
    n = len(offset) - 1
    tail = np.repeat(rank, np.diff(offset))
    low, high = np.minimum(tail, rank[head]), np.maximum(tail, rank[head])
    rows = np.argsort(high, kind="stable")
    lower = low[rows]
    begin = np.concatenate((np.zeros(1, np.int64), np.cumsum(np.bincount(high, minlength=n))))
    parent, ends = np.full(n, -1, np.int32), np.zeros(n + 1, np.int64)
    _eliminate(begin, lower, ends, np.empty(0, np.int32), parent)
    up_offset = np.cumsum(ends)
    up_head = np.empty(int(up_offset[-1]), np.int32)
    if len(up_head):
        _eliminate(begin, lower, up_offset[:-1].copy(), up_head, parent)
    pair = _pairs(up_offset, up_head, low, high)
    return Contraction(rank, up_offset, up_head, pair, tail < rank[head])


def with_arcs(contraction: Contraction, offset: Int32, head: Int32) -> Contraction | None:
    """Lay other arcs between the same nodes over the pairs; None where one has no pair."""
    rank = contraction.rank
    tail, ahead = np.repeat(rank, np.diff(offset)), rank[head]
    low, high = np.minimum(tail, ahead), np.maximum(tail, ahead)
    pair = _pairs(contraction.offset, contraction.head, low, high)
    if ((pair < 0) & (low < high)).any():
        return None
    return Contraction(rank, contraction.offset, contraction.head, pair, tail < ahead)


def _pairs(offset: Int64, head: Int32, low: Int32, high: Int32) -> Int32:
    """Pair of each arc; −1 for an arc from a node to itself, or one without a pair."""
    n = len(offset) - 1
    keys = np.repeat(np.arange(n, dtype=np.int64), np.diff(offset)) * n + head
    wanted = low.astype(np.int64) * n + high
    place = np.searchsorted(keys, wanted)
    found = np.zeros(len(wanted), bool)
    inside = place < len(keys)
    found[inside] = keys[place[inside]] == wanted[inside]
    return np.where(found, place, -1).astype(np.int32)


def weigh(contraction: Contraction, cost: Int32) -> Weights:
    """Find the time over every pair, under the given costs of the arcs."""
    up_ms = np.full(len(contraction.head), _FAR, np.int32)
    down_ms = up_ms.copy()
    known = contraction.pair >= 0
    for ms, rows in ((up_ms, contraction.upward), (down_ms, known & ~contraction.upward)):
        np.minimum.at(ms, contraction.pair[rows], np.minimum(cost[rows], _FAR))
    _weigh(contraction.offset, contraction.head, up_ms, down_ms)
    return Weights(up_ms, down_ms)


@dataclass(frozen=True, eq=False)
class _Part:
    """The ranks that some nodes' ways lead over, numbered anew in the same order."""

    met: Bool
    number: Int32
    offset: Int64
    head: Int32
    weights: Weights


def _part(contraction: Contraction, weights: Weights, ranks: Int32) -> _Part:
    offset, head = contraction.offset, contraction.head
    met = np.zeros(len(offset) - 1, bool)
    _ancestors(offset, head, ranks, met)
    number = (np.cumsum(met) - 1).astype(np.int32)
    size = np.diff(offset)
    rows = np.repeat(met, size)
    part = Weights(weights.up_ms[rows], weights.down_ms[rows])
    begin = np.concatenate((np.zeros(1, np.int64), np.cumsum(size[met])))
    return _Part(met, number, begin, number[head[rows]], part)


def in_threads(rows: Callable[[int, int], None], n: int, threads: int) -> None:
    """Call ``rows(low, high)`` for stretches of ``range(n)``, whole batches of lanes each."""
    step = -(-n // (max(1, threads) * _LANES)) * _LANES
    if step >= n:
        rows(0, n)
        return
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(rows, low, min(low + step, n)) for low in range(0, n, step)]:
            done.result()


def swept_table(
    contraction: Contraction,
    weights: Weights,
    s_offset: Int32,
    s_node: Int32,
    s_ms: Int32,
    t_offset: Int32,
    t_node: Int32,
    t_ms: Int32,
    *,
    limit_ms: int | None = None,
    threads: int = 1,
) -> Int32:
    """Milliseconds from every source point to every target point, as `many_to_many` has them."""
    rank = contraction.rank
    part = _part(contraction, weights, np.concatenate((rank[s_node], rank[t_node])))
    wanted = np.zeros(len(part.offset) - 1, bool)
    s_rank, t_rank = part.number[rank[s_node]], part.number[rank[t_node]]
    _ancestors(part.offset, part.head, t_rank, wanted)
    limit = limited(limit_ms)
    n = len(s_offset) - 1
    table = np.full((n, len(t_offset) - 1), UNREACHED, np.int32)
    start_ms = np.minimum(s_ms, _FAR).astype(np.int32)

    def rows(low: int, high: int) -> None:
        ms = np.empty((len(wanted), _LANES), np.int32)
        met = np.full(len(wanted), -1, np.int32)
        for first in range(low, high, _LANES):
            _sweep(
                part.offset, part.head, part.weights.up_ms, part.weights.down_ms,
                s_offset, s_rank, start_ms, first, ms, wanted, met,
            )  # fmt: skip
            _read_off(ms, first, t_offset, t_rank, t_ms, limit, table)

    if n and len(wanted):
        in_threads(rows, n, threads)
    return table


def swept_to_all(
    contraction: Contraction,
    weights: Weights,
    s_offset: Int32,
    s_node: Int32,
    s_ms: Int32,
    *,
    limit_ms: int | None = None,
    threads: int = 1,
) -> Int32:
    """Milliseconds from every source point to every node, int32 (n_s, n_nodes)."""
    n, n_nodes = len(s_offset) - 1, len(contraction.rank)
    table = np.empty((n, n_nodes), np.int32)
    wanted, limit = np.ones(n_nodes, bool), limited(limit_ms)
    s_rank, start_ms = contraction.rank[s_node], np.minimum(s_ms, _FAR).astype(np.int32)

    def rows(low: int, high: int) -> None:
        ms = np.empty((n_nodes, min(_LANES, high - low)), np.int32)
        met = np.full(n_nodes, -1, np.int32)
        for first in range(low, high, ms.shape[1]):
            _sweep(
                contraction.offset, contraction.head, weights.up_ms, weights.down_ms,
                s_offset, s_rank, start_ms, first, ms, wanted, met,
            )  # fmt: skip
            for lane in range(min(ms.shape[1], high - first)):
                found = ms[contraction.rank, lane]
                table[first + lane] = np.where(found <= limit, found, UNREACHED)

    if n and n_nodes:
        in_threads(rows, n, threads)
    return table
