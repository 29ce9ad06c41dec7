"""``contribution`` and ``carries``: what each measure brings, and what carries the border."""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mobility.batch.carrying import FOLDER as CARRYING
from mobility.batch.carrying import run_carried
from mobility.batch.contribution import FIGURES, FOLDER, run_contribution
from mobility.batch.job import Job
from mobility.cli.main import DONE
from mobility.cli.progress import Progression
from mobility.errors import Problem, ScenarioError, printable, raise_all
from mobility.scenario import Scenario, read_region, read_scenarios
from mobility.tables import MODES
from mobility.words import label, number, signed, translator

SHOWN = 10


def contribution(options: argparse.Namespace) -> int:
    """Compute what each measure of a package contributes, and print it."""
    modes = _modes(options.modes)
    scenarios = read_scenarios(options.scenarios, region=options.region)
    base = _base(scenarios)
    whole = _package(scenarios, base, options.name)
    job = Job(whole, read_region(whole.region_path), options.out, options.lang)
    with Progression(quiet=options.quiet, lang=options.lang) as progress:
        folder = run_contribution(
            scenarios, base, job, progress, modes=modes, orders=options.orders
        )
    if not options.quiet:
        table = pd.read_csv(folder / f"{FOLDER}.csv")
        console = Console(highlight=False)
        for (figure, mode), rows in table.groupby(["figure", "mode"], sort=False):
            console.print(_contribution_table(rows, str(figure), str(mode), options.lang))
        console.print(escape(str(folder)))
    return DONE


def carries(options: argparse.Namespace) -> int:
    """Rank lines and streets by the people abroad that are lost without each."""
    modes = _modes(options.modes)
    (scenario,) = read_scenarios([options.scenario], region=options.region)
    job = Job(scenario, read_region(scenario.region_path), options.out, options.lang)
    with Progression(quiet=options.quiet, lang=options.lang) as progress:
        folder = run_carried(job, _base([scenario]), progress, modes=modes)
    if not options.quiet:
        table = pd.read_csv(folder / f"{CARRYING}.csv")
        console = Console(highlight=False)
        for mode, rows in table.groupby("mode", sort=False):
            console.print(_carried_table(rows.head(SHOWN), str(mode), options.lang))
        console.print(escape(str(folder)))
    return DONE


def _modes(text: str) -> tuple[str, ...]:
    modes = tuple(word.strip() for word in text.split(",") if word.strip())
    wrong = [mode for mode in modes if mode not in MODES]
    expected = f"one or more of {', '.join(MODES)}"
    raise_all(ScenarioError, [Problem("--modes", mode, expected) for mode in wrong])
    if not modes:
        raise ScenarioError(Problem("--modes", "none", expected))
    return modes


def _base(scenarios: list[Scenario] | tuple[Scenario, ...]) -> Scenario:
    """Return the baseline that all scenarios of a package rest on."""
    files = {s.base_paths[0] if s.base_paths else s.path for s in scenarios}
    if len(files) > 1:
        raise ScenarioError(
            Problem("contribution", f"{len(files)} baselines", "scenarios of one baseline")
        )
    (base,) = read_scenarios(list(files), region=scenarios[0].region_path)
    return base


def _package(scenarios: tuple[Scenario, ...], base: Scenario, name: str) -> Scenario:
    """Put all changes of a package into one scenario."""
    if len(scenarios) == 1:
        return scenarios[0]
    more = [form for s in scenarios for form in s.changes[len(base.changes) :]]
    return scenarios[0].model_copy(
        update={"name": name or "package", "changes": (*base.changes, *more), "path": Path(name)}
    )


def _contribution_table(rows: pd.DataFrame, figure: str, mode: str, lang: str) -> Table:
    _ = translator(lang)
    digits = 2 if figure == "border_minutes" else 0
    title = f"{label(FIGURES[figure], lang)} ({label(mode, lang)})"
    table = Table(title=escape(title), title_justify="left")
    table.add_column(_("measure"))
    for head in (_("alone"), _("as the last"), _("share")):
        table.add_column(head, justify="right")
    for row in rows.itertuples(index=False):
        cells = [signed(v, lang, digits) for v in (row.alone, row.leave_one_out, row.shapley)]
        table.add_row(escape(printable(str(row.measure))), *cells)
    table.add_row(_("together"), "", "", signed(float(rows["total"].iloc[0]), lang, digits))
    return table


def _carried_table(rows: pd.DataFrame, mode: str, lang: str) -> Table:
    _ = translator(lang)
    table = Table(title=f"{_('What carries the border')} ({label(mode, lang)})",
                  title_justify="left")  # fmt: skip
    for head in (_("rank"), _("without"), _("people lost"), "%"):
        table.add_column(head, justify="left" if head == _("without") else "right")
    for row in rows.itertuples(index=False):
        table.add_row(
            f"{row.rank}{'=' if row.tied else ''}", escape(printable(str(row.name))),
            number(row.loss, lang), number(100 * row.share, lang, 1),
        )  # fmt: skip
    return table
