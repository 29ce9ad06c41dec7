"""``compare``, ``verify`` and ``export``: what is done with finished runs and networks."""

from __future__ import annotations

import argparse

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mobility.batch import matrices, verify
from mobility.batch.job import prepare_for
from mobility.batch.reading import read_run
from mobility.batch.snapshots import (
    SNAPSHOTS,
    Compared,
    are_snapshots,
    compare_snapshots,
    write_snapshots,
)
from mobility.batch.write import COMPARISON, write_comparison
from mobility.cli.main import DONE, WRONG_FILES
from mobility.cli.progress import Progression
from mobility.errors import Problem, RunError, printable
from mobility.network.graph import write_graph
from mobility.scenario import read_region, read_scenarios
from mobility.words import number, translator


def compare(options: argparse.Namespace) -> int:
    """Put finished runs into one report; the first is the baseline."""
    if len(options.runs) < 2:
        raise RunError(Problem("compare", "one run", "two or more run folders"))
    folders = [folder.resolve() for folder in options.runs]
    twice = sorted({str(f) for f in folders if folders.count(f) > 1})
    if twice:
        raise RunError(Problem("compare", f"{', '.join(twice)} more than once", "each run once"))
    if are_snapshots(options.runs):
        return _compare_snapshots(options)
    with Progression(quiet=options.quiet, lang=options.lang) as progress:
        progress.step("", "read")
        runs = [read_run(folder) for folder in options.runs]
        progress.step("", "compare")
        target = write_comparison(runs, options.out / COMPARISON, options.lang)
    if not options.quiet:
        Console(highlight=False).print(escape(str(target / "report.html")))
    return DONE


def _compare_snapshots(options: argparse.Namespace) -> int:
    """Say what changed between two states of the data, for one scenario."""
    with Progression(quiet=options.quiet, lang=options.lang) as progress:
        progress.step("", "compare")
        found = compare_snapshots(options.runs)
        target = write_snapshots(found, options.out / SNAPSHOTS, options.lang)
    if not options.quiet:
        console = Console(highlight=False)
        console.print(_summary_table(found, options.lang))
        console.print(escape(str(target / "tables.xlsx")))
    return DONE


def _summary_table(found: Compared, lang: str) -> Table:
    _ = translator(lang)
    title = _("From {first} to {last}").format(first=found.first, last=found.last)
    table = Table(title=escape(printable(title)), title_justify="left")
    table.add_column(_("Operator"))
    table.add_column(_("Border"))
    heads = (_("lines +"), _("lines −"), _("departures before"), _("after"), _("stops +"),
             _("stops −"))  # fmt: skip
    for head in heads:
        table.add_column(head, justify="right")
    for row in found.tables["supply_summary"].itertuples(index=False):
        numbers = (row.lines_added, row.lines_lost, row.departures_before, row.departures_after,
                   row.stops_added, row.stops_lost)  # fmt: skip
        table.add_row(
            escape(printable(str(row.operator) or _("all"))),
            _("across") if row.crossing else _("within"),
            *(number(float(value), lang) for value in numbers),
        )
    return table


def verify_run(options: argparse.Namespace) -> int:
    """Check a run and say what holds; exit code 1 where something does not."""
    with Progression(quiet=options.quiet) as progress:
        findings = verify(options.run, lambda name: progress.step("verify", name))
    console = Console(highlight=False)
    for finding in findings:
        if finding.holds and options.quiet:
            continue
        mark = "ok  " if finding.holds else "NOT "
        detail = "" if finding.holds else f": {finding.detail}"
        console.print(escape(printable(f"{mark} {finding.what}{detail}")))
    return DONE if all(finding.holds for finding in findings) else WRONG_FILES


def export(options: argparse.Namespace) -> int:
    """Write a scenario's multimodal graph."""
    (scenario,) = read_scenarios([options.scenario], region=options.region)
    with Progression(quiet=options.quiet, lang=options.lang) as progress:
        timed = prepare_for(scenario, read_region(scenario.region_path), options.out, progress)
        progress.step(scenario.name, "changes")
        base = timed.prepared.network
        network = matrices.link(matrices.change(scenario, base), base)
        progress.step(scenario.name, "export")
        write_graph(network, options.file)
    return DONE
