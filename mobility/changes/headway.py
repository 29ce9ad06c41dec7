"""``change-headway``: departures rebuilt from trips of today, variants in their share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.changes.edit import (
    first_departures,
    keep_trips,
    lines_and_ways,
    patterns,
    ranges,
    runs_on,
    stations,
    trip_bounds,
    with_trips,
)
from mobility.changes.model import Changed
from mobility.changes.removal import route_ids
from mobility.changes.select import Finder
from mobility.feeds.model import Feeds
from mobility.network.model import Supply
from mobility.scenario.clock import clock_text
from mobility.scenario.line_forms import ChangeHeadway

Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]


def change_headway(supply: Supply, form: ChangeHeadway, day: dt.date) -> Changed:
    """Let lines run every so often.

    Many feeds give each variant of a train line an id of its own; `as_one` takes the lines
    picked for one. The rule, per line and direction: at the station most of its trips call
    at (the earliest of several) departures follow each other by exactly the headway, from
    today's first of the period on, up to today's last. Each is a copy of a trip of today: of
    the stop sequence whose turn it is, so that each keeps its share around that time, and
    with the run times of the nearest trip of that sequence. Trips that do not call at that
    station keep their number in proportion to the others. Headway services keep their
    periods and get the new headway, variants in proportion; a period that reaches beyond the
    given one is split. Only trips of the day are counted and changed.
    """
    finder = Finder(supply.feeds, form.where)
    routes = finder.lines(form.lines, "lines")
    finder.settle()
    as_one = form.as_one
    if as_one is None:
        as_one = any(len(selector.serves) > 1 for selector in form.lines)
    feeds, counts = with_headway(
        supply.feeds,
        routes,
        form.headway_s,
        form.period.seconds,
        runs_on(supply.feeds, day),
        as_one=as_one,
    )
    return Changed(replace(supply, feeds=feeds), counts, route_ids(supply.feeds, routes))


def with_headway(
    feeds: Feeds,
    routes: Int64,
    headway_s: float,
    period: tuple[int, int],
    on: Bool,
    *,
    as_one: bool = False,
) -> tuple[Feeds, dict[str, float]]:
    """Give routes (by row) a headway within a period; see `change_headway` for the rule.

    `on` marks the trips that run on the day, bool (n_trips,); with `as_one` the routes
    together have the headway.
    """
    templates = np.zeros(len(feeds.trips), bool)
    templates[feeds.frequencies["trip"].to_numpy()] = True
    mine = np.isin(feeds.trips["route"].to_numpy(), routes) & on
    feeds, changed = _headway_services(feeds, mine & templates, headway_s, period, as_one)
    first = first_departures(feeds)
    timed = np.flatnonzero(mine & ~templates & (first >= period[0]) & (first < period[1]))
    feeds, removed, added = _rebuild(feeds, timed, first, headway_s, as_one)
    counts: dict[str, float] = {
        "trips_removed": removed,
        "trips_added": added,
        "headways_changed": changed,
    }
    return feeds, counts


def _rebuild(
    feeds: Feeds, rows: Int64, first: Int64, headway_s: float, as_one: bool
) -> tuple[Feeds, int, int]:
    if not len(rows):
        return feeds, 0, 0
    table = pd.DataFrame(
        {
            "row": rows,
            "line": lines_and_ways(feeds, rows, as_one=as_one),
            "pattern": patterns(feeds, rows),
        }
    )
    calls = _calls(feeds, rows)
    plans = [
        plan
        for _, line in table.groupby("line", sort=True)
        for plan in _plans(line, calls, headway_s)
    ]
    template = np.concatenate([p.template for p in plans])
    later = np.concatenate([p.later_s for p in plans])
    # a copy in a trip's own time is the trip itself, once
    stays = (later == 0) & ~pd.Series(template).where(later == 0).duplicated().to_numpy()
    keep = np.ones(len(feeds.trips), bool)
    keep[rows] = False
    keep[template[stays]] = True
    new = template[~stays]
    grown = with_copies(feeds, new, first[new] + later[~stays], first)
    keep = np.concatenate([keep, np.ones(len(new), bool)])
    return keep_trips(grown, keep), len(rows) - int(stays.sum()), len(new)


@dataclass(frozen=True)
class _Plan:
    """Trips to be copied, and how many seconds later each copy runs."""

    template: Int64
    later_s: Int64


@dataclass(frozen=True)
class _Calls:
    """Calls of trips, laid out trip by trip: those of trip t are `offset[t]` … (by its row)."""

    offset: Int64
    size: Int64
    station: Int64
    place: Int64
    time_s: Int64


def _calls(feeds: Feeds, trips: Int64) -> _Calls:
    start, end = trip_bounds(feeds)
    sizes = (end - start)[trips]
    rows = np.repeat(start[trips], sizes) + ranges(sizes)
    offset, size = np.zeros(len(start), np.int64), np.zeros(len(start), np.int64)
    offset[trips], size[trips] = np.cumsum(sizes) - sizes, sizes
    return _Calls(
        offset,
        size,
        stations(feeds)[feeds.stop_times["stop"].to_numpy()[rows]],
        ranges(sizes),
        feeds.stop_times["departure_s"].to_numpy(np.int64)[rows],
    )


def _plans(line: pd.DataFrame, calls: _Calls, headway_s: float) -> Iterator[_Plan]:
    """Plan one line in one direction; trips that miss its main station make lines of their own."""
    main = 0
    while len(line):
        at = _at_main_station(calls, line["row"].to_numpy(np.int64))
        here = line[at >= 0]
        main = main or len(here)
        yield _spaced(here, at[at >= 0], headway_s * main / len(here))
        line = line[at < 0]


def _at_main_station(calls: _Calls, trips: Int64) -> Int64:
    """Departure of each trip at the station most of them call at; −1 where it does not."""
    sizes = calls.size[trips]
    rows = np.repeat(calls.offset[trips], sizes) + ranges(sizes)
    trip = np.repeat(np.arange(len(trips)), sizes)
    names, station = np.unique(calls.station[rows], return_inverse=True)
    # a trip that calls twice counts once, by its first call
    _, once = np.unique(trip * len(names) + station, return_index=True)
    count = np.bincount(station[once], minlength=len(names))
    place = np.bincount(station[once], weights=calls.place[rows[once]], minlength=len(names))
    best = int(np.lexsort((place / np.maximum(count, 1), -count))[0])
    mine = once[station[once] == best]
    at = np.full(len(trips), -1, np.int64)
    at[trip[mine]] = calls.time_s[rows[mine]]
    return at


def _spaced(line: pd.DataFrame, at: Int64, step: float) -> _Plan:
    """Space departures evenly, stop sequences taking turns by their share around each time."""
    order = np.lexsort((line["row"].to_numpy(), at))
    old, row = at[order], line["row"].to_numpy(np.int64)[order]
    variant, names = pd.factorize(line["pattern"].to_numpy()[order], sort=True)
    count = int((old[-1] - old[0]) / step + 1e-9) + 1
    slots = old[0] + np.round(np.arange(count) * step).astype(np.int64)
    if len(names) == 1:
        nearest = nearest_of(old, slots)
        return _Plan(row[nearest], slots - old[nearest])
    gap = max((old[-1] - old[0]) / max(len(old) - 1, 1), 1.0)
    around = min(max(2, round(2 * step / gap)), len(old))
    due = np.zeros(len(names))
    chosen = np.empty(count, np.int64)
    for k, slot in enumerate(slots):
        near = np.argsort(np.abs(old - slot), kind="stable")[:around]
        due += np.bincount(variant[near], minlength=len(names)) / around
        turn = np.flatnonzero(due >= due.max() - 1e-9)
        own = variant[near[0]]
        picked = own if own in turn else int(turn[0])
        due[picked] -= 1
        rows = np.flatnonzero(variant == picked)
        chosen[k] = rows[int(nearest_of(old[rows], np.array([slot]))[0])]
    return _Plan(row[chosen], slots - old[chosen])


def nearest_of(old: Int64, new: Int64) -> Int64:
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
    source = np.repeat(start[templates], sizes) + ranges(sizes)
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
    feeds: Feeds, mine: Bool, headway_s: float, period: tuple[int, int], as_one: bool
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
    line = lines_and_ways(feeds, trips, as_one=as_one)
    pattern = patterns(feeds, trips)
    departures = (inner["end_s"] - inner["start_s"]) / inner["headway_s"]
    total = departures.groupby(line).transform("sum")
    new = np.maximum(
        np.round(headway_s * total / departures.groupby([line, pattern]).transform("sum")), 1
    ).astype(np.int64)
    changed = int((new.to_numpy() != rows["headway_s"].to_numpy()).sum())
    before = rows[start[hit] < period[0]].assign(end_s=period[0])
    after = rows[end[hit] > period[1]].assign(start_s=period[1])
    both = pd.concat([table[~hit], before, inner.assign(headway_s=new), after])
    both = both.sort_values(["trip", "start_s"], kind="stable", ignore_index=True)
    return feeds.with_tables(frequencies=both.astype(dict(table.dtypes))), changed
