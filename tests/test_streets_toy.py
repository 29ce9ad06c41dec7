"""Toy streets drawn by hand, whose times are worked out in the test."""

from __future__ import annotations

import numpy as np
import pytest
from street_toys import (
    HEADER,
    MS_PER_KM_WALK,
    metres,
    node_xml,
    two_way_square,
    way_xml,
    write_osm,
)

from mobility.errors import StreetError
from mobility.streets import (
    UNREACHED,
    matrix_ms,
    one_point,
    read_streets,
    route,
    snap,
    usable_edges,
    within_ms,
)


def test_square_walk_times_by_hand(tmp_path):
    # a --100 m-- b
    # |           |       all residential, no junction has more than two arms
    # d --100 m-- c
    streets = read_streets([two_way_square(tmp_path)])
    lon, lat = streets.node_lon, streets.node_lat
    points = snap(streets, "walk", lon, lat, max_m=5)
    times = matrix_ms(streets, "walk", points, points)
    side = 100 * MS_PER_KM_WALK / 1000
    assert times.shape == (4, 4)
    assert np.diag(times).tolist() == [0, 0, 0, 0]
    assert times[0, 1] == pytest.approx(side, abs=60)
    assert times[0, 2] == pytest.approx(2 * side, abs=120)


def test_within_and_route_agree_with_the_matrix(tmp_path):
    streets = read_streets([two_way_square(tmp_path)])
    points = snap(streets, "bike", streets.node_lon, streets.node_lat, max_m=5)
    times = matrix_ms(streets, "bike", points, points)
    offset, target, ms = within_ms(streets, "bike", points, points, limit_s=25)
    assert offset.tolist() == [0, 3, 6, 9, 12]
    for o in range(4):
        row = slice(offset[o], offset[o + 1])
        assert (times[o][target[row]] == ms[row]).all()
        assert (np.diff(target[row]) > 0).all()
    for o in range(4):
        for d in range(4):
            way = route(streets, "bike", one_point(points, o), one_point(points, d))
            assert way.ms == times[o, d]


def test_far_points_stay_off(tmp_path):
    streets = read_streets([two_way_square(tmp_path)])
    points = snap(streets, "walk", [5.0, 7.0, np.nan], [51.0, 51.0, 51.0], max_m=500)
    assert points.edge[0] >= 0
    assert points.edge[1:].tolist() == [-1, -1]
    assert np.isinf(points.distance_m[1:]).all()
    assert (matrix_ms(streets, "walk", points, points)[1:] == UNREACHED).all()


def test_no_street_is_an_error(tmp_path):
    path = write_osm(tmp_path / "empty.osm", "")
    with pytest.raises(StreetError, match="no way with a highway tag"):
        read_streets([path])


def test_xml_bomb_is_an_error(tmp_path):
    path = tmp_path / "bomb.osm"
    path.write_text(
        '<?xml version="1.0"?><!DOCTYPE osm [<!ENTITY a "aaaaaaaaaa">'
        '<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>' + HEADER + "<note>&b;</note></osm>",
        encoding="utf-8",
    )
    with pytest.raises(StreetError, match="breaks off or is no OSM data"):
        read_streets([path])


def test_truncated_file_is_an_error(tmp_path):
    whole = two_way_square(tmp_path).read_bytes()
    path = tmp_path / "half.osm"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StreetError, match="breaks off"):
        read_streets([path])


def test_all_path_problems_at_once(tmp_path):
    other = tmp_path / "a.txt"
    other.write_text("x", encoding="utf-8")
    with pytest.raises(StreetError) as caught:
        read_streets([tmp_path / "none.osm.pbf", other])
    assert len(caught.value.problems) == 2


def test_extract_elsewhere_is_an_error(tmp_path):
    with pytest.raises(StreetError, match="covers the zones"):
        read_streets([two_way_square(tmp_path)], box=(100.0, 1.0, 101.0, 2.0))


def test_truncated_pbf_is_an_error(region_data, tmp_path):
    whole = (region_data / "osm" / "kempen-2013.osm.pbf").read_bytes()
    path = tmp_path / "half.osm.pbf"
    path.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(StreetError, match="breaks off"):
        read_streets([path])


