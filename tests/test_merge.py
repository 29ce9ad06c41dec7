"""The whole merge: every pitfall of two countries' feeds in one small world; laws that hold in any."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise, permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from worlds_merge import DAY, FIRST_DAY, Text, build, changes, rides, running, seconds

from mobility.merge import Merged, merge_feeds
from mobility.merge.model import CONTRACTS
from mobility.scenario import read_region
from mobility.scenario.model import MergeEntry

# Two countries; the border runs between m and h. The number behind each line is the pitfall.
#
#   a ── b ── m ═╪═ h ── s        rail, both feeds            (2, 3, 4)
#             └ bus poles either side of the border           (2)
#
NL = Text(
    "nl", "NL",
    """a 5.0000 52.0000 Aadorp, Station
    b 5.2000 51.8000 Beek, Station
    8400424 5.4000 51.4000 Maarheeze, Station Perron B
    h 5.5003 51.2000 Hamont (B); country=BE
    s 5.6003 51.0000 Stokkem Station perron 1; country=BE
    1 5.3900 51.4100 Maarheeze, Kerk
    2 5.3800 51.4200 Maarheeze, Markt
    far 52.3000 5.1000 Verdraaid
    zero 0.0 0.0 Nergens
    baarle 4.9300 51.4430 Baarle-Nassau, Sint-Annaplein
    hertog 4.9320 51.4420 Baarle-Hertog, Molen; country=BE
    side 5.7000 51.3000 Oever
    lonely 5.7100 51.3000 Nooit""",
    """IC rail short=IC agency=NS
    S rail short=S43 agency=NS
    18 bus short=18 agency=Hermes
    132 bus short=132 agency=Hermes
    EB rail short=RE13 agency=Eurobahn""",
    # 3: the through train is in both feeds; 4: the S43 is cut at Maarheeze; 1, 12: ids clash.
    """1 IC wk no=9211 | a 07:00 | b 07:20/07:22 | 8400424 07:40/07:42 | h 08:00/08:01 | s 08:20
    2 S wk no=5356 | b 08:00 | 8400424 08:20
    night IC wk | b 24:10 | 8400424 24:30
    bus1 18 wk | 1 07:00 | 2 07:05 | far 07:10 | zero 07:15 | 2 07:20
    enclave 132 wk | baarle 07:00 | hertog 07:03 | 1 07:30
    back 18 wk | 1 09:00 | 2 08:50
    single 18 wk | 1 10:00
    west 18 wk | 2 11:00 | side 11:20
    eb EB wk | h 06:00 | s 06:20""",
)  # fmt: skip
BE = Text(
    "be", "BE",
    """8400424 5.4004 51.4001 Maarheeze (NL); country=NL
    8831005 5.5000 51.2000 Hamont
    s 5.6000 51.0000 Stokkem
    k 5.7000 51.1000 Kinrooi
    1 5.6010 51.0003 Stokkem Station perron 4
    2 5.6500 51.0500 Kinrooi Kerk
    side 5.7006 51.3000 Oever
    baarle 4.9301 51.4430 Baarle-Nassau St. Annaplein; country=NL
    hertog 4.9321 51.4420 Baarle-Hertog Molen""",
    """IC rail short=IC agency=NMBS
    S rail short=S43 agency=NMBS
    L rail short=L agency=NMBS
    20 bus short=20 agency=DeLijn
    132 bus short=132 agency=DeLijn""",
    """1 IC wk no=9211 | 8400424 07:40/07:42 | 8831005 08:00/08:01 | s 08:20
    2 S wk no=5356 block=9 | 8400424 08:25 | 8831005 08:45
    3 S wk no=5356 block=9 | 8831005 08:47 | s 09:05 | k 09:15
    later IC wk no=9215 | 8400424 07:41/07:43 | 8831005 08:01/08:02 | s 08:21
    local L wk | 8400424 07:45 | 8831005 08:10 | s 08:40
    saturday S sat no=5399 | 8400424 08:22 | 8831005 08:45
    bus 20 wk | 1 08:00 | 2 08:15 | side 08:30
    baarle 132 wk | baarle 07:00 | hertog 07:03""",
    transfers="8400424 8400424 2 300",
)  # fmt: skip


def merged(*texts: Text, day: dt.date | None = DAY, **more) -> Merged:
    return merge_feeds(build(*texts), day=day, timezone="Europe/Amsterdam", **more)


def over_the_canal(lon_a, lat_a, lon_b, lat_b):
    """Metres on foot: 1.2 times the crow-fly distance, but 3 km round the canal at 5.7 E, 51.3 N."""
    crow = np.hypot((lon_a - lon_b) * 69_500, (lat_a - lat_b) * 111_195)
    canal = (np.abs(lon_a - 5.7) < 0.01) & (np.abs(lat_a - 51.3) < 0.01)
    return np.where(canal, 3000.0, 1.2 * crow).astype(np.float32)


@pytest.fixture(scope="module")
def world() -> Merged:
    return merged(NL, BE, walk_m=over_the_canal)


def grade(world: Merged, a: str, b: str) -> str:
    table = world.evidence["stops"]
    rows = table[(table["stop_a"] == a) & (table["stop_b"] == b)]
    return "" if rows.empty else str(rows["grade"].iloc[0])


def test_pitfall_1_ids_that_clash_stay_two_stops(world):
    stops = set(world.feeds.stops["stop_id"])
    assert {"nl:1", "be:1", "nl:2", "be:2", "nl:side", "be:side"} <= stops
    assert grade(world, "be:1", "nl:1") == ""


def test_pitfall_2_one_station_in_two_feeds_is_one(world):
    assert grade(world, "be:8400424", "nl:8400424") == "same station"
    assert grade(world, "be:8831005", "nl:h") == "same station"
    assert grade(world, "be:1", "nl:s") == "same station"  # the bus stop at the station
    assert ("be:8400424", "nl:8400424", 2, 300) in changes(world.feeds)


def test_pitfall_2_two_sides_of_a_canal_are_not(world):
    # Two stops called Oever, 42 m apart as the crow flies.
    both = {("be:side", "nl:side"), ("nl:side", "be:side")}
    assert grade(world, "be:side", "nl:side") == "apart"
    assert not both & {c[:2] for c in changes(world.feeds)}
    # Were there no canal, they would be one.
    dry = merged(NL, BE)
    assert grade(dry, "be:side", "nl:side") == "same stop"
    assert both <= {c[:2] for c in changes(dry.feeds)}


def test_pitfall_3_the_through_train_is_counted_once(world):
    dropped = world.evidence["trips_dropped"].set_index("trip")
    assert dropped.loc["be:1", ["decision", "kept_trip"]].tolist() == ["dropped", "nl:1"]
    assert "nl:1" in rides(world.feeds)
    # A minute behind it runs another train with its own number.
    assert "be:later" in rides(world.feeds)
    assert "be:local" in rides(world.feeds)


def test_pitfall_4_the_cut_train_is_one_ride(world):
    found = rides(world.feeds)["nl:2+be:2+be:3"]
    assert [stop for stop, _, _ in found] == [
        "nl:b", "nl:8400424", "be:8400424", "be:8831005", "be:s", "be:k",
    ]  # fmt: skip
    ways = world.evidence["trips_stitched"].set_index("trip_a")["way"].to_dict()
    assert ways == {"nl:2": "across feeds", "be:2": "block"}
    # The Saturday train is no continuation of a weekday one.
    assert "be:saturday" in rides(world.feeds)


def test_pitfall_5_a_foreign_agency_is_reported(world):
    table = world.evidence["problems"]
    rows = table[table["problem"] == "agency that runs only in another country"]
    assert rows[["feed", "examples"]].to_numpy().tolist() == [["nl", "Eurobahn"]]
    assert "nl:eb" in rides(world.feeds)


def test_pitfall_7_calendars_that_do_not_overlap_are_an_error():
    table = merged(NL, BE, day=dt.date(2020, 6, 1)).evidence["problems"]
    errors = table[table["severity"] == "error"]
    assert set(errors["feed"]) == {"nl", "be"}
    assert "the day is outside the feed's calendar" in set(errors["problem"])
    assert not (merged(NL, BE).evidence["problems"]["severity"] == "error").any()


def test_pitfall_10_a_trip_past_midnight_keeps_its_times(world):
    assert rides(world.feeds)["nl:night"][0] == ("nl:b", seconds("24:10"), seconds("24:10"))


def test_pitfall_11_a_headway_line_in_both_feeds_is_counted_once():
    line = "t 132 wk | baarle 00:00 | hertog 00:03 | 1 00:30 | 2 00:35"
    stops = BE.stops.replace(
        "1 5.6010 51.0003 Stokkem Station perron 4", "1 5.3901 51.4100 Maarheeze Kerk"
    )
    stops = stops.replace("2 5.6500 51.0500 Kinrooi Kerk", "2 5.3801 51.4200 Maarheeze Markt")
    ours = Text("nl", "NL", NL.stops, NL.routes, line, "t 06:00 20:00 1800")
    theirs = Text("be", "BE", stops, BE.routes, line, "t 06:00 20:00 2100")
    found = merged(ours, theirs)
    assert found.feeds.trips["trip_id"].tolist() == ["be:t"]
    # Every 35 minutes from 6 to 20 h: 840 / 35 = 24.
    assert len(found.feeds.frequencies) == 1
    assert found.evidence["cross_border_lines"]["departures"].tolist() == [24]


def test_pitfall_12_a_train_number_twice_a_day_is_two_trains():
    # 729 runs in the morning and again in the evening; both feeds have both.
    stops = "a 5.0 51.5 A; country=NL\nb 5.2 51.4 B; country=BE\nc 5.4 51.3 C; country=BE"
    trips = "m R wk no=729 | a 7:00 | b 7:20 | c 7:40\ne R wk no=729 | a 18:00 | b 18:20 | c 18:40"
    found = merged(
        Text("nl", "NL", stops, "R rail", trips), Text("be", "BE", stops, "R rail", trips)
    )
    assert set(rides(found.feeds)) == {"be:m", "be:e"}
    table = found.evidence["trips_dropped"]
    assert table[["trip", "kept_trip"]].to_numpy().tolist() == [["nl:e", "be:e"], ["nl:m", "be:m"]]


def test_pitfall_13_misplaced_stops_are_mended(world):
    at = world.feeds.stops.set_index("stop_id")
    assert at.loc["nl:far", ["lon", "lat"]].tolist() == [5.1, 52.3]
    # Between far (5.10, 52.30) and Markt (5.38, 51.42).
    assert at.loc["nl:zero", ["lon", "lat"]].tolist() == pytest.approx([5.24, 51.86])


def test_pitfall_16_what_type_3_forbids_stays_forbidden():
    rules = "8400424 8400424 3"
    found = merged(NL, Text(BE.id, BE.country, BE.stops, BE.routes, BE.trips, transfers=rules))
    assert ("be:8400424", "be:8400424", 3, -1) in changes(found.feeds)


def test_pitfall_17_rows_balance(world):
    assert_balanced(world, build(NL, BE))


def test_pitfall_27_enclaves_are_by_place_and_names_alike_stay_two(world):
    assert grade(world, "be:baarle", "nl:baarle") == "same stop"
    assert grade(world, "be:hertog", "nl:hertog") == "same stop"
    assert grade(world, "be:baarle", "nl:hertog") == "near"
    found = world.evidence["cross_border_lines"].set_index("line")
    assert found.loc["nl:132", ["countries", "crossings"]].tolist() == ["NL+BE", 2]
    assert "nl:18" not in found.index


def test_errors_that_cannot_be_ridden_are_left_out_and_named(world):
    reasons = world.evidence["trips_dropped"].set_index("trip")["reason"]
    assert (reasons["nl:back"], reasons["nl:single"]) == ("times go back", "trip of one stop")
    assert not {"nl:back", "nl:single"} & set(rides(world.feeds))


def test_evidence_keeps_its_contract(world):
    assert list(world.evidence) == [
        "stops", "trips_dropped", "trips_stitched", "calendars", "cross_border_lines", "problems",
        "balance",
    ]  # fmt: skip
    for name, table in world.evidence.items():
        assert list(table.columns) == [c.name for c in CONTRACTS[name]]
        for column in CONTRACTS[name]:
            if column.dtype != "string":
                assert str(table[column.name].dtype) == column.dtype
            else:
                assert table[column.name].map(lambda x: isinstance(x, str)).all(), column.name


@pytest.mark.parametrize(
    "off", ["repair", "match_stops", "through_running", "drop_duplicates", "stitch"]
)
def test_each_step_can_be_switched_off(off):
    whole = merged(NL, BE)
    without = merged(NL, BE, options=MergeEntry(**{off: False}))
    steps = {
        "repair": {"repair"},
        "match_stops": {"match stops"},
        "through_running": {"through-running"},
        "drop_duplicates": {"repeats", "duplicate trips", "same lines"},
        "stitch": {"cut trips"},
    }[off]
    assert (
        set(whole.evidence["balance"]["step"]) - set(without.evidence["balance"]["step"]) == steps
    )
    assert rides(without.feeds) != rides(whole.feeds)


@pytest.mark.parametrize(
    "off", ["repair", "match_stops", "through_running", "drop_duplicates", "stitch"]
)
def test_the_region_file_switches_a_step_off(off, tmp_path):
    path = tmp_path / "region.toml"
    path.write_text(
        'version = 1\nname = "x"\n[[feeds]]\nid = "nl"\npath = "nl.zip"\n[streets]\nosm = ["x.osm"]\n'
        f'[zones]\npath = "z.csv"\nid = "id"\n[merge]\n{off} = false\ntwo_editions = ["nl"]\n',
        encoding="utf-8",
    )
    options = read_region(path, check_files=False).merge
    assert options == MergeEntry(**{off: False}, two_editions=("nl",))
    whole, without = merged(NL, BE), merged(NL, BE, options=options)
    assert rides(without.feeds) != rides(whole.feeds)


def test_overrides_are_read_from_the_region(tmp_path):
    path = tmp_path / "stops.csv"
    path.write_text(
        "stop_a,stop_b,grade\nnl:8400424,be:8400424,apart\nnl:gone,be:s,near\n", encoding="utf-8"
    )
    found = merged(NL, BE, options=MergeEntry(overrides=path))
    assert grade(found, "be:8400424", "nl:8400424") == "apart"
    assert "nl:2+be:2+be:3" not in rides(found.feeds)
    problems = found.evidence["problems"].set_index("problem")
    assert problems.loc["stop in the overrides that no feed has here", "examples"] == "nl:gone"


NO_SHRINK = (Phase.explicit, Phase.reuse, Phase.generate)  # shrinking two feeds takes minutes

# --- laws -------------------------------------------------------------------------------------


def assert_balanced(found: Merged, before) -> None:
    books = found.evidence["balance"]
    assert (books["rows_in"] - books["dropped"] + books["added"] == books["rows_out"]).all()
    for _, table in books.groupby("table"):
        assert (table["rows_in"].to_numpy()[1:] == table["rows_out"].to_numpy()[:-1]).all()
    for name in ("stops", "routes", "trips", "stop_times"):
        mine = books[books["table"] == name]
        assert mine["rows_in"].iloc[0] == len(getattr(before, name))
        assert mine["rows_out"].iloc[-1] == len(getattr(found.feeds, name))
    # Every trip is still there, was dropped with a reason, or is a piece of a joined one.
    dropped = found.evidence["trips_dropped"]
    gone = set(dropped.loc[dropped["decision"] == "dropped", "trip"])
    assert (dropped["reason"] != "").all()
    stitched = found.evidence["trips_stitched"]
    joined = stitched[stitched["decision"] == "joined"]
    pieces = set(joined["trip_a"]) | set(joined["trip_b"])
    for trip in set(before.trips["trip_id"]):
        assert trip in set(found.feeds.trips["trip_id"]) or trip in gone or trip in pieces
    assert gone.isdisjoint(found.feeds.trips["trip_id"])


def days_ridden(feeds) -> dict[dt.date, set[str]]:
    return {
        FIRST_DAY + dt.timedelta(days=k): running(feeds, FIRST_DAY + dt.timedelta(days=k))
        for k in range(7)
    }


def assert_same(a, b) -> None:
    assert rides(a) == rides(b)
    assert changes(a) == changes(b)
    assert days_ridden(a) == days_ridden(b)


@pytest.mark.parametrize("day", [DAY, None])
def test_merging_twice_changes_nothing(day):
    once = merged(NL, BE, day=day)
    twice = merge_feeds(once.feeds, day=day, timezone="Europe/Amsterdam")
    for name in ("stops", "routes", "trips", "stop_times", "frequencies", "transfers"):
        pd.testing.assert_frame_equal(getattr(twice.feeds, name), getattr(once.feeds, name))
    assert len(twice.feeds.services.service_ids) == len(once.feeds.services.service_ids)


def test_the_order_of_feeds_changes_nothing():
    third = Text("de", "DE", "h 5.5001 51.2001 Hamont; country=BE\nq 5.9 51.2 Q", "R rail short=RE",
                 "t R wk | h 08:05 | q 08:30")  # fmt: skip
    found = [merged(*order) for order in permutations([NL, BE, third])]
    for other in found[1:]:
        assert_same(other.feeds, found[0].feeds)
    ways = [set(f.evidence["trips_stitched"]["trip"]) for f in found]
    assert all(way == ways[0] for way in ways)


PLACES = "\n".join(f"{name} {5 + k / 5:.4f} 51.5 {name.upper()}stad; country={'NL' if k < 3 else 'BE'}"
                   for k, name in enumerate("abcdef"))  # fmt: skip
NEAR = PLACES.replace(" 51.5 ", " 51.5003 ")


@st.composite
def trip(draw: st.DrawFn, number: int) -> str:
    first = draw(st.integers(0, 4))
    last = draw(st.integers(first + 1, 5))
    names = list("abcdef"[first : last + 1])
    if draw(st.booleans()):
        names.reverse()
    start = 420 + draw(st.integers(0, 6)) * 10 + (first if names[0] < names[-1] else 5 - last) * 20
    calls = " | ".join(
        f"{name} {(start + 20 * k) // 60}:{(start + 20 * k) % 60:02d}"
        for k, name in enumerate(names)
    )
    service = draw(st.sampled_from(["wk", "daily", "tue", "mon"]))
    given = draw(st.sampled_from(["", " no=7", " no=8", " block=1", " block=2 no=7"]))
    return f"t{number} {draw(st.sampled_from(['R', 'S']))} {service}{given} | {calls}"


@st.composite
def two_feeds(draw: st.DrawFn) -> tuple[Text, Text]:
    routes = "R rail short=S1\nS rail short=IC"
    sizes = draw(st.tuples(st.integers(0, 5), st.integers(0, 5)))
    trips = ["\n".join(draw(trip(k)) for k in range(size)) for size in sizes]
    return Text("nl", "NL", PLACES, routes, trips[0]), Text("be", "BE", NEAR, routes, trips[1])


def trip_days(feeds) -> set[tuple[tuple[str, ...], int, dt.date]]:
    """(towns of a leg, departure, day) of every leg anyone can ride."""
    found = set()
    for day, trips in days_ridden(feeds).items():
        for name in trips:
            calls = rides(feeds)[name]
            for (a, _, leaves), (b, _, _) in pairwise(calls):
                if a[-1] != b[-1]:
                    found.add(((a[-1], b[-1]), leaves, day))
    return found


@given(two_feeds(), st.sampled_from([None, DAY]))
@settings(deadline=None, max_examples=30, phases=NO_SHRINK)
def test_laws_of_merging(texts, day):
    before = build(*texts)
    once = merge_feeds(before, day=day, timezone="Europe/Amsterdam")
    assert_balanced(once, before)
    twice = merge_feeds(once.feeds, day=day, timezone="Europe/Amsterdam")
    assert_same(twice.feeds, once.feeds)
    other = merge_feeds(build(*reversed(texts)), day=day, timezone="Europe/Amsterdam")
    assert_same(other.feeds, once.feeds)


@given(two_feeds())
@settings(deadline=None, max_examples=30, phases=NO_SHRINK)
def test_no_leg_is_lost_and_none_is_made_up(texts):
    # Times lie 10 minutes apart, so that a duplicate has the very same times.
    before = build(*texts)
    after = merge_feeds(before, day=None, timezone="Europe/Amsterdam").feeds
    assert trip_days(after) == trip_days(before)
