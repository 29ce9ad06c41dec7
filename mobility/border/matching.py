"""Each pair across the border beside the domestic pairs most like it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial import cKDTree
from scipy.stats import t as student

from mobility.indicators.frame import Array

MATCHES = 5
MATCH_DISTANCE = 0.25
Rows = npt.NDArray[np.intp]
Codes = npt.NDArray[np.object_]


def directions(part: pd.DataFrame) -> list[tuple[str, str]]:
    """Directions of pairs in alphabetical order, before them ``("", "")``: all together."""
    once = part[["country_o", "country_d"]].drop_duplicates()
    found = sorted((str(a), str(b)) for a, b in once.itertuples(index=False))
    return [("", ""), *found] if found else []


def origins(part: pd.DataFrame) -> Rows:
    """Number of each pair's municipality of origin, from 0, without gaps."""
    country, town = (
        part[name].cat.codes.to_numpy(np.int64)
        if isinstance(part[name].dtype, pd.CategoricalDtype)
        else pd.factorize(part[name])[0]
        for name in ("country_o", "municipality_o")
    )
    key = country * (int(town.max(initial=0)) + 1) + town
    found = np.bincount(key) > 0 if len(key) else np.zeros(0, bool)
    return np.asarray((np.cumsum(found) - 1)[key], np.intp)


@dataclass(frozen=True)
class Matches:
    """Cross-border pairs with their matches.

    `gap` is ln of each one's time less its matches' mean; `cluster` its origin, `direction` the
    number of its countries in `directions`. `match` are the rows of its domestic matches (n, 5)
    and `share` what each counts for, 0 where there are fewer. `variance` is that of ln t at each
    domestic row.
    """

    gap: Array
    cluster: npt.NDArray[np.intp]
    direction: npt.NDArray[np.intp]
    directions: tuple[tuple[str, str], ...]
    match: npt.NDArray[np.intp]
    share: Array
    variance: Array

    def of(self, key: tuple[str, str]) -> Matches:
        """Those of one direction; all for ``("", "")``."""
        if key == ("", ""):
            return self
        number = self.directions.index(key) if key in self.directions else -1
        kept = self.direction == number
        return Matches(
            self.gap[kept],
            self.cluster[kept],
            self.direction[kept],
            self.directions,
            self.match[kept],
            self.share[kept],
            self.variance,
        )

    def effect(self) -> tuple[float, float, float]:
        """Effect and its interval; NaN without pairs, no interval with a single origin."""
        n = len(self.gap)
        if n == 0:
            return np.nan, np.nan, np.nan
        mean = float(self.gap.mean())
        sums = np.bincount(self.cluster, self.gap - mean)
        origins = len(np.unique(self.cluster))
        size = len(self.variance)
        uses = np.bincount(self.match.ravel(), self.share.ravel(), minlength=size)
        squares = np.bincount(self.match.ravel(), self.share.ravel() ** 2, minlength=size)
        again = np.clip(uses**2 - squares, 0, None) @ self.variance
        if origins < 2:
            return float(np.expm1(mean)), np.nan, np.nan
        error = np.sqrt(sums @ sums * origins / (origins - 1) + again) / n
        half = float(student.ppf(0.975, origins - 1)) * error
        return float(np.expm1(mean)), float(np.expm1(mean - half)), float(np.expm1(mean + half))


def _features(part: pd.DataFrame) -> Array:
    people = np.log1p(part["people_o"]) + np.log1p(part["people_d"])
    return np.column_stack([np.log(part["distance_km"]), 0.1 * people]).astype(np.float64)


@dataclass(frozen=True)
class Likeness:
    """Which domestic pairs are most like each cross-border pair, whatever their times.

    `cross` and `home` are the features (n, 2) they were found from, `codes_cross` and
    `codes_home` the countries. `pools` holds, per direction, the rows of its cross-border
    pairs, the rows of their matches (n, 5) and the share of each, 0 where there are fewer;
    `other` is the domestic row most like each domestic row.
    """

    cross: Array
    home: Array
    codes_cross: npt.NDArray[np.object_]
    codes_home: npt.NDArray[np.object_]
    pools: Mapping[tuple[str, str], tuple[Rows, Rows, Array]]
    other: Rows

    def serves(self, other: tuple[Array, Array, Codes, Codes]) -> bool:
        """Whether other pairs are the very same."""
        mine = (self.cross, self.home, self.codes_cross, self.codes_home)
        return all(np.array_equal(a, b) for a, b in zip(mine, other, strict=True))


