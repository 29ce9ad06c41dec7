"""Empty a results folder of what runs keep there to be faster next time."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

from mobility import leftovers
from mobility.batch.inputs import CLIPS
from mobility.batch.job import PARTS, PREPARED
from mobility.errors import Problem, RunError

Kind = Literal["networks", "clips", "parts", "killed"]
KINDS: tuple[Kind, ...] = ("networks", "clips", "parts", "killed")
KEY = re.compile(r"[0-9a-f]{20}")


@dataclass(frozen=True)
class Freed:
    """What went of one kind: how many, their bytes; and how many stayed, used by a process."""

    kind: Kind
    count: int = 0
    size: int = 0
    in_use: int = 0


@dataclass(frozen=True)
class _Copy:
    kind: Kind
    path: Path
    used: dt.date


def clean_results(
    out: Path, *, before: dt.date | None = None, really: bool = True
) -> tuple[Freed, ...]:
    """Delete working copies: prepared networks, clipped streets, parts of matrices.

    Results stay; the next run makes again what it needs. What killed processes had begun goes
    too, and a result one had moved aside comes back. What a process of this computer has open
    stays.

    Parameters
    ----------
    out
        Folder of results, as ``--out`` names it.
    before
        Only what was last used before this day; None: all.
    really
        False only counts.

    Returns
    -------
    One row for each of `KINDS`.

    Raises
    ------
    RunError
        There is no such folder.
    """
    if not out.is_dir():
        raise RunError(Problem(str(out), "no such folder", "a folder of results"))
    root = out.resolve()
    found = [copy for copy in _copies(root) if before is None or copy.used < before]
    opened = _opened_below(root)
    rows = []
    for kind in KINDS:
        count = size = in_use = 0
        for copy in (copy for copy in found if copy.kind == kind):
            if any(path.is_relative_to(copy.path) for path in opened):
                in_use += 1
                continue
            count, size = count + 1, size + _size(copy.path)
            if really:
                _delete(copy.path)
        rows.append(Freed(kind, count, size, in_use))
    if really:
        _bring_back(root)
        for folder in (root / PREPARED / CLIPS, root / PREPARED, root / PARTS):
            with contextlib.suppress(OSError):  # something stayed, or it is not there
                folder.rmdir()
    return tuple(rows)


def _copies(root: Path) -> Iterator[_Copy]:
    """List what runs keep; what bears another name was not put there by them."""
    for folder in _inside(root / PREPARED):
        if KEY.fullmatch(folder.name) and folder.is_dir():
            yield _Copy("networks", folder, _last_used(folder))
    for clip in _inside(root / PREPARED / CLIPS):
        if KEY.fullmatch(clip.name.removesuffix(".osm.pbf")) and clip.is_file():
            yield _Copy("clips", clip, _last_used(clip))
    for folder in _inside(root / PARTS):
        if KEY.fullmatch(folder.name) and folder.is_dir():
            yield _Copy("parts", folder, _last_used(folder))
    places = [root, root / PREPARED, root / PREPARED / CLIPS, *_inside(root / PARTS)]
    for place in places:
        for left in leftovers.of_the_dead(place):
            if left.what != "old" or left.target.exists():
                yield _Copy("killed", left.path, _last_used(left.path))


def _inside(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.is_symlink())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _last_used(path: Path) -> dt.date:
    """Day a copy was last made or read; by the clock of that moment."""
    stamps = [_stamp_s(inner) for inner in (path, *path.rglob(leftovers.USED))]
    # the newest, so that a clock that was wrong once keeps a copy rather than deletes it
    moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=max(stamps))
    return moment.astimezone().date()


def _stamp_s(path: Path) -> float:
    try:
        return min(max(path.stat().st_mtime, 0.0), 4e9)
    except FileNotFoundError:
        return 0.0


def _size(path: Path) -> int:
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    total = 0
    for file in files:
        with contextlib.suppress(FileNotFoundError):
            total += file.stat().st_size
    return total


def _delete(path: Path) -> None:
    """Move a copy aside first, so that no run finds it half there."""
    gone = path if path.name.startswith(".") else leftovers.aside(path, "gone")
    with contextlib.suppress(FileNotFoundError):
        if gone != path:
            path.rename(gone)
        leftovers.delete(gone)


def _bring_back(root: Path) -> None:
    """Give results their place again that a killed run had moved aside."""
    for left in leftovers.of_the_dead(root):
        if left.what == "old" and not left.target.exists():
            left.path.rename(left.target)


def _opened_below(root: Path) -> list[Path]:
    """List files below a folder that processes hold open, as far as the system tells."""
    found = []
    for process in psutil.process_iter():
        if process.pid == os.getpid():
            continue
        for asked in (_mapped, _open):
            with contextlib.suppress(psutil.Error, OSError, AttributeError, NotImplementedError):
                found += [path for path in asked(process) if path.is_relative_to(root)]
    return found


def _mapped(process: psutil.Process) -> list[Path]:
    return [Path(entry.path) for entry in process.memory_maps()]


def _open(process: psutil.Process) -> list[Path]:
    return [Path(entry.path) for entry in process.open_files()]
