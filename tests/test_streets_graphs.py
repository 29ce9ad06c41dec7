"""Graphs: barriers, banned turns, local traffic, components, ferries, missing nodes."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from street_toys import metres, node_xml, turn_xml, way_xml, write_osm

from mobility.streets import (
    UNREACHED,
    matrix_ms,
    one_point,
    read_streets,
    route,
    snap,
    street_pieces,
    usable_edges,
)
from mobility.streets.edges import EARTH_M
from mobility.streets.graphs import EdgeTimes, build_graph
from mobility.streets.grid import nearest_segment, segment_grid
from mobility.streets.hours import duration_s, open_on
from mobility.streets.planar import mercator

RESIDENTIAL = {"highway": "residential"}


def build(tmp_path, places, ways, extra="", **options):
    body = [
        node_xml(i, *metres(*place[:2]), **(place[2] if len(place) > 2 else {}))
        for i, place in places.items()
    ]
    body += [way_xml(i, nodes, tags) for i, (nodes, tags) in ways.items()]
    return read_streets([write_osm(tmp_path / "toy.osm", "\n".join(body) + extra)], **options)


def times(streets, mode, spots, max_m=2):
    lon, lat = zip(*(metres(*spot) for spot in spots), strict=True)
    points = snap(streets, mode, lon, lat, max_m=max_m)
    return matrix_ms(streets, mode, points, points)


def test_bollard_stops_cars_but_not_the_street_on_either_side(tmp_path):
    # 1 ---- 2* ---- 3      * bollard; the way round 1-4-3 is 3 km
    places = {1: (0, 0), 2: (500, 0, {"barrier": "bollard"}), 3: (1000, 0), 4: (500, -1400)}
    ways = {1: ([1, 2, 3], RESIDENTIAL), 2: ([1, 4, 3], RESIDENTIAL)}
    streets = build(tmp_path, places, ways)
    spots = [(450, 0), (550, 0)]
    straight = times(streets, "bike", spots)[0, 1]
    assert straight == pytest.approx(20_000, abs=20)  # 100 m at 5 m/s
    car = times(streets, "car", spots)
    # 450 + 1486.6 + 1486.6 + 450 m at 40 km/h · 0.7 in town by the generic table
    assert car[0, 1] == pytest.approx((900 + 2 * 1486.6) / (30 * 0.7 / 3.6) * 1000, rel=0.01)


@pytest.mark.parametrize(
    ("rule", "banned"),
    [("no_left_turn", True), ("only_straight_on", True), ("no_right_turn", False)],
)
def test_banned_turn(tmp_path, rule, banned):
    #        4            from 1 east over 2 to 3, or left at 2 to 4; a long way 3-5-4 round
    #        |
    # 1 ---- 2 ---- 3
    places = {1: (0, 0), 2: (300, 0), 3: (600, 0), 4: (300, 300), 5: (600, 300)}
    ways = {
        1: ([1, 2], RESIDENTIAL), 2: ([2, 3], RESIDENTIAL), 3: ([2, 4], RESIDENTIAL),
        4: ([3, 5], RESIDENTIAL), 5: ([5, 4], RESIDENTIAL),
    }  # fmt: skip
    end = {"no_left_turn": 3, "only_straight_on": 2, "no_right_turn": 2}[rule]
    turn = turn_xml(9, 1, 2, end, restriction=rule)
    streets = build(tmp_path, places, ways, turn)
    free = build(tmp_path, places, ways)
    spots = [(100, 0), (300, 200)]
    found, base = times(streets, "car", spots), times(free, "car", spots)
    if banned:
        # 200 + 300 + 300 + 300 + 100 m instead of 200 + 200 m
        assert found[0, 1] - base[0, 1] == pytest.approx(800 / (30 * 0.7 / 3.6) * 1000, rel=0.02)
    else:
        assert found[0, 1] == base[0, 1]
    assert found[1, 0] == base[1, 0]
    assert (times(streets, "bike", spots) == times(free, "bike", spots)).all()
    assert len(streets.graphs["car"].node_of) > len(streets.node_id)


def test_turn_restrictions_that_do_not_bind_are_counted(tmp_path):
    places = {1: (0, 0), 2: (300, 0), 3: (600, 0), 4: (300, 300)}
    ways = {1: ([1, 2], RESIDENTIAL), 2: ([2, 3], RESIDENTIAL), 3: ([2, 4], RESIDENTIAL)}
    turns = (
        turn_xml(7, 1, 2, 3, **{"restriction:conditional": "no_left_turn @ (07:00-09:00)"})
        + turn_xml(8, 1, 2, 3, **{"restriction:hgv": "no_left_turn"})
        + turn_xml(9, 1, 2, 3, restriction="no_left_turn", **{"except": "psv;motorcar"})
    )
    streets = build(tmp_path, places, ways, turns)
    assert streets.counts["turn restrictions ignored (conditional)"] == 1
    assert streets.counts["turn restrictions ignored (for other vehicles)"] == 2
    assert len(streets.restrictions) == 0


def local_town(tmp_path):
    # 1 ------- 2 through road, 400 m by way of 3; 1-4-2 is a local street, 300 m straight
    places = {1: (0, 0), 2: (300, 0), 3: (150, 400), 4: (150, 0)}
    ways = {
        1: ([1, 3, 2], RESIDENTIAL),
        2: ([1, 4, 2], {"highway": "residential", "motor_vehicle": "destination"}),
    }
    return build(tmp_path, places, ways)


def test_no_through_traffic_on_local_streets(tmp_path):
    streets = local_town(tmp_path)
    kph = 30 * 0.7
    around = 2 * np.hypot(150, 400)
    main, local = [(37.5, 100), (262.5, 100)], [(75, 0), (225, 0)]
    car = times(streets, "car", main)
    assert car[0, 1] == pytest.approx((around - 2 * np.hypot(37.5, 100)) / kph * 3600, rel=0.01)
    bike = times(streets, "bike", main)
    assert bike[0, 1] == pytest.approx((300 + 2 * np.hypot(37.5, 100)) * 200, rel=0.001)
    # starting, ending, and staying in the local street is allowed
    assert times(streets, "car", local)[0, 1] == pytest.approx(150 / kph * 3600, rel=0.01)
    mixed = times(streets, "car", [local[0], main[1]])
    assert mixed[0, 1] == pytest.approx((225 + np.hypot(37.5, 100)) / kph * 3600, rel=0.01)
    assert mixed[1, 0] == pytest.approx(mixed[0, 1], rel=0.001)


def test_largest_component_is_kept_and_the_rest_counted(tmp_path):
    places = {1: (0, 0), 2: (500, 0), 3: (0, 300), 4: (100, 300), 5: (700, 0)}
    ways = {
        1: ([1, 2], RESIDENTIAL),
        2: ([3, 4], RESIDENTIAL),
        3: ([2, 5], {"highway": "residential", "oneway": "yes"}),
    }
    streets = build(tmp_path, places, ways)
    # the island is cut for all; the one-way dead end for those who must come back
    assert usable_edges(streets, "walk").tolist() == [True, False, True]
    assert usable_edges(streets, "car").tolist() == [True, False, False]
    assert streets.counts["graph walk: edges outside the largest component"] == 1
    assert streets.counts["graph car: edges outside the largest component"] == 2
    assert snap(streets, "walk", *metres(50, 300), max_m=400).distance_m[0] == pytest.approx(
        300, abs=1
    )


def test_pieces_are_told(tmp_path):
    places = {1: (0, 0), 2: (3000, 0), 3: (0, 9000), 4: (1000, 9000)}
    streets = build(tmp_path, places, {1: ([1, 2], RESIDENTIAL), 2: ([3, 4], RESIDENTIAL)})
    table = street_pieces(streets, "walk")
    assert table["km"].tolist() == pytest.approx([3, 1], rel=0.01)
    assert table["share"].tolist() == pytest.approx([0.75, 0.25], rel=0.01)
    assert table["kept_km"].tolist() == pytest.approx([3, 0], rel=0.01)
    assert table["lat"].iloc[1] == pytest.approx(metres(0, 9000)[1], abs=1e-4)


def test_ways_with_missing_nodes_are_cut_and_counted(tmp_path):
    places = {1: (0, 0), 2: (100, 0), 4: (300, 0), 5: (400, 0), 6: (500, 0)}
    ways = {1: ([1, 2, 3, 4, 5], RESIDENTIAL), 2: ([7, 8], RESIDENTIAL), 3: ([5, 6], RESIDENTIAL)}
    streets = build(tmp_path, places, ways)
    assert sorted(streets.edge_length_m.round().tolist()) == [100, 100, 100]
    assert streets.counts["node references missing from the files"] == 3
    assert streets.counts["ways cut at missing nodes"] == 2
    assert streets.counts["ways without a usable stretch"] == 1


def test_two_files_join_at_their_common_node(tmp_path):
    one = write_osm(
        tmp_path / "a.osm",
        node_xml(1, *metres(0, 0))
        + node_xml(2, *metres(100, 0))
        + way_xml(1, [1, 2, 3], RESIDENTIAL),
    )
    two = write_osm(
        tmp_path / "b.osm",
        node_xml(2, *metres(100, 0))
        + node_xml(3, *metres(200, 0))
        + way_xml(1, [1, 2, 3], RESIDENTIAL)
        + way_xml(2, [3, 2], RESIDENTIAL),
    )
    streets = read_streets([one, two])
    assert streets.counts["ways in several files, taken once"] == 1
    assert streets.node_id.tolist() == [1, 2, 3]
    assert len(streets.edge_from) == 3


def ferry_town(tmp_path, date=None, **tags):
    # a river between y = 0 and y = 600; the bridge is 5 km away
    places = {1: (0, 0), 2: (0, 600), 3: (5000, 0), 4: (5000, 600)}
    ways = {
        1: ([1, 3], RESIDENTIAL), 2: ([3, 4], RESIDENTIAL), 3: ([4, 2], RESIDENTIAL),
        4: ([1, 2], {"route": "ferry", "foot": "yes", "bicycle": "yes", **tags}),
    }  # fmt: skip
    return build(tmp_path, places, ways, date=date)


def test_ferry_takes_its_duration_half_its_interval_and_boarding(tmp_path):
    streets = ferry_town(tmp_path, duration="00:05", interval="00:20")
    found = times(streets, "bike", [(0, 0), (0, 600)])
    # 5 min crossing + 10 min mean wait + 1 min to get on
    assert found[0, 1] == (5 + 10 + 1) * 60_000
    assert found[1, 0] == found[0, 1]
    # cars go round: 10,600 m
    assert times(streets, "car", [(10, 0), (10, 600)])[0, 1] > 10_000 / (30 / 3.6) * 1000


def test_ferry_without_times_takes_the_table(tmp_path):
    streets = ferry_town(tmp_path)
    found = times(streets, "walk", [(0, 0), (0, 600)])
    assert found[0, 1] == pytest.approx((600 / (8 / 3.6) + 300 + 60) * 1000, rel=0.001)


@pytest.mark.parametrize(
    ("hours", "sails"),
    [("Apr-Oct 10:00-18:00", False), ("Mo-Su 06:00-22:00", True), ("Sa,Su 10:00-18:00", False),
     ("24/7", True), ("Mo-Fr 07:00-18:00; Dec off", False), ("by appointment", True)],
)  # fmt: skip
def test_ferry_closed_on_the_day_is_absent(tmp_path, hours, sails):
    day = dt.date(2019, 12, 10)  # a Tuesday
    streets = ferry_town(tmp_path, date=day, duration="5", opening_hours=hours)
    assert (times(streets, "bike", [(0, 0), (0, 600)])[0, 1] < 1_000_000) == sails
    assert streets.counts["ferry edges"] == 1
    assert streets.counts.get("ferry edges closed on the day", 0) == int(not sails)


def test_nobody_starts_on_the_water(tmp_path):
    streets = ferry_town(tmp_path, duration="5")
    found = snap(streets, "walk", *metres(0, 300), max_m=1000)
    assert found.distance_m[0] == pytest.approx(300, abs=1)


@pytest.mark.parametrize(
    ("text", "day", "expected"),
    [
        ("Apr 15-Sep 30 Mo-Su 10:00-18:00", (2024, 4, 14), False),
        ("Apr 15-Sep 30 Mo-Su 10:00-18:00", (2024, 4, 15), True),
        ("Apr 15-Sep 30 Mo-Su 10:00-18:00", (2024, 9, 30), True),
        ("Oct-Mar 08:00-17:00", (2024, 1, 5), True),
        ("Oct-Mar 08:00-17:00", (2024, 6, 5), False),
        ("Fr-Mo 08:00-17:00", (2024, 6, 9), True),
        ("Fr-Mo 08:00-17:00", (2024, 6, 12), False),
        ("Jul 10-20 09:00-18:00", (2024, 7, 15), True),
        ("Jul 10-20 09:00-18:00", (2024, 7, 25), False),
        ("Mo-Fr 06:00-23:00; Sa 07:00-23:00; Su,PH 08:00-23:00", (2024, 6, 9), True),
        ("when the tide allows", (2024, 6, 9), None),
    ],
)
def test_opening_hours(text, day, expected):
    assert open_on(text, dt.date(*day)) is expected


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("00:15", 900), ("1:30:00", 5400), ("20", 1200), ("PT15M", 900), ("PT1H5M", 3900),
     ("10 min", 600), ("2.5", 150)],
)  # fmt: skip
def test_durations(text, seconds):
    assert duration_s(text) == seconds
    assert np.isnan(duration_s("soon"))


def test_signals_and_main_roads_delay(tmp_path):
    # 1 -- 2* -- 3: signals at 2, which is no junction
    lit = build(
        tmp_path,
        {1: (0, 0), 2: (100, 0, {"highway": "traffic_signals"}), 3: (200, 0)},
        {1: ([1, 2, 3], RESIDENTIAL)},
    )
    plain = build(tmp_path, {1: (0, 0), 2: (100, 0), 3: (200, 0)}, {1: ([1, 2, 3], RESIDENTIAL)})
    for mode, seconds in (("car", 8), ("bike", 9), ("walk", 0)):
        spots = [(0, 0), (200, 0)]
        extra = times(lit, mode, spots) - times(plain, mode, spots)
        assert extra[0, 1] == pytest.approx(seconds * 1000, abs=2)
    # 4 joins a secondary road at 2: who comes from it gives way, who is on it does not
    side = build(
        tmp_path, {1: (0, 0), 2: (100, 0), 3: (200, 0), 4: (100, 100)},
        {1: ([1, 2, 3], {"highway": "secondary", "maxspeed": "50"}), 2: ([4, 2], RESIDENTIAL)},
    )  # fmt: skip
    found = times(side, "bike", [(0, 0), (200, 0), (100, 100)])
    assert found[0, 1] == pytest.approx(40_000, abs=20)
    assert found[2, 1] == pytest.approx(40_000 + 3_000, abs=20)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000))
def test_graph_equals_a_search_over_edges_with_turns(seed):  # noqa: PLR0912
    """The split graph gives the times of a plain search whose states are directed edges."""
    rng = np.random.default_rng(seed)
    n, m = 8, 14
    pairs = rng.integers(0, n, (m, 2)).astype(np.int32)
    forward = rng.integers(1, 50, m).astype(np.int32)
    backward = np.where(rng.random(m) < 0.3, -1, forward).astype(np.int32)
    through = rng.random(m) < 0.8
    bans = np.array(
        [
            (pairs[e, 1], e, f)
            for e in range(m)
            for f in range(m)
            if rng.random() < 0.1 and pairs[e, 1] in pairs[f]
        ],
        np.int64,
    ).reshape(-1, 3)
    blocked = rng.random(n) < 0.1
    edge_times = EdgeTimes(forward, backward, through, blocked, bans)
    graph = build_graph("car", pairs[:, 0], pairs[:, 1], np.ones(m, np.float32), edge_times)
    oracle = nx.DiGraph()
    used = {(int(graph.arc_edge[a]), bool(graph.arc_backward[a])) for a in range(len(graph.head))}
    ends = {}
    for e in range(m):
        for back in (False, True):
            if (e, back) in used:
                u, v = pairs[e] if not back else pairs[e][::-1]
                ends[e, back] = (int(u), int(v), int(backward[e] if back else forward[e]))
    banned = {tuple(row) for row in bans.tolist()}
    # states: directed edge travelled, and phase 0 before, 1 on, 2 after the through streets
    open_arcs = [
        (*map(int, p[:: -1 if back else 1]), e, back)
        for e, p in enumerate(pairs)
        for back in (False, True)
        if (backward if back else forward)[e] != -1
    ]
    vias = set(bans[:, 0].tolist())
    near = vias | {head for tail, head, _, _ in open_arcs if tail in vias}

    def may(node, e, f):
        if blocked[node]:
            return e == f
        onward = any(
            g != e and (node, e, g) not in banned for tail, _, g, _ in open_arcs if tail == node
        )
        if e == f and node in near and onward:
            return False
        return (node, e, f) not in banned

    for (e, eb), (_, node, _) in ends.items():
        for (f, fb), (start, _, cost) in ends.items():
            if start != node or not may(node, e, f):
                continue
            for before in (0, 1, 2):
                for after in (0, 1, 2):
                    ok = after == 1 if through[f] else after in (0, 2)
                    if ok and after >= before and (before, after) != (0, 2):
                        oracle.add_edge((e, eb, before), (f, fb, after), weight=cost)
                    if not through[f] and not through[e] and (before, after) == (0, 2):
                        oracle.add_edge((e, eb, before), (f, fb, after), weight=cost)
    for e, eb in ends:
        starts = [(e, eb, 1)] if through[e] else [(e, eb, 0)]
        reach = {}
        for start in starts:
            if start in oracle:
                for state, cost in nx.single_source_dijkstra_path_length(oracle, start).items():
                    key = state[:2]
                    reach[key] = min(reach.get(key, 1 << 30), cost)
        reach[e, eb] = 0
        arcs = [
            a
            for a in range(len(graph.head))
            if (int(graph.arc_edge[a]), bool(graph.arc_backward[a])) == (e, eb)
        ]
        from mobility.dijkstra import one_to_all

        heads = graph.head[arcs]
        ms = one_to_all(
            graph.offset, graph.head, graph.arc_ms, heads, np.zeros(len(heads), np.int32)
        )
        for target, cost in reach.items():
            if target == (e, eb):
                continue
            tails = [
                a
                for a in range(len(graph.head))
                if (int(graph.arc_edge[a]), bool(graph.arc_backward[a])) == target
            ]
            found = min(
                (int(ms[graph.arc_tail[a]]) + int(graph.arc_ms[a]) for a in tails
                 if ms[graph.arc_tail[a]] != UNREACHED), default=None,
            )  # fmt: skip
            assert found == cost, (e, eb, target)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000))
def test_snapping_equals_measuring_every_segment(seed):
    from street_worlds import random_world

    rng = np.random.default_rng(seed)
    streets = random_world(rng)
    grid = segment_grid(streets)
    usable = rng.random(len(streets.edge_from)) < 0.7
    lon = rng.uniform(4.97, 5.06, 40)
    lat = rng.uniform(50.98, 51.04, 40)
    x, y = mercator(lon, lat)
    reach = rng.uniform(0, 3000, 40) * np.cosh(y) / EARTH_M
    found = nearest_segment(grid, usable, x, y, reach)
    a, b = grid.first, grid.first + 1
    for i in range(40):
        dx, dy = grid.x[b] - grid.x[a], grid.y[b] - grid.y[a]
        t = np.clip(((x[i] - grid.x[a]) * dx + (y[i] - grid.y[a]) * dy) / (dx * dx + dy * dy), 0, 1)
        apart = np.hypot(grid.x[a] + t * dx - x[i], grid.y[a] + t * dy - y[i])
        apart[~usable[grid.edge]] = np.inf
        best = apart.min()
        if best > reach[i]:
            assert found[i] == -1
        else:
            assert apart[found[i]] == pytest.approx(best, rel=1e-9)


@pytest.mark.region
@pytest.mark.parametrize("name", ["kempen-2013", "eindhoven-2025"])
def test_real_routes_equal_networkx(region_data, name):
    """1,000 random pairs: the same milliseconds and, summed up, the same metres."""
    streets = read_streets([region_data / "osm" / f"{name}.osm.pbf"])
    mode = "bike"
    graph = streets.graphs[mode]
    oracle = nx.DiGraph()
    tails, heads = graph.arc_tail.tolist(), graph.head.tolist()
    for tail, head, ms, edge in zip(
        tails, heads, graph.arc_ms.tolist(), graph.arc_edge.tolist(), strict=True
    ):
        old = oracle.get_edge_data(tail, head)
        if old is None or ms < old["ms"]:
            oracle.add_edge(tail, head, ms=ms, metres=float(streets.edge_length_m[edge]))
    rng = np.random.default_rng(7)
    plain = np.flatnonzero(np.bincount(graph.arc_tail, minlength=len(graph.node_of)) > 0)
    plain = plain[plain < len(streets.node_id)]
    origins, targets = rng.choice(plain, 5, replace=False), rng.choice(plain, 200, replace=False)

    def at(nodes):
        rows = [int(graph.offset[node]) for node in nodes]
        edge = graph.arc_edge[rows]
        fraction = np.where(graph.arc_backward[rows], 1.0, 0.0)
        from mobility.streets import Snapped

        return Snapped(mode, edge, fraction, np.zeros(len(nodes), np.float32))

    start, end = at(origins), at(targets)
    table = matrix_ms(streets, mode, start, end)
    for o, origin in enumerate(origins.tolist()):
        before, ms = nx.dijkstra_predecessor_and_distance(oracle, origin, weight="ms")
        for d, target in enumerate(targets.tolist()):
            assert table[o, d] == ms[target]
            found = route(streets, mode, one_point(start, o), one_point(end, d))
            path = [target]
            while path[-1] != origin:
                path.append(before[path[-1]][0])
            metres_there = sum(oracle[u][v]["metres"] for v, u in pairwise(path))
            assert found.ms == ms[target]
            assert found.length_m == pytest.approx(metres_there, rel=0.01, abs=1)
            steps = np.hypot(np.diff(found.lon), np.diff(found.lat))
            assert (steps > 0).all()
