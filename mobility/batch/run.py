"""The main job: scenario files in, a folder of results per scenario out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mobility.batch.cluster import Beside, Cluster, Failed, computers
from mobility.batch.job import Job, Teller, carry_out, list_parts, prepare_for
from mobility.batch.reading import read_run
from mobility.batch.results import RunData
from mobility.batch.write import COMPARISON, write_comparison
from mobility.changes import calendar_day
from mobility.errors import MobilityError, Problem, RunError
from mobility.scenario import Scenario, read_region, read_scenarios
from mobility.scenario.model import Title


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
    workers: int | None = None
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
    the others; it stands in `Finished.failures`. All results are read back from their
    folders, so that one process, a cluster and ``compare`` show the same.

    Raises
    ------
    MobilityError
        The region itself can't be used, or the place can't be written.
    """
    ordered = _with_baselines(scenarios)
    regions = {path: read_region(path) for path in {s.region_path for s in ordered}}
    jobs = [Job(s, regions[s.region_path], options.out, options.lang) for s in ordered]
    first = {s.baseline for s in ordered if s.baseline}
    basic = [job for job in jobs if job.scenario.name in first or not job.scenario.changes]
    others = [job for job in jobs if job not in basic]
    done = _Done()
    with computers(options.workers, options.scheduler, len(others)) as cluster:
        if cluster is not None and len(others) >= cluster.slots():
            # the first alone: it prepares the network that the others start from
            for job in basic[:1]:
                _attempt(job, cluster, done, teller, len(jobs))
            _side_by_side(cluster, [*basic[1:], *others], done, teller, len(jobs))
        else:
            for job in basic:
                _attempt(job, cluster, done, teller, len(jobs))
            for job in _left(others, done):
                _attempt(job, cluster, done, teller, len(jobs))
    if basic and not done.results:
        raise MobilityError([p for error in done.failures.values() for p in error.problems])
    if len(jobs) == 1:
        for error in done.failures.values():
            raise error
    results = [done.results[job.scenario.name] for job in jobs if job.scenario.name in done.results]
    comparison = None
    if len(results) > 1:
        teller.step("", "compare")
        comparison = write_comparison(
            results, options.out / COMPARISON, options.lang, done.failures
        )
    return Finished(tuple(results), done.failures, done.folders, comparison)


@dataclass(frozen=True)
class _Done:
    """What is finished so far, by scenario."""

    results: dict[str, RunData] = field(default_factory=dict)
    folders: dict[str, Path] = field(default_factory=dict)
    failures: dict[str, MobilityError] = field(default_factory=dict)

    def add(self, job: Job, folder: Path) -> None:
        self.folders[job.scenario.name] = folder
        self.results[job.scenario.name] = read_run(folder)

    def count(self) -> int:
        """How many scenarios have ended."""
        return len(self.results) + len(self.failures)

    def baseline_of(self, job: Job) -> RunData | None:
        return self.results.get(job.scenario.baseline)


def _left(jobs: Sequence[Job], done: _Done) -> list[Job]:
    """Jobs whose baseline stands; the others fail with it."""
    for job in jobs:
        if job.scenario.baseline in done.failures:
            cause = f"its baseline {job.scenario.baseline}, which could not be run"
            problem = Problem(job.scenario.name, cause, "a baseline to compare it with")
            done.failures[job.scenario.name] = RunError(problem)
    return [job for job in jobs if job.scenario.name not in done.failures]


def _attempt(job: Job, cluster: Cluster | None, done: _Done, teller: Teller, total: int) -> None:
    """Run one scenario, its matrices on the cluster where there is one; keep its error."""
    name = job.scenario.name
    try:
        routed_s = _routed_on(cluster, job, teller) if cluster is not None else None
        done.add(job, carry_out(job, done.baseline_of(job), teller, routed_s=routed_s))
    except MobilityError as error:
        done.failures[name] = error
    if isinstance(teller, Beside) and total > 1:
        teller.ended(name, failed=name in done.failures)
        teller.whole(done.count(), total)


