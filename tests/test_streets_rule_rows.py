"""Every row of every rule table, read from the CSV itself and found again in what is judged."""

from __future__ import annotations

import itertools
from dataclasses import replace
from importlib import resources

import numpy as np
import pytest
from shapely.geometry import box
from street_toys import metres, node_xml, way_xml, write_osm

from mobility.streets import (
    congestion,
    congestion_factor,
    period_of,
    read_streets,
    traffic_stress,
)
from mobility.streets.delays import passes
from mobility.streets.law import has_table, known_values, read_table, rules_for
from mobility.streets.limits import car_limits, is_urban, parse_limit
from mobility.zones import Countries

MODES = ("walk", "bike", "speed_pedelec", "car")
COUNTRIES = ("NL", "BE")
CLASSES = ("residential", "secondary", "trunk", "motorway", "service", "cycleway", "path",
           "footway", "track", "steps")  # fmt: skip
# What else may stand on the street, so that a row has something to say against.
AROUND = ({}, {"access": "no"}, {"vehicle": "no"}, {"motor_vehicle": "no"}, {"bicycle": "no"},
          {"moped": "no"}, {"foot": "no"}, {"oneway": "yes"}, {"oneway": "-1"},
          {"access": "yes"}, {"motor_vehicle": "yes"},
          {"moped": "yes"}, {"moped": "unknown"})  # fmt: skip
OTHER = {"yes": "no", "no": "yes", "push": "no", "destination": "no"}


def numbered(table):
    """Rows of a table with the line they stand on, as parameters named by it."""
    return [pytest.param(row, id=f"{table}:{n}") for n, row in enumerate(read_table(table), 2)]


def law_rows():
    for mode, place in itertools.product(MODES, ("any", "nl", "be")):
        name = f"{place}_{mode}"
        for number, row in enumerate(read_table(name) if has_table(name) else [], start=2):
            where = COUNTRIES if place == "any" else (place.upper(),)
            for country in where:
                yield pytest.param(
                    mode, int(place != "any"), number, row, country, id=f"{name}:{number}-{country}"
                )


def streets_of(row, key, value):
    """Streets a row speaks of, plain ones first."""
    also = [part for part in row["also_key"].split("|") if part]
    absent = row["also_values"] == "-"
    found = row["also_values"].split("|")[0]
    for around, highway in itertools.product(AROUND, CLASSES):
        tags = {"highway": highway, **around, key: value}
        if (key, value) == ("route", "ferry"):
            del tags["highway"]
        if also and not absent:
            tags[also[0]] = found
        if key == "highway" and highway != CLASSES[0]:
            continue
        yield {k: v for k, v in tags.items() if not (absent and k in also)}


def with_other_word(rules, layer, number):
    """The rules, but for one row that says something else."""

    def changed(rule):
        if (rule.layer, rule.row) != (layer, number):
            return rule
        numeric = rule.field in ("factor", "kph")
        setting = f"{float(rule.setting) / 2}" if numeric else OTHER[rule.setting]
        return replace(rule, setting=setting)

    by_key = {key: tuple(map(changed, rows)) for key, rows in rules.by_key.items()}
    return replace(rules, by_key=by_key)


def said(verdict, field):
    word = getattr(verdict, field)
    return {True: "yes", False: "no"}.get(word, word) if isinstance(word, bool) else word


def decides(rules, other, row, key, value):
    """Whether some street goes by the row: it is as the row says, and else it would not be."""
    for tags in streets_of(row, key, value):
        now, then = rules.judge(tags), other.judge(tags)
        if now == then:
            continue
        if row["field"] == "factor" and now.factor == pytest.approx(2 * then.factor):
            return True
        if row["field"] == "kph" and now.kph == float(row["setting"]):
            return True
        if said(now, row["field"]) == row["setting"]:
            return True
    return False


