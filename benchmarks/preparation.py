"""Prepare a region from files of a country's size: how long it takes, how much memory.

Makes a feed of 15 million stop_times beside the demonstration's, and a street extract like
Belgium's (60 million nodes, a quarter of them streets; the rest buildings), and prepares the
demonstration's area from them in a process of its own, without fetching, and computes a matrix:

    python benchmarks/preparation.py --keep FOLDER --make      # makes the files, minutes
    python benchmarks/preparation.py --keep FOLDER             # measures
"""

from __future__ import annotations

import argparse
import datetime as dt
import multiprocessing as mp
import shutil
import struct
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from national_feed import peak_mb

# Run from a checkout, where the package need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mobility import demo
from mobility.batch import inputs
from mobility.demo.build import write_region_file
from mobility.network import Settings
from mobility.scenario import read_region
from mobility.streets import clipping
from mobility.travel_times import travel_times

DAY = dt.date(2026, 10, 6)
BELGIUM = (2.5, 49.5, 6.4, 51.85)
# Numbers of nodes and ways start here, so that each takes the same five bytes.
FIRST_ID = 300_000_000
WAY_NODES, BUILDING_NODES, CROSS_EVERY = 8, 5, 7
IN_BLOCK = 8000


def main() -> None:
    """Make the files, or prepare from them."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--keep", type=Path, required=True, help="folder of the files")
    options.add_argument("--make", action="store_true", help="make the files only")
    options.add_argument("--stop-times", type=int, default=15_000_000)
    options.add_argument("--street-nodes", type=int, default=15_000_000)
    options.add_argument("--buildings", type=int, default=9_000_000)
    options.add_argument("--clip-only", action="store_true")
    chosen = options.parse_args()
    country = chosen.keep / "country.osm.pbf"
    if chosen.make:
        demo.build(chosen.keep, stop_times=chosen.stop_times, zones=1000)
        path = write_region_file(chosen.keep, national=True, fine_zones=True)
        text = path.read_text(encoding="utf-8").replace("osm/region.osm.pbf", country.name)
        path.write_text(text, encoding="utf-8")
        write_country(country, chosen.street_nodes, chosen.buildings)
        print(
            f"{country.stat().st_size >> 20} MB of streets, "
            f"{(chosen.keep / 'gtfs' / 'national.zip').stat().st_size >> 20} MB of timetable"
        )
        return
    with mp.get_context("spawn").Pool(1) as pool:
        print(pool.apply(clip_only if chosen.clip_only else measure, (chosen.keep,)))


def clip_only(folder: Path) -> str:
    """Clip the country's streets to the region; return the figures in words."""
    region = read_region(folder / "region.toml")
    zones = inputs.read_zones(region.zones, None)
    start = time.perf_counter()
    found = clipping.clip(
        region.streets.osm[0], inputs.clip_box(zones, region.margin_km), folder / "clip.osm.pbf"
    )
    size = (folder / "clip.osm.pbf").stat().st_size >> 20
    return (
        f"clipped in {time.perf_counter() - start:.0f} s, peak {peak_mb():.0f} MB: "
        f"{found.nodes:,} nodes, {found.ways:,} of {found.ways_before:,} ways, {size} MB"
    )


def measure(folder: Path) -> str:
    """Prepare the region afresh; return the figures in words."""
    cache = folder / "prepared"
    shutil.rmtree(cache, ignore_errors=True)
    steps: list[tuple[float, str]] = []
    start = time.perf_counter()
    timed = inputs.prepare(
        read_region(folder / "region.toml"),
        DAY,
        Settings(max_snap_m=5000),  # rows of made-up streets lie far apart
        cache,
        lambda step: steps.append((time.perf_counter() - start, step)),
    )
    whole = time.perf_counter() - start
    supply = timed.prepared.network.supply
    said = ", ".join(f"{step} at {at:.0f} s" for at, step in steps)
    took = ", ".join(f"{name} {s:.0f} s" for name, s in timed.timings_s.items())
    prepared = peak_mb()
    start = time.perf_counter()
    travel_times(timed.prepared.network, "pt", scenario="now", start_s=7 * 3600, end_s=9 * 3600)
    matrix = time.perf_counter() - start
    return (
        f"prepared in {whole:.0f} s, peak {prepared:.0f} MB ({said}; {took}): "
        f"{len(supply.streets.edge_from):,} street edges, {len(supply.feeds.stop_times):,} calls, "
        f"{len(supply.feeds.stops):,} stops, {len(supply.zones.ids):,} zones; "
        f"all zones × all zones × 120 departures by public transport in {matrix:.0f} s, "
        f"compiling included, peak {peak_mb():.0f} MB"
    )


# --- a PBF of a country's size, written by array


