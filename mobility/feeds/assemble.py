"""One feed's draft and its events to tables of what is kept, with all that is not counted."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from mobility.feeds import clock
from mobility.feeds.events import FILE as STOP_TIMES
from mobility.feeds.events import Events, interpolate, read_events, tidy
from mobility.feeds.extras import read_frequencies, read_transfers, read_translations
from mobility.feeds.model import NEXT_DAY_UNTIL_S, FeedSource, ServiceDays
from mobility.feeds.notes import NO_TRIP
from mobility.feeds.places import Box, text_series
from mobility.feeds.reader import Draft, around, text_array
from mobility.feeds.vehicles import with_continuations

# Clock changes may move midnight by an hour; the timetable looks again, to the second.
SHORTEST_DAY_S = 23 * 3600

Bools = npt.NDArray[np.bool_]
Int32 = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Part:
    """Tables of one feed as in `Feeds`, ids prefixed, row numbers counted within the feed."""

    source: FeedSource
    services: ServiceDays
    tables: dict[str, pd.DataFrame]


def assemble(
    draft: Draft,
    *,
    day: dt.date | None,
    read_day: dt.date | None,
    region: ZoneInfo,
    box: Box | None,
) -> Part:
    """Read the events and keep what serves the day and the box.

    `read_day` is the day whose service stands for `day`; the two differ only where the
    region file allows it.
    """
    ledger, trips = draft.ledger, draft.trips
    shift_s = clock.shift_s(read_day or draft.services.first_day, draft.zone, region)
    before, on, after = around(draft, read_day)
    wanted = before | on | after
    _count_unwanted(draft, wanted)
    frequencies = read_frequencies(draft.archive, ledger, trips.ids)
    stop_ids = text_array(draft.places.table["stop_id"])
    events = read_events(draft.archive, ledger, trips.ids, wanted, stop_ids)
    events = tidy(events, draft.places.placed, ledger)
    reasons = _reasons(draft, events, frequencies, (before, on, after), shift_s, box)
    left_out = np.select([r for _, r in reasons], list(range(1, len(reasons) + 1)), 0)
    left_out = np.where(wanted, left_out, -1)
    for number, (reason, _) in enumerate(reasons, start=1):
        ledger.drop("trips.txt", reason, int((left_out == number).sum()))
        ledger.drop(STOP_TIMES, f"trip {reason}", int((left_out[events.trip] == number).sum()))
    kept = left_out == 0
    if day is not None and not kept.any():
        ledger.notes.append(NO_TRIP.format(feed=draft.entry.id, day=day))
    events = events.take(kept[events.trip])
    lon, lat = (draft.places.table[name].to_numpy() for name in ("lon", "lat"))
    events = interpolate(events, lon, lat, ledger)
    tables = _tables(draft, events, kept, frequencies, shift_s, box)
    services, stood = _stand_in(draft.services, day, read_day)
    source = FeedSource(
        id=draft.entry.id,
        country=draft.country,
        path=draft.entry.path.name,
        sha256=draft.archive.sha256,
        licence=draft.entry.licence,
        agency_timezone=draft.zone.key,
        days=draft.days.span,
        rows=dict(sorted(ledger.rows.items())),
        dropped=dict(sorted(ledger.dropped.items())),
        repaired=dict(sorted(ledger.repaired.items())),
        read_day=read_day if read_day != day else None,
        stand_in_days=stood,
        clock_shift_s=shift_s,
        notes=tuple(ledger.notes),
    )
    return Part(source, services, tables)


def _count_unwanted(draft: Draft, wanted: Bools) -> None:
    trips = draft.trips
    no_route = trips.route < 0
    no_service = (trips.service < 0) & ~no_route
    other = ~(wanted | no_route | no_service)
    draft.ledger.drop("trips.txt", "route not in routes.txt", int(no_route.sum()))
    draft.ledger.drop("trips.txt", "service in no calendar", int(no_service.sum()))
    draft.ledger.drop("trips.txt", "does not run on the day nor beside it", int(other.sum()))


def _reasons(
    draft: Draft,
    events: Events,
    frequencies: pd.DataFrame,
    runs: tuple[Bools, Bools, Bools],
    shift_s: int,
    box: Box | None,
) -> list[tuple[str, Bools]]:
    """Why a trip is left out, first reason first; bool per trip of the feed."""
    n = len(draft.trips.ids)
    count = np.bincount(events.trip, minlength=n)
    inside = draft.places.in_box(box)[events.stop]
    serves = np.bincount(events.trip[inside], minlength=n) > 0
    parent = draft.places.table["parent"].to_numpy()
    place = np.where(parent >= 0, parent, np.arange(len(parent))).astype(np.int32)
    block = draft.trips.texts["block_id"].to_numpy(zero_copy_only=False)
    serves = with_continuations(serves, events, block, place)
    first_s, last_s = _extent(events, frequencies, n)
    before, on, after = runs
    late = before & (last_s + shift_s > SHORTEST_DAY_S)
    early = after & (first_s + shift_s < NEXT_DAY_UNTIL_S + 3600)
    return [
        ("has fewer than two stops with time and position", count < 2),
        ("serves no stop inside the region", ~serves),
        ("is of the day before or after and not near this one", ~(on | late | early)),
    ]


def _extent(events: Events, frequencies: pd.DataFrame, n: int) -> tuple[Int32, Int32]:
    """First departure and last arrival of each trip, headway departures included."""
    first_s, last_s = np.zeros(n, np.int32), np.zeros(n, np.int32)
    rows = events.first_rows()
    if not len(rows):
        return first_s, last_s
    ends = np.r_[rows[1:], len(events)] - 1
    trips = events.trip[rows]
    first_s[trips], last_s[trips] = events.departure_s[rows], events.arrival_s[ends]
    if len(frequencies):
        windows = frequencies.groupby("trip").agg(first=("start_s", "min"), last=("end_s", "max"))
        row = windows.index.to_numpy()
        length = last_s[row] - first_s[row]
        first_s[row] = windows["first"].to_numpy()
        last_s[row] = windows["last"].to_numpy() + length
    return first_s, last_s


def _tables(
    draft: Draft,
    events: Events,
    kept: Bools,
    frequencies: pd.DataFrame,
    shift_s: int,
    box: Box | None,
) -> dict[str, pd.DataFrame]:
    trips, ledger = draft.trips, draft.ledger
    route_kept = np.zeros(len(draft.routes), bool)
    route_kept[trips.route[kept]] = True
    ledger.drop("routes.txt", "no trip of it is kept", int((~route_kept).sum()))
    stop_kept = _stops_kept(draft, events, box)
    new_trip, new_route, new_stop = (_renumber(k) for k in (kept, route_kept, stop_kept))
    return {
        "agency": _prefixed(draft.agencies, draft.entry.id, "agency_id"),
        "stops": _stops(draft, stop_kept, new_stop),
        "routes": _prefixed(
            draft.routes[route_kept].reset_index(drop=True), draft.entry.id, "route_id", "agency_id"
        ),
        "trips": _trips(draft, kept, new_route),
        "stop_times": pd.DataFrame(
            {
                "trip": new_trip[events.trip],
                "stop": new_stop[events.stop],
                "arrival_s": events.arrival_s + np.int32(shift_s),
                "departure_s": events.departure_s + np.int32(shift_s),
                "sequence": events.sequence,
                "pickup": events.pickup,
                "drop_off": events.drop_off,
                "shape_dist": events.shape_dist,
            }
        ),
        "frequencies": _frequencies(frequencies, kept, new_trip, shift_s, draft),
        "transfers": _transfers(draft, new_stop, new_trip, new_route),
        "translations": _translations(draft),
        "route_services": _route_services(draft, route_kept),
    }


def _stops_kept(draft: Draft, events: Events, box: Box | None) -> Bools:
    """Stops that are used, lie in the box, or are the station of such a stop."""
    places = draft.places
    keep = places.in_box(box).copy()
    keep[events.stop] = True
    parent = places.table["parent"].to_numpy()
    for _ in range(8):
        keep[parent[keep & (parent >= 0)]] = True
    lost = ~places.placed
    keep &= ~lost
    draft.ledger.drop("stops.txt", "no position, nor has its parent one", int(lost.sum()))
    draft.ledger.drop("stops.txt", "outside the region and not served", int((~keep & ~lost).sum()))
    return keep


def _renumber(keep: Bools) -> Int32:
    """New row of each old one, −1 where it is left out; one more −1 answers row −1."""
    numbers = np.full(len(keep) + 1, -1, np.int32)
    numbers[:-1][keep] = np.arange(keep.sum())
    return numbers


def _prefixed(table: pd.DataFrame, feed: str, *columns: str) -> pd.DataFrame:
    """Put the feed's id before ids that are not blank, and add the column ``feed``."""
    ids = {name: (f"{feed}:" + table[name]).where(table[name] != "", "") for name in columns}
    out = table.assign(**ids)
    out.insert(1, "feed", pd.Series([feed] * len(out), dtype="str"))
    return out


