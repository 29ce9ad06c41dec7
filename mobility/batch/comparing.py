"""Finished runs → the tables that compare them, each with the baseline it names.

A run is set beside the baseline that its own folder names, where that is among the runs, and
else beside the first. Differences that lie within their uncertainty band are marked (see
`mobility.comparison.pairs`). Rows without any difference are left out of the tables by pair
and municipality, which would be mostly these, and counted in ``countries``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from mobility.batch.results import RunData, join_rows
from mobility.border import figure_changes, figures_by_variant, resolve_pairs
from mobility.changes.service_cost import SERVICE_COST, cost_difference, total_cost
from mobility.comparison import (
    GROUPS,
    Differences,
    by_group,
    by_link,
    compare,
    gain_per_vehicle_hour,
    rank,
)
from mobility.errors import MobilityError
from mobility.report.model import baseline_of
from mobility.report.pairs import people_of
from mobility.scenario.clock import clock_s
from mobility.tables import Column, TravelTimes
from mobility.words import label, translator
from mobility.workbook import Sheet
from mobility.zones import Zones

BORDER_MODES = ("pt", "bike", "car")
SCENARIOS = (
    Column("scenario", "string", "", "scenario name"),
    Column("title_nl", "string", "", "title in Dutch"),
    Column("title_en", "string", "", "title in English"),
    Column("baseline", "string", "", "scenario it is compared with, empty for a baseline"),
    Column("day", "string", "", "service day"),
    Column("window", "string", "", "departures"),
    Column("status", "string", "", "done or failed"),
    Column("rank", "int64", "", "place by people abroad gained; equal gains share it"),
    Column("people_abroad", "float64", "people",
           "people abroad within an hour by public transport, mean per person"),
    Column("people_abroad_change", "float64", "people", "the same, scenario − baseline"),
    Column("stands_out", "bool", "",
           "the change has one sign whatever the minute of departure, the speed and the phases"),
    *(
        column
        for mode in BORDER_MODES
        for column in (
            Column(f"border_{mode}_change_min", "float64", "min",
                   "mean over pairs across the border that both runs reach"),
            Column(f"border_{mode}_gained", "int64", "1",
                   "pairs across the border that only the scenario reaches"),
            Column(f"border_{mode}_lost", "int64", "1",
                   "pairs across the border that only the baseline reaches"),
        )
    ),
    Column("vehicle_hours", "float64", "h", "hours of vehicles in service on the day"),
    Column("vehicle_hours_change", "float64", "h", "the same, scenario − baseline"),
    Column("vehicle_km_change", "float64", "km", "kilometres more of vehicles in service"),
    Column("peak_vehicles_change", "float64", "1", "vehicles more at the peak, line by line"),
    Column("gain_per_vehicle_hour", "float64", "people",
           "people abroad gained for each vehicle hour more"),
    Column("error", "string", "", "what was wrong with a scenario that failed"),
)  # fmt: skip
VERDICT = Column("verdict", "string", "", "shorter, longer, not distinguishable, gained or lost")
RANKED = "foreign_people_pt"
HALF = 0.5


def comparison_tables(
    runs: Sequence[RunData], failures: Mapping[str, MobilityError] | None = None
) -> dict[str, pd.DataFrame]:
    """Compare runs.

    Parameters
    ----------
    runs
        Finished runs, the first baseline first.
    failures
        Scenarios that could not be run, with what was wrong.

    Returns
    -------
    dict
        ``scenarios`` (one row each, best first, failures last), ``figures`` (the ten figures
        before and after), ``pairs`` (named pairs), ``municipalities`` and ``countries`` (means
        over pairs of zones), ``zone_pairs`` (pairs of zones that differ), ``service_cost``
        (lines whose service differs).
    """
    found: dict[str, list[pd.DataFrame]] = {}
    before: dict[str, Mapping[str, pd.DataFrame]] = {}
    for run in runs:
        base = baseline_of(run, runs)
        if run is not base and base.name not in before:
            before[base.name] = figures_by_variant(base.times, base.zones, base.pairs)
        for name, table in _against(base, run, before.get(base.name)).items():
            found.setdefault(name, []).append(table)
    tables = {name: join_rows(parts) for name, parts in found.items()}
    figures = tables.get("figures", pd.DataFrame())
    return {"scenarios": end_table(runs, tables, figures, failures or {}), **tables}


def _against(
    base: RunData, run: RunData, before: Mapping[str, pd.DataFrame] | None
) -> dict[str, pd.DataFrame]:
    """All tables of one run set beside another, whose figures `before` holds."""
    country = dict(zip(map(str, run.zones.ids), map(str, run.zones.countries), strict=True))
    people, municipality = people_of(run.zones), _municipality(run.zones)
    zone_pairs, municipalities, countries, named = [], [], [], []
    for mode in (mode for mode in run.times if mode in base.times):
        pairs = compared(base, run, mode)
        countries.append(by_group(pairs, country, people))
        if run is base or _alike(base.times[mode], run.times[mode]):
            continue
        zone_pairs.append(pairs.table(pairs.differing()))
        municipalities.append(_told(by_group(pairs, municipality, people)))
        named.append(_named(pairs, run))
    if run is base:
        return {"countries": join_rows(countries)}
    return {
        "figures": figure_changes(base.times, run.times, run.zones, run.pairs, before=before),
        "pairs": join_rows(named),
        "municipalities": join_rows(municipalities),
        "countries": join_rows(countries),
        "zone_pairs": join_rows(zone_pairs),
        "service_cost": _cost(base, run),
    }


def compared(base: RunData, run: RunData, mode: str) -> Differences:
    """Set one mode of a run beside its baseline, pair by pair of zones."""
    return compare(base.times[mode], run.times[mode], departures=_departures(run))


def _departures(run: RunData) -> int:
    window = run.facts["window"]
    span_s = clock_s(str(window["end"])) - clock_s(str(window["start"]))
    return max(1, span_s // int(window["step_s"]))


def _alike(one: TravelTimes, two: TravelTimes) -> bool:
    return np.array_equal(one.time_s, two.time_s, equal_nan=True)


def _municipality(zones: Zones) -> dict[str, str]:
    """Zone → municipality, with its country where it has one."""
    return {
        str(zone): f"{name} ({country})" if country else str(name)
        for zone, name, country in zip(
            zones.ids, zones.municipalities, zones.countries, strict=True
        )
    }


def _told(groups: pd.DataFrame) -> pd.DataFrame:
    """Leave out groups without a difference, and say of each other one what it is.

    A mean counts as shorter or longer where at least half of its pairs do.
    """
    differs = (groups["difference_s"].abs() > 0) | (groups["gained"] > 0) | (groups["lost"] > 0)
    rows = groups[differs]
    clear = rows["share_distinguishable"].fillna(0.0) >= HALF
    verdict = np.where(rows["difference_s"] < 0, "shorter", "longer").astype(object)
    verdict[~clear.to_numpy()] = "not distinguishable"
    verdict[(rows["gained"] > 0).to_numpy() & (rows["pairs"] == 0).to_numpy()] = "gained"
    verdict[(rows["lost"] > 0).to_numpy() & (rows["pairs"] == 0).to_numpy()] = "lost"
    return rows.assign(verdict=verdict)


def _named(pairs: Differences, run: RunData) -> pd.DataFrame:
    """Compare the region's named pairs, both directions of each."""
    ids = np.array([str(zone) for zone in run.zones.ids], object)
    links, kinds = [], []
    for pair, (a, b) in zip(run.pairs, resolve_pairs(run.zones, run.pairs), strict=True):
        for start, end in ((a, b), (b, a)):
            links.append((ids[start.rows].tolist(), start.name, ids[end.rows].tolist(), end.name))
            kinds.append(pair.kind)
    told = by_link(pairs, links, people_of(run.zones))
    if not len(told):
        return pd.DataFrame()
    kind = np.array(kinds, object)[told["link"].to_numpy()]
    return _told(told.drop(columns="link").assign(kind=kind))


