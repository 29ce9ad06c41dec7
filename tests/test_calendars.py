"""Kinds of days in two countries, common days, days per year."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from toy_gtfs import TOY, files, toy, write_zip

from mobility.calendars import (
    FeedDays,
    best_common_day,
    best_days,
    calendar_table,
    day_type,
    days_of,
    days_per_year,
    joint_day,
    overlap_table,
    school_holidays,
)
from mobility.feeds import Feeds, read_feeds
from mobility.feeds.choose_day import nearest_like
from mobility.scenario.model import FeedEntry

BOTH = ("NL", "BE")


@pytest.mark.parametrize(
    ("day", "label"),
    [
        ((2026, 11, 24), "working day"),
        ((2026, 11, 28), "Saturday"),
        ((2026, 11, 29), "Sunday"),
        ((2026, 4, 27), "public holiday in NL only"),  # King's Day
        ((2026, 7, 21), "public holiday in BE only"),  # Belgian National Day
        ((2026, 11, 11), "public holiday in BE only"),  # Armistice
        ((2026, 8, 15), "public holiday in BE only"),  # Assumption, a Saturday
        ((2026, 5, 14), "public holiday in BE and NL"),  # Ascension
        ((2026, 12, 25), "public holiday in BE and NL"),
        ((2026, 4, 3), "working day"),  # Good Friday: no day off in either
        ((2026, 4, 5), "Sunday"),  # Easter
        ((2026, 10, 20), "school holiday in NL only"),
        ((2026, 11, 3), "school holiday in BE only"),
        ((2026, 12, 22), "school holiday in BE and NL"),
        ((2026, 2, 17), "school holiday in BE and NL"),  # carnival
        ((2019, 10, 8), "working day"),
    ],
)
def test_kinds_of_days_in_both_countries(day: tuple[int, int, int], label: str) -> None:
    assert str(joint_day(BOTH, dt.date(*day))) == label
    assert joint_day(BOTH[::-1], dt.date(*day)) == joint_day(BOTH, dt.date(*day))


def test_other_countries_and_unknown_ones() -> None:
    assert day_type("FR", dt.date(2026, 7, 14)).kind == "public holiday"
    assert day_type("DE", dt.date(2026, 10, 3)).holiday == "German Unity Day"
    # Nothing is known of French schools here: not "no holiday", but None.
    assert day_type("FR", dt.date(2026, 8, 4)).school_holiday is None
    assert day_type("", dt.date(2026, 12, 25)).kind == "working day"
    assert day_type("Utopia", dt.date(2026, 12, 25)).kind == "working day"
    assert str(joint_day(("DE", "FR", "LU"), dt.date(2026, 7, 14))) == "public holiday in FR only"


def test_school_holidays_are_sourced_and_do_not_overlap() -> None:
    rows = school_holidays()
    assert {row.country for row in rows} == {"NL", "BE"}
    assert all(row.source and row.region and row.first <= row.last for row in rows)
    for country in BOTH:
        mine = sorted((row.first, row.last) for row in rows if row.country == country)
        assert all(a[1] < b[0] for a, b in pairwise(mine))


def feed(name: str, country: str, first: dt.date, counts: list[int]) -> FeedDays:
    return FeedDays(name, country, first, np.array(counts, np.int64))


def test_best_common_day_weighs_the_feed_that_runs_least() -> None:
    first = dt.date(2019, 9, 2)  # a Monday; three weeks of plain working days
    week = [10, 10, 10, 10, 10, 5, 5]
    full = feed("a", "NL", first, week * 3)
    # b runs half on Tuesday and Thursday of week 1, and wholly from week 2 on.
    half = feed("b", "BE", first, [10, 5, 10, 5, 10, 5, 5] + week * 2)
    assert best_common_day([full, half]) == dt.date(2019, 9, 10)
    assert best_common_day([full]) == dt.date(2019, 9, 3)
    assert best_common_day([full, half], weekdays=(5,)) == dt.date(2019, 9, 7)
    never = feed("c", "BE", first, [0] * 21)
    assert best_common_day([full, never]) is None
    later = feed("d", "BE", dt.date(2020, 1, 6), week)
    assert best_common_day([full, later]) is None
    assert best_common_day([]) is None


def test_best_common_day_avoids_holidays_of_either_country_if_it_can() -> None:
    # 22 to 31 October 2024: Dutch autumn holiday until 27 October, Flemish from 28 October.
    first = dt.date(2024, 10, 21)
    both = [feed("a", "NL", first, [9] * 18), feed("b", "BE", first, [9] * 18)]
    assert best_common_day(both) == dt.date(2024, 11, 5)
    short = [feed("a", "NL", first, [9] * 9), feed("b", "BE", first, [9] * 9)]
    assert best_common_day(short) == dt.date(2024, 10, 22)


def test_nearest_day_of_the_same_kind() -> None:
    first = dt.date(2026, 11, 2)
    days = feed("a", "NL", first, [10] * 28)
    assert nearest_like(days, dt.date(2026, 12, 8)) == dt.date(2026, 11, 24)
    assert nearest_like(days, dt.date(2026, 10, 6)) == dt.date(2026, 11, 3)
    assert nearest_like(days, dt.date(2026, 12, 6)) == dt.date(2026, 11, 29)
    # A school holiday is answered by a school holiday, of which this feed has none.
    assert nearest_like(days, dt.date(2026, 12, 22)) is None
    # A day with a third of the usual trips is no stand-in.
    thin = feed("a", "NL", first, [10] * 22 + [3] + [10] * 5)
    assert nearest_like(thin, dt.date(2026, 12, 8)) == dt.date(2026, 11, 17)
    # Where no day of that weekday runs another working day will do.
    only_wednesday = feed("a", "NL", first, [0, 0, 10, 0, 0, 0, 0] * 4)
    assert nearest_like(only_wednesday, dt.date(2026, 12, 8)) == dt.date(2026, 11, 25)


def two_feeds(tmp_path: Path) -> Feeds:
    daily = TOY["calendar.txt"].replace("0,0,2019", "1,1,2019")
    be = write_zip(tmp_path / "be.zip", files(calendar=daily.replace("20191001", "20191014")))
    entries = [
        FeedEntry(id="be", country="BE", path=be),
        FeedEntry(id="nl", country="NL", path=toy(tmp_path)),
    ]
    return read_feeds(entries, timezone="Europe/Brussels", day=dt.date(2019, 10, 22), box=None)


def test_overlap_and_calendar_tables(tmp_path: Path) -> None:
    feeds = two_feeds(tmp_path)
    overlap = overlap_table(feeds).set_index("feed")
    # 14 October to 31 December: 79 days. 1 October to 31 December on weekdays: 66 days.
    assert overlap["days"].to_dict() == {"be": 79, "nl": 66}
    assert overlap["saturday"].to_dict() == {"be": 2, "nl": 0}
    # From 14 October on the Dutch feed runs on 66 - 9 = 57 days.
    assert overlap["common_days"].to_dict() == {"be": 57, "nl": 57}
    table = calendar_table(feeds).set_index("day")
    assert len(table) == 92
    assert table.loc["2019-10-08", ["kind", "trips_be", "trips_nl"]].tolist() == [
        "working day",
        0,
        2,
    ]
    assert table.loc["2019-11-11", ["kind", "countries"]].tolist() == ["public holiday", "BE"]
    best = best_days(feeds)
    labels = list(zip(best["kind"], best["countries"], best["day"], strict=True))
    assert labels == [
        ("working day", "", "2019-10-22"),
        ("public holiday", "BE", "2019-11-01"),
        ("public holiday", "NL", "2019-12-26"),  # the second day of Christmas
        ("public holiday", "BE+NL", "2019-12-25"),
        ("school holiday", "BE", "2019-10-29"),
        ("school holiday", "NL", "2019-10-15"),
        ("school holiday", "BE+NL", "2019-12-24"),
    ]


def test_days_per_year_by_kind(tmp_path: Path) -> None:
    days = days_per_year(two_feeds(tmp_path)).set_index("feed")
    # Belgium, 14 October to 31 December: 11 Saturdays, 11 Sundays; 1 and 11 November and
    # 25 December are holidays on weekdays; 79 - 11 - 11 - 3 = 54 working days.
    assert days.loc[
        "be", ["days", "saturdays", "sundays", "holidays", "working_days"]
    ].tolist() == [79, 11, 11, 3, 54]
    assert days.loc["be", "days_per_year"] == pytest.approx(365.25)
    # The Netherlands: 66 weekdays, of which 25 and 26 December are holidays.
    assert days.loc["nl", ["days", "holidays", "working_days"]].tolist() == [66, 2, 64]
    assert days.loc["nl", "days_per_year"] == pytest.approx(66 / 92 * 365.25)


def test_stand_in_days_do_not_count(tmp_path: Path) -> None:
    entry = FeedEntry(id="x", country="NL", path=toy(tmp_path), nearest_same_day_type=True)
    day = dt.date(2020, 1, 21)
    feeds = read_feeds([entry], timezone="Europe/Brussels", day=day, box=None)
    assert feeds.services.on(day).all()
    assert days_per_year(feeds)["days"].tolist() == [66]
    assert days_of(feeds)[0].span == (dt.date(2019, 10, 1), dt.date(2019, 12, 31))
    assert overlap_table(feeds)["read_day"].tolist() == ["2019-12-17"]
