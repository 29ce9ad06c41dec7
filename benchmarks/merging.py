"""Merge a region's feeds against reading them: medians of repetitions, taken in turn.

python benchmarks/merging.py region.toml 2019-10-08
python benchmarks/merging.py feeds/demo.toml 2026-10-06
"""

from __future__ import annotations

import argparse
import datetime as dt
import statistics
import sys
import time
from pathlib import Path

# Run from a checkout, where the package need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mobility.batch import inputs
from mobility.feeds import read_feeds
from mobility.merge import merge_feeds
from mobility.network import Settings
from mobility.scenario import read_region
from mobility.streets import read_streets
from mobility.zones import read_countries, read_zones


def main() -> None:
    """Read and merge in turn; print seconds on the clock and of the processor."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("region", type=Path)
    options.add_argument("day", type=dt.date.fromisoformat)
    options.add_argument("--times", type=int, default=11)
    chosen = options.parse_args()
    region = read_region(chosen.region)
    countries = read_countries(region.border) if region.border else None
    box = inputs.clip_box(read_zones(region.zones, countries), region.margin_km)
    streets = read_streets(region.streets.osm, countries=countries, box=box, date=chosen.day)
    walk_m = inputs.walk_metres(streets, Settings())
    abroad = {feed.id: feed.allow_foreign_agencies for feed in region.feeds}
    took: dict[str, list[tuple[float, float]]] = {"read": [], "merge": []}
    calls = 0
    for k in range(chosen.times + 1):
        start = time.perf_counter(), time.process_time()
        feeds = read_feeds(region.feeds, timezone=region.timezone, day=chosen.day, box=box)
        read = time.perf_counter(), time.process_time()
        merge_feeds(
            feeds, day=chosen.day, timezone=region.timezone, walk_m=walk_m,
            countries=countries, options=region.merge, foreign_agencies=abroad,
        )  # fmt: skip
        merged = time.perf_counter(), time.process_time()
        calls = len(feeds.stop_times)
        if k:  # the first time compiles and fills the disk's cache
            took["read"].append((read[0] - start[0], read[1] - start[1]))
            took["merge"].append((merged[0] - read[0], merged[1] - read[1]))
    print(f"{len(region.feeds)} feeds, {calls:,} calls, {chosen.times} times in turn")
    for name, times in took.items():
        wall, cpu = zip(*times, strict=True)
        print(
            f"{name:5}  median {statistics.median(wall):.2f} s ({min(wall):.2f}–{max(wall):.2f}), "
            f"processor {statistics.median(cpu):.2f} s ({min(cpu):.2f}–{max(cpu):.2f})"
        )


if __name__ == "__main__":
    main()
