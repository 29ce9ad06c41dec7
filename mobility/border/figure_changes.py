"""What a scenario changes in the ten figures, and whether the change stands out from its band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from mobility.border.effect import regression_effect
from mobility.border.figures import figures
from mobility.border.ratios import municipality_pairs
from mobility.indicators.frame import Array
from mobility.indicators.uncertainty import DRAW, variants
from mobility.scenario.model import Pair
from mobility.tables import TravelTimes
from mobility.zones import Zones

CHANGES = (
    "scenario",
    "baseline",
    "key",
    "unit",
    "before",
    "after",
    "change",
    "low",
    "high",
    "stands_out",
)


def figure_changes(
    base: Mapping[str, TravelTimes],
    other: Mapping[str, TravelTimes],
    zones: Zones,
    pairs: Sequence[Pair],
    *,
    population: str = "population",
    before: Mapping[str, pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """Compare the ten figures of a scenario with those of its baseline.

    Both are varied alike, by departures, speeds and draws of phases (see
    `mobility.indicators.uncertainty`), so that what blurs both alike doesn't blur their
    difference. A side without draws is the same in all of the other's.

    Parameters
    ----------
    base, other
        Mode → matrix of the baseline and of the scenario.
    zones
        Zones of both.
    before
        `figures_by_variant` of the baseline, where it is at hand: many scenarios share it.

    Returns
    -------
    DataFrame
        ``scenario, baseline, key, unit, before, after, change, low, high, stands_out``;
        `stands_out` is true where the change has one sign in all variants and isn't nought.
    """
    if before is None:
        before = figures_by_variant(base, zones, pairs, population=population)
    after = figures_by_variant(other, zones, pairs, population=population)
    drawn = [name for side in (after, before) for name in side if name.startswith(DRAW)]
    names = dict.fromkeys([*(name for name in before if name in after), *drawn])
    first = before["median"]
    values = {
        name: [
            side.get(name, side["median"])["value"].to_numpy(np.float64) for side in (before, after)
        ]
        for name in names
    }
    change = np.stack([late - early for early, late in values.values()])
    low, high = _extremes(change)
    return pd.DataFrame(
        {
            "scenario": _name(other),
            "baseline": _name(base),
            "key": first["key"],
            "unit": first["unit"],
            "before": values["median"][0],
            "after": values["median"][1],
            "change": change[0],
            "low": low,
            "high": high,
            "stands_out": (low > 0) | (high < 0),
        },
        columns=list(CHANGES),
    )


def _name(times_by_mode: Mapping[str, TravelTimes]) -> str:
    return next((times.scenario for times in times_by_mode.values()), "")


def _extremes(change: Array) -> tuple[Array, Array]:
    """Least and greatest change over the variants that have one; NaN where the first has none."""
    known = np.isfinite(change)
    low = np.where(known, change, np.inf).min(axis=0)
    high = np.where(known, change, -np.inf).max(axis=0)
    there = known[0]
    return np.where(there, low, np.nan), np.where(there, high, np.nan)


def figures_by_variant(
    times_by_mode: Mapping[str, TravelTimes],
    zones: Zones,
    pairs: Sequence[Pair],
    *,
    population: str = "population",
) -> dict[str, pd.DataFrame]:
    """Figures of each variant, all modes varied together; the median first."""
    varied = {mode: dict(variants(times)) for mode, times in times_by_mode.items()}
    names = dict.fromkeys(name for few in varied.values() for name in few) or ["median"]
    found = {}
    for name in names:
        # A mode that lacks a variant (a matrix of fewer percentiles) stays as it is.
        matrices = {mode: few.get(name, few["median"]) for mode, few in varied.items()}
        rides = {mode: times for mode, times in matrices.items() if mode == "pt"}
        effect = regression_effect(municipality_pairs(rides, zones, population=population))
        found[name] = figures(matrices, zones, pairs, effect, population=population, bands=False)
    return found
