"""A feed and zones of a country's size, for measuring: made by pattern, not after real lines."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from mobility.demo.dice import uniform
from mobility.demo.gtfs import ZIP_DATE
from mobility.demo.plane import Int64, to_degrees, to_plane
from mobility.demo.source import Tables
from mobility.demo.streets import radius_dm

STOPS = 40_000
CALLS = 25
LINES = 4_000
# So much of the stops stand in the region's settlements, the rest all over NL and BE.
REGION_SHARE = 0.4
BOX = (3.4, 50.0, 7.1, 53.4)
SERVICES = (("week", "1,1,1,1,1,0,0"), ("saturday", "0,0,0,0,0,1,0"), ("sunday", "0,0,0,0,0,0,1"))
SERVICE_SHARE = (0.5, 0.3, 0.2)
SPAN = "20251214,20261212"
FIRST_S, LAST_S = 5 * 3600, 24 * 3600
DM_PER_S = 70.0
HALT_S = 20
LINES_AT_ONCE = 100
HILBERT_BITS = 16

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class _Plan:
    """Lines as rows of stops, and how many trips each has per service."""

    xy: Int64
    calls: Int64
    offset_s: Int64
    trips: tuple[int, ...]


def hilbert_index(x: Int64, y: Int64, bits: int = HILBERT_BITS) -> Int64:
    """Place on the Hilbert curve of each cell, 0 ≤ x, y < 2**bits; near cells come near."""
    x, y = x.copy(), y.copy()
    index = np.zeros(len(x), np.int64)
    half = 1 << (bits - 1)
    while half:
        right, upper = (x & half) > 0, (y & half) > 0
        index += half * half * ((3 * right) ^ upper)
        flip = ~upper & right
        x[flip], y[flip] = (half - 1) - (x[flip] & (half - 1)), (half - 1) - (y[flip] & (half - 1))
        turn = ~upper
        x[turn], y[turn] = y[turn], x[turn]
        half >>= 1
    return index


def _stops(tables: Tables, seed: int) -> Int64:
    """Spread stops over the region's settlements by people, and over the wide box."""
    local = int(STOPS * REGION_SHARE)
    places = [place for place in tables.places if place.municipality_code]
    weight = np.array([max(place.people, 500) for place in places], float)
    dice = uniform(seed, "national stops", 3 * local + 2 * (STOPS - local))
    chosen = np.searchsorted(np.cumsum(weight) / weight.sum(), dice[:local], "right")
    centres = to_plane(
        np.array([place.lon for place in places]), np.array([place.lat for place in places])
    )
    radius = np.array([radius_dm(place.people) for place in places])
    offset = (dice[local : 3 * local].reshape(-1, 2) * 2 - 1) * radius[chosen, None]
    near = centres[chosen] + np.rint(offset).astype(np.int64)
    wide = dice[3 * local :].reshape(-1, 2)
    far = to_plane(BOX[0] + wide[:, 0] * (BOX[2] - BOX[0]), BOX[1] + wide[:, 1] * (BOX[3] - BOX[1]))
    return np.concatenate([near, far])


def _lines(xy: Int64, seed: int) -> Int64:
    """Rows of `CALLS` stops that lie near one another: stretches of a space-filling curve.

    Every other line takes each second stop of its stretch, so that lines cross and differ.
    """
    low = xy.min(axis=0)
    scale = (1 << HILBERT_BITS) - 1
    cell = (xy - low) * scale // (xy.max(axis=0) - low)
    along = np.argsort(hilbert_index(cell[:, 0], cell[:, 1]), kind="stable")
    start = (uniform(seed, "national lines", LINES) * (len(xy) - 2 * CALLS)).astype(np.int64)
    stride = 1 + np.arange(LINES) % 2
    return along[start[:, None] + stride[:, None] * np.arange(CALLS)]


def _plan(tables: Tables, stop_times: int, seed: int) -> _Plan:
    xy = _stops(tables, seed)
    calls = _lines(xy, seed)
    step = (xy[calls[:, 1:]] - xy[calls[:, :-1]]).astype(float)
    hop_s = np.rint(np.sqrt((step * step).sum(axis=2)) / DM_PER_S).astype(np.int64) + HALT_S
    hop_s = np.clip(hop_s, 40, 1200)
    offset = np.concatenate([np.zeros((LINES, 1), np.int64), np.cumsum(hop_s, axis=1)], axis=1)
    each = stop_times / (LINES * CALLS)
    return _Plan(xy, calls, offset, tuple(max(1, round(each * s)) for s in SERVICE_SHARE))


