"""The same run in two feeds: found by its stations and times, kept once."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mobility.feeds.model import Feeds
from mobility.merge.calls import Calls, calls_of, feed_numbers, template_trips, trip_modes
from mobility.merge.days import Roster, days_that_matter
from mobility.merge.edit import keep_trips, with_trip_services
from mobility.merge.model import (
    TRIPS_DROPPED,
    Bool,
    Int32,
    Int64,
    Labels,
    Text,
    distinct_pairs,
    labels_of,
    rows_of,
    texts,
)

Pair = Any  # a row of the pairs table, as a named tuple
OVERLAP = "each has a part the other lacks"
DAY_S = 200_000
"""More seconds than any time of a service day, so that station and time make one number."""


@dataclass(frozen=True)
class Tolerance:
    """When times count as the same.

    Parameters
    ----------
    rounding_s
        Largest difference at any shared stop; a difference of a full minute at *every* stop
        is another train, one at some stops is rounding.
    same_number_s
        Largest difference where both feeds give the train the same number.
    """

    rounding_s: int = 60
    same_number_s: int = 300


def drop_duplicates(
    feeds: Feeds, station: Int32, *, day: dt.date | None, tolerance: Tolerance | None = None
) -> tuple[Feeds, pd.DataFrame]:
    """Drop each run that another feed has as well and at least as completely.

    A run is the same if both call at the same stations in the same order wherever both feeds
    know the station, at the same times, on the same days, by the same mode, and one of them
    lies wholly inside the other. Where the days agree in part only, the trip that goes stays
    on the other days. What comes near to that but is not sure is listed as doubtful.

    Parameters
    ----------
    feeds
        Feeds.
    station
        int32 (n_stops,), as from `station_of`.
    day
        Days that matter: this one and its neighbours; None, all.
    tolerance
        Times.

    Returns
    -------
    Feeds
        Without the duplicates.
    pandas.DataFrame
        `TRIPS_DROPPED` rows.
    """
    rules = tolerance or Tolerance()
    calls = calls_of(feeds)
    pairs = meeting_trips(feeds, calls, station, rules)
    return _decide(feeds, calls, pairs, day, rules)


@dataclass(frozen=True)
class _Events:
    """Calls of one feed at stations that another serves too; `k` counts them within a trip."""

    trip: Int32
    station: Int32
    arrival_s: Int32
    departure_s: Int32
    order: Int32
    k: Int64


def _shared_events(calls: Calls, station: Int32, feed: Int32, f: int, shared: Bool) -> _Events:
    rows = np.flatnonzero((feed[calls.trip] == f) & shared[station[calls.stop]])
    trip = calls.trip[rows]
    start = np.r_[True, trip[1:] != trip[:-1]] if len(trip) else np.zeros(0, bool)
    k = np.arange(len(trip)) - np.flatnonzero(start)[np.cumsum(start) - 1]
    return _Events(
        trip, station[calls.stop[rows]], calls.arrival_s[rows], calls.departure_s[rows],
        calls.order[rows], k.astype(np.int64),
    )  # fmt: skip


def meeting_trips(feeds: Feeds, calls: Calls, station: Int32, rules: Tolerance) -> pd.DataFrame:
    """All pairs of trips of two feeds that meet at two or more stations at like times."""
    feed = feed_numbers(feeds, texts(feeds.trips["feed"]))
    # A template has no time of its own; headways are compared line by line elsewhere.
    timed = ~template_trips(feeds)
    modes = trip_modes(feeds)
    found = [pd.DataFrame()]
    for mode in sorted(set(modes)):
        # A bus at the station does not make its feed one that knows the trains there.
        of_mode = np.where(timed & (modes == mode), feed, -1).astype(np.int32)
        known = of_mode[calls.trip] >= 0
        serves = np.zeros((len(feeds.sources), int(station.max(initial=-1)) + 1), bool)
        serves[of_mode[calls.trip[known]], station[calls.stop[known]]] = True
        for f in range(len(feeds.sources)):
            for g in range(f + 1, len(feeds.sources)):
                shared = serves[f] & serves[g]
                if shared.any():
                    ours = _shared_events(calls, station, of_mode, f, shared)
                    theirs = _shared_events(calls, station, of_mode, g, shared)
                    found.append(_meet(ours, theirs, rules))
    filled = [part for part in found if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else found[0]


def _near_in_time(
    ours: _Events, theirs: _Events, a_s: Int32, b_s: Int32, tolerance_s: int
) -> tuple[Int64, Int64]:
    key_a = ours.station.astype(np.int64) * DAY_S + a_s
    key_b = theirs.station.astype(np.int64) * DAY_S + b_s
    order = np.argsort(key_b, kind="stable")
    low = np.searchsorted(key_b[order], key_a - tolerance_s, side="left")
    high = np.searchsorted(key_b[order], key_a + tolerance_s, side="right")
    count = high - low
    i = np.repeat(np.arange(len(key_a)), count)
    step = np.arange(len(i)) - np.repeat(np.cumsum(count) - count, count)
    return i.astype(np.int64), order[np.repeat(low, count) + step].astype(np.int64)


def _meet(ours: _Events, theirs: _Events, rules: Tolerance) -> pd.DataFrame:
    """Trips that meet: one row per pair with what agrees and what doesn't."""
    limit = rules.same_number_s
    by_departure = _near_in_time(ours, theirs, ours.departure_s, theirs.departure_s, limit)
    by_arrival = _near_in_time(ours, theirs, ours.arrival_s, theirs.arrival_s, limit)
    i, j = distinct_pairs(
        np.concatenate([by_departure[0], by_arrival[0]]),
        np.concatenate([by_departure[1], by_arrival[1]]),
    )
    leaves = np.abs(ours.departure_s[i].astype(np.int64) - theirs.departure_s[j])
    comes = np.abs(ours.arrival_s[i].astype(np.int64) - theirs.arrival_s[j])
    gap = np.minimum(leaves, comes)
    # A loop meets itself twice at one station: the nearest in time is meant.
    k_a, k_b = ours.k, theirs.k
    i, j, gap = _nearest_only(i, j, gap, (ours.trip[i], theirs.trip[j], k_a[i]), k_b[j])
    i, j, gap = _nearest_only(i, j, gap, (ours.trip[i], theirs.trip[j], k_b[j]), k_a[i])
    return _summed(i, j, gap, ours, theirs)


