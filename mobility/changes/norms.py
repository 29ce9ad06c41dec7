"""Lines of a day in numbers, and what is usual for a domestic line of the same mode and length."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.changes.edit import first_departures, trip_bounds
from mobility.changes.select import distance_m
from mobility.feeds.model import Feeds

Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]
Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Lines:
    """One row per line (route) that runs on the day.

    Parameters
    ----------
    table
        ``route (row), mode, km (straight line between the ends of its longest trip), kph (that
        over the trip's run time), headway_s (mean gap of departures in the busier direction,
        NaN with one departure), departures, foreign (stops in more than one country)``.
    """

    table: pd.DataFrame


def lines_of_day(feeds: Feeds, on: Bool) -> Lines:
    """Measure every line by its trips of the day; `on` marks them."""
    start, end = trip_bounds(feeds)
    trips = np.flatnonzero(on & (end - start >= 2))
    times = feeds.stop_times
    stop = times["stop"].to_numpy()
    first, last = start[trips], end[trips] - 1
    lon, lat = feeds.stops["lon"].to_numpy(float), feeds.stops["lat"].to_numpy(float)
    a, b = stop[first], stop[last]
    metres = _apart(lon[a], lat[a], lon[b], lat[b])
    run = (
        times["arrival_s"].to_numpy(np.int64)[last] - times["departure_s"].to_numpy(np.int64)[first]
    )
    table = pd.DataFrame(
        {
            "route": feeds.trips["route"].to_numpy(np.int64)[trips],
            "direction": feeds.trips["direction"].to_numpy(np.int64)[trips],
            "km": metres / 1000,
            "run_s": run,
            "foreign": _is_foreign(feeds)[trips],
        }
    )
    longest = table.sort_values(["route", "km", "run_s"], ascending=[True, False, True])
    longest = longest.drop_duplicates("route").set_index("route")
    headways = _headways(feeds, trips, table["route"].to_numpy(), table["direction"].to_numpy())
    result = longest[["km", "run_s"]].join(headways)
    result["foreign"] = table.groupby("route")["foreign"].any()
    result["kph"] = result["km"] / (result["run_s"].clip(lower=1) / 3600)
    result = result.reset_index()
    result["mode"] = feeds.routes["mode"].to_numpy(object)[result["route"].to_numpy()]
    return Lines(result.sort_values("route", ignore_index=True))


def _apart(lon_a: Float64, lat_a: Float64, lon_b: Float64, lat_b: Float64) -> Float64:
    x = (lon_b - lon_a) * np.cos(np.radians((lat_a + lat_b) / 2))
    metres: Float64 = np.hypot(x, lat_b - lat_a) * 111_195.0
    return metres


def _is_foreign(feeds: Feeds) -> Bool:
    """Whether each trip stops in more than one country."""
    times = feeds.stop_times
    country, _ = pd.factorize(feeds.stops["country"].to_numpy(object))
    known = feeds.stops["country"].to_numpy(object) != ""
    stop, trip = times["stop"].to_numpy(), times["trip"].to_numpy()
    rows = known[stop]
    low = np.full(len(feeds.trips), np.iinfo(np.int64).max)
    high = np.full(len(feeds.trips), -1)
    np.minimum.at(low, trip[rows], country[stop[rows]])
    np.maximum.at(high, trip[rows], country[stop[rows]])
    return high > low


def _headways(feeds: Feeds, trips: Int64, route: Int64, direction: Int64) -> pd.DataFrame:
    """Departures and mean gap per route, of its direction with more departures."""
    spans = feeds.frequencies
    template = np.isin(trips, spans["trip"].to_numpy())
    first = first_departures(feeds)[trips]
    timed = pd.DataFrame(
        {"route": route, "direction": direction, "low": first, "high": first, "n": 1.0}
    )[~template]
    rows = spans[np.isin(spans["trip"].to_numpy(), trips)]
    trip = rows["trip"].to_numpy()
    length = (rows["end_s"] - rows["start_s"]).to_numpy(float)
    headway = rows["headway_s"].to_numpy(float)
    by_headway = pd.DataFrame(
        {
            "route": feeds.trips["route"].to_numpy(np.int64)[trip],
            "direction": feeds.trips["direction"].to_numpy(np.int64)[trip],
            "low": rows["start_s"].to_numpy(float),
            # n departures span n - 1 headways
            "high": rows["start_s"].to_numpy(float) + np.maximum(length - headway, 0),
            "n": np.maximum(length / headway, 1),
        }
    )
    ways = (
        pd.concat([timed, by_headway])
        .groupby(["route", "direction"])
        .agg(low=("low", "min"), high=("high", "max"), n=("n", "sum"))
        .reset_index()
        .sort_values(["route", "n", "direction"], ascending=[True, False, True])
        .drop_duplicates("route")
        .set_index("route")
    )
    several = ways["n"] > 1
    gap = (ways["high"] - ways["low"]) / (ways["n"] - 1).where(several)
    return pd.DataFrame({"headway_s": gap.where(gap > 0), "departures": ways["n"]})


def bands(km: Float64, edges: tuple[float, ...]) -> Int64:
    """Number of the band each length lies in, [edge, next edge); −1 outside all."""
    band = np.searchsorted(np.asarray(edges), km, side="right") - 1
    return np.where((band < 0) | (band >= len(edges) - 1), -1, band).astype(np.int64)


def domestic_norms(lines: Lines, edges: tuple[float, ...]) -> pd.DataFrame:
    """Medians of domestic lines per mode and band: ``headway_s, kph, lines``; indexed by both."""
    table = lines.table
    table = table.assign(band=bands(table["km"].to_numpy(), edges))
    own = table[~table["foreign"] & (table["band"] >= 0)]
    return own.groupby(["mode", "band"]).agg(
        headway_s=("headway_s", "median"), kph=("kph", "median"), lines=("route", "size")
    )


def near_stops(feeds: Feeds, lon: float, lat: float, within_m: float) -> Int64:
    """Stops within a distance of a point."""
    metres = distance_m(
        feeds.stops["lon"].to_numpy(float), feeds.stops["lat"].to_numpy(float), lon, lat
    )
    return np.flatnonzero(metres <= within_m)
