"""All indicators of a set of matrices in one tidy table: the entry point of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from mobility.indicators import decay
from mobility.indicators.access import (
    CUTOFFS_S,
    cumulative_measures,
    gravity_measures,
    interval_measures,
)
from mobility.indicators.competition import competition_measures
from mobility.indicators.costs import cost_measures
from mobility.indicators.european import SETTINGS, performance_measures
from mobility.indicators.frame import (
    Array,
    Measure,
    Rows,
    distances,
    opportunity_names,
    rows_for,
    tidy,
)
from mobility.indicators.modes import BETA_PER_MIN, SCALE_PER_MIN, logsum_rows
from mobility.indicators.nearest import ascending, dual_measures
from mobility.indicators.practice import (
    detour_measures,
    quality_measures,
    reachability_measures,
    reference_line,
    vf_measures,
)
from mobility.tables import TravelTimes
from mobility.zones import Zones

STREET_KPH = {"walk": 4.8, "bike": 18.0, "ebike": 23.0}
DUAL_SHARES = (0.01, 0.1)


def standard_decays(mode: str) -> dict[str, decay.Decay]:
    """The decay functions of a run: each family once, and the Dutch one of the mode."""
    return {
        "exponential": decay.exponential(0.05),
        "gaussian": decay.gaussian(30),
        "linear": decay.linear(60),
        "logistic": decay.logistic(45, 15),
        "power": decay.power(1.0),
        "steps": decay.steps((15, 30, 45, 60), (0.75, 0.5, 0.25, 0.0)),
        "mobiliteitsscan": decay.mobiliteitsscan(mode),
    }


def all_indicators(
    times_by_mode: Mapping[str, TravelTimes],
    zones: Zones,
    *,
    cutoffs_s: Sequence[float] = CUTOFFS_S,
    percentile: int = 50,
    population: str = "population",
    street_kph: Mapping[str, float] | None = None,
    ticket_euro: float = 0.0,
) -> pd.DataFrame:
    """Compute every indicator that matrices and zones alone allow.

    Parameters
    ----------
    times_by_mode
        Mode → matrix of one scenario.
    zones
        Zones the matrices were computed for.
    cutoffs_s
        Time limits of cumulative access.
    percentile
        Percentile of travel time for access.
    population
        Column of people among the opportunities; zones count as one each without it.
    street_kph
        Speeds of the modes of constant speed, for the detour factor.
    ticket_euro
        What each change of operator costs on top of the fare.

    Returns
    -------
    DataFrame
        `ACCESSIBILITY` rows; what each indicator means stands in `mobility.indicators.registry`.
    """
    rows: list[Rows] = []
    crow = distances(times_by_mode, zones)
    kph = STREET_KPH if street_kph is None else street_kph
    for mode, times in times_by_mode.items():
        crow_m = crow[mode]
        measures = _access(times, zones, cutoffs_s, percentile, population)
        measures += performance_measures(
            times,
            zones,
            settings=SETTINGS,
            percentile=percentile,
            population=population,
            crow_m=crow_m,
        )
        measures += _practice(times, times_by_mode.get("car"), zones, crow_m, population, kph)
        measures += cost_measures(
            times, zones, crow_m=crow_m, population=population, ticket_euro=ticket_euro
        )
        rows.append(rows_for(times, measures))
    if times_by_mode and _all_alike(list(times_by_mode.values())):
        rows.append(
            logsum_rows(
                times_by_mode,
                zones,
                scale_per_min=SCALE_PER_MIN,
                beta_per_min=BETA_PER_MIN,
                percentile=percentile,
            )
        )
    return tidy(rows)


def _all_alike(matrices: Sequence[TravelTimes]) -> bool:
    first = matrices[0]
    return all(
        np.array_equal(first.origins, times.origins)
        and np.array_equal(first.destinations, times.destinations)
        for times in matrices
    )


def _access(
    times: TravelTimes,
    zones: Zones,
    cutoffs_s: Sequence[float],
    percentile: int,
    population: str,
) -> list[Measure]:
    """What can be reached, how soon, and with others competing for it."""
    measures = cumulative_measures(times, zones, cutoffs_s=cutoffs_s, percentile=percentile)
    measures += interval_measures(
        times,
        zones,
        start_s=1800,
        end_s=3600,
        step_s=60,
        summary="mean",
        percentile=percentile,
    )
    measures += gravity_measures(times, zones, standard_decays(times.mode), percentile=percentile)
    soonest = ascending(times, percentile)
    for name in opportunity_names(zones):
        total = float(zones.opportunities[name].sum())
        shares = DUAL_SHARES if total > 0 else ()
        found = dual_measures(
            times,
            zones,
            opportunity_name=name,
            amounts=[total * share for share in shares],
            nearest=() if name == population else (1, 3),
            percentile=percentile,
            soonest=soonest,
        )
        named = [f"time_to_{share:.0%}" for share in shares]
        measures += [
            replace(measure, indicator=label) for measure, label in zip(found, named, strict=False)
        ]
        measures += found[len(named) :]
    return measures + competition_measures(
        times, zones, decay.exponential(0.05), percentile=percentile, population=population
    )


def _practice(
    times: TravelTimes,
    car: TravelTimes | None,
    zones: Zones,
    crow_m: Array,
    population: str,
    kph: Mapping[str, float],
) -> list[Measure]:
    """VF, reachability and detour, as far as the matrices allow."""
    measures: list[Measure] = []
    if car is not None and times.mode != "car" and _all_alike([times, car]):
        measures += vf_measures(times, car, zones, crow_m=crow_m, population=population)
    measures += quality_measures(times, zones, crow_m=crow_m, population=population)
    measures += reachability_measures(
        times,
        zones,
        crow_m=crow_m,
        population=population,
        reference=reference_line(times, zones, crow_m=crow_m),
    )
    if times.mode in kph:
        measures += detour_measures(
            times, zones, kph=kph[times.mode], crow_m=crow_m, population=population
        )
    return measures
