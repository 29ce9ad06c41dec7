"""Run folders that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mobility.errors import Problem, RunError


@contextlib.contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Give a folder beside `target` to write into; rename it to `target` when all went well.

    An older `target` stays in place until the new one is complete.

    Raises
    ------
    RunError
        The place can't be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as cause:
        raise RunError(
            Problem(str(target), f"a place that can't be written ({cause.strerror})",
                    "a folder one may write to", "Choose another with --out")
        ) from cause  # fmt: skip
    try:
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
    old = target.with_name(f".{target.name}-old-{os.getpid()}")
    target.rename(old)
    try:
        new.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
