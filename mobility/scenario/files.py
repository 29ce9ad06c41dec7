"""Scenario files → Scenarios: each with its bases folded in, all problems at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mobility.errors import Problem, ScenarioError, nearest, raise_all
from mobility.scenario.clock import clock_s
from mobility.scenario.forms import parse_change
from mobility.scenario.layers import ScenarioLayer
from mobility.scenario.model import DayEntry, Region, Scenario, WindowEntry
from mobility.scenario.parse import parse, read_toml
from mobility.scenario.policy_forms import calendar_day
from mobility.scenario.region import load_region
from mobility.scenario.script import read_script
from mobility.scenario.selectors import ChangeForm


@dataclass(frozen=True)
class _Loaded:
    """One file, checked by itself; `layer` is None where it could not be read."""

    path: Path
    layer: ScenarioLayer | None
    base: str | None
    changes: tuple[ChangeForm, ...]
    problems: tuple[Problem, ...]

    @property
    def name(self) -> str:
        return (self.layer.name if self.layer is not None else "") or self.path.stem.lower()


@dataclass
class _Reader:
    """Reads every file and region once, however many scenarios share them."""

    loaded: dict[Path, _Loaded] = field(default_factory=dict)
    regions: dict[Path, tuple[Region | None, list[Problem]]] = field(default_factory=dict)

    def load(self, path: Path) -> _Loaded:
        if path not in self.loaded:
            self.loaded[path] = _load(path)
        return self.loaded[path]

    def region(self, path: Path) -> tuple[Region | None, list[Problem]]:
        if path not in self.regions:
            self.regions[path] = load_region(path, check_files=True)
        return self.regions[path]


def read_scenarios(
    paths: Sequence[str | Path], *, region: str | Path | None = None
) -> tuple[Scenario, ...]:
    """Read scenario files and check all of them before any one runs.

    Parameters
    ----------
    paths
        TOML files, or Python files with a function ``changes(network)``. A file given twice
        is read once.
    region
        Region file to be used in place of the one the files name.

    Returns
    -------
    tuple of Scenario
        In the order of `paths`; bases folded in, paths absolute.

    Raises
    ------
    ScenarioError
        All that is wrong with all files, their bases and their regions.
    """
    reader = _Reader()
    override = Path(region).resolve() if region is not None else None
    scenarios: list[Scenario] = []
    problems: list[Problem] = []
    for path in dict.fromkeys(Path(p).resolve() for p in paths):
        scenario, found = _read_one(path, override, reader)
        problems += found
        if scenario is not None:
            scenarios.append(scenario)
    problems += _same_names(scenarios)
    raise_all(ScenarioError, list(dict.fromkeys(problems)))
    return tuple(scenarios)


def _load(path: Path) -> _Loaded:
    if path.suffix.lower() == ".py":
        table, script, problems = read_script(path)
    else:
        script = None
        table, problems = read_toml(path)
    if table is None:
        return _Loaded(path, None, None, (), tuple(problems))
    layer, found = parse(ScenarioLayer, table, str(path))
    problems += found
    changes: list[ChangeForm] = []
    raw = table.get("changes", ())
    for row, entry in enumerate(raw if isinstance(raw, list) else (), start=1):
        if isinstance(entry, Mapping):  # anything else the layer's own form has refused
            form, found = parse_change(entry, f"{path}: changes[{row}]")
            problems += found
            changes += [form] if form is not None else []
    if script is not None:
        changes.append(script)
    # a file with mistakes still names its base, so that the base's are found in the same run
    base = table.get("base")
    named = base if isinstance(base, str) else None
    return _Loaded(path, layer, named, tuple(changes), tuple(problems))


def _chain(path: Path, reader: _Reader) -> tuple[list[_Loaded], list[Problem]]:
    """The file and its bases, outermost base first."""
    chain: list[_Loaded] = []
    problems: list[Problem] = []
    seen: list[Path] = []
    while True:
        loaded = reader.load(path)
        chain.insert(0, loaded)
        seen.append(path)
        problems = [*loaded.problems, *problems]
        if loaded.base is None:
            return chain, problems
        base = (path.parent / loaded.base).resolve()
        if base in seen:
            round_trip = " → ".join(p.name for p in [*seen[seen.index(base) :], base])
            problems.append(
                Problem(f"{path}: base", f"a circle {round_trip}", "a base that ends somewhere")
            )
            return chain, problems
        path = base


def _read_one(
    path: Path, override: Path | None, reader: _Reader
) -> tuple[Scenario | None, list[Problem]]:
    chain, problems = _chain(path, reader)
    layers = [loaded.layer for loaded in chain if loaded.layer is not None]
    if len(layers) < len(chain) or any("a circle" in p.found for p in problems):
        return None, problems
    own = layers[-1]
    folded, found = _fold(chain, layers, override)
    problems += found
    if folded.get("region_path") is not None:
        region, found = reader.region(folded["region_path"])
        problems += found
        if region is not None:
            problems += _feed_problems(chain, region)
    if problems:
        return None, problems
    changes = tuple(form for loaded in chain for form in loaded.changes)
    # a calendar change is the day: feeds are clipped to it when they are read
    day = calendar_day(changes)
    if day is not None:
        folded["day"] = DayEntry(date=day)
    return (
        Scenario(
            name=chain[-1].name,
            title=own.title,
            description=own.description,
            baseline=chain[0].name if len(chain) > 1 else "",
            base_paths=tuple(loaded.path for loaded in chain[:-1]),
            changes=changes,
            facts=own.facts,
            path=path,
            **folded,
        ),
        problems,
    )


def _fold(
    chain: Sequence[_Loaded], layers: Sequence[ScenarioLayer], override: Path | None
) -> tuple[dict[str, Any], list[Problem]]:
    where = str(chain[-1].path)
    regions = [
        (loaded.path.parent / layer.region).resolve()
        for loaded, layer in zip(chain, layers, strict=True)
        if layer.region is not None
    ]
    modes = [layer.modes for layer in layers if layer.modes]
    days = [layer.day for layer in layers if layer.day is not None]
    window: dict[str, Any] = {}
    settings: dict[str, Any] = {}
    for layer in layers:
        window |= layer.window.model_dump(exclude_none=True)
        settings |= layer.settings.model_dump(exclude_none=True)
    cure = "Give it here, or in the base."
    problems = [
        Problem(f"{where}: {key}", "nothing", expected, cure)
        for key, missing, expected in (
            ("region", not regions and override is None, "the path of a region file"),
            ("modes", not modes, 'a list of modes, e.g. ["walk", "bike", "car", "pt"]'),
            ("day.date", not days, "a date, e.g. date = 2019-10-08"),
            ("window.start", "start" not in window, 'a time, e.g. "07:00"'),
            ("window.end", "end" not in window, 'a time, e.g. "09:00"'),
        )
        if missing
    ]
    whole = WindowEntry(**window)
    folded = {
        "region_path": override or (regions[-1] if regions else None),
        "modes": modes[-1] if modes else (),
        "day": days[-1] if days else None,
        "window": whole,
        "settings": settings,
    }
    return folded, problems + _window_problems(whole, where)


def _window_problems(window: WindowEntry, where: str) -> list[Problem]:
    start, end = clock_s(window.start), clock_s(window.end)
    if end <= start:
        return [
            Problem(f"{where}: window", f"{window.start}–{window.end}", "an end after the start")
        ]
    if window.step_s > end - start:
        return [Problem(f"{where}: window.step_s", str(window.step_s), "a step inside the window")]
    return []


def _feed_problems(chain: Iterable[_Loaded], region: Region) -> list[Problem]:
    """Feeds named in changes that the region does not have."""
    known = [feed.id for feed in region.feeds]
    return [
        Problem(
            f"{form.where} ({form.kind})",
            f'the feed "{name}"',
            f"one of {', '.join(known)}",
            f"Did you mean {near}?" if (near := nearest(name, known)) else "",
        )
        for loaded in chain
        for form in loaded.changes
        for name in dict.fromkeys(_feeds_named(form.model_dump()))
        if name not in known and name != "scenario"
    ]


def _feeds_named(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        own = [value["feed"]] if isinstance(value.get("feed"), str) and value["feed"] else []
        return own + [n for inner in value.values() for n in _feeds_named(inner)]
    if isinstance(value, list | tuple):
        return [n for inner in value for n in _feeds_named(inner)]
    return []


def _same_names(scenarios: Sequence[Scenario]) -> list[Problem]:
    first: dict[str, Scenario] = {}
    problems: list[Problem] = []
    for scenario in scenarios:
        other = first.setdefault(scenario.name, scenario)
        if other is not scenario:
            problems.append(
                Problem(
                    f"{scenario.path}: name",
                    f'"{scenario.name}", which is also the name in {other.path}',
                    "a name of its own, since it names the run folder",
                )
            )
    return problems
