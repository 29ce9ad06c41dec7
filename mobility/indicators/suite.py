"""All indicators of a set of matrices in one tidy table: the entry point of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from mobility.indicators.access import CUTOFFS_S, cumulative_measures
from mobility.indicators.frame import Rows, rows_for, tidy
from mobility.tables import TravelTimes
from mobility.zones import Zones


def all_indicators(
    times_by_mode: Mapping[str, TravelTimes],
    zones: Zones,
    *,
    cutoffs_s: Sequence[float] = CUTOFFS_S,
    percentile: int = 50,
) -> pd.DataFrame:
    """Compute every indicator that matrices and zones alone allow.

    Parameters
    ----------
    times_by_mode
        Mode → matrix of one scenario.
    zones
        Zones the matrices were computed for.

    Returns
    -------
    DataFrame
        `ACCESSIBILITY` rows.
    """
    rows: list[Rows] = []
    for times in times_by_mode.values():
        measures = cumulative_measures(times, zones, cutoffs_s=cutoffs_s, percentile=percentile)
        rows.append(rows_for(times, measures))
    return tidy(rows)
