"""Where trips really call: stops passed without getting on or off are left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mobility.feeds.model import Feeds
from mobility.merge.model import Bool, Int32, Int64, Text, texts


@dataclass(frozen=True)
class Calls:
    """Calls of all trips, row by row, ascending by trip and time.

    Parameters
    ----------
    trip, stop, arrival_s, departure_s
        int32 (n,).
    order
        int32 (n,), 0 for the first call of a trip.
    first
        int64 (n_trips + 1,); calls of trip t are rows ``first[t]:first[t + 1]``.
    row
        int64 (n_trips + 1,); rows of trip t in stop_times are ``row[t]:row[t + 1]``.
    """

    trip: Int32
    stop: Int32
    arrival_s: Int32
    departure_s: Int32
    order: Int32
    first: Int64
    row: Int64

    def count(self) -> Int64:
        """Calls per trip."""
        return np.diff(self.first)

    def of(self, trip: int) -> slice:
        """Rows of one trip."""
        return slice(int(self.first[trip]), int(self.first[trip + 1]))


def calls_of(feeds: Feeds) -> Calls:
    """Calls of all trips; those of `Working` feeds are taken out of stop_times only once."""
    known: Calls | None = getattr(feeds, "calls", None)
    return take_calls(feeds) if known is None else known


def take_calls(feeds: Feeds) -> Calls:
    """Take the calls out of stop_times; a trip's first and last row always count."""
    times, n_trips = feeds.stop_times, len(feeds.trips)
    trip = times["trip"].to_numpy(np.int32)
    columns = [times[c].to_numpy(np.int32) for c in ("stop", "arrival_s", "departure_s")]
    row = first = _starts(trip, n_trips)
    passed = np.flatnonzero((times["pickup"].to_numpy() == 1) & (times["drop_off"].to_numpy() == 1))
    inner = passed[(passed > row[trip[passed]]) & (passed < row[trip[passed] + 1] - 1)]
    if len(inner):
        keep = np.ones(len(trip), bool)
        keep[inner] = False
        trip, columns = trip[keep], [column[keep] for column in columns]
        first = _starts(trip, n_trips)
    order = (np.arange(len(trip)) - np.repeat(first[:-1], np.diff(first))).astype(np.int32)
    return Calls(trip, columns[0], columns[1], columns[2], order, first, row)


def _starts(trip: Int32, n_trips: int) -> Int64:
    """First row of each trip in ascending rows of trips, and the end."""
    starts = np.zeros(n_trips + 1, np.int64)
    np.cumsum(np.bincount(trip, minlength=n_trips), out=starts[1:])
    return starts


def feed_ids(feeds: Feeds) -> list[str]:
    """Ids of the feeds, ascending."""
    return sorted(source.id for source in feeds.sources)


def feed_numbers(feeds: Feeds, column: Text) -> Int32:
    """Feeds as numbers, ascending by feed id whatever the order of the sources."""
    number = {feed: k for k, feed in enumerate(feed_ids(feeds))}
    return np.fromiter(map(number.__getitem__, column), np.int32, len(column))


def trip_modes(feeds: Feeds) -> Text:
    """Mode of each trip, coaches counted as buses."""
    modes = texts(feeds.routes["mode"])
    modes = np.where(modes == "coach", "bus", modes).astype(object)
    return np.asarray(modes[feeds.trips["route"].to_numpy()], object)


def headway_trips(feeds: Feeds) -> Bool:
    """Trips that stand for a headway without times (frequencies with exact_times=0)."""
    found = np.zeros(len(feeds.trips), bool)
    loose = feeds.frequencies
    found[loose["trip"].to_numpy()[~loose["exact"].to_numpy(bool)]] = True
    return found


def template_trips(feeds: Feeds) -> Bool:
    """Trips with any row in frequencies: their own times are a template."""
    found = np.zeros(len(feeds.trips), bool)
    found[feeds.frequencies["trip"].to_numpy()] = True
    return found


def runs_of_trips(feeds: Feeds) -> Int64:
    """How many times each trip runs on a day: once, or as its frequencies say."""
    runs = np.ones(len(feeds.trips), np.int64)
    table = feeds.frequencies
    trip = table["trip"].to_numpy()
    runs[trip] = 0
    span = table["end_s"].to_numpy(np.int64) - table["start_s"].to_numpy(np.int64)
    np.add.at(runs, trip, np.maximum(0, -(-span // table["headway_s"].to_numpy(np.int64))))
    return runs
