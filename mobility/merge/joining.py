"""Pieces of one ride laid end to end: which chains of trips there are, and the joined trips."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mobility.feeds.model import Feeds
from mobility.merge.calls import calls_of
from mobility.merge.days import Roster
from mobility.merge.edit import keep_trips, with_trip_services
from mobility.merge.model import Bool, Int64, Text, texts

LONGEST_CHAIN = 40


@dataclass(frozen=True)
class Chain:
    """Trips ridden through one after the other, and the days (bits) on which that is so."""

    trips: tuple[int, ...]
    days: int


Links = Mapping[int, Sequence[tuple[int, int]]]
"""Trip → (trip it goes on as, bits of the days on which it does)."""


def chains(
    links: Links, days: Sequence[int], start: Sequence[int],
    *, may_follow: Callable[[tuple[int, ...], int], bool],
) -> list[Chain]:  # fmt: skip
    """Follow the links day by day, so that every trip on every day is in a chain.

    A trip that goes on as two is in two chains; one that goes on with other trips on other
    days is in a chain for each, and alone on the days it goes on with none.

    Parameters
    ----------
    links
        Which trip goes on as which, and when.
    days
        Bits of days per trip.
    start
        Trips that have a link in or out, by departure.
    may_follow
        Whether a trip may be put behind a chain.
    """
    found: list[Chain] = []
    reached: dict[int, int] = {}

    def follow(chain: tuple[int, ...], on: int) -> None:
        rest = on
        for after, when in links.get(chain[-1], ()):
            both = on & when & days[after]
            if both and len(chain) < LONGEST_CHAIN and may_follow(chain, after):
                reached[after] = reached.get(after, 0) | both
                follow((*chain, after), both)
                rest &= ~both
        if rest:
            found.append(Chain(chain, rest))

    for trip in start:
        # Days on which nothing led here yet; predecessors come first by departure.
        alone = days[trip] & ~reached.get(trip, 0)
        if alone:
            follow((trip,), alone)
    return found


def join_chains(feeds: Feeds, found: Sequence[Chain], matter: int) -> tuple[Feeds, dict[int, str]]:
    """Put one trip in the place of each chain of two or more.

    A piece that also runs alone on days that matter stays, on those days. The joined trip
    carries its pieces' ids joined by ``+``, and line, feed and direction of the piece with
    most stops; services run where all pieces do.

    Returns
    -------
    Feeds
        With the joined trips last, in the order of `found`.
    dict
        Number of the chain in `found` → id of the joined trip.
    """
    roster = Roster(feeds.services)
    service = feeds.trips["service"].to_numpy(np.int32)
    joined = [k for k, c in enumerate(found) if len(c.trips) > 1 and c.days & matter]
    if not joined:
        return feeds, {}
    pieces = {t for k in joined for t in found[k].trips}
    alone: dict[int, int] = {}
    for chain in found:
        if len(chain.trips) == 1 and chain.days & matter:
            alone[chain.trips[0]] = alone.get(chain.trips[0], 0) | chain.days
    ids = texts(feeds.trips["trip_id"])
    new_service = service.copy()
    for trip in sorted(alone.keys() & pieces, key=lambda t: str(ids[t])):
        new_service[trip] = roster.row(alone[trip], (int(service[trip]),))
    rows = [
        roster.row(found[k].days, tuple(dict.fromkeys(int(service[t]) for t in found[k].trips)))
        for k in joined
    ]
    named = _names([found[k] for k in joined], ids)
    services = roster.services()
    trips = _trip_rows(feeds, [found[k] for k in joined], named, rows, services.service_ids)
    times = _time_rows(feeds, [found[k] for k in joined], len(feeds.trips))
    keep = np.array([t not in pieces or t in alone for t in range(len(ids))], bool)
    changed = with_trip_services(feeds, new_service, services)
    changed = changed.with_tables(
        trips=_stack(changed.trips, trips),
        stop_times=_stack(changed.stop_times, times),
        transfers=_rules_of_joined(feeds, [found[k] for k in joined], keep),
    )
    kept = keep_trips(changed, np.r_[keep, np.ones(len(joined), bool)])
    return kept, dict(zip(joined, named, strict=True))


def _rules_of_joined(feeds: Feeds, found: Sequence[Chain], keep: Bool) -> pd.DataFrame:
    """Let rules between trips hold for the joined trips that end or begin with them."""
    rules = feeds.transfers
    from_trip, to_trip = (rules[c].to_numpy(np.int32).copy() for c in ("from_trip", "to_trip"))
    last = {c.trips[-1]: len(feeds.trips) + k for k, c in enumerate(found)}
    first = {c.trips[0]: len(feeds.trips) + k for k, c in enumerate(found)}
    for column, joined in ((from_trip, last), (to_trip, first)):
        for row in np.flatnonzero(column >= 0):
            if not keep[column[row]] and int(column[row]) in joined:
                column[row] = joined[int(column[row])]
    return rules.assign(from_trip=from_trip, to_trip=to_trip)


def _names(found: Sequence[Chain], ids: Text) -> list[str]:
    """Ids joined by +; the same pieces on other days get a number, so that ids stay unique."""
    taken: set[str] = set(ids)
    names = []
    for chain in found:
        base = name = "+".join(str(ids[t]) for t in chain.trips)
        count = 2
        while name in taken:
            name, count = f"{base}#{count}", count + 1
        taken.add(name)
        names.append(name)
    return names


def _stack(above: pd.DataFrame, below: pd.DataFrame) -> pd.DataFrame:
    both = pd.concat([above, below[above.columns.tolist()]], ignore_index=True)
    return both.astype(above.dtypes.to_dict())


def _trip_rows(
    feeds: Feeds, found: Sequence[Chain], names: Sequence[str], services: Sequence[int],
    service_ids: Text,
) -> pd.DataFrame:  # fmt: skip
    count = calls_of(feeds).count()
    ids = texts(feeds.trips["trip_id"])
    main = [min(c.trips, key=lambda t: (-int(count[t]), str(ids[t]))) for c in found]
    rows = feeds.trips.iloc[main].reset_index(drop=True)
    last = feeds.trips.iloc[[c.trips[-1] for c in found]].reset_index(drop=True)
    numbers, blocks = (texts(feeds.trips[c]) for c in ("short_name", "block_id"))
    return rows.assign(
        trip_id=list(names),
        service=np.array(services, np.int32),
        service_id=service_ids[list(services)],
        headsign=last["headsign"],
        short_name=["+".join(dict.fromkeys(numbers[t] for t in c.trips if numbers[t]))
                    for c in found],
        block_id=[blocks[c.trips[0]] if len({blocks[t] for t in c.trips}) == 1 else ""
                  for c in found],
        shape_id="",
    )  # fmt: skip


def _time_rows(feeds: Feeds, found: Sequence[Chain], first_row: int) -> pd.DataFrame:
    """Stop times of the joined trips, ascending by trip and sequence."""
    times = feeds.stop_times
    start = calls_of(feeds).row
    rows = np.concatenate([np.arange(start[t], start[t + 1]) for c in found for t in c.trips])
    piece = np.concatenate([[t] * (start[t + 1] - start[t]) for c in found for t in c.trips])
    trip = np.repeat(
        np.arange(len(found)) + first_row,
        [sum(int(start[t + 1] - start[t]) for t in c.trips) for c in found],
    )
    table = times.iloc[rows].assign(trip=trip.astype(np.int32)).reset_index(drop=True)
    joint = np.flatnonzero((trip[1:] == trip[:-1]) & (piece[1:] != piece[:-1]))
    return _weld(table, joint.astype(np.int64))


def _weld(table: pd.DataFrame, joint: Int64) -> pd.DataFrame:
    """Make the last row of a piece and the first of the next one halt.

    At the same stop one row is left; at two stops of one station both stay, the vehicle
    standing at either from arrival to departure, so that each can be changed at.
    """
    columns = {c: table[c].to_numpy().copy() for c in table.columns if c != "sequence"}
    ends, starts = joint, joint + 1
    same = columns["stop"][ends] == columns["stop"][starts]
    columns["arrival_s"][starts] = columns["arrival_s"][ends]
    # Getting off is the arriving piece's rule, getting on the departing one's, at both rows.
    columns["drop_off"][starts] = columns["drop_off"][ends]
    columns["pickup"][ends] = columns["pickup"][starts]
    columns["departure_s"][ends] = columns["arrival_s"][ends]
    _shift_distances(columns, ends, starts)
    keep = np.ones(len(table), bool)
    keep[ends[same]] = False
    trip = columns["trip"][keep]
    begin = np.searchsorted(trip, trip, side="left")
    sequence = (np.arange(len(trip)) - begin + 1).astype(table["sequence"].dtype)
    kept = {name: values[keep] for name, values in columns.items()} | {"sequence": sequence}
    return pd.DataFrame(kept)[table.columns.tolist()]


def _shift_distances(columns: dict[str, Text], ends: Int64, starts: Int64) -> None:
    """Let distances along the shape run on over the joint; unknown where a piece's is."""
    distance, trip = columns["shape_dist"], columns["trip"]
    for end, start in zip(ends, starts, strict=True):
        stop = int(np.searchsorted(trip, trip[start], side="right"))
        following = ends[(ends > start) & (ends < stop)]
        until = int(following[0]) + 1 if len(following) else stop
        distance[start:until] += distance[end] - distance[start]
