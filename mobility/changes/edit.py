"""Surgery on GTFS tables keyed by row number: append, drop, renumber; nothing in place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.feeds.model import Feeds

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]


def append(table: pd.DataFrame, rows: Mapping[str, Any]) -> pd.DataFrame:
    """Put rows behind a table; columns not given get the empty value of their dtype.

    Empty is ``""`` for text, −1 for whole numbers, NaN for fractions, False for booleans.
    """
    size = max((len(v) for v in rows.values() if not isinstance(v, str)), default=1)
    columns: dict[str, Any] = {}
    for name in table.columns:
        old = table[name]
        given = rows.get(name, _empty(old.dtype))
        if isinstance(given, str) or np.ndim(given) == 0:
            new = pd.Series([given] * size)
        else:
            new = pd.Series(given).reset_index(drop=True)
        if isinstance(old.dtype, pd.CategoricalDtype):
            words = old.dtype.categories.union(pd.unique(new), sort=False)
            kind = pd.CategoricalDtype(words)
            columns[name] = pd.concat([old.astype(kind), new.astype(kind)], ignore_index=True)
        else:
            columns[name] = pd.concat([old, new.astype(old.dtype)], ignore_index=True)
    return pd.DataFrame(columns)


def _empty(dtype: Any) -> Any:
    if pd.api.types.is_bool_dtype(dtype):
        return False
    if pd.api.types.is_integer_dtype(dtype):
        return -1
    if pd.api.types.is_float_dtype(dtype):
        return np.nan
    return ""


def trip_bounds(feeds: Feeds) -> tuple[Int64, Int64]:
    """First row of each trip in `stop_times`, and the row behind its last; both (n_trips,)."""
    trip = feeds.stop_times["trip"].to_numpy()
    rows = np.arange(len(feeds.trips))
    start = np.searchsorted(trip, rows, side="left").astype(np.int64)
    return start, np.searchsorted(trip, rows, side="right").astype(np.int64)


def first_departures(feeds: Feeds) -> Int64:
    """Departure from the first stop of each trip, seconds; −1 for a trip without stops."""
    start, end = trip_bounds(feeds)
    departure = feeds.stop_times["departure_s"].to_numpy()
    first = np.full(len(start), -1, np.int64)
    some = end > start
    first[some] = departure[start[some]]
    return first


def patterns(feeds: Feeds, trips: Int64) -> Int64:
    """Number the stop sequences of some trips: equal numbers, equal stations in order.

    Platforms of one station are the same.

    Parameters
    ----------
    feeds
        Tables.
    trips
        Rows of `feeds.trips`.

    Returns
    -------
    numpy.ndarray
        int64 (len(trips),), numbered by first appearance.
    """
    start, end = trip_bounds(feeds)
    station = stations(feeds)[feeds.stop_times["stop"].to_numpy()]
    known: dict[bytes, int] = {}
    numbers = np.empty(len(trips), np.int64)
    for k, trip in enumerate(trips):
        numbers[k] = known.setdefault(station[start[trip] : end[trip]].tobytes(), len(known))
    return numbers


def stations(feeds: Feeds) -> Int64:
    """Row of each stop's station: its parent, or itself where it has none."""
    parent = feeds.stops["parent"].to_numpy(np.int64)
    return np.where(parent >= 0, parent, np.arange(len(parent)))


def ranges(sizes: Int64) -> Int64:
    """0 … n − 1 for each n of `sizes`, one behind the other."""
    ends = np.cumsum(sizes)
    return np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - sizes, sizes)


def lines_and_ways(feeds: Feeds, trips: Int64, *, as_one: bool) -> Int64:
    """Number the line and direction of some trips: equal numbers, equal line and way.

    A line is a route, or with `as_one` all of them. The direction is the feed's; where a
    feed gives none, or for routes taken as one, it is told by the bearing from first to last
    stop: with that of the line's commonest stop sequence, or against it.

    Returns
    -------
    numpy.ndarray
        int64 (len(trips),), 2 × line + way.
    """
    line = np.zeros(len(trips), np.int64)
    if not as_one:
        line = feeds.trips["route"].to_numpy(np.int64)[trips]
    way = feeds.trips["direction"].to_numpy(np.int64)[trips]
    if as_one or (way < 0).any():
        bearing = _with_the_commonest(feeds, trips, line)
        way = bearing if as_one else np.where(way < 0, bearing, way)
    numbers: Int64 = 2 * line + way
    return numbers


def _with_the_commonest(feeds: Feeds, trips: Int64, line: Int64) -> Int64:
    """0 for trips that head as their line's commonest stop sequence does, 1 against it."""
    start, end = trip_bounds(feeds)
    stop = feeds.stop_times["stop"].to_numpy()
    lon, lat = feeds.stops["lon"].to_numpy(np.float64), feeds.stops["lat"].to_numpy(np.float64)
    a, b = stop[start[trips]], stop[end[trips] - 1]
    east = (lon[b] - lon[a]) * np.cos(np.radians(lat[a]))
    north = lat[b] - lat[a]
    table = pd.DataFrame({"line": line, "pattern": patterns(feeds, trips)})
    size = table.groupby(["line", "pattern"])["pattern"].transform("size")
    order = table.assign(size=size, row=np.arange(len(trips))).sort_values(
        ["line", "size", "pattern", "row"], ascending=[True, False, True, True]
    )
    leader = order.drop_duplicates("line").set_index("line")["row"].loc[line].to_numpy()
    against: Bool = east * east[leader] + north * north[leader] < 0
    return against.astype(np.int64)


