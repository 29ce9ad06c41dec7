"""European, Dutch and Flemish indicators, costs, service, bands: hand sums and invariants."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from indicator_world import MINUTES, frozen, make_times, make_zones, values

from mobility.errors import MobilityError
from mobility.indicators import costs, european, levels, modes, practice, service, uncertainty
from mobility.indicators.frame import crow_fly_m
from mobility.indicators.municipalities import municipalities, municipality_times

ZONES, TIMES = make_zones(), make_times()
CROW = crow_fly_m(ZONES, ZONES)


def with_distances(setting_m):
    """Transport performance within 40 minutes and a circle."""
    return european.Setting("near", 2400, setting_m)


# Municipalities


def test_municipality_times_weigh_people_at_both_ends():
    table = municipality_times(TIMES, ZONES).set_index(["municipality_o", "municipality_d"])
    # From a (A 100, B 200 people) to c (C): (100 · 20 + 200 · 30) / 300 minutes.
    assert table.loc[("a", "c"), "p50_s"] == pytest.approx(60 * 8000 / 300)
    # Within a only A–B and B–A count, 10 minutes both; c is one zone, so itself counts.
    assert table.loc[("a", "a"), "p50_s"] == pytest.approx(600)
    assert table.loc[("a", "a"), "zone_pairs"] == 2
    assert table.loc[("c", "c"), "p50_s"] == 0
    # From a to d: A can't, B (200 of 300) can, so 40 minutes and a third unreachable.
    assert table.loc[("a", "d"), "p50_s"] == pytest.approx(2400)
    assert table.loc[("a", "d"), "share_unreachable"] == pytest.approx(1 / 3)


def test_less_than_half_reached_is_no_time():
    zones = make_zones(people=(300, 200, 400, 800))
    table = municipality_times(make_times(zones=zones), zones)
    row = table[(table["municipality_o"] == "a") & (table["municipality_d"] == "d")].iloc[0]
    assert np.isnan(row["p50_s"])
    assert row["share_unreachable"] == pytest.approx(0.6)


def test_namesakes_across_the_border_stay_apart_and_empty_towns_keep_a_time():
    zones = make_zones(people=(0, 0, 400, 800), towns="x x x d")
    groups = municipalities(zones)
    assert list(zip(groups.countries, groups.names, strict=True)) == [
        ("BE", "d"),
        ("BE", "x"),
        ("NL", "x"),
    ]
    table = municipality_times(make_times(zones=zones), zones)
    row = table[(table["country_o"] == "NL") & (table["municipality_d"] == "x")]
    # Nobody lives in A and B, so each counts as one: (20 + 30) / 2 minutes to C.
    assert row[row["country_d"] == "BE"]["p50_s"].item() == pytest.approx(1500)


def test_zones_without_a_municipality_stand_for_themselves():
    zones = dataclasses.replace(ZONES, municipalities=np.array([""] * 4, object))
    table = municipality_times(TIMES, zones)
    assert set(table["municipality_o"]) == {"zone A", "zone B", "zone C", "zone D"}
    np.testing.assert_array_equal(
        table["p50_s"].to_numpy().reshape(4, 4)[np.ix_([2, 3, 0, 1], [2, 3, 0, 1])],
        TIMES.at(50),
    )


# DG REGIO


def test_transport_performance_by_hand():
    # Circle of 8 km: A–B and C–D lie 7.0 km apart; A–C and B–D 11.1 km.
    table = european.transport_performance(TIMES, ZONES, settings=[with_distances(8000)])
    # Within 40 min: A 100 + 200 + 400, B everybody 1500, C everybody, D 400 + 800.
    assert values(table, "reached_near").tolist() == [700, 1500, 1500, 1200]
    assert values(table, "near_near").tolist() == [300, 300, 1200, 1200]
    np.testing.assert_allclose(values(table, "performance_near"), [700 / 3, 500, 125, 100])
    assert np.isnan(values(table, "performance_near_foreign")).all()
    assert values(table, "circle_cut_near").tolist() == [1, 1, 1, 1]


def test_performance_summary_weighs_people_and_splits_the_timetable_loss():
    minutes = [[0, 30, None, None], [30, 0, None, None], [None] * 4, [None] * 4]
    times = make_times(minutes, percentiles=(5, 50, 95), spread=0.5)
    setting = european.Setting("near", 1800, 8000)
    table = european.performance_summary({"pt": times}, ZONES, settings=[setting])
    dutch = table[table["country"] == "NL"].iloc[0]
    # At the median both reach all 300 near; at p95 (43 min) only themselves: 100/3 and 200/3 %.
    assert dutch["performance"] == pytest.approx(100)
    assert dutch["optimal"] == pytest.approx(100)
    late = (100 * 100 / 3 + 200 * 200 / 3) / 300
    assert dutch["average"] == pytest.approx((100 + 100 + late) / 3)
    assert dutch["timetable_loss"] == pytest.approx(100 - (200 + late) / 3)
    assert np.isnan(dutch["bike_gain"])


def test_the_gain_of_a_bike_to_the_stop():
    quick = [[None if m is None else m / 2 for m in row] for row in MINUTES]
    setting = european.Setting("near", 600, 12_000)
    table = european.performance_summary(
        {"bike+pt": make_times(quick, mode="bike+pt"), "pt": TIMES}, ZONES, settings=[setting]
    )
    whole = table[table["country"] == ""].set_index("mode")
    gain = whole.loc["bike+pt", "performance"] - whole.loc["pt", "performance"]
    assert whole.loc["bike+pt", "bike_gain"] == pytest.approx(gain)
    assert gain > 0
    assert np.isnan(whole.loc["pt", "bike_gain"])


# VF, speed, detour


def test_the_vf_factor_by_hand():
    car = make_times([[0, 5, 20, 30], [5, 0, 20, 20], [20, 20, 0, 10], [30, 25, 10, 0]], mode="car")
    ratio = practice.vf_matrix(TIMES, car)
    assert ratio[0].tolist()[1:] == [2, 1, np.inf]  # A: 10/5, 20/20, D only by car
    assert np.isnan(np.diag(ratio)).all()
    table = practice.vf_factors({"pt": TIMES, "car": car}, ZONES)
    found = values(table, "vf")
    # D: A not at all, B 50/25 = 2, C 10/10 = 1; C, near and with 400 people, weighs most.
    assert found[3] == 1
    weights = costs.trip_weights(ZONES, CROW)
    share = weights[3, 2] / weights[3].sum()
    assert values(table, "modal_potential")[3] == pytest.approx(share)
    assert set(table["mode"]) == {"pt"}
    assert len(practice.vf_factors({"pt": TIMES}, ZONES)) == 0


def test_where_most_are_reached_by_car_alone_there_is_no_median():
    nothing = make_times([[None] * 4] * 4)
    car = make_times(mode="car")
    table = practice.vf_factors({"pt": nothing, "car": car}, ZONES)
    assert np.isnan(values(table, "vf")).all()
    assert values(table, "modal_potential").tolist() == [0, 0, 0, 0]


def test_matrices_of_other_zones_are_not_compared():
    swapped = dataclasses.replace(TIMES, origins=TIMES.origins[::-1], mode="car")
    with pytest.raises(MobilityError, match="same origins and destinations"):
        practice.vf_matrix(TIMES, swapped)


def test_crow_fly_speeds():
    speed = practice.speeds_kph(TIMES, CROW)
    assert speed[0, 1] == pytest.approx(CROW[0, 1] / 1000 * 6)  # 10 minutes
    assert np.isnan(speed[0, 3])
    assert np.isnan(speed[0, 0])


def test_the_reachability_index_is_100_where_speeds_are_usual():
    n = 12
    zones = dataclasses.replace(
        make_zones(),
        ids=np.array([f"z{k}" for k in range(n)], object),
        names=np.array([""] * n, object),
        countries=np.array(["NL"] * n, object),
        municipalities=np.array(["a"] * n, object),
        lon=5 + np.arange(n) * 0.01,
        lat=np.full(n, 51.0),
        opportunities=pd.DataFrame({"population": np.full(n, 10.0)}),
    )
    crow = crow_fly_m(zones, zones)
    times = make_times((crow / 500).tolist(), zones)  # 30 km/h everywhere
    line = practice.reference_line(times, zones)
    np.testing.assert_allclose(line[1], 30, rtol=1e-5)
    measures = practice.reachability_measures(
        times, zones, crow_m=crow, population="population", reference=line
    )
    found = {m.indicator: m.value for m in measures}
    np.testing.assert_allclose(found["reachability_speed"], 30, rtol=1e-5)
    np.testing.assert_allclose(found["reachability_index"], 100, rtol=1e-5)
    assert (found["reachability_unreached"] == 0).all()


def test_time_spread_changes_and_what_is_not_reached():
    changes = TIMES.transfers_p50.copy()
    changes[0, 1:3] = 1, 2
    times = dataclasses.replace(
        make_times(percentiles=(5, 50, 95), spread=0.5), transfers_p50=changes
    )
    measures = practice.quality_measures(times, ZONES, crow_m=CROW, population="population")
    found = {m.indicator: m.value[0] for m in measures}
    w = costs.trip_weights(ZONES, CROW)[0]
    assert w[0] == 0
    # From A: 10 minutes to B, 20 to C, D not at all; p95 is 45 % slower.
    assert found["median_time"] == pytest.approx((600 * w[1] + 1200 * w[2]) / (w[1] + w[2]))
    assert found["reliability_band"] == pytest.approx(0.45 * found["median_time"])
    assert found["changes"] == pytest.approx((w[1] + 2 * w[2]) / (w[1] + w[2]))
    assert found["unreached_trips"] == pytest.approx(w[3] / w.sum())


def test_detour_is_the_networks_length_over_the_crows():
    zones = make_zones()
    minutes = CROW / 1000 / 18 * 60 * 1.3  # a bike at 18 km/h on ways 1.3 times as long
    measures = practice.detour_measures(
        make_times(minutes.tolist(), mode="bike"),
        zones,
        kph=18,
        crow_m=CROW,
        population="population",
    )
    np.testing.assert_allclose(measures[0].value, 1.3, rtol=1e-5)


# Levels


def test_the_basic_level_by_municipality():
    zones = make_zones(school=(1, 0, 0, 0))
    norms = pd.DataFrame({"opportunity": ["school"], "mode": ["pt"], "norm_s": [600]})
    table = levels.basic_level({"pt": make_times(zones=zones)}, zones, norms)
    table = table.set_index("municipality")
    # The school stands in A: A 0, B 10, C 20 minutes, D never.
    assert table.loc["", "share_below"] == pytest.approx(1200 / 1500)
    assert table.loc["", "share_unreachable"] == pytest.approx(800 / 1500)
    assert table.loc["a", "share_below"] == 0
    assert table.loc["c", "gap_s"] == pytest.approx(600)
    assert np.isnan(table.loc["d", "gap_s"])
    with pytest.raises(MobilityError, match=r"row 1, mode(.|\n)*row 1, opportunity"):
        levels.basic_level(
            {}, zones, pd.DataFrame({"opportunity": ["x"], "mode": ["pt"], "norm_s": [1]})
        )


def test_the_local_score_takes_the_best_mode():
    zones = make_zones(school=(1, 0, 0, 0), shop=(0, 0, 0, 1))
    walk = make_times(zones=zones, mode="walk")
    table = levels.local_score({"walk": walk}, zones, {"school": 1, "shop": 1})
    # Walking: full at 5, nothing from 20 minutes; B is 10 minutes from school: 2/3 of 10.
    school = values(table, "local_score_class", opportunity="school")
    np.testing.assert_allclose(school, [10, 10 * 2 / 3, 0, 0])
    # Shops stand in D: C is 10 minutes away.
    np.testing.assert_allclose(values(table, "local_score"), [5, 10 / 3, 10 / 3, 5])
    bike = make_times([[0] * 4] * 4, zones, mode="bike")
    both = levels.local_score({"walk": walk, "bike": bike}, zones, {"school": 1, "shop": 1})
    assert values(both, "local_score").tolist() == [10, 10, 10, 10]
    assert len(levels.local_score({}, zones, {"school": 1})) == 0


# Service


def test_departures_headways_and_span():
    table = pd.DataFrame(
        {"stop": ["s"] * 5, "departure_s": [90_000, 25_200, 27_000, 32_399, 32_400]}
    )
    row = service.departures(table, by=("stop",)).iloc[0]
    assert row["departures"] == 5
    assert row["per_hour"] == 1.5  # 07:00, 07:30 and 08:59:59 in two hours
    assert row["headway_mean_s"] == pytest.approx((1800 + 5399) / 2)
    assert row["headway_max_s"] == 5399
    assert (row["first_s"], row["last_s"], row["span_s"]) == (25_200, 90_000, 64_800)
    with pytest.raises(MobilityError, match="also the columns"):
        service.departures(table)


def test_who_lives_near_a_stop_and_how_much_runs_there():
    lat = ZONES.lat[0]
    metre = 1 / 111_195
    stops = pd.DataFrame(
        {
            "lon": [5.0, 5.0, 5.1, 5.0],
            "lat": [lat + 400 * metre, lat + 900 * metre, lat + 900 * metre, ZONES.lat[2]],
            "route_type": [3, 2, 700, 3],
            "per_hour": [12.0, 11.0, 20.0, 2.0],
        }
    )
    table = service.stop_access(ZONES, stops)
    # A has a bus at 400 m and a train at 900 m; B a bus at 900 m, too far; C a bus; D nothing.
    assert table["near"].tolist() == [True, False, True, False]
    assert table["level"].tolist() == ["very high", "none", "low", "none"]
    shares = service.stop_access_shares(table, ZONES).set_index("country")
    assert shares.loc["", "share_near"] == pytest.approx(500 / 1500)
    assert shares.loc["NL", "share_very_high"] == pytest.approx(1 / 3)
    parts = [c for c in shares.columns if c.startswith("share_") and c != "share_near"]
    np.testing.assert_allclose(shares[parts].sum(axis=1), 1)
    none = service.stop_access(ZONES, stops.iloc[:0])
    assert np.isinf(none["nearest_rail_m"]).all()
    assert not none["near"].any()


def test_extended_route_types_tell_train_from_bus():
    found = service.is_rail([0, 1, 2, 3, 4, 100, 109, 401, 700, 900, 1000])
    assert found.tolist() == [
        False,
        True,
        True,
        False,
        False,
        True,
        True,
        True,
        False,
        False,
        False,
    ]


# Costs


def test_costs_of_a_trip_by_hand():
    parts = {
        p: np.zeros((4, 4), np.float32) for p in ("access_s", "ride_s", "egress_s", "transfer_s")
    }
    parts["access_s"][0, 1] = 120
    parts["wait_s"] = np.zeros((4, 4), np.float32)
    parts["wait_s"][0, 1] = 60
    changes = TIMES.transfers_p50.copy()
    changes[0, 1] = 1
    times = dataclasses.replace(TIMES, parts=parts, transfers_p50=changes)
    found = costs.trip_costs(times, ZONES)
    km = CROW[0, 1] / 1000 * 1.3
    assert found.distance_km[0, 1] == pytest.approx(km)
    assert found.co2_g[0, 1] == pytest.approx(km * 69.2)
    assert found.money_euro[0, 1] == pytest.approx(1.08 + 0.20 * km)
    # 10 min and half as much again of 1 min waiting twice, ¾ more of 2 min walking, a change.
    assert found.weighted_s[0, 1] == pytest.approx(600 + 60 + 0.75 * 120 + 300)
    euro = (600 + 60 + 90 + 300) / 3600 * 9.25 + found.money_euro[0, 1]
    assert found.generalised_euro[0, 1] == pytest.approx(euro)
    for matrix in dataclasses.astuple(found):
        assert np.isnan(matrix[0, 3])  # no trip, no cost


def test_a_second_ticket_costs_time_and_money():
    operators = np.zeros((4, 4), np.int32)
    operators[0, 1] = 1
    times = dataclasses.replace(TIMES, operators=operators, operator_names=("ns", "ns+nmbs"))
    plain = costs.trip_costs(times, ZONES)
    dear = costs.trip_costs(times, ZONES, ticket_s=300, ticket_euro=2)
    assert dear.weighted_s[0, 1] - plain.weighted_s[0, 1] == pytest.approx(300)
    assert dear.money_euro[0, 1] - plain.money_euro[0, 1] == pytest.approx(2)
    assert dear.money_euro[0, 2] == plain.money_euro[0, 2]


def test_the_way_to_the_park_and_ride_is_driven():
    parts = {"access_s": np.full((4, 4), 240, np.float32)}  # 3 km at 45 km/h
    times = dataclasses.replace(TIMES, mode="car+pt", parts=parts)
    found = costs.trip_costs(times, ZONES)
    km = CROW[0, 1] / 1000 * 1.3
    assert found.co2_g[0, 1] == pytest.approx(3 * 130.8 + (km - 3) * 69.2, rel=1e-6)


def test_every_factor_has_a_source_and_bounds_around_its_value():
    table = costs.factors()
    assert (table["source"].str.len() > 5).all()
    assert (table["low"] <= table["value"]).all()
    assert (table["value"] <= table["high"]).all()
    with pytest.raises(MobilityError, match="no co2 for car"):
        costs.trip_costs(
            TIMES, ZONES, table=table[(table["quantity"] != "co2") | (table["mode"] != "car")]
        )


# All modes together


def test_the_logsum_by_hand():
    bike = make_times([[0, 10, 60, 30], *MINUTES[1:]], mode="bike")
    found = modes.logsum_s({"pt": TIMES, "bike": bike}, scale_per_min=0.1)
    # Two equal ways of 10 minutes: 10 − ln 2 / 0.1; one way only: that way.
    assert found[0, 1] / 60 == pytest.approx(10 - np.log(2) / 0.1)
    assert found[0, 3] / 60 == pytest.approx(30)
    assert found[0, 2] / 60 == pytest.approx(-np.log(np.exp(-2) + np.exp(-6)) / 0.1)
    assert np.isnan(found[3, 0])


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 1))
@settings(deadline=None, max_examples=30)
def test_the_logsum_is_never_worse_than_the_quickest_mode(seed, scale):
    rng = np.random.default_rng(seed)
    grids = [np.where(rng.random((4, 4)) < 0.2, np.nan, rng.random((4, 4)) * 60) for _ in range(3)]
    many = {f"m{k}": make_times(g.tolist(), mode=f"m{k}") for k, g in enumerate(grids)}
    found = modes.logsum_s(many, scale_per_min=scale) / 60
    least = np.fmin.reduce(grids)
    known = np.isfinite(least)
    assert (np.isfinite(found) == known).all()
    assert (found[known] <= least[known] + 1e-3).all()
    assert (found[known] >= least[known] - np.log(3) / scale - 1e-3).all()


# Bands


def reached(times):
    return float(np.nansum(times.at(50) <= 1200))


def test_a_band_spans_departures_and_speeds():
    times = make_times(percentiles=(25, 50, 75), spread=0.5)
    before = frozen(times, ZONES)
    found = uncertainty.band(times, reached)
    names = dict(found.variants)
    # 20-minute pairs: 12 within 20 min at the median … at p75 (+25 %) the two of 20 min fall out.
    assert found.value == reached(times)
    assert names["departure p75"] == found.value - 2
    assert names["times +10%"] == found.value - 2
    assert found.low <= found.value <= found.high
    assert frozen(times, ZONES) == before


def test_a_difference_is_told_apart_only_beyond_its_band():
    times = make_times(percentiles=(25, 50, 75), spread=0.1)
    same = uncertainty.band_of_difference(times, times, reached)
    assert (same.low, same.value, same.high) == (0, 0, 0)
    assert not uncertainty.distinguishable(same)
    quick = make_times([[None if m is None else m / 4 for m in r] for r in MINUTES],
                       percentiles=(25, 50, 75), spread=0.1)  # fmt: skip
    better = uncertainty.band_of_difference(times, quick, reached)
    assert better.low > 0
    assert uncertainty.distinguishable(better)


def test_a_figure_without_a_value_has_no_band():
    found = uncertainty.band(TIMES, lambda _times: float("nan"))
    assert np.isnan([found.value, found.low, found.high]).all()
