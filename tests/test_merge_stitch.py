"""Pieces of one ride become one trip; trips that only touch do not."""

from __future__ import annotations

import datetime as dt

import pytest
from worlds_merge import DAY, Text, build, changes, rides, running, seconds

from mobility.merge import match_stops, run_through, station_of, stitch_trips

NL = "a 5.0000 52.000 Aadorp\nb 5.2000 51.800 Beek\nm 5.4000 51.400 Maarheeze; country=NL"
BE = "m 5.4003 51.400 Maarheeze; country=NL\nh 5.5 51.20 Hamont\ns 5.6 51.0 Stokkem\nk 5.7 51.1 Kinrooi"


def nl(trips: str, routes: str = "R rail short=S43\nB bus short=18", **more: object) -> Text:
    return Text("nl", "NL", NL, routes, trips, **more)


def be(trips: str, routes: str = "R rail short=S43\nB bus short=18", **more: object) -> Text:
    return Text("be", "BE", BE, routes, trips, **more)


def stitched(*texts: Text, day: dt.date | None = DAY):
    feeds = build(*texts)
    matched, matches = match_stops(feeds)
    return stitch_trips(matched, station_of(matched, matches), day=day)


def through(*texts: Text, day: dt.date | None = DAY):
    feeds = build(*texts)
    return run_through(feeds, station_of(feeds, match_stops(feeds)[1]), day=day)


def s(text: str) -> int:
    return seconds(text)


TO_BORDER = "p R wk | a 07:00 | b 07:20/07:22 | m 07:40"
FROM_BORDER = "q R wk | m 07:45 | h 08:00 | s 08:20"


def test_a_train_cut_at_the_border_becomes_one_ride():
    feeds, evidence = stitched(nl(TO_BORDER), be(FROM_BORDER))
    # The vehicle stands at either stop of the station from 7:40 to 7:45.
    assert rides(feeds) == {
        "nl:p+be:q": [
            ("nl:a", s("7:00"), s("7:00")),
            ("nl:b", s("7:20"), s("7:22")),
            ("nl:m", s("7:40"), s("7:40")),
            ("be:m", s("7:40"), s("7:45")),
            ("be:h", s("8:00"), s("8:00")),
            ("be:s", s("8:20"), s("8:20")),
        ]
    }
    row = evidence.iloc[0]
    assert (row.trip, row.trip_a, row.trip_b) == ("nl:p+be:q", "nl:p", "be:q")
    assert (row.decision, row.way, row.at_stop, row.dwell_s) == (
        "joined",
        "across feeds",
        "nl:m",
        300,
    )
    assert row.reason == "line S43 in both"


@pytest.mark.parametrize(
    ("dwell", "joined"), [("07:40", True), ("07:55", True), ("07:56", False), ("07:39", False)]
)
def test_the_dwell_is_0_to_15_minutes(dwell, joined):
    feeds, _ = stitched(nl(TO_BORDER), be(FROM_BORDER.replace("07:45", dwell)))
    assert ("nl:p+be:q" in rides(feeds)) is joined


@pytest.mark.parametrize(
    ("routes_nl", "routes_be", "no", "reason"),
    [
        ("R rail short=S43", "R rail short=s-43", "", "line S43 in both"),
        ("R rail short=IC", "R rail short=IC", " no=9211", "train or trip number 9211 in both"),
        ("R rail short=RE18", "R rail short=S43", " no=9211", "train or trip number 9211 in both"),
        ("R rail short=IC", "R rail short=IC", " block=77", "vehicle 77 in both"),
        (
            "R rail short=IC",
            "R rail",
            " head=Stokkem",
            "the first piece is signed to where the second ends",
        ),
    ],
)
def test_what_shows_that_it_is_one_ride(routes_nl, routes_be, no, reason):
    feeds, evidence = stitched(
        nl(TO_BORDER.replace("wk", "wk" + no), routes=routes_nl),
        be(FROM_BORDER.replace("wk", "wk" + no), routes=routes_be),
    )
    assert list(rides(feeds)) == ["nl:p+be:q"]
    assert evidence["reason"].tolist() == [reason]


