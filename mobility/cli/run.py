"""``run``: the main job, and in ten lines what it found."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mobility.batch import Options
from mobility.batch import run as run_batch
from mobility.batch.run import Finished
from mobility.batch.write import named_pairs, report_input
from mobility.cli.main import DONE, WRONG_FILES, repository, say_problems
from mobility.cli.progress import Progression
from mobility.errors import printable
from mobility.report.model import spoken
from mobility.report.pairs import pair_times
from mobility.scenario import Scenario, is_plan, read_plan, read_scenarios
from mobility.words import label, number, translator

DEMONSTRATION = ("baseline", "hamont-weert", "eindhoven-lommel-hasselt", "f74")
SHOWN_MODES = ("pt", "bike+pt", "bike", "car")
SHOWN_PAIRS = 10


def run(options: argparse.Namespace) -> int:
    """Run scenarios, write their folders and say what came out."""
    paths = options.scenarios or [
        repository() / "scenarios" / f"{name}.toml" for name in DEMONSTRATION
    ]
    scenarios = read_all(paths, options.region)
    how = Options(options.out, options.lang, options.workers, options.scheduler)
    with Progression(quiet=options.quiet) as progress:
        finished = run_batch(scenarios, how, progress)
    if not options.quiet:
        show(finished, options.lang)
    for name, error in finished.failures.items():
        say_problems(error, f"{name}:")
    return WRONG_FILES if finished.failures else DONE


def read_all(paths: list[Path], region: Path | None) -> tuple[Scenario, ...]:
    """Read scenario files and plans, everything checked before anything runs."""
    if len(paths) == 1 and is_plan(paths[0]):
        return read_plan(paths[0]).scenarios
    return read_scenarios(paths, region=region)


def show(finished: Finished, lang: str) -> None:
    """Print the named pairs, baseline beside scenarios by mode, and where the files are."""
    console = Console(file=sys.stdout, highlight=False)
    if finished.results:
        console.print(_pairs_table(finished, lang))
    _ = translator(lang)
    if finished.comparison is not None:
        console.print(f"{_('Report')}: {escape(str(finished.comparison / 'report.html'))}")
    for folder in finished.folders.values():
        console.print(f"  {escape(str(folder))}")


def _pairs_table(finished: Finished, lang: str) -> Table:
    _ = translator(lang)
    data = report_input(finished.results)
    rows = pair_times(data.runs, named_pairs(finished.results[0])[:SHOWN_PAIRS], data.zones)
    rows = rows[rows["percentile"] == 50]
    title = data.region + (f" – {_('Demonstration timetable')}" if data.demonstration else "")
    table = Table(title=escape(printable(title)), title_justify="left")
    table.add_column(_("Minutes, door to door"))
    columns = []
    for mode in (m for m in SHOWN_MODES if m in set(rows["mode"])):
        of_mode = rows[rows["mode"] == mode].pivot_table(
            index="pair", columns="scenario", values="minutes", dropna=False, observed=True
        )
        first = data.runs[0].name
        for run_ in data.runs:
            differs = (of_mode[run_.name] - of_mode[first]).abs().max() > 0
            if run_.name == first or differs:
                name = spoken(run_.title, lang, run_.name) if run_.name != first else ""
                head = label(mode, lang) + (f"\n{printable(name)}" if name else "")
                table.add_column(escape(head), justify="right", overflow="fold")
                columns.append(of_mode[run_.name])
    for pair in dict.fromkeys(rows["pair"]):
        cells = [_cell(column.get(pair), lang) for column in columns]
        table.add_row(escape(printable(str(pair))), *cells)
    return table


def _cell(minutes: float | None, lang: str) -> str:
    return "–" if minutes is None or pd.isna(minutes) else number(float(minutes), lang)
