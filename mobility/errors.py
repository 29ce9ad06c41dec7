"""What can go wrong with a user's files, said so that the user can mend it.

The tree::

    MobilityError
    ├── RegionError      region file: paths, keys, values
    ├── FeedError        a GTFS feed
    ├── StreetError      an OSM extract or street graph
    ├── ZoneError        a zone or country file
    ├── ScenarioError    a scenario or plan file, or a change that can't be applied
    ├── FetchError       a download
    └── RunError         a run folder: reading, writing, verifying
"""

from __future__ import annotations

import contextlib
import difflib
import errno
import os
import shutil
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})  # none on Windows
CLOSED = frozenset({errno.EROFS, errno.EACCES, errno.EPERM, errno.EFBIG, errno.EIO})
HARDLY_ROOM = 1 << 16
SQLITE = (
    ("disk is full", errno.ENOSPC),
    ("disk I/O error", errno.EIO),
    ("readonly database", errno.EROFS),
    # GDAL of its own database's last step, whatever SQLite said before
    ("Failed to commit transaction", errno.EIO),
)


@dataclass(frozen=True)
class Problem:
    """One thing wrong with one place in a user's files.

    Parameters
    ----------
    where
        File, and row or key where known: ``"feeds/demo.toml: feeds[1].path"``.
    found
        What stands there.
    expected
        What should stand there.
    cure
        What to do, in the imperative; may be empty where `expected` says it all.
    """

    where: str
    found: str
    expected: str
    cure: str = ""

    def __str__(self) -> str:
        text = f"{self.where}: found {self.found}; expected {self.expected}"
        return f"{text}. {self.cure}" if self.cure else text


class MobilityError(Exception):
    """Everything that is wrong, gathered; raised once.

    Parameters
    ----------
    problems
        One `Problem` or several; kept in `problems` as a tuple.
    """

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (
            (problems,) if isinstance(problems, Problem) else tuple(problems)
        )
        super().__init__("\n".join(f"- {problem}" for problem in self.problems))

    def __reduce__(self) -> tuple[type[MobilityError], tuple[tuple[Problem, ...]]]:
        """Keep the problems when the error crosses a process border."""
        return type(self), (self.problems,)


class RegionError(MobilityError):
    """The region file names something that is not there or can't be."""


class FeedError(MobilityError):
    """A GTFS feed can't be read or used."""


class StreetError(MobilityError):
    """An OSM extract or street graph can't be read or used."""


class ZoneError(MobilityError):
    """A zone or country file can't be read or used."""


class ScenarioError(MobilityError):
    """A scenario or plan file is wrong, or one of its changes can't be applied."""


class FetchError(MobilityError):
    """A download did not end right."""


class RunError(MobilityError):
    """A run folder can't be read, written or verified."""


def raise_all(error: type[MobilityError], problems: Sequence[Problem]) -> None:
    """Raise `error` with all `problems`, or return if there are none."""
    if problems:
        raise error(problems)


@contextlib.contextmanager
def writing(place: Path) -> Iterator[None]:
    """Say in words that a place can't be written: it is full, read-only or not ours.

    Some libraries tell a full disk in errors of their own: where hardly any room is left,
    whatever went wrong is put down to that.

    Raises
    ------
    RunError
        It can't be written. Other errors pass.
    """
    try:
        yield
    except MobilityError:
        raise
    except Exception as cause:
        code = _code(cause)
        if code not in FULL | CLOSED and _has_room(place):
            raise
        raise RunError(unwritable(place, code if code in CLOSED else errno.ENOSPC)) from cause


def _code(cause: Exception) -> int | None:
    """Return the system's error number of an error, also of one that SQLite tells in words."""
    if isinstance(cause, OSError):
        return cause.errno
    return next((code for words, code in SQLITE if words in str(cause)), None)


def unwritable(place: Path, code: int) -> Problem:
    """Tell why a place can't be written, by the system's error number."""
    if code in FULL:
        return Problem(str(place), f"a full disk ({os.strerror(code)})", "room to write",
                       "Make room or choose another folder, and start again: what is finished "
                       "is kept")  # fmt: skip
    return Problem(str(place), f"a place that can't be written ({os.strerror(code)})",
                   "a folder one may write to", "Choose another folder")  # fmt: skip


def _has_room(place: Path) -> bool:
    there = next(path for path in (place, *place.parents) if path.exists())
    return shutil.disk_usage(there).free >= HARDLY_ROOM


def nearest(name: str, known: Iterable[str], count: int = 3) -> str:
    """Name the known words nearest to `name`, as ``"a", "b" or "c"``.

    Returns an empty string where nothing is near.
    """
    by_fold: dict[str, str] = {}
    for word in known:
        by_fold.setdefault(word.casefold(), word)
    near = difflib.get_close_matches(name.casefold(), list(by_fold), n=count, cutoff=0.5)
    words = [f'"{by_fold[fold]}"' for fold in near]
    if len(words) < 2:
        return "".join(words)
    return ", ".join(words[:-1]) + " or " + words[-1]


def printable(text: str) -> str:
    """Make text from files safe to print: control and format characters become ``?``.

    So no name in a feed can move a terminal's cursor, colour it, or turn its direction.
    """
    return "".join(
        "?" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") and c != "\n" else c
        for c in text
    )
