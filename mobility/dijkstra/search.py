"""Dijkstra's search with a binary heap, plain and exact."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

UNREACHED = np.int32(2**31 - 1)
FARTHEST = np.int32(2**30 - 2)  # longer ways (twelve days) count as none; sums stay in 32 bits


@njit(cache=True, nogil=True)
def _push(keys: Int64, size: int, key: int) -> int:
    i = size
    while i > 0:
        up = (i - 1) >> 1
        if keys[up] <= key:
            break
        keys[i] = keys[up]
        i = up
    keys[i] = key
    return size + 1


@njit(cache=True, nogil=True)
def _pop(keys: Int64, size: int) -> int:
    """Take the least key off; the heap then holds ``size - 1``."""
    last = keys[size - 1]
    n = size - 1
    i = 0
    while True:
        child = 2 * i + 1
        if child >= n:
            break
        if child + 1 < n and keys[child + 1] < keys[child]:
            child += 1
        if keys[child] >= last:
            break
        keys[i] = keys[child]
        i = child
    keys[i] = last
    return n


@njit(cache=True, nogil=True)
def _search(
    offset: Int32,
    head: Int32,
    cost: Int32,
    nodes: Int32,
    start_ms: Int32,
    limit_ms: int,
    goal_ms: Int32,
    ms: Int32,
    via: Int32,
    touched: Int32,
    keys: Int64,
) -> int:
    """Fill `ms` (and `via`, the arc one comes by) from the sources; return nodes touched.

    A heap key is the time and the node in one number, so that ties leave by node number.
    Of equally fast ways the arc with the lowest number counts. Where `goal_ms` has the time
    from each node on to a goal, the search ends as soon as no faster way to it can be left.
    """
    with_via = len(via) > 0
    with_goal = len(goal_ms) > 0
    n_touched = 0
    size = 0
    for i in range(len(nodes)):
        v = nodes[i]
        t = start_ms[i]
        if t <= limit_ms and t < ms[v]:
            if ms[v] == UNREACHED:
                touched[n_touched] = v
                n_touched += 1
            ms[v] = t
            size = _push(keys, size, (np.int64(t) << 32) | np.int64(v))
    while size > 0:
        key = keys[0]
        size = _pop(keys, size)
        u = np.int32(key & 0xFFFFFFFF)
        t = key >> 32
        if t > ms[u]:
            continue
        if with_goal:
            if t > limit_ms:
                break
            if goal_ms[u] != UNREACHED:
                limit_ms = min(limit_ms, t + goal_ms[u])
        for a in range(offset[u], offset[u + 1]):
            v = head[a]
            next_ms = t + cost[a]
            if next_ms > limit_ms:
                continue
            if next_ms < ms[v]:
                if ms[v] == UNREACHED:
                    touched[n_touched] = v
                    n_touched += 1
                ms[v] = np.int32(next_ms)
                if with_via:
                    via[v] = a
                size = _push(keys, size, (np.int64(next_ms) << 32) | np.int64(v))
            elif with_via and next_ms == ms[v] and via[v] > a and cost[a] > 0:
                via[v] = a
    return n_touched


@njit(cache=True, nogil=True)
def _rows_within(
    offset: Int32,
    head: Int32,
    cost: Int32,
    s_offset: Int32,
    s_node: Int32,
    s_ms: Int32,
    n_targets: int,
    n_offset: Int32,
    n_target: Int32,
    n_ms: Int32,
    limit_ms: int,
) -> tuple[Int64, Int32, Int32]:
    """Search from every origin; targets stand at their nodes (rows by node)."""
    n_o = len(s_offset) - 1
    n_nodes = len(offset) - 1
    ms = np.full(n_nodes, UNREACHED, np.int32)
    touched = np.empty(n_nodes, np.int32)
    keys = np.empty(len(head) + len(s_node) + 1, np.int64)
    via = np.empty(0, np.int32)
    goal_ms = via
    best = np.full(n_targets, UNREACHED, np.int32)
    hits = np.empty(n_targets, np.int32)
    rows = np.zeros(n_o + 1, np.int64)
    found = np.empty(1024, np.int32)
    found_ms = np.empty(1024, np.int32)
    total = 0
    for o in range(n_o):
        low, high = s_offset[o], s_offset[o + 1]
        n_touched = _search(
            offset, head, cost, s_node[low:high], s_ms[low:high], limit_ms, goal_ms, ms, via,
            touched, keys,
        )  # fmt: skip
        n_hits = 0
        for i in range(n_touched):
            v = touched[i]
            for k in range(n_offset[v], n_offset[v + 1]):
                reached = np.int64(ms[v]) + n_ms[k]
                d = n_target[k]
                if reached <= limit_ms and reached < best[d]:
                    if best[d] == UNREACHED:
                        hits[n_hits] = d
                        n_hits += 1
                    best[d] = np.int32(reached)
            ms[v] = UNREACHED
        ordered = np.sort(hits[:n_hits])
        while total + n_hits > len(found):
            found = np.concatenate((found, np.empty(len(found), np.int32)))
            found_ms = np.concatenate((found_ms, np.empty(len(found_ms), np.int32)))
        for i in range(n_hits):
            found[total + i] = ordered[i]
            found_ms[total + i] = best[ordered[i]]
            best[ordered[i]] = UNREACHED
        total += n_hits
        rows[o + 1] = total
    return rows, found[:total].copy(), found_ms[:total].copy()


def limited(limit_ms: int | None) -> np.int32:
    """Return the limit, or the longest time there is."""
    return FARTHEST if limit_ms is None else np.int32(max(-1, min(int(limit_ms), int(FARTHEST))))


def one_to_all(
    offset: Int32,
    head: Int32,
    cost: Int32,
    nodes: Int32,
    start_ms: Int32,
    *,
    limit_ms: int | None = None,
) -> Int32:
    """Milliseconds from the nearest source (each with a head start) to every node.

    Returns
    -------
    int32 (n_nodes,), `UNREACHED` beyond the limit or where no way leads.
    """
    n_nodes = len(offset) - 1
    ms = np.full(n_nodes, UNREACHED, np.int32)
    keys = np.empty(len(head) + len(nodes) + 1, np.int64)
    none, touched = np.empty(0, np.int32), np.empty(n_nodes, np.int32)
    _search(offset, head, cost, nodes, start_ms, limited(limit_ms), none, ms, none, touched, keys)
    return ms


def many_to_many(
    offset: Int32,
    head: Int32,
    cost: Int32,
    s_offset: Int32,
    s_node: Int32,
    s_ms: Int32,
    t_offset: Int32,
    t_node: Int32,
    t_ms: Int32,
    *,
    limit_ms: int | None = None,
) -> Int32:
    """Milliseconds from every source point to every target point, int32 (n_s, n_t)."""
    limit = limited(limit_ms)
    table = np.full((len(s_offset) - 1, len(t_offset) - 1), UNREACHED, np.int32)
    target = np.repeat(np.arange(table.shape[1]), np.diff(t_offset))
    for o in range(len(table)):
        part = slice(s_offset[o], s_offset[o + 1])
        ms = one_to_all(offset, head, cost, s_node[part], s_ms[part], limit_ms=int(limit))
        total = ms[t_node].astype(np.int64) + t_ms
        near = np.flatnonzero(total <= limit)
        np.minimum.at(table[o], target[near], total[near].astype(np.int32))
    return table


def within_limit(
    offset: Int32,
    head: Int32,
    cost: Int32,
    s_offset: Int32,
    s_node: Int32,
    s_ms: Int32,
    t_offset: Int32,
    t_node: Int32,
    t_ms: Int32,
    *,
    limit_ms: int,
) -> tuple[Int64, Int32, Int32]:
    """Targets each source reaches within the limit.

    Returns
    -------
    row_offset, target, ms
        Compressed rows by source, targets ascending.
    """
    n_nodes, n_targets = len(offset) - 1, len(t_offset) - 1
    target = np.repeat(np.arange(n_targets, dtype=np.int32), np.diff(t_offset))
    order = np.argsort(t_node, kind="stable")
    n_offset = np.searchsorted(t_node[order], np.arange(n_nodes + 1)).astype(np.int32)
    rows, found, ms = _rows_within(
        offset, head, cost, s_offset, s_node, s_ms, n_targets, n_offset, target[order],
        t_ms[order].astype(np.int32), limited(limit_ms),
    )  # fmt: skip
    return rows, found, ms


def shortest_path(
    offset: Int32,
    head: Int32,
    cost: Int32,
    s_node: Int32,
    s_ms: Int32,
    t_node: Int32,
    t_ms: Int32,
) -> tuple[int, Int32, int, int]:
    """The fastest way from any source node to any target node.

    Returns
    -------
    ms, arcs, source, target
        Milliseconds, arcs in order, and which source and target entry it runs between;
        (`UNREACHED`, empty, −1, −1) where there is none.
    """
    n_nodes = len(offset) - 1
    ms = np.full(n_nodes, UNREACHED, np.int32)
    via = np.full(n_nodes, -1, np.int32)
    keys = np.empty(len(head) + len(s_node) + 1, np.int64)
    touched = np.empty(n_nodes, np.int32)
    goal_ms = np.full(n_nodes, UNREACHED, np.int32)
    np.minimum.at(goal_ms, t_node, t_ms)
    _search(offset, head, cost, s_node, s_ms, FARTHEST, goal_ms, ms, via, touched, keys)
    reached = ms[t_node].astype(np.int64)
    total = np.where(reached == UNREACHED, np.iinfo(np.int64).max, reached + t_ms)
    if not len(total) or int(total.min()) > int(FARTHEST):
        return int(UNREACHED), np.empty(0, np.int32), -1, -1
    target = int(np.argmin(total))
    node, arcs = int(t_node[target]), []
    while via[node] >= 0:
        arc = int(via[node])
        arcs.append(arc)
        node = int(np.searchsorted(offset, arc, side="right")) - 1
    at_node = np.flatnonzero(s_node == node)
    source = int(at_node[np.argmin(s_ms[at_node])])
    return int(total[target]), np.array(arcs[::-1], np.int32), source, target