def test_without_a_sign_it_is_listed_and_not_joined():
    feeds, evidence = stitched(
        nl(TO_BORDER, routes="R rail short=IC"), be(FROM_BORDER, routes="R rail short=IC")
    )
    assert sorted(rides(feeds)) == ["be:q", "nl:p"]
    assert evidence[["decision", "trip"]].to_numpy().tolist() == [["doubtful", ""]]


def test_a_bus_does_not_become_a_train():
    feeds, evidence = stitched(nl(TO_BORDER.replace("R wk", "B wk")), be(FROM_BORDER))
    assert (len(feeds.trips), len(evidence)) == (2, 0)


def test_other_days_do_not_join():
    feeds, evidence = stitched(nl(TO_BORDER), be(FROM_BORDER.replace("wk", "sat")), day=None)
    assert (len(feeds.trips), len(evidence)) == (2, 0)


def test_lines_of_one_number_within_a_country_do_not_join():
    # Line 18 of another operator begins in the same Dutch town, and stays there.
    other = Text("ar", "NL", NL, "B bus short=18", "q B wk | m 07:45 | b 08:20")
    feeds, evidence = stitched(nl("p B wk | a 07:00 | m 07:40"), other)
    assert (len(feeds.trips), len(evidence)) == (2, 0)


def test_a_train_does_not_turn_back_into_itself():
    back = Text("be", "BE", BE + "\nb 5.2003 51.800 Beek; country=NL\nz 5.1 51.9 Z; country=BE", "R rail short=S43",
                "q R wk | m 07:45 | b 08:05 | z 08:20")  # fmt: skip
    feeds, evidence = stitched(nl(TO_BORDER), back)
    assert (len(feeds.trips), len(evidence)) == (2, 0)


def test_each_piece_finds_its_nearest_partner():
    trips_nl = f"{TO_BORDER}\np2 R wk | a 07:05 | b 07:27 | m 07:47"
    trips_be = f"{FROM_BORDER}\nq2 R wk | m 07:50 | h 08:05 | s 08:25"
    feeds, _ = stitched(nl(trips_nl), be(trips_be))
    assert sorted(rides(feeds)) == ["nl:p+be:q", "nl:p2+be:q2"]


def test_days_on_which_only_one_piece_runs():
    # The Dutch piece runs daily, the Belgian one on weekdays.
    feeds, _ = stitched(nl(TO_BORDER.replace("wk", "daily")), be(FROM_BORDER), day=None)
    assert running(feeds, dt.date(2019, 10, 8)) == {"nl:p+be:q"}
    assert running(feeds, dt.date(2019, 10, 12)) == {"nl:p"}
    # Where only Tuesday matters the Dutch piece alone is not needed.
    feeds, _ = stitched(nl(TO_BORDER.replace("wk", "daily")), be(FROM_BORDER), day=DAY)
    assert list(rides(feeds)) == ["nl:p+be:q"]


def test_pieces_that_overlap_are_joined_where_the_first_ends():
    # The Dutch feed knows the train to Hamont, the Belgian one from Maarheeze.
    stops = NL + "\nh 5.5003 51.20 Hamont; country=BE"
    first = Text("nl", "NL", stops, "R rail short=IC", "p R wk | a 07:00 | m 07:40/07:45 | h 08:00")
    feeds, evidence = stitched(
        first, be("q R wk | m 07:40/07:45 | h 08:00/08:02 | s 08:20", routes="R rail short=L")
    )
    assert rides(feeds) == {
        "nl:p+be:q": [
            ("nl:a", s("7:00"), s("7:00")),
            ("nl:m", s("7:40"), s("7:45")),
            ("nl:h", s("8:00"), s("8:00")),
            ("be:h", s("8:00"), s("8:02")),
            ("be:s", s("8:20"), s("8:20")),
        ]
    }
    assert evidence["reason"].tolist() == ["same times where both have it"]


def test_headway_services_are_not_stitched():
    feeds, _ = stitched(nl(TO_BORDER, frequencies="p 06:00 20:00 3600"), be(FROM_BORDER))
    assert len(feeds.trips) == 2


