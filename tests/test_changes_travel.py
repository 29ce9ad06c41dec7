"""Changes seen from the door: the toy lines on a toy street, routed by the engine, timed by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from changes_toy import DAY, hm, toy_supply
from street_toys import node_xml, way_xml, write_osm

from mobility.changes import apply_changes
from mobility.comparison import carries, contribution
from mobility.network import build_network
from mobility.network.model import Supply
from mobility.scenario import parse_change
from mobility.streets import read_streets
from mobility.travel_times import travel_times

IC = {
    "kind": "add-line",
    "id": "ic",
    "mode": "rail",
    "stops": [{"near": "Ce"}, {"near": "Hub", "mode": "rail"}],
    "run_s": [600],
    "headway_s": 3600,
    "first": "06:20",
    "last": "22:20",
}


@pytest.fixture(scope="module")
def supply(tmp_path_factory) -> Supply:
    # one road with a node at each stop, and one to Ef
    places = {
        1: (5.0, 51.0),
        2: (5.1, 51.0),
        3: (5.2, 51.0),
        4: (5.3, 51.0),
        5: (5.4, 51.0),
        6: (5.35, 51.05),
    }
    body = [node_xml(n, *at) for n, at in places.items()]
    body += [
        way_xml(10, [1, 2, 3, 4, 5], {"highway": "residential"}),
        way_xml(11, [4, 6], {"highway": "residential"}),
    ]
    path = write_osm(tmp_path_factory.mktemp("travel") / "toy.osm", "\n".join(body))
    return toy_supply(read_streets([path], countries=None, box=None))


def changed(supply: Supply, *tables) -> Supply:
    forms = []
    for row, table in enumerate(tables, 1):
        form, problems = parse_change(table, f"x.toml: changes[{row}]")
        assert form is not None, [str(p) for p in problems]
        forms.append(form)
    return apply_changes(supply, forms, day=DAY).supply


def times(supply: Supply, mode="pt"):
    network = build_network(supply, day=DAY, timezone="Europe/Amsterdam")
    return travel_times(
        network, mode, scenario="x", start_s=hm("7:00"), end_s=hm("8:00"), threads=1
    )


A, C, H, D = range(4)


def test_a_new_train_by_hand(supply) -> None:
    found = times(changed(supply, IC))
    # Ce → Hub, leaving 7:00 … 7:59. 7:00 takes X: 900 s. Minutes 1–20 wait for the train of 7:20 and
    # ride 600 s: 1740, 1680 … 600. Minutes 21–59 wait for 8:20: 4140 … 1860. Sorted: 21 values to
    # 1740, then 1860, 1920 …; the 30th of 60 is 1860 + 8 × 60, the 3rd is 720.
    assert found.at(50)[C, H] == 1860 + 8 * 60
    assert found.at(5)[C, H] == 720
    base = times(supply)
    # without it: X at 7:00, else on foot for 7 km (87.5 min) or, from 7:47 on, X at 9:00 in no more
    assert base.at(50)[C, H] > 4000


def test_a_line_more_never_lengthens_and_one_less_never_shortens(supply) -> None:
    base = times(supply)
    more = times(changed(supply, IC))
    less = times(changed(supply, {"kind": "remove-lines", "lines": [{"short_name": "R2"}]}))
    for p in base.percentiles:
        assert (np.nan_to_num(more.at(p), nan=1e9) <= np.nan_to_num(base.at(p), nan=1e9)).all()
        assert (np.nan_to_num(less.at(p), nan=1e9) >= np.nan_to_num(base.at(p), nan=1e9)).all()
    assert (more.at(50) < base.at(50)).any()
    assert (np.nan_to_num(less.at(50), nan=1e9) > np.nan_to_num(base.at(50), nan=1e9)).any()


def test_no_change_and_an_unrelated_one_are_the_base_to_the_byte(supply) -> None:
    base = times(supply)
    for tables in (
        (),
        ({"kind": "opportunities", "opportunity": "jobs", "add": 5},),
        ({"kind": "change-headway", "lines": [{"short_name": "7"}], "headway_s": 600},),
    ):
        again = times(changed(supply, *tables))
        # bus 7 goes to Ef, where no zone lies
        np.testing.assert_array_equal(again.time_s, base.time_s)


def test_a_longer_change_at_a_hub_misses_the_train(supply) -> None:
    through = changed(supply, IC)
    base = times(through)
    # Ce 7:20 – Hub 7:30 – R2 7:40 – De 7:48. Changing takes 2 min: in time. With 15 it is 8:10
    slow = times(changed(through, {"kind": "hub", "stops": [{"id": "nl:H"}], "transfer_s": 900}))
    # leaving 7:20, 7:19, 7:18 takes 28, 29, 30 min: the third best is 1800 s
    assert base.at(5)[C, D] == 1800
    # by 8:10 it is 58 and 59 min; leaving 7:00, X comes in time for 7:40 all the same: 48 min
    assert slow.at(5)[C, D] == 3540


def test_one_ticket_less_is_a_train_more(supply) -> None:
    through = changed(supply, IC)
    # nine minutes at the ticket machine on top of two: 7:30 + 11 min misses 7:40
    split = times(changed(through, {"kind": "ticket", "operator_minutes": 9}))
    free = times(
        changed(
            through,
            {"kind": "ticket", "operator_minutes": 9},
            {"kind": "no-border", "remove": ["ticket"]},
        )
    )
    assert (split.at(5)[C, D], free.at(5)[C, D]) == (3540, 1800)  # as above
    np.testing.assert_array_equal(free.time_s, times(through).time_s)


def test_through_running_saves_the_change(supply) -> None:
    ic = changed(supply, {**IC, "first": "06:28", "last": "22:28"})
    # Hub 7:38: a change of 2 min just makes 7:40; with 5 it does not, but a through train needs none
    slow = changed(ic, {"kind": "hub", "stops": [{"id": "nl:H"}], "transfer_s": 300})
    joined = changed(
        slow,
        {
            "kind": "through-run",
            "first": {"short_name": "ic"},
            "second": {"short_name": "R2"},
            "at": {"id": "nl:H"},
        },
    )
    # 7:00 by X 48 min, 7:28 and 7:27 by the train and 8:10: 50 and 51 min
    assert times(slow).at(5)[C, D] == 3060
    # 7:28, 7:27, 7:26 to 7:48
    assert times(joined).at(5)[C, D] == 22 * 60


def test_a_flex_zone_brings_people_to_the_hub(supply) -> None:
    far = supply.zones
    zones = replace(far, lon=far.lon.copy(), lat=far.lat.copy())
    zones.lat[H] = 51.03  # 3.3 km from Hub: beyond the longest walk to a stop
    away = replace(supply, zones=zones, settings=replace(supply.settings, max_snap_m=5000))
    table = {
        "kind": "flex-zone",
        "id": "f",
        "area": {"center": [5.3, 51.02], "radius_m": 4000},
        "hubs": [{"id": "nl:H"}],
        "wait_s": 300,
        "speed_kph": 30,
        "detour": 1.2,
    }
    base, flex = times(away), times(changed(away, table))
    # 3336 m × 1.2 at 30 km/h = 481 s and 300 s wait; then R2, half-hourly, 480 s
    assert flex.at(50)[H, D] < base.at(50)[H, D]
    assert flex.at(5)[H, D] == pytest.approx(300 + 481 + 480 + 60, abs=65)


def test_border_closed_and_the_whole_package_shared_out(supply) -> None:
    def reached(parts) -> float:
        tables = [
            {
                "ic": IC,
                "meet": {
                    "kind": "shift-timetable",
                    "lines": [{"short_name": "R2"}],
                    "shift_s": -360,
                },
            }[p]
            for p in sorted(parts)
        ]
        found = times(changed(supply, *tables) if tables else supply)
        return float((found.at(50)[[A, C]][:, [H, D]] <= 3600).sum())

    shares = contribution(["ic", "meet"], reached)
    assert float(sum(shares.shares.values())) == pytest.approx(float(shares.total), abs=1e-9)
    assert float(shares.leave_one_out["ic"]) == reached({"ic", "meet"}) - reached({"meet"})
    assert float(shares.total) > 0

    def without(line):
        tables = (
            [IC] if line is None else [IC, {"kind": "remove-trips", "lines": [{"route_id": line}]}]
        )
        return float(times(changed(supply, *tables)).at(50)[C, H] <= 3600)

    table = carries(["be:ic", "nl:7"], without)
    assert table["name"].tolist() == ["be:ic", "nl:7"]
    assert table["loss"].tolist() == [1, 0]
