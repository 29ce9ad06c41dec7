"""Streets changed: closed, opened, retagged, slowed. Each returns a new network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.errors import MobilityError, Problem
from mobility.streets.build import rebuild_graphs
from mobility.streets.judging import CLOSED_TO, OPEN_TO, SET_KPH
from mobility.streets.model import GRAPH_MODES, Int64, StreetNetwork
from mobility.streets.reading import freeze

Tags = Mapping[str, str]


def close_edges(
    streets: StreetNetwork, edges: npt.ArrayLike, *, modes: Sequence[str] = GRAPH_MODES
) -> StreetNetwork:
    """Close edges to some modes, or to all; raises `MobilityError` for an unknown mode."""
    _known_modes(modes)

    def close(tags: Tags) -> Tags:
        return {
            **_without(tags, OPEN_TO, modes),
            CLOSED_TO: _joined(tags.get(CLOSED_TO, ""), modes),
        }

    return _retag(streets, edges, close, modes)


def open_edges(
    streets: StreetNetwork, edges: npt.ArrayLike, *, modes: Sequence[str] = GRAPH_MODES
) -> StreetNetwork:
    """Open edges to some modes in both directions, whatever the law made of them."""
    _known_modes(modes)

    def reopen(tags: Tags) -> Tags:
        return {
            **_without(tags, CLOSED_TO, modes),
            OPEN_TO: _joined(tags.get(OPEN_TO, ""), modes),
        }

    return _retag(streets, edges, reopen, modes)


def change_edges(
    streets: StreetNetwork, edges: npt.ArrayLike, tags: Mapping[str, str | None]
) -> StreetNetwork:
    """Give edges other OSM tags; the rules then judge and time them afresh.

    Parameters
    ----------
    streets
        Network; stays as it is.
    edges
        Edge numbers.
    tags
        Tags to set; None takes a tag away. Example: a zone 30 is
        ``{"maxspeed": "30", "maxspeed:forward": None, "maxspeed:backward": None}``.
    """

    def change(old: Tags) -> Tags:
        new = {key: value for key, value in old.items() if key not in tags}
        return {**new, **{key: value for key, value in tags.items() if value is not None}}

    return _retag(streets, edges, change, GRAPH_MODES)


def set_speed(streets: StreetNetwork, edges: npt.ArrayLike, mode: str, kph: float) -> StreetNetwork:
    """Set the moving speed of one mode on edges; delays at their ends stay.

    Raises
    ------
    MobilityError
        The mode is unknown, or the speed is not above zero.
    """
    _known_modes((mode,))
    if not kph > 0:
        raise MobilityError(Problem("speed", f"{kph} km/h", "more than 0", "Close the street"))
    return _retag(streets, edges, lambda tags: {**tags, f"{SET_KPH}{mode}": f"{kph:g}"}, (mode,))


def _known_modes(modes: Iterable[str]) -> None:
    for mode in modes:
        if mode not in GRAPH_MODES:
            raise MobilityError(Problem("street mode", mode, f"one of {GRAPH_MODES}"))


def _joined(old: str, modes: Iterable[str]) -> str:
    return ";".join(sorted({*filter(None, old.split(";")), *modes}))


def _without(tags: Tags, key: str, modes: Iterable[str]) -> dict[str, str]:
    left = sorted({*filter(None, tags.get(key, "").split(";"))} - set(modes))
    new = {name: value for name, value in tags.items() if name != key}
    return {**new, key: ";".join(left)} if left else new


def _retag(
    streets: StreetNetwork,
    edges: npt.ArrayLike,
    change: Callable[[Tags], Tags],
    modes: Sequence[str],
) -> StreetNetwork:
    """Give edges changed tags. Ways that are changed in part are divided into two rows."""
    chosen = np.unique(np.asarray(edges, np.int64))
    if not len(chosen):
        return streets
    old_ways, place = np.unique(streets.edge_way[chosen], return_inverse=True)
    old_sets = streets.ways["tagset"].to_numpy(np.int64)[old_ways]
    tagsets, new_sets = add_tagsets(streets.tagsets, old_sets, change)
    rows = streets.ways.iloc[old_ways].copy()
    rows["tagset"] = new_sets
    rows["highway"] = [
        tagsets[row].get("highway", "") or tagsets[row].get("route", "") for row in new_sets
    ]
    edge_way = streets.edge_way.copy()
    edge_way[chosen] = (len(streets.ways) + place).astype(np.int32)
    ways = pd.concat([streets.ways, rows], ignore_index=True)
    return freeze(
        rebuild_graphs(replace(streets, ways=ways, edge_way=edge_way, tagsets=tagsets), modes)
    )


def add_tagsets(
    tagsets: tuple[Tags, ...], old: Int64, change: Callable[[Tags], Tags]
) -> tuple[tuple[Tags, ...], npt.NDArray[np.int32]]:
    """Tag sets with the changed ones added, and the row of each changed one."""
    known = {tuple(sorted(tags.items())): row for row, tags in enumerate(tagsets)}
    new = list(tagsets)
    found = {}
    for row in np.unique(old).tolist():
        changed = dict(change(tagsets[row]))
        key = tuple(sorted(changed.items()))
        if key not in known:
            known[key] = len(new)
            new.append(changed)
        found[row] = known[key]
    return tuple(new), np.array([found[row] for row in old.tolist()], np.int32)
