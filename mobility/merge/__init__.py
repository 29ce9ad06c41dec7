"""Two countries' feeds made one: stops matched, runs counted once, cut trips joined."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
import pandas as pd

from mobility.feeds.model import Feeds
from mobility.merge.checks import check_agencies, check_feeds
from mobility.merge.duplicates import drop_duplicates
from mobility.merge.edit import balance, keep_trips
from mobility.merge.inventory import calendar_table, cross_border_lines
from mobility.merge.model import (
    STOPS,
    TRIPS_DROPPED,
    TRIPS_STITCHED,
    Merged,
    WalkMetres,
    table_of,
    texts,
)
from mobility.merge.overrides import read_overrides
from mobility.merge.problems import Problems
from mobility.merge.repairs import repair
from mobility.merge.samelines import drop_same_lines
from mobility.merge.stitch import stitch_trips
from mobility.merge.stops import match_stops, station_of
from mobility.merge.through import run_through
from mobility.scenario.model import MergeEntry
from mobility.zones import Countries, country_at

__all__ = [
    "Merged",
    "WalkMetres",
    "cross_border_lines",
    "drop_duplicates",
    "drop_same_lines",
    "match_stops",
    "merge_feeds",
    "place_stops",
    "repair",
    "run_through",
    "station_of",
    "stitch_trips",
]


def merge_feeds(
    feeds: Feeds,
    *,
    day: dt.date | None,
    timezone: str,
    walk_m: WalkMetres | None = None,
    countries: Countries | None = None,
    options: MergeEntry | None = None,
    foreign_agencies: Mapping[str, tuple[str, ...]] | None = None,
) -> Merged:
    """Make one timetable of several feeds, each step leaving its evidence.

    The steps, each of which `options` can switch off: errors mended, stops placed in their
    country, stops matched, trips of one vehicle run through, runs that two feeds have dropped
    once, cut trips joined. Done again on its own result nothing changes, and the order in
    which feeds are listed has no influence.

    Parameters
    ----------
    feeds
        As read.
    day
        The day of the run; None, all days.
    timezone
        The region's zone, in which all times stand.
    walk_m
        Metres on foot between two places; None takes 1.3 times the crow-fly distance.
    countries
        Polygons; None leaves stops in the country of their feed.
    options
        Steps and overrides, from the region file.
    foreign_agencies
        Feed → agencies that may run abroad only. Where a feed has such a list, its other
        agencies that run only abroad are left out.
    """
    chosen = options or MergeEntry()
    problems = Problems()
    work = place_stops(feeds, countries)
    before, books = work, []
    dropped: list[pd.DataFrame] = []
    stitched: list[pd.DataFrame] = []
    matches = table_of(STOPS, {})
    if chosen.repair:
        work, gone, found = repair(work)
        problems.extend(found)
        dropped.append(gone)
        work = place_stops(work, countries)
        books.append(balance("repair", before, work))
    problems.extend(check_feeds(work, day=day))
    before = work
    work, found = _foreign(work, foreign_agencies or {})
    problems.extend(found)
    books.append(balance("foreign agencies", before, work))
    if chosen.match_stops:
        before = work
        over = None
        if chosen.overrides is not None:
            over = read_overrides(chosen.overrides, tuple(s.id for s in work.sources))
        work, matches = match_stops(work, walk_m=walk_m, overrides=over)
        _unknown_overrides(work, over or {}, problems)
        books.append(balance("match stops", before, work))
    station = station_of(work, matches)
    if chosen.through_running:
        before = work
        work, joined = run_through(work, station, day=day)
        stitched.append(joined)
        books.append(balance("through-running", before, work))
    if chosen.drop_duplicates:
        before = work
        work, gone = drop_duplicates(work, station, day=day)
        dropped.append(gone)
        books.append(balance("duplicate trips", before, work))
        before = work
        work, gone = drop_same_lines(work, station, day=day, modelled=chosen.modelled_times)
        dropped.append(gone)
        books.append(balance("same lines", before, work))
    if chosen.stitch:
        before = work
        work, joined = stitch_trips(work, station, day=day)
        stitched.append(joined)
        books.append(balance("cut trips", before, work))
    evidence = {
        "stops": matches,
        "trips_dropped": _without_joined(dropped, stitched),
        "trips_stitched": _together(TRIPS_STITCHED, stitched),
        "calendars": calendar_table(work, day=day),
        "cross_border_lines": cross_border_lines(work, day=day),
    }
    _doubts(evidence, problems)
    evidence["problems"] = problems.table()
    evidence["balance"] = pd.concat(books, ignore_index=True)
    return Merged(work, evidence)


def place_stops(feeds: Feeds, countries: Countries | None) -> Feeds:
    """Write into each stop the country it lies in; outside all polygons its feed's stays."""
    if countries is None:
        return feeds
    lon, lat = feeds.stops["lon"].to_numpy(float), feeds.stops["lat"].to_numpy(float)
    placed = country_at(countries, lon, lat)
    old = texts(feeds.stops["country"])
    country = np.where(placed == "", old, placed).astype(object)
    if (country == old).all():
        return feeds
    return feeds.with_tables(stops=feeds.stops.assign(country=country))


