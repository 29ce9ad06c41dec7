"""The shape of a timetable."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

Int32 = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Timetable:
    """One day's service as read-only arrays.

    A pattern is a stop sequence with its trips sorted so that no trip overtakes another
    (a trip that would is in a pattern of its own). Trips of the service day before that run
    past midnight stand shifted by the true length of that day (−86,400 s but on clock-change
    days), those of the day after likewise (+86,400 s), so that both ends of a window see them.

    Parameters
    ----------
    day
        Service day; times are seconds from its noon minus 12 h in the region's zone.
    stops
        Table of stops, row = stop number: ``stop_id, feed, name, lon, lat, country, parent``.
    routes
        Table of routes, row = route number, as in Feeds.
    pattern_stop_offset
        (n_patterns + 1,); stops of pattern p are ``pattern_stops[offset[p]:offset[p + 1]]``.
    pattern_stops
        Stop numbers along all patterns.
    pattern_route
        Route number of each pattern (of its first trip; `trip_route` is exact).
    pickup, drop_off
        bool, beside `pattern_stops`: may one get on, off.
    pattern_trip_offset
        (n_patterns + 1,); trips of pattern p are offset[p] … offset[p + 1] − 1.
    pattern_event_offset
        (n_patterns + 1,) int64; events of pattern p start here, laid out trip by trip:
        event of trip t (counted within p) at stop i: ``offset[p] + t * n_stops(p) + i``.
    arrival_s, departure_s
        int32 per event.
    trip_ids
        object (n_trips,); a headway departure is ``"<trip_id>@06:12:30"``.
    trip_route
        int32 (n_trips,).
    trip_day_shift
        int8 (n_trips,): −1, 0 or 1, the service day the trip belongs to.
    counts
        Trips left out because they can't be ridden: reason → number.
    """

    day: dt.date
    stops: pd.DataFrame
    routes: pd.DataFrame
    pattern_stop_offset: Int32
    pattern_stops: Int32
    pattern_route: Int32
    pickup: npt.NDArray[np.bool_]
    drop_off: npt.NDArray[np.bool_]
    pattern_trip_offset: Int32
    pattern_event_offset: npt.NDArray[np.int64]
    arrival_s: Int32
    departure_s: Int32
    trip_ids: npt.NDArray[np.object_]
    trip_route: Int32
    trip_day_shift: npt.NDArray[np.int8]
    counts: Mapping[str, int] = field(default_factory=dict)
