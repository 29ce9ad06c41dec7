"""Run folders that appear whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import shutil
from collections.abc import Iterator
from pathlib import Path

from mobility.errors import RunError, unwritable, writing
from mobility.leftovers import aside, begin


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
        beside = begin(target)
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
    old = aside(target)
    target.rename(old)
    try:
        new.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
