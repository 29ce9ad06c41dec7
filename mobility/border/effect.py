"""The border effect on travel time: by matched pairs, and by regression."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from statsmodels.genmod.families import Poisson
from statsmodels.genmod.generalized_linear_model import GLM

from mobility.border.least_squares import clustered
from mobility.border.matching import Likeness, Rows, directions, likeness, match, origins
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
    near = _near(pairs, measure, max_km)
    like: Likeness | None = None
    for (scenario, mode), part in near.groupby(["scenario", "mode"], sort=False, observed=True):
        used = _usable(part, measure)
        like = likeness(used, like)
        matches = match(used, measure, like)
        wanted = part[part["cross"]]
        for key in directions(wanted):
            chosen = matches.of(key)
            asked = len(_direction(wanted, *key))
            effect = chosen.effect()
            home = int((~used["cross"]).sum())
            counts = (len(chosen.gap), home, asked - len(chosen.gap))
            rows.append((scenario, mode, "matched", *key, *effect, *counts))
    return pd.DataFrame(rows, columns=list(EFFECT))


def _near(pairs: pd.DataFrame, measure: str, max_km: float) -> pd.DataFrame:
    """Pairs no farther apart than `max_km`, with the columns that are asked for."""
    if not len(pairs):
        return pairs
    names = ["scenario", "mode", "country_o", "municipality_o", "country_d", "cross", "home"]
    return pairs.loc[
        pairs["distance_km"] <= max_km, [*names, "people_o", "people_d", "distance_km", measure]
    ]


def _usable(part: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Pairs with a time, a distance, and known countries."""
    keep = (part[measure] > 0) & (part["distance_km"] > 0) & (part["cross"] | part["home"])
    return part[keep]


def _direction(part: pd.DataFrame, code_o: str, code_d: str) -> pd.DataFrame:
    if not code_o:
        return part
    return part[(part["country_o"] == code_o) & (part["country_d"] == code_d)]


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
    near = _near(pairs, measure, max_km)
    for (scenario, mode), part in near.groupby(["scenario", "mode"], sort=False, observed=True):
        used = _usable(part, measure)
        wanted = part[part["cross"]]
        home = int((~used["cross"]).sum())
        asked_for = directions(wanted)
        design = _design(used, measure)
        fits = {("", ""): _fit(design, [("", "")])} if asked_for else {}
        each = _fit(design, asked_for[1:]) if asked_for else {}
        for key in asked_for:
            found = fits[key] if key == ("", "") else each
            effect = found.get(key, (np.nan, np.nan, np.nan))
            count = int(_direction(used[used["cross"]], *key).shape[0])
            asked = len(_direction(wanted, *key))
            rows.append((scenario, mode, "regression", *key, *effect, count, home, asked - count))
    return pd.DataFrame(rows, columns=list(EFFECT))


@dataclass(frozen=True)
class _Design:
    """What explains the times of a mode's pairs but for the border.

    `log_s` ln of the times (n,); `others` its columns (n, k), the first of them 1; `group` the
    municipality of origin; `cross` whether a pair crosses; `codes` the countries of its ends,
    as numbers in `countries`.
    """

    log_s: Array
    others: Array
    group: Rows
    cross: npt.NDArray[np.bool_]
    codes: tuple[Rows, Rows]
    countries: tuple[str, ...]


def _design(used: pd.DataFrame, measure: str) -> _Design:
    log_km = np.log(used["distance_km"].to_numpy(np.float64))
    countries = tuple(sorted({str(c) for end in "od" for c in used[f"country_{end}"].unique()}))
    at_o, at_d = (
        pd.Categorical(used[f"country_{end}"].astype(object), categories=countries).codes.astype(
            np.intp
        )
        for end in "od"
    )
    halves = [((at_o == k).astype(float) + (at_d == k)) / 2 for k in sorted(set(at_o))[1:]]
    people = [np.log1p(used[name].to_numpy(np.float64)) for name in ("people_o", "people_d")]
    others = np.column_stack([np.ones(len(used)), log_km, log_km**2, *people, *halves])
    return _Design(
        np.log(used[measure].to_numpy(np.float64)),
        others,
        origins(used),
        used["cross"].to_numpy(bool),
        (at_o, at_d),
        countries,
    )


def _fit(
    design: _Design, asked_for: list[tuple[str, str]]
) -> dict[tuple[str, str], tuple[float, float, float]]:
    """exp(γ) − 1 and its interval for each direction; empty where there are too few pairs."""
    cross = design.cross
    few = min(cross.sum(), (~cross).sum()) < LEAST_PAIRS
    if few or len(np.unique(design.group)) <= 2:
        return {}
    number = {code: k for k, code in enumerate(design.countries)}
    at_o, at_d = design.codes
    dummies = [
        cross if not a else (at_o == number.get(a, -1)) & (at_d == number.get(b, -1))
        for a, b in asked_for
    ]
    table = np.column_stack([*dummies, design.others]).astype(np.float64, copy=False)
    spread = np.ptp(table, axis=0) > 0
    spread[len(dummies)] = True
    fit = clustered(design.log_s, table[:, spread], design.group)
    place = np.cumsum(spread) - 1
    return {
        key: (
            float(np.exp(fit.coefficients[place[k]]) - 1),
            float(np.exp(fit.low[place[k]]) - 1),
            float(np.exp(fit.high[place[k]]) - 1),
        )
        for k, key in enumerate(asked_for)
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
