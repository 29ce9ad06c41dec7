"""The CSV in which a user says which stops are one and which are not."""

from __future__ import annotations

import csv
from pathlib import Path

from mobility.errors import Problem, RegionError, nearest, raise_all
from mobility.merge.model import GRADES

COLUMNS = ("stop_a", "stop_b", "grade")

Overrides = dict[tuple[str, str], str]


def read_overrides(path: Path, feed_ids: tuple[str, ...]) -> Overrides:
    """Read ``stop_a,stop_b,grade`` rows; further columns, such as a note, are free.

    Parameters
    ----------
    path
        CSV, UTF-8. Stop ids carry their feed: ``nmbs:8831005``.
    feed_ids
        Feeds of the region.

    Returns
    -------
    dict
        (smaller stop id, larger stop id) → grade.

    Raises
    ------
    RegionError
        A column is missing, a grade or feed is unknown, a pair is given two grades.
    """
    if not path.is_file():
        raise RegionError(Problem(str(path), "no such file", "a CSV with stop_a, stop_b, grade"))
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RegionError(
            Problem(str(path), f"unreadable: {error}", "a CSV in UTF-8 with stop_a, stop_b, grade")
        ) from None
    if missing:
        raise RegionError(
            Problem(str(path), f"no column {', '.join(missing)}", f"columns {', '.join(COLUMNS)}")
        )
    problems: list[Problem] = []
    found: Overrides = {}
    for number, row in enumerate(rows, start=2):
        a, b, grade = (str(row[name] or "").strip() for name in COLUMNS)
        where = f"{path}: row {number}"
        problems += _wrong(where, a, b, grade, feed_ids)
        key = (min(a, b), max(a, b))
        if found.setdefault(key, grade) != grade:
            problems.append(Problem(where, f'"{grade}" for {a}, {b}', f'"{found[key]}" as before'))
    raise_all(RegionError, problems)
    return found


def _wrong(where: str, a: str, b: str, grade: str, feed_ids: tuple[str, ...]) -> list[Problem]:
    problems = []
    if grade not in GRADES:
        hint = nearest(grade, GRADES)
        cure = f"Perhaps {hint}?" if hint else ""
        problems.append(Problem(where, f'grade "{grade}"', f"one of {', '.join(GRADES)}", cure))
    for stop in (a, b):
        feed, colon, rest = stop.partition(":")
        if not (colon and rest and feed in feed_ids):
            expected = f"a stop id with its feed, like {feed_ids[0]}:1234" if feed_ids else "a stop"
            problems.append(Problem(where, f'stop "{stop}"', expected))
    if a == b:
        problems.append(Problem(where, f'"{a}" twice', "two different stops"))
    return problems
