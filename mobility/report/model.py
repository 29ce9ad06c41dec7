"""What a report is made of: plain tables and matrices, no network and no router."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar

import pandas as pd

from mobility.tables import Column, TravelTimes
from mobility.zones import Countries, Zones

MUNICIPALITIES = (
    Column("scenario", "string", "", "scenario name"),
    Column("mode", "string", "", "mode of travel, door to door"),
    Column("origin", "string", "", "municipality of departure"),
    Column("destination", "string", "", "municipality of arrival"),
    Column("country_o", "string", "", "country of the municipality of departure"),
    Column("country_d", "string", "", "country of the municipality of arrival"),
    Column("minutes", "float64", "min", "median travel time, empty where unreachable"),
)

LINES = (
    Column("name", "string", "", "line"),
    Column("mode", "string", "", "rail, metro, tram, bus, ferry or other"),
    Column("operator", "string", "", "operator"),
    Column("cross_border", "bool", "", "the line crosses the border"),
    Column("lon", "object", "degree", "longitudes along the line"),
    Column("lat", "object", "degree", "latitudes along the line"),
)

BORDER = (
    Column("origin", "string", "", "place of departure"),
    Column("destination", "string", "", "place of arrival"),
    Column("mode", "string", "", "mode of travel, door to door"),
    Column("cause", "string", "", "cause of the border effect"),
    Column("minutes", "float64", "min", "minutes that this cause adds"),
    Column("actual_min", "float64", "min", "time as it is"),
)


class Named(Protocol):
    """What has a name and names the one it is compared with."""

    @property
    def name(self) -> str:
        """Name of the scenario."""

    @property
    def baseline(self) -> str:
        """Name of the one it is compared with, ``""`` for none."""


AnyRun = TypeVar("AnyRun", bound=Named)


def baseline_of(run: AnyRun, runs: Sequence[AnyRun]) -> AnyRun:
    """Return the run another one is compared with: its named baseline, else the first.

    A baseline that others name, of another window or day than the first, stands for itself.
    """
    if not run.baseline and any(other.baseline == run.name for other in runs):
        return run
    return next((other for other in runs if other.name == run.baseline), runs[0])


@dataclass(frozen=True)
class Run:
    """One scenario as it was computed.

    Parameters
    ----------
    name
        Scenario name, as in the tables.
    title, description
        Language → text; a missing language falls back to the other, then to `name`.
    effects
        Language → one sentence per change: what it did to the network.
    times
        Mode → travel times. Empty where a report goes without a map.
    baseline
        Name of the run it is compared with; ``""`` for one that others name, or for the first.
    day, window
        Service day; start, end (``"07:00"``). None where all runs of a report have the same.
    """

    name: str
    title: Mapping[str, str] = field(default_factory=dict)
    description: Mapping[str, str] = field(default_factory=dict)
    effects: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    times: Mapping[str, TravelTimes] = field(default_factory=dict)
    baseline: str = ""
    day: dt.date | None = None
    window: tuple[str, str] | None = None


@dataclass(frozen=True)
class NamedPair:
    """A pair people talk about; origins and destinations are zone ids."""

    label: str
    origins: tuple[str, ...]
    destinations: tuple[str, ...]
    kind: Literal["city", "border"] = "city"


@dataclass(frozen=True)
class Figure:
    """A chart to show in the report: language → SVG bytes, and what it shows in words."""

    name: str
    svg: Mapping[str, bytes]
    alt: Mapping[str, str]


@dataclass(frozen=True)
class Headline:
    """One figure of a scenario with the sentence that says what it means, by language.

    `band` gives low to high as written, ``""`` where there is none.
    """

    scenario: str
    figure: Mapping[str, str]
    band: Mapping[str, str]
    sentence: Mapping[str, str]


def _empty() -> pd.DataFrame:
    return pd.DataFrame()


@dataclass(frozen=True)
class ReportInput:
    """Everything the report shows.

    Parameters
    ----------
    region
        Name of the region.
    runs
        The first is the one the others are compared with.
    zones, countries
        As read; `countries` may be None.
    pairs
        Named pairs, in the order they are shown.
    municipalities
        Rows of `MUNICIPALITIES`: one per scenario, mode and pair.
    accessibility
        Rows of the `ACCESSIBILITY` contract of all scenarios.
    scorecard
        Rows ``scenario, kind, origin, destination, mode, time_s, signal`` (good, fair, poor or
        empty) and, where known, ``rule, rule_nl``; or any other table, shown as it is: text
        columns ending in ``_nl`` and ``_en`` by language.
    lines, stops, roads
        For the map; `LINES`, ``name, lon, lat`` and ``name, lon, lat`` (arrays per road).
        `lines` may have a column ``scenario``: the line is new in that scenario.
    border
        Rows of `BORDER`, the causes of one pair adding up to its border effect; may be empty.
    departures
        Rows ``scenario, operator, hour, departures`` of the day; may be empty.
    evidence
        File stem in ``merge/`` → table.
    manifest
        As written to ``manifest.json``.
    day, window
        Service day; start, end (``"07:00"``).
    demonstration
        A made timetable: the page says so at its head.
    figures
        Charts to show as they are.
    headlines
        Figures in plain sentences, grouped by scenario as they come.
    """

    region: str
    runs: tuple[Run, ...]
    zones: Zones
    day: dt.date
    window: tuple[str, str]
    countries: Countries | None = None
    pairs: tuple[NamedPair, ...] = ()
    municipalities: pd.DataFrame = field(default_factory=_empty)
    accessibility: pd.DataFrame = field(default_factory=_empty)
    scorecard: pd.DataFrame = field(default_factory=_empty)
    lines: pd.DataFrame = field(default_factory=_empty)
    stops: pd.DataFrame = field(default_factory=_empty)
    roads: pd.DataFrame = field(default_factory=_empty)
    border: pd.DataFrame = field(default_factory=_empty)
    departures: pd.DataFrame = field(default_factory=_empty)
    evidence: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    manifest: Mapping[str, Any] = field(default_factory=dict)
    demonstration: bool = False
    figures: tuple[Figure, ...] = ()
    headlines: tuple[Headline, ...] = ()

    @property
    def baseline(self) -> Run:
        """The run the others are compared with."""
        return self.runs[0]

    def base_of(self, run: Run) -> Run:
        """Give the run that `run` is compared with, see `baseline_of`."""
        return baseline_of(run, self.runs)

    @property
    def scenarios(self) -> tuple[Run, ...]:
        """The runs that stand beside another one."""
        return tuple(run for run in self.runs if self.base_of(run) is not run)


def spoken(texts: Mapping[str, str], lang: str, otherwise: str) -> str:
    """Choose a text by language; fall back to any other language, then to `otherwise`."""
    return texts.get(lang) or next((t for _, t in sorted(texts.items()) if t), otherwise)
