"""Stations, tickets, days, people, meetings and the benchmark, by hand; then what always holds."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from changes_toy import DAY, calls, check_feeds, hm, toy_feeds, toy_supply
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.changes import apply_changes
from mobility.changes.hub_fit import domestic_wait_s, fitting_shifts
from mobility.changes.meet import Calls, best_shift_s, total_wait_s, waits_s
from mobility.changes.norms import bands, domestic_norms, lines_of_day
from mobility.errors import ScenarioError
from mobility.network.model import TicketRule
from mobility.scenario import parse_change
from mobility.scenario.policy_forms import calendar_day
from mobility.scenario.script import read_script


def form(table, row=1):
    found, problems = parse_change(table, f"x.toml: changes[{row}]")
    assert found is not None, [str(p) for p in problems]
    return found


def run(*tables, supply=None):
    applied = apply_changes(
        supply or toy_supply(), [form(t, k) for k, t in enumerate(tables, 1)], day=DAY
    )
    check_feeds(applied.supply.feeds)
    return applied


def starts(feeds, route_id):
    return [t[0][2] for t in calls(feeds, route_id)]


# -- stations ---------------------------------------------------------------------------------


def test_park_and_ride_adds_or_replaces() -> None:
    table = {"kind": "park-and-ride", "stops": [{"near": "Ef"}], "time_s": 180}
    applied = run(table)
    # today's are the five stops of the two railways
    assert applied.supply.park_and_ride == ("be:A", "be:B", "be:C", "nl:D", "nl:E", "nl:H")
    assert applied.effects[0].counts == {
        "parking_added": 1,
        "parking_removed": 0,
        "settings_changed": 1,
    }
    assert applied.supply.settings.park_and_ride_s == 180
    only = run({**table, "only": True})
    assert only.supply.park_and_ride == ("nl:E",)
    assert only.effects[0].counts["parking_removed"] == 5


def test_park_and_ride_of_today_is_where_trains_of_the_day_call() -> None:
    base = toy_supply()
    # the Dutch railway does not run these days
    runs = base.feeds.services.runs.copy()
    runs[1] = False
    services = replace(base.feeds.services, runs=runs)
    supply = replace(base, feeds=replace(base.feeds, services=services))
    applied = run({"kind": "park-and-ride", "stops": [{"near": "Ef"}]}, supply=supply)
    assert applied.supply.park_and_ride == ("be:A", "be:B", "be:C", "nl:E")


def test_hub_holds_for_all_platforms() -> None:
    base = toy_supply()
    stops = base.feeds.stops.copy()
    stops.loc[stops["stop_id"] == "nl:HB", "parent"] = np.int32(3)  # below nl:H
    supply = replace(base, feeds=base.feeds.with_tables(stops=stops))
    applied = run({"kind": "hub", "stops": [{"id": "nl:H"}], "transfer_s": 90}, supply=supply)
    assert applied.supply.hub_transfer_s == {"nl:H": 90, "nl:HB": 90}
    with pytest.raises(ScenarioError, match="affects nothing"):
        run({"kind": "hub", "stops": [{"id": "nl:HB"}], "transfer_s": 90}, supply=applied.supply)


def test_a_hub_holds_between_stops_of_one_place_alone() -> None:
    base = toy_supply()
    stops = base.feeds.stops
    lon, lat = (stops[name].to_numpy().copy() for name in ("lon", "lat"))
    row = {stop_id: k for k, stop_id in enumerate(stops["stop_id"])}
    # the Belgian bus stops 300 m north of the Dutch station; Ae is a town of its own
    lon[row["be:C"]], lat[row["be:C"]] = lon[row["nl:H"]], lat[row["nl:H"]] + 300 / 111_195
    feeds = base.feeds.with_tables(stops=stops.assign(lon=lon, lat=lat))
    supply = replace(base, feeds=feeds)
    places = [{"id": "nl:H"}, {"id": "be:C"}, {"id": "be:A"}]
    table = {"kind": "hub", "stops": places, "transfer_s": 120}
    applied = run(table, supply=supply)
    assert applied.effects[0].counts == {"stops_changed": 3, "hub_links_changed": 2}
    rules = applied.supply.feeds.transfers
    added = rules.iloc[len(feeds.transfers) :]
    assert added[["from_stop", "to_stop", "transfer_type", "min_transfer_s"]].to_numpy().tolist() == [
        [row["be:C"], row["nl:H"], 2, 120],
        [row["nl:H"], row["be:C"], 2, 120],
    ]  # fmt: skip
    assert (added[["from_trip", "to_trip", "from_route", "to_route"]] == -1).all(axis=None)
    # another time takes the place of what was stated, and the same again is no change
    slower = run({**table, "transfer_s": 240}, supply=applied.supply)
    assert len(slower.supply.feeds.transfers) == len(rules)
    assert slower.supply.feeds.transfers["min_transfer_s"].tolist()[-2:] == [240, 240]
    with pytest.raises(ScenarioError, match="affects nothing"):
        run(table, supply=applied.supply)


def test_a_town_is_meant_by_what_stands_before_the_comma() -> None:
    base = toy_supply()
    stops = base.feeds.stops
    named = stops.assign(
        name=stops["name"].where(stops["name"] != "Ce", "Ceestad, Wilhelminaplein")
    )
    supply = replace(base, feeds=base.feeds.with_tables(stops=named))
    table = {"kind": "hub", "stops": [{"near": "Ceestat"}], "transfer_s": 90}
    with pytest.raises(ScenarioError, match='Did you mean "Ceestad"'):
        run(table, supply=supply)
    told = run({**table, "stops": [{"near": "Ceestad"}]}, supply=supply)
    assert told.supply.hub_transfer_s == {"be:C": 90}


def test_flex_zone() -> None:
    table = {
        "kind": "flex-zone",
        "id": "flex",
        "area": {"center": [5.35, 51.0], "radius_m": 5000},
        "hubs": [{"id": "nl:H"}],
        "wait_s": 1200,
        "speed_kph": 25,
        "period": ["06:00", "22:00"],
    }
    applied = run(table)
    zone = applied.supply.flex_zones[0]
    assert applied.effects[0].counts == {"zones_served": 2, "hubs_served": 1}  # zH and zD
    assert (zone.hubs, zone.wait_s, zone.start_s, zone.end_s) == (
        ("nl:H",),
        1200,
        hm("6:00"),
        hm("22:00"),
    )
    # π r² but for the corners of a 72-gon; square degrees → km²
    km2 = shapely.from_wkb(zone.area_wkb).area * np.cos(np.radians(51)) * 111.195**2
    assert km2 == pytest.approx(np.pi * 25, rel=0.002)
    with pytest.raises(ScenarioError, match='"flex", which another zone has'):
        run(table, table)
    with pytest.raises(ScenarioError, match="affects nothing"):  # nobody lives there
        run({**table, "area": {"center": [6.5, 51.0], "radius_m": 5000}})


def test_ticket_sets_only_what_is_given() -> None:
    applied = run(
        {"kind": "ticket", "country_minutes": 7.5, "country_euro": 3.2},
        {"kind": "ticket", "country_minutes": 0, "operator_minutes": 2},
    )
    assert applied.supply.settings.ticket == TicketRule(
        operator_s=120, country_s=0, country_euro=3.2
    )
    with pytest.raises(ScenarioError, match="affects nothing"):
        run({"kind": "ticket", "operator_minutes": 0})


def test_calendar_tells_the_day() -> None:
    forms = [
        form({"kind": "calendar", "date": DAY}),
        form({"kind": "calendar", "date": DAY + dt.timedelta(1)}),
    ]
    assert calendar_day(forms) == DAY + dt.timedelta(1)
    assert calendar_day([]) is None


def test_opportunities_by_hand() -> None:
    table = {
        "kind": "opportunities",
        "opportunity": "population",
        "zones": ["ce", "hubstad"],
        "add": 50,
    }
    applied = run(table)
    # Ce has 200 and Hub 300 of 500: 20 and 30 more
    assert applied.supply.zones.opportunities["population"].tolist() == [100, 220, 330, 0]
    assert applied.effects[0].counts == {"zones_changed": 2, "opportunities_added": 50}
    jobs = run({"kind": "opportunities", "opportunity": "jobs", "country": "NL", "add": 10}).supply
    assert jobs.zones.opportunities["jobs"].tolist() == [0, 0, 5, 5]  # evenly where nothing is
    fewer = run({**table, "add": -500})
    assert fewer.effects[0].texts["nl"].startswith("500 inwoners minder in ce, hubstad (")
    less = fewer.supply
    assert less.zones.opportunities["population"].tolist() == [100, 0, 0, 0]
    with pytest.raises(ScenarioError, match=r"found -501\.0, of 500 that are there"):
        run({**table, "add": -501})
    factor = run(
        {"kind": "opportunities", "opportunity": "population", "country": "BE", "factor": 1.5}
    ).supply
    assert factor.zones.opportunities["population"].tolist() == [150, 300, 300, 0]
    with pytest.raises(ScenarioError) as error:
        run(
            {
                "kind": "opportunities",
                "opportunity": "job",
                "zones": ["Hubstat"],
                "country": "FR",
                "add": 1,
            }
        )
    assert [p.where.rpartition(".")[2] for p in error.value.problems] == [
        "opportunity",
        "country",
        "zones[1]",
    ]
    assert 'Did you mean "Hubstad"' in str(error.value)


# -- meet -------------------------------------------------------------------------------------


def test_waits_by_hand() -> None:
    arrivals, departures = np.array([0, 100, 5000]), np.array([150, 400])
    # ready at 60, 160, 5060: 90 to the first, 240 to the second, missed for good 3600
    assert waits_s(arrivals, departures, 60).tolist() == [90, 240, 3600]


def test_meet_finds_the_best_minute() -> None:
    applied = run(
        {
            "kind": "meet",
            "lines": [{"short_name": "X"}],
            "others": [{"short_name": "R2"}],
            "at": {"id": "nl:H"},
            "direction": "from-line",
            "transfer_s": 180,
        }
    )
    counts = applied.effects[0].counts
    # X comes 7:15 and 9:15, R2 goes at :10 and :40. Now 25 − 3 = 22 min; 22 min later there is none
    assert (counts["hub_wait_before_s"], counts["hub_wait_after_s"]) == (22 * 60, 0)
    assert (counts["shift_s"], counts["trips_changed"]) == (22 * 60, 2)
    assert starts(applied.supply.feeds, "be:X") == [hm("7:22"), hm("9:22")]
    # at its other end: R1 comes to Ce at :21 and X goes at :22 – a change of 3 min misses by 2
    assert counts["elsewhere_waits"] > 0


def test_meet_by_a_given_shift_and_its_refusals() -> None:
    table = {
        "kind": "meet",
        "lines": [{"short_name": "X"}],
        "others": [{"short_name": "R2"}],
        "at": {"id": "nl:H"},
    }
    applied = run({**table, "shift_s": 600, "direction": "from-line"})
    assert starts(applied.supply.feeds, "be:X") == [hm("7:10"), hm("9:10")]
    assert applied.effects[0].counts["hub_wait_after_s"] == 12 * 60
    with pytest.raises(ScenarioError, match=r"a line that is shifted itself: X be:X; .* another"):
        run({**table, "others": [{"short_name": "X"}]})
    with pytest.raises(ScenarioError, match="a line by headway only"):
        run({**table, "lines": [{"short_name": "7"}]})
    with pytest.raises(ScenarioError, match="where nobody can change"):
        run({**table, "at": {"near": "Ae"}})


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.integers(0, 7200), min_size=1, max_size=6),
    st.lists(st.integers(0, 7200), min_size=1, max_size=6),
    st.integers(0, 300),
    st.sampled_from(["both", "to-line", "from-line"]),
)
def test_best_shift_is_no_worse_than_any_minute(line, other, transfer, direction) -> None:
    line, other = np.sort(np.array(line)), np.sort(np.array(other))
    hub = Calls(line, line + 60, other, other + 60)
    best = best_shift_s(hub, [], transfer, direction)
    assert best % 60 == 0
    assert 0 <= best < 3600
    cost = total_wait_s([hub], best, transfer, direction)
    costs = [total_wait_s([hub], 60 * m, transfer, direction) for m in range(60)]
    assert cost == min(costs)
    assert costs.index(cost) * 60 == best


# -- the benchmark ----------------------------------------------------------------------------


def test_lines_in_numbers() -> None:
    table = lines_of_day(toy_feeds(), np.ones(22, bool)).table.set_index("route")
    km = 0.1 * np.cos(np.radians(51)) * 111.195
    assert table.loc[0, "km"] == pytest.approx(2 * km, rel=1e-3)
    assert table["headway_s"].tolist() == [3600, 1800, 1200, 7200]
    assert table["foreign"].tolist() == [False, False, False, True]
    assert table.loc[1, "kph"] == pytest.approx(km / 480 * 3600, rel=1e-3)
    assert bands(np.array([0.0, 5, 10, 200]), (0.001, 10, 160)).tolist() == [-1, 0, 1, -1]
    norms = domestic_norms(lines_of_day(toy_feeds(), np.ones(22, bool)), (0.001, 10, 20))
    assert norms.loc[("rail", 0), "headway_s"] == 1800
    assert norms.loc[("rail", 1), "headway_s"] == 3600
    assert norms.loc[("bus", 0), "headway_s"] == 1200


def test_no_border_headway_is_that_of_domestic_lines() -> None:
    applied = run({"kind": "no-border", "remove": ["headway"]})
    # X is 7 km, a bus; domestic buses of 0–10 km run every 20 min: 7:00 … 9:00
    assert starts(applied.supply.feeds, "be:X") == [hm("7:00") + 1200 * k for k in range(7)]
    assert applied.effects[0].counts == {"lines_changed": 1, "lines_without_norm": 0}
    assert applied.effects[0].routes == ("be:X",)
    for route in ("be:R1", "nl:R2"):  # domestic lines stay
        assert calls(applied.supply.feeds, route) == calls(toy_feeds(), route)


def test_no_border_ticket_is_free() -> None:
    base = run({"kind": "ticket", "country_minutes": 10}).supply
    applied = run({"kind": "no-border", "remove": ["ticket"]}, supply=base)
    assert applied.supply.settings.ticket == TicketRule()
    assert applied.supply.feeds is base.feeds
    # nothing left to take away is an answer, not a mistake
    assert run({"kind": "no-border", "remove": ["ticket"]}).effects[0].counts == {
        "settings_changed": 0
    }


def test_no_border_makes_missing_links() -> None:
    applied = run({"kind": "no-border", "remove": ["missing-link"], "band_km": [1, 10, 30]})
    # 1–10 km: domestic Hub–De (7 km) linked, 1 of 1; across Ce–Hub (7 km) by X: none missing.
    # 10–30 km: domestic Ae–Ce (14 km) linked, 1 of 1; across Ae–Hub (21) and Ce–De (14): both missing,
    # and Ae–De (28): three in all
    made = [r for r in applied.supply.feeds.routes["route_id"] if "no-border" in r]
    assert len(made) == 3
    assert applied.effects[0].counts == {"links_missing": 3, "links_left": 0}
    line = applied.supply.feeds.routes.set_index("route_id").loc[made[0]]
    assert line["mode"] == "rail"  # the commonest domestic direct line of the band is R1
    # as fast as R1 in a straight line, as often: hourly 6:00–22:00
    trips = calls(applied.supply.feeds, made[0])
    km_between = {"Ae–Hub": 0.3, "Ae–De": 0.4, "Ce–De": 0.2}
    degrees = next(
        v for k, v in km_between.items() if line["long_name"] in (k, "–".join(k.split("–")[::-1]))
    )
    assert trips[0][1][1] - trips[0][0][2] == pytest.approx(1260 * degrees / 0.2, rel=0.01)
    assert len(trips) == 2 * 17
    capped = run(
        {
            "kind": "no-border",
            "remove": ["missing-link"],
            "band_km": [1, 10, 30],
            "max_new_lines": 1,
        }
    )
    assert capped.effects[0].counts == {"links_missing": 1, "links_left": 2}


def test_fit_at_hubs_by_hand() -> None:
    feeds, on = toy_feeds(), np.ones(len(toy_feeds().trips), bool)
    # R1 comes to Ce at :21, ready at :24; X leaves at 7:00 and 9:00: 36, 60 (capped), 36, 60, 60
    assert domestic_wait_s(feeds, on, 180) == pytest.approx(60 * (36 + 60 + 36 + 60 + 60) / 5)
    # X comes to Hub at 7:15 and 9:15, ready 3 min later; R2 leaves at :40: 22 min
    assert fitting_shifts(feeds, on, 22 * 60, 180) == {}
    assert fitting_shifts(feeds, on, 10 * 60, 180) == {3: 12 * 60}  # the smallest that does
    assert fitting_shifts(feeds, on, -1.0, 180) == {3: 22 * 60}  # none does: the best
    assert fitting_shifts(feeds, on, np.nan, 180) == {}


def test_no_border_fit_shifts_border_lines_only() -> None:
    # with X at 6:25 and 8:25, R1 (6:21 …, ready :24) waits 1 min for it at best
    base = run(
        {"kind": "shift-timetable", "lines": [{"short_name": "X"}], "shift_s": -35 * 60},
        {"kind": "change-headway", "lines": [{"short_name": "X"}], "headway_s": 3600},
    ).supply
    on = np.ones(len(base.feeds.trips), bool)
    # X 6:25 7:25 8:25; R1 waits 1, 1, 1, then 60, 60 min: 24.6 min. X comes :40, ready :43, R2 at :10: 27
    assert domestic_wait_s(base.feeds, on, 180) == pytest.approx(60 * (1 + 1 + 1 + 60 + 60) / 5)
    applied = run({"kind": "no-border", "remove": ["fit"]}, supply=base)
    assert applied.effects[0].counts == {"lines_shifted": 1}
    # 27 − 24.6 = 2.4: three minutes later
    assert starts(applied.supply.feeds, "be:X") == [hm("6:28"), hm("7:28"), hm("8:28")]
    for route in ("be:R1", "nl:R2", "nl:7"):
        assert calls(applied.supply.feeds, route) == calls(toy_feeds(), route)


def test_no_border_calendar_lets_an_idle_line_run_once() -> None:
    base = toy_supply()
    services = base.feeds.services
    idle = replace(
        services,
        service_ids=np.append(services.service_ids, ["be:sat", "be:sun"]),
        runs=np.vstack([services.runs, np.zeros((2, 3), bool)]),
    )
    trips = base.feeds.trips.copy()
    rows = trips.index[trips["trip_id"].isin(["be:X-0", "be:X-1"])]
    trips.loc[rows, "service"] = np.array([2, 3], np.int32)
    supply = replace(base, feeds=replace(base.feeds, services=idle, trips=trips))
    applied = run({"kind": "no-border", "remove": ["calendar"]}, supply=supply)
    # of two services of the line only one runs, or it would run double
    assert applied.effects[0].counts == {"services_extended": 1}
    assert applied.supply.feeds.services.on(DAY)[2:].tolist() == [True, False]
    assert not supply.feeds.services.on(DAY)[2]


# -- Python scenarios -------------------------------------------------------------------------


def script(tmp_path: Path, text: str):
    path = tmp_path / "own.py"
    path.write_text(text, encoding="utf-8")
    _, found, problems = read_script(path)
    assert problems == []
    return found


def test_a_script_returns_tables_or_a_supply(tmp_path) -> None:
    listed = script(
        tmp_path,
        "def changes(network):\n"
        "    short = network.feeds.routes['short_name']\n"
        "    return [{'kind': 'remove-lines', 'lines': [{'short_name': s}]} for s in short if s < '8']\n",
    )
    applied = apply_changes(toy_supply(), [listed], day=DAY)
    assert [e.kind for e in applied.effects] == ["remove-lines"]
    assert len(calls(applied.supply.feeds, "nl:7")) == 0
    whole = script(
        tmp_path,
        "from dataclasses import replace\n\n\ndef changes(network):\n"
        "    return replace(network, park_and_ride=('nl:E',))\n",
    )
    applied = apply_changes(toy_supply(), [whole], lang="nl", day=DAY)
    assert applied.supply.park_and_ride == ("nl:E",)
    assert applied.effects[0].counts == {"tables_changed": 1}
    assert applied.effects[0].text == "Wijzigingen door own.py (tabellen gewijzigd: 1)"


@pytest.mark.parametrize(
    ("body", "match"),
    [
        ("    return 1\n", "a function that returns int"),
        ("    return network\n", "a function that changes nothing"),
        ("    return [{'kind': 'remove-line'}]\n", 'Did you mean "remove-lines"'),
        ("    return [1]\n", "found nothing"),
        ("    raise KeyError('x')\n", "own.py: line 2: found KeyError"),
    ],
)
def test_a_script_that_goes_wrong(tmp_path, body, match) -> None:
    with pytest.raises(ScenarioError, match=match):
        apply_changes(toy_supply(), [script(tmp_path, "def changes(network):\n" + body)], day=DAY)


def test_a_script_that_was_edited_after_the_check(tmp_path) -> None:
    found = script(tmp_path, "def changes(network):\n    return []\n")
    (tmp_path / "own.py").write_text("def changes(network):\n    return 1\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match="another content than was checked"):
        apply_changes(toy_supply(), [found], day=DAY)


# -- what always holds ------------------------------------------------------------------------

LINES = st.sampled_from(["R1", "R2", "7", "X"]).map(lambda s: [{"short_name": s}])
CHANGES = st.one_of(
    st.builds(
        lambda lines, s: {"kind": "change-headway", "lines": lines, "headway_s": s},
        LINES,
        st.integers(60, 9000),
    ),
    st.builds(
        lambda lines, s: {"kind": "change-speed", "lines": lines, "factor": s},
        LINES,
        st.floats(0.2, 5),
    ),
    st.builds(
        lambda lines, s: {"kind": "change-dwell", "lines": lines, "add_s": s},
        LINES,
        st.integers(-100, 600),
    ),
    st.builds(
        lambda lines, s: {"kind": "shift-timetable", "lines": lines, "shift_s": s},
        LINES,
        st.integers(-7200, 7200).filter(bool),
    ),
    st.builds(
        lambda stop, s: {"kind": "remove-stops", "stops": [{"id": stop}], "saved_s": s},
        st.sampled_from(["be:A", "be:B", "nl:H", "nl:E"]),
        st.integers(0, 120),
    ),
    st.builds(
        lambda lines: {
            "kind": "remove-trips",
            "lines": lines,
            "period": {"start": "07:00", "end": "08:30"},
        },
        LINES,
    ),
    st.builds(
        lambda s: {
            "kind": "extend-line",
            "lines": [{"short_name": "R1"}],
            "at": {"near": "Ce"},
            "stops": [{"id": "nl:H"}, {"id": "nl:D"}],
            "run_s": [s, s],
            "dwell_s": 30,
        },
        st.integers(1, 900),
    ),
    st.builds(
        lambda s: {
            "kind": "reroute",
            "lines": [{"short_name": "R1"}],
            "start_at": {"near": "Ae"},
            "end_at": {"near": "Ce"},
            "run_s": [s],
        },
        st.integers(1, 3000),
    ),
    st.just({"kind": "no-border", "remove": ["headway", "fit", "missing-link"]}),
)


@settings(deadline=None, max_examples=20)
@given(st.lists(CHANGES, min_size=1, max_size=4))
def test_any_changes_leave_sound_tables_and_the_base_alone(tables) -> None:
    base = toy_supply()
    before = {
        n: getattr(base.feeds, n).copy()
        for n in ("stops", "routes", "trips", "stop_times", "frequencies")
    }
    forms = [form(t, k) for k, t in enumerate(tables, 1)]
    try:
        applied = apply_changes(base, forms, day=DAY)
    except ScenarioError:
        pass  # a change without effect, or a line that is gone: told, not half done
    else:
        check_feeds(applied.supply.feeds)
        again = apply_changes(toy_supply(), forms, day=DAY)
        for name in before:
            pd.testing.assert_frame_equal(
                getattr(applied.supply.feeds, name), getattr(again.supply.feeds, name)
            )
        assert len(applied.effects) == len(forms)
    for name, table in before.items():
        pd.testing.assert_frame_equal(getattr(base.feeds, name), table)


@settings(deadline=None, max_examples=10)
@given(st.integers(60, 7200))
def test_a_headway_is_kept_between_all_departures(headway) -> None:
    feeds = toy_feeds()
    if headway == 1800:
        return
    changed = run(
        {"kind": "change-headway", "lines": [{"short_name": "R2"}], "headway_s": headway}
    ).supply.feeds
    found = starts(changed, "nl:R2")
    assert found[0] == starts(feeds, "nl:R2")[0]
    assert np.diff(found).tolist() == [headway] * (len(found) - 1)
    assert found[-1] <= starts(feeds, "nl:R2")[-1] < found[-1] + headway


@settings(deadline=None, max_examples=10)
@given(st.integers(-3600, 3600).filter(bool))
def test_a_shift_back_and_forth_is_the_base(shift) -> None:
    there = {"kind": "shift-timetable", "lines": [{"short_name": "R1"}], "shift_s": shift}
    applied = run(there, {**there, "shift_s": -shift})
    pd.testing.assert_frame_equal(applied.supply.feeds.stop_times, toy_feeds().stop_times)


def test_an_unrelated_change_leaves_the_feeds_tables_themselves() -> None:
    base = toy_supply()
    applied = run({"kind": "ticket", "operator_minutes": 3}, supply=base)
    assert applied.supply.feeds is base.feeds
    assert applied.supply.zones is base.zones
