"""Run folders that appear whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import glob
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil

from mobility.errors import RunError, unwritable, writing


@contextlib.contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Give a folder beside `target` to write into; rename it to `target` when all went well.

    An older `target` stays in place until the new one is complete. What a killed run left
    behind is put right first.

    Raises
    ------
    RunError
        The place can't be written, or not to the end.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _put_right(target)
        beside = Path(
            tempfile.mkdtemp(prefix=f"{_mark(target, os.getpid())}new-", dir=target.parent)
        )
    except OSError as cause:
        raise RunError(unwritable(target, cause.errno or errno.EACCES)) from cause
    try:
        with writing(target):
            yield beside
            beside.chmod(0o755)
            _swap(beside, target)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def _swap(new: Path, target: Path) -> None:
    if not target.exists():
        new.rename(target)
        return
    old = target.with_name(f"{_mark(target, os.getpid())}old")
    target.rename(old)
    try:
        new.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _mark(target: Path, process: int) -> str:
    """Begin the name of a folder a process works in, so that its leftovers are known."""
    return f".{target.name}-{platform.node()}-{process}-"


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
