"""Changes to lines, by hand: every expected time shows its sum."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from changes_toy import DAY, calls, check_feeds, hm, toy_feeds, toy_supply

from mobility.changes import Applied, Effect, apply_changes, describe_counts
from mobility.errors import ScenarioError
from mobility.network.model import Supply
from mobility.scenario import parse_change

R1 = {"short_name": "R1"}
R2 = {"short_name": "R2"}


def form(table, row=1, file="x.toml"):
    found, problems = parse_change(table, f"{file}: changes[{row}]")
    assert found is not None, [str(p) for p in problems]
    return found


def run(*tables, supply: Supply | None = None) -> Applied:
    base = supply or toy_supply()
    before = {
        name: getattr(base.feeds, name).copy()
        for name in ("stops", "trips", "stop_times", "frequencies")
    }
    applied = apply_changes(base, [form(t, k) for k, t in enumerate(tables, 1)], day=DAY)
    check_feeds(applied.supply.feeds)
    for name, table in before.items():
        pd.testing.assert_frame_equal(getattr(base.feeds, name), table)  # the base stays
    return applied


def starts(feeds, route_id, stop_id):
    return [t[0][2] for t in calls(feeds, route_id) if t[0][0] == stop_id]


def test_nothing_asked_is_the_base_itself() -> None:
    base = toy_supply()
    assert apply_changes(base, [], day=DAY).supply is base


# -- add-line -------------------------------------------------------------------------------

IC = {
    "kind": "add-line",
    "id": "ic",
    "mode": "rail",
    "stops": [
        {"near": "Ce"},
        {"lon": 5.25, "lat": 51.0, "name": "Nieuw"},
        {"near": "Hub", "mode": "rail"},
    ],
    "run_s": [300, 240],
    "dwell_s": 60,
    "headway_s": 3600,
    "first": "06:20",
    "last": "08:25",
}


def test_add_line_times_by_hand() -> None:
    applied = run(IC)
    feeds = applied.supply.feeds
    trips = calls(feeds, "be:ic")
    t = hm("6:20")
    # Ce 6:20; 300 s to Nieuw, 60 s stand, 240 s to Hub. Back the same runs in reverse order.
    assert trips[0] == [("be:C", t, t), ("be:ic/2", t + 300, t + 360), ("nl:H", t + 600, t + 600)]
    assert trips[1] == [("nl:H", t, t), ("be:ic/2", t + 240, t + 300), ("be:C", t + 600, t + 600)]
    # 6:20, 7:20, 8:20 (last 8:25 is out of step), both ways
    assert [c[0][1] for c in trips] == [hm("6:20")] * 2 + [hm("7:20")] * 2 + [hm("8:20")] * 2
    assert applied.effects[0].counts == {
        "lines_added": 1,
        "trips_added": 6,
        "stops_added": 1,
        "run_s": 600,
    }
    new = feeds.stops.iloc[-1]
    # 3.5 km from Ce (BE) and from Hub (NL): the first of two as near gives the country
    assert (new["stop_id"], new["name"], new["country"]) == ("be:ic/2", "Nieuw", "BE")
    route = feeds.routes.iloc[-1]
    assert (route["feed"], route["mode"], route["operator"], route["route_type"]) == (
        "be",
        "rail",
        "NMBS",
        2,
    )
    assert route["long_name"] == "Ce – Hub"
    assert feeds.services.on(DAY)[-1]
    assert (feeds.route_services["route_id"] == "be:ic").sum() == 1


def test_add_line_by_exact_departures_and_spans() -> None:
    exact = {k: v for k, v in IC.items() if k not in ("headway_s", "first", "last")}
    feeds = run(
        {**exact, "departures": ["07:05", "06:05", "25:10"], "departures_back": ["23:00"]}
    ).supply.feeds
    assert starts(feeds, "be:ic", "be:C") == [hm("6:05"), hm("7:05"), hm("25:10")]
    assert starts(feeds, "be:ic", "nl:H") == [hm("23:00")]
    spans = [
        {"start": "06:00", "end": "07:00", "headway_s": 1800},
        {"start": "07:00", "end": "09:00", "headway_s": 3600},
    ]
    feeds = run({**exact, "spans": spans, "both_ways": False}).supply.feeds
    # 6:00 6:30 7:00 | 7:00 (already there) 8:00 9:00
    assert starts(feeds, "be:ic", "be:C") == [
        hm("6:00"),
        hm("6:30"),
        hm("7:00"),
        hm("8:00"),
        hm("9:00"),
    ]
    assert starts(feeds, "be:ic", "nl:H") == []


def test_add_line_without_times_becomes_a_headway() -> None:
    feeds = run({**IC, "exact": False}).supply.feeds
    assert len(calls(feeds, "be:ic")) == 2
    rows = feeds.frequencies.iloc[-2:]
    # the last departure of 8:25 is still one: the period ends a second later
    assert (
        rows[["start_s", "end_s", "headway_s"]].to_numpy().tolist()
        == [[hm("6:20"), hm("8:25") + 1, 3600]] * 2
    )
    assert not rows["exact"].any()


def test_add_line_by_speed_along_a_straight_line() -> None:
    table = {
        "kind": "add-line",
        "id": "v",
        "mode": "bus",
        "feed": "nl",
        "speed_kph": 36,
        "detour": 1.25,
        "stops": [{"id": "nl:H"}, {"id": "nl:D"}],
        "headway_s": 3600,
        "first": "06:00",
        "last": "06:00",
    }
    feeds = run(table).supply.feeds
    # 0.1 degree × cos 51° × 111 195 m = 6997.8 m; × 1.25 ÷ 10 m/s = 874.7 s
    assert calls(feeds, "nl:v")[0][1][1] - hm("6:00") == round(
        0.1 * np.cos(np.radians(51)) * 111_195 * 1.25 / 10
    )


def test_add_line_with_new_stops_only_stands_alone() -> None:
    table = {
        "kind": "add-line",
        "id": "n",
        "mode": "bus",
        "run_s": [60],
        "headway_s": 600,
        "stops": [{"lon": 5, "lat": 51, "name": "P", "country": "XX"}, {"lon": 5.01, "lat": 51}],
    }
    feeds = run(table).supply.feeds
    assert feeds.routes.iloc[-1]["route_id"] == "scenario:n"
    assert feeds.stops["country"].tolist()[-2:] == ["XX", "BE"]


def test_a_later_change_finds_a_line_and_stop_added_before() -> None:
    feeds = run(
        IC,
        {"kind": "change-headway", "lines": [{"route_id": "be:ic"}], "headway_s": 1800},
        {"kind": "remove-stops", "stops": [{"near": "Nieuw"}]},
    ).supply.feeds
    # 6:20 … 8:20 by 30 min = 5 departures; Nieuw passed: 600 − 60 s stand
    assert starts(feeds, "be:ic", "be:C") == [hm("6:20") + 1800 * k for k in range(5)]
    assert all(len(t) == 2 and t[1][1] - t[0][2] == 540 for t in calls(feeds, "be:ic"))


# -- extend-line, reroute, through-run --------------------------------------------------------


def test_extend_line_by_hand_both_ways() -> None:
    applied = run(
        {
            "kind": "extend-line",
            "lines": [R1],
            "at": {"near": "Ce"},
            "stops": [{"near": "Hub", "mode": "rail"}, {"near": "De"}],
            "run_s": [400, 300],
            "dwell_s": 60,
        }
    )
    trips = calls(applied.supply.feeds, "be:R1")
    t = hm("6:00") + 1260  # arrival at Ce, where it now stands 60 s
    assert trips[0][2:] == [
        ("be:C", t, t + 60),
        ("nl:H", t + 460, t + 520),
        ("nl:D", t + 820, t + 820),
    ]
    t = hm("6:30")  # departure from Ce, which stays; before it 60 s stand, 400 s, 60 s, 300 s
    assert trips[1][:3] == [
        ("nl:D", t - 820, t - 820),
        ("nl:H", t - 520, t - 460),
        ("be:C", t - 60, t),
    ]
    assert trips[1][3:] == [("be:B", t + 600, t + 660), ("be:A", t + 1260, t + 1260)]
    assert applied.effects[0].counts == {"lines_changed": 1, "trips_changed": 10, "stops_added": 0}


def test_extend_line_one_way_and_where_no_trip_ends() -> None:
    table = {
        "kind": "extend-line",
        "lines": [R1],
        "at": {"near": "Ce"},
        "stops": [{"id": "nl:H"}],
        "run_s": [400],
    }
    feeds = run({**table, "both_ways": False}).supply.feeds
    assert [len(t) for t in calls(feeds, "be:R1")] == [4, 3] * 5
    with pytest.raises(
        ScenarioError, match="where no trip of the line ends; expected one of Ae, Ce"
    ):
        run({**table, "at": {"near": "Be"}})


def test_reroute_by_hand() -> None:
    table = {
        "kind": "reroute",
        "lines": [R1],
        "start_at": {"near": "Ae"},
        "end_at": {"near": "Ce"},
        "stops": [{"lon": 5.1, "lat": 51.1, "name": "Om"}],
        "run_s": [700, 800],
        "dwell_s": 30,
    }
    trips = calls(run(table).supply.feeds, "be:R1")
    t = hm("6:00")
    assert trips[0] == [
        ("be:A", t, t),
        ("be:x-1/1", t + 700, t + 730),
        ("be:C", t + 1530, t + 1530),
    ]
    t = hm("6:30")  # the other way the hops come in reverse: 800 s, 30 s, 700 s
    assert trips[1] == [
        ("be:C", t, t),
        ("be:x-1/1", t + 800, t + 830),
        ("be:A", t + 1530, t + 1530),
    ]


def test_reroute_moves_what_comes_after() -> None:
    long = run(
        {
            "kind": "extend-line",
            "lines": [R1],
            "at": {"near": "Ce"},
            "stops": [{"id": "nl:H"}],
            "run_s": [400],
        }
    )
    feeds = run(
        {
            "kind": "reroute",
            "lines": [R1],
            "start_at": {"near": "Ae"},
            "end_at": {"near": "Ce"},
            "run_s": [960],
        },
        supply=long.supply,
    ).supply.feeds
    t = hm("6:00")
    # Ae–Ce takes 960 s and not 1260, so Hub comes 300 s earlier: 1260 + 60 + 400 − 300
    assert calls(feeds, "be:R1")[0] == [
        ("be:A", t, t),
        ("be:C", t + 960, t + 1020),
        ("nl:H", t + 1420, t + 1420),
    ]


def test_through_run_joins_the_next_departure_once() -> None:
    applied = run(
        {"kind": "through-run", "first": {"short_name": "X"}, "second": R2, "at": {"id": "nl:H"}}
    )
    feeds = applied.supply.feeds
    # X arrives 7:15 and 9:15; R2 leaves 7:40 and 9:40: 25 min stand
    assert calls(feeds, "be:X") == [
        [("be:C", hm(a), hm(a)), ("nl:H", hm(b), hm(c)), ("nl:D", hm(c) + 480, hm(c) + 480)]
        for a, b, c in (("7:00", "7:15", "7:40"), ("9:00", "9:15", "9:40"))
    ]
    assert hm("7:40") not in starts(feeds, "nl:R2", "nl:H")
    assert len(calls(feeds, "nl:R2")) == 9 - 2
    assert applied.effects[0].counts == {"trips_joined": 2, "mean_stand_s": 1500}


def test_through_run_needs_a_partner_in_time() -> None:
    table = {
        "kind": "through-run",
        "first": {"short_name": "X"},
        "second": R2,
        "at": {"id": "nl:H"},
        "max_wait_s": 1499,
    }
    with pytest.raises(ScenarioError, match="no trip that comes to"):
        run(table)
    with pytest.raises(ScenarioError, match="a line by headway only"):
        run({**table, "second": {"short_name": "7"}})


# -- headway, speed, dwell, shift -------------------------------------------------------------


def test_change_headway_denser_keeps_the_trips_that_fit() -> None:
    applied = run({"kind": "change-headway", "lines": [R1], "headway_s": 1800})
    # out 6:00 … 10:00 hourly → half-hourly: 9, five of them today's; back alike
    assert starts(applied.supply.feeds, "be:R1", "be:A") == [
        hm("6:00") + 1800 * k for k in range(9)
    ]
    assert applied.effects[0].counts == {
        "trips_removed": 0,
        "trips_added": 8,
        "headways_changed": 0,
    }
    new = [t for t in applied.supply.feeds.trips["trip_id"] if "@" in t]
    # 6:30 lies as near to 6:00 as to 7:00: the earlier one lends its run times
    assert len(new) == 8
    assert {"be:R1-o6@06:30", "be:R1-b6@07:00"} <= set(new)


def test_change_headway_thinner_in_a_period() -> None:
    table = {
        "kind": "change-headway",
        "lines": [R2],
        "headway_s": 3600,
        "period": {"start": "07:00", "end": "09:00"},
    }
    feeds = run(table).supply.feeds
    # of the period 7:10 7:40 8:10 8:40 only 7:10 and 8:10 are left
    assert starts(feeds, "nl:R2", "nl:H") == [
        hm(t) for t in ("6:10", "6:40", "7:10", "8:10", "9:10", "9:40", "10:10")
    ]


def test_change_headway_keeps_the_share_of_each_variant() -> None:
    # two of five out trips of R1 turn at Be: 7:00 and 9:00
    base = toy_supply()
    short = base.feeds
    trip = short.trips.index[short.trips["trip_id"].isin(["be:R1-o7", "be:R1-o9"])]
    last = short.stop_times["trip"].isin(trip) & (short.stop_times["sequence"] == 2)
    feeds = short.with_tables(stop_times=short.stop_times[~last].reset_index(drop=True))
    supply = Supply(feeds, base.streets, base.zones, base.settings)
    changed = run(
        {"kind": "change-headway", "lines": [R1], "headway_s": 1200}, supply=supply
    ).supply.feeds
    out = [t for t in calls(changed, "be:R1") if t[0][0] == "be:A"]
    # every 20 min from Ae, 6:00 to 10:00; around any time half of today's trips turn at Be, so
    # they take turns: L S S L S L L S S L S L L
    assert [t[0][2] for t in out] == [hm("6:00") + 1200 * k for k in range(13)]
    assert "".join("LS"[len(t) == 2] for t in out) == "LSSLSLLSSLSLL"
    # the short trip at 7:20 is that of 7:00, twenty minutes later
    assert out[4] == [("be:A", hm("7:20"), hm("7:20")), ("be:B", hm("7:30"), hm("7:31"))]


def test_change_headway_thinner_keeps_both_variants() -> None:
    # R2 every 30 min, every second trip turned round at once: it runs De–Hub as another variant
    base = toy_supply()
    times = base.feeds.stop_times.copy()
    odd = base.feeds.trips.index[
        base.feeds.trips["trip_id"].isin([f"nl:R2-{k}" for k in (1, 3, 5, 7)])
    ]
    second = times["trip"].isin(odd) & (times["sequence"] == 1)
    times.loc[second, "stop"] = np.int32(6)  # to Ef in place of De
    supply = Supply(
        base.feeds.with_tables(stop_times=times), base.streets, base.zones, base.settings
    )
    changed = run(
        {"kind": "change-headway", "lines": [R2], "headway_s": 3600}, supply=supply
    ).supply.feeds
    ends = [(t[0][2], t[1][0]) for t in calls(changed, "nl:R2")]
    # hourly from Hub, and the two ends still take turns
    assert [t for t, _ in ends] == [hm("6:10") + 3600 * k for k in range(5)]
    assert {end for _, end in ends} == {"nl:D", "nl:E"}


def test_change_headway_as_one_tells_directions_by_bearing() -> None:
    # R1 and X taken for one line that leaves Ce: out and back in a feed that gives no direction
    base = toy_supply()
    trips = base.feeds.trips.assign(direction=np.int8(-1))
    supply = Supply(base.feeds.with_tables(trips=trips), base.streets, base.zones, base.settings)
    changed = run(
        {"kind": "change-headway", "lines": [R1], "headway_s": 1800}, supply=supply
    ).supply.feeds
    assert starts(changed, "be:R1", "be:A") == [hm("6:00") + 1800 * k for k in range(9)]
    assert starts(changed, "be:R1", "be:C") == [hm("6:30") + 1800 * k for k in range(9)]
    # eastward from Ae 6:00 … 10:00 (five) and X from Ce 7:00, 9:00; at Ce both call:
    # R1 at :21, X at :00 – one line from 6:21 to 10:21 by 40 min
    both = run(
        {
            "kind": "change-headway",
            "lines": [R1, {"short_name": "X"}],
            "headway_s": 2400,
            "as_one": True,
        },
        supply=supply,
    ).supply.feeds
    at = sorted(
        next(d for s, _, d in t if s == "be:C")
        for r in ("be:R1", "be:X")
        for t in calls(both, r)
        if t[0][0] == "be:A" or r == "be:X"
    )
    assert at == [hm("6:21") + 2400 * k for k in range(7)]


def test_change_headway_of_a_headway_line_splits_its_period() -> None:
    table = {
        "kind": "change-headway",
        "lines": [{"short_name": "7"}],
        "headway_s": 600,
        "period": {"start": "07:00", "end": "09:00"},
    }
    rows = (
        run(table).supply.feeds.frequencies[["start_s", "end_s", "headway_s"]].to_numpy().tolist()
    )
    assert rows == [
        [hm("6:00"), hm("7:00"), 1200],
        [hm("7:00"), hm("9:00"), 600],
        [hm("9:00"), hm("10:00"), 1200],
    ]


def test_change_headway_counts_only_trips_of_the_day() -> None:
    base = toy_supply()
    runs = base.feeds.services.runs.copy()
    services = type(base.feeds.services)(
        np.append(base.feeds.services.service_ids, "nl:other"),
        base.feeds.services.first_day,
        np.vstack([runs, [True, False, True]]),
    )
    trips = base.feeds.trips.copy()
    trips.loc[trips["trip_id"] == "nl:R2-1", "service"] = 2  # 6:40 does not run on the day
    from dataclasses import replace

    feeds = replace(base.feeds, services=services, trips=trips)
    changed = run(
        {"kind": "change-headway", "lines": [R2], "headway_s": 7200},
        supply=replace(base, feeds=feeds),
    ).supply.feeds
    # 6:40 is not of the day, so it stays; of the day's 6:10 … 10:10 every two hours are left
    assert starts(changed, "nl:R2", "nl:H") == [hm(t) for t in ("6:10", "6:40", "8:10", "10:10")]


def test_change_speed_whole_and_part() -> None:
    trips = calls(run({"kind": "change-speed", "lines": [R1], "factor": 1.2}).supply.feeds, "be:R1")
    t = hm("6:00")  # 600 ÷ 1.2 = 500 s a hop, the stand of 60 s stays
    assert trips[0] == [("be:A", t, t), ("be:B", t + 500, t + 560), ("be:C", t + 1060, t + 1060)]
    part = {
        "kind": "change-speed",
        "lines": [R1],
        "factor": 0.5,
        "start_at": {"near": "Be"},
        "end_at": {"near": "Ce"},
    }
    trips = calls(run(part).supply.feeds, "be:R1")
    assert trips[0] == [("be:A", t, t), ("be:B", t + 600, t + 660), ("be:C", t + 1860, t + 1860)]
    t = hm("6:30")
    assert trips[1] == [("be:C", t, t), ("be:B", t + 1200, t + 1260), ("be:A", t + 1860, t + 1860)]


def test_change_dwell() -> None:
    trips = calls(run({"kind": "change-dwell", "lines": [R1], "add_s": -90}).supply.feeds, "be:R1")
    t = hm("6:00")  # 60 − 90 is no less than 0
    assert trips[0] == [("be:A", t, t), ("be:B", t + 600, t + 600), ("be:C", t + 1200, t + 1200)]
    told = run({"kind": "change-dwell", "lines": [R1], "add_s": -30}).effects[0].texts
    assert told["en"].startswith("R1: dwell 30 s shorter (")
    assert told["nl"].startswith("R1: 30 s korter halteren (")
    with pytest.raises(ScenarioError, match="affects nothing"):
        run({"kind": "change-dwell", "lines": [R1], "dwell_s": 60})
    with pytest.raises(ScenarioError, match="affects nothing"):  # ends have no dwell
        run({"kind": "change-dwell", "lines": [R1], "dwell_s": 30, "stops": [{"near": "Ae"}]})


def test_shift_timetable_and_headways() -> None:
    feeds = run(
        {
            "kind": "shift-timetable",
            "lines": [R2],
            "shift_s": -600,
            "period": {"start": "10:00", "end": "11:00"},
        }
    ).supply.feeds
    assert starts(feeds, "nl:R2", "nl:H")[-2:] == [hm("9:40"), hm("10:00")]
    feeds = run(
        {"kind": "shift-timetable", "lines": [{"short_name": "7"}], "shift_s": 300}
    ).supply.feeds
    assert feeds.frequencies[["start_s", "end_s"]].to_numpy().tolist() == [
        [hm("6:05"), hm("10:05")]
    ]


# -- removals ---------------------------------------------------------------------------------


def test_remove_lines_trips_stops() -> None:
    feeds = run({"kind": "remove-lines", "lines": [{"feed": "nl", "mode": "bus"}]}).supply.feeds
    assert len(feeds.frequencies) == 0
    assert set(feeds.trips["route"]) == {0, 1, 3}
    assert "nl:7" not in set(feeds.route_services["route_id"])
    feeds = run({"kind": "remove-trips", "lines": [R1], "period": {"start": "09:00"}}).supply.feeds
    assert [t[0][2] for t in calls(feeds, "be:R1")] == [hm("6:00") + 1800 * k for k in range(6)]
    feeds = run({"kind": "remove-trips", "trips": ["be:X-1"]}).supply.feeds
    assert starts(feeds, "be:X", "be:C") == [hm("7:00")]
    applied = run({"kind": "remove-stops", "stops": [{"near": "Ce"}]})
    # R1 keeps Ae–Be; X has one stop left and vanishes
    assert applied.effects[0].counts == {
        "halts_removed": 12,
        "trips_changed": 10,
        "trips_removed": 2,
    }
    t = hm("6:30") + 600  # back: begins at Be, at the time of today
    assert calls(applied.supply.feeds, "be:R1")[1] == [
        ("be:B", t, t + 60),
        ("be:A", t + 660, t + 660),
    ]


def test_remove_first_stop_of_a_headway_line_moves_its_hours() -> None:
    long = run(
        {
            "kind": "extend-line",
            "lines": [{"short_name": "7"}],
            "at": {"near": "Ef"},
            "stops": [{"id": "nl:D"}],
            "run_s": [600],
            "dwell_s": 0,
            "both_ways": False,
        }
    )
    feeds = run(
        {"kind": "remove-stops", "stops": [{"id": "nl:HB"}]}, supply=long.supply
    ).supply.feeds
    # Ef is reached 900 s after the first stop; 6:00–10:00 there is 6:15–10:15 here
    assert feeds.frequencies[["start_s", "end_s"]].to_numpy().tolist() == [
        [hm("6:15"), hm("10:15")]
    ]


def test_trip_transfers_follow_when_trips_go() -> None:
    base = toy_supply()
    ids = base.feeds.trips["trip_id"]
    one, two, three = (int(ids[ids == i].index[0]) for i in ("be:R1-o6", "nl:R2-0", "be:X-1"))
    rows = pd.DataFrame(
        {
            "from_stop": [2, 3],
            "to_stop": [3, 3],
            "min_transfer_s": [-1, -1],
            "from_trip": [one, three],
            "to_trip": [two, -1],
            "from_route": [-1, -1],
            "to_route": [-1, -1],
            "transfer_type": [1, 1],
        }
    ).astype({k: v.dtype for k, v in base.feeds.transfers.items()})
    supply = Supply(base.feeds.with_tables(transfers=rows), base.streets, base.zones, base.settings)
    feeds = run(
        {"kind": "remove-trips", "trips": ["be:X-1", "be:R1-b6"]}, supply=supply
    ).supply.feeds
    assert len(feeds.transfers) == 1  # the one from X-1 went with it
    row = feeds.transfers.iloc[0]
    assert feeds.trips["trip_id"][row["from_trip"]] == "be:R1-o6"
    assert feeds.trips["trip_id"][row["to_trip"]] == "nl:R2-0"


# -- errors -----------------------------------------------------------------------------------


def test_all_mistakes_at_once_with_the_nearest_names() -> None:
    with pytest.raises(ScenarioError) as error:
        run(
            {
                "kind": "remove-lines",
                "lines": [{"short_name": "R3"}, {"feed": "nl", "operator": "NSS"}],
            },
            {
                "kind": "extend-line",
                "lines": [R1],
                "at": {"near": "Cee"},
                "stops": [{"id": "nl:HH"}],
                "run_s": [60],
            },
            {"kind": "remove-trips", "trips": ["be:R1-o66"]},
            {"kind": "change-headway", "lines": [R1], "headway_s": 3600},
        )
    text = str(error.value)
    assert len(error.value.problems) == 6
    assert 'changes[1].lines[1]: found short_name "R3"' in text
    assert 'Did you mean "R2" or "R1"' in text
    assert 'Did you mean "NS"' in text
    assert 'changes[2].at: found the stop name "Cee"' in text
    assert (
        'the stop "nl:HH", which the feeds do not have; expected one they have. Did you mean "nl:H", "nl:HB"'
        in text
    )
    assert 'changes[3].trips[1]: found the trip "be:R1-o66"' in text
    assert "changes[4] (change-headway): found a change that affects nothing" in text


def test_contradiction_in_one_file_but_not_over_files() -> None:
    extend = {
        "kind": "extend-line",
        "lines": [R1],
        "at": {"near": "Ce"},
        "stops": [{"id": "nl:H"}],
        "run_s": [60],
    }
    remove = {"kind": "remove-lines", "lines": [R1]}
    with pytest.raises(
        ScenarioError, match=r"be:R1, which x.toml: changes\[1\] \(extend-line\) works on"
    ):
        run(extend, remove)
    # a scenario may well take out what its base changed
    forms = [form(extend, 1, "base.toml"), form(remove, 1, "own.toml")]
    assert len(calls(apply_changes(toy_supply(), forms, day=DAY).supply.feeds, "be:R1")) == 0
    # the other order: the line is gone
    with pytest.raises(ScenarioError, match='short_name "R1", which the feeds do not have'):
        run(remove, extend)


def test_what_follows_from_a_failed_change_is_not_blamed() -> None:
    bad = {**IC, "stops": [{"near": "Nowhere"}, {"near": "Ce"}], "run_s": [60]}
    with pytest.raises(ScenarioError) as error:
        run(bad, {"kind": "change-headway", "lines": [{"short_name": "ic"}], "headway_s": 600})
    assert [p.where for p in error.value.problems] == ["x.toml: changes[1].stops[1]"]


def test_an_ambiguous_name_lists_the_places() -> None:
    base = toy_supply()
    stops = base.feeds.stops.copy()
    stops.loc[stops["stop_id"] == "nl:E", "name"] = "Ce"
    supply = Supply(base.feeds.with_tables(stops=stops), base.streets, base.zones, base.settings)
    with pytest.raises(
        ScenarioError,
        match=r'"Ce", which fits places far from each other: Ce \(be:C\), Ce \(nl:E\)',
    ):
        run({"kind": "remove-stops", "stops": [{"near": "Ce"}]}, supply=supply)
    feeds = run(
        {"kind": "remove-stops", "stops": [{"near": "Ce", "feed": "be"}]}, supply=supply
    ).supply.feeds
    assert len(calls(feeds, "be:X")) == 0


def test_two_lines_of_one_id() -> None:
    with pytest.raises(ScenarioError, match='"ic", which the feed be has'):
        run(IC, IC)


# -- order ------------------------------------------------------------------------------------


def test_order_matters_and_is_the_files() -> None:
    halve = {"kind": "change-headway", "lines": [R2], "headway_s": 3600}
    shift = {
        "kind": "shift-timetable",
        "lines": [R2],
        "shift_s": 1800,
        "period": {"start": "06:40", "end": "07:00"},
    }
    one = starts(run(halve).supply.feeds, "nl:R2", "nl:H")
    assert one == [hm(t) for t in ("6:10", "7:10", "8:10", "9:10", "10:10")]
    with pytest.raises(ScenarioError, match="affects nothing"):  # 6:40 no longer runs
        run(halve, shift)
    both = starts(run(shift, halve).supply.feeds, "nl:R2", "nl:H")
    assert both == one  # 6:40 moved to 7:10, a second one there, and the hourly ones stay


# -- describe ---------------------------------------------------------------------------------


def test_effects_say_what_they_did_in_both_languages() -> None:
    changes = [
        form(
            {
                "kind": "extend-line",
                "lines": [R1],
                "at": {"near": "Ce"},
                "stops": [{"id": "nl:H"}],
                "run_s": [540],
            }
        )
    ]
    en = apply_changes(toy_supply(), changes, lang="en", day=DAY).effects[0]
    nl = apply_changes(toy_supply(), changes, lang="nl", day=DAY).effects[0]
    assert en.text == "R1 extended from Ce to nl:H, 10 min (lines changed: 1; trips changed: 10)"
    assert nl.text == (
        "R1 verlengd van Ce naar nl:H, 10 min (lijnen gewijzigd: 1; ritten gewijzigd: 10)"
    )
    assert describe_counts(en, "en") == "lines changed: 1; trips changed: 10"
    assert describe_counts(nl, "nl") == "lijnen gewijzigd: 1; ritten gewijzigd: 10"
    assert en.routes == ("be:R1",)


def test_the_day_is_found_where_none_is_given() -> None:
    assert apply_changes(toy_supply(), [form({"kind": "calendar", "date": DAY})]).day == DAY
    with pytest.raises(
        ScenarioError, match="on which no trip runs; expected a day within be 2019-10-08"
    ):
        run({"kind": "calendar", "date": dt.date(2020, 1, 1)})


def test_toy_is_sound() -> None:
    check_feeds(toy_feeds())


def test_seconds_and_metres_are_said_as_one_says_them() -> None:
    counts = {"run_s": 5_400, "shift_s": -300, "mean_stand_s": 90.25, "metres_added": 59_984.5}
    assert describe_counts(Effect("add-line", "x", counts), "en") == (
        "run time from end to end: 90 min; shift: −5 min; mean stand at the hub: 90.3 s; "
        "street added: 60.0 km"
    )
    short = Effect("add-street", "x", {"metres_added": 640.4, "run_s": 119})
    assert describe_counts(short, "nl") == "straat erbij: 640 m; rijtijd van eind tot eind: 119 s"
