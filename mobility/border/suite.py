"""All border tables of a set of matrices: the entry point of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from mobility.border.places import suggest_pairs
from mobility.border.scorecards import scorecard
from mobility.scenario.model import Pair
from mobility.tables import TravelTimes
from mobility.zones import Zones


def all_border(
    times_by_mode: Mapping[str, TravelTimes],
    zones: Zones,
    *,
    pairs: Sequence[Pair] = (),
    population: str = "population",
) -> dict[str, pd.DataFrame]:
    """Compute every border table that matrices and zones alone allow.

    Parameters
    ----------
    times_by_mode
        Mode → matrix of one scenario.
    zones
        Zones the matrices were computed for.
    pairs
        Pairs of the card; where there are none the heaviest pairs are taken.

    Returns
    -------
    dict
        Table name → table.
    """
    named = tuple(pairs) or suggest_pairs(zones)
    return {"scorecard": scorecard(times_by_mode, zones, named, population=population)}
