"""How well lines meet at hubs: mean wait per line, and the shift that makes it usual."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from mobility.changes.edit import trip_bounds
from mobility.changes.meet import HUB_M, SEARCH_MINUTES, Calls, total_wait_s
from mobility.changes.norms import lines_of_day
from mobility.feeds.model import Feeds

Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]

_M_PER_DEGREE = 111_195.0


@dataclass(frozen=True)
class _HubRows:
    """Calls of trips of the day at hubs, sorted by hub: arrays of one length."""

    hub: Int64
    route: Int64
    arrival: Int64
    departure: Int64
    comes: Bool
    goes: Bool


def _hubs(feeds: Feeds, on: Bool) -> Int64:
    """Hub of each stop: the lowest stop where trains call within `HUB_M`; −1 for none."""
    times = feeds.stop_times
    route = feeds.trips["route"].to_numpy()
    rail = (feeds.routes["mode"].to_numpy(object) == "rail")[route] & on
    stations = np.unique(times["stop"].to_numpy()[rail[times["trip"].to_numpy()]])
    hub = np.full(len(feeds.stops), -1, np.int64)
    if not len(stations):
        return hub
    lon, lat = feeds.stops["lon"].to_numpy(float), feeds.stops["lat"].to_numpy(float)
    place = np.column_stack([lon * np.cos(np.radians(np.nanmean(lat))), lat]) * _M_PER_DEGREE
    tree = cKDTree(place[stations])
    # stations near to each other are one hub: the lowest row any of them reaches
    near: list[list[int]] = list(tree.query_ball_point(place, HUB_M, return_sorted=True))  # type: ignore[arg-type]
    root = np.array([near[s][0] for s in stations], np.int64)
    for k, found in enumerate(near):
        if found:
            hub[k] = stations[root[found[0]]]
    return hub


def _rows(feeds: Feeds, on: Bool) -> _HubRows:
    hub_of = _hubs(feeds, on)
    times = feeds.stop_times
    trip = times["trip"].to_numpy(np.int64)
    timed = on.copy()
    timed[feeds.frequencies["trip"].to_numpy()] = False  # a headway has no minute to meet
    hub = hub_of[times["stop"].to_numpy()]
    rows = np.flatnonzero((hub >= 0) & timed[trip])
    rows = rows[np.argsort(hub[rows], kind="stable")]
    start, end = trip_bounds(feeds)
    return _HubRows(
        hub=hub[rows],
        route=feeds.trips["route"].to_numpy(np.int64)[trip[rows]],
        arrival=times["arrival_s"].to_numpy(np.int64)[rows],
        departure=times["departure_s"].to_numpy(np.int64)[rows],
        comes=rows > start[trip[rows]],
        goes=rows < end[trip[rows]] - 1,
    )


def _calls_by_line(rows: _HubRows, wanted: Int64) -> Iterator[tuple[int, list[Calls]]]:
    """Each wanted line with its calls at each of its hubs, ascending by line."""
    found: dict[int, list[Calls]] = {}
    cuts = np.flatnonzero(np.diff(rows.hub, prepend=-1, append=-1))
    for low, high in pairwise(cuts):
        part = slice(low, high)
        route = rows.route[part]
        for line in np.intersect1d(route, wanted):
            mine = route == line
            comes, goes = rows.comes[part], rows.goes[part]
            calls = Calls(
                np.sort(rows.arrival[part][mine & comes]),
                np.sort(rows.departure[part][mine & goes]),
                np.sort(rows.arrival[part][~mine & comes]),
                np.sort(rows.departure[part][~mine & goes]),
            )
            if len(calls.line_arrivals) and len(calls.other_departures):
                found.setdefault(int(line), []).append(calls)
    yield from sorted(found.items())


def _mean_wait_s(calls: list[Calls], shift_s: int, transfer_s: int) -> float:
    number = sum(len(c.line_arrivals) for c in calls)
    return total_wait_s(calls, shift_s, transfer_s, "from-line") / number if number else np.nan


def domestic_wait_s(feeds: Feeds, on: Bool, transfer_s: int) -> float:
    """Median over domestic lines of the mean wait from the line to others at hubs; or NaN."""
    table = lines_of_day(feeds, on).table
    own = table["route"].to_numpy()[~table["foreign"].to_numpy(bool)]
    waits = [_mean_wait_s(c, 0, transfer_s) for _, c in _calls_by_line(_rows(feeds, on), own)]
    known = [w for w in waits if np.isfinite(w)]
    return float(np.median(known)) if known else np.nan


def fitting_shifts(feeds: Feeds, on: Bool, norm_s: float, transfer_s: int) -> dict[int, int]:
    """Shift of each border line (route row) that waits longer than the norm, seconds, not 0.

    The smallest shift that brings its mean wait to the norm, or else the best there is.
    """
    if not np.isfinite(norm_s):
        return {}
    table = lines_of_day(feeds, on).table
    foreign = table["route"].to_numpy()[table["foreign"].to_numpy(bool)]
    shifts: dict[int, int] = {}
    for line, calls in _calls_by_line(_rows(feeds, on), foreign):
        waits = [_mean_wait_s(calls, 60 * m, transfer_s) for m in range(SEARCH_MINUTES)]
        if not np.isfinite(waits[0]) or waits[0] <= norm_s:
            continue
        good = [m for m, wait in enumerate(waits) if wait <= norm_s]
        best = good[0] if good else int(np.argmin(waits))
        if best:
            shifts[line] = 60 * best
    return shifts
