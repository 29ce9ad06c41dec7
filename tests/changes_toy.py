"""A toy world for changes: two countries, one border, lines drawn as text.

Ae ---- Be ---- Ce | Hub ---- De          rail R1 (BE): Ae Be Ce, hourly
 (BE, feed be)     | (NL, feed nl)        rail R2 (NL): Hub De, every 30 min
                   |  Hub~bus -- Ef       bus  7  (NL): HubBus Ef, by headway 20 min
                                          bus  X  (BE): Ce Hub (crosses), two trips
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from mobility.feeds.model import Feeds, FeedSource, ServiceDays
from mobility.network.model import Settings, Supply
from mobility.zones import Zones

DAY = dt.date(2019, 10, 8)

STOPS = [
    # id, name, lon, lat, country
    ("be:A", "Ae", 5.00, 51.00, "BE"),
    ("be:B", "Be", 5.10, 51.00, "BE"),
    ("be:C", "Ce", 5.20, 51.00, "BE"),
    ("nl:H", "Hub", 5.30, 51.00, "NL"),
    ("nl:D", "De", 5.40, 51.00, "NL"),
    ("nl:HB", "Hub, Station", 5.301, 51.00, "NL"),
    ("nl:E", "Ef", 5.35, 51.05, "NL"),
]
ROUTES = [
    ("be:R1", "be", "R1", "rail", "NMBS"),
    ("nl:R2", "nl", "R2", "rail", "NS"),
    ("nl:7", "nl", "7", "bus", "Bravo"),
    ("be:X", "be", "X", "bus", "De Lijn"),
]


def hm(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def _trips() -> list[tuple[str, str, int, list[tuple[str, int, int]]]]:
    """(trip id, route id, direction, [(stop id, arrival, departure)])."""
    found = []
    for hour in range(6, 11):  # R1: 06:00 … 10:00, out and back; 600 s a hop, 60 s at Be
        t = hour * 3600
        found.append(
            (
                f"be:R1-o{hour}",
                "be:R1",
                0,
                [("be:A", t, t), ("be:B", t + 600, t + 660), ("be:C", t + 1260, t + 1260)],
            )
        )
        t += 1800
        found.append(
            (
                f"be:R1-b{hour}",
                "be:R1",
                1,
                [("be:C", t, t), ("be:B", t + 600, t + 660), ("be:A", t + 1260, t + 1260)],
            )
        )
    for k in range(9):  # R2: 06:10, 06:40 … 10:10
        t = hm("6:10") + 1800 * k
        found.append((f"nl:R2-{k}", "nl:R2", 0, [("nl:H", t, t), ("nl:D", t + 480, t + 480)]))
    found.append(("nl:7-o", "nl:7", 0, [("nl:HB", 0, 0), ("nl:E", 900, 900)]))
    for k, start in enumerate(("7:00", "9:00")):
        t = hm(start)
        found.append((f"be:X-{k}", "be:X", 0, [("be:C", t, t), ("nl:H", t + 900, t + 900)]))
    return found


def toy_feeds() -> Feeds:
    stops = pd.DataFrame(STOPS, columns=["stop_id", "name", "lon", "lat", "country"])
    stops["feed"] = stops["stop_id"].str.split(":").str[0]
    stops = stops.assign(code="", platform="", location_type=np.int8(0), parent=np.int32(-1))[
        [
            "stop_id",
            "feed",
            "name",
            "code",
            "platform",
            "lon",
            "lat",
            "location_type",
            "parent",
            "country",
        ]
    ]
    stops["location_type"] = stops["location_type"].astype(np.int8)
    stops["parent"] = stops["parent"].astype(np.int32)
    routes = pd.DataFrame(ROUTES, columns=["route_id", "feed", "short_name", "mode", "operator"])
    routes = routes.assign(agency_id="", long_name="", route_type=np.int16(3))
    stop_row = {s[0]: k for k, s in enumerate(STOPS)}
    route_row = {r[0]: k for k, r in enumerate(ROUTES)}
    listed = _trips()
    trips = pd.DataFrame(
        {
            "trip_id": [t[0] for t in listed],
            "feed": [t[0].split(":")[0] for t in listed],
            "route": np.array([route_row[t[1]] for t in listed], np.int32),
            "service_id": [t[0].split(":")[0] + ":daily" for t in listed],
            "service": np.array([0 if t[0].startswith("be") else 1 for t in listed], np.int32),
            "headsign": "",
            "short_name": "",
            "direction": np.array([t[2] for t in listed], np.int8),
            "block_id": "",
            "shape_id": "",
        }
    )
    rows = [
        (k, stop_row[s], a, d, n) for k, t in enumerate(listed) for n, (s, a, d) in enumerate(t[3])
    ]
    times = pd.DataFrame(rows, columns=["trip", "stop", "arrival_s", "departure_s", "sequence"])
    times = times.astype(np.int32).assign(
        pickup=np.int8(0), drop_off=np.int8(0), shape_dist=np.float32(np.nan)
    )
    times = times.astype({"pickup": np.int8, "drop_off": np.int8, "shape_dist": np.float32})
    bus = int(np.flatnonzero(trips["trip_id"] == "nl:7-o")[0])
    frequencies = pd.DataFrame(
        {
            "trip": np.array([bus], np.int32),
            "start_s": np.array([hm("6:00")], np.int32),
            "end_s": np.array([hm("10:00")], np.int32),
            "headway_s": np.array([1200], np.int32),
            "exact": np.array([False]),
        }
    )
    ints = {
        c: np.array([], np.int32)
        for c in (
            "from_stop",
            "to_stop",
            "min_transfer_s",
            "from_trip",
            "to_trip",
            "from_route",
            "to_route",
        )
    }
    transfers = pd.DataFrame({**ints, "transfer_type": np.array([], np.int8)})
    services = ServiceDays(
        np.array(["be:daily", "nl:daily"], object),
        DAY - dt.timedelta(days=1),
        np.ones((2, 3), bool),
    )
    sources = tuple(
        FeedSource(f, f.upper(), f"{f}.zip", "", "", "Europe/Amsterdam", (DAY, DAY))
        for f in ("be", "nl")
    )
    served = trips[["route", "service"]].drop_duplicates()
    return Feeds(
        sources=sources,
        services=services,
        agency=pd.DataFrame({"agency_id": [""], "feed": [""], "name": [""], "timezone": [""]}),
        stops=stops,
        routes=routes,
        trips=trips,
        stop_times=times,
        frequencies=frequencies,
        transfers=transfers,
        translations=pd.DataFrame(
            columns=["feed", "table", "field", "language", "original", "translation"]
        ),
        route_services=pd.DataFrame(
            {
                "route_id": routes["route_id"].to_numpy(object)[served["route"]],
                "feed": routes["feed"].to_numpy(object)[served["route"]],
                "service": served["service"].to_numpy(np.int32),
            }
        ),
    )


def toy_zones() -> Zones:
    return Zones(
        ids=np.array(["zA", "zC", "zH", "zD"], object),
        names=np.array(["Ae dorp", "Ce dorp", "Hubstad", "De dorp"], object),
        countries=np.array(["BE", "BE", "NL", "NL"], object),
        municipalities=np.array(["Ae", "Ce", "Hub", "De"], object),
        lon=np.array([5.0, 5.2, 5.3, 5.4]),
        lat=np.array([51.0, 51.0, 51.0, 51.0]),
        opportunities=pd.DataFrame({"population": [100.0, 200.0, 300.0, 0.0], "jobs": [0.0] * 4}),
    )


def toy_supply(streets=None) -> Supply:
    return Supply(feeds=toy_feeds(), streets=streets, zones=toy_zones(), settings=Settings())


def calls(feeds: Feeds, route_id: str) -> list[list[tuple[str, int, int]]]:
    """All trips of a route as [(stop id, arrival, departure)], by first departure."""
    row = int(np.flatnonzero(feeds.routes["route_id"] == route_id)[0])
    found = []
    for trip in np.flatnonzero(feeds.trips["route"] == row):
        rows = feeds.stop_times[feeds.stop_times["trip"] == trip]
        ids = feeds.stops["stop_id"].to_numpy()[rows["stop"]]
        found.append(
            list(zip(ids, rows["arrival_s"].tolist(), rows["departure_s"].tolist(), strict=True))
        )
    return sorted(found, key=lambda t: (t[0][2], t[0][0]))


def check_feeds(feeds: Feeds) -> None:
    """What must hold of any feeds, whatever was changed."""
    times = feeds.stop_times
    trip = times["trip"].to_numpy()
    assert (np.diff(trip) >= 0).all()
    same = trip[1:] == trip[:-1]
    assert (np.diff(times["sequence"].to_numpy())[same] > 0).all()
    assert (times["departure_s"] >= times["arrival_s"]).all()
    assert (
        times["arrival_s"].to_numpy()[1:][same] >= times["departure_s"].to_numpy()[:-1][same]
    ).all()
    counts = np.bincount(trip, minlength=len(feeds.trips))
    assert len(counts) == len(feeds.trips)
    assert (counts >= 2).all()
    assert feeds.trips["trip_id"].is_unique
    assert feeds.stops["stop_id"].is_unique
    assert feeds.routes["route_id"].is_unique
    assert feeds.trips["route"].between(0, len(feeds.routes) - 1).all()
    assert feeds.trips["service"].between(0, len(feeds.services.service_ids) - 1).all()
    assert times["stop"].between(0, len(feeds.stops) - 1).all()
    assert feeds.frequencies["trip"].between(0, len(feeds.trips) - 1).all()
    base = toy_feeds()
    for name in ("stops", "routes", "trips", "stop_times", "frequencies", "route_services"):
        assert dict(getattr(feeds, name).dtypes) == dict(getattr(base, name).dtypes), name
        assert list(getattr(feeds, name).index) == list(range(len(getattr(feeds, name))))