def _cost(base: RunData, run: RunData) -> pd.DataFrame:
    if not {"service_cost"} <= base.border.keys() & run.border.keys():
        return pd.DataFrame()
    rows = cost_difference(base.border["service_cost"], run.border["service_cost"])
    return rows.assign(scenario=run.name)[["scenario", *rows.columns]]


def end_table(
    runs: Sequence[RunData],
    tables: Mapping[str, pd.DataFrame],
    figures: pd.DataFrame,
    failures: Mapping[str, MobilityError],
) -> pd.DataFrame:
    """Lay out one row per scenario: what it brings, its rank, what it takes, its error.

    Ranked by the mean number of people abroad within reach by public transport. Scenarios
    whose values differ by no more than the widest band of a change share a rank; one whose
    change does not stand out from its band is marked, and ranks as no change.
    """
    rows = [_row(run, baseline_of(run, runs), tables, figures) for run in runs]
    values = {
        str(row["scenario"]): float(row["people_abroad_change"]) if row["stands_out"] else 0.0
        for row in rows
        if row["baseline"]
    }
    ranks = rank(values, tie=0.0, best="high").set_index("scenario")
    for row in rows:
        known = row["scenario"] in ranks.index
        row["rank"] = ranks.loc[row["scenario"], "rank"] if known else pd.NA
        row["error"] = ""
    rows += [
        {"scenario": name, "status": "failed", "error": "; ".join(map(str, error.problems))}
        for name, error in failures.items()
    ]
    table = pd.DataFrame(rows)
    table = table.reindex(columns=[column.name for column in SCENARIOS])
    table["rank"] = table["rank"].astype("Int64")
    order = table.assign(
        first=table["baseline"].fillna("x").ne(""), late=table["status"].eq("failed")
    )
    kept = order.sort_values(["late", "first", "rank", "scenario"], kind="stable").index
    return table.loc[kept].reset_index(drop=True)


