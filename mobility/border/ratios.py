"""Links across the border against links within a country, at equal distance and size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.indicators.frame import Array, people
from mobility.indicators.municipalities import municipalities, municipality_times
from mobility.indicators.service import require
from mobility.tables import TravelTimes
from mobility.zones import Zones

DISTANCE_BANDS_KM = (0.0, 5.0, 10.0, 20.0, 40.0, 60.0, 100.0, np.inf)
SIZE_BANDS = (0.0, 20_000.0, 50_000.0, 100_000.0, np.inf)
RATIOS = (
    "scenario",
    "mode",
    "measure",
    "country_o",
    "country_d",
    "distance_km",
    "size",
    "pairs_cross",
    "pairs_domestic",
    "median_cross",
    "median_domestic",
    "ratio",
    "unreached_cross",
    "unreached_domestic",
)


def band_names(edges: Sequence[float]) -> list[str]:
    """Name half-open bands: ``"0–5"``, …, ``"100+"``."""
    return [
        f"{low:g}–{high:g}" if np.isfinite(high) else f"{low:g}+" for low, high in pairwise(edges)
    ]


def municipality_pairs(
    times_by_mode: Mapping[str, TravelTimes],
    zones: Zones,
    *,
    population: str = "population",
    departures: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Municipality pairs of all modes with people at both ends, speed and frequency.

    Parameters
    ----------
    departures
        ``municipality_o, country_o, municipality_d, country_d, departures`` (a day); a pair
        that isn't listed has none. Without it `departures` is NaN.

    Returns
    -------
    DataFrame
        `municipality_times` rows of two different municipalities, plus ``people_o, people_d,
        speed_kph, cross, departures``.
    """
    groups = municipalities(zones)
    size = pd.Series(
        np.bincount(groups.of_zone, people(zones, population), minlength=len(groups.names)),
        index=pd.MultiIndex.from_arrays([groups.names, groups.countries]),
    )
    tables = []
    for times in times_by_mode.values():
        table = municipality_times(times, zones, population=population)
        other = (table["municipality_o"] != table["municipality_d"]) | (
            table["country_o"] != table["country_d"]
        )
        tables.append(table[other].astype({"scenario": object, "mode": object}))
    if not tables:
        return pd.DataFrame(columns=["scenario", "mode"])
    pairs = pd.concat(tables, ignore_index=True)
    for end in ("o", "d"):
        index = pd.MultiIndex.from_frame(pairs[[f"municipality_{end}", f"country_{end}"]])
        pairs[f"people_{end}"] = size.reindex(index).to_numpy(np.float64)
    pairs["speed_kph"] = pairs["distance_km"] / pairs["p50_s"] * 3600
    known = (pairs["country_o"] != "") & (pairs["country_d"] != "")
    pairs["cross"] = known & (pairs["country_o"] != pairs["country_d"])
    return _with_departures(pairs, departures)


def _with_departures(pairs: pd.DataFrame, departures: pd.DataFrame | None) -> pd.DataFrame:
    if departures is None:
        return pairs.assign(departures=np.nan)
    keys = ["municipality_o", "country_o", "municipality_d", "country_d"]
    require(departures, [*keys, "departures"], "departures between municipalities")
    summed = departures.groupby(keys, as_index=False, observed=True)["departures"].sum()
    joined = pairs.merge(summed, on=keys, how="left", validate="many_to_one")
    return joined.assign(departures=joined["departures"].fillna(0.0))


def cross_border_ratios(
    pairs: pd.DataFrame,
    *,
    measure: str = "speed_kph",
    distance_km: Sequence[float] = DISTANCE_BANDS_KM,
    sizes: Sequence[float] = SIZE_BANDS,
) -> pd.DataFrame:
    """Median of a measure across the border over that within countries, like with like.

    Pairs are alike when their distance and the people of the smaller place fall in the same
    bands. A pair that isn't reached counts as slowest, so that a median may be NaN; so is
    then the ratio.

    Parameters
    ----------
    pairs
        From `municipality_pairs`.
    measure
        ``speed_kph`` or ``departures``.

    Returns
    -------
    DataFrame
        Columns `RATIOS`; a row per direction and band that has pairs of both sorts. `domestic`
        are the pairs within either of the two countries.
    """
    if pairs.empty:
        return pd.DataFrame(columns=list(RATIOS))
    smaller = pairs[["people_o", "people_d"]].min(axis=1).to_numpy(np.float64)
    banded = pairs.assign(
        distance=_band(pairs["distance_km"].to_numpy(np.float64), distance_km),
        size=_band(smaller, sizes),
        value=pairs[measure].fillna(-np.inf) if measure != "departures" else pairs[measure],
    )
    home = banded[(banded["country_o"] == banded["country_d"]) & (banded["country_o"] != "")]
    keys = ["scenario", "mode", "country_o", "country_d", "distance", "size"]
    distance_names, size_names = band_names(distance_km), band_names(sizes)
    rows = []
    for key, part in banded[banded["cross"]].groupby(keys, sort=True, observed=True):
        scenario, mode, country_o, country_d, distance, size = key
        like = home[
            (home["scenario"] == scenario)
            & (home["mode"] == mode)
            & home["country_o"].isin([country_o, country_d])
            & (home["distance"] == distance)
            & (home["size"] == size)
        ]
        if like.empty:
            continue
        cross, domestic = _median(part["value"]), _median(like["value"])
        rows.append(
            (
                *(scenario, mode, measure, country_o, country_d),
                *(distance_names[int(str(distance))], size_names[int(str(size))]),
                *(len(part), len(like), cross, domestic),
                cross / domestic if domestic > 0 else np.nan,
                float(np.isneginf(part["value"]).mean()),
                float(np.isneginf(like["value"]).mean()),
            )
        )
    return pd.DataFrame(rows, columns=list(RATIOS))


def _band(values: Array, edges: Sequence[float]) -> npt.NDArray[np.int64]:
    return (np.digitize(values, edges) - 1).clip(0, len(edges) - 2).astype(np.int64)


def _median(values: pd.Series) -> float:
    """Lower median; NaN where it falls on a pair that isn't reached."""
    ordered = np.sort(values.to_numpy(np.float64))
    middle = float(ordered[(len(ordered) - 1) // 2])
    return middle if np.isfinite(middle) else float("nan")
