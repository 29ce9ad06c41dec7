"""Stops of two feeds: which are one, which are not, and why."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds_merge import Text, build, changes

from mobility.errors import RegionError
from mobility.merge import match_stops, station_of
from mobility.merge.checks import check_abroad
from mobility.merge.ground import metres, near_pairs, on_sphere, whole_minutes
from mobility.merge.names import CENTRES, CONTAINED, best_likeness, likeness, take_apart
from mobility.merge.overrides import read_overrides


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hasselt Station perron 10", "Hasselt"),
        ("Maastricht, Station Perron E", "Maastricht (NL)"),
        ("Maastricht, Station Randwyck", "Maastricht Randwijck (NL)"),
        ("Liège-Guillemins", "Luik-Guillemins"),
        ("Brussel Noord Perron 6", "Bruxelles-Nord"),
        ("Brecht Station Noorderkempen per 3", "Noorderkempen (Brecht)"),
        ("Aachen Hbf (DE)", "Aken, Hauptbahnhof"),
        ("Ettelbruck(LU)", "ETTELBRUCK"),
        ("Den Haag Centraal", "The Hague Central"),
        ("Köln Hbf", "Cologne Hauptbahnhof"),
        ("St. Truiden", "Saint-Trond"),
        ("Elst, Station Elst", "Elst"),
        ("Mol, Spoor 4b", "Mol quai 2"),
    ],
)
def test_names_of_one_place_are_the_same(one, other):
    assert likeness(take_apart(one), take_apart(other)) == 1.0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hasselt", "Hasselt, Leopoldplein"),
        ("Antwerpen-Centraal", "Antwerpen-Berchem"),
        ("Lommel, Station", "Overpelt, Station"),
        ("Luik-Guillemins", "Luik-Carré"),
        ("Baarle-Nassau, Markt", "Baarle-Hertog, Markt"),
        ("Kerkstraat", "Molenstraat"),
    ],
)
def test_names_of_two_places_are_not(one, other):
    assert likeness(take_apart(one), take_apart(other)) < 0.8


def test_a_main_station_differs_a_little_from_the_town_alone():
    assert likeness(take_apart("Breda, Centraal Station (V)"), take_apart("BREDA (NL)")) == 0.95


def test_a_name_that_leaves_words_out_is_contained():
    assert likeness(take_apart("Anvers-Berchem"), take_apart("Berchem perron 21")) == CONTAINED


@pytest.mark.parametrize("name", ["stop 4974", "", "halte 12", "8831", "Perron 4"])
def test_a_placeholder_says_nothing(name):
    assert math.isnan(likeness(take_apart(name), take_apart("Hasselt")))


def test_two_main_stations_of_one_town_are_alike():
    city, side = take_apart("Amsterdam Cs (NL)"), take_apart("Amsterdam, Centraal Station IJzijde")
    assert likeness(city, side) == CENTRES
    assert likeness(city, take_apart("Amsterdam, Amstelstation")) == CONTAINED
    assert likeness(take_apart("Brussel-Centraal"), take_apart("Antwerpen-Centraal")) < CONTAINED


@pytest.mark.parametrize(
    ("name", "platform"),
    [("Riemst Busstation perron 2", "2"), ("Maastricht, Station Perron E", "e"),
     ("Tilburg Station perron Noord", "noord"), ("Aachen Hbf Gleis 4a", "4a"),
     ("Beek, Kerk", ""), ("Perronlaan", "")],
)  # fmt: skip
def test_a_name_tells_its_platform(name, platform):
    assert take_apart(name).platform == platform


def test_the_best_of_several_names_counts():
    assert best_likeness(["Bruxelles-Midi", "Brussel-Zuid"], ["Brussel Zuid"]) == 1.0
    assert math.isnan(best_likeness(["stop 1"], ["Hasselt"]))


@given(st.text(max_size=30), st.text(max_size=30))
@settings(deadline=None, max_examples=150)
def test_likeness_is_symmetric_and_between_0_and_1(one, other):
    a, b = take_apart(one), take_apart(other)
    value = likeness(a, b)
    assert math.isnan(value) or 0.0 <= value <= 1.0
    assert value == likeness(b, a) or math.isnan(value)


def test_a_degree_of_latitude_is_111_km():
    # 6,371,008.8 m × π / 180 = 111,195.1 m
    found = metres(np.array([5.0]), np.array([50.0]), np.array([5.0]), np.array([51.0]))
    assert found[0] == pytest.approx(111_195.1, abs=0.1)


def test_near_pairs_are_right_across_the_date_line():
    a = on_sphere(np.array([179.9999]), np.array([0.0]))
    b = on_sphere(np.array([-179.9999, 0.0]), np.array([0.0, 0.0]))
    i, j = near_pairs(a, b, 50.0)  # 0.0002° on the equator = 22 m
    assert (i.tolist(), j.tolist()) == ([0], [0])


def test_whole_minutes_are_told_from_true_positions():
    lon = np.array([4.0 + 55 / 60, 5.70539])
    lat = np.array([52.35, 50.85])
    assert whole_minutes(lon, lat).tolist() == [True, False]


def rail(feed: str, country: str, stops: str, trip: str, **more: str) -> Text:
    return Text(feed, country, stops, "R rail short=IC", f"t1 R wk | {trip}", **more)


NL_RAIL = "m 5.7049 50.8500 Maastricht, Station Perron E\nw 5.7060 51.2500 Weert"


def graded(feeds, **more):
    return {
        (r.stop_a, r.stop_b): r.grade for r in match_stops(feeds, **more)[1].itertuples(index=False)
    }


def test_one_rail_station_in_two_feeds_is_matched_and_gets_a_transfer():
    feeds = build(
        rail("be", "BE", "8400424 5.7054 50.8500 Maastricht (NL)\n8831005 5.3276 50.9308 Hasselt",
             "8400424 08:00 | 8831005 09:00", transfers="8400424 8400424 2 300"),
        rail("nl", "NL", NL_RAIL, "w 07:00 | m 07:50"),
    )  # fmt: skip
    merged, evidence = match_stops(feeds)
    assert evidence[["stop_a", "stop_b", "grade"]].to_numpy().tolist() == [
        ["be:8400424", "nl:m", "same station"]
    ]
    assert evidence["likeness"].iloc[0] == 1.0
    assert evidence["crow_m"].iloc[0] == pytest.approx(35.1, abs=0.5)  # 0.0005° × 70.2 km/°
    # The Belgian station's own minimum, 300 s, is more than the walk of 46 m and the least of 120.
    assert {("be:8400424", "nl:m", 2, 300), ("nl:m", "be:8400424", 2, 300)} <= changes(merged)
    station = station_of(merged, evidence)
    assert station[0] == station[2]
    assert len(set(station)) == 3


def test_without_a_stated_minimum_the_walk_or_two_minutes_counts():
    stops = "m 5.7049 50.8530 Maastricht\nw 5.7060 51.2500 Weert"
    feeds = build(
        rail(
            "be", "BE", "a 5.7049 50.8500 Maastricht\nb 5.3276 50.9308 Hasselt", "a 8:00 | b 9:00"
        ),
        rail("nl", "NL", stops, "w 07:00 | m 07:50"),
    )
    # 0.003° = 333.6 m × 1.3 = 433.7 m at 4.8 km/h = 325.2 s → 326 s
    assert ("be:a", "nl:m", 2, 326) in changes(match_stops(feeds)[0])


def test_what_transfers_txt_says_stays():
    feeds = build(
        Text(
            "be",
            "BE",
            "a 5.7049 50.8500 Maastricht\nb 5.3 50.9 Hasselt",
            "R rail",
            "t R wk | a 8:00 | b 9:00",
        ),
        rail("nl", "NL", NL_RAIL, "w 07:00 | m 07:50"),
    )
    rules = match_stops(feeds)[0].transfers.assign(
        transfer_type=np.int8(3), min_transfer_s=np.int32(-1)
    )
    again, _ = match_stops(feeds.with_tables(transfers=rules))
    assert {kind for _, _, kind, _ in changes(again)} == {3}
    assert len(again.transfers) == 2


def test_two_sides_of_a_motorway_are_kept_apart():
    nl = Text(
        "nl",
        "NL",
        "a 5.5000 51.2000 Grens, Kerk\nx 5.6 51.3 X",
        "R bus",
        "t R wk | x 7:00 | a 8:00",
    )
    be = Text(
        "be", "BE", "b 5.5003 51.2000 Grens Kerk\ny 5.4 51.1 Y", "R bus", "t R wk | b 8:00 | y 9:00"
    )
    feeds = build(be, nl)

    def over_the_bridge(lon_a, lat_a, lon_b, lat_b):
        return np.where((lon_a == lon_b) & (lat_a == lat_b), 0.0, 1900.0).astype(np.float32)

    def no_way(lon_a, lat_a, lon_b, lat_b):
        return np.where((lon_a == lon_b) & (lat_a == lat_b), 0.0, np.inf).astype(np.float32)

    def no_streets(lon_a, lat_a, lon_b, lat_b):
        return np.full(len(lon_a), np.inf, np.float32)

    assert graded(feeds) == {("be:b", "nl:a"): "same stop"}
    assert graded(feeds, walk_m=over_the_bridge) == {("be:b", "nl:a"): "apart"}
    assert graded(feeds, walk_m=no_way) == {("be:b", "nl:a"): "apart"}
    # Beyond the street file nothing is known of the way; the crow-fly distance decides.
    assert graded(feeds, walk_m=no_streets) == {("be:b", "nl:a"): "same stop"}
    merged, evidence = match_stops(feeds, walk_m=over_the_bridge)
    assert len(merged.transfers) == 0
    assert len(set(station_of(merged, evidence))) == 4
    assert evidence["walk_m"].iloc[0] == 1900.0


def test_the_walk_is_measured_where_it_is_known_and_named():
    feeds = build(
        rail(
            "be", "BE", "a 5.7049 50.8500 Maastricht\nb 5.3276 50.9308 Hasselt", "a 8:00 | b 9:00"
        ),
        rail("nl", "NL", NL_RAIL, "w 07:00 | m 07:50"),
    )
    crow = match_stops(feeds)[1]
    assert crow["walk_source"].iloc[0] == "crow-fly × 1.3"
    walked = match_stops(feeds, walk_m=lambda a, b, c, d: np.full(len(a), 80.0, np.float32))[1]
    assert (walked["walk_source"].iloc[0], walked["walk_m"].iloc[0]) == ("streets", 80.0)


def test_bus_poles_on_two_sides_of_the_street_find_their_own():
    nl = """east 5.5000 51.20000 Dorp, Kerk
        west 5.5000 51.20018 Dorp, Kerk
        x 5.6 51.3 X"""
    be = """e 5.50003 51.20001 Dorp Kerk
        w 5.50003 51.20019 Dorp Kerk
        y 5.4 51.1 Y"""
    feeds = build(
        Text("be", "BE", be, "R bus", "t R wk | e 8:00 | y 9:00\nu R wk | y 8:00 | w 9:00"),
        Text("nl", "NL", nl, "R bus", "t R wk | x 7:00 | east 8:00\nu R wk | west 8:00 | x 9:00"),
    )
    assert graded(feeds) == {
        ("be:e", "nl:east"): "same stop",
        ("be:w", "nl:west"): "same stop",
        ("be:e", "nl:west"): "same station",
        ("be:w", "nl:east"): "same station",
    }


def test_two_platforms_of_a_bus_station_are_one_station_but_not_one_stop():
    # 16 m apart: 0.00022° × 69,700 m.
    be = "p1 5.50022 51.2 Riemst Busstation perron 1\ny 5.4 51.1 Y"
    nl = "p4 5.50000 51.2 Riemst, Busstation Perron {}\nx 5.6 51.3 X"
    for platform, grade in (("4", "same station"), ("1", "same stop")):
        feeds = build(
            Text("be", "BE", be, "R bus", "t R wk | p1 8:00 | y 9:00"),
            Text("nl", "NL", nl.format(platform), "R bus", "t R wk | x 7:00 | p4 8:00"),
        )
        assert graded(feeds) == {("be:p1", "nl:p4"): grade}


def test_other_names_across_the_street_are_only_near():
    feeds = build(
        Text(
            "be",
            "BE",
            "b 5.5010 51.2000 Molenstraat\ny 5.4 51.1 Y",
            "R bus",
            "t R wk | b 8:00 | y 9:00",
        ),
        Text(
            "nl",
            "NL",
            "a 5.5000 51.2000 Kerkplein\nx 5.6 51.3 X",
            "R bus",
            "t R wk | x 7:00 | a 8:00",
        ),
    )
    merged, evidence = match_stops(feeds)
    assert evidence["grade"].tolist() == ["near"]
    assert len(merged.transfers) == 0


def test_a_station_and_its_bus_stop_are_one_station_but_not_the_square_in_town():
    bus = """p 5.3270 50.9310 Hasselt Station perron 10
        q 5.3290 50.9318 Hasselt Leopoldplein
        y 5.4 51.1 Y"""
    feeds = build(
        Text("bus", "BE", bus, "R bus", "t R wk | p 8:00 | q 8:05 | y 9:00"),
        rail(
            "train", "BE", "8831005 5.3276 50.9308 Hasselt\nz 5.1 50.9 Z", "z 08:00 | 8831005 09:00"
        ),
    )
    assert graded(feeds) == {
        ("bus:p", "train:8831005"): "same station",
        ("bus:q", "train:8831005"): "near",
    }


def test_the_stop_that_bears_the_stations_name_is_at_it_though_a_little_farther():
    # 0.0024 degrees of latitude are 267 m, on foot (x 1.3) 347 m; the square is 233 m off.
    bus = """s 5.0000 51.0024 Testelt Station
        q 5.0000 51.0021 Testelt Station Zijstraat
        y 5.4 51.1 Y"""
    feeds = build(
        Text("bus", "BE", bus, "R bus", "t R wk | s 8:00 | q 8:05 | y 9:00"),
        rail("train", "BE", "r 5.0000 51.0000 Testelt\nz 5.1 50.9 Z", "z 08:00 | r 09:00"),
    )
    assert graded(feeds) == {
        ("bus:s", "train:r"): "same station",
        ("bus:q", "train:r"): "near",
    }


def test_a_stop_at_one_station_is_not_at_its_neighbour_whose_name_holds_it():
    # Two halts on crossing lines, 0.002 degrees of longitude (140 m) apart.
    feeds = build(
        Text(
            "bus", "BE", "s 5.0005 51.0000 Mortsel Station\ny 5.4 51.1 Y", "R bus",
            "t R wk | s 8:00 | y 9:00",
        ),
        rail(
            "train", "BE", "m 5.0000 51.0000 Mortsel\nd 4.9980 51.0000 Mortsel-Deurnesteenweg",
            "d 08:00 | m 09:00",
        ),
    )  # fmt: skip
    assert graded(feeds) == {
        ("bus:s", "train:m"): "same station",
        ("bus:s", "train:d"): "near",
    }


def test_neighbouring_rail_stations_are_not_one():
    # Bruxelles-Nord and Bruxelles-Congres are 900 m apart and their names share a word.
    feeds = build(
        rail(
            "be",
            "BE",
            "n 4.3617 50.8604 Bruxelles-Nord\nb 5.3276 50.9308 Hasselt",
            "n 8:00 | b 9:00",
        ),
        rail(
            "nl", "NL", "c 4.3617 50.8523 Bruxelles-Congres\nw 5.7 51.2 Weert", "w 07:00 | c 09:50"
        ),
    )
    assert graded(feeds) == {}


def test_a_rail_stop_without_a_name_is_matched_to_its_nearest_only():
    be = "n 4.3617 50.8604 Bruxelles-Nord\nc 4.3617 50.8584 Bruxelles-Congres"
    feeds = build(
        rail("be", "BE", be, "n 8:00 | c 8:03"),
        rail("nl", "NL", "4972 4.3616 50.8600 stop 4972\nw 5.7 51.2 Weert", "w 07:00 | 4972 09:50"),
    )
    found = graded(feeds)
    assert found[("be:n", "nl:4972")] == "same station"
    assert found.get(("be:c", "nl:4972")) in {None, "near"}


def test_all_platforms_without_a_name_are_matched_to_the_station_around_them():
    # 0.001 degrees of latitude are 111 m; beyond 250 m a platform may be another station's.
    nl = """p 4.4587 51.5410 Roosendaal, Station
        q 4.4587 51.5420 stop 1560
        f 4.4587 51.5440 stop 1561
        w 5.7 51.2 Weert"""
    feeds = build(
        rail("be", "BE", "r 4.4587 51.5408 Roosendaal (NL)\nz 4.3 51.4 Z", "z 8:00 | r 8:30"),
        rail("nl", "NL", nl, "w 07:00 | p 8:00 | q 8:05 | f 8:10"),
    )
    found = graded(feeds)
    assert found[("be:r", "nl:p")] == "same station"
    assert found[("be:r", "nl:q")] == "same station"
    assert found[("be:r", "nl:f")] == "near"


def test_a_platform_with_another_name_is_not_matched_because_it_is_near():
    nl = "p 4.4587 51.5410 Roosendaal, Station\nq 4.4587 51.5420 Kade\nw 5.7 51.2 Weert"
    feeds = build(
        rail("be", "BE", "r 4.4587 51.5408 Roosendaal (NL)\nz 4.3 51.4 Z", "z 8:00 | r 8:30"),
        rail("nl", "NL", nl, "w 07:00 | p 8:00 | q 8:05"),
    )
    assert graded(feeds) == {("be:r", "nl:p"): "same station", ("be:r", "nl:q"): "near"}


def test_a_position_in_whole_minutes_is_matched_by_name_and_mended():
    # 4°55', 52°21' is 3.4 km from the station.
    feeds = build(
        rail(
            "be",
            "BE",
            "a 4.916666667 52.35 Amsterdam Cs (NL)\nb 5.3276 50.9308 Hasselt",
            "a 8:00 | b 9:00",
        ),
        rail(
            "nl", "NL", "a 4.9003 52.3789 Amsterdam Centraal\nw 5.7 51.2 Weert", "w 07:00 | a 09:50"
        ),
    )
    merged, evidence = match_stops(feeds)
    assert evidence["grade"].tolist() == ["same station"]
    assert evidence["crow_m"].iloc[0] == pytest.approx(3400, abs=100)
    moved = merged.stops.set_index("stop_id").loc["be:a", ["lon", "lat"]].tolist()
    assert moved == [4.9003, 52.3789]
    # No walk of 3.4 km: the transfer is the least one.
    assert ("be:a", "nl:a", 2, 120) in changes(merged)
    again, _ = match_stops(merged)
    assert again.stops.equals(merged.stops)
    assert again.transfers.equals(merged.transfers)


def test_the_main_station_abroad_is_found_3_km_off_and_others_of_the_town_are_not():
    feeds = build(
        rail("be", "BE", "cs 4.916667 52.35 Amsterdam Cs (NL); country=NL\nh 5.5 51.2 Hamont",
             "cs 8:00 | h 9:00"),
        rail("nl", "NL", "ij 4.9016 52.3788 Amsterdam, Centraal Station IJzijde\n"
             "am 4.9186 52.3462 Amsterdam, Amstelstation", "ij 8:00 | am 8:10"),
    )  # fmt: skip
    merged, evidence = match_stops(feeds)
    assert evidence[["stop_a", "stop_b", "grade"]].to_numpy().tolist() == [
        ["be:cs", "nl:ij", "same station"]
    ]
    # Its position, given to whole minutes, gives way.
    at = merged.stops.set_index("stop_id").loc["be:cs"]
    assert (at.lon, at.lat) == (4.9016, 52.3788)


def test_a_true_position_far_off_is_another_town_of_the_name():
    # Two places of one name, 3 km apart, both placed exactly and at home.
    feeds = build(
        rail(
            "be",
            "BE",
            "a 4.91234 52.35123 Bergen\nb 5.3276 50.9308 Hasselt; country=BE",
            "a 8:00 | b 9:00",
        ),
        rail("nl", "NL", "a 4.90031 52.37891 Bergen\nw 5.7 51.2 Weert", "w 07:00 | a 09:50"),
    )
    assert graded(feeds) == {}


def test_the_same_code_counts_though_the_names_say_nothing():
    feeds = build(
        rail(
            "be", "BE", "8400424 5.7054 50.8540 stop 1\nb 5.3 50.9 Hasselt", "8400424 8:00 | b 9:00"
        ),
        rail(
            "nl",
            "NL",
            "mt 5.7049 50.8500 stop 2; code=8400424\nw 5.7 51.2 Weert",
            "w 07:00 | mt 07:50",
        ),
    )
    evidence = match_stops(feeds)[1]
    assert evidence[["grade", "reason"]].to_numpy().tolist() == [["same station", "same code"]]
    assert "8400424" in evidence["code"].iloc[0]


def test_translations_of_the_feed_help():
    feeds = build(
        rail("be", "BE", "a 5.6140 50.7400 Argenteau\nb 5.3 50.9 Hasselt", "a 8:00 | b 9:00",
             translations="Argenteau = Erkenteel / Argenteel"),
        rail("nl", "NL", "e 5.6140 50.7450 Erkenteel\nw 5.7 51.2 Weert", "w 07:00 | e 07:50"),
    )  # fmt: skip
    assert graded(feeds) == {("be:a", "nl:e"): "same station"}


def test_stops_of_one_feed_and_unserved_stops_are_left_alone():
    feeds = build(
        rail("be", "BE", "a 5.7 50.85 Maastricht\na2 5.7 50.85 Maastricht\nb 5.3 50.9 Hasselt",
             "a 8:00 | a2 8:01 | b 9:00"),
        rail("nl", "NL", "m 5.7 50.85 Maastricht\nw 5.7 51.2 Weert\nv 5.6 51.1 V", "w 07:00 | v 07:50"),
    )  # fmt: skip
    assert graded(feeds) == {}


def test_platforms_are_one_station_with_their_parent():
    feeds = build(
        rail("be", "BE", "S 5.3276 50.9308 Hasselt; type=1\np1 5.3276 50.9308 Hasselt; parent=S\n"
             "p2 5.3276 50.9309 Hasselt; parent=S\nz 5 50.9 Z", "z 8:00 | p1 9:00"),
    )  # fmt: skip
    _, evidence = match_stops(feeds)
    station = station_of(feeds, evidence).tolist()
    assert station[0] == station[1] == station[2] != station[3]


# --- overrides -----------------------------------------------------------------------------

HEAD = "stop_a,stop_b,grade,note\n"


def overrides(tmp_path, text, feeds=("be", "nl")):
    path = tmp_path / "stops.csv"
    path.write_text(HEAD + text, encoding="utf-8")
    return read_overrides(path, feeds)


def test_the_user_has_the_last_word(tmp_path):
    feeds = build(
        rail("be", "BE", "a 5.7054 50.8500 Maastricht\nb 5.30 50.93 Hasselt", "a 08:00 | b 09:00"),
        rail("nl", "NL", NL_RAIL + "\nh 5.40 50.93 Hasselt-Oost", "w 07:00 | m 07:50 | h 08:30"),
    )
    said = overrides(tmp_path, "nl:m,be:a,apart,two halls\nbe:b,nl:h,same station,shuttle\n")
    merged, evidence = match_stops(feeds, overrides=said)
    found = {(r.stop_a, r.stop_b): (r.grade, r.reason) for r in evidence.itertuples(index=False)}
    assert found == {
        ("be:a", "nl:m"): ("apart", "said by the user"),
        ("be:b", "nl:h"): ("same station", "said by the user"),
    }
    assert {(a, b) for a, b, _, _ in changes(merged)} == {("be:b", "nl:h"), ("nl:h", "be:b")}


def test_all_wrong_overrides_are_said_at_once(tmp_path):
    with pytest.raises(RegionError) as raised:
        overrides(tmp_path, "be:a,nl:m,same statoin,\nxx:1,nl:m,near,\nbe:a,be:a,near,\nbe:q,nl:r,near,\n"
                  "nl:r,be:q,apart,\n")  # fmt: skip
    text = str(raised.value)
    assert len(raised.value.problems) == 4
    assert 'Perhaps "same station"' in text
    assert 'stop "xx:1"' in text
    assert "row 6" in text


def test_overrides_without_columns_or_file(tmp_path):
    path = tmp_path / "o.csv"
    with pytest.raises(RegionError, match="no such file"):
        read_overrides(path, ("be",))
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(RegionError, match="no column stop_a, stop_b, grade"):
        read_overrides(path, ("be",))


@pytest.mark.parametrize(
    ("stop", "other", "found"),
    [
        ("4.75 52.3", "", "same station"),  # 1.3 km off, whole minutes of arc: rough
        ("4.7512 52.3007", "", None),  # as far off, but exact: another place
        ("4.75 52.3", "\nn 4.7200 52.3000 Nieuw-Vennep", None),  # two it might be
    ],
)
def test_a_rough_station_alone_far_and_wide_is_the_one_whose_name_holds_it(stop, other, found):
    be = f"s {stop} Schiphol (NL); country=NL\nm 5.3 50.9 Hasselt"
    nl = f"p 4.7620 52.3094 Schiphol Centrum, Airport Plaza\nw 5.7 51.2 Weert{other}"
    feeds = build(
        rail("be", "BE", be, "s 7:00 | m 8:00"),
        rail("nl", "NL", nl, "p 8:00 | w 8:10" + (" | n 8:20" if other else "")),
    )
    assert graded(feeds).get(("be:s", "nl:p")) == found


def test_a_train_stop_abroad_that_nobody_shares_is_said():
    be = rail("be", "BE", "s 4.75 52.3 Schiphol (NL); country=NL\nm 5.7054 50.85 Maastricht; country=NL\n"
              "l 6.13 49.6 Luxembourg; country=LU\nh 5.5 51.2 Hamont", "s 7:00 | m 8:00 | l 8:30 | h 9:00")  # fmt: skip
    nl = rail("nl", "NL", "p 4.7620 52.3094 Hoofddorp\nm 5.7049 50.8500 Maastricht",
              "p 8:00 | m 8:10")  # fmt: skip
    feeds = build(be, nl)
    found = check_abroad(feeds, match_stops(feeds)[1]).table()
    # Maastricht is shared; of Luxembourg there is no feed that could share it.
    assert found[["feed", "examples", "count"]].to_numpy().tolist() == [["be", "be:s", 1]]
    assert check_abroad(build(be), match_stops(build(be))[1]).table().empty
