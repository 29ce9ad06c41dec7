"""What one feed holds twice: a run with the same stops and times, a line in two editions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.feeds.model import Feeds
from mobility.merge.calls import (
    calls_of,
    headway_trips,
    runs_of_trips,
    template_trips,
    trip_modes,
)
from mobility.merge.days import Roster, as_bits, days_that_matter
from mobility.merge.duplicates import dropped_row
from mobility.merge.edit import keep_trips, with_trip_services
from mobility.merge.model import TRIPS_DROPPED, Bool, Int32, labels_of, rows_of, texts

RUN_TIME = 0.25
PERHAPS = "perhaps one line in two editions of its feed"
Gone = tuple[int, int, str, str]
"""Trip that goes, trip that stays, decision, reason."""


def drop_repeats(
    feeds: Feeds,
    *,
    day: dt.date | None,
    two_editions: Sequence[str] = (),
    lines: bool = True,
) -> tuple[Feeds, pd.DataFrame]:
    """Drop what a feed holds twice, so that departures are counted once.

    A run goes if another of its feed, by the same mode, calls at the same stops at the same
    times on the same days; where it runs on more days, it stays on those. A run whose vehicle
    may go on as another trip stays. Lines without times (frequencies with exact_times=0) that
    call at the same stops at the same hours are two editions of one timetable, or two lines:
    of a feed named in `two_editions` only the more frequent one stays, else they are listed
    as doubtful.

    Parameters
    ----------
    feeds
        Feeds.
    day
        Days that matter: this one and its neighbours; None, all.
    two_editions
        Feeds of which the user knows that they hold lines twice.
    lines
        Whether to look at lines without times, too.

    Returns
    -------
    Feeds
        Without the repeats.
    pandas.DataFrame
        `TRIPS_DROPPED` rows.
    """
    matter = days_that_matter(feeds.services, day)
    roster = Roster(feeds.services)
    service = feeds.trips["service"].to_numpy(np.int32).copy()
    found = [*_repeated_runs(feeds, roster, service, matter)]
    if lines:
        found += _repeated_lines(feeds, matter, two_editions)
    if not found:
        return feeds, rows_of(TRIPS_DROPPED, [])
    calls, labels = calls_of(feeds), labels_of(feeds)
    count = calls.count()
    rows = [
        dropped_row(
            labels, calls, goes, stays, decision=decision, reason=why,
            shared=int(count[goes]),
        )
        for goes, stays, decision, why in found
    ]  # fmt: skip
    table = rows_of(TRIPS_DROPPED, rows).sort_values(["trip", "kept_trip"], kind="stable")
    gone = np.zeros(len(feeds.trips), bool)
    gone[[goes for goes, _, decision, _ in found if decision == "dropped"]] = True
    if any(decision == "dropped on some days" for _, _, decision, _ in found):
        feeds = with_trip_services(feeds, service, roster.services())
    return keep_trips(feeds, ~gone), table.reset_index(drop=True)


def _repeated_runs(feeds: Feeds, roster: Roster, service: Int32, matter: int) -> Iterator[Gone]:
    """Runs with the very same calls; changes the services of those that stay on some days."""
    block, ids = texts(feeds.trips["block_id"]), texts(feeds.trips["trip_id"])
    bound = _bound_by_rule(feeds)
    days = {}
    gone: set[int] = set()
    for trips in _with_same_calls(feeds, ~template_trips(feeds)):
        # Those that must stay come first, so that others are compared with them.
        trips.sort(key=lambda t: (not bound[t], not block[t], str(ids[t])))
        days.update({t: roster.bits[service[t]] for t in trips})
        for k, goes in enumerate(trips):
            for stays in trips[:k]:
                if bound[goes] or stays in gone or block[goes] not in {"", block[stays]}:
                    continue
                if not days[goes] & days[stays] & matter:
                    continue
                rest = days[goes] & ~days[stays]
                if not rest & matter:
                    gone.add(goes)
                    yield goes, stays, "dropped", "the same run twice in its feed"
                    break
                yield goes, stays, "dropped on some days", "the same run twice in its feed"
                days[goes] = rest
                service[goes] = roster.row(rest, (int(service[goes]), int(service[stays])))


def _bound_by_rule(feeds: Feeds) -> Bool:
    """Trips that a rule of transfers.txt names."""
    bound = np.zeros(len(feeds.trips), bool)
    for column in ("from_trip", "to_trip"):
        trips = feeds.transfers[column].to_numpy()
        bound[trips[trips >= 0]] = True
    return bound


def _with_same_calls(feeds: Feeds, chosen: Bool) -> list[list[int]]:
    """Groups of trips of one feed and mode whose rows of stop_times are the same."""
    first = calls_of(feeds).row
    trip = np.flatnonzero(chosen & (np.diff(first) > 0))
    low, high = first[trip], first[trip + 1]
    columns = {
        name: feeds.stop_times[name].to_numpy()
        for name in ("stop", "arrival_s", "departure_s", "pickup", "drop_off")
    }
    rough = pd.DataFrame(
        {
            "kind": _kind(feeds)[trip], "size": high - low, "leaves": columns["departure_s"][low],
            "comes": columns["arrival_s"][high - 1], "from": columns["stop"][low],
            "to": columns["stop"][high - 1],
        }
    )  # fmt: skip
    groups: dict[tuple[object, ...], list[int]] = {}
    for k in np.flatnonzero(rough.duplicated(keep=False)):
        same = tuple(values[low[k] : high[k]].tobytes() for values in columns.values())
        groups.setdefault((rough["kind"][k], *same), []).append(int(trip[k]))
    return [trips for trips in groups.values() if len(trips) > 1]


def _kind(feeds: Feeds) -> Int32:
    """Number of each trip's feed and mode together."""
    both = feeds.routes["feed"].to_numpy(object) + " " + feeds.routes["mode"].to_numpy(object)
    number, _ = pd.factorize(both)
    return np.asarray(number[feeds.trips["route"].to_numpy()], np.int32)