def test_reading_twice_gives_the_same_bytes(region_data):
    paths = [region_data / "osm" / "kempen-2013.osm.pbf"]
    one, two = read_streets(paths), read_streets(paths)
    for name, array in vars(one).items():
        if isinstance(array, np.ndarray):
            assert array.tobytes() == getattr(two, name).tobytes(), name
    for mode, graph in one.graphs.items():
        for name, array in vars(graph).items():
            if isinstance(array, np.ndarray):
                assert array.tobytes() == getattr(two.graphs[mode], name).tobytes(), (mode, name)
    assert one.ways.equals(two.ways)


def test_compressed_xml_reads_like_plain(tmp_path):
    import gzip

    plain = two_way_square(tmp_path)
    packed = tmp_path / "square.osm.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    one, two = read_streets([plain]), read_streets([packed])
    assert one.edge_length_m.tobytes() == two.edge_length_m.tobytes()


@pytest.mark.parametrize(
    ("name", "ways", "missing"), [("kempen-2013", 3_702, 1_250), ("eindhoven-2025", 110_774, 0)]
)
def test_real_extracts_read_whole(region_data, name, ways, missing):
    """Every highway of the file is used, or counted as left out."""
    streets = read_streets([region_data / "osm" / f"{name}.osm.pbf"])
    counts = streets.counts
    lost = counts.get("ways without a usable stretch", 0)
    ferries = sum("highway" not in tags for tags in streets.tagsets)
    assert len(streets.ways) + lost == ways + ferries
    assert counts.get("node references missing from the files", 0) == missing
    for mode in ("walk", "bike", "car"):
        n_open = counts[f"graph {mode}: edges open"]
        cut = counts[f"graph {mode}: edges outside the largest component"]
        assert n_open - cut == int(usable_edges(streets, mode).sum())
        assert cut < 0.04 * n_open


def test_ids_below_zero_and_odd_ways(tmp_path):
    """What drawing programs make: negative ids, ways of one node, nodes twice in a row."""
    body = [node_xml(-i, *metres(100 * i, 0)) for i in range(1, 5)]
    body += [
        way_xml(-1, [-1, -2, -2, -3], {"highway": "residential"}),
        way_xml(-2, [-3], {"highway": "residential"}),
        way_xml(-3, [], {"highway": "residential"}),
        way_xml(-4, [-3, -4, -3], {"highway": "service"}),
    ]
    streets = read_streets([write_osm(tmp_path / "drawn.osm", "\n".join(body))])
    assert streets.counts["ways without a usable stretch"] == 2
    assert streets.edge_length_m.sum() == pytest.approx(400, rel=0.001)
    assert (streets.edge_length_m > 0).all()


def test_a_closed_way_keeps_its_length(tmp_path):
    corners = [(0, 0), (100, 0), (100, 100), (0, 100)]
    body = [node_xml(i + 1, *metres(*corner)) for i, corner in enumerate(corners)]
    body.append(way_xml(1, [1, 2, 3, 4, 1], {"highway": "residential"}))
    streets = read_streets([write_osm(tmp_path / "ring.osm", "\n".join(body))])
    assert streets.edge_length_m.sum() == pytest.approx(400, rel=0.001)
    points = snap(streets, "walk", *zip(metres(50, 0), metres(50, 100), strict=True), max_m=1)
    # half the ring either way: 200 m
    assert matrix_ms(streets, "walk", points, points)[0, 1] == pytest.approx(150_000, rel=0.002)
    one_way = {"highway": "residential", "oneway": "yes"}
    body[-1] = way_xml(1, [1, 2, 3, 4, 1], one_way)
    streets = read_streets([write_osm(tmp_path / "ring.osm", "\n".join(body))])
    points = snap(streets, "bike", *zip(metres(50, 0), metres(25, 0), strict=True), max_m=1)
    # 25 m back is 375 m forward, at 5 m/s
    assert matrix_ms(streets, "bike", points, points)[0, 1] == pytest.approx(75_000, rel=0.002)
