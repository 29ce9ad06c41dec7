"""Fixtures that several test modules share."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

# Started in the background, with interrupts ignored, tests would start programs that ignore them.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def region_data() -> Path:
    """Folder with the region's real feeds, streets and zones; skips where it is absent."""
    default = REPOSITORY.parent / "shared" / "data" / "region"
    folder = Path(os.environ.get("MOBILITY_REGION_DATA", default))
    if not (folder / "gtfs").is_dir():
        pytest.skip("the region's real data are not here (set MOBILITY_REGION_DATA)")
    return folder
