"""Zones laid along the axes of a travel-time matrix, and rows laid out as a tidy table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.errors import MobilityError, Problem, raise_all
from mobility.tables import ACCESSIBILITY, TravelTimes
from mobility.zones import Zones

Array = npt.NDArray[np.float64]
Names = npt.NDArray[np.object_]
EARTH_M = 6_371_008.8


@dataclass(frozen=True)
class Measure:
    """One indicator for all origins of one matrix.

    Parameters
    ----------
    indicator, opportunity, unit
        As in the `ACCESSIBILITY` contract.
    value
        (n_o,), NaN where there is no answer.
    cutoff_s, percentile
        NaN where the indicator has none.
    """

    indicator: str
    opportunity: str
    value: Array
    unit: str
    cutoff_s: float = np.nan
    percentile: float = np.nan


@dataclass(frozen=True)
class Rows:
    """Measures of one matrix (or one scenario, mode ``""`` or ``"a|b"``) and whose they are."""

    scenario: str
    mode: str
    zones: Names
    countries: Names
    measures: tuple[Measure, ...]


def rows_of(ids: Names, zones: Zones, what: str) -> npt.NDArray[np.intp]:
    """Row in `zones` of each id.

    Raises
    ------
    MobilityError
        An id is no zone, or the zones name one twice.
    """
    if np.array_equal(ids, zones.ids) and len(set(zones.ids)) == len(zones.ids):
        return np.arange(len(ids), dtype=np.intp)
    index = pd.Index(zones.ids, dtype=object)
    if not index.is_unique:
        twice = sorted(set(index[index.duplicated()]))[:5]
        raise MobilityError(Problem("zones", f"ids that stand twice: {twice}", "each id once"))
    rows: npt.NDArray[np.intp] = index.get_indexer(pd.Index(ids, dtype=object))
    if (rows < 0).any():
        lost = [str(name) for name in np.asarray(ids)[rows < 0][:5]]
        raise MobilityError(
            Problem(
                f"travel times, {what}",
                f"{int((rows < 0).sum())} ids that are no zone, first {lost}",
                "ids of the zone file",
                "Give the zones the times were computed for.",
            )
        )
    return rows


def select_zones(zones: Zones, rows: npt.NDArray[np.intp]) -> Zones:
    """Zones of the given rows, in that order; the very same where all are asked for in theirs."""
    if np.array_equal(rows, np.arange(len(zones.ids))):
        return zones
    return Zones(
        ids=zones.ids[rows],
        names=zones.names[rows],
        countries=zones.countries[rows],
        municipalities=zones.municipalities[rows],
        lon=zones.lon[rows],
        lat=zones.lat[rows],
        opportunities=zones.opportunities.iloc[rows].reset_index(drop=True),
        shapes=None if zones.shapes is None else zones.shapes[rows],
    )


def ends(times: TravelTimes, zones: Zones) -> tuple[Zones, Zones]:
    """Zones of the matrix's origins and destinations, in its order."""
    return (
        select_zones(zones, rows_of(times.origins, zones, "origins")),
        select_zones(zones, rows_of(times.destinations, zones, "destinations")),
    )


def opportunity_names(zones: Zones, wanted: Sequence[str] | None = None) -> tuple[str, ...]:
    """Columns of `zones.opportunities` that are wanted; all of them by default.

    Raises
    ------
    MobilityError
        A wanted column is missing, or one holds empty, negative or infinite values.
    """
    known = [str(name) for name in zones.opportunities.columns]
    names = tuple(known if wanted is None else wanted)
    problems = [
        Problem("zones", f"no column {name!r}", f"one of {known}")
        for name in names
        if name not in known
    ]
    for name in (n for n in names if n in known):
        values = zones.opportunities[name].to_numpy(np.float64)
        bad = int((~np.isfinite(values) | (values < 0)).sum())
        if bad:
            problems.append(
                Problem(
                    f"zones, column {name!r}",
                    f"{bad} values that are empty, infinite or below 0",
                    "a number of 0 or more for every zone",
                    "Write 0 where there are none, or leave the column out.",
                )
            )
    raise_all(MobilityError, problems)
    return names


def opportunity(zones: Zones, name: str) -> Array:
    """One opportunity column as float64 (n,), checked."""
    opportunity_names(zones, [name])
    values: Array = zones.opportunities[name].to_numpy(np.float64)
    return values


