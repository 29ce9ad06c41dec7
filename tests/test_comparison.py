"""Comparison of runs: numbers by hand, ranks by rule, shares that add up."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from changes_toy import DAY, toy_feeds
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.changes.service_cost import (
    SERVICE_COST,
    cost_difference,
    most_at_once,
    service_cost,
    total_cost,
)
from mobility.comparison import (
    GROUPS,
    PAIRS,
    band_s,
    by_group,
    by_link,
    carries,
    compare,
    contribution,
    gain_per_vehicle_hour,
    rank,
)
from mobility.errors import RunError
from mobility.tables import TravelTimes, check

NAN = math.nan


def times(scenario, p50, *, spread=0.0, mode="pt", parts=None) -> TravelTimes:
    middle = np.array(p50, np.float32)
    n = len(middle)
    zones = np.array([f"z{k}" for k in range(n)], object)
    country = np.array(["BE", "NL", "NL"][:n], object)
    stack = np.stack([middle - spread / 2, middle, middle + spread / 2], axis=2)
    return TravelTimes(
        scenario=scenario,
        mode=mode,
        origins=zones,
        destinations=zones,
        country_o=country,
        country_d=country,
        percentiles=(25, 50, 75),
        time_s=stack,
        share_reached=np.isfinite(middle).astype(np.float32),
        transfers_p50=np.zeros((n, n), np.float32),
        outside=np.zeros((n, n), bool),
        parts=parts or {},
    )


BASE = [[0, 1000, 2000], [1000, 0, NAN], [2000, 500, 0]]
OTHER = [[0, 900, NAN], [1000, 0, 3000], [2100, 500, 0]]


def test_compare_pair_by_pair() -> None:
    table = compare(times("now", BASE), times("new", OTHER)).table()
    check(table, PAIRS, "pairs")
    row = table.set_index(["origin", "destination"])
    assert row.loc[("z0", "z1"), "difference_s"] == -100
    assert row.loc[("z0", "z1"), "relative"] == pytest.approx(-0.1)
    assert row["verdict"].to_dict() == {
        ("z0", "z0"): "same",
        ("z0", "z1"): "shorter",
        ("z0", "z2"): "lost",
        ("z1", "z0"): "same",
        ("z1", "z1"): "same",
        ("z1", "z2"): "gained",
        ("z2", "z0"): "longer",
        ("z2", "z1"): "same",
        ("z2", "z2"): "same",
    }
    assert row.loc[("z0", "z1"), ["country_o", "country_d"]].tolist() == ["BE", "NL"]
    assert math.isnan(row.loc[("z0", "z0"), "relative"])  # nothing to divide by


def test_band_by_hand() -> None:
    walked = {"access_s": np.full((3, 3), 600, np.float32)}
    more = {"access_s": np.full((3, 3), 900, np.float32)}
    one, two = (
        times("a", BASE, spread=1200, parts=walked),
        times("b", OTHER, spread=600, parts=more),
    )
    # departures: 1.96 × 0.93 × √(1200² + 600²) ÷ √144 = 203.79; speed: 10 % of 300 = 30
    departure = 1.96 * 0.93 * math.hypot(1200, 600) / 12
    assert band_s(one, two, departures=144)[0, 1] == pytest.approx(
        math.hypot(departure, 30), rel=1e-6
    )
    table = compare(one, two, departures=144).table().set_index(["origin", "destination"])
    assert table.loc[("z0", "z1"), "verdict"] == "not distinguishable"


def drawn(scenario: str, p50, *draws) -> TravelTimes:
    """A run whose medians in each draw of the phases are given."""
    medians = np.stack([np.array(draw, np.float32) for draw in draws], axis=2)
    return replace(times(scenario, p50), draws_s=medians)


def test_band_of_draws_by_hand() -> None:
    nothing = np.zeros((3, 3))
    base = drawn("a", BASE, BASE, np.add(BASE, 60), np.subtract(BASE, 60))
    # z0→z1 is 100 s shorter; in the draws 900 − 1000 = −100, 560 − 1060 = −500 and
    # 940 − 940 = 0, which lie 0, 400 and 100 s from it. The farthest of three is the band.
    other = drawn("b", OTHER, OTHER, nothing + 560, nothing + 940)
    assert band_s(base, other)[0, 1] == pytest.approx(400)
    found = compare(base, other)
    assert found.table().loc[1, "verdict"] == "not distinguishable"
    # without draws the same difference stands out
    assert compare(times("a", BASE), times("b", OTHER)).table().loc[1, "verdict"] == "shorter"
    # z0→z2 is lost in the median, so there is no difference for draws to lie apart from
    assert band_s(base, other)[0, 2] == 0


def test_a_run_without_draws_is_the_same_in_each() -> None:
    other = drawn("b", OTHER, OTHER, np.full((3, 3), 700), np.full((3, 3), 1250))
    # 900 − 1000, 700 − 1000 and 1250 − 1000 lie 0, 200 and 350 s from −100
    assert band_s(times("a", BASE), other)[0, 1] == pytest.approx(350)
    assert band_s(other, times("a", BASE))[0, 1] == pytest.approx(350)


def test_of_many_draws_the_band_holds_95_per_cent() -> None:
    # 20 draws that lie 0, 10 … 190 s off: the nineteenth, not the farthest, is the band
    other = drawn("b", OTHER, *(np.add(OTHER, 10 * k) for k in range(20)))
    assert band_s(times("a", BASE), other)[0, 1] == pytest.approx(180)
    # a draw in which the pair isn't reached is left out: ⌈0.95 × 19⌉ is the nineteenth of 19
    other.draws_s[0, 1, 0] = NAN
    assert band_s(times("a", BASE), other)[0, 1] == pytest.approx(190)


def test_band_of_a_street_mode_is_of_speed_alone() -> None:
    one, two = times("a", BASE, spread=900, mode="bike"), times("b", OTHER, spread=900, mode="bike")
    assert band_s(one, two)[0, 1] == pytest.approx(10)  # 10 % of 100 s


def test_rounding_of_streets_is_no_difference() -> None:
    # 1,000 m at 18 km/h are 200 s; cut into seven, each rounded up to a millisecond, 200.007 s
    cut = np.add(BASE, [[0, 0.007, 0], [0.099, 0, 0], [0.2, 0, 0]])
    table = compare(times("now", BASE, mode="bike"), times("new", cut, mode="bike")).table()
    verdict = table.set_index(["origin", "destination"])["verdict"]
    assert verdict.loc[[("z0", "z1"), ("z1", "z0")]].tolist() == ["same", "same"]
    assert verdict.loc[("z2", "z0")] == "longer"


def test_compare_refuses_unlike_runs() -> None:
    with pytest.raises(RunError, match="bike and pt"):
        compare(times("a", BASE, mode="bike"), times("b", OTHER))
    with pytest.raises(RunError, match="the same zones in the same order"):
        compare(times("a", BASE), times("b", [[0, 1], [1, 0]]))


def test_by_group_weighs_people() -> None:
    pairs = compare(times("now", BASE), times("new", OTHER))
    group = {"z0": "B", "z1": "N", "z2": "N"}
    table = by_group(pairs, group, {"z0": 10, "z1": 1, "z2": 3})
    check(table, GROUPS, "groups")
    row = table.set_index(["group_o", "group_d"])
    # N → B: z1→z0 1000/1000 with 1 × 10, z2→z0 2000/2100 with 3 × 10
    assert row.loc[("N", "B"), "base_s"] == pytest.approx((1000 * 10 + 2000 * 30) / 40)
    assert row.loc[("N", "B"), "difference_s"] == pytest.approx(75)
    assert row.loc[("N", "B"), "share_distinguishable"] == 0.5
    # B → N: z0→z2 is lost, so only z0→z1 counts; z0→z0 is no pair
    assert row.loc[("B", "N"), ["base_s", "time_s", "pairs", "gained", "lost"]].tolist() == [
        1000,
        900,
        1,
        0,
        1,
    ]
    assert row.loc[("N", "N"), ["base_s", "pairs", "gained"]].tolist() == [500, 1, 1]
    assert ("B", "B") not in row.index
    # without people each pair counts alike
    alike = by_group(pairs, group, {}).set_index(["group_o", "group_d"])
    assert alike.loc[("N", "B"), "base_s"] == 1500


def test_rank_shares_places_within_the_band() -> None:
    table = rank({"a": 10.0, "b": 11.0, "c": 11.5, "d": 12.2, "e": NAN}, tie=1.0)
    # b lies within 1 of a; c lies within 1 of b, but not of the leader a; d within 1 of c
    assert table["scenario"].tolist() == ["a", "b", "c", "d", "e"]
    assert table["rank"].tolist()[:4] == [1, 1, 3, 3]
    assert table["rank"].isna().tolist() == [False] * 4 + [True]
    assert table["tied"].tolist() == [True, True, True, True, False]
    assert rank({"a": 1, "b": 5}, tie=0, best="high")["scenario"].tolist() == ["b", "a"]


@settings(deadline=None, max_examples=50)
@given(
    st.dictionaries(st.sampled_from("abcdefgh"), st.floats(-100, 100), min_size=1), st.floats(0, 20)
)
def test_rank_invariants(values, tie) -> None:
    table = rank(values, tie=tie)
    assert sorted(table["scenario"]) == sorted(values)
    assert table["value"].is_monotonic_increasing
    assert table["rank"].is_monotonic_increasing
    for place, row in enumerate(table.itertuples(), start=1):
        leader = table["value"].iloc[row.rank - 1]
        assert row.rank <= place
        assert abs(row.value - leader) <= tie or row.rank == place


def test_contribution_by_hand() -> None:
    # a gives 10, b gives 4, both together 20: 6 of synergy, shared by halves
    worth = {frozenset(): 0, frozenset("a"): 10, frozenset("b"): 4, frozenset("ab"): 20}
    asked = []

    def value(who):
        asked.append(who)
        return worth[who]

    found = contribution(["a", "b"], value)
    assert {k: float(v) for k, v in found.shares.items()} == {"a": 13.0, "b": 7.0}
    assert {k: float(v) for k, v in found.leave_one_out.items()} == {"a": 16.0, "b": 10.0}
    assert {k: float(v) for k, v in found.alone.items()} == {"a": 10.0, "b": 4.0}
    assert (found.exact, found.runs, len(asked)) == (True, 4, 4)
    table = found.table()
    assert table["measure"].tolist() == ["a", "b"]
    assert table["share"].tolist() == [0.65, 0.35]


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_shares_add_up_exactly_or_by_sample(k, seed) -> None:
    rng = np.random.default_rng(seed)
    worth: dict[frozenset[str], np.ndarray] = {}
    names = list("abcdefgh")[:k]

    def value(who):
        return worth.setdefault(who, rng.normal(size=3))

    found = contribution(names, value, orders=5, seed=7)
    assert found.exact == (k <= 6)
    np.testing.assert_allclose(sum(found.shares.values()), found.total, atol=1e-9)
    for name in names:  # consistent with the runs themselves
        np.testing.assert_array_equal(
            found.leave_one_out[name], worth[frozenset(names)] - worth[frozenset(names) - {name}]
        )


def test_carries_ranks_by_what_is_lost() -> None:
    left = {None: 100.0, "x": 70.0, "y": 95.0, "z": 95.5}
    table = carries(["z", "y", "x"], left.__getitem__, tie=1.0)
    assert table["name"].tolist() == ["x", "y", "z"]
    assert table["loss"].tolist() == [30, 5, 4.5]
    assert table["share"].tolist() == [0.3, 0.05, 0.045]
    assert table["rank"].tolist() == [1, 2, 2]


def test_gain_per_vehicle_hour() -> None:
    assert gain_per_vehicle_hour(1200, 8) == 150
    assert math.isnan(gain_per_vehicle_hour(1200, 0))


# -- cost of service --------------------------------------------------------------------------


def test_service_cost_by_hand() -> None:
    table = service_cost(toy_feeds(), DAY)
    check(table, SERVICE_COST, "cost")
    row = table.set_index("route_id")
    # R1: ten trips of 1260 s; 0.2 degree of longitude at 51° × 1.15
    assert row.loc["be:R1", "departures"] == 10
    assert row.loc["be:R1", "vehicle_hours"] == pytest.approx(10 * 1260 / 3600)
    km = 0.2 * math.cos(math.radians(51)) * 111.195 * 1.15
    assert row.loc["be:R1", "vehicle_km"] == pytest.approx(10 * km)
    # each half-hour one leaves and is back 1260 + 300 s later: one vehicle does
    assert row.loc["be:R1", "peak_vehicles"] == 1
    # 7: 6:00–10:00 every 20 min = 12 runs of 900 s; 900 + 300 = 1200 s, so one vehicle
    assert row.loc["nl:7", ["departures", "vehicle_hours", "peak_vehicles"]].tolist() == [12, 3, 1]
    assert (
        service_cost(toy_feeds(), DAY, turn_s=301)
        .set_index("route_id")
        .loc["nl:7", "peak_vehicles"]
        == 2
    )


def test_cost_difference_counts_new_and_gone_lines() -> None:
    before = service_cost(toy_feeds(), DAY)
    after = before[before["route_id"] != "be:X"].copy()
    after.loc[after["route_id"] == "nl:7", "vehicle_hours"] += 2
    found = cost_difference(before, after).set_index("route_id")
    assert list(found.index) == ["be:X", "nl:7"]
    assert found.loc["be:X", ["departures", "vehicle_hours"]].tolist() == [-2, -0.5]
    assert found.loc["nl:7", "vehicle_hours"] == 2
    assert total_cost(before)["vehicle_hours"] == pytest.approx(
        10 * 0.35 + 9 * 480 / 3600 + 3 + 0.5
    )


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 30)), min_size=1, max_size=20))
def test_most_at_once_is_what_counting_each_second_gives(rows) -> None:
    start = np.array([r[0] for r in rows])
    end = start + [r[1] for r in rows]
    plain = max(((start <= t) & (t < end)).sum() for t in range(90))
    assert most_at_once(start, end) == plain


def test_links_that_share_zones_equal_groups_one_by_one() -> None:
    """Both directions of two links that share z1, each as `by_group` has it alone."""
    pairs = compare(times("now", BASE), times("new", OTHER))
    people = {"z0": 10.0, "z1": 1.0, "z2": 3.0}
    links = [
        (["z0"], "a", ["z1", "z2"], "b"),
        (["z1", "z2"], "b", ["z0"], "a"),
        (["z1"], "c", ["z2", "z1"], "d"),  # z1 belongs to d, so nothing leaves c
        (["z1"], "c", ["z0"], "a"),
    ]
    told = by_link(pairs, links, people)
    assert told["link"].tolist() == [0, 1, 3]
    for number, rows in told.groupby("link"):
        zones_a, a, zones_b, b = links[number]
        group = dict.fromkeys(zones_a, a) | dict.fromkeys(zones_b, b)
        alone = by_group(pairs, group, people)
        alone = alone[(alone["group_o"] == a) & (alone["group_d"] == b)].reset_index(drop=True)
        pd.testing.assert_frame_equal(rows.drop(columns="link").reset_index(drop=True), alone)
    assert by_link(pairs, [], people).empty
