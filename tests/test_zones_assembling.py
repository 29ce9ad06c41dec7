"""Zones put together from two offices' files, whatever year their municipalities are of."""

from __future__ import annotations

import platform
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from mobility.errors import RunError, ZoneError
from mobility.scenario import read_region
from mobility.zones import country_at, read_countries, read_zones
from mobility.zones.assembling import assemble
from mobility.zones.concordance import current_codes, current_names

# Two squares of one NL municipality, one of foreign ground among them; in BE two
# municipalities that merged in 2025 (Hasselt, Kortessem) and one outside the region (Genk).
REGION = """version = 1
name = "Two offices"
[[feeds]]
id = "x"
path = "x.zip"
[streets]
osm = ["x.osm"]
[zones]
path = "made/zones.gpkg"
id = "zone_id"
name = "name"
country = "country"
municipality = "municipality"
opportunities = ["population", "jobs"]
[[zones.sources]]
path = "nl.gpkg"
country = "NL"
layer = "buurten"
id = "buurtcode"
name = "buurtnaam"
municipality = "gemeentenaam"
municipality_code = "gemeentecode"
municipalities = ["GM0744"]
leave_out = { gemeentecode = ["GM0998"] }
opportunities = { population = "aantal_inwoners" }
[[zones.sources]]
path = "be.geojson"
country = "BE"
id = "cd_sector"
municipality = "gemeente"
municipality_code = "nis"
municipalities = ["71072"]
[[zones.sources.tables]]
path = "people.zip"
key = "CD_SECTOR"
opportunities = { population = "TOTAL" }
[[zones.tables]]
path = "jobs.csv"
key = "code"
opportunities = { jobs = "jobs" }
share_by = "population"
optional = true
[border]
countries = "made/countries.gpkg"
from_zones = true
"""


