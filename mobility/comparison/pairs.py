"""One scenario against the baseline: differences, and which of them can be trusted.

A difference is *distinguishable* if it is larger than its uncertainty band. The band is the
root of the sum of squares of

- departure: 1.96 standard errors of a median of `departures` minutes, 0.93 × interquartile
  range ÷ √departures, of both runs; nil for street modes, whose time is one;
- speed: the difference in time on the street × 10 %, since both runs err alike;
- draws: how far the difference in another draw of the phases of headway services, the same
  in both runs, lies from the difference itself: that of 95 % of the draws, so of fewer than
  twenty the farthest. Nil where no run has draws.

Times less than a tenth of a second apart are the same.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
DRAW_SHARE = 0.95
# Streets are kept in whole milliseconds, so one cut in two by a new street may be one longer.
ROUNDING_S = 0.1
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


@dataclass(frozen=True)
class Differences:
    """One mode of a scenario set beside the baseline's, from every zone to every zone.

    Parameters
    ----------
    scenario, mode
        What is compared.
    origins, destinations, country_o, country_d
        Zones and their countries, (n_o,) and (n_d,).
    base_s, time_s, band_s
        Seconds, (n_o, n_d), NaN where unreachable: before, after, and how far the difference
        can be trusted.
    verdict
        int8 (n_o, n_d), place in `VERDICTS`.
    """

    scenario: str
    mode: str
    origins: npt.NDArray[np.object_]
    destinations: npt.NDArray[np.object_]
    country_o: npt.NDArray[np.object_]
    country_d: npt.NDArray[np.object_]
    base_s: Float64
    time_s: Float64
    band_s: Float64
    verdict: npt.NDArray[np.int8]

    def told(self, verdict: str) -> npt.NDArray[np.bool_]:
        """Pairs of a verdict, (n_o, n_d)."""
        found: npt.NDArray[np.bool_] = self.verdict == VERDICTS.index(verdict)
        return found

    def differing(self) -> npt.NDArray[np.bool_]:
        """Pairs of which a run says something the other does not, (n_o, n_d)."""
        return ~(self.told("same") | self.told("none"))

    def table(self, chosen: npt.NDArray[np.bool_] | None = None) -> pd.DataFrame:
        """Columns of `PAIRS`, a row per pair, origin-major; only the chosen, where given."""
        if chosen is None:
            chosen = np.ones(self.verdict.shape, bool)
        origin, destination = np.nonzero(chosen)
        before, after = self.base_s[chosen], self.time_s[chosen]
        return pd.DataFrame(
            {
                "scenario": self.scenario,
                "mode": self.mode,
                "origin": self.origins[origin],
                "destination": self.destinations[destination],
                "country_o": self.country_o[origin],
                "country_d": self.country_d[destination],
                "base_s": before,
                "time_s": after,
                "difference_s": after - before,
                "relative": _ratio(after - before, before),
                "band_s": self.band_s[chosen],
                "verdict": np.array(VERDICTS, object)[self.verdict[chosen]],
            }
        )


def compare(
    base: TravelTimes,
    other: TravelTimes,
    *,
    departures: int = 120,
) -> Differences:
    """Set medians of one scenario against the baseline's, pair by pair.

    Parameters
    ----------
    base, other
        Runs of the same mode and the same zones in the same order.
    departures
        Departures in the window, for the band.

    Raises
    ------
    RunError
        Other modes or zones.
    """
    _same_axes(base, other)
    one, two = base.at(50).astype(np.float64), other.at(50).astype(np.float64)
    band = band_s(base, other, departures=departures)
    return Differences(
        scenario=other.scenario,
        mode=other.mode,
        origins=base.origins,
        destinations=base.destinations,
        country_o=base.country_o,
        country_d=base.country_d,
        base_s=one,
        time_s=two,
        band_s=band,
        verdict=_verdicts(one, two, band),
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


def _verdicts(one: Float64, two: Float64, band: Float64) -> npt.NDArray[np.int8]:
    had, has = np.isfinite(one), np.isfinite(two)
    both = had & has
    apart = np.abs(np.where(both, two - one, 0.0))
    same = apart < ROUNDING_S
    clear = both & (apart > band) & ~same
    cases = {
        "shorter": clear & (two < one),
        "longer": clear & (two > one),
        "same": both & same,
        "not distinguishable": both & ~same & (apart <= band),
        "gained": ~had & has,
        "lost": had & ~has,
        "none": ~had & ~has,
    }
    verdict = np.zeros(one.shape, np.int8)
    for number, name in enumerate(VERDICTS):
        verdict[cases[name]] = number
    return verdict


def band_s(base: TravelTimes, other: TravelTimes, *, departures: int = 120) -> Float64:
    """Uncertainty band of the difference of medians, s, (n_o, n_d); its parts: the module."""
    squares = 1.96**2 * (_error_s(base, departures) ** 2 + _error_s(other, departures) ** 2)
    squares = squares + (SPEED_SHARE * (_street_s(other) - _street_s(base))) ** 2
    band: Float64 = np.sqrt(squares + _draw_s(base, other) ** 2)
    return band


def _draw_s(base: TravelTimes, other: TravelTimes) -> Float64:
    """How far most draws' differences of medians lie from the difference of medians.

    A run without draws is the same in each. Pairs that a run doesn't reach in a draw are left
    out of that draw.
    """
    shape = base.time_s.shape[:2]
    counts = [run.draws_s.shape[2] for run in (base, other) if run.draws_s is not None]
    if not counts:
        return np.zeros(shape)
    one, two = (
        (run.at(50)[:, :, None] if run.draws_s is None else run.draws_s[:, :, : min(counts)])
        for run in (base, other)
    )
    difference = other.at(50).astype(np.float64) - base.at(50)
    apart = np.abs(two.astype(np.float64) - one - difference[:, :, None])
    apart.sort(axis=2)  # what is not there comes last
    known = np.isfinite(apart).sum(axis=2)
    rank = np.ceil(DRAW_SHARE * known).astype(np.intp) - 1
    found = np.take_along_axis(apart, np.maximum(rank, 0)[:, :, None], axis=2)[:, :, 0]
    told: Float64 = np.where(known > 0, found, 0.0)
    return told


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
    pairs: Differences, group: Mapping[str, str], people: Mapping[str, float]
) -> pd.DataFrame:
    """Sum pairs up by municipality or country of both ends.

    Parameters
    ----------
    pairs
        As of `compare`.
    group
        Zone → municipality or country; zones not in it are left out.
    people
        Zone → weight; a pair weighs the product of both. Groups without people weigh pairs
        alike.

    Returns
    -------
    pandas.DataFrame
        Columns of `GROUPS`, sorted by group. Means are over pairs that both runs reach, of
        one zone and itself excepted; pairs gained and lost are counted beside them.
    """
    names = np.array(sorted(set(group.values())), object)
    code = {name: number for number, name in enumerate(names)}
    group_o, group_d = (
        np.array([code[group[z]] if z in group else -1 for z in ids], np.int64)
        for ids in (pairs.origins, pairs.destinations)
    )
    apart = pairs.origins[:, None] != pairs.destinations[None, :]
    rows = np.nonzero(apart & (group_o >= 0)[:, None] & (group_d >= 0)[None, :])
    number = group_o[rows[0]] * len(names) + group_d[rows[1]]
    found, key = np.unique(number, return_inverse=True)
    told = _means(pairs, rows, key, len(found), people)
    told["group_o"], told["group_d"] = names[found // len(names)], names[found % len(names)]
    return told[[column.name for column in GROUPS]]


def by_link(
    pairs: Differences,
    links: Sequence[tuple[Sequence[str], str, Sequence[str], str]],
    people: Mapping[str, float],
) -> pd.DataFrame:
    """Sum pairs up by link between two named places, which may share zones with other links.

    Parameters
    ----------
    pairs
        As of `compare`.
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
    row_of = {zone: row for row, zone in enumerate(pairs.origins)}
    column_of = {zone: column for column, zone in enumerate(pairs.destinations)}
    origin, destination, sizes = [np.empty(0, np.intp)], [np.empty(0, np.intp)], []
    for zones_a, name_a, zones_b, name_b in links:
        leaving = sorted(set(zones_a) - set(zones_b)) if name_a != name_b else []
        leaves = np.array(sorted(row_of[z] for z in leaving if z in row_of), np.intp)
        arrives = np.array(sorted(column_of[z] for z in set(zones_b) if z in column_of), np.intp)
        origin.append(np.repeat(leaves, len(arrives)))
        destination.append(np.tile(arrives, len(leaves)))
        sizes.append(len(leaves) * len(arrives))
    rows = np.concatenate(origin), np.concatenate(destination)
    kept = np.flatnonzero(sizes)
    key = np.repeat(np.arange(len(kept)), np.array(sizes, np.intp)[kept])
    told = _means(pairs, rows, key, len(kept), people)
    names = np.array([(a, b) for _, a, _, b in links], object).reshape(len(links), 2)[kept]
    told["group_o"], told["group_d"], told["link"] = names[:, 0], names[:, 1], kept
    return told[[*(column.name for column in GROUPS), "link"]]


