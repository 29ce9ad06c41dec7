"""Two countries' feeds made one: stops matched, runs counted once, cut trips joined."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from mobility.feeds.model import Feeds
from mobility.merge.calls import calls_of
from mobility.merge.checks import check_abroad, check_agencies, check_feeds
from mobility.merge.concern import part
from mobility.merge.duplicates import drop_duplicates, dropped_row
from mobility.merge.edit import balance, keep_trips
from mobility.merge.inventory import calendar_table, cross_border_lines
from mobility.merge.model import (
    STOPS,
    TRIPS_DROPPED,
    TRIPS_STITCHED,
    Int32,
    Merged,
    WalkMetres,
    labels_of,
    rows_of,
    table_of,
    texts,
)
from mobility.merge.overrides import read_overrides
from mobility.merge.places import place_stops
from mobility.merge.problems import Problems
from mobility.merge.repairs import repair
from mobility.merge.repeats import PERHAPS, drop_repeats
from mobility.merge.samelines import drop_same_lines
from mobility.merge.stitch import stitch_trips
from mobility.merge.stops import match_stops, station_of
from mobility.merge.through import run_through
from mobility.merge.working import finished, working
from mobility.scenario.model import MergeEntry
from mobility.tables import Column
from mobility.zones import Countries

__all__ = [
    "Merged",
    "WalkMetres",
    "cross_border_lines",
    "drop_duplicates",
    "drop_repeats",
    "drop_same_lines",
    "match_stops",
    "merge_feeds",
    "place_stops",
    "repair",
    "run_through",
    "station_of",
    "stitch_trips",
]


MOST_ROUNDS = 5


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
    begun = working(feeds)
    work = _Work(place_stops(begun, countries))
    if chosen.repair:
        before = work.feeds.stops
        work.take("repair", repair)
        if work.feeds.stops is not before:
            work.feeds = place_stops(work.feeds, countries)
    work.problems.extend(check_feeds(work.feeds, day=day, timezone=timezone))
    _unknown_feeds(work.feeds, chosen, work.problems)
    allowed = foreign_agencies or {}
    work.take("foreign agencies", lambda now: _foreign(now, allowed))
    matches = table_of(STOPS, {})
    if chosen.match_stops:
        known = tuple(source.id for source in feeds.sources)
        over = read_overrides(chosen.overrides, known) if chosen.overrides else {}
        _unknown_overrides(work.feeds, over, work.problems)
        unmatched = work.feeds
        work.feeds, matches = match_stops(unmatched, walk_m=walk_m, overrides=over)
        work.books.append(balance("match stops", unmatched, work.feeds))
        work.problems.extend(check_abroad(work.feeds, matches))
    _once_per_feed(work, day, chosen)
    station = station_of(work.feeds, matches)
    parted = part(work.feeds, station)
    work.feeds, work.beside = parted.work, parted.rest
    for _ in range(MOST_ROUNDS):
        round_before = work.feeds
        _count_once(work, station, day, chosen)
        if work.feeds is round_before:
            break
    changed = work.feeds is not parted.work
    work.feeds, work.beside = parted.together(work.feeds), None
    if changed:
        _once_per_feed(work, day, chosen, lines=False)
    evidence = _evidence(work, matches, day, chosen)
    return Merged(finished(work.feeds, begun, feeds), evidence)


def _once_per_feed(
    work: _Work, day: dt.date | None, chosen: MergeEntry, *, lines: bool = True
) -> None:
    """Drop what one feed holds twice."""
    if chosen.drop_duplicates:
        twice = chosen.two_editions
        work.drop(
            "repeats", lambda now: drop_repeats(now, day=day, two_editions=twice, lines=lines)
        )


def _count_once(work: _Work, station: Int32, day: dt.date | None, chosen: MergeEntry) -> None:
    """Join and drop trips once; a joined trip may be one that another feed has whole."""
    if chosen.through_running:
        work.join("through-running", lambda now: run_through(now, station, day=day))
    if chosen.drop_duplicates:
        made = chosen.modelled_times
        work.drop("duplicate trips", lambda now: drop_duplicates(now, station, day=day))
        work.drop("same lines", lambda now: drop_same_lines(now, station, day=day, modelled=made))
    if chosen.stitch:
        work.join("cut trips", lambda now: stitch_trips(now, station, day=day))


@dataclass
class _Work:
    """Feeds on their way through the steps, and the books that are kept of it.

    `beside` are trips that the steps don't concern but the books count; `done` is what each
    step left, to which it need not be done again.
    """

    feeds: Feeds
    beside: Feeds | None = None
    problems: Problems = field(default_factory=Problems)
    books: list[pd.DataFrame] = field(default_factory=list)
    done: dict[str, Feeds] = field(default_factory=dict)
    dropped: list[pd.DataFrame] = field(default_factory=list)
    stitched: list[pd.DataFrame] = field(default_factory=list)

    def take(
        self, step: str, change: Callable[[Feeds], tuple[Feeds, pd.DataFrame, Problems]]
    ) -> None:
        """Do a step that drops trips and finds problems."""
        before = self.feeds
        if self.done.get(step) is before:
            return
        self.feeds, gone, found = change(before)
        self.dropped.append(gone)
        self.problems.extend(found)
        self.book(step, before)

    def book(self, step: str, before: Feeds) -> None:
        """Keep the books of a step: always once, again only where it changed something."""
        again = step in self.done
        self.done[step] = self.feeds
        if self.feeds is not before or not again:
            self.books.append(balance(step, before, self.feeds, self.beside))

    def drop(self, step: str, change: Callable[[Feeds], tuple[Feeds, pd.DataFrame]]) -> None:
        """Do a step that drops trips."""
        self.take(step, lambda now: (*change(now), Problems()))

    def join(self, step: str, change: Callable[[Feeds], tuple[Feeds, pd.DataFrame]]) -> None:
        """Do a step that joins trips."""
        before = self.feeds
        if self.done.get(step) is before:
            return
        self.feeds, joined = change(before)
        self.stitched.append(joined)
        self.book(step, before)


def _evidence(
    work: _Work, matches: pd.DataFrame, day: dt.date | None, chosen: MergeEntry
) -> dict[str, pd.DataFrame]:
    trips = set(texts(work.feeds.trips["trip_id"]))
    stitched = _together(TRIPS_STITCHED, work.stitched, trips, ("trip_a", "trip_b"))
    evidence = {
        "stops": matches,
        "trips_dropped": _together(TRIPS_DROPPED, work.dropped, trips, ("trip", "kept_trip")),
        "trips_stitched": stitched,
        "calendars": calendar_table(work.feeds, day=day),
        "cross_border_lines": cross_border_lines(
            work.feeds, day=day, stitched=stitched, modelled=chosen.modelled_times
        ),
    }
    _doubts(evidence, work.problems)
    evidence["problems"] = work.problems.table()
    evidence["balance"] = pd.concat(work.books, ignore_index=True)
    return evidence


def _foreign(
    feeds: Feeds, allowed: Mapping[str, tuple[str, ...]]
) -> tuple[Feeds, pd.DataFrame, Problems]:
    """Leave out foreign agencies of feeds that have a list of allowed ones; report the rest."""
    problems, found = check_agencies(feeds, allowed)
    unwanted = {agency for feed, agencies in found.items() if allowed.get(feed)
                for agency in agencies}  # fmt: skip
    if not unwanted:
        return feeds, table_of(TRIPS_DROPPED, {}), problems
    of_route = np.isin(texts(feeds.routes["agency_id"]).astype(str), sorted(unwanted))
    gone = of_route[feeds.trips["route"].to_numpy()]
    what = "trip of a foreign agency that is not allowed"
    problems.by_feed(
        "warning", feeds.trips, gone, "trips.txt", what, "trip left out",
        "name the agency under allow_foreign_agencies to keep it",
    )  # fmt: skip
    calls, labels = calls_of(feeds), labels_of(feeds)
    rows = [
        dropped_row(labels, calls, int(t), -1, decision="dropped", reason=what)
        for t in np.flatnonzero(gone & (calls.count() > 0))
    ]
    return keep_trips(feeds, ~gone), rows_of(TRIPS_DROPPED, rows), problems


def _unknown_feeds(feeds: Feeds, chosen: MergeEntry, problems: Problems) -> None:
    known = {source.id for source in feeds.sources}
    for option in ("modelled_times", "two_editions"):
        lost = tuple(sorted(set(getattr(chosen, option)) - known))
        problems.add(
            "warning", "", f"[merge] {option}", "feed named here that was not read",
            count=len(lost), examples=lost, done="passed over", cure="correct the feed's id",
        )  # fmt: skip


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


def _together(
    contract: tuple[Column, ...], parts: list[pd.DataFrame], trips: set[str], pair: tuple[str, str]
) -> pd.DataFrame:
    """Rows of all rounds; doubts only about trips that are still there, each once."""
    filled = [part for part in parts if len(part)]
    if not filled:
        return table_of(contract, {})
    table = pd.concat(filled, ignore_index=True)
    open_ = ~table["decision"].isin(["dropped", "dropped on some days", "joined"])
    there = table[pair[0]].isin(trips) & table[pair[1]].isin(trips)
    again = table.duplicated([*pair, "decision", "reason"], keep="last")
    return table[~open_ | (there & ~again)].reset_index(drop=True)


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
    within = (doubtful["reason"] == PERHAPS).to_numpy()
    twice, doubtful = doubtful[within], doubtful[~within]
    problems.add(
        "warning", "", "merge/trips_dropped.csv", "lines that a feed may hold twice",
        count=len(twice), examples=tuple(twice["line"] + " / " + twice["kept_line"])[:3],
        done="both kept",
        cure="if the feed holds two editions of its timetable, name it under two_editions",
    )  # fmt: skip
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
