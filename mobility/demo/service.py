"""Days and departures of the demonstration's lines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from mobility.demo.source import Line, Row

# Services: weekday, weekday in school holidays (buses thin out), Saturday, Sunday.
SERVICES = ("week", "holiday", "saturday", "sunday")
TRAIN_TYPES = range(100, 200)
# Minutes of the day at which a period begins.
PEAKS = ((390, 540), (930, 1110))
EVENING = 1170


@dataclass(frozen=True)
class Period:
    """Minutes from `first` to before `last` with one headway."""

    first: int
    last: int
    headway: int


def minutes(clock: str) -> int:
    """``"24:10"`` → 1450."""
    hours, rest = clock.split(":")
    return int(hours) * 60 + int(rest)


def is_train(line: Line) -> bool:
    """Whether the line is a train by its extended route type."""
    return int(line.row["route_type"]) in TRAIN_TYPES


def services_of(line: Line) -> tuple[str, ...]:
    """Services a line has; trains run alike in school holidays."""
    return tuple(s for s in SERVICES if not (s == "holiday" and is_train(line)))


def _headway(row: Row, service: str, minute: int) -> int:
    if service in {"saturday", "sunday"}:
        return int(row[f"{service}_min"] or 0)
    in_peak = service == "week" and any(a <= minute < b for a, b in PEAKS)
    key = "peak_min" if in_peak else "evening_min" if minute >= EVENING else "day_min"
    return int(row[key] or 0)


def periods(line: Line, service: str) -> list[Period]:
    """Spans of equal headway from the first to the last departure."""
    row = line.row
    first, last = minutes(row["first"]), minutes(row["last"])
    bounds = {first, last + 1, EVENING, *(edge for peak in PEAKS for edge in peak)}
    cuts = sorted(bound for bound in bounds if first <= bound <= last + 1)
    found: list[Period] = []
    for a, b in pairwise(cuts):
        headway = _headway(row, service, a)
        if found and found[-1].headway == headway and found[-1].last == a:
            found[-1] = Period(found[-1].first, b, headway)
        elif headway:
            found.append(Period(a, b, headway))
    return found


def departures(line: Line, service: str, *, back: bool) -> list[int]:
    """Departures from the first stop in minutes of the day, on the line's clock-face minute."""
    row = line.row
    if row["kind"] == "once":
        return [minutes(row["last" if back else "first"])]
    minute = int(row["minute_back" if back else "minute"])
    return [
        t
        for span in periods(line, service)
        for t in range(span.first, span.last)
        if (t - minute) % span.headway == 0
    ]


def run(line: Line, *, back: bool) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Stops and minutes in one direction."""
    if not back:
        return line.stops, line.minutes
    return line.stops[::-1], tuple(line.minutes[-1] - m for m in line.minutes[::-1])


def _days(first: dt.date, last: dt.date) -> list[dt.date]:
    return [first + dt.timedelta(k) for k in range((last - first).days + 1)]


def _spans(holidays: Sequence[Row], country: str, kind: str) -> set[dt.date]:
    return {
        day
        for row in holidays
        if row["country"] == country and row["kind"] == kind
        for day in _days(dt.date.fromisoformat(row["first"]), dt.date.fromisoformat(row["last"]))
    }


def service_days(feed: Row, holidays: Sequence[Row]) -> dict[str, list[dt.date]]:
    """Days of each service of a feed. ``daily`` weekdays of trains are ``week`` + ``holiday``."""
    country = feed["country"] or "NL"
    public, school = (_spans(holidays, country, kind) for kind in ("public", "school"))
    found: dict[str, list[dt.date]] = {service: [] for service in SERVICES}
    first, last = (dt.date.fromisoformat(feed[key]) for key in ("first_day", "last_day"))
    for day in _days(first, last):
        if day in public or day.weekday() == 6:
            found["sunday"].append(day)
        elif day.weekday() == 5:
            found["saturday"].append(day)
        else:
            found["holiday" if day in school else "week"].append(day)
    return found
