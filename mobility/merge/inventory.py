"""Every line that crosses a border, and what it offers; the days on which feeds run."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mobility.feeds.model import Feeds
from mobility.merge.calls import Calls, calls_of, headway_trips, runs_of_trips, template_trips
from mobility.merge.model import CALENDARS, CROSS_BORDER_LINES, Bool, Int64, Text, rows_of, texts

FOUR_WEEKS = 28
HOUR_S = 3600


@dataclass(frozen=True)
class _Crossing:
    """One trip over a border: `call` is the last call before it is first crossed."""

    trip: int
    call: int
    countries: tuple[str, ...]
    crossings: int


@dataclass(frozen=True)
class _Books:
    """What every line is looked up in; made once."""

    feeds: Feeds
    calls: Calls
    country: Text
    stop_ids: Text
    trip_ids: Text
    runs: Int64
    template: Bool
    loose: Bool
    days: Mapping[str, Bool]
    partners: Mapping[str, set[str]]
    modelled: frozenset[str]


def cross_border_lines(
    feeds: Feeds,
    *,
    day: dt.date | None,
    stitched: pd.DataFrame | None = None,
    modelled: Sequence[str] = (),
) -> pd.DataFrame:
    """List the lines that call in more than one country, a row per line and direction.

    A stop's country is where it lies, so that enclaves count as what they are; stops whose
    country is unknown are passed over. Trips of the day are counted (of all days where `day`
    is None); a line's days per year come from the whole calendar. A line whose trips were
    joined across feeds runs on the days on which both of its lines do.

    Parameters
    ----------
    feeds
        Merged feeds.
    day
        Day of the run.
    stitched
        `TRIPS_STITCHED` rows.
    modelled
        Feeds whose departure times are modelled.

    Returns
    -------
    pandas.DataFrame
        `CROSS_BORDER_LINES` rows, by line, country from and country to.
    """
    books = _open_books(feeds, stitched, frozenset(modelled))
    route = feeds.trips["route"].to_numpy()
    lines = texts(feeds.routes["route_id"])
    on_day = _on_day(feeds, day)
    groups: dict[tuple[int, str, str], list[_Crossing]] = {}
    for crossing in _crossings(books.calls, books.country):
        if on_day[crossing.trip]:
            ends = (crossing.countries[0], crossing.countries[-1])
            groups.setdefault((int(route[crossing.trip]), *ends), []).append(crossing)
    order = sorted(groups.items(), key=lambda item: (lines[item[0][0]], item[0][1:]))
    return rows_of(CROSS_BORDER_LINES, [_line(books, key, found) for key, found in order])


def _open_books(feeds: Feeds, stitched: pd.DataFrame | None, modelled: frozenset[str]) -> _Books:
    days: dict[str, Bool] = {}
    pairs = feeds.route_services
    for line, service in zip(
        texts(pairs["route_id"]), pairs["service"].to_numpy().tolist(), strict=True
    ):
        runs = feeds.services.runs[service]
        days[line] = days[line] | runs if line in days else runs
    partners: dict[str, set[str]] = {}
    if stitched is not None:
        across = (stitched["decision"] == "joined") & (stitched["way"] == "across feeds")
        for a, b in stitched.loc[across.to_numpy(), ["line_a", "line_b"]].itertuples(index=False):
            partners.setdefault(a, set()).add(b)
            partners.setdefault(b, set()).add(a)
    return _Books(
        feeds, calls_of(feeds), texts(feeds.stops["country"]), texts(feeds.stops["stop_id"]),
        texts(feeds.trips["trip_id"]), runs_of_trips(feeds), template_trips(feeds),
        headway_trips(feeds), days, partners, modelled,
    )  # fmt: skip


def _on_day(feeds: Feeds, day: dt.date | None) -> Bool:
    if day is None:
        return np.ones(len(feeds.trips), bool)
    read_days = {source.id: source.read_day or day for source in feeds.sources}
    runs = {d: feeds.services.on(d) for d in set(read_days.values()) | {day}}
    service = feeds.trips["service"].to_numpy()
    feed = texts(feeds.trips["feed"])
    found = np.zeros(len(service), bool)
    for source in feeds.sources:
        mine = feed == source.id
        found[mine] = (runs[read_days[source.id]] | runs[day])[service[mine]]
    return found


def _crossings(calls: Calls, country: Text) -> list[_Crossing]:
    of_stop, names = pd.factorize(country)
    codes = of_stop[calls.stop]
    blank = {k for k, name in enumerate(names) if name == ""}
    known = ~np.isin(codes, list(blank))
    row = np.flatnonzero(known)
    trip, code = calls.trip[row], codes[row]
    over = np.flatnonzero((trip[1:] == trip[:-1]) & (code[1:] != code[:-1]))
    found = []
    begin = np.searchsorted(trip, np.unique(trip[over]))
    end = np.searchsorted(trip, np.unique(trip[over]), side="right")
    count = Counter(trip[over].tolist())
    first_over = {int(trip[k]): int(row[k]) for k in over[::-1]}
    for t, low, high in zip(np.unique(trip[over]), begin, end, strict=True):
        passed = code[low:high]
        turns = np.r_[True, passed[1:] != passed[:-1]]
        sequence = tuple(str(names[c]) for c in passed[turns])
        found.append(_Crossing(int(t), first_over[int(t)], sequence, count[int(t)]))
    return found


def _line(books: _Books, key: tuple[int, str, str], found: list[_Crossing]) -> dict[str, object]:
    calls, country, stop_ids = books.calls, books.country, books.stop_ids
    route = books.feeds.routes.iloc[key[0]]
    firsts, lasts = _departures(books, found)
    departures = int(sum(books.runs[c.trip] for c in found))
    at = {c.trip: calls.stop[calls.of(c.trip)] for c in found}
    stops = {int(s) for visited in at.values() for s in visited}
    by_country = Counter(country[s] for s in stops if country[s])
    days, span = _days(books, str(route["route_id"]), str(route["feed"]))
    longest = max(found, key=lambda c: (len(c.countries), -c.trip))
    # Two departures an hour apart are one an hour: the span counts the hour of the last.
    hours = max(1.0, (lasts - firsts) / HOUR_S + (1.0 if departures > 1 else 0.0))
    return {
        "line": route["route_id"], "feed": route["feed"], "operator": route["operator"],
        "short_name": route["short_name"], "long_name": route["long_name"],
        "mode": route["mode"],
        "countries": "+".join(dict.fromkeys(longest.countries)),
        "country_from": key[1], "country_to": key[2],
        "from_stop": _usual(stop_ids, [v[0] for v in at.values()]),
        "to_stop": _usual(stop_ids, [v[-1] for v in at.values()]),
        "last_stop_before": _usual(stop_ids, [calls.stop[c.call] for c in found]),
        "first_stop_after": _usual(stop_ids, [_after(calls, country, c) for c in found]),
        "stops_by_country": ", ".join(f"{k} {n}" for k, n in sorted(by_country.items())),
        "crossings": max(c.crossings for c in found),
        "departures": departures, "first_departure_s": firsts, "last_departure_s": lasts,
        "departures_per_hour": departures / hours,
        "times": "headways" if all(books.loose[c.trip] for c in found)
        else "modelled" if route["feed"] in books.modelled else "timetable",
        "days_running": days, "days_in_feed": span,
        "days_per_year": days * 365.0 / span if span >= FOUR_WEEKS else np.nan,
        "joined": any("+" in books.trip_ids[c.trip] for c in found),
    }  # fmt: skip


def _after(calls: Calls, country: Text, crossing: _Crossing) -> int:
    """First stop behind the border that is crossed first."""
    k = crossing.call + 1
    while country[calls.stop[k]] == "":
        k += 1
    return int(calls.stop[k])


def _departures(books: _Books, found: list[_Crossing]) -> tuple[int, int]:
    """First and last departure from the last stop before the border, seconds."""
    calls, table = books.calls, books.feeds.frequencies
    of_trip = table["trip"].to_numpy()
    start, end = table["start_s"].to_numpy(), table["end_s"].to_numpy()
    headway = table["headway_s"].to_numpy()
    times: list[int] = []
    for crossing in found:
        leaves = int(calls.departure_s[crossing.call])
        if not books.template[crossing.trip]:
            times.append(leaves)
            continue
        run = leaves - int(calls.departure_s[calls.first[crossing.trip]])
        for k in np.flatnonzero(of_trip == crossing.trip):
            span = max(0, int(end[k] - start[k]) - 1)
            times += [int(start[k]) + run, int(start[k]) + run + span // int(headway[k])
                      * int(headway[k])]  # fmt: skip
    return min(times, default=0), max(times, default=0)


def _usual(names: Text, stops: list[int]) -> str:
    """Most frequent of some stops; the first by id among equals."""
    count = Counter(str(names[s]) for s in stops)
    return min(count, key=lambda name: (-count[name], name))


def _days(books: _Books, line: str, feed: str) -> tuple[int, int]:
    """Days on which a line runs, all of its joined lines too, and days its feed covers."""
    none = np.zeros(books.feeds.services.runs.shape[1], bool)
    runs = books.days.get(line, none)
    joined = [books.days.get(other, none) for other in sorted(books.partners.get(line, ()))]
    if joined:
        runs = runs & np.logical_or.reduce(joined)
    source = next(s for s in books.feeds.sources if s.id == feed)
    span = (source.days[1] - source.days[0]).days + 1 if source.days else 0
    return int(runs.sum()), span


def calendar_table(feeds: Feeds, *, day: dt.date | None) -> pd.DataFrame:
    """Lines and services per feed and day, from each feed's first to its last day."""
    rows: list[dict[str, object]] = []
    feed = texts(feeds.route_services["feed"])
    lines = texts(feeds.route_services["route_id"])
    service = feeds.route_services["service"].to_numpy()
    first = feeds.services.first_day
    for source in feeds.sources:
        if source.days is None:
            continue
        mine = feed == source.id
        line = pd.factorize(lines[mine])[0]
        order = np.argsort(line, kind="stable")
        begin = np.flatnonzero(np.diff(line[order], prepend=-1))
        runs = feeds.services.runs[service[mine][order]]
        on = np.logical_or.reduceat(runs, begin).sum(axis=0) if len(begin) else runs.sum(axis=0)
        used = np.unique(service[mine])
        low = (source.days[0] - first).days
        for k in range((source.days[1] - source.days[0]).days + 1):
            date = source.days[0] + dt.timedelta(days=k)
            column = low + k
            inside = 0 <= column < feeds.services.runs.shape[1]
            rows.append(
                {
                    "feed": source.id, "country": source.country, "date": date.isoformat(),
                    "lines": int(on[column]) if inside else 0,
                    "services": int(feeds.services.runs[used, column].sum()) if inside else 0,
                    "is_day": date == (source.read_day or day),
                }
            )  # fmt: skip
    return rows_of(CALENDARS, rows)
