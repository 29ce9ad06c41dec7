"""What a region stands on today: of what day each file is, what is stale, what runs out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mobility.fetch.facts import feed_facts
from mobility.fetch.lock import lock_path, read_lock
from mobility.fetch.model import Entry, Source
from mobility.fetch.sources import sources_of
from mobility.scenario.model import Region

SOON_DAYS = 14


@dataclass(frozen=True)
class Standing:
    """One file of a region, without going online.

    Parameters
    ----------
    there
        Whether the file is at hand.
    since
        Day it was fetched; None where it was not, e.g. put there by hand.
    age_days
        Days since it was last found to be the newest; None where unknown, negative where a
        clock was wrong.
    stale
        Whether its owner has probably renewed it since, or that can't be told.
    days
        First and last day a timetable covers, ISO; ``""`` where it does not say.
    days_left
        Days until a timetable runs out, negative where it has; None for other files.
    """

    role: str
    path: Path
    there: bool
    optional: bool
    fetchable: bool
    since: dt.date | None = None
    age_days: int | None = None
    stale: bool = False
    size: int = 0
    version: str = ""
    days: tuple[str, str] = ("", "")
    days_left: int | None = None

    @property
    def runs_out(self) -> bool:
        """Whether a timetable has run out or soon does."""
        return self.days_left is not None and self.days_left < SOON_DAYS


def status(region_path: Path, region: Region, today: dt.date) -> tuple[Standing, ...]:
    """Tell how each file of a region stands; nothing is asked of the network."""
    lock = read_lock(lock_path(region_path))
    found = []
    for source in sources_of(region):
        if not source.path.exists():
            found.append(
                Standing(source.role, source.path, False, source.optional, bool(source.urls))
            )
            continue
        found.append(_standing(source, lock, today))
    return tuple(found)


def _standing(source: Source, lock: Mapping[str, Entry], today: dt.date) -> Standing:
    entry = lock.get(source.role)
    size = source.path.stat().st_size if source.path.is_file() else 0
    if entry is not None and source.path.is_file() and entry.size != size:
        entry = None  # exchanged by hand since
    facts = (
        {k: getattr(entry, k) for k in ("feed_version", "first_day", "last_day")}
        if entry is not None
        else feed_facts(source.path)
        if source.kind == "gtfs"
        else {}
    )
    last = facts.get("last_day", "")
    age = None
    if entry is not None:
        age = (today - dt.datetime.fromisoformat(entry.checked).date()).days
    return Standing(
        role=source.role,
        path=source.path,
        there=True,
        optional=source.optional,
        fetchable=bool(source.urls),
        since=dt.datetime.fromisoformat(entry.fetched).date() if entry is not None else None,
        age_days=age,
        stale=_is_stale(source, age),
        size=size,
        version=facts.get("feed_version", ""),
        days=(facts.get("first_day", ""), last),
        days_left=(dt.date.fromisoformat(last) - today).days if last else None,
    )


def _is_stale(source: Source, age_days: int | None) -> bool:
    if age_days is None or source.changes_every_days is None or not source.urls:
        return False
    # Around midnight and where clocks differ a little, today may be tomorrow.
    return age_days > source.changes_every_days or age_days < -1
