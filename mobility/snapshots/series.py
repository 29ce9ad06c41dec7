"""Many snapshots in a row: the figures of each, for the report on objective 2B."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

SUPPLY = ("lines", "crossing_lines", "departures", "crossing_departures", "stops")


@dataclass(frozen=True)
class Snapshot:
    """One run of the scenario.

    Parameters
    ----------
    name
        Of the snapshot, as `snapshot_of` gives it.
    day
        Day it is of: of the newest fetched file, else the service day.
    lines, stops
        `supply_lines` and `supply_stops` of the run.
    figures
        The border figures of the run: ``key, value, unit``.
    """

    name: str
    day: str
    lines: pd.DataFrame
    stops: pd.DataFrame
    figures: pd.DataFrame


def series(snapshots: Sequence[Snapshot]) -> pd.DataFrame:
    """Lay the figures of all snapshots out, oldest first.

    Returns
    -------
    ``snapshot, day, key, value, unit``: supply keys (lines, crossing_lines, departures,
    crossing_departures, stops), then the border figures.
    """
    rows: list[tuple[str, str, str, float, str]] = []
    for shot in sorted(snapshots, key=lambda one: (one.day, one.name)):
        crossing = shot.lines["crossing"].astype(bool)
        counts = (
            len(shot.lines),
            int(crossing.sum()),
            int(shot.lines["departures"].sum()),
            int(shot.lines["departures"][crossing].sum()),
            int(shot.stops["stop_id"].nunique()),
        )
        rows += [
            (shot.name, shot.day, key, float(value), "")
            for key, value in zip(SUPPLY, counts, strict=True)
        ]
        rows += [
            (shot.name, shot.day, str(row.key), float(row.value), str(row.unit))
            for row in shot.figures.itertuples(index=False)
        ]
    return pd.DataFrame(rows, columns=["snapshot", "day", "key", "value", "unit"])