def _stops(draft: Draft, keep: Bools, new_stop: Int32) -> pd.DataFrame:
    table = draft.places.table[keep].reset_index(drop=True)
    table = table.assign(
        parent=new_stop[table["parent"].to_numpy()],
        country=pd.Series([draft.country] * len(table), dtype="str"),
    )
    return _prefixed(table, draft.entry.id, "stop_id")


def _trips(draft: Draft, kept: Bools, new_route: Int32) -> pd.DataFrame:
    trips, keep = draft.trips, pa.array(kept)
    service = trips.service[kept]
    table = pd.DataFrame(
        {
            "trip_id": text_series(trips.ids.filter(keep)),
            "route": new_route[trips.route[kept]],
            "service_id": pd.Series(draft.services.service_ids[service], dtype="str"),
            "service": service,
            "headsign": text_series(trips.texts["headsign"].filter(keep)),
            "short_name": text_series(trips.texts["short_name"].filter(keep)),
            "direction": trips.direction[kept],
            "block_id": text_series(trips.texts["block_id"].filter(keep)),
            "shape_id": text_series(trips.texts["shape_id"].filter(keep)),
        }
    )
    return _prefixed(table, draft.entry.id, "trip_id", "service_id", "block_id", "shape_id")


def _frequencies(
    table: pd.DataFrame, kept: Bools, new_trip: Int32, shift_s: int, draft: Draft
) -> pd.DataFrame:
    mine = kept[table["trip"].to_numpy()] if len(kept) else np.zeros(len(table), bool)
    draft.ledger.drop("frequencies.txt", "trip is left out", int((~mine).sum()))
    table = table[mine].reset_index(drop=True)
    return table.assign(
        trip=new_trip[table["trip"].to_numpy()],
        start_s=(table["start_s"] + shift_s).astype(np.int32),
        end_s=(table["end_s"] + shift_s).astype(np.int32),
    )


