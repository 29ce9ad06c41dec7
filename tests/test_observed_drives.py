"""Car times fitted to observed drives, from the region file to the run and the check page."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from street_toys import metres, way_xml, write_osm
from toy_region import write_region

from mobility.cli import main
from mobility.errors import RegionError, StreetError
from mobility.scenario import read_region
from mobility.streets import read_observed

HEAD = "lon_o,lat_o,lon_d,lat_d,observed_s,depart"
NL_M, BE_M = (100, 10_100), (10_700, 20_700)
# Beside the border a secondary road ends and a street begins; each edge has one country.
CUT_M, END_M = 10_600, 21_000
# 10 km at 25 km/h in the Netherlands, at 30 km/h in Belgium.
NL_S, BE_S = 1_440, 1_200
# 10.6 km at 25 km/h = 1526.4 s, 10.4 km at 30 km/h = 1248 s, 240 s to park: 3014.4 s.
FITTED_S = CUT_M * 3.6 / 25 + (END_M - CUT_M) * 3.6 / 30 + 240


def drive(span: tuple[int, int], seconds: float, depart: str = "") -> str:
    (lon_o, lat_o), (lon_d, lat_d) = (metres(m, 0) for m in span)
    return f"{lon_o},{lat_o},{lon_d},{lat_d},{seconds},{depart}"


MORNING = [drive(NL_M, NL_S, "08:15"), drive(BE_M, BE_S, "7:30")]
NIGHT = [drive(NL_M, 900, "03:00"), drive(BE_M, 900, "03:00")]


def draw_region(folder: Path) -> Path:
    """The region drawn by hand with a secondary road up to the cut and a street after it."""
    base = write_region(folder)
    street = (folder / "streets.osm").read_text(encoding="utf-8")
    nodes = "\n".join(line for line in street.splitlines() if "<node" in line)
    ways = [way_xml(1, [1, 2, 3], {"highway": "secondary"}),
            way_xml(2, [3, 4, 5], {"highway": "residential"})]  # fmt: skip
    write_osm(folder / "streets.osm", "\n".join([nodes, *ways]))
    return base


def observe(folder: Path, *rows: str, head: str = HEAD) -> Path:
    """Write drives beside a region, name them in its file, and return the region file."""
    (folder / "observed.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    region = folder / "region.toml"
    text = region.read_text(encoding="utf-8")
    if "observed" not in text:
        text = text.replace("[streets]\n", '[streets]\nobserved = "observed.csv"\n')
        region.write_text(text, encoding="utf-8")
    return region


def car_s(run: Path) -> float:
    table = pd.read_parquet(run / "travel_times.parquet")
    table = table[table["mode"] == "car"].set_index(["origin", "destination"])
    return float(table.loc[("W", "E"), "p50_s"])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A region run without drives, then with those of the morning and the night."""
    folder = tmp_path_factory.mktemp("drives")
    base = draw_region(folder)
    assert main([str(base), "--out", str(folder / "free"), "--quiet"]) == 0
    observe(folder, *MORNING, *NIGHT)
    assert main([str(base), "--out", str(folder / "out"), "--lang", "en", "--quiet"]) == 0
    return folder


def test_the_run_drives_as_observed_in_its_part_of_the_day(world: Path) -> None:
    assert car_s(world / "out" / "base") == pytest.approx(FITTED_S, abs=3)
    assert abs(car_s(world / "free" / "base") - FITTED_S) > 60


def test_the_fit_is_evidence_with_its_error(world: Path) -> None:
    run = world / "out" / "base"
    table = pd.read_csv(run / "merge" / "car_calibration.csv", encoding="utf-8-sig")
    table = table.set_index("group")
    assert set(table.index) == {"all", "NL main", "BE local"}
    assert set(table["period"]) == {"morning"}
    assert table["trips"].to_dict() == {"all": 2, "NL main": 1, "BE local": 1}
    assert (table["error_after_s"] < 1).all()
    # Alone on its group, a drive's error before is all that its factor mends.
    for group, seconds in (("NL main", NL_S), ("BE local", BE_S)):
        row = table.loc[group]
        off = abs(seconds - seconds / row["factor"])
        assert row["error_before_s"] == pytest.approx(off, abs=1)
        assert off > 30
    inputs = json.loads((run / "manifest.json").read_text(encoding="utf-8"))["inputs"]
    assert [i["path"] for i in inputs if i["role"] == "observed drives"] == ["observed.csv"]


