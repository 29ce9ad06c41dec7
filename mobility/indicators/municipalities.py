"""Municipality to municipality: zone pairs gathered, weighted by the people at both ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array

from mobility.indicators.frame import Array, Names, ends, great_circle_m, people
from mobility.tables import TravelTimes
from mobility.zones import Zones

LEAST_REACHED = 0.5


@dataclass(frozen=True)
class Groups:
    """Which municipality each zone belongs to.

    Parameters
    ----------
    names, countries
        One per municipality, sorted by country, then name; a municipality is known by both,
        so that namesakes across the border stay apart.
    of_zone
        int (n,), municipality of each zone.
    """

    names: Names
    countries: Names
    of_zone: npt.NDArray[np.intp]


def municipalities(zones: Zones) -> Groups:
    """Group zones by country and municipality; a zone without one stands for itself."""
    own = np.where(zones.names != "", zones.names, zones.ids)
    names = np.where(zones.municipalities != "", zones.municipalities, own).astype(str)
    keys = np.array([f"{c}\t{n}" for c, n in zip(zones.countries, names, strict=True)], object)
    unique, codes = np.unique(keys.astype(str), return_inverse=True)
    split = [key.split("\t", 1) for key in unique]
    return Groups(
        names=np.array([name for _, name in split], object),
        countries=np.array([country for country, _ in split], object),
        of_zone=codes.astype(np.intp),
    )


def membership(groups: Groups, weights: Array) -> Array:
    """Weight of each zone in its municipality, (n_municipalities, n_zones).

    A municipality whose zones all weigh nothing counts each of its zones as one, so that it
    keeps a time.
    """
    size = (len(groups.names), len(groups.of_zone))
    table = np.zeros(size)
    table[groups.of_zone, np.arange(size[1])] = 1.0
    empty = table @ weights == 0
    return table * np.where(empty[groups.of_zone], 1.0, weights)


def aggregate(heavy_o: Array | csr_array, values: Array, heavy_d: Array | csr_array) -> Array:
    """Weighted sum of zone pairs per municipality pair: heavy_o · values · heavy_dᵀ."""
    # Each zone has one municipality, so the weights are almost all nought.
    half = csr_array(heavy_o) @ values
    return np.asarray((csr_array(heavy_d) @ half.T).T)


def municipality_times(
    times: TravelTimes, zones: Zones, *, population: str = "population"
) -> pd.DataFrame:
    """Travel time from municipality to municipality.

    The rule: each percentile is the mean over the zone pairs that are reached at that
    percentile, weighted by the people of the origin times those of the destination.
    A percentile at which less than half of that weight is reached is NaN, because the mean
    of the few that are would flatter. `share_unreachable` is the weight not reached at the
    median. A zone to itself is left out unless it is the whole municipality.

    Returns
    -------
    DataFrame
        ``scenario, mode, municipality_o, country_o, municipality_d, country_d, pNN_s …,
        share_unreachable, share_reached, transfers_p50, distance_km, zone_pairs``, a row per
        ordered pair. `share_reached` is the weighted mean share of departures that arrive.
    """
    table = municipality_table(times, zones, population=population)
    return table.drop(columns=["people_o", "people_d"]).astype(dict.fromkeys(KEYS, "str"))


KEYS = ("municipality_o", "country_o", "municipality_d", "country_d")


def municipality_table(times: TravelTimes, zones: Zones, *, population: str) -> pd.DataFrame:
    """`municipality_times` with people at both ends, and categories for names."""
    from_zones, to_zones = ends(times, zones)
    groups_o, groups_d = municipalities(from_zones), municipalities(to_zones)
    people_o, people_d = people(from_zones, population), people(to_zones, population)
    heavy_o, heavy_d = membership(groups_o, people_o), membership(groups_d, people_d)
    counted = _counted(times, groups_d)
    few_o, few_d = csr_array(heavy_o), csr_array(heavy_d)
    whole = aggregate(few_o, counted, few_d)

    weights: list[tuple[npt.NDArray[np.bool_], Array]] = []

    def mean(values: npt.NDArray[np.floating]) -> tuple[Array, Array]:
        known = np.isfinite(values) & (counted > 0)
        # Percentiles are mostly reached at the same pairs, and those of streets always.
        if not weights or not np.array_equal(weights[-1][0], known):
            weights.append((known, aggregate(few_o, known.astype(np.float64), few_d)))
        weight = weights[-1][1]
        total = aggregate(few_o, np.where(known, values, 0.0).astype(np.float64), few_d)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = weight / whole
            return np.where(share >= LEAST_REACHED, total / weight, np.nan), share

    n_o, n_d = len(groups_o.names), len(groups_d.names)
    columns: dict[str, object] = {
        "scenario": pd.Categorical.from_codes(np.zeros(n_o * n_d, np.int8), [times.scenario]),
        "mode": pd.Categorical.from_codes(np.zeros(n_o * n_d, np.int8), [times.mode]),
        "municipality_o": _names(groups_o.names, n_d, repeat=True),
        "country_o": _names(groups_o.countries, n_d, repeat=True),
        "municipality_d": _names(groups_d.names, n_o, repeat=False),
        "country_d": _names(groups_d.countries, n_o, repeat=False),
    }
    middle = 50 if 50 in times.percentiles else times.percentiles[len(times.percentiles) // 2]
    reached = whole
    for p in times.percentiles:
        found, share = mean(times.at(p))
        columns[f"p{p:02d}_s"] = found.ravel()
        reached = share if p == middle else reached
    columns["share_unreachable"] = np.clip(1 - reached, 0, 1).ravel()
    columns["share_reached"] = mean(times.share_reached)[0].ravel()
    columns["transfers_p50"] = mean(times.transfers_p50)[0].ravel()
    columns["distance_km"] = centre_distance_km(from_zones, to_zones, heavy_o, heavy_d).ravel()
    count_o, count_d = (heavy_o > 0).astype(np.float64), (heavy_d > 0).astype(np.float64)
    pairs = aggregate(count_o, counted, count_d)
    columns["zone_pairs"] = pairs.ravel().astype(np.int64)
    n_people = np.bincount(groups_o.of_zone, people_o, minlength=n_o)
    columns["people_o"] = np.repeat(n_people, n_d)
    n_people = np.bincount(groups_d.of_zone, people_d, minlength=n_d)
    columns["people_d"] = np.tile(n_people, n_o)
    return pd.DataFrame(columns)


def _names(values: Names, times: int, *, repeat: bool) -> pd.Categorical:
    codes, names = pd.factorize(values)
    spread = np.repeat(codes, times) if repeat else np.tile(codes, times)
    return pd.Categorical.from_codes(spread, categories=pd.Index(names, dtype=object))


def _counted(times: TravelTimes, groups_d: Groups) -> Array:
    """1 for the zone pairs that count: all but a zone to itself among several."""
    same = times.origins[:, None] == times.destinations[None, :]
    sizes = np.bincount(groups_d.of_zone, minlength=len(groups_d.names))
    alone = sizes[groups_d.of_zone] == 1 if len(sizes) else np.zeros(0, bool)
    return np.where(same & ~alone[None, :], 0.0, 1.0)


def centres(zones: Zones, heavy: Array) -> tuple[Array, Array]:
    """Longitude and latitude of each municipality's centre of people."""
    total = heavy.sum(axis=1)
    return heavy @ zones.lon / total, heavy @ zones.lat / total


def centre_distance_km(from_zones: Zones, to_zones: Zones, heavy_o: Array, heavy_d: Array) -> Array:
    """Crow-fly kilometres between the municipalities' centres of people."""
    lon_o, lat_o = centres(from_zones, heavy_o)
    lon_d, lat_d = centres(to_zones, heavy_d)
    return great_circle_m(lon_o, lat_o, lon_d, lat_d) / 1000
