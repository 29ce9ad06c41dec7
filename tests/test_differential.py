"""The same question asked in two ways: of other programs, of files kept, of networks just made."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import networkx as nx
import numpy as np
import osmnx as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from street_toys import metres, node_xml, way_xml, write_osm
from street_worlds import random_world
from toy_region import write_region

from mobility.batch import inputs
from mobility.batch.job import day_of, settings_of
from mobility.dijkstra import UNREACHED
from mobility.network import Supply, build_network
from mobility.scenario import read_region, read_scenarios
from mobility.scenario.clock import clock_s
from mobility.streets import matrix_ms, read_streets, snap, to_osmnx
from mobility.travel_times import travel_times

WALK_M_S = 4.8 / 3.6


def by_networkx(graph: nx.MultiDiGraph, weight: str, per: float) -> np.ndarray:
    """Milliseconds between all nodes of a graph, whose edges weigh `weight` times `per` ms."""
    nodes = list(graph)
    table = np.full((len(nodes), len(nodes)), UNREACHED, np.int64)
    for row, node in enumerate(nodes):
        found = nx.single_source_dijkstra_path_length(graph, node, weight=weight)
        for column, other in enumerate(nodes):
            if other in found:
                table[row, column] = round(found[other] * per)
    return table


def ours(streets: object, mode: str, graph: nx.MultiDiGraph) -> np.ndarray:
    lon, lat = (np.array([graph.nodes[n][key] for n in graph], float) for key in ("x", "y"))
    points = snap(streets, mode, lon, lat, max_m=1)
    assert (points.edge >= 0).all()
    return matrix_ms(streets, mode, points, points).astype(np.int64)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["walk", "bike", "car"]))
def test_times_are_those_of_networkx_on_the_graph_handed_to_osmnx(seed: int, mode: str) -> None:
    streets = random_world(np.random.default_rng(seed))
    graph = to_osmnx(streets, mode)
    theirs, found = by_networkx(graph, "travel_time", 1000), ours(streets, mode, graph)
    assert ((found == UNREACHED) == (theirs == UNREACHED)).all()
    # A node lies on the end of an edge to the nearest millimetre: a millisecond at either end.
    assert np.abs(found - theirs).max() <= 2


def test_walking_times_are_those_of_networkx_on_the_graph_osmnx_reads(tmp_path: Path) -> None:
    # A town of 7 × 7 corners, 90 to 110 m apart, some streets missing; its largest part.
    rng = np.random.default_rng(11)
    side = 7
    place = {
        1 + i * side + j: (100 * i + rng.uniform(-5, 5), 100 * j + rng.uniform(-5, 5))
        for i in range(side)
        for j in range(side)
    }
    ways = [(n, n + 1) for n in place if n % side] + [
        (n, n + side) for n in place if n + side in place
    ]
    ways = [way for way in ways if rng.random() < 0.85]
    body = [node_xml(n, *metres(*at)) for n, at in place.items()]
    body += [way_xml(100 + k, list(way), {"highway": "residential"}) for k, way in enumerate(ways)]
    path = write_osm(tmp_path / "town.osm", "\n".join(body))
    theirs = ox.graph.graph_from_xml(path, bidirectional=True)
    found = ours(read_streets([path]), "walk", theirs)
    expected = by_networkx(theirs, "length", 1000 / WALK_M_S)
    reached = expected != UNREACHED
    assert ((found != UNREACHED) == reached).all()
    assert reached.mean() > 0.5
    # The radius of the earth differs by 3 m in the two programs, times by a millisecond an edge.
    np.testing.assert_allclose(found[reached], expected[reached], rtol=1e-4, atol=20)


@pytest.mark.parametrize("mode", ["walk", "bike", "car", "pt"])
def test_a_kept_network_answers_as_the_one_just_made(tmp_path: Path, mode: str) -> None:
    (scenario,) = read_scenarios([write_region(tmp_path)])
    region, day = read_region(scenario.region_path), day_of(scenario)
    chosen = settings_of(scenario)
    found = inputs.read_and_merge(region, day, chosen)
    supply = Supply(found.merged.feeds, found.streets, found.zones, chosen)
    fresh = build_network(supply, day=day, timezone=region.timezone)
    inputs.prepare(region, day, chosen, tmp_path / "kept")
    kept = inputs.prepare(region, day, chosen, tmp_path / "kept")
    assert set(kept.timings_s) == {"load"}
    window = scenario.window
    one, two = (
        travel_times(network, mode, scenario="base", start_s=clock_s(window.start),
                     end_s=clock_s(window.end) + 1800, step_s=window.step_s)
        for network in (fresh, kept.prepared.network)
    )  # fmt: skip
    assert np.isfinite(one.at(50)).any()
    for field in dataclasses.fields(one):
        left, right = getattr(one, field.name), getattr(two, field.name)
        if field.name == "parts":
            for name in left:
                np.testing.assert_array_equal(left[name], right[name])
        else:
            np.testing.assert_array_equal(left, right)