def _repeated_lines(feeds: Feeds, matter: int, two_editions: Sequence[str]) -> Iterator[Gone]:
    """Lines without times that call at the same stops at the same hours."""
    loose = np.flatnonzero(headway_trips(feeds))
    ids, feed, mode = (texts(feeds.trips["trip_id"]), texts(feeds.trips["feed"]), trip_modes(feeds))
    calls, runs = calls_of(feeds), runs_of_trips(feeds)
    bits, service = as_bits(feeds.services), feeds.trips["service"].to_numpy()
    route, hours = feeds.trips["route"].to_numpy(), _hours(feeds)
    groups: dict[tuple[str, str, bytes], list[int]] = {}
    for t in loose.tolist():
        key = (str(feed[t]), str(mode[t]), calls.stop[calls.of(t)].tobytes())
        groups.setdefault(key, []).append(t)

    def takes_s(trip: int) -> int:
        span = calls.of(trip)
        return int(calls.arrival_s[span][-1] - calls.departure_s[span][0])

    for (of_feed, _, _), trips in sorted(groups.items(), key=lambda item: ids[item[1][0]]):
        trips.sort(key=lambda t: (-int(runs[t]), str(ids[t])))
        stay: list[int] = []
        for t in trips:
            twin = next(
                (
                    s for s in stay
                    if route[s] != route[t] and bits[service[s]] & bits[service[t]] & matter
                    and hours[s][0] < hours[t][1] and hours[t][0] < hours[s][1]
                    and abs(takes_s(s) - takes_s(t)) <= RUN_TIME * min(takes_s(s), takes_s(t))
                ),
                None,
            )  # fmt: skip
            if twin is None:
                stay.append(t)
            elif of_feed not in two_editions:
                yield t, twin, "doubtful", PERHAPS
            elif bits[service[t]] & ~bits[service[twin]] & matter:
                yield t, twin, "doubtful", "one line in two editions, but not on all of its days"
            else:
                yield t, twin, "dropped", "one line in two editions of its feed"


def _hours(feeds: Feeds) -> npt.NDArray[np.int64]:
    """First and last second of each trip's frequencies, int64 (n_trips, 2); 0, 0 without."""
    table = feeds.frequencies
    hours = np.zeros((len(feeds.trips), 2), np.int64)
    hours[table["trip"].to_numpy(), 0] = np.iinfo(np.int64).max
    np.minimum.at(hours[:, 0], table["trip"].to_numpy(), table["start_s"].to_numpy(np.int64))
    np.maximum.at(hours[:, 1], table["trip"].to_numpy(), table["end_s"].to_numpy(np.int64))
    return hours
