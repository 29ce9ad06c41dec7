"""All feeds of a region: each read, then laid one after the other."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from mobility.country_codes import alpha2
from mobility.errors import FeedError, Problem, raise_all
from mobility.feeds import clock
from mobility.feeds.assemble import Part, assemble
from mobility.feeds.choose_day import best_common_day, nearest_like
from mobility.feeds.day_types import day_type
from mobility.feeds.ledger import Ledger
from mobility.feeds.model import Feeds, ServiceDays
from mobility.feeds.notes import LEFT_OUT, NOT_VOUCHED, STOOD_IN
from mobility.feeds.places import Box
from mobility.feeds.reader import Draft, read_draft
from mobility.feeds.service_days import WEEKDAYS
from mobility.scenario.model import FeedEntry

# Column of each table that holds rows of another table.
REFERENCES = {
    "stops": {"parent": "stops"},
    "trips": {"route": "routes", "service": "services"},
    "stop_times": {"trip": "trips", "stop": "stops"},
    "frequencies": {"trip": "trips"},
    "transfers": {
        "from_stop": "stops",
        "to_stop": "stops",
        "from_trip": "trips",
        "to_trip": "trips",
        "from_route": "routes",
        "to_route": "routes",
    },
    "route_services": {"service": "services"},
}


def read_feeds(
    entries: Sequence[FeedEntry],
    *,
    timezone: str,
    day: dt.date | None,
    box: Box | None,
) -> Feeds:
    """Read GTFS feeds into one set of tables.

    Parameters
    ----------
    entries
        Feeds of the region, in any order; the result is sorted by feed id.
    timezone
        The region's zone, e.g. ``"Europe/Amsterdam"``. Times of a feed in another zone are
        converted by the two zones' offsets on the day.
    day
        Service day. Trips that run on it are kept, those of the day before that go on past
        midnight, and those of the day after that start before 06:00. None keeps all trips.
    box
        (lon_min, lat_min, lon_max, lat_max) in degrees: a trip is kept, whole, if it calls
        at a stop inside, or if a vehicle goes on between it and such a trip. None keeps all.

    Returns
    -------
    Feeds
        Rows left out are counted by reason in each `FeedSource.dropped`.

    Raises
    ------
    FeedError
        All problems of all feeds at once. A feed without a trip on the day is one, unless
        its entry allows the nearest day of the same type.
    """
    region = clock.zone_of(timezone)
    if region is None:
        raise FeedError(Problem("timezone", f'"{timezone}"', "a zone like Europe/Amsterdam"))
    ordered = sorted(entries, key=lambda entry: entry.id)
    _refuse_doubled(ordered)
    notes: list[str] = []
    drafts, problems = _drafts(ordered, day, notes)
    raise_all(FeedError, problems)
    read_days = _read_days(drafts, day)
    parts = [
        assemble(draft, day=day, read_day=read_day, region=region, box=box)
        for draft, read_day in zip(drafts, read_days, strict=True)
    ]
    raise_all(FeedError, [p for draft in drafts for p in draft.ledger.problems()])
    return join(parts, tuple(notes))


def _refuse_doubled(entries: Sequence[FeedEntry]) -> None:
    counts = Counter(entry.id for entry in entries)
    raise_all(
        FeedError,
        [
            Problem("feeds", f'the id "{feed}" {n} times', "an id of its own for each feed")
            for feed, n in counts.items()
            if n > 1
        ],
    )
    if not entries:
        raise FeedError(Problem("feeds", "no feed", "at least one feed"))


def _drafts(
    entries: Sequence[FeedEntry], day: dt.date | None, notes: list[str]
) -> tuple[list[Draft], list[Problem]]:
    drafts: list[Draft] = []
    problems: list[Problem] = []
    for entry in entries:
        if entry.optional and not entry.path.exists():
            notes.append(LEFT_OUT.format(feed=entry.id, file=entry.path.name))
            continue
        ledger = Ledger(entry.id, str(entry.path))
        draft = read_draft(entry, alpha2(entry.country), day, ledger)
        if draft is None and not ledger.failed:
            ledger.problem("", "a feed that can't be read", "a GTFS feed")
        problems += ledger.problems()
        if draft is not None:
            drafts.append(draft)
    if not drafts and not problems:
        problems.append(Problem("feeds", "none of the feeds", "at least one feed"))
    return drafts, problems


def _read_days(drafts: Sequence[Draft], day: dt.date | None) -> list[dt.date | None]:
    """Choose the day each feed is read on; raise where one has no trip on the day."""
    if day is None:
        return [None] * len(drafts)
    chosen: list[dt.date | None] = []
    lacking: list[Draft] = []
    for draft in drafts:
        found: dt.date | None = day if draft.days.on(day) else None
        if found is None and draft.entry.nearest_same_day_type:
            found = nearest_like(draft.days, day)
            if found is not None:
                kind = day_type(draft.country, day).kind
                draft.ledger.notes.append(
                    STOOD_IN.format(feed=draft.entry.id, day=day, other=found, kind=kind)
                )
        if found is None:
            lacking.append(draft)
        elif found == day:
            _note_unless_vouched(draft, day)
        chosen.append(found)
    if lacking:
        raise FeedError(_no_service(drafts, lacking, day))
    return chosen


def _note_unless_vouched(draft: Draft, day: dt.date) -> None:
    """Note that the day is none of those the feed's publisher vouches for."""
    first, last = draft.vouched
    span = draft.days.span
    if span is None or not ((first and day < first) or (last and day > last)):
        return
    draft.ledger.notes.append(
        NOT_VOUCHED.format(
            feed=draft.entry.id, first=first or span[0], last=last or span[1], day=day
        )
    )


