"""When the feeds run, what kind of day that is in each country, and which day to take."""

from __future__ import annotations

import datetime as dt

from mobility.calendars import JointDay, best_days, joint_day, overlap_table
from mobility.checkpage.sections import Rows, Section, section
from mobility.merge import Merged
from mobility.words import date as spoken_date
from mobility.words import label, number, translator


def day_said(merged: Merged, day: dt.date, lang: str) -> str:
    """Say which day it is, and of what kind in the countries of the feeds."""
    _ = translator(lang)
    joint = joint_day([source.country for source in merged.feeds.sources], day)
    return _("Day: {day} ({kind})").format(day=spoken_date(day, lang), kind=_kind(joint, lang))


def proposal(merged: Merged, lang: str) -> str:
    """Name the best common day of each kind in one line; ``""`` where the feeds share none."""
    _ = translator(lang)
    found = [
        f"{_kind(_joint(row), lang)} {row.day}"
        for row in best_days(merged.feeds).itertuples(index=False)
    ]
    if not found:
        return ""
    return _("best day of each kind that all feeds share: {days}").format(days=", ".join(found))


def kinds_of_days(merged: Merged, lang: str) -> Section:
    """The best common day of each kind, with the trips each feed runs on it."""
    _ = translator(lang)
    feeds = [source.id for source in merged.feeds.sources]
    rows: Rows = [
        [_kind(_joint(row), lang), spoken_date(dt.date.fromisoformat(row.day), lang), row.day,
         *(number(n, lang) for n in row[4:])]
        for row in best_days(merged.feeds).itertuples(index=False)
    ]  # fmt: skip
    return section(
        _("Which day to take"),
        _(
            "The best day of each kind that all feeds share, with the trips of the whole feeds. "
            "Name it with --date, or as the date of a scenario."
        ),
        [_("kind of day"), _("day"), _("to type"), *feeds], rows,
    )  # fmt: skip


def spans(merged: Merged, lang: str) -> Section:
    """Calendars in figures: first and last day, and how much runs on which days."""
    _ = translator(lang)
    rows: Rows = [
        [r.feed, r.country, r.timezone, r.first_day or "–", r.last_day or "–",
         *(number(n, lang) for n in
           (r.days, r.working_day, r.saturday, r.sunday, r.common_days)),
         r.read_day or "–"]
        for r in overlap_table(merged.feeds).itertuples(index=False)
    ]  # fmt: skip
    return section(
        _("Calendars in figures"),
        _("Trips are those of the whole feed on a usual day of the kind on which it runs at all."),
        [_("feed"), _("country"), _("time zone"), _("first day"), _("last day"),
         _("days with service"), _("trips, working day"), _("trips, Saturday"),
         _("trips, Sunday"), _("days all feeds share"), _("read on another day")],
        rows, folded=True,
    )  # fmt: skip


def _joint(row: object) -> JointDay:
    countries = tuple(c for c in str(row.countries).split("+") if c)  # type: ignore[attr-defined]
    return JointDay(str(row.kind), countries, bool(row.everywhere))  # type: ignore[attr-defined]


def _kind(joint: JointDay, lang: str) -> str:
    """Kind of day in words; a holiday with the countries that have it."""
    _ = translator(lang)
    kind = label(joint.kind, lang)
    if not joint.countries:
        return kind
    if joint.everywhere:
        return _("{kind} in {countries}").format(kind=kind, countries=" + ".join(joint.countries))
    return _("{kind} in {countries} only").format(kind=kind, countries=" + ".join(joint.countries))
