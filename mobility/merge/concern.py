"""The trips that merging can concern, set apart from the many that it can't."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mobility.feeds.model import Feeds
from mobility.merge.calls import calls_of, feed_numbers, trip_modes
from mobility.merge.edit import keep_trips
from mobility.merge.model import Bool, Int32, distinct_pairs, texts


@dataclass(frozen=True)
class Parted:
    """Feeds in two: `work` has the trips of concern, `rest` all others.

    Stops, routes, services and transfers are whole in `work`.
    """

    whole: Feeds
    work: Feeds
    rest: Feeds

    def together(self, done: Feeds) -> Feeds:
        """Lay the worked-on trips behind the others; the very same feeds if none changed."""
        if done is self.work:
            return self.whole
        offset = len(self.rest.trips)
        rules = done.transfers
        moved = {
            column: np.where(rules[column] >= 0, rules[column] + offset, -1).astype(np.int32)
            for column in ("from_trip", "to_trip")
        }
        return done.with_tables(
            trips=_below(self.rest.trips, done.trips),
            stop_times=_below(self.rest.stop_times, _shifted(done.stop_times, offset)),
            frequencies=_below(self.rest.frequencies, _shifted(done.frequencies, offset)),
            transfers=rules.assign(**moved),
        )


def part(feeds: Feeds, station: Int32) -> Parted:
    """Set apart the trips that call where another feed's do, by the same mode, or have a block.

    Only those can have a duplicate or go on as another trip, and only those say which of the
    shared stations a feed knows.
    """
    concern = _concern(feeds, station)
    if concern.all():
        return Parted(feeds, feeds, keep_trips(feeds, ~concern))
    return Parted(feeds, keep_trips(feeds, concern), keep_trips(feeds, ~concern))


def _concern(feeds: Feeds, station: Int32) -> Bool:
    calls = calls_of(feeds)
    feed = feed_numbers(feeds, texts(feeds.trips["feed"]))
    mode, names = pd.factorize(trip_modes(feeds), sort=True)
    # A station is another one for each mode: a bus is no duplicate of the train it waits for.
    at = station[calls.stop].astype(np.int64) * max(1, len(names)) + mode[calls.trip]
    stations, _ = distinct_pairs(at, feed[calls.trip])
    shared = np.bincount(stations, minlength=int(at.max(initial=-1)) + 1) > 1
    concern = (texts(feeds.trips["block_id"]) != "").astype(bool)
    concern[calls.trip[shared[at]]] = True
    for column in ("from_trip", "to_trip"):
        trips = feeds.transfers[column].to_numpy()
        concern[trips[trips >= 0]] = True
    return np.asarray(concern, bool)


def _shifted(table: pd.DataFrame, offset: int) -> pd.DataFrame:
    return table.assign(trip=(table["trip"].to_numpy() + offset).astype(np.int32))


def _below(above: pd.DataFrame, below: pd.DataFrame) -> pd.DataFrame:
    both = pd.concat([above, below[above.columns.tolist()]], ignore_index=True)
    return both.astype(above.dtypes.to_dict())
