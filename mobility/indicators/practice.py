"""Indicators of Dutch and Flemish practice: VF factor, speeds, detour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.errors import MobilityError, Problem
from mobility.indicators.costs import trip_weights, weighted_mean
from mobility.indicators.equity import weighted_quantile
from mobility.indicators.frame import (
    Array,
    Measure,
    Rows,
    crow_fly_m,
    ends,
    people,
    rows_for,
    tidy,
)
from mobility.tables import TravelTimes
from mobility.zones import Zones

VF_LIMIT = 1.5
BIKE_LIMIT_S = 1800.0
REFERENCE_BANDS_KM = (0.0, 2.0, 5.0, 10.0, 20.0, 35.0, 50.0, 75.0, 100.0, np.inf)
LEAST_IN_BAND = 10


def vf_matrix(times: TravelTimes, car: TravelTimes, *, percentile: int = 50) -> Array:
    """Time over that of the car, door to door, (n_o, n_d).

    Infinite where only the car gets there, NaN where the car doesn't or takes no time.
    """
    same_zones(times, car)
    slow, fast = times.at(percentile).astype(np.float64), car.at(percentile).astype(np.float64)
    known = np.isfinite(fast) & (fast > 0)
    ratio = np.where(np.isfinite(slow), slow, np.inf) / np.where(known, fast, 1.0)
    return np.where(known, ratio, np.nan)


def same_zones(times: TravelTimes, other: TravelTimes) -> None:
    """Raise `MobilityError` where two matrices have other zones or another order."""
    same = np.array_equal(times.origins, other.origins) and np.array_equal(
        times.destinations, other.destinations
    )
    if not same:
        raise MobilityError(
            Problem(
                f"travel times by {times.mode} and by {other.mode}",
                "other zones, or in another order",
                "the same origins and destinations",
            )
        )


def vf_measures(
    times: TravelTimes,
    car: TravelTimes,
    zones: Zones,
    *,
    crow_m: Array,
    population: str,
    limit: float = VF_LIMIT,
    within_s: float = 3600,
) -> list[Measure]:
    """VF factor of each zone and the share of its trips that could shift.

    ``vf`` is the median over destinations, weighted by `trip_weights`; a destination that only
    the car reaches counts as the worst, so where most are such the median is NaN.
    ``modal_potential`` is the trip-weighted share of the destinations within `within_s` by car
    to which VF ≤ `limit`; ``bike_potential`` (bike, e-bike) that which is at most 30 minutes
    away.
    """
    _, destinations = ends(times, zones)
    weights = trip_weights(destinations, crow_m, population)
    ratio = vf_matrix(times, car)
    counted = np.where(np.isfinite(ratio) | np.isinf(ratio), weights, 0.0)
    median = _row_medians(ratio, counted)
    near = np.where(car.at(50) <= within_s, counted, 0.0)
    shift = _row_share(ratio <= limit, near)
    measures = [
        Measure("vf", "", median, "1", percentile=50),
        Measure("modal_potential", population, shift, "1", within_s, 50),
    ]
    if times.mode in ("bike", "ebike"):
        share = _row_share(times.at(50) <= BIKE_LIMIT_S, near)
        measures.append(Measure("bike_potential", population, share, "1", BIKE_LIMIT_S, 50))
    return measures


def _row_share(true: npt.NDArray[np.bool_], weights: Array) -> Array:
    """Weighted share of each row that is true, NaN where nothing weighs."""
    total = weights.sum(axis=1)
    part = np.einsum("ij,ij->i", true.astype(np.float64), weights)
    share: Array = np.divide(part, total, out=np.full(len(total), np.nan), where=total > 0)
    return share


def _row_medians(values: Array, weights: Array) -> Array:
    """Weighted lower median of each row; NaN weighs nothing, infinity sorts last.

    The result is NaN where the median itself is infinite.
    """
    order = np.argsort(values, axis=1, kind="stable")
    heavy = np.cumsum(np.take_along_axis(weights, order, axis=1), axis=1)
    if heavy.shape[1] == 0:
        return np.full(len(values), np.nan)
    half = heavy[:, -1:] / 2
    at = (heavy >= half * (1 - 1e-12)).argmax(axis=1)
    found = np.take_along_axis(values, np.take_along_axis(order, at[:, None], 1), 1)[:, 0]
    return np.where((heavy[:, -1] > 0) & np.isfinite(found), found, np.nan)


def vf_factors(
    times_by_mode: Mapping[str, TravelTimes],
    zones: Zones,
    *,
    population: str = "population",
    limit: float = VF_LIMIT,
) -> pd.DataFrame:
    """VF factor and modal potential of every mode against the car, as `ACCESSIBILITY` rows.

    Empty where there is no car.
    """
    car = times_by_mode.get("car")
    rows: list[Rows] = []
    for times in times_by_mode.values():
        if car is None or times.mode == "car":
            continue
        crow = crow_fly_m(*ends(times, zones))
        measures = vf_measures(times, car, zones, crow_m=crow, population=population, limit=limit)
        rows.append(rows_for(times, measures))
    return tidy(rows)


def speeds_kph(times: TravelTimes, crow_m: Array, *, percentile: int = 50) -> Array:
    """Crow-fly speed of each pair, NaN where unreachable or for a zone to itself."""
    time_s = times.at(percentile).astype(np.float64)
    known = np.isfinite(time_s) & (time_s > 0) & (crow_m > 0)
    return np.where(known, crow_m / np.where(known, time_s, 1.0) * 3.6, np.nan)


def reference_line(
    times: TravelTimes, zones: Zones, *, crow_m: Array | None = None
) -> tuple[Array, Array]:
    """Reference speed by distance: the median of domestic pairs in each distance band.

    Returns
    -------
    tuple
        Middle of each band in km and its median speed in km/h, only bands with ten pairs or
        more; empty where there are none.
    """
    crow = crow_fly_m(*ends(times, zones)) if crow_m is None else crow_m
    speed = speeds_kph(times, crow)
    # Numbers compare faster than words.
    codes, _ = pd.factorize(np.concatenate([times.country_o, times.country_d]))
    from_code, to_code = codes[: len(times.country_o)], codes[len(times.country_o) :]
    keep = np.isfinite(speed) & (from_code[:, None] == to_code[None, :])
    km, kph = crow[keep] / 1000, speed[keep]
    band = np.digitize(km, REFERENCE_BANDS_KM).astype(np.int8)
    order = np.argsort(band, kind="stable")
    ends_at = np.cumsum(np.bincount(band, minlength=len(REFERENCE_BANDS_KM)))
    parts = [part for part in np.split(order, ends_at[:-1]) if len(part) >= LEAST_IN_BAND]
    return (
        np.array([np.median(km[part]) for part in parts]),
        np.array([np.median(kph[part]) for part in parts]),
    )


def reachability_measures(
    times: TravelTimes,
    zones: Zones,
    *,
    crow_m: Array,
    population: str,
    reference: tuple[Array, Array],
    trips: Array | None = None,
) -> list[Measure]:
    """Speed over all trips *to* an area and its index against equal distances (SVIR).

    `reachability_speed` is the trip-weighted mean crow-fly speed of arrivals; its index is 100
    where that equals the reference speed at the same distances. Trips that can't be made have
    no speed; `reachability_unreached` is their weight. Only for matrices whose origins are
    their destinations; the zone is the place arrived at.
    """
    if not np.array_equal(times.origins, times.destinations):
        return []
    _, destinations = ends(times, zones)
    if trips is None:
        # Trips from i to j: as many as people at both ends pull, falling with distance.
        living = people(destinations, population)
        trips = trip_weights(destinations, crow_m, population) * living[:, None]
    speed, arriving = speeds_kph(times, crow_m).T, trips.T
    middle, line = reference
    mean = weighted_mean(speed, arriving)
    total = arriving.sum(axis=1)
    lost = np.divide(
        np.where(np.isnan(speed), arriving, 0.0).sum(axis=1),
        total,
        out=np.full(len(total), np.nan),
        where=total > 0,
    )
    measures = [
        Measure("reachability_speed", population, mean, "km/h", percentile=50),
        Measure("reachability_unreached", population, lost, "1", percentile=50),
    ]
    if len(middle):
        expected = np.interp(crow_m.T / 1000, middle, line)
        usual = weighted_mean(np.where(np.isnan(speed), np.nan, expected), arriving)
        index = 100 * mean / usual
        measures.append(Measure("reachability_index", population, index, "100", percentile=50))
    return measures


def quality_measures(
    times: TravelTimes, zones: Zones, *, crow_m: Array, population: str
) -> list[Measure]:
    """Median time, spread and changes of the mean trip from each zone to where it can get.

    `reliability_band` is the slowest percentile less the median. The three are means over the
    destinations that have them, weighted by `trip_weights`; `unreached_trips` is the weight of
    the destinations that can't be reached at the median.
    """
    _, destinations = ends(times, zones)
    weights = trip_weights(destinations, crow_m, population)
    median = times.at(50).astype(np.float64)
    late = times.at(max(times.percentiles)).astype(np.float64)
    return [
        Measure("median_time", population, weighted_mean(median, weights), "s", percentile=50),
        Measure("reliability_band", population, weighted_mean(late - median, weights), "s"),
        Measure(
            "changes",
            population,
            weighted_mean(times.transfers_p50.astype(np.float64), weights),
            "1",
            percentile=50,
        ),
        Measure(
            "unreached_trips", population, _row_share(np.isnan(median), weights), "1", percentile=50
        ),
    ]


def detour_measures(
    times: TravelTimes, zones: Zones, *, kph: float, crow_m: Array, population: str
) -> list[Measure]:
    """Network over crow-fly distance for a mode of constant speed, over destinations to 15 km.

    The network distance is the time at `kph`; the mean is weighted by trips, each kilometre
    once (Σ network ÷ Σ crow-fly).
    """
    _, destinations = ends(times, zones)
    near = (crow_m > 0) & (crow_m <= 15_000) & np.isfinite(times.at(50))
    weights = np.where(near, trip_weights(destinations, crow_m, population), 0.0)
    ridden = np.where(near, times.at(50), 0.0).astype(np.float64) * kph / 3.6
    top = np.einsum("ij,ij->i", weights, ridden)
    bottom = np.einsum("ij,ij->i", weights, crow_m)
    factor: Array = np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom > 0)
    return [Measure("detour", population, factor, "1", percentile=50)]


def modal_potential_total(
    table: pd.DataFrame, zones: Zones, *, population: str = "population"
) -> pd.DataFrame:
    """People-weighted mean and median of `vf_factors` per mode and indicator, over all zones."""
    weight = pd.Series(people(zones, population), index=pd.Index(zones.ids))
    rows = []
    for key, part in table.groupby(["scenario", "mode", "indicator"], observed=True, sort=False):
        heavy = weight.loc[part["zone"].astype(object)].to_numpy(np.float64)
        value = part["value"].to_numpy(np.float64)
        known = np.isfinite(value) & (heavy > 0)
        mean = float(value[known] @ heavy[known] / heavy[known].sum()) if known.any() else np.nan
        labels: Sequence[object] = key if isinstance(key, tuple) else (key,)
        rows.append((*labels, mean, weighted_quantile(value, heavy, 0.5), int((~known).sum())))
    names = ["scenario", "mode", "indicator", "mean", "median", "zones_without"]
    return pd.DataFrame(rows, columns=names)
