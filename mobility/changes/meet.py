"""``meet``: a line shifted so that it meets others at a hub, with what that costs elsewhere.

The objective counts waits, not passengers: every arrival of one line and the next departure
of another is one wait, whoever changes there. Unless told otherwise, the line's other hubs
count too: those of its stops where trains call or where it ends.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mobility.changes.edit import runs_on, trip_bounds
from mobility.changes.model import Changed
from mobility.changes.removal import route_ids
from mobility.changes.select import Finder, distance_m
from mobility.changes.timing import shifted
from mobility.feeds.model import Feeds
from mobility.network.model import Supply
from mobility.scenario.line_forms import Meet

Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]

HUB_M = 400.0  # stops this near to the hub's stop belong to it
LONGEST_WAIT_S = 3600  # a connection that is missed for good counts as this much
SEARCH_MINUTES = 60


@dataclass(frozen=True)
class Calls:
    """Times at one hub, ascending: of the line that is shifted, and of the others."""

    line_arrivals: Int64
    line_departures: Int64
    other_arrivals: Int64
    other_departures: Int64


def waits_s(arrivals: Int64, departures: Int64, transfer_s: int) -> Int64:
    """Wait of each arrival for the next departure after the change, at most an hour."""
    ready = arrivals + transfer_s
    nearest = np.searchsorted(departures, ready, side="left")
    far = np.append(departures, np.iinfo(np.int64).max // 2)
    return np.minimum(far[nearest] - ready, LONGEST_WAIT_S)


def total_wait_s(calls: Sequence[Calls], shift_s: int, transfer_s: int, direction: str) -> int:
    """Sum of the waits at hubs when the line runs `shift_s` later."""
    total = 0
    for c in calls:
        if direction != "from-line" and len(c.line_departures):
            total += int(waits_s(c.other_arrivals, c.line_departures + shift_s, transfer_s).sum())
        if direction != "to-line" and len(c.other_departures):
            total += int(waits_s(c.line_arrivals + shift_s, c.other_departures, transfer_s).sum())
    return total


def best_shift_s(hub: Calls, elsewhere: Sequence[Calls], transfer_s: int, direction: str) -> int:
    """Shift of whole minutes, 0–59, with the least wait; the smallest of several.

    The hub counts in the direction asked for, other hubs in both.
    """
    costs = [
        total_wait_s([hub], 60 * m, transfer_s, direction)
        + total_wait_s(elsewhere, 60 * m, transfer_s, "both")
        for m in range(SEARCH_MINUTES)
    ]
    return 60 * int(np.argmin(costs))


def meet(supply: Supply, form: Meet, day: dt.date) -> Changed:
    """Shift a line as a whole: by so many seconds, or by the best of 0–59 minutes."""
    feeds = supply.feeds
    finder = Finder(feeds, form.where)
    lines, others = finder.lines(form.lines, "lines"), finder.lines(form.others, "others")
    at = finder.stops(form.at, "at")
    finder.settle()
    both = np.intersect1d(lines, others)
    if len(both):
        names = feeds.routes[["short_name", "long_name", "route_id"]].to_numpy(object)[both]
        told = ", ".join(sorted({" ".join(str(n) for n in row if n) for row in names}))
        finder.complain(
            "others", f"a line that is shifted itself: {told}", "lines that stay as they are",
            "Pick the others by another number, or by a stop that the line doesn't serve.",
        )  # fmt: skip
    on = runs_on(feeds, day)
    mine = finder.trips_of(lines, form.period)
    templates = feeds.frequencies["trip"].to_numpy()
    if np.isin(mine, templates).any():
        finder.complain("lines", "a line by headway only", "a line with departures to the minute")
    theirs = finder.trips_of(others)
    hub = _calls(feeds, _around(feeds, at), mine[on[mine]], theirs[on[theirs]])
    if not _connections([hub], form.direction):
        finder.complain(
            "at",
            f"{form.at}, where nobody can change in the direction {form.direction}",
            "a hub where both call, the one before the other goes on",
        )
    finder.settle()
    elsewhere = _other_hubs(feeds, at, mine[on[mine]], lines, on)
    counted = elsewhere if form.weigh_other_hubs else []
    shift = (
        best_shift_s(hub, counted, form.transfer_s, form.direction)
        if form.shift_s == "search"
        else form.shift_s
    )
    counts = {
        "shift_s": shift,
        "trips_changed": len(mine) if shift else 0,
        **_mean_waits("hub", [hub], shift, form.transfer_s, form.direction),
        **_mean_waits("elsewhere", elsewhere, shift, form.transfer_s, "both"),
    }
    changed = shifted(feeds, mine, shift)
    return Changed(replace(supply, feeds=changed), counts, route_ids(feeds, lines))


def _mean_waits(
    name: str, calls: Sequence[Calls], shift_s: int, transfer_s: int, direction: str
) -> dict[str, float]:
    number = _connections(calls, direction)
    before = total_wait_s(calls, 0, transfer_s, direction)
    after = total_wait_s(calls, shift_s, transfer_s, direction)
    return {
        f"{name}_waits": number,
        f"{name}_wait_before_s": round(before / number, 1) if number else 0.0,
        f"{name}_wait_after_s": round(after / number, 1) if number else 0.0,
    }


def _connections(calls: Sequence[Calls], direction: str) -> int:
    """Arrivals from which one can change at all."""
    number = 0
    for c in calls:
        if direction != "from-line" and len(c.line_departures):
            number += len(c.other_arrivals)
        if direction != "to-line" and len(c.other_departures):
            number += len(c.line_arrivals)
    return number


def _around(feeds: Feeds, stops: Int64) -> Int64:
    """Stops within `HUB_M` of any of the given ones."""
    lon, lat = feeds.stops["lon"].to_numpy(float), feeds.stops["lat"].to_numpy(float)
    near = np.zeros(len(feeds.stops), bool)
    for stop in stops:
        near |= distance_m(lon, lat, float(lon[stop]), float(lat[stop])) <= HUB_M
    return np.flatnonzero(near)


def _calls(feeds: Feeds, stops: Int64, mine: Int64, theirs: Int64) -> Calls:
    """Times at stops. Nobody changes from a trip that begins there, nor to one that ends there."""
    start, end = trip_bounds(feeds)
    times = feeds.stop_times
    trip = times["trip"].to_numpy()
    row = np.flatnonzero(np.isin(times["stop"].to_numpy(), stops))
    arrival, departure = (
        times["arrival_s"].to_numpy(np.int64),
        times["departure_s"].to_numpy(np.int64),
    )
    comes = row[row > start[trip[row]]]
    goes = row[row < end[trip[row]] - 1]

    def of(rows: Int64, trips: Int64, values: Int64) -> Int64:
        return np.sort(values[rows[np.isin(trip[rows], trips)]])

    return Calls(
        of(comes, mine, arrival),
        of(goes, mine, departure),
        of(comes, theirs, arrival),
        of(goes, theirs, departure),
    )


def _other_hubs(feeds: Feeds, at: Int64, mine: Int64, lines: Int64, on: Bool) -> list[Calls]:
    """Calls at the line's other hubs, where it meets all lines but itself."""
    times = feeds.stop_times
    trip, stop = times["trip"].to_numpy(), times["stop"].to_numpy()
    route = feeds.trips["route"].to_numpy()
    start, end = trip_bounds(feeds)
    rail = feeds.routes["mode"].to_numpy(object)[route] == "rail"
    foreign = ~np.isin(route, lines) & on
    trains = np.zeros(len(feeds.stops), bool)
    trains[stop[(rail & foreign)[trip]]] = True
    ends = np.unique(np.concatenate([stop[start[mine]], stop[end[mine] - 1]]))
    done = np.zeros(len(feeds.stops), bool)
    done[_around(feeds, at)] = True
    found: list[Calls] = []
    for s in np.unique(stop[np.isin(trip, mine)]):
        near = _around(feeds, np.array([s]))
        if done[s] or not (s in ends or trains[near].any()):
            continue
        done[near] = True
        calls = _calls(feeds, near, mine, np.flatnonzero(foreign))
        if len(calls.other_arrivals) or len(calls.other_departures):
            found.append(calls)
    return found