def test_stitching_again_changes_nothing():
    once, _ = stitched(nl(TO_BORDER.replace("wk", "daily")), be(FROM_BORDER), day=None)
    twice, evidence = stitch_trips(once, station_of(once, match_stops(once)[1]), day=None)
    assert len(evidence) == 0
    assert rides(twice) == rides(once)
    assert changes(twice) == changes(once)


# --- through-running in one feed --------------------------------------------------------------

ONE = "a 5.0 52.0 A\nb 5.2 51.8 B\nc 5.4 51.4 C\nd 5.5 51.2 D\ne 5.6 51.3 E"


def one(trips: str, **more: object) -> Text:
    return Text("x", "BE", ONE, "R rail\nS rail\nB bus", trips, **more)


def test_one_vehicle_by_block_is_one_trip():
    feeds, evidence = through(
        one(
            "p R wk block=7 no=12 | a 7:00 | b 7:20\nq S wk block=7 no=12 | b 7:22 | c 7:40 | d 8:00"
        )
    )
    assert rides(feeds) == {
        "x:p+x:q": [
            ("x:a", s("7:00"), s("7:00")),
            ("x:b", s("7:20"), s("7:22")),
            ("x:c", s("7:40"), s("7:40")),
            ("x:d", s("8:00"), s("8:00")),
        ]
    }
    trip = feeds.trips.iloc[0]
    assert feeds.routes["route_id"].iloc[trip.route] == "x:S"  # three stops, against two
    assert (trip.short_name, trip.block_id) == ("12", "7")
    assert evidence[["decision", "way"]].to_numpy().tolist() == [["joined", "block"]]


@pytest.mark.parametrize(("leaves", "joined"), [("7:19", 0), ("7:20", 1), ("7:35", 1), ("7:36", 0)])
def test_a_vehicle_waits_0_to_15_minutes(leaves, joined):
    trips = f"p R wk block=7 | a 7:00 | b 7:20\nq R wk block=7 | b {leaves} | c 7:50"
    evidence = through(one(trips))[1]
    assert (evidence["decision"] == "joined").sum() == joined


def test_three_pieces_make_one_trip():
    trips = "p R wk block=7 | a 7:00 | b 7:20\nq R wk block=7 | b 7:22 | c 7:40\nr R wk block=7 | c 7:41 | d 8:00"
    feeds, evidence = through(one(trips))
    assert list(rides(feeds)) == ["x:p+x:q+x:r"]
    assert [stop for stop, _, _ in rides(feeds)["x:p+x:q+x:r"]] == ["x:a", "x:b", "x:c", "x:d"]
    assert len(evidence) == 2


def test_a_train_that_divides_becomes_two():
    trips = "p R wk block=7 | a 7:00 | b 7:20\nq R wk block=7 | b 7:25 | c 7:40\nr R wk block=7 | b 7:25 | e 7:45"
    feeds, _ = through(one(trips))
    assert sorted(rides(feeds)) == ["x:p+x:q", "x:p+x:r"]


def test_other_days_have_other_continuations():
    trips = "p R wk block=7 | a 7:00 | b 7:20\nq R tue block=7 | b 7:25 | c 7:40\nr R mon block=7 | b 7:28 | e 7:45"
    feeds, _ = through(one(trips), day=None)
    assert running(feeds, dt.date(2019, 10, 7)) == {"x:p+x:r"}
    assert running(feeds, dt.date(2019, 10, 8)) == {"x:p+x:q"}
    assert running(feeds, dt.date(2019, 10, 9)) == {"x:p"}


def test_a_bus_that_turns_is_not_one_trip():
    trips = "p B wk block=7 | a 7:00 | b 7:20 | c 7:30\nq B wk block=7 | c 7:35 | b 7:45 | a 8:05"
    feeds, _ = through(one(trips))
    assert sorted(rides(feeds)) == ["x:p", "x:q"]


