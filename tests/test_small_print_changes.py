"""Places of the changes that a slip of one sign or number would have passed."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from changes_toy import DAY, calls, hm, toy_feeds
from test_changes_policy import form, run

from mobility.changes import (
    Effect,
    describe_counts,
    disruption,
    meet,
    missing_links,
    norms,
    reshape,
    service_cost,
)
from mobility.changes.select import Finder
from mobility.errors import ScenarioError
from mobility.scenario.selectors import StopRef


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


def test_lines_are_found_by_all_the_stops_they_serve() -> None:
    line = {"serves": [{"id": "be:A"}, {"id": "be:C"}]}  # R1; X calls at Ce only
    applied = run({"kind": "shift-timetable", "lines": [line], "shift_s": 60})
    assert applied.effects[0].routes == ("be:R1",)
    with pytest.raises(ScenarioError, match="no line that serves"):
        run({"kind": "shift-timetable", "lines": [{"serves": [{"id": "be:A"}, {"id": "nl:D"}]}],
             "shift_s": 60})  # fmt: skip


def test_of_stops_of_one_name_the_busiest_is_meant() -> None:
    feeds = toy_feeds()
    names = feeds.stops["name"].replace({"Hub, Station": "Hub"})
    finder = Finder(feeds.with_tables(stops=feeds.stops.assign(name=names)), "x")
    assert (
        finder.stop(StopRef(near="Hub"), "at") == 3
    )  # eleven trips call there, one at the bus stop
    assert finder.stops(StopRef(near="Hub", mode="rail"), "at").tolist() == [3]
    busier = feeds.stop_times.assign(stop=feeds.stop_times["stop"].replace({3: 5, 5: 3}))
    finder = Finder(finder.feeds.with_tables(stop_times=busier), "x")
    assert finder.stop(StopRef(near="Hub"), "at") == 5


@pytest.mark.parametrize(("stops", "more"), [(5, ""), (6, " and 1 more"), (7, " and 2 more")])
def test_five_places_of_a_name_are_listed(stops, more) -> None:
    finder = Finder(toy_feeds(), "x")
    finder._ambiguous("at", StopRef(near="e"), np.arange(stops))
    (problem,) = finder.problems
    listed = problem.found.partition("each other: ")[2]
    assert listed.startswith("Ae (be:A), Be (be:B), Ce (be:C), ")
    assert listed.count("(") == 5
    assert listed.endswith(")" + more)


def test_a_new_stop_has_no_station_above_it() -> None:
    applied = run({
        "kind": "add-line", "id": "new", "mode": "bus", "headway_s": 3600, "first": "07:00",
        "last": "08:00", "run_s": [300],
        "stops": [{"near": "Ce"}, {"lon": 5.25, "lat": 51.0, "name": "Nieuw"}],
    })  # fmt: skip
    assert applied.supply.feeds.stops["parent"].tolist() == [-1] * 8


def test_the_hours_of_a_headway_line_cut_at_the_border_are_those_of_its_first_stop() -> None:
    # Bus 7 leaves Hub every 20 min, 6:00–10:00, and goes on: Ef 400 s to Ce, 600 s to Ae.
    longer = run({
        "kind": "extend-line", "lines": [{"short_name": "7"}], "at": {"id": "nl:E"},
        "stops": [{"id": "be:C"}, {"id": "be:A"}], "run_s": [400, 600], "both_ways": False,
    }).supply  # fmt: skip
    stand_s = 60  # at Ef, and at Ce, as lines stand that are led on
    closed = form({"kind": "disruption", "border": True})
    feeds = disruption._cut_at_border(longer, closed, frozenset())[0].feeds
    to_ce_s = 900 + stand_s + 400 + stand_s
    assert feeds.frequencies[["start_s", "end_s"]].to_numpy().tolist() == [
        [hm("6:00"), hm("10:00")], [hm("6:00") + to_ce_s, hm("10:00") + to_ce_s],
    ]  # fmt: skip
    assert [[c[0] for c in trip] for trip in calls(feeds, "nl:7")] == [
        ["nl:HB", "nl:E"], ["be:C", "be:A"],
    ]  # fmt: skip


def test_where_the_hub_does_not_care_the_other_hubs_decide() -> None:
    none = np.empty(0, np.int64)
    hub = meet.Calls(none, none, none, none)
    # Elsewhere the line comes at 0, ready at 180 s, and the other leaves at 780: ten minutes later.
    other = meet.Calls(np.array([0]), none, none, np.array([780]))
    assert meet.best_shift_s(hub, [other], 180, "both") == 600


def test_a_headway_of_a_single_departure_is_none() -> None:
    feeds = toy_feeds()
    once = feeds.frequencies.assign(
        end_s=feeds.frequencies["start_s"] + 1200
    )  # as long as a headway
    lines = norms.lines_of_day(feeds.with_tables(frequencies=once), np.ones(len(feeds.trips), bool))
    row = lines.table.set_index("route").loc[2]
    assert row["departures"] == 1
    assert np.isnan(row["headway_s"])


def test_the_hours_of_two_headways_of_a_line_are_written_out_one_after_the_other() -> None:
    # 7: from 6:00 to 7:00 every 20 min, 3 runs; from 7:00 to 9:00 every 60 min, 2 runs of 900 s.
    feeds = toy_feeds()
    table = feeds.frequencies
    two = table.loc[[0, 0]].reset_index(drop=True)
    two = two.assign(
        start_s=np.int32([hm("6:00"), hm("7:00")]), end_s=np.int32([hm("7:00"), hm("9:00")]),
        headway_s=np.int32([1200, 3600]),
    )  # fmt: skip
    runs = service_cost._departures(feeds.with_tables(frequencies=two), DAY)
    runs = runs[runs["route"] == 2]
    assert runs["start_s"].tolist() == [hm(t) for t in ("6:00", "6:20", "6:40", "7:00", "8:00")]
    assert (runs["end_s"] - runs["start_s"]).tolist() == [900] * 5


def test_what_a_new_line_costs_is_all_more() -> None:
    after = service_cost.service_cost(toy_feeds(), DAY)
    before = after[after["route_id"] != "be:X"]
    (row,) = service_cost.cost_difference(before, after).itertuples()
    assert (row.route_id, row.departures, row.peak_vehicles) == ("be:X", 2, 1)


def test_counts_are_told_with_one_decimal() -> None:
    counts = {"hub_wait_before_s": 90.26, "trips_changed": 2}
    assert "90.3" in describe_counts(Effect("meet", "x", counts), "en")


def test_a_headway_is_changed_in_its_hours_only() -> None:
    table = {"kind": "change-headway", "lines": [{"short_name": "7"}], "headway_s": 600}
    with pytest.raises(ScenarioError, match="affects nothing"):
        run({**table, "period": {"start": "11:00", "end": "12:00"}})


def test_ends_of_a_stretch_are_those_of_trips_that_serve_both() -> None:
    feeds = toy_feeds()
    first, second = reshape._between(feeds, (np.array([0]), np.array([2])))  # from Ae to Ce
    there = (feeds.trips["route"] == 0) & (feeds.trips["direction"] == 0)
    assert (second >= 0).tolist() == there.tolist()
    assert (second - first)[there].tolist() == [2] * 5
    starts_there = there | (feeds.trips["route"] == 0)
    assert (first[~starts_there.to_numpy()] == -1).all()
