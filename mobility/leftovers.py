"""Folders and files under way: named after what they become and who makes them, so none is left.

They are written beside their place and renamed when whole. A process that is killed leaves what
it had begun; the next one that writes the same folder or file puts that right. No clock is asked:
what a process has under way is its own for as long as the process runs.
"""

from __future__ import annotations

import contextlib
import glob
import os
import platform
import shutil
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

# Run folders, and below them prepared networks and parts of matrices.
DEPTHS = ("", "*/", "*/*/")
# Found below a folder that was used: its day is that of the last use.
USED = "index.json"


@dataclass(frozen=True)
class Left:
    """What a process that is no more had under way: `what` is "new…", "old" or "gone"."""

    path: Path
    target: Path
    what: str


def begin(target: Path) -> Path:
    """Make a folder beside `target` to write into, after putting right what others left.

    Raises
    ------
    OSError
        The place can't be written.
    """
    return Path(tempfile.mkdtemp(prefix=_begun(target), dir=target.parent))


@contextlib.contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """Give a name beside `target` to write a file under; it takes its place when all went well.

    The name ends as `target` does, for libraries that go by it. An older `target` stays in
    place until the new one is complete.

    Raises
    ------
    OSError
        The place can't be written.
    """
    beside = target.with_name(f"{_begun(target)}{threading.get_ident():x}{target.suffix}")
    beside.touch()  # so that the system says what a library may say in words of its own
    delete(beside)
    try:
        yield beside
        os.replace(beside, target)  # noqa: PTH105 - also over an existing file on Windows
    finally:
        # also what a database wrote beside it, or where it is the very file that stood there
        for left in target.parent.glob(f"{glob.escape(beside.name)}*"):
            delete(left)


def delete(left: Path) -> None:
    """Delete a folder or file, as far as that is possible."""
    with contextlib.suppress(OSError):
        left.unlink(missing_ok=True)
        return
    shutil.rmtree(left, ignore_errors=True)


def aside(target: Path, what: str = "old") -> Path:
    """Name the place an older `target` moves to: "old" comes back if all ends there, "gone" not."""
    return target.with_name(f"{_mark(target.name, os.getpid())}{what}")


def take_away(out: Path, depths: Sequence[str] = DEPTHS) -> None:
    """Delete what this very process has under way below `out`, whatever its other threads do."""
    ending = f"-{platform.node()}-{os.getpid()}-new-"
    for depth in depths:
        for left in out.glob(f"{depth}.*{glob.escape(ending)}*"):
            gone = left.with_name(left.name.replace("-new-", "-gone-"))
            try:
                left.rename(gone)  # so that it can't be put in place half-deleted
            except OSError:
                continue
            delete(gone)


def _begun(target: Path) -> str:
    """Make the place fit to be written in; begin the name of what is written there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    _put_right(target)
    return f"{_mark(target.name, os.getpid())}new-"


def _mark(name: str, process: int) -> str:
    """Begin the name of a folder or file a process works in."""
    return f".{name}-{platform.node()}-{process}-"


def _put_right(target: Path) -> None:
    """Bring back what a killed run had moved aside, and delete what it had begun.

    Only what this computer's processes made that are no more is touched.
    """
    for left in of_the_dead(target.parent, target.name):
        if left.what == "old" and not target.exists():
            left.path.rename(target)
        else:
            delete(left.path)


def of_the_dead(folder: Path, name: str = "") -> list[Left]:
    """List what this computer's processes that are no more had under way in a folder.

    Parameters
    ----------
    name
        Only of what becomes this file or folder.
    """
    node = platform.node()
    found = []
    for path in sorted(folder.glob(f".{glob.escape(name) or '*'}-{glob.escape(node)}-*")):
        head, mark, tail = path.name.removeprefix(".").rpartition(f"-{node}-")
        process, _, what = tail.partition("-")
        known = what in ("old", "gone") or what.startswith(("new-", "gone-"))
        known = known and bool(mark) and name in ("", head)
        if known and process.isdigit() and not psutil.pid_exists(int(process)):
            found.append(Left(path, folder / head, what))
    return found


def touch(used: Path) -> None:
    """Note that a working copy was used, where that can be written; see `clean`."""
    with contextlib.suppress(OSError):
        os.utime(used)
