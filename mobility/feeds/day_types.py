"""What kind of day a day is in a country: working, Saturday, Sunday, holiday, school holiday."""

from __future__ import annotations

import csv
import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import holidays

WORKING, SATURDAY, SUNDAY, HOLIDAY = "working day", "Saturday", "Sunday", "public holiday"


@dataclass(frozen=True)
class DayType:
    """Kind of one day in one country.

    Parameters
    ----------
    kind
        ``"working day"``, ``"Saturday"``, ``"Sunday"`` or ``"public holiday"`` (which goes
        before the other three, but a holiday on a Sunday is a Sunday).
    holiday
        Name of the public holiday in English, ``""`` where none.
    school_holiday
        Name of the school holiday, ``""`` where none, None where nothing is known for that
        country and year.
    """

    kind: str
    holiday: str = ""
    school_holiday: str | None = None

    @property
    def is_normal(self) -> bool:
        """A working day with no holiday of any sort known."""
        return self.kind == WORKING and not self.school_holiday


@dataclass(frozen=True)
class SchoolHoliday:
    """One row of the table of school holidays, both days included."""

    country: str
    region: str
    name: str
    first: dt.date
    last: dt.date
    source: str


@lru_cache(maxsize=1)
def school_holidays() -> tuple[SchoolHoliday, ...]:
    """Read the bundled table of school holidays."""
    text = resources.files("mobility.feeds").joinpath("school_holidays.csv").read_text("utf-8")
    return tuple(
        SchoolHoliday(
            row["country"],
            row["region"],
            row["name"],
            dt.date.fromisoformat(row["first"]),
            dt.date.fromisoformat(row["last"]),
            row["source"],
        )
        for row in csv.DictReader(text.splitlines())
    )


@lru_cache(maxsize=1)
def _worked_holidays() -> frozenset[tuple[str, str]]:
    """Holidays on which a country's timetables are those of a working day."""
    text = resources.files("mobility.feeds").joinpath("worked_holidays.csv").read_text("utf-8")
    return frozenset((row["country"], row["name"]) for row in csv.DictReader(text.splitlines()))


@lru_cache(maxsize=256)
def _public_holidays(country: str, year: int) -> dict[dt.date, str]:
    try:
        found = holidays.country_holidays(country, years=year, language="en_US")
    except NotImplementedError:
        return {}
    return {
        day: name
        for day, name in found.items()
        if not all((country, part) in _worked_holidays() for part in name.split("; "))
    }


def public_holiday(country: str, day: dt.date) -> str:
    """Name of a country's public holiday, in English where there is a translation; or ``""``.

    A country nobody knows, or ``""``, has none.
    """
    return _public_holidays(country, day.year).get(day, "") if country else ""


def school_holiday(country: str, day: dt.date) -> str | None:
    """Name of the school holiday on `day`, ``""`` for none, None where nothing is known."""
    rows = [row for row in school_holidays() if row.country == country]
    if not rows or not min(r.first for r in rows) <= day <= max(r.last for r in rows):
        return None
    return next((row.name for row in rows if row.first <= day <= row.last), "")


def day_type(country: str, day: dt.date) -> DayType:
    """Kind of `day` in `country` (ISO 3166 alpha-2 code)."""
    name = public_holiday(country, day)
    school = school_holiday(country, day)
    if day.weekday() == 6:
        return DayType(SUNDAY, name, school)
    if name:
        return DayType(HOLIDAY, name, school)
    return DayType(SATURDAY if day.weekday() == 5 else WORKING, name, school)
