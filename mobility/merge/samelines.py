"""The same line in two feeds of which one has no real times: told by stations and run time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np
import pandas as pd

from mobility.feeds.model import Feeds
from mobility.merge.calls import (
    Calls,
    calls_of,
    feed_numbers,
    headway_trips,
    runs_of_trips,
    trip_modes,
)
from mobility.merge.days import as_bits, days_that_matter
from mobility.merge.duplicates import dropped_row
from mobility.merge.edit import keep_trips
from mobility.merge.model import TRIPS_DROPPED, Int32, rows_of, texts

EVEN_S = 45
"""Departures whose gaps differ by no more are spread evenly."""
EVEN_TRIPS = 8
"""Fewer departures prove nothing."""


@dataclass(frozen=True)
class Likeness:
    """When two lines without common times are one line.

    Parameters
    ----------
    least_shared
        Stations both call at, on streets; trains need two.
    part
        Share of the stations both feeds know, on either's way, that must agree.
    run_time
        Largest relative difference of run times over the shared stations…
    run_time_s
        …or this many seconds.
    frequency
        Largest ratio of the numbers of runs, asked where neither feed has real times.
    """

    least_shared: int = 4
    part: float = 0.8
    run_time: float = 0.25
    run_time_s: int = 300
    frequency: float = 1.7


@dataclass(frozen=True)
class _Pattern:
    """Trips of one line and feed with the same stations: what can be compared without times."""

    feed: int
    mode: str
    trips: tuple[int, ...]
    stations: tuple[int, ...]
    offset_s: tuple[int, ...]
    runs: int
    days: int
    spread: str


def drop_same_lines(
    feeds: Feeds,
    station: Int32,
    *,
    day: dt.date | None,
    modelled: Sequence[str] = (),
    likeness: Likeness | None = None,
) -> tuple[Feeds, pd.DataFrame]:
    """Drop a line that another feed has too, where one of the two has no real times.

    Times can't agree where they were never published: in frequencies with exact_times=0, and
    in feeds the region file names as modelled. There a line is the same if it calls at the
    same stations in the same order wherever both feeds know them, in the same run time, by the
    same mode. The published times stay; of two without, the one with more stations, provided
    they run about as often. A line whose departures are merely spread evenly is only listed
    as doubtful: a clockface timetable looks the same.

    Parameters
    ----------
    feeds
        Feeds, exact duplicates already gone.
    station
        int32 (n_stops,), as from `station_of`.
    day
        Days that matter; None, all.
    modelled
        Feeds whose departure times are modelled.
    likeness
        Thresholds.
    """
    rules = likeness or Likeness()
    calls = calls_of(feeds)
    patterns = _patterns(feeds, calls, station, day, modelled)
    shared = _served_by(calls, station, feed_numbers(feeds, texts(feeds.trips["feed"])))
    evidence: list[dict[str, object]] = []
    gone = np.zeros(len(feeds.trips), bool)
    for p, q in _meeting(patterns, shared):
        found = _compare(p, q, shared, rules)
        if found is None or gone[list(p.trips)].all() or gone[list(q.trips)].all():
            continue
        goes, stays, sure, reason, common = found
        if sure and any(gone[t] for t in stays.trips):
            continue
        for trip in goes.trips:
            if not gone[trip]:
                evidence.append(
                    dropped_row(
                        feeds, calls, trip, stays.trips[0], shared=common, reason=reason,
                        decision="dropped" if sure else "doubtful",
                    )
                )  # fmt: skip
        if sure:
            gone[list(goes.trips)] = True
    ids = texts(feeds.trips["trip_id"])
    dropped = set(ids[gone])
    rows = [r for r in evidence if r["decision"] == "dropped" or r["trip"] not in dropped]
    table = rows_of(TRIPS_DROPPED, rows)
    table = table.sort_values(["trip", "decision", "kept_trip"], ascending=[True, False, True])
    table = table.drop_duplicates("trip").reset_index(drop=True)
    return keep_trips(feeds, ~gone), table


def _patterns(
    feeds: Feeds, calls: Calls, station: Int32, day: dt.date | None, modelled: Sequence[str]
) -> list[_Pattern]:
    ids, mode = texts(feeds.trips["trip_id"]), trip_modes(feeds)
    feed = feed_numbers(feeds, texts(feeds.trips["feed"]))
    headway, runs = headway_trips(feeds), runs_of_trips(feeds)
    bits = as_bits(feeds.services)
    matter = days_that_matter(feeds.services, day)
    service, route = feeds.trips["service"].to_numpy(), feeds.trips["route"].to_numpy()
    at = station[calls.stop]
    groups: dict[tuple[int, int, bytes], list[int]] = {}
    for trip in _of_interest(feeds, calls, at, feed):
        key = (int(feed[trip]), int(route[trip]), at[calls.of(trip)].tobytes())
        groups.setdefault(key, []).append(trip)
    patterns = []
    for (f, _, _), trips in groups.items():
        trips.sort(key=lambda t: (calls.departure_s[calls.first[t]], ids[t]))
        span = calls.of(trips[0])
        days = 0
        for trip in trips:
            days |= bits[service[trip]] & matter
        spread = (
            "headway" if headway[trips].all()
            else "modelled" if feeds.sources[f].id in modelled
            else "even" if _is_even(calls, trips)
            else ""
        )  # fmt: skip
        start = int(calls.departure_s[span.start])
        patterns.append(
            _Pattern(
                f, str(mode[trips[0]]), tuple(trips), tuple(at[span].tolist()),
                tuple((calls.arrival_s[span] - start).tolist()), int(runs[trips].sum()),
                days, spread,
            )
        )  # fmt: skip
    return sorted(patterns, key=lambda p: str(ids[p.trips[0]]))


def _of_interest(feeds: Feeds, calls: Calls, at: Int32, feed: Int32) -> list[int]:
    """Trips with two or more calls at stations that another feed serves too."""
    pairs = np.unique(np.column_stack([at, feed[calls.trip]]), axis=0)
    n_feeds = np.bincount(pairs[:, 0], minlength=int(at.max(initial=-1)) + 1)
    shared = (n_feeds > 1)[at]
    count = np.bincount(calls.trip[shared], minlength=len(feeds.trips))
    return [int(t) for t in np.flatnonzero(count >= 2)]


def _is_even(calls: Calls, trips: list[int]) -> bool:
    if len(trips) < EVEN_TRIPS:
        return False
    gaps = np.diff(calls.departure_s[calls.first[trips]])
    return bool(gaps.max() - gaps.min() <= EVEN_S)


def _served_by(calls: Calls, station: Int32, feed: Int32) -> dict[int, set[int]]:
    """Feed → its stations."""
    pairs = np.unique(np.column_stack([feed[calls.trip], station[calls.stop]]), axis=0)
    served: dict[int, set[int]] = {}
    for f, one in pairs.tolist():
        served.setdefault(f, set()).add(one)
    return served


def _meeting(
    patterns: list[_Pattern], served: dict[int, set[int]]
) -> list[tuple[_Pattern, _Pattern]]:
    """Pairs of patterns of two feeds, one without real times, that share two stations."""
    at: dict[int, set[int]] = {}
    for k, pattern in enumerate(patterns):
        for one in set(pattern.stations):
            at.setdefault(one, set()).add(k)
    pairs: set[tuple[int, int]] = set()
    for k, pattern in enumerate(patterns):
        if not pattern.spread:
            continue
        met: dict[int, int] = {}
        for one in set(pattern.stations):
            for other in at[one]:
                met[other] = met.get(other, 0) + 1
        pairs |= {
            (min(k, other), max(k, other)) for other, count in met.items()
            if count >= 2 and _comparable(pattern, patterns[other])
        }  # fmt: skip
    found = [(patterns[a], patterns[b]) for a, b in sorted(pairs)]
    # Long agreements first, so that a short variant goes for the line it is a variant of.
    return sorted(found, key=lambda pq: -min(len(set(pq[0].stations) & served[pq[1].feed]),
                                             len(set(pq[1].stations) & served[pq[0].feed])))


def _comparable(p: _Pattern, q: _Pattern) -> bool:
    return p.feed != q.feed and p.mode == q.mode and bool(p.days & q.days)


def _compare(
    p: _Pattern, q: _Pattern, served: dict[int, set[int]], rules: Likeness
) -> tuple[_Pattern, _Pattern, bool, str, int] | None:
    """Say which of two patterns goes, which stays, whether surely, why, and shared stations."""
    way_p = [(k, s) for k, s in enumerate(p.stations) if s in served[q.feed]]
    way_q = [(k, s) for k, s in enumerate(q.stations) if s in served[p.feed]]
    matcher = SequenceMatcher(None, [s for _, s in way_p], [s for _, s in way_q], autojunk=False)
    blocks = [b for b in matcher.get_matching_blocks() if b.size]
    common = sum(b.size for b in blocks)
    if common < (2 if p.mode == "rail" else rules.least_shared):
        return None
    first, last = blocks[0], blocks[-1]
    p0, p1 = way_p[first.a][0], way_p[last.a + last.size - 1][0]
    q0, q1 = way_q[first.b][0], way_q[last.b + last.size - 1][0]
    run_p, run_q = p.offset_s[p1] - p.offset_s[p0], q.offset_s[q1] - q.offset_s[q0]
    if abs(run_p - run_q) > max(rules.run_time_s, rules.run_time * min(run_p, run_q)):
        return None
    share_p, share_q = common / len(way_p), common / len(way_q)
    if max(share_p, share_q) < rules.part or not _gapless(blocks, p.mode, rules, way_p, way_q):
        return None
    goes, stays = _weaker(p, q)
    share, low, high = (share_p, p0, p1) if goes is p else (share_q, q0, q1)
    beyond = 1.0 - (high - low + 1) / len(goes.stations)
    ratio = max(p.runs, q.runs) / max(1, min(p.runs, q.runs))
    return _ruling(goes, stays, share, beyond, ratio, common, rules)


def _ruling(
    goes: _Pattern, stays: _Pattern, share: float, beyond: float, ratio: float, common: int,
    rules: Likeness,
) -> tuple[_Pattern, _Pattern, bool, str, int] | None:  # fmt: skip
    """Say whether two lines alike in stations and run time are surely one."""
    counts = f"{goes.runs} runs, {stays.runs} in the other feed"
    doubt = ""
    if goes.spread == "even":
        if ratio > rules.frequency:
            return None
        doubt = "perhaps the same line, evenly spread times"
    elif min(share, 1.0 - beyond) < rules.part:
        doubt = "the same line in part only"
    elif stays.spread in ("modelled", "headway") and ratio > rules.frequency:
        doubt = "the same line, but neither feed has real times and the frequencies differ"
    elif goes.days & ~stays.days:
        doubt = "the same line, but not on all of its days"
    text = doubt or "same line in another feed, no real times here"
    return goes, stays, not doubt, f"{text} ({counts})", common


def _gapless(
    blocks: list[object], mode: str, rules: Likeness,
    way_p: list[tuple[int, int]], way_q: list[tuple[int, int]],
) -> bool:  # fmt: skip
    """Trains must agree at every station between; street lines at most of them."""
    first, last = blocks[0], blocks[-1]
    span_p = last.a + last.size - first.a  # type: ignore[attr-defined]
    span_q = last.b + last.size - first.b  # type: ignore[attr-defined]
    common = sum(b.size for b in blocks)  # type: ignore[attr-defined]
    if mode == "rail":
        return len(blocks) == 1
    return common >= rules.part * max(span_p, span_q)


def _weaker(p: _Pattern, q: _Pattern) -> tuple[_Pattern, _Pattern]:
    """(goes, stays): published times stay; of two without, the one with more stations."""
    made = ("modelled", "headway")
    rank = {"": 0, "even": 1, "modelled": 2, "headway": 3}
    if p.spread in made and q.spread in made and len(p.stations) != len(q.stations):
        stays, goes = (p, q) if len(p.stations) > len(q.stations) else (q, p)
    else:
        stays, goes = sorted((p, q), key=lambda x: (rank[x.spread], -len(x.stations)))
    return goes, stays
