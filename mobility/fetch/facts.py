"""What a timetable says of itself: its version and the days it covers."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast


def feed_facts(path: Path) -> dict[str, str]:
    """Read version, first and last day of a GTFS zip or folder.

    The days are those of ``calendar.txt`` and of the added days of ``calendar_dates.txt``.

    Returns
    -------
    ``feed_version, first_day, last_day`` (ISO), each ``""`` where the feed does not say.
    """
    first, last, version = "", "", ""
    try:
        for row in rows_of(path, "feed_info.txt"):
            version = row.get("feed_version", "").strip()[:100]
        for row in rows_of(path, "calendar.txt"):
            start, end = row.get("start_date", "").strip(), row.get("end_date", "").strip()
            runs = any(value.strip() == "1" for key, value in row.items() if key in WEEK)
            if runs and len(start) == len(end) == 8:
                first, last = min(first or start, start), max(last, end)
        for row in rows_of(path, "calendar_dates.txt"):
            day = row.get("date", "").strip()
            if row.get("exception_type", "").strip() == "1" and len(day) == 8:
                first, last = min(first or day, day), max(last, day)
    except (OSError, zipfile.BadZipFile, csv.Error, UnicodeDecodeError, AttributeError):
        pass  # what is wrong with the feed is said when it is read
    return {"feed_version": version, "first_day": _iso(first), "last_day": _iso(last)}


WEEK = frozenset(
    ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
)  # fmt: skip


def _iso(text: str) -> str:
    """Return a date of a feed as ISO; ``""`` for one that is in no calendar."""
    try:
        return dt.datetime.strptime(text, "%Y%m%d").date().isoformat()  # noqa: DTZ007 - a day
    except ValueError:
        return ""


def rows_of(path: Path, name: str) -> Iterator[dict[str, str]]:
    """Read one file of a GTFS zip or folder row by row; none where there is no such file."""
    with _opened(path, name) as stream:
        if stream is None:
            return
        reader = csv.DictReader(io.TextIOWrapper(stream, "utf-8-sig", newline=""))
        for row in reader:
            yield {str(k).strip(): v or "" for k, v in row.items() if isinstance(v, str | None)}


@contextmanager
def _opened(path: Path, name: str) -> Iterator[BinaryIO | None]:
    if path.is_dir():
        inner = path / name
        if not inner.is_file():
            yield None
            return
        with inner.open("rb") as stream:
            yield stream
        return
    with zipfile.ZipFile(path) as archive:
        names = [n for n in archive.namelist() if PurePosixPath(n).name.lower() == name]
        if not names:
            yield None
            return
        with archive.open(names[0]) as member:
            yield cast("BinaryIO", member)
