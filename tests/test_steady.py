"""A clock that is set back holds nothing up."""

from __future__ import annotations

import asyncio
import time

import pytest
from distributed import batched
from tornado.ioloop import IOLoop, PeriodicCallback

from mobility.batch import steady

HOUR_S = 3600.0


def beats(monkeypatch: pytest.MonkeyPatch) -> int:
    """Heartbeats in half a second after the clock was set back by an hour."""
    clock, counted = time.time, []

    async def live() -> None:
        callback = PeriodicCallback(lambda: counted.append(1), 5)
        callback.start()
        await asyncio.sleep(0.1)
        monkeypatch.setattr(time, "time", lambda: clock() - HOUR_S)
        await asyncio.sleep(0.1)  # the one that was under way
        counted.clear()
        await asyncio.sleep(0.5)
        callback.stop()

    asyncio.run(live())
    return len(counted)


def test_heartbeats_go_on_when_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    # As tornado and Dask have them, for another test may have steadied them in this process.
    monkeypatch.setattr(IOLoop, "time", lambda _: time.time())
    monkeypatch.setattr(batched, "time", time.time)
    with monkeypatch.context() as without:
        assert beats(without) == 0  # what this is for
    steady.dask_setup()
    assert beats(monkeypatch) > 0
    assert batched.time is steady.steady_s


def test_the_steady_clock_begins_at_the_time_of_day() -> None:
    assert steady.steady_s() == pytest.approx(time.time(), abs=60)