def _transfers(draft: Draft, new_stop: Int32, new_trip: Int32, new_route: Int32) -> pd.DataFrame:
    ids = (
        text_array(draft.places.table["stop_id"]),
        draft.trips.ids,
        text_array(draft.routes["route_id"]),
    )
    table = read_transfers(draft.archive, draft.ledger, *ids)
    new = {"stop": new_stop, "trip": new_trip, "route": new_route}
    rows = {
        f"{side}_{what}": new[what][table[f"{side}_{what}"].to_numpy()]
        for what in new
        for side in ("from", "to")
    }
    lost = np.zeros(len(table), bool)
    for name, row in rows.items():
        lost |= (row < 0) & (table[name].to_numpy() >= 0)
    draft.ledger.drop("transfers.txt", "stop, trip or route is left out", int(lost.sum()))
    return table.assign(**rows)[~lost].reset_index(drop=True)


def _translations(draft: Draft) -> pd.DataFrame:
    records = {
        ("stops", "stop_name"): _texts_by_id(draft.places.table, "stop_id", "name"),
        ("routes", "route_short_name"): _texts_by_id(draft.routes, "route_id", "short_name"),
        ("routes", "route_long_name"): _texts_by_id(draft.routes, "route_id", "long_name"),
        ("agency", "agency_name"): _texts_by_id(draft.agencies, "agency_id", "name"),
    }
    table = read_translations(draft.archive, draft.ledger, records)
    table.insert(0, "feed", pd.Series([draft.entry.id] * len(table), dtype="str"))
    return table


def _texts_by_id(table: pd.DataFrame, key: str, name: str) -> dict[str, str]:
    return dict(zip(table[key], table[name], strict=True))


def _route_services(draft: Draft, route_kept: Bools) -> pd.DataFrame:
    route, service = draft.trips.route, draft.trips.service
    known = (route >= 0) & (service >= 0)
    pairs = pd.DataFrame({"route": route[known], "service": service[known]}).drop_duplicates()
    pairs = pairs[route_kept[pairs["route"].to_numpy()]].sort_values(["route", "service"])
    route_ids = draft.routes["route_id"].iloc[pairs["route"].to_numpy()].reset_index(drop=True)
    table = pd.DataFrame(
        {"route_id": route_ids, "service": pairs["service"].to_numpy().astype(np.int32)}
    )
    return _prefixed(table, draft.entry.id, "route_id")


def _stand_in(
    services: ServiceDays, day: dt.date | None, read_day: dt.date | None
) -> tuple[ServiceDays, tuple[dt.date, ...]]:
    """Let the services of `read_day` and the days beside it run around `day`, where none do."""
    if day is None or read_day is None or day == read_day:
        return services, ()
    first = min(services.first_day, day - dt.timedelta(days=1))
    last = services.first_day + dt.timedelta(days=services.runs.shape[1] - 1)
    last = max(last, day + dt.timedelta(days=1))
    runs = np.zeros((len(services.service_ids), (last - first).days + 1), bool)
    start = (services.first_day - first).days
    runs[:, start : start + services.runs.shape[1]] = services.runs
    trips = services.n_trips if services.n_trips is not None else np.ones(len(runs), np.int32)
    stood: list[dt.date] = []
    for k in (-1, 0, 1):
        beside = day + dt.timedelta(days=k)
        column = (beside - first).days
        if not (runs[:, column] & (trips > 0)).any():
            runs[:, column] = services.on(read_day + dt.timedelta(days=k))
            stood.append(beside)
    return replace(services, first_day=first, runs=runs), tuple(stood)
