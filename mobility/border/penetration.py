"""How far access reaches across the border: own and foreign, against what lies near."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from mobility.indicators.access import split_by_country
from mobility.indicators.costs import weighted_mean
from mobility.indicators.european import SETTINGS, Setting
from mobility.indicators.frame import Array, crow_fly_m, distances, ends, people
from mobility.indicators.practice import reference_line, speeds_kph
from mobility.tables import TravelTimes
from mobility.zones import Zones

PENETRATION = (
    "scenario",
    "mode",
    "setting",
    "zone",
    "country",
    "reached_own",
    "reached_foreign",
    "near_own",
    "near_foreign",
    "cross_border_share",
    "near_share",
    "penetration",
    "efficiency",
)


def _quotient(top: Array, bottom: Array) -> Array:
    result: Array = np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom > 0)
    return result


def penetration(
    times: TravelTimes,
    zones: Zones,
    *,
    settings: Sequence[Setting] = SETTINGS,
    percentile: int = 50,
    population: str = "population",
    crow_m: Array | None = None,
) -> pd.DataFrame:
    """Share of reached people that live abroad, against the share of those living near.

    Returns
    -------
    DataFrame
        Per zone and setting: people reached and near, own and foreign; ``cross_border_share``
        X = A(foreign)/A; ``near_share`` N(foreign)/N; ``penetration`` X over that share: 1
        where the border doesn't matter, 0 where nobody abroad is reached, NaN where nobody
        abroad lives near or nobody is reached. ``efficiency`` is Σ P_j v_ij ÷ Σ P_j v_ref over
        the foreign zones near that are reached, v_ref the domestic speed at that distance
        (Christodoulou & Christidis 2019). Zones of unknown country are on neither side.
    """
    origins, destinations = ends(times, zones)
    crow = crow_fly_m(origins, destinations) if crow_m is None else crow_m
    living = people(destinations, population)
    outside = times.outside.all(axis=1) if times.outside.shape[1] else np.zeros(len(crow), bool)
    line = reference_line(times, zones, crow_m=crow)
    tables = []
    for setting in settings:
        within = times.at(percentile) <= setting.limit_s
        own, foreign, _ = split_by_country(times, within, living[:, None])
        near_own, near_foreign, _ = split_by_country(
            times, crow <= setting.radius_m, living[:, None]
        )
        reached = [np.where(outside, np.nan, side[:, 0]) for side in (own, foreign)]
        near = [near_own[:, 0], near_foreign[:, 0]]
        cross = _quotient(reached[1], reached[0] + reached[1])
        share = _quotient(near[1], near[0] + near[1])
        columns = {
            "scenario": times.scenario,
            "mode": times.mode,
            "setting": setting.name,
            "zone": times.origins,
            "country": times.country_o,
            "reached_own": reached[0],
            "reached_foreign": reached[1],
            "near_own": near[0],
            "near_foreign": near[1],
            "cross_border_share": cross,
            "near_share": share,
            "penetration": _quotient(cross, share),
            "efficiency": _efficiency(times, crow, living, setting, line),
        }
        tables.append(pd.DataFrame(columns, columns=list(PENETRATION)))
    return pd.concat(tables, ignore_index=True)


def _efficiency(
    times: TravelTimes, crow: Array, living: Array, setting: Setting, line: tuple[Array, Array]
) -> Array:
    """Speed to the foreign zones near, over the domestic speed at the same distances."""
    if not len(line[0]):
        return np.full(len(crow), np.nan)
    foreign = foreign_pairs(times)
    speed = speeds_kph(times, crow)
    counted = np.where(foreign & (crow <= setting.radius_m), living[None, :], 0.0)
    usual = np.where(np.isfinite(speed), np.interp(crow / 1000, *line), np.nan)
    ratio: Array = weighted_mean(speed, counted) / weighted_mean(usual, counted)
    return ratio


def foreign_pairs(times: TravelTimes) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """True for the pairs whose two countries are known and differ, (n_o, n_d)."""
    # Numbers compare faster than words.
    codes, _ = pd.factorize(np.concatenate([times.country_o, times.country_d]))
    from_code, to_code = codes[: len(times.country_o)], codes[len(times.country_o) :]
    known = (times.country_o != "")[:, None] & (times.country_d != "")[None, :]
    return np.asarray(known & (from_code[:, None] != to_code[None, :]), bool)


def penetration_summary(
    table: pd.DataFrame, zones: Zones, *, population: str = "population"
) -> pd.DataFrame:
    """Penetration of each country's residents, from the people-weighted sums of its zones.

    Returns
    -------
    DataFrame
        ``scenario, mode, setting, country, people, reached_own, reached_foreign,
        cross_border_share, near_share, penetration``: means per resident of the zones inside
        the model; country ``""`` is everybody.
    """
    weight = pd.Series(people(zones, population), index=pd.Index(zones.ids))
    rows = []
    for key, part in table.groupby(["scenario", "mode", "setting"], sort=False, observed=True):
        inside = part[part["reached_own"].notna()]
        heavy = weight.loc[inside["zone"].astype(object)].to_numpy(np.float64)
        country = inside["country"].to_numpy(object)
        for code in ["", *sorted({str(c) for c in country} - {""})]:
            counted = heavy * ((country == code) | (code == ""))
            rows.append((*key, code, *_summed(inside, counted)))
    names = ["scenario", "mode", "setting", "country", "people", "reached_own", "reached_foreign"]
    return pd.DataFrame(rows, columns=[*names, "cross_border_share", "near_share", "penetration"])


def _summed(part: pd.DataFrame, weight: Array) -> tuple[float, ...]:
    total = weight.sum()
    if total <= 0:
        return (0.0, *[float("nan")] * 5)
    names = ("reached_own", "reached_foreign", "near_own", "near_foreign")
    own, foreign, near_own, near = (
        float(part[name].to_numpy(np.float64) @ weight / total) for name in names
    )
    cross = foreign / (own + foreign) if own + foreign > 0 else np.nan
    share = near / (near_own + near) if near_own + near > 0 else np.nan
    ratio = cross / share if share > 0 else np.nan
    return (float(total), own, foreign, cross, share, ratio)


def access_border_effect(actual: pd.DataFrame, without: pd.DataFrame) -> pd.DataFrame:
    """Access the border costs: BE = 1 − A(actual)/A(without border), row by row.

    Parameters
    ----------
    actual, without
        `ACCESSIBILITY` rows of the network as it is and of one without the border's
        frictions; the same zones, modes, indicators, cutoffs and percentiles.

    Returns
    -------
    DataFrame
        The key columns, ``actual, without, border_effect``; NaN where there is no access
        without border either, or a row stands on one side only.
    """
    keys = ["zone", "country", "mode", "indicator", "opportunity", "cutoff_s", "percentile"]
    sides = [
        table[[*keys, "value"]]
        .astype(dict.fromkeys(keys[:5], object))
        .rename(columns={"value": name})
        for table, name in ((actual, "actual"), (without, "without"))
    ]
    joined = sides[0].merge(sides[1], on=keys, how="outer", validate="one_to_one")
    base = joined["without"].where(joined["without"] > 0)
    return joined.assign(border_effect=1 - joined["actual"] / base)


def border_access(
    times_by_mode: Mapping[str, TravelTimes],
    zones: Zones,
    *,
    population: str = "population",
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Penetration of all modes: the table per zone and its summary per country."""
    crow = distances(times_by_mode, zones)
    tables = [
        penetration(times, zones, population=population, crow_m=crow[mode])
        for mode, times in times_by_mode.items()
    ]
    whole = (
        pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(PENETRATION))
    )
    return whole, penetration_summary(whole, zones, population=population)
