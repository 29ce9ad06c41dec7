"""What a run's data are: its files, and of which days the timetables are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from mobility.report.model import ReportInput
from mobility.report.sections import Block, Cell
from mobility.report.speech import Spoken, day, figure, say, word

# What a reader looks for first; all other facts of a file follow.
FIRST_KEYS = ("role", "fetched", "first_day", "last_day", "owner", "licence", "attribution")
ROLES = {"border": "national borders", "merge overrides": "corrections to the merge"}
FEED = "feed "
SNAPSHOT = "snapshot"


def role_said(role: str) -> Spoken:
    """Say what an input file is for; a feed has a name of its own."""
    if role.startswith(FEED):
        return say("timetable {name}", name=role.removeprefix(FEED))
    return word(ROLES.get(role, role))


def input_block(data: ReportInput) -> Block | None:
    """Table of input files: from the manifest's ``inputs``, with the days of each timetable."""
    records = [
        {**record, **_age(data, str(record.get("role", "")))}
        for record in data.manifest.get("inputs", [])
        if isinstance(record, Mapping)
    ]
    if not records:
        return None
    there = dict.fromkeys(key for record in records for key, value in record.items() if value)
    keys = [key for key in FIRST_KEYS if key in there]
    keys += [key for key in there if key not in keys and key not in ("sha256", "size_bytes")]
    keys += [key for key in ("size_bytes", "sha256") if key in there]
    rows = tuple(tuple(_cell(key, record.get(key, "")) for key in keys) for record in records)
    return Block(say("Input files"), tuple(word(str(key)) for key in keys), rows)


def _cell(key: str, value: object) -> Cell:
    if key == "role":
        return Cell(role_said(str(value)))
    if isinstance(value, dt.date):
        return Cell(day(value), kind="date")
    if isinstance(value, int):
        return Cell(figure(float(value)), kind="number")
    if isinstance(value, str):
        return Cell(word(value))
    return Cell("" if value is None else str(value))


def _age(data: ReportInput, role: str) -> dict[str, dt.date]:
    """Days of a feed's timetable, and the day it was fetched, where they are known."""
    known = data.manifest.get(SNAPSHOT, {}).get("files", {}).get(role, {})
    fetched = str(known.get("fetched", ""))[:10]
    found = {"fetched": dt.date.fromisoformat(fetched)} if fetched else {}
    spans = timetable_days(data.evidence.get("calendars"))
    if role.startswith(FEED) and role.removeprefix(FEED) in spans:
        first, last = spans[role.removeprefix(FEED)]
        found |= {"first_day": first, "last_day": last}
    return found


def timetable_days(calendars: pd.DataFrame | None) -> dict[str, tuple[dt.date, dt.date]]:
    """First and last day with a service by feed, from the table ``merge/calendars``."""
    if calendars is None or not {"feed", "date"} <= set(calendars.columns):
        return {}
    days = calendars.assign(date=calendars["date"].astype(str)).groupby("feed")["date"]
    return {
        str(feed): (dt.date.fromisoformat(first), dt.date.fromisoformat(last))
        for feed, first, last in zip(days.groups, days.min(), days.max(), strict=True)
    }


def ages_told(data: ReportInput) -> list[Spoken]:
    """Say for the foot of the page which day was computed, and how old the data are."""
    return list(_ages(data))


def _ages(data: ReportInput) -> Iterator[Spoken]:
    spans = timetable_days(data.evidence.get("calendars"))
    for feed, (first, last) in sorted(spans.items()):
        yield say(
            "Timetable {name} holds services from {first} to {last}.",
            name=feed, first=day(first), last=day(last),
        )  # fmt: skip
    snapshot: Mapping[str, Any] = data.manifest.get(SNAPSHOT, {})
    if not data.manifest.get("inputs"):
        return
    if snapshot.get("day"):
        newest = dt.date.fromisoformat(str(snapshot["day"]))
        yield say("The newest file was fetched on {day}.", day=day(newest))
    else:
        yield say("The day on which the files were fetched is not known.")
