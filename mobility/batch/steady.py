"""Let Dask's processes wait by a clock that nobody sets.

Dask and its loop hold messages and heartbeats back until a time of day. Where the computer's clock
is set back meanwhile, they are held back for as long as it was set back, and a run stands still.
Workers load this module by themselves (``distributed.worker.preload``).
"""

from __future__ import annotations

import time

from distributed import batched
from tornado.ioloop import IOLoop

_APART_S = time.time() - time.monotonic()


def steady_s() -> float:
    """Return the time of day as it was when this process began, and the seconds since."""
    return _APART_S + time.monotonic()


def dask_setup(_worker: object = None) -> None:
    """Give the steady clock to the loop and to the messages of this process."""
    # neither has a setting for it; both read the time of day by these names
    setattr(IOLoop, "time", lambda _: steady_s())  # noqa: B010 - a method of another's class
    setattr(batched, "time", steady_s)  # noqa: B010
