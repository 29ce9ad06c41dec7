"""Snapshots: named by the lock, compared in supply and access, drawn over the years.

The toy region of `toy_region` on two states of its data. Before: line 1 (a–n) and line 2
(b–c), 18 trips a day each way, hourly from 5 to 22. After: line 2 has a trip every second
hour, line 3 runs from a over the border to c, stop b is renumbered b2 where it stands.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_gtfs import write_zip
from toy_region import feed, write_region

from mobility.batch.snapshots import are_snapshots, compare_snapshots
from mobility.charts.snapshots import over_snapshots
from mobility.charts.style import Stamp
from mobility.cli import main
from mobility.fetch import Web, fetch
from mobility.scenario import read_region
from mobility.snapshots import (
    Snapshot,
    access_changes,
    line_changes,
    series,
    snapshot_of,
    stop_changes,
    supply_summary,
)
from mobility.zones import Zones

TRIPS = 18  # hours 5 to 22


def changed_feeds(folder: Path) -> None:
    """Write the later state of the data."""
    texts = feed("be", [("b2", "n"), ("c", "c")], [(25, 25), (35, 35)])
    odd = {f"be-{d}-{h}" for d in (0, 1) for h in range(5, 23, 2)}
    for name, column in (("trips.txt", 2), ("stop_times.txt", 0)):
        lines = texts[name].splitlines()
        kept = [lines[0], *(row for row in lines[1:] if row.split(",")[column] not in odd)]
        texts[name] = "\n".join(kept) + "\n"
    write_zip(folder / "be.zip", texts)
    texts = feed("nl", [("a", "a"), ("n", "n")], [(10, 10), (20, 20)])
    texts["stops.txt"] += (
        texts["stops.txt"].splitlines()[1].replace("a,A,", "x,Ver,").rsplit(",", 1)[0] + ",5.29\n"
    )
    texts["routes.txt"] += "r3,nl,3,,3\n"
    texts["trips.txt"] += "r3,wk,t3,0\n"
    texts["stop_times.txt"] += "t3,9:00:00,9:00:00,a,1\nt3,9:20:00,9:20:00,x,2\n"
    write_zip(folder / "nl.zip", texts)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """One scenario run on both states, the second fetched a year after the first."""
    folder = tmp_path_factory.mktemp("snapshots")
    base = write_region(folder)
    path = folder / "region.toml"
    made = []
    for year in (2026, 2027):
        at = Web(now=lambda year=year: dt.datetime(year, 11, 1, tzinfo=dt.UTC))
        fetch(path, read_region(path), web=at)
        # As if fetched: files that the user puts there have no address.
        lock = folder / "region.lock.json"
        content = json.loads(lock.read_text(encoding="utf-8"))
        for entry in content["files"].values():
            entry["url"] = "https://example.org/x"
        lock.write_text(json.dumps(content), encoding="utf-8")
        out = folder / f"out-{year}"
        assert main([str(base), "--out", str(out), "--quiet"]) == 0
        made.append(out / "base")
        lock.unlink()
        changed_feeds(folder)
    return made[0], made[1]


def test_a_run_names_its_snapshot(runs: tuple[Path, Path]) -> None:
    facts = [json.loads((run / "manifest.json").read_text(encoding="utf-8")) for run in runs]
    first, second = (fact["snapshot"] for fact in facts)
    assert (first["day"], second["day"]) == ("2026-11-01", "2027-11-01")
    assert first["name"].startswith("2026-11-01 ")
    assert first["fingerprint"] != second["fingerprint"]
    assert first["files"]["feed nl"]["first_day"] == "2019-10-01"
    assert set(first["files"]) == {"feed nl", "feed be", "streets", "zones", "border"}


def test_supply_changes_are_those_made(runs: tuple[Path, Path]) -> None:
    found = compare_snapshots([runs[1], runs[0]])  # in any order: the older comes first
    assert found.first.startswith("2026")
    lines = found.tables["lines"].set_index("line")
    assert lines["change"].to_dict() == {"1": "same", "2": "fewer", "3": "added"}
    # Line 2: 18 trips each way, of which 9 stay.
    assert lines.loc["2", "departures_before"] == 2 * TRIPS
    assert lines.loc["2", "departures_after"] == TRIPS
    assert lines["crossing"].to_dict() == {"1": True, "2": False, "3": True}
    stops = found.tables["stops"]
    # b became b2 where it stands: neither lost nor added. x is new, over the border.
    assert stops[["change", "stop_id", "crossing"]].to_numpy().tolist() == [["added", "nl:x", True]]
    total = found.tables["supply_summary"].set_index(["operator", "crossing"])
    assert total.loc[("", True), "departures_change"] == 1
    assert total.loc[("", False), "departures_change"] == -TRIPS
    assert total.loc[("", True), "stops_added"] == 1
    assert total.loc[("NL", True), "lines_added"] == 1


def test_access_changes_and_figures_are_there(runs: tuple[Path, Path]) -> None:
    found = compare_snapshots(list(runs))
    access = found.tables["access"]
    reached = access[
        (access["mode"] == "pt") & (access["indicator"] == "cumulative")
        & (access["country"] == "") & (access["cutoff_s"] == 3600.0)
    ]  # fmt: skip
    assert len(reached) == 1
    # W reached E by 40 minutes: 1500 people from W, 1500 or 500 from E. Line 2 at 7 is gone:
    # the next is at 8, so only the own zone's people stay: (1000·1000 + 500·500)/1500 from
    # 1750000/1500.
    assert reached["before"].item() > reached["after"].item()
    assert reached["change"].item() == pytest.approx(
        reached["after"].item() - reached["before"].item()
    )
    table = found.tables["series"]
    assert table["day"].drop_duplicates().tolist() == ["2026-11-01", "2027-11-01"]
    crossing = table[table["key"] == "crossing_departures"]["value"].tolist()
    assert crossing == [2 * TRIPS, 2 * TRIPS + 1]
    assert "reach_pt" in set(table["key"])


def test_compare_says_what_changed(
    runs: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["compare", str(runs[0]), str(runs[1]), "--out", str(tmp_path), "--lang", "en"]
    assert are_snapshots(list(runs))
    assert not are_snapshots([runs[0], runs[0]])
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "2026-11-01" in said
    folder = tmp_path / "snapshots"
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert names == {
        *("supply_summary.csv", "lines.csv", "stops.csv", "access.csv", "series.csv"),
        *("tables.xlsx", "charts/snapshots.png", "charts/snapshots.svg"),
    }


# --- by hand


def lines_of(**departures: int) -> pd.DataFrame:
    return pd.DataFrame({
        "feed": "f", "operator": "X", "mode": "bus", "line": list(departures),
        "crossing": False, "departures": list(departures.values()),
    })  # fmt: skip


def stops_of(*stops: tuple[str, float]) -> pd.DataFrame:
    return pd.DataFrame({
        "stop_id": [s for s, _ in stops], "operator": "X", "mode": "bus",
        "name": [s for s, _ in stops], "country": "NL", "lon": 5.0,
        "lat": [51.0 + m / 111_195 for _, m in stops], "crossing": False, "departures": 1,
    })  # fmt: skip


def test_a_stop_moved_a_little_is_no_loss_and_each_is_taken_once() -> None:
    # p stands at 0 m; in the later state q at 100 m and r at 140 m: q is p, r is added.
    found = stop_changes(stops_of(("p", 0.0)), stops_of(("q", 100.0), ("r", 140.0)))
    assert found[["change", "stop_id"]].to_numpy().tolist() == [["added", "r"]]
    # 200 m away is another stop.
    found = stop_changes(stops_of(("p", 0.0)), stops_of(("q", 200.0)))
    assert found["change"].tolist() == ["added", "lost"]
    # The same id is the same stop, however far.
    assert stop_changes(stops_of(("p", 0.0)), stops_of(("p", 900.0))).empty


some_lines = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 99), min_size=1)


@given(some_lines, some_lines)
@settings(deadline=None, max_examples=30)
def test_changes_add_up_and_turn_round(old: dict[str, int], new: dict[str, int]) -> None:
    there, back = (
        line_changes(lines_of(**old), lines_of(**new)),
        line_changes(lines_of(**new), lines_of(**old)),
    )
    assert there["departures_change"].sum() == sum(new.values()) - sum(old.values())
    assert (there["departures_change"] == -back["departures_change"]).all()
    assert (there["change"] == "added").sum() == (back["change"] == "lost").sum()
    summary = supply_summary(there, stop_changes(stops_of(("p", 0.0)), stops_of(("p", 0.0))))
    assert summary[summary["operator"] == ""]["departures_after"].sum() == sum(new.values())
    assert (line_changes(lines_of(**old), lines_of(**old))["change"] == "same").all()


def test_means_are_by_people_over_shared_zones() -> None:
    def rows(**values: float) -> pd.DataFrame:
        return pd.DataFrame({
            "zone": list(values), "country": "NL", "mode": "pt", "indicator": "cumulative",
            "opportunity": "jobs", "cutoff_s": 3600.0, "percentile": 50, "unit": "jobs",
            "value": list(values.values()),
        })  # fmt: skip

    zones = Zones(
        ids=np.array(["a", "b"], object), names=np.array(["a", "b"], object),
        countries=np.array(["NL", "NL"], object), municipalities=np.array(["", ""], object),
        lon=np.zeros(2), lat=np.zeros(2), opportunities=pd.DataFrame({"population": [1.0, 3.0]}),
    )  # fmt: skip
    found = access_changes(rows(a=100, b=20, gone=9), rows(a=100, b=60), zones)
    # before (100 + 3·20)/4 = 40, after (100 + 3·60)/4 = 70
    assert found[["country", "before", "after", "change"]].to_numpy().tolist() == [
        ["", 40, 70, 30],
        ["NL", 40, 70, 30],
    ]


def test_a_file_exchanged_by_hand_has_no_day(tmp_path: Path) -> None:
    shot = snapshot_of(tmp_path / "x.toml", [{"role": "zones", "sha256": "00"}])
    assert shot["day"] == ""
    assert shot["files"]["zones"]["fetched"] == ""
    assert len(shot["name"]) == 8


def test_the_chart_draws_a_panel_per_figure() -> None:
    shots = [
        Snapshot(f"{year} x", f"{year}-01-01", lines_of(a=year - 2000), stops_of(("p", 0.0)),
                 pd.DataFrame({"key": ["reach_pt"], "value": [float(year)], "unit": ["people"]}))
        for year in (2028, 2026, 2027)
    ]  # fmt: skip
    table = series(shots)
    assert table[table["key"] == "departures"]["value"].tolist() == [26, 27, 28]
    for lang in ("nl", "en"):
        figure = over_snapshots(table, lang=lang, stamp=Stamp(source="test"))
        drawn = [axes for axes in figure.axes if axes.lines]
        assert len(drawn) == 5
        assert all(len(axes.lines[0].get_xdata()) == 3 for axes in drawn)
    empty = over_snapshots(table.iloc[:0], lang="nl", stamp=Stamp())
    assert not any(axes.lines for axes in empty.axes)
