"""Toy feeds written as text, for the tests of merging.

A stop is a line ``id lon lat Name; key=value``, a route ``id mode key=value``, a trip
``id route service key=value | stop 08:00 | stop 08:10/08:12 | …`` (arrival/departure, a
trailing ``!`` for a stop that is passed).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from mobility.feeds.model import Feeds, FeedSource, ServiceDays

FIRST_DAY = dt.date(2019, 10, 7)  # a Monday
N_DAYS = 56
DAY = dt.date(2019, 10, 8)
TYPES = {"rail": 2, "bus": 3, "tram": 0, "metro": 1, "ferry": 4}
WEEK = {"wk": "1111100", "daily": "1111111", "sat": "0000010", "tue": "0100000", "mon": "1000000"}


@dataclass(frozen=True)
class Text:
    """One feed as text."""

    id: str
    country: str
    stops: str
    routes: str
    trips: str
    frequencies: str = ""  # trip start end headway [exact]
    transfers: str = ""  # from_stop to_stop type [min] [from_trip to_trip]
    translations: str = ""  # original = translation
    weeks: dict[str, str] = field(default_factory=lambda: dict(WEEK))
    agency: str = ""


def seconds(text: str) -> int:
    parts = [int(p) for p in text.split(":")]
    return parts[0] * 3600 + parts[1] * 60 + (parts[2] if len(parts) > 2 else 0)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _options(words: Sequence[str]) -> dict[str, str]:
    return dict(word.split("=", 1) for word in words)


def _column(values: Sequence[object], kind: str) -> pd.Series:
    return pd.Series(list(values), dtype="str" if kind == "str" else kind)


def _table(rows: Sequence[Sequence[object]], **columns: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            name: _column([row[k] for row in rows], kind)
            for k, (name, kind) in enumerate(columns.items())
        }
    )


class _Builder:
    def __init__(self) -> None:
        self.rows: dict[str, list[list[object]]] = {
            name: []
            for name in (
                "agency", "stops", "routes", "trips", "stop_times", "frequencies", "transfers",
                "translations", "route_services",
            )
        }  # fmt: skip
        self.number: dict[tuple[str, str], int] = {("", ""): -1}
        self.services: list[tuple[str, str]] = []
        self.sources: list[FeedSource] = []

    def _next(self, table: str, key: str) -> int:
        row = len(self.rows[table])
        assert (table, key) not in self.number, f"{key} twice"
        self.number[(table, key)] = row
        return row

    def _find(self, table: str, feed: str, key: str) -> int:
        return -1 if key in {"", "-"} else self.number[(table, f"{feed}:{key}")]

    def add(self, text: Text) -> None:
        feed = text.id
        for service, week in text.weeks.items():
            self.number[("services", f"{feed}:{service}")] = len(self.services)
            self.services.append((f"{feed}:{service}", week))
        self._stops(text)
        for line in _lines(text.routes):
            route, mode, *more = line.split()
            given = _options(more)
            self._next("routes", f"{feed}:{route}")
            agency = f"{feed}:{given.get('agency', 'A')}"
            if ("agency", agency) not in self.number:
                self._next("agency", agency)
                name = given.get("agency", text.agency or feed)
                self.rows["agency"].append([agency, feed, name, "Europe/Amsterdam"])
            self.rows["routes"].append(
                [f"{feed}:{route}", feed, agency, given.get("short", ""), given.get("long", ""),
                 TYPES[mode], mode, given.get("agency", text.agency or feed)]
            )  # fmt: skip
        for line in _lines(text.trips):
            self._trip(feed, line)
        self._rest(text)
        last = FIRST_DAY + dt.timedelta(days=N_DAYS - 1)
        self.sources.append(
            FeedSource(
                feed, text.country, f"{feed}.zip", "", "", "Europe/Amsterdam", (FIRST_DAY, last)
            )
        )

    def _stops(self, text: Text) -> None:
        lines = _lines(text.stops)
        for k, line in enumerate(lines):
            key = ("stops", f"{text.id}:{line.split()[0]}")
            assert key not in self.number, f"{key} twice"
            self.number[key] = len(self.rows["stops"]) + k
        for line in lines:
            head, _, tail = line.partition(";")
            stop, lon, lat, *name = head.split(" ", 3)
            given = _options(tail.split())
            parent = self._find("stops", text.id, given.get("parent", ""))
            self.rows["stops"].append(
                [f"{text.id}:{stop}", text.id, " ".join(name).strip(), given.get("code", ""), "",
                 float(lon), float(lat), int(given.get("type", 0)), parent,
                 given.get("country", text.country)]
            )  # fmt: skip

    def _trip(self, feed: str, line: str) -> None:
        head, *calls = (part.strip() for part in line.split("|"))
        trip, route, service, *more = head.split()
        given = _options(more)
        row = self._next("trips", f"{feed}:{trip}")
        number = self.number[("services", f"{feed}:{service}")]
        self.rows["trips"].append(
            [f"{feed}:{trip}", feed, self._find("routes", feed, route), f"{feed}:{service}", number,
             given.get("head", "").replace("_", " "), given.get("no", ""),
             int(given.get("dir", -1)), given.get("block", ""), ""]
        )  # fmt: skip
        self.rows["route_services"].append([f"{feed}:{route}", feed, number])
        for k, call in enumerate(calls):
            stop, times = call.split()
            passed = times.endswith("!")
            arrival, _, departure = times.rstrip("!").partition("/")
            arrives = seconds(arrival)
            self.rows["stop_times"].append(
                [row, self._find("stops", feed, stop), arrives,
                 seconds(departure) if departure else arrives, k + 1, int(passed), int(passed), np.nan]
            )  # fmt: skip

    def _rest(self, text: Text) -> None:
        feed = text.id
        for line in _lines(text.frequencies):
            trip, start, end, headway, *exact = line.split()
            self.rows["frequencies"].append(
                [
                    self._find("trips", feed, trip),
                    seconds(start),
                    seconds(end),
                    int(headway),
                    bool(exact),
                ]
            )
        for line in _lines(text.transfers):
            words = (line.split() + ["-"] * 6)[:6]
            self.rows["transfers"].append(
                [self._find("stops", feed, words[0]), self._find("stops", feed, words[1]), int(words[2]),
                 -1 if words[3] == "-" else int(words[3]), self._find("trips", feed, words[4]),
                 self._find("trips", feed, words[5]), -1, -1]
            )  # fmt: skip
        for line in _lines(text.translations):
            original, _, translation = line.partition(" = ")
            self.rows["translations"].append(
                [feed, "stops", "stop_name", "nl", original, translation]
            )

    def feeds(self) -> Feeds:
        rows = self.rows
        runs = np.array(
            [[week[(k) % 7] == "1" for k in range(N_DAYS)] for _, week in self.services]
        )
        rows["stop_times"].sort(key=lambda r: (r[0], r[4]))
        pairs = sorted({tuple(r) for r in rows["route_services"]})
        return Feeds(
            sources=tuple(self.sources),
            services=ServiceDays(np.array([s for s, _ in self.services], object), FIRST_DAY, runs),
            agency=_table(rows["agency"], agency_id="str", feed="str", name="str", timezone="str"),
            stops=_table(
                rows["stops"], stop_id="str", feed="str", name="str", code="str", platform="str",
                lon="float64", lat="float64", location_type="int8", parent="int32", country="str",
            ),
            routes=_table(
                rows["routes"], route_id="str", feed="str", agency_id="str", short_name="str",
                long_name="str", route_type="int16", mode="str", operator="str",
            ),
            trips=_table(
                rows["trips"], trip_id="str", feed="str", route="int32", service_id="str",
                service="int32", headsign="str", short_name="str", direction="int8", block_id="str",
                shape_id="str",
            ),
            stop_times=_table(
                rows["stop_times"], trip="int32", stop="int32", arrival_s="int32", departure_s="int32",
                sequence="int32", pickup="int8", drop_off="int8", shape_dist="float32",
            ),
            frequencies=_table(
                rows["frequencies"], trip="int32", start_s="int32", end_s="int32", headway_s="int32",
                exact="bool",
            ),
            transfers=_table(
                rows["transfers"], from_stop="int32", to_stop="int32", transfer_type="int8",
                min_transfer_s="int32", from_trip="int32", to_trip="int32", from_route="int32",
                to_route="int32",
            ),
            translations=_table(
                rows["translations"], feed="str", table="str", field="str", language="str",
                original="str", translation="str",
            ),
            route_services=_table(pairs, route_id="str", feed="str", service="int32"),
        )  # fmt: skip


def build(*texts: Text) -> Feeds:
    """Lay the feeds one after the other, in the order given."""
    builder = _Builder()
    for text in texts:
        builder.add(text)
    return builder.feeds()


def rides(feeds: Feeds) -> dict[str, list[tuple[str, int, int]]]:
    """Trip id → (stop id, arrival, departure) in order: what is left to ride."""
    ids = feeds.stops["stop_id"].to_numpy(object)
    trips = feeds.trips["trip_id"].to_numpy(object)
    found: dict[str, list[tuple[str, int, int]]] = {trip: [] for trip in trips}
    times = feeds.stop_times
    for trip, stop, arrival, departure in zip(
        times["trip"], times["stop"], times["arrival_s"], times["departure_s"], strict=True
    ):
        found[trips[trip]].append((ids[stop], int(arrival), int(departure)))
    return found


def changes(feeds: Feeds) -> set[tuple[str, str, int, int]]:
    """Transfer rows between stops by id."""
    ids = feeds.stops["stop_id"].to_numpy(object)
    rules = feeds.transfers
    return {
        (ids[a], ids[b], int(kind), int(least))
        for a, b, kind, least in zip(
            rules["from_stop"], rules["to_stop"], rules["transfer_type"], rules["min_transfer_s"],
            strict=True,
        )
        if a >= 0 and b >= 0
    }  # fmt: skip


def running(feeds: Feeds, day: dt.date) -> set[str]:
    """Ids of the trips that run on a day."""
    on = feeds.services.on(day)
    service = feeds.trips["service"].to_numpy()
    return set(feeds.trips["trip_id"].to_numpy(object)[on[service]])
