"""Ferries: which edges they are, whether they sail on the day, how long they take."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mobility.streets.hours import duration_s, open_on
from mobility.streets.law import TABLE_OF_MODE, read_table
from mobility.streets.model import Bool, Float64, Int32, StreetNetwork


def is_ferry(tags: Mapping[str, str]) -> bool:
    """Whether a way is a ferry line."""
    return tags.get("route") == "ferry" or tags.get("highway") == "ferry"


def ferry_edges(streets: StreetNetwork) -> Bool:
    """Edges that are ferries, bool (n_edges,)."""
    ferry = np.array([is_ferry(tags) for tags in streets.tagsets], bool)
    return np.asarray(ferry[streets.ways["tagset"].to_numpy()][streets.edge_way], bool)


def closed_ferries(streets: StreetNetwork, ferry: Bool) -> tuple[Bool, dict[str, int]]:
    """Ferry edges that do not sail on the network's date, and what was found, counted.

    Without a date every ferry sails. Opening hours beyond the simple forms count as open.
    """
    day = streets.settings.date
    state = np.zeros(len(streets.tagsets), np.int8)
    if day is not None:
        for row, tags in enumerate(streets.tagsets):
            if is_ferry(tags) and "opening_hours" in tags:
                found = open_on(tags["opening_hours"], day)
                state[row] = 2 if found is None else int(not found)
    of_edge = state[streets.ways["tagset"].to_numpy()][streets.edge_way]
    closed = ferry & (of_edge == 1)
    counts = {
        "ferry edges": int(ferry.sum()),
        "ferry edges closed on the day": int(closed.sum()),
        "ferry edges with hours beyond the simple forms, taken as open": int(
            (ferry & (of_edge == 2)).sum()
        ),
    }
    return closed, {name: count for name, count in counts.items() if count}


def ferry_ms(streets: StreetNetwork, mode: str, ferry: Bool) -> tuple[Int32, Int32]:
    """Times over each ferry edge, boarding at its start and at its end.

    The crossing takes the way's ``duration``, shared out over its edges by length, else its
    length at the table's speed. The wait is half the ``interval``, else the table's; it is
    paid where one comes from land, with the time to get on.

    Returns
    -------
    forward_ms, backward_ms
        int32 (n_edges,); 0 where the edge is no ferry.
    """
    row = next(r for r in read_table("ferries") if r["mode"] == TABLE_OF_MODE[mode])
    tagset = streets.ways["tagset"].to_numpy()[streets.edge_way]
    duration = np.array([duration_s(tags.get("duration", "")) for tags in streets.tagsets])
    interval = np.array([duration_s(tags.get("interval", "")) for tags in streets.tagsets])
    way_m = np.bincount(
        streets.edge_way, weights=streets.edge_length_m, minlength=len(streets.ways)
    )[streets.edge_way]
    share = streets.edge_length_m / np.maximum(way_m, 1e-9)
    sailing: Float64 = np.where(
        np.isnan(duration[tagset]),
        streets.edge_length_m / (float(row["kph"]) / 3.6),
        duration[tagset] * share,
    )
    wait = np.where(np.isnan(interval), float(row["wait_s"]), interval / 2)[tagset]
    boarding = wait + float(row["board_s"])
    land = np.zeros(len(streets.node_id), bool)
    land[streets.edge_from[~ferry]] = land[streets.edge_to[~ferry]] = True

    def total(board_at: Int32) -> Int32:
        seconds = sailing + np.where(land[board_at], boarding, 0)
        return np.where(ferry, np.rint(seconds * 1000), 0).astype(np.int32)

    return total(streets.edge_from), total(streets.edge_to)