def _side_by_side(
    cluster: Cluster, jobs: Sequence[Job], done: _Done, teller: Teller, total: int
) -> None:
    """Run many scenarios at once, each whole on a worker as soon as its baseline stands."""
    by_name = {job.scenario.name: job for job in jobs}
    waiting = list(jobs)

    def ready() -> list[tuple[Job, Path | None]]:
        waiting[:] = _left(waiting, done)
        begun = [job for job in waiting if not _awaits(job, by_name, done)]
        waiting[:] = [job for job in waiting if job not in begun]
        return [(job, done.folders.get(job.scenario.baseline)) for job in begun]

    beside = teller if isinstance(teller, Beside) else None
    for name, outcome in cluster.carry_out_all(ready, beside):
        if isinstance(outcome, Failed):
            done.failures[name] = outcome.error
        else:
            done.add(by_name[name], outcome)
        if beside:
            beside.whole(done.count(), total)


def _awaits(job: Job, others: Mapping[str, Job], done: _Done) -> bool:
    """Whether a job's baseline is one of the others and not finished yet."""
    baseline = job.scenario.baseline
    return baseline in others and baseline not in done.results


def _routed_on(cluster: Cluster, job: Job, teller: Teller) -> dict[str, float]:
    """Compute a job's parts on the cluster; seconds of work per mode."""
    timed = prepare_for(job.scenario, job.region, job.out, teller)
    parts = list_parts(job, timed)
    teller.step(job.scenario.name, "route")
    seconds: dict[str, float] = dict.fromkeys(job.scenario.modes, 0.0)
    for count, (mode, took) in enumerate(cluster.compute(parts), start=1):
        seconds[mode] += took
        teller.part(count, len(parts))
    return seconds


def _with_baselines(scenarios: Sequence[Scenario]) -> list[Scenario]:
    """Put every scenario after its baseline; read baselines that were not asked for.

    A scenario that looks at another window or day than its baseline's file is set beside a
    baseline of its own window and day, so that a difference is always one of supply. A
    ``calendar`` change is such a difference itself, and keeps the baseline's day.
    """
    known = {scenario.name: scenario for scenario in scenarios}
    ordered: dict[str, Scenario] = {}
    for scenario in scenarios:
        name = scenario.baseline
        base = known.get(name)
        if name and base is None and scenario.base_paths:
            (read,) = read_scenarios([scenario.base_paths[0]], region=scenario.region_path)
            # a plan renames runs by day and window: a run's baseline is of the same
            like = scenario if name != read.name else read
            base = beside(read, name, like).model_copy(update={"modes": scenario.modes})
        if base is None:
            ordered.setdefault(scenario.name, scenario)
            continue
        own = in_its_window(base, scenario)
        ordered.setdefault(own.name, own)
        fitting = scenario.model_copy(update={"baseline": own.name})
        ordered.setdefault(scenario.name, fitting)
    return list(ordered.values())


def in_its_window(base: Scenario, scenario: Scenario) -> Scenario:
    """Return the baseline for a scenario's own window and day: itself, or a run of its own."""
    same_day = calendar_day(scenario.changes) is not None or scenario.day == base.day
    if same_day and scenario.window == base.window:
        return base
    day, window = base.day if same_day else scenario.day, scenario.window
    clock = f"{window.start}-{window.end}".replace(":", "")
    arriving = "-arriving" if window.arrive_by else ""
    seen = [] if same_day else [day.date.isoformat()]
    if window != base.window:
        seen.append(f"{window.start}–{window.end}")
    ending = "" if same_day else f".{day.date.isoformat()}"
    ending += "" if window == base.window else f".{clock}{arriving}"
    title = {
        lang: f"{text} ({', '.join(seen)})" if text else text
        for lang, text in base.title.model_dump().items()
    }
    return base.model_copy(
        update={
            "name": base.name + ending,
            "title": Title(**title),
            "day": day,
            "window": window,
            "modes": scenario.modes,
        }
    )


def beside(base: Scenario, name: str, like: Scenario) -> Scenario:
    """Give a baseline another name, and the day and window of the scenario it stands beside."""
    return base.model_copy(update={"name": name, "day": like.day, "window": like.window})
