"""How soon enough is reached: time to an amount, to the nth nearest, people beyond a norm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.errors import MobilityError, Problem
from mobility.indicators.frame import Array, Measure, ends, opportunity, people, rows_for, tidy
from mobility.tables import TravelTimes
from mobility.zones import Zones


def dual(
    times: TravelTimes,
    zones: Zones,
    *,
    opportunity_name: str,
    amounts: Sequence[float] = (),
    nearest: Sequence[int] = (),
    percentile: int = 50,
) -> pd.DataFrame:
    """Time to reach an amount of opportunities, or the nth nearest place that has any.

    Parameters
    ----------
    opportunity_name
        Column of the zones.
    amounts
        Amounts N: the least t with Σ_j O_j · 1[t_ij ≤ t] ≥ N.
    nearest
        Ranks n: time to the nth nearest zone with O_j > 0.

    Returns
    -------
    DataFrame
        Seconds, as ``time_to_<N>`` and ``time_to_nth_<n>``; NaN where N can't be reached.
    """
    measures = dual_measures(
        times,
        zones,
        opportunity_name=opportunity_name,
        amounts=amounts,
        nearest=nearest,
        percentile=percentile,
    )
    return tidy([rows_for(times, measures)])


@dataclass(frozen=True)
class Ascending:
    """Destinations of each origin, soonest first: their order and times, (n_o, n_d)."""

    order: npt.NDArray[np.intp]
    time_s: Array


def ascending(times: TravelTimes, percentile: int) -> Ascending:
    """Sort the destinations of each origin by time; unreachable ones last."""
    time_s = times.at(percentile)
    order = np.argsort(time_s, axis=1, kind="stable")
    return Ascending(order, np.take_along_axis(time_s, order, axis=1).astype(np.float64))


def dual_measures(
    times: TravelTimes,
    zones: Zones,
    *,
    opportunity_name: str,
    amounts: Sequence[float],
    nearest: Sequence[int],
    percentile: int,
    soonest: Ascending | None = None,
) -> list[Measure]:
    """`dual` before it is laid out as a table; `soonest` if it is known already."""
    _, destinations = ends(times, zones)
    supply = opportunity(destinations, opportunity_name)
    found = ascending(times, percentile) if soonest is None else soonest
    measures = []
    if amounts:
        gathered = np.cumsum(supply[found.order], axis=1)
        measures += [
            Measure(
                f"time_to_{amount:g}",
                opportunity_name,
                _first(found.time_s, gathered >= amount),
                "s",
                percentile=percentile,
            )
            for amount in amounts
        ]
    if nearest and min(nearest) < 1:
        raise MobilityError(Problem("nearest", str(min(nearest)), "ranks of 1 or more"))
    if nearest:
        count = np.cumsum((supply > 0)[found.order], axis=1)
        measures += [
            Measure(
                f"time_to_nth_{rank}",
                opportunity_name,
                _first(found.time_s, count >= rank),
                "s",
                percentile=percentile,
            )
            for rank in nearest
        ]
    return measures


def _first(ordered: Array, enough: npt.NDArray[np.bool_]) -> Array:
    """Time at the first true of each row; NaN where there is none or it can't be reached."""
    if ordered.shape[1] == 0:
        return np.full(len(ordered), np.nan)
    column = enough.argmax(axis=1)
    found = np.take_along_axis(ordered, column[:, None], axis=1)[:, 0]
    return np.where(enough.any(axis=1), found, np.nan)


def norm_shares(
    times: TravelTimes,
    zones: Zones,
    norms_s: Mapping[str, float],
    *,
    percentile: int = 50,
    population: str = "population",
) -> pd.DataFrame:
    """Share of people whose nearest place of a type is beyond a norm.

    share = Σ_i P_i · 1[min_j t_ij > norm] ÷ Σ_i P_i, over the origins inside the model;
    who can't reach any counts as beyond.

    Parameters
    ----------
    norms_s
        Opportunity column → norm in seconds.

    Returns
    -------
    DataFrame
        ``scenario, mode, opportunity, country, norm_s, people, share_beyond,
        share_unreachable``; country ``""`` is all countries together. Without people the
        shares are NaN.
    """
    origins, _ = ends(times, zones)
    inside = (
        ~times.outside.all(axis=1) if times.outside.shape[1] else np.ones(len(origins.ids), bool)
    )
    weight = np.where(inside, people(origins, population), 0.0)
    rows = []
    for name, norm in norms_s.items():
        nearest = dual_measures(
            times, zones, opportunity_name=name, amounts=(), nearest=(1,), percentile=percentile
        )[0].value
        for country in ["", *sorted(set(times.country_o) - {""})]:
            counted = weight * ((times.country_o == country) | (country == ""))
            total = counted.sum()
            beyond = counted @ ~(nearest <= norm)
            rows.append(
                {
                    "scenario": times.scenario,
                    "mode": times.mode,
                    "opportunity": name,
                    "country": country,
                    "norm_s": norm,
                    "people": total,
                    "share_beyond": beyond / total if total > 0 else np.nan,
                    "share_unreachable": counted @ np.isnan(nearest) / total
                    if total > 0
                    else np.nan,
                }
            )
    columns = ["scenario", "mode", "opportunity", "country", "norm_s", "people", "share_beyond"]
    return pd.DataFrame(rows, columns=[*columns, "share_unreachable"])
