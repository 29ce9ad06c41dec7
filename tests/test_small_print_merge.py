"""Places of the merging that a slip of one sign or number would have passed."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import test_merge_repairs as repairs
import test_merge_repeats as repeats
import test_merge_stitch as stitch
from test_merge_duplicates import WHOLE, be, decisions, dropped, nl
from worlds_merge import Text, build, changes

from mobility.merge import match_stops
from mobility.merge.edit import keep_trips
from mobility.merge.stops import _two_platforms


@pytest.mark.parametrize(
    ("one", "other", "two"),
    [
        ("Mol spoor 1", "Mol spoor 2", True),
        ("Mol spoor 1", "Mol quai 1", False),
        ("Mol spoor 1", "Mol", False),  # of the other nothing is known
        ("Mol", "Mol spoor 2", False),
        ("Mol", "Mol", False),
    ],
)
def test_only_two_named_platforms_are_two(one, other, two) -> None:
    stops = SimpleNamespace(names=[frozenset({one}), frozenset({other})])
    assert _two_platforms(stops, 0, 1) is two


def test_the_minimum_of_the_first_station_holds_for_its_platforms() -> None:
    # The station is the very first row of the stops; its 300 s hold for the platform below it.
    nl_feed = Text(
        "nl", "NL", "S 5.0000 52.000 Aadorp; type=1\np 5.0000 52.000 Aadorp; parent=S\nb 5.2 51.8 Beek",
        "R rail", "x R wk | p 07:00 | b 07:20", transfers="S S 2 300",
    )  # fmt: skip
    be_feed = Text(
        "be",
        "BE",
        "a 5.0003 52.000 Aadorp\nc 5.9 51.5 Cadzand",
        "R rail",
        "y R wk | a 08:00 | c 08:40",
    )
    feeds, _ = match_stops(build(nl_feed, be_feed))
    assert ("nl:p", "be:a", 2, 300) in changes(feeds)


def test_a_pair_without_a_day_in_common_does_not_end_the_search() -> None:
    # Of the same run on Saturdays and on weekdays only the latter is in both feeds.
    weekend = WHOLE.replace("wk", "sat")
    _, evidence = dropped(nl(f"a {weekend}\nx {WHOLE}"), be(f"y {WHOLE}"), day=None)
    assert decisions(evidence) == {"nl:x": ("dropped", "be:y")}


def test_a_doubtful_pair_does_not_end_the_search() -> None:
    # p and q overlap to the second, which is looked at first; x and y are the same but for rounding.
    front = "p R wk | a 10:00 | b 10:20 | m 10:40"
    back = "q R wk | b 10:20 | m 10:40 | h 11:00"
    rounded = "y R wk | a 07:00 | b 07:21/07:22 | m 07:41 | h 08:00 | s 08:21"
    _, evidence = dropped(nl(f"x {WHOLE}\n{front}"), be(f"{rounded}\n{back}"))
    assert decisions(evidence) == {"nl:x": ("dropped", "be:y"), "nl:p": ("doubtful", "be:q")}


def test_an_hour_on_the_way_for_five_kilometres_is_not_slower_than_walking() -> None:
    # a to c is 5.26 km: in 70 minutes 4.5 km/h.
    table = repairs.checked(repairs.one(trips="t B wk | a 7:00 | c 8:10"))
    assert repairs.said(table, "slower than walking between two stops") == {}


def test_a_rough_bus_stop_stays_where_it_is() -> None:
    # 4°55', 52°21' in one feed, 100 m off in the other: matched, but only stations are mended.
    feeds = build(
        Text("be", "BE", "a 4.916666667 52.35 Markt\nb 5.3 50.93 Hasselt", "R bus", "t R wk | a 8:00 | b 9:00"),
        Text("nl", "NL", "a 4.91671 52.35012 Markt\nw 5.71 51.21 Weert", "R bus", "t R wk | w 7:00 | a 9:50"),
    )  # fmt: skip
    merged, evidence = match_stops(feeds)
    assert evidence["grade"].tolist() == ["same stop"]
    assert merged.stops["lon"].tolist() == feeds.stops["lon"].tolist()


def test_a_rule_to_the_very_first_trip_holds_for_what_it_is_joined_to() -> None:
    trips = "p R wk block=7 | a 7:00 | b 7:20\nq R wk block=7 | b 7:22 | c 7:40\nz R wk | d 6:30 | a 6:58"
    feeds, _ = stitch.through(stitch.one(trips, transfers="a a 1 - z p"))
    ids = feeds.trips["trip_id"].to_numpy(object)
    (rule,) = feeds.transfers.itertuples()
    assert (ids[rule.from_trip], ids[rule.to_trip]) == ("x:z", "x:p+x:q")


def test_a_rule_of_a_dropped_first_trip_does_not_become_one_for_all() -> None:
    trips = "p R wk | a 7:00 | b 7:20\nq R wk | b 7:22 | c 7:40\nr R wk | b 8:22 | c 8:40"
    for rule in ("b b 1 - p q", "b b 1 - q p"):
        feeds = build(stitch.one(trips, transfers=rule))
        assert len(keep_trips(feeds, np.array([False, True, True])).transfers) == 0
        assert len(keep_trips(feeds, np.array([True, True, False])).transfers) == 1


def test_three_pieces_show_where_the_last_one_goes() -> None:
    trips = (
        "p R wk block=7 head=B | a 7:00 | b 7:20\nq R wk block=7 head=C | b 7:22 | c 7:40\n"
        "r R wk block=7 head=D | c 7:41 | d 8:00"
    )
    feeds, _ = stitch.through(stitch.one(trips))
    assert feeds.trips["headsign"].tolist() == ["D"]


@pytest.mark.parametrize("beyond", [5.7054, 5.7049])
def test_where_one_stop_lies_beyond_the_streets_nothing_is_known_of_the_walk(beyond) -> None:
    feeds = build(
        Text("be", "BE", "a 5.7054 50.8500 Maastricht\nb 5.3276 50.9308 Hasselt", "R rail",
             "t R wk | a 8:00 | b 9:00"),
        Text("nl", "NL", "m 5.7049 50.8500 Maastricht\nw 5.7060 51.2500 Weert", "R rail",
             "t R wk | w 7:00 | m 7:50"),
    )  # fmt: skip

    def walk_m(lon_a, lat_a, lon_b, lat_b):
        return np.where((lon_a == beyond) | (lon_b == beyond), np.inf, 80.0).astype(np.float32)

    _, evidence = match_stops(feeds, walk_m=walk_m)
    (row,) = evidence.itertuples()
    assert row.walk_source == "crow-fly × 1.3"
    assert row.walk_m == pytest.approx(1.3 * row.crow_m)


def test_editions_that_part_after_the_second_stop_are_two_lines() -> None:
    trips = "t B wk | a 0:00 | b 0:10 | c 0:20\nu C wk | a 0:00 | b 0:10 | c 0:40"
    text = repeats.one(trips, frequencies="t 5:30 9:00 900\nu 5:30 9:00 900")
    assert repeats.left(text, editions=("be",))[1] == []


def test_a_rule_for_one_line_leaves_the_others_their_transfer() -> None:
    feeds = build(
        Text("be", "BE", "a 5.7054 50.8500 Maastricht\nb 5.3276 50.9308 Hasselt", "R rail",
             "t R wk | a 8:00 | b 9:00"),
        Text("nl", "NL", "m 5.7049 50.8500 Maastricht\nw 5.7060 51.2500 Weert", "R rail",
             "t R wk | w 7:00 | m 7:50", transfers="m m 2 60\nm w 2 900"),
    )  # fmt: skip
    rules = feeds.transfers
    of_line = rules.assign(from_stop=np.int32([0, 2]), to_stop=np.int32([2, 0]),
                           from_route=np.int32([0, -1]), to_route=np.int32([-1, 0]))  # fmt: skip
    merged, _ = match_stops(feeds.with_tables(transfers=of_line))
    assert {("be:a", "nl:m", 2, 120), ("nl:m", "be:a", 2, 120)} <= changes(merged)
