"""The border effect on travel time: by matched pairs, and by regression."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial import cKDTree
from scipy.stats import t as student
from statsmodels.genmod.families import Poisson
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.regression.linear_model import OLS

from mobility.indicators.frame import Array
from mobility.indicators.service import require

EFFECT = (
    "scenario",
    "mode",
    "method",
    "country_o",
    "country_d",
    "effect",
    "low",
    "high",
    "pairs_cross",
    "pairs_domestic",
    "left_out",
)
MATCHES = 5
MATCH_DISTANCE = 0.25
LEAST_PAIRS = 10
MAX_KM = 100.0


def matched_effect(
    pairs: pd.DataFrame, *, measure: str = "p50_s", max_km: float = MAX_KM
) -> pd.DataFrame:
    """How much longer a trip across the border takes than its likes within the countries.

    Each cross-border pair is matched with up to five domestic pairs of its two countries that
    are nearest in ln(distance) and, at a tenth of that weight, ln(people at both ends), none
    farther than 0.25 in that measure. The effect is exp(mean ln t_cross − mean ln t_matched)
    − 1. Its 95 % interval counts the spread of the gaps, clustered by municipality of origin,
    and that of domestic pairs that serve as a match more than once (Abadie & Imbens 2006).

    Returns
    -------
    DataFrame
        Columns `EFFECT`, per mode and direction, and both directions together (countries
        ``""``). `left_out` counts cross-border pairs that aren't reached or have no match;
        pairs farther apart than `max_km` aren't asked.
    """
    rows: list[tuple[object, ...]] = []
    near = pairs[pairs["distance_km"] <= max_km] if len(pairs) else pairs
    for (scenario, mode), part in near.groupby(["scenario", "mode"], sort=False, observed=True):
        used = _usable(part, measure)
        matches = _match(used, measure)
        wanted = part[part["cross"]]
        for key in _directions(wanted):
            chosen = matches.of(key)
            asked = len(_direction(wanted, *key))
            effect = chosen.effect()
            home = int((~used["cross"]).sum())
            counts = (len(chosen.gap), home, asked - len(chosen.gap))
            rows.append((scenario, mode, "matched", *key, *effect, *counts))
    return pd.DataFrame(rows, columns=list(EFFECT))


@dataclass(frozen=True)
class _Matches:
    """Cross-border pairs with their matches.

    `gap` is ln of each one's time less its matches' mean; `cluster` its origin, `direction` its
    countries. `match` are the rows of its domestic matches (n, 5) and `share` what each counts
    for, 0 where there are fewer. `variance` is that of ln t at each domestic row.
    """

    gap: Array
    cluster: npt.NDArray[np.intp]
    direction: npt.NDArray[np.object_]
    match: npt.NDArray[np.intp]
    share: Array
    variance: Array

    def of(self, key: tuple[str, str]) -> _Matches:
        """Those of one direction; all for ``("", "")``."""
        if key == ("", ""):
            return self
        kept = np.array([found == key for found in self.direction], bool)
        return _Matches(
            self.gap[kept],
            self.cluster[kept],
            self.direction[kept],
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


def _usable(part: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Pairs with a time, a distance, and known countries."""
    keep = (part[measure] > 0) & (part["distance_km"] > 0) & (part["cross"] | part["home"])
    return part[keep]


def _directions(part: pd.DataFrame) -> list[tuple[str, str]]:
    once = part[["country_o", "country_d"]].drop_duplicates()
    found = sorted((str(a), str(b)) for a, b in once.itertuples(index=False))
    return [("", ""), *found] if found else []


def _direction(part: pd.DataFrame, code_o: str, code_d: str) -> pd.DataFrame:
    if not code_o:
        return part
    return part[(part["country_o"] == code_o) & (part["country_d"] == code_d)]


def _features(part: pd.DataFrame) -> Array:
    people = np.log1p(part["people_o"]) + np.log1p(part["people_d"])
    return np.column_stack([np.log(part["distance_km"]), 0.1 * people]).astype(np.float64)


