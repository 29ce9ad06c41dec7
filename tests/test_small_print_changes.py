"""Places of the changes that a slip of one sign or number would have passed."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from changes_toy import calls, hm, toy_feeds
from test_changes_policy import run

from mobility.changes import meet, missing_links
from mobility.errors import ScenarioError


def test_a_line_is_asked_for_by_its_second_stop_too() -> None:
    line = {"short_name": "R1", "serves": [{"id": "be:A"}, {"near": "Nowhere"}]}
    with pytest.raises(ScenarioError) as error:
        run({"kind": "shift-timetable", "lines": [line], "shift_s": 60})
    (problem,) = error.value.problems
    assert problem.where.endswith(".lines[1].serves[2]")


def test_a_link_between_neighbours_takes_a_minute_at_least() -> None:
    # 0.5 km at 60 km/h are 30 s, every 40 s: rounded up to what a timetable can hold
    feeds = toy_feeds()
    places = missing_links.Centres(
        names=np.array(["one", "two"], object), countries=np.array(["BE", "NL"], object),
        people=np.ones(2), lon=np.array([5.2, 5.3]), lat=np.array([51.0, 51.0]),
    )  # fmt: skip
    near = np.zeros((2, len(feeds.stops)), bool)
    near[0, 2] = near[1, 3] = True  # Ce and Hub
    pair = SimpleNamespace(one=0, two=1, km=0.5)
    grown, name = missing_links._with_line(feeds, places, near, pair, ("bus", 40.0, 60.0))
    there, second = calls(grown, name)[0], calls(grown, name)[2]
    assert there == [(there[0][0], hm("6:00"), hm("6:00")), (there[1][0], hm("6:01"), hm("6:01"))]
    assert second[0][2] == hm("6:01")


def test_a_line_that_does_not_run_that_day_is_not_met_elsewhere() -> None:
    # Bus X runs from Ce to Hub and is shifted at Hub; at its other end it meets R1, if that runs.
    feeds = toy_feeds()
    line = np.flatnonzero(feeds.routes["route_id"] == "be:X")
    mine = np.flatnonzero(feeds.trips["route"] == line[0])
    on = np.ones(len(feeds.trips), bool)
    at = np.array([3])
    assert len(meet._other_hubs(feeds, at, mine, line, on)) == 1
    on[feeds.trips["route"] == 0] = False
    assert meet._other_hubs(feeds, at, mine, line, on) == []
