"""The main job: scenario files in, a folder of results per scenario out."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from mobility.batch import manifest, matrices
from mobility.batch.background import background, counts_of
from mobility.batch.cluster import Compute, computers
from mobility.batch.inputs import Timed, prepare
from mobility.batch.results import LANGUAGES, RunData, spoken_effects, tabulate
from mobility.batch.write import COMPARISON, write_comparison, write_run
from mobility.border import suggest_pairs
from mobility.changes import calendar_day
from mobility.errors import MobilityError, Problem, RunError
from mobility.network import MultimodalNetwork, Settings
from mobility.scenario import Region, Scenario, read_region, read_scenarios
from mobility.tables import TravelTimes

PREPARED = ".prepared"
PARTS = ".parts"
BLOCK = 256


class Teller(Protocol):
    """Whom a run tells how far it is."""

    def step(self, scenario: str, name: str) -> None:
        """Begin a step of a scenario."""

    def part(self, done: int, total: int) -> None:
        """Tell how many parts of the step are done."""


@dataclass(frozen=True)
class Options:
    """How to run.

    Parameters
    ----------
    out
        Folder the run folders go into.
    lang
        Language of report, charts and workbook.
    workers, scheduler
        See `mobility.batch.cluster.computers`.
    """

    out: Path
    lang: str = "nl"
    workers: int = 0
    scheduler: str = ""


@dataclass(frozen=True)
class Finished:
    """What a batch came to: results in order, the failures by scenario, and the folders."""

    results: tuple[RunData, ...]
    failures: dict[str, MobilityError]
    folders: dict[str, Path] = field(default_factory=dict)
    comparison: Path | None = None


def run(scenarios: Sequence[Scenario], options: Options, teller: Teller) -> Finished:
    """Compute scenarios and write a folder for each, and one that compares them.

    Baselines that the scenarios name run too, first. One scenario's failure does not lose
    the others; it stands in `Finished.failures`.

    Raises
    ------
    MobilityError
        The region itself can't be used, or the place can't be written.
    """
    ordered = _with_baselines(scenarios)
    regions = {path: read_region(path) for path in {s.region_path for s in ordered}}
    results: dict[str, RunData] = {}
    failures: dict[str, MobilityError] = {}
    folders: dict[str, Path] = {}
    with computers(options.workers, options.scheduler) as compute:
        for scenario in ordered:
            region = regions[scenario.region_path]
            try:
                result = _compute(scenario, region, options, compute, teller)
                baseline = results.get(scenario.baseline)
                teller.step(scenario.name, "write")
                paths = {"region": scenario.region_path, "scenario": scenario.path}
                folders[scenario.name] = write_run(
                    result, baseline, options.out / scenario.name, options.lang, paths
                )
                results[scenario.name] = result
            except MobilityError as error:
                if len(ordered) == 1 or not scenario.changes:
                    raise  # without its baseline nothing can be compared
                failures[scenario.name] = error
    comparison = None
    if len(results) > 1:
        teller.step("", "compare")
        comparison = write_comparison(
            list(results.values()), options.out / COMPARISON, options.lang
        )
    return Finished(tuple(results.values()), failures, folders, comparison)


def _with_baselines(scenarios: Sequence[Scenario]) -> list[Scenario]:
    """Put every scenario after its baseline; read baselines that were not asked for."""
    known = {scenario.name: scenario for scenario in scenarios}
    ordered: dict[str, Scenario] = {}
    for scenario in scenarios:
        name = scenario.baseline
        if name and name not in ordered:
            if name in known:
                ordered[name] = known[name]
            elif scenario.base_paths:
                (base,) = read_scenarios([scenario.base_paths[0]], region=scenario.region_path)
                ordered[name] = replace_name(base, name, scenario)
        ordered.setdefault(scenario.name, scenario)
    return list(ordered.values())


def replace_name(base: Scenario, name: str, like: Scenario) -> Scenario:
    """Give a baseline the name, day, window and modes of the scenario it stands beside."""
    return base.model_copy(
        update={"name": name, "day": like.day, "window": like.window, "modes": like.modes}
    )


def settings_of(scenario: Scenario) -> Settings:
    """Return the base network's settings: the defaults with the scenario's own."""
    own: dict[str, Any] = dict(scenario.settings)
    return replace(Settings(), draws=scenario.window.draws, **own)


def day_of(scenario: Scenario) -> dt.date:
    """Return the day the feeds are read for: the last ``calendar`` change's, else the file's."""
    return calendar_day(scenario.changes) or scenario.day.date


def prepare_for(scenario: Scenario, region: Region, out: Path, teller: Teller) -> Timed:
    """Prepare the network a scenario starts from."""
    return prepare(
        region,
        day_of(scenario),
        settings_of(scenario),
        out / PREPARED,
        lambda name: teller.step(scenario.name, name),
    )


def _compute(
    scenario: Scenario, region: Region, options: Options, compute: Compute | None, teller: Teller
) -> RunData:
    clock = time.perf_counter
    timed = prepare_for(scenario, region, options.out, teller)
    prepared, base = timed.prepared, timed.prepared.network
    started = clock()
    teller.step(scenario.name, "changes")
    applied = {lang: matrices.change(scenario, base, lang) for lang in LANGUAGES}
    network = matrices.link(applied["en"], base)
    changed = clock() - started
    times, routed = _route(scenario, network, timed, options, compute, teller)
    teller.step(scenario.name, "indicators")
    started = clock()
    zones = network.supply.zones
    pairs = tuple(region.pairs) or suggest_pairs(zones)
    accessibility, municipalities, border = tabulate(times, network, pairs)
    behind = background(network, base)
    seconds = {"changes": changed, "route": routed, "indicators": clock() - started}
    return RunData(
        name=scenario.name,
        baseline=scenario.baseline,
        title={lang: getattr(scenario.title, lang) for lang in LANGUAGES},
        description={lang: getattr(scenario.description, lang) for lang in LANGUAGES},
        effects=spoken_effects(applied),
        zones=zones,
        countries=prepared.countries,
        pairs=pairs,
        times=times,
        accessibility=accessibility,
        municipalities=municipalities,
        border=border,
        evidence=prepared.evidence,
        background=behind,
        facts=manifest.settled(scenario, region, timed, network),
        counts=counts_of(network),
        notes=prepared.notes,
        timings_s={**timed.timings_s, **seconds},
    )


def _route(
    scenario: Scenario,
    network: MultimodalNetwork,
    timed: Timed,
    options: Options,
    compute: Compute | None,
    teller: Teller,
) -> tuple[dict[str, TravelTimes], dict[str, float]]:
    """Compute all matrices of a scenario; seconds per mode where one process does it."""
    n_zones = len(network.supply.zones.ids)
    if n_zones == 0:
        raise RunError(Problem("zones", "no zone", "at least one"))
    block = BLOCK if compute is not None else n_zones
    parts = matrices.list_parts(
        scenario, timed.folder, timed.prepared.key, n_zones, block, options.out / PARTS
    )
    seconds: dict[str, float] = {}
    if compute is not None:
        started = time.perf_counter()
        teller.step(scenario.name, "route")
        for done, _ in enumerate(compute(parts), start=1):
            teller.part(done, len(parts))
        seconds["all"] = time.perf_counter() - started
    else:
        for part in parts:
            teller.step(scenario.name, part.mode)
            started = time.perf_counter()
            matrices.compute_part(part, network, teller.part)
            seconds[part.mode] = time.perf_counter() - started
    return dict(matrices.read_parts(parts)), seconds