@pytest.mark.parametrize(("mode", "layer", "number", "row", "country"), list(law_rows()))
def test_every_value_of_every_row_decides_some_street(mode, layer, number, row, country):
    rules = rules_for(country, mode)
    values = row["values"].split("|")
    keys = row["key"].split("|")
    if row["setting"] == "same":
        # It says that the value is known and changes nothing.
        for key, value in itertools.product(keys, values):
            assert value in known_values()[key]
            alone = [
                rule for rule in rules.by_key[key] if (rule.layer, rule.row) == (layer, number)
            ]
            assert alone
            assert rules.judge({"highway": "residential"}).access != "no"
        return
    other = with_other_word(rules, layer, number)
    mute = [
        f"{key}={value}"
        for key, value in itertools.product(keys, values)
        if not decides(rules, other, row, key, value)
    ]
    # What a later row says of the same thing takes the place of this one's word.
    step = int(row["step"])
    later = {
        f"{key}={value}"
        for key in keys
        for rule in rules.by_key[key]
        for value in rule.values
        if (rule.step, rule.layer, rule.row) > (step, layer, number)
        and rule.field == row["field"]
        and rule.setting != "same"
        and not rule.also_keys
    }
    assert set(mute) <= later, sorted(set(mute) - later)


def test_every_row_names_its_source():
    names = [path.name for path in resources.files("mobility.streets.rules").iterdir()]
    tables = sorted(name.removesuffix(".csv") for name in names if name.endswith(".csv"))
    assert {"any_car", "nl_bike", "be_walk", "barriers", "periods"} <= set(tables)
    silent = [(name, n) for name in tables for n, row in enumerate(read_table(name), start=2)
              if not row["source"].strip()]  # fmt: skip
    assert not silent


@pytest.mark.parametrize("mode", MODES)
def test_both_countries_differ_only_where_a_row_of_theirs_speaks(mode):
    dutch, belgian = (rules_for(country, mode) for country in COUNTRIES)
    apart = 0
    for table in ("any", "nl", "be"):
        for row in read_table(f"{table}_{mode}") if has_table(f"{table}_{mode}") else []:
            key, value = row["key"].split("|")[0], row["values"].split("|")[0]
            for tags in streets_of(row, key, value):
                if dutch.judge(tags) == belgian.judge(tags):
                    continue
                apart += 1
                assert any(
                    rule.layer == 1 and rule.holds(tags)
                    for rules in (dutch, belgian)
                    for name in tags
                    for rule in rules.by_key.get(name, ())
                ), tags
    assert apart > 0  # else nothing was compared


@pytest.mark.parametrize("row", numbered("barriers"))
def test_barriers_pass_whom_their_row_names(row):
    for mode in MODES:
        assert passes({"barrier": row["barrier"]}, mode) == (row[mode] == "yes"), mode


@pytest.mark.parametrize("row", numbered("implicit_maxspeed"))
def test_implicit_codes_are_read_as_their_row_says(row):
    code = row["code"]
    assert parse_limit(code) == float(row["kph"])
    street = {"highway": "tertiary", "maxspeed": code}
    assert is_urban(street, code.split(":")[0]) == (row["urban"] == "1")


@pytest.mark.parametrize("row", numbered("car_limits"))
def test_untagged_streets_take_their_row_s_limit(row):
    country = "" if row["country"] == "any" else row["country"]
    plain = {"highway": row["highway"]}
    limits = car_limits([plain, {**plain, "lit": "yes"}], [country] * 2, np.ones(2))
    urban = float(row["urban_kph"])
    always_urban = row["highway"] in {"residential", "living_street", "pedestrian"}
    rural = urban if always_urban else float(row["rural_kph"])
    assert limits.forward_kph.tolist() == [rural, urban]
    assert limits.backward_kph.tolist() == [rural, urban]


@pytest.mark.parametrize("row", numbered("periods"))
def test_periods_begin_and_end_as_their_row_says(row):
    start, end = float(row["start_s"]), float(row["end_s"])
    assert period_of(start) == period_of(end - 1) == period_of(end - 1 + 86_400) == row["period"]
    assert period_of(end) != row["period"]


STUB_M = 200


