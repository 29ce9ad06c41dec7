"""Layers for QGIS and isochrones: areas by hand, styles inside, the same bytes every time."""

from __future__ import annotations

import sqlite3
import xml.etree.ElementTree as ET
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from report_world import EVIL
from street_toys import metres as metres_from
from street_toys import node_xml, way_xml, write_osm

from mobility.maps import (
    Class,
    Reach,
    Style,
    default_style,
    isochrones,
    street_reach,
    to_qml,
    write_layers,
)
from mobility.streets import matrix_ms, read_streets, snap

WGS84 = "EPSG:4326"


def layers() -> dict[str, gpd.GeoDataFrame]:
    square = shapely.box(5.0, 51.0, 5.1, 51.1)
    return {
        "zones": gpd.GeoDataFrame(
            {"name": [EVIL[0], "b"], "pt_population_60min": [10.0, 2500.0]},
            geometry=[square, shapely.box(5.1, 51.0, 5.2, 51.1)],
            crs=WGS84,
        ),
        "lines": gpd.GeoDataFrame(
            {"name": ["x"], "cross_border": [True]},
            geometry=[shapely.LineString([(5, 51), (5.2, 51.1)])],
            crs=WGS84,
        ),
        "crossings": gpd.GeoDataFrame(
            {"kind": ["bridge"]}, geometry=[shapely.Point(5.05, 51.05)], crs=WGS84
        ),
        "differences": gpd.GeoDataFrame(
            {"change_min": [-3.0, np.nan]}, geometry=[square, square], crs=WGS84
        ),
        "countries": gpd.GeoDataFrame({"country": ["NL"]}, geometry=[square], crs=WGS84),
        "missing links": gpd.GeoDataFrame({"kind": []}, geometry=[], crs=WGS84),
    }


def test_layers_and_their_styles_can_be_read_back(tmp_path: Path) -> None:
    path = write_layers(tmp_path / "m.gpkg", layers())
    names = {str(name) for name, _kind in pyogrio.list_layers(path)}
    assert names == {"zones", "lines", "crossings", "differences", "countries", "layer_styles"}
    zones = gpd.read_file(path, layer="zones")
    assert zones["name"].tolist() == [EVIL[0], "b"]
    assert zones["pt_population_60min"].tolist() == [10.0, 2500.0]
    with closing(sqlite3.connect(path)) as database:
        rows = dict(
            database.execute(
                "SELECT f_table_name, styleQML FROM layer_styles WHERE useAsDefault = 1"
            )
        )
    assert set(rows) == names - {"layer_styles"}
    kinds = {
        name: ET.fromstring(qml.split("\n", 1)[1]).find("renderer-v2").get("type")
        for name, qml in rows.items()
    }
    assert kinds == {"zones": "graduatedSymbol", "lines": "categorizedSymbol", "crossings": "categorizedSymbol",
                     "differences": "graduatedSymbol", "countries": "singleSymbol"}  # fmt: skip


def test_the_same_layers_give_the_same_bytes_and_replace_an_old_file(tmp_path: Path) -> None:
    one = write_layers(tmp_path / "a.gpkg", layers()).read_bytes()
    (tmp_path / "b.gpkg").write_bytes(b"something old")
    assert write_layers(tmp_path / "b.gpkg", layers()).read_bytes() == one


def test_every_class_has_its_symbol_and_ranges_meet() -> None:
    frame = layers()["differences"]
    root = ET.fromstring(to_qml(default_style("differences", frame), "polygon").split("\n", 1)[1])
    ranges = [(float(r.get("lower")), float(r.get("upper"))) for r in root.iter("range")]
    assert len(ranges) == 7
    assert [a[1] for a in ranges[:-1]] == [b[0] for b in ranges[1:]]
    assert {r.get("symbol") for r in root.iter("range")} == {
        s.get("name") for s in root.iter("symbol")
    }


def points(**columns: list[object]) -> gpd.GeoDataFrame:
    n = len(next(iter(columns.values())))
    return gpd.GeoDataFrame(columns, geometry=[shapely.Point(5, 51)] * n, crs=WGS84)


