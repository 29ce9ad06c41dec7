"""One scenario against the baseline: differences, and which of them can be trusted.

A difference is *distinguishable* if it is larger than its uncertainty band. The band is the
root of the sum of squares of

- departure: 1.96 standard errors of a median of `departures` minutes, 0.93 × interquartile
  range ÷ √departures, of both runs; nil for street modes, whose time is one;
- speed: the difference in time on the street × 10 %, since both runs err alike;
- draws: the largest departure of paired runs with other phases from the difference itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.errors import Problem, RunError
from mobility.tables import STREET_MODES, Column, TravelTimes
from mobility.words import marked

Float64 = npt.NDArray[np.float64]

VERDICTS = (
    marked("shorter"),
    marked("longer"),
    marked("same"),
    marked("not distinguishable"),
    marked("gained"),
    marked("lost"),
    marked("none"),
)
SPEED_SHARE = 0.10
_STREET_PARTS = ("access_s", "transfer_s", "egress_s")

PAIRS = (
    Column("scenario", "string", "", "scenario name"),
    Column("mode", "string", "", "mode of travel, door to door"),
    Column("origin", "string", "", "zone of departure"),
    Column("destination", "string", "", "zone of arrival"),
    Column("country_o", "string", "", "country of the origin zone"),
    Column("country_d", "string", "", "country of the destination zone"),
    Column("base_s", "float64", "s", "travel time in the baseline"),
    Column("time_s", "float64", "s", "travel time in the scenario"),
    Column("difference_s", "float64", "s", "scenario − baseline"),
    Column("relative", "float64", "1", "difference ÷ baseline"),
    Column("band_s", "float64", "s", "uncertainty band of the difference"),
    Column(
        "verdict", "string", "", "shorter, longer, same, not distinguishable, gained, lost, none"
    ),
)

GROUPS = (
    Column("scenario", "string", "", "scenario name"),
    Column("mode", "string", "", "mode of travel, door to door"),
    Column("group_o", "string", "", "municipality or country of departure"),
    Column("group_d", "string", "", "municipality or country of arrival"),
    Column("base_s", "float64", "s", "mean travel time in the baseline, weighted by people"),
    Column("time_s", "float64", "s", "mean travel time in the scenario, weighted by people"),
    Column("difference_s", "float64", "s", "scenario − baseline"),
    Column("relative", "float64", "1", "difference ÷ baseline"),
    Column(
        "share_distinguishable", "float64", "1", "share of pairs with a difference to be trusted"
    ),
    Column("pairs", "int64", "1", "pairs of zones that both runs reach"),
    Column("gained", "int64", "1", "pairs that only the scenario reaches"),
    Column("lost", "int64", "1", "pairs that only the baseline reaches"),
)


def compare(
    base: TravelTimes,
    other: TravelTimes,
    *,
    percentile: int = 50,
    departures: int = 120,
    draws: Sequence[tuple[TravelTimes, TravelTimes]] = (),
) -> pd.DataFrame:
    """Set one scenario against the baseline, pair by pair.

    Parameters
    ----------
    base, other
        Runs of the same mode and the same zones in the same order.
    percentile
        Of the departures.
    departures
        Departures in the window, for the band.
    draws
        Paired runs (base, other) with other phases of headway services.

    Returns
    -------
    pandas.DataFrame
        Columns of `PAIRS`, one row per pair, origin-major.
    """
    _same_axes(base, other)
    one, two = base.at(percentile).astype(np.float64), other.at(percentile).astype(np.float64)
    difference: Float64 = two - one
    band = band_s(base, other, percentile=percentile, departures=departures, draws=draws)
    n_o, n_d = difference.shape
    return pd.DataFrame(
        {
            "scenario": other.scenario,
            "mode": other.mode,
            "origin": np.repeat(base.origins, n_d),
            "destination": np.tile(base.destinations, n_o),
            "country_o": np.repeat(base.country_o, n_d),
            "country_d": np.tile(base.country_d, n_o),
            "base_s": one.ravel(),
            "time_s": two.ravel(),
            "difference_s": difference.ravel(),
            "relative": _ratio(difference, one).ravel(),
            "band_s": band.ravel(),
            "verdict": _verdicts(one, two, band).ravel(),
        }
    )


def _same_axes(base: TravelTimes, other: TravelTimes) -> None:
    if base.mode != other.mode:
        raise RunError(Problem("comparison", f"{base.mode} and {other.mode}", "one mode"))
    for name in ("origins", "destinations"):
        if not np.array_equal(getattr(base, name), getattr(other, name)):
            raise RunError(
                Problem(
                    f"comparison of {other.scenario} with {base.scenario}",
                    f"other {name}",
                    "the same zones in the same order",
                )
            )


def _ratio(part: Float64, whole: Float64) -> Float64:
    some = np.isfinite(whole) & (whole > 0)
    ratio: Float64 = np.divide(part, whole, out=np.full(part.shape, np.nan), where=some)
    return ratio


def _verdicts(one: Float64, two: Float64, band: Float64) -> npt.NDArray[np.object_]:
    verdict = np.full(one.shape, "none", object)
    had, has = np.isfinite(one), np.isfinite(two)
    verdict[~had & has] = "gained"
    verdict[had & ~has] = "lost"
    both = had & has
    apart = np.abs(np.where(both, two - one, 0.0))
    verdict[both & (apart == 0)] = "same"
    verdict[both & (apart > 0) & (apart <= band)] = "not distinguishable"
    verdict[both & (apart > band) & (two < one)] = "shorter"
    verdict[both & (apart > band) & (two > one)] = "longer"
    return verdict


def band_s(
    base: TravelTimes,
    other: TravelTimes,
    *,
    percentile: int = 50,
    departures: int = 120,
    draws: Sequence[tuple[TravelTimes, TravelTimes]] = (),
) -> Float64:
    """Uncertainty band of the difference, seconds, (n_o, n_d); see the module for its parts."""
    difference = other.at(percentile).astype(np.float64) - base.at(percentile)
    squares = 1.96**2 * (_error_s(base, departures) ** 2 + _error_s(other, departures) ** 2)
    squares = squares + (SPEED_SHARE * (_street_s(other) - _street_s(base))) ** 2
    spread = np.zeros_like(squares)
    for one, two in draws:
        _same_axes(one, two)
        again = two.at(percentile).astype(np.float64) - one.at(percentile)
        spread = np.fmax(spread, np.abs(again - difference))
    band: Float64 = np.sqrt(squares + spread**2)
    return band


def _error_s(times: TravelTimes, departures: int) -> Float64:
    """Standard error of the median over departures; nil where quartiles are not there."""
    if times.mode in STREET_MODES or not {25, 75} <= set(times.percentiles):
        return np.zeros(times.time_s.shape[:2])
    spread = times.at(75).astype(np.float64) - times.at(25)
    # quartiles that do not arrive say nothing of the median's spread
    error: Float64 = np.nan_to_num(0.93 * spread / math.sqrt(departures), nan=0.0)
    return error


def _street_s(times: TravelTimes) -> Float64:
    """Seconds on the street, on which a wrong speed of ±10 % acts."""
    if times.mode in STREET_MODES:
        whole: Float64 = np.nan_to_num(times.at(50).astype(np.float64), nan=0.0)
        return whole
    found = [times.parts[p].astype(np.float64) for p in _STREET_PARTS if p in times.parts]
    if not found:
        return np.zeros(times.time_s.shape[:2])
    street: Float64 = np.nan_to_num(np.sum(found, axis=0), nan=0.0)
    return street


def by_group(
    pairs: pd.DataFrame, group: Mapping[str, str], people: Mapping[str, float]
) -> pd.DataFrame:
    """Sum pairs up by municipality or country of both ends.

    Parameters
    ----------
    pairs
        Rows of `compare`, of any number of scenarios and modes.
    group
        Zone → municipality or country; zones not in it are left out.
    people
        Zone → weight; a pair weighs the product of both. Groups without people weigh pairs
        alike.

    Returns
    -------
    pandas.DataFrame
        Columns of `GROUPS`. Means are over pairs that both runs reach, of one zone and itself
        excepted; pairs gained and lost are counted beside them.
    """
    (origin, zones_o), (destination, zones_d) = (
        pd.factorize(pairs[end].to_numpy(object)) for end in ("origin", "destination")
    )
    names_o, names_d = (np.array([group.get(z) for z in ids], object) for ids in (zones_o, zones_d))
    known_o, known_d = (np.array([n is not None for n in ns], bool) for ns in (names_o, names_d))
    apart = zones_o[origin] != zones_d[destination]
    rows = np.flatnonzero(apart & known_o[origin] & known_d[destination])
    weight = _pair_weight(origin, destination, zones_o, zones_d, people)[rows]
    keys = pairs[["scenario", "mode"]].iloc[rows]
    keys = keys.assign(group_o=names_o[origin[rows]], group_d=names_d[destination[rows]])
    return _means(pairs.iloc[rows], keys, weight)


def by_link(
    pairs: pd.DataFrame,
    links: Sequence[tuple[Sequence[str], str, Sequence[str], str]],
    people: Mapping[str, float],
) -> pd.DataFrame:
    """Sum pairs up by link between two named places, which may share zones with other links.

    Parameters
    ----------
    pairs
        Rows of `compare`.
    links
        Zones and name of the place of departure, zones and name of that of arrival. A zone of
        both belongs to the latter.
    people
        Zone → weight, as of `by_group`.

    Returns
    -------
    pandas.DataFrame
        Columns of `GROUPS` and ``link``, the place of the link in `links`; in their order.
        Links from a place to itself or without pairs have no row.
    """
    (origin, zones_o), (destination, zones_d) = (
        pd.factorize(pairs[end].to_numpy(object)) for end in ("origin", "destination")
    )
    found = [np.empty(0, np.intp)]
    for zones_a, name_a, zones_b, name_b in links:
        leaves = np.isin(zones_o, list(set(zones_a) - set(zones_b))) & (name_a != name_b)
        arrives = np.isin(zones_d, list(zones_b))
        found.append(np.flatnonzero(leaves[origin] & arrives[destination]))
    rows = np.concatenate(found)
    link = np.repeat(np.arange(len(links)), [len(part) for part in found[1:]])
    weight = _pair_weight(origin, destination, zones_o, zones_d, people)[rows]
    keys = pairs[["scenario", "mode"]].iloc[rows].assign(link=link)
    told = _means(pairs.iloc[rows], keys, weight)
    names = np.array([(a, b) for _, a, _, b in links], object).reshape(len(links), 2)[told["link"]]
    told = told.assign(group_o=names[:, 0], group_d=names[:, 1]).sort_values("link", kind="stable")
    return told[[*(column.name for column in GROUPS), "link"]].reset_index(drop=True)


def _pair_weight(
    origin: npt.NDArray[np.intp],
    destination: npt.NDArray[np.intp],
    zones_o: npt.NDArray[np.object_],
    zones_d: npt.NDArray[np.object_],
    people: Mapping[str, float],
) -> Float64:
    """Product of the people of both ends."""
    one, two = (
        np.nan_to_num(np.array([people.get(z, 0.0) for z in ids], np.float64))
        for ids in (zones_o, zones_d)
    )
    weight: Float64 = one[origin] * two[destination]
    return weight


def _means(rows: pd.DataFrame, keys: pd.DataFrame, weight: Float64) -> pd.DataFrame:
    """Means and counts of rows of pairs for each value of the keys, sorted by these."""
    number = keys.groupby(list(keys.columns), observed=True, sort=True).ngroup().to_numpy()
    first = np.unique(number, return_index=True)[1]
    n = len(first)
    base, time = (rows[name].to_numpy(np.float64) for name in ("base_s", "time_s"))
    verdict = rows["verdict"].to_numpy(object)
    both = np.isfinite(base) & np.isfinite(time)
    weight = np.where(both, weight, 0.0)
    weight = np.where((np.bincount(number, weight, n) > 0)[number], weight, both.astype(np.float64))

    def count(chosen: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        return np.bincount(number[chosen], minlength=n).astype(np.int64)

    def mean(values: Float64) -> Float64:
        weighted = np.where(both, weight * values, 0.0)
        total, whole = (
            np.asarray(np.bincount(number, part, n), np.float64) for part in (weighted, weight)
        )
        return _ratio(total, whole)

    result = keys.iloc[first].reset_index(drop=True)
    result["base_s"], result["time_s"] = mean(base), mean(time)
    result["difference_s"] = result["time_s"] - result["base_s"]
    result["relative"] = result["difference_s"] / result["base_s"]
    clear, pairs = count((verdict == "shorter") | (verdict == "longer")), count(both)
    result["share_distinguishable"] = _ratio(clear.astype(np.float64), pairs.astype(np.float64))
    result["pairs"], result["gained"] = pairs, count(verdict == "gained")
    result["lost"] = count(verdict == "lost")
    return result
