"""What must hold of indicators on any matrix; and access as a peer computes it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from indicator_world import make_times, make_zones, values
from test_border_access import town_world

from mobility.border import all_border
from mobility.border.effect import commuting_effect, matched_effect, regression_effect
from mobility.border.links import commuters_served, permeability
from mobility.border.penetration import penetration
from mobility.border.ratios import cross_border_ratios, municipality_pairs
from mobility.indicators import decay
from mobility.indicators.access import cumulative, gravity
from mobility.indicators.costs import trip_costs
from mobility.indicators.european import transport_performance
from mobility.indicators.practice import vf_factors

ZONES = make_zones()
MINUTES = st.lists(st.one_of(st.none(), st.integers(1, 200)), min_size=16, max_size=16)
EFFORT = settings(max_examples=25, deadline=None)


def world(flat, **fields):
    return make_times([flat[k : k + 4] for k in range(0, 16, 4)], **fields)


def scaled(times, factor):
    return dataclasses.replace(times, time_s=(times.time_s * np.float32(factor)))


def pieces(zones, times):
    return municipality_pairs({times.mode: times}, zones)


@EFFORT
@given(MINUTES)
def test_performance_is_never_negative_and_no_less_when_all_is_quicker(flat):
    times = world(flat)
    slow, quick = (
        values(transport_performance(t, ZONES), "performance_regional")
        for t in (times, scaled(times, 0.5))
    )
    assert (slow >= 0).all()
    assert (quick >= slow).all()


@EFFORT
@given(MINUTES)
def test_half_the_time_of_the_car_is_twice_the_vf_factor(flat):
    pt = world(flat)
    car = make_times(np.arange(1, 17).reshape(4, 4).tolist(), mode="car")
    usual, fast = (vf_factors({"pt": pt, "car": c}, ZONES) for c in (car, scaled(car, 0.5)))
    np.testing.assert_allclose(values(fast, "vf"), 2 * values(usual, "vf"), rtol=1e-6)
    potential = [
        values(vf_factors({"pt": pt, "car": car}, ZONES, limit=limit), "modal_potential")
        for limit in (1.0, 1.5, 3.0)
    ]
    assert (potential[0] <= potential[1]).all()
    assert (potential[1] <= potential[2]).all()


def test_where_all_is_reached_the_border_is_no_hindrance():
    times = make_times([[1] * 4] * 4)
    found = penetration(times, ZONES)
    np.testing.assert_allclose(found.loc[found["setting"] == "regional", "penetration"], 1.0)


def test_a_longer_trip_never_costs_less():
    times = world(list(range(1, 17)))
    cheap, dear = trip_costs(times, ZONES), trip_costs(scaled(times, 1.5), ZONES)
    assert (dear.generalised_euro > cheap.generalised_euro).all()
    # Neither the fare nor the CO2 asks how long the trip takes.
    np.testing.assert_array_equal(dear.co2_g, cheap.co2_g)
    np.testing.assert_array_equal(dear.money_euro, cheap.money_euro)


@pytest.mark.parametrize("method", [regression_effect, matched_effect])
def test_the_border_effect_does_not_ask_how_quick_all_is(method):
    zones, times = town_world(1.3, n=24, noise=0.1)
    names = ["effect", "low", "high"]
    one, two = (method(pieces(zones, t))[names] for t in (times, scaled(times, 2)))
    np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-6)


def test_speed_ratios_do_not_ask_how_quick_all_is():
    zones, times = town_world(1.3, n=24)
    one, two = (cross_border_ratios(pieces(zones, t)) for t in (times, scaled(times, 2)))
    np.testing.assert_allclose(one["ratio"], two["ratio"], rtol=1e-6)
    np.testing.assert_allclose(one["median_cross"], 2 * two["median_cross"], rtol=1e-6)


def test_twice_the_commuters_are_twice_the_expected_and_as_well_served():
    zones, times = town_world(n=24)
    pairs = pieces(zones, times)
    flows = pairs[["municipality_o", "country_o", "municipality_d", "country_d"]].astype(object)
    flows["commuters"] = np.arange(1.0, len(flows) + 1) / pairs["distance_km"]
    more = flows.assign(commuters=2 * flows["commuters"])
    one, two = commuting_effect(flows, pairs), commuting_effect(more, pairs)
    np.testing.assert_allclose(one["ratio"], two["ratio"])
    np.testing.assert_allclose(2 * one["expected"], two["expected"])
    share = [commuters_served(flows, pairs, limit_s=s)["share"].to_numpy() for s in (900, 3600)]
    assert (share[0] < share[1]).all()
    assert (share[1] <= 1).all()


def test_permeability_rises_with_service_alone():
    points = pd.DataFrame({"section": "x", "lon": [5.0], "lat": [50.95], "per_day": [30]})
    once = permeability(points, ZONES)["permeability"][0]
    twice = permeability(points.assign(per_day=60), ZONES)["permeability"][0]
    assert once > 0
    assert twice == pytest.approx(2 * once)
    wide = permeability(pd.concat([points, points.assign(per_day=0)]), ZONES)["permeability"][0]
    assert wide == pytest.approx(once)


def test_every_headline_figure_lies_in_its_band():
    spread = {"percentiles": (5, 25, 50, 75, 95), "spread": 0.2}
    zones, base = town_world(1.3, n=24, noise=0.1)
    minutes = base.time_s[:, :, 0] / 60
    times = {
        mode: make_times((minutes * factor).tolist(), zones, mode=mode, **spread)
        for mode, factor in {"pt": 1.2, "car": 0.9, "bike": 1.0}.items()
    }
    table = all_border(times, zones)["figures"].set_index("key")
    assert len(table) == 10
    known = table.drop(index=["modal_potential_pt"])  # no trip comes near its limit: none at all
    assert known["value"].notna().all()
    assert (table["low"] <= table["value"]).all()
    assert (table["value"] <= table["high"]).all()
    wide = table["low"] < table["high"]
    assert wide[["reach_pt", "reach_car", "border_effect_pt", "vf_city", "co2_saved"]].all()


@pytest.mark.parametrize("kind", ["cumulative", "gravity"])
def test_access_as_the_peer_computes_it(kind):
    fca = pytest.importorskip("access", reason="access is not installed").fca
    table = np.random.default_rng(6).integers(1, 90, (4, 4))
    times = make_times(table.tolist())
    jobs = pd.DataFrame({"jobs": ZONES.opportunities["jobs"].to_numpy()}, index=range(10, 14))
    # The peer gathers what stands at "origin" for each "dest".
    cost = pd.DataFrame(
        [(10 + j, i, float(table[i, j])) for i in range(4) for j in range(4)],
        columns=["origin", "dest", "cost"],
    )
    weigh = (lambda t: np.exp(-0.05 * t)) if kind == "gravity" else None
    theirs = fca.weighted_catchment(
        jobs, cost, max_cost=45 if kind == "cumulative" else None, weight_fn=weigh,
        loc_index=True, loc_value="jobs",
    )  # fmt: skip
    if kind == "cumulative":
        ours = values(cumulative(times, ZONES, cutoffs_s=(2700,)), kind, opportunity="jobs")
    else:
        found = gravity(times, ZONES, {"exponential": decay.exponential(0.05)})
        ours = values(found, "gravity_exponential", opportunity="jobs")
    np.testing.assert_allclose(ours, theirs.reindex(range(4)).fillna(0).to_numpy(), rtol=1e-6)