def _means(
    pairs: Differences,
    rows: tuple[npt.NDArray[np.intp], ...],
    key: npt.NDArray[np.intp],
    n: int,
    people: Mapping[str, float],
) -> pd.DataFrame:
    """Means and counts of some pairs for each of the keys 0 … n − 1."""
    base, time = pairs.base_s[rows], pairs.time_s[rows]
    people_o, people_d = (
        np.nan_to_num(np.array([people.get(z, 0.0) for z in ids], np.float64))
        for ids in (pairs.origins, pairs.destinations)
    )
    both = np.isfinite(base) & np.isfinite(time)
    weight = np.where(both, people_o[rows[0]] * people_d[rows[1]], 0.0)
    weight = np.where((np.bincount(key, weight, n) > 0)[key], weight, both.astype(np.float64))

    def count(chosen: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        return np.bincount(key[chosen], minlength=n).astype(np.int64)

    def told(verdict: str) -> npt.NDArray[np.bool_]:
        return pairs.told(verdict)[rows]

    def mean(values: Float64) -> Float64:
        weighted = np.where(both, weight * values, 0.0)
        total, whole = (
            np.asarray(np.bincount(key, part, n), np.float64) for part in (weighted, weight)
        )
        return _ratio(total, whole)

    before, after, clear = mean(base), mean(time), count(told("shorter") | told("longer"))
    return pd.DataFrame(
        {
            "scenario": pairs.scenario,
            "mode": pairs.mode,
            "base_s": before,
            "time_s": after,
            "difference_s": after - before,
            "relative": _ratio(after - before, before),
            "share_distinguishable": _ratio(clear.astype(np.float64), count(both).astype(float)),
            "pairs": count(both),
            "gained": count(told("gained")),
            "lost": count(told("lost")),
        },
        index=pd.RangeIndex(n),
    )
