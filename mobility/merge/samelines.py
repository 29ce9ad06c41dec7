"""The same line in two feeds of which one has no real times: told by stations and run time."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import Match, SequenceMatcher

import numpy as np
import pandas as pd

from mobility.feeds.model import Feeds
from mobility.merge.calls import (
    Calls,
    calls_of,
    feed_ids,
    feed_numbers,
    headway_trips,
    runs_of_trips,
    trip_modes,
)
from mobility.merge.days import as_bits, days_that_matter
from mobility.merge.duplicates import dropped_row
from mobility.merge.edit import keep_trips
from mobility.merge.model import (
    TRIPS_DROPPED,
    Int32,
    distinct_pairs,
    labels_of,
    rows_of,
    texts,
)

MADE = ("modelled", "headway")
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
    part_at_least
        Below this share it is not even doubtful.
    frequency
        Largest ratio of the numbers of runs, asked where neither feed has real times…
    certain_shared, certain_part
        …unless so many stations, and so large a share, agree.
    """

    least_shared: int = 4
    part: float = 0.8
    run_time: float = 0.25
    run_time_s: int = 300
    frequency: float = 1.7
    part_at_least: float = 0.6
    certain_shared: int = 8
    certain_part: float = 0.95


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
    calls, labels = calls_of(feeds), labels_of(feeds)
    patterns = _patterns(feeds, calls, station, day, modelled)
    served = _served_by(feeds, calls, station)
    rulings = _rulings(patterns, _meeting(patterns), served, rules)
    evidence: list[dict[str, object]] = []
    gone = np.zeros(len(feeds.trips), bool)
    for ruling in rulings:
        goes, stays = ruling.goes, ruling.stays
        if gone[list(goes.trips)].all() or gone[list(stays.trips)].any():
            continue
        evidence += [
            dropped_row(
                labels, calls, trip, stays.trips[0], shared=ruling.common,
                reason=ruling.reason, decision="dropped" if ruling.sure else "doubtful",
            )
            for trip in goes.trips
        ]  # fmt: skip
        if ruling.sure:
            gone[list(goes.trips)] = True
    dropped = {r["trip"] for r in evidence if r["decision"] == "dropped"}
    rows = [r for r in evidence if r["decision"] == "dropped" or r["trip"] not in dropped]
    rows = list({r["trip"]: r for r in reversed(rows)}.values())
    table = rows_of(TRIPS_DROPPED, rows).sort_values("trip", kind="stable")
    return keep_trips(feeds, ~gone), table.reset_index(drop=True)


@dataclass(frozen=True)
class _Ruling:
    """What two patterns are to each other: `goes` is superfluous, surely or perhaps."""

    goes: _Pattern
    stays: _Pattern
    common: int
    share: float
    sure: bool = False
    reason: str = ""


