"""The demonstration's lines as GTFS, one zip per feed, quirks of real feeds included."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mobility.demo import service
from mobility.demo.source import Line, Row, Tables

ZIP_DATE = (2026, 1, 1, 0, 0, 0)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# A station of another country stands some 65 m off in a feed that is not its own.
FOREIGN_SHIFT = (0.0007, 0.0004)
QUAY_SHIFT = 0.00012
STATION_CHANGE_S = {"nl": 180, "nmbs": 240, "intl": 600}
HEADERS: Mapping[str, Sequence[str]] = {
    "agency": ("agency_id", "agency_name", "agency_url", "agency_timezone", "agency_lang"),
    "stops": ("stop_id", "stop_code", "stop_name", "stop_lat", "stop_lon", "location_type",
              "parent_station", "platform_code"),
    "routes": ("route_id", "agency_id", "route_short_name", "route_long_name", "route_type"),
    "trips": ("route_id", "service_id", "trip_id", "trip_headsign", "trip_short_name",
              "direction_id", "block_id"),
    "stop_times": ("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence",
                   "pickup_type", "drop_off_type", "timepoint"),
    "calendar": ("service_id", *WEEKDAYS, "start_date", "end_date"),
    "calendar_dates": ("service_id", "date", "exception_type"),
    "frequencies": ("trip_id", "start_time", "end_time", "headway_secs", "exact_times"),
    "transfers": ("from_stop_id", "to_stop_id", "transfer_type", "min_transfer_time"),
    "translations": ("table_name", "field_name", "language", "translation", "field_value"),
    "feed_info": ("feed_publisher_name", "feed_publisher_url", "feed_lang", "feed_start_date",
                  "feed_end_date", "feed_version"),
}  # fmt: skip
OPTIONAL = ("frequencies", "transfers", "translations", "calendar", "calendar_dates")


@dataclass(frozen=True)
class _Feed:
    """One feed while its tables grow."""

    row: Row
    tables: Tables
    blocks: Mapping[str, str]
    files: dict[str, list[Sequence[object]]] = field(
        default_factory=lambda: {name: [] for name in HEADERS}
    )

    @property
    def id(self) -> str:
        return self.row["feed"]


def clock(minute: int) -> str:
    """Minutes of the service day → ``HH:MM:00``, past 24 hours where need be."""
    return f"{minute // 60:02d}:{minute % 60:02d}:00"


def _slug(name: str) -> str:
    kept = "".join(c if c.isalnum() else "-" for c in name.lower())
    return "-".join(part for part in kept.split("-") if part)


def _station_ids(feed: _Feed, stop: Row) -> tuple[str, str, str]:
    """Id of the station and of its two platforms, in the manner of each feed."""
    code = stop["code"]
    if feed.id == "nmbs":
        return f"S{code}", f"{code}_1", f"{code}_2"
    if feed.id == "nl":
        number = int(code) % 100_000
        return f"stoparea:{number}", f"{number}01", f"{number}02"
    return code, f"{code}-1", f"{code}-2"


def _position(feed: _Feed, stop: Row, quay: int) -> tuple[str, str]:
    lon, lat = float(stop["lon"]), float(stop["lat"])
    home = feed.row["country"]
    if home and stop["country"] != home:
        lon, lat = lon + FOREIGN_SHIFT[0], lat + FOREIGN_SHIFT[1]
    elif not home:
        lon, lat = lon - FOREIGN_SHIFT[0], lat - FOREIGN_SHIFT[1]
    return f"{lat + quay * QUAY_SHIFT:.6f}", f"{lon + quay * QUAY_SHIFT:.6f}"


def _stop_name(feed: _Feed, stop: Row) -> str:
    if feed.id == "nmbs" and stop["country"] != "BE":
        return f"{stop['name']} ({stop['country']})"
    if feed.id == "nl" and stop["kind"] == "bus":
        return _dutch_name(stop["name"], feed.tables)
    return stop["name"]


def _dutch_name(name: str, tables: Tables) -> str:
    """Write "Place, Stop", as Dutch feeds do; a place is one word unless like "Beek en Donk"."""
    joined = [p.name for p in tables.places if any(w[0].islower() for w in p.name.split())]
    known = next((place for place in joined if name.startswith(f"{place} ")), "")
    place = known or name.partition(" ")[0]
    rest = name[len(place) :].strip()
    return f"{place}, {rest}" if rest else place


def _add_stop(feed: _Feed, stop: Row) -> None:
    name, files = _stop_name(feed, stop), feed.files
    if stop["kind"] != "station":
        base = _slug(stop["name"])
        for quay, letter in ((1, "a"), (-1, "b")):
            lat, lon = _position(feed, stop, quay)
            files["stops"].append((f"{base}-{letter}", "", name, lat, lon, 0, "", ""))
        return
    station, *platforms = _station_ids(feed, stop)
    lat, lon = _position(feed, stop, 0)
    files["stops"].append((station, stop["code"], name, lat, lon, 1, "", ""))
    for quay, platform in enumerate(platforms, start=1):
        lat, lon = _position(feed, stop, 3 - 2 * quay)
        files["stops"].append((platform, stop["code"], name, lat, lon, 0, station, quay))
    change = STATION_CHANGE_S.get(feed.id, 180)
    files["transfers"].append((station, station, 2, change))


def _quay(feed: _Feed, stop: Row, *, back: bool) -> str:
    if stop["kind"] == "station":
        return _station_ids(feed, stop)[2 if back else 1]
    return f"{_slug(stop['name'])}-{'b' if back else 'a'}"


def _service_id(line: Line, name: str) -> str:
    return f"{'train' if service.is_train(line) else 'bus'}-{name}"


def _number(line: Line, index: int, *, back: bool) -> str:
    """Give a train its number: the same in every feed that holds it."""
    base = 1000 + sum(map(ord, line.id)) * 7 % 8000
    return str(base + 2 * index + int(back)) if service.is_train(line) else ""


def _add_times(feed: _Feed, line: Line, trip: str, depart: int, *, back: bool) -> None:
    stops, run = service.run(line, back=back)
    train, coach = service.is_train(line), line.row["agency"] == "FlixBus"
    last = len(stops) - 1
    for k, (name, minute) in enumerate(zip(stops, run, strict=True)):
        waits = train and 0 < k < last and run[k + 1] - minute >= 4
        arrive, leave = clock(depart + minute), clock(depart + minute + int(waits))
        if coach and 0 < k < last:
            # Coaches name no time between: the reader has to interpolate.
            arrive = leave = ""
        feed.files["stop_times"].append(
            (
                trip, arrive, leave, _quay(feed, feed.tables.stops[name], back=back), k + 1,
                int(k == last), int(k == 0), int(bool(arrive)),
            )
        )  # fmt: skip


def _trip_id(line: Line, name: str, index: int, *, back: bool) -> str:
    return f"{line.id}:{name}:{int(back)}:{index + 1:03d}"


def _blocks(tables: Tables, feed_id: str) -> dict[str, str]:
    """Trip → block where a vehicle runs on as another line: passengers stay seated."""
    lines = {line.id: line for line in tables.lines if feed_id in line.row["feeds"].split()}
    found: dict[str, str] = {}
    for row in tables.through:
        if row["first_line"] not in lines or row["second_line"] not in lines:
            continue
        first, second = lines[row["first_line"]], lines[row["second_line"]]
        for name in service.services_of(first):
            onward = service.departures(second, name, back=False)
            for index, depart in enumerate(service.departures(first, name, back=False)):
                arrive = depart + first.minutes[-1]
                wait = range(arrive, arrive + int(row["max_wait_min"]) + 1)
                match = next((k for k, t in enumerate(onward) if t in wait), None)
                if match is not None:
                    one = _trip_id(first, name, index, back=False)
                    found[one] = found[_trip_id(second, name, match, back=False)] = f"block:{one}"
    return found


def _add_trips(feed: _Feed, line: Line, name: str, *, back: bool) -> None:
    """Trips of one service and direction at exact times."""
    stops, _ = service.run(line, back=back)
    for index, depart in enumerate(service.departures(line, name, back=back)):
        trip = _trip_id(line, name, index, back=back)
        number = _number(line, index, back=back)
        block = feed.blocks.get(trip, "")
        feed.files["trips"].append(
            (line.id, _service_id(line, name), trip, stops[-1], number, int(back), block)
        )
        _add_times(feed, line, trip, depart, back=back)


def _add_headways(feed: _Feed, line: Line, name: str, *, back: bool) -> None:
    """One model trip of a service and direction, with its headways."""
    spans = service.periods(line, name)
    if not spans:
        return
    trip = f"{line.id}:{name}:{int(back)}"
    stops, _ = service.run(line, back=back)
    service_id = _service_id(line, name)
    feed.files["trips"].append((line.id, service_id, trip, stops[-1], "", int(back), ""))
    _add_times(feed, line, trip, spans[0].first, back=back)
    for span in spans:
        feed.files["frequencies"].append(
            (trip, clock(span.first), clock(span.last), span.headway * 60, 0)
        )


def _add_line(feed: _Feed, line: Line) -> None:
    row = line.row
    feed.files["routes"].append(
        (line.id, _slug(row["agency"]), row["short_name"], row["long_name"], row["route_type"])
    )
    add = _add_headways if row["kind"] == "headway" else _add_trips
    for name in service.services_of(line):
        for back in (False, True):
            add(feed, line, name, back=back)


def _ymd(day: dt.date) -> str:
    return day.strftime("%Y%m%d")


def _add_days(feed: _Feed, service_id: str, days: Sequence[dt.date], weekdays: set[int]) -> None:
    """Write the days of a service in the way the feed does."""
    way = feed.row["calendar"]
    first, last = (dt.date.fromisoformat(feed.row[key]) for key in ("first_day", "last_day"))
    if way != "dates":
        flags = [int(way == "week" and k in weekdays) for k in range(7)]
        feed.files["calendar"].append((service_id, *flags, _ymd(first), _ymd(last)))
    runs = set(days)
    for k in range((last - first).days + 1):
        day = first + dt.timedelta(k)
        regular = way == "week" and day.weekday() in weekdays
        if regular != (day in runs):
            kind = 1 if day in runs else 2
            feed.files["calendar_dates"].append((service_id, _ymd(day), kind))


def _add_calendar(feed: _Feed) -> None:
    used = {str(row[1]) for row in feed.files["trips"]}
    days = service.service_days(feed.row, feed.tables.holidays)
    weekdays = {"week": set(range(5)), "holiday": set(), "saturday": {5}, "sunday": {6}}
    for service_id in sorted(used):
        kind, _, name = service_id.partition("-")
        runs = days[name]
        if kind == "train" and name == "week":
            runs = sorted(runs + days["holiday"])
        _add_days(feed, service_id, runs, weekdays[name])


def _add_agencies(feed: _Feed, lines: Iterable[Line]) -> None:
    used = {line.row["agency"] for line in lines}
    zone = {"nl": "Europe/Amsterdam", "nmbs": "Europe/Brussels", "delijn": "Europe/Brussels"}
    for row in feed.tables.agencies:
        if row["agency"] in used:
            # One feed has one zone, whatever its operators' own.
            timezone = zone.get(feed.id, row["timezone"])
            feed.files["agency"].append(
                (_slug(row["agency"]), row["agency"], row["url"], timezone, row["language"])
            )


def _add_translations(feed: _Feed) -> None:
    if feed.id == "nmbs":
        names = {str(row[2]) for row in feed.files["stops"]}
        feed.files["translations"] += [
            ("stops", "stop_name", row["language"], row["translation"], row["name"])
            for row in feed.tables.translations
            if row["name"] in names
        ]


def make_feed(tables: Tables, row: Row) -> dict[str, list[Sequence[object]]]:
    """Make all tables of one feed: file stem → rows under `HEADERS`."""
    feed = _Feed(row, tables, _blocks(tables, row["feed"]))
    lines = [line for line in tables.lines if feed.id in line.row["feeds"].split()]
    for name in sorted({stop for line in lines for stop in line.stops}):
        _add_stop(feed, tables.stops[name])
    for line in lines:
        _add_line(feed, line)
    _add_agencies(feed, lines)
    _add_calendar(feed)
    _add_translations(feed)
    span = (row["first_day"].replace("-", ""), row["last_day"].replace("-", ""))
    feed.files["feed_info"].append(
        ("Demonstration timetable", "https://example.org", "nl", *span, "demonstration")
    )
    return feed.files


def _text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue()


def write_feed(tables: Tables, row: Row, path: Path) -> None:
    """Write one feed as a zip: stored, dated once and for all, files in one order."""
    files = make_feed(tables, row)
    mark = "\ufeff" if row["feed"] == "intl" else ""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name in HEADERS:
            if files[name] or name not in OPTIONAL:
                text = mark + _text(HEADERS[name], files[name])
                info = zipfile.ZipInfo(f"{name}.txt", ZIP_DATE)
                info.create_system = 3
                archive.writestr(info, text.encode("utf-8"))


def write_feeds(tables: Tables, folder: Path) -> None:
    """Write every feed of ``feeds.csv`` into `folder`."""
    for row in tables.feeds:
        write_feed(tables, row, folder / f"{row['feed']}.zip")
