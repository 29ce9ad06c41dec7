"""What merging yields: feeds, and a table of evidence for every step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.feeds.model import Feeds
from mobility.tables import Column

Float64 = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]
Text = npt.NDArray[np.object_]

WalkMetres = Callable[[Float64, Float64, Float64, Float64], npt.NDArray[np.float32]]
"""(lon_a, lat_a, lon_b, lat_b) → metres along the walk network, infinite where none."""

GRADES = ("same stop", "same station", "near", "apart")


@dataclass(frozen=True)
class Merged:
    """Feeds made one, and why.

    Parameters
    ----------
    feeds
        Every trip once, cut trips joined; matched stops have a row in `feeds.transfers`.
    evidence
        File stem in ``merge/`` → table: ``stops, trips_dropped, trips_stitched, calendars,
        cross_border_lines, problems, balance``.
    """

    feeds: Feeds
    evidence: Mapping[str, pd.DataFrame]


STOPS = (
    Column("stop_a", "string", "", "stop in the feed that comes first in the alphabet"),
    Column("stop_b", "string", "", "stop in the other feed"),
    Column("name_a", "string", "", "name of stop_a"),
    Column("name_b", "string", "", "name of stop_b"),
    Column("grade", "string", "", "same stop, same station, near or apart"),
    Column("reason", "string", "", "what decided the grade"),
    Column("crow_m", "float32", "m", "distance as the crow flies"),
    Column("walk_m", "float32", "m", "distance on foot, infinite where there is no way"),
    Column("walk_source", "string", "", "streets, or crow-fly times 1.3"),
    Column("likeness", "float32", "1", "likeness of the names, NaN where one has no name"),
    Column("code", "string", "", "station code that both carry"),
    Column("modes_a", "string", "", "modes that serve stop_a"),
    Column("modes_b", "string", "", "modes that serve stop_b"),
    Column("lon_a", "float64", "degrees", "longitude of stop_a as in the feed"),
    Column("lat_a", "float64", "degrees", "latitude of stop_a as in the feed"),
    Column("lon_b", "float64", "degrees", "longitude of stop_b as in the feed"),
    Column("lat_b", "float64", "degrees", "latitude of stop_b as in the feed"),
)

TRIPS_DROPPED = (
    Column("trip", "string", "", "trip that is, or may be, superfluous"),
    Column("decision", "string", "", "dropped, dropped on some days, or doubtful"),
    Column("reason", "string", "", "why"),
    Column("kept_trip", "string", "", "trip that stays in its place, empty if none"),
    Column("line", "string", "", "line of the trip"),
    Column("kept_line", "string", "", "line of the trip that stays"),
    Column("mode", "string", "", "mode of the trip"),
    Column("from_stop", "string", "", "first stop the trip calls at"),
    Column("to_stop", "string", "", "last stop the trip calls at"),
    Column("departure_s", "int32", "s", "departure at the first stop"),
    Column("shared_stops", "int32", "1", "stops at which both call"),
    Column("calls", "int32", "1", "stops at which the trip calls"),
    Column("kept_calls", "int32", "1", "stops at which the other calls"),
    Column("largest_gap_s", "float32", "s", "largest difference of times at shared stops"),
    Column("rows", "int32", "1", "rows of stop_times that went with the trip"),
)

TRIPS_STITCHED = (
    Column("trip", "string", "", "joined trip, empty where it was not joined"),
    Column("decision", "string", "", "joined, doubtful, forbidden or left"),
    Column("way", "string", "", "block, transfers or across feeds"),
    Column("trip_a", "string", "", "piece that arrives"),
    Column("trip_b", "string", "", "piece that goes on"),
    Column("line_a", "string", "", "line of the first piece"),
    Column("line_b", "string", "", "line of the second piece"),
    Column("at_stop", "string", "", "stop where the first piece ends"),
    Column("stop_name", "string", "", "its name"),
    Column("arrival_s", "int32", "s", "arrival of the first piece"),
    Column("departure_s", "int32", "s", "departure of the second piece"),
    Column("dwell_s", "int32", "s", "time between"),
    Column("days", "int32", "1", "days on which both run"),
    Column("reason", "string", "", "why"),
)

CALENDARS = (
    Column("feed", "string", "", "feed"),
    Column("country", "string", "", "country of the feed"),
    Column("date", "string", "", "day, year-month-day"),
    Column("lines", "int32", "1", "lines that run on that day"),
    Column("services", "int32", "1", "services that run on that day"),
    Column("is_day", "bool", "", "whether it is the day of the run"),
)

CROSS_BORDER_LINES = (
    Column("line", "string", "", "route"),
    Column("feed", "string", "", "feed"),
    Column("operator", "string", "", "operator"),
    Column("short_name", "string", "", "line number"),
    Column("long_name", "string", "", "line name"),
    Column("mode", "string", "", "mode"),
    Column("countries", "string", "", "countries called at, in order of first call"),
    Column("country_from", "string", "", "country of the first call"),
    Column("country_to", "string", "", "country of the last call"),
    Column("from_stop", "string", "", "most frequent first stop"),
    Column("to_stop", "string", "", "most frequent last stop"),
    Column("last_stop_before", "string", "", "last stop before the border is first crossed"),
    Column("first_stop_after", "string", "", "first stop after it"),
    Column("stops_by_country", "string", "", "number of stops in each country"),
    Column("crossings", "int32", "1", "times one trip crosses a border"),
    Column("departures", "int32", "1", "departures on the day"),
    Column("first_departure_s", "int32", "s", "first departure at the border"),
    Column("last_departure_s", "int32", "s", "last departure at the border"),
    Column("departures_per_hour", "float32", "1/h", "departures per hour between the two"),
    Column("times", "string", "", "timetable, modelled, or headways without times"),
    Column("days_running", "int32", "1", "days with service in the feed"),
    Column("days_in_feed", "int32", "1", "days the feed covers"),
    Column("days_per_year", "float32", "1/year", "scaled to a year, NaN under four weeks"),
    Column("joined", "bool", "", "whether its trips were joined from pieces"),
)

PROBLEMS = (
    Column("severity", "string", "", "error (the region can't be used), warning or note"),
    Column("feed", "string", "", "feed, empty for all"),
    Column("table", "string", "", "file of the feed"),
    Column("problem", "string", "", "what was found"),
    Column("count", "int32", "1", "rows concerned"),
    Column("examples", "string", "", "up to three of them"),
    Column("done", "string", "", "what was done about it"),
    Column("cure", "string", "", "what to do, and where"),
)

BALANCE = (
    Column("step", "string", "", "merge step"),
    Column("table", "string", "", "table"),
    Column("rows_in", "int32", "1", "rows before"),
    Column("dropped", "int32", "1", "rows taken out"),
    Column("added", "int32", "1", "rows put in"),
    Column("rows_out", "int32", "1", "rows after: in − dropped + added"),
)

CONTRACTS = {
    "stops": STOPS,
    "trips_dropped": TRIPS_DROPPED,
    "trips_stitched": TRIPS_STITCHED,
    "calendars": CALENDARS,
    "cross_border_lines": CROSS_BORDER_LINES,
    "problems": PROBLEMS,
    "balance": BALANCE,
}


def table_of(contract: tuple[Column, ...], columns: Mapping[str, object]) -> pd.DataFrame:
    """Make a table of the contract's columns, order and dtypes; empty if `columns` is."""
    if not columns:
        columns = {column.name: [] for column in contract}
    types = {c.name: object if c.dtype == "string" else c.dtype for c in contract}
    return pd.DataFrame(
        {name: pd.Series(columns[name], dtype=kind) for name, kind in types.items()}
    )


