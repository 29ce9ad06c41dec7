"""Travel times of named pairs, from zone matrices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.report.model import NamedPair, Run
from mobility.tables import TravelTimes
from mobility.zones import Zones

HALF = 0.5


def pair_times(
    runs: Sequence[Run], pairs: Sequence[NamedPair], zones: Zones, *, weight: str = "population"
) -> pd.DataFrame:
    """Average the zone-to-zone times of each named pair, weighted by people at both ends.

    Parameters
    ----------
    runs, pairs, zones
        Scenarios, the pairs asked for, and the zones with their people.
    weight
        Column of ``zones.opportunities``; without it every zone counts the same.

    Returns
    -------
    DataFrame
        ``scenario, mode, pair, kind, percentile, minutes, share_reached``: one row per
        scenario, mode, pair and percentile. The mean is over the zone pairs that can be
        reached; ``minutes`` is NaN where these hold less than half of the weight, and
        ``share_reached`` says how much they hold.
    """
    people = people_of(zones, weight)
    rows = [
        row
        for run in runs
        for mode, times in run.times.items()
        for pair in pairs
        for row in _rows(run.name, mode, times, pair, people)
    ]
    columns = ["scenario", "mode", "pair", "kind", "percentile", "minutes", "share_reached"]
    return pd.DataFrame(rows, columns=columns)


def people_of(zones: Zones, weight: str = "population") -> dict[str, float]:
    """People of each zone by its id; where the zones have none every zone counts as one."""
    if weight not in zones.opportunities:
        return dict.fromkeys(zones.ids, 1.0)
    values = zones.opportunities[weight].fillna(0.0).to_numpy(float)
    return dict(zip(zones.ids, values.tolist(), strict=True))


def _rows(
    scenario: str, mode: str, times: TravelTimes, pair: NamedPair, people: dict[str, float]
) -> list[tuple[object, ...]]:
    row = np.flatnonzero(np.isin(times.origins.astype(str), pair.origins))
    column = np.flatnonzero(np.isin(times.destinations.astype(str), pair.destinations))
    weights = np.outer(
        _people_at(times.origins[row], people), _people_at(times.destinations[column], people)
    )
    block = times.time_s[np.ix_(row, column)].astype(float)
    found: list[tuple[object, ...]] = []
    for k, percentile in enumerate(times.percentiles):
        seconds, share = weighted_mean(block[:, :, k], weights)
        found.append((scenario, mode, pair.label, pair.kind, percentile, seconds / 60.0, share))
    return found


def _people_at(ids: npt.NDArray[np.object_], people: dict[str, float]) -> npt.NDArray[np.float64]:
    weights = np.array([people.get(str(zone), 0.0) for zone in ids], float)
    return weights if weights.sum() > 0 else np.ones(len(ids))


def weighted_mean(
    seconds: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]
) -> tuple[float, float]:
    """Mean of what is reached, and the share of the weight it holds; NaN below one half."""
    total = float(weights.sum())
    reached = np.isfinite(seconds)
    held = float(weights[reached].sum())
    share = held / total if total > 0 else 0.0
    if share < HALF:
        return float("nan"), share
    return float((seconds[reached] * weights[reached]).sum() / held), share
