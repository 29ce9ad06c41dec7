"""``run``: the main job, and in ten lines what it found."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from mobility.batch import Options
from mobility.batch import run as run_batch
from mobility.batch.run import Finished
from mobility.cli.main import DONE, WRONG_FILES, repository, say_problems
from mobility.cli.progress import Progression
from mobility.cli.summary import summary
from mobility.scenario import Scenario, is_plan, read_plan, read_scenarios
from mobility.words import translator

DEMONSTRATION = ("baseline", "hamont-weert", "eindhoven-lommel-hasselt", "f74")


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
        table, legend = summary(finished.results, lang)
        console.print(table)
        for line in legend:
            console.print(escape(line))
    if finished.comparison is not None:
        _ = translator(lang)
        console.print(f"{_('Report')}: {escape(str(finished.comparison / 'report.html'))}")
    for folder in finished.folders.values():
        console.print(f"  {escape(str(folder))}")