def read_comb(folder, stubs, **options):
    """Read a street with a stub for each of `stubs`: its tags, and those of its middle node.

    The stubs are tied to the street 50 m apart. Returned are the streets and the number of each
    stub's first edge, from the street to the middle node or, where that bears no tags, the end.
    """
    body, spine = [], []
    for k, (tags, node) in enumerate(stubs):
        ids = [3 * k + 1, 3 * k + 2, 3 * k + 3]
        places = [(50 * k, 0), (50 * k, STUB_M / 2), (50 * k, STUB_M)]
        for i, place, own in zip(ids, places, ({}, node, {}), strict=True):
            body.append(node_xml(i, *metres(*place), **own))
        spine.append(ids[0])
        body.append(way_xml(1000 + k, ids, {**tags, "name": f"stub {k}"}))
    body.append(way_xml(999, spine, {"highway": "residential"}))
    nodes = [line for line in body if line.startswith("<node")]
    ways = [line for line in body if not line.startswith("<node")]
    streets = read_streets([write_osm(folder / "comb.osm", "\n".join(nodes + ways))], **options)
    way = streets.ways["name"].to_numpy(object)[streets.edge_way]
    return streets, [int(np.flatnonzero(way == f"stub {k}")[0]) for k in range(len(stubs))]


CAUSES = {
    "traffic_signals": {"highway": "traffic_signals"}, "stop": {"highway": "stop"},
    "give_way": {"highway": "give_way"}, "mini_roundabout": {"highway": "mini_roundabout"},
    "crossing": {"highway": "crossing"}, "level_crossing": {"railway": "level_crossing"},
}  # fmt: skip


def waits_s(streets, edges, mode, kph):
    """Seconds each edge takes forward beyond its length at a speed."""
    ms = streets.graphs[mode].forward_ms[edges]
    return ms / 1000 - streets.edge_length_m[edges] * 3.6 / kph


def test_waits_at_nodes_are_those_of_their_rows(tmp_path):
    rows = [row for row in read_table("delays") if row["cause"] in CAUSES]
    # Who walks along a road waits for nobody, who walks on a footway does.
    stubs = [
        ({"highway": "footway" if row["mode"] == "walk" else "residential", "maxspeed": "30"},
         CAUSES[row["cause"]])
        for row in rows
    ]  # fmt: skip
    streets, edges = read_comb(tmp_path, stubs)
    for row, edge in zip(rows, edges, strict=True):
        found = waits_s(streets, [edge], row["mode"], moving_kph(streets, row["mode"]))[0]
        assert found == pytest.approx(float(row["seconds"]), abs=0.01), row


def moving_kph(streets, mode):
    """Speed on a residential street of 30 km/h without a country."""
    if mode == "car":
        row = next(r for r in read_table("car_free_flow") if r["highway"] == "residential")
        return 30 * float(row["urban_factor"])
    return min(float(getattr(streets.settings, f"{mode}_kph")), 30)


def test_waits_at_junctions_are_those_of_their_rows(tmp_path):
    rows = {(r["mode"], r["cause"]): float(r["seconds"]) for r in read_table("delays")}
    # Stub 1 comes to the street at a crossing of equals; where it ends a secondary road passes.
    body = [node_xml(i, *metres(x, y)) for i, x, y in (
        (1, 0, 0), (2, 200, 0), (3, 400, 0), (4, 200, 200), (5, 0, 200), (6, 400, 200),
    )]  # fmt: skip
    street = {"highway": "residential", "maxspeed": "30"}
    body += [way_xml(1, [1, 2, 3], street), way_xml(2, [2, 4], {**street, "name": "stub"}),
             way_xml(3, [5, 4, 6], {"highway": "secondary", "maxspeed": "30"}),
             way_xml(4, [1, 5], street)]  # fmt: skip
    streets = read_streets([write_osm(tmp_path / "junction.osm", "\n".join(body))])
    way = streets.ways["name"].to_numpy(object)[streets.edge_way]
    (stub,) = np.flatnonzero(way == "stub")
    for mode in ("car", "bike", "ebike", "speed_pedelec"):
        graph, kph = streets.graphs[mode], moving_kph(streets, mode)
        free_s = float(streets.edge_length_m[stub]) * 3.6 / kph
        onto, back = graph.forward_ms[stub] / 1000, graph.backward_ms[stub] / 1000
        assert onto - free_s == pytest.approx(rows[mode, "onto_main_road"], abs=0.01), mode
        assert back - free_s == pytest.approx(rows[mode, "junction"], abs=0.01), mode