def _nearest_only(
    i: Int64, j: Int64, gap: Int64, key: tuple[Int32, Int32, Int64], then: Int64
) -> tuple[Int64, Int64, Int64]:
    """Of the meetings with one key keep that of the smallest gap; sorted by key."""
    order = np.lexsort((then, gap, key[2], key[1], key[0]))
    new = np.ones(len(order), bool)
    if len(order) > 1:
        new[1:] = np.logical_or.reduce([k[order][1:] != k[order][:-1] for k in key])
    keep = order[new]
    return i[keep], j[keep], gap[keep]


def _summed(i: Int64, j: Int64, gap: Int64, ours: _Events, theirs: _Events) -> pd.DataFrame:
    """One row per pair of trips with two or more meetings; rows come sorted by pair."""
    a, b = ours.trip[i], theirs.trip[j]
    start = np.flatnonzero(np.r_[True, (a[1:] != a[:-1]) | (b[1:] != b[:-1])]) if len(a) else i
    shared = np.diff(np.r_[start, len(a)])

    def least(values: Int32 | Int64) -> Int64:
        return np.minimum.reduceat(values, start).astype(np.int64) if len(start) else start

    def most(values: Int32 | Int64) -> Int64:
        return np.maximum.reduceat(values, start).astype(np.int64) if len(start) else start

    table = pd.DataFrame(
        {
            "a": a[start], "b": b[start], "shared": shared, "largest": most(gap),
            "smallest": least(gap), "total": np.add.reduceat(gap, start) if len(start) else start,
            "first_a": least(ours.order[i]), "last_a": most(ours.order[i]),
            "k_a0": least(ours.k[i]), "k_a1": most(ours.k[i]),
            "first_b": least(theirs.order[j]), "last_b": most(theirs.order[j]),
            "k_b0": least(theirs.k[j]), "k_b1": most(theirs.k[j]),
        }
    )  # fmt: skip
    table = table[table["shared"] >= 2]
    # Between the first and the last shared call, both must call wherever both feeds know
    # the station; else one skips what the other serves, and they are two trains.
    gapless = (table["k_a1"] - table["k_a0"] + 1 == table["shared"]) & (
        table["k_b1"] - table["k_b0"] + 1 == table["shared"]
    )
    table = table[gapless]
    size_a, size_b = np.bincount(ours.trip), np.bincount(theirs.trip)
    # Calls at shared stations that only the one makes, before and after.
    table["more_a"] = size_a[table["a"]] - table["shared"]
    table["more_b"] = size_b[table["b"]] - table["shared"]
    return table.reset_index(drop=True)