def _digits(values: Int64, width: int) -> Bytes:
    """Write whole numbers as `width` decimal digits, uint8 (n, width)."""
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    return (values[:, None] // powers % 10 + ord("0")).astype(np.uint8)


def _clock(seconds: Int64) -> Bytes:
    colon = np.full((len(seconds), 1), ord(":"), np.uint8)
    hours, rest = seconds // 3600, seconds % 3600
    return np.hstack(
        [_digits(hours, 2), colon, _digits(rest // 60, 2), colon, _digits(rest % 60, 2)]
    )


def _text(word: str, rows: int) -> Bytes:
    return np.tile(np.frombuffer(word.encode(), np.uint8), (rows, 1))


def _trip_starts(plan: _Plan) -> Int64:
    """First departures of one line's trips over all services, spread evenly."""
    return np.concatenate(
        [FIRST_S + np.arange(n, dtype=np.int64) * (LAST_S - FIRST_S) // n for n in plan.trips]
    )


def _stop_times(plan: _Plan) -> Iterator[bytes]:
    """Rows of ``stop_times.txt``, a hundred lines at a time; every row has the same width."""
    starts = _trip_starts(plan)
    for first in range(0, LINES, LINES_AT_ONCE):
        lines = np.arange(first, min(first + LINES_AT_ONCE, LINES))
        # Lines are put out of step by a few minutes, so that not all leave together.
        depart = starts[None, :] + (lines[:, None] * 97) % 600
        times = (depart[:, :, None] + plan.offset_s[lines][:, None, :]).ravel()
        trips = np.repeat(first * len(starts) + np.arange(depart.size), CALLS)
        stops = np.broadcast_to(plan.calls[lines][:, None, :], (*depart.shape, CALLS)).ravel()
        sequence = np.tile(np.arange(10, 10 + CALLS), depart.size)
        n, clock = len(times), _clock(times)
        comma = _text(",", n)
        yield np.hstack(
            [
                _text("t", n), _digits(trips, 8), comma, clock, comma, clock, comma,
                _text("s", n), _digits(stops, 5), comma, _digits(sequence, 2), _text("\n", n),
            ]
        ).tobytes()  # fmt: skip


def _trips(plan: _Plan) -> Iterator[bytes]:
    per_line = sum(plan.trips)
    names = np.repeat([name for name, _ in SERVICES], plan.trips)
    for line in range(LINES):
        first = line * per_line
        rows = [f"r{line:05d},{name},t{first + k:08d}\n" for k, name in enumerate(names)]
        yield "".join(rows).encode()


def _stop_rows(plan: _Plan) -> Iterator[bytes]:
    lon, lat = to_degrees(plan.xy)
    for k in range(len(lon)):
        yield f"s{k:05d},Stop {k},{lat[k]:.6f},{lon[k]:.6f}\n".encode()


def _put(archive: zipfile.ZipFile, name: str, header: str, parts: Iterator[bytes]) -> None:
    info = zipfile.ZipInfo(name, ZIP_DATE)
    info.create_system = 3
    info.compress_type = zipfile.ZIP_DEFLATED
    file: IO[bytes]
    with archive.open(info, "w", force_zip64=True) as file:
        file.write(f"{header}\n".encode())
        for part in parts:
            file.write(part)


def write_national(tables: Tables, path: Path, *, stop_times: int, seed: int) -> None:
    """Write a feed of 40,000 stops and 4,000 lines with about `stop_times` calls, streamed.

    Parameters
    ----------
    stop_times
        Calls in all services together; half of them run on a weekday.
    """
    plan = _plan(tables, stop_times, seed)
    with zipfile.ZipFile(path, "w", compresslevel=1) as archive:
        agency = "national,National demonstration,https://example.org,Europe/Amsterdam\n"
        header = "agency_id,agency_name,agency_url,agency_timezone"
        _put(archive, "agency.txt", header, iter([agency.encode()]))
        header = "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,"
        days = (f"{name},{flags},{SPAN}\n".encode() for name, flags in SERVICES)
        _put(archive, "calendar.txt", header + "start_date,end_date", days)
        routes = (f"r{k:05d},national,{k},3\n".encode() for k in range(LINES))
        _put(archive, "routes.txt", "route_id,agency_id,route_short_name,route_type", routes)
        _put(archive, "stops.txt", "stop_id,stop_name,stop_lat,stop_lon", _stop_rows(plan))
        _put(archive, "trips.txt", "route_id,service_id,trip_id", _trips(plan))
        header = "trip_id,arrival_time,departure_time,stop_id,stop_sequence"
        _put(archive, "stop_times.txt", header, _stop_times(plan))


def write_fine_zones(tables: Tables, path: Path, *, zones: int, seed: int) -> None:
    """Write a CSV of `zones` points in the settlements, drawn by people; all weigh the same."""
    places = [place for place in tables.places if place.municipality_code]
    weight = np.array([max(place.people, 500) for place in places], float)
    dice = uniform(seed, "fine zones", 3 * zones)
    chosen = np.searchsorted(np.cumsum(weight) / weight.sum(), dice[:zones], "right")
    centres = to_plane(
        np.array([place.lon for place in places]), np.array([place.lat for place in places])
    )
    radius = np.array([radius_dm(place.people) for place in places]) * 0.7
    spread = (dice[zones:].reshape(-1, 2) * 2 - 1) * radius[chosen, None]
    lon, lat = to_degrees(centres[chosen] + np.rint(spread).astype(np.int64))
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(
        ["zone_id", "name", "municipality", "country", "population", "jobs", "lon", "lat"]
    )
    people, jobs = round(weight.sum() / zones), round(0.4 * weight.sum() / zones)
    for k, row in enumerate(chosen.tolist()):
        town = tables.municipalities[places[row].municipality_code]
        writer.writerow(
            [f"z{k:05d}", f"{places[row].name} {k}", town["name"], town["country"], people, jobs,
             f"{lon[k]:.6f}", f"{lat[k]:.6f}"]
        )  # fmt: skip
    path.write_text(buffer.getvalue(), encoding="utf-8", newline="\n")