def _no_service(drafts: Sequence[Draft], lacking: Sequence[Draft], day: dt.date) -> list[Problem]:
    spans = "; ".join(f"{d.entry.id} {_span(d)}" for d in drafts)
    best = best_common_day([d.days for d in drafts])
    if best is None:
        cure = "The feeds share no Tuesday or Thursday: get feeds of the same period"
        cure += ", or set nearest_same_day_type = true for a feed that lacks the day"
    else:
        weekday = WEEKDAYS[best.weekday()].capitalize()
        cure = f"Take {weekday} {best.isoformat()}, the best such day all feeds share"
    return [
        Problem(
            f"feed {draft.entry.id}, {draft.entry.path}",
            f"no trip on {day.isoformat()}; it runs {_span(draft)}",
            f"a day on which all feeds run ({spans})",
            cure,
        )
        for draft in lacking
    ]


def _span(draft: Draft) -> str:
    span = draft.days.span
    return f"{span[0].isoformat()} to {span[1].isoformat()}" if span else "on no day"


def join(parts: Sequence[Part], notes: tuple[str, ...] = ()) -> Feeds:
    """Lay parts one after the other and renumber the rows they refer to."""
    start = dict.fromkeys((*parts[0].tables, "services"), 0)
    gathered: dict[str, list[pd.DataFrame]] = {name: [] for name in parts[0].tables}
    for part in parts:
        for name, table in part.tables.items():
            shifted = {}
            for column, target in REFERENCES.get(name, {}).items():
                rows = table[column].to_numpy()
                shifted[column] = np.where(rows >= 0, rows + start[target], -1).astype(np.int32)
            gathered[name].append(table.assign(**shifted))
        for name, table in part.tables.items():
            start[name] += len(table)
        start["services"] += len(part.services.service_ids)
    tables = {name: pd.concat(found, ignore_index=True) for name, found in gathered.items()}
    return Feeds(
        sources=tuple(part.source for part in parts),
        services=join_services(parts),
        notes=(*notes, *(note for part in parts for note in part.source.notes)),
        **tables,
    )


def join_services(parts: Sequence[Part]) -> ServiceDays:
    """Lay the services of all feeds over one span of days."""
    first = min(part.services.first_day for part in parts)
    last = max(
        part.services.first_day + dt.timedelta(days=part.services.runs.shape[1]) for part in parts
    )
    n_services = sum(len(part.services.service_ids) for part in parts)
    runs = np.zeros((n_services, (last - first).days), bool)
    ids = np.empty(n_services, object)
    n_trips = np.zeros(n_services, np.int32)
    row = 0
    for part in parts:
        services = part.services
        rows = slice(row, row + len(services.service_ids))
        column = (services.first_day - first).days
        runs[rows, column : column + services.runs.shape[1]] = services.runs
        ids[rows] = [f"{part.source.id}:{name}" for name in services.service_ids]
        if services.n_trips is not None:
            n_trips[rows] = services.n_trips
        row = rows.stop
    for array in (runs, ids, n_trips):
        array.flags.writeable = False
    return ServiceDays(ids, first, runs, n_trips)
