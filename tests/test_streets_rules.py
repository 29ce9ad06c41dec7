"""The law of both countries: what each kind of street is open to, row by row."""

from __future__ import annotations

import numpy as np
import pytest
from street_toys import metres, node_xml, way_xml, write_osm

from mobility.streets.delays import passes
from mobility.streets.judging import overruled
from mobility.streets.law import known_values, rules_for, two_letters
from mobility.streets.limits import IMPUTED, TAGGED, car_limits, is_urban, parse_limit

MODES = ("walk", "bike", "speed_pedelec", "car")
N, Y, P, D = "no", "yes", "push", "destination"

# tags, then NL (walk bike speed_pedelec car), then BE
ACCESS = [
    ("highway=residential", (Y, Y, Y, Y), (Y, Y, Y, Y)),
    ("highway=motorway", (N, N, N, Y), (N, N, N, Y)),
    ("highway=trunk", (N, N, N, Y), (Y, Y, Y, Y)),
    ("highway=trunk motorroad=yes", (N, N, N, Y), (N, N, N, Y)),
    ("highway=tertiary", (Y, Y, Y, Y), (Y, Y, Y, Y)),
    ("highway=cycleway", (Y, Y, N, N), (Y, Y, Y, N)),
    ("highway=cycleway moped=designated", (Y, Y, Y, N), (Y, Y, Y, N)),
    ("highway=cycleway moped=no", (Y, Y, N, N), (Y, Y, Y, N)),
    ("highway=cycleway foot=no", (N, Y, N, N), (N, Y, Y, N)),
    ("highway=cycleway traffic_sign=NL:G11", (Y, Y, N, N), None),
    ("highway=cycleway traffic_sign=NL:G13", (Y, Y, N, N), None),
    ("highway=cycleway traffic_sign=NL:G12a", (Y, Y, Y, N), None),
    ("highway=cycleway traffic_sign=BE:D7", None, (Y, Y, Y, N)),
    ("highway=path traffic_sign=BE:F99a", None, (Y, Y, Y, N)),
    ("highway=cycleway moped_P=no", None, (Y, Y, N, N)),
    ("highway=cycleway speed_pedelec=no", (Y, Y, N, N), (Y, Y, N, N)),
    ("highway=cycleway speed_pedelec=yes", (Y, Y, Y, N), (Y, Y, Y, N)),
    ("highway=path", (Y, Y, N, N), (Y, Y, Y, N)),
    ("highway=path bicycle=no", (Y, N, N, N), (Y, N, N, N)),
    ("highway=footway", (Y, P, N, N), (Y, P, N, N)),
    ("highway=footway bicycle=yes", (Y, Y, N, N), (Y, Y, N, N)),
    ("highway=pedestrian", (Y, P, N, N), (Y, P, N, N)),
    ("highway=pedestrian bicycle=yes", (Y, Y, N, N), (Y, Y, N, N)),
    ("highway=track", (Y, Y, N, N), (Y, Y, Y, N)),
    ("highway=track motor_vehicle=yes", (Y, Y, N, Y), (Y, Y, Y, Y)),
    ("highway=track motor_vehicle=agricultural", (Y, Y, N, N), (Y, Y, N, N)),
    ("highway=service towpath=yes vehicle=no", (Y, Y, N, N), (Y, Y, N, N)),
    ("highway=service towpath=yes", (Y, Y, Y, Y), (Y, Y, Y, N)),
    ("highway=steps", (Y, N, N, N), (Y, N, N, N)),
    ("highway=steps ramp:bicycle=yes", (Y, P, N, N), (Y, P, N, N)),
    ("highway=residential cyclestreet=yes", (Y, Y, Y, Y), (Y, Y, Y, Y)),
    ("highway=residential bicycle_road=yes", (Y, Y, Y, Y), (Y, Y, Y, Y)),
    ("highway=secondary bicycle=use_sidepath", (Y, N, Y, Y), (Y, N, N, Y)),
    ("highway=secondary bicycle=use_sidepath moped=use_sidepath", (Y, N, N, Y), None),
    ("highway=secondary bicycle=optional_sidepath", (Y, Y, Y, Y), (Y, Y, Y, Y)),
    ("highway=residential access=destination", (Y, Y, Y, D), (Y, Y, Y, D)),
    ("highway=residential motor_vehicle=destination", (Y, Y, Y, D), (Y, Y, Y, D)),
    ("highway=residential vehicle=destination", (Y, Y, Y, D), (Y, Y, Y, D)),
    ("highway=residential access=private", (N, N, N, N), (N, N, N, N)),
    ("highway=service access=private bicycle=yes foot=yes", (Y, Y, N, N), (Y, Y, N, N)),
    ("highway=residential motor_vehicle=no", (Y, Y, Y, N), (Y, Y, Y, N)),
    ("highway=residential vehicle=no bicycle=yes", (Y, Y, N, N), (Y, Y, N, N)),
    ("highway=residential access=no motorcar=yes", (N, N, N, Y), (N, N, N, Y)),
    ("highway=service service=driveway", (Y, Y, Y, D), (Y, Y, Y, D)),
    ("highway=tertiary sidewalk=separate", (Y, Y, Y, Y), (Y, Y, Y, Y)),
    ("highway=residential foot=use_sidepath", (N, Y, Y, Y), (N, Y, Y, Y)),
    ("highway=construction", (N, N, N, N), (N, N, N, N)),
    ("highway=construction foot=yes bicycle=yes", (N, N, N, N), (N, N, N, N)),
    ("highway=residential traffic_sign=NL:C12", (Y, Y, Y, N), None),
    ("highway=residential traffic_sign=BE:C3", None, (Y, N, N, N)),
    ("highway=residential traffic_sign=BE:C3;M2", None, (Y, Y, N, N)),
    ("route=ferry", (Y, Y, Y, N), (Y, Y, Y, N)),
    ("route=ferry motor_vehicle=yes", (Y, Y, Y, Y), (Y, Y, Y, Y)),
    ("route=ferry bicycle=no", (Y, N, N, N), (Y, N, N, N)),
    ("highway=nonsense", (N, N, N, N), (N, N, N, N)),
]

