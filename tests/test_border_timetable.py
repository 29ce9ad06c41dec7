"""The tables that service indicators take, made from a small timetable drawn by hand."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pandas as pd
import pytest
import shapely
from indicator_world import make_times, make_zones

from mobility.border import all_border
from mobility.border import from_timetable as ft
from mobility.border.hubs import connections
from mobility.border.links import permeability, round_trips
from mobility.indicators.service import stop_access
from mobility.timetable import Timetable

ZONES = make_zones()  # A and B in the north (NL), C and D in the south (BE)
METRE = 1 / 111_195
HOUR = 3600


def make_timetable():
    """Draw three lines.

    NL 1 (bus):   A ─ B          07:00, 08:00 and one of the day before
    BE 9 (train): B' ─ C ─ D     07:30, 09:30; B' lies 100 m from B, in the Netherlands
    BE 9 back:    D ─ C ─ B'     18:00; at C one can only get off
    """
    at = {"A": (5.0, 51.0), "B": (5.1, 51.0), "B'": (5.1, 51.0 + 100 * METRE)}
    at |= {"C": (5.0, 50.9), "D": (5.1, 50.9)}
    stops = pd.DataFrame(
        {
            "stop_id": list(at),
            "feed": ["nl", "nl", "be", "be", "be"],
            "name": ["A", "B square", "B station", "C", "D"],
            "lon": [x for x, _ in at.values()],
            "lat": [y for _, y in at.values()],
            "country": ["NL", "NL", "NL", "BE", "BE"],
            "parent": np.full(5, -1, np.int32),
        }
    )
    routes = pd.DataFrame(
        {
            "route_id": ["nl:1", "be:9"],
            "feed": ["nl", "be"],
            "short_name": ["1", ""],
            "route_type": np.array([3, 103], np.int16),
        }
    )
    trips = {  # pattern → stops, shift and times of each trip
        0: ([0, 1], [(-1, -3600), (0, 7 * HOUR), (0, 8 * HOUR)]),
        1: ([2, 3, 4], [(0, 7.5 * HOUR), (0, 9.5 * HOUR)]),
        2: ([4, 3, 2], [(0, 18 * HOUR)]),
    }
    lengths = [len(s) for s, _ in trips.values()]
    counts = [len(t) for _, t in trips.values()]
    arrival = [start + 600 * k for s, t in trips.values() for _, start in t for k in range(len(s))]
    return Timetable(
        day=dt.date(2019, 10, 8),
        stops=stops,
        routes=routes,
        pattern_stop_offset=np.r_[0, np.cumsum(lengths)].astype(np.int32),
        pattern_stops=np.concatenate([s for s, _ in trips.values()]).astype(np.int32),
        pattern_route=np.array([0, 1, 1], np.int32),
        pickup=np.array([1, 1, 1, 1, 1, 1, 0, 1], bool),
        drop_off=np.ones(8, bool),
        pattern_trip_offset=np.r_[0, np.cumsum(counts)].astype(np.int32),
        pattern_event_offset=np.r_[0, np.cumsum(np.multiply(lengths, counts))].astype(np.int64),
        arrival_s=np.array(arrival, np.int32),
        departure_s=np.array(arrival, np.int32) + 60,
        trip_ids=np.array([f"t{k}" for k in range(sum(counts))], object),
        trip_route=np.array([0, 0, 0, 1, 1, 1], np.int32),
        trip_day_shift=np.array([s for _, t in trips.values() for s, _ in t], np.int8),
    )


TIMETABLE = make_timetable()


def test_calls_are_those_of_the_days_own_trips():
    calls = ft.events(TIMETABLE)
    assert len(calls.stop) == 2 * 2 + 3 * 3
    assert calls.stop.tolist() == [0, 1, 0, 1, 2, 3, 4, 2, 3, 4, 4, 3, 2]
    assert calls.boards.tolist() == [True, False] * 2 + [True, True, False] * 2 + [
        True,
        False,
        False,
    ]
    assert calls.alights.sum() == 2 + 4 + 2
    assert calls.arrival_s[4:7].tolist() == [27_000, 27_600, 28_200]


def test_departures_an_hour_at_stops():
    table = ft.stop_service(TIMETABLE)
    # Between 7 and 9: A at 7:01 and 8:01, B' at 7:31, C at 7:41; D leaves at 18:01 only.
    assert table["per_hour"].tolist() == [1, 0.5, 0.5, 0]
    assert table["route_type"].tolist() == [3, 103, 103, 103]
    near = stop_access(ZONES, table)
    assert near["level"].tolist() == ["low", "low", "low", "low"]


def test_hubs_are_where_lines_of_two_countries_meet():
    assert ft.feed_countries(TIMETABLE) == {"be": "BE", "nl": "NL"}
    arrivals, departures = ft.border_hubs(TIMETABLE)
    assert set(arrivals["hub"]) == {"B station"}  # three calls there, two at the square
    assert arrivals["line"].tolist() == ["nl 1", "nl 1", "be be:9"]
    assert departures["line"].tolist() == ["be be:9", "be be:9"]
    table = connections(arrivals, departures, min_transfer_s=120)
    # The bus comes at 7:10 and 8:10, the train leaves at 7:31 and 9:31.
    assert table["wait_s"].tolist() == [19 * 60, 79 * 60]


def test_direct_trips_between_municipalities():
    table = ft.direct_departures(TIMETABLE, ZONES).set_index(["municipality_o", "municipality_d"])
    # a (A and B) to c and d twice; c to d twice; back d to c and a once; none from c to a,
    # because at C one can't get on.
    assert table["departures"].to_dict() == {
        ("a", "c"): 2, ("a", "d"): 2, ("c", "d"): 2, ("d", "a"): 1, ("d", "c"): 1,
    }  # fmt: skip
    journeys = ft.direct_journeys(TIMETABLE, ZONES)
    assert set(journeys["origin"]) == {"a (NL)", "d (BE)"}
    trips = round_trips(journeys).set_index(["origin", "destination"])
    row = trips.loc[("a (NL)", "d (BE)")]
    # At D from 7:50, back at 18:01.
    assert row["stay_s"] == 18 * HOUR + 60 - (7 * HOUR + 50 * 60)
    assert np.isnan(trips.loc[("a (NL)", "c (BE)"), "stay_s"])


def test_stops_lie_in_polygons_else_near_a_zone():
    shapes = np.array([shapely.box(x - 0.04, y - 0.04, x + 0.04, y + 0.04)
                       for x, y in zip(ZONES.lon, ZONES.lat, strict=True)], object)  # fmt: skip
    drawn = dataclasses.replace(ZONES, shapes=shapes)
    by_shape = ft.municipality_of_stops(TIMETABLE, drawn, max_m=0)
    by_point = ft.municipality_of_stops(TIMETABLE, ZONES)
    np.testing.assert_array_equal(by_shape, by_point)
    assert by_shape.tolist() == [2, 2, 2, 0, 1]  # c, d (BE), then a (NL)
    assert ft.municipality_of_stops(TIMETABLE, ZONES, max_m=50).tolist() == [2, 2, -1, 0, 1]


def test_crossings_and_their_permeability():
    table = ft.border_crossings(TIMETABLE, ZONES)
    assert table["section"].tolist() == ["a – c"]
    assert table["per_day"].tolist() == [3]
    assert table["lon"].item() == pytest.approx(5.05)
    found = permeability(table, ZONES)
    assert found["services"].tolist() == [3]
    assert found["people_a"].item() == 1200


def test_a_run_with_its_timetable_has_the_tables_of_service():
    border = all_border({"pt": make_times()}, ZONES, timetable=TIMETABLE)
    assert border["stop_access_shares"].set_index("country").loc["", "share_near"] == 1
    assert len(border["hub_waits"]) == 1
    assert len(border["permeability"]) == 1
    assert {"departures", "speed_kph"} >= set(border["ratios"]["measure"])
    towns = border["reachable_towns"]
    assert (towns.loc[towns["limit_s"] == 1800, "foreign_towns"] == 0).all()  # two trips a day
    assert towns["least_departures"].eq(4).all()
