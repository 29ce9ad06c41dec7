"""Four zones in two countries, and matrices from plain lists of minutes.

::

    NL   A ── B          people  A 100, B 200, C 400, D 800
         │     │         jobs    A  10, B  20, C  40, D  80
    ─────┼─────┼─────
    BE   C ── D          minutes: see MINUTES; None is unreachable
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mobility.tables import TravelTimes
from mobility.zones import Zones

MINUTES = [
    [0, 10, 20, None],
    [10, 0, 30, 40],
    [20, 30, 0, 10],
    [None, 50, 10, 0],
]


def make_zones(countries="NL NL BE BE", people=(100, 200, 400, 800), towns="a a c d", **columns):
    n = len(people)
    table = {"population": people, "jobs": [p / 10 for p in people]} | columns
    return Zones(
        ids=np.array(list("ABCDEFGHIJ"[:n]), object),
        names=np.array([f"zone {x}" for x in "ABCDEFGHIJ"[:n]], object),
        countries=np.array([c.strip("-") for c in countries.split()], object),
        municipalities=np.array(towns.split(), object),
        lon=5.0 + 0.1 * (np.arange(n) % 2),
        lat=51.0 - 0.1 * (np.arange(n) // 2),
        opportunities=pd.DataFrame({k: np.asarray(v, float) for k, v in table.items()}),
    )


def make_times(minutes=MINUTES, zones=None, mode="pt", percentiles=(50,), spread=0.0, **fields):
    """Matrix whose percentile p is the median times 1 + spread · (p − 50)/50."""
    zones = make_zones() if zones is None else zones
    table = np.array([[np.nan if m is None else m for m in row] for row in minutes], float)
    table = table.reshape(len(zones.ids), len(zones.ids)) * 60
    time_s = np.stack([table * (1 + spread * (p - 50) / 50) for p in percentiles], axis=2)
    reached = np.isfinite(table)
    columns = {
        "scenario": "base",
        "mode": mode,
        "origins": zones.ids,
        "destinations": zones.ids,
        "country_o": zones.countries,
        "country_d": zones.countries,
        "percentiles": percentiles,
        "time_s": time_s.astype(np.float32),
        "share_reached": reached.astype(np.float32),
        "transfers_p50": np.where(reached, 0, np.nan).astype(np.float32),
        "outside": np.zeros(table.shape, bool),
    }
    return TravelTimes(**(columns | fields))


def values(table, indicator, **where):
    """Values of one indicator, in the order of the zones."""
    rows = table[table["indicator"] == indicator]
    for column, wanted in where.items():
        rows = rows[rows[column] == wanted]
    return rows["value"].to_numpy()


def frozen(times, zones):
    """All that a function could spoil, as bytes."""
    arrays = [times.time_s, times.share_reached, times.transfers_p50, times.outside, zones.lon]
    return [a.tobytes() for a in arrays] + [zones.opportunities.to_csv(), list(zones.ids)]
