"""Read a timetable the size of a country: how long it takes and how much memory.

Writes a feed of the Dutch national feed's shape (40,000 stops, 15 million stop_times by
default, service by calendar_dates.txt alone) and reads it in a process of its own:

    python benchmarks/national_feed.py --stop-times 15000000
"""

from __future__ import annotations

import argparse
import datetime as dt
import io
import multiprocessing as mp
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

# Run from a checkout, where the package need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mobility.feeds import read_feeds
from mobility.scenario.model import FeedEntry
from mobility.timetable import build_timetable

DAY = dt.date(2019, 10, 8)
STOPS_PER_TRIP = 21
TRIPS_PER_LINE = 280
N_DAYS = 60
CHUNK = 1_000_000
# Brainport Eindhoven, Belgian Limburg and the Kempen.
REGION = (4.6, 50.7, 6.1, 51.7)


def main() -> None:
    """Write the feed unless it is there, then read it whole and clipped to a region."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--stop-times", type=int, default=15_000_000)
    options.add_argument("--stops", type=int, default=40_000)
    options.add_argument("--feed", type=Path, help="keep the feed here, or read this one")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = chosen.feed or Path(folder) / "national.zip"
        if not path.exists():
            start = time.perf_counter()
            write_feed(path, chosen.stop_times, chosen.stops)
            print(f"written in {time.perf_counter() - start:.1f} s, {path.stat().st_size >> 20} MB")
        for name, box in (("whole country", None), ("clipped to the region", REGION)):
            context = mp.get_context("spawn")
            with context.Pool(1) as pool:
                print(f"{name}: {pool.apply(measure, (path, box))}")


def measure(path: Path, box: tuple[float, float, float, float] | None) -> str:
    """Read the feed and build its timetable; return the figures in words."""
    entry = FeedEntry(id="nl", path=path, country="NL")
    start = time.perf_counter()
    feeds = read_feeds([entry], timezone="Europe/Amsterdam", day=DAY, box=box)
    read_s, read_mb = time.perf_counter() - start, peak_mb()
    start = time.perf_counter()
    table = build_timetable(feeds, DAY, timezone="Europe/Amsterdam", seed=1)
    build_s = time.perf_counter() - start
    return (
        f"read in {read_s:.1f} s, peak {read_mb:.0f} MB, {len(feeds.trips):,} trips, "
        f"{len(feeds.stop_times):,} of {feeds.sources[0].rows['stop_times.txt']:,} stop_times; "
        f"timetable in {build_s:.1f} s, peak {peak_mb():.0f} MB, "
        f"{len(table.pattern_route):,} patterns"
    )


def peak_mb() -> float:
    """Largest memory this process has had."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        import psutil  # noqa: PLC0415

        return psutil.Process().memory_info().peak_wset / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def write_feed(path: Path, n_stop_times: int, n_stops: int) -> None:
    """Write a feed of lines that follow each other over a national grid of stops."""
    rng = np.random.default_rng(1)
    n_trips = n_stop_times // STOPS_PER_TRIP
    n_lines = max(n_trips // TRIPS_PER_LINE, 1)
    line = np.arange(n_trips) % n_lines
    stops_of = (rng.integers(0, n_stops, (n_lines, 1)) + np.arange(STOPS_PER_TRIP)) % n_stops
    run_s = rng.integers(60, 300, (n_lines, STOPS_PER_TRIP))
    run_s[:, 0] = 0
    along_s = run_s.cumsum(axis=1)
    start_s = rng.integers(5 * 3600, 25 * 3600, n_trips)
    service = rng.integers(0, 2000, n_trips)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(
            "agency.txt", "agency_id,agency_name,agency_timezone\nA,A,Europe/Amsterdam\n"
        )
        archive.writestr("stops.txt", _stops(n_stops, rng))
        archive.writestr(
            "routes.txt",
            "route_id,agency_id,route_short_name,route_type\n"
            + "".join(f"{k},A,{k},3\n" for k in range(n_lines)),
        )
        archive.writestr("calendar_dates.txt", _dates(rng))
        archive.writestr(
            "trips.txt",
            "route_id,service_id,trip_id,trip_headsign\n"
            + "".join(
                f"{a},{b},{170_000_000 + k},Somewhere\n"
                for k, (a, b) in enumerate(zip(line.tolist(), service.tolist(), strict=True))
            ),
        )
        with archive.open("stop_times.txt", "w", force_zip64=True) as file:
            file.write(
                b"trip_id,stop_sequence,stop_id,stop_headsign,arrival_time,departure_time,"
                b"pickup_type,drop_off_type,timepoint,shape_dist_traveled\n"
            )
            per_chunk = CHUNK // STOPS_PER_TRIP
            for first in range(0, n_trips, per_chunk):
                trips = np.arange(first, min(first + per_chunk, n_trips))
                file.write(_chunk(trips, line, stops_of, along_s, start_s))


def _chunk(trips, line, stops_of, along_s, start_s) -> bytes:  # noqa: ANN001
    lines = line[trips]
    second = (start_s[trips, None] + along_s[lines]).ravel()
    clock = pa.array([f"{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}" for s in range(40 * 3600)])
    at = clock.take(pa.array(second))
    n = len(second)
    table = pa.table(
        {
            "trip_id": np.repeat(170_000_000 + trips, STOPS_PER_TRIP),
            "stop_sequence": np.tile(np.arange(1, STOPS_PER_TRIP + 1), len(trips)),
            "stop_id": 2_000_000 + stops_of[lines].ravel(),
            "stop_headsign": pa.nulls(n, pa.string()),
            "arrival_time": at,
            "departure_time": at,
            "pickup_type": np.zeros(n, np.int8),
            "drop_off_type": np.zeros(n, np.int8),
            "timepoint": np.zeros(n, np.int8),
            "shape_dist_traveled": along_s[lines].ravel() * 8,
        }
    )
    sink = io.BytesIO()
    pa_csv.write_csv(table, sink, pa_csv.WriteOptions(include_header=False, quoting_style="none"))
    return sink.getvalue()


def _stops(n_stops: int, rng: np.random.Generator) -> str:
    lon, lat = rng.uniform(3.4, 7.2, n_stops), rng.uniform(50.7, 53.5, n_stops)
    order = np.lexsort((lat, (lon * 5).astype(int)))
    rows = zip(lon[order].tolist(), lat[order].tolist(), strict=True)
    return "stop_id,stop_name,stop_lat,stop_lon\n" + "".join(
        f"{2_000_000 + k},Place stop {k},{y:.6f},{x:.6f}\n" for k, (x, y) in enumerate(rows)
    )


def _dates(rng: np.random.Generator) -> str:
    runs = rng.random((2000, N_DAYS)) < 1 / 7
    runs[::7, 7] = True
    first = dt.date(2019, 10, 1)
    days = [(first + dt.timedelta(days=k)).strftime("%Y%m%d") for k in range(N_DAYS)]
    rows = np.argwhere(runs).tolist()
    return "service_id,date,exception_type\n" + "".join(f"{s},{days[d]},1\n" for s, d in rows)


if __name__ == "__main__":
    main()
