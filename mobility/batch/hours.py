"""Departures of the day by hour and operator, of a network and of finished runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mobility.batch.results import RunData, join_rows
from mobility.border.from_timetable import events
from mobility.charts import departures_by_hour as by_clock_hour
from mobility.timetable import Timetable

HOURS = ("operator", "hour", "departures")


def supply_hours(timetable: Timetable) -> pd.DataFrame:
    """Count the trips that start in each clock hour of the timetable's own day.

    Returns
    -------
    ``operator, hour, departures``; sorted, without hours in which none starts.
    """
    calls = events(timetable)
    operators = timetable.routes["operator"].astype(str).to_numpy(object)
    trips = pd.DataFrame({"trip": calls.trip, "route": calls.route, "at": calls.departure_s})
    first = trips.sort_values(["trip", "at"], kind="stable").drop_duplicates("trip")
    starts = first.assign(operator=operators[first["route"].to_numpy()])
    rows = [
        (operator, hour, int(count))
        for operator, group in starts.groupby("operator", sort=True)
        for hour, count in enumerate(by_clock_hour(group["at"].to_numpy(np.int64)))
        if count
    ]
    return pd.DataFrame(rows, columns=list(HOURS))


def departures_by_hour(results: Sequence[RunData]) -> pd.DataFrame:
    """Stack the hours of several runs: ``scenario, operator, hour, departures``."""
    tables = [
        run.supply["hours"].assign(scenario=run.name) for run in results if "hours" in run.supply
    ]
    return join_rows(tables)