@pytest.mark.parametrize(("name", "frame", "column", "labels"), [
    # The columns of these layers as `check` writes them, the telling one not the last.
    ("crossings", points(car=["both", "closed"], bike_gap_km=[1.0, 2.0]), "car",
     ["both", "closed"]),
    ("crossing_gaps", points(gap_km=[10.0, 20.0], minutes=[15.3, np.nan], detour=[1.0, 2.0]),
     "gap_km", ["< 11 km", "11 – 12 km", "12 – 14 km", "14 – 15 km", "15 – 16 km", "16 – 18 km",
                "18 – 19 km", "≥ 19 km"]),
    ("calm_streets", points(length_m=[1.0, 2.0], stress=[2, 1]), "stress", ["1", "2"]),
    ("missing_links", points(km=[0.2, 0.4], people_per_km=[0.0, 0.0], minutes_saved=[1.0, 2.0]),
     "people_per_km", ["–"]),
    ("zones", points(pt_hospitals_60min=[0.0, 1.0], pt_population_60min=[5.0, 5.0]),
     "pt_population_60min", ["–"]),
    ("zones", points(pt_hospitals_60min=[0.0, 0.0, 0.0, 1.0]), "pt_hospitals_60min",
     ["< 0.25", "0.25 – 0.62", "≥ 0.62"]),  # quantiles 6/8 and 7/8 of 0, 0, 0, 1
    ("isochrones", points(minutes=[30.0, 60.0]), "minutes", ["≤ 30 min", "≤ 60 min"]),
    ("lines", points(cross_border=[True, False]), "cross_border",
     ["binnenlands / domestic", "over de grens / cross-border"]),
])  # fmt: skip
def test_a_layer_is_coloured_by_what_it_tells(
    name: str, frame: gpd.GeoDataFrame, column: str, labels: list[str]
) -> None:
    style = default_style(name, frame)
    assert style.column == column
    assert [one.label for one in style.classes] == labels


def test_other_minutes_are_travel_times_however_few() -> None:
    style = default_style("places", points(minutes=[15.3, 22.6]))
    assert [one.label for one in style.classes][:2] == ["< 15 min", "15 – 30 min"]


def test_a_style_given_by_hand_wins_and_odd_names_are_escaped(tmp_path: Path) -> None:
    style = Style("kind", (Class(EVIL[0], "#ff0000", value="bridge"),))
    path = write_layers(
        tmp_path / "m.gpkg", {"crossings": layers()["crossings"]}, {"crossings": style}
    )
    with closing(sqlite3.connect(path)) as database:
        ((qml,),) = database.execute("SELECT styleQML FROM layer_styles")
    root = ET.fromstring(qml.split("\n", 1)[1])
    assert [c.get("label") for c in root.iter("category")] == [EVIL[0]]
    assert any(o.get("value") == "255,0,0,255" for o in root.iter("Option"))


def metres(lon: float, lat: float) -> np.ndarray:
    """Degrees of points that many metres east and north of 0°, 0°."""
    return np.array([lon, lat]) / 111_319.49


def straight(time_a: float, time_b: float, *, one_way: bool = False) -> Reach:
    """One street of 1000 m along the equator that takes 600 s."""
    end = metres(1000, 0)
    one = lambda v: np.array([v], float)  # noqa: E731
    return Reach(
        one(0),
        one(0),
        one(end[0]),
        one(end[1]),
        one(time_a),
        one(time_b),
        one(600),
        np.array([one_way]),
    )


def length_reached(reach: Reach, cutoff: float) -> float:
    """East-west extent of the isochrone less the band at both ends, in metres."""
    found = isochrones(reach, [cutoff], width_m=20)
    if found.empty:
        return 0.0
    return sum((g.bounds[2] - g.bounds[0]) * 111_319.49 - 40 for g in found.geometry.iloc[0].geoms)


@pytest.mark.parametrize(
    ("time_a", "time_b", "cutoff", "metres_reached"),
    [
        (0, 600, 300, 500),  # half the street: 300 of 600 s
        (0, 600, 600, 1000),
        (0, 600, 5000, 1000),
        (np.inf, 0, 120, 200),  # from the far end
        (100, 100, 220, 400),  # 120 s from both ends: two pieces of 200 m
        (100, 100, 420, 1000),  # 320 s from both ends meet
        (np.nan, np.inf, 900, 0),
        (700, 900, 600, 0),
    ],
)
def test_a_street_is_filled_as_far_as_the_time_carries(
    time_a: float, time_b: float, cutoff: float, metres_reached: float
) -> None:
    assert length_reached(straight(time_a, time_b), cutoff) == pytest.approx(metres_reached, abs=2)


def test_a_one_way_street_is_not_walked_back() -> None:
    assert length_reached(straight(np.inf, 0, one_way=True), 300) == 0.0
    assert length_reached(straight(0, 600, one_way=True), 300) == pytest.approx(500, abs=2)


def test_an_isochrone_is_no_hull() -> None:
    """Two arms of an L: the corner between them stays empty."""
    a, b = metres(1000, 0), metres(0, 1000)
    arms = Reach(
        np.zeros(2),
        np.zeros(2),
        np.array([a[0], b[0]]),
        np.array([a[1], b[1]]),
        np.zeros(2),
        np.full(2, 600.0),
        np.full(2, 600.0),
        np.zeros(2, bool),
    )
    found = isochrones(arms, [600], width_m=20)
    area = found.geometry.iloc[0]
    assert not area.contains(shapely.Point(metres(400, 400)))
    # Two bands of 1000 × 40 m, round ends, less the overlap at the corner: about 0.08 km².
    assert found["area_km2"].iloc[0] == pytest.approx(0.0806, abs=0.002)
    assert area.convex_hull.area > 5 * area.area


