"""Descriptive statistics of a day's service, by gtfs-kit."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mobility.errors import FeedError, raise_all
from mobility.feeds.choose_day import best_common_day
from mobility.feeds.clock import written
from mobility.feeds.ledger import Ledger
from mobility.feeds.model import Feeds
from mobility.feeds.places import hops_m
from mobility.feeds.read import read_feeds
from mobility.feeds.reader import read_draft
from mobility.scenario.model import FeedEntry

if TYPE_CHECKING:
    import gtfs_kit as gk

# gtfs-kit's names to ours, which carry the unit.
NAMES = {
    "service_distance": "service_km",
    "service_duration": "service_h",
    "service_speed": "service_kph",
    "mean_trip_distance": "mean_trip_km",
    "mean_trip_duration": "mean_trip_h",
    "max_headway": "max_headway_min",
    "min_headway": "min_headway_min",
    "mean_headway": "mean_headway_min",
}
NETWORK_COLUMNS = [
    "feed",
    "mode",
    "num_stops",
    "num_routes",
    "num_trips",
    "peak_num_trips",
    "peak_start_time",
    "service_km",
    "service_h",
    "service_kph",
]


@dataclass(frozen=True)
class FeedStatistics:
    """What runs on one service day.

    Parameters
    ----------
    day
        The day.
    networks
        One row per feed and mode: `NETWORK_COLUMNS`. Kilometres run from stop to stop as the
        crow flies.
    routes
        One row per route with a trip on the day: ``route_id, feed, mode, num_trips, start_time,
        end_time, mean_headway_min`` (07:00 to 19:00, by direction), ``peak_num_trips,
        service_km, service_h, service_kph, mean_trip_km, mean_trip_h`` and others gtfs-kit
        computes.
    """

    day: dt.date
    networks: pd.DataFrame
    routes: pd.DataFrame


def describe_feeds(source: Feeds | Path, day: dt.date | None = None) -> FeedStatistics:
    """Describe what feeds do on a day.

    Parameters
    ----------
    source
        Feeds that were read for `day`, or the path of one feed.
    day
        Service day; may be left out for a path: the feed's best Tuesday or Thursday is taken.

    Raises
    ------
    FeedError
        The path is no usable feed, or the feed has no trip on the day.
    """
    if isinstance(source, Path):
        source, day = _read_alone(source, day)
    if day is None:
        raise TypeError("describe_feeds needs the day the feeds were read for")
    networks, routes = [], []
    for feed in source.sources:
        stats = _trip_stats(source, feed.id, day)
        if stats.empty:
            continue
        kit = _kit_feed(source, stats, day)
        date = [day.strftime("%Y%m%d")]
        by_mode = kit.compute_network_stats(date, trip_stats=stats, split_route_types=True)
        networks.append(by_mode.rename(columns={"route_type": "mode"}).assign(feed=feed.id))
        routes.append(kit.compute_route_stats(date, trip_stats=stats).assign(feed=feed.id))
    if not networks:
        return FeedStatistics(day, pd.DataFrame(columns=NETWORK_COLUMNS), pd.DataFrame())
    table = pd.concat(routes, ignore_index=True).rename(columns={"route_type": "mode"})
    return FeedStatistics(
        day,
        pd.concat(networks, ignore_index=True).rename(columns=NAMES)[NETWORK_COLUMNS],
        table.drop(columns=["date"]).rename(columns=NAMES),
    )


def _read_alone(path: Path, day: dt.date | None) -> tuple[Feeds, dt.date]:
    """Read one feed in its own time zone, on its best day where none is given."""
    entry = FeedEntry(id=re.sub(r"[^A-Za-z0-9_-]", "-", path.stem) or "feed", path=path)
    ledger = Ledger(entry.id, str(path))
    draft = read_draft(entry, "", day, ledger)
    raise_all(FeedError, ledger.problems())
    if draft is None:
        ledger.problem("", "a feed that can't be read", "a GTFS feed")
        raise FeedError(ledger.problems())
    span = draft.days.span
    chosen = day or best_common_day([draft.days]) or (span[0] if span else draft.services.first_day)
    return read_feeds([entry], timezone=draft.zone.key, day=chosen, box=None), chosen


def _trip_stats(feeds: Feeds, feed: str, day: dt.date) -> pd.DataFrame:
    """One row per departure of the day, in the form gtfs-kit's own trip statistics have.

    Headway trips count once per departure, the first at the window's start.
    """
    trips, times = feeds.trips, feeds.stop_times
    service = trips["service"].to_numpy()
    runs = np.where(service >= 0, np.r_[feeds.services.on(day), True][service], True)
    mine = runs & trips["feed"].eq(feed).to_numpy()
    rows = times[mine[times["trip"].to_numpy()]]
    lon, lat = (feeds.stops[name].to_numpy()[rows["stop"]] for name in ("lon", "lat"))
    hop_m = np.r_[hops_m(lon, lat), 0.0][: len(rows)]
    last = rows["trip"].to_numpy() != np.r_[rows["trip"].to_numpy()[1:], -1]
    ends = (
        rows.assign(hop_m=np.where(last, 0.0, hop_m))
        .groupby("trip")
        .agg(
            start_s=("departure_s", "first"),
            end_s=("arrival_s", "last"),
            first_stop=("stop", "first"),
            last_stop=("stop", "last"),
            num_stops=("stop", "size"),
            metres=("hop_m", "sum"),
        )
        .reset_index()
    )
    ends = _with_departures(ends, feeds.frequencies)
    route = feeds.routes.iloc[trips["route"].to_numpy()[ends["trip"]]].reset_index(drop=True)
    hours = (ends["end_s"] - ends["start_s"]) / 3600
    pattern = ends.groupby(["first_stop", "last_stop", "num_stops"]).ngroup()
    return pd.DataFrame(
        {
            "trip_id": _departure_ids(trips["trip_id"].to_numpy(object)[ends["trip"]], ends),
            "trip": ends["trip"],
            "route_id": route["route_id"],
            "route_short_name": route["short_name"],
            "route_type": route["mode"],
            "direction_id": np.maximum(trips["direction"].to_numpy()[ends["trip"]], 0),
            "stop_pattern_name": pattern.astype(str),
            "is_loop": (ends["first_stop"] == ends["last_stop"]).astype(int),
            "num_stops": ends["num_stops"],
            "start_time": [written(s) for s in ends["start_s"].clip(lower=0).tolist()],
            "end_time": [written(s) for s in ends["end_s"].clip(lower=0).tolist()],
            "duration": hours,
            "distance": ends["metres"] / 1000,
        }
    )


def _with_departures(ends: pd.DataFrame, frequencies: pd.DataFrame) -> pd.DataFrame:
    windows = frequencies[frequencies["trip"].isin(ends["trip"])]
    plain = ends[~ends["trip"].isin(windows["trip"])].assign(departure=-1)
    if windows.empty:
        return plain.reset_index(drop=True)
    span = windows["end_s"].to_numpy() - windows["start_s"].to_numpy()
    count = -(-span // windows["headway_s"].to_numpy())
    row = np.repeat(np.arange(len(windows)), count)
    nth = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    start = windows["start_s"].to_numpy()[row] + nth * windows["headway_s"].to_numpy()[row]
    made = ends.set_index("trip").loc[windows["trip"].to_numpy()[row]].reset_index()
    made = made.assign(end_s=made["end_s"] - made["start_s"] + start, start_s=start)
    return pd.concat([plain, made.assign(departure=start)], ignore_index=True)


def _departure_ids(trip_ids: np.ndarray, ends: pd.DataFrame) -> list[str]:
    departures = ends["departure"].tolist()
    return [
        name if departure < 0 else f"{name}@{written(departure)}"
        for name, departure in zip(trip_ids, departures, strict=True)
    ]


def _kit_feed(feeds: Feeds, stats: pd.DataFrame, day: dt.date) -> gk.Feed:
    """One feed's day as gtfs-kit wants it: all departures under one service of one date."""
    # Importing gtfs-kit takes most of a second, which only this function should cost.
    import gtfs_kit as gk  # noqa: PLC0415

    date = day.strftime("%Y%m%d")
    first = ~stats.duplicated("trip")
    # The stops of a headway trip are counted once, with its first departure; the others
    # need a row each to count as trips.
    rows = feeds.stop_times[["trip", "stop"]].merge(
        stats.loc[first, ["trip", "trip_id"]], on="trip"
    )
    more = stats.loc[~first, ["trip", "trip_id"]].merge(
        rows.drop_duplicates("trip")[["trip", "stop"]], on="trip"
    )
    rows = pd.concat([rows, more], ignore_index=True)
    stop_ids = feeds.stops["stop_id"].to_numpy(object)
    return gk.Feed(
        dist_units="km",
        trips=stats[["route_id", "trip_id"]].assign(service_id="day"),
        stop_times=pd.DataFrame({"trip_id": rows["trip_id"], "stop_id": stop_ids[rows["stop"]]}),
        calendar_dates=pd.DataFrame({"service_id": ["day"], "date": [date], "exception_type": [1]}),
    )
