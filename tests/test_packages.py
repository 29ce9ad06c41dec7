"""Packages on the toy region: shares that add up, leave-one-out as run, what carries the border."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from toy_region import SCENARIO, W_TO_E_S, write_region

from mobility.batch.contribution import FIGURES, figures_of, measures_of
from mobility.batch.increments import Increments
from mobility.batch.job import Job, Silent
from mobility.batch.reading import read_run
from mobility.batch.write import report_input
from mobility.cli import main
from mobility.errors import ScenarioError
from mobility.scenario import read_region, read_scenarios
from mobility.scenario.model import Pair

# Express: 450 s walk, 150 s wait until 07:10, 900 s ride, 300 s walk.
EXPRESS_S = 450 + 150 + 900 + 300
SLOW = SCENARIO.replace('"through"', '"slow"').replace('"express"', '"slow"')
SLOW = SLOW.replace("run_s = [900]", "run_s = [1200]")
# Slow: 300 s longer on the way.
SLOW_S = EXPRESS_S + 300


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packages")
    write_region(folder)
    (folder / "slow.toml").write_text(SLOW, encoding="utf-8")
    both = SCENARIO + "[[changes]]" + SLOW.split("[[changes]]", maxsplit=1)[1]
    (folder / "both.toml").write_text(both.replace('"through"', '"both"'), encoding="utf-8")
    return folder


def run(*words: str | Path) -> int:
    return main([str(word) for word in words])


def test_shares_of_a_package_by_hand(world: Path, tmp_path: Path) -> None:
    assert run("contribution", world / "through.toml", world / "slow.toml", "--out", tmp_path,
               "--name", "lines", "--lang", "en", "--quiet") == 0  # fmt: skip
    folder = tmp_path / "lines.contribution"
    table = pd.read_csv(folder / "contribution.csv")
    rows = table[table["figure"] == "border_minutes"].set_index("measure")

    total = rows["total"].iloc[0]
    assert rows["shapley"].sum() == pytest.approx(total, rel=1e-9)
    # W → E alone, of the mean over both directions: half of what each saves.
    assert rows.loc["through", "alone"] <= rows.loc["slow", "alone"] < 0
    # The slow line brings nothing where the express runs; the express still saves what it is
    # faster by. Shares: mean of alone and last, as there are two.
    assert rows.loc["slow", "leave_one_out"] == pytest.approx(0)
    assert rows.loc["through", "leave_one_out"] == pytest.approx(
        rows.loc["through", "alone"] - rows.loc["slow", "alone"]
    )
    for name in ("through", "slow"):
        mean = (rows.loc[name, "alone"] + rows.loc[name, "leave_one_out"]) / 2
        assert rows.loc[name, "shapley"] == pytest.approx(mean, rel=1e-5)
    assert (table["error"] == 0).all()
    assert (folder / "tables.xlsx").is_file()
    assert (folder / "charts" / "border_minutes-pt.png").is_file()


def increments(world: Path, out: Path, name: str) -> Increments:
    base, whole = read_scenarios([world / "base.toml", world / f"{name}.toml"])
    return Increments(Job(whole, read_region(whole.region_path), out, "en"), base, Silent())


def test_leave_one_out_equals_direct_runs(world: Path, tmp_path: Path) -> None:
    files = [world / f"{name}.toml" for name in ("base", "through", "slow", "both")]
    assert run(*files, "--out", tmp_path, "--quiet", "--workers", "1") == 0
    found = increments(world, tmp_path, "both")
    express, slow = found.job.scenario.changes
    for changes, name, expected in (
        ((), "base", W_TO_E_S),
        ((express,), "through", EXPRESS_S),
        ((slow,), "slow", SLOW_S),
        ((express, slow), "both", EXPRESS_S),
    ):
        times = found.times(changes, "pt")
        table = pd.read_parquet(tmp_path / name / "travel_times.parquet")
        direct = table[table["mode"] == "pt"]["p50_s"].to_numpy()
        assert (times.at(50).ravel() == direct).all()
        assert times.at(50)[0, 1] == expected


def test_a_file_alone_is_a_package_of_its_changes(world: Path, tmp_path: Path) -> None:
    assert run("contribution", world / "both.toml", "--out", tmp_path, "--lang", "nl",
               "--quiet") == 0  # fmt: skip
    table = pd.read_csv(tmp_path / "both.contribution" / "contribution.csv")
    assert set(table["measure"]) == {"1 add-line express", "2 add-line slow"}
    assert set(table["figure"]) == set(FIGURES)
    for _, rows in table.groupby(["figure", "mode"]):
        assert rows["shapley"].sum() == pytest.approx(rows["total"].iloc[0], rel=1e-5)


def test_a_package_of_one_is_said(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("contribution", world / "through.toml", "--out", world / "o", "--quiet") == 1
    assert "a package of two measures or more" in capsys.readouterr().err
    assert run("contribution", world / "both.toml", "--modes", "pt,train", "--quiet") == 1
    assert "train" in capsys.readouterr().err
    base, through = read_scenarios([world / "base.toml", world / "through.toml"])
    with pytest.raises(ScenarioError, match="1 measure"):
        measures_of([through], base)


def test_figures_by_hand(world: Path, tmp_path: Path) -> None:
    found = increments(world, tmp_path, "both")
    (express, _) = found.job.scenario.changes
    zones = found.start(())[1].prepared.network.supply.zones
    abroad, people, minutes = figures_of(zones)(found.times((express,), "pt"))
    times = found.times((express,), "pt").at(50)
    # W (1,000 people, NL) and E (500, BE). Within an hour all is reached both ways: a person
    # of W finds 500 abroad, one of E 1,000.
    assert (times < 3600).all()
    assert abroad == pytest.approx((1000 * 500 + 500 * 1000) / 1500)
    assert people == pytest.approx(1500)
    assert minutes == pytest.approx((times[0, 1] + times[1, 0]) / 2 / 60)


def test_what_carries_the_border(world: Path, tmp_path: Path) -> None:
    for name in ("base", "through"):
        assert run("carries", world / f"{name}.toml", "--out", tmp_path, "--lang", "en",
                   "--modes", "pt,walk,bike", "--quiet") == 0  # fmt: skip
    folder = tmp_path / "base.border-out"
    rows = pd.read_csv(folder / "border-out.csv").set_index(["mode", "name"])
    # Line 1 alone calls in both countries: its last stop lies 600 m behind the border. Without
    # it there are 10.6 km to walk, 7,950 s, and nobody abroad is reached within the hour.
    (line,) = [name for mode, name in rows.index if mode == "pt"]
    assert line == "nl 1 (bus)"
    # From E to W it takes until 08:00 and 450 s, more than an hour: the people of W alone gain.
    whole = 1000 * 500 / 1500
    assert rows.loc[("pt", line), "loss"] == pytest.approx(whole, rel=1e-5)
    assert rows.loc[("pt", line), ["value", "share", "rank"]].tolist() == [0, 1, 1]
    # 21 km by bike take 4,200 s: nobody is reached in an hour, and nothing can be lost.
    assert rows.loc[("bike", "Grensweg"), ["value", "loss"]].tolist() == [0, 0]
    assert (folder / "charts" / "pt.png").is_file()
    assert (folder / "tables.xlsx").is_file()
    # With the express beside it line 1 is not missed; without the express it brings the people
    # of W across still, but not those of E: half of what the two bring together is lost.
    rows = pd.read_csv(tmp_path / "through.border-out" / "border-out.csv")
    rows = rows[rows["mode"] == "pt"]
    assert rows["name"].tolist()[1] == line
    assert rows["loss"].tolist() == pytest.approx([whole, 0], rel=1e-5)
    assert rows["share"].tolist() == pytest.approx([0.5, 0], rel=1e-5)
    assert rows["rank"].tolist() == [1, 2]


def test_a_no_border_run_says_what_each_friction_costs(world: Path, tmp_path: Path) -> None:
    (world / "none.toml").write_text(
        'version = 1\nbase = "base.toml"\n[[changes]]\nkind = "ticket"\noperator_minutes = 5.0\n'
        '[[changes]]\nkind = "no-border"\nremove = ["fit", "calendar", "ticket"]\n',
        encoding="utf-8",
    )
    assert run(world / "none.toml", "--out", tmp_path, "--quiet", "--workers", "1") == 0
    table = pd.read_csv(tmp_path / "none" / "decomposition.csv")
    pairs = pd.read_csv(tmp_path / "none" / "decomposition_pairs.csv")
    assert set(table["cause"]) == set(pairs["cause"]) == {"fit", "calendar", "ticket"}
    for _, rows in pairs.groupby(["municipality_o", "municipality_d"]):
        assert rows["cost_s"].sum() == pytest.approx(rows["effect_s"].iloc[0], abs=1e-3)
    # The five minutes of a second ticket are all there is to take away from W to E, where the
    # change at n has 5 minutes: with the ticket the next bus, an hour later, is taken.
    mine = pairs[pairs["municipality_o"] == "Wstad"].set_index("cause")["cost_s"]
    assert mine["ticket"] == 3600
    assert mine["calendar"] == mine["fit"] == 0
    # The report says the same of the named pairs, in minutes: 3,600 s are 60.
    none = read_run(tmp_path / "none")
    to = str(pairs["municipality_d"][pairs["municipality_o"] == "Wstad"].iloc[0])
    there = Pair(origin="Wstad", destination=to)
    border = report_input([replace(none, pairs=(there,))]).border.set_index("cause")["minutes"]
    assert border.to_dict() == {"fit": 0, "calendar": 0, "ticket": 60}
    without = replace(none, border={"scorecard": none.border["scorecard"]})
    assert report_input([without]).border.empty
    assert 'id="border"' in (tmp_path / "none" / "report.html").read_text(encoding="utf-8")