@given(seed=st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_more_time_never_reaches_less(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 12
    lon, lat = rng.random((2, n)) * 0.02 + 5, rng.random((2, n)) * 0.02 + 51
    times = rng.random((2, n)) * 1200
    reach = Reach(
        lon[0],
        lat[0],
        lon[1],
        lat[1],
        times[0],
        times[1],
        rng.random(n) * 600 + 1,
        rng.random(n) < 0.3,
    )
    found = isochrones(reach, [300, 600, 1500]).to_crs("EPSG:32631")
    areas = found.sort_values("minutes").geometry.tolist()
    assert all(area.is_valid for area in areas)
    for small, large in pairwise(areas):
        assert small.difference(large.buffer(0.5)).area < 1.0


def test_nothing_reached_is_an_empty_layer() -> None:
    assert isochrones(straight(np.inf, np.inf), [600]).empty
    assert isinstance(
        default_style(
            "x", gpd.GeoDataFrame({"a": pd.Series([], dtype=float)}, geometry=[], crs=WGS84)
        ),
        Style,
    )


def long_street(folder: Path, **tags: str) -> object:
    """One street of 2 km running east, with a bend vertex every 250 m, and a side street."""
    body = [node_xml(k + 1, *metres_from(250.0 * k, 0)) for k in range(9)]
    body += [node_xml(20, *metres_from(2000, 300))]
    body += [way_xml(1, list(range(1, 10)), {"highway": "residential", **tags})]
    body += [way_xml(2, [9, 20], {"highway": "residential"})]
    return read_streets([write_osm(folder / "s.osm", "".join(body))], countries=None, box=None)


def extent_m(area: shapely.Geometry, width: float) -> tuple[float, float]:
    """West and east end, metres from the street's start, without the band."""
    west, _south, east, _north = area.bounds
    per_degree = metres_from(1000, 0)[0] - metres_from(0, 0)[0]
    start = metres_from(0, 0)[0]
    return (west - start) / per_degree * 1000 + width, (east - start) / per_degree * 1000 - width


def reached(
    streets: object, mode: str, points: list[tuple[float, float]], cutoff: float
) -> tuple[float, float]:
    """Extent of the isochrone from points at (metres along the street, seconds)."""
    lon, lat = np.array([metres_from(m, 0) for m, _s in points]).T
    start = np.array([s for _m, s in points], float)
    reach = street_reach(streets, mode, lon, lat, start, longest_s=3600.0)
    return extent_m(isochrones(reach, [cutoff], width_m=20).geometry.iloc[0], 20)


def test_walking_from_a_door_goes_as_far_as_the_speed_says(tmp_path: Path) -> None:
    streets = long_street(tmp_path)
    # 4.8 km/h = 4/3 m/s: 600 s are 800 m, 90 s are 120 m (inside one piece of the shape).
    assert reached(streets, "walk", [(1000, 0)], 600) == pytest.approx((200, 1800), abs=4)
    assert reached(streets, "walk", [(1050, 0)], 90) == pytest.approx((930, 1170), abs=4)


def test_stops_reached_later_add_what_is_left_of_the_time(tmp_path: Path) -> None:
    streets = long_street(tmp_path)
    # From 500 m: 300 s → 400 m each way; one gets off at 1500 m after 150 s: 150 s → 200 m.
    assert reached(streets, "walk", [(500, 0), (1500, 150)], 300) == pytest.approx(
        (100, 1700), abs=4
    )
    # A stop one gets to too late, or never, adds nothing.
    assert reached(streets, "walk", [(500, 0), (1500, 301), (1600, np.nan)], 300) == pytest.approx(
        (100, 900), abs=4
    )


def test_times_along_streets_agree_with_the_street_matrix(tmp_path: Path) -> None:
    streets = long_street(tmp_path)
    lon, lat = np.array([metres_from(m, 0) for m in (130.0, 700.0, 1990.0)]).T
    at = snap(streets, "walk", lon, lat, max_m=100)
    wanted = matrix_ms(streets, "walk", at, at)[0] / 1000
    reach = street_reach(streets, "walk", lon[:1], lat[:1], np.zeros(1), longest_s=3600.0)
    for k in (1, 2):
        just, not_yet = wanted[k] + 3, wanted[k] - 3
        point = shapely.Point(lon[k], lat[k])
        assert isochrones(reach, [just], width_m=1).geometry.iloc[0].contains(point)
        assert not isochrones(reach, [not_yet], width_m=1).geometry.iloc[0].contains(point)
