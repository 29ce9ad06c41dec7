"""The ten figures an alderman would ask for, as numbers with their bands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.border.penetration import foreign_pairs
from mobility.border.places import Place, resolve_pairs
from mobility.border.scorecards import place_times, positions_of
from mobility.indicators.access import split_by_country
from mobility.indicators.costs import factors, trip_weights
from mobility.indicators.european import REGIONAL
from mobility.indicators.frame import Array, crow_fly_m, ends, people
from mobility.indicators.practice import BIKE_LIMIT_S, VF_LIMIT, vf_matrix
from mobility.indicators.uncertainty import Band, Figure, band
from mobility.scenario.model import Pair
from mobility.tables import TravelTimes
from mobility.zones import Zones

REACH_S = 3600.0
FIGURE_COLUMNS = (
    "scenario",
    "key",
    "mode",
    "value",
    "low",
    "high",
    "unit",
    "other",
    "count",
    "countries",
)
KEYS = (
    "reach_pt",
    "reach_car",
    "penetration_pt",
    "border_effect_pt",
    "vf_city",
    "border_links_bike",
    "foreign_people_pt",
    "asymmetry_pt",
    "modal_potential_pt",
    "co2_saved",
)
NOTHING = Band(float("nan"), float("nan"), float("nan"))
Row = tuple[Band, float, float]
Link = tuple[Place, Place]


class SpanOf(Protocol):
    """Give a figure of a matrix its band."""

    def __call__(self, times: TravelTimes, figure: Figure, /) -> Band:
        """Compute the figure and what it could as well have been."""
        ...


def _plain(times: TravelTimes, figure: Figure, /) -> Band:
    """A figure whose band is not asked for."""
    value = figure(times)
    return Band(value, value, value)


def figures(
    times_by_mode: Mapping[str, TravelTimes],
    zones: Zones,
    pairs: Sequence[Pair],
    effect: pd.DataFrame,
    *,
    population: str = "population",
    bands: bool = True,
) -> pd.DataFrame:
    """Compute the ten headline figures of a scenario, each with its band.

    Parameters
    ----------
    pairs
        Named pairs, as for the card.
    effect
        From `regression_effect` or `matched_effect`; its interval is that figure's band.
    bands
        Whether to compute the bands; without, low and high are the value.

    Returns
    -------
    DataFrame
        ``scenario, key, mode, value, low, high, unit, other, count, countries``, the keys of
        `KEYS` in order. `other` is the second number of the sentence, `count` what it rests on
        (people, pairs or trips); NaN where the figure has none. `countries` are those of the
        zones, joined by ``|`` in alphabetical order: the asymmetry is from the first to the
        second. A figure whose modes, pairs or second country are missing is NaN.
    """
    pt, car = times_by_mode.get("pt"), times_by_mode.get("car")
    bike = times_by_mode.get("bike")
    crow = None if pt is None else crow_fly_m(*ends(pt, zones))
    links = resolve_pairs(zones, pairs)
    cities = [link for pair, link in zip(pairs, links, strict=True) if pair.kind == "city"]
    local = [link for pair, link in zip(pairs, links, strict=True) if pair.kind == "border"]
    span_of = band if bands else _plain
    scenario = next((times.scenario for times in times_by_mode.values()), "")
    found: dict[str, tuple[str, str, Row]] = {
        "reach_pt": ("pt", "people", _reach(pt, zones, population, span_of)),
        "reach_car": ("car", "people", _reach(car, zones, population, span_of)),
        "penetration_pt": ("pt", "%", _penetration(pt, zones, crow, population, span_of)),
        "border_effect_pt": ("pt", "%", _effect(effect, "pt")),
        "vf_city": ("pt", "1", _vf_city(pt, car, zones, cities, population, span_of)),
        "border_links_bike": (
            "bike",
            "links",
            _bike_links(bike, zones, local, population, span_of),
        ),
        "foreign_people_pt": ("pt", "%", _foreign(pt, zones, population, span_of)),
        "asymmetry_pt": ("pt", "min", _asymmetry(pt, zones, crow, population, span_of)),
        "modal_potential_pt": ("pt", "%", _potential(pt, car, zones, crow, population, span_of)),
        "co2_saved": ("pt", "g", _co2_saved(pt, zones, crow, population)),
    }
    countries = "|".join(sorted({str(c) for c in zones.countries} - {""}))
    rows = [
        (scenario, key, mode, span.value, span.low, span.high, unit, other, count, countries)
        for key, (mode, unit, (span, other, count)) in ((k, found[k]) for k in KEYS)
    ]
    return pd.DataFrame(rows, columns=list(FIGURE_COLUMNS))


def _inside_people(times: TravelTimes, zones: Zones, population: str) -> tuple[Array, Array]:
    """People of the origins inside the model, and of the destinations."""
    origins, destinations = ends(times, zones)
    heavy = people(origins, population)
    if times.outside.shape[1]:
        heavy = np.where(times.outside.all(axis=1), 0.0, heavy)
    return heavy, people(destinations, population)


def _reach(times: TravelTimes | None, zones: Zones, population: str, span_of: SpanOf) -> Row:
    """People reached in an hour by the mean resident; the per cent of them abroad."""
    if times is None or len(zones.ids) == 0:
        return NOTHING, np.nan, np.nan
    heavy, living = _inside_people(times, zones, population)
    if heavy.sum() <= 0:
        return NOTHING, np.nan, 0.0

    def mean(matrix: TravelTimes) -> float:
        return float(heavy @ ((matrix.at(50) <= REACH_S) @ living) / heavy.sum())

    _, foreign, _ = split_by_country(times, times.at(50) <= REACH_S, living[:, None])
    span = span_of(times, mean)
    abroad = float(heavy @ foreign[:, 0] / heavy.sum())
    return span, 100 * abroad / span.value if span.value > 0 else np.nan, float(heavy.sum())


def _penetration(
    times: TravelTimes | None,
    zones: Zones,
    crow: Array | None,
    population: str,
    span_of: SpanOf,
) -> Row:
    """Share of reached people that live abroad over the share of those near, in per cent."""
    if times is None or crow is None:
        return NOTHING, np.nan, np.nan
    heavy, living = _inside_people(times, zones, population)
    near = split_by_country(times, crow <= REGIONAL.radius_m, living[:, None])
    own_near, foreign_near = heavy @ near[0][:, 0], heavy @ near[1][:, 0]
    if foreign_near <= 0:
        return NOTHING, np.nan, np.nan
    near_share = foreign_near / (own_near + foreign_near)

    def ratio(matrix: TravelTimes) -> float:
        within = matrix.at(50) <= REGIONAL.limit_s
        own, foreign, _ = split_by_country(matrix, within, living[:, None])
        whole = heavy @ (own + foreign)[:, 0]
        return float(100 * (heavy @ foreign[:, 0] / whole) / near_share) if whole > 0 else np.nan

    return span_of(times, ratio), float(100 * near_share), float(heavy.sum())


def _effect(effect: pd.DataFrame, mode: str) -> Row:
    """Border effect of both directions together, in per cent, with its interval."""
    mine = effect[(effect["mode"] == mode) & (effect["country_o"] == "")]
    if mine.empty:
        return NOTHING, np.nan, np.nan
    row = mine.iloc[0]
    value, low, high = (100 * float(row[name]) for name in ("effect", "low", "high"))
    span = Band(value, low, high)
    return span, float(row["left_out"]), float(row["pairs_cross"])


def _vf_city(
    pt: TravelTimes | None,
    car: TravelTimes | None,
    zones: Zones,
    cities: Sequence[Link],
    population: str,
    span_of: SpanOf,
) -> Row:
    """Median VF factor of the city links both ways; other: links public transport misses.

    A link that public transport misses is the worst, whether or not the car gets there: else
    shutting links would seem to mend the rest. One that only the car misses has no factor.
    """
    if pt is None or car is None or not cities:
        return NOTHING, np.nan, np.nan
    by_car, _ = _link_times(car, zones, cities, population)

    def factors_of(matrix: TravelTimes) -> Array:
        times_s, inside = _link_times(matrix, zones, cities, population)
        served = np.isfinite(times_s)
        driven = np.isfinite(by_car) & (by_car > 0)
        ratio = np.where(served, times_s, np.inf) / np.where(driven, by_car, 1.0)
        return np.asarray(ratio[inside & (driven | ~served)])

    def median(matrix: TravelTimes) -> float:
        ratio = np.sort(factors_of(matrix))
        middle = float(ratio[(len(ratio) - 1) // 2]) if len(ratio) else np.nan
        return middle if np.isfinite(middle) else np.nan

    ratio = factors_of(pt)
    return span_of(pt, median), float(np.isinf(ratio).sum()), float(len(ratio))


def _link_times(
    times: TravelTimes, zones: Zones, links: Sequence[Link], population: str
) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Median seconds of each pair, there and back, and whether it lies inside the model."""
    weight, at = people(zones, population), positions_of(times, zones)
    found = [
        place_times(times, at, origin.rows, destination.rows, weight)
        for a, b in links
        for origin, destination in ((a, b), (b, a))
    ]
    return (
        np.array([one["time_s"] for one in found], np.float64),
        np.array([one["inside"] for one in found], bool),
    )


