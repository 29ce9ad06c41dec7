"""Time and memory of all indicators: 692 zones, seven modes, five scenarios.

    python benchmarks/indicators.py [--zones 692] [--scenarios 5]

Zones and matrices are drawn with a fixed seed, so that no data are needed.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

# Run from a checkout, where the package need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mobility.border import all_border
from mobility.indicators import all_indicators
from mobility.indicators.frame import crow_fly_m
from mobility.tables import MODES, PERCENTILES, TRANSIT_MODES, TravelTimes
from mobility.zones import Zones

KPH = dict(zip(MODES, (4.8, 18, 23, 55, 28, 33, 36), strict=True))


def draw_zones(n: int) -> Zones:
    """Draw zones in two countries, about five to a municipality."""
    random = np.random.default_rng(1)
    lat = 50.7 + random.random(n)
    countries = np.where(lat < 51.25, "BE", "NL").astype(object)
    town = random.integers(0, max(1, n // 5), n)
    return Zones(
        ids=np.array([f"z{k}" for k in range(n)], object),
        names=np.array([f"zone {k}" for k in range(n)], object),
        countries=countries,
        municipalities=np.array([f"{c} {t}" for c, t in zip(countries, town, strict=True)], object),
        lon=4.6 + 1.5 * random.random(n),
        lat=lat,
        opportunities=pd.DataFrame(
            {
                "population": random.integers(200, 20_000, n).astype(float),
                "jobs": random.integers(50, 10_000, n).astype(float),
            }
        ),
    )


def draw_times(zones: Zones, mode: str, scenario: int) -> TravelTimes:
    """Draw a matrix of a mode; in each scenario it is a little quicker."""
    random = np.random.default_rng(scenario)
    metres = crow_fly_m(zones, zones)
    seconds = metres / KPH[mode] * 3.6 * 1.3 * (1 - 0.01 * scenario)
    seconds *= 1 + 0.1 * random.random(metres.shape)
    if mode in TRANSIT_MODES:
        seconds = np.where(random.random(metres.shape) < 0.1, np.nan, seconds + 600)
    share = np.isfinite(seconds)
    return TravelTimes(
        scenario=f"s{scenario}",
        mode=mode,
        origins=zones.ids,
        destinations=zones.ids,
        country_o=zones.countries,
        country_d=zones.countries,
        percentiles=PERCENTILES,
        time_s=np.stack([seconds * (0.8 + p / 250) for p in PERCENTILES], 2).astype(np.float32),
        share_reached=share.astype(np.float32),
        transfers_p50=np.where(share, 1, np.nan).astype(np.float32),
        outside=np.zeros(metres.shape, bool),
    )


def peak_mib() -> float:
    """Peak memory of this process; NaN where the system doesn't tell."""
    try:
        import resource  # noqa: PLC0415 – not on Windows
    except ImportError:
        return float("nan")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--zones", type=int, default=692)
    parser.add_argument("--scenarios", type=int, default=5)
    options = parser.parse_args()
    zones = draw_zones(options.zones)
    spent = {"indicators": [0.0, 0.0], "border": [0.0, 0.0]}
    rows = 0
    for scenario in range(options.scenarios):
        times = {mode: draw_times(zones, mode, scenario) for mode in MODES}
        wall, cpu = time.perf_counter(), time.process_time()
        accessibility = all_indicators(times, zones)
        middle, middle_cpu = time.perf_counter(), time.process_time()
        border = all_border(times, zones, accessibility=accessibility)
        end, end_cpu = time.perf_counter(), time.process_time()
        for name, a, b, c, d in (
            ("indicators", wall, middle, cpu, middle_cpu),
            ("border", middle, end, middle_cpu, end_cpu),
        ):
            spent[name][0] += b - a
            spent[name][1] += d - c
        rows += len(accessibility) + sum(len(table) for table in border.values())
    for name, (wall, cpu) in spent.items():
        print(f"{name:12} {wall:6.1f} s, processor {cpu:6.1f} s")
    print(f"{rows:,} rows, {len(MODES)} modes, peak memory {peak_mib():,.0f} MiB")


if __name__ == "__main__":
    main()
