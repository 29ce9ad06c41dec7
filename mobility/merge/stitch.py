"""Trips cut at the border: one ends where, in another feed, one begins."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mobility.feeds.model import Feeds
from mobility.merge.calls import Calls, calls_of, feed_numbers, template_trips, trip_modes
from mobility.merge.days import days_that_matter
from mobility.merge.duplicates import Tolerance, meeting_trips
from mobility.merge.edit import keep_stop_times
from mobility.merge.ends import LONGEST_DWELL_S, Ends, ends_of, stitched_row, turns_back
from mobility.merge.model import Int32, Int64, Text, texts
from mobility.merge.names import best_likeness
from mobility.merge.through import Found, join_found

ALIKE = 0.8
WAY = "across feeds"
PRODUCTS = frozenset(["ic", "ir", "re", "rb", "rs", "s", "p", "l", "spr", "st", "bus", "exp", "ec"])
"""Short names that say what kind of train it is, not which line."""


@dataclass(frozen=True)
class _Identity:
    """What tells that two trips are one ride; text columns of trips and routes, per trip."""

    number: Text
    line: Text
    block: Text
    headsign: Text
    mode: Text
    country_a: Text
    country_b: Text


def stitch_trips(
    feeds: Feeds, station: Int32, *, day: dt.date | None
) -> tuple[Feeds, pd.DataFrame]:
    """Join trips that end at a station in one feed and go on from it in another.

    Joined if the dwell is 0 to 15 minutes, the mode is the same, the ride crosses a border
    and doesn't turn back, both run on the same day, and the train number, line number,
    vehicle or destination shows that it is one ride; each piece with its nearest partner.
    Pieces that overlap at two or more stations with the same times are joined at the last of
    them. Without such a sign they are listed as doubtful.

    Parameters
    ----------
    feeds
        Feeds, duplicates already gone.
    station
        int32 (n_stops,), as from `station_of`.
    day
        Days that matter; None, all.

    Returns
    -------
    Feeds
        With joined trips in the place of their pieces.
    pandas.DataFrame
        `TRIPS_STITCHED` rows.
    """
    trimmed, overlaps = _cut_overlaps(feeds, station, days_that_matter(feeds.services, day))
    ends = ends_of(trimmed, station)
    sign = _identity(trimmed, ends)
    found = Found()
    taken_a, taken_b = {a for a, _ in overlaps}, {b for _, b in overlaps}
    for a, b in overlaps:
        found.add(
            a, b, ends.days[a] & ends.days[b], WAY, "same times where both have it", certain=True
        )
    signed, unsigned = [], []
    for a, b, dwell in _touching(trimmed, ends):
        if a in taken_a or b in taken_b or not _fits(ends, sign, a, b):
            continue
        why = _why(ends, sign, a, b)
        if why:
            signed.append((not why.startswith("train"), dwell, a, b, why))
        else:
            unsigned.append((False, dwell, a, b, "nothing tells that it is the same vehicle"))
    ids = texts(trimmed.trips["trip_id"])
    for a, b, why in _nearest(signed, ids, taken_a, taken_b, ends):
        found.add(a, b, ends.days[a] & ends.days[b], WAY, why)
    for a, b, why in _nearest(unsigned, ids, taken_a, taken_b, ends):
        found.other.append(
            stitched_row(ends, a, b, decision="doubtful", way=WAY, reason=why,
                         days=ends.days[a] & ends.days[b])
        )  # fmt: skip
    return join_found(trimmed, ends, found, day)


def _identity(feeds: Feeds, ends: Ends) -> _Identity:
    trips, routes = feeds.trips, feeds.routes
    line = np.array([_line_number(x) for x in texts(routes["short_name"])], object)
    line = line[trips["route"].to_numpy()]
    block = np.array([b.rpartition(":")[2] for b in texts(trips["block_id"])], object)
    country = texts(feeds.stops["country"])
    home = {source.id: source.country for source in feeds.sources}
    own = np.array([home[f] for f in texts(trips["feed"])], object)
    first, last = country[ends.calls.stop[ends.first]], country[ends.calls.stop[ends.last]]
    # Where the stops' country is unknown the feed's must do.
    return _Identity(
        texts(trips["short_name"]), line, block, texts(trips["headsign"]), trip_modes(feeds),
        np.where(first == "", own, first).astype(object),
        np.where(last == "", own, last).astype(object),
    )  # fmt: skip


def _line_number(short_name: str) -> str:
    """Line number in one spelling, ``""`` where it only names a kind of train."""
    bare = "".join(c for c in short_name.casefold() if c.isalnum())
    return "" if bare in PRODUCTS else bare


def _touching(feeds: Feeds, ends: Ends) -> list[tuple[int, int, int]]:
    """(a, b, dwell): trips of two feeds, b beginning where a ends, at most 15 minutes later."""
    feed = feed_numbers(feeds, texts(feeds.trips["feed"]))
    usable = ~template_trips(feeds)
    a, b = np.flatnonzero(usable), np.flatnonzero(usable)
    end, begin = ends.place[ends.last], ends.place[ends.first]
    a, b = a[np.isin(end[a], begin)], b[np.isin(begin[b], end)]
    wide = 1_000_000
    key_a = end[a].astype(np.int64) * wide + ends.calls.arrival_s[ends.last[a]]
    key_b = begin[b].astype(np.int64) * wide + ends.calls.departure_s[ends.first[b]]
    order = np.argsort(key_b, kind="stable")
    low = np.searchsorted(key_b[order], key_a, side="left")
    high = np.searchsorted(key_b[order], key_a + LONGEST_DWELL_S, side="right")
    return [
        (int(a[k]), int(b[m]), int(key_b[m] - key_a[k]))
        for k in np.flatnonzero(high > low)
        for m in order[low[k] : high[k]]
        if feed[a[k]] != feed[b[m]]
    ]


def _fits(ends: Ends, sign: _Identity, a: int, b: int) -> bool:
    return bool(
        sign.mode[a] == sign.mode[b]
        and ends.days[a] & ends.days[b]
        and sign.country_a[a] != sign.country_b[b]
        and not turns_back(ends, (a,), b)
    )


def _why(ends: Ends, sign: _Identity, a: int, b: int) -> str:
    """What shows that two pieces are one ride, ``""`` if nothing does."""
    if sign.number[a] and sign.number[a] == sign.number[b]:
        return f"train or trip number {sign.number[a]} in both"
    if sign.line[a] and sign.line[a] == sign.line[b]:
        return f"line {sign.line[a].upper()} in both"
    if sign.block[a] and sign.block[a] == sign.block[b]:
        return f"vehicle {sign.block[a]} in both"
    here, there = (ends.labels.stop_name[ends.calls.stop[ends.last[t]]] for t in (a, b))
    if sign.headsign[a] and not _same_name(sign.headsign[a], here) and (
        _same_name(sign.headsign[a], there)
    ):  # fmt: skip
        return "the first piece is signed to where the second ends"
    return ""


def _same_name(one: str, other: str) -> bool:
    return best_likeness([one], [other]) >= ALIKE


def _nearest(
    pairs: list[tuple[bool, int, int, int, str]], ids: Text,
    taken_a: set[int], taken_b: set[int], ends: Ends,
) -> list[tuple[int, int, str]]:  # fmt: skip
    """Give each trip its nearest partner, on each day one; sure signs and short dwells first."""
    left_a: dict[int, int] = {}
    left_b: dict[int, int] = {}
    chosen = []
    for _, _, a, b, why in sorted(pairs, key=lambda p: (p[0], p[1], ids[p[2]], ids[p[3]])):
        if a in taken_a or b in taken_b:
            continue
        both = ends.days[a] & ends.days[b]
        if both & left_a.get(a, both) & left_b.get(b, both):
            chosen.append((a, b, why))
            left_a[a] = left_a.get(a, ends.days[a]) & ~both
            left_b[b] = left_b.get(b, ends.days[b]) & ~both
    taken_a |= set(left_a)
    taken_b |= set(left_b)
    return chosen


def _cut_overlaps(feeds: Feeds, station: Int32, matter: int) -> tuple[Feeds, list[tuple[int, int]]]:
    """Trips that overlap with the same times: cut the second where the first ends."""
    calls = calls_of(feeds)
    pairs = meeting_trips(feeds, calls, station, Tolerance())
    if not len(pairs):
        return feeds, []
    ids = texts(feeds.trips["trip_id"])
    count = calls.count()
    ends = ends_of(feeds, station)
    sign = _identity(feeds, ends)
    found: list[tuple[int, int]] = []
    cut_at: dict[int, int] = {}
    used: set[int] = set()
    rows = sorted(
        pairs.itertuples(index=False), key=lambda p: (p.total, *sorted((ids[p.a], ids[p.b])))
    )
    for p in rows:
        oriented = _orient(p, count)
        if oriented is None or p.smallest >= Tolerance().rounding_s:
            continue
        a, b, at_b = oriented
        same_days = ends.days[a] & matter == ends.days[b] & matter
        other_number = sign.mode[a] == "rail" and sign.number[a] != sign.number[b] and (
            sign.number[a] and sign.number[b]
        )  # fmt: skip
        if {a, b} & used or not same_days or other_number or p.largest > Tolerance().rounding_s:
            continue
        used |= {a, b}
        found.append((a, b))
        cut_at[b] = int(calls.first[b]) + at_b
    return _without_heads(feeds, calls, cut_at), found


def _orient(p: object, count: Int64) -> tuple[int, int, int] | None:
    """(first, second, call of the second at which the first ends) for overlapping trips."""
    a, b = int(p.a), int(p.b)  # type: ignore[attr-defined]
    sides = (
        (a, b, p.first_a, p.last_a, p.first_b, p.last_b),  # type: ignore[attr-defined]
        (b, a, p.first_b, p.last_b, p.first_a, p.last_a),  # type: ignore[attr-defined]
    )
    for one, other, first_one, last_one, first_other, last_other in sides:
        if (
            first_one > 0
            and last_one == count[one] - 1
            and first_other == 0
            and last_other < count[other] - 1
        ):
            return one, other, int(last_other)
    return None


def _without_heads(feeds: Feeds, calls: Calls, cut_at: dict[int, int]) -> Feeds:
    """Take out the stop times of each trip before the given call."""
    if not cut_at:
        return feeds
    times = feeds.stop_times
    at, leaves = times["stop"].to_numpy(), times["departure_s"].to_numpy()
    keep = np.ones(len(times), bool)
    for number, call in sorted(cut_at.items()):
        low, high = calls.row[number], calls.row[number + 1]
        rows = np.arange(low, high)
        here = rows[(at[rows] == calls.stop[call]) & (leaves[rows] == calls.departure_s[call])]
        keep[low : here[0]] = False
    return keep_stop_times(feeds, keep)