def people(zones: Zones, column: str = "population") -> Array:
    """People per zone; where the zones have no such column every zone counts as one."""
    if column not in zones.opportunities.columns:
        return np.ones(len(zones.ids))
    return opportunity(zones, column)


def great_circle_m(lon_o: Array, lat_o: Array, lon_d: Array, lat_d: Array) -> Array:
    """Great-circle distance of all pairs in metres, (n_o, n_d), from degrees."""
    east_o, north_o = np.radians(lon_o)[:, None], np.radians(lat_o)[:, None]
    east_d, north_d = np.radians(lon_d)[None, :], np.radians(lat_d)[None, :]
    half = (
        np.sin((north_d - north_o) / 2) ** 2
        + np.cos(north_o) * np.cos(north_d) * np.sin((east_d - east_o) / 2) ** 2
    )
    return np.asarray(2 * EARTH_M * np.arcsin(np.sqrt(np.clip(half, 0, 1))))


def crow_fly_m(origins: Zones, destinations: Zones) -> Array:
    """Great-circle distance between zone points in metres, (n_o, n_d)."""
    return great_circle_m(origins.lon, origins.lat, destinations.lon, destinations.lat)


def distances(times_by_mode: Mapping[str, TravelTimes], zones: Zones) -> dict[str, Array]:
    """Crow-fly metres of each mode's matrix; modes with the same zones share one."""
    found: dict[tuple[str, ...], Array] = {}
    by_mode = {}
    for mode, times in times_by_mode.items():
        key = ("\n".join(times.origins), "\n".join(times.destinations))
        if key not in found:
            found[key] = crow_fly_m(*ends(times, zones))
        by_mode[mode] = found[key]
    return by_mode


def blank_outside(values: Array, times: TravelTimes) -> Array:
    """Blank the origins that stand outside the model with NaN: not computed is not nought."""
    if times.outside.shape[1] == 0:
        return values
    return np.where(times.outside.all(axis=1), np.nan, values)


def tidy(rows: Sequence[Rows]) -> pd.DataFrame:
    """Lay measures out as rows of the `ACCESSIBILITY` contract.

    Text columns are categoricals with sorted categories; rows stand in the order given,
    zones innermost.
    """
    blocks = [(r, m) for r in rows for m in r.measures]
    sizes = np.array([len(r.zones) for r, _ in blocks], np.int64)

    def per_block(words: list[str]) -> pd.Categorical:
        codes, names = pd.factorize(np.asarray(words, object), sort=True)
        return pd.Categorical.from_codes(np.repeat(codes, sizes), categories=pd.Index(names))

    def per_zone(arrays: list[Names]) -> pd.Categorical:
        distinct = {id(array): array for array in arrays}
        names = sorted({str(word) for array in distinct.values() for word in array})
        index = pd.Index(names, dtype=object)
        codes = {
            key: index.get_indexer(pd.Index(array, dtype=object)) for key, array in distinct.items()
        }
        parts = [codes[id(array)] for array in arrays]
        flat = np.concatenate(parts) if parts else np.empty(0, np.intp)
        return pd.Categorical.from_codes(flat, categories=index)

    def numbers(values: list[float]) -> npt.NDArray[np.float32]:
        return np.repeat(np.asarray(values, np.float32), sizes)

    values = [m.value for _, m in blocks]
    columns = {
        "scenario": per_block([r.scenario for r, _ in blocks]),
        "zone": per_zone([r.zones for r, _ in blocks]),
        "country": per_zone([r.countries for r, _ in blocks]),
        "mode": per_block([r.mode for r, _ in blocks]),
        "indicator": per_block([m.indicator for _, m in blocks]),
        "opportunity": per_block([m.opportunity for _, m in blocks]),
        "cutoff_s": numbers([m.cutoff_s for _, m in blocks]),
        "percentile": numbers([m.percentile for _, m in blocks]),
        "value": np.concatenate(values) if values else np.empty(0),
        "unit": per_block([m.unit for _, m in blocks]),
    }
    return pd.DataFrame({column.name: columns[column.name] for column in ACCESSIBILITY})


def rows_for(times: TravelTimes, measures: Sequence[Measure]) -> Rows:
    """Measures of one matrix, those of origins outside the model blanked."""
    return Rows(
        times.scenario,
        times.mode,
        times.origins,
        times.country_o,
        tuple(
            Measure(
                m.indicator,
                m.opportunity,
                blank_outside(m.value, times),
                m.unit,
                m.cutoff_s,
                m.percentile,
            )
            for m in measures
        ),
    )