def test_waits_at_barriers_are_those_of_their_rows(tmp_path):
    rows = [row for row in read_table("barriers") if row["bike"] == "yes"]
    stubs = [({"highway": "residential"}, {"barrier": row["barrier"]}) for row in rows]
    streets, edges = read_comb(tmp_path, stubs)
    found = waits_s(streets, edges, "bike", 18.0)
    assert found.tolist() == pytest.approx([float(r["delay_s"]) for r in rows], abs=0.01)


def test_cars_drive_at_their_row_s_share_of_the_limit(tmp_path):
    rows = [(row, kph, name) for row in read_table("car_free_flow")
            for kph, name in ((100, "rural_factor"), (50, "urban_factor"))]  # fmt: skip
    assert {row["country"] for row, _, _ in rows} == {"any"}
    stubs = [({"highway": row["highway"], "maxspeed": str(kph), "motor_vehicle": "yes",
               "oneway": "no"}, {}) for row, kph, _ in rows]  # fmt: skip
    streets, edges = read_comb(tmp_path, stubs)
    for (row, kph, name), edge in zip(rows, edges, strict=True):
        wait = waits_s(streets, [edge], "car", kph * float(row[name]))[0]
        assert wait == pytest.approx(0, abs=0.01), (row["highway"], kph)


@pytest.mark.parametrize("code", ["any", "NL", "BE"])
def test_congestion_is_that_of_its_row(tmp_path, code):
    rows = [row for row in read_table("car_congestion") if row["country"] == code]
    classes = sorted({row["highway"] for row in rows})
    around = Countries({"FR" if code == "any" else code: box(4, 50, 6, 52)})
    stubs = [({"highway": name, "oneway": "no"}, {}) for name in classes]
    streets, edges = read_comb(tmp_path, stubs, countries=around)
    for row in rows:
        factor = congestion_factor(streets, row["period"])
        found = factor[edges[classes.index(row["highway"])]]
        assert found == pytest.approx(float(row["factor"])), row


def test_ferries_without_times_take_their_row_s(tmp_path):
    stubs = [({"route": "ferry", "motor_vehicle": "yes"}, {}), ({"highway": "residential"}, {})]
    streets, (edge, _) = read_comb(tmp_path, stubs)
    for row in read_table("ferries"):
        wait = waits_s(streets, [edge], row["mode"], float(row["kph"]))[0]
        assert wait == pytest.approx(float(row["board_s"]) + float(row["wait_s"]), abs=0.01)


def test_parking_takes_what_the_row_of_its_density_says(tmp_path, monkeypatch):
    streets, _ = read_comb(tmp_path, [({"highway": "residential"}, {})])
    rows = read_table("parking")
    floors = np.array([float(row["street_nodes_per_km2"]) for row in rows])
    for shift, chosen in ((0.0, rows), (-0.5, [rows[0], *rows[:-1]])):
        monkeypatch.setattr(congestion, "_node_density", lambda *_, by=shift: floors + by)
        access, parking = congestion.terminal_s(streets, np.zeros(len(rows)), np.zeros(len(rows)))
        assert access.tolist() == [int(row["access_s"]) for row in chosen]
        assert parking.tolist() == [int(row["parking_s"]) for row in chosen]


FACILITY = {"street": {"cyclestreet": "yes"}, "track": {"cycleway": "track"},
            "lane": {"cycleway": "lane"}, "mixed": {}, "any": {}}  # fmt: skip


def test_traffic_stress_is_that_of_its_row(tmp_path):
    rows = read_table("traffic_stress")
    stubs = []
    for row in rows:
        highway = {"any": "trunk"}.get(row["highway"], row["highway"])
        kind = {"route": "ferry"} if highway == "ferry" else {"highway": highway}
        limit = {"maxspeed": "120" if row["up_to_kph"] == "999" else row["up_to_kph"]}
        stubs.append(({**kind, **limit, **FACILITY[row["facility"]], "bicycle": "yes"}, {}))
    streets, edges = read_comb(tmp_path, stubs)
    found = traffic_stress(streets)[edges]
    wrong = [row for row, level in zip(rows, found, strict=True) if level != int(row["stress"])]
    assert not wrong