# tags, mode, (forward, backward) in NL, in BE
DIRECTIONS = [
    ("highway=residential oneway=yes", "car", (1, 0), (1, 0)),
    ("highway=residential oneway=yes", "bike", (1, 0), (1, 0)),
    ("highway=residential oneway=yes", "walk", (1, 1), (1, 1)),
    ("highway=residential oneway=-1", "car", (0, 1), (0, 1)),
    ("highway=residential oneway=yes oneway:bicycle=no", "bike", (1, 1), (1, 1)),
    ("highway=residential oneway=yes oneway:bicycle=no", "car", (1, 0), (1, 0)),
    ("highway=residential oneway=yes oneway:bicycle=no", "speed_pedelec", (1, 1), (1, 1)),
    ("highway=residential oneway=yes cycleway=opposite", "bike", (1, 1), (1, 1)),
    ("highway=residential oneway=yes cycleway:left=opposite_lane", "bike", (1, 1), (1, 1)),
    ("highway=tertiary oneway=yes cycleway:left:oneway=-1", "bike", (1, 1), (1, 1)),
    ("highway=unclassified junction=roundabout", "car", (1, 0), (1, 0)),
    ("highway=unclassified junction=roundabout", "walk", (1, 1), (1, 1)),
    ("highway=motorway", "car", (1, 0), (1, 0)),
    ("highway=motorway oneway=no", "car", (1, 1), (1, 1)),
    ("highway=cycleway", "bike", (1, 1), (1, 1)),
    ("highway=cycleway oneway=yes", "bike", (1, 0), (1, 0)),
    ("highway=footway oneway=yes", "bike", (1, 1), (1, 1)),
    ("highway=footway oneway:foot=yes", "walk", (1, 0), (1, 0)),
    ("highway=tertiary bicycle:backward=no", "bike", (1, 0), (1, 0)),
    ("highway=service motor_vehicle:backward=no", "car", (1, 0), (1, 0)),
]


