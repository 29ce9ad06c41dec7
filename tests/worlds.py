"""Small worlds to travel in: two countries drawn by chance, and toys drawn in text."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pandas as pd

from mobility.network.model import Links, MultimodalNetwork, Settings, Transfers
from mobility.timetable import Timetable

NO_WAY = 2**31 - 1
DAY = dt.date(2019, 10, 8)


@dataclass
class Trip:
    """One trip: calls as (stop, arrival, departure, pickup, drop_off)."""

    line: str
    feed: str
    calls: list[tuple[int, int, int, bool, bool]]
    name: str = ""


@dataclass(frozen=True)
class World:
    """A network without streets, and the times on foot, by bike and car between its zones."""

    network: MultimodalNetwork
    street_ms: dict[str, np.ndarray] = field(default_factory=dict)

    def street_matrix_ms(self, _network, mode, rows_o, rows_d):
        """Stand in for `mobility.travel_times.street_matrix_ms`."""
        whole = self.street_ms.get(mode)
        if whole is None:
            return np.full((len(rows_o), len(rows_d)), NO_WAY, np.int32)
        return whole[np.ix_(rows_o, rows_d)]

    def direct_s(self, mode: str, origin: int) -> np.ndarray:
        """Whole seconds from a zone without a vehicle in a transit mode, −1 where none."""
        street = {"pt": "walk", "bike+pt": "bike"}.get(mode)
        ms = self.street_ms.get(street) if street else None
        if ms is None:
            return np.full(len(self.network.supply.zones.ids), -1)
        row = ms[origin]
        return np.where(row == NO_WAY, -1, -(-row // 1000))


def patterns_of(trips: Sequence[Trip]) -> list[list[Trip]]:
    """Group trips by stops and rules; a trip that would overtake starts a new group."""
    groups: dict[tuple, list[list[Trip]]] = {}
    order = sorted(trips, key=lambda trip: [call[1:3] for call in trip.calls])
    for trip in order:
        key = (trip.feed, trip.line, tuple((c[0], c[3], c[4]) for c in trip.calls))
        for group in groups.setdefault(key, []):
            last = group[-1]
            if all(
                b[1] >= a[1] and b[2] >= a[2] for a, b in zip(last.calls, trip.calls, strict=True)
            ):
                group.append(trip)
                break
        else:
            groups[key].append([trip])
    return [group for several in groups.values() for group in several]


def make_timetable(names: Sequence[str], feeds: Sequence[str], trips: Sequence[Trip]) -> Timetable:
    """Lay trips out as a `Timetable`."""
    patterns = patterns_of(trips)
    lines = sorted({(trip.feed, trip.line) for trip in trips})
    route = {line: k for k, line in enumerate(lines)}
    routes = pd.DataFrame(
        {
            "route_id": [f"{feed}:{line}" for feed, line in lines],
            "feed": [feed for feed, _ in lines],
            "agency_id": [f"{feed}:agency" for feed, _ in lines],
            "short_name": [line for _, line in lines],
            "long_name": "",
            "route_type": np.int16(3),
            "mode": "bus",
            "operator": [f"{feed} lines" for feed, _ in lines],
        }
    )
    stops = pd.DataFrame(
        {
            "stop_id": [f"{feed}:{name}" for feed, name in zip(feeds, names, strict=True)],
            "feed": list(feeds),
            "name": list(names),
            "lon": np.arange(len(names)) * 0.01 + 5.0,
            "lat": 51.0,
            "country": ["NL" if feed == "nl" else "BE" for feed in feeds],
            "parent": np.full(len(names), -1, np.int32),
        }
    )

    def offsets(sizes: list[int], kind: type) -> np.ndarray:
        return np.concatenate([[0], np.cumsum(sizes)]).astype(kind)

    flat = [trip for group in patterns for trip in group]
    calls = [call for trip in flat for call in trip.calls]
    rules = [call for group in patterns for call in group[0].calls]
    return Timetable(
        day=DAY,
        stops=stops,
        routes=routes,
        pattern_stop_offset=offsets([len(g[0].calls) for g in patterns], np.int32),
        pattern_stops=np.array([c[0] for c in rules], np.int32),
        pattern_route=np.array([route[g[0].feed, g[0].line] for g in patterns], np.int32),
        pickup=np.array([c[3] for c in rules], bool),
        drop_off=np.array([c[4] for c in rules], bool),
        pattern_trip_offset=offsets([len(g) for g in patterns], np.int32),
        pattern_event_offset=offsets([len(g) * len(g[0].calls) for g in patterns], np.int64),
        arrival_s=np.array([c[1] for c in calls], np.int32),
        departure_s=np.array([c[2] for c in calls], np.int32),
        trip_ids=np.array([t.name or f"trip {k}" for k, t in enumerate(flat)], object),
        trip_route=np.array([route[t.feed, t.line] for t in flat], np.int32),
        trip_day_shift=np.zeros(len(flat), np.int8),
    )


def compress(n: int, entries: dict[tuple[int, int], int]) -> tuple[np.ndarray, ...]:
    """(row, column) → value as compressed rows: offset, column, value."""
    keys = sorted(entries)
    counts = np.bincount([row for row, _ in keys], minlength=n)
    offset = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    return (
        offset,
        np.array([column for _, column in keys], np.int32),
        np.array([entries[key] for key in keys], np.int32),
    )


def make_world(
    *,
    stop_names: Sequence[str],
    stop_feeds: Sequence[str],
    trips: Sequence[Trip],
    transfers: dict[tuple[int, int], int],
    zones: Sequence[str],
    access: dict[str, dict[tuple[int, int], int]],
    egress: dict[tuple[int, int], int],
    street_ms: dict[str, np.ndarray] | None = None,
    max_rides: int = 5,
) -> World:
    """Put a world together; transfers, access and egress map (from, to) to seconds."""
    n_stops, n_zones = len(stop_names), len(zones)
    ids = np.array(list(zones), object)
    supply = SimpleNamespace(
        zones=SimpleNamespace(
            ids=ids,
            names=ids,
            countries=np.array(["NL", "BE"] * n_zones, object)[:n_zones],
            lon=np.arange(n_zones) * 0.01 + 5.0,
            lat=np.full(n_zones, 51.001),
        ),
        streets=SimpleNamespace(graphs={}),
        settings=Settings(max_rides=max_rides),
        street_factor={},
    )
    network = MultimodalNetwork(
        supply=supply,
        timetable=make_timetable(stop_names, stop_feeds, trips),
        transfers=Transfers(*compress(n_stops, transfers)),
        access={mode: Links(mode, *compress(n_zones, links)) for mode, links in access.items()},
        egress={"walk": Links("walk", *compress(n_zones, egress))},
        zone_snap_m={m: np.zeros(n_zones, np.float32) for m in ("walk", "bike", "car")},
        stop_snap_m=np.zeros(n_stops, np.float32),
    )
    return World(network, street_ms or {})


def random_trips(rng: np.random.Generator, feeds: Sequence[str], day_s: int) -> list[Trip]:
    """Lines of random stops, headways and run times; some trips overtake, some meet midnight."""
    n_stops = len(feeds)
    trips = []
    for line in range(rng.integers(3, 9)):
        size = int(rng.integers(2, min(8, n_stops) + 1))
        stops = rng.choice(n_stops, size, replace=bool(rng.random() < 0.15))
        feed = feeds[stops[0]]
        pickup = rng.random(size) < 0.9
        drop_off = rng.random(size) < 0.9
        run = rng.integers(1, 12, size) * rng.choice([60, 60, 47])
        dwell = rng.integers(0, 3, size) * 30
        start = day_s + int(rng.integers(-1800, 1800))
        for trip in range(rng.integers(1, 9)):
            start += int(rng.choice([0, 300, 600, 900, 1800], p=[0.1, 0.3, 0.3, 0.2, 0.1]))
            speed = rng.choice([1, 1, 1, 2])  # a slow one is overtaken
            time, calls = start, []
            for i, stop in enumerate(stops):
                arrival = time
                departure = arrival + int(dwell[i])
                calls.append((int(stop), arrival, departure, bool(pickup[i]), bool(drop_off[i])))
                time = departure + int(run[i] * speed)
            trips.append(Trip(f"line {line}", feed, calls, f"{line}/{trip}"))
    return trips


def trips_of(timetable: Timetable) -> list[Trip]:
    """Read the trips back from a timetable."""
    trips = []
    for p in range(len(timetable.pattern_route)):
        low, high = timetable.pattern_stop_offset[p : p + 2]
        n = high - low
        route = timetable.routes.iloc[timetable.pattern_route[p]]
        for t in range(*timetable.pattern_trip_offset[p : p + 2]):
            event = timetable.pattern_event_offset[p] + (t - timetable.pattern_trip_offset[p]) * n
            calls = [
                (
                    int(timetable.pattern_stops[low + i]),
                    int(timetable.arrival_s[event + i]),
                    int(timetable.departure_s[event + i]),
                    bool(timetable.pickup[low + i]),
                    bool(timetable.drop_off[low + i]),
                )
                for i in range(n)
            ]
            trips.append(Trip(route["short_name"], route["feed"], calls, timetable.trip_ids[t]))
    return trips


def random_world(seed: int) -> World:
    """Two countries, two feeds, footpaths, a few zones; many things that can go wrong do."""
    rng = np.random.default_rng(seed)
    n_stops, n_zones = int(rng.integers(4, 13)), int(rng.integers(3, 6))
    feeds = ["nl" if k < n_stops // 2 else "be" for k in range(n_stops)]
    day_s = int(rng.choice([0, 28_800, 86_400]))
    transfers = {
        (k, k): int(rng.choice([0, 60, 120])) for k in range(n_stops) if rng.random() < 0.9
    }
    for _ in range(rng.integers(0, 3 * n_stops)):
        a, b = rng.integers(0, n_stops, 2)
        if a != b:
            transfers[int(a), int(b)] = int(rng.integers(60, 900))

    def links(most_s: int) -> dict[tuple[int, int], int]:
        return {
            (zone, int(stop)): int(rng.integers(0, most_s))
            for zone in range(n_zones)
            for stop in rng.choice(n_stops, rng.integers(0, 4), replace=False)
        }

    def matrix(least_s: int, most_s: int) -> np.ndarray:
        ms = rng.integers(least_s * 1000, most_s * 1000, (n_zones, n_zones)).astype(np.int32)
        ms[rng.random((n_zones, n_zones)) < 0.3] = NO_WAY
        np.fill_diagonal(ms, 0)
        return ms

    return make_world(
        stop_names=[f"s{k}" for k in range(n_stops)],
        stop_feeds=feeds,
        trips=random_trips(rng, feeds, day_s),
        transfers=transfers,
        zones=[f"z{k}" for k in range(n_zones)],
        access={"walk": links(1200), "bike": links(900), "car": links(600)},
        egress=links(1200),
        street_ms={"walk": matrix(1200, 9000), "bike": matrix(600, 4000)},
        max_rides=int(rng.choice([1, 2, 3, 5])),
    )


def start_of(world: World) -> int:
    """A time at which the world's service has begun, whole minutes."""
    first = world.network.timetable.departure_s.min()
    return int(first) // 60 * 60


