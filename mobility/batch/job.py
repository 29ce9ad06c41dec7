"""One scenario, from its file to its finished folder; here or on a worker anywhere."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from mobility.batch import manifest, matrices
from mobility.batch.background import background, counts_of
from mobility.batch.garbage import seldom_collected
from mobility.batch.hours import supply_hours
from mobility.batch.inputs import Timed, prepare
from mobility.batch.isochrones import network_layers
from mobility.batch.results import LANGUAGES, RunData, tabulate
from mobility.batch.reuse import Reused, reused
from mobility.batch.write import write_run
from mobility.border import suggest_pairs
from mobility.changes import calendar_day
from mobility.changes.service_cost import service_cost
from mobility.errors import Problem, RunError
from mobility.network import MultimodalNetwork, Settings
from mobility.scenario import Region, Scenario
from mobility.scenario.clock import clock_s
from mobility.scenario.policy_forms import NoBorder
from mobility.snapshots import snapshot_of, supply_lines, supply_stops
from mobility.streets import period_of
from mobility.tables import TravelTimes
from mobility.travel_times import Window
from mobility.zones import Zones

PREPARED = ".prepared"
PARTS = ".parts"
# Origins in a part: so many that threads are filled, so few that a cluster is kept busy and
# little is lost with a worker. The same everywhere, so that parts are found again.
BLOCK = 512


class Teller(Protocol):
    """Whom a run tells how far it is."""

    def step(self, scenario: str, name: str) -> None:
        """Begin a step of a scenario."""

    def part(self, done: int, total: int) -> None:
        """Tell how many parts of the step are done."""


class Silent:
    """A teller on a worker, where nobody looks."""

    def step(self, scenario: str, name: str) -> None:
        """Say nothing."""

    def part(self, done: int, total: int) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Job:
    """What one scenario's run needs.

    Parameters
    ----------
    scenario, region
        As read.
    out
        Folder the run folders go into; the prepared network and finished parts are kept there.
    lang
        Language of report, charts and workbook.
    """

    scenario: Scenario
    region: Region
    out: Path
    lang: str

    @property
    def folder(self) -> Path:
        """Where the run's files go."""
        return self.out / self.scenario.name


@seldom_collected()
def carry_out(
    job: Job,
    baseline: RunData | None,
    teller: Teller,
    *,
    threads: int | None = None,
    routed_s: Mapping[str, float] | None = None,
) -> Path:
    """Compute a scenario and write its folder; a folder that holds this very run stays.

    Parameters
    ----------
    job
        The scenario.
    baseline
        Its baseline's finished run, or None.
    teller
        Told each step.
    threads
        Of the routing; None takes all cores.
    routed_s
        Mode → seconds where the matrices were computed before, in parts, elsewhere.

    Returns
    -------
    Path
        The run folder.
    """
    timed = prepare_for(job.scenario, job.region, job.out, teller)
    facts = manifest.settled(job.scenario, job.region, timed)
    shown = manifest.shown(facts, job.scenario, job.region, job.lang, baseline)
    if manifest.is_current(job.folder, shown):
        return job.folder
    result = _compute(job, timed, facts, teller, threads, routed_s)
    teller.step(job.scenario.name, "write")
    paths = {"region": job.scenario.region_path, "scenario": job.scenario.path}
    return write_run(result, baseline, job.folder, shown, paths)


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
        traffic_of(scenario),
    )


def traffic_of(scenario: Scenario) -> str:
    """Return the traffic period the middle of a scenario's window falls in."""
    window = scenario.window
    return period_of((clock_s(window.start) + clock_s(window.end)) / 2)


def list_parts(job: Job, timed: Timed) -> list[matrices.Part]:
    """Cut a job's matrices into parts of at most `BLOCK` origins."""
    n_zones = len(timed.prepared.network.supply.zones.ids)
    if n_zones == 0:
        raise RunError(Problem("zones", "no zone", "at least one"))
    return matrices.list_parts(
        job.scenario, timed.folder, timed.prepared.key, n_zones, BLOCK, job.out / PARTS
    )


