"""Which origins a change can concern, so that only they are searched again.

Sound, not exact. A journey that meets the change passes a stop where something changed: where
a changed line is boarded, a changed transfer begins or a changed way to a door begins. No
journey from o by such a stop b to z takes less than d(o, b) + d(b, z), where d rides every hop
at its fastest and never waits, on both networks laid over each other. Where that is longer
than the pair's highest percentile, neither gaining nor losing such journeys can move any
number of the pair.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from mobility.network.model import Links, MultimodalNetwork, Transfers
from mobility.tables import STREET_MODES, TravelTimes
from mobility.travel_times import ACCESS, EGRESS, NO_TIME, direct_seconds

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Float = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]

MAX_GROUPS: Final = 64
"""Changed stops are bounded one by one up to this number, in groups beyond."""
TINY_S: Final = 1e-6
SLACK_S: Final = 1.0


@dataclass(frozen=True)
class _Side:
    """One of the two networks, its stops numbered as in both together."""

    network: MultimodalNetwork
    stop: Int64


def changed_origins(
    old: MultimodalNetwork, new: MultimodalNetwork, mode: str, times: TravelTimes
) -> Bool:
    """Mark the origins that have to be searched again in a changed network.

    Parameters
    ----------
    old, new
        Before and after.
    mode
        One of `mobility.tables.MODES`.
    times
        Of `old`, in the same mode, window and percentiles as wanted of `new`, all zones.

    Returns
    -------
    bool (n_zones,)
        False only where the row of the new matrices equals that of the old.
    """
    n = len(old.supply.zones.ids)
    everywhere = np.ones(n, bool)
    if not _comparable(old, new, times):
        return everywhere
    if mode in STREET_MODES:
        return everywhere if _streets_changed(old, new) else ~everywhere
    rows = np.arange(n, dtype=np.int32)
    direct_s = direct_seconds(old, mode, rows, rows)
    changed = np.zeros(n, bool)
    if _streets_changed(old, new):
        changed |= (direct_s != direct_seconds(new, mode, rows, rows)).any(axis=1)
    sides, n_stops = _number_stops(old, new)
    access = [_link_rows(side.network.access[ACCESS[mode]], side.stop) for side in sides]
    egress = [_link_rows(side.network.egress[EGRESS], side.stop) for side in sides]
    for row in _unlike(*access):
        changed[row[0]] = True
    met = _changed_stops(sides, egress)
    if len(met):
        least_s = _least_by(sides, n_stops, np.vstack(access), np.vstack(egress), met, n)
        changed |= (least_s <= _worst_s(times, direct_s) + SLACK_S).any(axis=1)
    return changed


def _comparable(old: MultimodalNetwork, new: MultimodalNetwork, times: TravelTimes) -> bool:
    """Whether zones and search are alike and the old result says enough."""
    a, b = old.supply, new.supply
    return bool(
        np.array_equal(a.zones.ids, b.zones.ids)
        and np.array_equal(a.zones.lon, b.zones.lon)
        and np.array_equal(a.zones.lat, b.zones.lat)
        and a.settings.max_rides == b.settings.max_rides
        and len(times.origins) == len(times.destinations) == len(a.zones.ids)
        and max(times.percentiles) >= 50  # the median journey's parts are given too
    )


def _streets_changed(old: MultimodalNetwork, new: MultimodalNetwork) -> bool:
    a, b = old.supply, new.supply
    return not (
        a.streets is b.streets
        and a.settings == b.settings
        and a.street_factor.keys() == b.street_factor.keys()
        and all(np.array_equal(a.street_factor[m], b.street_factor[m]) for m in a.street_factor)
    )


def _worst_s(times: TravelTimes, direct_s: Int32) -> Float:
    """Seconds beyond which a departure's time moves no number of the pair, else infinite."""
    worst = times.time_s[:, :, -1].astype(np.float64)
    # Without a way on foot, departures beyond the highest percentile may come or go.
    settled = np.isfinite(worst) & ((direct_s != NO_TIME) | (times.percentiles[-1] == 100))
    return np.where(settled, worst, np.finfo(np.float64).max)


def _number_stops(old: MultimodalNetwork, new: MultimodalNetwork) -> tuple[list[_Side], int]:
    ids = [side.timetable.stops["stop_id"].to_numpy(object) for side in (old, new)]
    number = {stop_id: k for k, stop_id in enumerate(sorted({*ids[0], *ids[1]}))}
    sides = [
        _Side(side, np.array([number[stop_id] for stop_id in own], np.int64))
        for side, own in zip((old, new), ids, strict=True)
    ]
    return sides, len(number)


def _link_rows(links: Links, stop: Int64) -> Int64:
    """Rows of zone, stop, seconds."""
    zone = np.repeat(np.arange(len(links.offset) - 1), np.diff(links.offset))
    return np.column_stack([zone, stop[links.stop], links.time_s]).astype(np.int64)


def _transfer_rows(side: _Side) -> Int64:
    """Rows of stop, stop, seconds."""
    transfers = side.network.transfers
    origin = np.repeat(np.arange(len(transfers.offset) - 1), np.diff(transfers.offset))
    return np.column_stack(
        [side.stop[origin], side.stop[transfers.to_stop], transfers.time_s]
    ).astype(np.int64)