def _bike_links(
    times: TravelTimes | None,
    zones: Zones,
    local: Sequence[Link],
    population: str,
    span_of: SpanOf,
) -> Row:
    """Border links that a bike does in half an hour in both directions."""
    if times is None or not local:
        return NOTHING, np.nan, np.nan

    def good(matrix: TravelTimes) -> float:
        both = _link_times(matrix, zones, local, population)[0].reshape(-1, 2)
        return float((both <= BIKE_LIMIT_S).all(axis=1).sum())

    return span_of(times, good), np.nan, float(len(local))


def _foreign(times: TravelTimes | None, zones: Zones, population: str, span_of: SpanOf) -> Row:
    """Per cent of people who reach at least 10,000 people abroad within an hour."""
    if times is None or not foreign_pairs(times).any():
        return NOTHING, np.nan, np.nan
    heavy, living = _inside_people(times, zones, population)
    if heavy.sum() <= 0:
        return NOTHING, np.nan, np.nan

    def share(matrix: TravelTimes) -> float:
        _, foreign, _ = split_by_country(matrix, matrix.at(50) <= REACH_S, living[:, None])
        return float(100 * (heavy @ (foreign[:, 0] >= 10_000)) / heavy.sum())

    return span_of(times, share), np.nan, float(heavy.sum())


