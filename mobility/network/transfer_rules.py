"""transfers.txt: what the operators say about changing, applied over the walked transfers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mobility.feeds.model import Feeds

Int32 = npt.NDArray[np.int32]

RECOMMENDED, TIMED, MINIMUM, FORBIDDEN = 0, 1, 2, 3


@dataclass(frozen=True)
class Pairs:
    """Transfers as loose rows: `from_stop`, `to_stop` (stop numbers) and `time_s`, int32 (n,)."""

    from_stop: Int32
    to_stop: Int32
    time_s: Int32


def station_members(feeds: Feeds, numbers_of: Mapping[str, list[int]]) -> dict[int, list[int]]:
    """List the timetable's stops that a row of ``stops.txt`` stands for.

    A platform stands for itself; a station for itself (where trips call at it) and all its
    platforms.

    `numbers_of` gives the stop numbers of a stop_id: several where stops are split by ticket.

    Returns
    -------
    dict
        Row of `feeds.stops` → ascending stop numbers in the timetable.
    """
    ids = feeds.stops["stop_id"].to_numpy(object)
    parents = feeds.stops["parent"].to_numpy()
    members: dict[int, list[int]] = {}
    for row, (stop_id, parent) in enumerate(zip(ids, parents, strict=True)):
        numbers = numbers_of.get(stop_id, [])
        if numbers:
            members.setdefault(row, []).extend(numbers)
            if parent >= 0:
                members.setdefault(int(parent), []).extend(numbers)
    return {row: sorted(set(numbers)) for row, numbers in members.items()}


def stated_pairs(
    feeds: Feeds, numbers_of: Mapping[str, list[int]]
) -> tuple[Pairs, set[tuple[int, int]], dict[str, int]]:
    """Read transfers.txt as stop pairs.

    Only rules between stops or stations count here: types 4 and 5 are joined by the merge,
    and rules for single trips or routes can't be held by stop pairs; both are counted. So is
    a type 2 that leaves its minimum blank: it states nothing, and the walk holds.

    Returns
    -------
    Pairs
        Pairs with a stated time: type 2 its minimum, type 1 (the vehicle waits) zero.
    set
        Forbidden pairs (type 3).
    dict
        Reason → number of rows that were left aside.
    """
    rules = feeds.transfers
    special = (
        (rules["from_trip"] >= 0) | (rules["to_trip"] >= 0)
        | (rules["from_route"] >= 0) | (rules["to_route"] >= 0)
    )  # fmt: skip
    no_time = ~special & (rules["transfer_type"] == MINIMUM) & (rules["min_transfer_s"] < 0)
    counts = {
        "transfers.txt: rules for single trips or routes": int(
            (special & (rules["transfer_type"] <= FORBIDDEN)).sum()
        ),
        "transfers.txt: least time left blank": int(no_time.sum()),
    }
    members = station_members(feeds, numbers_of)
    stating = rules["transfer_type"].isin([TIMED, MINIMUM, FORBIDDEN])
    usable = rules[~special & ~no_time & stating]
    stated: dict[tuple[int, int], int] = {}
    forbidden: set[tuple[int, int]] = set()
    # A rule between platforms is more exact than one between stations, so it comes last.
    exactness = [
        len(members.get(a, ())) * len(members.get(b, ()))
        for a, b in zip(usable["from_stop"], usable["to_stop"], strict=True)
    ]
    order = np.argsort(-np.asarray(exactness, np.int64), kind="stable")
    for row in usable.iloc[order].itertuples(index=False):
        pairs = [
            (a, b)
            for a in members.get(int(row.from_stop), ())
            for b in members.get(int(row.to_stop), ())
        ]
        if row.transfer_type == FORBIDDEN:
            forbidden.update(pairs)
            continue
        time_s = 0 if row.transfer_type == TIMED else int(row.min_transfer_s)
        for pair in pairs:
            stated[pair] = time_s
            forbidden.discard(pair)
    return _as_pairs(stated), forbidden, counts


def hub_pairs(feeds: Feeds, numbers_of: Mapping[str, list[int]], hubs: Mapping[str, int]) -> Pairs:
    """Lay a scenario's station transfer times out as stop pairs.

    `hubs` maps a stop_id (platform or station) to seconds; a station's time holds between all
    its platforms, each to itself included.
    """
    members = station_members(feeds, numbers_of)
    row_of = {stop_id: row for row, stop_id in enumerate(feeds.stops["stop_id"])}
    stated = {
        (a, b): int(time_s)
        for hub, time_s in sorted(hubs.items())
        for a in members.get(row_of[hub], ())
        for b in members.get(row_of[hub], ())
    }
    return _as_pairs(stated)


def _as_pairs(stated: Mapping[tuple[int, int], int]) -> Pairs:
    keys = np.array(sorted(stated), np.int32).reshape(-1, 2)
    times = np.array([stated[(a, b)] for a, b in keys.tolist()], np.int32)
    return Pairs(keys[:, 0], keys[:, 1], times)
