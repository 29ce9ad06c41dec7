"""Service at stops and between places: departures, headway, span, who lives near what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.errors import MobilityError, Problem
from mobility.indicators.frame import Array, great_circle_m, people
from mobility.zones import Zones

RAIL_M = 1000.0
OTHER_M = 500.0
HIGH_PER_HOUR = 10.0
MEDIUM_PER_HOUR = 4.0
SERVICE_LEVELS = ("very high", "high", "medium", "low", "none")


def require(table: pd.DataFrame, columns: Sequence[str], where: str) -> None:
    """Raise `MobilityError` where a plain table lacks columns, naming them all."""
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise MobilityError(
            Problem(where, f"columns {list(table.columns)}", f"also the columns {missing}")
        )


def departures(
    table: pd.DataFrame,
    *,
    by: Sequence[str] = ("origin", "destination"),
    start_s: float = 25_200,
    end_s: float = 32_400,
) -> pd.DataFrame:
    """Departures, headway and span of service per stop, line or pair of places.

    Parameters
    ----------
    table
        One row per departure: the columns of `by` and ``departure_s`` (seconds of the service
        day; over 86,400 after midnight). Equal departures of one group count once each.
    by
        What is counted by, e.g. ``("stop",)``, ``("line",)``.
    start_s, end_s
        Window of the hourly rate and of the headways, end exclusive.

    Returns
    -------
    DataFrame
        The columns of `by` and ``departures`` (whole day), ``per_hour`` (window),
        ``headway_mean_s, headway_max_s`` (between departures in the window; NaN with fewer
        than two), ``first_s, last_s, span_s``.
    """
    require(table, [*by, "departure_s"], "departures")
    if end_s <= start_s:
        raise MobilityError(Problem("window", f"{start_s}–{end_s} s", "a start before its end"))
    ordered = table.sort_values([*by, "departure_s"], kind="stable")
    rows = []
    for key, part in ordered.groupby(list(by), sort=True, observed=True):
        when = part["departure_s"].to_numpy(np.float64)
        inside = when[(when >= start_s) & (when < end_s)]
        gaps = np.diff(inside)
        rows.append(
            (
                *key,
                len(when),
                len(inside) / (end_s - start_s) * 3600,
                gaps.mean() if len(gaps) else np.nan,
                gaps.max() if len(gaps) else np.nan,
                when[0],
                when[-1],
                when[-1] - when[0],
            )
        )
    names = ["departures", "per_hour", "headway_mean_s", "headway_max_s"]
    return pd.DataFrame(rows, columns=[*by, *names, "first_s", "last_s", "span_s"])


def is_rail(route_type: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Whether a GTFS route type, basic or extended, is train or metro.

    These serve a kilometre around; bus, tram and ferry half of that.
    """
    kind = np.asarray(route_type, np.int64)
    rail = np.isin(kind, (1, 2)) | ((kind >= 100) & (kind < 200)) | ((kind >= 400) & (kind < 500))
    return np.asarray(rail)


def stop_access(zones: Zones, stops: pd.DataFrame) -> pd.DataFrame:
    """Service within walking distance of each zone, as the crow flies.

    Parameters
    ----------
    stops
        One row per stop and kind of service: ``lon, lat, route_type`` and optionally
        ``per_hour`` (departures an hour).

    Returns
    -------
    DataFrame
        Per zone ``zone, country, nearest_other_m, nearest_rail_m, near`` (a bus, tram or ferry
        stop within 500 m or a train or metro station within 1 km), ``per_hour_other,
        per_hour_rail`` (departures an hour at the best single stop in reach) and ``level``:
        *very high* 10 or more an hour of both kinds, *high* of one, *medium* 4 or more of one,
        *low* less, *none* no stop in reach. Distances are infinite where there are no such
        stops; without ``per_hour`` levels are empty.
    """
    require(stops, ["lon", "lat", "route_type"], "stops")
    rail = is_rail(stops["route_type"]) if len(stops) else np.zeros(0, bool)
    rated = "per_hour" in stops.columns
    rate = stops["per_hour"].to_numpy(np.float64) if rated else np.zeros(len(stops))
    columns: dict[str, object] = {"zone": zones.ids, "country": zones.countries}
    best: dict[str, Array] = {}
    near: dict[str, Array] = {}
    for name, chosen, reach_m in (("other", ~rail, OTHER_M), ("rail", rail, RAIL_M)):
        lon = stops["lon"].to_numpy(np.float64)[chosen]
        lat = stops["lat"].to_numpy(np.float64)[chosen]
        near[name], best[name] = _nearest(zones, lon, lat, rate[chosen], reach_m)
        columns[f"nearest_{name}_m"] = near[name]
    columns["near"] = (near["other"] <= OTHER_M) | (near["rail"] <= RAIL_M)
    for name, values in best.items():
        columns[f"per_hour_{name}"] = values if rated else np.full(len(zones.ids), np.nan)
    columns["level"] = _levels(best, near) if rated else np.full(len(zones.ids), "", object)
    return pd.DataFrame(columns)


def _nearest(
    zones: Zones, lon: Array, lat: Array, rate: Array, reach_m: float
) -> tuple[Array, Array]:
    """Distance to the nearest stop and the highest rate in reach, block by block of zones."""
    nearest = np.full(len(zones.ids), np.inf)
    best = np.zeros(len(zones.ids))
    if len(lon) == 0:
        return nearest, best
    for start in range(0, len(zones.ids), 256):
        rows = slice(start, start + 256)
        metres = great_circle_m(zones.lon[rows], zones.lat[rows], lon, lat)
        nearest[rows] = metres.min(axis=1)
        best[rows] = np.where(metres <= reach_m, rate[None, :], 0.0).max(axis=1)
    return nearest, best


def _levels(best: Mapping[str, Array], near: Mapping[str, Array]) -> npt.NDArray[np.object_]:
    other, rail = best["other"], best["rail"]
    top = np.maximum(other, rail)
    level = np.full(len(top), "none", object)
    level[(near["other"] <= OTHER_M) | (near["rail"] <= RAIL_M)] = "low"
    level[top >= MEDIUM_PER_HOUR] = "medium"
    level[top >= HIGH_PER_HOUR] = "high"
    level[np.minimum(other, rail) >= HIGH_PER_HOUR] = "very high"
    return level


def stop_access_shares(
    table: pd.DataFrame, zones: Zones, *, population: str = "population"
) -> pd.DataFrame:
    """Share of people near a stop (SDG 11.2.1) and on each level of service, by country.

    Returns
    -------
    DataFrame
        ``country, people, share_near``, and ``share_<level>`` for each level; country ``""``
        is everybody. NaN where there are no people.
    """
    weight = pd.Series(people(zones, population), index=pd.Index(zones.ids))
    heavy = weight.loc[table["zone"]].to_numpy(np.float64)
    country = table["country"].to_numpy(object)
    rows = []
    for code in ["", *sorted({str(c) for c in country} - {""})]:
        counted = heavy * ((country == code) | (code == ""))
        total = counted.sum()
        row: dict[str, object] = {"country": code, "people": total}
        tests = {"share_near": table["near"].to_numpy(bool)}
        for level in SERVICE_LEVELS:
            name = "share_" + level.replace(" ", "_")
            tests[name] = (table["level"] == level).to_numpy(bool)
        rated = bool((table["level"] != "").all())
        for name, true in tests.items():
            known = total > 0 and (rated or name == "share_near")
            row[name] = float(counted[true].sum() / total) if known else np.nan
        rows.append(row)
    return pd.DataFrame(rows)
