"""Run folders that appear whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import shutil
from collections.abc import Iterator
from pathlib import Path

from mobility.errors import RunError, unwritable, writing
from mobility.leftovers import aside, begin

ATTEMPTS = 20


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
    """Put `new` in place of `target`; of several processes that do so at once the last one wins."""
    old = aside(target)
    for attempt in range(1, ATTEMPTS + 1):
        shutil.rmtree(old, ignore_errors=True)
        with contextlib.suppress(FileNotFoundError):
            target.rename(old)
        try:
            new.rename(target)
            break
        except OSError:
            if target.exists() and attempt < ATTEMPTS:
                continue  # another process was between the two
            with contextlib.suppress(OSError):
                old.rename(target)
            raise
    shutil.rmtree(old, ignore_errors=True)
