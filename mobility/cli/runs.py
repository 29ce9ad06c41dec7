"""``compare``, ``verify`` and ``export``: what is done with finished runs and networks."""

from __future__ import annotations

import argparse

from rich.console import Console
from rich.markup import escape

from mobility.batch import matrices, verify
from mobility.batch.job import prepare_for
from mobility.batch.reading import read_run
from mobility.batch.write import COMPARISON, write_comparison
from mobility.cli.main import DONE, WRONG_FILES
from mobility.cli.progress import Progression
from mobility.errors import Problem, RunError, printable
from mobility.network.graph import write_graph
from mobility.scenario import read_region, read_scenarios


def compare(options: argparse.Namespace) -> int:
    """Put finished runs into one report; the first is the baseline."""
    if len(options.runs) < 2:
        raise RunError(Problem("compare", "one run", "two or more run folders"))
    with Progression(quiet=options.quiet) as progress:
        progress.step("", "read")
        runs = [read_run(folder) for folder in options.runs]
        progress.step("", "compare")
        target = write_comparison(runs, options.out / COMPARISON, options.lang)
    if not options.quiet:
        Console(highlight=False).print(escape(str(target / "report.html")))
    return DONE


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
    with Progression(quiet=options.quiet) as progress:
        timed = prepare_for(scenario, read_region(scenario.region_path), options.out, progress)
        progress.step(scenario.name, "changes")
        base = timed.prepared.network
        network = matrices.link(matrices.change(scenario, base), base)
        progress.step(scenario.name, "export")
        write_graph(network, options.file)
    return DONE
