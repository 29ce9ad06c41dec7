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
from collections.abc import Iterator
from pathlib import Path

import psutil

# Run folders, and below them prepared networks and parts of matrices.
DEPTHS = ("", "*/", "*/*/")


def begin(target: Path) -> Path:
    """Make a folder beside `target` to write into, after putting right what others left.

    Raises
    ------
    OSError
        The place can't be written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _put_right(target)
    prefix = f"{_mark(target.name, os.getpid())}new-"
    return Path(tempfile.mkdtemp(prefix=prefix, dir=target.parent))


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
    target.parent.mkdir(parents=True, exist_ok=True)
    _put_right(target)
    mark = _mark(target.name, os.getpid())
    beside = target.with_name(f"{mark}new-{threading.get_ident():x}{target.suffix}")
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


def take_away(out: Path) -> None:
    """Delete what this very process has under way below `out`, whatever its other threads do."""
    ending = f"-{platform.node()}-{os.getpid()}-new-"
    for depth in DEPTHS:
        for left in out.glob(f"{depth}.*{glob.escape(ending)}*"):
            gone = left.with_name(left.name.replace("-new-", "-gone-"))
            try:
                left.rename(gone)  # so that it can't be put in place half-deleted
            except OSError:
                continue
            delete(gone)


def _mark(name: str, process: int) -> str:
    """Begin the name of a folder or file a process works in."""
    return f".{name}-{platform.node()}-{process}-"


def _put_right(target: Path) -> None:
    """Bring back what a killed run had moved aside, and delete what it had begun.

    Only what this computer's processes made that are no more is touched.
    """
    head = f".{target.name}-{platform.node()}-"
    for left in sorted(target.parent.glob(f"{glob.escape(head)}*")):
        process, _, what = left.name.removeprefix(head).partition("-")
        if not process.isdigit() or psutil.pid_exists(int(process)):
            continue
        if what == "old" and not target.exists():
            left.rename(target)
        else:
            delete(left)
