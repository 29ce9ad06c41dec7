"""Drives a region observed → the factors its car times are brought to them with."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.scenario import Region
from mobility.streets import PERIODS, StreetNetwork, calibrate_period, read_observed

FITTED = "car_calibration"


def observed_drives(region: Region) -> pd.DataFrame | None:
    """Read the drives a region names, or None; see `mobility.streets.read_observed`."""
    return None if region.streets.observed is None else read_observed(region.streets.observed)


def fit_drives(
    streets: StreetNetwork, observed: pd.DataFrame | None, period: str
) -> tuple[dict[str, pd.DataFrame], dict[str, npt.NDArray[np.float32]]]:
    """Fit a period's car times: evidence by name and factors per edge by mode.

    Both are empty where nothing was observed. Where drives were, but none of the period, the
    table has no row and times stay as the rules make them.
    """
    if observed is None:
        return {}, {}
    table, factor = calibrate_period(streets, observed, period)
    return {FITTED: table}, {} if factor is None else {"car": factor}


def fits(streets: StreetNetwork, observed: pd.DataFrame) -> pd.DataFrame:
    """Fit every period that drives were observed in; all, where some do not say when."""
    seen = set(observed["period"])
    wanted = [period for period in PERIODS if period in seen or "" in seen]
    tables = [calibrate_period(streets, observed, period)[0] for period in wanted]
    return pd.concat(tables, ignore_index=True)
