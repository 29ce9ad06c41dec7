"""Which trips run around the day, and when: each service day shifted, each headway unrolled."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from mobility.feeds import clock
from mobility.feeds.model import NEXT_DAY_UNTIL_S, Feeds
from mobility.timetable.phases import phase_shares

Int32 = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Templates:
    """What each trip does, whether or not it runs: rows of the events, one trip after another.

    Parameters
    ----------
    start, n_stops
        int64, int32 (n_trips,): first event and number of events of each trip.
    stop, arrival_s, departure_s
        int32 per event.
    usable
        bool (n_trips,): at least two events, and times that never go back.
    counts
        Why trips are not usable: reason → number.
    """

    start: npt.NDArray[np.int64]
    n_stops: Int32
    stop: Int32
    arrival_s: Int32
    departure_s: Int32
    usable: Bools
    counts: dict[str, int]

    def first_departure_s(self, trip: npt.NDArray[np.integer]) -> Int32:
        """Departure from the first stop."""
        first: Int32 = self.departure_s[self.start[trip]]
        return first

    def last_arrival_s(self, trip: npt.NDArray[np.integer]) -> Int32:
        """Arrival at the last stop."""
        last: Int32 = self.arrival_s[self.start[trip] + self.n_stops[trip] - 1]
        return last


@dataclass(frozen=True)
class Runs:
    """Trips that run: `trip` int32, `day_shift` int8, `offset_s` int32 added to its times.

    `headway` is True where the run is one of many departures of a headway trip.
    """

    trip: Int32
    day_shift: npt.NDArray[np.int8]
    offset_s: Int32
    headway: Bools

    def __len__(self) -> int:
        return len(self.trip)

    def take(self, rows: npt.NDArray[np.intp] | Bools) -> Runs:
        """Some of the runs, by number or by mask."""
        return Runs(self.trip[rows], self.day_shift[rows], self.offset_s[rows], self.headway[rows])


def templates(feeds: Feeds) -> Templates:
    """Find each trip's events; mark the trips that can't be ridden and count why."""
    table, n_trips = feeds.stop_times, len(feeds.trips)
    trip = table["trip"].to_numpy()
    arrival = table["arrival_s"].to_numpy().astype(np.int32)
    departure = table["departure_s"].to_numpy().astype(np.int32)
    n_stops = np.bincount(trip, minlength=n_trips).astype(np.int32)
    start = np.r_[0, np.cumsum(n_stops[:-1], dtype=np.int64)] if n_trips else np.zeros(0, np.int64)
    back = departure < arrival
    back[1:] |= (trip[1:] == trip[:-1]) & (arrival[1:] < departure[:-1])
    goes_back = np.bincount(trip[back], minlength=n_trips) > 0
    short = n_stops < 2
    return Templates(
        start=start,
        n_stops=n_stops,
        stop=table["stop"].to_numpy().astype(np.int32),
        arrival_s=arrival,
        departure_s=departure,
        usable=~short & ~goes_back,
        counts={
            "trip has fewer than two stops": int(short.sum()),
            "trip's times go back": int((goes_back & ~short).sum()),
        },
    )


def runs_around(
    feeds: Feeds, made: Templates, day: dt.date, region: ZoneInfo, *, seed: int, draw: int
) -> Runs:
    """List what runs on the service day, past midnight from the one before, or early the next.

    Of the day before what arrives anywhere after the day's start is kept, of the day after
    what sets off before its 06:00. A trip without a service (row −1) runs every day.
    """
    service = feeds.trips["service"].to_numpy()
    repeated = np.zeros(len(feeds.trips), bool)
    repeated[feeds.frequencies["trip"].to_numpy()] = True
    unrolled = _unrolled(feeds, made, seed=seed, draw=draw)
    found: list[Runs] = []
    for k in (-1, 0, 1):
        runs_on = feeds.services.on(day + dt.timedelta(days=k))
        active = made.usable & np.where(service >= 0, np.r_[runs_on, True][service], True)
        plain = np.flatnonzero(active & ~repeated).astype(np.int32)
        departures = unrolled.take(active[unrolled.trip])
        trip = np.r_[plain, departures.trip]
        offset = np.r_[np.zeros(len(plain), np.int32), departures.offset_s]
        offset = offset + _day_offsets_s(feeds, day, k, region)[trip]
        headway = np.r_[np.zeros(len(plain), bool), departures.headway]
        runs = Runs(trip, np.full(len(trip), k, np.int8), offset.astype(np.int32), headway)
        found.append(runs.take(_near(runs, made, day, region, k)))
    return Runs(
        np.concatenate([r.trip for r in found]),
        np.concatenate([r.day_shift for r in found]),
        np.concatenate([r.offset_s for r in found]),
        np.concatenate([r.headway for r in found]),
    )


def _near(runs: Runs, made: Templates, day: dt.date, region: ZoneInfo, k: int) -> Bools:
    if k < 0:
        return made.last_arrival_s(runs.trip) + runs.offset_s > 0
    if k > 0:
        until = clock.day_length_s(day, region) + NEXT_DAY_UNTIL_S
        return made.first_departure_s(runs.trip) + runs.offset_s < until
    return np.ones(len(runs), bool)


def _day_offsets_s(feeds: Feeds, day: dt.date, k: int, region: ZoneInfo) -> Int32:
    """Seconds to add to each trip's times, (n_trips,), for service day `day` + k.

    The day's own distance, which clock changes make 23 or 25 hours, and what a feed's zone
    differs that day from when its times were converted.
    """
    other = day + dt.timedelta(days=k)
    distance = clock.day_start(other, region) - clock.day_start(day, region)
    by_feed = {}
    for source in feeds.sources:
        zone = clock.zone_of(source.agency_timezone)
        drift = clock.shift_s(other, zone, region) - source.clock_shift_s if zone else 0
        by_feed[source.id] = int(distance.total_seconds()) + drift
    default = int(distance.total_seconds())
    codes, names = feeds.trips["feed"].factorize()
    offsets = np.array([by_feed.get(str(name), default) for name in names], np.int32)
    return offsets[codes] if len(names) else np.zeros(0, np.int32)


def _unrolled(feeds: Feeds, made: Templates, *, seed: int, draw: int) -> Runs:
    """Departures of headway trips: from the window's start, or a share of the headway later."""
    table = feeds.frequencies
    trip = table["trip"].to_numpy().astype(np.int32)
    start, end, headway = (
        table[name].to_numpy().astype(np.int64) for name in ("start_s", "end_s", "headway_s")
    )
    trips, code = np.unique(trip, return_inverse=True)
    ids = feeds.trips["trip_id"].to_numpy()[trips].tolist()
    share = phase_shares(ids, seed=seed, draw=draw)[code]
    exact = table["exact"].to_numpy().astype(bool)
    first = start + np.where(exact, 0, np.floor(share * headway)).astype(np.int64)
    # The window's end is not a departure any more; a late phase may leave none.
    count = np.where(made.usable[trip], np.maximum(-((first - end) // headway), 0), 0)
    row = np.repeat(np.arange(len(table)), count)
    nth = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    departure = first[row] + nth * headway[row]
    repeated = trip[row]
    offset = departure - made.first_departure_s(repeated) if len(row) else departure
    return Runs(
        repeated, np.zeros(len(row), np.int8), offset.astype(np.int32), np.ones(len(row), bool)
    )
