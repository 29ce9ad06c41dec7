"""Access as the European Commission's DG REGIO measures it, on both sides of a border.

Accessibility: people reached in time; proximity: people that live near; transport performance:
the first in per cent of the second. Rail and road: 90 minutes and 120 km (Poelman, Dijkstra &
Ackermans 2019, 2020); within cities 30 minutes and 7.5 km.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mobility.indicators.access import split_by_country
from mobility.indicators.frame import (
    Array,
    Measure,
    crow_fly_m,
    distances,
    ends,
    people,
    rows_for,
    tidy,
)
from mobility.tables import TravelTimes
from mobility.zones import Zones


@dataclass(frozen=True)
class Setting:
    """Time limit and circle of a transport performance: name, seconds, metres."""

    name: str
    limit_s: float
    radius_m: float


REGIONAL = Setting("regional", 5400, 120_000)
URBAN = Setting("urban", 1800, 7_500)
SETTINGS = (REGIONAL, URBAN)


def transport_performance(
    times: TravelTimes,
    zones: Zones,
    *,
    settings: Sequence[Setting] = SETTINGS,
    percentile: int = 50,
    population: str = "population",
) -> pd.DataFrame:
    """People reached, people near, and the first in per cent of the second, per zone.

    Returns
    -------
    DataFrame
        `ACCESSIBILITY` rows: ``reached_<setting>``, ``near_<setting>`` and
        ``performance_<setting>``, each also for the own country (``_own``) and abroad
        (``_foreign``). NaN where nobody lives near. ``circle_cut_<setting>`` is 1 where the
        circle reaches beyond the box around all zones, so that people outside the model are
        missed on both sides of the ratio.
    """
    measures = performance_measures(
        times, zones, settings=settings, percentile=percentile, population=population
    )
    return tidy([rows_for(times, measures)])


def performance_measures(
    times: TravelTimes,
    zones: Zones,
    *,
    settings: Sequence[Setting],
    percentile: int,
    population: str,
    crow_m: Array | None = None,
) -> list[Measure]:
    """`transport_performance` before it is laid out as a table."""
    origins, destinations = ends(times, zones)
    crow = crow_fly_m(origins, destinations) if crow_m is None else crow_m
    living = people(destinations, population)[:, None]
    measures: list[Measure] = []
    for setting in settings:
        reached = split_by_country(times, times.at(percentile) <= setting.limit_s, living)
        near = split_by_country(times, crow <= setting.radius_m, living)
        for suffix, top, bottom in (
            ("", sum(reached), sum(near)),
            ("_own", reached[0], near[0]),
            ("_foreign", reached[1], near[1]),
        ):
            values: dict[str, tuple[Array, str]] = {
                "reached": (np.asarray(top)[:, 0], population),
                "near": (np.asarray(bottom)[:, 0], population),
                "performance": (_percent(np.asarray(top)[:, 0], np.asarray(bottom)[:, 0]), "%"),
            }
            measures += [
                Measure(
                    f"{name}_{setting.name}{suffix}",
                    population,
                    value,
                    unit,
                    setting.limit_s,
                    percentile,
                )
                for name, (value, unit) in values.items()
            ]
        measures.append(
            Measure(
                f"circle_cut_{setting.name}",
                population,
                _circle_cut(origins, zones, setting.radius_m),
                "1",
                setting.limit_s,
                percentile,
            )
        )
    return measures


def _percent(top: Array, bottom: Array) -> Array:
    share: Array = np.divide(100 * top, bottom, out=np.full(len(top), np.nan), where=bottom > 0)
    return share


def _circle_cut(origins: Zones, zones: Zones, radius_m: float) -> Array:
    """1 where a circle around a zone crosses the box around all zones."""
    if len(zones.lon) == 0:
        return np.zeros(0)
    north_m = 111_195.0
    east_m = north_m * np.cos(np.radians(origins.lat))
    room = np.minimum.reduce(
        [
            (origins.lat - zones.lat.min()) * north_m,
            (zones.lat.max() - origins.lat) * north_m,
            (origins.lon - zones.lon.min()) * east_m,
            (zones.lon.max() - origins.lon) * east_m,
        ]
    )
    cut: Array = (room < radius_m).astype(np.float64)
    return cut


def performance_summary(
    times_by_mode: Mapping[str, TravelTimes],
    zones: Zones,
    *,
    settings: Sequence[Setting] = SETTINGS,
    population: str = "population",
) -> pd.DataFrame:
    """Transport performance of all residents and of each country's, with what timetables lose.

    Regional performance is Σ P_i TP_i / Σ P_i over the zones that have one. *Optimal* takes
    the fastest percentile of each pair, *average* the mean over all percentiles; their gap is
    what waiting for the timetable loses. The bike gain is performance with a bike to the stop
    less that with walking.

    Returns
    -------
    DataFrame
        ``scenario, mode, setting, country, people, performance, performance_foreign, optimal,
        average, timetable_loss, bike_gain, share_circle_cut``; country ``""`` is everybody.
        Performances in per cent.
    """
    rows = []
    distance = distances(times_by_mode, zones)
    for mode, times in times_by_mode.items():
        origins, _ = ends(times, zones)
        crow = distance[mode]
        weight = np.where(_inside(times), people(origins, population), 0.0)
        for setting in settings:
            found = _performances(times, zones, setting, population, crow)
            for country in ["", *sorted(set(times.country_o) - {""})]:
                counted = weight * ((times.country_o == country) | (country == ""))
                means = {name: _mean(value, counted) for name, value in found.items()}
                rows.append(
                    {
                        "scenario": times.scenario,
                        "mode": times.mode,
                        "setting": setting.name,
                        "country": country,
                        "people": counted.sum(),
                        **means,
                        "timetable_loss": means["optimal"] - means["average"],
                    }
                )
    table = pd.DataFrame(rows, columns=[*SUMMARY[:10], "share_circle_cut"])
    return _bike_gain(table)[list(SUMMARY)]


SUMMARY = (
    "scenario",
    "mode",
    "setting",
    "country",
    "people",
    "performance",
    "performance_foreign",
    "optimal",
    "average",
    "timetable_loss",
    "bike_gain",
    "share_circle_cut",
)


def _inside(times: TravelTimes) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    if times.outside.shape[1] == 0:
        return np.ones(len(times.origins), bool)
    return np.asarray(~times.outside.all(axis=1))


def _performances(
    times: TravelTimes, zones: Zones, setting: Setting, population: str, crow: Array
) -> dict[str, Array]:
    """Performance per zone: at the median, abroad, fastest, and mean over percentiles."""
    origins, destinations = ends(times, zones)
    living = people(destinations, population)
    circle = (crow <= setting.radius_m) @ living
    by_percentile = [
        _percent((times.at(p) <= setting.limit_s) @ living, circle) for p in times.percentiles
    ]
    column = living[:, None]
    reached = split_by_country(times, times.at(50) <= setting.limit_s, column)[1][:, 0]
    near = split_by_country(times, crow <= setting.radius_m, column)[1][:, 0]
    return {
        "performance": _percent((times.at(50) <= setting.limit_s) @ living, circle),
        "performance_foreign": _percent(reached, near),
        "optimal": by_percentile[0],
        "average": np.mean(by_percentile, axis=0),
        "share_circle_cut": _circle_cut(origins, zones, setting.radius_m),
    }


def _mean(value: Array, weight: Array) -> float:
    known = np.isfinite(value)
    total = weight[known].sum()
    return float(value[known] @ weight[known] / total) if total > 0 else float("nan")


def _bike_gain(table: pd.DataFrame) -> pd.DataFrame:
    """Add performance with the bike to the stop, less with walking; both must be there."""
    keys = ["scenario", "setting", "country"]
    walk = table.loc[table["mode"] == "pt", [*keys, "performance"]]
    walk = walk.rename(columns={"performance": "by_foot"})
    joined = table.merge(walk, on=keys, how="left")
    gain = joined["performance"] - joined["by_foot"]
    joined["bike_gain"] = gain.where(joined["mode"] == "bike+pt")
    return joined
