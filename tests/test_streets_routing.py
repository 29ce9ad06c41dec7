"""Tables by sweep and by search are one and the same, also on a changed network."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from street_worlds import random_world

from mobility.dijkstra import UNREACHED
from mobility.streets import (
    close_edges,
    matrix_ms,
    node_times_ms,
    open_edges,
    rebuild_graphs,
    routing,
    set_speed,
    snap,
)
from mobility.streets.hierarchies import contraction_of


def both_ways(streets, mode, origins, destinations, **options):
    tables = []
    for many in (0, 10**9):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(routing, "_MANY", many)
            tables.append(
                (
                    matrix_ms(streets, mode, origins, destinations, **options),
                    node_times_ms(streets, mode, origins, **options),
                )
            )
    for swept, searched in zip(*tables, strict=True):
        np.testing.assert_array_equal(swept, searched)
    return tables[0][0]


def random_points(rng, streets, mode, n):
    lon, lat = rng.uniform(4.999, 5.031, n), rng.uniform(50.999, 51.021, n)
    return snap(streets, mode, lon, lat, max_m=300)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["walk", "car"]))
def test_sweep_and_search_give_one_table(seed, mode):
    rng = np.random.default_rng(seed)
    streets = random_world(rng)
    origins, destinations = (random_points(rng, streets, mode, n) for n in (20, 7))
    free = both_ways(streets, mode, origins, destinations)
    factor = rng.choice(np.float32([1.0, 1.5, 3.0]), len(streets.edge_from))
    both_ways(streets, mode, origins, destinations, factor=factor, threads=2)
    np.testing.assert_array_equal(
        node_times_ms(streets, mode, origins, prepare=True),
        node_times_ms(streets, mode, origins, prepare=False),
    )
    near = both_ways(streets, mode, origins, destinations, limit_s=400)
    np.testing.assert_array_equal(near, np.where(free <= 400_000, free, UNREACHED))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_changed_network_takes_over_what_was_prepared(seed):
    rng = np.random.default_rng(seed)
    streets = random_world(rng)
    points = random_points(rng, streets, "car", 12)
    both_ways(streets, "car", points, points)
    edges = rng.choice(len(streets.edge_from), 2)
    slow = set_speed(streets, edges, "car", 4.0)
    assert slow.graphs["car"].kin is streets.graphs["car"]
    old, new = contraction_of(streets.graphs["car"]), contraction_of(slow.graphs["car"])
    assert new.head is old.head
    both_ways(slow, "car", points, points)
    # Closing may cut streets off; opening them again brings arcs that the kin has.
    shut = close_edges(slow, edges, modes=["car"])
    left = random_points(rng, shut, "car", 12)
    both_ways(shut, "car", left, left)
    again = open_edges(shut, edges, modes=["car"])
    assert again.graphs["car"].kin is streets.graphs["car"]
    both_ways(again, "car", points, points)
    fresh = rebuild_graphs(again, ["walk"])
    assert fresh.graphs["walk"] is again.graphs["walk"]
