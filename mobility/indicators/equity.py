"""How fairly access is shared: Gini, Palma, Theil, concentration, poverty (FGT).

`value` is access per zone, `weight` its people. Zones whose value is NaN or whose weight is 0
take no part; `equity_table` counts the people this leaves out.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.errors import MobilityError, Problem
from mobility.indicators.frame import Array, people, rows_of
from mobility.zones import Zones


def _known(*arrays: npt.ArrayLike) -> list[Array]:
    """Arrays cut to the zones that have a value in all and people (the second) in them."""
    columns = [np.asarray(a, np.float64) for a in arrays]
    keep = np.isfinite(np.stack(columns)).all(axis=0) & (columns[1] > 0)
    if (columns[0][keep] < 0).any():
        raise MobilityError(Problem("equity", "access below 0", "access of 0 or more"))
    return [c[keep] for c in columns]


def gini(value: npt.ArrayLike, weight: npt.ArrayLike) -> float:
    """Gini index, 0 (all alike) to 1: twice the area between the Lorenz curve and equality."""
    access, heavy = _known(value, weight)
    if access.size == 0 or access @ heavy == 0:
        return float("nan")
    order = np.argsort(access, kind="stable")
    share = np.concatenate([[0], np.cumsum(heavy[order])]) / heavy.sum()
    lorenz = np.concatenate([[0], np.cumsum((access * heavy)[order])]) / (access @ heavy)
    return float(1 - np.sum(np.diff(share) * (lorenz[1:] + lorenz[:-1])))


def palma(value: npt.ArrayLike, weight: npt.ArrayLike, income: npt.ArrayLike) -> float:
    """Mean access of the richest 10 % over that of the poorest 40 %.

    People are ranked by `income`; a zone that lies across a bound counts on either side for
    the people that fall there.
    """
    access, heavy, rank = _known(value, weight, income)
    if access.size == 0:
        return float("nan")
    order = np.argsort(rank, kind="stable")
    share = np.concatenate([[0], np.cumsum(heavy[order])]) / heavy.sum()
    low = np.clip(np.minimum(share[1:], 0.4) - share[:-1], 0, None)
    high = np.clip(share[1:] - np.maximum(share[:-1], 0.9), 0, None)
    poor = (low @ access[order]) / low.sum()
    rich = (high @ access[order]) / high.sum()
    return float(rich / poor) if poor > 0 else float("nan")


def theil(value: npt.ArrayLike, weight: npt.ArrayLike) -> float:
    """Theil T: Σ share of people · (y/μ) · ln(y/μ); 0 where all are alike. 0·ln 0 = 0."""
    access, heavy = _known(value, weight)
    if access.size == 0 or access @ heavy == 0:
        return float("nan")
    ratio = access / (access @ heavy / heavy.sum())
    logs = np.log(np.where(ratio > 0, ratio, 1.0))
    return float(heavy / heavy.sum() @ (ratio * logs))


def theil_parts(
    value: npt.ArrayLike, weight: npt.ArrayLike, group: npt.ArrayLike
) -> tuple[float, float]:
    """Theil T between groups and within them; the two add up to `theil`."""
    columns = [np.asarray(a, np.float64) for a in (value, weight)]
    keep = np.isfinite(columns[0]) & np.isfinite(columns[1]) & (columns[1] > 0)
    access, heavy = columns[0][keep], columns[1][keep]
    _, code = np.unique(np.asarray(group, object)[keep].astype(str), return_inverse=True)
    if access.size == 0 or access @ heavy == 0:
        return float("nan"), float("nan")
    size = np.bincount(code, heavy)
    mean = np.bincount(code, heavy * access) / size
    # Σ share of people · y/μ · ln(y/μ_group): each group's own Theil, weighed by its access.
    usual = mean[code]
    ratio = np.where(access > 0, access / np.where(usual > 0, usual, 1.0), 1.0)
    within = float(heavy @ (access * np.log(ratio)) / (access @ heavy))
    return theil(mean, size), within


def concentration(value: npt.ArrayLike, weight: npt.ArrayLike, income: npt.ArrayLike) -> float:
    """Concentration index, −1 to 1: above 0 where the richer have the better access.

    Ties in income count as one group, so that the order of zones doesn't matter.
    """
    access, heavy, rank = _known(value, weight, income)
    if access.size == 0 or access @ heavy == 0:
        return float("nan")
    _, code = np.unique(rank, return_inverse=True)
    size = np.bincount(code, heavy) / heavy.sum()
    middle = np.cumsum(size) - size / 2
    mean = access @ heavy / heavy.sum()
    return float(2 / mean * (heavy / heavy.sum() @ (access * middle[code])) - 1)


def fgt(value: npt.ArrayLike, weight: npt.ArrayLike, line: float) -> tuple[float, float, float]:
    """Foster–Greer–Thorbecke FGT0, FGT1, FGT2 against a norm of access.

    Share of people below the line, their mean relative gap, its square; over all people.
    """
    if not line > 0:
        raise MobilityError(Problem("fgt line", str(line), "a norm above 0"))
    access, heavy = _known(value, weight)
    if access.size == 0:
        return float("nan"), float("nan"), float("nan")
    gap = np.clip(1 - access / line, 0, None)
    share = heavy / heavy.sum()
    return float(share @ (access < line)), float(share @ gap), float(share @ gap**2)


def equity_table(
    accessibility: pd.DataFrame,
    zones: Zones,
    *,
    population: str = "population",
    income: Mapping[str, float] | None = None,
    lines: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Judge the fairness of every indicator of an accessibility table.

    Parameters
    ----------
    accessibility
        `ACCESSIBILITY` rows.
    income
        Zone id → income; without it Palma and concentration are NaN.
    lines
        Indicator → norm for FGT; by default 60 % of the people's median, which is then a
        relative norm.

    Returns
    -------
    DataFrame
        A row per scenario, mode, indicator, opportunity, cutoff and percentile: ``mean, gini,
        palma, theil, theil_between_countries, theil_within_countries,
        theil_between_municipalities, theil_within_municipalities, concentration, fgt0, fgt1,
        fgt2, line, people, people_left_out``.
    """
    keys = ["scenario", "mode", "indicator", "opportunity", "cutoff_s", "percentile"]
    groups = accessibility.groupby(keys, sort=False, observed=True, dropna=False)
    rows = [
        dict(zip(keys, key, strict=True)) | _row(part, zones, population, income, lines)
        for key, part in groups
    ]
    names = [*keys, *EQUITY]
    return pd.DataFrame(rows, columns=names)


