"""What is fetched, within which limits, and what came of it."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from mobility.errors import Problem

Kind = Literal["gtfs", "osm", "overpass", "zones", "table", "border"]
State = Literal["new", "updated", "unchanged", "restored", "kept", "failed", "absent", "local"]

# role, bytes so far, bytes in all (None: the server does not say)
Tell = Callable[[str, int, int | None], None]


def silent(_role: str, _done: int, _total: int | None) -> None:
    """Tell nobody."""


def utc_now() -> dt.datetime:
    """Return the time now; a download is dated by it."""
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True)
class Source:
    """One file of a region and where it comes from.

    Parameters
    ----------
    role
        What the region file calls it: ``"feed nl"``, ``"streets 1"``.
    kind
        How it is checked.
    path
        Where it belongs.
    urls
        Address, then mirrors; none where the user puts the file there.
    checksum_url, sha256
        Published and demanded hash.
    key_env, key_header, key_query
        Environment variable with an API key, and how the key is sent.
    box
        What an Overpass service is asked for.
    """

    role: str
    kind: Kind
    path: Path
    urls: tuple[str, ...] = ()
    checksum_url: str = ""
    sha256: str = ""
    key_env: str = ""
    key_header: str = ""
    key_query: str = ""
    allow_http: bool = False
    max_bytes: int = 4 << 30
    max_unpacked_bytes: int = 32 << 30
    changes_every_days: float | None = None
    optional: bool = False
    box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True)
class Limits:
    """How long and how often to try.

    Parameters
    ----------
    connect_s, idle_s, total_s
        Longest time to connect, without a byte, and for one file in all.
    slow_bytes_per_s, slow_after_s
        A connection below this speed over this time is given up and taken up again.
    attempts
        Failures in a row without a new byte before a file is given up.
    connect_attempts
        The same where no connection is made at all, so that no network is soon known.
    first_wait_s, longest_wait_s
        Waits double from the first; a server that asks for a longer one is not waited for.
    redirects
        Addresses followed for one request.
    """

    connect_s: float = 20.0
    idle_s: float = 60.0
    total_s: float = 6 * 3600.0
    slow_bytes_per_s: float = 1024.0
    slow_after_s: float = 60.0
    attempts: int = 6
    connect_attempts: int = 3
    first_wait_s: float = 1.0
    longest_wait_s: float = 300.0
    redirects: int = 8
    hosts_at_once: int = 4


@dataclass(frozen=True)
class Web:
    """Limits and the clocks used, so that tests need not wait.

    Parameters
    ----------
    stop
        Set when the user interrupts: every download ends at its next byte.
    """

    limits: Limits = Limits()
    sleep: Callable[[float], object] | None = None
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], dt.datetime] = utc_now
    stop: threading.Event = field(default_factory=threading.Event)

    def pause(self, seconds: float) -> None:
        """Wait, or until the user interrupts."""
        (self.sleep or self.stop.wait)(seconds)


@dataclass(frozen=True)
class Entry:
    """What the lock file says of one file.

    Parameters
    ----------
    url
        Address it came from, without any key; ``""`` where the user put it there.
    path
        Relative to the region file.
    fetched
        UTC time of the download, or of the file's last change.
    checked
        UTC time it was last found to be the newest.
    feed_version, first_day, last_day
        Of a timetable; ``""`` where it does not say.
    """

    url: str
    path: str
    fetched: str
    checked: str
    size: int
    sha256: str
    etag: str = ""
    last_modified: str = ""
    feed_version: str = ""
    first_day: str = ""
    last_day: str = ""


@dataclass(frozen=True)
class Row:
    """What came of one file; `problems` say why it failed or what older copy stays."""

    role: str
    state: State
    entry: Entry | None = None
    problems: tuple[Problem, ...] = ()
    optional: bool = False