@pytest.mark.parametrize("trips", [
    "p R wk block=7 | a 7:00 | b 7:20\nq R wk block=7 | b 7:36 | c 7:50",  # 16 minutes
    "p R wk block=7 | a 7:00 | b 7:20\nq R wk block=7 | d 7:25 | c 7:50",  # elsewhere
    "p R wk block=7 | a 7:00 | b 7:20\nq R wk block=8 | b 7:25 | c 7:50",  # other vehicle
    "p R wk | a 7:00 | b 7:20\nq R wk | b 7:25 | c 7:50",  # no vehicle
    "p R tue block=7 | a 7:00 | b 7:20\nq R mon block=7 | b 7:25 | c 7:50",  # other day
])  # fmt: skip
def test_what_block_does_not_join(trips):
    feeds, evidence = through(one(trips), day=None)
    assert (sorted(rides(feeds)), len(evidence)) == (["x:p", "x:q"], 0)


PAIR = "p R wk{0} | a 7:00 | b 7:20\nq S wk{0} | b 7:40 | c 7:50"


def test_transfers_of_type_4_join_and_5_forbids():
    feeds, evidence = through(one(PAIR.format(""), transfers="b b 4 - p q"))
    assert list(rides(feeds)) == ["x:p+x:q"]  # 20 minutes' dwell: the feed says so
    assert evidence["reason"].tolist() == ["transfers.txt, type 4"]
    trips = PAIR.format(" block=7").replace("7:40", "7:25")
    feeds, evidence = through(one(trips, transfers="b b 5 - p q"))
    assert sorted(rides(feeds)) == ["x:p", "x:q"]
    assert evidence["decision"].tolist() == ["forbidden"]
    # And without the rule they are one.
    assert list(rides(through(one(trips))[0])) == ["x:p+x:q"]


def test_a_type_4_that_cannot_be_is_doubtful():
    feeds, evidence = through(
        one("p R wk | a 7:00 | b 7:20\nq S wk | b 7:10 | c 7:50", transfers="b b 4 - p q")
    )
    assert len(feeds.trips) == 2
    assert evidence[["decision", "reason"]].to_numpy().tolist() == [
        ["doubtful", "departs before the other arrives"]
    ]


def test_type_5_still_forbids_after_other_joins():
    # o→p are joined by block; q may not follow p though it is the next of the block.
    trips = "o R wk block=7 | d 6:40 | a 6:58\n" + PAIR.format(" block=7").replace("7:40", "7:25")
    once, _ = through(one(trips, transfers="b b 5 - p q"))
    assert sorted(rides(once)) == ["x:o+x:p", "x:q"]
    twice, _ = run_through(once, station_of(once, match_stops(once)[1]), day=DAY)
    assert rides(twice) == rides(once)


def test_a_ride_joined_in_one_feed_is_stitched_to_the_other():
    trips = "o R wk block=7 | a 7:00 | b 7:20\np R wk block=7 | b 7:22 | m 7:40"
    feeds = build(nl(trips), be(FROM_BORDER))
    matched, matches = match_stops(feeds)
    station = station_of(matched, matches)
    ran, _ = run_through(matched, station, day=DAY)
    joined, _ = stitch_trips(ran, station, day=DAY)
    assert list(rides(joined)) == ["nl:o+nl:p+be:q"]
    assert [stop for stop, _, _ in rides(joined)["nl:o+nl:p+be:q"]] == [
        "nl:a", "nl:b", "nl:m", "be:m", "be:h", "be:s",
    ]  # fmt: skip


def test_distances_run_on_over_the_joint():
    feeds = build(
        one("p R wk block=7 | a 7:00 | b 7:20\nq R wk block=7 | b 7:22 | c 7:40 | d 8:00")
    )
    times = feeds.stop_times.assign(shape_dist=[0, 10, 0, 5, 9])
    feeds = feeds.with_tables(stop_times=times.astype({"shape_dist": "float32"}))
    ran, _ = run_through(feeds, station_of(feeds, match_stops(feeds)[1]), day=DAY)
    assert ran.stop_times["shape_dist"].tolist() == [0, 10, 15, 19]
