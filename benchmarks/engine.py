"""Measure the engine, beside cafein where an interpreter that has it is given.

A region file, or feeds, streets and a box in which points are drawn on the streets:

    python benchmarks/engine.py --region feeds/demo.toml --date 2026-10-06
    python benchmarks/engine.py --feeds nl.zip nmbs.zip --osm city.osm.pbf --date 2019-10-08 \
        --box 5.40,51.39,5.53,51.49 --points 200 --peer ~/bench/bin/python

Both get the very same trips: the peer reads the merged timetable of the day, written back as
GTFS, the same streets and points, walking speed, limits of walks and number of rides. Each
runs in a process of its own. Answers are compared before times are shown. The table is
written to `--out` as engine.csv and engine.md, the chart as engine.svg.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mobility.network import MultimodalNetwork

WALK_KPH = 4.8
MAX_ACCESS_S, MAX_TRANSFER_S, MAX_SNAP_M = 1800, 900, 1500
PERCENTILES = (5, 25, 50, 75, 95)
FIGURES = {
    "build_s": "build, s",
    "load_s": "load, s",
    "one_to_all_ms": "one to all, ms (one core)",
    "matrix_s": "N×N, s",
    "peak_mb": "peak memory, MB",
}


def main() -> None:
    """Prepare, run each engine in its own process, compare and write."""
    chosen = arguments()
    if chosen.child:
        task = json.loads(Path(chosen.child).read_text(encoding="utf-8"))
        {"ours": measure_ours, "peer": measure_peer}[chosen.engine](task)
        return
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    chosen.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        task = make_task(chosen, folder)
        results = {"ours": child(sys.executable, "ours", task, folder)}
        if chosen.peer:
            results["cafein"] = child(chosen.peer, "peer", task, folder)
            compare(folder, results)
    write(chosen.out, results, task)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--region", type=Path)
    parser.add_argument("--feeds", nargs="*", type=Path, default=[])
    parser.add_argument("--osm", nargs="*", type=Path, default=[])
    parser.add_argument("--box", help="lon,lat,lon,lat in which points are drawn")
    parser.add_argument("--points", type=int, default=200)
    parser.add_argument("--date", default="2019-10-08")
    parser.add_argument("--timezone", default="Europe/Amsterdam")
    parser.add_argument("--start", type=int, default=7, help="hour")
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--max-rides", type=int, default=5)
    parser.add_argument("--peer", help="a Python interpreter that has cafein")
    parser.add_argument("--out", type=Path, default=Path("results") / "benchmarks")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--engine", help=argparse.SUPPRESS)
    return parser.parse_args()


def make_task(chosen: argparse.Namespace, folder: Path) -> dict:
    """Say in one file what is measured; without a region file make one."""
    region = chosen.region or write_region(chosen, folder)
    return {
        "region": str(region.resolve()),
        "date": chosen.date,
        "start_s": chosen.start * 3600,
        "minutes": chosen.minutes,
        "threads": chosen.threads,
        "max_rides": chosen.max_rides,
        "peer": bool(chosen.peer),
        "folder": str(folder),
    }


def write_region(chosen: argparse.Namespace, folder: Path) -> Path:
    """Write a region file with points drawn on street nodes in the box."""
    from mobility.streets import read_streets  # noqa: PLC0415

    box = tuple(float(x) for x in chosen.box.split(","))
    streets = read_streets([p.resolve() for p in chosen.osm], countries=None, box=None)
    lon, lat = streets.node_lon, streets.node_lat
    walked = np.unique(streets.graphs["walk"].head)
    inside = walked[
        (lon[walked] > box[0]) & (lon[walked] < box[2])
        & (lat[walked] > box[1]) & (lat[walked] < box[3])
    ]  # fmt: skip
    rng = np.random.default_rng(1)
    nodes = np.sort(rng.choice(inside, min(chosen.points, len(inside)), replace=False))
    rows = [f"p{k},{lon[v]:.7f},{lat[v]:.7f},1" for k, v in enumerate(nodes)]
    table = "\n".join(["zone_id,lon,lat,population", *rows, ""])
    (folder / "points.csv").write_text(table, encoding="utf-8")
    feeds = "".join(
        f'[[feeds]]\nid = "f{k}"\npath = "{p.resolve().as_posix()}"\n'
        for k, p in enumerate(chosen.feeds)
    )
    osm = ", ".join(f'"{p.resolve().as_posix()}"' for p in chosen.osm)
    path = folder / "region.toml"
    path.write_text(
        f'version = 1\nname = "points"\ntimezone = "{chosen.timezone}"\n{feeds}'
        f'[streets]\nosm = [{osm}]\n[zones]\npath = "points.csv"\nid = "zone_id"\n'
        'opportunities = ["population"]\n',
        encoding="utf-8",
    )
    return path


def child(python: str, engine: str, task: dict, folder: Path) -> dict:
    """Measure one engine in a process of its own."""
    path = folder / "task.json"
    path.write_text(json.dumps(task), encoding="utf-8")
    environment = os.environ | {
        "RAYON_NUM_THREADS": str(task["threads"]),
        "PYTHONPATH": str(Path(__file__).resolve().parents[1]) if engine == "ours" else "",
    }
    command = [python, __file__, "--child", str(path), "--engine", engine]
    subprocess.run(command, check=True, env=environment)
    return json.loads((folder / f"{engine}.json").read_text(encoding="utf-8"))


def peak_mb() -> float:
    """Most memory this process had in use, MB."""
    import resource  # noqa: PLC0415

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure_ours(task: dict) -> None:
    """Build, load, one to all and all to all; also write the timetable and points for a peer."""
    import datetime as dt  # noqa: PLC0415

    from mobility.batch import inputs  # noqa: PLC0415
    from mobility.network import Settings  # noqa: PLC0415
    from mobility.scenario import read_region  # noqa: PLC0415
    from mobility.travel_times import travel_times  # noqa: PLC0415

    folder, clock = Path(task["folder"]), time.perf_counter
    settings = Settings(
        walk_kph=WALK_KPH, max_access_walk_s=MAX_ACCESS_S, max_transfer_walk_s=MAX_TRANSFER_S,
        max_snap_m=MAX_SNAP_M, min_transfer_s=0, max_rides=task["max_rides"],
    )  # fmt: skip
    region, day = read_region(Path(task["region"])), dt.date.fromisoformat(task["date"])
    built = inputs.prepare(region, day, settings, folder / "cache").timings_s
    start = clock()
    network = inputs.prepare(region, day, settings, folder / "cache").prepared.network
    result: dict = {"build_s": sum(built.values()), "load_s": clock() - start}
    window = {
        "scenario": "benchmark", "start_s": task["start_s"], "step_s": 60,
        "end_s": task["start_s"] + 60 * task["minutes"], "percentiles": PERCENTILES,
    }  # fmt: skip
    travel_times(network, "pt", origins=np.array([0]), **window)  # compiles
    n = len(network.supply.zones.ids)
    single = []
    for origin in np.linspace(0, n - 1, min(n, 20)).astype(int):
        start = clock()
        travel_times(network, "pt", origins=np.array([origin]), threads=1, parts=False, **window)
        single.append(clock() - start)
    result["one_to_all_ms"] = 1000 * statistics.median(single)
    for parts in (True, False):
        start = clock()
        times = travel_times(network, "pt", threads=task["threads"], parts=parts, **window)
        result["matrix_parts_s" if parts else "matrix_s"] = clock() - start
    result |= {"peak_mb": peak_mb(), "n_points": n}
    np.save(folder / "ours.npy", times.time_s)
    if task["peer"]:
        write_gtfs(network, folder / "merged.zip", task["date"])
        zones = network.supply.zones
        np.save(folder / "points.npy", np.column_stack([zones.lon, zones.lat]))
        from mobility.travel_times import direct_seconds  # noqa: PLC0415

        rows = np.arange(n, dtype=np.int32)
        np.save(folder / "direct.npy", direct_seconds(network, "pt", rows, rows))
        paths = json.dumps([str(path) for path in region.streets.osm])
        (folder / "osm.json").write_text(paths, encoding="utf-8")
    (folder / "ours.json").write_text(json.dumps(result), encoding="utf-8")


def write_gtfs(network: MultimodalNetwork, path: Path, date: str) -> None:
    """Write the day's timetable back as GTFS, so that a peer rides the same trips."""
    import pandas as pd  # noqa: PLC0415

    table = network.timetable
    per_pattern = np.diff(table.pattern_stop_offset).astype(np.int64)
    n_trips = np.diff(table.pattern_trip_offset)
    pattern = np.repeat(np.arange(len(n_trips)), n_trips)
    trip = np.repeat(np.arange(len(pattern)), per_pattern[pattern])
    first = np.concatenate([[0], np.cumsum(per_pattern[pattern])[:-1]])
    index = np.arange(len(trip)) - first[trip]
    position = table.pattern_stop_offset[pattern[trip]] + index
    clock = np.vectorize(lambda s: f"{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}")
    seconds, inverse = np.unique(
        np.concatenate([table.arrival_s, table.departure_s]), return_inverse=True
    )
    words = clock(np.maximum(seconds, 0))[inverse]
    names = np.array([f"s{k}" for k in range(len(table.stops))])
    day = date.replace("-", "")
    tables = {
        "agency": pd.DataFrame({"agency_id": ["a"], "agency_name": ["a"], "agency_url": ["http://a"],
                                "agency_timezone": [network.timezone]}),
        "calendar_dates": pd.DataFrame({"service_id": ["d"], "date": [day], "exception_type": [1]}),
        "stops": pd.DataFrame({"stop_id": names, "stop_name": names,
                               "stop_lat": table.stops["lat"], "stop_lon": table.stops["lon"]}),
        "routes": pd.DataFrame({"route_id": [f"r{k}" for k in range(len(table.routes))],
                                "agency_id": "a", "route_short_name": "r", "route_type": 3}),
        "trips": pd.DataFrame({"route_id": [f"r{k}" for k in table.trip_route], "service_id": "d",
                               "trip_id": [f"t{k}" for k in range(len(pattern))]}),
        "stop_times": pd.DataFrame({
            "trip_id": np.array([f"t{k}" for k in range(len(pattern))])[trip],
            "arrival_time": words[: len(trip)], "departure_time": words[len(trip) :],
            "stop_id": names[table.pattern_stops[position]], "stop_sequence": index,
            "pickup_type": (~table.pickup[position]).astype(int),
            "drop_off_type": (~table.drop_off[position]).astype(int)}),
    }  # fmt: skip
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, frame in tables.items():
            archive.writestr(f"{name}.txt", frame.to_csv(index=False))


