"""What is offered on the day: every line with its departures, every stop that is served."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.border.from_timetable import events
from mobility.timetable import Timetable

LINE = ("feed", "operator", "mode", "line")
LINES = (*LINE, "crossing", "departures", "stops", "first_departure_s", "last_departure_s")
STOPS = ("stop_id", "feed", "operator", "mode", "name", "lon", "lat", "country", "crossing",
         "departures")  # fmt: skip


def _lines_of_routes(timetable: Timetable) -> pd.DataFrame:
    routes = timetable.routes
    name = routes["short_name"].where(routes["short_name"] != "", routes["long_name"])
    columns = {
        key: routes[key].astype(str).to_numpy(object) for key in ("feed", "operator", "mode")
    }
    return pd.DataFrame({**columns, "line": name.astype(str).to_numpy(object)})


def _crossing_trips(timetable: Timetable) -> npt.NDArray[np.bool_]:
    """Trips that call in more than one country."""
    country = timetable.stops["country"].astype(str).to_numpy(object)
    codes, _ = pd.factorize(pd.Series(np.where(country == "", None, country)))
    at = codes[timetable.pattern_stops]
    n_patterns = len(timetable.pattern_stop_offset) - 1
    pattern = np.repeat(np.arange(n_patterns), np.diff(timetable.pattern_stop_offset))
    known = at >= 0
    pairs = pd.DataFrame({"pattern": pattern[known], "at": at[known]}).drop_duplicates()
    several = np.bincount(pairs["pattern"], minlength=n_patterns) > 1
    return np.asarray(np.repeat(several, np.diff(timetable.pattern_trip_offset)))


def supply_lines(timetable: Timetable) -> pd.DataFrame:
    """List the lines of the timetable's own day.

    A line is one feed's, operator's and mode's public number or name.

    Returns
    -------
    ``feed, operator, mode, line, crossing`` (a trip calls in two countries), ``departures``
    (trips), ``stops`` (different ones), ``first_departure_s, last_departure_s``; sorted.
    """
    calls = events(timetable)
    lines = _lines_of_routes(timetable)
    table = lines.iloc[calls.route].reset_index(drop=True).assign(
        trip=calls.trip, stop=calls.stop, departure_s=calls.departure_s,
        crossing=_crossing_trips(timetable)[calls.trip],
    )  # fmt: skip
    first = table.groupby("trip")["departure_s"].transform("min")
    grouped = table.assign(starts_s=first).groupby(list(LINE), sort=True)
    made = grouped.agg(
        crossing=("crossing", "any"),
        departures=("trip", "nunique"),
        stops=("stop", "nunique"),
        first_departure_s=("starts_s", "min"),
        last_departure_s=("starts_s", "max"),
    )
    return made.reset_index()[list(LINES)]


def supply_stops(timetable: Timetable) -> pd.DataFrame:
    """List the stops served on the timetable's own day, once for each operator and mode.

    Returns
    -------
    ``stop_id, feed, operator, mode, name, lon, lat, country, crossing`` (a line that calls in
    two countries stops there), ``departures`` (calls where one may get on); sorted.
    """
    calls = events(timetable)
    lines = _lines_of_routes(timetable)[["operator", "mode"]]
    table = lines.iloc[calls.route].reset_index(drop=True).assign(
        stop=calls.stop, boards=calls.boards, crossing=_crossing_trips(timetable)[calls.trip]
    )  # fmt: skip
    made = (
        table.groupby(["stop", "operator", "mode"], sort=True)
        .agg(crossing=("crossing", "any"), departures=("boards", "sum"))
        .reset_index()
    )
    stops = timetable.stops.iloc[made["stop"].to_numpy()].reset_index(drop=True)
    for name in ("stop_id", "feed", "name", "lon", "lat", "country"):
        made[name] = stops[name].to_numpy()
    made = made.sort_values(["stop_id", "operator", "mode"], kind="stable")
    return made.reset_index(drop=True)[list(STOPS)]
