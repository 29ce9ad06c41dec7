"""Car times fitted to observed ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import lsq_linear

from mobility.errors import Problem, StreetError
from mobility.streets.congestion import period_of
from mobility.streets.model import Float32, Float64, Snapped, StreetNetwork
from mobility.streets.routing import one_point, route
from mobility.streets.snapping import snap

OBSERVED_COLUMNS = ("lon_o", "lat_o", "lon_d", "lat_d", "observed_s")
FITTED_COLUMNS = ("period", "group", "factor", "trips", "left_out", "error_before_s",
                  "error_after_s")  # fmt: skip
ALL = "all"
_GROUPS: Mapping[str, tuple[str, ...]] = {
    "motorway": ("motorway", "motorway_link", "trunk", "trunk_link"),
    "main": ("primary", "primary_link", "secondary", "secondary_link"),
    "local": (),
}
_LOWEST, _HIGHEST = 0.5, 4.0
_MOST_CONSTANT_S = 900.0
_ROUNDS = 5


@dataclass(frozen=True, eq=False)
class Calibration:
    """Factors that bring modelled car times close to observed ones.

    Parameters
    ----------
    factors
        ``"NL motorway"`` (country and group of classes) → factor on the time.
    constant_s
        Seconds on every trip: parking, walking to the car.
    error_before_s, error_after_s
        Root mean square error over the pairs used.
    pairs
        ``observed_s, before_s, after_s`` and the observed columns, one row per pair used.
    left_out
        Pairs with no way between them or off the network.
    factor
        float32 (n_edges,): for `matrix_ms`.
    used
        Group → bool (pairs,): which of `pairs` drive on it.
    """

    factors: Mapping[str, float]
    constant_s: float
    error_before_s: float
    error_after_s: float
    pairs: pd.DataFrame
    left_out: int
    factor: Float32
    used: Mapping[str, npt.NDArray[np.bool_]]


def read_observed(path: Path) -> pd.DataFrame:
    """Read observed pairs: CSV with ``lon_o, lat_o, lon_d, lat_d, observed_s``.

    A column ``depart`` (time of day, ``"08:15"``) says when; without it, or where it is empty,
    a row holds at any time.

    Returns
    -------
    pandas.DataFrame
        The columns named, degrees and seconds, and ``period``, one of `PERIODS` or ``""``.

    Raises
    ------
    StreetError
        The file is missing, lacks a column, or holds a value that is no positive number, no
        degree or no time of day.
    """
    try:
        table = pd.read_csv(path, dtype={"depart": str})
    except (OSError, ValueError) as error:
        problem = Problem(str(path), f"a file that can't be read ({error})", "a CSV file")
        raise StreetError(problem) from error
    missing = [name for name in OBSERVED_COLUMNS if name not in table.columns]
    if missing:
        raise StreetError(Problem(str(path), f"no column {missing}", f"{OBSERVED_COLUMNS}"))
    numbers = table[list(OBSERVED_COLUMNS)].apply(pd.to_numeric, errors="coerce")
    bad = ~np.isfinite(numbers.to_numpy(np.float64)).all(axis=1) | (numbers["observed_s"] <= 0)
    bad |= (numbers[["lon_o", "lon_d"]].abs() > 180).any(axis=1)
    bad |= (numbers[["lat_o", "lat_d"]].abs() > 90).any(axis=1)
    if bad.any():
        where = f"{path}: rows {_rows(bad)}"
        raise StreetError(Problem(where, "no numbers above 0", "degrees, seconds"))
    return numbers.assign(period=_periods(table, path))


def _rows(bad: pd.Series) -> str:
    """First rows of a file that are marked; its head is row 1."""
    return ", ".join(str(row + 2) for row in np.flatnonzero(bad)[:5])


def _periods(table: pd.DataFrame, path: Path) -> list[str]:
    if "depart" not in table:
        return [""] * len(table)
    texts = table["depart"].fillna("").str.strip()
    parts = texts.str.extract(r"^(\d{1,2}):([0-5]\d)(?::[0-5]\d)?$")
    bad = parts[0].isna() & (texts != "")
    if bad.any():
        where = f"{path}: rows {_rows(bad)}"
        raise StreetError(Problem(where, f'depart "{texts[bad].iloc[0]}"', 'such as "08:15"'))
    seconds = parts.astype(float) @ [3600.0, 60.0]
    return [period_of(at) if text else "" for at, text in zip(seconds, texts, strict=True)]


def calibrate_period(
    streets: StreetNetwork, observed: pd.DataFrame, period: str
) -> tuple[pd.DataFrame, Float32 | None]:
    """Fit car times to what was observed in one period, parking left to the caller.

    Parameters
    ----------
    streets
        Network with a car graph.
    observed
        From `read_observed`; seconds at the wheel. Rows without a period count in each.
    period
        One of `PERIODS`.

    Returns
    -------
    pandas.DataFrame, ndarray or None
        ``period, group, factor, trips, left_out, error_before_s, error_after_s``: root mean
        square errors of the trips on a group of streets, first of ``"all"``; no row and no
        factor where nothing was observed in the period.
    """
    rows = observed[observed["period"].isin(["", period])].reset_index(drop=True)
    if not len(rows):
        return pd.DataFrame(columns=list(FITTED_COLUMNS)), None
    fit = calibrate_car(streets, rows, constant=False)
    before = (fit.pairs["before_s"] - fit.pairs["observed_s"]).to_numpy(np.float64)
    after = (fit.pairs["after_s"] - fit.pairs["observed_s"]).to_numpy(np.float64)
    everything = np.ones(len(before), bool)
    lines = [(ALL, np.nan, everything, fit.left_out)]
    lines += [(n, fit.factors[n], used, 0) for n, used in fit.used.items() if used.any()]
    table = [
        (period, name, factor, int(used.sum()), left_out, _rms(before[used]), _rms(after[used]))
        for name, factor, used, left_out in lines
    ]
    return pd.DataFrame(table, columns=list(FITTED_COLUMNS)), fit.factor


def calibrate_car(
    streets: StreetNetwork,
    observed: pd.DataFrame,
    *,
    factor: Float32 | None = None,
    max_snap_m: float = 1000.0,
    constant: bool = True,
) -> Calibration:
    """Fit factors by country and group of classes, and a constant, by least squares.

    Each round the fastest ways are found under the factors so far, their time is split over
    the groups, and bounded linear least squares finds better factors; the best round counts.
    Groups that no observed trip uses keep the factor 1.

    Parameters
    ----------
    streets
        Network with a car graph.
    observed
        From `read_observed`.
    factor
        Factors already in force, e.g. of congestion; the fitted ones come on top.
    max_snap_m
        Pairs with an end farther from any street are left out.
    constant
        Whether to fit one; False where the seconds observed are those at the wheel.

    Raises
    ------
    StreetError
        No pair can be used.
    """
    base = np.ones(len(streets.edge_from)) if factor is None else factor.astype(np.float64)
    group, names = _edge_groups(streets)
    origins = snap(streets, "car", observed["lon_o"], observed["lat_o"], max_m=max_snap_m)
    targets = snap(streets, "car", observed["lon_d"], observed["lat_d"], max_m=max_snap_m)
    usable = (origins.edge >= 0) & (targets.edge >= 0)
    seen = observed["observed_s"].to_numpy(np.float64)
    factors, added = np.ones(len(names)), 0.0
    rounds: list[_Round] = []
    for _ in range(_ROUNDS):
        scaled = (base * factors[group]).astype(np.float32)
        parts, modelled = _times_by_group(streets, origins, targets, usable, scaled, group, names)
        reached = np.isfinite(modelled)
        if not reached.any():
            raise StreetError(Problem("observed pairs", "none that cars can drive", "at least one"))
        error = _rms(modelled[reached] + added - seen[reached])
        rounds.append(_Round(error, factors, added, modelled + added, parts > 0))
        factors, added = _fit((parts / factors)[reached], seen[reached], constant=constant)
    before = rounds[0].seconds
    best = min(rounds, key=lambda one: one.error)
    reached = np.isfinite(before)
    scaled = (base * best.factors[group]).astype(np.float32)
    scaled.setflags(write=False)
    pairs = observed.assign(before_s=before, after_s=best.seconds)
    return Calibration(
        factors={name: float(value) for name, value in zip(names, best.factors, strict=True)},
        constant_s=best.constant_s,
        error_before_s=rounds[0].error,
        error_after_s=best.error,
        pairs=pairs[reached].reset_index(drop=True),
        left_out=int((~reached).sum()),
        factor=scaled,
        used={name: best.used[reached, row] for row, name in enumerate(names)},
    )


@dataclass(frozen=True, eq=False)
class _Round:
    error: float
    factors: Float64
    constant_s: float
    seconds: Float64
    used: npt.NDArray[np.bool_]


def _fit(free_s: Float64, seen_s: Float64, *, constant: bool) -> tuple[Float64, float]:
    """Factors per group and a constant that fit best; groups without time keep 1."""
    used = free_s.sum(axis=0) > 0
    n = int(used.sum())
    system, lowest, highest = free_s[:, used], [_LOWEST] * n, [_HIGHEST] * n
    if constant:
        system = np.column_stack((system, np.ones(len(seen_s))))
        lowest, highest = [*lowest, 0.0], [*highest, _MOST_CONSTANT_S]
    found = lsq_linear(system, seen_s, bounds=(lowest, highest)).x
    factors = np.ones(free_s.shape[1])
    factors[used] = found[:n]
    return factors, float(found[n]) if constant else 0.0


def _rms(errors: Float64) -> float:
    return float(np.sqrt(np.mean(np.square(errors))))


def _edge_groups(streets: StreetNetwork) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Group of each edge, by country and classes, and the groups' names."""
    kinds = list(_GROUPS)
    kind_of_class = {name: kinds.index(kind) for kind in kinds for name in _GROUPS[kind]}
    kind = streets.ways["highway"].map(kind_of_class).fillna(kinds.index("local"))
    of_edge = kind.to_numpy(np.int64)[streets.edge_way]
    group = streets.edge_country.astype(np.int64) * len(kinds) + of_edge
    names = [f"{code} {name}".strip() for code in streets.country_codes for name in kinds]
    return group, names


def _times_by_group(
    streets: StreetNetwork,
    origins: Snapped,
    targets: Snapped,
    usable: npt.NDArray[np.bool_],
    factor: Float32,
    group: npt.NDArray[np.int64],
    names: list[str],
) -> tuple[Float64, Float64]:
    """Seconds of each pair by group (n_pairs, n_groups), and in all; NaN where no way leads."""
    graph = streets.graphs["car"]
    parts = np.zeros((len(usable), len(names)))
    total = np.full(len(usable), np.nan)
    for row in np.flatnonzero(usable).tolist():
        start, end = one_point(origins, row), one_point(targets, row)
        way = route(streets, "car", start, end, factor=factor)
        if not len(way.edges):
            continue
        ms = np.where(way.backward, graph.backward_ms[way.edges], graph.forward_ms[way.edges])
        ms = ms * factor[way.edges].astype(np.float64)
        ms = ms * way.share
        parts[row] = np.bincount(group[way.edges], weights=ms, minlength=len(names)) / 1000
        total[row] = way.ms / 1000
    return parts, total
