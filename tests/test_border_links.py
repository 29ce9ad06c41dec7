"""Round trips, days, permeability, hubs, causes, figures and their sentences."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from indicator_world import MINUTES, make_times, make_zones

from mobility import shapley
from mobility.border import (
    by_municipality,
    by_municipality_pair,
    decompose,
    figure_changes,
    figures,
    headlines,
)
from mobility.border.decomposition import CAUSES, gather
from mobility.border.effect import regression_effect
from mobility.border.figures import KEYS
from mobility.border.headlines import page
from mobility.border.hubs import best_shift, connections, wait_distribution
from mobility.border.links import days_per_year, permeability, round_trips
from mobility.border.ratios import municipality_pairs
from mobility.errors import MobilityError
from mobility.scenario.model import Pair

ZONES, TIMES = make_zones(), make_times()
HOUR = 3600


# A day out and back


def test_round_trip_hours_by_hand():
    table = round_trips(
        pd.DataFrame(
            {
                "origin": ["W", "W", "H", "H", "W"],
                "destination": ["H", "H", "W", "W", "L"],
                "departure_s": [7 * HOUR, 9 * HOUR, 12 * HOUR, 18 * HOUR, 8 * HOUR],
                "arrival_s": [8 * HOUR, 10 * HOUR, 13 * HOUR, 19 * HOUR, 9 * HOUR],
            }
        )
    ).set_index(["origin", "destination"])
    out = table.loc[("W", "H")]
    assert (out["first_arrival_s"], out["last_departure_s"]) == (8 * HOUR, 18 * HOUR)
    assert (out["stay_s"], out["last_home_s"], out["feasible"]) == (10 * HOUR, 19 * HOUR, True)
    # From H one arrives at 13:00; the last way back to H leaves W at 9:00, before that.
    back = table.loc[("H", "W")]
    assert (back["stay_s"], back["feasible"]) == (-4 * HOUR, False)
    lost = table.loc[("W", "L")]
    assert np.isnan(lost["stay_s"])
    assert not lost["feasible"]


def test_round_trips_keep_to_the_hours_given():
    journeys = pd.DataFrame(
        {
            "origin": ["W", "H"],
            "destination": ["H", "W"],
            "departure_s": [5 * HOUR, 23 * HOUR],
            "arrival_s": [6 * HOUR, 25 * HOUR],
        }
    )
    row = round_trips(journeys).set_index("origin").loc["W"]
    assert np.isnan(row["first_arrival_s"])
    assert np.isnan(row["last_departure_s"])
    whole = round_trips(journeys, earliest_s=0, latest_s=26 * HOUR).set_index("origin").loc["W"]
    assert whole["stay_s"] == 17 * HOUR
    assert len(round_trips(journeys.iloc[:0])) == 0


# Days


def test_days_per_year_by_type_of_day():
    days = pd.DataFrame(
        {"date": ["d1", "d2", "d3", "d4"], "day_type": ["school", "school", "holiday", "Sunday"]}
    )
    service = pd.DataFrame(
        {
            "link": ["x", "x", "x", "y", "x"],
            "date": ["d1", "d2", "d3", "d1", "d9"],
            "departures": [4, 1, 4, 0, 4],
        }
    )
    table = days_per_year(service, days, least_departures=2).set_index(["link", "day_type"])
    assert table.loc[("x", ""), "usable"] == 2  # d1 and d3; d9 is not in the year
    assert table.loc[("x", "school"), "share"] == 0.5
    assert table.loc[("x", "Sunday"), "usable"] == 0
    assert table.loc[("y", ""), "usable"] == 0
    assert table.loc[("x", ""), "days"] == 4


# Permeability


def test_permeability_sets_service_against_people_on_both_sides():
    crossings = pd.DataFrame(
        {
            "section": ["west", "west", "east", "far"],
            "lon": [5.0, 5.0, 5.1, 9.0],
            "lat": [50.95, 50.95, 50.95, 50.0],
            "per_day": [10.0, 20.0, 10.0, 5.0],
        }
    )
    table = permeability(crossings, ZONES, radius_m=6000).set_index("section")
    # West: A (100) and C (400), demand 200; 30 services: 1500 per 10,000.
    assert table.loc["west", "demand"] == pytest.approx(200)
    assert table.loc["west", "permeability"] == pytest.approx(1500)
    # East: B (200) and D (800), demand 400; 10 services: 250, the least.
    assert table.loc["east", "permeability"] == pytest.approx(250)
    assert table.loc["east", "need_rank"] == 1
    assert (table.loc["east", "country_a"], table.loc["east", "people_a"]) == ("BE", 800)
    assert np.isnan(table.loc["far", "permeability"])


# Hubs


def hub_tables():
    arrivals = pd.DataFrame(
        {
            "hub": "Weert",
            "line": ["IC", "IC", "IC", "19"],
            "country": ["NL", "NL", "NL", "BE"],
            "arrival_s": [1000, 2800, 4600, 1500],
        }
    )
    departures = pd.DataFrame(
        {
            "hub": "Weert",
            "line": ["19", "19", "IC", "bus"],
            "country": ["BE", "BE", "NL", "NL"],
            "departure_s": [1120, 4720, 3000, 1300],
        }
    )
    return arrivals, departures


def test_connections_and_their_waits_by_hand():
    table = connections(*hub_tables(), min_transfer_s=120)
    # Only between countries: IC → 19 three times, 19 → IC once, 19 → bus never more.
    trains = table[(table["from_line"] == "IC") & (table["to_line"] == "19")]
    # 1000 + 120 just makes 1120; 2800 waits for 4720; 4600 + 120 just makes it as well.
    assert trains["wait_s"].tolist() == [0, 1800, 0]
    back = table[table["from_line"] == "19"].set_index("to_line")
    assert back.loc["IC", "wait_s"] == 1380
    assert np.isnan(back.loc["bus", "wait_s"])
    assert not ((table["from_line"] == "IC") & (table["to_line"] == "bus")).any()


def test_the_wait_distribution_and_the_risk_of_missing():
    table = connections(*hub_tables(), min_transfer_s=120)
    found = wait_distribution(table, delays_s=[0, 60, 600, 2000]).set_index(
        ["from_line", "to_line"]
    )
    row = found.loc[("IC", "19")]
    assert (row["arrivals"], row["connected"], row["wait_mean_s"]) == (3, 3, 600)
    assert (row["wait_p50_s"], row["wait_p90_s"]) == (0, 1800)
    assert row["share_tight"] == pytest.approx(2 / 3)
    # Of four delays three exceed a wait of 0, one exceeds 1800.
    assert row["risk_missed"] == pytest.approx((3 / 4 + 1 / 4 + 3 / 4) / 3)
    bus = found.loc[("19", "bus")]
    assert (bus["arrivals"], bus["connected"]) == (1, 0)
    assert np.isnan(bus["wait_mean_s"])
    smooth = wait_distribution(table, mean_delay_s=600).set_index(["from_line", "to_line"])
    assert smooth.loc[("IC", "19"), "risk_missed"] == pytest.approx((2 + np.exp(-3)) / 3)
    with pytest.raises(MobilityError, match="one of the two"):
        wait_distribution(table, delays_s=[1], mean_delay_s=1)
    strict = wait_distribution(table, limit_s=1000).set_index(["from_line", "to_line"])
    assert strict.loc[("IC", "19"), "connected"] == 2


def test_the_best_shift_meets_the_other_line():
    hours = np.arange(8) * HOUR
    arrivals = pd.DataFrame({"hub": "H", "line": "NL", "arrival_s": hours})
    departures = pd.DataFrame({"hub": "H", "line": "BE", "departure_s": hours + 1000})
    table = best_shift(arrivals, departures, line="BE")
    # Leaving at :16:40 with 2 minutes to change: 14 whole minutes too late.
    assert table.iloc[0]["shift_s"] == -840
    assert table.iloc[0]["wait_mean_s"] == pytest.approx(40)
    now = table[table["shift_s"] == 0].iloc[0]
    assert now["wait_mean_s"] == pytest.approx(880)
    assert (table["changes"] == 8).all()


# Causes


@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
@settings(deadline=None, max_examples=20)
def test_causes_add_up_per_pair_town_direction_and_in_all(seed, count):
    rng = np.random.default_rng(seed)
    causes = list(CAUSES)[:count]

    def run(_gone):
        grid = np.where(rng.random((4, 4)) < 0.1, np.nan, rng.random((4, 4)) * 60)
        return make_times(grid.tolist())

    matrices = gather(causes, run)
    assert len(matrices) == 2**count
    found = decompose(causes, matrices)
    assert found.counted.sum() + found.left_out == 8
    summed = np.sum(list(found.shares_s.values()), axis=0)
    np.testing.assert_allclose(summed, found.effect_s, atol=1e-9)
    saved = matrices[frozenset()].at(50) - matrices[frozenset(causes)].at(50)
    np.testing.assert_allclose(found.effect_s[found.counted], saved[found.counted], atol=1e-3)
    pairs = by_municipality_pair(found, matrices[frozenset()], ZONES)
    keys = ["municipality_o", "country_o", "municipality_d", "country_d"]
    for table, by in (
        (pairs, keys),
        (by_municipality(pairs), ["level", "municipality", "country", "country_d"]),
    ):
        groups = table.groupby(by)
        np.testing.assert_allclose(groups["cost_s"].sum(), groups["effect_s"].first(), atol=1e-9)


def test_two_causes_by_hand():
    def table(minutes):
        return make_times([[0, 1, minutes, 1], [1, 0, 1, 1], [1, 1, 0, 1], [1, 1, 1, 0]])

    # From A to C: 60 as it is; 50 without the one friction, 30 without the other, 10 without
    # both. Headway: ((60 − 50) + (30 − 10))/2 = 15; link: ((60 − 30) + (50 − 10))/2 = 35.
    matrices = {
        frozenset(): table(60),
        frozenset({"headway"}): table(50),
        frozenset({"link"}): table(30),
        frozenset({"headway", "link"}): table(10),
    }
    found = decompose(["headway", "link"], matrices)
    assert found.shares_s["headway"][0, 2] == pytest.approx(15 * 60)
    assert found.shares_s["link"][0, 2] == pytest.approx(35 * 60)
    assert np.isnan(found.shares_s["link"][0, 1])  # A and B lie in one country
    pairs = by_municipality_pair(found, matrices[frozenset()], ZONES)
    rows = pairs[(pairs["municipality_o"] == "a") & (pairs["municipality_d"] == "c")]
    # A has 100 of the 300 people of a.
    costs = rows.set_index("cause")["cost_s"]
    assert costs["link"] == pytest.approx(35 * 60 / 3)
    assert rows["actual_s"].iloc[0] == pytest.approx((60 * 100 + 1 * 200) / 300 * 60)
    whole = by_municipality(pairs)
    whole = whole[whole["level"] == "all"].set_index("cause")
    assert whole.loc["link", "share"] == pytest.approx(0.7)


def test_pairs_without_a_time_take_no_part_or_count_as_the_limit():
    lost = make_times()  # A and D don't reach one another
    free = make_times([[0, 10, 20, 30], *MINUTES[1:3], [30, 50, 10, 0]])
    matrices = {frozenset(): lost, frozenset({"link"}): free}
    found = decompose(["link"], matrices)
    assert (found.left_out, int(found.counted.sum())) == (2, 6)
    assert np.isnan(found.effect_s[0, 3])
    capped = decompose(["link"], matrices, unreachable_s=7200)
    assert capped.left_out == 0
    assert capped.effect_s[0, 3] == pytest.approx(7200 - 1800)
    with pytest.raises(MobilityError, match="1 coalitions without a value"):
        decompose(["link"], {frozenset(): lost})
    assert set(shapley.coalitions(["link"])) == set(matrices)


def test_one_country_has_no_causes():
    zones = make_zones("NL NL NL NL")
    times = make_times(zones=zones)
    found = decompose(["link"], {frozenset(): times, frozenset({"link"}): times})
    pairs = by_municipality_pair(found, times, zones)
    assert len(pairs) == 0
    assert len(by_municipality(pairs)) == 0


# Ten figures


def ten(zones=ZONES, **matrices):
    times = matrices or {
        "pt": TIMES,
        "car": make_times(mode="car"),
        "bike": make_times(mode="bike"),
    }
    pairs = [
        Pair(origin="zone A", destination="c", kind="border"),
        Pair(origin="zone B", destination="c", kind="border"),
        Pair(origin="zone B", destination="d", kind="city"),
    ]
    effect = regression_effect(municipality_pairs(times, zones))
    return figures(times, zones, pairs, effect)


def test_the_ten_figures_by_hand():
    table = ten().set_index("key")
    assert tuple(table.index) == KEYS
    # Within an hour A reaches 700, B and C all 1500, D 1400: 100·700 + 200·1500 + 400·1500 +
    # 800·1400 over 1500.
    mean = (100 * 700 + 200 * 1500 + 400 * 1500 + 800 * 1400) / 1500
    assert table.loc["reach_pt", "value"] == pytest.approx(mean)
    abroad = (100 * 400 + 200 * 1200 + 400 * 300 + 800 * 200) / 1500
    assert table.loc["reach_pt", "other"] == pytest.approx(100 * abroad / mean)
    # All live within 120 km. Near: Dutch 300 people have 1200 abroad, Belgians 1200 have 300.
    near = 2 * 300 * 1200 / (1500 * 1500)
    assert table.loc["penetration_pt", "value"] == pytest.approx(100 * abroad / mean / near)
    assert table.loc["vf_city", "value"] == pytest.approx(1)  # the car is as slow
    # Half an hour by bike: A–C yes; B–C 30 minutes both ways, just.
    assert (table.loc["border_links_bike", "value"], table.loc["border_links_bike", "count"]) == (
        2,
        2,
    )
    assert table.loc["border_links_bike", "low"] == 1  # a tenth slower only the one
    assert table.loc["foreign_people_pt", "value"] == 0  # nobody reaches 10,000
    assert table.loc["modal_potential_pt", "value"] == pytest.approx(100)
    assert np.isnan(table.loc["border_effect_pt", "value"])  # four towns are too few
    assert table.loc["co2_saved", "value"] > 0
    known = table[table["value"].notna()]
    assert (known["low"] <= known["value"]).all()
    assert (known["value"] <= known["high"]).all()


def test_a_city_link_that_is_not_served_is_said():
    nothing = make_times([[None] * 4] * 4)
    table = ten(pt=nothing, car=make_times(mode="car")).set_index("key")
    assert np.isnan(table.loc["vf_city", "value"])
    assert table.loc["vf_city", "other"] == 2
    said = {h.key: h for h in headlines(table.reset_index(), "en")}
    assert "does not serve most" in said["vf_city"].sentence
    assert said["vf_city"].figure == "–"
    assert "reaches nobody" in said["reach_pt"].sentence


def test_a_link_shut_to_all_is_not_served_and_one_the_car_alone_misses_has_no_factor():
    shut = [[None] * 4] * 4
    both = ten(pt=make_times(shut), car=make_times(shut, mode="car")).set_index("key")
    assert np.isnan(both.loc["vf_city", "value"])
    assert (both.loc["vf_city", "other"], both.loc["vf_city", "count"]) == (2, 2)
    car = ten(pt=TIMES, car=make_times(shut, mode="car")).set_index("key")
    assert np.isnan(car.loc["vf_city", "value"])
    assert (car.loc["vf_city", "other"], car.loc["vf_city", "count"]) == (0, 0)


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_ten_plain_sentences(lang):
    said = headlines(ten(), lang)
    assert [h.key for h in said] == list(KEYS)
    for headline in said:
        assert re.fullmatch(r"[A-Z\d].*\.", headline.sentence), headline
        assert "{" not in headline.sentence
        assert "nan" not in headline.sentence
    reach = said[0]
    mean = (100 * 700 + 200 * 1500 + 400 * 1500 + 800 * 1400) / 1500
    number = f"{mean:,.0f}".replace(",", "." if lang == "nl" else ",")
    assert number in reach.sentence
    assert reach.figure == f"{number} {'mensen' if lang == 'nl' else 'people'}"


def test_the_two_languages_say_different_words_and_the_same_numbers():
    dutch, english = headlines(ten(), "nl"), headlines(ten(), "en")
    for a, b in zip(dutch, english, strict=True):
        assert a.sentence != b.sentence
        digits = [re.sub(r"\D", "", h.sentence.replace("CO2", "")) for h in (a, b)]
        assert digits[0] == digits[1]


def test_the_page_numbers_the_figures_of_each_scenario():
    table = ten()
    text = page(pd.concat([table, table.assign(scenario="plan")]), "nl")
    assert text.startswith("# Tien cijfers over de grens\n\n## base\n\n1. **")
    assert text.count("\n10. **") == 2
    assert "\n## plan\n" in text
    assert "Tussen haakjes" in text


def test_a_quicker_border_trip_is_said_as_quicker():
    row = {"scenario": "x", "key": "border_effect_pt", "mode": "pt", "value": -12.0, "low": -20.0,
           "high": -4.0, "unit": "%", "other": 0.0, "count": 40.0, "countries": "BE|NL"}  # fmt: skip
    headline = headlines(pd.DataFrame([row]), "en")[0]
    assert "12 % less time" in headline.sentence
    assert headline.band == "−20 to −4"


def test_what_is_left_out_and_what_is_small_are_said():
    form = {"scenario": "x", "mode": "pt", "unit": "%", "low": 0.2, "high": 1.0, "count": 40.0,
            "countries": "BE|NL"}  # fmt: skip
    table = pd.DataFrame(
        [
            form | {"key": "border_effect_pt", "value": 0.4, "other": 7.0},
            form | {"key": "modal_potential_pt", "value": 0.3, "other": 0.0},
            # Half live abroad, of those reached 8 % of that half: 4 %.
            form | {"key": "penetration_pt", "value": 8.0, "low": 6.0, "high": 10.0, "other": 50.0},
        ]
    )
    effect, potential, near = headlines(table, "en")
    assert (effect.figure, effect.band) == ("0.4 %", "0.2 to 1.0")
    assert "Left out: 7 links" in effect.sentence
    assert "For 0.3 % of trips" in potential.sentence
    assert "across the border that is 0 %" in potential.sentence
    assert "50 % live abroad" in near.sentence
    assert "within 90 minutes 4 %" in near.sentence
    assert "share is 8 %" in near.sentence


def test_the_slower_direction_is_named():
    minutes = [[0, 10, 25, 30], [10, 0, 25, 30], [20, 20, 0, 10], [20, 20, 10, 0]]
    table = ten(pt=make_times(minutes))
    row = table.set_index("key").loc["asymmetry_pt"]
    assert row["countries"] == "BE|NL"
    assert row["value"] < 0  # from Belgium it is 20 minutes, back 25 or 30
    assert row["other"] == pytest.approx(-row["value"])
    found = {h.key: h for h in headlines(table, "nl")}["asymmetry_pt"]
    assert "richting Nederland – België" in found.sentence
    assert re.match(r"\d", found.figure)  # how much longer it takes, not less than nothing
    assert "−" not in found.band
    there = {h.key: h.sentence for h in headlines(table, "en")}["asymmetry_pt"]
    assert "direction Netherlands – Belgium" in there


def test_changes_of_the_figures_and_what_stands_out():
    percentiles = {"percentiles": (25, 50, 75), "spread": 0.1}
    base = {"pt": make_times(**percentiles), "bike": make_times(mode="bike", **percentiles)}
    half = [[None if m is None else m / 2 for m in row] for row in MINUTES]
    quick = make_times(half, **percentiles)
    plan = {"pt": dataclasses.replace(quick, scenario="plan"), "bike": base["bike"]}
    pairs = [Pair(origin="zone A", destination="c", kind="border")]
    table = figure_changes(base, plan, ZONES, pairs).set_index("key")
    assert tuple(table.index) == KEYS
    assert set(table["scenario"]) == {"plan"}
    asymmetry = table.loc["asymmetry_pt"]
    # C–B and D–B are 30 and 40–50 minutes: what differs out and back halves.
    assert asymmetry["after"] == pytest.approx(asymmetry["before"] / 2)
    assert asymmetry["stands_out"]
    bike = table.loc["border_links_bike"]
    assert (bike["change"], bike["stands_out"]) == (0, False)
    assert np.isnan(table.loc["reach_car", "change"])
    assert not table.loc["reach_car", "stands_out"]
    same = figure_changes(base, base, ZONES, pairs)
    known = same[same["change"].notna()]
    assert (known[["change", "low", "high"]] == 0).all(axis=None)
    assert not same["stands_out"].any()
    whole = figures(plan, ZONES, pairs, regression_effect(municipality_pairs(plan, ZONES)))
    np.testing.assert_allclose(table["after"], whole["value"])


def test_a_change_that_one_draw_of_phases_lacks_does_not_stand_out():
    base = make_times(percentiles=(25, 50, 75), spread=0.1)
    half = dataclasses.replace(base, scenario="plan", time_s=base.time_s / 2)
    pairs = [Pair(origin="zone A", destination="c", kind="border")]

    def asymmetry(draws: list[np.ndarray]) -> pd.Series:
        plan = dataclasses.replace(half, draws_s=np.stack(draws, axis=2)) if draws else half
        found = figure_changes({"pt": base}, {"pt": plan}, ZONES, pairs)
        return found.set_index("key").loc["asymmetry_pt"]

    plain = asymmetry([])
    assert plain["stands_out"]
    assert asymmetry([half.at(50), half.at(50)])["stands_out"]
    # in the second draw all is as in the baseline, which has no draws: no change there
    drawn = asymmetry([half.at(50), base.at(50)])
    assert not drawn["stands_out"]
    assert 0 in (drawn["low"], drawn["high"])
    assert drawn["change"] == plain["change"]


def test_figures_ignore_origins_outside_the_model():
    outside = np.zeros((4, 4), bool)
    outside[0] = outside[:, 0] = True
    times = make_times([[None] * 4, *[[None, *row[1:]] for row in MINUTES[1:]]], outside=outside)
    row = ten(pt=times).set_index("key").loc["reach_pt"]
    # Without A: B reaches 1400, C 1400, D 1400.
    assert row["value"] == pytest.approx(1400)
    assert row["count"] == 1400
