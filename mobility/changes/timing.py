"""``change-speed``, ``change-dwell``, ``shift-timetable``."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.changes.edit import (
    trip_bounds,
)
from mobility.changes.model import Changed
from mobility.changes.removal import route_ids
from mobility.changes.select import Finder
from mobility.feeds.model import Feeds
from mobility.network.model import Supply
from mobility.scenario.line_forms import (
    ChangeDwell,
    ChangeSpeed,
    ShiftTimetable,
)

Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]


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
