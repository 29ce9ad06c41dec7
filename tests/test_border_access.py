"""Places, scorecard, penetration, ratios, effect, links, hubs: hand sums and invariants."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from indicator_world import MINUTES, frozen, make_times, make_zones, values

from mobility.border import card, resolve_pairs, scorecard, signal_rules, suggest_pairs
from mobility.border.effect import commuting_effect, matched_effect, regression_effect
from mobility.border.links import (
    asymmetry,
    asymmetry_summary,
    commuters_served,
    reachable_towns,
)
from mobility.border.penetration import access_border_effect, penetration, penetration_summary
from mobility.border.ratios import band_names, cross_border_ratios, municipality_pairs
from mobility.errors import MobilityError
from mobility.indicators import cumulative
from mobility.indicators.european import Setting
from mobility.indicators.frame import crow_fly_m
from mobility.scenario.model import Pair
from mobility.tables import MODES
from mobility.zones import Zones

ZONES, TIMES = make_zones(), make_times()


# Places


def test_places_are_found_by_town_id_or_name_in_any_case():
    pairs = [Pair(origin="A", destination="ZONE d"), Pair(origin="C", destination="d")]
    found = resolve_pairs(ZONES, pairs)
    # "A" is a town (zones A and B) before it is a zone id; "C" and "d" likewise.
    assert found[0][0].rows.tolist() == [0, 1]
    assert found[0][1].rows.tolist() == [3]
    assert [p.country for p in found[1]] == ["BE", "BE"]


def test_all_unknown_and_doubtful_places_are_named_at_once():
    zones = make_zones(towns="Bergen Velden Bergen Hasselt")
    pairs = [
        Pair(origin="Bergen", destination="Haselt"),
        Pair(origin="Bergen (BE)", destination="B"),
    ]
    with pytest.raises(MobilityError) as caught:
        resolve_pairs(zones, pairs)
    text = str(caught.value)
    assert "pairs[0].origin" in text
    assert 'Write "Bergen (BE)"' in text
    assert 'Did you mean "Hasselt"' in text
    assert "pairs[1]" not in text
    assert resolve_pairs(zones, pairs[1:])[0][0].rows.tolist() == [2]


def test_suggested_pairs_cross_the_border_and_can_be_found_again():
    pairs = suggest_pairs(ZONES)
    assert {p.kind for p in pairs} <= {"city", "border"}
    found = resolve_pairs(ZONES, pairs)
    assert all(a.country != b.country for a, b in found)
    assert len(found) > 0
    border = [p for p in pairs if p.kind == "border"]
    # The heaviest pull: C (400) and a (300), 11–12 km, against d (800) and a, also near.
    assert {frozenset((p.origin, p.destination)) for p in border} == {
        frozenset("ac"),
        frozenset("ad"),
    }


# The card


def test_the_scorecard_by_hand():
    car = make_times([[0, 5, 10, 20], [5, 0, 20, 20], [10, 20, 0, 5], [20, 20, 5, 0]], mode="car")
    pairs = [Pair(origin="zone A", destination="c", kind="border"),
             Pair(origin="zone B", destination="d", kind="city")]  # fmt: skip
    table = scorecard({"pt": TIMES, "car": car}, ZONES, pairs)
    assert len(table) == 2 * 2 * 2
    rows = table.set_index(["origin", "destination", "mode"])
    there = rows.loc[("zone A", "c", "pt")]
    assert (there["time_s"], there["vf"], there["signal"]) == (1200, 2, "good")  # within 30 min
    city = rows.loc[("zone B", "d", "pt")]
    assert (city["vf"], city["signal"]) == (2, "fair")  # 40 against 20 minutes
    back = rows.loc[("d", "zone B", "pt")]
    assert (back["vf"], back["signal"]) == (2.5, "poor")
    assert "1.5" in city["rule"]
    assert city["rule_nl"].startswith("goed")
    assert rows.loc[("zone B", "d", "car")]["speed_kph"] == pytest.approx(city["distance_km"] * 3)


def test_a_link_that_is_not_served_is_poor_and_one_outside_the_model_is_not_judged():
    pairs = [Pair(origin="zone A", destination="d", kind="border")]
    lost = scorecard({"pt": TIMES}, ZONES, pairs).iloc[0]
    assert np.isnan(lost["time_s"])
    assert (lost["share_unreachable"], lost["signal"]) == (1, "poor")
    outside = np.ones((4, 4), bool)
    away = scorecard({"pt": make_times(outside=outside)}, ZONES, pairs).iloc[0]
    assert away["signal"] == ""
    assert np.isnan(away["share_unreachable"])
    city = [Pair(origin="zone A", destination="c", kind="city")]
    # Without a car there is no VF factor, so no judgement of a city link.
    assert scorecard({"pt": TIMES}, ZONES, city).iloc[0]["signal"] == ""


def test_the_scorecard_agrees_with_the_municipality_table():
    from mobility.indicators import municipality_times

    table = municipality_times(TIMES, ZONES).set_index(["municipality_o", "municipality_d"])
    cards = scorecard({"pt": TIMES}, ZONES, [Pair(origin="a", destination="c", kind="border")])
    assert cards.iloc[0]["time_s"] == pytest.approx(table.loc[("a", "c"), "p50_s"])
    assert cards.iloc[0]["distance_km"] == pytest.approx(table.loc[("a", "c"), "distance_km"])


def test_signals_have_a_rule_for_every_mode_and_kind():
    rules = signal_rules()
    assert set(zip(rules["kind"], rules["mode"], strict=True)) == {
        (kind, mode) for kind in ("city", "border") for mode in MODES
    }
    assert (rules["good"] < rules["fair"]).all()
    assert rules[["en", "nl", "source"]].notna().all(axis=None)


def test_the_card_sets_scenarios_side_by_side_in_two_halves():
    pairs = [Pair(origin="a", destination="c", kind="border"), Pair(origin="a", destination="d")]
    quick = make_times([[None if m is None else m / 2 for m in row] for row in MINUTES])
    stacked = pd.concat(
        [
            scorecard({"pt": TIMES, "walk": TIMES}, ZONES, pairs),
            scorecard({"pt": dataclasses.replace(quick, scenario="plan")}, ZONES, pairs),
        ]
    )
    city, border = card(stacked, "nl")
    assert (city.kind, border.title) == ("city", "Dagelijkse verbindingen tussen grensgemeenten")
    assert len(border.table) == 2  # out and back by public transport; walking is not on the card
    row = border.table.iloc[0]
    assert row["base min"] == pytest.approx(8000 / 300)
    assert row["plan change"] == pytest.approx(-4000 / 300)
    assert (row["base signal"], row["plan signal"]) == ("good", "good")
    assert next(iter(border.rules.values())).startswith("goed")
    assert border.counts["good"].tolist() == [2, 2]
    assert card(stacked.iloc[:0], "en") == ()


# Own and foreign


def test_penetration_by_hand():
    # Within 20 min A reaches 300 at home and 400 abroad; within 12 km live 300 and 400 (C).
    setting = Setting("near", 1200, 12_000)
    table = penetration(TIMES, ZONES, settings=[setting])
    row = table.iloc[0]
    assert (row["reached_own"], row["reached_foreign"]) == (300, 400)
    assert (row["near_own"], row["near_foreign"]) == (300, 400)
    assert row["penetration"] == pytest.approx(1)
    # C: 1200 at home, A's 100 abroad; near: 1200 and A's 100.
    third = table.iloc[2]
    assert third["cross_border_share"] == pytest.approx(100 / 1300)
    # B reaches nobody abroad within 20 min though 800 live near.
    assert (table.iloc[1]["cross_border_share"], table.iloc[1]["penetration"]) == (0, 0)
    whole = penetration_summary(table, ZONES).set_index("country")
    foreign = (100 * 400 + 400 * 100) / 1500
    assert whole.loc["", "reached_foreign"] == pytest.approx(foreign)


def test_penetration_equals_the_split_of_cumulative_access():
    setting = Setting("near", 1800, 50_000)
    table = penetration(TIMES, ZONES, settings=[setting])
    split = cumulative(TIMES, ZONES, cutoffs_s=(1800,), opportunities=["population"])
    np.testing.assert_array_equal(table["reached_own"], values(split, "cumulative_own"))
    np.testing.assert_array_equal(table["reached_foreign"], values(split, "cumulative_foreign"))


def test_the_access_the_border_takes_away():
    open_border = make_times([[0, 10, 10, 10]] * 4)
    effect = access_border_effect(
        cumulative(TIMES, ZONES, cutoffs_s=(600,)), cumulative(open_border, ZONES, cutoffs_s=(600,))
    )
    rows = effect[(effect["indicator"] == "cumulative") & (effect["opportunity"] == "jobs")]
    # 30, 30, 120, 120 of 150 jobs.
    np.testing.assert_allclose(rows["border_effect"], [0.8, 0.8, 0.2, 0.2])


# A world in which the border costs a known amount


def town_world(border_factor=1.0, n=40, seed=4, noise=0.0):
    """Towns of random place and size in two countries; minutes = 2·km^0.9, times the border."""
    rng = np.random.default_rng(seed)
    ids = np.array([f"t{k:02d}" for k in range(n)], object)
    zones = Zones(
        ids=ids,
        names=ids,
        countries=np.where(np.arange(n) < n // 2, "BE", "NL").astype(object),
        municipalities=ids,
        lon=5 + rng.random(n) * 0.8,
        lat=51 + rng.random(n) * 0.5,
        opportunities=pd.DataFrame({"population": rng.integers(2_000, 60_000, n).astype(float)}),
    )
    km = crow_fly_m(zones, zones) / 1000
    cross = zones.countries[:, None] != zones.countries[None, :]
    minutes = 2 * km**0.9 * np.where(cross, border_factor, 1.0)
    minutes = minutes * np.exp(rng.normal(0, noise, km.shape))
    return zones, make_times(minutes.tolist(), zones)


@pytest.mark.parametrize("factor", [1.0, 1.4, 0.9])
def test_the_regression_finds_the_border_that_was_put_in(factor):
    zones, times = town_world(factor)
    table = regression_effect(municipality_pairs({"pt": times}, zones))
    np.testing.assert_allclose(table["effect"], factor - 1, atol=1e-4)
    assert table["country_o"].tolist() == ["", "BE", "NL"]
    assert table["left_out"].tolist() == [0, 0, 0]
    assert table["pairs_cross"].tolist() == [800, 400, 400]


def test_a_country_that_is_slower_throughout_is_no_border():
    zones, times = town_world(1.2)
    slow = np.where(zones.countries == "NL", 1.3, 1.0).astype(np.float32)
    slower = dataclasses.replace(
        times, time_s=times.time_s * np.sqrt(slow[:, None] * slow[None, :])[:, :, None]
    )
    table = regression_effect(municipality_pairs({"pt": slower}, zones))
    np.testing.assert_allclose(table["effect"], 0.2, atol=1e-3)


def test_both_methods_find_it_under_noise_and_their_intervals_hold_it():
    zones, times = town_world(1.3, noise=0.2)
    pairs = municipality_pairs({"pt": times}, zones)
    for table in (regression_effect(pairs), matched_effect(pairs)):
        whole = table.iloc[0]
        assert whole["low"] < 0.3 < whole["high"]
        assert whole["low"] < whole["effect"] < whole["high"]
        assert whole["high"] - whole["low"] < 0.2


def test_the_matched_effect_without_noise_is_near_the_truth():
    zones, times = town_world(1.4, n=80)
    table = matched_effect(municipality_pairs({"pt": times}, zones))
    assert table.iloc[0]["effect"] == pytest.approx(0.4, abs=0.03)


def test_unreached_pairs_are_counted_not_dropped_in_silence():
    zones, times = town_world(1.2)
    times.time_s[0, 20:] = np.nan  # from the first Belgian town no Dutch one is reached
    pairs = municipality_pairs({"pt": times}, zones)
    for table in (regression_effect(pairs), matched_effect(pairs)):
        assert (table["pairs_cross"] + table["left_out"]).tolist() == [800, 400, 400]
        assert table["left_out"].iloc[1] >= 20


def test_too_few_pairs_have_no_effect():
    pairs = municipality_pairs({"pt": TIMES}, ZONES)
    table = regression_effect(pairs)
    assert table["effect"].isna().all()
    assert matched_effect(pairs)["pairs_cross"].le(6).all()


def test_commuters_against_the_expected():
    zones, times = town_world()
    pairs = municipality_pairs({"pt": times}, zones)
    km, people = pairs["distance_km"], pairs["people_o"] * pairs["people_d"]
    flows = pairs[["municipality_o", "country_o", "municipality_d", "country_d"]].astype(object)
    flows["commuters"] = 1e-3 * people**0.5 / km * np.where(pairs["cross"], 0.25, 1.0)
    table = commuting_effect(flows, pairs)
    np.testing.assert_allclose(table["ratio"], 0.25, rtol=0.01)
    assert table["unmatched"].tolist() == [0, 0]


# Ratios, towns, asymmetry


def test_bands_have_names():
    assert band_names((0, 5, np.inf)) == ["0–5", "5+"]


def test_speed_ratios_compare_like_with_like():
    zones, times = town_world(1.25)
    pairs = municipality_pairs({"pt": times}, zones)
    table = cross_border_ratios(pairs, distance_km=(0, 20, 20.5, np.inf), sizes=(0, np.inf))
    row = table[table["distance_km"] == "20–20.5"].iloc[0]
    # In so thin a band all distances are alike, so only the border is left: 1/1.25.
    assert row["ratio"] == pytest.approx(0.8, rel=0.01)
    assert row["pairs_domestic"] > 5
    assert (table["pairs_cross"] > 0).all()


def test_an_unreached_median_has_no_ratio_and_no_service_counts_as_none():
    pairs = municipality_pairs(
        {"pt": TIMES},
        ZONES,
        departures=pd.DataFrame(
            {
                "municipality_o": ["a", "c", "d"],
                "country_o": ["NL", "BE", "BE"],
                "municipality_d": ["c", "d", "c"],
                "country_d": ["BE", "BE", "BE"],
                "departures": [6, 12, 10],
            }
        ),
    )
    wide = {"distance_km": (0, np.inf), "sizes": (0, np.inf)}
    table = cross_border_ratios(pairs, measure="departures", **wide).set_index("country_o")
    # NL→BE: a–c 6, a–d none: lower median 0 of the domestic lower median 10.
    assert table.loc["NL", "ratio"] == 0
    assert table.loc["NL", "median_domestic"] == 10
    speed = cross_border_ratios(pairs, **wide).set_index("country_o")
    # BE→NL: c–a is reached, d–a (by B alone, 200 of 300 people) as well.
    assert speed.loc["BE", "unreached_cross"] == 0
    none = municipality_pairs({"pt": make_times([[None] * 4] * 4)}, ZONES)
    assert cross_border_ratios(none, **wide)["ratio"].isna().all()


def test_foreign_towns_need_time_and_connections():
    zones, times = ZONES, TIMES
    pairs = municipality_pairs({"pt": times}, zones)
    table = reachable_towns(pairs, limits_s=(1800,)).set_index("municipality")
    # a reaches c in 26.7 min, d in 40; c reaches a in 26.7; d reaches a in 50.
    assert table["foreign_towns"].to_dict() == {"a": 1, "c": 1, "d": 0}
    assert table.loc["a", "foreign_people"] == 400
    assert table.loc["c", "own_towns"] == 1
    served = pairs.assign(departures=np.where(pairs["municipality_o"] == "a", 3.0, 5.0))
    few = reachable_towns(served, limits_s=(1800,), least_departures=4).set_index("municipality")
    assert few["foreign_towns"].to_dict() == {"a": 0, "c": 1, "d": 0}


def test_commuters_served_within_an_hour():
    flows = pd.DataFrame(
        {
            "municipality_o": ["c", "d", "c", "x"],
            "country_o": ["BE", "BE", "BE", "BE"],
            "municipality_d": ["a", "a", "d", "a"],
            "country_d": ["NL", "NL", "BE", "NL"],
            "commuters": [30, 10, 99, 5],
        }
    )
    table = commuters_served(flows, municipality_pairs({"pt": TIMES}, ZONES), limit_s=1800)
    # c to a takes 26.7 minutes, d to a (from B alone) 50; x isn't in the zones.
    row = table.iloc[0]
    assert (row["commuters"], row["served"], row["unmatched"]) == (45, 30, 5)
    assert row["share"] == pytest.approx(30 / 45)
    assert len(table) == 1


def test_asymmetry_keeps_the_directions_apart():
    minutes = [[0, 10, 25, 30], [10, 0, 25, 30], [20, 20, 0, 10], [None, None, 10, 0]]
    table = asymmetry(municipality_pairs({"pt": make_times(minutes)}, ZONES))
    rows = table.set_index("municipality_a")
    # BE stands before NL: c to a takes 20, a to c 25 minutes.
    assert rows.loc["c", "difference_s"] == -300
    assert rows.loc["d", "one_way"]
    assert np.isnan(rows.loc["d", "difference_s"])
    summary = asymmetry_summary(table).iloc[0]
    assert (summary["pairs"], summary["one_way"], summary["mean_difference_s"]) == (2, 1, -300)
    back = asymmetry(
        municipality_pairs({"pt": make_times(np.array(minutes, float).T.tolist())}, ZONES)
    )
    np.testing.assert_array_equal(back["difference_s"], -table["difference_s"])


def test_border_tables_leave_their_inputs_alone():
    before = frozen(TIMES, ZONES)
    pairs = municipality_pairs({"pt": TIMES}, ZONES)
    kept = pairs.copy()
    cross_border_ratios(pairs)
    regression_effect(pairs)
    matched_effect(pairs)
    asymmetry(pairs)
    reachable_towns(pairs)
    pd.testing.assert_frame_equal(pairs, kept)
    assert frozen(TIMES, ZONES) == before