def _foreign(
    feeds: Feeds, allowed: Mapping[str, tuple[str, ...]]
) -> tuple[Feeds, Problems]:
    """Leave out foreign agencies of feeds that have a list of allowed ones; report the rest."""
    problems, found = check_agencies(feeds, allowed)
    unwanted = {agency for feed, agencies in found.items() if allowed.get(feed)
                for agency in agencies}  # fmt: skip
    if not unwanted:
        return feeds, problems
    of_route = np.isin(texts(feeds.routes["agency_id"]).astype(str), sorted(unwanted))
    gone = of_route[feeds.trips["route"].to_numpy()]
    problems.by_feed(
        "warning", feeds.trips, gone, "trips.txt", "trip of a foreign agency that is not allowed",
        "trip left out", "name the agency under allow_foreign_agencies to keep it",
    )  # fmt: skip
    return keep_trips(feeds, ~gone), problems


def _unknown_overrides(
    feeds: Feeds, over: Mapping[tuple[str, str], str], problems: Problems
) -> None:
    known = set(texts(feeds.stops["stop_id"]))
    lost = sorted({stop for pair in over for stop in pair if stop not in known})
    problems.add(
        "warning", "", "overrides", "stop in the overrides that no feed has here",
        count=len(lost), examples=tuple(lost), done="passed over",
        cure="correct the stop id, or take the row out",
    )  # fmt: skip


def _together(contract: tuple[object, ...], parts: list[pd.DataFrame]) -> pd.DataFrame:
    filled = [part for part in parts if len(part)]
    if not filled:
        return table_of(contract, {})  # type: ignore[arg-type]
    return pd.concat(filled, ignore_index=True)


def _without_joined(dropped: list[pd.DataFrame], stitched: list[pd.DataFrame]) -> pd.DataFrame:
    """All dropped trips; doubts about trips that were joined after all are settled."""
    table = _together(TRIPS_DROPPED, dropped)
    joined = {
        trip
        for part in stitched
        for side in ("trip_a", "trip_b")
        for trip in part.loc[(part["decision"] == "joined").to_numpy(), side]
    }
    settled = (table["decision"] == "doubtful") & (
        table["trip"].isin(joined) | table["kept_trip"].isin(joined)
    )
    return table[~settled].reset_index(drop=True)


def _doubts(evidence: Mapping[str, pd.DataFrame], problems: Problems) -> None:
    """Say what a person should look at."""
    stops, dropped, stitched = (evidence[k] for k in ("stops", "trips_dropped", "trips_stitched"))
    apart = stops[(stops["grade"] == "apart").to_numpy()]
    problems.add(
        "note", "", "merge/stops.csv", "stops alike that something lies between",
        count=len(apart), examples=tuple(apart["stop_a"] + " / " + apart["stop_b"])[:3],
        done="kept apart", cure="join them in the overrides if they are one",
    )  # fmt: skip
    doubtful = dropped[(dropped["decision"] == "doubtful").to_numpy()]
    problems.add(
        "warning", "", "merge/trips_dropped.csv", "trips that two feeds may both have",
        count=len(doubtful), examples=tuple(doubtful["trip"])[:3], done="both kept",
        cure="if the feed's times are not the published ones, name it under modelled_times",
    )  # fmt: skip
    cut = stitched[(stitched["decision"] == "doubtful").to_numpy()]
    problems.add(
        "note", "", "merge/trips_stitched.csv", "trips that may be one ride cut in two",
        count=len(cut), examples=tuple(cut["trip_a"] + " / " + cut["trip_b"])[:3],
        done="not joined", cure="give both the same trip_short_name or route_short_name",
    )  # fmt: skip
