"""The same run in two feeds is kept once; what only looks like it stays."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from worlds_merge import DAY, Text, build, rides, running

from mobility.merge import drop_duplicates, drop_same_lines, match_stops, station_of

# a and b lie in the Netherlands, m is the border station, h and s lie in Belgium; both feeds
# place them within some metres of one another.
NL_STOPS = """a 5.0000 52.000 Aadorp
    b 5.2000 51.800 Beek
    m 5.4000 51.400 Maarheeze
    h 5.5000 51.200 Hamont
    s 5.6000 51.000 Stokkem"""
BE_STOPS = (
    NL_STOPS.replace("5.0000", "5.0003").replace("5.4000", "5.4003").replace("5.6000", "5.6003")
)


def nl(trips: str, **more: object) -> Text:
    return Text("nl", "NL", NL_STOPS, "R rail short=IC\nB bus short=18", trips, **more)


def be(trips: str, **more: object) -> Text:
    return Text("be", "BE", BE_STOPS, "R rail short=IC\nB bus short=18", trips, **more)


def dropped(*texts: Text, day: dt.date | None = DAY):
    feeds = build(*texts)
    _, matches = match_stops(feeds)
    return drop_duplicates(feeds, station_of(feeds, matches), day=day)


def decisions(evidence):
    return {r.trip: (r.decision, r.kept_trip) for r in evidence.itertuples(index=False)}


WHOLE = "R wk | a 07:00 | b 07:20/07:22 | m 07:40 | h 08:00 | s 08:20"


def test_the_same_train_in_two_feeds_is_kept_once():
    feeds, evidence = dropped(nl(f"x {WHOLE}"), be(f"y {WHOLE}"))
    assert decisions(evidence) == {"nl:x": ("dropped", "be:y")}
    assert list(rides(feeds)) == ["be:y"]
    row = evidence.iloc[0]
    assert (row.shared_stops, row.calls, row.largest_gap_s, row.rows) == (5, 5, 0, 5)
    assert row.reason == "same trip in another feed"


def test_the_more_complete_one_stays():
    short = "x R wk | b 07:20/07:22 | m 07:40 | h 08:00"
    feeds, evidence = dropped(nl(short), be(f"y {WHOLE}"))
    assert decisions(evidence) == {"nl:x": ("dropped", "be:y")}
    feeds, evidence = dropped(nl(f"x {WHOLE}"), be(short.replace("x R", "y R")))
    assert decisions(evidence) == {"be:y": ("dropped", "nl:x")}
    assert list(rides(feeds)) == ["nl:x"]
    assert evidence["reason"].tolist() == ["part of a trip in another feed"]


def test_both_pieces_of_a_run_are_found_inside_the_whole():
    pieces = "p R wk | a 07:00 | b 07:20 | m 07:40\nq R wk | m 07:41 | h 08:00 | s 08:20"
    whole = "y R wk | a 07:00 | b 07:20/07:22 | m 07:40/07:41 | h 08:00 | s 08:20"
    _, evidence = dropped(nl(pieces), be(whole))
    assert decisions(evidence) == {"nl:p": ("dropped", "be:y"), "nl:q": ("dropped", "be:y")}


def test_times_rounded_up_to_a_minute_at_some_stops_are_the_same():
    other = "y R wk | a 07:00 | b 07:21/07:22 | m 07:41 | h 08:00 | s 08:21"
    _, evidence = dropped(nl(f"x {WHOLE}"), be(other))
    assert evidence["decision"].tolist() == ["dropped"]
    assert evidence["largest_gap_s"].tolist() == [60]


def test_two_trains_a_minute_apart_are_not_merged():
    later = "y R wk | a 07:01 | b 07:21/07:23 | m 07:41 | h 08:01 | s 08:21"
    feeds, evidence = dropped(nl(f"x {WHOLE}"), be(later))
    assert len(feeds.trips) == 2
    assert evidence["decision"].tolist() == ["doubtful"]
    assert evidence["reason"].tolist() == ["a minute apart at every stop"]


def test_two_trains_a_minute_apart_in_both_feeds_find_their_own():
    first, second = WHOLE, "R wk | a 07:01 | b 07:21/07:23 | m 07:41 | h 08:01 | s 08:21"
    _, evidence = dropped(nl(f"x1 {first}\nx2 {second}"), be(f"y1 {first}\ny2 {second}"))
    assert decisions(evidence) == {"nl:x1": ("dropped", "be:y1"), "nl:x2": ("dropped", "be:y2")}


def test_the_same_train_number_allows_more_difference():
    late = "y R wk no=9211 | a 07:03 | b 07:23/07:25 | m 07:43 | h 08:03 | s 08:23"
    _, evidence = dropped(nl(f"x {WHOLE.replace('wk', 'wk no=9211')}"), be(late))
    assert evidence["decision"].tolist() == ["dropped"]
    _, evidence = dropped(nl(f"x {WHOLE.replace('wk', 'wk no=9213')}"), be(late))
    assert len(evidence) == 0


def test_another_train_number_and_another_minute_are_doubtful():
    other = "y R wk no=77 | a 07:00 | b 07:21/07:23 | m 07:40 | h 08:00 | s 08:20"
    _, evidence = dropped(nl(f"x {WHOLE.replace('wk', 'wk no=9211')}"), be(other))
    assert evidence[["decision", "reason"]].to_numpy().tolist() == [
        ["doubtful", "other train number"]
    ]


def test_a_train_that_skips_a_station_the_other_serves_is_another():
    fast = "y R wk | a 07:00 | b 07:20/07:22 | h 08:00 | s 08:20"
    feeds, evidence = dropped(
        nl(f"x {WHOLE}\nz R wk | m 10:00 | h 10:20"), be(f"{fast}\nw R wk | m 11:00 | h 11:20")
    )
    assert len(evidence) == 0
    assert len(feeds.trips) == 4


def test_a_stop_the_other_feed_does_not_know_is_no_difference():
    # Only the Belgian feed lists the halt k; the Dutch one has no trip that calls there.
    stops = BE_STOPS + "\nk 5.5500 51.1000 Kaulille"
    with_halt = "y R wk | a 07:00 | b 07:20/07:22 | m 07:40 | h 08:00 | k 08:10 | s 08:20"
    _, evidence = dropped(nl(f"x {WHOLE}"), Text("be", "BE", stops, "R rail", with_halt))
    assert decisions(evidence) == {"nl:x": ("dropped", "be:y")}


def test_a_stop_that_is_only_passed_is_no_call():
    passing = "y R wk | a 07:00 | b 07:20/07:22 | m 07:40! | h 08:00 | s 08:20"
    calling = "x R wk | a 07:00 | b 07:20/07:22 | h 08:00 | s 08:20\nz R wk | m 10:00 | h 10:20"
    _, evidence = dropped(nl(calling), be(f"{passing}\nw R wk | m 11:00 | h 11:20"))
    assert decisions(evidence) == {"be:y": ("dropped", "nl:x")} or decisions(evidence) == {
        "nl:x": ("dropped", "be:y")
    }


def test_a_bus_beside_a_train_is_another():
    _, evidence = dropped(nl(f"x {WHOLE}"), be(f"y {WHOLE.replace('R wk', 'B wk')}"))
    assert len(evidence) == 0


def test_another_day_is_another_trip():
    feeds, evidence = dropped(nl(f"x {WHOLE}"), be(f"y {WHOLE.replace('wk', 'sat')}"), day=None)
    assert len(evidence) == 0
    assert len(feeds.trips) == 2


def test_on_days_only_one_has_it_it_stays():
    # The Belgian feed runs it on weekdays, the Dutch one, which knows less of it, every day.
    short = "x R daily | b 07:20/07:22 | m 07:40 | h 08:00"
    feeds, evidence = dropped(nl(short), be(f"y {WHOLE}"), day=None)
    assert decisions(evidence) == {"nl:x": ("dropped on some days", "be:y")}
    assert running(feeds, dt.date(2019, 10, 8)) == {"be:y"}
    assert running(feeds, dt.date(2019, 10, 12)) == {"nl:x"}
    again, evidence = drop_duplicates(feeds, station_of(feeds, match_stops(feeds)[1]), day=None)
    assert len(evidence) == 0
    assert len(again.services.service_ids) == len(feeds.services.service_ids)


def test_a_loop_meets_itself_by_time():
    # Round trip over m twice; the other feed's short turn is its second half only.
    loop = "x B wk | m 07:00 | h 07:20 | s 07:40 | m 08:00 | h 08:20 | s 08:40"
    half = "y B wk | m 08:00 | h 08:20 | s 08:40"
    feeds, evidence = dropped(nl(loop), be(half))
    assert decisions(evidence) == {"be:y": ("dropped", "nl:x")}
    # An hour later it is none of its rounds.
    feeds, evidence = dropped(nl(loop), be("y B wk | m 09:00 | h 09:20 | s 09:40"))
    assert len(evidence) == 0
    assert len(feeds.trips) == 2


def test_a_short_turn_at_another_time_stays():
    _, evidence = dropped(nl(f"x {WHOLE}"), be("y R wk | b 07:50 | m 08:10 | h 08:30"))
    assert len(evidence) == 0


def test_two_trains_that_share_a_stretch_stay_but_are_listed():
    from_beek = "y R wk | b 07:20/07:22 | m 07:40 | h 08:00"
    to_stokkem = "x R wk | m 07:40 | h 08:00 | s 08:20"
    feeds, evidence = dropped(nl(to_stokkem), be(from_beek))
    assert len(feeds.trips) == 2
    assert evidence[["decision", "reason"]].to_numpy().tolist() == [
        ["doubtful", "each has a part the other lacks"]
    ]


def test_one_meeting_at_one_station_is_nothing():
    _, evidence = dropped(nl("x R wk | a 07:00 | m 07:40"), be("y R wk | m 07:40 | s 08:20"))
    assert len(evidence) == 0


def test_three_feeds_leave_one():
    third = Text("de", "DE", NL_STOPS, "R rail", f"z {WHOLE}")
    feeds, evidence = dropped(nl(f"x {WHOLE}"), be(f"y {WHOLE}"), third)
    assert list(rides(feeds)) == ["be:y"]
    assert sorted(evidence["trip"]) == ["de:z", "nl:x"]
    assert set(evidence["kept_trip"]) == {"be:y"}


# --- lines without real times ---------------------------------------------------------------


def hourly(name: str, first_h: int, minute: int, n: int) -> str:
    return "\n".join(
        f"{name}{k} R wk | a {first_h + k}:{minute:02d} | b {first_h + k}:{minute + 20:02d} | "
        f"m {first_h + k}:{minute + 25:02d} | h {first_h + k}:{minute + 30:02d}"
        for k in range(n)
    )


def same_lines(*texts: Text, day: dt.date | None = DAY, modelled: tuple[str, ...] = ()):
    feeds = build(*texts)
    _, matches = match_stops(feeds)
    return drop_same_lines(feeds, station_of(feeds, matches), day=day, modelled=modelled)


def test_a_line_in_a_feed_with_modelled_times_goes_where_the_other_has_real_ones():
    feeds, evidence = same_lines(
        nl(hourly("x", 6, 3, 10)), be(hourly("y", 6, 19, 9)), modelled=("nl",)
    )
    assert {t.split(":")[0] for t in rides(feeds)} == {"be"}
    assert evidence["decision"].tolist() == ["dropped"] * 10
    assert "10 runs, 9 in the other feed" in evidence["reason"].iloc[0]


def test_evenly_spread_times_alone_are_only_doubtful():
    feeds, evidence = same_lines(nl(hourly("x", 6, 3, 10)), be(hourly("y", 6, 19, 9)))
    assert len(feeds.trips) == 19
    assert set(evidence["decision"]) == {"doubtful"}


def test_few_trips_prove_nothing():
    _, evidence = same_lines(nl(hourly("x", 6, 3, 5)), be(hourly("y", 6, 19, 5)))
    assert len(evidence) == 0


def test_a_faster_or_stopping_train_is_another_line():
    slow = "\n".join(
        f"y{k} R wk | a {6 + k}:00 | b {6 + k}:30 | m {6 + k}:45 | h {6 + k}:59" for k in range(9)
    )  # 59 minutes, against 30
    feeds, evidence = same_lines(nl(hourly("x", 6, 3, 10)), be(slow), modelled=("nl",))
    assert (len(feeds.trips), len(evidence)) == (19, 0)
    express = "\n".join(f"y{k} R wk | a {6 + k}:00 | h {6 + k}:30" for k in range(9))
    local = "\nz R wk | b 05:00 | m 05:10"
    feeds, evidence = same_lines(nl(hourly("x", 6, 3, 10)), be(express + local), modelled=("nl",))
    assert (len(feeds.trips), len(evidence)) == (20, 0)


BUS_STOPS = "\n".join(
    f"s{k} {5.5 + k / 100:.4f} 51.2000 Halte {chr(65 + k)}straat" for k in range(10)
)


def bus(feed: str, calls: range, headway: int, step_s: int = 120, trip: str = "t") -> Text:
    way = " | ".join(f"s{k} 00:{(i * step_s) // 60:02d}" for i, k in enumerate(calls))
    return Text(
        feed,
        feed.upper(),
        BUS_STOPS,
        "B bus",
        f"{trip} B wk | {way}",
        f"{trip} 06:00 20:00 {headway}",
    )


def test_a_headway_line_in_two_feeds_is_counted_once():
    # 14 h at 30 min = 28 runs, at 40 min = 21: by 8 of 8 stations that is one line.
    feeds, evidence = same_lines(bus("nl", range(8), 1800), bus("be", range(9), 2400))
    assert list(rides(feeds)) == ["be:t"]  # nine stops, against eight
    assert evidence[["trip", "decision", "kept_trip"]].to_numpy().tolist() == [
        ["nl:t", "dropped", "be:t"]
    ]
    assert len(feeds.frequencies) == 1


def test_a_headway_line_of_other_days_is_another():
    ours, theirs = bus("nl", range(8), 1800), bus("be", range(9), 1800)
    theirs = replace(theirs, trips=theirs.trips.replace("B wk", "B mon"))
    # On Wednesday the Monday line does not run; over all days it stands in for one of five.
    wednesday = DAY + dt.timedelta(days=1)
    assert same_lines(ours, theirs, day=wednesday)[1].empty
    assert same_lines(ours, theirs, day=None)[1]["decision"].tolist() == ["doubtful"]


def test_a_headway_line_with_few_common_stops_needs_like_frequencies():
    feeds, evidence = same_lines(bus("nl", range(5), 1800), bus("be", range(5), 2400))
    assert evidence["decision"].tolist() == ["dropped"]
    feeds, evidence = same_lines(bus("nl", range(5), 1800), bus("be", range(5), 600))
    assert evidence["decision"].tolist() == ["doubtful"]
    assert len(feeds.trips) == 2


def test_the_way_back_is_another_pattern():
    feeds, evidence = same_lines(bus("nl", range(8), 1800), bus("be", range(7, -1, -1), 1800))
    assert (len(feeds.trips), len(evidence)) == (2, 0)


def test_a_line_that_shares_a_part_only_stays():
    # Seven of ten stations: 0.7 of the way, under the 0.8 that would be sure.
    feeds, evidence = same_lines(bus("nl", range(10), 1800), bus("be", range(7), 1800))
    assert len(feeds.trips) == 1  # the shorter lies wholly in the longer
    feeds, evidence = same_lines(
        Text("nl", "NL", BUS_STOPS, "B bus", "t B wk | s0 00:00 | s1 00:02 | s2 00:04 | s3 00:06 | s4 00:08 | s5 00:10 | s6 00:12",
             "t 06:00 20:00 1800"),
        Text("be", "BE", BUS_STOPS, "B bus", "t B wk | s3 00:00 | s4 00:02 | s5 00:04 | s6 00:06 | s7 00:08 | s8 00:10 | s9 00:12",
             "t 06:00 20:00 1800"),
    )  # fmt: skip
    assert len(feeds.trips) == 2
    assert set(evidence["decision"]) <= {"doubtful"}


def test_published_times_are_never_dropped_for_modelled_ones():
    feeds, evidence = same_lines(
        Text("nl", "NL", NL_STOPS, "R rail", "x R wk | b 06:00 | m 06:05 | h 06:10"),
        be(hourly("y", 6, 19, 9)),
        modelled=("be",),
    )
    assert "nl:x" in rides(feeds)
    assert "nl:x" not in set(evidence["trip"])


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_order_of_feeds_has_no_say(order):
    texts = [
        nl(f"x {WHOLE}\nz R daily | a 9:00 | b 9:20"),
        be(f"y {WHOLE}\nw R wk | a 9:00 | b 9:20 | m 9:40"),
    ]
    feeds, evidence = dropped(*(texts[k] for k in order))
    assert decisions(evidence) == {"nl:x": ("dropped", "be:y"), "nl:z": ("dropped", "be:w")}
    assert sorted(rides(feeds)) == ["be:w", "be:y"]


def test_empty_feeds_pass():
    feeds, evidence = dropped(nl(""), be(""))
    assert len(feeds.trips) == len(evidence) == 0
    assert np.issubdtype(evidence["shared_stops"].dtype, np.integer)
