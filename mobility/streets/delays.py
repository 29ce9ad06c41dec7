"""What standing still costs, and which barriers let whom pass: by node."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from mobility.streets.law import TABLE_OF_MODE, read_table
from mobility.streets.model import Bool, Int32, StreetNetwork

_HIERARCHY = {
    "walk": ("access", "foot"),
    "bike": ("access", "vehicle", "bicycle"),
    "speed_pedelec": ("access", "vehicle", "motor_vehicle", "moped", "speed_pedelec"),
    "car": ("access", "vehicle", "motor_vehicle", "motorcar"),
}
_CLOSED_VALUES = frozenset(
    ("no", "private", "agricultural", "forestry", "military", "emergency", "psv", "bus")
) | {"use_sidepath"}
_RANKS = {
    "motorway": 5, "motorway_link": 5, "trunk": 4, "trunk_link": 4, "primary": 3,
    "primary_link": 3, "secondary": 2, "secondary_link": 2, "tertiary": 1, "tertiary_link": 1,
}  # fmt: skip
_FOOTWAYS = frozenset({"footway", "path", "cycleway", "pedestrian", "steps", "bridleway", "track"})


@lru_cache(maxsize=1)
def _delay_table() -> Mapping[tuple[str, str], int]:
    return {
        (row["mode"], row["cause"]): round(float(row["seconds"]) * 1000)
        for row in read_table("delays")
    }


@lru_cache(maxsize=1)
def _barrier_table() -> Mapping[str, Mapping[str, str]]:
    return {row["barrier"]: row for row in read_table("barriers")}


def passes(tags: Mapping[str, str], mode: str) -> bool:
    """Whether a mode may pass a node with these tags.

    The barrier's kind decides unless an access tag does; the most specific tag has the last
    word. A locked gate and an unknown barrier without access tags close to cars alone.
    """
    if "barrier" not in tags:
        return True
    table = TABLE_OF_MODE[mode]
    row = _barrier_table().get(tags["barrier"])
    allowed = row[table] == "yes" if row else table != "car"
    if tags.get("locked") == "yes":
        allowed = allowed and table not in {"car", "speed_pedelec"}
    for key in _HIERARCHY[table]:
        if key in tags:
            allowed = tags[key] not in _CLOSED_VALUES
    return allowed


def barrier_known(kind: str) -> bool:
    """Whether the barrier table has a row of this kind."""
    return kind in _barrier_table()


def blocked_nodes(streets: StreetNetwork, mode: str) -> Bool:
    """Nodes with a barrier that a mode can't pass, bool (n_nodes,)."""
    closed = np.array([not passes(tags, mode) for tags in streets.node_tagsets], bool)
    return closed[streets.node_tags]


def _cause(tags: Mapping[str, str]) -> str:
    """Name what slows one at a node; empty where nothing does."""
    highway = tags.get("highway", "")
    signals = "traffic_signals" in (highway, tags.get("crossing", ""))
    if signals or tags.get("crossing:signals") == "yes":
        return "traffic_signals"
    if highway in {"stop", "give_way", "mini_roundabout", "crossing"}:
        return highway
    if tags.get("railway") in {"level_crossing", "crossing"}:
        return "level_crossing"
    if tags.get("crossing", "no") != "no":
        return "crossing"
    return ""


def class_ranks(streets: StreetNetwork) -> npt.NDArray[np.int8]:
    """Rank of each edge among roads, 5 for motorways to 0 for the smallest, int8 (n_edges,)."""
    highway = streets.ways["highway"]
    ranks = highway.map(_RANKS).fillna(0).to_numpy(np.int8)
    return np.asarray(ranks[streets.edge_way], np.int8)


def on_foot_ways(streets: StreetNetwork) -> Bool:
    """Edges that are no carriageway, bool (n_edges,)."""
    chosen = streets.ways["highway"].isin(_FOOTWAYS).to_numpy(bool)
    return np.asarray(chosen[streets.edge_way], bool)


def node_delays_ms(
    streets: StreetNetwork, mode: str, rank: npt.NDArray[np.int8], urban: Bool, usable: Bool
) -> tuple[Int32, Int32]:
    """Delay at the end of each edge, travelled forward and backward.

    Parameters
    ----------
    streets
        Network; its graphs are not read.
    mode
        Mode whose delays are meant.
    rank
        From `class_ranks`.
    urban
        bool (n_edges,): built-up surroundings, where equal junctions slow cars.
    usable
        bool (n_edges,): open to the mode; only such streets make a junction for it.

    Returns
    -------
    forward_ms, backward_ms
        int32 (n_edges,): delay on reaching `edge_to` and `edge_from`.
    """
    table = _delay_table()
    by_tags = np.array(
        [table.get((mode, _cause(tags)), 0) for tags in streets.node_tagsets], np.int32
    )
    barrier = np.array([_barrier_ms(tags) for tags in streets.node_tagsets], np.int32)
    signals = np.array([_cause(tags) == "traffic_signals" for tags in streets.node_tagsets], bool)
    mere_crossing = np.array([_cause(tags) == "crossing" for tags in streets.node_tagsets], bool)
    n = len(streets.node_id)
    highest = np.zeros(n, np.int8)
    np.maximum.at(highest, streets.edge_from, rank)
    np.maximum.at(highest, streets.edge_to, rank)
    degree = np.bincount(streets.edge_from[usable], minlength=n) + np.bincount(
        streets.edge_to[usable], minlength=n
    )
    footway = on_foot_ways(streets)
    onto, equal = table.get((mode, "onto_main_road"), 0), table.get((mode, "junction"), 0)

    def at(node: Int32) -> Int32:
        tags = streets.node_tags[node]
        delay = by_tags[tags]
        if mode == "walk":
            # Who walks along a street does not wait where others cross it.
            delay = np.where(footway, delay, 0)
        elif mode != "car":
            delay = np.where(mere_crossing[tags] & ~footway, 0, delay)
        free = ~signals[tags] & (degree[node] > 2)
        minor = free & (rank < highest[node]) & ~(by_tags[tags] > 0)
        if mode == "walk":
            minor &= footway
        delay = delay + np.where(minor, onto, 0)
        delay = delay + np.where(free & ~minor & urban & (rank == highest[node]), equal, 0)
        return np.asarray(delay + barrier[tags], np.int32)

    return at(streets.edge_to), at(streets.edge_from)


def _barrier_ms(tags: Mapping[str, str]) -> int:
    row = _barrier_table().get(tags.get("barrier", ""))
    return 0 if row is None else round(float(row["delay_s"]) * 1000)