def square(x: float, y: float) -> shapely.Polygon:
    return shapely.box(x, y, x + 0.1, y + 0.1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    nl = gpd.GeoDataFrame(
        {
            "buurtcode": ["BU01", "BU02", "BU03"],
            "buurtnaam": ["Dorp", "Veld", "Buitenland"],
            "gemeentenaam": ["Baarle-Nassau", "Baarle-Nassau", "Buitenland"],
            "gemeentecode": ["GM0744", "GM0744", "GM0998"],
            "aantal_inwoners": [300, -99997, -99997],
        },
        geometry=[square(4.9, 51.4), square(5.0, 51.4), square(5.1, 51.4)],
        crs="EPSG:4326",
    ).to_crs("EPSG:28992")
    nl.to_file(tmp_path / "nl.gpkg", layer="buurten", driver="GPKG")
    be = gpd.GeoDataFrame(
        {
            "cd_sector": ["A", "B", "C", "D"],
            "gemeente": ["Hasselt", "Kortessem", "Genk", "Baarle-Hertog"],
            "nis": ["71022", "73040", "71016", "13002"],
        },
        geometry=[square(5.0, 51.3), square(5.1, 51.3), square(5.2, 51.3), square(5.1, 51.4)],
        crs="EPSG:4326",
    )
    be.to_file(tmp_path / "be.geojson", driver="GeoJSON")
    people = "CD_REFNIS|CD_SECTOR|TOTAL|TX_DESCR_NL\n71022|A|100|Hasselt\n73040|B|300|Kortéssem\n"
    with zipfile.ZipFile(tmp_path / "people.zip", "w") as archive:
        archive.writestr("OPENDATA.txt", people.encode("cp1252"))
    (tmp_path / "jobs.csv").write_text(
        "# jobs by zone or by municipality, of any year\ncode,country,jobs\n"
        "0744,NL,60\n73040,BE,40\nA,BE,5\n",
        encoding="utf-8",
    )
    (tmp_path / "two.toml").write_text(REGION, encoding="utf-8")
    return tmp_path


def made(folder: Path):
    region = read_region(folder / "two.toml", check_files=False)
    return assemble(region.zones, region.border), region


def test_two_offices_make_one_zone_file(folder: Path) -> None:
    wrote, region = made(folder)
    assert wrote
    zones = read_zones(region.zones, None)
    assert zones.ids.tolist() == ["BU01", "BU02", "A", "B"]
    assert zones.countries.tolist() == ["NL", "NL", "BE", "BE"]
    # Merged in 2025: both bear today's name, though the file is of 2024.
    assert zones.municipalities.tolist() == ["Baarle-Nassau", "Baarle-Nassau", *["Hasselt"] * 2]
    # −99997 means "not told" and counts as nobody.
    assert zones.opportunities["population"].tolist() == [300, 0, 100, 300]
    # 60 by people: all to BU01. 40 of old Kortessem go to the merged town, 1:3 by people:
    # 10 and 30; A has 5 of its own.
    assert zones.opportunities["jobs"].tolist() == [60, 0, 15, 30]
    assert zones.shapes is not None


def test_areas_may_lie_deep_in_a_zip(folder: Path) -> None:
    with zipfile.ZipFile(folder / "be.geojson.zip", "w") as archive:
        archive.write(folder / "be.geojson", "sectors_2024/data/be.geojson")
        archive.writestr("sectors_2024/readme.txt", "read me")
    text = REGION.replace('"be.geojson"', '"be.geojson.zip"')
    (folder / "two.toml").write_text(text, encoding="utf-8")
    _, region = made(folder)
    assert read_zones(region.zones, None).ids.tolist() == ["BU01", "BU02", "A", "B"]
    with zipfile.ZipFile(folder / "be.geojson.zip", "a") as archive:
        archive.write(folder / "be.geojson", "another.geojson")
    with pytest.raises(ZoneError, match="2 files of areas"):
        made(folder)


def test_countries_hold_their_enclaves(folder: Path) -> None:
    _, region = made(folder)
    assert region.border is not None
    countries = read_countries(region.border)
    # BU03 is Belgian ground in the Dutch file; D, not kept as a zone, makes it Belgian.
    lon, lat = [4.95, 5.15, 5.25, 5.05], [51.45, 51.45, 51.35, 51.35]
    assert country_at(countries, lon, lat, near_m=0).tolist() == ["NL", "BE", "BE", "BE"]


def test_it_is_made_once_and_anew_when_a_source_changes(folder: Path) -> None:
    made(folder)
    first = (folder / "made/zones.gpkg").read_bytes()
    assert not made(folder)[0]
    text = (folder / "jobs.csv").read_text(encoding="utf-8")
    (folder / "jobs.csv").write_text(text.replace("60", "90"), encoding="utf-8")
    assert made(folder)[0]
    assert (folder / "made/zones.gpkg").read_bytes() != first
    (folder / "jobs.csv").write_text(text, encoding="utf-8")
    assert made(folder)[0]
    assert (folder / "made/zones.gpkg").read_bytes() == first
    (folder / "jobs.csv").unlink()
    _, region = made(folder)
    with pytest.raises(ZoneError, match="jobs"):
        read_zones(region.zones, None)


def test_areas_are_joined_by_the_beginning_of_their_ids(folder: Path) -> None:
    # BU01 and BU02 become BU: 300 people and none; name and point are those of BU01.
    text = REGION.replace('layer = "buurten"', 'layer = "buurten"\njoined_by = 2')
    (folder / "two.toml").write_text(text, encoding="utf-8")
    _, region = made(folder)
    zones = read_zones(region.zones, None)
    assert zones.ids.tolist() == ["BU", "A", "B"]
    assert zones.names.tolist()[0] == "Dorp"
    assert zones.opportunities["population"].tolist() == [300, 100, 300]
    assert 4.9 < zones.lon[0] < 5.0
    assert zones.shapes is not None
    assert zones.shapes[0].bounds[2] > 5.09


def test_what_is_wrong_is_said_together(folder: Path) -> None:
    text = REGION.replace('"buurtcode"', '"buurtkode"').replace('["71072"]', '["71072", "99999"]')
    (folder / "two.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ZoneError) as caught:
        made(folder)
    said = str(caught.value)
    assert 'no column "buurtkode"' in said
    assert '"buurtcode"' in said
    assert "99999" in said


def test_zones_can_be_narrowed_to_towns_and_a_box(folder: Path) -> None:
    _, region = made(folder)
    entry = region.zones.model_copy(update={"only_municipalities": ("hasselt",)})
    assert read_zones(entry, None).ids.tolist() == ["A", "B"]
    entry = entry.model_copy(update={"box": (5.1, 51.0, 5.3, 52.0)})
    assert read_zones(entry, None).ids.tolist() == ["B"]
    wrong = region.zones.model_copy(update={"only_municipalities": ("Haselt",)})
    with pytest.raises(ZoneError, match='Did you mean "Hasselt"'):
        read_zones(wrong, None)
    with pytest.raises(ZoneError, match="no zone that is kept"):
        read_zones(region.zones.model_copy(update={"box": (0.0, 0.0, 1.0, 1.0)}), None)


def test_the_concordance_follows_mergers_of_both_years() -> None:
    assert current_codes("BE", ["71022", "73040", "72025", "71016"]) == [
        "71072",
        "71072",
        "72043",
        "71016",
    ]
    assert current_codes("NL", ["GM0756", "0756", "756", "GM0772"]) == [*["1982"] * 3, "772"]
    assert current_names("BE", ["73006", "71016"], ["Bilzen", "Genk"]) == ["Bilzen-Hoeselt", "Genk"]
    # A code means a merger in its own country only.
    assert current_codes("NL", ["71022"]) == ["71022"]


# --- disturbed


class Killed(BaseException):
    """Ends what is done, as a kill would."""


def test_two_that_make_the_zones_at_once_do_not_meet(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = gpd.GeoDataFrame.to_file
    others: list[threading.Thread] = []

    def meanwhile(frame: gpd.GeoDataFrame, *args: object, **how: object) -> None:
        written(frame, *args, **how)
        if not others:  # in the middle of the first, another makes all from beginning to end
            others.append(threading.Thread(target=made, args=(folder,)))
            others[0].start()
            others[0].join(60)

    monkeypatch.setattr(gpd.GeoDataFrame, "to_file", meanwhile)
    assert made(folder)[0]
    first = (folder / "made/zones.gpkg").read_bytes()
    (folder / "made/zones.gpkg").unlink()
    assert made(folder)[0]
    assert (folder / "made/zones.gpkg").read_bytes() == first
    names = ["countries.gpkg", "zones.gpkg", "zones.gpkg.from.txt"]
    assert sorted(p.name for p in (folder / "made").iterdir()) == names


def test_zones_half_renewed_are_not_taken_for_those_of_the_older_sources(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(folder)
    first = (folder / "made/zones.gpkg").read_bytes()
    text = (folder / "jobs.csv").read_text(encoding="utf-8")
    (folder / "jobs.csv").write_text(text.replace("60", "90"), encoding="utf-8")

    def killed(*_: object) -> None:
        raise Killed

    monkeypatch.setattr("mobility.zones.assembling._write_countries", killed)
    with pytest.raises(Killed):
        made(folder)
    monkeypatch.undo()
    (folder / "jobs.csv").write_text(text, encoding="utf-8")
    assert made(folder)[0]
    assert (folder / "made/zones.gpkg").read_bytes() == first


def test_what_a_killed_process_had_begun_goes(folder: Path) -> None:
    (folder / "made").mkdir()
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    left = folder / "made" / f".zones.gpkg-{platform.node()}-{done.pid}-new-1.gpkg"
    for path in (left, left.with_name(left.name + "-journal")):
        path.write_bytes(b"half")
    made(folder)
    assert not list((folder / "made").glob(".*"))


def test_a_full_disk_leaves_the_older_zones(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(folder)
    before = (folder / "made/zones.gpkg").read_bytes()
    text = (folder / "jobs.csv").read_text(encoding="utf-8")
    (folder / "jobs.csv").write_text(text.replace("60", "90"), encoding="utf-8")

    def full(_: object, path: Path, **__: object) -> None:
        path.write_bytes(b"half")
        path.with_name(path.name + "-journal").write_bytes(b"half")
        raise RuntimeError("sqlite3_step(): database or disk is full")

    monkeypatch.setattr(gpd.GeoDataFrame, "to_file", full)
    with pytest.raises(RunError, match="a full disk"):
        made(folder)
    assert (folder / "made/zones.gpkg").read_bytes() == before
    assert not list((folder / "made").glob(".*"))
    monkeypatch.undo()
    assert made(folder)[0]
