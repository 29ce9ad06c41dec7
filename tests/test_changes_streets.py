"""Changes to streets on a small drawn world, timed by hand.

  4 --Noordweg-- 5 --Noordweg-- 6        1 km between neighbours, residential,
  |              |              |        border at x = 1.4 km
Westlaan      Middenlaan     Oostlaan    (Zuidweg and Noordweg cross it)
  |              |              |
  1 --Zuidweg--- 2 --Zuidweg--- 3
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import shapely
from changes_toy import DAY, calls, check_feeds, hm, toy_supply
from street_toys import metres, node_xml, way_xml, write_osm

from mobility.changes import apply_changes
from mobility.errors import ScenarioError
from mobility.network.model import Supply
from mobility.scenario import parse_change
from mobility.streets import CLOSED, UNREACHED, matrix_ms, read_streets, snap
from mobility.timetable import build_timetable
from mobility.zones import Countries

PLACES = {1: (0, 0), 2: (1000, 0), 3: (2000, 0), 4: (0, 1000), 5: (1000, 1000), 6: (2000, 1000)}
WAYS = [
    (10, [1, 2, 3], "Zuidweg"),
    (11, [4, 5, 6], "Noordweg"),
    (12, [1, 4], "Westlaan"),
    (13, [2, 5], "Middenlaan"),
    (14, [3, 6], "Oostlaan"),
]


@pytest.fixture(scope="module")
def supply(tmp_path_factory) -> Supply:
    body = [node_xml(n, *metres(*at)) for n, at in PLACES.items()]
    body += [way_xml(w, nodes, {"highway": "residential", "name": name}) for w, nodes, name in WAYS]
    path = write_osm(tmp_path_factory.mktemp("streets") / "toy.osm", "\n".join(body))
    west, _ = metres(-5000, 0)
    border, _ = metres(1400, 0)
    east, _ = metres(9000, 0)
    countries = Countries(
        {"BE": shapely.box(west, 50.9, border, 51.1), "NL": shapely.box(border, 50.9, east, 51.1)}
    )
    streets = read_streets([path], countries=countries, box=None)
    return replace(toy_supply(streets), countries=countries)


def form(table, row=1):
    found, problems = parse_change(table, f"x.toml: changes[{row}]")
    assert found is not None, [str(p) for p in problems]
    return found


def run(supply, *tables, **more):
    return apply_changes(supply, [form(t, k) for k, t in enumerate(tables, 1)], day=DAY, **more)


def seconds(supply: Supply, mode: str, one: int, two: int) -> float:
    lon, lat = (np.array(v) for v in zip(*(metres(*PLACES[n]) for n in (one, two)), strict=True))
    points = snap(supply.streets, mode, lon, lat, max_m=50)
    assert (points.edge >= 0).all()
    ms = matrix_ms(supply.streets, mode, points, points, factor=supply.street_factor.get(mode))[
        0, 1
    ]
    return np.inf if ms == UNREACHED else ms / 1000


def test_the_drawn_world_is_as_drawn(supply) -> None:
    # 1 km walked at 4.8 km/h is 750 s
    assert seconds(supply, "walk", 1, 2) == pytest.approx(750, abs=1.5)
    assert len(supply.streets.edge_from) == 7


def test_add_street_cuts_the_corner(supply) -> None:
    table = {"kind": "add-street", "name": "Schuin", "points": [metres(0, 0), metres(1000, 1000)]}
    applied = run(supply, table)
    # the diagonal is 1414 m: at 4.8 km/h 1060.7 s in place of 1500 s
    assert seconds(supply, "walk", 1, 5) == pytest.approx(1500, abs=3)
    assert seconds(applied.supply, "walk", 1, 5) == pytest.approx(1414.2 / 4.8 * 3.6, abs=1.5)
    assert applied.effects[0].counts["metres_added"] == pytest.approx(1414.2, abs=3)
    # a cycleway is no way for cars
    assert seconds(applied.supply, "car", 1, 5) == seconds(supply, "car", 1, 5)
    assert "Schuin (cycleway)" in applied.effects[0].text


def test_add_street_joins_what_it_crosses_or_its_ends_only(supply) -> None:
    line = [metres(500, 0), metres(500, 1000), metres(500, 2000)]
    crossing = run(
        supply, {"kind": "add-street", "name": "N", "points": [*line[:2], metres(500, 1040)]}
    ).supply
    # Zuidweg at 500 m to Noordweg at 500 m, straight
    lon, lat = (np.array(v) for v in zip(metres(500, 0), metres(500, 1000), strict=True))
    points = snap(crossing.streets, "walk", lon, lat, max_m=5)
    assert matrix_ms(crossing.streets, "walk", points, points)[0, 1] == pytest.approx(
        750_000, abs=1500
    )
    with pytest.raises(ScenarioError, match=r"found an end that lies 1000 m from any street"):
        run(supply, {"kind": "add-street", "name": "N", "points": line, "join": "ends"})


def test_oneway_and_speed_of_a_new_street(supply) -> None:
    table = {
        "kind": "add-street",
        "name": "Weg",
        "highway": "residential",
        "modes": ["car"],
        "oneway": True,
        "points": [metres(0, 0), metres(1000, 1000)],
        "speed_kph": {"car": 100},
    }
    new = run(supply, table).supply
    assert seconds(new, "car", 1, 5) < seconds(supply, "car", 1, 5)
    assert seconds(new, "car", 5, 1) == pytest.approx(seconds(supply, "car", 5, 1), abs=20)
    assert seconds(new, "walk", 1, 5) == pytest.approx(1500, abs=3)  # closed to walkers


def test_close_street_for_all_or_some(supply) -> None:
    table = {"kind": "close-street", "streets": [{"name": "zuidweg"}]}
    closed = run(supply, table)
    # 1–2 must go round by 4 and 5: 3 km
    assert seconds(closed.supply, "walk", 4, 5) == pytest.approx(750, abs=1.5)
    assert closed.effects[0].counts == {
        "edges_closed": 2,
        "metres_changed": pytest.approx(2000, abs=2),
    }
    cars = run(supply, {**table, "modes": ["car"]}).supply
    assert seconds(cars, "walk", 1, 2) == seconds(supply, "walk", 1, 2)
    graph = cars.streets.graphs["car"]
    assert (graph.forward_ms == CLOSED).sum() == 2


def test_change_street_speed_factor_and_ban(supply) -> None:
    streets = [{"name": "Zuidweg", "country": "BE"}]
    slow = run(supply, {"kind": "change-street", "streets": streets, "speed_kph": {"walk": 2.4}})
    # only the Belgian half: 1–2 takes twice 750 s
    assert slow.effects[0].counts["edges_changed"] == 1
    assert seconds(slow.supply, "walk", 1, 2) == pytest.approx(1500, abs=3)
    assert seconds(slow.supply, "walk", 2, 3) == pytest.approx(750, abs=1.5)
    fast = run(
        supply,
        {"kind": "change-street", "streets": streets, "factor": {"walk": 2}},
        {"kind": "change-street", "streets": streets, "factor": {"walk": 1.5}},
    ).supply
    assert seconds(fast, "walk", 1, 2) == pytest.approx(250, abs=1)  # factors multiply: 750 ÷ 3
    ban = run(
        supply, {"kind": "change-street", "streets": [{"name": "Zuidweg"}], "forbid": ["car"]}
    ).supply
    assert (ban.streets.graphs["car"].forward_ms == CLOSED).sum() == 2


def test_upgrade_cycleway_by_name_and_by_points(supply) -> None:
    by_name = run(
        supply, {"kind": "upgrade-cycleway", "streets": [{"name": "Westlaan"}], "bike_kph": 36}
    ).supply
    by_points = run(
        supply,
        {"kind": "upgrade-cycleway", "points": [metres(0, 0), metres(0, 1000)], "bike_kph": 36},
    ).supply
    assert seconds(by_name, "bike", 1, 4) < seconds(supply, "bike", 1, 4)
    assert seconds(by_name, "bike", 1, 4) == seconds(by_points, "bike", 1, 4)
    assert seconds(by_name, "bike", 2, 5) == seconds(supply, "bike", 2, 5)
    with pytest.raises(ScenarioError, match="no street within 50 m"):
        run(supply, {"kind": "upgrade-cycleway", "points": [metres(400, 300), metres(600, 300)]})


def test_congestion_in_an_area_multiplies(supply) -> None:
    lon, lat = metres(1000, 0)
    area = {
        "center": [lon, lat],
        "radius_m": 700,
    }  # the middles of both halves of Zuidweg, and Middenlaan's
    table = {"kind": "congestion", "factor": 1.5, "area": area}
    once = run(supply, table)
    assert once.effects[0].counts["edges_changed"] == 3
    assert seconds(once.supply, "car", 1, 2) == pytest.approx(
        1.5 * seconds(supply, "car", 1, 2), rel=0.01
    )
    zuid = {"kind": "congestion", "factor": 2, "streets": [{"name": "Zuidweg"}]}
    twice = run(supply, table, zuid).supply
    assert seconds(twice, "car", 1, 2) == pytest.approx(3 * seconds(supply, "car", 1, 2), rel=0.01)
    with pytest.raises(ScenarioError, match="affects nothing"):
        run(supply, {"kind": "congestion", "factor": 1})


def test_a_factor_follows_when_its_street_is_divided(supply) -> None:
    slow = run(
        supply,
        {"kind": "congestion", "factor": 2, "streets": [{"name": "Zuidweg", "country": "BE"}]},
    ).supply
    both = run(
        slow,
        {
            "kind": "add-street",
            "name": "N",
            "modes": ["car"],
            "highway": "residential",
            "points": [metres(300, 0), metres(300, 1000)],
        },
    ).supply
    factor = both.street_factor["car"]
    streets = both.streets
    zuid = (streets.ways["name"].to_numpy(object) == "Zuidweg")[streets.edge_way]
    west = streets.shape_lon[streets.shape_offset[1:] - 1] <= metres(1000, 0)[0] + 1e-6
    assert len(factor) == len(streets.edge_from)
    assert sorted(factor[zuid & west].tolist()) == [2.0, 2.0]  # both pieces of the Belgian half
    assert (factor[~(zuid & west)] == 1).all()


def test_add_ferry_waits_half_its_headway(supply) -> None:
    table = {
        "kind": "add-ferry",
        "name": "Pont",
        "points": [metres(0, 0), metres(2000, 1000)],
        "crossing_s": 120,
        "headway_s": 600,
        "modes": ["walk"],
    }
    new = run(supply, table).supply
    # wait 300 s, crossing 120 s, and the table's time to board; on foot it is 3 km, 2250 s
    took = seconds(new, "walk", 1, 6)
    assert 420 <= took < 500
    assert seconds(new, "bike", 1, 6) == seconds(supply, "bike", 1, 6)
    swing = run(supply, {k: v for k, v in table.items() if k != "headway_s"}).effects[0]
    assert swing.texts["en"].startswith("Ferry Pont: crossing 2 min, no wait (")
    hours = {**table, "hours": {"start": "10:00", "end": "18:00"}}
    idle = run(supply, hours, window=(hm("7:00"), hm("9:00")))
    assert idle.effects[0].counts == {"ferries_idle": 1}
    assert idle.supply.streets is supply.streets
    assert (
        seconds(run(supply, hours, window=(hm("10:00"), hm("12:00"))).supply, "walk", 1, 6) == took
    )


def test_disruption_at_the_border_cuts_streets_and_trips(supply) -> None:
    applied = run(supply, {"kind": "disruption", "border": True})
    check_feeds(applied.supply.feeds)
    # the eastern halves of Zuidweg and Noordweg cross it; X Ce–Hub has one stop on each side
    assert applied.effects[0].counts == {"trips_cut": 2, "trips_removed": 2, "edges_closed": 2}
    assert applied.effects[0].routes == ("be:X",)
    assert seconds(applied.supply, "walk", 1, 2) == pytest.approx(750, abs=1.5)
    lon, lat = (np.array(v) for v in zip(metres(0, 500), metres(2000, 500), strict=True))
    points = snap(applied.supply.streets, "walk", lon, lat, max_m=2500)
    node = supply.streets.graphs["walk"]
    assert node is not applied.supply.streets.graphs["walk"]
    # the smaller side is no longer in the largest component, so it can't be snapped to
    assert points.distance_m[1] > 500
    with pytest.raises(ScenarioError, match=r'countries\[1\]: found "FR"; expected one of BE, NL'):
        run(supply, {"kind": "disruption", "border": True, "countries": ["FR", "BE"]})


def test_disruption_keeps_what_runs_inside_a_country(supply) -> None:
    long = run(
        supply,
        {
            "kind": "extend-line",
            "lines": [{"short_name": "R1"}],
            "at": {"near": "Ce"},
            "stops": [{"id": "nl:H"}, {"id": "nl:D"}],
            "run_s": [400, 300],
        },
    ).supply
    feeds = run(long, {"kind": "disruption", "border": True}).supply.feeds
    check_feeds(feeds)
    trips = calls(feeds, "be:R1")
    assert len(trips) == 20  # every one of ten in two pieces
    t = hm("6:00") + 1260
    assert trips[0] == [
        ("be:A", t - 1260, t - 1260),
        ("be:B", t - 660, t - 600),
        ("be:C", t, t + 60),
    ]
    assert [("nl:H", t + 460, t + 520), ("nl:D", t + 820, t + 820)] in trips


def test_a_headway_line_cut_at_the_border_keeps_its_minutes(supply) -> None:
    line = {
        "kind": "add-line", "id": "over", "mode": "bus", "feed": "be",
        "stops": [{"id": "be:A"}, {"id": "be:C"}, {"id": "nl:H"}, {"id": "nl:D"}],
        "run_s": [600, 700, 800], "headway_s": 1200, "exact": False, "both_ways": False,
    }  # fmt: skip
    whole = run(supply, line).supply
    cut = run(whole, {"kind": "disruption", "border": True}).supply

    def minutes(feeds, stop_id) -> list[int]:
        table = build_timetable(feeds, DAY, timezone="Europe/Amsterdam", seed=7, draw=3)
        row = table.stops.index[table.stops["stop_id"] == stop_id][0]
        found = []
        for p, trips in enumerate(pairwise(table.pattern_trip_offset)):
            own = ["over" in trip for trip in table.trip_ids[slice(*trips)]]
            at = table.pattern_stops[slice(*table.pattern_stop_offset[p : p + 2])]
            events = table.departure_s[slice(*table.pattern_event_offset[p : p + 2])]
            found += events.reshape(-1, len(at))[own][:, at == row].ravel().tolist()
        return sorted(found)

    for stop_id in ("be:A", "nl:H"):
        assert len(minutes(whole.feeds, stop_id)) > 20
        assert minutes(cut.feeds, stop_id) == minutes(whole.feeds, stop_id)


def test_a_closed_stop_is_passed_by_the_timetable_of_today(supply) -> None:
    t = hm("6:00")
    closed = run(supply, {"kind": "disruption", "stops": [{"near": "Be"}]}).supply
    # R1 stands 60 s at Be; where the stop is taken out for good that time is saved
    assert calls(closed.feeds, "be:R1")[0][1] == ("be:C", t + 1260, t + 1260)
    removed = run(supply, {"kind": "remove-stops", "stops": [{"near": "Be"}]}).supply
    assert calls(removed.feeds, "be:R1")[0][1] == ("be:C", t + 1200, t + 1200)


def test_disruption_of_line_stop_and_street(supply) -> None:
    table = {
        "kind": "disruption",
        "lines": [{"short_name": "R2"}],
        "stops": [{"near": "Be"}],
        "streets": ["Oostlaan"],
        "period": {"start": "06:00", "end": "08:00"},
    }
    applied = run(supply, table)
    check_feeds(applied.supply.feeds)
    # R2 6:10 6:40 7:10 7:40; Be passed by R1 6:00 6:30 7:00 7:30
    assert applied.effects[0].counts == {
        "halts_removed": 4,
        "trips_changed": 4,
        "trips_removed": 4,
        "edges_closed": 1,
    }
    with pytest.raises(ScenarioError, match=r'the street "Oostlan".*Did you mean "Oostlaan"'):
        run(supply, {"kind": "disruption", "streets": ["Oostlan"]})


def test_streets_that_are_not_there(supply) -> None:
    with pytest.raises(ScenarioError) as error:
        run(
            supply,
            {
                "kind": "close-street",
                "streets": [{"name": "Zuidwg"}, {"highway": "motorway"}, {"way_id": 99}],
            },
            {"kind": "congestion", "factor": 2, "streets": [{"country": "FR"}]},
            {
                "kind": "change-street",
                "factor": {"car": 2},
                "streets": [{"name": "Zuidweg", "country": "NL", "way_id": 11}],
            },
        )
    text = str(error.value)
    assert len(error.value.problems) == 5
    for part in (
        'Did you mean "Zuidweg"',
        'highway "motorway"',
        "way_id: found 99",
        "one of BE, NL",
        "no street that fits",
    ):
        assert part in text


def test_speeds_rebuild_the_streets(supply) -> None:
    applied = run(supply, {"kind": "speeds", "walk_kph": 2.4, "ebike_share": 0.5})
    assert seconds(applied.supply, "walk", 1, 2) == pytest.approx(1500, abs=3)
    # half at 18 and half at 23 km/h: 1 ÷ (0.5/18 + 0.5/23) = 20.195
    assert applied.supply.settings.bike_kph == pytest.approx(20.195, abs=0.001)
    assert applied.supply.streets.settings.bike_kph == applied.supply.settings.bike_kph
    assert seconds(applied.supply, "bike", 1, 2) < seconds(supply, "bike", 1, 2)
    assert seconds(applied.supply, "ebike", 1, 2) == seconds(supply, "ebike", 1, 2)


def test_add_line_along_the_streets(supply) -> None:
    lon1, lat1 = metres(0, 0)
    lon2, lat2 = metres(2000, 1000)
    table = {
        "kind": "add-line",
        "id": "b",
        "mode": "bus",
        "geometry": "street",
        "speed_kph": 36,
        "headway_s": 3600,
        "stops": [{"lon": lon1, "lat": lat1}, {"lon": lon2, "lat": lat2}],
    }
    feeds = run(supply, table).supply.feeds
    first = calls(feeds, "scenario:b")[0]
    assert first[1][1] - first[0][2] == pytest.approx(300, abs=1)  # 3 km at 10 m/s


@pytest.mark.parametrize("mode", ["walk", "bike", "ebike", "car"])
def test_a_street_more_never_lengthens_a_way_and_one_less_never_shortens_it(supply, mode) -> None:
    more = run(
        supply,
        {
            "kind": "add-street",
            "name": "S",
            "highway": "residential",
            "modes": ["walk", "bike", "ebike", "car"],
            "join": "ends",
            "points": [metres(0, 0), metres(2000, 1000)],
        },
    ).supply
    less = run(supply, {"kind": "close-street", "streets": [{"name": "Middenlaan"}]}).supply
    for one in PLACES:
        for two in PLACES:
            if one != two:
                base = seconds(supply, mode, one, two)
                # a junction more may cost a moment at its ends
                assert seconds(more, mode, one, two) <= base + 15
                assert seconds(less, mode, one, two) >= base - 15
