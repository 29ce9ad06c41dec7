"""Errors in feeds: mended or left out, each counted; and what is no error."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from worlds_merge import DAY, Text, build, rides

from mobility.feeds.model import FeedSource
from mobility.merge import merge_feeds, repair
from mobility.merge.checks import check_agencies, check_feeds
from mobility.scenario.model import MergeEntry

STOPS = "a 5.00 51.00 A\nb 5.02 51.02 B\nc 5.04 51.04 C\nd 5.06 51.06 D\ne 5.08 51.08 E"


def one(
    stops: str = STOPS, trips: str = "t B wk | a 7:00 | b 7:05 | c 7:10", **more: object
) -> Text:
    return Text("x", "BE", stops, more.pop("routes", "B bus"), trips, **more)


def said(table, problem):
    rows = table[table["problem"] == problem]
    return dict(zip(rows["feed"], rows["count"], strict=True))


def checked(*texts: Text, day: dt.date | None = DAY):
    return check_feeds(build(*texts), day=day, timezone="Europe/Amsterdam").table()


def test_swapped_coordinates_are_swapped_back():
    feeds, _, problems = repair(build(one(STOPS.replace("5.04 51.04", "51.04 5.04"))))
    assert feeds.stops.loc[2, ["lon", "lat"]].tolist() == [5.04, 51.04]
    assert said(problems.table(), "longitude and latitude swapped") == {"x": 1}


def test_a_far_stop_is_not_swapped_but_said():
    # Lisbon is far away, but swapping would not bring it home.
    far = one(STOPS.replace("5.04 51.04", "-9.14 38.72"))
    feeds, _, problems = repair(build(far))
    assert feeds.stops.loc[2, ["lon", "lat"]].tolist() == [-9.14, 38.72]
    assert len(problems.table()) == 0
    # The bus is there five minutes after b.
    assert said(checked(far), "faster than 350 km/h between two stops") == {"x": 1}
    assert said(checked(one()), "faster than 350 km/h between two stops") == {}


def test_a_stop_at_0_0_is_put_at_its_station_or_between_its_neighbours():
    stops = (
        STOPS.replace("5.02 51.02", "0.0 0.0") + "\nP 5.2 51.2 Plein; type=1\np 0 0 Plein; parent=P"
    )
    feeds, _, problems = repair(build(one(stops, "t B wk | a 7:00 | b 7:05 | c 7:10 | p 7:15")))
    at = feeds.stops.set_index("stop_id")
    assert at.loc["x:p", ["lon", "lat"]].tolist() == [5.2, 51.2]
    # The middle of a (5.00, 51.00) and c (5.04, 51.04).
    assert at.loc["x:b", ["lon", "lat"]].tolist() == pytest.approx([5.02, 51.02])
    done = problems.table().set_index("done")["count"].to_dict()
    assert done == {"put where its station is": 1, "put between its neighbours": 1}


def test_times_that_go_back_and_trips_of_one_stop_are_left_out():
    trips = "t B wk | a 7:00 | b 7:05\nu B wk | a 7:00 | b 6:50 | c 7:10\nv B wk | a 7:10/7:05 | b 7:20\nw B wk | c 7:00"
    feeds, dropped, problems = repair(build(one(trips=trips)))
    assert list(rides(feeds)) == ["x:t"]
    reasons = dict(zip(dropped["trip"], dropped["reason"], strict=True))
    assert reasons == {"x:u": "times go back", "x:v": "times go back", "x:w": "trip of one stop"}
    assert dropped["rows"].sum() == 6  # 3 + 2 + 1
    assert said(problems.table(), "times go back") == {"x": 2}


def test_a_dwell_and_equal_times_are_no_error():
    feeds, dropped, problems = repair(build(one(trips="t B wk | a 7:00 | b 7:00/7:10 | c 7:10")))
    assert (len(feeds.trips), len(dropped), len(problems.table())) == (1, 0, 0)


def test_speeds_above_350_kph_and_below_walking_are_counted():
    # a to c is 5.26 km: 7 minutes is 45 km/h, 2 h is 2.6 km/h; a to z 111 km in 5 minutes.
    stops = STOPS + "\nz 5.00 52.00 Z"
    table = checked(
        one(stops, "t B wk | a 7:00 | c 7:07\nu B wk | a 7:00 | c 9:00\nv B wk | a 7:00 | z 7:05")
    )
    assert said(table, "faster than 350 km/h between two stops") == {"x": 1}
    assert said(table, "slower than walking between two stops") == {"x": 1}
    examples = table.set_index("problem")["examples"]
    assert examples["faster than 350 km/h between two stops"] == "x:a → x:z"


def test_a_fast_train_and_whole_minutes_are_no_error():
    # 111 km in 21 minutes is 318 km/h; 1.1 km within one minute of the timetable is no 350 km/h.
    stops = STOPS + "\nz 5.00 52.00 Z\ny 5.0 51.01 Y"
    table = checked(one(stops, "t B wk | a 7:00 | z 7:21\nu B wk | a 7:00 | y 7:00"))
    assert said(table, "faster than 350 km/h between two stops") == {}


def test_unused_stops_are_counted_but_not_platforms_of_a_used_station():
    stops = (
        STOPS + "\nP 5.2 51.2 Plein; type=1\np 5.2 51.2 Plein; parent=P\nq 5.2 51.2 Plein; parent=P"
    )
    table = checked(one(stops, "t B wk | a 7:00 | b 7:05 | p 7:10"))
    assert said(table, "stop that no trip serves on the day") == {"x": 3}  # c, d, e


def test_a_day_outside_the_calendar_is_an_error_and_its_end_a_note():
    inside = said(checked(one()), "the day is outside the feed's calendar")
    assert inside == {}
    late = checked(one(), day=dt.date(2020, 3, 1))
    assert said(late, "the day is outside the feed's calendar") == {"x": 1}
    assert late.loc[
        late["problem"] == "the day is outside the feed's calendar", "severity"
    ].tolist() == ["error"]
    soon = checked(one(), day=dt.date(2019, 11, 26))  # the calendar ends on 1 December
    assert said(soon, "the feed's calendar ends soon after the day") == {"x": 1}


def test_a_feed_without_a_trip_is_an_error():
    table = checked(one(trips=""))
    assert said(table, "no trip on the day in the region") == {"x": 1}
    assert table["severity"].iloc[0] == "error"


def test_the_same_id_twice_is_an_error():
    feeds = build(one())
    stops = feeds.stops.assign(stop_id=["x:a", "x:a", "x:c", "x:d", "x:e"])
    table = check_feeds(
        feeds.with_tables(stops=stops), day=DAY, timezone="Europe/Amsterdam"
    ).table()
    assert said(table, "the same id twice") == {"x": 1}


def test_what_reading_left_out_and_another_zone_are_repeated():
    feeds = build(one())
    source: FeedSource = replace(
        feeds.sources[0], dropped={"stops.txt: no position": 3}, repaired={"routes.txt: type": 2},
        clock_shift_s=3600, agency_timezone="Europe/London", notes=("read on another day",),
    )  # fmt: skip
    table = check_feeds(
        replace(feeds, sources=(source,)), day=DAY, timezone="Europe/Amsterdam"
    ).table()
    rows = {(r.problem, r.count, r.done) for r in table.itertuples(index=False)}
    assert ("no position", 3, "left out while reading") in rows
    assert ("type", 2, "mended while reading") in rows
    assert ("times in another zone than the region's", 1, "converted") in rows
    assert ("read on another day", 1, "") in rows


AGENCIES = Text(
    "nl", "NL", "a 5.0 51.5 A; country=NL\nb 5.1 51.6 B; country=NL\nc 6.2 51.5 C; country=DE\nd 6.3 51.6 D; country=DE",
    "R rail agency=NS\nQ rail agency=Eurobahn\nB rail agency=Arriva",
    "t R wk | a 7:00 | b 7:10\nu Q wk | c 7:00 | d 7:10\nv B wk | a 7:00 | c 7:30",
)  # fmt: skip


def test_an_agency_that_runs_only_abroad_is_found():
    problems, found = check_agencies(build(AGENCIES), {})
    assert found == {"nl": ("nl:Eurobahn",)}  # Arriva crosses the border and is at home too
    assert problems.table()["examples"].tolist() == ["Eurobahn"]


def test_an_allowed_one_stays_and_with_a_list_the_others_go():
    feeds = build(AGENCIES)
    kept = merge_feeds(feeds, day=DAY, timezone="Europe/Amsterdam")
    assert sorted(rides(kept.feeds)) == ["nl:t", "nl:u", "nl:v"]
    allowed = merge_feeds(
        feeds, day=DAY, timezone="Europe/Amsterdam", foreign_agencies={"nl": ("Eurobahn",)}
    )
    assert "nl:u" in rides(allowed.feeds)
    other = merge_feeds(
        feeds, day=DAY, timezone="Europe/Amsterdam", foreign_agencies={"nl": ("VIAS",)}
    )
    assert sorted(rides(other.feeds)) == ["nl:t", "nl:v"]
    assert other.evidence["trips_dropped"]["trip"].tolist() == ["nl:u"]


def test_repairs_can_be_switched_off():
    feeds = build(one(trips="t B wk | a 7:00 | b 7:05\nw B wk | c 7:00"))
    merged = merge_feeds(
        feeds, day=DAY, timezone="Europe/Amsterdam", options=MergeEntry(repair=False)
    )
    assert len(merged.feeds.trips) == 2
    assert "repair" not in set(merged.evidence["balance"]["step"])


def test_repair_does_not_change_its_input():
    feeds = build(
        one(STOPS.replace("5.04 51.04", "51.04 5.04"), "t B wk | a 7:00 | c 7:05\nw B wk | c 7:00")
    )
    before = {name: getattr(feeds, name).copy() for name in ("stops", "trips", "stop_times")}
    repair(feeds)
    assert all(getattr(feeds, name).equals(table) for name, table in before.items())
    assert np.isfinite(feeds.stops["lon"]).all()
