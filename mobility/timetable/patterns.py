"""Trips to patterns: same stops, same rules of getting on and off, and nobody overtakes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mobility.timetable.runs import Runs, Templates

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
UInt64 = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Grouped:
    """Runs in their final order and the pattern each belongs to.

    `pattern` is int32 (n_runs,), rising from 0 without gaps; `arrival_s` and `departure_s`
    are the events of all runs in order, run by run.
    """

    runs: Runs
    pattern: Int32
    arrival_s: Int32
    departure_s: Int32


def stop_patterns(made: Templates, may_board: Bools, may_alight: Bools) -> Int32:
    """Number each trip by its stops and rules, int32 (n_trips,); alike trips share a number.

    Two 64-bit sums over position-mixed events stand for the sequence; sequences that differ
    agree in both about once in 10**26 pairs.
    """
    n = len(made.n_stops)
    if not len(made.stop):
        return np.zeros(n, np.int32)
    position = (np.arange(len(made.stop)) - np.repeat(made.start, made.n_stops)).astype(np.uint64)
    value = made.stop.astype(np.uint64) << np.uint64(2)
    value |= may_board.astype(np.uint64) << np.uint64(1) | may_alight.astype(np.uint64)
    filled = np.flatnonzero(made.n_stops)
    keys = np.zeros((3, n), np.uint64)
    keys[0] = made.n_stops
    for row, salt in ((1, 0x9E3779B97F4A7C15), (2, 0xC2B2AE3D27D4EB4F)):
        mixed = _mixed(value * np.uint64(salt) + _mixed(position + np.uint64(salt)))
        keys[row, filled] = np.add.reduceat(mixed, made.start[filled])
    order = np.lexsort(keys)
    changes = np.r_[False, (keys[:, order[1:]] != keys[:, order[:-1]]).any(axis=0)]
    number = np.empty(n, np.int32)
    number[order] = np.cumsum(changes)
    return number


def _mixed(x: UInt64) -> UInt64:
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def group(runs: Runs, made: Templates, stop_pattern: Int32) -> Grouped:
    """Sort runs into patterns without overtaking, in an order that hangs on the data alone."""
    key = _ranked(stop_pattern[runs.trip], runs.trip)
    arrival, departure = _events(runs, made)
    bounds = np.r_[0, np.cumsum(made.n_stops[runs.trip], dtype=np.int64)]
    total = _sums(arrival, bounds) + _sums(departure, bounds)
    first = departure[bounds[:-1]] if len(runs) else departure
    # By first departure, then by the sum of all times: a trip that is nowhere later than
    # another comes before it in this order.
    order = np.lexsort((runs.day_shift, runs.trip, total, first, key))
    runs, key = runs.take(order), key[order]
    arrival, departure = _events(runs, made)
    lane = _lanes(key, made.n_stops[runs.trip], arrival, departure)
    if lane.any():
        order = np.lexsort((lane, key))
        runs, key, lane = runs.take(order), key[order], lane[order]
        arrival, departure = _events(runs, made)
    fresh = np.r_[False, (key[1:] != key[:-1]) | (lane[1:] != lane[:-1])][: len(runs)]
    return Grouped(runs, np.cumsum(fresh).astype(np.int32), arrival, departure)


def _ranked(stop_pattern: Int32, trip: Int32) -> Int64:
    """Number stop patterns by their first trip, so that neighbours in the feed stay so."""
    names, code = np.unique(stop_pattern, return_inverse=True)
    first = np.full(len(names), np.iinfo(np.int32).max, np.int64)
    np.minimum.at(first, code, trip)
    rank = np.empty(len(names), np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(names))
    ranked: Int64 = rank[code]
    return ranked


def _events(runs: Runs, made: Templates) -> tuple[Int32, Int32]:
    """Times of all runs' events, run by run."""
    n = made.n_stops[runs.trip]
    begin = np.cumsum(n, dtype=np.int64) - n
    rows = np.arange(int(n.sum())) + np.repeat(made.start[runs.trip] - begin, n)
    offset = np.repeat(runs.offset_s, n)
    return made.arrival_s[rows] + offset, made.departure_s[rows] + offset


def _sums(values: Int32, bounds: Int64) -> Int64:
    sums = np.r_[0, np.cumsum(values, dtype=np.int64)]
    found: Int64 = sums[bounds[1:]] - sums[bounds[:-1]]
    return found


def _lanes(key: Int64, n_stops: Int32, arrival: Int32, departure: Int32) -> Int32:
    """Number within its stop pattern of the overtaking-free pattern each run goes to.

    Nearly always no trip overtakes its successor, which one comparison over all events
    shows. Only the other stop patterns are split run by run: each run goes to the first lane
    whose last run it does not overtake.
    """
    lane = np.zeros(len(key), np.int32)
    begin = np.r_[0, np.cumsum(n_stops, dtype=np.int64)]
    follows = np.flatnonzero(key[1:] == key[:-1]) if len(key) else np.zeros(0, np.intp)
    if not len(follows):
        return lane
    n = n_stops[follows].astype(np.int64)
    starts = np.cumsum(n) - n
    here = np.arange(int(n.sum())) + np.repeat(begin[follows] - starts, n)
    later = here + np.repeat(n, n)
    passes = (arrival[later] < arrival[here]) | (departure[later] < departure[here])
    overtaken = np.logical_or.reduceat(passes, starts)
    for number in np.unique(key[follows[overtaken]]):
        lo, hi = np.searchsorted(key, (number, number + 1))
        shape = (hi - lo, int(n_stops[lo]))
        rows = slice(begin[lo], begin[hi])
        lane[lo:hi] = _first_fit(
            np.concatenate([arrival[rows].reshape(shape), departure[rows].reshape(shape)], axis=1)
        )
    return lane


def _first_fit(times: Int32) -> Int32:
    """Put each row in the first lane whose last row is nowhere later."""
    lane = np.zeros(len(times), np.int32)
    last = np.empty_like(times[:0])
    for i, row in enumerate(times):
        fits = (last <= row).all(axis=1)
        if fits.any():
            lane[i] = np.argmax(fits)
            last[lane[i]] = row
        else:
            lane[i] = len(last)
            last = np.concatenate([last, row[None]])
    return lane
