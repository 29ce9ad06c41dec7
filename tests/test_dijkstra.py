"""Searches and sweeps against networkx on random graphs, and against each other."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.dijkstra import (
    FARTHEST,
    UNREACHED,
    contract,
    many_to_many,
    one_to_all,
    shortest_path,
    swept_table,
    swept_to_all,
    weigh,
    with_arcs,
    within_limit,
)
from mobility.streets.hierarchies import elimination_order


def random_graph(rng, *, most=60):
    """Arcs by tail, with loops, parallel arcs, arcs that take no time and ties."""
    n, m = int(rng.integers(1, most)), int(rng.integers(0, 4 * most))
    tail, head = np.sort(rng.integers(0, n, m)), rng.integers(0, n, m).astype(np.int32)
    offset = np.searchsorted(tail, np.arange(n + 1)).astype(np.int32)
    cost = rng.choice([0, 1, 2, 3, 5, 1000, 10**6], m).astype(np.int32)
    return n, offset, head, cost


def random_points(rng, n, most=40):
    """Up to three nodes a point, some points with none."""
    size = rng.integers(0, 4, int(rng.integers(0, most)))
    offset = np.concatenate(([0], np.cumsum(size))).astype(np.int32)
    node = rng.integers(0, n, int(offset[-1])).astype(np.int32)
    return offset, node, rng.integers(0, 50, len(node)).astype(np.int32)


def by_networkx(n, offset, head, cost, start, stop):
    graph = nx.DiGraph()
    graph.add_nodes_from(range(n))
    for tail in range(n):
        for a in range(offset[tail], offset[tail + 1]):
            old = graph.get_edge_data(tail, int(head[a]), {"ms": np.inf})["ms"]
            graph.add_edge(tail, int(head[a]), ms=min(old, int(cost[a])))
    from_node = dict(nx.all_pairs_dijkstra_path_length(graph, weight="ms"))
    (s_offset, s_node, s_ms), (t_offset, t_node, t_ms) = start, stop
    table = np.full((len(s_offset) - 1, len(t_offset) - 1), UNREACHED, np.int64)
    for o, d in np.ndindex(*table.shape):
        for i in range(s_offset[o], s_offset[o + 1]):
            for j in range(t_offset[d], t_offset[d + 1]):
                way = from_node[int(s_node[i])].get(int(t_node[j]))
                if way is not None:
                    table[o, d] = min(table[o, d], int(s_ms[i]) + way + int(t_ms[j]))
    return table


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_sweeps_and_searches_equal_networkx(seed):
    rng = np.random.default_rng(seed)
    n, offset, head, cost = random_graph(rng)
    start, stop = random_points(rng, n), random_points(rng, n)
    expected = by_networkx(n, offset, head, cost, start, stop)
    found = many_to_many(offset, head, cost, *start, *stop)
    np.testing.assert_array_equal(found, expected)
    # Any order is right, a good one is only faster.
    order = rng.permutation(n).astype(np.int32)
    for rank in (order, elimination_order(offset, head)):
        contraction = contract(offset, head, rank)
        weights = weigh(contraction, cost)
        table = swept_table(contraction, weights, *start, *stop)
        np.testing.assert_array_equal(table, expected)
        limit = int(rng.integers(0, 2000))
        near = swept_table(contraction, weights, *start, *stop, limit_ms=limit)
        np.testing.assert_array_equal(near, np.where(expected <= limit, expected, UNREACHED))


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_one_to_all_both_ways(seed):
    rng = np.random.default_rng(seed)
    n, offset, head, cost = random_graph(rng)
    start = random_points(rng, n)
    contraction = contract(offset, head, rng.permutation(n).astype(np.int32))
    weights, limit = weigh(contraction, cost), int(rng.integers(0, 2000))
    for limit_ms in (None, limit):
        swept = swept_to_all(contraction, weights, *start, limit_ms=limit_ms, threads=2)
        for o in range(len(start[0]) - 1):
            part = slice(start[0][o], start[0][o + 1])
            plain = one_to_all(
                offset, head, cost, start[1][part], start[2][part], limit_ms=limit_ms
            )
            np.testing.assert_array_equal(swept[o], plain)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_other_costs_and_fewer_arcs_need_no_new_contraction(seed):
    rng = np.random.default_rng(seed)
    n, offset, head, cost = random_graph(rng)
    start, stop = random_points(rng, n), random_points(rng, n)
    contraction = contract(offset, head, rng.permutation(n).astype(np.int32))
    weigh(contraction, cost)
    slower = (cost * rng.integers(1, 4, len(cost))).astype(np.int32)
    np.testing.assert_array_equal(
        swept_table(contraction, weigh(contraction, slower), *start, *stop),
        many_to_many(offset, head, slower, *start, *stop),
    )
    kept = rng.random(len(head)) < 0.7
    tail = np.repeat(np.arange(n), np.diff(offset))[kept]
    less = np.searchsorted(tail, np.arange(n + 1)).astype(np.int32)
    same = with_arcs(contraction, less, head[kept])
    assert same is not None
    assert same.head is contraction.head
    np.testing.assert_array_equal(
        swept_table(same, weigh(same, cost[kept]), *start, *stop),
        many_to_many(less, head[kept], cost[kept], *start, *stop),
    )


def test_an_arc_between_nodes_never_joined_needs_a_new_contraction():
    # 0 → 1 and 2 → 3; then 0 → 3 as well.
    contraction = contract(
        np.array([0, 1, 1, 2, 2], np.int32),
        np.array([1, 3], np.int32),
        np.arange(4, dtype=np.int32),
    )
    more = (np.array([0, 2, 2, 3, 3], np.int32), np.array([1, 3, 3], np.int32))
    assert with_arcs(contraction, *more) is None


def test_sweep_by_hand():
    # A line 0 –5→ 1 –7→ 2 with 2 the first to go: up 0→1 (5), and 2's pair with 1 (down 7).
    offset, head = np.array([0, 1, 2, 2], np.int32), np.array([1, 2], np.int32)
    contraction = contract(offset, head, np.array([1, 2, 0], np.int32))
    assert contraction.offset.tolist() == [0, 1, 2, 2]
    assert contraction.head.tolist() == [2, 2]
    weights = weigh(contraction, np.array([5, 7], np.int32))
    assert weights.up_ms.tolist() == [FARTHEST + 1, 5]
    assert weights.down_ms.tolist() == [7, FARTHEST + 1]
    one = (np.array([0, 1], np.int32), np.array([0], np.int32), np.array([10], np.int32))
    assert swept_to_all(contraction, weights, *one).tolist() == [[10, 15, 22]]


def test_times_up_to_the_farthest_are_exact_and_longer_ones_are_none():
    far = int(FARTHEST)
    offset, head = np.array([0, 1, 2, 2], np.int32), np.array([1, 2], np.int32)
    contraction = contract(offset, head, np.arange(3, dtype=np.int32))
    point = (np.array([0, 1], np.int32), np.array([0], np.int32), np.array([0], np.int32))
    end = (np.array([0, 1], np.int32), np.array([2], np.int32), np.array([0], np.int32))
    for first, second, expected in (
        (far - 1, 1, far),
        (far, 1, UNREACHED),
        (2**30, 0, UNREACHED),
        (far, far, UNREACHED),
    ):
        cost = np.array([first, second], np.int32)
        table = swept_table(contraction, weigh(contraction, cost), *point, *end)
        assert table.tolist() == [[expected]]
        assert many_to_many(offset, head, cost, *point, *end).tolist() == [[expected]]
        assert shortest_path(offset, head, cost, *point[1:], *end[1:])[0] == expected


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_do_not_change_the_table(threads):
    rng = np.random.default_rng(7)
    n, offset, head, cost = random_graph(rng, most=500)
    node = rng.integers(0, n, 333).astype(np.int32)
    points = (np.arange(334, dtype=np.int32), node, np.zeros(333, np.int32))
    contraction = contract(offset, head, elimination_order(offset, head))
    table = swept_table(contraction, weigh(contraction, cost), *points, *points, threads=threads)
    np.testing.assert_array_equal(table, many_to_many(offset, head, cost, *points, *points))


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_path_is_as_long_as_the_table_says_and_the_same_wherever_the_search_ends(seed):
    rng = np.random.default_rng(seed)
    n, offset, head, cost = random_graph(rng)
    cost = np.maximum(cost, 1)
    start, stop = random_points(rng, n, most=2), random_points(rng, n, most=2)
    if len(start[0]) < 2 or len(stop[0]) < 2:
        return
    ms, arcs, source, target = shortest_path(offset, head, cost, *start[1:], *stop[1:])
    assert ms == many_to_many(offset, head, cost, *start, *stop)[0, 0]
    if ms == UNREACHED:
        assert len(arcs) == 0
        return
    assert ms == start[2][source] + cost[arcs].sum() + stop[2][target]
    at = start[1][source]
    for arc in arcs:
        assert offset[at] <= arc < offset[at + 1]
        at = head[arc]
    assert at == stop[1][target]
    # A second goal no faster to reach makes the search go on, and must not move the first way.
    farther = (np.append(stop[1], at), np.append(stop[2], stop[2][target] + 500).astype(np.int32))
    again = shortest_path(offset, head, cost, *start[1:], *farther)
    assert again[0] == ms
    np.testing.assert_array_equal(again[1], arcs)


def test_within_limit_is_the_table_within_the_limit():
    rng = np.random.default_rng(11)
    n, offset, head, cost = random_graph(rng, most=300)
    start, stop = random_points(rng, n), random_points(rng, n)
    table = many_to_many(offset, head, cost, *start, *stop)
    rows, found, ms = within_limit(offset, head, cost, *start, *stop, limit_ms=1003)
    for o in range(len(table)):
        part = slice(rows[o], rows[o + 1])
        near = np.flatnonzero(table[o] <= 1003)
        assert found[part].tolist() == near.tolist()
        assert ms[part].tolist() == table[o, near].tolist()