def _clock(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def drawn_world(
    drawing: str,
    *,
    doors: dict[str, dict[str, int]],
    walks: dict[tuple[str, str], int] | None = None,
    street_s: dict[tuple[str, str], int] | None = None,
    min_transfer_s: int = 120,
    max_rides: int = 5,
) -> World:
    """Read a world from text: one line of service per row, stops and the minutes between.

    ``nl bus1: A -10- B -5- C   08:00 every 30 until 10:00``

    Parameters
    ----------
    doors
        Zone → stop → seconds on foot; used for access and egress, also by bike and car.
    walks
        (stop, stop) → seconds, both ways.
    street_s
        (zone, zone) → seconds on foot, both ways.
    """
    trips, names, feeds = [], {}, []
    for row in filter(None, (line.strip() for line in drawing.splitlines())):
        head, rest = row.split(":", 1)
        feed, line = head.split()
        path, first, headway, last = re.fullmatch(
            r"(.*?)\s+(\d+:\d+)(?: every (\d+) until (\d+:\d+))?", rest.strip()
        ).groups()
        words = re.split(r"\s+-(\d+)-\s+", path)
        stops, minutes = words[::2], [int(word) for word in words[1::2]]
        for stop in stops:
            if stop not in names:
                names[stop] = len(names)
                feeds.append(feed)
        start, end = _clock(first), _clock(last or first)
        while start <= end:
            times = start + 60 * np.concatenate([[0], np.cumsum(minutes)]).astype(int)
            calls = [
                (names[s], int(x), int(x), True, True) for s, x in zip(stops, times, strict=True)
            ]
            trips.append(Trip(line, feed, calls, f"{line}@{start // 60}"))
            start += 60 * int(headway or 10**6)
    transfers = {(k, k): min_transfer_s for k in range(len(names))}
    for (a, b), walk_s in (walks or {}).items():
        transfers[names[a], names[b]] = transfers[names[b], names[a]] = walk_s
    zones = list(doors)
    links = {
        (zones.index(zone), names[stop]): walk_s
        for zone, near in doors.items()
        for stop, walk_s in near.items()
    }
    ms = np.full((len(zones), len(zones)), NO_WAY, np.int32)
    np.fill_diagonal(ms, 0)
    for (a, b), walk_s in (street_s or {}).items():
        ms[zones.index(a), zones.index(b)] = ms[zones.index(b), zones.index(a)] = walk_s * 1000
    return make_world(
        stop_names=list(names),
        stop_feeds=feeds,
        trips=trips,
        transfers=transfers,
        zones=zones,
        access={"walk": links, "bike": links, "car": links},
        egress=links,
        street_ms={"walk": ms, "bike": ms},
        max_rides=max_rides,
    )
