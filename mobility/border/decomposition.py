"""Why the border costs what it costs: its effect on time, shared out over causes.

For each set of causes taken away there is a matrix: the network with those frictions set to
what is usual within the countries. The effect is the time as it is less the time without any
of them; Shapley values share it out, so that the order of taking away doesn't matter and the
parts add up per pair, per municipality and in all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility import shapley
from mobility.border.penetration import foreign_pairs
from mobility.indicators.frame import Array, ends, people
from mobility.indicators.municipalities import aggregate, membership, municipalities
from mobility.indicators.practice import same_zones
from mobility.tables import TravelTimes
from mobility.zones import Zones

Coalition = frozenset[str]
CAUSES = {
    "link": "missing or indirect link",
    "headway": "low frequency",
    "fit": "timetables that don't meet",
    "calendar": "days of service that differ",
    "ticket": "ticket and change of operator",
    "street": "street detour at the border",
}


@dataclass(frozen=True)
class Decomposition:
    """The border effect of every pair and its causes.

    Parameters
    ----------
    causes
        Names, in order.
    shares_s
        Cause → seconds, (n_o, n_d); NaN where the pair takes no part.
    effect_s
        (n_o, n_d): time as it is less time with all causes taken away; the sum of the shares.
    actual_s
        (n_o, n_d), time as it is.
    counted
        (n_o, n_d): cross-border pairs that have a time in every matrix.
    left_out
        Cross-border pairs that have not.
    """

    causes: tuple[str, ...]
    shares_s: Mapping[str, Array]
    effect_s: Array
    actual_s: Array
    counted: npt.NDArray[np.bool_]
    left_out: int


def gather(
    causes: Sequence[str], run: Callable[[Coalition], TravelTimes]
) -> dict[Coalition, TravelTimes]:
    """Compute the matrix of every set of causes taken away, each once, smallest first."""
    return {who: run(who) for who in shapley.coalitions(causes)}


def decompose(
    causes: Sequence[str],
    matrices: Mapping[Coalition, TravelTimes],
    *,
    percentile: int = 50,
    unreachable_s: float | None = None,
) -> Decomposition:
    """Share the border's cost in time out over its causes.

    Parameters
    ----------
    causes
        Names of frictions, e.g. from `CAUSES`.
    matrices
        Set of causes taken away → matrix; all 2^k of them, the empty set being the network as
        it is.
    unreachable_s
        Time an unreachable pair counts as; longer times are cut to it. By default a pair that
        any matrix doesn't reach takes no part, and is counted in `left_out`.
    """
    actual = matrices[frozenset()]
    times: dict[Coalition, Array] = {}
    for who in shapley.coalitions(causes):
        matrix = matrices.get(who)
        if matrix is None:
            continue  # the Shapley function names what is missing
        same_zones(matrix, actual)
        time_s = matrix.at(percentile).astype(np.float64)
        if unreachable_s is not None:
            time_s = np.where(np.isfinite(time_s), np.minimum(time_s, unreachable_s), unreachable_s)
        times[who] = time_s
    gains = shapley.exact(causes, times)
    across = foreign_pairs(actual)
    counted = across & np.isfinite(np.stack(list(times.values()))).all(axis=0) & ~actual.outside
    # Taking a friction away saves time; what it saves is what the friction costs.
    shares = {cause: np.where(counted, -gain, np.nan) for cause, gain in gains.items()}
    whole = times[frozenset()] - times[frozenset(causes)]
    return Decomposition(
        causes=tuple(causes),
        shares_s=shares,
        effect_s=np.where(counted, whole, np.nan),
        actual_s=np.where(counted, times[frozenset()], np.nan),
        counted=counted,
        left_out=int((across & ~counted).sum()),
    )


def by_municipality_pair(
    found: Decomposition, times: TravelTimes, zones: Zones, *, population: str = "population"
) -> pd.DataFrame:
    """Causes per ordered pair of municipalities across the border.

    Returns
    -------
    DataFrame
        ``municipality_o, country_o, municipality_d, country_d, cause, cost_s, effect_s,
        actual_s, weight``: means over the zone pairs, weighted by people at both ends; a row
        per cause. The costs of a pair add up to its effect.
    """
    from_zones, to_zones = ends(times, zones)
    groups_o, groups_d = municipalities(from_zones), municipalities(to_zones)
    heavy_o = membership(groups_o, people(from_zones, population))
    heavy_d = membership(groups_d, people(to_zones, population))
    weight = aggregate(heavy_o, found.counted.astype(np.float64), heavy_d)
    rows, columns = np.nonzero(weight)

    def mean(values: Array) -> Array:
        total = aggregate(heavy_o, np.where(found.counted, values, 0.0), heavy_d)
        result: Array = total[rows, columns] / weight[rows, columns]
        return result

    base = {
        "municipality_o": groups_o.names[rows],
        "country_o": groups_o.countries[rows],
        "municipality_d": groups_d.names[columns],
        "country_d": groups_d.countries[columns],
        "effect_s": mean(found.effect_s),
        "actual_s": mean(found.actual_s),
        "weight": weight[rows, columns],
    }
    names = ["municipality_o", "country_o", "municipality_d", "country_d", "cause", "cost_s"]
    tables = [
        pd.DataFrame(base | {"cause": cause, "cost_s": mean(share)})
        for cause, share in found.shares_s.items()
    ]
    if not tables:
        return pd.DataFrame(columns=[*names, "effect_s", "actual_s", "weight"])
    return pd.concat(tables, ignore_index=True)[[*names, "effect_s", "actual_s", "weight"]]


def by_municipality(pairs: pd.DataFrame) -> pd.DataFrame:
    """Causes per municipality of origin, over all its foreign destinations, and in all.

    Parameters
    ----------
    pairs
        From `by_municipality_pair`.

    Returns
    -------
    DataFrame
        ``level`` (municipality, direction or all), ``municipality, country, country_d, cause,
        cost_s, effect_s, share, actual_s``: means weighted by people at both ends; `share` is
        the cost over the effect (NaN where there is no effect).
    """
    levels = {
        "municipality": ["municipality_o", "country_o"],
        "direction": ["country_o", "country_d"],
        "all": [],
    }
    names = ["level", "municipality", "country", "country_d", "cause", "cost_s", "effect_s"]
    tables = []
    for level, keys in levels.items():
        weighed = pairs[[*keys, "cause"]].copy()
        for column in ("cost_s", "effect_s", "actual_s"):
            weighed[column] = pairs[column] * pairs["weight"]
        weighed["weight"] = pairs["weight"]
        summed = weighed.groupby([*keys, "cause"], sort=False, observed=True).sum().reset_index()
        for column in ("cost_s", "effect_s", "actual_s"):
            summed[column] = summed[column] / summed["weight"]
        summed = summed.rename(columns={"municipality_o": "municipality", "country_o": "country"})
        summed["level"] = level
        for column in ("municipality", "country", "country_d"):
            if column not in summed.columns:
                summed[column] = ""
        effect = summed["effect_s"].where(summed["effect_s"] != 0)
        tables.append(summed.assign(share=summed["cost_s"] / effect))
    return pd.concat(tables, ignore_index=True)[[*names, "share", "actual_s"]]