@dataclass(frozen=True)
class _Verdict:
    """What is to be done with a pair: `goes` is superfluous beside `stays`."""

    goes: int
    stays: int
    sure: bool
    reason: str


def _decide(
    feeds: Feeds, calls: Calls, pairs: pd.DataFrame, day: dt.date | None, rules: Tolerance
) -> tuple[Feeds, pd.DataFrame]:
    ids = texts(feeds.trips["trip_id"])
    labels = labels_of(feeds)
    roster = Roster(feeds.services)
    service = feeds.trips["service"].to_numpy(np.int32).copy()
    days = [roster.bits[s] for s in service]
    matter = days_that_matter(feeds.services, day)
    number, mode = texts(feeds.trips["short_name"]), trip_modes(feeds)
    count = calls.count()
    evidence: list[dict[str, object]] = []
    doubtful: list[tuple[_Verdict, Pair]] = []
    replaced: dict[int, set[int]] = {}
    gone = np.zeros(len(ids), bool)
    for pair in _in_order(pairs, ids):
        verdict = _judge(pair, number, mode, count, ids, rules)
        if verdict is None or gone[pair.a] or gone[pair.b]:
            continue
        goes, stays = verdict.goes, verdict.stays
        both = days[goes] & days[stays] & matter
        if not both:
            continue
        if not verdict.sure:
            doubtful.append((verdict, pair))
            continue
        rest = days[goes] & ~days[stays]
        replaced.setdefault(goes, set()).add(int(service[stays]))
        gone[goes] = not rest & matter
        if not gone[goes]:
            days[goes] = rest
        decision = "dropped" if gone[goes] else "dropped on some days"
        evidence.append(_row(labels, calls, verdict, pair, decision))
    for verdict, pair in doubtful:
        if not (gone[verdict.goes] or gone[verdict.stays]):
            evidence.append(_row(labels, calls, verdict, pair, "doubtful"))
    for trip, others in sorted(replaced.items(), key=lambda item: str(ids[item[0]])):
        if not gone[trip]:
            service[trip] = roster.row(days[trip], (int(service[trip]), *sorted(others)))
    table = rows_of(TRIPS_DROPPED, evidence)
    table = table.sort_values(["trip", "kept_trip"], kind="stable").reset_index(drop=True)
    if not replaced:
        return feeds, table
    changed = with_trip_services(feeds, service, roster.services())
    return keep_trips(changed, ~gone), table


def _in_order(pairs: pd.DataFrame, ids: Text) -> list[Pair]:
    """Pairs, the surest first, told apart by ids so that the order of feeds has no say."""
    if not len(pairs):
        return []
    low, high = ids[pairs["a"].to_numpy()], ids[pairs["b"].to_numpy()]
    swap = low > high
    order = pd.DataFrame(
        {
            "shared": -pairs["shared"].to_numpy(), "total": pairs["total"].to_numpy(),
            "low": np.where(swap, high, low), "high": np.where(swap, low, high),
        }
    ).sort_values(["total", "shared", "low", "high"], kind="stable")  # fmt: skip
    return list(pairs.iloc[order.index.to_numpy()].itertuples(index=False))


