"""Lines over the border, and calendars side by side."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from shapely.geometry import MultiPolygon, box
from worlds_merge import DAY, Text, build, seconds

from mobility.merge import cross_border_lines, merge_feeds
from mobility.merge.inventory import calendar_table
from mobility.merge.places import place_stops
from mobility.zones import Countries

STOPS = """a 5.00 51.50 Tilburg; country=NL
    b 5.00 51.45 Goirle; country=NL
    c 5.00 51.40 Poppel; country=BE
    d 5.00 51.30 Turnhout; country=BE
    u 5.00 51.42 Op zee; country="""


def lines(text: Text, day: dt.date | None = DAY):
    return cross_border_lines(build(text), day=day)


def test_a_line_over_the_border_has_a_row_per_direction():
    trips = "\n".join(
        f"x{h} L wk | a {h}:00 | b {h}:10 | c {h}:20 | d {h}:40" for h in range(7, 11)
    )
    trips += "\ny L wk | d 8:00 | c 8:20 | b 8:30 | a 8:40\nz M wk | a 8:00 | b 8:10"
    found = lines(
        Text("be", "BE", STOPS, "L bus short=450 long=Turnhout agency=DeLijn\nM bus short=1", trips)
    )
    assert found["line"].tolist() == ["be:L", "be:L"]
    there, back = found.iloc[1], found.iloc[0]
    assert (there.country_from, there.country_to, back.country_from) == ("NL", "BE", "BE")
    assert (there.last_stop_before, there.first_stop_after) == ("be:b", "be:c")
    assert (there.from_stop, there.to_stop) == ("be:a", "be:d")
    assert there.stops_by_country == "BE 2, NL 2"
    assert (there.departures, back.departures) == (4, 1)
    # Four departures in 7:10, 8:10, 9:10, 10:10: one an hour.
    assert (there.first_departure_s, there.last_departure_s) == (seconds("7:10"), seconds("10:10"))
    assert there.departures_per_hour == pytest.approx(1.0)
    assert (there.operator, there.short_name, there.times) == ("DeLijn", "450", "timetable")
    # Five of seven days in eight weeks: 40 of 56, 40 × 365 / 56 = 260.7 a year.
    assert (there.days_running, there.days_in_feed) == (40, 56)
    assert there.days_per_year == pytest.approx(260.714, abs=0.001)


def test_a_line_within_one_country_or_to_an_unplaced_stop_is_none():
    found = lines(
        Text(
            "be",
            "BE",
            STOPS,
            "L bus",
            "x L wk | a 7:00 | b 7:10\ny L wk | c 7:00 | u 7:10 | d 7:20",
        )
    )
    assert len(found) == 0


def test_an_unplaced_stop_at_the_border_is_passed_over():
    found = lines(
        Text("be", "BE", STOPS, "L bus", "x L wk | a 7:00 | b 7:10 | u 7:15 | c 7:20")
    ).iloc[0]
    assert (found.last_stop_before, found.first_stop_after, found.crossings) == ("be:b", "be:c", 1)


def test_headways_are_multiplied_out():
    text = Text(
        "be", "BE", STOPS, "L bus", "x L wk | a 0:00 | b 0:10 | c 0:20", "x 6:00 20:00 1800"
    )
    found = lines(text).iloc[0]
    # 14 h at 30 minutes: 28 runs, the last from a at 19:30, at the border ten minutes later.
    assert (found.departures, found.times) == (28, "headways")
    assert (found.first_departure_s, found.last_departure_s) == (seconds("6:10"), seconds("19:40"))
    assert found.departures_per_hour == pytest.approx(28 / 14.5)


def test_modelled_times_are_said_to_be_so():
    text = Text("nl", "NL", STOPS, "L bus", "x L wk | a 7:00 | b 7:10 | c 7:20")
    for modelled, times in (((), "timetable"), (("nl",), "modelled"), (("be",), "timetable")):
        found = cross_border_lines(build(text), day=DAY, modelled=modelled)
        assert found["times"].tolist() == [times]


def test_only_trips_of_the_day_are_counted():
    text = Text("be", "BE", STOPS, "L bus", "x L tue | b 7:00 | c 7:20\ny L mon | b 8:00 | c 8:20")
    assert lines(text)["departures"].tolist() == [1]
    assert lines(text, None)["departures"].tolist() == [2]


def test_enclaves_are_what_they_are():
    # A Belgian enclave inside the Netherlands, south of which Belgium begins.
    netherlands = box(4.9, 51.40, 5.1, 51.6).difference(box(4.98, 51.44, 5.02, 51.46))
    belgium = MultiPolygon([box(4.9, 51.2, 5.1, 51.40), box(4.98, 51.44, 5.02, 51.46)])
    countries = Countries({"NL": netherlands, "BE": belgium})
    stops = "n 5.0 51.50 Nassau\nh 5.0 51.45 Hertog\nm 5.0 51.43 Molen\nt 5.0 51.30 Turnhout"
    feeds = build(Text("be", "BE", stops, "L bus", "x L wk | n 7:00 | h 7:05 | m 7:10 | t 7:30"))
    placed = place_stops(feeds, countries)
    assert placed.stops["country"].tolist() == ["NL", "BE", "NL", "BE"]
    found = cross_border_lines(placed, day=DAY).iloc[0]
    assert (found.crossings, found.countries, found.country_from, found.country_to) == (
        3,
        "NL+BE",
        "NL",
        "BE",
    )
    assert (found.last_stop_before, found.first_stop_after) == ("be:n", "be:h")


def test_beyond_the_polygons_a_station_number_tells_the_country():
    countries = Countries({"BE": box(4.9, 51.2, 5.1, 51.4)})
    stops = "8400058 4.90 52.37 Amsterdam\nq 4.5 52.0 Elders\nd 5.0 51.3 Turnhout"
    placed = place_stops(build(Text("be", "BE", stops, "R rail", "")), countries)
    assert placed.stops["country"].tolist() == ["NL", "BE", "BE"]


def test_a_line_joined_of_two_runs_when_both_do():
    nl = Text(
        "nl",
        "NL",
        "a 5 52 A\nm 5.4 51.4 Maarheeze",
        "R rail short=S43",
        "p R daily | a 7:00 | m 7:40",
    )
    be = Text("be", "BE", "m 5.4 51.4 Maarheeze; country=NL\nh 5.5 51.2 Hamont\ns 5.6 51 S", "R rail short=S43",
              "q R wk | m 7:45 | h 8:00 | s 8:20")  # fmt: skip
    merged = merge_feeds(build(nl, be), day=DAY, timezone="Europe/Amsterdam")
    found = merged.evidence["cross_border_lines"]
    assert found[["line", "joined", "days_running"]].to_numpy().tolist() == [["be:R", True, 40]]


def test_calendars_count_lines_per_feed_and_day():
    text = Text(
        "be",
        "BE",
        STOPS,
        "L bus\nM bus",
        "x L wk | a 7:00 | b 7:10\ny L daily | a 8:00 | b 8:10\nz M sat | a 9:00 | b 9:10",
    )
    table = calendar_table(build(text), day=DAY).set_index("date")
    assert len(table) == 56
    assert table.loc["2019-10-08", ["lines", "services", "is_day"]].tolist() == [1, 2, True]
    assert table.loc["2019-10-12", ["lines", "services", "is_day"]].tolist() == [2, 2, False]
    assert table["is_day"].sum() == 1


def test_a_short_calendar_is_not_scaled_to_a_year():
    feeds = build(Text("be", "BE", STOPS, "L bus", "x L wk | b 7:00 | c 7:20"))
    source = feeds.sources[0]
    short = type(source)(
        **{**source.__dict__, "days": (dt.date(2019, 10, 7), dt.date(2019, 10, 20))}
    )
    found = cross_border_lines(
        type(feeds)(**{**feeds.__dict__, "sources": (short,)}), day=DAY
    ).iloc[0]
    assert found.days_in_feed == 14
    assert np.isnan(found.days_per_year)
