"""All border tables of a set of matrices: the entry point of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from mobility.border.effect import matched_effect, regression_effect
from mobility.border.figures import figures
from mobility.border.from_timetable import (
    border_crossings,
    border_hubs,
    direct_departures,
    direct_journeys,
    stop_service,
)
from mobility.border.hubs import connections, wait_distribution
from mobility.border.links import (
    asymmetry,
    asymmetry_summary,
    permeability,
    reachable_towns,
    round_trips,
)
from mobility.border.penetration import border_access
from mobility.border.places import suggest_pairs
from mobility.border.ratios import cross_border_ratios, municipality_pairs
from mobility.border.scorecards import scorecard
from mobility.indicators.equity import equity_table
from mobility.indicators.european import performance_summary
from mobility.indicators.service import stop_access, stop_access_shares
from mobility.scenario.model import Pair
from mobility.tables import TravelTimes
from mobility.timetable import Timetable
from mobility.zones import Zones


def all_border(
    times_by_mode: Mapping[str, TravelTimes],
    zones: Zones,
    *,
    pairs: Sequence[Pair] = (),
    population: str = "population",
    timetable: Timetable | None = None,
    accessibility: pd.DataFrame | None = None,
) -> dict[str, pd.DataFrame]:
    """Compute every border table that matrices and zones alone allow.

    Parameters
    ----------
    times_by_mode
        Mode → matrix of one scenario.
    zones
        Zones the matrices were computed for.
    pairs
        Pairs of the card; where there are none the heaviest pairs are taken.
    population
        Column of people among the opportunities.
    timetable
        The day's timetable of the network; adds frequency ratios, connections a day to the
        foreign towns, and the tables of service.
    accessibility
        `ACCESSIBILITY` rows of these matrices; adds the fairness of cumulative access.

    Returns
    -------
    dict
        ``scorecard, figures, penetration, penetration_summary, performance, ratios,
        border_effect, reachable_towns, asymmetry, asymmetry_summary``; with `accessibility`
        also ``equity``; with `timetable` also ``stop_access, stop_access_shares, hub_waits,
        round_trips, permeability``.
    """
    named = tuple(pairs) or suggest_pairs(zones)
    departures = None if timetable is None else direct_departures(timetable, zones)
    between = municipality_pairs(times_by_mode, zones, population=population, departures=departures)
    measures = ["speed_kph"] if departures is None else ["speed_kph", "departures"]
    regression = regression_effect(between) if len(between) else _empty_effect()
    matched = matched_effect(between) if len(between) else _empty_effect()
    zone_table, summary = border_access(times_by_mode, zones, population=population)
    both_ways = asymmetry(between)
    tables = {
        "scorecard": scorecard(times_by_mode, zones, named, population=population),
        "figures": figures(times_by_mode, zones, named, regression, population=population),
        "penetration": zone_table,
        "penetration_summary": summary,
        "performance": performance_summary(times_by_mode, zones, population=population),
        "ratios": _stack([cross_border_ratios(between, measure=name) for name in measures]),
        "border_effect": _stack([regression, matched]),
        "reachable_towns": reachable_towns(between),
        "asymmetry": both_ways,
        "asymmetry_summary": asymmetry_summary(both_ways),
    }
    if accessibility is not None:
        kept = accessibility["indicator"].isin(["cumulative", "cumulative_foreign"])
        tables["equity"] = equity_table(accessibility[kept], zones, population=population)
    if timetable is not None:
        tables |= service_tables(timetable, zones, population=population)
    return tables


def service_tables(
    timetable: Timetable, zones: Zones, *, population: str = "population"
) -> dict[str, pd.DataFrame]:
    """Compute what a timetable and zones alone tell: stops, hubs, round trips, permeability."""
    near = stop_access(zones, stop_service(timetable))
    return {
        "stop_access": near,
        "stop_access_shares": stop_access_shares(near, zones, population=population),
        "hub_waits": wait_distribution(connections(*border_hubs(timetable))),
        "round_trips": round_trips(direct_journeys(timetable, zones)),
        "permeability": permeability(
            border_crossings(timetable, zones), zones, population=population
        ),
    }


def _empty_effect() -> pd.DataFrame:
    return regression_effect(pd.DataFrame(columns=["scenario", "mode"]))


def _stack(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Stack tables, leaving out the empty ones so that columns keep their kinds."""
    full = [table for table in tables if len(table)]
    return pd.concat(full, ignore_index=True) if full else tables[0]
