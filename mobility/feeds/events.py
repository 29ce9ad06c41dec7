"""stop_times.txt, streamed: what a trip of the day does at which stop and when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mobility.feeds import parse
from mobility.feeds.archive import Archive
from mobility.feeds.ledger import Ledger
from mobility.feeds.places import hops_m
from mobility.feeds.rows import Block, FileColumns, checked, report, stream

FILE = "stop_times.txt"
STOP_TIMES = FileColumns(
    FILE,
    ("trip_id", "stop_id", "stop_sequence"),
    ("arrival_time", "departure_time", "pickup_type", "drop_off_type", "shape_dist_traveled"),
    plain=frozenset(
        {
            "stop_id",
            "stop_sequence",
            "arrival_time",
            "departure_time",
            "pickup_type",
            "drop_off_type",
            "shape_dist_traveled",
        }
    ),
)
BLANK = np.int32(-(2**31))
BY_PHONE = 2

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Events:
    """Stop events as parallel arrays, all (n,).

    `trip` and `stop` are rows of the feed's trips and stops; `arrival_s` and `departure_s`
    are in the feed's own zone, `BLANK` where not written; `shape_dist` is NaN where blank.
    """

    trip: npt.NDArray[np.int32]
    stop: npt.NDArray[np.int32]
    sequence: npt.NDArray[np.int32]
    arrival_s: npt.NDArray[np.int32]
    departure_s: npt.NDArray[np.int32]
    pickup: npt.NDArray[np.int8]
    drop_off: npt.NDArray[np.int8]
    shape_dist: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.trip)

    def take(self, rows: npt.NDArray[np.intp] | Bools) -> Events:
        """Events of some rows, by number or by mask."""
        return Events(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def first_rows(self) -> npt.NDArray[np.intp]:
        """Row of each trip's first event; needs events sorted by trip."""
        if not len(self):
            return np.zeros(0, np.intp)
        return np.flatnonzero(np.r_[True, self.trip[1:] != self.trip[:-1]])


def read_events(
    archive: Archive,
    ledger: Ledger,
    trip_ids: pa.StringArray,
    wanted: Bools,
    stop_ids: pa.StringArray,
) -> Events:
    """Read the events of the wanted trips, in file order.

    Everything else is dropped block by block, so that memory follows what is kept. Times,
    numbers and references are checked on the wanted trips only.
    """
    parts = list(_parts(archive, ledger, trip_ids, wanted, stop_ids))
    if not parts:
        empty = {f.name: np.zeros(0, _DTYPES[f.name]) for f in fields(Events)}
        return Events(**empty)
    joined = {}
    for f in fields(Events):
        joined[f.name] = np.concatenate([getattr(part, f.name) for part in parts])
    return Events(**joined)


_DTYPES: dict[str, npt.DTypeLike] = {
    "trip": np.int32,
    "stop": np.int32,
    "sequence": np.int32,
    "arrival_s": np.int32,
    "departure_s": np.int32,
    "pickup": np.int8,
    "drop_off": np.int8,
    "shape_dist": np.float32,
}


def _parts(
    archive: Archive,
    ledger: Ledger,
    trip_ids: pa.StringArray,
    wanted: Bools,
    stop_ids: pa.StringArray,
) -> Iterator[Events]:
    n_unknown = n_other = 0
    for block in stream(archive, STOP_TIMES, ledger):
        trip = block.rows_of("trip_id", trip_ids)
        known = trip >= 0
        mine = known & wanted[trip] if len(wanted) else known
        n_unknown += int((~known).sum())
        n_other += int((known & ~mine).sum())
        if mine.any():
            yield _events(block.take(mine), trip[mine], stop_ids, ledger)
    ledger.drop(FILE, "trip not in trips.txt", n_unknown)
    ledger.drop(FILE, "trip left out before its times were read", n_other)


