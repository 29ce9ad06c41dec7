"""What is wrong or odd with feeds though nothing can be mended: counted, with a cure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from itertools import islice

import numpy as np
import pandas as pd

from mobility.feeds.model import Feeds, FeedSource
from mobility.merge.calls import calls_of, trip_modes
from mobility.merge.ground import on_sphere
from mobility.merge.model import distinct_pairs, texts
from mobility.merge.problems import Problems

FASTEST_KPH = 350.0
MINUTE_S = 60
SLOW_KPH = 3.0
SLOW_M = 1_000.0
STALE_DAYS = 14


def check_feeds(feeds: Feeds, *, day: dt.date | None, timezone: str) -> Problems:
    """Check calendars, ids, speeds and use of stops; what reading left out is repeated here."""
    problems = Problems()
    for source in feeds.sources:
        _reading(source, problems)
        problems.add(
            "note", source.id, "agency.txt", "times in another zone than the region's",
            count=int(source.clock_shift_s != 0),
            examples=(f"{source.agency_timezone} → {timezone}",), done="converted",
        )  # fmt: skip
        _calendar(feeds, source, day, problems)
    own = {note for source in feeds.sources for note in source.notes}
    for note in feeds.notes:
        if note not in own:
            problems.add("warning", "", "feeds", note, count=1)
    _ids(feeds, problems)
    _speeds(feeds, problems)
    _unused(feeds, problems)
    return problems


def check_agencies(
    feeds: Feeds, allowed: Mapping[str, tuple[str, ...]]
) -> tuple[Problems, dict[str, tuple[str, ...]]]:
    """Find agencies that run only abroad for their feed's country.

    Parameters
    ----------
    feeds
        Feeds whose stops are placed in countries.
    allowed
        Feed → agency names or ids (without the feed) that may be there all the same.

    Returns
    -------
    Problems
        One row per such agency that is not allowed.
    dict
        Feed → their agency ids.
    """
    problems = Problems()
    found: dict[str, tuple[str, ...]] = {}
    country, names = pd.factorize(texts(feeds.stops["country"]))
    home = {source.id: source.country for source in feeds.sources}
    route = feeds.trips["route"].to_numpy()[feeds.stop_times["trip"].to_numpy()]
    own = np.array([home[f] for f in texts(feeds.routes["feed"])], object)
    agency, feed = texts(feeds.routes["agency_id"]), texts(feeds.routes["feed"])
    here = route.astype(np.int64) * len(names) + country[feeds.stop_times["stop"].to_numpy()]
    calls = np.bincount(here, minlength=len(own) * len(names)).reshape(len(own), len(names)) > 0
    at_home = (names == own[:, None]) | (names == "") | (own[:, None] == "")
    ever, used = (calls & at_home).any(axis=1), calls.any(axis=1)
    seen = pd.Series(ever[used]).groupby([feed[used], agency[used]]).any()
    name = dict(zip(texts(feeds.agency["agency_id"]), texts(feeds.agency["name"]), strict=True))
    for (of_feed, agency_id), any_home in seen.items():
        words = {agency_id, agency_id.partition(":")[2], name.get(agency_id, "")}
        if any_home or words & set(allowed.get(of_feed, ())):
            continue
        found[of_feed] = (*found.get(of_feed, ()), agency_id)
        problems.add(
            "warning", of_feed, "agency.txt", "agency that runs only in another country",
            count=1, examples=(name.get(agency_id) or agency_id,), done="kept",
            cure="name it under allow_foreign_agencies of the feed, or leave it out of the feed",
        )  # fmt: skip
    return problems, found


def check_abroad(feeds: Feeds, matches: pd.DataFrame) -> Problems:
    """Find train stops abroad that no feed of that country is known to share.

    There a traveller can't change to that country's trains, and a train that both feeds have
    may be counted twice.
    """
    problems = Problems()
    home = {source.id: source.country for source in feeds.sources}
    feed, country, ids = (texts(feeds.stops[c]) for c in ("feed", "country", "stop_id"))
    rail = (trip_modes(feeds) == "rail")[feeds.stop_times["trip"].to_numpy()]
    served = np.unique(feeds.stop_times["stop"].to_numpy()[rail])
    with_trains = {home[feed[k]] for k in served}
    one = matches[matches["grade"].isin(["same stop", "same station"]).to_numpy()]
    owner = dict(zip(ids, feed, strict=True))
    shared = {
        (mine, home[owner[other]])
        for a, b in zip(one["stop_a"], one["stop_b"], strict=True)
        for mine, other in ((a, b), (b, a))
    }
    alone = np.zeros(len(ids), bool)
    alone[
        [
            k for k in served
            if country[k] not in {"", home[feed[k]]} and country[k] in with_trains
            and (ids[k], country[k]) not in shared
        ]
    ] = True  # fmt: skip
    problems.by_feed(
        "warning", feeds.stops, alone, "stops.txt",
        "train stop abroad that no feed of that country shares", "kept apart",
        "name its partner in the overrides",
    )  # fmt: skip
    return problems


def _reading(source: FeedSource, problems: Problems) -> None:
    for what, count in sorted(source.dropped.items()):
        file, _, reason = what.partition(": ")
        problems.add("note", source.id, file, reason or file, count=count,
                     done="left out while reading")  # fmt: skip
    for what, count in sorted(source.repaired.items()):
        file, _, reason = what.partition(": ")
        problems.add("note", source.id, file, reason or file, count=count,
                     done="mended while reading")  # fmt: skip
    for note in source.notes:
        problems.add("warning", source.id, "calendar.txt", note, count=1)


def _calendar(feeds: Feeds, source: FeedSource, day: dt.date | None, problems: Problems) -> None:
    trips = int((texts(feeds.trips["feed"]) == source.id).sum())
    if source.days is None:
        problems.add(
            "error", source.id, "calendar.txt", "no day with any service", count=1,
            cure="get the feed anew",
        )  # fmt: skip
        return
    span = f"{source.days[0].isoformat()} – {source.days[1].isoformat()}"
    if day is not None and source.read_day is not None:
        problems.add(
            "warning", source.id, "calendar.txt",
            "the feed lacks the day and was read on the nearest day of the same type", count=1,
            examples=(source.read_day.isoformat(),), done="read on that day",
            cure="choose a day on which all feeds run, or get the feed for the day",
        )  # fmt: skip
    elif day is not None and not source.days[0] <= day <= source.days[1]:
        problems.add(
            "error", source.id, "calendar.txt", "the day is outside the feed's calendar", count=1,
            examples=(span,), cure="choose a day on which all feeds run, or get a newer feed",
        )  # fmt: skip
    elif day is not None and (source.days[1] - day).days < STALE_DAYS:
        problems.add(
            "note", source.id, "calendar.txt", "the feed's calendar ends soon after the day",
            count=1, examples=(span,), cure="get a newer feed when one is out",
        )  # fmt: skip
    if not trips:
        problems.add(
            "error", source.id, "trips.txt", "no trip on the day in the region", count=1,
            examples=(span,), cure="choose another day, or check that the feed serves the region",
        )  # fmt: skip


def _ids(feeds: Feeds, problems: Problems) -> None:
    for name, key in (("stops", "stop_id"), ("trips", "trip_id"), ("routes", "route_id")):
        table: pd.DataFrame = getattr(feeds, name)
        again = table[key].duplicated().to_numpy()
        problems.by_feed(
            "error", table, again, f"{name}.txt", "the same id twice", "kept",
            "give each row an id of its own",
        )  # fmt: skip


def _speeds(feeds: Feeds, problems: Problems) -> None:
    calls = calls_of(feeds)
    same = calls.trip[1:] == calls.trip[:-1]
    a, b = calls.stop[:-1][same], calls.stop[1:][same]
    run_s = (calls.arrival_s[1:] - calls.departure_s[:-1])[same].astype(float)
    trip = calls.trip[1:][same]
    at = np.asfortranarray(on_sphere(*(feeds.stops[c].to_numpy(float) for c in ("lon", "lat"))))
    far = np.sqrt(sum(np.square(axis[a] - axis[b]) for axis in at.T))
    # Times are often whole minutes: both ends may be half a minute off.
    fast = far > FASTEST_KPH / 3.6 * (run_s + MINUTE_S)
    slow = (far > SLOW_M) & (far * 3.6 < SLOW_KPH * (run_s - MINUTE_S))
    feed, ids = texts(feeds.trips["feed"]), texts(feeds.stops["stop_id"])
    for wrong, what, cure in (
        (fast, "faster than 350 km/h between two stops", "check the stops' positions and times"),
        (slow, "slower than walking between two stops", "check the times"),
    ):
        for source in feeds.sources:
            rows = np.flatnonzero(wrong)
            rows = rows[feed[trip[rows]] == source.id]
            pairs = zip(*distinct_pairs(a[rows], b[rows]), strict=True)
            examples = tuple(f"{ids[p]} → {ids[q]}" for p, q in islice(pairs, 3))
            problems.add("warning", source.id, "stop_times.txt", what, count=len(rows),
                         examples=examples, done="kept", cure=cure)  # fmt: skip


def _unused(feeds: Feeds, problems: Problems) -> None:
    unused = np.ones(len(feeds.stops), bool)
    unused[feeds.stop_times["stop"].to_numpy()] = False
    parent = feeds.stops["parent"].to_numpy()
    # A station is used through its platforms, and platforms may stand by for their station.
    used_station = np.unique(parent[~unused & (parent >= 0)])
    unused[used_station] = False
    kept = unused & ~np.isin(parent, used_station)
    kept &= feeds.stops["location_type"].to_numpy() == 0
    problems.by_feed(
        "note", feeds.stops, kept, "stops.txt", "stop that no trip serves on the day", "kept", ""
    )
