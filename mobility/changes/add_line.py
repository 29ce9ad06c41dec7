"""``add-line``: a new line, by headway or by exact departures."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.changes.edit import append, with_service, with_trips
from mobility.changes.model import Changed
from mobility.changes.select import Finder, distance_m
from mobility.changes.ways import street_lengths_m
from mobility.feeds.model import Feeds
from mobility.network.model import Supply
from mobility.scenario.clock import clock_s, clock_text
from mobility.scenario.line_forms import AddLine
from mobility.scenario.selectors import StopRef

Int64 = npt.NDArray[np.int64]

ROUTE_TYPES = {
    "tram": 0, "metro": 1, "rail": 2, "bus": 3, "ferry": 4, "funicular": 7, "coach": 200,
    "other": 1700,
}  # fmt: skip
DETOUR = {"rail": 1.15, "ferry": 1.05, "other": 1.3}  # way ÷ straight line, where none is given
ROAD_DETOUR = 1.3


@dataclass(frozen=True)
class Placed:
    """Feeds in which all stops of a change exist, and their rows in order of the change."""

    feeds: Feeds
    stops: tuple[int, ...]
    added: int


def place_stops(
    finder: Finder, refs: tuple[StopRef, ...], key: str, *, feed: str, mode: str, owner: str
) -> Placed:
    """Find stops, and make the new ones.

    Parameters
    ----------
    finder
        Looks up; what is not found is noted there, and the feeds then stay as they are.
    refs, key
        Stops, and the key they stand under.
    feed, mode
        Preferred where a name fits several stops; new stops join the feed.
    owner
        Middle part of new stops' ids.
    """
    rows = [
        -1 if ref.is_new else finder.stop(ref, f"{key}[{n}]", feed=ref.feed or feed, mode=mode)
        for n, ref in enumerate(refs, start=1)
    ]
    if finder.problems:
        return Placed(finder.feeds, tuple(rows), 0)
    feeds, added = finder.feeds, 0
    for n, ref in enumerate(refs):
        if ref.is_new:
            rows[n] = len(feeds.stops)
            feeds = _with_stop(feeds, ref, f"{feed}:{owner}/{n + 1}", feed)
            added += 1
    return Placed(feeds, tuple(rows), added)


def _with_stop(feeds: Feeds, ref: StopRef, stop_id: str, feed: str) -> Feeds:
    assert ref.lon is not None and ref.lat is not None  # noqa: PT018 - a new stop has a point
    table = feeds.stops
    country = ref.country
    if not country and len(table):
        lon, lat = table["lon"].to_numpy(float), table["lat"].to_numpy(float)
        country = str(table["country"].iloc[int(np.argmin(distance_m(lon, lat, ref.lon, ref.lat)))])
    row = {
        "stop_id": [stop_id],
        "feed": feed,
        "name": str(ref),
        "lon": [ref.lon],
        "lat": [ref.lat],
        "location_type": [0],
        "parent": [-1],
        "country": country,
    }
    return feeds.with_tables(stops=append(table, row))


def add_line(supply: Supply, form: AddLine) -> Changed:
    """Add a line with its trips, and the stops it needs.

    Departures are those given, or the first and one every headway until the last, the last
    included where it falls in step. The way back uses the same run times, in reverse order.
    """
    finder = Finder(supply.feeds, form.where)
    feed = form.feed or _first_feed(finder, form) or "scenario"
    route_id = f"{feed}:{form.id}"
    if (supply.feeds.routes["route_id"] == route_id).any():
        finder.complain("id", f'"{form.id}", which the feed {feed} has', "an id of its own")
    placed = place_stops(finder, form.stops, "stops", feed=feed, mode=form.mode, owner=form.id)
    for n, (one, two) in enumerate(zip(placed.stops, placed.stops[1:], strict=False), start=2):
        if one == two and one >= 0:
            finder.complain(f"stops[{n}]", f"{form.stops[n - 1]}, twice in a row", "another stop")
    finder.settle()
    run_s = _run_times(replace(supply, feeds=placed.feeds), placed.stops, form)
    feeds, trips = with_route_and_trips(placed, run_s, form, feed, route_id)
    counts = {
        "lines_added": 1,
        "trips_added": trips,
        "stops_added": placed.added,
        "run_s": int(sum(run_s) + form.dwell_s * (len(run_s) - 1)),
    }
    return Changed(replace(supply, feeds=feeds), counts, (route_id,))


def _first_feed(finder: Finder, form: AddLine) -> str:
    """Feed of the first stop that is there already; unknown stops are reported elsewhere."""
    for ref in form.stops:
        if ref.is_new:
            continue
        if ref.feed:
            return ref.feed
        row = Finder(finder.feeds, finder.where).stop(ref, "stops", mode=form.mode)
        if row >= 0:
            return str(finder.feeds.stops["feed"].iloc[row])
    return ""


def _run_times(supply: Supply, stops: tuple[int, ...], form: AddLine) -> tuple[int, ...]:
    if form.run_s:
        return form.run_s
    assert form.speed_kph is not None  # the form asks for one of the two
    table = supply.feeds.stops
    lon = table["lon"].to_numpy(float)[list(stops)]
    lat = table["lat"].to_numpy(float)[list(stops)]
    if form.geometry == "street":
        length_m = street_lengths_m(supply.streets, lon, lat, form.where)
    else:
        detour = form.detour or DETOUR.get(form.mode, ROAD_DETOUR)
        length_m = [
            detour * float(distance_m(lon[k : k + 1], lat[k : k + 1], lon[k + 1], lat[k + 1])[0])
            for k in range(len(lon) - 1)
        ]
    return tuple(max(1, round(m / (form.speed_kph / 3.6))) for m in length_m)


def departures_s(form: AddLine, *, back: bool) -> Int64:
    """Departures from the first stop (or, going back, the last), seconds, ascending."""
    if form.departures:
        given = form.departures_back if back and form.departures_back else form.departures
        return np.array(sorted(clock_s(t) for t in given), np.int64)
    times = [np.arange(a, b + 1, h, dtype=np.int64) for a, b, h in _spans(form)]
    return np.unique(np.concatenate(times))


def _spans(form: AddLine) -> list[tuple[int, int, int]]:
    if form.spans:
        return [(clock_s(s.start), clock_s(s.end), s.headway_s) for s in form.spans]
    assert form.headway_s is not None  # the form asks for one of the three
    return [(clock_s(form.first), clock_s(form.last), form.headway_s)]


def with_route_and_trips(
    placed: Placed, run_s: tuple[int, ...], form: AddLine, feed: str, route_id: str
) -> tuple[Feeds, int]:
    """Add a line's route, service and trips between stops that exist; and say how many trips."""
    feeds, service = with_service(placed.feeds, route_id)
    names = feeds.stops["name"].to_numpy(object)
    ends = [str(names[placed.stops[0]]), str(names[placed.stops[-1]])]
    route = len(feeds.routes)
    row = {
        "route_id": [route_id],
        "feed": feed,
        "short_name": form.short_name or form.id,
        "long_name": form.long_name or " – ".join(ends),
        "route_type": [ROUTE_TYPES[form.mode]],
        "mode": form.mode,
        "operator": form.operator or _operator(feeds, feed, form.mode),
    }
    served = {"route_id": [route_id], "feed": feed, "service": [service]}
    feeds = feeds.with_tables(
        routes=append(feeds.routes, row), route_services=append(feeds.route_services, served)
    )
    count = 0
    for direction in (0, 1) if form.both_ways else (0,):
        back = direction == 1
        starts = departures_s(form, back=back)
        if not form.exact:
            starts = starts[:1]
        stops = placed.stops[::-1] if back else placed.stops
        times = trip_times(stops, run_s[::-1] if back else run_s, form.dwell_s, starts)
        way = "back" if back else "out"
        trips = {
            "trip_id": [f"{route_id}/{way}/{clock_text(int(s))}" for s in starts],
            "feed": feed,
            "route": np.full(len(starts), route),
            "service_id": route_id,
            "service": np.full(len(starts), service),
            "headsign": ends[0] if back else ends[1],
            "direction": np.full(len(starts), direction),
        }
        spans = None if form.exact else _frequencies(form)
        feeds = with_trips(feeds, trips, times, spans)
        count += len(starts)
    return feeds, count


