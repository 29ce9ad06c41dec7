"""``change-headway``, ``change-speed``, ``change-dwell``, ``shift-timetable``."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.changes.edit import (
    first_departures,
    keep_trips,
    patterns,
    runs_on,
    trip_bounds,
    with_trips,
)
from mobility.changes.model import Changed
from mobility.changes.removal import route_ids
from mobility.changes.select import Finder
from mobility.feeds.model import Feeds
from mobility.network.model import Supply
from mobility.scenario.clock import clock_text
from mobility.scenario.line_forms import (
    ChangeDwell,
    ChangeHeadway,
    ChangeSpeed,
    ShiftTimetable,
)

Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]


def change_headway(supply: Supply, form: ChangeHeadway, day: dt.date) -> Changed:
    """Let lines run every so often.

    The rule, per line and direction: each variant (stop sequence) keeps its share of the
    departures of the period. A variant that has n of N departures then leaves every
    headway × N ÷ n seconds, from its own first departure of today on, until its own last;
    a new departure takes the run times of today's departure nearest in time. Headway
    services keep their periods and get the new headway, shared out in the same way; a period
    that reaches beyond the given one is split. Only trips of the day are counted and changed.
    """
    finder = Finder(supply.feeds, form.where)
    routes = finder.lines(form.lines, "lines")
    finder.settle()
    feeds, counts = with_headway(
        supply.feeds, routes, form.headway_s, form.period.seconds, runs_on(supply.feeds, day)
    )
    return Changed(replace(supply, feeds=feeds), counts, route_ids(supply.feeds, routes))


def with_headway(
    feeds: Feeds, routes: Int64, headway_s: float, period: tuple[int, int], on: Bool
) -> tuple[Feeds, dict[str, float]]:
    """Give routes (by row) a headway within a period; see `change_headway` for the rule.

    `on` marks the trips that run on the day, bool (n_trips,).
    """
    templates = np.zeros(len(feeds.trips), bool)
    templates[feeds.frequencies["trip"].to_numpy()] = True
    mine = np.isin(feeds.trips["route"].to_numpy(), routes) & on
    feeds, changed = _headway_services(feeds, mine & templates, headway_s, period)
    first = first_departures(feeds)
    timed = np.flatnonzero(mine & ~templates & (first >= period[0]) & (first < period[1]))
    feeds, removed, added = _rebuild(feeds, timed, first, headway_s)
    counts: dict[str, float] = {
        "trips_removed": removed,
        "trips_added": added,
        "headways_changed": changed,
    }
    return feeds, counts


def _rebuild(feeds: Feeds, rows: Int64, first: Int64, headway_s: float) -> tuple[Feeds, int, int]:
    if not len(rows):
        return feeds, 0, 0
    table = pd.DataFrame(
        {
            "row": rows,
            "first": first[rows],
            "pattern": patterns(feeds, rows),
            "line": feeds.trips["route"].to_numpy()[rows].astype(np.int64) * 4
            + feeds.trips["direction"].to_numpy()[rows]
            + 1,
        }
    ).sort_values(["line", "pattern", "first", "row"], kind="stable")
    total = table.groupby("line")["row"].transform("size")
    table["step"] = headway_s * total / table.groupby("pattern")["row"].transform("size")
    template: list[Int64] = []
    start: list[Int64] = []
    same: list[Int64] = []
    for _, variant in table.groupby("pattern", sort=True):
        old = variant["first"].to_numpy(np.int64)
        step = float(variant["step"].iloc[0])
        count = int((old[-1] - old[0]) / step + 1e-9) + 1
        new = old[0] + np.round(np.arange(count) * step).astype(np.int64)
        nearest = _nearest(old, new)
        own = variant["row"].to_numpy(np.int64)[nearest]
        stays = (old[nearest] == new) & ~pd.Series(nearest).duplicated().to_numpy()
        same.append(own[stays])
        template.append(own[~stays])
        start.append(new[~stays])
    kept = np.concatenate(same)
    keep = np.ones(len(feeds.trips), bool)
    keep[rows] = False
    keep[kept] = True
    grown = with_copies(feeds, np.concatenate(template), np.concatenate(start), first)
    added = len(grown.trips) - len(feeds.trips)
    keep = np.concatenate([keep, np.ones(added, bool)])
    return keep_trips(grown, keep), len(rows) - len(kept), added


def _nearest(old: Int64, new: Int64) -> Int64:
    """Index of the old time nearest to each new one; the earlier of two as near."""
    right = np.clip(np.searchsorted(old, new), 0, len(old) - 1)
    left = np.maximum(right - 1, 0)
    return np.where(np.abs(new - old[left]) <= np.abs(old[right] - new), left, right)


def with_copies(feeds: Feeds, templates: Int64, starts_s: Int64, first: Int64) -> Feeds:
    """Add copies of trips that start at other times; their ids end in ``@hh:mm``."""
    if not len(templates):
        return feeds
    start, end = trip_bounds(feeds)
    sizes = (end - start)[templates]
    source = np.repeat(start[templates], sizes) + _ranges(sizes)
    times = feeds.stop_times.iloc[source].reset_index(drop=True)
    shift = np.repeat(starts_s - first[templates], sizes)
    times = times.assign(
        trip=np.repeat(np.arange(len(templates)), sizes),
        arrival_s=times["arrival_s"].to_numpy(np.int64) + shift,
        departure_s=times["departure_s"].to_numpy(np.int64) + shift,
    )
    rows = feeds.trips.iloc[templates].reset_index(drop=True)
    ids = _unused(feeds, rows["trip_id"].to_numpy(object), starts_s)
    rows = rows.assign(trip_id=ids, block_id="")
    return with_trips(feeds, {name: rows[name] for name in rows.columns}, times)


def _ranges(sizes: Int64) -> Int64:
    """0 … n − 1 for each n of `sizes`, one behind the other."""
    ends = np.cumsum(sizes)
    return np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - sizes, sizes)


def _unused(feeds: Feeds, templates: npt.NDArray[np.object_], starts_s: Int64) -> list[str]:
    taken = set(feeds.trips["trip_id"].to_numpy(object))
    ids: list[str] = []
    for template, start in zip(templates, starts_s, strict=True):
        base = str(template).split("@", maxsplit=1)[0]
        name = f"{base}@{clock_text(int(start))}"
        n = 1
        while name in taken:
            n += 1
            name = f"{base}@{clock_text(int(start))}~{n}"
        taken.add(name)
        ids.append(name)
    return ids


def _headway_services(
    feeds: Feeds, mine: Bool, headway_s: float, period: tuple[int, int]
) -> tuple[Feeds, int]:
    table = feeds.frequencies
    hit = mine[table["trip"].to_numpy()] if len(table) else np.zeros(0, bool)
    start = table["start_s"].to_numpy(np.int64)
    end = table["end_s"].to_numpy(np.int64)
    hit &= (start < period[1]) & (end > period[0])
    if not hit.any():
        return feeds, 0
    rows = table[hit]
    inner = rows.assign(
        start_s=np.maximum(start[hit], period[0]), end_s=np.minimum(end[hit], period[1])
    )
    trips = inner["trip"].to_numpy(np.int64)
    line = (
        feeds.trips["route"].to_numpy()[trips].astype(np.int64) * 4
        + feeds.trips["direction"].to_numpy()[trips]
        + 1
    )
    pattern = patterns(feeds, trips)
    departures = (inner["end_s"] - inner["start_s"]) / inner["headway_s"]
    total = departures.groupby(line).transform("sum")
    new = np.maximum(
        np.round(headway_s * total / departures.groupby(pattern).transform("sum")), 1
    ).astype(np.int64)
    changed = int((new.to_numpy() != rows["headway_s"].to_numpy()).sum())
    before = rows[start[hit] < period[0]].assign(end_s=period[0])
    after = rows[end[hit] > period[1]].assign(start_s=period[1])
    both = pd.concat([table[~hit], before, inner.assign(headway_s=new), after])
    both = both.sort_values(["trip", "start_s"], kind="stable", ignore_index=True)
    return feeds.with_tables(frequencies=both.astype(dict(table.dtypes))), changed


def shift_timetable(supply: Supply, form: ShiftTimetable) -> Changed:
    """Let lines run earlier or later, as they are; headway services change their hours."""
    finder = Finder(supply.feeds, form.where)
    routes = finder.lines(form.lines, "lines")
    finder.settle()
    trips = finder.trips_of(routes, form.period)
    feeds = shifted(supply.feeds, trips, form.shift_s)
    counts = {"trips_changed": len(trips), "shift_s": form.shift_s}
    return Changed(replace(supply, feeds=feeds), counts, route_ids(supply.feeds, routes))


def shifted(feeds: Feeds, trips: Int64, shift_s: int) -> Feeds:
    """Shift trips by row."""
    hit = np.zeros(len(feeds.trips), bool)
    hit[trips] = True
    tables = {}
    for name, columns in (
        ("stop_times", ("arrival_s", "departure_s")),
        ("frequencies", ("start_s", "end_s")),
    ):
        table: pd.DataFrame = getattr(feeds, name)
        add = np.where(hit[table["trip"].to_numpy()], shift_s, 0).astype(np.int32)
        tables[name] = table.assign(**{c: table[c].to_numpy(np.int32) + add for c in columns})
    return feeds.with_tables(**tables)


def change_speed(supply: Supply, form: ChangeSpeed) -> Changed:
    """Let lines run faster or slower; dwell and the departure at the first stop stay.

    With `start_at` and `end_at` only the hops between them change, in whichever direction
    a trip runs; a trip that does not serve both is left alone.
    """
    feeds = supply.feeds
    finder = Finder(feeds, form.where)
    routes = finder.lines(form.lines, "lines")
    ends = [
        finder.stops(ref, key) if ref is not None else None
        for ref, key in ((form.start_at, "start_at"), (form.end_at, "end_at"))
    ]
    finder.settle()
    trips = finder.trips_of(routes, form.period)
    hop = _hops_between(feeds, trips, ends[0], ends[1])
    times = feeds.stop_times
    run = _runs(times)
    new = np.where(hop, np.maximum(np.round(run / form.factor), 1), run).astype(np.int64)
    changed = np.unique(times["trip"].to_numpy()[new != run])
    counts = {
        "trips_changed": len(changed),
        "mean_run_change_s": _mean(float((new - run).sum()), len(changed)),
    }
    timed = with_runs(feeds, new - run, np.zeros(len(times), np.int64))
    return Changed(replace(supply, feeds=timed), counts, route_ids(feeds, routes))


def _mean(total: float, count: int) -> float:
    return round(total / count, 1) if count else 0.0


def _runs(times: pd.DataFrame) -> Int64:
    """Run time to each row from the row before; 0 at first stops."""
    trip = times["trip"].to_numpy()
    arrival = times["arrival_s"].to_numpy(np.int64)
    departure = times["departure_s"].to_numpy(np.int64)
    run = np.zeros(len(times), np.int64)
    same = trip[1:] == trip[:-1]
    run[1:][same] = (arrival[1:] - departure[:-1])[same]
    return run


def _hops_between(feeds: Feeds, trips: Int64, one: Int64 | None, two: Int64 | None) -> Bool:
    """Rows of `stop_times` whose run from the row before lies between two stops."""
    times = feeds.stop_times
    trip = times["trip"].to_numpy()
    stop = times["stop"].to_numpy()
    hit: Bool = np.isin(trip, trips)
    row = np.arange(len(times))
    start, end = trip_bounds(feeds)
    low, high = start[trip], end[trip] - 1
    if one is None and two is None:
        every: Bool = hit & (row > low)
        return every

    def place(stops: Int64 | None, fallback: Int64) -> Int64:
        if stops is None:
            return fallback
        where = np.full(len(start), -1, np.int64)
        found = np.flatnonzero(np.isin(stop, stops))[::-1]
        where[trip[found]] = found
        rows: Int64 = where[trip]
        return rows

    a, b = place(one, low), place(two, high)
    inside: Bool = (row > np.minimum(a, b)) & (row <= np.maximum(a, b)) & (a >= 0) & (b >= 0)
    return hit & inside


def with_runs(feeds: Feeds, run_more_s: Int64, dwell_more_s: Int64) -> Feeds:
    """Lengthen the run to each row and the dwell at it; all later times of a trip move along."""
    times = feeds.stop_times
    trip = times["trip"].to_numpy()
    more = run_more_s + dwell_more_s
    total = np.cumsum(more)
    start, _ = trip_bounds(feeds)
    before = np.concatenate([[0], total])[start][trip]
    late_departure = total - before
    late_arrival = late_departure - dwell_more_s
    return feeds.with_tables(
        stop_times=times.assign(
            arrival_s=(times["arrival_s"].to_numpy(np.int64) + late_arrival).astype(np.int32),
            departure_s=(times["departure_s"].to_numpy(np.int64) + late_departure).astype(np.int32),
        )
    )


def change_dwell(supply: Supply, form: ChangeDwell) -> Changed:
    """Let lines stand longer or shorter at stops on the way; later times move along."""
    feeds = supply.feeds
    finder = Finder(feeds, form.where)
    routes = finder.lines(form.lines, "lines")
    stops = [finder.stops(ref, f"stops[{n}]") for n, ref in enumerate(form.stops, start=1)]
    finder.settle()
    times = feeds.stop_times
    trip = times["trip"].to_numpy()
    start, end = trip_bounds(feeds)
    row = np.arange(len(times))
    hit = np.isin(trip, finder.trips_of(routes)) & (row > start[trip]) & (row < end[trip] - 1)
    if stops:
        hit &= np.isin(times["stop"].to_numpy(), np.concatenate(stops))
    dwell = times["departure_s"].to_numpy(np.int64) - times["arrival_s"].to_numpy(np.int64)
    wanted = np.full(len(times), form.dwell_s) if form.add_s is None else dwell + form.add_s
    more = np.where(hit, np.maximum(wanted, 0) - dwell, 0).astype(np.int64)
    changed = np.unique(trip[more != 0])
    counts = {
        "halts_changed": int((more != 0).sum()),
        "trips_changed": len(changed),
    }
    timed = with_runs(feeds, np.zeros(len(times), np.int64), more)
    return Changed(replace(supply, feeds=timed), counts, route_ids(feeds, routes))
