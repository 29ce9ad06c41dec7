"""The demonstration region: tables that hold together, files that are right and repeatable."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import os
import subprocess
import sys
import zipfile
from collections import Counter
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from mobility.demo import build, is_current
from mobility.demo import service as service_module
from mobility.demo.__main__ import main
from mobility.demo.gtfs import _dutch_name, clock
from mobility.demo.land import countries
from mobility.demo.local import AGENCY, crow_km, with_local_lines
from mobility.demo.national import hilbert_index
from mobility.demo.plane import gabriel_edges
from mobility.demo.source import Line, Tables, read_tables
from mobility.errors import RegionError
from mobility.scenario import read_plan, read_region, read_scenarios

REPOSITORY = Path(__file__).resolve().parents[1]
DAY = dt.date(2026, 10, 6)


@pytest.fixture(scope="module")
def tables() -> Tables:
    return read_tables()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    build(folder, nodes=5_000)
    return folder


def table(folder: Path, feed: str, name: str) -> pd.DataFrame:
    with zipfile.ZipFile(folder / "gtfs" / f"{feed}.zip") as archive:
        text = archive.read(f"{name}.txt").decode("utf-8-sig")
    return pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# Tables


def test_tables_have_what_the_region_needs(tables: Tables) -> None:
    by_country = Counter(row["country"] for row in tables.municipalities.values())
    assert len(tables.municipalities) >= 70
    assert by_country["NL"] >= 30
    assert by_country["BE"] >= 30
    assert len(tables.lines) >= 45
    assert len({line.row["agency"] for line in tables.lines}) >= 5
    assert len({feed for line in tables.lines for feed in line.row["feeds"].split()}) >= 3
    modes = {service_module.is_train(line) for line in tables.lines}
    assert modes == {True, False}


def test_all_of_the_eindhoven_region_and_the_border_count(tables: Tables) -> None:
    names = {row["name"] for row in tables.municipalities.values()}
    eindhoven_region = {
        "Asten", "Bergeijk", "Best", "Bladel", "Cranendonck", "Deurne", "Eersel", "Eindhoven",
        "Geldrop-Mierlo", "Gemert-Bakel", "Heeze-Leende", "Helmond", "Laarbeek",
        "Nuenen, Gerwen en Nederwetten", "Oirschot", "Reusel-De Mierden", "Someren",
        "Son en Breugel", "Valkenswaard", "Veldhoven", "Waalre",
    }  # fmt: skip
    assert len(eindhoven_region) == 21
    assert eindhoven_region <= names
    assert {
        "Weert", "Nederweert", "Maastricht", "Roermond", "Tilburg", "Breda", "Hasselt", "Genk",
        "Lommel", "Pelt", "Hamont-Achel", "Bree", "Maaseik", "Lanaken", "Bilzen-Hoeselt",
        "Tongeren-Borgloon", "Tessenderlo-Ham", "Turnhout", "Mol", "Geel", "Herentals",
        "Arendonk", "Ravels", "Baarle-Hertog", "Baarle-Nassau", "Antwerpen", "Leuven", "Brussel",
    } <= names  # fmt: skip


def test_codes_have_the_form_of_their_country_and_stand_once(tables: Tables) -> None:
    for code, row in tables.municipalities.items():
        digits = code.removeprefix("GM") if row["country"] == "NL" else code
        assert digits.isdigit()
        assert len(digits) == (4 if row["country"] == "NL" else 5)
    # codes that ended with the mergers of 1-1-2025
    gone = {"71022", "73040", "73006", "73032", "73083", "73009", "71057", "71069"}
    assert not gone & set(tables.municipalities)


def test_every_row_names_its_source_and_year(tables: Tables) -> None:
    for row in tables.municipalities.values():
        assert row["population_source"] in {"CBS", "Statbel"}
        assert 2019 <= int(row["population_year"]) <= 2026
        assert row["jobs_source"].startswith("estimate")
        assert int(row["population"]) % 100 == 0
    for line in tables.lines:
        assert line.row["source"]
        assert 2018 <= int(line.row["year"]) <= 2026


def test_places_and_stops_lie_in_their_country(tables: Tables) -> None:
    land = countries(tables)
    for place in tables.places:
        if place.municipality_code:
            country = tables.municipalities[place.municipality_code]["country"]
            assert land[country].contains(shapely.Point(place.lon, place.lat)), place.name
    frame = shapely.box(4.2, 50.45, 6.45, 51.85)
    for stop in tables.stops.values():
        point = shapely.Point(float(stop["lon"]), float(stop["lat"]))
        if frame.contains(point):
            assert land[stop["country"]].contains(point), stop["name"]


def test_countries_share_the_box_and_hold_the_enclaves(tables: Tables) -> None:
    land = countries(tables)
    assert sum(shape.area for shape in land.values()) == pytest.approx(2.25 * 1.4)
    for a, b in (("NL", "BE"), ("NL", "DE"), ("BE", "DE")):
        assert land[a].intersection(land[b]).area == pytest.approx(0, abs=1e-9)
    hertog = shapely.Point(4.932, 51.437)
    assert land["BE"].contains(hertog)
    main = max(land["BE"].geoms, key=lambda part: part.area)
    assert not main.contains(hertog)
    # a Dutch piece inside a Belgian enclave inside the Netherlands
    assert land["NL"].contains(shapely.Point(4.9265, 51.4352))
    assert land["BE"].contains(shapely.Point(4.9235, 51.4352))


def test_crossings_lie_on_the_border(tables: Tables) -> None:
    line = shapely.LineString(next(b.points for b in tables.border if b.id == "line-NL-BE"))
    for row in tables.crossings:
        metres = line.distance(shapely.Point(float(row["lon"]), float(row["lat"]))) * 90_000
        assert metres < 120, row["name"]


@pytest.mark.parametrize("train", [True, False])
def test_lines_run_at_believable_speeds(tables: Tables, train: bool) -> None:
    fastest = {True: 170.0, False: 85.0}[train]
    checked = 0
    for line in tables.lines:
        if service_module.is_train(line) != train:
            continue
        points = [
            (float(tables.stops[s]["lon"]) * 70.0, float(tables.stops[s]["lat"]) * 111.25)
            for s in line.stops
        ]
        km = [float(np.hypot(a[0] - b[0], a[1] - b[1])) for a, b in pairwise(points)]
        minutes = np.diff(line.minutes)
        kph = np.array(km) / minutes * 60
        assert kph.max() < fastest, (line.id, kph)
        whole = sum(km) / line.minutes[-1] * 60
        assert whole > (30 if train else 8), (line.id, whole)
        checked += 1
    assert checked >= 20


def test_no_bus_goes_straight_from_eindhoven_to_hasselt(tables: Tables) -> None:
    for line in tables.lines:
        towns = {stop.split()[0] for stop in line.stops}
        assert not {"Eindhoven", "Hasselt"} <= towns
        assert not {"Eindhoven", "Lommel"} <= towns


# Departures


def line_of(**row: str) -> Line:
    base = {
        "line": "x", "kind": "times", "route_type": "700", "peak_min": "30", "day_min": "60",
        "evening_min": "", "saturday_min": "120", "sunday_min": "", "first": "06:10",
        "last": "20:00", "minute": "10", "minute_back": "40",
    }  # fmt: skip
    return Line({**base, **row}, ("a", "b", "c"), (0, 10, 25))


def test_departures_stand_on_the_clock_face_and_follow_the_periods() -> None:
    # First 06:10; peak 06:30-09:00 and 15:30-18:30 each half hour at :10 and :40; hourly at
    # :10 else; nothing from 19:30 on.
    found = service_module.departures(line_of(), "week", back=False)
    texts = [f"{t // 60}:{t % 60:02d}" for t in found]
    assert texts == [
        "6:10", "6:40", "7:10", "7:40", "8:10", "8:40", "9:10", "10:10", "11:10", "12:10",
        "13:10", "14:10", "15:10", "15:40", "16:10", "16:40", "17:10", "17:40", "18:10", "19:10",
    ]  # fmt: skip
    # In school holidays the peak is as thin as the day.
    holiday = service_module.departures(line_of(), "holiday", back=False)
    assert holiday == list(range(370, 1170, 60))
    assert service_module.departures(line_of(), "sunday", back=False) == []


def test_way_back_mirrors_stops_and_minutes() -> None:
    assert service_module.run(line_of(), back=True) == (("c", "b", "a"), (0, 15, 25))


def test_dutch_stop_names_part_place_and_stop(tables: Tables) -> None:
    assert _dutch_name("Veldhoven De Run ASML", tables) == "Veldhoven, De Run ASML"
    assert _dutch_name("Beek en Donk Brug", tables) == "Beek en Donk, Brug"
    assert _dutch_name("Budel-Dorplein", tables) == "Budel-Dorplein"


def test_clock_runs_past_midnight() -> None:
    assert clock(24 * 60 + 75) == "25:15:00"


def test_days_fall_into_one_service_each_and_holidays_differ(tables: Tables) -> None:
    by_feed = {
        row["feed"]: service_module.service_days(row, tables.holidays) for row in tables.feeds
    }
    for row in tables.feeds:
        days = by_feed[row["feed"]]
        count = dt.date.fromisoformat(row["last_day"]) - dt.date.fromisoformat(row["first_day"])
        every = [day for name in service_module.SERVICES for day in days[name]]
        assert len(every) == len(set(every)) == count.days + 1
        assert DAY in days["week"]
    kings_day, armistice = dt.date(2026, 4, 27), dt.date(2026, 11, 11)
    assert kings_day in by_feed["nl"]["sunday"]
    assert kings_day in by_feed["nmbs"]["week"]
    assert armistice in by_feed["nl"]["week"]
    assert armistice in by_feed["nmbs"]["sunday"]
    autumn_nl, autumn_be = dt.date(2026, 10, 20), dt.date(2026, 11, 3)
    assert autumn_nl in by_feed["nl"]["holiday"]
    assert autumn_nl in by_feed["delijn"]["week"]
    assert autumn_be in by_feed["delijn"]["holiday"]
    assert autumn_be in by_feed["nl"]["week"]


# Local buses


def test_every_zone_has_a_stop_nearby_and_the_tables_keep_their_lines(tables: Tables) -> None:
    full = with_local_lines(tables)
    added = full.lines[len(tables.lines) :]
    assert full.lines[: len(tables.lines)] == tables.lines
    assert {line.row["agency"] for line in added} == {AGENCY}
    at = [
        (float(full.stops[s]["lon"]), float(full.stops[s]["lat"]))
        for line in full.lines
        for s in line.stops
    ]
    for place in full.places:
        if place.zone:
            assert min(crow_km((place.lon, place.lat), stop) for stop in at) <= 0.7, place.name
    # Nothing is added for a place that a line of the tables serves.
    assert not any("Valkenswaard" in line.id or line.stops[0] == "Weert Local" for line in added)


def test_a_local_bus_takes_its_distance_and_ends_in_its_own_municipality(tables: Tables) -> None:
    full = with_local_lines(tables)
    line = next(
        line
        for line in full.lines
        if line.stops[0] == "Weert Leuken Local" or line.stops[0] == "Weert-Zuid Local"
    )
    assert line.stops[1] == "Weert Station bus"
    # (5.712, 51.238) + offset to (5.7053, 51.2492): dx 0.55 km, dy 1.16 km, 1.28 km straight,
    # 1.67 km of way, at 22 km/h 4.5 minutes, rounded up.
    assert line.minutes == (0, 5)


# Files


def test_same_arguments_give_the_same_bytes_in_another_process(built: Path, tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from mobility.demo import build; "
    code += "build(Path(sys.argv[1]), nodes=5000)"
    environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(REPOSITORY)}
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], check=True, env=environment, cwd=tmp_path
    )
    assert hashes(tmp_path) == hashes(built)
    assert len(hashes(built)) == len(read_tables().feeds) + 4


def test_another_seed_gives_other_streets_but_the_same_timetable(
    built: Path, tmp_path: Path
) -> None:
    build(tmp_path, nodes=5_000, seed=2)
    one, two = hashes(built), hashes(tmp_path)
    assert {name for name in one if one[name] != two[name]} == {"osm/region.osm.pbf"}


def test_feeds_have_the_quirks_of_real_ones(built: Path) -> None:
    with zipfile.ZipFile(built / "gtfs" / "nmbs.zip") as archive:
        assert "calendar.txt" not in archive.namelist()
    assert set(table(built, "nmbs", "calendar_dates").exception_type) == {"1"}
    intl = table(built, "intl", "calendar")
    assert (intl[["monday", "sunday"]] == "0").all(axis=None)
    assert set(table(built, "nl", "calendar_dates").exception_type) == {"1", "2"}
    with zipfile.ZipFile(built / "gtfs" / "intl.zip") as archive:
        assert archive.read("stops.txt").startswith(b"\xef\xbb\xbf")
    assert set(table(built, "delijn", "frequencies").exact_times) == {"0"}
    assert set(table(built, "nmbs", "translations").language) == {"fr", "en", "nl"}
    assert table(built, "nl", "stop_times").departure_time.max() > "24:00:00"
    assert (table(built, "intl", "stop_times").arrival_time == "").any()
    types = {
        int(t)
        for f in ("nl", "nmbs", "delijn", "intl")
        for t in table(built, f, "routes").route_type
    }
    assert all(100 <= t < 1800 for t in types)


def test_ids_hold_together_in_every_feed(built: Path, tables: Tables) -> None:
    for row in tables.feeds:
        feed = row["feed"]
        stops, trips = table(built, feed, "stops"), table(built, feed, "trips")
        times = table(built, feed, "stop_times")
        assert stops.stop_id.is_unique
        assert trips.trip_id.is_unique
        assert set(times.trip_id) == set(trips.trip_id)
        assert set(times.stop_id) <= set(stops.stop_id[stops.location_type == "0"])
        assert set(trips.route_id) == set(table(built, feed, "routes").route_id)
        parents = set(stops.parent_station) - {""}
        assert parents <= set(stops.stop_id[stops.location_type == "1"])
        assert set(table(built, feed, "routes").agency_id) == set(
            table(built, feed, "agency").agency_id
        )
        known = set(table(built, feed, "calendar_dates").service_id)
        if row["calendar"] != "dates":
            known |= set(table(built, feed, "calendar").service_id)
        assert set(trips.service_id) <= known


def test_blocks_join_a_train_that_arrives_to_one_that_goes_on(built: Path) -> None:
    trips = table(built, "nl", "trips")
    times = table(built, "nl", "stop_times")
    blocked = trips[trips.block_id != ""]
    assert set(blocked.block_id.value_counts()) == {2}
    assert len(blocked) > 20
    for _, pair in blocked.groupby("block_id"):
        ends = [times[times.trip_id == trip] for trip in pair.trip_id]
        first, second = sorted(ends, key=lambda rows: rows.departure_time.iloc[0])
        assert first.arrival_time.iloc[-1] <= second.departure_time.iloc[0]
        assert first.stop_id.iloc[-1] == second.stop_id.iloc[0]


def test_a_train_in_two_feeds_has_the_same_times_and_other_ids_nearby(built: Path) -> None:
    nl, be = (table(built, feed, "stop_times") for feed in ("nl", "nmbs"))
    trip = "re18:week:0:003"
    one, two = nl[nl.trip_id == trip], be[be.trip_id == trip]
    assert one.arrival_time.tolist() == two.arrival_time.tolist()
    assert not set(one.stop_id) & set(two.stop_id)
    places = [table(built, feed, "stops").set_index("stop_id") for feed in ("nl", "nmbs")]
    # Aachen, the last, is abroad in both
    for a, b in zip(one.stop_id[:-1], two.stop_id[:-1], strict=True):
        stop_a, stop_b = places[0].loc[a], places[1].loc[b]
        metres = np.hypot(
            (float(stop_a.stop_lon) - float(stop_b.stop_lon)) * 70_000,
            (float(stop_a.stop_lat) - float(stop_b.stop_lat)) * 111_250,
        )
        assert 30 < metres < 150
    names = places[0].loc[one.stop_id, "stop_name"].tolist()
    assert (names[0], names[5]) == ("Liège-Guillemins", "Maastricht")
    minutes = [
        int(t[:2]) * 60 + int(t[3:5])
        for t in (one.departure_time.iloc[0], one.arrival_time.iloc[5])
    ]
    assert minutes[1] - minutes[0] == 33


def test_halves_of_the_cut_line_meet_at_the_border(built: Path) -> None:
    be, nl = table(built, "delijn", "stop_times"), table(built, "nl", "stop_times")
    arrivals = be[be.trip_id.str.match(r"l450:week:0") & be.stop_id.str.startswith("poppel-grens")]
    leave = nl[nl.trip_id.str.match(r"l450n:week:0") & nl.stop_id.str.startswith("poppel-grens")]
    assert len(arrivals) > 5
    meets = set(arrivals.arrival_time) & set(leave.departure_time)
    assert len(meets) >= len(arrivals) - 1


def test_zones_hold_their_points_and_add_up(built: Path, tables: Tables) -> None:
    zones = gpd.read_file(built / "zones.gpkg")
    assert 150 <= len(zones) <= 250
    assert zones.zone_id.is_unique
    assert zones.is_valid.all()
    assert shapely.contains_xy(zones.geometry.array, zones.lon, zones.lat).all()
    assert set(zones.country) == {"NL", "BE"}
    for code, rows in zones.groupby("municipality_code"):
        town = tables.municipalities[code]
        assert rows.population.sum() == int(town["population"])
        assert rows.jobs.sum() == int(town["jobs"])
    assert set(zones.municipality_code) == set(tables.municipalities)
    assert (zones[["population", "jobs", "hospitals", "supermarkets"]] >= 0).all(axis=None)
    land = gpd.read_file(built / "countries.gpkg").set_index("country").geometry
    for country, rows in zones.groupby("country"):
        outside = shapely.difference(rows.geometry.array, land[country])
        assert shapely.area(outside).max() < 1e-9


class Streets(osmium.SimpleHandler):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self.place: dict[int, tuple[float, float]] = {}
        self.ways: list[tuple[list[int], dict[str, str]]] = []
        self.apply_file(str(path))

    def node(self, node: osmium.osm.Node) -> None:
        self.place[node.id] = (node.location.lon, node.location.lat)

    def way(self, way: osmium.osm.Way) -> None:
        self.ways.append(([n.ref for n in way.nodes], {tag.k: tag.v for tag in way.tags}))


@pytest.fixture(scope="module")
def streets(built: Path) -> Streets:
    return Streets(built / "osm" / "region.osm.pbf")


def test_streets_are_one_piece_without_loose_nodes(streets: Streets) -> None:
    ends = [(a, b) for nodes, _ in streets.ways for a, b in pairwise(nodes)]
    used = {node for pair in ends for node in pair}
    assert used == set(streets.place)
    n = max(used) + 1
    a, b = np.array(ends).T
    graph = coo_array((np.ones(len(a)), (a, b)), shape=(n, n))
    _, piece = connected_components(graph, directed=False)
    assert len({int(piece[node]) for node in used}) == 1
    assert all(left != right for left, right in ends)


def test_the_ferries_are_there_with_hours(streets: Streets) -> None:
    ferries = {tags["name"]: tags for _, tags in streets.ways if tags.get("route") == "ferry"}
    assert len(ferries) == 4
    assert all(tags["opening_hours"] and tags["bicycle"] == "yes" for tags in ferries.values())
    assert [n for n, tags in ferries.items() if tags["motor_vehicle"] == "yes"] == [
        "Veer Meeswijk–Berg aan de Maas"
    ]


def test_roads_carry_tags_of_both_countries(streets: Streets) -> None:
    tags = [tags for _, tags in streets.ways]
    refs = {ref for t in tags for ref in t.get("ref", "").split(";")}
    assert {
        "A2", "A50", "A58", "A67", "E34", "A73", "E313", "E314", "N69", "N71", "N73", "N74", "N75", "N78",
    } <= refs  # fmt: skip
    for key in ("maxspeed", "maxspeed:type", "source:maxspeed"):
        values = {t[key] for t in tags if key in t}
        assert any(v.startswith("NL:") for v in values), key
        assert any(v.startswith("BE-VLG:") for v in values), key
    assert all(t.get("oneway") == "yes" for t in tags if t.get("highway") == "motorway")
    assert any("cycle_highway" in t for t in tags)
    names = {t.get("bridge:name", "") for t in tags}
    assert {"Stadsbrug Weert", "Maaseik–Roosteren (Pater Sangersbrug)"} <= names


def test_streets_cross_the_border_only_where_the_list_says(
    streets: Streets, tables: Tables
) -> None:
    line = shapely.LineString(next(b.points for b in tables.border if b.id == "line-NL-BE"))
    points = [shapely.Point(float(row["lon"]), float(row["lat"])) for row in tables.crossings] + [
        shapely.Point(point)
        for road in tables.roads
        for point, kind in zip(road.points, road.kinds, strict=True)
        if kind == "border crossing"
    ]
    known = shapely.MultiPoint(points).buffer(0.012)
    crossed = 0
    for nodes, tags in streets.ways:
        way = shapely.LineString([streets.place[n] for n in nodes])
        if tags.get("route") != "ferry" and way.intersects(line):
            assert way.intersects(known), tags
            crossed += 1
    assert crossed >= len(points)


def test_a_folder_knows_whether_the_tables_have_changed(built: Path, tmp_path: Path) -> None:
    assert is_current(built)
    assert not is_current(tmp_path)
    source = REPOSITORY / "feeds" / "demo"
    for path in source.glob("*.csv"):
        text = path.read_text(encoding="utf-8")
        (tmp_path / path.name).write_text(text, encoding="utf-8", newline="\r\n")
    assert is_current(built, tmp_path)
    with (tmp_path / "ferries.csv").open("a", encoding="utf-8") as file:
        file.write("\n")
    assert not is_current(built, tmp_path)


# Tools


@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=4, max_size=25, unique=True
    )
)
@settings(max_examples=40, deadline=None)
def test_gabriel_edges_are_those_whose_circle_is_empty(points: list[tuple[int, int]]) -> None:
    xy = np.array(points, np.int64)
    if np.linalg.matrix_rank(xy[1:] - xy[0]) < 2:
        return
    expected = [
        (i, j)
        for i in range(len(xy))
        for j in range(i + 1, len(xy))
        if all((xy[i] - xy[k]) @ (xy[j] - xy[k]) > 0 for k in range(len(xy)) if k not in (i, j))
    ]
    assert [tuple(edge) for edge in gabriel_edges(xy).tolist()] == expected


def test_hilbert_curve_visits_every_cell_and_steps_to_neighbours() -> None:
    n = 32
    x, y = (v.ravel().astype(np.int64) for v in np.meshgrid(np.arange(n), np.arange(n)))
    index = hilbert_index(x, y, 5)
    order = np.argsort(index)
    assert index[order].tolist() == list(range(n * n))
    steps = np.abs(np.diff(x[order])) + np.abs(np.diff(y[order]))
    assert set(steps.tolist()) == {1}


def test_command_makes_a_national_feed_and_a_region_file(tmp_path: Path) -> None:
    arguments = [str(tmp_path), "--nodes", "5000", "--stop-times", "200000", "--zones", "50"]
    assert main(arguments) == 0
    region = read_region(tmp_path / "region.toml")
    assert [feed.id for feed in region.feeds] == ["nl", "nmbs", "delijn", "intl", "national"]
    times = table(tmp_path, "national", "stop_times")
    trips = table(tmp_path, "national", "trips")
    assert len(times) == len(trips) * 25
    assert abs(len(times) - 200_000) < 100_001
    assert set(times.stop_id) <= set(table(tmp_path, "national", "stops").stop_id)
    late = times.sort_values(["trip_id", "stop_sequence"]).groupby("trip_id").arrival_time
    assert all(list(group) == sorted(set(group)) for _, group in list(late)[:200])
    with (tmp_path / "zones_fine.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len({row["zone_id"] for row in rows}) == 50


def test_wrong_sizes_are_refused_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(RegionError, match=r"(?s)nodes: found 10;.*zones: found 1;"):
        build(tmp_path, nodes=10, zones=1)
    assert main([str(tmp_path), "--nodes", "10"]) == 1
    assert "expected a number from 5000" in capsys.readouterr().err


def test_a_table_that_contradicts_another_is_named(tmp_path: Path) -> None:
    source = REPOSITORY / "feeds" / "demo"
    for path in source.glob("*.csv"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    calls = tmp_path / "line_stops.csv"
    text = calls.read_text(encoding="utf-8").replace(
        "ic-hamont,12,Hamont,90", "ic-hamont,12,Hamondt,9"
    )
    calls.write_text(text, encoding="utf-8")
    with pytest.raises(RegionError, match=r"(?s)ic-hamont: found \"Hamondt\".*rising minutes"):
        read_tables(tmp_path)


# Scenario files


def test_every_feed_is_read_and_runs_on_the_reference_day(built: Path) -> None:
    feeds = pytest.importorskip("mobility.feeds")
    region = read_region(REPOSITORY / "feeds" / "demo.toml")
    entries = [
        feed.model_copy(update={"path": built / "gtfs" / feed.path.name}) for feed in region.feeds
    ]
    read = feeds.read_feeds(entries, timezone=region.timezone, day=DAY, box=(4.2, 50.4, 6.5, 51.9))
    running = read.trips.loc[read.services.on(DAY)[read.trips["service"]], "feed"]
    assert set(running) == {"nl", "nmbs", "delijn", "intl"}


def test_the_library_says_its_facts_in_both_languages() -> None:
    scenarios = read_scenarios(sorted((REPOSITORY / "scenarios").glob("*.toml")))
    assert len(scenarios) >= 20
    assert {"baseline", "hamont-weert", "eindhoven-lommel-hasselt", "f74"} <= {
        s.name for s in scenarios
    }
    # Two scenarios are another day by what they change; all the rest share the baseline's.
    assert {s.name: s.day.date for s in scenarios if s.day.date != DAY} == {
        "belgian-school-holiday": dt.date(2026, 11, 3),
        "sunday": dt.date(2026, 10, 11),
    }
    assert [s.name for s in scenarios if s.window != scenarios[1].window] == ["night-shift"]
    for scenario in scenarios:
        assert scenario.title.nl
        assert scenario.title.en
        assert scenario.description.nl
        assert scenario.description.en
        assert scenario.description.nl != scenario.description.en
        assert {"year", "status", "sources", "assumed"} <= set(scenario.facts), scenario.name
        assert scenario.facts["sources"]
        assert scenario.facts["assumed"]
        if scenario.name != "baseline":
            assert scenario.facts["cost"]
            assert scenario.changes
            assert scenario.baseline == "baseline"


def test_named_pairs_are_municipalities_and_have_both_halves(tables: Tables) -> None:
    pairs = read_region(REPOSITORY / "feeds" / "demo.toml").pairs
    towns = {row["name"]: row["country"] for row in tables.municipalities.values()}
    kinds = Counter(pair.kind for pair in pairs)
    assert kinds["city"] >= 8
    assert kinds["border"] >= 12
    for pair in pairs:
        assert pair.origin in towns
        assert pair.destination in towns
        if pair.kind == "border":
            assert towns[pair.origin] != towns[pair.destination]


@pytest.mark.slow
def test_every_scenario_of_the_library_can_be_applied(built: Path, tmp_path: Path) -> None:
    changes = pytest.importorskip("mobility.changes")
    inputs = pytest.importorskip("mobility.batch.inputs")
    network = pytest.importorskip("mobility.network")
    region = read_region(REPOSITORY / "feeds" / "demo.toml")
    entries = tuple(
        feed.model_copy(update={"path": built / "gtfs" / feed.path.name}) for feed in region.feeds
    )
    region = region.model_copy(
        update={
            "generator": "",
            "feeds": entries,
            "streets": region.streets.model_copy(
                update={"osm": (built / "osm" / "region.osm.pbf",)}
            ),
            "zones": region.zones.model_copy(update={"path": built / "zones.gpkg"}),
            "border": region.border.model_copy(update={"countries": built / "countries.gpkg"}),
        }
    )
    supplies, found = {}, {}
    for scenario in read_scenarios(sorted((REPOSITORY / "scenarios").glob("*.toml"))):
        day = changes.calendar_day(scenario.changes) or scenario.day.date
        if day not in supplies:
            timed = inputs.prepare(region, day, network.Settings(), tmp_path)
            supplies[day] = timed.prepared.network.supply
        applied = changes.apply_changes(supplies[day], scenario.changes, lang="en", day=day)
        assert len(applied.effects) == len(scenario.changes), scenario.name
        found[scenario.name] = applied
    assert len(supplies) == 3
    # what their titles promise: late buses that cross the border; train and bus as one hub, and
    # no other time to park than elsewhere
    for effect in found["night-shift"].effects:
        feeds = found["night-shift"].supply.feeds
        route = feeds.routes.index[feeds.routes["route_id"] == effect.routes[0]][0]
        times = feeds.stop_times
        own = (feeds.trips["route"] == route).to_numpy()[times["trip"]]
        assert set(feeds.stops["country"].to_numpy()[times["stop"][own]]) == {"NL", "BE"}
        assert times["departure_s"][own].min() >= 21 * 3600
    hubs = found["hubs"]
    assert hubs.effects[0].counts["parking_added"] >= 3
    assert hubs.effects[1].counts["hub_links_changed"] > 0
    assert hubs.supply.settings == supplies[DAY].settings


def test_plans_name_the_library_and_days_of_both_countries(tables: Tables) -> None:
    folder = REPOSITORY / "scenarios"
    library = read_plan(folder / "plans" / "library.toml")
    assert len(library.scenarios) == len(list(folder.glob("*.toml")))
    days = read_plan(folder / "plans" / "day-types.toml")
    assert len(days.scenarios) == 3 * 5
    by_feed = {
        row["feed"]: service_module.service_days(row, tables.holidays) for row in tables.feeds
    }
    kinds = {
        scenario.name.rpartition(".")[2]: tuple(
            next(k for k, dates in by_feed[feed].items() if scenario.day.date in dates)
            for feed in ("nl", "delijn")
        )
        for scenario in days.scenarios
    }
    assert kinds == {
        "school-day": ("week", "week"),
        "nl-school-holiday": ("holiday", "week"),
        "be-school-holiday": ("week", "holiday"),
        "saturday": ("saturday", "saturday"),
        "sunday": ("sunday", "sunday"),
    }
