"""Through-running within a feed: the same vehicle by block_id, or transfers of type 4 and 5."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from mobility.feeds.model import Feeds
from mobility.merge.calls import template_trips
from mobility.merge.days import days_that_matter
from mobility.merge.ends import LONGEST_DWELL_S, Ends, ends_of, stitched_row, turns_back
from mobility.merge.joining import Chain, chains, join_chains
from mobility.merge.model import TRIPS_STITCHED, Bool, Int32, rows_of, texts

IN_SEAT, NOT_IN_SEAT = 4, 5


@dataclass
class Found:
    """Links as they are gathered: trip → (trip it goes on as, days), and how each was known."""

    links: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    way: dict[tuple[int, int], tuple[str, str]] = field(default_factory=dict)
    certain: set[tuple[int, int]] = field(default_factory=set)
    other: list[dict[str, object]] = field(default_factory=list)

    def add(
        self, a: int, b: int, days: int, way: str, reason: str, *, certain: bool = False
    ) -> None:
        """Note that `a` goes on as `b` on `days`; if certain, even where it turns back."""
        if certain:
            self.certain.add((a, b))
        if (a, b) not in self.way and days:
            self.links.setdefault(a, []).append((b, days))
            self.way[(a, b)] = (way, reason)

    def linked(self) -> set[int]:
        """Trips with a link in or out."""
        return {t for pair in self.way for t in pair}


def run_through(feeds: Feeds, station: Int32, *, day: dt.date | None) -> tuple[Feeds, pd.DataFrame]:
    """Join the trips of one feed that one vehicle rides without the traveller getting off.

    Known from transfers of type 4, or from one `block_id`: the next trip of the block that
    day begins where and at most 15 minutes after the one before ended, and doesn't turn back.
    Type 5 forbids. Where a trip goes on as two, each gets its own joined trip.

    Parameters
    ----------
    feeds
        Feeds.
    station
        int32 (n_stops,): what counts as one station.
    day
        Days that matter; None, all.

    Returns
    -------
    Feeds
        With joined trips in the place of their pieces.
    pandas.DataFrame
        `TRIPS_STITCHED` rows.
    """
    ends = ends_of(feeds, station)
    template = template_trips(feeds)
    found = Found()
    forbidden = _by_rule(feeds, ends, template, found)
    _by_block(feeds, ends, template, forbidden, found)
    return join_found(feeds, ends, found, day)


def join_found(
    feeds: Feeds, ends: Ends, found: Found, day: dt.date | None
) -> tuple[Feeds, pd.DataFrame]:
    """Join along the links found and write the evidence, a row per joint."""
    ids = texts(feeds.trips["trip_id"])
    for trip, onward in found.links.items():
        found.links[trip] = sorted(onward, key=lambda link: (ends.begins_s(link[0]), ids[link[0]]))

    def may_follow(chain: tuple[int, ...], after: int) -> bool:
        if after in chain:
            return False
        if (chain[-1], after) in found.certain:
            return True
        return not turns_back(ends, chain, after)

    start = ends.in_time_order(found.linked(), ids)
    laid = chains(found.links, ends.days, start, may_follow=may_follow)
    merged, names = join_chains(feeds, laid, days_that_matter(feeds.services, day))
    rows = found.other + _joined_rows(ends, found, laid, names)
    table = rows_of(TRIPS_STITCHED, rows)
    order = ["decision", "arrival_s", "trip_a", "trip_b", "trip"]
    return merged, table.sort_values(order, kind="stable").reset_index(drop=True)


def _joined_rows(
    ends: Ends, found: Found, laid: list[Chain], names: dict[int, str]
) -> list[dict[str, object]]:
    rows = []
    for k, name in names.items():
        chain = laid[k]
        for a, b in zip(chain.trips[:-1], chain.trips[1:], strict=True):
            way, reason = found.way[(a, b)]
            rows.append(
                stitched_row(
                    ends, a, b, decision="joined", way=way, reason=reason,
                    days=chain.days, trip=name,
                )
            )  # fmt: skip
    return rows


def _by_rule(feeds: Feeds, ends: Ends, template: Bool, found: Found) -> set[tuple[int, int]]:
    """Links from transfers of type 4; returns the pairs that type 5 forbids."""
    rules = feeds.transfers
    forbidden: set[tuple[int, int]] = set()
    known = (rules["from_trip"] >= 0) & (rules["to_trip"] >= 0)
    special = rules[known & rules["transfer_type"].isin([IN_SEAT, NOT_IN_SEAT])]
    kinds = zip(
        special["from_trip"].tolist(), special["to_trip"].tolist(),
        special["transfer_type"].tolist(), strict=True,
    )  # fmt: skip
    pairs = sorted(set(kinds))
    forbidden.update((a, b) for a, b, kind in pairs if kind == NOT_IN_SEAT)
    for a, b in sorted(forbidden):
        found.other.append(
            stitched_row(ends, a, b, decision="forbidden", way="transfers",
                         reason="transfers.txt, type 5", days=ends.days[a] & ends.days[b])
        )  # fmt: skip
    for a, b, kind in pairs:
        if kind != IN_SEAT or (a, b) in forbidden:
            continue
        both = ends.days[a] & ends.days[b]
        dwell = ends.begins_s(b) - ends.ends_s(a)
        doubt = (
            "headways without times" if template[a] or template[b]
            else "never on the same day" if not both
            else "departs before the other arrives" if dwell < 0
            else ""
        )  # fmt: skip
        if doubt:
            found.other.append(
                stitched_row(ends, a, b, decision="doubtful", way="transfers",
                             reason=doubt, days=both)
            )  # fmt: skip
        else:
            found.add(a, b, both, "transfers", "transfers.txt, type 4", certain=True)
    return forbidden


def _by_block(
    feeds: Feeds, ends: Ends, template: Bool, forbidden: set[tuple[int, int]], found: Found
) -> None:
    ids, block = texts(feeds.trips["trip_id"]), texts(feeds.trips["block_id"])
    feed = texts(feeds.trips["feed"])
    blocks: dict[tuple[str, str], list[int]] = {}
    for trip in np.flatnonzero((block != "").astype(bool) & ~template):
        blocks.setdefault((feed[trip], block[trip]), []).append(int(trip))
    for trips in blocks.values():
        if len(trips) > 1:
            trips.sort(key=lambda t: (ends.begins_s(t), ends.ends_s(t), ids[t]))
            for k, a in enumerate(trips):
                _next_in_block(ends, a, trips[k + 1 :], forbidden, found)


def _next_in_block(
    ends: Ends, a: int, later: list[int], forbidden: set[tuple[int, int]], found: Found
) -> None:
    """Link a trip to the next of its block, day by day; to several that leave together."""
    open_days = ends.days[a]
    k = 0
    while k < len(later) and open_days:
        begins = ends.begins_s(later[k])
        if begins - ends.ends_s(a) > LONGEST_DWELL_S:
            return
        used = 0
        while k < len(later) and ends.begins_s(later[k]) == begins:
            b = later[k]
            k += 1
            both = open_days & ends.days[b]
            if begins < ends.ends_s(a) or not both or (a, b) in forbidden:
                continue
            used |= both
            if ends.place[ends.last[a]] == ends.place[ends.first[b]]:
                found.add(a, b, both, "block", "same vehicle by block_id")
        open_days &= ~used
