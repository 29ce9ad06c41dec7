"""How much can be reached: cumulative, interval, gravity."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.errors import MobilityError, Problem
from mobility.indicators.decay import Decay
from mobility.indicators.frame import (
    Array,
    Measure,
    ends,
    opportunity_names,
    rows_for,
    tidy,
)
from mobility.tables import TravelTimes
from mobility.zones import Zones

CUTOFFS_S = (900, 1800, 2700, 3600, 5400)


def cumulative(
    times: TravelTimes,
    zones: Zones,
    *,
    cutoffs_s: Sequence[float] = CUTOFFS_S,
    percentile: int = 50,
    opportunities: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Count what can be reached within each time limit: A_i(T) = Σ_j O_j · 1[t_ij ≤ T].

    Parameters
    ----------
    times, zones
        A matrix and the zones it was computed for.
    cutoffs_s
        Time limits in seconds, inclusive.
    percentile
        Which percentile of travel time must be within the limit.
    opportunities
        Columns of the zones; all by default.

    Returns
    -------
    DataFrame
        `ACCESSIBILITY` rows: `cumulative`, and its split into `cumulative_own` (the origin's
        country) and `cumulative_foreign` (another country). Where a zone's country is not
        known, what can't be told apart stands as `cumulative_unknown`; the parts add up to
        the whole. An origin outside the model has NaN, one that reaches nothing has 0.
    """
    measures = cumulative_measures(
        times, zones, cutoffs_s=cutoffs_s, percentile=percentile, opportunities=opportunities
    )
    return tidy([rows_for(times, measures)])


def cumulative_measures(
    times: TravelTimes,
    zones: Zones,
    *,
    cutoffs_s: Sequence[float],
    percentile: int,
    opportunities: Sequence[str] | None = None,
) -> list[Measure]:
    """`cumulative` before it is laid out as a table."""
    time_s = times.at(percentile)
    measures: list[Measure] = []
    for cutoff in cutoffs_s:
        measures += split_measures(
            times, zones, time_s <= cutoff, "cumulative", opportunities, cutoff, percentile
        )
    return measures


