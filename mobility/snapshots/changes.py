"""Two snapshots of one scenario side by side: lines, departures, stops, and access."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from mobility.zones import Zones

KEY = ["operator", "mode", "line"]
SAME_STOP_M = 150.0
METRES_PER_DEGREE = 111_195.0
ACCESS = ["mode", "indicator", "opportunity", "cutoff_s", "percentile", "unit"]


def line_changes(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Set the lines of two `supply_lines` tables side by side.

    A line is the same where operator, mode and public number are: the numbers inside a feed
    change with every issue.

    Returns
    -------
    ``operator, mode, line, crossing`` (in either), ``change`` (added, lost, more, fewer, same),
    ``departures_before, departures_after, departures_change``; sorted.
    """
    sides = [
        table.groupby(KEY, sort=True).agg(
            crossing=("crossing", "any"), departures=("departures", "sum")
        )
        for table in (before, after)
    ]
    both = sides[0].add_suffix("_before").join(sides[1].add_suffix("_after"), how="outer")
    counts = both[["departures_before", "departures_after"]].fillna(0).astype(np.int64)
    crossing = [both[f"crossing_{side}"].eq(True) for side in ("before", "after")]
    change = counts["departures_after"] - counts["departures_before"]
    kind = np.select(
        [both["departures_before"].isna(), both["departures_after"].isna(), change > 0, change < 0],
        ["added", "lost", "more", "fewer"],
        "same",
    )
    made = counts.assign(
        crossing=crossing[0] | crossing[1], change=kind, departures_change=change
    ).reset_index()
    return made[[*KEY, "crossing", "change", "departures_before", "departures_after",
                 "departures_change"]].sort_values(KEY).reset_index(drop=True)  # fmt: skip


