"""Streets changed: what is asked for changes, nothing else does, and the base stays."""

from __future__ import annotations

import numpy as np
import pytest
from shapely.geometry import box
from street_toys import metres, node_xml, two_way_square, way_xml, write_osm

from mobility.errors import MobilityError
from mobility.streets import (
    UNREACHED,
    NewStreet,
    add_edges,
    change_edges,
    close_edges,
    matrix_ms,
    open_edges,
    read_streets,
    select_edges,
    set_speed,
    snap,
)


@pytest.fixture
def square(tmp_path):
    return read_streets([two_way_square(tmp_path)])


def times(streets, mode, lon, lat):
    points = snap(streets, mode, lon, lat, max_m=5)
    return matrix_ms(streets, mode, points, points)


def test_closing_one_side_sends_walkers_round(square):
    lon, lat = square.node_lon, square.node_lat
    before = times(square, "walk", lon, lat)
    closed = close_edges(square, select_edges(square, names=["side 0"]), modes=("walk",))
    after = times(closed, "walk", lon, lat)
    # 1 to 2 now takes three sides instead of one; every side takes 75 s
    assert before[0, 1] == pytest.approx(75_000, abs=60)
    assert after[0, 1] == pytest.approx(225_000, abs=180)
    assert (times(closed, "bike", lon, lat) == times(square, "bike", lon, lat)).all()
    assert (times(square, "walk", lon, lat) == before).all()
    reopened = open_edges(closed, select_edges(closed, names=["side 0"]), modes=("walk",))
    assert (times(reopened, "walk", lon, lat) == before).all()


def test_zone_30_slows_cars_alone(square):
    fast = change_edges(square, np.arange(4), {"maxspeed": "60"})
    slow = change_edges(fast, np.arange(4), {"maxspeed": "30"})
    lon, lat = square.node_lon, square.node_lat
    # the limit halves, so does the moving speed; two-armed corners cost nothing
    assert times(slow, "car", lon, lat)[0, 1] == pytest.approx(
        2 * times(fast, "car", lon, lat)[0, 1] * 0.75 / 0.70, rel=0.001
    )
    assert (times(slow, "walk", lon, lat) == times(square, "walk", lon, lat)).all()


def test_set_speed(square):
    quick = set_speed(square, [0], "bike", 36)
    lon, lat = square.node_lon, square.node_lat
    # 100 m at 36 km/h (10 m/s) is 10 s; at 18 km/h it was 20 s
    assert times(square, "bike", lon, lat)[0, 1] == pytest.approx(20_000, abs=20)
    assert times(quick, "bike", lon, lat)[0, 1] == pytest.approx(10_000, abs=10)
    with pytest.raises(MobilityError, match="more than 0"):
        set_speed(square, [0], "bike", 0)
    with pytest.raises(MobilityError, match="street mode"):
        close_edges(square, [0], modes=("boat",))


def test_changing_nothing_changes_nothing(square):
    assert close_edges(square, []) is square


def test_selection(square):
    assert select_edges(square, names=["SIDE 1"]).tolist() == [1]
    assert select_edges(square, way_ids=[12]).tolist() == [2]
    assert select_edges(square, highways=["primary"]).tolist() == []
    east = box(*metres(90, -10), *metres(110, 110))
    assert select_edges(square, area=east).tolist() == [1]


def test_a_diagonal_shortens_the_way(square):
    lon, lat = square.node_lon, square.node_lat
    before = times(square, "walk", lon, lat)
    path = NewStreet(lon[[0, 2]], lat[[0, 2]], {"highway": "footway"}, "diagonal")
    added = add_edges(square, [path])
    after = times(added.streets, "walk", lon, lat)
    # sqrt(2) · 100 m instead of 200 m
    assert after[0, 2] == pytest.approx(141.42 * 750, rel=0.001)
    assert (after <= before).all()
    assert added.loose == ()
    assert added.edges.tolist() == [4]
    assert added.streets.ways["name"].iloc[-1] == "diagonal"
    assert (times(added.streets, "car", lon, lat) == times(square, "car", lon, lat)).all()


def test_a_street_that_ends_in_the_middle_of_another_divides_it(square):
    x, y = zip(metres(50, 0), metres(50, 100), strict=True)
    cut = add_edges(square, [NewStreet(np.array(x), np.array(y), {"highway": "residential"})])
    assert len(cut.streets.edge_from) == 4 + 2 + 1
    assert len(cut.streets.node_id) == 4 + 2
    assert cut.streets.edge_length_m.sum() == pytest.approx(500, abs=0.5)
    points = snap(cut.streets, "walk", x, y, max_m=1)
    assert matrix_ms(cut.streets, "walk", points, points)[0, 1] == pytest.approx(75_000, abs=100)


def test_crossings_are_joined_if_asked(square):
    x, y = zip(metres(-50, 50), metres(150, 50), strict=True)
    street = NewStreet(np.array(x), np.array(y), {"highway": "cycleway"})
    joined = add_edges(square, [street], join="crossings", join_to="bike", max_join_m=10)
    assert [(number, end) for number, end, _ in joined.loose] == [(0, "start"), (0, "end")]
    assert joined.loose[0][2] == pytest.approx(50, abs=0.2)
    points = snap(
        joined.streets, "bike", *zip(metres(0, 50), metres(100, 50), strict=True), max_m=1
    )
    # straight over: 100 m at 5 m/s; the ends of the street hang loose but are there and back
    assert matrix_ms(joined.streets, "bike", points, points)[0, 1] == pytest.approx(
        20_000, abs=6_100
    )
    apart = add_edges(square, [street], max_join_m=10)
    across = snap(apart.streets, "walk", *metres(20, 50), max_m=1)
    assert across.edge[0] == -1


def test_an_added_street_never_lengthens_a_walk(tmp_path):
    rng = np.random.default_rng(5)
    body = [node_xml(i + 1, *metres(*rng.uniform(0, 1000, 2))) for i in range(30)]
    body += [
        way_xml(100 + i, [int(a) + 1, int(b) + 1], {"highway": "residential"})
        for i, (a, b) in enumerate(rng.integers(0, 30, (60, 2)))
        if a != b
    ]
    streets = read_streets([write_osm(tmp_path / "random.osm", "\n".join(body))])
    lon, lat = streets.node_lon, streets.node_lat
    points = snap(streets, "walk", lon, lat, max_m=2000)
    before = matrix_ms(streets, "walk", points, points)
    line = NewStreet(lon[[0, 9]], lat[[0, 9]], {"highway": "footway"})
    after_streets = add_edges(streets, [line], join="crossings").streets
    again = snap(after_streets, "walk", lon, lat, max_m=2000)
    after = matrix_ms(after_streets, "walk", again, again)
    reached = before != UNREACHED
    # rounding to whole milliseconds at each new joint may cost a few
    assert (after[reached] <= before[reached] + 2 * 60).all()
    assert (after < before - 1000).any()


def test_modes_that_a_change_does_not_touch_keep_their_graph(square):
    slow = change_edges(square, [0], {"maxspeed": "20"})
    assert slow.graphs["walk"] is square.graphs["walk"]
    assert slow.graphs["car"] is not square.graphs["car"]
    local = change_edges(square, [0], {"motor_vehicle": "destination"})
    assert local.graphs["bike"] is square.graphs["bike"]
    assert local.graphs["car"] is not square.graphs["car"]
