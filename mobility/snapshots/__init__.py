"""Snapshots and years: what a run's data are of, and what changed between two of them."""

from mobility.snapshots.changes import access_changes, line_changes, stop_changes, supply_summary
from mobility.snapshots.naming import snapshot_of
from mobility.snapshots.series import Snapshot, series
from mobility.snapshots.supply import supply_lines, supply_stops

__all__ = [
    "Snapshot",
    "access_changes",
    "line_changes",
    "series",
    "snapshot_of",
    "stop_changes",
    "supply_lines",
    "supply_stops",
    "supply_summary",
]