def parse(text):
    return dict(part.split("=", 1) for part in text.split())


@pytest.mark.parametrize(("text", "dutch", "belgian"), ACCESS, ids=[row[0] for row in ACCESS])
def test_access(text, dutch, belgian):
    for country, expected in (("NL", dutch), ("BE", belgian)):
        if expected is not None:
            found = tuple(rules_for(country, mode).judge(parse(text)).access for mode in MODES)
            assert found == expected, country


@pytest.mark.parametrize(("text", "mode", "dutch", "belgian"), DIRECTIONS)
def test_directions(text, mode, dutch, belgian):
    for country, expected in (("NL", dutch), ("BE", belgian)):
        verdict = rules_for(country, mode).judge(parse(text))
        assert (verdict.forward, verdict.backward) == expected, country


def test_unknown_country_takes_the_generic_rules_and_says_so():
    assert not rules_for("", "bike").own_table
    assert not rules_for("XYZ", "car").own_table
    assert rules_for("NLD", "car").own_table
    assert rules_for("BE-VLG", "bike").own_table
    assert two_letters("BEL") == "BE"
    tags = parse("highway=trunk")
    assert rules_for("FR", "bike").judge(tags) == rules_for("", "bike").judge(tags)


def test_scenario_words_overrule_the_law():
    closed = {**parse("highway=residential"), "model:closed": "bike;car"}
    verdict = rules_for("NL", "car").judge(closed)
    assert overruled(verdict, closed, "car").access == "no"
    assert overruled(verdict, closed, "walk").access == "yes"
    opened = {**parse("highway=footway"), "model:open": "bike"}
    found = overruled(rules_for("NL", "bike").judge(opened), opened, "bike")
    assert (found.access, found.forward, found.backward) == ("yes", True, True)


@pytest.mark.parametrize(
    ("text", "country", "kph"),
    [
        ("50", "NL", 50), ("30 mph", "GB", 48.28), ("NL:urban", "NL", 50), ("NL:rural", "NL", 80),
        ("NL:motorway", "NL", 100), ("NL:zone30", "NL", 30), ("BE:motorway", "BE", 120),
        ("BE-VLG:rural", "BE", 70), ("BE-WAL:rural", "BE", 90), ("BE-BRU:urban", "BE", 30),
        ("be-vlg:RURAL", "BE", 70), ("BE:zone30", "BE", 30), ("BE:cyclestreet", "BE", 30),
        ("DE:urban", "DE", 50), ("DE:rural", "DE", 100), ("walk", "DE", 7), ("rural", "NL", 80),
        ("rural", "BE-WAL", 90), ("50; 70", "NL", 50), ("none", "DE", 130),
    ],
)  # fmt: skip
def test_limits_of_every_spelling(text, country, kph):
    assert parse_limit(text, country) == pytest.approx(kph, abs=0.01)


@pytest.mark.parametrize("text", ["signals", "variable", "", "fast", "0", "XX:rural"])
def test_limits_that_say_nothing(text):
    assert np.isnan(parse_limit(text, "NL"))


def test_urban_rule():
    assert is_urban(parse("highway=tertiary maxspeed=NL:urban"), "NL")
    assert is_urban(parse("highway=tertiary zone:traffic=BE-VLG:urban"), "BE")
    assert not is_urban(parse("highway=residential zone:traffic=BE-VLG:rural"), "BE")
    assert is_urban(parse("highway=tertiary lit=yes"), "NL")
    assert not is_urban(parse("highway=tertiary lit=yes maxspeed=80"), "NL")
    assert not is_urban(parse("highway=tertiary"), "NL")