def rows_of(contract: tuple[Column, ...], rows: list[dict[str, object]]) -> pd.DataFrame:
    """Make a table of the contract from rows given as dictionaries."""
    return table_of(contract, {c.name: [row[c.name] for row in rows] for c in contract})


def texts(column: pd.Series) -> Text:
    """Text column as an object array; feeds never hold a missing text."""
    return np.asarray(column.to_numpy(dtype=object), object)


def distinct_pairs(a: Int32 | Int64, b: Int32 | Int64) -> tuple[Int64, Int64]:
    """Distinct pairs of two columns of non-negative numbers, ascending by a, then b."""
    width = int(b.max(initial=0)) + 1
    keys = np.unique(a.astype(np.int64) * width + b)
    return keys // width, keys % width


@dataclass(frozen=True)
class Labels:
    """What trips, lines and stops are called, as object arrays; made once, used per row."""

    trip: Text
    trip_feed: Text
    route_of: Int32
    line: Text
    mode: Text
    stop: Text
    stop_name: Text


def labels_of(feeds: Feeds) -> Labels:
    """Take the labels out of the feeds."""
    return Labels(
        texts(feeds.trips["trip_id"]), texts(feeds.trips["feed"]),
        feeds.trips["route"].to_numpy(np.int32),
        texts(feeds.routes["route_id"]), texts(feeds.routes["mode"]),
        texts(feeds.stops["stop_id"]), texts(feeds.stops["name"]),
    )  # fmt: skip
