"""Errors in the feeds that can be mended, or whose trips can't be ridden: each one counted."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mobility.feeds.model import Feeds
from mobility.merge.calls import calls_of
from mobility.merge.duplicates import dropped_row
from mobility.merge.edit import keep_trips
from mobility.merge.ground import metres
from mobility.merge.model import TRIPS_DROPPED, Bool, Float64, Labels, labels_of, rows_of, texts
from mobility.merge.problems import Problems

FAR_M = 500_000.0
NULL_DEGREES = 1.0


def repair(feeds: Feeds) -> tuple[Feeds, pd.DataFrame, Problems]:
    """Mend positions; take out trips that nobody can ride.

    Coordinates that were swapped are swapped back; a stop at 0, 0 or without a position is
    put where its station is, else between its neighbours on its trips. Trips whose times go
    back and trips of one stop are taken out.

    Returns
    -------
    Feeds
        Mended.
    pandas.DataFrame
        `TRIPS_DROPPED` rows.
    Problems
        What was found and done.
    """
    problems = Problems()
    placed = _swapped_back(feeds, problems)
    placed = _placed(placed, problems)
    mended, dropped = _ridable(placed, problems)
    return mended, dropped, problems


def _swapped_back(feeds: Feeds, problems: Problems) -> Feeds:
    lon, lat = feeds.stops["lon"].to_numpy(float), feeds.stops["lat"].to_numpy(float)
    swapped = np.zeros(len(lon), bool)
    feed = texts(feeds.stops["feed"])
    for source in feeds.sources:
        rows = np.flatnonzero((feed == source.id) & np.isfinite(lon) & np.isfinite(lat))
        if len(rows) < 3:
            continue
        centre = np.median(lon[rows]), np.median(lat[rows])
        middle = [np.full(len(rows), c) for c in centre]
        as_is = metres(lon[rows], lat[rows], *middle)
        other = metres(lat[rows], np.clip(lon[rows], -90, 90), *middle)
        swapped[rows] = (as_is > FAR_M) & (other < 0.2 * as_is) & (np.abs(lon[rows]) <= 90)
    if not swapped.any():
        return feeds
    problems.by_feed(
        "warning", feeds.stops, swapped, "stops.txt",
        "longitude and latitude swapped", "swapped back", "correct stop_lon and stop_lat",
    )  # fmt: skip
    stops = feeds.stops.assign(lon=np.where(swapped, lat, lon), lat=np.where(swapped, lon, lat))
    return feeds.with_tables(stops=stops)


def _placed(feeds: Feeds, problems: Problems) -> Feeds:
    """Put stops without a position where their station or their neighbours are."""
    lon, lat = (feeds.stops[c].to_numpy(float).copy() for c in ("lon", "lat"))
    lost = ~np.isfinite(lon) | ~np.isfinite(lat)
    lost |= (np.abs(lon) < NULL_DEGREES) & (np.abs(lat) < NULL_DEGREES)
    if not lost.any():
        return feeds
    parent = feeds.stops["parent"].to_numpy()
    up = lost & (parent >= 0)
    up[up] = ~lost[parent[up]]
    lon[up], lat[up] = lon[parent[up]], lat[parent[up]]
    problems.by_feed(
        "warning", feeds.stops, up, "stops.txt", "stop at 0, 0 or without a position",
        "put where its station is", "give the stop its position",
    )  # fmt: skip
    lost &= ~up
    between = _between_neighbours(feeds, lost, lon, lat)
    problems.by_feed(
        "warning", feeds.stops, between, "stops.txt", "stop at 0, 0 or without a position",
        "put between its neighbours", "give the stop its position",
    )  # fmt: skip
    problems.by_feed(
        "error", feeds.stops, lost & ~between & _used(feeds), "stops.txt",
        "stop without a position and without placed neighbours", "left as it is",
        "give the stop its position",
    )  # fmt: skip
    return feeds.with_tables(stops=feeds.stops.assign(lon=lon, lat=lat))


def _used(feeds: Feeds) -> Bool:
    used = np.zeros(len(feeds.stops), bool)
    used[feeds.stop_times["stop"].to_numpy()] = True
    return used


def _between_neighbours(feeds: Feeds, lost: Bool, lon: Float64, lat: Float64) -> Bool:
    """Place lost stops at the middle of the stops before and after; changes lon, lat."""
    trip = feeds.stop_times["trip"].to_numpy()
    stop = feeds.stop_times["stop"].to_numpy()
    rows = np.flatnonzero(lost[stop])
    found = np.zeros(len(lost), bool)
    near: dict[int, list[tuple[float, float]]] = {}
    for row in rows:
        beside = [r for r in (row - 1, row + 1) if 0 <= r < len(trip) and trip[r] == trip[row]]
        good = [int(stop[r]) for r in beside if not lost[stop[r]]]
        if good:
            place = (float(np.mean(lon[good])), float(np.mean(lat[good])))
            near.setdefault(int(stop[row]), []).append(place)
    for at, places in sorted(near.items()):
        lon[at], lat[at] = np.median([p[0] for p in places]), np.median([p[1] for p in places])
        found[at] = True
    return found


def _ridable(feeds: Feeds, problems: Problems) -> tuple[Feeds, pd.DataFrame]:
    times = feeds.stop_times
    trip = times["trip"].to_numpy()
    arrival, departure = (times[c].to_numpy(np.int64) for c in ("arrival_s", "departure_s"))
    back = departure < arrival
    back[1:] |= (trip[1:] == trip[:-1]) & (arrival[1:] < departure[:-1])
    goes_back = np.bincount(trip[back], minlength=len(feeds.trips)) > 0
    single = (np.bincount(trip, minlength=len(feeds.trips)) < 2) & ~goes_back
    calls, labels = calls_of(feeds), labels_of(feeds)
    rows: list[dict[str, object]] = []
    for gone, what, cure in (
        (goes_back, "times go back", "correct arrival_time and departure_time"),
        (single, "trip of one stop", "give the trip a second stop or leave it out"),
    ):
        problems.by_feed("warning", feeds.trips, gone, "trips.txt", what, "trip left out", cure)
        rows += [
            dropped_row(labels, calls, int(t), -1, decision="dropped", reason=what)
            for t in np.flatnonzero(gone & (calls.count() > 0))
        ]
        rows += [_empty_row(labels, int(t)) for t in np.flatnonzero(gone & (calls.count() == 0))]
    table = rows_of(TRIPS_DROPPED, rows).sort_values("trip", kind="stable")
    return keep_trips(feeds, ~(goes_back | single)), table.reset_index(drop=True)


def _empty_row(labels: Labels, trip: int) -> dict[str, object]:
    route = labels.route_of[trip]
    return {
        "trip": labels.trip[trip], "decision": "dropped",
        "reason": "trip of one stop", "kept_trip": "", "kept_line": "",
        "line": labels.line[route], "mode": labels.mode[route],
        "from_stop": "", "to_stop": "", "departure_s": 0, "shared_stops": 0, "calls": 0,
        "kept_calls": 0, "largest_gap_s": np.nan, "rows": 0,
    }  # fmt: skip
