"""Feeds and a day to a timetable."""

from __future__ import annotations

import datetime as dt

import numpy as np
import numpy.typing as npt

from mobility.errors import FeedError, Problem
from mobility.feeds import clock
from mobility.feeds.model import Feeds
from mobility.timetable.model import Timetable
from mobility.timetable.patterns import Grouped, group, stop_patterns
from mobility.timetable.runs import Runs, Templates, runs_around, templates

STOP_COLUMNS = ["stop_id", "feed", "name", "lon", "lat", "country", "parent"]
NO_BOARDING = 1

Bools = npt.NDArray[np.bool_]


def build_timetable(
    feeds: Feeds, day: dt.date, *, timezone: str, seed: int, draw: int = 0
) -> Timetable:
    """Lay one service day out as patterns, with what reaches into it from the days beside it.

    Parameters
    ----------
    feeds
        Feeds, read for this day; stop numbers are rows of ``feeds.stops``.
    day
        Service day.
    timezone
        The region's zone, the one the feeds were read with.
    seed, draw
        Choose the phases of headway services without exact times; see
        `mobility.timetable.phases`.

    Returns
    -------
    Timetable
        The same for the same feeds, byte for byte; trips that can't be ridden are counted in
        `counts`.

    Raises
    ------
    FeedError
        The time zone is unknown.
    """
    region = clock.zone_of(timezone)
    if region is None:
        raise FeedError(Problem("timezone", f'"{timezone}"', "a zone like Europe/Amsterdam"))
    made = templates(feeds)
    board, alight = _rules(feeds, made)
    runs = runs_around(feeds, made, day, region, seed=seed, draw=draw)
    grouped = group(runs, made, stop_patterns(made, board, alight))
    return _timetable(feeds, day, made, grouped, board, alight)


def _rules(feeds: Feeds, made: Templates) -> tuple[Bools, Bools]:
    """Where one may get on and off; nobody gets on at a trip's end or off at its start."""
    board = feeds.stop_times["pickup"].to_numpy() != NO_BOARDING
    alight = feeds.stop_times["drop_off"].to_numpy() != NO_BOARDING
    filled = made.n_stops > 0
    board[(made.start + made.n_stops - 1)[filled]] = False
    alight[made.start[filled]] = False
    return board, alight


def _timetable(
    feeds: Feeds, day: dt.date, made: Templates, grouped: Grouped, board: Bools, alight: Bools
) -> Timetable:
    runs, pattern = grouped.runs, grouped.pattern
    n_patterns = int(pattern[-1]) + 1 if len(pattern) else 0
    n_trips = np.bincount(pattern, minlength=n_patterns)
    trip_offset = np.r_[0, np.cumsum(n_trips)].astype(np.int32)
    example = runs.trip[trip_offset[:-1]]
    n_stops = made.n_stops[example]
    stop_offset = np.r_[0, np.cumsum(n_stops)].astype(np.int32)
    rows = np.arange(int(n_stops.sum())) + np.repeat(
        made.start[example] - stop_offset[:-1], n_stops
    )
    route = feeds.trips["route"].to_numpy().astype(np.int32)
    arrays = {
        "pattern_stop_offset": stop_offset,
        "pattern_stops": made.stop[rows],
        "pattern_route": route[example],
        "pickup": board[rows],
        "drop_off": alight[rows],
        "pattern_trip_offset": trip_offset,
        "pattern_event_offset": np.r_[0, np.cumsum(n_trips * n_stops)].astype(np.int64),
        "arrival_s": grouped.arrival_s,
        "departure_s": grouped.departure_s,
        "trip_ids": _trip_ids(feeds, made, runs),
        "trip_route": route[runs.trip],
        "trip_day_shift": runs.day_shift,
    }
    for array in arrays.values():
        array.flags.writeable = False
    return Timetable(
        day=day,
        stops=feeds.stops[STOP_COLUMNS],
        routes=feeds.routes,
        counts={reason: n for reason, n in made.counts.items() if n},
        **arrays,
    )


def _trip_ids(feeds: Feeds, made: Templates, runs: Runs) -> npt.NDArray[np.object_]:
    ids: npt.NDArray[np.object_] = feeds.trips["trip_id"].to_numpy(object)[runs.trip]
    rows = np.flatnonzero(runs.headway)
    departure = made.first_departure_s(runs.trip[rows]) + runs.offset_s[rows]
    for row, second in zip(rows, departure.tolist(), strict=True):
        ids[row] = f"{ids[row]}@{clock.written(second)}"
    return ids
