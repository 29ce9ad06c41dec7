"""Days: which feed runs when, what kind of day that is in each country, which day to take."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.feeds.choose_day import FeedDays, best_common_day, best_of, common_days
from mobility.feeds.day_types import (
    HOLIDAY,
    SATURDAY,
    SUNDAY,
    WORKING,
    DayType,
    SchoolHoliday,
    day_type,
    school_holidays,
)
from mobility.feeds.model import Feeds

__all__ = [
    "DayType",
    "FeedDays",
    "JointDay",
    "SchoolHoliday",
    "best_common_day",
    "best_days",
    "calendar_table",
    "day_type",
    "days_of",
    "days_per_year",
    "joint_day",
    "overlap_table",
    "school_holidays",
]

SCHOOL = "school holiday"
KINDS = (WORKING, SATURDAY, SUNDAY, HOLIDAY, SCHOOL)
DAYS_PER_YEAR = 365.25


@dataclass(frozen=True)
class JointDay:
    """Kind of one day in several countries taken together.

    Parameters
    ----------
    kind
        One of `KINDS`.
    countries
        Countries that have the holiday, sorted; empty for the other kinds.
    everywhere
        Whether all countries asked about have the holiday; True for the other kinds.
    """

    kind: str
    countries: tuple[str, ...] = ()
    everywhere: bool = True

    def __str__(self) -> str:
        if not self.countries:
            return self.kind
        names = " and ".join(self.countries)
        return f"{self.kind} in {names}" + ("" if self.everywhere else " only")


def joint_day(countries: Sequence[str], day: dt.date) -> JointDay:
    """Tell what kind of day `day` is in several countries.

    A Sunday is a Sunday; else a public holiday anywhere goes before the Saturday, and a
    school holiday anywhere before the working day.
    """
    codes = sorted({code for code in countries if code})
    found = {code: day_type(code, day) for code in codes}
    if day.weekday() == 6:
        return JointDay(SUNDAY)
    public = tuple(code for code in codes if found[code].kind == HOLIDAY)
    if public:
        return JointDay(HOLIDAY, public, len(public) == len(codes))
    if day.weekday() == 5:
        return JointDay(SATURDAY)
    school = tuple(code for code in codes if found[code].school_holiday)
    if school:
        return JointDay(SCHOOL, school, len(school) == len(codes))
    return JointDay(WORKING)


def days_of(feeds: Feeds) -> list[FeedDays]:
    """Trips per day of each feed, in the order of the sources; stand-in days count as none."""
    services = feeds.services
    owner = np.array([str(name).split(":", 1)[0] for name in services.service_ids], object)
    weight = services.n_trips if services.n_trips is not None else np.ones(len(owner), np.int32)
    found = []
    for source in feeds.sources:
        mine = owner == source.id
        n_trips = weight[mine].astype(np.int64) @ services.runs[mine].astype(np.int64)
        for day in source.stand_in_days:
            n_trips[(day - services.first_day).days] = 0
        found.append(FeedDays(source.id, source.country, services.first_day, n_trips))
    return found


def overlap_table(feeds: Feeds) -> pd.DataFrame:
    """Lay the feeds' calendars side by side, one row per feed.

    Returns
    -------
    ``feed, country, timezone, first_day, last_day`` (ISO dates, blank where it never runs),
    ``days`` with service, ``working_day, saturday, sunday`` (median trips on such days with
    service), ``common_days`` (all feeds run), ``read_day`` (blank but where another day
    stood in).
    """
    days = days_of(feeds)
    shared = len(common_days(days))
    rows = []
    for source, feed in zip(feeds.sources, days, strict=True):
        span = feed.span
        used = np.flatnonzero(feed.n_trips)
        week = (used + feed.first_day.weekday()) % 7
        rows.append(
            {
                "feed": source.id,
                "country": source.country,
                "timezone": source.agency_timezone,
                "first_day": span[0].isoformat() if span else "",
                "last_day": span[1].isoformat() if span else "",
                "days": len(used),
                "working_day": _median(feed.n_trips[used[week < 5]]),
                "saturday": _median(feed.n_trips[used[week == 5]]),
                "sunday": _median(feed.n_trips[used[week == 6]]),
                "common_days": shared,
                "read_day": source.read_day.isoformat() if source.read_day else "",
            }
        )
    return pd.DataFrame(rows)


def _median(counts: npt.NDArray[np.int64]) -> int:
    return int(np.median(counts)) if len(counts) else 0


def calendar_table(feeds: Feeds) -> pd.DataFrame:
    """List every day of the feeds' span with what runs and what day it is.

    Returns
    -------
    ``day`` (ISO), ``weekday`` (0 Monday), ``kind, countries`` (as in `JointDay`), and for
    each feed ``trips_<feed>``.
    """
    days = days_of(feeds)
    countries = [source.country for source in feeds.sources]
    spans = [feed.span for feed in days if feed.span]
    if not spans:
        return pd.DataFrame({"day": [], "weekday": [], "kind": [], "countries": []})
    first, last = min(s[0] for s in spans), max(s[1] for s in spans)
    rows = []
    for number in range(first.toordinal(), last.toordinal() + 1):
        day = dt.date.fromordinal(number)
        joint = joint_day(countries, day)
        row: dict[str, object] = {
            "day": day.isoformat(),
            "weekday": day.weekday(),
            "kind": joint.kind,
            "countries": "+".join(joint.countries),
        }
        row.update({f"trips_{feed.feed}": feed.on(day) for feed in days})
        rows.append(row)
    return pd.DataFrame(rows)


def best_days(feeds: Feeds) -> pd.DataFrame:
    """Propose the best common day for each kind of day the feeds share.

    Working days are looked for among Tuesdays and Thursdays, and among Mondays, Wednesdays and
    Fridays only where there is no other.

    Returns
    -------
    ``kind, countries, everywhere`` (as in `JointDay`), ``day`` (ISO), and for each feed
    ``trips_<feed>``; sorted by kind, then countries.
    """
    days = days_of(feeds)
    countries = [source.country for source in feeds.sources]
    groups: dict[JointDay, list[dt.date]] = {}
    for day in common_days(days):
        groups.setdefault(joint_day(countries, day), []).append(day)
    rows = []
    for joint in sorted(groups, key=lambda j: (KINDS.index(j.kind), len(j.countries), j.countries)):
        middle = [day for day in groups[joint] if day.weekday() in (1, 3)]
        weekday_matters = joint.kind in (WORKING, SCHOOL) and middle
        best = best_of(days, middle if weekday_matters else groups[joint])
        if best is None:
            continue
        row: dict[str, object] = {
            "kind": joint.kind,
            "countries": "+".join(joint.countries),
            "everywhere": joint.everywhere,
            "day": best.isoformat(),
        }
        row.update({f"trips_{feed.feed}": feed.on(best) for feed in days})
        rows.append(row)
    columns = ["kind", "countries", "everywhere", "day", *(f"trips_{f.feed}" for f in days)]
    return pd.DataFrame(rows, columns=columns)


def days_per_year(feeds: Feeds) -> pd.DataFrame:
    """Count the days on which each route runs, and scale them to a year.

    The count is over the feed's own first to last day; a feed of two months tells little of
    a year, so `span_days` stands beside it. Days on which another day stands in do not count.

    Returns
    -------
    One row per route of `feeds.routes`, in its order: ``route_id, feed``, ``days``,
    ``span_days``, ``days_per_year`` (0 to 365.25), ``working_days, saturdays, sundays,
    holidays`` (days of each kind in the feed's country; they add up to `days`).
    """
    kinds = {source.id: _kinds(feeds, source.country) for source in feeds.sources}
    hidden = {source.id: source.stand_in_days for source in feeds.sources}
    spans = {feed.feed: feed.span for feed in days_of(feeds)}
    services = feeds.route_services.groupby("route_id")["service"]
    rows_of = {str(route): rows.to_numpy() for route, rows in services}
    rows = []
    for route, feed in zip(feeds.routes["route_id"], feeds.routes["feed"], strict=True):
        service = rows_of.get(str(route), np.zeros(0, np.int32))
        runs = feeds.services.runs[service[service >= 0]].any(axis=0)
        for day in hidden.get(str(feed), ()):
            runs[(day - feeds.services.first_day).days] = False
        span = spans.get(str(feed))
        n_span = (span[1] - span[0]).days + 1 if span else 0
        kind = kinds.get(str(feed), np.zeros(len(runs), np.int8))
        count = np.bincount(kind[runs], minlength=4)
        n_days = int(runs.sum())
        rows.append(
            {
                "route_id": route,
                "feed": feed,
                "days": n_days,
                "span_days": n_span,
                "days_per_year": n_days / n_span * DAYS_PER_YEAR if n_span else 0.0,
                "working_days": int(count[0]),
                "saturdays": int(count[1]),
                "sundays": int(count[2]),
                "holidays": int(count[3]),
            }
        )
    return pd.DataFrame(rows)


def _kinds(feeds: Feeds, country: str) -> npt.NDArray[np.int8]:
    """Index of each day's kind among working day, Saturday, Sunday, public holiday."""
    order = (WORKING, SATURDAY, SUNDAY, HOLIDAY)
    first = feeds.services.first_day
    days = (first + dt.timedelta(days=k) for k in range(feeds.services.runs.shape[1]))
    return np.array([order.index(day_type(country, day).kind) for day in days], np.int8)
