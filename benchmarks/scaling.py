"""Measure how the time of a matrix grows: with origins, departures, trips and cores.

    python benchmarks/scaling.py feeds/demo.toml --date 2026-10-06

Each is halved four times while the others stay whole; a slope of 1 means twice the time for twice
as much. The table is written to `--out` as scaling.csv and scaling.md, the curves as scaling.svg.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

if TYPE_CHECKING:
    from mobility.network import MultimodalNetwork
    from mobility.timetable import Timetable

HALVINGS = 4
REPEATS = 3


def main() -> None:
    """Prepare, measure, write."""
    chosen = arguments()
    from mobility.batch import inputs  # noqa: PLC0415
    from mobility.network import Settings  # noqa: PLC0415
    from mobility.scenario import read_region  # noqa: PLC0415

    region, day = read_region(chosen.region), dt.date.fromisoformat(chosen.date)
    with tempfile.TemporaryDirectory() as cache:
        network = inputs.prepare(region, day, Settings(), Path(cache)).prepared.network
        rows = measure(network, chosen)
    write(chosen.out, rows)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("region", type=Path)
    parser.add_argument("--date", required=True)
    parser.add_argument("--start", type=int, default=7, help="hour")
    parser.add_argument("--minutes", type=int, default=120)
    parser.add_argument("--mode", default="pt")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--out", type=Path, default=Path("results") / "benchmarks")
    return parser.parse_args()


def measure(network: MultimodalNetwork, chosen: argparse.Namespace) -> list[tuple[str, int, float]]:
    """Time every step: what grows, how much of it, seconds."""
    n_zones = len(network.supply.zones.ids)
    n_trips = len(network.timetable.trip_ids)
    whole = {"origins": n_zones, "departures": chosen.minutes, "trips": n_trips,
             "cores": chosen.threads}  # fmt: skip
    rows = []
    for what, most in whole.items():
        steps = sorted({max(1, most >> k) for k in range(HALVINGS + 1)})
        for size in steps:
            asked = {**whole, what: size}
            net = network
            if what == "trips":
                net = replace(network, timetable=thinned(network.timetable, size / n_trips))
            seconds = min(one(net, asked, chosen) for _ in range(REPEATS))
            rows.append((what, size, seconds))
            print(f"{what:12s} {size:8d} {seconds:8.2f} s", flush=True)
    return rows


def one(network: MultimodalNetwork, asked: dict[str, int], chosen: argparse.Namespace) -> float:
    """Time one matrix, after a first origin that compiles and lays the network out."""
    from mobility.travel_times import travel_times  # noqa: PLC0415

    n_zones = len(network.supply.zones.ids)
    window = {"scenario": "benchmark", "start_s": chosen.start * 3600, "step_s": 60}
    window["end_s"] = chosen.start * 3600 + 60 * asked["departures"]
    travel_times(network, chosen.mode, origins=np.array([0]), **window)
    origins = np.linspace(0, n_zones - 1, asked["origins"]).astype(np.int32)
    begun = time.perf_counter()
    travel_times(network, chosen.mode, origins=origins, threads=asked["cores"], **window)
    return time.perf_counter() - begun


def thinned(table: Timetable, share: float) -> Timetable:
    """Keep a share of each pattern's trips, evenly over the day, at least one."""
    kept, events = [], []
    for p in range(len(table.pattern_route)):
        first, last = table.pattern_trip_offset[p : p + 2]
        length = int(np.diff(table.pattern_stop_offset[p : p + 2])[0])
        count = max(1, round(share * int(last - first)))
        trips = np.linspace(0, last - first - 1, count).astype(np.int64)
        kept.append(first + trips)
        start = table.pattern_event_offset[p]
        events.append((start + trips[:, None] * length + np.arange(length)).ravel())
    counts = [len(trips) for trips in kept]
    trip, event = np.concatenate(kept), np.concatenate(events)
    return replace(
        table,
        pattern_trip_offset=np.concatenate([[0], np.cumsum(counts)]).astype(np.int32),
        pattern_event_offset=np.concatenate([[0], np.cumsum([len(e) for e in events])]),
        arrival_s=table.arrival_s[event],
        departure_s=table.departure_s[event],
        trip_ids=table.trip_ids[trip],
        trip_route=table.trip_route[trip],
        trip_day_shift=table.trip_day_shift[trip],
    )


def slope(sizes: list[int], seconds: list[float]) -> float:
    """Exponent of the growth, fitted to the logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def write(out: Path, rows: list[tuple[str, int, float]]) -> None:
    """Write the table and the curves; show the slopes."""
    import matplotlib as mpl  # noqa: PLC0415

    mpl.use("Agg")
    import matplotlib.pyplot as plt  # noqa: PLC0415

    out.mkdir(parents=True, exist_ok=True)
    with (out / "scaling.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["what", "size", "seconds"])
        table.writerows(rows)
    names = list(dict.fromkeys(what for what, _, _ in rows))
    figure, axes = plt.subplots(1, len(names), figsize=(3 * len(names), 3))
    lines = ["| grows | from | to | seconds | slope |", "|---|--:|--:|---|--:|"]
    for axis, name in zip(axes, names, strict=True):
        sizes = [size for what, size, _ in rows if what == name]
        seconds = [s for what, _, s in rows if what == name]
        axis.loglog(sizes, seconds, "o-", color="#30668c")
        axis.set_title(name, fontsize=9)
        steep = f"{slope(sizes, seconds):.2f}" if len(sizes) > 1 else ""
        told = ", ".join(f"{s:.2f}" for s in seconds)
        lines.append(f"| {name} | {sizes[0]} | {sizes[-1]} | {told} | {steep} |")
    figure.tight_layout()
    figure.savefig(out / "scaling.svg")
    text = "\n".join([*lines, ""])
    (out / "scaling.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