def _rulings(
    patterns: list[_Pattern], pairs: list[tuple[_Pattern, _Pattern]],
    served: dict[tuple[int, str], set[int]], rules: Likeness,
) -> list[_Ruling]:  # fmt: skip
    """Rule on each pattern that meets one like it in another feed; sure rulings first."""
    like = [found for p, q in pairs if (found := _compare(p, q, served, rules)) is not None]
    runs: dict[tuple[int, int], int] = {}
    for found in like:
        # Variants of the line that stays count together.
        if found.share >= rules.part:
            key = (id(found.goes), found.stays.feed)
            runs[key] = runs.get(key, 0) + found.stays.runs
    ruled = []
    for found in like:
        there = runs.get((id(found.goes), found.stays.feed), found.stays.runs)
        ruling = _rule(found, there, rules)
        if ruling is not None:
            ruled.append(ruling)
    place = {id(pattern): k for k, pattern in enumerate(patterns)}
    return sorted(
        ruled,
        key=lambda r: (not r.sure, -r.share, -r.common, place[id(r.goes)], place[id(r.stays)]),
    )


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
    names = feed_ids(feeds)
    for (f, _, _), trips in groups.items():
        trips.sort(key=lambda t: (calls.departure_s[calls.first[t]], ids[t]))
        span = calls.of(trips[0])
        days = 0
        for trip in trips:
            days |= bits[service[trip]] & matter
        spread = (
            "headway" if headway[trips].all()
            else "modelled" if names[f] in modelled
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
    stations, _ = distinct_pairs(at, feed[calls.trip])
    n_feeds = np.bincount(stations, minlength=int(at.max(initial=-1)) + 1)
    shared = (n_feeds > 1)[at]
    count = np.bincount(calls.trip[shared], minlength=len(feeds.trips))
    return [int(t) for t in np.flatnonzero(count >= 2)]


def _is_even(calls: Calls, trips: list[int]) -> bool:
    if len(trips) < EVEN_TRIPS:
        return False
    gaps = np.diff(calls.departure_s[calls.first[trips]])
    return bool(gaps.max() - gaps.min() <= EVEN_S)


def _served_by(feeds: Feeds, calls: Calls, station: Int32) -> dict[tuple[int, str], set[int]]:
    """(feed, mode) → its stations: a bus at the station says nothing of the trains there."""
    feed = feed_numbers(feeds, texts(feeds.trips["feed"]))
    code, names = pd.factorize(trip_modes(feeds), sort=True)
    group = (feed * len(names) + code)[calls.trip]
    served: dict[tuple[int, str], set[int]] = {}
    pairs = distinct_pairs(group, station[calls.stop])
    for key, one in zip(*(column.tolist() for column in pairs), strict=True):
        served.setdefault((key // len(names), str(names[key % len(names)])), set()).add(one)
    return served


def _meeting(patterns: list[_Pattern]) -> list[tuple[_Pattern, _Pattern]]:
    """Pairs of patterns of two feeds, one without real times, that share two stations."""
    at: dict[int, set[int]] = {}
    for k, pattern in enumerate(patterns):
        for one in set(pattern.stations):
            at.setdefault(one, set()).add(k)
    pairs: set[tuple[int, int]] = set()
    for k, pattern in enumerate(patterns):
        if not pattern.spread:
            continue
        met = Counter(other for one in set(pattern.stations) for other in at[one])
        pairs |= {
            (min(k, other), max(k, other)) for other, count in met.items()
            if count >= 2 and _comparable(pattern, patterns[other])
        }  # fmt: skip
    return [(patterns[a], patterns[b]) for a, b in sorted(pairs)]


def _comparable(p: _Pattern, q: _Pattern) -> bool:
    return p.feed != q.feed and p.mode == q.mode and bool(p.days & q.days)


def _compare(
    p: _Pattern, q: _Pattern, served: dict[tuple[int, str], set[int]], rules: Likeness
) -> _Ruling | None:
    """Compare two patterns; None where stations or run times show that they are two lines."""
    way_p = [(k, s) for k, s in enumerate(p.stations) if s in served[q.feed, q.mode]]
    way_q = [(k, s) for k, s in enumerate(q.stations) if s in served[p.feed, p.mode]]
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
    if not _gapless(blocks, p.mode, rules):
        return None
    goes, stays = _weaker(p, q)
    way, low, high = (way_p, p0, p1) if goes is p else (way_q, q0, q1)
    # Of its stations both feeds know, and of its whole way, how much lies on the other's?
    share = min(common / len(way), (high - low + 1) / len(goes.stations))
    return _Ruling(goes, stays, common, share)


def _rule(found: _Ruling, runs_there: int, rules: Likeness) -> _Ruling | None:
    """Say whether two lines alike in stations and run time are surely one."""
    goes, stays = found.goes, found.stays
    ratio = max(goes.runs, runs_there) / max(1, min(goes.runs, runs_there))
    doubt = ""
    if found.share < rules.part_at_least or (goes.spread == "even" and ratio > rules.frequency):
        return None
    if goes.spread == "even":
        doubt = "perhaps the same line, evenly spread times"
    elif found.share < rules.part:
        doubt = "the same line in part only"
    elif not _certain(found, rules) and ratio > rules.frequency and stays.spread in MADE:
        doubt = "the same line, but neither feed has real times and the frequencies differ"
    elif goes.days & ~stays.days:
        doubt = "the same line, but not on all of its days"
    text = doubt or "same line in another feed, no real times here"
    reason = f"{text} ({goes.runs} runs, {runs_there} in the other feed)"
    return replace(found, sure=not doubt, reason=reason)


def _certain(found: _Ruling, rules: Likeness) -> bool:
    """So many stations in the same order that modelled frequencies need not agree."""
    return found.common >= rules.certain_shared and found.share >= rules.certain_part


def _gapless(blocks: list[Match], mode: str, rules: Likeness) -> bool:
    """Trains must agree at every station between; street lines at most of them."""
    first, last = blocks[0], blocks[-1]
    if mode == "rail":
        return len(blocks) == 1
    span = max(last.a + last.size - first.a, last.b + last.size - first.b)
    return sum(b.size for b in blocks) >= rules.part * span


def _weaker(p: _Pattern, q: _Pattern) -> tuple[_Pattern, _Pattern]:
    """(goes, stays): published times stay; of two without, the one with more stations."""
    rank = {"": 0, "even": 1, "modelled": 2, "headway": 3}
    if p.spread in MADE and q.spread in MADE and len(p.stations) != len(q.stations):
        stays, goes = (p, q) if len(p.stations) > len(q.stations) else (q, p)
    else:
        stays, goes = sorted((p, q), key=lambda x: (rank[x.spread], -len(x.stations)))
    return goes, stays
