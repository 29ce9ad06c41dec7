"""``remove-lines``, ``remove-trips``, ``remove-stops``: what no longer runs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from mobility.changes.edit import keep_trips, with_stop_times
from mobility.changes.model import Changed
from mobility.changes.select import Finder
from mobility.errors import Problem, ScenarioError, nearest
from mobility.feeds.model import Feeds
from mobility.network.model import Supply
from mobility.scenario.line_forms import RemoveLines, RemoveStops, RemoveTrips

Int64 = npt.NDArray[np.int64]


def route_ids(feeds: Feeds, routes: Int64) -> tuple[str, ...]:
    """Ids of routes by row, sorted."""
    return tuple(sorted(str(i) for i in feeds.routes["route_id"].to_numpy(object)[routes]))


def without_trips(supply: Supply, trips: Int64) -> Supply:
    """Drop trips by row."""
    keep = np.ones(len(supply.feeds.trips), bool)
    keep[trips] = False
    return replace(supply, feeds=keep_trips(supply.feeds, keep))


def remove_lines(supply: Supply, form: RemoveLines) -> Changed:
    """Take lines out, with all their trips."""
    finder = Finder(supply.feeds, form.where)
    routes = finder.lines(form.lines, "lines")
    finder.settle()
    trips = finder.trips_of(routes)
    counts = {"lines_removed": len(routes), "trips_removed": len(trips)}
    return Changed(without_trips(supply, trips), counts, route_ids(supply.feeds, routes))


def remove_trips(supply: Supply, form: RemoveTrips) -> Changed:
    """Take trips out: of lines, by id, in a period; every condition given must hold."""
    feeds = supply.feeds
    finder = Finder(feeds, form.where)
    routes = finder.lines(form.lines, "lines") if form.lines else np.arange(len(feeds.routes))
    rows = finder.trips_of(routes, form.period)
    if form.trips:
        ids = feeds.trips["trip_id"].to_numpy(object)
        known = set(ids)
        for n, trip in enumerate(form.trips, start=1):
            if trip not in known:
                near = nearest(trip, (str(i) for i in ids))
                cure = f"Did you mean {near}?" if near else ""
                finder.complain(f"trips[{n}]", f'the trip "{trip}"', "a trip of the feeds", cure)
        rows = rows[np.isin(ids[rows], list(form.trips))]
    finder.settle()
    hit = np.unique(feeds.trips["route"].to_numpy()[rows])
    counts = {"trips_removed": len(rows)}
    return Changed(without_trips(supply, rows), counts, route_ids(feeds, hit))


def remove_stops(supply: Supply, form: RemoveStops) -> Changed:
    """Let lines pass stops; the trip gets shorter by the dwell there and `saved_s`.

    Where a first stop is passed, the trip begins at its next one, at the time of today.
    Trips with fewer than two stops left are dropped, and counted.
    """
    feeds = supply.feeds
    finder = Finder(feeds, form.where)
    stops = [finder.stops(ref, f"stops[{n}]") for n, ref in enumerate(form.stops, start=1)]
    routes = finder.lines(form.lines, "lines") if form.lines else np.arange(len(feeds.routes))
    finder.settle()
    trips = finder.trips_of(routes)
    return pass_stops(supply, np.concatenate(stops), trips, form.saved_s)


def pass_stops(supply: Supply, stops: Int64, trips: Int64, saved_s: int | None) -> Changed:
    """Let some trips pass stops; with None as saved time, by the timetable of today."""
    feeds = supply.feeds
    times = feeds.stop_times
    trip = times["trip"].to_numpy()
    hit_stop = np.zeros(len(feeds.stops), bool)
    hit_stop[stops] = True
    hit_trip = np.zeros(len(feeds.trips), bool)
    hit_trip[trips] = True
    passed = hit_stop[times["stop"].to_numpy()] & hit_trip[trip]

    arrival = times["arrival_s"].to_numpy(np.int64)
    departure = times["departure_s"].to_numpy(np.int64)
    dwell = departure - arrival
    saving = np.where(passed & (saved_s is not None), dwell + (saved_s or 0), 0)
    running = np.cumsum(saving) - saving  # saved before each row, over all trips
    first_kept = np.full(len(feeds.trips), len(times), np.int64)
    np.minimum.at(first_kept, trip[~passed], np.flatnonzero(~passed))
    base = np.append(running, 0)[first_kept]
    earlier = np.maximum(running - base[trip], 0)  # nothing is saved before the first stop kept

    kept = times[~passed].assign(
        arrival_s=(arrival - earlier)[~passed].astype(np.int32),
        departure_s=(departure - earlier)[~passed].astype(np.int32),
    )
    touched = np.unique(trip[passed])
    left = np.bincount(kept["trip"].to_numpy(), minlength=len(feeds.trips))
    alive = np.ones(len(feeds.trips), bool)
    alive[touched[left[touched] < 2]] = False
    new = keep_trips(with_stop_times(feeds, kept), alive)
    routes = np.unique(feeds.trips["route"].to_numpy()[touched])
    counts = {
        "halts_removed": int(passed.sum()),
        "trips_changed": int(alive[touched].sum()),
        "trips_removed": int((~alive).sum()),
    }
    return Changed(replace(supply, feeds=new), counts, route_ids(feeds, routes))


def refuse_nothing(where: str, what: str) -> None:
    """Raise where a change affects nothing."""
    raise ScenarioError(
        Problem(where, f"a change without effect: {what}", "a change that affects something")
    )
