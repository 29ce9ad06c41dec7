"""All modes taken together: the quickest of them, and the logsum of a choice between them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from mobility.errors import MobilityError, Problem
from mobility.indicators.access import split_by_country
from mobility.indicators.frame import Array, Measure, Rows, ends, opportunity_names, rows_for, tidy
from mobility.indicators.practice import same_zones
from mobility.tables import TravelTimes
from mobility.zones import Zones

SCALE_PER_MIN = 0.08
BETA_PER_MIN = 0.05


def logsum_s(
    times_by_mode: Mapping[str, TravelTimes],
    *,
    scale_per_min: float = SCALE_PER_MIN,
    constants_s: Mapping[str, float] | None = None,
    percentile: int = 50,
) -> Array:
    """Composite time of a logit choice between modes: −(1/θ) ln Σ_m exp(−θ (t_m + c_m)).

    Parameters
    ----------
    scale_per_min
        θ per minute; the higher, the nearer to the quickest mode.
    constants_s
        Mode → seconds a mode counts as longer (or, below 0, shorter) than it is.

    Returns
    -------
    Array
        (n_o, n_d) seconds; never more than the quickest mode's, and less the more good modes
        there are (it may fall below 0 for the shortest trips). NaN where no mode gets there.
    """
    if not times_by_mode or not scale_per_min > 0:
        raise MobilityError(
            Problem("logsum", f"{len(times_by_mode)} modes, θ {scale_per_min}", "a mode, θ above 0")
        )
    matrices = list(times_by_mode.values())
    for times in matrices[1:]:
        same_zones(times, matrices[0])
    theta = scale_per_min / 60
    extra = constants_s or {}
    stack = np.stack(
        [times.at(percentile).astype(np.float64) + extra.get(times.mode, 0.0) for times in matrices]
    )
    least = np.fmin.reduce(stack, axis=0)
    with np.errstate(under="ignore"):
        share = np.exp(-theta * (stack - np.where(np.isfinite(least), least, 0.0)))
    total = np.where(np.isfinite(stack), share, 0.0).sum(axis=0)
    return np.where(total > 0, least - np.log(np.where(total > 0, total, 1.0)) / theta, np.nan)


def logsum_access(
    times_by_mode: Mapping[str, TravelTimes],
    zones: Zones,
    *,
    scale_per_min: float = SCALE_PER_MIN,
    beta_per_min: float = BETA_PER_MIN,
    percentile: int = 50,
) -> pd.DataFrame:
    """Gravity access over the composite time of all modes: Σ_j O_j exp(−β LS_ij).

    Returns
    -------
    DataFrame
        `ACCESSIBILITY` rows ``gravity_logsum`` with its own and foreign split; the mode is the
        modes joined by ``"|"``. A place with several good ways to it can weigh more than 1.
    """
    if not times_by_mode:
        return tidy([])
    return tidy(
        [
            logsum_rows(
                times_by_mode,
                zones,
                scale_per_min=scale_per_min,
                beta_per_min=beta_per_min,
                percentile=percentile,
            )
        ]
    )


def logsum_rows(
    times_by_mode: Mapping[str, TravelTimes],
    zones: Zones,
    *,
    scale_per_min: float,
    beta_per_min: float,
    percentile: int,
) -> Rows:
    """`logsum_access` before it is laid out as a table."""
    composite = logsum_s(times_by_mode, scale_per_min=scale_per_min, percentile=percentile)
    first = next(iter(times_by_mode.values()))
    _, destinations = ends(first, zones)
    names = opportunity_names(zones)
    reached = np.isfinite(composite)
    weights = np.where(reached, np.exp(-beta_per_min / 60 * np.where(reached, composite, 0.0)), 0.0)
    amounts = destinations.opportunities[list(names)].to_numpy(np.float64)
    own, foreign, unknown = split_by_country(first, weights, amounts)
    measures = []
    for k, name in enumerate(names):
        whole = own[:, k] + foreign[:, k] + unknown[:, k]
        for part, value in (("", whole), ("_own", own[:, k]), ("_foreign", foreign[:, k])):
            measures.append(
                Measure(f"gravity_logsum{part}", name, value, name, percentile=percentile)
            )
    owned = rows_for(first, measures)
    return Rows(
        first.scenario, "|".join(times_by_mode), owned.zones, owned.countries, owned.measures
    )
