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
from mobility.streets.model import Float32, Float64, Snapped, StreetNetwork
from mobility.streets.routing import one_point, route
from mobility.streets.snapping import snap

OBSERVED_COLUMNS = ("lon_o", "lat_o", "lon_d", "lat_d", "observed_s")
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
    """

    factors: Mapping[str, float]
    constant_s: float
    error_before_s: float
    error_after_s: float
    pairs: pd.DataFrame
    left_out: int
    factor: Float32


def read_observed(path: Path) -> pd.DataFrame:
    """Read observed pairs: CSV with ``lon_o, lat_o, lon_d, lat_d, observed_s``.

    Raises
    ------
    StreetError
        The file is missing, lacks a column, or holds a value that is no positive number.
    """
    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as error:
        problem = Problem(str(path), f"a file that can't be read ({error})", "a CSV file")
        raise StreetError(problem) from error
    missing = [name for name in OBSERVED_COLUMNS if name not in table.columns]
    if missing:
        raise StreetError(Problem(str(path), f"no column {missing}", f"{OBSERVED_COLUMNS}"))
    numbers = table[list(OBSERVED_COLUMNS)].apply(pd.to_numeric, errors="coerce")
    bad = numbers.isna().any(axis=1) | (numbers["observed_s"] <= 0)
    if bad.any():
        rows = ", ".join(str(row + 2) for row in np.flatnonzero(bad)[:5])
        raise StreetError(Problem(f"{path}: rows {rows}", "no numbers above 0", "degrees, seconds"))
    return numbers


def calibrate_car(
    streets: StreetNetwork,
    observed: pd.DataFrame,
    *,
    factor: Float32 | None = None,
    max_snap_m: float = 1000.0,
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
    factors, constant = np.ones(len(names)), 0.0
    rounds: list[tuple[float, Float64, float, Float64]] = []
    for _ in range(_ROUNDS):
        scaled = (base * factors[group]).astype(np.float32)
        parts, modelled = _times_by_group(streets, origins, targets, usable, scaled, group, names)
        reached = np.isfinite(modelled)
        if not reached.any():
            raise StreetError(Problem("observed pairs", "none that cars can drive", "at least one"))
        error = _rms(modelled[reached] + constant - seen[reached])
        rounds.append((error, factors, constant, modelled + constant))
        factors, constant = _fit((parts / factors)[reached], seen[reached])
    before = rounds[0][3]
    error, factors, constant, after = min(rounds, key=lambda one: one[0])
    reached = np.isfinite(before)
    scaled = (base * factors[group]).astype(np.float32)
    scaled.setflags(write=False)
    return Calibration(
        factors={name: float(value) for name, value in zip(names, factors, strict=True)},
        constant_s=constant,
        error_before_s=rounds[0][0],
        error_after_s=error,
        pairs=observed.assign(before_s=before, after_s=after)[reached].reset_index(drop=True),
        left_out=int((~reached).sum()),
        factor=scaled,
    )


def _fit(free_s: Float64, seen_s: Float64) -> tuple[Float64, float]:
    """Factors per group and a constant that fit best; groups without time keep 1."""
    used = free_s.sum(axis=0) > 0
    system = np.column_stack((free_s[:, used], np.ones(len(seen_s))))
    n = int(used.sum())
    bounds = ([_LOWEST] * n + [0.0], [_HIGHEST] * n + [_MOST_CONSTANT_S])
    found = lsq_linear(system, seen_s, bounds=bounds).x
    factors = np.ones(free_s.shape[1])
    factors[used] = found[:-1]
    return factors, float(found[-1])


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
