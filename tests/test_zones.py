"""Zones and countries: files of several kinds, points, countries by polygon, faults."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import MultiPolygon, Point, Polygon, box

from mobility.country_codes import alpha2
from mobility.errors import ZoneError
from mobility.scenario.model import BorderEntry, ZonesEntry
from mobility.zones import Countries, country_at, read_countries, read_zones

CSV = "code,name,land,town,people,jobs,lon,lat\n0344,Noord,NL,T1,1200,10,5.0,51.0\n0345,Zuid,BEL,T2,300,,5.5,50.5\n"


def entry(path: Path, **options) -> ZonesEntry:
    defaults = {"id": "code", "name": "name", "country": "land", "municipality": "town"}
    return ZonesEntry(path=path, **{**defaults, "opportunities": ("people", "jobs"), **options})


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";"])
def test_csv(tmp_path: Path, encoding: str, separator: str) -> None:
    text = CSV.replace("Noord", "Één").replace(",", separator).replace("\n", "\r\n")
    zones = read_zones(entry(write(tmp_path / "z.csv", text, encoding)), None)
    assert zones.ids.tolist() == ["0344", "0345"]
    assert zones.names.tolist() == ["Één", "Zuid"]
    assert zones.countries.tolist() == ["NL", "BE"]
    assert zones.municipalities.tolist() == ["T1", "T2"]
    assert zones.lon.tolist() == [5.0, 5.5]
    assert zones.lat.tolist() == [51.0, 50.5]
    assert zones.opportunities.to_dict("list") == {"people": [1200.0, 300.0], "jobs": [10.0, 0.0]}
    assert zones.shapes is None


def test_only_path_and_id_are_needed(tmp_path: Path) -> None:
    path = write(tmp_path / "z.csv", "id,Longitude,LATITUDE\n1,5,51\n2,6,50\n")
    zones = read_zones(ZonesEntry(path=path, id="id"), None)
    assert zones.names.tolist() == zones.ids.tolist() == ["1", "2"]
    assert zones.countries.tolist() == ["", ""]
    assert zones.opportunities.shape == (2, 0)


# An L around the corner of a square: its centroid lies outside of it.
ELL = Polygon([(0, 0), (4, 0), (4, 1), (1, 1), (1, 4), (0, 4)])


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".parquet", ".shp"])
def test_polygons_give_a_point_inside(tmp_path: Path, suffix: str) -> None:
    frame = gpd.GeoDataFrame(
        {"code": ["a", "b"], "people": [1, 2]},
        geometry=[ELL, MultiPolygon([box(5, 5, 6, 6), box(8, 8, 8.1, 8.1)])],
        crs="EPSG:4326",
    )
    path = tmp_path / f"z{suffix}"
    frame.to_parquet(path) if suffix == ".parquet" else frame.to_file(path)
    zones = read_zones(ZonesEntry(path=path, id="code", opportunities=("people",)), None)
    assert ELL.contains(Point(zones.lon[0], zones.lat[0]))
    assert box(5, 5, 6, 6).contains(Point(zones.lon[1], zones.lat[1]))
    assert zones.shapes is not None
    assert zones.shapes[0].equals(ELL)


def test_metres_become_degrees_and_columns_in_degrees_win(tmp_path: Path) -> None:
    # Amersfoort, origin of the Dutch grid: 155000, 463000 is 5.38720621 E, 52.15517440 N.
    frame = gpd.GeoDataFrame(
        {"code": ["a"], "x": [155000.0], "y": [463000.0]},
        geometry=[Point(155000, 463000)],
        crs="EPSG:28992",
    )
    frame.to_file(tmp_path / "rd.gpkg")
    zones = read_zones(ZonesEntry(path=tmp_path / "rd.gpkg", id="code"), None)
    assert zones.lon[0] == pytest.approx(5.3872, abs=2e-3)
    assert zones.lat[0] == pytest.approx(52.1552, abs=2e-3)
    assert zones.shapes is None
    frame = frame.rename(columns={"x": "lon", "y": "lat"}).assign(lon=[5.4], lat=[52.2])
    frame.to_file(tmp_path / "own.gpkg")
    zones = read_zones(ZonesEntry(path=tmp_path / "own.gpkg", id="code"), None)
    assert (zones.lon[0], zones.lat[0]) == (5.4, 52.2)


def test_country_from_the_polygons_where_the_column_is_blank(tmp_path: Path) -> None:
    countries = Countries({"NL": box(4, 50.8, 6, 52), "BE": box(4, 50, 6, 50.8)})
    text = CSV.replace("BEL", "")
    zones = read_zones(entry(write(tmp_path / "z.csv", text)), countries)
    assert zones.countries.tolist() == ["NL", "BE"]
    zones = read_zones(entry(write(tmp_path / "z.csv", CSV), country=""), countries)
    assert zones.countries.tolist() == ["NL", "BE"]


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        (CSV, {"id": "cod"}, 'no column "cod".*Do you mean "code"'),
        (CSV, {"opportunities": ("peple", "job")}, 'zones.opportunities: found no column "peple"'),
        (CSV.replace("0345", "0344"), {}, r'1 ids more than once \("0344"\)'),
        (CSV.replace("0345", " "), {}, "1 blank ids"),
        (CSV.replace("51.0", "510"), {}, r'1 zones without a position in degrees \("0344"\)'),
        (CSV.replace("51.0", "noord"), {}, "1 zones without a position in degrees"),
        (CSV.replace("1200", "-5"), {}, 'column people, row 1: found "-5"'),
        (CSV.replace("1200", "many"), {}, 'column people, row 1: found "many"'),
        (CSV.replace("lon", "east"), {}, "also the columns lon and lat"),
        (CSV.split("\n", maxsplit=1)[0] + "\n", {}, "at least one zone"),
        ("", {}, "unreadable"),
    ],
)
def test_faults(tmp_path: Path, text: str, options: dict, expected: str) -> None:
    with pytest.raises(ZoneError, match=expected):
        read_zones(entry(write(tmp_path / "z.csv", text), **options), None)


def test_all_faults_of_a_file_at_once(tmp_path: Path) -> None:
    text = CSV.replace("0345", "0344").replace("51.0", "510").replace("1200", "-5")
    with pytest.raises(ZoneError) as caught:
        read_zones(entry(write(tmp_path / "z.csv", text)), None)
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".parquet", ".shp"])
def test_files_that_are_none(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"z{suffix}"
    with pytest.raises(ZoneError, match="no such file"):
        read_zones(ZonesEntry(path=path, id="code"), None)
    path.write_bytes(b"PAR1 this is none of it")
    with pytest.raises(ZoneError, match="unreadable"):
        read_zones(ZonesEntry(path=path, id="code"), None)
    with pytest.raises(ZoneError, match="unreadable"):
        read_countries(BorderEntry(countries=path))


def test_countries_are_joined_mended_and_named_by_two_letters(tmp_path: Path) -> None:
    bow = Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])  # crosses itself
    frame = gpd.GeoDataFrame(
        {"iso": ["NLD", "NLD", "Belgium", None]},
        geometry=[bow, box(2, 0, 3, 1), box(5, 0, 6, 1), box(8, 0, 9, 1)],
        crs="EPSG:4326",
    )
    frame.to_file(tmp_path / "c.gpkg")
    countries = read_countries(BorderEntry(countries=tmp_path / "c.gpkg", column="iso"))
    assert list(countries.polygons) == ["BE", "NL"]
    assert country_at(countries, [0.1, 2.5, 5.5, 8.5], [0.5, 0.5, 0.5, 0.5]).tolist() == [
        "NL",
        "NL",
        "BE",
        "",
    ]
    with pytest.raises(ZoneError, match='no column "country"'):
        read_countries(BorderEntry(countries=tmp_path / "c.gpkg"))
    with pytest.raises(ZoneError, match="without polygons"):
        read_countries(BorderEntry(countries=write(tmp_path / "c.csv", "country\nNL\n")))


def test_enclaves_in_both_manners_of_drawing() -> None:
    town = box(4, 4, 6, 6)
    with_hole = Countries({"NL": box(0, 0, 10, 10) - town, "BE": town})
    drawn_over = Countries({"NL": box(0, 0, 10, 10), "BE": town})
    for countries in (with_hole, drawn_over):
        assert country_at(countries, [5.0, 1.0, 11.0], [5.0, 1.0, 5.0]).tolist() == ["BE", "NL", ""]
    assert country_at(with_hole, [], []).tolist() == []


def test_water_cut_out_of_the_land_belongs_to_the_nearest_shore() -> None:
    # A river 0.01 degrees wide at latitude 60, where a degree of longitude is half as long as
    # one of latitude: 0.001 degrees of longitude are 55.6 m, of latitude 111.2 m.
    countries = Countries({"A": box(0, 60, 1, 61), "B": box(1.01, 60, 2, 61)})
    lon = np.array([1.002, 1.0075, 2.001, 2.02, 1.5, 1.5])
    lat = np.array([60.5, 60.5, 60.5, 60.5, 59.9991, 59.99])
    assert country_at(countries, lon, lat).tolist() == ["A", "B", "B", "", "B", ""]
    assert country_at(countries, lon, lat, near_m=0).tolist() == [""] * 6
    assert country_at(countries, lon, lat, near_m=80).tolist() == ["", "", "B", "", "", ""]
    assert country_at(countries, [np.nan], [60.5]).tolist() == [""]


def test_country_codes() -> None:
    assert [alpha2(t) for t in ("nl", "NLD", "Belgium", "DEU", " LU ", "XX", "")] == [
        "NL",
        "NL",
        "BE",
        "DE",
        "LU",
        "XX",
        "",
    ]


def test_zones_of_the_region(region_data: Path) -> None:
    folder = region_data / "zones"
    countries = read_countries(BorderEntry(countries=folder / "countries.gpkg"))
    zones = read_zones(
        ZonesEntry(
            path=folder / "zones.gpkg",
            id="zone_id",
            name="name",
            country="country",
            municipality="municipality",
            opportunities=("population",),
        ),
        countries,
    )
    assert len(zones.ids) == 692
    assert np.unique(zones.countries, return_counts=True)[1].tolist() == [132, 560]
    # The polygons agree with the file's own column, but for Baarle-Hertog, whose point stands
    # a few metres outside of its enclave.
    found = country_at(countries, zones.lon, zones.lat)
    assert set(zones.names[found != zones.countries]) <= {"Baarle-Hertog"}
    # Baarle: the centre of Baarle-Hertog is an enclave in the Netherlands.
    assert country_at(countries, [4.9296, 4.9319], [51.4413, 51.4466]).tolist().count("") == 0
