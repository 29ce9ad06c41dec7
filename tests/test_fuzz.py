"""A short run of the damaged inputs, and each that once broke something."""

from __future__ import annotations

import random
from pathlib import Path

import fuzz
import pytest
from street_toys import node_xml, two_way_square, way_xml, write_osm
from toy_gtfs import TOY, read, write_folder

from mobility.errors import RegionError, ScenarioError, StreetError, ZoneError
from mobility.merge.overrides import read_overrides
from mobility.scenario import read_region, read_scenarios
from mobility.scenario.model import ZonesEntry
from mobility.streets import read_streets
from mobility.zones import read_zones


@pytest.mark.parametrize("kind", list(fuzz.KINDS))
def test_damaged_inputs_are_read_or_refused(kind: str) -> None:
    tally = fuzz.Tally()
    for seed in range(40):
        fuzz.attempt(kind, 1_000_000 + seed, tally)
    assert tally.broke == []
    assert tally.refused > 0


def test_the_tally_notices_what_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(folder: Path, dice: random.Random) -> None:
        raise IndexError(dice.random())

    monkeypatch.setitem(fuzz.KINDS, "overrides", broken)
    tally = fuzz.Tally()
    fuzz.attempt("overrides", 1, tally)
    assert (tally.tried, tally.refused, len(tally.broke)) == (1, 0, 1)
    assert "IndexError" in tally.broke[0]


@pytest.mark.parametrize(
    "raw", [b"\xff\xfes\x00", "stop_a,stop_b,grade\né,b,near\n".encode("cp1252"),
            b"stop_a,stop_b,grade\nx:a,y:b," + b"x" * 200_000]
)  # fmt: skip
def test_overrides_that_are_no_csv(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(raw)
    with pytest.raises(RegionError, match="unreadable"):
        read_overrides(path, ("x", "y"))


def geojson(path: Path, properties: str, geometry: str) -> Path:
    sound = '{"type":"Polygon","coordinates":[[[5,51],[5.1,51],[5.1,51.1],[5,51]]]}'
    path.write_text(
        '{"type":"FeatureCollection","features":['
        f'{{"type":"Feature","properties":{{"n":1}},"geometry":{sound}}},'
        f'{{"type":"Feature","properties":{properties},"geometry":{geometry}}}]}}',
        encoding="utf-8",
    )
    return path


def test_zones_without_a_shape_are_named(tmp_path: Path) -> None:
    empty = '{"type":"Polygon","coordinates":[]}'
    path = geojson(tmp_path / "x.geojson", '{"n":2}', empty)
    with pytest.raises(ZoneError, match=r'1 zones without a position in degrees \("2"\)'):
        read_zones(ZonesEntry(path=path, id="n"), None)


def test_a_ring_of_one_point_is_no_shape(tmp_path: Path) -> None:
    ring = '{"type":"Polygon","coordinates":[[[5,51]]]}'
    path = geojson(tmp_path / "x.geojson", '{"n":2}', ring)
    with pytest.raises(ZoneError, match=r"unreadable|without a position"):
        read_zones(ZonesEntry(path=path, id="n"), None)


def test_an_id_too_large_to_tell_from_the_next(tmp_path: Path) -> None:
    point = '{"type":"Point","coordinates":[5,51]}'
    path = geojson(tmp_path / "x.geojson", '{"n":1e308}', point)
    assert read_zones(ZonesEntry(path=path, id="n"), None).ids.tolist() == ["1.0", "1e+308"]


@pytest.mark.parametrize("lon", ["", "x", "NaN", "1e9", "5.0b"])
def test_a_node_without_a_number_for_a_place(tmp_path: Path, lon: str) -> None:
    path = two_way_square(tmp_path)
    text = path.read_text(encoding="utf-8").replace('lon="5.0"', f'lon="{lon}"')
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StreetError, match="breaks off or is no OSM data"):
        read_streets([path])


def test_ways_without_any_node(tmp_path: Path) -> None:
    path = write_osm(
        tmp_path / "x.osm", node_xml(1, 5.0, 51.0) + way_xml(1, [], {"highway": "residential"})
    )
    with pytest.raises(StreetError):
        read_streets([path])


@pytest.mark.parametrize("line", ['base = "\\u0000"', 'region = "a\\u0000b"', '"\\u0000" = 1'])
def test_a_null_character_in_a_scenario(tmp_path: Path, line: str) -> None:
    path = tmp_path / "x.toml"
    path.write_text(f'version = 1\nname = "x"\n{line}\n', encoding="utf-8")
    with pytest.raises(ScenarioError, match="a null character"):
        read_scenarios([path])


def test_a_null_character_in_a_region(tmp_path: Path) -> None:
    path = tmp_path / "region.toml"
    path.write_text(
        'version = 1\nname = "x"\n[[feeds]]\nid = "a"\npath = "\\u0000"\n'
        '[streets]\nosm = ["x.osm"]\n[zones]\npath = "z.csv"\nid = "id"\n',
        encoding="utf-8",
    )
    with pytest.raises(RegionError, match="a null character"):
        read_region(path)


def test_a_ragged_row_that_is_not_utf_8_is_counted(tmp_path: Path) -> None:
    many = "".join(f"s{k},Halt,51.0,5.2,0,\n" for k in range(2000))
    raw = (TOY["stops.txt"] + many + "d,Café,51.0,5.4,0,,too,many\n").encode("cp1252")
    feeds = read(write_folder(tmp_path / "f", {**TOY, "stops.txt": raw}))
    source = feeds.sources[0]
    assert source.dropped["stops.txt: wrong number of fields"] == 1
    assert source.rows["stops.txt"] == 2004