def _unlike(a: Int64, b: Int64) -> Int64:
    """Rows only one of two tables of unlike rows has."""
    rows, times = np.unique(np.vstack([a, b]), axis=0, return_counts=True)
    return np.asarray(rows[times == 1], np.int64)


def _changed_stops(sides: list[_Side], egress: list[Int64]) -> Int64:
    """Stops where something changed begins."""
    old, new = (side.network for side in sides)
    found = [_unlike(*egress)[:, 1]]
    if old.timetable is not new.timetable:
        boardings: list[dict[bytes, Int64]] = [dict(_patterns(side)) for side in sides]
        keys = boardings[0].keys() ^ boardings[1].keys()
        found += [(boardings[0] | boardings[1])[key] for key in keys]
    if not _alike(old.transfers, new.transfers) or old.timetable is not new.timetable:
        found.append(_unlike(*(_transfer_rows(side) for side in sides))[:, 0])
    return np.unique(np.concatenate(found))


def _alike(a: Transfers, b: Transfers) -> bool:
    return (
        np.array_equal(a.offset, b.offset)
        and np.array_equal(a.to_stop, b.to_stop)
        and np.array_equal(a.time_s, b.time_s)
    )


def _patterns(side: _Side) -> Iterator[tuple[bytes, Int64]]:
    """All that a pattern says, as a fingerprint, and the stops one can board it at."""
    table = side.network.timetable
    route = table.routes[["route_id", "feed"]].astype(str).agg("\n".join, axis=1).to_numpy(object)
    met: dict[bytes, int] = {}
    for p in range(len(table.pattern_route)):
        low, high = table.pattern_stop_offset[p : p + 2]
        first, last = table.pattern_trip_offset[p : p + 2]
        event = table.pattern_event_offset[p]
        events = slice(event, event + int(last - first) * int(high - low))
        stops = side.stop[table.pattern_stops[low:high]]
        digest = hashlib.sha256(stops.tobytes())
        digest.update(table.pickup[low:high].tobytes())
        digest.update(table.drop_off[low:high].tobytes())
        digest.update(np.ascontiguousarray(table.arrival_s[events]).tobytes())
        digest.update(np.ascontiguousarray(table.departure_s[events]).tobytes())
        digest.update("\0".join(route[table.trip_route[first:last]]).encode())
        key = digest.digest()
        met[key] = met.get(key, 0) + 1
        yield key + met[key].to_bytes(4, "little"), stops[table.pickup[low:high]]


def _hops(side: _Side) -> Int64:
    """Rows of stop, next stop, seconds of the fastest trip, by pattern."""
    table = side.network.timetable
    rows = [np.empty((0, 3), np.int64)]
    for p in range(len(table.pattern_route)):
        low, high = table.pattern_stop_offset[p : p + 2]
        n_trips = int(np.diff(table.pattern_trip_offset[p : p + 2])[0])
        n, event = int(high - low), table.pattern_event_offset[p]
        if n < 2 or n_trips == 0:
            continue
        shape, events = (n_trips, n), slice(event, event + n_trips * n)
        arrival = table.arrival_s[events].reshape(shape)
        departure = table.departure_s[events].reshape(shape)
        stops = side.stop[table.pattern_stops[low:high]]
        fastest = (arrival[:, 1:] - departure[:, :-1]).min(axis=0)
        rows.append(np.column_stack([stops[:-1], stops[1:], np.maximum(fastest, 0)]))
    return np.vstack(rows).astype(np.int64)


def _graph(n_stops: int, rows: Int64) -> csr_array:
    """Fastest way between neighbouring stops; nothing takes no time, or it would be no edge."""
    order = np.lexsort((rows[:, 2], rows[:, 1], rows[:, 0]))
    rows = rows[order]
    first = np.ones(len(rows), bool)
    first[1:] = (rows[1:, :2] != rows[:-1, :2]).any(axis=1)
    rows = rows[first]
    weight = np.maximum(rows[:, 2], TINY_S)
    return csr_array((weight, (rows[:, 0], rows[:, 1])), shape=(n_stops, n_stops))


def _least_by(
    sides: list[_Side], n_stops: int, access: Int64, egress: Int64, met: Int64, n_zones: int
) -> Float:
    """Seconds no journey by a changed stop is below, (n_zones, n_zones)."""
    rows = [_hops(side) for side in sides] + [_transfer_rows(side) for side in sides]
    onward = _graph(n_stops, np.vstack(rows))
    back = csr_array(onward.T)
    least = np.full((n_zones, n_zones), np.inf)
    for group in np.array_split(met, min(len(met), MAX_GROUPS)):
        to_group = _by_zone(dijkstra(back, indices=group, min_only=True), access, n_zones)
        from_group = _by_zone(dijkstra(onward, indices=group, min_only=True), egress, n_zones)
        np.minimum(least, to_group[:, None] + from_group[None, :], out=least)
    return least


def _by_zone(stop_s: Float, links: Int64, n_zones: int) -> Float:
    """Least over a zone's stops of the way there and the stop's own seconds."""
    zone_s = np.full(n_zones, np.inf)
    np.minimum.at(zone_s, links[:, 0], links[:, 2] + stop_s[links[:, 1]])
    return zone_s