def stop_changes(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """List the stops that only one of two `supply_stops` tables has.

    A stop is the same where its id is, else where the other has one of the same operator and
    mode within 150 m, each taken once: a moved or renumbered stop is no loss.

    Returns
    -------
    ``change`` (added, lost), ``operator, mode, stop_id, name, country, lon, lat, crossing,
    departures``; sorted.
    """
    found = []
    for (operator, mode), (old, new) in _by_owner(before, after).items():
        lost, added = _unmatched(old, new)
        found += [
            table.assign(change=change, operator=operator, mode=mode)
            for change, table in (("lost", lost), ("added", added))
        ]
    columns = ["change", "operator", "mode", "stop_id", "name", "country", "lon", "lat", "crossing",
               "departures"]  # fmt: skip
    full = [table for table in found if len(table)]
    if not full:
        return pd.DataFrame(columns=columns)
    made = pd.concat(full, ignore_index=True)[columns]
    return made.sort_values(["operator", "mode", "change", "stop_id"]).reset_index(drop=True)


def _by_owner(
    before: pd.DataFrame, after: pd.DataFrame
) -> dict[tuple[str, str], tuple[pd.DataFrame, pd.DataFrame]]:
    sides = [dict(list(t.groupby(["operator", "mode"], sort=True))) for t in (before, after)]
    return {
        key: (sides[0].get(key, before.iloc[:0]), sides[1].get(key, after.iloc[:0]))
        for key in sorted({*sides[0], *sides[1]})
    }


def _unmatched(old: pd.DataFrame, new: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    left = old[~old["stop_id"].isin(set(new["stop_id"]))]
    right = new[~new["stop_id"].isin(set(old["stop_id"]))]
    if left.empty or right.empty:
        return left, right
    squeeze = float(np.cos(np.radians(left["lat"].mean())))
    points = [
        np.stack((t["lon"].to_numpy() * squeeze, t["lat"].to_numpy()), axis=1) * METRES_PER_DEGREE
        for t in (left, right)
    ]
    near = cKDTree(points[0]).sparse_distance_matrix(
        cKDTree(points[1]), SAME_STOP_M, output_type="ndarray"
    )
    taken_left, taken_right = np.zeros(len(left), bool), np.zeros(len(right), bool)
    for a, b, _ in np.sort(near, order=["v", "i", "j"]).tolist():
        if not taken_left[a] and not taken_right[b]:
            taken_left[a] = taken_right[b] = True
    return left[~taken_left], right[~taken_right]


def supply_summary(lines: pd.DataFrame, stops: pd.DataFrame) -> pd.DataFrame:
    """Sum up changes by operator, and across the border apart.

    Parameters
    ----------
    lines, stops
        Of `line_changes` and `stop_changes`.

    Returns
    -------
    ``operator`` (``""``: all), ``crossing``, ``lines_added, lines_lost, departures_before,
    departures_after, departures_change, stops_added, stops_lost``; a row per operator and
    crossing that has any line or stop, then a row for all.
    """
    rows = []
    keys = {
        *zip(lines["operator"], lines["crossing"], strict=True),
        *zip(stops["operator"], stops["crossing"], strict=True),
    }
    for operator, crossing in sorted(keys):
        mine = (lines["operator"] == operator) & (lines["crossing"] == crossing)
        halts = (stops["operator"] == operator) & (stops["crossing"] == crossing)
        rows.append(_sums(operator, bool(crossing), lines[mine], stops[halts]))
    rows += [
        _sums("", crossing, lines[lines["crossing"] == crossing],
              stops[stops["crossing"] == crossing])
        for crossing in (False, True)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _sums(
    operator: str, crossing: bool, lines: pd.DataFrame, stops: pd.DataFrame
) -> dict[str, object]:
    return {
        "operator": operator,
        "crossing": crossing,
        "lines_added": int((lines["change"] == "added").sum()),
        "lines_lost": int((lines["change"] == "lost").sum()),
        "departures_before": int(lines["departures_before"].sum()),
        "departures_after": int(lines["departures_after"].sum()),
        "departures_change": int(lines["departures_change"].sum()),
        "stops_added": int((stops["change"] == "added").sum()),
        "stops_lost": int((stops["change"] == "lost").sum()),
    }


def access_changes(
    before: pd.DataFrame, after: pd.DataFrame, zones: Zones, *, population: str = "population"
) -> pd.DataFrame:
    """Set the accessibility of two runs side by side, per country and for all.

    Means are over the zones that both runs have, by the people of `zones`, so that they tell
    of services and not of moved people.

    Returns
    -------
    ``country`` (``""``: all), ``mode, indicator, opportunity, cutoff_s, percentile, unit,
    before, after, change``; sorted.
    """
    people = (
        zones.opportunities[population].to_numpy(np.float64)
        if population in zones.opportunities
        else np.ones(len(zones.ids))
    )
    weight = dict(zip(zones.ids.tolist(), people.tolist(), strict=True))
    shared = sorted(set(before["zone"]) & set(after["zone"]) & set(weight))
    sides = [_means(table[table["zone"].isin(shared)], weight) for table in (before, after)]
    both = sides[0].add_suffix("_before").join(sides[1].add_suffix("_after"), how="outer")
    made = both.rename(columns={"mean_before": "before", "mean_after": "after"}).reset_index()
    made["change"] = made["after"] - made["before"]
    return made.sort_values(["country", *ACCESS]).reset_index(drop=True)


def _means(table: pd.DataFrame, weight: dict[str, float]) -> pd.DataFrame:
    plain = table.assign(
        **{name: table[name].astype(object).where(table[name].notna(), "") for name in ACCESS}
    )
    weights = plain["zone"].astype(str).map(weight)
    known = plain["value"].notna()
    plain = plain.assign(
        w=np.where(known, weights, 0.0), wv=np.where(known, plain["value"] * weights, 0.0)
    )
    parts = []
    for rows in (plain, plain.assign(country="")):
        sums = rows.groupby(["country", *ACCESS], observed=True, sort=True)[["w", "wv"]].sum()
        parts.append((sums["wv"] / sums["w"].where(sums["w"] > 0)).to_frame("mean"))
    return pd.concat(parts)