def _events(
    block: Block, trip: npt.NDArray[np.int32], stop_ids: pa.StringArray, ledger: Ledger
) -> Events:
    stop = block.rows_of("stop_id", stop_ids)
    if (stop < 0).any():
        no_stop = block.text("stop_id").to_numpy(zero_copy_only=False) == ""
        ledger.drop(FILE, "no stop_id (service on demand in an area)", int(no_stop.sum()))
        ledger.drop(FILE, "stop not in stops.txt", int((~no_stop & (stop < 0)).sum()))
        block, trip, stop = block.take(stop >= 0), trip[stop >= 0], stop[stop >= 0]

    def read(name: str, parser: parse.Parser, blank: float, expected: str) -> Floats:
        return checked(block, name, parser, blank, expected, ledger)

    blank = float(BLANK)
    arrival = read("arrival_time", parse.time_s, blank, "HH:MM:SS").astype(np.int32)
    departure = read("departure_time", parse.time_s, blank, "HH:MM:SS").astype(np.int32)
    sequence = read("stop_sequence", parse.code(2**31 - 1), -1, "a whole number from 0")
    blank_sequence = np.flatnonzero(sequence < 0)
    if len(blank_sequence):
        expected = "stop_sequence as a whole number from 0"
        report(block, "stop_sequence", blank_sequence, "no stop_sequence", expected, ledger)
    distance = read("shape_dist_traveled", parse.number, np.nan, "a number")
    pickup = read("pickup_type", parse.code(3), 0, "0 to 3").astype(np.int8)
    drop_off = read("drop_off_type", parse.code(3), 0, "0 to 3").astype(np.int8)
    arranged = (pickup >= BY_PHONE) | (drop_off >= BY_PHONE)
    ledger.repair(FILE, "on request (by phone or of the driver), taken as fixed", arranged.sum())
    return Events(
        trip=trip,
        stop=stop,
        sequence=sequence.astype(np.int32),
        arrival_s=np.where(arrival == BLANK, departure, arrival),
        departure_s=np.where(departure == BLANK, arrival, departure),
        pickup=pickup,
        drop_off=drop_off,
        shape_dist=distance.astype(np.float32),
    )


def tidy(events: Events, placed: Bools, ledger: Ledger) -> Events:
    """Sort by trip and sequence; drop doubled events, stops without position, untimed ends."""
    key = events.trip.astype(np.int64) << 32 | events.sequence.astype(np.int64)
    if (np.diff(key) < 0).any():
        order = np.argsort(key, kind="stable")
        events, key = events.take(order), key[order]
    again = np.r_[False, key[1:] == key[:-1]] if len(key) else np.zeros(0, bool)
    ledger.drop(FILE, "stop_sequence again in the same trip", int(again.sum()))
    lost = ~again & ~placed[events.stop] if len(events) else again
    ledger.drop(FILE, "stop without a position", int(lost.sum()))
    events = events.take(~(again | lost))
    between = _between_times(events)
    ledger.drop(FILE, "no time at the trip's end", int((~between).sum()))
    return events.take(between)


def _between_times(events: Events) -> Bools:
    """Events at or between timed events of their trip; nothing is known beyond the ends."""
    if not len(events):
        return np.zeros(0, bool)
    timed = events.arrival_s != BLANK
    n = len(events)
    rows = np.arange(n)
    first = events.first_rows()
    start = np.repeat(first, np.diff(np.r_[first, n]))
    end = np.repeat(np.r_[first[1:], n], np.diff(np.r_[first, n]))
    before = np.maximum.accumulate(np.where(timed, rows, -1)) >= start
    after = np.minimum.accumulate(np.where(timed, rows, n)[::-1])[::-1] < end
    return before & after


def interpolate(
    events: Events, lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64], ledger: Ledger
) -> Events:
    """Fill blank times between timed events by distance along the trip.

    The distance is ``shape_dist_traveled`` where it rises from one timed event to the next
    and is there at the event, else the crow-fly distance from stop to stop; where all stops
    lie on one spot, every hop counts alike.
    """
    blank = events.arrival_s == BLANK
    if not blank.any():
        return events
    rows = np.arange(len(events))
    a = np.maximum.accumulate(np.where(blank, -1, rows))[blank]
    b = np.minimum.accumulate(np.where(blank, len(events), rows)[::-1])[::-1][blank]
    here = rows[blank]
    along = np.r_[0.0, hops_m(lon[events.stop], lat[events.stop]).cumsum()]
    shape = events.shape_dist.astype(np.float64)
    with np.errstate(invalid="ignore"):
        by_shape = (shape[a] < shape[b]) & (shape[a] <= shape[here]) & (shape[here] <= shape[b])
    share_shape = (shape[here] - shape[a]) / np.where(by_shape, shape[b] - shape[a], 1.0)
    hop = along[b] - along[a]
    share_crow = (along[here] - along[a]) / np.where(hop > 0, hop, 1.0)
    share_hops = (here - a) / (b - a)
    share = np.where(by_shape, share_shape, np.where(hop > 0, share_crow, share_hops))
    t0, t1 = events.departure_s[a].astype(np.float64), events.arrival_s[b].astype(np.float64)
    filled = np.rint(t0 + share * (t1 - t0)).astype(np.int32)
    arrival, departure = events.arrival_s.copy(), events.departure_s.copy()
    arrival[blank] = departure[blank] = filled
    ledger.repair(FILE, "blank time filled by shape_dist_traveled", int(by_shape.sum()))
    ledger.repair(FILE, "blank time filled by distance", int((~by_shape).sum()))
    return replace(events, arrival_s=arrival, departure_s=departure)
