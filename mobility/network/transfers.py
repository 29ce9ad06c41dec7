"""Transfers between all stops of all operators: walked, then corrected by what is stated."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from mobility.feeds.model import Feeds
from mobility.network.model import Int32, Reach, Transfers
from mobility.network.transfer_rules import Pairs, hub_pairs, stated_pairs


def build_transfers(
    walked: Reach,
    feeds: Feeds,
    stop_ids: npt.NDArray[np.object_],
    hubs: Mapping[str, int],
    min_transfer_s: int,
    penalty_s: Callable[[Int32, Int32], Int32],
) -> tuple[Transfers, dict[str, int]]:
    """Make the transfer table of a network.

    A walked transfer takes the walk, and at least `min_transfer_s`; so does a change
    at one stop. transfers.txt replaces the times it states and takes out what it forbids; a
    scenario's hub times come last.

    Parameters
    ----------
    walked
        Stop pairs on the walk network.
    feeds
        Merged feeds: station membership and transfers.txt.
    stop_ids
        object (n_stops,), ids in the timetable's order.
    hubs
        stop_id → seconds within that station, from a scenario.
    min_transfer_s
        Least time for any change that is not stated otherwise.
    penalty_s
        Added seconds for changing ticket, from two arrays of stop numbers.

    Returns
    -------
    Transfers
        Ascending by stop, then stop changed to.
    dict
        What was left aside, reason → count.
    """
    n_stops = len(stop_ids)
    numbers_of: dict[str, list[int]] = {}
    for number, stop_id in enumerate(stop_ids):
        numbers_of.setdefault(stop_id, []).append(number)
    stated, forbidden, counts = stated_pairs(feeds, numbers_of)
    hub = hub_pairs(feeds, numbers_of, hubs) if hubs else Pairs(*(np.empty(0, np.int32),) * 3)

    own = np.arange(n_stops, dtype=np.int32)
    moved = walked.origin != walked.destination
    layers = [
        (own, own, np.full(n_stops, min_transfer_s, np.int32)),
        (
            walked.origin[moved],
            walked.destination[moved],
            np.maximum(walked.time_s[moved], min_transfer_s).astype(np.int32),
        ),
        (stated.from_stop, stated.to_stop, stated.time_s),
        (hub.from_stop, hub.to_stop, hub.time_s),
    ]
    key, time_s = _last_layer_wins(layers, n_stops)
    if forbidden:
        barred = np.array([a * n_stops + b for a, b in forbidden], np.int64)
        keep = ~np.isin(key, barred)
        key, time_s = key[keep], time_s[keep]
    counts["transfers.txt: forbidden pairs"] = len(forbidden)
    from_stop, to_stop = key // max(n_stops, 1), key % max(n_stops, 1)
    time_s = time_s + penalty_s(from_stop.astype(np.int32), to_stop.astype(np.int32))
    return _compressed(key, time_s, n_stops), counts


def _last_layer_wins(
    layers: list[tuple[Int32, Int32, Int32]], n_stops: int
) -> tuple[npt.NDArray[np.int64], Int32]:
    key = np.concatenate([a.astype(np.int64) * n_stops + b for a, b, _ in layers])
    rank = np.repeat(np.arange(len(layers)), [len(a) for a, _, _ in layers])
    time_s = np.concatenate([t for _, _, t in layers])
    order = np.lexsort((rank, key))
    key, time_s = key[order], time_s[order]
    last = np.ones(len(key), bool)
    last[:-1] = key[1:] != key[:-1]
    return key[last], time_s[last]


def _compressed(key: npt.NDArray[np.int64], time_s: Int32, n_stops: int) -> Transfers:
    offset = np.zeros(n_stops + 1, np.int32)
    np.cumsum(np.bincount(key // max(n_stops, 1), minlength=n_stops), out=offset[1:])
    to_stop = (key % max(n_stops, 1)).astype(np.int32)
    time_s = time_s.astype(np.int32)
    for array in (offset, to_stop, time_s):
        array.setflags(write=False)
    return Transfers(offset, to_stop, time_s)