def _row(
    run: RunData, base: RunData, tables: Mapping[str, pd.DataFrame], figures: pd.DataFrame
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "scenario": run.name,
        "title_nl": run.title.get("nl", ""),
        "title_en": run.title.get("en", ""),
        "baseline": "" if run is base else base.name,
        "day": run.facts["day"],
        "window": f"{run.facts['window']['start']}–{run.facts['window']['end']}",
        "status": "done",
    }
    row |= _reach(run, base, figures)
    row |= _border_minutes(run, tables.get("countries", pd.DataFrame()))
    return row | _service(run, base, row)


def _reach(run: RunData, base: RunData, figures: pd.DataFrame) -> dict[str, Any]:
    """People abroad within an hour by public transport, mean over people, and its change."""
    own = run.border.get("figures", pd.DataFrame())
    nothing: dict[str, Any] = {
        "people_abroad": math.nan,
        "people_abroad_change": math.nan,
        "stands_out": False,
    }
    if run is base:
        people = foreign_reach(run)
        return {**nothing, "people_abroad": people, "people_abroad_change": math.nan}
    if not len(own):
        return nothing
    after, before = foreign_reach(run), foreign_reach(base)
    mine = figures[(figures["scenario"] == run.name) & (figures["key"] == RANKED)]
    return {
        "people_abroad": after,
        "people_abroad_change": after - before,
        "stands_out": bool(len(mine) and mine["stands_out"].iloc[0]),
    }


def foreign_reach(run: RunData, *, mode: str = "pt", cutoff_s: float = 3600.0) -> float:
    """People abroad within reach, mean over the people of all zones; NaN without that mode."""
    times = run.times.get(mode)
    if times is None or "population" not in run.zones.opportunities:
        return math.nan
    return foreign_people(times, run.zones, cutoff_s=cutoff_s)