def _judge(
    pair: Pair, number: Text, mode: Text, count: Int64, ids: Text, rules: Tolerance
) -> _Verdict | None:
    """Which of the two goes, and whether that is sure; None if they are two trips."""
    a, b = int(pair.a), int(pair.b)
    same_number = bool(number[a]) and number[a] == number[b]
    other_number = mode[a] == "rail" and bool(number[a] and number[b]) and not same_number
    if pair.largest > (rules.same_number_s if same_number else rules.rounding_s):
        return None
    front_a, front_b = pair.first_a > 0, pair.first_b > 0
    back_a, back_b = pair.last_a < count[a] - 1, pair.last_b < count[b] - 1
    if (front_a and front_b) or (back_a and back_b):
        # Both go on where the other doesn't: two trains unless the stops there don't match.
        if pair.shared < 3 or pair.more_a or pair.more_b:
            return None
        return _verdict(a, b, count, ids, sure=False, reason="both go on beyond what they share")
    if (front_a or back_a) and (front_b or back_b):
        return _verdict(a, b, count, ids, sure=False, reason=OVERLAP)
    if not same_number and pair.smallest >= rules.rounding_s:
        return _verdict(a, b, count, ids, sure=False, reason="a minute apart at every stop")
    if other_number and (pair.largest > 0 or pair.shared < 3):
        return _verdict(a, b, count, ids, sure=False, reason="other train number")
    inside = front_a or back_a or front_b or back_b
    reason = "part of a trip in another feed" if inside else "same trip in another feed"
    # The longer one stays even where its feed lists fewer of the stops in between.
    if inside:
        longer = a if front_a or back_a else b
        return _Verdict(b if longer == a else a, longer, sure=True, reason=reason)
    return _verdict(a, b, count, ids, sure=True, reason=reason)


def _verdict(a: int, b: int, count: Int64, ids: Text, *, sure: bool, reason: str) -> _Verdict:
    """Let the one with more calls stay; if equal, the one whose id comes first."""
    first, second = sorted((a, b), key=lambda t: (-int(count[t]), str(ids[t])))
    return _Verdict(second, first, sure, reason)


def _row(
    labels: Labels, calls: Calls, verdict: _Verdict, pair: Pair, decision: str
) -> dict[str, object]:
    return dropped_row(
        labels, calls, verdict.goes, verdict.stays, decision=decision, reason=verdict.reason,
        shared=int(pair.shared), largest_s=float(pair.largest),
    )  # fmt: skip


def dropped_row(
    labels: Labels, calls: Calls, goes: int, stays: int, *, decision: str,
    reason: str, shared: int = 0, largest_s: float = np.nan,
) -> dict[str, object]:  # fmt: skip
    """One row of `TRIPS_DROPPED`; `stays` is −1 where nothing takes the trip's place."""
    span = calls.of(goes)
    route = labels.route_of[goes]
    return {
        "trip": labels.trip[goes],
        "decision": decision,
        "reason": reason,
        "kept_trip": labels.trip[stays] if stays >= 0 else "",
        "line": labels.line[route],
        "kept_line": labels.line[labels.route_of[stays]] if stays >= 0 else "",
        "mode": labels.mode[route],
        "from_stop": labels.stop[calls.stop[span.start]],
        "to_stop": labels.stop[calls.stop[span.stop - 1]],
        "departure_s": int(calls.departure_s[span.start]),
        "shared_stops": shared,
        "calls": span.stop - span.start,
        "kept_calls": int(calls.first[stays + 1] - calls.first[stays]) if stays >= 0 else 0,
        "largest_gap_s": largest_s,
        "rows": int(calls.row[goes + 1] - calls.row[goes]) if decision == "dropped" else 0,
    }  # fmt: skip
