"""Access under competition and its fairness: publications, peers, hand sums, invariants."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from indicator_world import frozen, make_times, make_zones, values

from mobility.errors import MobilityError
from mobility.indicators import competition as com
from mobility.indicators import cumulative, decay
from mobility.indicators import equity as eq

# The example of the R package's tests: minutes between three places, people and jobs.
PLACES_MIN = np.array([[10, 30, 15], [30, 10, 25], [15, 25, 10]], float)
PEOPLE, JOBS = np.array([4.0, 10, 6]), np.array([160.0, 150, 180])
WEIGHTS = decay.exponential(0.1)(PLACES_MIN * 60)


def test_spatial_availability_as_published():
    # Soukhov et al. (2023), table 2: 50,000, 150,000 and 10,000 people; exponential, β 0.1.
    minutes = np.array([[15, 30, 100], [30, 15, 100], [100, 100, 15]], float)
    weights = decay.exponential(0.1)(minutes * 60)
    found = com.spatial_availability(
        weights, np.array([50_000.0, 150_000, 10_000]), np.array([100_000.0, 100_000, 10_000])
    )
    np.testing.assert_allclose(found, [66_833, 133_203, 9_963], atol=1)
    assert found.sum() == pytest.approx(210_000)


def test_two_step_catchment_by_hand():
    # Two clinics with 1 and 2 doctors; places of 10, 20, 30 people; who reaches which:
    weights = np.array([[1.0, 0], [1, 1], [0, 1]])
    # The clinics have 1/30 and 2/50 doctors per person; the middle place reaches both.
    found = com.two_step(weights, np.array([10.0, 20, 30]), np.array([1.0, 2]))
    np.testing.assert_allclose(found, [1 / 30, 1 / 30 + 2 / 50, 2 / 50])


def test_balanced_catchment_by_hand():
    weights = np.array([[1.0, 0], [1, 1], [0, 1]])
    # People: clinic 1 gets 10 + 20/2 = 20, clinic 2 gets 20/2 + 30 = 40; levels 1/20, 2/40,
    # each shared half and half between the two places it serves.
    found = com.balanced(weights, np.array([10.0, 20, 30]), np.array([1.0, 2]))
    np.testing.assert_allclose(found, [1 / 40, 1 / 40 + 2 / 80, 2 / 80])


def test_two_step_catchment_as_the_peer_computes_it():
    fca = pytest.importorskip("access", reason="access is not installed").fca
    rng = np.random.default_rng(2)
    minutes = rng.integers(1, 60, (6, 5)).astype(float)
    demand, supply = rng.integers(1, 100, 6).astype(float), rng.integers(1, 20, 5).astype(float)
    cost = pd.DataFrame(
        [(i, 10 + j, minutes[i, j]) for i in range(6) for j in range(5)],
        columns=["origin", "dest", "cost"],
    )
    theirs = _peer(fca, demand, supply, cost)
    ours = com.two_step((minutes <= 30).astype(float), demand, supply)
    np.testing.assert_allclose(ours, theirs)


def _peer(fca, demand, supply, cost):
    people = pd.DataFrame({"geoid": range(6), "people": demand})
    jobs = pd.DataFrame({"jobs": supply}, index=range(10, 15))
    found = fca.two_stage_fca(
        people, jobs, cost, max_cost=30, demand_name="people", supply_name="jobs"
    )
    return found.reindex(range(6)).fillna(0).to_numpy()


def test_constrained_access_keeps_the_totals_of_the_r_example():
    assert com.total_constrained(WEIGHTS, JOBS).sum() == pytest.approx(490)
    assert com.spatial_availability(WEIGHTS, PEOPLE, JOBS).sum() == pytest.approx(490)
    assert com.demand_constrained(WEIGHTS, PEOPLE, JOBS).sum() == pytest.approx(20)


def test_doubly_constrained_flows_meet_both_margins():
    weights = decay.power(3)(PLACES_MIN * 60)
    found = com.doubly_constrained(weights, PEOPLE, np.array([7.0, 5, 8]))
    np.testing.assert_allclose(found.flows.sum(axis=1), PEOPLE, rtol=1e-8)
    np.testing.assert_allclose(found.flows.sum(axis=0), [7, 5, 8], rtol=1e-8)
    # Wilson's form: T_ij T_kl / (T_il T_kj) depends on the decay alone.
    cross = lambda t: t[0, 0] * t[1, 1] / (t[0, 1] * t[1, 0])  # noqa: E731
    assert cross(found.flows) == pytest.approx(cross(weights))
    assert np.average(found.access, weights=PEOPLE) == pytest.approx(1)


def test_doubly_constrained_access_leaves_the_cut_off_out_and_says_so():
    weights = np.array([[1.0, 0.5, 0], [0.5, 1, 0], [0, 0, 0]])
    found = com.doubly_constrained(weights, np.array([10.0, 10, 20]), np.array([5.0, 5, 30]))
    assert found.left_out == (pytest.approx(0.5), pytest.approx(0.75))
    assert np.isnan(found.access[2])
    assert found.flows[2].sum() == 0
    np.testing.assert_allclose(found.flows.sum(axis=1), [10, 10, 0])
    nothing = com.doubly_constrained(np.zeros((2, 2)), np.ones(2), np.ones(2))
    assert nothing.left_out == (1.0, 1.0)


def test_margins_that_cannot_be_met_are_an_error():
    # Two people can reach only the one job of two; the other job only a third person.
    weights = np.array([[1.0, 0], [1, 0], [1, 1]])
    with pytest.raises(MobilityError, match="margins"):
        com.doubly_constrained(weights, np.array([1.0, 1, 1]), np.array([1.0, 2]), max_rounds=50)


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 6))
@settings(deadline=None, max_examples=40)
def test_competition_hands_out_exactly_the_supply_that_is_reached(seed, n, m):
    rng = np.random.default_rng(seed)
    weights = rng.random((n, m)) * (rng.random((n, m)) < 0.6)
    demand = rng.integers(0, 5, n).astype(float)
    supply = rng.integers(0, 50, m).astype(float)
    reached = supply[(demand @ weights) > 0].sum()
    two = com.two_step(weights, demand, supply)
    assert two @ demand == pytest.approx(reached)
    assert com.spatial_availability(weights, demand, supply).sum() == pytest.approx(reached)
    level = com.balanced(weights, demand, supply)
    assert np.isfinite(level).all()
    assert (level >= 0).all()


def test_competition_table_leaves_people_as_their_own_supply_out():
    zones, times = make_zones(), make_times()
    before = frozen(times, zones)
    table = com.competition(times, zones, decay.step(20))
    assert set(table["opportunity"]) == {"jobs"}
    # Within 20 min people of A 100, B 200, C 400 …; jobs of A (10) are reached by A, B, C: 700.
    two = values(table, "two_step_catchment")
    # B reaches A (10/700) and B (20/300).
    assert two[1] == pytest.approx(10 / 700 + 20 / 300)
    assert frozen(times, zones) == before
    assert (
        com.competition(times, make_zones(jobs=(0, 0, 0, 0)), decay.step(20))["value"].eq(0).all()
    )


# Fairness


def test_gini_by_hand():
    # Of two people the one has 1, the other 3: Lorenz points (0,0) (½,¼) (1,1).
    assert eq.gini([1, 3], [1, 1]) == pytest.approx(0.25)
    assert eq.gini([5, 5, 5], [1, 2, 3]) == pytest.approx(0)
    # All belongs to one of four: 1 − 1/4.
    assert eq.gini([0, 0, 0, 8], [1, 1, 1, 1]) == pytest.approx(0.75)


def test_palma_by_hand():
    # Ten people ranked by income; the four poorest have 1, 1, 1, 3, the richest 6.
    access = [1, 1, 1, 3, 9, 9, 9, 9, 9, 6]
    assert eq.palma(access, np.ones(10), range(10)) == pytest.approx(6 / 1.5)
    # One zone of half the people lies across the 40 % bound: only its share counts.
    assert eq.palma([2, 8], [5, 5], [0, 1]) == pytest.approx(4)


def test_theil_by_hand_and_its_parts():
    # Values 1 and 3, mean 2: ½ (0.5 ln 0.5 + 1.5 ln 1.5).
    assert eq.theil([1, 3], [1, 1]) == pytest.approx(0.5 * (0.5 * np.log(0.5) + 1.5 * np.log(1.5)))
    between, within = eq.theil_parts([1, 3, 2, 2], [1, 1, 1, 1], ["a", "a", "b", "b"])
    assert between == pytest.approx(0)
    assert within == pytest.approx(0.5 * eq.theil([1, 3], [1, 1]))


def test_concentration_by_hand():
    # Access rises with income like income itself: equal to the Gini index.
    assert eq.concentration([1, 3], [1, 1], [10, 20]) == pytest.approx(0.25)
    assert eq.concentration([3, 1], [1, 1], [10, 20]) == pytest.approx(-0.25)
    assert eq.concentration([3, 1], [1, 1], [10, 10]) == pytest.approx(0)


def test_poverty_by_hand():
    # Line 10: 5 lies half below, 8 a fifth, 10 not.
    found = eq.fgt([5, 8, 10, 20], [1, 1, 1, 1], 10)
    assert found == (pytest.approx(0.5), pytest.approx(0.7 / 4), pytest.approx(0.29 / 4))
    with pytest.raises(MobilityError, match="norm above 0"):
        eq.fgt([1], [1], 0)


@given(
    st.lists(
        st.tuples(
            st.one_of(st.just(0.0), st.floats(0.01, 1e6)),
            st.integers(0, 50),
            st.sampled_from("abc"),
        ),
        min_size=1,
        max_size=15,
    ),
    st.floats(0.1, 10),
)
@settings(deadline=None, max_examples=80)
def test_fairness_invariants(rows, factor):
    access, people, group = (list(column) for column in zip(*rows, strict=True))
    whole = eq.theil(access, people)
    between, within = eq.theil_parts(access, people, group)
    if np.isnan(whole):
        assert np.isnan(between)
        return
    assert between + within == pytest.approx(whole, abs=1e-9)
    assert min(between, within) >= -1e-9
    index = eq.gini(access, people)
    assert -1e-12 <= index < 1
    scaled = [factor * a for a in access]
    assert eq.gini(scaled, people) == pytest.approx(index, abs=1e-9)
    assert eq.theil(scaled, people) == pytest.approx(whole, abs=1e-9)
    fgt = eq.fgt(access, people, 1000.0)
    assert 1 >= fgt[0] >= fgt[1] >= fgt[2] >= 0


@given(st.lists(st.floats(0.1, 100), min_size=10, max_size=10))
@settings(deadline=None, max_examples=30)
def test_palma_is_at_least_one_where_access_rises_with_income(access):
    rising = np.sort(access)
    assert eq.palma(rising, np.ones(10), range(10)) >= 1 - 1e-12


def test_the_fairness_table_counts_who_it_leaves_out():
    zones = make_zones()
    outside = np.zeros((4, 4), bool)
    outside[0] = True
    table = cumulative(make_times(outside=outside), zones, cutoffs_s=(1200,))
    fair = eq.equity_table(table, zones, income={"A": 1, "B": 2, "C": 3, "D": 4})
    row = fair[(fair["indicator"] == "cumulative") & (fair["opportunity"] == "jobs")].iloc[0]
    assert (row["people"], row["people_left_out"]) == (1400, 100)
    # B 30, C 130, D 120 jobs for 200, 400, 800 people.
    assert row["mean"] == pytest.approx((30 * 200 + 130 * 400 + 120 * 800) / 1400)
    parts = row["theil_between_countries"] + row["theil_within_countries"]
    assert parts == pytest.approx(row["theil"])
    # The people's median is 120, the line 72: only B's 200 are below.
    assert row["line"] == pytest.approx(72)
    assert row["fgt0"] == pytest.approx(200 / 1400)
    assert np.isfinite(row["palma"])


def test_nobody_and_nothing_have_no_fairness():
    for found in (eq.gini([], []), eq.theil([0, 0], [1, 1]), eq.gini([np.nan], [1])):
        assert np.isnan(found)
    assert np.isnan(eq.theil_parts([], [], [])).all()
    with pytest.raises(MobilityError, match="access of 0 or more"):
        eq.gini([-1, 1], [1, 1])


def test_weighted_quantiles():
    assert eq.weighted_quantile([3, 1, 2], [1, 1, 1], 0.5) == 2
    assert eq.weighted_quantile([3, 1, 2], [5, 1, 1], 0.5) == 3
    assert eq.weighted_quantile([1, np.nan], [1, 9], 0.9) == 1
    assert np.isnan(eq.weighted_quantile([], [], 0.5))