def test_imputation_stays_within_country_and_class():
    tags = [
        parse("highway=tertiary maxspeed=60"),
        parse("highway=tertiary"),
        parse("highway=tertiary"),
        parse("highway=secondary"),
        parse("highway=residential"),
    ]
    countries = ["NL", "NL", "BE", "NL", "BE"]
    limits = car_limits(tags, countries, np.array([9000.0, 1, 1, 1, 1]))
    # Dutch tertiary follows the tagged 60; Belgian tertiary its own law, 70; Dutch secondary 80
    assert limits.forward_kph.tolist() == [60, 60, 70, 80, 50]
    assert limits.origin.tolist()[:2] == [TAGGED, IMPUTED]
    again = car_limits(
        [parse("highway=tertiary maxspeed=30"), parse("highway=tertiary")], ["NL", "NL"],
        np.array([9000.0, 1]), limits.usual_kph,
    )  # fmt: skip
    assert again.forward_kph.tolist() == [30, 60]


def test_too_little_tagged_street_imputes_nothing():
    tags = [parse("highway=tertiary maxspeed=60"), parse("highway=tertiary")]
    limits = car_limits(tags, ["NL", "NL"], np.array([500.0, 1]))
    assert limits.forward_kph.tolist() == [60, 80]


@pytest.mark.parametrize(
    ("text", "walk", "bike", "pedelec", "car"),
    [
        ("barrier=bollard", 1, 1, 1, 0),
        ("barrier=bollard motor_vehicle=yes", 1, 1, 1, 1),
        ("barrier=gate", 1, 1, 1, 1),
        ("barrier=gate bicycle=no", 1, 0, 1, 1),
        ("barrier=gate access=private", 0, 0, 0, 0),
        ("barrier=gate access=no foot=yes bicycle=yes", 1, 1, 0, 0),
        ("barrier=gate locked=yes", 1, 1, 0, 0),
        ("barrier=cycle_barrier", 1, 1, 0, 0),
        ("barrier=cycle_barrier bicycle=no", 1, 0, 0, 0),
        ("barrier=stile", 1, 0, 0, 0),
        ("barrier=kissing_gate bicycle=yes", 1, 1, 0, 0),
        ("barrier=wall", 0, 0, 0, 0),
        ("barrier=new_invention", 1, 1, 1, 0),
        ("highway=crossing", 1, 1, 1, 1),
    ],
)
def test_barriers(text, walk, bike, pedelec, car):
    found = tuple(passes(parse(text), mode) for mode in MODES)
    assert found == (walk, bike, pedelec, car)


def test_known_values_hold_what_rows_name():
    known = known_values()
    assert "use_sidepath" in known["bicycle"]
    assert "residential" in known["highway"]
    assert "-" not in known["moped"]


def border_road(tmp_path, tags):
    """One road along the meridian, half of it in each country."""
    body = [node_xml(i, *metres(0, 1000 * i)) for i in range(1, 5)]
    body += [way_xml(1, [1, 2], tags), way_xml(2, [2, 3], tags), way_xml(3, [3, 4], tags)]
    return write_osm(tmp_path / "border.osm", "\n".join(body))


@pytest.mark.parametrize(
    ("tags", "mode", "ratio"),
    [
        # 70 in Flanders against 80 in the Netherlands, both driven at 0.90
        ({"highway": "secondary"}, "car", 80 / 70),
        ({"highway": "residential"}, "walk", 1.0),
        ({"highway": "residential", "surface": "gravel"}, "bike", 1.0),
        # 50 in Belgium against 30 in the Netherlands, in built-up areas
        ({"highway": "residential"}, "car", 30 / 50),
    ],
)
def test_the_same_road_differs_only_by_law(tmp_path, tags, mode, ratio):
    from shapely.geometry import box

    from mobility.streets import read_streets
    from mobility.zones import Countries

    middle = metres(0, 2500)[1]
    countries = Countries({"BE": box(4, 50, 6, middle), "NL": box(4, middle, 6, 52)})
    streets = read_streets([border_road(tmp_path, tags)], countries=countries)
    graph = streets.graphs[mode]
    codes = np.array(streets.country_codes)[streets.edge_country]
    assert codes[[0, 2]].tolist() == ["BE", "NL"]
    times = graph.forward_ms / streets.edge_length_m
    assert times[0] / times[2] == pytest.approx(ratio, rel=0.002)