EQUITY = (
    "mean",
    "gini",
    "palma",
    "theil",
    "theil_between_countries",
    "theil_within_countries",
    "theil_between_municipalities",
    "theil_within_municipalities",
    "concentration",
    "fgt0",
    "fgt1",
    "fgt2",
    "line",
    "people",
    "people_left_out",
)


def _row(
    part: pd.DataFrame,
    zones: Zones,
    population: str,
    income: Mapping[str, float] | None,
    lines: Mapping[str, float] | None,
) -> dict[str, float]:
    at = rows_of(part["zone"].astype(object).to_numpy(), zones, "accessibility table")
    access = part["value"].to_numpy(np.float64)
    heavy = people(zones, population)[at]
    known = np.isfinite(access)
    rank = np.full(len(at), np.nan)
    if income is not None:
        rank = np.array([income.get(str(zone), np.nan) for zone in zones.ids[at]])
    indicator = str(part["indicator"].iloc[0])
    line = (lines or {}).get(indicator, 0.6 * weighted_quantile(access, heavy, 0.5))
    country = theil_parts(access, heavy, zones.countries[at])
    town = theil_parts(access, heavy, zones.municipalities[at])
    poverty = fgt(access, heavy, line) if line > 0 else (np.nan, np.nan, np.nan)
    total = heavy[known].sum()
    return {
        "mean": float(access[known] @ heavy[known] / total) if total > 0 else np.nan,
        "gini": gini(access, heavy),
        "palma": palma(access, heavy, rank),
        "theil": theil(access, heavy),
        "theil_between_countries": country[0],
        "theil_within_countries": country[1],
        "theil_between_municipalities": town[0],
        "theil_within_municipalities": town[1],
        "concentration": concentration(access, heavy, rank),
        "fgt0": poverty[0],
        "fgt1": poverty[1],
        "fgt2": poverty[2],
        "line": line,
        "people": float(total),
        "people_left_out": float(heavy[~known].sum()),
    }


def weighted_quantile(value: npt.ArrayLike, weight: npt.ArrayLike, share: float) -> float:
    """Least value at or below which at least `share` of the weight lies; NaN left out."""
    numbers, heavy = np.asarray(value, np.float64), np.asarray(weight, np.float64)
    keep = np.isfinite(numbers) & (heavy > 0)
    if not keep.any():
        return float("nan")
    order = np.argsort(numbers[keep], kind="stable")
    reached = np.cumsum(heavy[keep][order])
    at = int(np.searchsorted(reached, share * reached[-1] * (1 - 1e-12)))
    return float(numbers[keep][order][at])
