"""Plan file: many scenarios × day types × windows × modes as one batch."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field

from mobility.errors import Problem, ScenarioError, raise_all
from mobility.scenario.clock import Clock, clock_s
from mobility.scenario.files import read_scenarios
from mobility.scenario.model import DayEntry, Mode, Scenario, Strict, WindowEntry
from mobility.scenario.parse import parse, read_toml
from mobility.scenario.policy_forms import calendar_day


class PlanDay(Strict):
    """One day type of a plan."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="short name, part of run names")
    date: dt.date = Field(description="service day that stands for the type")


class PlanWindow(Strict):
    """One window of a plan."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="short name, part of run names")
    start: Clock = Field(description="first departure from home")
    end: Clock = Field(description="end of departures; not one itself")
    step_s: int = Field(60, gt=0, le=3600, description="seconds between departures")
    draws: int = Field(
        1, gt=0, le=1000, description="draws of the phases of headway services, see Uncertainty"
    )
    arrive_by: bool = Field(False, description="window is of arrivals, not departures")


class PlanFile(Strict):
    """The form of a plan file."""

    version: Literal[1] = Field(description="version of the file form: 1")
    name: str = Field(description="name of the plan")
    scenarios: tuple[Path, ...] = Field(
        min_length=1, description="scenario files; * stands for any text"
    )
    region: Path | None = Field(None, description="region file in place of the scenarios' own")
    days: tuple[PlanDay, ...] = Field((), description="day types; none: each scenario's own day")
    windows: tuple[PlanWindow, ...] = Field(
        (), description="windows; none: each scenario's own window"
    )
    modes: tuple[Mode, ...] = Field((), description="modes; none: each scenario's own")


@dataclass(frozen=True)
class Plan:
    """A plan laid out: `scenarios` in the order scenario, day, window, each of its own name."""

    name: str
    scenarios: tuple[Scenario, ...]


def read_plan(path: str | Path) -> Plan:
    """Read a plan and every scenario it names.

    A run's name is the scenario's, with the day's and the window's short names behind it
    where the plan has any: ``"hamont-weert.saturday.morning"``. A scenario's `baseline`
    is renamed alike, so that each run is compared with the baseline of its own day and window.

    Raises
    ------
    ScenarioError
        All that is wrong with the plan and its scenarios.
    """
    path = Path(path).resolve()
    table, problems = read_toml(path)
    raise_all(ScenarioError, problems)
    plan, problems = parse(PlanFile, table or {}, str(path))
    raise_all(ScenarioError, problems)
    assert plan is not None
    problems = _problems(plan, path)
    files, found = _files(plan, path)
    region = (path.parent / plan.region).resolve() if plan.region is not None else None
    scenarios: tuple[Scenario, ...] = ()
    try:
        scenarios = read_scenarios(files, region=region)
    except ScenarioError as error:
        found += error.problems
    if plan.days:
        found += [
            Problem(
                f"{path}: days",
                f"days for {s.name}, whose change calendar gives the day itself",
                "a plan without days, or a scenario without that change",
            )
            for s in scenarios
            if calendar_day(s.changes) is not None
        ]
    raise_all(ScenarioError, [*problems, *found])
    return Plan(plan.name, tuple(_laid_out(plan, scenarios)))


def is_plan(path: str | Path) -> bool:
    """Whether a TOML file is a plan: it has the key `scenarios`."""
    table, _ = read_toml(Path(path))
    return table is not None and "scenarios" in table


def _files(plan: PlanFile, path: Path) -> tuple[list[Path], list[Problem]]:
    files: list[Path] = []
    problems: list[Problem] = []
    for row, pattern in enumerate(plan.scenarios, start=1):
        if "*" not in str(pattern):
            files.append(path.parent / pattern)
            continue
        found = sorted(p for p in path.parent.glob(pattern.as_posix()) if p.resolve() != path)
        if not found:
            problems.append(
                Problem(f"{path}: scenarios[{row}]", f"no file fits {pattern}", "at least one")
            )
        files += found
    return files, problems


def _problems(plan: PlanFile, path: Path) -> list[Problem]:
    problems = [
        Problem(f"{path}: windows[{row}]", f"{w.start}–{w.end}", "an end after the start")
        for row, w in enumerate(plan.windows, start=1)
        if clock_s(w.end) <= clock_s(w.start)
    ]
    groups: tuple[tuple[str, Sequence[PlanDay | PlanWindow]], ...] = (
        ("days", plan.days),
        ("windows", plan.windows),
    )
    for key, entries in groups:
        ids = [entry.id for entry in entries]
        problems += [
            Problem(f"{path}: {key}", f'the id "{i}" twice', "each id once")
            for i in sorted({i for i in ids if ids.count(i) > 1})
        ]
    return problems


def _laid_out(plan: PlanFile, scenarios: Sequence[Scenario]) -> list[Scenario]:
    return [
        _variant(plan, scenario, day, window)
        for scenario in scenarios
        for day in (plan.days or (None,))
        for window in (plan.windows or (None,))
    ]


def _variant(
    plan: PlanFile, scenario: Scenario, day: PlanDay | None, window: PlanWindow | None
) -> Scenario:
    ending = "".join(f".{entry.id}" for entry in (day, window) if entry is not None)
    update: dict[str, object] = {"name": scenario.name + ending}
    if scenario.baseline:
        update["baseline"] = scenario.baseline + ending
    if day is not None:
        update["day"] = DayEntry(date=day.date)
    if window is not None:
        update["window"] = WindowEntry(**window.model_dump(exclude={"id"}))
    if plan.modes:
        update["modes"] = plan.modes
    return scenario.model_copy(update=update)