def _compute(
    job: Job,
    timed: Timed,
    facts: Mapping[str, Any],
    teller: Teller,
    threads: int | None,
    routed_s: Mapping[str, float] | None,
) -> RunData:
    clock = time.perf_counter
    scenario, prepared, base = job.scenario, timed.prepared, timed.prepared.network
    started = clock()
    teller.step(scenario.name, "changes")
    applied = matrices.change(scenario, base)
    network = matrices.link(applied, base)
    changed = clock() - started
    times, took = _route(job, timed, network, teller, threads)
    teller.step(scenario.name, "indicators")
    started = clock()
    zones = network.supply.zones
    pairs = tuple(job.region.pairs) or suggest_pairs(zones)
    accessibility, municipalities, border = tabulate(times, network, pairs)
    border["service_cost"] = service_cost(network.supply.feeds, network.day)
    border |= _decomposed(job, teller, zones, threads)
    asked = scenario.window
    window = Window(clock_s(asked.start), clock_s(asked.end), asked.step_s)
    behind = background(
        network, base, network_layers(network, prepared.countries, pairs, scenario.modes, window)
    )
    seconds = {"changes": changed, "route": routed_s or took, "indicators": clock() - started}
    return RunData(
        name=scenario.name,
        baseline=scenario.baseline,
        title={lang: getattr(scenario.title, lang) for lang in LANGUAGES},
        description={lang: getattr(scenario.description, lang) for lang in LANGUAGES},
        effects={lang: tuple(e.texts[lang] for e in applied.effects) for lang in LANGUAGES},
        zones=zones,
        countries=prepared.countries,
        pairs=pairs,
        times=times,
        accessibility=accessibility,
        municipalities=municipalities,
        border=border,
        evidence=prepared.evidence,
        background=behind,
        facts=facts,
        counts=counts_of(network),
        notes=prepared.notes,
        timings_s={**timed.timings_s, **seconds},
        supply={
            "lines": supply_lines(network.timetable),
            "stops": supply_stops(network.timetable),
            "hours": supply_hours(network.timetable),
        },
        snapshot=snapshot_of(scenario.region_path, facts["inputs"]),
    )


def _decomposed(
    job: Job, teller: Teller, zones: Zones, threads: int | None
) -> dict[str, pd.DataFrame]:
    """Share the border effect out over its causes, where the scenario takes these away."""
    if "pt" not in job.scenario.modes or not any(
        isinstance(form, NoBorder) for form in job.scenario.changes
    ):
        return {}
    # these two rest on this module: a decomposition is many jobs
    from mobility.batch.decomposition import decomposition_tables  # noqa: PLC0415
    from mobility.batch.increments import Increments  # noqa: PLC0415

    return decomposition_tables(Increments(job, job.scenario, teller, threads), zones)


def _route(
    job: Job, timed: Timed, network: MultimodalNetwork, teller: Teller, threads: int | None
) -> tuple[dict[str, TravelTimes], dict[str, float]]:
    """Compute what parts are not there yet and read all; seconds per mode."""
    parts = list_parts(job, timed)
    seconds: dict[str, float] = {}
    for mode in dict.fromkeys(part.mode for part in parts):
        blocks = [part for part in parts if part.mode == mode]
        teller.step(job.scenario.name, mode)
        started = time.perf_counter()
        again = None
        if not all(map(matrices.is_there, blocks)):
            again = _reused(job, timed, network, mode)
        for part in blocks:
            matrices.compute_part(part, network, teller.part, threads, again)
        seconds[mode] = time.perf_counter() - started
    return dict(matrices.read_parts(parts)), seconds


def _reused(job: Job, timed: Timed, network: MultimodalNetwork, mode: str) -> Reused | None:
    """Look for the matrix of the same network without changes, and for what of it stays."""
    scenario = job.scenario
    if not scenario.baseline or not scenario.changes:
        return None
    before = {"name": scenario.baseline, "changes": (), "modes": (mode,)}
    parts = list_parts(replace(job, scenario=scenario.model_copy(update=before)), timed)
    if not all(map(matrices.is_there, parts)):
        return None
    ((_, times),) = matrices.read_parts(parts)
    return reused(times, timed.prepared.network, network, mode)
