"""Folders under way: named after what they become and who makes them, so that none is left.

A folder is written beside its place and renamed when whole. A process that is killed leaves what
it had begun; the next one that writes the same folder puts that right.
"""

from __future__ import annotations

import glob
import os
import platform
import shutil
import tempfile
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


def aside(target: Path) -> Path:
    """Name the place an older `target` moves to while the new one takes its own."""
    return target.with_name(f"{_mark(target.name, os.getpid())}old")


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
            shutil.rmtree(gone, ignore_errors=True)


def _mark(name: str, process: int) -> str:
    """Begin the name of a folder a process works in."""
    return f".{name}-{platform.node()}-{process}-"


def _put_right(target: Path) -> None:
    """Bring back what a killed run had moved aside, and delete what it had begun.

    Only folders of this computer's processes that are no more are touched.
    """
    head = f".{target.name}-{platform.node()}-"
    for left in sorted(target.parent.glob(f"{glob.escape(head)}*")):
        process, _, what = left.name.removeprefix(head).partition("-")
        if not process.isdigit() or psutil.pid_exists(int(process)):
            continue
        if what == "old" and not target.exists():
            left.rename(target)
        else:
            shutil.rmtree(left, ignore_errors=True)