def likeness(used: pd.DataFrame, last: Likeness | None) -> Likeness:
    """Likeness of pairs; that of the mode before where it reaches the same ones."""
    cross, home = used[used["cross"]], used[used["home"]]
    codes_cross = np.column_stack(
        [cross[name].astype(object).to_numpy() for name in ("country_o", "country_d")]
    )
    codes_home = home["country_o"].astype(object).to_numpy()
    found = (_features(cross), _features(home), codes_cross, codes_home)
    if last is not None and last.serves(found):
        return last
    pools: dict[tuple[str, str], tuple[Rows, Rows, Array]] = {}
    trees: dict[frozenset[str], tuple[Rows, cKDTree]] = {}
    for code_o, code_d in directions(cross)[1:]:
        both = frozenset((code_o, code_d))
        if both not in trees:
            pool = np.flatnonzero((codes_home == code_o) | (codes_home == code_d))
            trees[both] = pool, cKDTree(found[1][pool])
        at = np.flatnonzero((codes_cross[:, 0] == code_o) & (codes_cross[:, 1] == code_d))
        if len(trees[both][0]):
            pools[code_o, code_d] = _nearest(found[0], at, *trees[both])
    return Likeness(*found, pools, _nearest_other(found[1]))


def _nearest(features: Array, at: Rows, pool: Rows, tree: cKDTree) -> tuple[Rows, Rows, Array]:
    """Rows `at` that have a match in the pool, their matches, and the share of each."""
    distance, found = _ask(tree, features[at], MATCHES, MATCH_DISTANCE)
    near = np.isfinite(distance)
    number = near.sum(axis=1)
    good = number > 0
    rows = np.where(near, np.append(pool, 0)[found], 0)[good]
    return at[good], rows, near[good] / number[good, None]


def _ask(tree: cKDTree, points: Array, k: int, reach: float) -> tuple[Array, Rows]:
    """The k nearest of each point; a pair there and back is one point and is asked once."""
    _, first, back = np.unique(
        points[:, 0] + 1j * points[:, 1], return_index=True, return_inverse=True
    )
    distance, found = tree.query(points[first], k=range(1, k + 1), distance_upper_bound=reach)
    return np.asarray(distance)[back], np.asarray(found)[back]


def _nearest_other(features: Array) -> Rows:
    """The row most like each row, itself not counted; empty where there is only one."""
    if len(features) < 2:
        return np.empty(0, np.intp)
    found = _ask(cKDTree(features), features, 2, np.inf)[1]
    # Of several at one place the first two may both be others; either serves.
    return np.where(found[:, 0] == np.arange(len(features)), found[:, 1], found[:, 0])


def match(used: pd.DataFrame, measure: str, like: Likeness) -> Matches:
    """Hold the time of each cross-border pair against those of its matches."""
    cross, home = used[used["cross"]], used[used["home"]]
    logs = np.log(home[measure].to_numpy(np.float64))
    own = np.log(cross[measure].to_numpy(np.float64))
    origin = origins(cross)
    kept, match, share, direction = [], [], [], []
    for number, (at, rows, each) in enumerate(like.pools.values()):
        kept.append(at)
        match.append(rows)
        share.append(each)
        direction.append(np.full(len(at), number))
    at = np.concatenate([*kept, np.empty(0, np.intp)])
    rows = np.concatenate([*match, np.empty((0, MATCHES), np.intp)])
    each = np.concatenate([*share, np.empty((0, MATCHES))])
    return Matches(
        own[at] - (logs[rows] * each).sum(1),
        origin[at],
        np.concatenate([*direction, np.empty(0, np.intp)]),
        tuple(like.pools),
        rows,
        each,
        (logs - logs[like.other]) ** 2 / 2 if len(logs) > 1 else np.zeros(len(logs)),
    )