def _asymmetry(
    times: TravelTimes | None, zones: Zones, crow: Array | None, population: str, span_of: SpanOf
) -> Row:
    """Mean difference out and back in minutes over cross-border zone pairs reached both ways.

    Counted from the country first in the alphabet; weighted as `trip_weights` at both ends.
    """
    if times is None or crow is None or not np.array_equal(times.origins, times.destinations):
        return NOTHING, np.nan, np.nan
    rank = pd.factorize(times.country_o, sort=True)[0]
    outward = foreign_pairs(times) & (rank[:, None] < rank[None, :])
    origins, destinations = ends(times, zones)
    weight = trip_weights(destinations, crow, population)
    weight = weight * people(origins, population)[:, None]

    def mean(matrix: TravelTimes) -> float:
        time_s = matrix.at(50).astype(np.float64)
        gap = time_s - time_s.T
        known = outward & np.isfinite(gap)
        total = weight[known].sum()
        return float(weight[known] @ gap[known] / total / 60) if total > 0 else np.nan

    time_s = times.at(50)
    both = outward & np.isfinite(time_s) & np.isfinite(time_s.T)
    absolute = np.abs(time_s - time_s.T, where=both, out=np.zeros_like(time_s))
    total = weight[both].sum()
    size = float((weight * absolute)[both].sum() / total / 60) if total > 0 else np.nan
    return span_of(times, mean), size, float(both.sum())


def _potential(
    pt: TravelTimes | None,
    car: TravelTimes | None,
    zones: Zones,
    crow: Array | None,
    population: str,
    span_of: SpanOf,
) -> Row:
    """Per cent of trips within an hour by car to which VF ≤ 1.5; other: of those abroad."""
    if pt is None or car is None or crow is None:
        return NOTHING, np.nan, np.nan
    origins, destinations = ends(pt, zones)
    weight = trip_weights(destinations, crow, population)
    weight = weight * people(origins, population)[:, None]
    near = np.where(car.at(50) <= REACH_S, weight, 0.0)
    across = np.where(foreign_pairs(pt), near, 0.0)
    if near.sum() <= 0:
        return NOTHING, np.nan, np.nan

    def share(matrix: TravelTimes) -> float:
        return float(100 * near[vf_matrix(matrix, car) <= VF_LIMIT].sum() / near.sum())

    quick = vf_matrix(pt, car) <= VF_LIMIT
    abroad = 100 * across[quick].sum() / across.sum() if across.sum() > 0 else np.nan
    return span_of(pt, share), float(abroad), float((near > 0).sum())


def _co2_saved(times: TravelTimes | None, zones: Zones, crow: Array | None, population: str) -> Row:
    """Grams that a mean cross-border trip of public transport emits less than by car.

    The band is from the bounds of the emission factors. Other: the trip's kilometres.
    """
    if times is None or crow is None or not foreign_pairs(times).any():
        return NOTHING, np.nan, np.nan
    origins, destinations = ends(times, zones)
    weight = trip_weights(destinations, crow, population)
    weight = weight * people(origins, population)[:, None]
    counted = np.where(foreign_pairs(times) & (times.at(50) <= REACH_S), weight, 0.0)
    if counted.sum() <= 0:
        return NOTHING, np.nan, 0.0
    km = float((counted * crow).sum() / counted.sum() / 1000)
    table = factors().set_index(["quantity", "mode"])

    def grams(mode: str, column: str) -> float:
        detour = float(str(table.loc[("detour", mode), "value"]))
        return km * detour * float(str(table.loc[("co2", mode), column]))

    span = Band(
        grams("car", "value") - grams("pt", "value"),
        grams("car", "low") - grams("pt", "high"),
        grams("car", "high") - grams("pt", "low"),
    )
    return span, km, float((counted > 0).sum())
