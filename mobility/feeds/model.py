"""The shape of read GTFS: one table per file over all feeds, keyed by row number."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

# A journey late in the evening may end by a trip of the next service day: those that start
# before 06:00 are read and stand in the timetable.
NEXT_DAY_UNTIL_S = 6 * 3600


@dataclass(frozen=True)
class FeedSource:
    """Where one feed comes from.

    Parameters
    ----------
    days
        First and last day with any service, None where there is none.
    agency_timezone
        Zone the feed's times were written in.
    rows
        File → how many rows it had: ``{"stop_times.txt": 265371}``.
    dropped
        ``"<file>: <reason>"`` → rows left out while reading. For every file of the day
        (stops, routes, trips, stop_times, frequencies, transfers): rows = kept + dropped.
    repaired
        ``"<file>: <what was done>"`` → rows kept but mended.
    read_day
        Day the feed was really read on, where the region file allows the nearest day of the
        same type and the feed lacks the day asked for; else None.
    stand_in_days
        Days on which the feed has no service of its own and `read_day` or a day beside it
        stands in.
    clock_shift_s
        Seconds that were added to the feed's times to bring them to the region's zone.
    notes
        What a reader of results must know about this feed, English sentences.
    """

    id: str
    country: str
    path: str
    sha256: str
    licence: str
    agency_timezone: str
    days: tuple[dt.date, dt.date] | None
    rows: dict[str, int] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    repaired: dict[str, int] = field(default_factory=dict)
    read_day: dt.date | None = None
    stand_in_days: tuple[dt.date, ...] = ()
    clock_shift_s: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ServiceDays:
    """Which service runs on which day.

    Parameters
    ----------
    service_ids
        Prefixed ids (``"nmbs:000001"``), object (n,).
    first_day
        Day of column 0 of `runs`.
    runs
        bool (n, n_days), calendar.txt and calendar_dates.txt taken together.
    n_trips
        int32 (n,): trips the whole file has under each service, so that days can be weighed
        though only one day's trips are read. None where unknown.
    """

    service_ids: npt.NDArray[np.object_]
    first_day: dt.date
    runs: npt.NDArray[np.bool_]
    n_trips: npt.NDArray[np.int32] | None = None

    def on(self, day: dt.date) -> npt.NDArray[np.bool_]:
        """Services that run on `day`, bool (n,); all False outside the span."""
        column = (day - self.first_day).days
        if 0 <= column < self.runs.shape[1]:
            return self.runs[:, column]
        return np.zeros(len(self.service_ids), bool)


@dataclass(frozen=True)
class Feeds:
    """All feeds of a region, clipped; every id carries its feed's id as prefix.

    Row numbers are keys: `trips.route` is a row of `routes`, `stop_times.trip` a row of
    `trips`, `stop_times.stop` a row of `stops`. All tables have a plain RangeIndex, and are
    never changed in place. Text columns never hold a missing value: blank is ``""``.

    Tables
    ------
    agency
        ``agency_id, feed, name, timezone``
    stops
        ``stop_id, feed, name, code, platform, lon, lat, location_type (int8), parent (int32
        row or −1), country`` - country of the feed until the stop has been placed in a polygon
    routes
        ``route_id, feed, agency_id, short_name, long_name, route_type (int16, as in the
        feed), mode (rail, metro, tram, bus, ferry, coach, funicular, other), operator`` -
        operator is the agency's name, else the feed's id
    trips
        ``trip_id, feed, route (int32), service_id, service (int32 row in services), headsign,
        short_name, direction (int8, −1 unknown), block_id, shape_id``
    stop_times
        ``trip (int32), stop (int32), arrival_s, departure_s (int32, from noon minus 12 h of
        the service day, region's zone), sequence (int32), pickup, drop_off (int8, 0 regular, 1
        none, 2/3 on request), shape_dist (float32, NaN)``; sorted by trip, sequence
    frequencies
        ``trip (int32), start_s, end_s, headway_s (int32), exact (bool)``
    transfers
        ``from_stop, to_stop (int32), transfer_type (int8), min_transfer_s (int32, −1 none),
        from_trip, to_trip (int32 or −1), from_route, to_route (int32 or −1)``
    translations
        ``feed, table, field, language, original, translation``
    route_services
        ``route_id, feed, service (int32)`` unique pairs over *all* trips in the feed, so that
        days per year are known though `trips` holds one day only
    """

    sources: tuple[FeedSource, ...]
    services: ServiceDays
    agency: pd.DataFrame
    stops: pd.DataFrame
    routes: pd.DataFrame
    trips: pd.DataFrame
    stop_times: pd.DataFrame
    frequencies: pd.DataFrame
    transfers: pd.DataFrame
    translations: pd.DataFrame
    route_services: pd.DataFrame
    shapes: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()

    def with_tables(self, **tables: pd.DataFrame) -> Feeds:
        """Return a copy with some tables exchanged."""
        return replace(self, **tables)
