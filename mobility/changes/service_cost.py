"""What running the lines takes: vehicle hours, kilometres and vehicles at the peak."""

from __future__ import annotations

import datetime as dt

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.changes.add_line import DETOUR, ROAD_DETOUR
from mobility.changes.edit import runs_on, trip_bounds
from mobility.feeds.model import Feeds
from mobility.tables import Column

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

SERVICE_COST = (
    Column("route_id", "string", "", "line, with its feed"),
    Column("feed", "string", "", "feed of the line"),
    Column("operator", "string", "", "operator of the line"),
    Column("line", "string", "", "line number on signs"),
    Column("mode", "string", "", "mode of the line"),
    Column("departures", "float64", "1", "trips on the day, both directions"),
    Column("vehicle_hours", "float64", "h", "time in service, first departure to last arrival"),
    Column("vehicle_km", "float64", "km", "straight from stop to stop × the mode's detour"),
    Column("peak_vehicles", "int64", "1", "most vehicles out at once, turning included"),
)

TURN_S = 300
_M_PER_DEGREE = 111_195.0


def service_cost(feeds: Feeds, day: dt.date, *, turn_s: int = TURN_S) -> pd.DataFrame:
    """Measure every line that runs on a day.

    Parameters
    ----------
    feeds
        Tables.
    day
        Service day.
    turn_s
        Seconds a vehicle needs at the end of a trip before it can begin another. Vehicles
        are shared by all trips of a line, whatever end they stand at, so `peak_vehicles` is
        the least the line can do with.

    Returns
    -------
    pandas.DataFrame
        Columns of `SERVICE_COST`, one row per line, by route_id.
    """
    trips = _departures(feeds, day)
    km = _trip_km(feeds)
    table = trips.assign(
        hours=(trips["end_s"] - trips["start_s"]) / 3600, km=km[trips["trip"].to_numpy()]
    )
    sums = table.groupby("route").agg(
        departures=("trip", "size"), vehicle_hours=("hours", "sum"), vehicle_km=("km", "sum")
    )
    # A loop, since pandas gives a table in place of a column where no line runs.
    sums["peak_vehicles"] = [
        most_at_once(rows["start_s"].to_numpy(np.int64), rows["end_s"].to_numpy(np.int64) + turn_s)
        for _, rows in table.groupby("route")
    ]
    routes = feeds.routes.iloc[sums.index.to_numpy()].reset_index(drop=True)
    result = pd.DataFrame(
        {
            "route_id": routes["route_id"].astype(object),
            "feed": routes["feed"].astype(object),
            "operator": routes["operator"].astype(object),
            "line": routes["short_name"].astype(object),
            "mode": routes["mode"].astype(object),
            "departures": sums["departures"].to_numpy(np.float64),
            "vehicle_hours": sums["vehicle_hours"].to_numpy(np.float64),
            "vehicle_km": sums["vehicle_km"].to_numpy(np.float64),
            "peak_vehicles": sums["peak_vehicles"].to_numpy(np.int64),
        }
    )
    return result.sort_values("route_id", ignore_index=True)


def cost_difference(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Lines whose service differs: `after` − `before`; a line absent from one counts as nil."""
    names = ["route_id", "feed", "operator", "line", "mode"]
    numbers = ["departures", "vehicle_hours", "vehicle_km", "peak_vehicles"]
    both = pd.concat([after[names], before[names]]).drop_duplicates("route_id")
    both = both.sort_values("route_id", ignore_index=True)
    old = before.set_index("route_id")[numbers].reindex(both["route_id"]).fillna(0)
    new = after.set_index("route_id")[numbers].reindex(both["route_id"]).fillna(0)
    difference = (new - old).reset_index(drop=True)
    changed = (difference.abs() > 1e-9).any(axis=1)
    return pd.concat([both, difference], axis=1)[changed].reset_index(drop=True)


def total_cost(cost: pd.DataFrame) -> dict[str, float]:
    """Sums over lines; peak vehicles are added up line by line, as if none were shared."""
    return {
        name: float(cost[name].sum())
        for name in ("departures", "vehicle_hours", "vehicle_km", "peak_vehicles")
    }


def most_at_once(start: Int64, end: Int64) -> int:
    """Most intervals [start, end) that hold one instant; an end frees before a start takes."""
    when = np.concatenate([start, end])
    step = np.concatenate([np.ones(len(start), np.int64), -np.ones(len(end), np.int64)])
    order = np.lexsort((step, when))
    return int(np.cumsum(step[order]).max(initial=0))


def _departures(feeds: Feeds, day: dt.date) -> pd.DataFrame:
    """Each run of the day: trip, route, start and end in seconds; headways written out."""
    start, end = trip_bounds(feeds)
    on = runs_on(feeds, day) & (end > start)
    templates = feeds.frequencies["trip"].to_numpy(np.int64)
    timed = on.copy()
    timed[templates] = False
    rows = np.flatnonzero(timed)
    departure = feeds.stop_times["departure_s"].to_numpy(np.int64)
    arrival = feeds.stop_times["arrival_s"].to_numpy(np.int64)
    spans = feeds.frequencies[on[templates]]
    repeats = np.maximum(
        np.ceil((spans["end_s"] - spans["start_s"]) / spans["headway_s"]), 1
    ).to_numpy(np.int64)
    number = np.arange(repeats.sum()) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    trip = np.repeat(spans["trip"].to_numpy(np.int64), repeats)
    begin = (
        np.repeat(spans["start_s"].to_numpy(np.int64), repeats)
        + np.repeat(spans["headway_s"].to_numpy(np.int64), repeats) * number
    )
    last = np.maximum(end - 1, 0)
    duration = np.zeros(len(feeds.trips), np.int64)
    some = end > start
    duration[some] = arrival[last[some]] - departure[start[some]]
    every = np.concatenate([rows, trip])
    starts = np.concatenate([departure[start[rows]], begin])
    return pd.DataFrame(
        {
            "trip": every,
            "route": feeds.trips["route"].to_numpy(np.int64)[every],
            "start_s": starts,
            "end_s": starts + duration[every],
        }
    )


def _trip_km(feeds: Feeds) -> Float64:
    """Kilometres of each trip: straight from stop to stop, times its mode's detour."""
    times = feeds.stop_times
    stop, trip = times["stop"].to_numpy(), times["trip"].to_numpy()
    lon = feeds.stops["lon"].to_numpy(np.float64)[stop]
    lat = feeds.stops["lat"].to_numpy(np.float64)[stop]
    x = np.diff(lon) * np.cos(np.radians((lat[1:] + lat[:-1]) / 2))
    metres = np.hypot(x, np.diff(lat)) * _M_PER_DEGREE
    same = trip[1:] == trip[:-1]
    straight = np.bincount(trip[1:][same], weights=metres[same], minlength=len(feeds.trips))
    mode = feeds.routes["mode"].to_numpy(object)[feeds.trips["route"].to_numpy()]
    detour = np.array([DETOUR.get(str(m), ROAD_DETOUR) for m in mode], np.float64)
    km: Float64 = straight * detour / 1000
    return km
