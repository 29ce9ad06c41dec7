"""Stress, cycle highways, missing links, congestion, calibration and layers."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from street_toys import metres, node_xml, two_way_square, way_xml, write_osm
from street_worlds import random_world

from mobility.errors import MobilityError, StreetError
from mobility.streets import (
    LinkSearch,
    calibrate_car,
    comfort_factor,
    congestion_factor,
    cycle_highways,
    edges_layer,
    junction_network,
    low_stress_pairs,
    matrix_ms,
    missing_links,
    one_point,
    period_of,
    quality_table,
    read_observed,
    read_streets,
    route,
    route_line,
    snap,
    street_tags,
    terminal_s,
    traffic_stress,
    worst_detours,
    write_layer,
)
from mobility.streets.quality import low_stress_share


def row_of_streets(tmp_path, tag_list, between=1000, names=None):
    """Streets end to end, eastward, each with its tags."""
    body = [node_xml(i + 1, *metres(between * i, 0)) for i in range(len(tag_list) + 1)]
    body += [way_xml(i + 1, [i + 1, i + 2], tags) for i, tags in enumerate(tag_list)]
    return read_streets([write_osm(tmp_path / "row.osm", "\n".join(body))])


STRESS = [
    ("highway=cycleway", 1),
    ("highway=path", 1),
    ("highway=residential maxspeed=30", 1),
    ("highway=residential maxspeed=50", 2),
    ("highway=unclassified maxspeed=60", 3),
    ("highway=unclassified maxspeed=80", 4),
    ("highway=tertiary maxspeed=50", 3),
    ("highway=tertiary maxspeed=50 cycleway=lane", 2),
    ("highway=tertiary maxspeed=70 cycleway:right=lane", 3),
    ("highway=secondary maxspeed=80 cycleway=track", 1),
    ("highway=secondary maxspeed=80", 4),
    ("highway=primary maxspeed=30", 3),
    ("highway=tertiary cyclestreet=yes maxspeed=30", 1),
    ("highway=living_street", 1),
]


def parse(text):
    return dict(part.split("=", 1) for part in text.split())


def test_levels_of_stress(tmp_path):
    streets = row_of_streets(tmp_path, [parse(text) for text, _ in STRESS])
    assert traffic_stress(streets).tolist() == [level for _, level in STRESS]


def test_no_stress_where_no_bicycle_may_go(tmp_path):
    streets = row_of_streets(tmp_path, [parse("highway=residential"), parse("highway=motorway")])
    assert traffic_stress(streets)[1] == 0


def test_quality_table_adds_up(tmp_path):
    streets = row_of_streets(tmp_path, [parse(text) for text, _ in STRESS])
    table = quality_table(streets)
    assert table["km"].sum() == pytest.approx(len(STRESS), rel=0.001)
    assert table["share"].sum() == pytest.approx(1)


def test_cycle_highways_by_tag_name_and_number(tmp_path):
    tags = [
        {"highway": "cycleway", "cycle_highway": "yes"},
        {"highway": "cycleway", "cycle_highway": "proposed"},
        {"highway": "cycleway", "name": "Fietssnelweg F5"},
        {"highway": "cycleway", "ref": "F74"},
        {"highway": "primary", "ref": "F7"},
        {"highway": "cycleway", "name": "Fabriekspad", "ref": "F1234"},
    ]
    found = cycle_highways(row_of_streets(tmp_path, tags))
    assert found.tolist() == [True, False, True, True, False, False]


def test_junction_network(tmp_path):
    body = node_xml(1, *metres(0, 0), rcn_ref="12") + node_xml(2, *metres(500, 0))
    body += way_xml(1, [1, 2], {"highway": "cycleway"})
    body += (
        '<relation id="5" version="1"><member type="way" ref="1" role=""/>'
        '<tag k="type" v="route"/><tag k="route" v="bicycle"/><tag k="network" v="rcn"/>'
        '<tag k="network:type" v="node_network"/></relation>'
    )
    streets = read_streets([write_osm(tmp_path / "rcn.osm", body)])
    table, edges = junction_network(streets)
    assert table[["node", "ref"]].to_numpy().tolist() == [[1, "12"]]
    assert edges.tolist() == [True]


def test_an_anxious_rider_goes_round(tmp_path):
    # 1 km over a busy road, or 1.4 km over a cycle path
    places = {1: (0, 0), 2: (1000, 0), 3: (500, 500)}
    body = [node_xml(i, *metres(*place)) for i, place in places.items()]
    body += [
        way_xml(1, [1, 2], {"highway": "secondary", "maxspeed": "80"}),
        way_xml(2, [1, 3, 2], {"highway": "cycleway"}),
    ]
    streets = read_streets([write_osm(tmp_path / "calm.osm", "\n".join(body))])
    points = snap(streets, "bike", streets.node_lon, streets.node_lat, max_m=1)
    table = low_stress_pairs(streets, one_point(points, 0), one_point(points, 1))
    assert table["low_stress_share"].tolist() == [0.0]
    assert table["calm_share"].tolist() == [1.0]
    # 1414 m at 5 m/s, and a few seconds to get back on the road
    assert table["calm_minutes"].iloc[0] == pytest.approx(1414.2 / 5 / 60, abs=0.1)
    stress = traffic_stress(streets)
    way = route(
        streets, "bike", one_point(points, 0), one_point(points, 1), factor=comfort_factor(stress)
    )
    assert low_stress_share(streets, stress, way) == 1.0


def canal_town(tmp_path):
    """Two quarters on the banks of a canal, 200 m apart; the bridge is 3 km away."""
    body, ways = [], []
    number = 1
    for y in (0, 200):
        first = number
        for k in range(8):
            body.append(node_xml(number, *metres(500 * k, y)))
            if number > first:
                ways.append(way_xml(number, [number - 1, number], {"highway": "cycleway"}))
            number += 1
    ways.append(way_xml(99, [8, 16], {"highway": "cycleway"}))
    return read_streets([write_osm(tmp_path / "canal.osm", "\n".join(body + ways))])


def test_missing_link_over_a_canal_comes_first(tmp_path):
    streets = canal_town(tmp_path)
    lon, lat = zip(metres(0, 0), metres(0, 200), metres(3500, 0), strict=True)
    places = pd.DataFrame({"lon": lon, "lat": lat, "population": [1000.0, 1000.0, 10.0]})
    found = missing_links(streets, places, LinkSearch(longest_m=400, cutoff_s=600))
    best = found.iloc[0]
    assert best["km"] == pytest.approx(0.2, abs=0.01)
    assert sorted([best["lon_a"], best["lon_b"]]) == pytest.approx([5.0, 5.0], abs=0.01)
    # the two big places come within each other's reach: 2 · 1000 · 1000 / 2010 people each
    assert best["people"] == pytest.approx(2 * 1000 * 1000 / 2010, rel=0.05)
    assert (np.diff(found["people_per_km"]) <= 0).all()
    # A place off the streets changes nothing, and says nothing.
    lon_off, lat_off = metres(30_000, 0)
    off = pd.DataFrame({"lon": [lon_off], "lat": [lat_off], "population": [9e6]})
    more = pd.concat([places, off], ignore_index=True)
    again = missing_links(streets, more, LinkSearch(longest_m=400, cutoff_s=600))
    pd.testing.assert_frame_equal(again, found)


def test_worst_detours(tmp_path):
    streets = canal_town(tmp_path)
    lon, lat = zip(metres(0, 0), metres(0, 250), metres(3500, 0), strict=True)
    places = pd.DataFrame({"name": list("abc"), "country": ["BE", "NL", "BE"], "lon": lon,
                           "lat": lat})  # fmt: skip
    table = worst_detours(streets, places)
    first = table.iloc[0]
    assert (first["origin"], first["destination"], bool(first["border"])) == ("a", "b", True)
    # 3500 + 200 + 3500 m around for 250 m
    assert first["detour"] == pytest.approx(7200 / 250, rel=0.01)
    assert table["detour"].iloc[-1] == pytest.approx(1, rel=0.05)


def test_congestion_by_class_and_period(tmp_path):
    streets = row_of_streets(
        tmp_path,
        [parse("highway=motorway oneway=no"), parse("highway=residential"), parse("highway=steps")],
    )
    night, morning = congestion_factor(streets, "night"), congestion_factor(streets, "morning")
    assert night.tolist() == [1, 1, 1]
    assert morning[0] > morning[1] > morning[2] == 1
    with pytest.raises(MobilityError, match="period"):
        congestion_factor(streets, "rush")
    found = [period_of(h * 3600) for h in (3, 8, 12, 17, 22, 27)]
    assert found == ["night", "morning", "day", "evening", "day", "night"]


def test_parking_takes_longer_in_the_middle_of_town(tmp_path):
    body = [node_xml(i * 20 + j + 1, *metres(60 * i, 60 * j)) for i in range(20) for j in range(20)]
    ways = [
        way_xml(1000 + i, [i * 20 + j + 1 for j in range(20)], {"highway": "residential"})
        for i in range(20)
    ]
    ways += [
        way_xml(2000 + j, [i * 20 + j + 1 for i in range(20)], {"highway": "residential"})
        for j in range(20)
    ]
    streets = read_streets([write_osm(tmp_path / "town.osm", "\n".join(body + ways))])
    lon, lat = zip(metres(600, 600), metres(9000, 9000), strict=True)
    access, parking = terminal_s(streets, lon, lat)
    assert parking[0] > parking[1]
    assert access[0] > access[1]


def observed_pairs(streets, factor, constant_s, rng, n=60):
    lon = rng.uniform(streets.node_lon.min(), streets.node_lon.max(), n)
    lat = rng.uniform(streets.node_lat.min(), streets.node_lat.max(), n)
    points = snap(streets, "car", lon, lat, max_m=5000)
    times = matrix_ms(streets, "car", points, points, factor=factor)
    o, d = np.arange(n - 1), np.arange(1, n)
    return pd.DataFrame({"lon_o": lon[o], "lat_o": lat[o], "lon_d": lon[d], "lat_d": lat[d],
                         "observed_s": times[o, d] / 1000 + constant_s})  # fmt: skip


def test_calibration_finds_known_factors(tmp_path):
    rng = np.random.default_rng(3)
    streets = random_world(rng)
    true = np.full(len(streets.edge_from), 1.4, np.float32)
    table = observed_pairs(streets, true, 60.0, rng)
    path = tmp_path / "observed.csv"
    table.to_csv(path, index=False)
    found = calibrate_car(streets, read_observed(path), max_snap_m=5000)
    assert found.factors["local"] == pytest.approx(1.4, abs=0.01)
    assert found.constant_s == pytest.approx(60, abs=2)
    assert found.error_before_s > 30
    assert found.error_after_s < 1
    assert found.left_out == 0
    assert found.factor[0] == pytest.approx(1.4, abs=0.01)


def test_observed_pairs_that_can_not_be_used(tmp_path):
    path = tmp_path / "observed.csv"
    with pytest.raises(StreetError, match="can't be read"):
        read_observed(path)
    path.write_text("lon_o,lat_o\n1,2\n", encoding="utf-8")
    with pytest.raises(StreetError, match="no column"):
        read_observed(path)
    path.write_text("lon_o,lat_o,lon_d,lat_d,observed_s\n5,51,5,51,-3\n", encoding="utf-8")
    with pytest.raises(StreetError, match="rows 2"):
        read_observed(path)
    streets = random_world(np.random.default_rng(1))
    far = pd.DataFrame({"lon_o": [0.0], "lat_o": [0.0], "lon_d": [0.0], "lat_d": [0.0],
                        "observed_s": [10.0]})  # fmt: skip
    with pytest.raises(StreetError, match="none that cars can drive"):
        calibrate_car(streets, far)


def test_layers_round_trip(tmp_path):
    streets = read_streets([two_way_square(tmp_path)])
    layer = edges_layer(streets)
    path = tmp_path / "streets.gpkg"
    write_layer(layer, path, "edges")
    write_layer(edges_layer(streets, [1]), path, "one")
    again = gpd.read_file(path, layer="edges")
    assert len(again) == 4
    assert again["name"].tolist() == ["side 0", "side 1", "side 2", "side 3"]
    assert again["walk_s"].tolist() == pytest.approx([75] * 4, abs=0.1)
    assert again.geometry.iloc[0].equals(layer.geometry.iloc[0])
    assert len(gpd.read_file(path, layer="one")) == 1
    tags = street_tags(streets).set_index("what")["count"]
    assert tags["street edges"] == 4


def test_shape_of_a_route(tmp_path):
    streets = read_streets([two_way_square(tmp_path)])
    lon, lat = zip(metres(50, 100), metres(100, 50), strict=True)
    points = snap(streets, "walk", lon, lat, max_m=1)
    way = route(streets, "walk", one_point(points, 0), one_point(points, 1))
    assert way.share.tolist() == pytest.approx([0.5, 0.5], abs=1e-3)
    assert way.length_m == pytest.approx(100, abs=0.1)
    line = route_line(way)
    assert len(line.coords) == 3
    assert line.coords[1] == pytest.approx(metres(100, 100), abs=1e-9)
    same = route(streets, "walk", one_point(points, 0), one_point(points, 0))
    assert same.ms == 0
    assert route_line(same).is_empty