def _match(used: pd.DataFrame, measure: str) -> _Matches:
    """Match each cross-border pair with the domestic pairs of its countries most like it."""
    cross, home = used[used["cross"]], used[used["home"]]
    logs = np.log(home[measure].to_numpy(np.float64))
    spread = _variance(home, logs)
    origin = cross.groupby(["country_o", "municipality_o"], observed=True).ngroup().to_numpy()
    gaps, kept, match, share, direction = [], [], [], [], []
    for (code_o, code_d), at in cross.groupby(
        ["country_o", "country_d"], observed=True
    ).indices.items():
        pool = np.flatnonzero(home["country_o"].isin([code_o, code_d]))
        if not len(pool):
            continue
        distance, found = cKDTree(_features(home.iloc[pool])).query(
            _features(cross.iloc[at]),
            k=range(1, MATCHES + 1),
            distance_upper_bound=MATCH_DISTANCE,
        )
        near = np.isfinite(distance)
        number = near.sum(axis=1)
        good = number > 0
        rows = np.where(near, np.append(pool, 0)[found], 0)[good]
        each = near[good] / number[good, None]
        gaps.append(
            np.log(cross[measure].to_numpy(np.float64)[at][good]) - (logs[rows] * each).sum(1)
        )
        kept.append(at[good])
        match.append(rows)
        share.append(each)
        direction += [(str(code_o), str(code_d))] * int(good.sum())
    pairs = np.empty(len(direction), object)
    pairs[:] = direction
    return _Matches(
        np.concatenate([*gaps, np.empty(0)]),
        origin[np.concatenate([*kept, np.empty(0, np.intp)])],
        pairs,
        np.concatenate([*match, np.empty((0, MATCHES), np.intp)]),
        np.concatenate([*share, np.empty((0, MATCHES))]),
        spread,
    )


def _variance(home: pd.DataFrame, logs: Array) -> Array:
    """Variance of ln t at each domestic pair, from its nearest other one."""
    if len(home) < 2:
        return np.zeros(len(home))
    features = _features(home)
    found = np.asarray(cKDTree(features).query(features, k=2)[1])
    # Of several at one place the first two may both be others; either serves.
    other = np.where(found[:, 0] == np.arange(len(home)), found[:, 1], found[:, 0])
    return np.asarray((logs - logs[other]) ** 2 / 2)


def regression_effect(
    pairs: pd.DataFrame, *, measure: str = "p50_s", max_km: float = MAX_KM
) -> pd.DataFrame:
    """Border effect as the coefficient of a border dummy in a regression of ln time.

    ln t = a + b₁ ln d + b₂ (ln d)² + c₁ ln P_o + c₂ ln P_d + countries + γ · border, where each
    country counts half at either end, so that a link across is held against the (geometric)
    mean of both countries' own links;
    the effect is exp(γ) − 1, its 95 % interval from standard errors clustered by origin
    municipality. Directions are fitted together with one γ each.

    Pairs farther apart than `max_km` aren't asked.

    Returns
    -------
    DataFrame
        Columns `EFFECT`; NaN where there are fewer than ten cross-border or domestic pairs.
    """
    rows: list[tuple[object, ...]] = []
    near = pairs[pairs["distance_km"] <= max_km] if len(pairs) else pairs
    for (scenario, mode), part in near.groupby(["scenario", "mode"], sort=False, observed=True):
        used = _usable(part, measure)
        wanted = part[part["cross"]]
        home = int((~used["cross"]).sum())
        directions = _directions(wanted)
        fits = {("", ""): _fit(used, measure, [("", "")])} if directions else {}
        each = _fit(used, measure, directions[1:]) if directions else {}
        for key in directions:
            found = fits[key] if key == ("", "") else each
            effect = found.get(key, (np.nan, np.nan, np.nan))
            count = int(_direction(used[used["cross"]], *key).shape[0])
            asked = len(_direction(wanted, *key))
            rows.append((scenario, mode, "regression", *key, *effect, count, home, asked - count))
    return pd.DataFrame(rows, columns=list(EFFECT))


