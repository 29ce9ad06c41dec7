"""Where trips begin and end, and what joining two of them would mean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mobility.feeds.model import Feeds
from mobility.merge.calls import Calls, calls_of
from mobility.merge.days import as_bits
from mobility.merge.model import Int32, Labels, Text, labels_of

LONGEST_DWELL_S = 900


@dataclass(frozen=True)
class Ends:
    """First and last call of every trip.

    Parameters
    ----------
    calls
        Calls of all trips.
    place
        Station of each call.
    first, last
        Row of the first and last call of each trip.
    days
        Bits of days per trip.
    labels
        What trips, lines and stops are called.
    """

    calls: Calls
    place: Int32
    first: Int32
    last: Int32
    days: list[int]
    labels: Labels

    def begins_s(self, trip: int) -> int:
        """Departure at the first call."""
        return int(self.calls.departure_s[self.first[trip]])

    def ends_s(self, trip: int) -> int:
        """Arrival at the last call."""
        return int(self.calls.arrival_s[self.last[trip]])

    def stations(self, trip: int) -> list[int]:
        """Stations of all calls."""
        return [int(s) for s in self.place[self.calls.of(trip)]]

    def in_time_order(self, trips: set[int], ids: Text) -> list[int]:
        """Trips by departure, then arrival, then id."""
        return sorted(trips, key=lambda t: (self.begins_s(t), self.ends_s(t), str(ids[t])))


def ends_of(feeds: Feeds, station: Int32) -> Ends:
    """Take the ends of all trips."""
    calls = calls_of(feeds)
    bits = as_bits(feeds.services)
    first = calls.first[:-1].astype(np.int32)
    last = (calls.first[1:] - 1).astype(np.int32)
    days = [bits[s] for s in feeds.trips["service"].to_numpy()]
    return Ends(calls, station[calls.stop], first, last, days, labels_of(feeds))


def turns_back(ends: Ends, chain: tuple[int, ...], after: int) -> bool:
    """Say whether a trip goes back over the chain's way, as a vehicle does at its terminus.

    That is so if its second call is the chain's last but one, or if the chain has been at
    more than half of its stations.
    """
    before = ends.stations(chain[-1])
    onward = ends.stations(after)
    if len(before) > 1 and len(onward) > 1 and before[-2] == onward[1]:
        return True
    been = {s for trip in chain for s in ends.stations(trip)} - {onward[0]}
    again = [s for s in onward[1:] if s in been]
    return 2 * len(again) > len(onward) - 1


def stitched_row(
    ends: Ends, a: int, b: int, *, decision: str, way: str, reason: str,
    days: int, trip: str = "",
) -> dict[str, object]:  # fmt: skip
    """One row of `TRIPS_STITCHED`."""
    names = ends.labels
    stop = int(ends.calls.stop[ends.last[a]])
    return {
        "trip": trip, "decision": decision, "way": way,
        "trip_a": names.trip[a], "trip_b": names.trip[b],
        "line_a": names.line[names.route_of[a]], "line_b": names.line[names.route_of[b]],
        "at_stop": names.stop[stop],
        "stop_name": names.stop_name[stop] or names.stop[stop],
        "arrival_s": ends.ends_s(a), "departure_s": ends.begins_s(b),
        "dwell_s": ends.begins_s(b) - ends.ends_s(a), "days": days.bit_count(), "reason": reason,
    }  # fmt: skip
