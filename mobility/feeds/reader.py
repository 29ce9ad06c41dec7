"""One feed, from zip to tables: first what is small, then the events of the day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from mobility.feeds import clock
from mobility.feeds.archive import CALENDARS, REQUIRED, Archive, open_archive
from mobility.feeds.choose_day import FeedDays, feed_days
from mobility.feeds.ledger import Ledger
from mobility.feeds.lines import Trips, read_agencies, read_routes, read_trips
from mobility.feeds.model import ServiceDays
from mobility.feeds.places import Places, read_places
from mobility.feeds.service_days import read_service_days
from mobility.feeds.validity import vouched_days
from mobility.scenario.model import FeedEntry

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Draft:
    """The small tables of one feed, ids as in the feed; `archive` still holds the events.

    `vouched` are the first and last day of feed_info.txt, None where it says none.
    """

    entry: FeedEntry
    archive: Archive
    ledger: Ledger
    zone: ZoneInfo
    agencies: pd.DataFrame
    places: Places
    routes: pd.DataFrame
    trips: Trips
    services: ServiceDays
    days: FeedDays
    country: str
    vouched: tuple[dt.date | None, dt.date | None] = (None, None)


def read_draft(entry: FeedEntry, country: str, day: dt.date | None, ledger: Ledger) -> Draft | None:
    """Read all but the events; None where that fails, with the problems in the ledger."""
    archive = open_archive(entry.path, ledger)
    if archive is None or not all(name in archive.members for name in REQUIRED):
        return None
    if not any(name in archive.members for name in CALENDARS):
        return None
    if entry.sha256 and entry.sha256.lower() != archive.sha256:
        ledger.problem(
            "",
            f"SHA-256 {archive.sha256}",
            f"{entry.sha256} as in the region file",
            "Fetch the feed again, or write the new SHA-256 into the region file",
        )
    agencies = read_agencies(archive, ledger)
    places = read_places(archive, ledger)
    services = read_service_days(archive, ledger, day)
    if agencies is None or places is None:
        return None
    zone = _zone(agencies, day or services.first_day, places, ledger)
    routes = read_routes(archive, ledger, agencies)
    if routes is None or zone is None:
        return None
    trips = read_trips(archive, ledger, routes["route_id"], services.service_ids)
    if trips is None:
        return None
    counts = np.bincount(trips.service[trips.service >= 0], minlength=len(services.service_ids))
    services = replace(services, n_trips=counts.astype(np.int32))
    days = feed_days(entry.id, country, services)
    return Draft(
        entry, archive, ledger, zone, agencies, places, routes, trips, services, days, country,
        vouched_days(archive),
    )  # fmt: skip


def _zone(agencies: pd.DataFrame, day: dt.date, places: Places, ledger: Ledger) -> ZoneInfo | None:
    """Find the feed's time zone; one that its stops' longitude contradicts is a problem."""
    names = list(dict.fromkeys(agencies["timezone"]))
    zones = {name: clock.zone_of(name) for name in names}
    for name in [name for name, zone in zones.items() if zone is None]:
        ledger.problem("agency.txt", f'agency_timezone "{name}"', "a zone like Europe/Brussels")
    known = [zone for zone in zones.values() if zone is not None]
    if not known or len(known) < len(names):
        return None
    if len({clock.day_start(day, zone) for zone in known}) > 1:
        ledger.problem(
            "agency.txt",
            f"agencies in several time zones: {', '.join(names)}",
            "one zone for all agencies of a feed",
            "Split the feed, or mend agency_timezone",
        )
        return None
    lon = places.table["lon"].to_numpy()[places.placed]
    if len(lon) and clock.stray_h(day, known[0], lon) > clock.LARGEST_STRAY_H:
        ledger.problem(
            "agency.txt",
            f"agency_timezone {names[0]}, but stops around longitude {np.median(lon):.1f}",
            "the zone the stops lie in",
            "Mend agency_timezone; all times of the feed would be hours wrong",
        )
        return None
    return known[0]


def text_array(column: pd.Series) -> pa.StringArray:
    """Text column as an arrow array."""
    return pa.array(column.to_numpy(object), pa.string())


def around(draft: Draft, day: dt.date | None) -> tuple[Bools, Bools, Bools]:
    """Trips that run on the day before, on the day and on the day after, bool each.

    Without a day every trip that ever runs counts as running on the day.
    """
    service = draft.trips.service
    usable = (service >= 0) & (draft.trips.route >= 0)
    if day is None:
        runs: Bools = np.asarray(draft.services.runs.any(axis=1), bool)
        none = np.zeros(len(service), bool)
        return none, _of(runs, service) & usable, none
    near: list[Bools] = [
        _of(draft.services.on(day + dt.timedelta(days=k)), service) for k in (-1, 0, 1)
    ]
    return near[0] & usable, near[1] & usable, near[2] & usable


def _of(runs: Bools, service: npt.NDArray[np.int32]) -> Bools:
    return runs[service] if len(runs) else np.zeros(len(service), bool)