def _fit(
    used: pd.DataFrame, measure: str, directions: list[tuple[str, str]]
) -> dict[tuple[str, str], tuple[float, float, float]]:
    """exp(γ) − 1 and its interval for each direction; empty where there are too few pairs."""
    cross = used["cross"].to_numpy(bool)
    if min(cross.sum(), (~cross).sum()) < LEAST_PAIRS:
        return {}
    log_km = np.log(used["distance_km"].to_numpy(np.float64))
    countries = sorted({str(code) for code in used["country_o"].unique()})[1:]
    dummies = [
        cross
        if not a
        else (used["country_o"] == a).to_numpy() & (used["country_d"] == b).to_numpy()
        for a, b in directions
    ]
    columns = [
        *dummies,
        np.ones(len(used)),
        log_km,
        log_km**2,
        np.log1p(used["people_o"]),
        np.log1p(used["people_d"]),
        *[
            ((used["country_o"] == code).to_numpy(np.float64) + (used["country_d"] == code)) / 2
            for code in countries
        ],
    ]
    table = np.column_stack([np.asarray(c, np.float64) for c in columns])
    spread = np.ptp(table, axis=0) > 0
    spread[len(dummies)] = True
    group = used.groupby(["country_o", "municipality_o"], observed=True).ngroup().to_numpy()
    if len(set(group)) <= 2:
        return {}
    model = OLS(np.log(used[measure].to_numpy(np.float64)), table[:, spread])
    fit = model.fit(cov_type="cluster", cov_kwds={"groups": group}, use_t=True)
    bounds = np.asarray(fit.conf_int(0.05))
    place = np.cumsum(spread) - 1
    return {
        key: (
            float(np.exp(fit.params[place[k]]) - 1),
            float(np.exp(bounds[place[k], 0]) - 1),
            float(np.exp(bounds[place[k], 1]) - 1),
        )
        for k, key in enumerate(directions)
        if spread[k]
    }


def commuting_effect(flows: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Commuters across the border over what distance and size would let expect.

    A Poisson gravity model, ln E = a + b ln d + c₁ ln P_o + c₂ ln P_d, is fitted on the
    domestic pairs and predicts the others.

    Parameters
    ----------
    flows
        ``municipality_o, country_o, municipality_d, country_d, commuters``; a pair that isn't
        listed is not known, and left out.
    pairs
        From `municipality_pairs`, any one mode.

    Returns
    -------
    DataFrame
        Per direction ``country_o, country_d, observed, expected, ratio, pairs, unmatched``;
        `unmatched` counts rows of flows whose pair isn't in `pairs`.
    """
    keys = ["municipality_o", "country_o", "municipality_d", "country_d"]
    require(flows, [*keys, "commuters"], "commuter flows")
    once = pairs.drop_duplicates(keys)
    joined = flows.merge(
        once.astype(dict.fromkeys(keys, object)), on=keys, how="left", validate="many_to_one"
    )
    lost = joined["distance_km"].isna()
    known = joined[~lost & (joined["distance_km"] > 0)]
    sizes = [np.log1p(known[name]) for name in ("people_o", "people_d")]
    table = np.column_stack([np.ones(len(known)), np.log(known["distance_km"]), *sizes])
    home = known["home"].to_numpy(bool)
    expected = np.full(len(known), np.nan)
    if home.sum() >= LEAST_PAIRS:
        fit = GLM(known["commuters"].to_numpy(np.float64)[home], table[home], Poisson()).fit()
        expected = np.asarray(fit.predict(table), np.float64)
    cross = known.assign(expected=expected)[known["cross"].to_numpy(bool)]
    rows = []
    for (code_o, code_d), part in cross.groupby(["country_o", "country_d"], observed=True):
        seen, hoped = float(part["commuters"].sum()), float(part["expected"].sum(skipna=False))
        ratio = seen / hoped if hoped > 0 else np.nan
        rows.append((code_o, code_d, seen, hoped, ratio, len(part), int(lost.sum())))
    names = ["country_o", "country_d", "observed", "expected", "ratio", "pairs", "unmatched"]
    return pd.DataFrame(rows, columns=names)