def measure_peer(task: dict) -> None:
    """Measure cafein at its best: trip transfers first, the router left to itself."""
    import geopandas as gpd  # noqa: PLC0415
    import shapely  # noqa: PLC0415
    from cafein.network import TransportNetwork  # noqa: PLC0415

    folder, clock = Path(task["folder"]), time.perf_counter
    lon, lat = np.load(folder / "points.npy").T
    osm = json.loads((folder / "osm.json").read_text(encoding="utf-8"))
    points = gpd.GeoDataFrame(
        {"id": [f"p{k}" for k in range(len(lon))]}, geometry=shapely.points(lon, lat), crs=4326
    )
    start = clock()
    network = TransportNetwork.from_gtfs(
        [str(folder / "merged.zip")], osm_pbf=osm[0], walking_speed_kmph=WALK_KPH,
        max_walking_time=MAX_TRANSFER_S / 60, snap_distance=MAX_SNAP_M, trip_distances=False,
    )  # fmt: skip
    network.compute_tbtr_transfers(task["date"])
    result: dict = {"build_s": clock() - start}
    network.save(str(folder / "cafein.bin"))
    start = clock()
    network = TransportNetwork.load(str(folder / "cafein.bin"))
    result["load_s"] = clock() - start
    hour, minute = divmod(task["start_s"] // 60, 60)
    ask = {
        "departure": f"{task['date']} {hour:02d}:{minute:02d}", "max_rides": task["max_rides"],
        "departure_time_window": task["minutes"], "percentiles": list(PERCENTILES),
        "walking_speed_kmph": WALK_KPH, "max_walking_time": MAX_ACCESS_S / 60,
        "snap_distance": MAX_SNAP_M,
    }  # fmt: skip
    single = []
    for origin in np.linspace(0, len(points) - 1, min(len(points), 20)).astype(int):
        start = clock()
        network.travel_time_matrix(
            points.iloc[[origin]].reset_index(drop=True), destinations=points, workers=1, **ask
        )
        single.append(clock() - start)
    result["one_to_all_ms"] = 1000 * statistics.median(single)
    start = clock()
    matrix = network.travel_time_matrix(points, workers=task["threads"], **ask)
    result |= {"matrix_s": clock() - start, "peak_mb": peak_mb(), "n_points": len(points)}
    np.save(folder / "peer.npy", matrix)
    (folder / "peer.json").write_text(json.dumps(result), encoding="utf-8")


def compare(folder: Path, results: dict[str, dict]) -> None:
    """Compare medians of pairs both reach by a vehicle; the rest is counted."""
    ours = np.load(folder / "ours.npy")[:, :, 2].astype(float)
    peer = np.load(folder / "peer.npy")[:, :, 2].astype(float)
    peer[peer >= 2**32 - 1] = np.nan
    off = ~np.eye(len(ours), dtype=bool)
    ridden = off & (ours < np.load(folder / "direct.npy"))
    both = ridden & np.isfinite(ours) & np.isfinite(peer)
    apart = np.abs(ours - peer)[both]
    results["cafein"] |= {
        "pairs_ridden": int(ridden.sum()),
        "pairs_both": int(both.sum()),
        "only_ours": int((ridden & np.isfinite(ours) & ~np.isfinite(peer)).sum()),
        "only_peer": int((off & ~np.isfinite(ours) & np.isfinite(peer)).sum()),
        "within_60_s": float((apart <= 60).mean()) if len(apart) else 0.0,
        "within_180_s": float((apart <= 180).mean()) if len(apart) else 0.0,
        "median_difference_s": float(np.median((ours - peer)[both])) if len(apart) else 0.0,
    }


def write(out: Path, results: dict[str, dict], task: dict) -> None:
    """Write the table as CSV and Markdown, and the chart; show the table."""
    import matplotlib as mpl  # noqa: PLC0415

    mpl.use("Agg")
    import matplotlib.pyplot as plt  # noqa: PLC0415

    names = list(dict.fromkeys(key for result in results.values() for key in result))
    with (out / "engine.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["figure", *results])
        table.writerows([name, *(result.get(name, "") for result in results.values())]
                        for name in names)  # fmt: skip
    lines = [f"| figure | {' | '.join(results)} |", "|---" * (len(results) + 1) + "|"]
    for name in names:
        values = [f"{r[name]:.4g}" if name in r else "" for r in results.values()]
        lines.append(f"| {FIGURES.get(name, name)} | {' | '.join(values)} |")
    asked = f"{task['minutes']} departures, {task['threads']} threads, {task['date']}"
    text = "\n".join([f"{results['ours']['n_points']} points, {asked}", "", *lines, ""])
    (out / "engine.md").write_text(text, encoding="utf-8")
    print(text)
    figure, axes = plt.subplots(1, len(FIGURES), figsize=(3 * len(FIGURES), 3))
    for axis, (name, title) in zip(axes, FIGURES.items(), strict=True):
        axis.bar(list(results), [result[name] for result in results.values()], color="#30668c")
        axis.set_title(title, fontsize=9)
        axis.set_yscale("log")
    figure.tight_layout()
    figure.savefig(out / "engine.svg")


if __name__ == "__main__":
    main()