def foreign_people(times: TravelTimes, zones: Zones, *, cutoff_s: float = 3600.0) -> float:
    """People in another country within reach at the median, mean over the people of all zones."""
    people = zones.opportunities["population"].fillna(0.0).to_numpy(float)
    row = {str(zone): k for k, zone in enumerate(zones.ids)}
    from_, to = (
        np.array([row[str(z)] for z in ids]) for ids in (times.origins, times.destinations)
    )
    abroad = times.country_o[:, None] != times.country_d[None, :]
    reached = (times.at(50) <= cutoff_s) & abroad
    per_zone = reached @ people[to]
    total = people[from_].sum()
    return float(per_zone @ people[from_] / total) if total > 0 else math.nan


def _border_minutes(run: RunData, countries: pd.DataFrame) -> dict[str, Any]:
    """Mean change in minutes across the border by mode, of pairs that both runs reach."""
    row: dict[str, Any] = {}
    for mode in BORDER_MODES:
        rows = countries[
            (countries["scenario"] == run.name)
            & (countries["mode"] == mode)
            & (countries["group_o"] != countries["group_d"])
        ]
        weight = rows["pairs"].to_numpy(float)
        change = rows["difference_s"].to_numpy(float)
        some = weight.sum() > 0
        row[f"border_{mode}_change_min"] = (
            float(np.nansum(weight * change) / weight.sum() / 60) if some else math.nan
        )
        row[f"border_{mode}_gained"] = int(rows["gained"].sum())
        row[f"border_{mode}_lost"] = int(rows["lost"].sum())
    return row


def _service(run: RunData, base: RunData, row: Mapping[str, Any]) -> dict[str, Any]:
    """What running the changed lines takes more, and what an hour of it brings."""
    costs = [side.border.get("service_cost") for side in (base, run)]
    if costs[0] is None or costs[1] is None:
        return {}
    before, after = (total_cost(cost) for cost in costs)
    hours = after["vehicle_hours"] - before["vehicle_hours"]
    gain = row.get("people_abroad_change", math.nan)
    return {
        "vehicle_hours": after["vehicle_hours"],
        "vehicle_hours_change": hours,
        "vehicle_km_change": after["vehicle_km"] - before["vehicle_km"],
        "peak_vehicles_change": after["peak_vehicles"] - before["peak_vehicles"],
        "gain_per_vehicle_hour": gain_per_vehicle_hour(float(gain), hours),
    }


def comparison_sheets(tables: Mapping[str, pd.DataFrame], lang: str) -> list[Sheet]:
    """Lay the comparison out for the workbook; tables by pair of zones stay outside it."""
    _ = translator(lang)
    other = "title_en" if lang == "nl" else "title_nl"
    scenarios = tables["scenarios"].drop(columns=[other])
    sheets = [
        Sheet(
            _("Scenarios"), scenarios, columns=SCENARIOS, digits=2,
            about=_("One row per scenario: what it brings, its rank, what it takes, its error"),
        )
    ]  # fmt: skip
    columns = (*GROUPS, VERDICT)
    for name, head, about, contract in (
        ("figures", _("Ten figures"), _("The ten figures before and after each scenario"), ()),
        ("pairs", _("Named pairs"), _("Named pairs that differ from the baseline"), columns),
        ("countries", _("Countries"), _("Means between countries, all modes"), columns),
        ("service_cost", _("Cost of service"), _("Lines whose service differs"), SERVICE_COST),
    ):
        table = tables.get(name, pd.DataFrame())
        if len(table):
            spoken = _in_words(table, lang)
            sheets.append(Sheet(head, spoken, about=about, columns=contract, digits=2))
    return sheets


def _in_words(table: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Put verdicts and modes into the reader's language."""
    columns = [name for name in ("verdict", "mode", "kind") if name in table]
    return table.assign(**{name: [label(str(v), lang) for v in table[name]] for name in columns})
