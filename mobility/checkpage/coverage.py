"""Whether the streets cover the zones, and the stops among them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from mobility.merge import Merged
from mobility.merge.problems import Problems
from mobility.streets import StreetNetwork, snap
from mobility.words import marked
from mobility.zones import Zones

MODES = ("walk", "bike", "ebike", "car")
WORTH_A_LOOK = 0.01
"""Share of a feed's stops off the streets from which it is a warning, not a note."""


def with_coverage(
    merged: Merged, streets: StreetNetwork, zones: Zones, *, max_snap_m: float
) -> Merged:
    """Add what the streets don't reach to the problems of a merge.

    A zone off the streets of every mode is an error, as it is in a run. Stops count that are
    served and lie among the zones: nobody can walk to one off the streets.

    Parameters
    ----------
    merged
        Result of `mobility.merge.merge_feeds`.
    streets, zones
        Of the region.
    max_snap_m
        How far a point may lie from a street.
    """
    problems = Problems()
    far = np.ones(len(zones.ids), bool)
    for mode in (mode for mode in MODES if mode in streets.graphs):
        far &= snap(streets, mode, zones.lon, zones.lat, max_m=max_snap_m).edge < 0
    problems.add(
        "error", "", "zones", marked("zone too far from any street"), count=int(far.sum()),
        examples=tuple(f"{zones.ids[k]} {zones.names[k]}" for k in np.flatnonzero(far)[:3]),
        cure=marked("leave it out, add an extract that covers it, or raise max_snap_m"),
    )  # fmt: skip
    _stops(merged, streets, zones, max_snap_m, problems)
    known = merged.evidence["problems"]
    found = problems.table()
    if not len(found):
        return merged
    rank = {"error": 0, "warning": 1, "note": 2}
    table = pd.concat([found, known], ignore_index=True)
    table = table.sort_values("severity", key=lambda s: s.map(rank), kind="stable")
    return replace(merged, evidence={**merged.evidence, "problems": table.reset_index(drop=True)})


def _stops(
    merged: Merged, streets: StreetNetwork, zones: Zones, max_snap_m: float, problems: Problems
) -> None:
    stops = merged.feeds.stops
    lon, lat = stops["lon"].to_numpy(np.float64), stops["lat"].to_numpy(np.float64)
    served = np.zeros(len(stops), bool)
    served[merged.feeds.stop_times["stop"].to_numpy()] = True
    among = served & (zones.lon.min() <= lon) & (lon <= zones.lon.max())
    among &= (zones.lat.min() <= lat) & (lat <= zones.lat.max())
    rows = np.flatnonzero(among)
    off = np.zeros(len(stops), bool)
    off[rows] = snap(streets, "walk", lon[rows], lat[rows], max_m=max_snap_m).edge < 0
    feed = stops["feed"].to_numpy(object)
    for name in sorted(set(feed[off])):
        mine = off & (feed == name)
        share = mine.sum() / (among & (feed == name)).sum()
        problems.by_feed(
            "warning" if share > WORTH_A_LOOK else "note", stops, mine, "stops.txt",
            marked("stop among the zones that is too far from any street to walk to"),
            marked("kept"), marked("add an extract that covers it"),
        )  # fmt: skip
