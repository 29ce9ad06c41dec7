"""``run``: the main job, and in ten lines what it found."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.markup import escape

from mobility.batch import Options
from mobility.batch import run as run_batch
from mobility.batch.run import Finished
from mobility.cli.main import DONE, WRONG_FILES, repository, say_problems
from mobility.cli.progress import Progression
from mobility.cli.summary import ranking, summary
from mobility.scenario import Scenario, is_plan, read_plan, read_scenarios
from mobility.words import number, translator

FEW = 6
"""More scenarios are ranked, not set side by side."""
DEMONSTRATION = ("baseline", "hamont-weert", "eindhoven-lommel-hasselt", "f74")


def run(options: argparse.Namespace) -> int:
    """Run scenarios, write their folders and say what came out."""
    paths = options.scenarios or [
        repository() / "scenarios" / f"{name}.toml" for name in DEMONSTRATION
    ]
    scenarios = read_all(paths, options.region)
    how = Options(options.out, options.lang, options.workers, options.scheduler)
    with Progression(quiet=options.quiet, lang=options.lang, lines=True) as progress:
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
    """Print what was found, and where the files are."""
    console = Console(file=sys.stdout, highlight=False)
    _ = translator(lang)
    if finished.comparison is not None and len(finished.results) > FEW:
        table = ranking(pd.read_csv(finished.comparison / "scenarios.csv"), lang)
        console.print(table)
    elif finished.results:
        table, legend = summary(finished.results, lang)
        console.print(table)
        for line in legend:
            console.print(escape(line))
    if finished.comparison is not None:
        console.print(f"{_('Report')}: {escape(str(finished.comparison / 'report.html'))}")
    if len(finished.folders) > FEW:
        places = sorted({str(folder.parent) for folder in finished.folders.values()})
        for place in places:
            count = number(len(finished.folders), lang)
            console.print(escape(_("{n} run folders in {place}").format(n=count, place=place)))
        return
    for folder in finished.folders.values():
        console.print(f"  {escape(str(folder))}")
