"""Many scenarios as one batch: whose baseline, what fails, what a plan lays out."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pandas as pd
import pytest
from toy_region import SCENARIO, write_region

from mobility.batch.run import _with_baselines
from mobility.cli import main
from mobility.scenario import read_plan, read_scenarios


def write(folder: Path, name: str, more: str) -> Path:
    """A scenario file beside the toy region's baseline, `more` before its changes."""
    head, changes = SCENARIO.split("[[changes]]", maxsplit=1)
    text = head.replace('name = "through"', f'name = "{name}"') + more
    path = folder / f"{name}.toml"
    path.write_text(f"{text}\n[[changes]]{changes}", encoding="utf-8")
    return path


LATE = '[window]\nstart = "21:00"\nend = "21:01"'


def test_a_scenario_is_set_beside_a_baseline_of_its_own_window(tmp_path: Path) -> None:
    base = write_region(tmp_path)
    late = write(tmp_path, "late", LATE)
    ordered = _with_baselines(read_scenarios([base, tmp_path / "through.toml", late]))
    assert [s.name for s in ordered] == ["base", "through", "base.2100-2101", "late"]
    assert [s.baseline for s in ordered] == ["", "base", "", "base.2100-2101"]
    assert ordered[2].window == ordered[3].window
    assert ordered[2].title.en == "Now (21:00–21:01)"
    assert ordered[2].changes == ()


def test_another_day_is_the_baselines_too_unless_it_is_what_changes(tmp_path: Path) -> None:
    base = write_region(tmp_path)
    day = write(tmp_path, "day", "[day]\ndate = 2019-10-09")
    calendar = tmp_path / "calendar.toml"
    calendar.write_text(
        'version = 1\nbase = "base.toml"\n[[changes]]\nkind = "calendar"\ndate = 2019-10-09\n',
        encoding="utf-8",
    )
    ordered = {s.name: s for s in _with_baselines(read_scenarios([base, day, calendar]))}
    assert ordered["day"].baseline == "base.2019-10-09"
    assert ordered["base.2019-10-09"].day.date == dt.date(2019, 10, 9)
    assert ordered["calendar"].baseline == "base"
    assert ordered["calendar"].day.date == dt.date(2019, 10, 9)


def test_the_late_baseline_is_computed_in_the_late_window(tmp_path: Path) -> None:
    write_region(tmp_path)
    # The last trips leave at 22:10: at 23:00 one can only walk.
    late = write(tmp_path, "late", '[window]\nstart = "23:00"\nend = "23:01"')
    assert main([str(late), "--out", str(tmp_path / "o"), "--quiet", "--workers", "1"]) == 0
    for name in ("base.2300-2301", "late"):
        table = pd.read_parquet(tmp_path / "o" / name / "travel_times.parquet")
        times = table[table["mode"] == "pt"].set_index(["origin", "destination"])["p50_s"]
        walked = table[table["mode"] == "walk"].set_index(["origin", "destination"])["p50_s"]
        assert times["W", "E"] == pytest.approx(walked["W", "E"], abs=1)
    facts = json.loads((tmp_path / "o/late/manifest.json").read_text(encoding="utf-8"))
    assert facts["baseline"] == "base.2300-2301"


PLAN = """version = 1
name = "plan"
scenarios = ["base.toml", "through.toml"]
modes = ["walk", "pt"]
[[days]]
id = "tuesday"
date = 2019-10-08
[[days]]
id = "sunday"
date = {sunday}
[[windows]]
id = "morning"
start = "07:00"
end = "07:01"
[[windows]]
id = "late"
start = "23:00"
end = "23:01"
"""


def test_a_plan_is_scenarios_by_days_by_windows_by_modes(tmp_path: Path) -> None:
    write_region(tmp_path)
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN.format(sunday="2019-10-13"), encoding="utf-8")
    ordered = _with_baselines(read_plan(plan).scenarios)
    endings = [f"{d}.{w}" for d in ("tuesday", "sunday") for w in ("morning", "late")]
    assert [s.name for s in ordered] == [f"{n}.{e}" for n in ("base", "through") for e in endings]
    assert {s.modes for s in ordered} == {("walk", "pt")}
    for scenario in ordered:
        expected = scenario.name.replace("through", "base") if "through" in scenario.name else ""
        assert scenario.baseline == expected


