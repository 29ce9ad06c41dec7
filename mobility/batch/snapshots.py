"""Finished runs of one scenario on several snapshots → what changed between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from mobility.batch import manifest
from mobility.batch.folders import whole_folder
from mobility.batch.reading import read_run
from mobility.batch.results import RunData
from mobility.batch.write import write_csv
from mobility.charts.snapshots import over_snapshots
from mobility.charts.style import Stamp, save
from mobility.errors import Problem, RunError
from mobility.snapshots import (
    Snapshot,
    access_changes,
    line_changes,
    series,
    stop_changes,
    supply_summary,
)
from mobility.words import translator
from mobility.workbook import Sheet, write_workbook

SNAPSHOTS = "snapshots"


@dataclass(frozen=True)
class Compared:
    """Snapshots compared: the names of first and last, and the tables by file stem."""

    first: str
    last: str
    tables: Mapping[str, pd.DataFrame]


def are_snapshots(folders: Sequence[Path]) -> bool:
    """Tell whether all run folders hold one scenario of one region, on different data."""
    facts = [manifest.read(folder) for folder in folders]
    same = all(
        fact["scenario"] == facts[0]["scenario"] and fact["changes"] == facts[0]["changes"]
        for fact in facts
    )
    data = {fact.get("snapshot", {}).get("fingerprint", fact["fingerprint"]) for fact in facts}
    return same and len(data) == len(facts) > 1


def compare_snapshots(folders: Sequence[Path]) -> Compared:
    """Compare the oldest and the newest of several runs, and lay out the figures of all.

    Raises
    ------
    RunError
        A run has no tables of supply, because an older program wrote it.
    """
    runs = [(manifest.read(folder), read_run(folder), folder) for folder in folders]
    for _, run, folder in runs:
        if not run.supply:
            raise RunError(
                Problem(str(folder), "a run without tables of supply", "one of this program",
                        "Run the scenario again")
            )  # fmt: skip
    runs.sort(key=lambda one: (day_of(one[0]), _name(one[0])))
    shots = [_snapshot(facts, run) for facts, run, _ in runs]
    (_, old, _), (_, new, _) = runs[0], runs[-1]
    lines = line_changes(old.supply["lines"], new.supply["lines"])
    stops = stop_changes(old.supply["stops"], new.supply["stops"])
    tables = {
        "supply_summary": supply_summary(lines, stops),
        "lines": lines,
        "stops": stops,
        "access": access_changes(old.accessibility, new.accessibility, new.zones),
        "series": series(shots),
    }
    return Compared(shots[0].name, shots[-1].name, tables)


def day_of(facts: Mapping[str, Any]) -> str:
    """Return the day a run's data are of: when fetched, else the service day."""
    return str(facts.get("snapshot", {}).get("day") or facts["day"])


def _name(facts: Mapping[str, Any]) -> str:
    return str(facts.get("snapshot", {}).get("name") or facts["fingerprint"][:8])


def _snapshot(facts: Mapping[str, Any], run: RunData) -> Snapshot:
    figures = run.border.get("figures", pd.DataFrame(columns=["key", "value", "unit"]))
    return Snapshot(_name(facts), day_of(facts), run.supply["lines"], run.supply["stops"], figures)


def write_snapshots(found: Compared, target: Path, lang: str) -> Path:
    """Write the comparison: CSV, one workbook, one chart."""
    _ = translator(lang)
    abouts = {
        "supply_summary": (_("Summary"), _("Lines, departures and stops by operator")),
        "lines": (_("Lines"), _("Lines added, lost and with other departures")),
        "stops": (_("Stops"), _("Stops added and lost")),
        "access": (_("Accessibility"), _("Means by people over the zones that both runs have")),
        "series": (_("Over the snapshots"), _("Figures of every snapshot, oldest first")),
    }
    title = _("From {first} to {last}").format(first=found.first, last=found.last)
    with whole_folder(target) as folder:
        for name, table in found.tables.items():
            write_csv(folder / f"{name}.csv", table)
        sheets = [
            Sheet(abouts[name][0], table, about=abouts[name][1])
            for name, table in found.tables.items()
        ]
        write_workbook(folder / "tables.xlsx", sheets, lang=lang, title=title, notes=[])
        (folder / "charts").mkdir()
        figure = over_snapshots(found.tables["series"], lang=lang, stamp=Stamp(source=title))
        save(figure, folder / "charts" / "snapshots", {"Title": title})
    return target
