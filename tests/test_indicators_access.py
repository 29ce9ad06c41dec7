"""Cumulative, interval, gravity, dual and nearest access on a hand-computed world."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from indicator_world import MINUTES, frozen, make_times, make_zones, values

from mobility.errors import MobilityError
from mobility.indicators import cumulative, decay, dual, gravity, interval, norm_shares
from mobility.indicators.frame import crow_fly_m, great_circle_m
from mobility.tables import ACCESSIBILITY, check

ZONES, TIMES = make_zones(), make_times()


def test_cumulative_counts_what_lies_within_the_limit_inclusive():
    table = cumulative(TIMES, ZONES, cutoffs_s=(1200,), opportunities=["population"])
    # A: itself 100, B 200 (10 min), C 400 (20 min, on the limit); D can't be reached.
    # B: A 100, itself 200. C: A 100, itself 400, D 800. D: C 400, itself 800.
    assert values(table, "cumulative").tolist() == [700, 300, 1300, 1200]
    assert values(table, "cumulative_own").tolist() == [300, 300, 1200, 1200]
    assert values(table, "cumulative_foreign").tolist() == [400, 0, 100, 0]
    assert table["unit"].unique().tolist() == ["population"]
    assert check(table, ACCESSIBILITY, "test").columns.tolist() == [c.name for c in ACCESSIBILITY]


def test_unknown_countries_are_neither_own_nor_foreign_and_the_parts_add_up():
    zones = make_zones("NL - BE BE")
    table = cumulative(make_times(zones=zones), zones, cutoffs_s=(1200,), opportunities=["jobs"])
    # A: own 10, B (unknown) 20, C foreign 40; B knows no side at all: 10 + 20.
    assert values(table, "cumulative_own").tolist() == [10, 0, 120, 120]
    assert values(table, "cumulative_foreign").tolist() == [40, 0, 10, 0]
    assert values(table, "cumulative_unknown").tolist() == [20, 30, 0, 0]
    assert values(table, "cumulative").tolist() == [70, 30, 130, 120]


def test_an_origin_outside_the_model_has_no_answer_and_one_without_links_has_none():
    minutes = [[None] * 4, *MINUTES[1:]]
    lonely = cumulative(make_times(minutes), ZONES, cutoffs_s=(1200,))
    assert values(lonely, "cumulative", opportunity="jobs")[0] == 0
    outside = np.zeros((4, 4), bool)
    outside[0] = True
    away = cumulative(make_times(minutes, outside=outside), ZONES, cutoffs_s=(1200,))
    assert np.isnan(values(away, "cumulative", opportunity="jobs")[0])


def test_an_interval_averages_the_limits_it_holds():
    table = interval(TIMES, ZONES, start_s=600, end_s=1800, step_s=600, opportunities=["jobs"])
    # From A: within 10 min 30, within 20 min 70, within 30 min 70: mean 170/3.
    found = values(table, "cumulative_mean_10_30_min")
    assert found[0] == pytest.approx(170 / 3)
    # From B: 30, 30, 30 + 40 = 70: mean 130/3; the median is 30.
    assert found[1] == pytest.approx(130 / 3)
    median = interval(
        TIMES, ZONES, start_s=600, end_s=1800, step_s=600, summary="median", opportunities=["jobs"]
    )
    assert values(median, "cumulative_median_10_30_min").tolist() == [70, 30, 130, 120]


def test_the_interval_equals_the_mean_of_its_cumulative_tables():
    limits = range(300, 3001, 60)
    each = cumulative(TIMES, ZONES, cutoffs_s=limits, opportunities=["population"])
    stacked = values(each, "cumulative").reshape(len(limits), 4)
    for summary, function in (("mean", np.mean), ("median", np.median)):
        table = interval(TIMES, ZONES, start_s=300, end_s=3000, summary=summary)
        found = values(table, f"cumulative_{summary}_5_50_min", opportunity="population")
        np.testing.assert_allclose(found, function(stacked, axis=0))


def test_gravity_weighs_by_decay_and_never_the_unreachable():
    table = gravity(TIMES, ZONES, {"exp": decay.exponential(0.1)}, opportunities=["jobs"])
    # A: 10 + 20 e^-1 + 40 e^-2; D, unreachable, adds nothing.
    assert values(table, "gravity_exp")[0] == pytest.approx(10 + 20 / np.e + 40 / np.e**2)
    parts = values(table, "gravity_exp_own") + values(table, "gravity_exp_foreign")
    np.testing.assert_array_equal(values(table, "gravity_exp"), parts)
    # A decay that is 1 everywhere still must not reach what can't be reached.
    flat = gravity(TIMES, ZONES, {"flat": np.ones_like}, opportunities=["jobs"])
    assert values(flat, "gravity_flat").tolist() == [70, 150, 150, 140]


@pytest.mark.parametrize(
    ("function", "minutes", "expected"),
    [
        (decay.step(30), [30, 30.1], [1, 0]),
        (decay.linear(40), [0, 10, 40, 80], [1, 0.75, 0, 0]),
        (decay.exponential(0.1), [0, 10], [1, np.exp(-1)]),
        (decay.power(2), [0.5, 1, 2, 10], [1, 1, 0.25, 0.01]),
        (decay.gaussian(20), [0, 20], [1, np.exp(-0.5)]),
        # The stepped example of the R package: limits 10, 20, 30, weights 0.67, 0.33, 0.
        (
            decay.steps((10, 20, 30), (0.67, 0.33, 0)),
            [9.9, 10, 19.9, 25, 30, 60],
            [1, 0.67, 0.67, 0.33, 0, 0],
        ),
        (decay.log_logistic(80, 3.5), [0, 80, 160], [1, 0.5, 1 / (1 + 2**3.5)]),
        (decay.mobiliteitsscan("car"), [80], [0.5]),
        (decay.mobiliteitsscan("bike+pt"), [10, 20], [0.5, 1 / 9]),
        (decay.mobiliteitsscan("ebike"), [160], [1 / 9]),
    ],
)
def test_decay_functions_at_hand_computed_points(function, minutes, expected):
    found = function(np.asarray(minutes, float) * 60)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)


def test_the_logistic_decay_is_that_of_r5():
    # g(t) = 1/(1 + exp((t − 30)·π/(10·√3))), over g(0): half of 1/g(0) at the median.
    scale = np.pi / (10 * np.sqrt(3))
    top = 1 / (1 + np.exp(-30 * scale))
    found = decay.logistic(30, 10)(np.array([0, 1800.0, 2400.0]))
    expected = np.array([top, 0.5, 1 / (1 + np.exp(10 * scale))]) / top
    np.testing.assert_allclose(found, expected)


ALL_DECAYS = [
    decay.step(30),
    decay.linear(40),
    decay.exponential(0.05),
    decay.power(1),
    decay.gaussian(30),
    decay.logistic(30, 10),
    decay.log_logistic(80, 3.5),
    decay.steps((10, 20), (0.5, 0.1)),
]


@given(st.lists(st.floats(0, 20_000), min_size=2, max_size=20), st.sampled_from(ALL_DECAYS))
@settings(deadline=None, max_examples=60)
def test_every_decay_lies_between_0_and_1_and_never_rises(seconds, function):
    weights = function(np.sort(np.asarray(seconds)))
    assert ((weights >= 0) & (weights <= 1)).all()
    assert (np.diff(weights) <= 1e-12).all()


def test_wrong_decays_are_refused():
    with pytest.raises(MobilityError, match="above 0"):
        decay.exponential(-1)
    with pytest.raises(MobilityError, match="rising limits"):
        decay.steps((20, 10), (0.5, 0.1))
    with pytest.raises(MobilityError, match="one of"):
        decay.mobiliteitsscan("boat")


def test_dual_access_is_the_time_until_enough_is_reached():
    table = dual(TIMES, ZONES, opportunity_name="jobs", amounts=(70, 150), nearest=(2,))
    # 70 jobs: A after C at 20 min; B after C at 30; C with D at 10; D at once (80 at home).
    assert values(table, "time_to_70").tolist() == [1200, 1800, 600, 0]
    # All 150: A never (D can't be reached); B at 40, C at 30; D never (A can't be reached).
    np.testing.assert_array_equal(values(table, "time_to_150"), [np.nan, 2400, 1800, np.nan])
    assert values(table, "time_to_nth_2").tolist() == [600, 600, 600, 600]


def test_dual_and_cumulative_access_agree():
    for amount in (30, 70, 120, 150):
        soonest = values(
            dual(TIMES, ZONES, opportunity_name="jobs", amounts=(amount,)), f"time_to_{amount}"
        )
        for zone in np.flatnonzero(np.isfinite(soonest)):
            found = cumulative(
                TIMES, ZONES, cutoffs_s=(soonest[zone], soonest[zone] - 1), opportunities=["jobs"]
            )
            at, before = values(found, "cumulative").reshape(2, 4)[:, zone]
            assert at >= amount > before


def test_nearest_of_a_type_and_the_people_beyond_a_norm():
    zones = make_zones(hospital=(0, 0, 1, 0))
    table = norm_shares(make_times(zones=zones), zones, {"hospital": 1200})
    # The hospital stands in C: A 20, B 30, C 0, D 10 minutes. Beyond 20 minutes: B, 200 of 1500.
    whole = table[table["country"] == ""].iloc[0]
    assert whole["share_beyond"] == pytest.approx(200 / 1500)
    dutch = table[table["country"] == "NL"].iloc[0]
    assert dutch["share_beyond"] == pytest.approx(200 / 300)


def test_who_cannot_reach_any_counts_as_beyond_the_norm():
    zones = make_zones(hospital=(0, 0, 0, 1))
    table = norm_shares(make_times(zones=zones), zones, {"hospital": 36_000})
    assert table.iloc[0]["share_beyond"] == pytest.approx(100 / 1500)
    assert table.iloc[0]["share_unreachable"] == pytest.approx(100 / 1500)


minutes_tables = st.lists(
    st.lists(st.one_of(st.none(), st.integers(0, 90)), min_size=4, max_size=4),
    min_size=4,
    max_size=4,
)


@given(minutes_tables, st.lists(st.sampled_from(["NL", "BE", "-"]), min_size=4, max_size=4))
@settings(deadline=None, max_examples=40)
def test_access_rises_with_the_limit_falls_with_the_percentile_and_adds_up(minutes, countries):
    zones = make_zones(" ".join(countries))
    times = make_times(minutes, zones, percentiles=(5, 50, 95), spread=0.5)
    before = frozen(times, zones)
    tables = {p: cumulative(times, zones, percentile=p) for p in (5, 50, 95)}
    grids = {p: values(t, "cumulative").reshape(5, 2, 4) for p, t in tables.items()}
    assert (np.diff(grids[50], axis=0) >= 0).all()
    assert (grids[5] >= grids[50]).all()
    assert (grids[50] >= grids[95]).all()
    parts = [values(tables[50], f"cumulative_{part}") for part in ("own", "foreign", "unknown")]
    whole = np.sum([p for p in parts if len(p)], axis=0)
    np.testing.assert_array_equal(whole, values(tables[50], "cumulative"))
    assert frozen(times, zones) == before


def test_powers_of_two_as_opportunities_tell_exactly_which_zones_are_counted():
    zones = make_zones(bits=(1, 2, 4, 8))
    table = cumulative(make_times(zones=zones), zones, cutoffs_s=(1800,), opportunities=["bits"])
    reached = [[j for j in range(4) if int(v) >> j & 1] for v in values(table, "cumulative")]
    assert reached == [[0, 1, 2], [0, 1, 2], [0, 1, 2, 3], [2, 3]]


def test_destinations_that_are_other_zones_than_the_origins():
    whole = make_times()
    part = dataclasses.replace(
        whole,
        origins=whole.origins[:1],
        country_o=whole.country_o[:1],
        destinations=whole.destinations[[3, 1]],
        country_d=whole.country_d[[3, 1]],
        time_s=whole.time_s[:1, [3, 1]],
        share_reached=whole.share_reached[:1, [3, 1]],
        outside=whole.outside[:1, [3, 1]],
    )
    table = cumulative(part, ZONES, cutoffs_s=(1200,), opportunities=["jobs"])
    assert values(table, "cumulative").tolist() == [20]


def test_no_zones_give_an_empty_table_of_the_contract():
    zones = make_zones("", people=(), towns="")
    table = cumulative(make_times([], zones), zones)
    assert len(table) == 0
    assert list(table.columns) == [c.name for c in ACCESSIBILITY]


def test_what_is_wrong_with_the_zones_is_said():
    with pytest.raises(MobilityError, match="no column 'schools'"):
        cumulative(TIMES, ZONES, opportunities=["schools"])
    gap = make_zones(shops=(1, np.nan, -2, 3))
    with pytest.raises(MobilityError, match="2 values that are empty, infinite or below 0"):
        cumulative(TIMES, gap, opportunities=["shops"])
    few = make_zones("NL NL", people=(1, 2), towns="a b")
    with pytest.raises(MobilityError, match="2 ids that are no zone"):
        cumulative(TIMES, few)
    twice = dataclasses.replace(ZONES, ids=np.array(list("AABC"), object))
    with pytest.raises(MobilityError, match="stand twice"):
        cumulative(TIMES, twice)
    with pytest.raises(MobilityError, match="ranks of 1 or more"):
        dual(TIMES, ZONES, opportunity_name="jobs", nearest=(0,))
    with pytest.raises(MobilityError, match="mean or median"):
        interval(TIMES, ZONES, start_s=0, end_s=60, summary="mode")


def test_distances_on_the_globe():
    # One degree of a meridian: 6,371,008.8 m · π/180.
    metre = great_circle_m(*(np.array([x]) for x in (5.0, 51.0, 5.0, 52.0)))
    assert metre[0, 0] == pytest.approx(6_371_008.8 * np.pi / 180)
    grid = crow_fly_m(ZONES, ZONES)
    assert (np.diag(grid) == 0).all()
    np.testing.assert_allclose(grid, grid.T)


def test_nearest_places_as_pandana_finds_them():
    pandana = pytest.importorskip("pandana", reason="pandana is not installed")
    rng = np.random.default_rng(3)
    n = 12
    x, y = rng.random((2, n)) * 1000
    start = np.arange(n)
    edges = [(a, b) for a in start for b in start if a < b and (b - a in (1, 3))]
    weight = rng.integers(1, 60, len(edges)).astype(float)
    network = pandana.Network(
        pd.Series(x, start), pd.Series(y, start),
        pd.Series([a for a, _ in edges]), pd.Series([b for _, b in edges]),
        pd.DataFrame({"time": weight}),
    )  # fmt: skip
    matrix = np.array(network.shortest_path_lengths(np.repeat(start, n), np.tile(start, n)))
    minutes = matrix.reshape(n, n)
    shops = np.zeros(n)
    shops[[2, 7, 9]] = 1
    network.set_pois("shop", 10_000, 3, pd.Series(x[[2, 7, 9]]), pd.Series(y[[2, 7, 9]]))
    theirs = network.nearest_pois(10_000, "shop", num_pois=3)
    zones = dataclasses.replace(
        make_zones(" ".join(["NL"] * 10), people=range(10), towns=" ".join("abcdefghij")),
        ids=np.array([f"z{k}" for k in range(n)], object),
        names=np.array([""] * n, object),
        countries=np.array(["NL"] * n, object),
        municipalities=np.array(["a"] * n, object),
        lon=5 + x / 1e5,
        lat=51 + y / 1e5,
        opportunities=pd.DataFrame({"shop": shops}),
    )
    ours = dual(
        make_times(minutes.tolist(), zones), zones, opportunity_name="shop", nearest=(1, 2, 3)
    )
    for rank in (1, 2, 3):
        found = values(ours, f"time_to_nth_{rank}") / 60
        np.testing.assert_allclose(found, theirs[rank].to_numpy(), atol=1e-3)
