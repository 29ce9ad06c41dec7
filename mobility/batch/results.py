"""One scenario's results: all that its folder holds and its report shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import pandas as pd

from mobility.border import all_border
from mobility.indicators import all_indicators, municipality_times
from mobility.network import MultimodalNetwork
from mobility.scenario.model import Pair
from mobility.tables import TravelTimes
from mobility.zones import Countries, Zones

LANGUAGES = ("nl", "en")
Texts = Mapping[str, str]


@dataclass(frozen=True)
class Background:
    """What maps show behind the figures: tables of `lines`, `stops` and `roads`.

    `layers` has further layers for QGIS by name, `isochrones` and `crossings`; of a run read
    back each is read when it is asked for.
    """

    lines: pd.DataFrame
    stops: pd.DataFrame
    roads: pd.DataFrame
    layers: Mapping[str, gpd.GeoDataFrame] = field(default_factory=dict)


@dataclass(frozen=True)
class RunData:
    """A scenario, computed; the same whether just now or read back from its folder.

    Parameters
    ----------
    name, baseline
        Scenario, and the one it is compared with (``""`` for none).
    title, description
        Language → text.
    effects
        Language → a sentence per change.
    zones, countries, pairs
        Of the region.
    times
        Mode → matrix.
    accessibility
        `ACCESSIBILITY` rows.
    municipalities
        A row per mode and ordered pair of municipalities.
    border
        Border tables by name, ``scorecard`` among them.
    evidence
        Merge evidence by file stem.
    background
        For maps.
    facts
        The settled part of the manifest, its fingerprint included.
    counts
        What was left aside, reason → number.
    notes
        What a reader must know.
    timings_s
        Step → seconds.
    supply
        Tables of what is offered on the day: `lines`, `stops` and `hours`.
    snapshot
        Name, day and fingerprint of the data as they were fetched; empty where they were not.
    """

    name: str
    baseline: str
    title: Texts
    description: Texts
    effects: Mapping[str, tuple[str, ...]]
    zones: Zones
    countries: Countries | None
    pairs: tuple[Pair, ...]
    times: Mapping[str, TravelTimes]
    accessibility: pd.DataFrame
    municipalities: pd.DataFrame
    border: Mapping[str, pd.DataFrame]
    evidence: Mapping[str, pd.DataFrame]
    background: Background
    facts: Mapping[str, Any]
    counts: Mapping[str, int]
    notes: tuple[str, ...]
    timings_s: Mapping[str, Any]
    supply: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    snapshot: Mapping[str, Any] = field(default_factory=dict)


def tabulate(
    times: Mapping[str, TravelTimes], network: MultimodalNetwork, pairs: Sequence[Pair]
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, pd.DataFrame]]:
    """Compute accessibility, municipality and border tables of one scenario."""
    zones, settings = network.supply.zones, network.supply.settings
    street_kph = {
        "walk": settings.walk_kph,
        "bike": settings.bike_kph,
        "ebike": settings.ebike_kph,
    }
    accessibility = all_indicators(times, zones, street_kph=street_kph)
    municipalities = pd.concat(
        [municipality_times(matrix, zones) for matrix in times.values()], ignore_index=True
    )
    border = all_border(
        times, zones, pairs=pairs, timetable=network.timetable, accessibility=accessibility
    )
    return accessibility, municipalities, border


def join_rows(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Stack tables of several scenarios, leaving empty ones out."""
    full = [table for table in tables if len(table)]
    return pd.concat(full, ignore_index=True) if full else pd.DataFrame()


def measured(timings_s: Mapping[str, Any], memory_mb: float, cores: int) -> dict[str, Any]:
    """Gather what the manifest says a run took."""
    rounded = {
        step: {mode: round(s, 3) for mode, s in value.items()}
        if isinstance(value, dict)
        else round(value, 3)
        for step, value in timings_s.items()
    }
    return {"timings_s": rounded, "peak_memory_mb": round(memory_mb, 1), "cores": cores}