def interval(
    times: TravelTimes,
    zones: Zones,
    *,
    start_s: float,
    end_s: float,
    step_s: float = 60,
    summary: str = "mean",
    percentile: int = 50,
    opportunities: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Average cumulative access over the time limits from `start_s` to `end_s` inclusive.

    Takes away the arbitrariness of one limit. `summary` is ``"mean"`` or ``"median"``
    over the limits ``start_s, start_s + step_s, … ≤ end_s``.
    """
    measures = interval_measures(
        times,
        zones,
        start_s=start_s,
        end_s=end_s,
        step_s=step_s,
        summary=summary,
        percentile=percentile,
        opportunities=opportunities,
    )
    return tidy([rows_for(times, measures)])


def interval_measures(
    times: TravelTimes,
    zones: Zones,
    *,
    start_s: float,
    end_s: float,
    step_s: float,
    summary: str,
    percentile: int,
    opportunities: Sequence[str] | None = None,
) -> list[Measure]:
    """`interval` before it is laid out as a table."""
    if summary not in ("mean", "median") or end_s < start_s or step_s <= 0:
        raise MobilityError(
            Problem(
                "interval",
                f"{start_s}–{end_s} s by {step_s} s, summary {summary!r}",
                "start before end, a step above 0, and mean or median",
            )
        )
    limits = np.arange(start_s, end_s + step_s * 1e-9, step_s)
    time_s = times.at(percentile)
    if summary == "median":
        # Access never falls as the limit rises, so its median stands at the middle limit(s).
        middle = {(len(limits) - 1) // 2, len(limits) // 2}
        weights = np.mean([time_s <= limits[k] for k in sorted(middle)], axis=0)
    else:
        within = len(limits) - np.searchsorted(limits, time_s, side="left")
        weights = np.where(np.isfinite(time_s), within, 0) / len(limits)
    name = f"cumulative_{summary}_{start_s / 60:g}_{end_s / 60:g}_min"
    return split_measures(times, zones, weights, name, opportunities, np.nan, percentile)


def gravity(
    times: TravelTimes,
    zones: Zones,
    decays: Mapping[str, Decay],
    *,
    percentile: int = 50,
    opportunities: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Weigh what can be reached by a decay of travel time: A_i = Σ_j O_j · f(t_ij).

    Parameters
    ----------
    decays
        Name → function of seconds (see `mobility.indicators.decay`). The indicator is
        called ``gravity_<name>``, with the same own and foreign split as `cumulative`.
    """
    measures = gravity_measures(
        times, zones, decays, percentile=percentile, opportunities=opportunities
    )
    return tidy([rows_for(times, measures)])


def gravity_measures(
    times: TravelTimes,
    zones: Zones,
    decays: Mapping[str, Decay],
    *,
    percentile: int,
    opportunities: Sequence[str] | None = None,
) -> list[Measure]:
    """`gravity` before it is laid out as a table."""
    measures: list[Measure] = []
    for name, decay in decays.items():
        weights = weigh(times.at(percentile), decay)
        measures += split_measures(
            times, zones, weights, f"gravity_{name}", opportunities, np.nan, percentile
        )
    return measures


def weigh(time_s: npt.NDArray[np.floating], decay: Callable[[Array], Array]) -> Array:
    """Decay weight of each pair, 0 where the destination can't be reached."""
    reached = np.isfinite(time_s)
    weights = decay(np.where(reached, time_s, 0.0).astype(np.float64))
    return np.where(reached, weights, 0.0)


def split_measures(
    times: TravelTimes,
    zones: Zones,
    weights: npt.NDArray[np.floating] | npt.NDArray[np.bool_],
    name: str,
    opportunities: Sequence[str] | None,
    cutoff_s: float,
    percentile: float,
) -> list[Measure]:
    """Sum weighted opportunities per origin: all, own country, foreign, country unknown."""
    _, destinations = ends(times, zones)
    names = opportunity_names(zones, opportunities)
    amounts = destinations.opportunities[list(names)].to_numpy(np.float64)
    own, foreign, unknown = split_by_country(times, weights, amounts)
    measures: list[Measure] = []
    for k, column in enumerate(names):
        parts = {
            name: own[:, k] + foreign[:, k] + unknown[:, k],
            f"{name}_own": own[:, k],
            f"{name}_foreign": foreign[:, k],
        }
        if (times.country_o == "").any() or (times.country_d == "").any():
            parts[f"{name}_unknown"] = unknown[:, k]
        measures += [
            Measure(part, column, values, column, cutoff_s, percentile)
            for part, values in parts.items()
        ]
    return measures


def split_by_country(
    times: TravelTimes,
    weights: npt.NDArray[np.floating] | npt.NDArray[np.bool_],
    amounts: Array,
) -> tuple[Array, Array, Array]:
    """Σ_j w_ij · amount_j within the origin's country, abroad, and where it isn't known.

    Parameters
    ----------
    weights
        (n_o, n_d).
    amounts
        (n_d, k).

    Returns
    -------
    tuple
        own, foreign, unknown; each (n_o, k).
    """
    codes = sorted({str(c) for c in times.country_d})
    heavy = np.asarray(weights, np.float64)
    n, k = len(times.origins), amounts.shape[1]
    # One product for all countries, each with columns of its own.
    apart = [np.where((times.country_d == code)[:, None], amounts, 0.0) for code in codes]
    summed = heavy @ np.concatenate([*apart, np.empty((len(amounts), 0))], axis=1)
    own, foreign, unknown = np.zeros((n, k)), np.zeros((n, k)), np.zeros((n, k))
    nowhere = times.country_o == ""
    for number, code in enumerate(codes):
        part = summed[:, number * k : (number + 1) * k]
        blank = nowhere if code else np.ones(n, bool)
        same = (times.country_o == code) & ~blank
        own[same] += part[same]
        unknown[blank] += part[blank]
        foreign[~same & ~blank] += part[~same & ~blank]
    return own, foreign, unknown
