"""Which day to take: the best one that all feeds share, or the nearest like the one asked for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mobility.feeds.day_types import HOLIDAY, SUNDAY, WORKING, day_type
from mobility.feeds.model import ServiceDays

TUESDAY, THURSDAY, SATURDAY = 1, 3, 5


@dataclass(frozen=True)
class FeedDays:
    """Trips per day of one feed: `n_trips` int64 (n_days,) from `first_day` on."""

    feed: str
    country: str
    first_day: dt.date
    n_trips: npt.NDArray[np.int64]

    def on(self, day: dt.date) -> int:
        """Trips on `day`, 0 outside the feed's days."""
        column = (day - self.first_day).days
        return int(self.n_trips[column]) if 0 <= column < len(self.n_trips) else 0

    @property
    def span(self) -> tuple[dt.date, dt.date] | None:
        """First and last day with a trip, None where no day has one."""
        used = np.flatnonzero(self.n_trips)
        if not len(used):
            return None
        return (
            self.first_day + dt.timedelta(days=int(used[0])),
            self.first_day + dt.timedelta(days=int(used[-1])),
        )


def feed_days(feed: str, country: str, services: ServiceDays) -> FeedDays:
    """Count the trips of each day of one feed's services."""
    weights = services.n_trips if services.n_trips is not None else np.ones(len(services.runs))
    n_trips = weights.astype(np.int64) @ services.runs.astype(np.int64)
    return FeedDays(feed, country, services.first_day, n_trips)


def best_common_day(
    feeds: Sequence[FeedDays], weekdays: Sequence[int] = (TUESDAY, THURSDAY)
) -> dt.date | None:
    """Choose the day on which all feeds run best; None where they share no such day.

    A day without public holiday, and on working days without school holiday, in any feed's
    country goes first.
    """
    days = [day for day in common_days(feeds) if day.weekday() in weekdays]
    plain = [day for day in days if all(_is_plain(f.country, day) for f in feeds)]
    return best_of(feeds, plain) or best_of(feeds, days)


def common_days(feeds: Sequence[FeedDays]) -> list[dt.date]:
    """Days on which every feed has a trip, ascending."""
    spans = [days.span for days in feeds]
    if not feeds or None in spans:
        return []
    first = max(span[0] for span in spans if span).toordinal()
    last = min(span[1] for span in spans if span).toordinal()
    days = (dt.date.fromordinal(number) for number in range(first, last + 1))
    return [day for day in days if all(feed.on(day) for feed in feeds)]


def best_of(feeds: Sequence[FeedDays], days: Sequence[dt.date]) -> dt.date | None:
    """Choose among days of one kind the one on which all feeds run best.

    A day is as good as the feed that runs least of what it usually does (its median) on
    such days. Among equals the earliest day wins; shares are rounded, so that a few extra
    trips do not outweigh an earlier day.
    """
    if not days:
        return None
    counts = np.array([[feed.on(day) for day in days] for feed in feeds], np.float64)
    usual = np.array([np.median(row[row > 0]) if (row > 0).any() else np.inf for row in counts])
    share = np.minimum(counts / usual[:, None], 1.0).min(axis=0)
    if not share.any():
        return None
    return days[int(np.argmax(np.rint(share * 20)))]


def _is_plain(country: str, day: dt.date) -> bool:
    found = day_type(country, day)
    if day.weekday() >= SATURDAY:
        return not found.holiday
    return found.is_normal


def nearest_like(days: FeedDays, day: dt.date) -> dt.date | None:
    """Find the feed's day nearest to `day` of the same type in the feed's country.

    Working days keep their weekday where they can: Wednesdays and Fridays have timetables
    of their own. School holidays answer school holidays. A day with less than half the usual
    trips is no good stand-in. Ties go to the earlier day.
    """
    wanted = day_type(days.country, day)
    running = days.n_trips[days.n_trips > 0]
    least = float(np.median(running)) / 2 if len(running) and wanted.kind == WORKING else 1.0
    candidates: list[tuple[bool, int, int]] = []
    for column in np.flatnonzero(days.n_trips >= max(least, 1.0)):
        other = days.first_day + dt.timedelta(days=int(column))
        found = day_type(days.country, other)
        if found.kind != wanted.kind or bool(found.school_holiday) != bool(wanted.school_holiday):
            continue
        same = wanted.kind in (HOLIDAY, SUNDAY) or other.weekday() == day.weekday()
        candidates.append((not same, abs((other - day).days), other.toordinal()))
    return dt.date.fromordinal(min(candidates)[2]) if candidates else None
