"""calendar.txt and calendar_dates.txt to one table of services and days."""

from __future__ import annotations

import datetime as dt

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.feeds import parse
from mobility.feeds.archive import Archive
from mobility.feeds.ledger import Ledger
from mobility.feeds.model import ServiceDays
from mobility.feeds.rows import Block, FileColumns, checked, read_table, report, whole

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CALENDAR = FileColumns("calendar.txt", ("service_id", *WEEKDAYS, "start_date", "end_date"))
CALENDAR_DATES = FileColumns("calendar_dates.txt", ("service_id", "date", "exception_type"))

# A service "until 2099" would make a table of days nobody asks about.
LONGEST_SPAN_DAYS = 1100

Ints = npt.NDArray[np.int64]


def read_service_days(archive: Archive, ledger: Ledger, day: dt.date | None) -> ServiceDays:
    """Read the days of every service; ids are as in the feed, not yet prefixed.

    Weekdays count from Monday; exception type 1 adds a day, type 2 takes it away, whatever
    the order of rows. Days far from `day` (or from the first one) are cut and counted.
    """
    weekly = read_table(archive, CALENDAR, ledger)
    dates = read_table(archive, CALENDAR_DATES, ledger)
    week_ids, week_runs, start, end = _weekly(weekly, ledger)
    date_ids, date, kind = _dates(dates, ledger)
    ids, code = np.unique(np.concatenate([week_ids, date_ids]), return_inverse=True)
    week_code, date_code = code[: len(week_ids)], code[len(week_ids) :]
    first, n_days = _span(start, end, week_runs, date[kind == 1], day)
    runs = np.zeros((len(ids), n_days), bool)
    for service, pattern, a, b in zip(week_code, week_runs, start, end, strict=True):
        lo, hi = max(a - first, 0), min(b - first, n_days - 1)
        if lo <= hi:
            runs[service, lo : hi + 1] |= pattern[(np.arange(first + lo, first + hi + 1) - 1) % 7]
    inside = (date >= first) & (date < first + n_days)
    for value in (1, 2):
        chosen = inside & (kind == value)
        runs[date_code[chosen], date[chosen] - first] = value == 1
    cut = int(np.sum((end >= first + n_days) | (start < first))) if len(start) else 0
    ledger.repair("calendar.txt", "days far from the day asked for left out", cut)
    return ServiceDays(ids.astype(object), dt.date.fromordinal(first), runs)


def _weekly(
    block: Block | None, ledger: Ledger
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.bool_], Ints, Ints]:
    if block is None:
        nothing = np.zeros(0, np.int64)
        return np.zeros(0, object), np.zeros((0, 7), bool), nothing, nothing
    ids = np.array(block.text("service_id").to_pylist(), object)
    columns = [checked(block, name, parse.switch, 0, "0 or 1", ledger) for name in WEEKDAYS]
    start = whole(checked(block, "start_date", parse.day_number, 0, "YYYYMMDD", ledger))
    end = whole(checked(block, "end_date", parse.day_number, 0, "YYYYMMDD", ledger))
    keep = (start > 0) & (end >= start)
    ledger.drop("calendar.txt", "no start or end day, or end before start", int((~keep).sum()))
    _refuse_doubled(ids, block, ledger)
    runs = np.stack(columns, axis=1).astype(bool) if columns else np.zeros((0, 7), bool)
    return ids[keep], runs[keep], start[keep], end[keep]


def _refuse_doubled(ids: npt.NDArray[np.object_], block: Block, ledger: Ledger) -> None:
    again = np.flatnonzero(pd.Series(ids, dtype=object).duplicated())
    report(
        block,
        "service_id",
        again,
        'service_id "{}" again',
        "each service_id once",
        ledger,
    )


def _dates(block: Block | None, ledger: Ledger) -> tuple[npt.NDArray[np.object_], Ints, Ints]:
    if block is None:
        nothing = np.zeros(0, np.int64)
        return np.zeros(0, object), nothing, nothing
    ids = np.array(block.text("service_id").to_pylist(), object)
    date = whole(checked(block, "date", parse.day_number, 0, "YYYYMMDD", ledger))
    kind = whole(
        checked(block, "exception_type", parse.one_or_two, 0, "1 (added) or 2 (removed)", ledger)
    )
    keep = (date > 0) & (kind > 0)
    ledger.drop("calendar_dates.txt", "no date or exception_type", int((~keep).sum()))
    return ids[keep], date[keep], kind[keep]


def _span(
    start: Ints, end: Ints, runs: npt.NDArray[np.bool_], added: Ints, day: dt.date | None
) -> tuple[int, int]:
    used = runs.any(axis=1)
    first_days = np.concatenate([start[used], added])
    last_days = np.concatenate([end[used], added])
    if not len(first_days):
        return (day or dt.date(2000, 1, 1)).toordinal(), 1
    first, last = int(first_days.min()), int(last_days.max())
    if last - first + 1 > LONGEST_SPAN_DAYS:
        middle = day.toordinal() if day else first + LONGEST_SPAN_DAYS // 2
        first = max(first, min(middle, last) - LONGEST_SPAN_DAYS // 2)
        last = min(last, first + LONGEST_SPAN_DAYS - 1)
    return first, last - first + 1
