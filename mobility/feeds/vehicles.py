"""Trips that a vehicle goes on as: kept with the trip that serves the region."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.feeds.events import Events

MOST_JOINTS = 3
"""A ride of more pieces than that beyond the region is cut."""
LONGEST_DWELL_S = 900

Bools = npt.NDArray[np.bool_]


def with_continuations(
    serves: Bools, events: Events, block: npt.NDArray[np.object_], place: npt.NDArray[np.int32]
) -> Bools:
    """Let trips serve whose vehicle comes from, or goes on as, one that serves.

    Feeds cut a train's run where its number or its country changes; without this a ride that
    leaves the region would end at the first such cut.

    Parameters
    ----------
    serves
        bool per trip: calls inside the region.
    events
        Sorted by trip and sequence.
    block
        block_id per trip, blank where there is none.
    place
        Station of each stop: its parent, else itself.
    """
    first = events.first_rows()
    if not len(first):
        return serves
    last = np.r_[first[1:], len(events)] - 1
    ends = pd.DataFrame(
        {
            "trip": events.trip[first], "block": block[events.trip[first]],
            "from": place[events.stop[first]], "leaves_s": events.departure_s[first],
            "to": place[events.stop[last]], "comes_s": events.arrival_s[last],
        }
    )  # fmt: skip
    ends = ends[(ends["block"] != "").to_numpy()]
    joints = ends.merge(ends, left_on=["block", "to"], right_on=["block", "from"])
    dwell_s = joints["leaves_s_y"] - joints["comes_s_x"]
    near = (dwell_s.between(0, LONGEST_DWELL_S) & (joints["trip_x"] != joints["trip_y"])).to_numpy()
    a, b = joints["trip_x"].to_numpy()[near], joints["trip_y"].to_numpy()[near]
    found = serves.copy()
    for _ in range(MOST_JOINTS):
        more = found.copy()
        more[b[found[a]]] = True
        more[a[found[b]]] = True
        if (more == found).all():
            break
        found = more
    return found
