"""One fetch at a time of a file: the others are told, and none waits."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from mobility.errors import FetchError, Problem


def claim_of(path: Path) -> Path:
    """Name the file that is held locked while `path` is fetched."""
    return path.with_name(f".{path.name}.fetching")


@contextlib.contextmanager
def claimed(path: Path, role: str) -> Iterator[None]:
    """Keep other fetches off a file, in this process and others on this computer.

    The system itself lets go when the process ends, however it ends, so that nothing is left
    locked and no clock is asked. Where no lock can be made or held, as in a folder that can only
    be read, the fetch goes on without.

    Raises
    ------
    FetchError
        Another fetch has it.
    """
    held = _hold(claim_of(path), role)
    try:
        yield
    finally:
        if held is not None:
            with contextlib.suppress(OSError):  # Windows: deleted once it is closed
                claim_of(path).unlink()
            os.close(held)
            if sys.platform == "win32":
                with contextlib.suppress(OSError):
                    claim_of(path).unlink()


def _hold(lock: Path, role: str) -> int | None:
    while True:
        try:
            lock.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError:
            return None
        try:
            taken = _lock(handle)
        except OSError:  # a file system without locks
            os.close(handle)
            return None
        if not taken:
            os.close(handle)
            raise FetchError(
                Problem(role, "another fetch of it under way", "one at a time",
                        "Wait for it to end, and fetch again")
            )  # fmt: skip
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(lock.stat(), os.fstat(handle)):
                return handle
        os.close(handle)  # its holder deleted it between the two: once more


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:
    import fcntl

    def _lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


__all__ = ["claim_of", "claimed"]