def test_other_modes_stay(world: Path) -> None:
    times = [pd.read_parquet(world / out / "base" / "travel_times.parquet")
             for out in ("free", "out")]  # fmt: skip
    free, fitted = (t[t["mode"].isin(["walk", "bike", "pt"])]["p50_s"].tolist() for t in times)
    assert free == fitted


def test_drives_of_another_part_of_the_day_change_nothing(world: Path, tmp_path: Path) -> None:
    folder = tmp_path / "night"
    shutil.copytree(world, folder, ignore=shutil.ignore_patterns("out", "free"))
    observe(folder, *NIGHT)
    assert main([str(folder / "base.toml"), "--out", str(folder / "out"), "--quiet"]) == 0
    assert car_s(folder / "out" / "base") == car_s(world / "free" / "base")


@pytest.mark.parametrize(
    ("lang", "words"),
    [("nl", ("Autotijden naast waargenomen ritten", "ochtendspits")),
     ("en", ("Car times against observed drives", "morning peak"))],
)  # fmt: skip
def test_check_shows_the_fit_of_each_period(
    world: Path, tmp_path: Path, lang: str, words: tuple[str, ...]
) -> None:
    asked = ["check", str(world / "region.toml"), "--date", "2019-10-08", "--out", str(tmp_path)]
    assert main([*asked, "--lang", lang, "--quiet"]) == 0
    page = (tmp_path / "check" / "check.html").read_text(encoding="utf-8")
    assert all(word in page for word in words)
    table = pd.read_csv(tmp_path / "check" / "streets" / "car_calibration.csv",
                        encoding="utf-8-sig")  # fmt: skip
    assert table["period"].unique().tolist() == ["night", "morning"]


def test_drives_that_do_not_say_when_hold_always(tmp_path: Path) -> None:
    base = draw_region(tmp_path)
    observe(tmp_path, drive(NL_M, NL_S), drive(BE_M, BE_S))
    assert main([str(base), "--out", str(tmp_path / "out"), "--quiet"]) == 0
    assert car_s(tmp_path / "out" / "base") == pytest.approx(FITTED_S, abs=3)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    write_region(tmp_path)
    region = observe(tmp_path)
    (tmp_path / "observed.csv").unlink()
    with pytest.raises(RegionError, match=r"streets\.observed: .*no file .*observed\.csv"):
        read_region(region)


@pytest.mark.parametrize(
    ("rows", "head", "said"),
    [
        ([drive(NL_M, -1, "08:00")], HEAD, "rows 2"),
        ([drive(NL_M, 9, "08:00"), drive(NL_M, float("inf"))], HEAD, "rows 3"),
        ([drive(NL_M, 9, "8h15")], HEAD, "8h15"),
        (["5,51,5,99,100,"], HEAD, "rows 2"),
        ([drive(NL_M, 9)], HEAD.replace("lon_d", "x_d"), "no column .*lon_d"),
    ],
)
def test_what_is_no_drive_is_said(tmp_path: Path, rows: list[str], head: str, said: str) -> None:
    write_region(tmp_path)
    observe(tmp_path, *rows, head=head)
    with pytest.raises(StreetError, match=said):
        read_observed(tmp_path / "observed.csv")


def test_periods_of_departures(tmp_path: Path) -> None:
    write_region(tmp_path)
    hours = ("03:00", "08:15", "12:00", "17:00:30", "")
    observe(tmp_path, *(drive(NL_M, 900, hour) for hour in hours))
    table = read_observed(tmp_path / "observed.csv")
    assert table["period"].tolist() == ["night", "morning", "day", "evening", ""]
