"""``extend-line``, ``reroute``, ``through-run``: lines that take another way."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.changes.add_line import Placed, place_stops
from mobility.changes.edit import keep_trips, runs_on, trip_bounds, with_stop_times
from mobility.changes.model import Changed
from mobility.changes.removal import route_ids
from mobility.changes.select import Finder
from mobility.feeds.model import Feeds
from mobility.network.model import Supply
from mobility.scenario.line_forms import ExtendLine, Reroute, ThroughRun

Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]


def _rows(
    trips: Int64, stops: tuple[int, ...], arrival: Int64, departure: Int64, order: Int64
) -> pd.DataFrame:
    """New stop-time rows; `arrival` and `departure` (n_trips, n_stops), `order` sorts them in."""
    n = len(stops)
    return pd.DataFrame(
        {
            "trip": np.repeat(trips, n),
            "stop": np.tile(np.asarray(stops, np.int64), len(trips)),
            "arrival_s": arrival.ravel(),
            "departure_s": departure.ravel(),
            "pickup": 0,
            "drop_off": 0,
            "order": order.ravel(),
        }
    )


def _ordered(times: pd.DataFrame, *more: pd.DataFrame) -> pd.DataFrame:
    """Sort new rows in; an `order` of k + ½ puts a row behind row k, equal ones as they come."""
    parts = [times.assign(order=times["order"].astype(float)), *(m for m in more if len(m))]
    joined = pd.concat(parts, ignore_index=True)
    joined = joined.sort_values(["trip", "order"], kind="stable", ignore_index=True)
    return joined.drop(columns="order")


def extend_line(supply: Supply, form: ExtendLine) -> Changed:
    """Let trips that end at a stop run on to further stops, and trips that begin there come from.

    The vehicle stands `dwell_s` at its end of today and at each new stop on the way. Times
    on the line of today stay as they are.
    """
    finder = Finder(supply.feeds, form.where)
    routes = finder.lines(form.lines, "lines")
    at = finder.stops(form.at, "at")
    feed, mode = _feed_and_mode(supply.feeds, routes)
    owner = _owner(form.where)
    placed = place_stops(finder, form.stops, "stops", feed=feed, mode=mode, owner=owner)
    if not finder.problems:
        _needs_end(finder, routes, at, form)
    finder.settle()
    feeds = placed.feeds
    trips = finder.trips_of(routes)
    start, end = trip_bounds(feeds)
    stop = feeds.stop_times["stop"].to_numpy()
    trips = trips[end[trips] > start[trips]]
    ending = trips[np.isin(stop[end[trips] - 1], at)]
    starting = trips[np.isin(stop[start[trips]], at)] if form.both_ways else trips[:0]
    times = _extended(feeds, placed, ending, starting, form)
    touched = np.unique(np.concatenate([ending, starting]))
    counts = {
        "lines_changed": len(np.unique(feeds.trips["route"].to_numpy()[touched])),
        "trips_changed": len(touched),
        "stops_added": placed.added,
    }
    return Changed(
        replace(supply, feeds=with_stop_times(feeds, times)), counts, route_ids(feeds, routes)
    )


def _owner(where: str) -> str:
    """Middle part of new stops' ids: the file's name and the row, so that ids do not clash."""
    file, _, key = where.replace("\\", "/").rpartition("/")[2].partition(": ")
    digits = "".join(c for c in key if c.isdigit())
    return f"{file.rpartition('.')[0] or file.replace(' ', '-')}{'-' + digits if digits else ''}"


def _feed_and_mode(feeds: Feeds, routes: Int64) -> tuple[str, str]:
    if not len(routes):
        return "scenario", ""
    first = feeds.routes.iloc[int(routes[0])]
    return str(first["feed"]), str(first["mode"])


def _needs_end(finder: Finder, routes: Int64, at: Int64, form: ExtendLine) -> None:
    feeds = finder.feeds
    trips = finder.trips_of(routes)
    start, end = trip_bounds(feeds)
    trips = trips[end[trips] > start[trips]]
    stop = feeds.stop_times["stop"].to_numpy()
    ends = [stop[end[trips] - 1]] + ([stop[start[trips]]] if form.both_ways else [])
    if not any(np.isin(e, at).any() for e in ends):
        names = feeds.stops["name"].to_numpy(object)[np.unique(np.concatenate(ends))]
        known = ", ".join(sorted({str(n) for n in names})[:8])
        finder.complain("at", f"{form.at}, where no trip of the line ends", f"one of {known}")


def _extended(
    feeds: Feeds, placed: Placed, ending: Int64, starting: Int64, form: ExtendLine
) -> pd.DataFrame:
    times = feeds.stop_times.assign(order=np.arange(len(feeds.stop_times)))
    start, end = trip_bounds(feeds)
    n = len(placed.stops)
    hop = np.cumsum(np.asarray(form.run_s, np.int64)) + form.dwell_s * np.arange(1, n + 1)
    # hop[k] runs from today's end to new stop k: its dwell, the runs, and dwells in between
    arrival = times["arrival_s"].to_numpy(np.int64).copy()
    departure = times["departure_s"].to_numpy(np.int64).copy()
    pickup, drop_off = times["pickup"].to_numpy().copy(), times["drop_off"].to_numpy().copy()
    last, first = end[ending] - 1, start[starting]
    out_arrival = arrival[last][:, None] + hop[None, :]
    out_departure = out_arrival + np.where(np.arange(n) < n - 1, form.dwell_s, 0)
    back = -hop[::-1][None, :] + departure[first][:, None]
    back_arrival = back - np.where(np.arange(n) > 0, form.dwell_s, 0)
    departure[last] = arrival[last] + form.dwell_s
    arrival[first] = departure[first] - form.dwell_s
    pickup[last], drop_off[first] = 0, 0
    times = times.assign(arrival_s=arrival, departure_s=departure, pickup=pickup, drop_off=drop_off)
    behind = np.repeat(last[:, None] + 0.5, n, axis=1)
    before = np.repeat(first[:, None] - 0.5, n, axis=1)
    return _ordered(
        times,
        _rows(ending, placed.stops, out_arrival, out_departure, behind),
        _rows(starting, placed.stops[::-1], back_arrival, back, before),
    )


def reroute(supply: Supply, form: Reroute) -> Changed:
    """Let a line take another way between two of its stops; later times move along.

    Stops of today between the two are no longer served. A trip that serves the two in the
    other order takes the new way in reverse, if `both_ways`.
    """
    finder = Finder(supply.feeds, form.where)
    routes = finder.lines(form.lines, "lines")
    ends = finder.stops(form.start_at, "start_at"), finder.stops(form.end_at, "end_at")
    feed, mode = _feed_and_mode(supply.feeds, routes)
    owner = _owner(form.where)
    placed = place_stops(finder, form.stops, "stops", feed=feed, mode=mode, owner=owner)
    finder.settle()
    feeds = placed.feeds
    trips = finder.trips_of(routes)
    feeds, there = _one_way(feeds, trips, ends, placed.stops, form.run_s, form.dwell_s)
    back = np.empty(0, np.int64)
    if form.both_ways:
        rest = np.setdiff1d(trips, there)
        reverse = (ends[1], ends[0])
        feeds, back = _one_way(
            feeds, rest, reverse, placed.stops[::-1], form.run_s[::-1], form.dwell_s
        )
    counts = {"trips_changed": len(there) + len(back), "stops_added": placed.added}
    return Changed(replace(supply, feeds=feeds), counts, route_ids(feeds, routes))


def _one_way(
    feeds: Feeds,
    trips: Int64,
    ends: tuple[Int64, Int64],
    stops: tuple[int, ...],
    run_s: tuple[int, ...],
    dwell_s: int,
) -> tuple[Feeds, Int64]:
    times = feeds.stop_times
    a, b = _between(feeds, ends)
    hit = trips[(a[trips] >= 0) & (b[trips] >= 0)]
    if not len(hit):
        return feeds, hit
    trip = times["trip"].to_numpy()
    row = np.arange(len(times))
    taken = np.isin(trip, hit)
    inside = taken & (row > a[trip]) & (row < b[trip])
    arrival = times["arrival_s"].to_numpy(np.int64)
    departure = times["departure_s"].to_numpy(np.int64)
    run = np.cumsum(np.asarray(run_s, np.int64)) + dwell_s * np.arange(len(run_s))
    move = np.zeros(len(feeds.trips), np.int64)
    move[hit] = departure[a[hit]] + run[-1] - arrival[b[hit]]
    later = np.where(taken & (row >= b[trip]), move[trip], 0)
    moved = times.assign(arrival_s=arrival + later, departure_s=departure + later, order=row)[
        ~inside
    ]
    new_arrival = departure[a[hit]][:, None] + run[None, :-1]
    order = np.repeat(a[hit][:, None] + 0.5, len(stops), axis=1)
    new = _rows(hit, stops, new_arrival, new_arrival + dwell_s, order)
    return with_stop_times(feeds, _ordered(moved, new)), hit


def _between(feeds: Feeds, ends: tuple[Int64, Int64]) -> tuple[Int64, Int64]:
    """Per trip, its first row at one end and its first row after that at the other, or −1."""
    trip = feeds.stop_times["trip"].to_numpy()
    stop = feeds.stop_times["stop"].to_numpy()
    first = np.full(len(feeds.trips), -1, np.int64)
    at = np.flatnonzero(np.isin(stop, ends[0]))[::-1]
    first[trip[at]] = at
    second = np.full(len(feeds.trips), -1, np.int64)
    then = np.flatnonzero(np.isin(stop, ends[1]))[::-1]
    then = then[(first[trip[then]] >= 0) & (then > first[trip[then]])]
    second[trip[then]] = then
    return first, second


def through_run(supply: Supply, form: ThroughRun, day: dt.date) -> Changed:
    """Make one line of two: at the hub, each arriving trip goes on as the next departing one.

    An arriving trip takes the earliest departure that no other has taken, within
    `max_wait_s`. The joined trip belongs to the first line; trips without a partner stay.
    """
    feeds = supply.feeds
    finder = Finder(feeds, form.where)
    lines = finder.line(form.first, "first"), finder.line(form.second, "second")
    at = finder.stops(form.at, "at")
    finder.settle()
    _needs_times(finder, lines)
    if len(np.intersect1d(*lines)):
        finder.complain("second", "the same line as the first", "another line")
    finder.settle()
    on = runs_on(feeds, day)
    trips = [t[on[t]] for t in (finder.trips_of(lines[0]), finder.trips_of(lines[1]))]
    joins = [_joined(feeds, trips[0], trips[1], at, form.max_wait_s)]
    if form.both_ways:
        joins.append(_joined(feeds, trips[1], trips[0], at, form.max_wait_s))
    pairs = np.concatenate(joins)
    if not len(pairs):
        finder.complain(
            "at",
            f"no trip that comes to {form.at} and one that goes on within max_wait_s",
            "trips of the first line that end there and trips of the second that begin there",
        )
    finder.settle()
    new = _with_joined(feeds, pairs, int(lines[0][0]))
    counts = {"trips_joined": len(pairs), "mean_stand_s": _mean_stand(feeds, pairs)}
    return Changed(replace(supply, feeds=new), counts, route_ids(feeds, np.concatenate(lines)))


def _needs_times(finder: Finder, lines: tuple[Int64, Int64]) -> None:
    templates = finder.feeds.frequencies["trip"].to_numpy()
    routes = finder.feeds.trips["route"].to_numpy()[templates]
    for key, line in zip(("first", "second"), lines, strict=True):
        if np.isin(routes, line).any():
            finder.complain(key, "a line by headway only", "a line with departures to the minute")


def _ends_at(feeds: Feeds, trips: Int64, at: Int64, *, last: bool) -> tuple[Int64, Int64]:
    """Trips that end (or begin) at stops, and the time they do, ascending by time and row."""
    start, end = trip_bounds(feeds)
    times = feeds.stop_times
    trips = trips[end[trips] > start[trips]]
    row = end[trips] - 1 if last else start[trips]
    here = np.isin(times["stop"].to_numpy()[row], at)
    trips, row = trips[here], row[here]
    time = times["arrival_s" if last else "departure_s"].to_numpy(np.int64)[row]
    order = np.lexsort((trips, time))
    return trips[order], time[order]


def _joined(
    feeds: Feeds, first: Int64, second: Int64, at: Int64, max_wait_s: int
) -> npt.NDArray[np.int64]:
    """Pairs (arriving trip, departing trip), (n, 2)."""
    arriving, arrival = _ends_at(feeds, first, at, last=True)
    departing, departure = _ends_at(feeds, second, at, last=False)
    pairs: list[tuple[int, int]] = []
    k = 0
    for trip, time in zip(arriving, arrival, strict=True):
        while k < len(departing) and departure[k] < time:
            k += 1
        if k < len(departing) and departure[k] - time <= max_wait_s:
            pairs.append((int(trip), int(departing[k])))
            k += 1
    return np.array(pairs, np.int64).reshape(-1, 2)


def _mean_stand(feeds: Feeds, pairs: npt.NDArray[np.int64]) -> float:
    start, end = trip_bounds(feeds)
    times = feeds.stop_times
    come = times["arrival_s"].to_numpy(np.int64)[end[pairs[:, 0]] - 1]
    go = times["departure_s"].to_numpy(np.int64)[start[pairs[:, 1]]]
    return round(float((go - come).mean()), 1)


def _with_joined(feeds: Feeds, pairs: npt.NDArray[np.int64], route: int) -> Feeds:
    """Put each departing trip's rows, but its first, behind the arriving trip's.

    A trip that is second of one pair and first of another makes a chain: all its rows go to
    the chain's first trip.
    """
    times = feeds.stop_times
    trip = times["trip"].to_numpy(np.int64)
    start, end = trip_bounds(feeds)
    head = np.arange(len(feeds.trips))
    place = np.zeros(len(feeds.trips), np.int64)  # position in the chain
    follows = dict(pairs[:, ::-1].tolist())
    for second in follows:
        chain = second
        while chain in follows:
            chain = follows[chain]
            place[second] += 1
        head[second] = chain
    first_row, last_row = start[pairs[:, 1]], end[pairs[:, 0]] - 1
    departure = times["departure_s"].to_numpy().copy()
    departure[last_row] = departure[first_row]
    pickup = times["pickup"].to_numpy().copy()
    pickup[last_row] = times["pickup"].to_numpy()[first_row]
    keep_row = np.ones(len(times), bool)
    keep_row[first_row] = False
    joined = times.assign(departure_s=departure, pickup=pickup, trip=head[trip], place=place[trip])[
        keep_row
    ].sort_values(["trip", "place", "sequence"], kind="stable")
    new = with_stop_times(feeds, joined.drop(columns="place"))
    routes = feeds.trips["route"].to_numpy().copy()
    routes[head[pairs[:, 0]]] = route
    keep = np.ones(len(feeds.trips), bool)
    keep[pairs[:, 1]] = False
    return keep_trips(new.with_tables(trips=new.trips.assign(route=routes)), keep)