def test_a_day_without_service_loses_its_own_runs_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_region(tmp_path)
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN.format(sunday="2031-10-12"), encoding="utf-8")
    out = tmp_path / "o"
    assert main([str(plan), "--out", str(out), "--quiet", "--workers", "1"]) == 1
    said = capsys.readouterr().err
    for window in ("morning", "late"):
        assert f"base.sunday.{window}:" in said
        assert f"its baseline base.sunday.{window}, which could not be run" in said
        assert (out / f"through.tuesday.{window}" / "manifest.json").is_file()
    assert not (out / "through.sunday.morning").exists()


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three scenarios and one that fails when it is applied, compared."""
    folder = tmp_path_factory.mktemp("compared")
    base = write_region(folder)
    late = write(folder, "late", LATE)
    bad = write(folder, "bad", "")
    bad.write_text(bad.read_text(encoding="utf-8").replace("be:c", "be:nowhere"), encoding="utf-8")
    files = [base, folder / "through.toml", late, bad]
    assert main([*map(str, files), "--out", str(folder / "o"), "--workers", "1", "--quiet",
                 "--lang", "en"]) == 1  # fmt: skip
    return folder / "o"


def test_the_end_table_has_every_scenario_and_its_error(compared: Path) -> None:
    table = pd.read_csv(compared / "comparison" / "scenarios.csv").set_index("scenario")
    assert set(table.index) == {"base", "through", "base.2100-2101", "late", "bad"}
    assert table.loc["bad", "status"] == "failed"
    assert "be:nowhere" in table.loc["bad", "error"]
    assert table.loc["late", "baseline"] == "base.2100-2101"
    # W to E within the hour before and after; E to W only with the express (no later than 50
    # minutes after 07:00): 500 people more find 1,000 abroad.
    assert table.loc["base", "people_abroad"] == pytest.approx(1000 * 500 / 1500, rel=1e-5)
    assert table.loc["through", "people_abroad_change"] == pytest.approx(500_000 / 1500, rel=1e-5)
    assert table.loc["through", "rank"] == 1
    # 15 trips each way of 15 minutes; the toy's two lines are as before.
    assert table.loc["through", "vehicle_hours_change"] == pytest.approx(2 * 15 * 0.25)
    assert table.loc["through", "gain_per_vehicle_hour"] == pytest.approx(500_000 / 1500 / 7.5,
                                                                        rel=1e-5)  # fmt: skip


def test_differences_absolute_and_relative_at_every_level(compared: Path) -> None:
    folder = compared / "comparison"
    zone_pairs = pd.read_parquet(folder / "zone_pairs.parquet")
    pairs = pd.read_csv(folder / "pairs.csv")
    municipalities = pd.read_csv(folder / "municipalities.csv")
    countries = pd.read_csv(folder / "countries.csv")
    for table, start, end, o, d in (
        (zone_pairs, "W", "E", "origin", "destination"),
        (pairs, "Wstad", "Estad", "group_o", "group_d"),
        (municipalities, "Wstad (NL)", "Estad (BE)", "group_o", "group_d"),
        (countries, "NL", "BE", "group_o", "group_d"),
    ):
        mine = (table["scenario"] == "through") & (table["mode"] == "pt")
        (row,) = table[mine & (table[o] == start) & (table[d] == end)].to_dict("records")
        assert (row["base_s"], row["time_s"], row["difference_s"]) == (2400, 1800, -600)
        assert row["relative"] == pytest.approx(-0.25)
    # street times don't change: no rows but between countries
    assert set(zone_pairs["mode"]) == set(municipalities["mode"]) == {"pt"}
    streets = countries[(countries["mode"] == "bike") & (countries["scenario"] == "through")]
    assert (streets["difference_s"] == 0).all()
    # the street part is the same, and one departure has no spread: nothing blurs the gain
    assert (zone_pairs["verdict"] == "shorter").any()
    cost = pd.read_csv(folder / "service_cost.csv")
    assert cost.loc[cost["scenario"] == "through", "departures"].tolist() == [30]


def test_compare_says_the_same_of_finished_runs(compared: Path, tmp_path: Path) -> None:
    runs = [str(compared / name) for name in ("base", "through")]
    assert main(["compare", *runs, "--out", str(tmp_path), "--quiet"]) == 0
    now, then = (
        pd.read_csv(folder / "comparison" / "municipalities.csv") for folder in (tmp_path, compared)
    )
    then = then[then["scenario"] == "through"].reset_index(drop=True)
    pd.testing.assert_frame_equal(now, then)