def keep_trips(feeds: Feeds, keep: Bool) -> Feeds:
    """Drop trips with their stop times, headways and transfer rules; routes and stops stay."""
    if keep.all():
        return feeds
    number = np.where(keep, np.cumsum(keep) - 1, -1).astype(np.int32)
    tables = {"trips": feeds.trips[keep].reset_index(drop=True)}
    for name in ("stop_times", "frequencies"):
        table: pd.DataFrame = getattr(feeds, name)
        row = table["trip"].to_numpy()
        kept = table[keep[row]].reset_index(drop=True)
        tables[name] = kept.assign(trip=number[row[keep[row]]])
    transfers = feeds.transfers
    if len(transfers):
        alive = np.ones(len(transfers), bool)
        for column in ("from_trip", "to_trip"):
            row = transfers[column].to_numpy()
            alive &= (row < 0) | keep[np.maximum(row, 0)]
        transfers = transfers[alive].reset_index(drop=True)
        for column in ("from_trip", "to_trip"):
            row = transfers[column].to_numpy()
            transfers = transfers.assign(
                **{column: np.where(row < 0, -1, number[np.maximum(row, 0)]).astype(np.int32)}
            )
        tables["transfers"] = transfers
    left = set(tables["trips"]["route"].unique())
    gone = [r for r in feeds.trips["route"].unique() if r not in left]
    if gone and len(feeds.route_services):
        ids = feeds.routes["route_id"].to_numpy()[np.array(gone, int)]
        services = feeds.route_services
        tables["route_services"] = services[~services["route_id"].isin(ids)].reset_index(drop=True)
    return feeds.with_tables(**tables)


def with_trips(
    feeds: Feeds,
    trips: Mapping[str, Any],
    stop_times: pd.DataFrame,
    frequencies: pd.DataFrame | None = None,
) -> Feeds:
    """Put trips behind the others.

    Parameters
    ----------
    feeds
        Tables.
    trips
        Columns of the new trips.
    stop_times, frequencies
        Rows of the new trips; `trip` counts the new trips from 0, sorted.
    """
    shift = len(feeds.trips)
    tables = {
        "trips": append(feeds.trips, trips),
        "stop_times": append(
            feeds.stop_times, dict(stop_times.assign(trip=stop_times["trip"] + shift))
        ),
    }
    if frequencies is not None and len(frequencies):
        tables["frequencies"] = append(
            feeds.frequencies, dict(frequencies.assign(trip=frequencies["trip"] + shift))
        )
    return feeds.with_tables(**tables)


def with_stop_times(feeds: Feeds, stop_times: pd.DataFrame) -> Feeds:
    """Exchange the stop times; hours of headway services follow their trip's first departure.

    A headway service's hours hold at its first stop. Where that stop is another one now, the
    hours move by the time between the two, so that the trip keeps its times elsewhere.

    Parameters
    ----------
    feeds
        Tables.
    stop_times
        Rows of all trips, sorted by trip and then as they follow each other.
    """
    old = feeds.stop_times
    trip = stop_times["trip"].to_numpy(np.int64)
    start = np.searchsorted(trip, np.arange(len(feeds.trips)), side="left")
    new = stop_times.reindex(columns=old.columns).assign(
        sequence=np.arange(len(trip)) - start[trip]
    )
    changed = feeds.with_tables(stop_times=new.astype(dict(old.dtypes)).reset_index(drop=True))
    table = feeds.frequencies
    if not len(table):
        return changed
    row = table["trip"].to_numpy()
    was, is_now = first_departures(feeds)[row], first_departures(changed)[row]
    move = np.where((was >= 0) & (is_now >= 0), is_now - was, 0).astype(np.int32)
    moved = table.assign(
        start_s=table["start_s"].to_numpy(np.int32) + move,
        end_s=table["end_s"].to_numpy(np.int32) + move,
    )
    return changed.with_tables(frequencies=moved)


def with_service(feeds: Feeds, service_id: str, *, like: Bool | None = None) -> tuple[Feeds, int]:
    """Add a service that runs every day of the span, or on the days `like` marks.

    Returns
    -------
    tuple
        Feeds, and the row of the service.
    """
    services = feeds.services
    days = services.runs.shape[1]
    row = np.ones((1, days), bool) if like is None else like[None, :]
    runs = np.concatenate([services.runs, row])
    runs.setflags(write=False)
    ids = np.append(services.service_ids, np.array([service_id], object))
    weights = services.n_trips
    if weights is not None:
        weights = np.append(weights, np.zeros(1, weights.dtype))
    grown = replace(services, service_ids=ids, runs=runs, n_trips=weights)
    return replace(feeds, services=grown), len(ids) - 1


def runs_on(feeds: Feeds, day: dt.date) -> Bool:
    """Whether each trip's service runs on a day, bool (n_trips,)."""
    runs: Bool = feeds.services.on(day)[feeds.trips["service"].to_numpy()]
    return runs


def busiest_day(feeds: Feeds) -> dt.date:
    """Day on which most of the trips run; the earliest of several."""
    services = feeds.services
    weight = np.bincount(
        feeds.trips["service"].to_numpy(np.int64), minlength=len(services.service_ids)
    )
    column = int(np.argmax(weight @ services.runs)) if services.runs.size else 0
    return services.first_day + dt.timedelta(days=column)