def _operator(feeds: Feeds, feed: str, mode: str) -> str:
    """The commonest operator of the feed's lines of the mode, else of the feed, else the feed."""
    own = feeds.routes[feeds.routes["feed"].to_numpy(object) == feed]
    same = own[own["mode"].to_numpy(object) == mode]
    for table in (same, own):
        if len(table):
            counts = table["operator"].astype(object).value_counts()
            return str(min(counts.index[counts == counts.max()]))
    return feed


def _frequencies(form: AddLine) -> pd.DataFrame:
    spans = _spans(form)
    return pd.DataFrame(
        {
            "trip": np.zeros(len(spans), np.int64),
            "start_s": [s[0] for s in spans],
            # the end of a headway period is no departure itself; our last one is
            "end_s": [s[1] + 1 for s in spans],
            "headway_s": [s[2] for s in spans],
            "exact": False,
        }
    )


def trip_times(
    stops: tuple[int, ...], run_s: tuple[int, ...], dwell_s: int, starts_s: Int64
) -> pd.DataFrame:
    """Stop times of trips alike but for their start.

    Dwell counts at stops on the way; at the ends arrival and departure are one.
    """
    n = len(stops)
    dwell = np.full(n, dwell_s, np.int64)
    dwell[[0, -1]] = 0
    run = np.concatenate([[0], np.asarray(run_s, np.int64)])
    arrival = np.cumsum(run) + np.concatenate([[0], np.cumsum(dwell)[:-1]])
    departure = arrival + dwell
    return pd.DataFrame(
        {
            "trip": np.repeat(np.arange(len(starts_s)), n),
            "stop": np.tile(np.asarray(stops, np.int64), len(starts_s)),
            "arrival_s": (starts_s[:, None] + arrival[None, :]).ravel(),
            "departure_s": (starts_s[:, None] + departure[None, :]).ravel(),
            "sequence": np.tile(np.arange(n), len(starts_s)),
            "pickup": 0,
            "drop_off": 0,
        }
    )