def write_country(path: Path, n_street_nodes: int, n_buildings: int) -> None:
    """Write streets in rows, crossed by streets at every seventh node, and buildings.

    Rows of streets bend a little between crossings, as streets do; buildings stand anywhere
    and are what most of a real extract holds.
    """
    west, south, east, north = BELGIUM
    across = int(np.sqrt(n_street_nodes * (east - west) * 0.63 / (north - south)))
    rows = n_street_nodes // across
    rng = np.random.default_rng(1)
    n_nodes = rows * across
    with path.open("wb") as file:
        _blob(file, b"OSMHeader", _header())
        for first in range(0, n_nodes, IN_BLOCK):
            at = np.arange(first, min(first + IN_BLOCK, n_nodes))
            lon = west + (east - west) * (at % across + rng.uniform(-0.3, 0.3, len(at))) / across
            lat = south + (north - south) * (at // across + rng.uniform(-0.3, 0.3, len(at))) / rows
            _blob(file, b"OSMData", _nodes(FIRST_ID + at, lon, lat))
        n_corners = n_buildings * (BUILDING_NODES - 1)
        for first in range(0, n_corners, IN_BLOCK):
            at = np.arange(first, min(first + IN_BLOCK, n_corners))
            house = rng.uniform((west, south), (east, north), (len(at) // 4 + 1, 2))
            house = np.repeat(house, 4, axis=0)[: len(at)]
            place = house + rng.uniform(0, 2e-4, (len(at), 2))
            _blob(file, b"OSMData", _nodes(FIRST_ID + n_nodes + at, place[:, 0], place[:, 1]))
        for block in _way_blocks(rows, across, n_buildings):
            _blob(file, b"OSMData", block)


def _way_blocks(rows: int, across: int, n_buildings: int) -> Iterator[bytes]:
    """Streets along rows, streets across, buildings; way numbers go on."""
    starts = np.arange(0, across - WAY_NODES, WAY_NODES - 1)
    along = (np.arange(rows)[:, None] * across + starts).ravel()
    yield from _ways(FIRST_ID, along, 1, (1, 2))
    columns = np.arange(0, across, CROSS_EVERY)
    up = (np.arange(0, rows - WAY_NODES, WAY_NODES - 1)[:, None] * across + columns).ravel()
    yield from _ways(FIRST_ID + len(along), up, across, (1, 3))
    houses = rows * across + np.arange(n_buildings) * (BUILDING_NODES - 1)
    yield from _ways(FIRST_ID + len(along) + len(up), houses, 0, (4, 5))


WORDS = (b"", b"highway", b"residential", b"tertiary", b"building", b"yes")


def _ways(
    first_id: int, starts: npt.NDArray[np.int64], step: int, tag: tuple[int, int]
) -> Iterator[bytes]:
    """Encode ways of one shape: all of them are as many bytes long."""
    ring = step == 0  # a building: four corners and back to the first
    deltas = [1, 1, 1, -3] if ring else [step] * (WAY_NODES - 1)
    tail = b"".join(_number(delta * 2 if delta >= 0 else -delta * 2 - 1) for delta in deltas)
    refs = 5 + len(tail)
    body = 1 + 5 + 3 + 3 + 2 + refs
    for first in range(0, len(starts), IN_BLOCK):
        mine = starts[first : first + IN_BLOCK]
        out = np.empty((len(mine), 2 + body), np.uint8)
        head = bytes([0x1A, body, 0x08])
        out[:, :3] = np.frombuffer(head, np.uint8)
        out[:, 3:8] = _five(first_id + first + np.arange(len(mine)))
        out[:, 8:16] = np.frombuffer(
            bytes([0x12, 1, tag[0], 0x1A, 1, tag[1], 0x42, refs]), np.uint8
        )
        out[:, 16:21] = _five((FIRST_ID + mine) * 2)
        out[:, 21:] = np.frombuffer(tail, np.uint8)
        yield _field(1, b"".join(_field(1, word) for word in WORDS)) + _field(2, out.tobytes())


def _five(values: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    """Numbers from 2**28 to 2**35 as varints of five bytes."""
    assert values.min() >= 1 << 28
    assert values.max() < 1 << 35
    shifts = np.arange(5) * 7
    parts = (values[:, None] >> shifts) & 127
    parts[:, :4] |= 128
    return parts.astype(np.uint8)


def _nodes(
    ids: npt.NDArray[np.int64], lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]
) -> bytes:
    columns = (ids, np.rint(lat * 1e7).astype(np.int64), np.rint(lon * 1e7).astype(np.int64))
    dense = b"".join(
        _field(number, _packed(np.diff(column, prepend=0)))
        for number, column in zip((1, 8, 9), columns, strict=True)
    )
    return _field(1, _field(1, b"")) + _field(2, _field(2, dense))


def _packed(values: npt.NDArray[np.int64]) -> bytes:
    zigzag = ((values << 1) ^ (values >> 63)).astype(np.uint64)
    length = np.ones(len(values), np.int64)
    for k in range(1, 10):
        length += zigzag >= np.uint64(1) << np.uint64(7 * k)
    start = np.cumsum(length) - length
    out = np.zeros(int(length.sum()), np.uint8)
    for k in range(int(length.max())):
        rows = np.flatnonzero(length > k)
        byte = (zigzag[rows] >> np.uint64(7 * k)) & np.uint64(127)
        out[start[rows] + k] = byte | np.where(length[rows] > k + 1, 128, 0).astype(np.uint64)
    return out.tobytes()


def _number(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _field(number: int, content: bytes) -> bytes:
    return _number(number << 3 | 2) + _number(len(content)) + content


def _header() -> bytes:
    features = (b"OsmSchema-V0.6", b"DenseNodes")
    return b"".join(_field(4, word) for word in features) + _field(5, b"Sort.Type_then_ID")


def _blob(file: object, kind: bytes, data: bytes) -> None:
    blob = b"\x10" + _number(len(data)) + _field(3, zlib.compress(data, 1))
    head = _field(1, kind) + b"\x18" + _number(len(blob))
    file.write(struct.pack(">I", len(head)) + head + blob)  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
