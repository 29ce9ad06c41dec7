"""Links across the border against links within a country, at equal distance and size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.indicators.frame import Array
from mobility.indicators.municipalities import KEYS, municipality_table
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
        speed_kph, departures``, and whether it crosses a border (`cross`) or lies within a
        country (`home`); neither where a country isn't known. Names are categories.
    """
    tables = [
        _pairs_of(municipality_table(times, zones, population=population))
        for times in times_by_mode.values()
    ]
    if not tables:
        return pd.DataFrame(columns=["scenario", "mode"])
    pairs = pd.concat(tables, ignore_index=True)
    for name in ("scenario", "mode", *KEYS):
        # Categories fall apart when tables that have others are stacked.
        if not isinstance(pairs[name].dtype, pd.CategoricalDtype):
            pairs[name] = pairs[name].astype("category")
    return _with_departures(pairs, departures)


def _pairs_of(table: pd.DataFrame) -> pd.DataFrame:
    """Pairs of two municipalities, with their speed and whether they cross a border."""
    blank = [_same(table[f"country_{end}"], "") for end in ("o", "d")]
    known = ~blank[0] & ~blank[1]
    same = _alike(table["country_o"], table["country_d"])
    speed = table["distance_km"] / table["p50_s"] * 3600
    pairs = table.assign(speed_kph=speed, cross=known & ~same, home=known & same)
    return pairs[~(_alike(table["municipality_o"], table["municipality_d"]) & same)]


def _same(words: pd.Series, word: str) -> npt.NDArray[np.bool_]:
    """Where a word stands in a column of categories."""
    names = words.cat.categories.to_numpy(object) == word
    return np.asarray(names[words.cat.codes.to_numpy()], bool)


def _alike(first: pd.Series, second: pd.Series) -> npt.NDArray[np.bool_]:
    """Where two columns of categories say the same."""
    number = first.cat.categories.get_indexer(second.cat.categories)
    return np.asarray(first.cat.codes.to_numpy() == number[second.cat.codes.to_numpy()], bool)


def _with_departures(pairs: pd.DataFrame, departures: pd.DataFrame | None) -> pd.DataFrame:
    if departures is None:
        return pairs.assign(departures=np.nan)
    require(departures, [*KEYS, "departures"], "departures between municipalities")
    summed = departures.groupby(list(KEYS), observed=True)["departures"].sum()
    index = pd.MultiIndex.from_frame(pairs[list(KEYS)].astype(object))
    return pairs.assign(departures=summed.reindex(index).fillna(0.0).to_numpy(np.float64))


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
    keys = ["scenario", "mode", "distance", "size"]
    domestic = {
        key: part["value"].to_numpy(np.float64)
        for key, part in banded[banded["home"]].groupby([*keys, "country_o"], observed=True)
    }
    distance_names, size_names = band_names(distance_km), band_names(sizes)
    rows = []
    groups = banded[banded["cross"]].groupby([*keys, "country_o", "country_d"], observed=True)
    for (*alike, code_o, code_d), part in groups:
        like = [domestic[*alike, c] for c in (code_o, code_d) if (*alike, c) in domestic]
        if not like:
            continue
        within, across = np.concatenate(like), part["value"].to_numpy(np.float64)
        middle, usual = _median(across), _median(within)
        scenario, mode, distance, size = alike
        rows.append(
            (
                *(scenario, mode, measure, code_o, code_d),
                *(distance_names[distance], size_names[size], len(across), len(within)),
                *(middle, usual, middle / usual if usual > 0 else np.nan),
                *(np.isneginf(across).mean(), np.isneginf(within).mean()),
            )
        )
    return pd.DataFrame(rows, columns=list(RATIOS))


def _band(values: Array, edges: Sequence[float]) -> npt.NDArray[np.int64]:
    return (np.digitize(values, edges) - 1).clip(0, len(edges) - 2).astype(np.int64)


def _median(values: Array) -> float:
    """Lower median; NaN where it falls on a pair that isn't reached."""
    middle = float(np.sort(values)[(len(values) - 1) // 2])
    return middle if np.isfinite(middle) else float("nan")
