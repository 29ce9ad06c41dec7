"""Places of the indicators and border measures that a slip of one sign would have passed."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from indicator_world import make_times, make_zones, values

from mobility.border import card, scorecard, suggest_pairs
from mobility.border.matching import origins
from mobility.border.penetration import penetration
from mobility.indicators import decay, european, modes, municipality_times, service, suite
from mobility.scenario.model import Pair

ZONES, TIMES = make_zones(), make_times()
METRE = 1 / 111_195


@pytest.mark.parametrize(("percentiles", "middle"), [((25, 75), 75), ((25, 50, 75, 90), 50)])
def test_what_is_unreachable_is_so_at_the_median_or_the_middle_percentile(percentiles, middle):
    # A is reached from C at some departures only: at the percentiles up to the middle one.
    time_s = np.full((4, 4, len(percentiles)), 600.0, np.float32)
    time_s[2, 3, [p >= middle for p in percentiles]] = np.nan
    times = dataclasses.replace(make_times(percentiles=percentiles), time_s=time_s)
    table = municipality_times(times, ZONES).set_index(["municipality_o", "municipality_d"])
    assert table.loc[("c", "d"), "share_unreachable"] == 1
    time_s[2, 3] = np.where([p > middle for p in percentiles], np.nan, np.float32(600))
    times = dataclasses.replace(times, time_s=time_s)
    table = municipality_times(times, ZONES).set_index(["municipality_o", "municipality_d"])
    assert table.loc[("c", "d"), "share_unreachable"] == 0


def test_half_a_kilometre_to_the_bus_is_near_and_a_metre_more_is_not():
    for metres, near in ((499.5, True), (500.5, False)):
        stop = pd.DataFrame({
            "lon": [5.0], "lat": [ZONES.lat[0] + metres * METRE], "route_type": [3], "per_hour": [4.0],
        })  # fmt: skip
        table = service.stop_access(ZONES, stop)
        assert bool(table["near"][0]) is near
        assert table["per_hour_other"][0] == (4 if near else 0)
    unrated = service.stop_access(ZONES, stop.drop(columns="per_hour"))
    assert unrated["per_hour_other"].isna().all()


def test_a_country_where_nobody_lives_has_no_share_near_a_stop():
    zones = make_zones(people=(100, 200, 0, 0))
    stop = pd.DataFrame({"lon": [5.0], "lat": [51.0], "route_type": [3], "per_hour": [4.0]})
    shares = service.stop_access_shares(service.stop_access(zones, stop), zones).set_index(
        "country"
    )
    assert shares.loc["BE"].drop("people").isna().all()
    assert shares.loc["NL", "share_near"] == pytest.approx(1 / 3)


def test_a_place_of_which_there_is_one_in_all_is_still_looked_for():
    zones = make_zones(university=[0.0, 0.0, 0.0, 1.0])
    table = suite.all_indicators({"pt": make_times(zones=zones)}, zones)
    soonest = table[table["opportunity"] == "university"]
    # From C it is 10 minutes, from B 40, and A can't get there.
    found = values(soonest, "time_to_10%")
    assert found[1:].tolist() == [2400, 600, 0]
    assert not np.isfinite(found[0])


def test_a_circle_is_cut_on_each_side_of_the_box():
    lon, lat = np.array([5.0, 5.0, 5.0, 5.2, 5.4]), np.array([51.0, 51.2, 51.4, 51.2, 51.2])
    box = make_zones("NL " * 5, people=(1,) * 5, towns="a b c d e")
    box = dataclasses.replace(box, lon=lon, lat=lat)
    # Its middle (5.2, 51.2) lies 0.2° from all sides: 22 km to north and south, 14 km to the others.
    assert european._circle_cut(box, box, 13_000).tolist() == [1, 1, 1, 0, 1]
    assert european._circle_cut(box, box, 15_000).tolist() == [1] * 5
    # Without west and east in its way north and south decide.
    wide = dataclasses.replace(box, lon=(lon - 5.2) * 10 + 5.2)
    assert european._circle_cut(wide, wide, 22_000)[3] == 0
    assert european._circle_cut(wide, wide, 22_500)[3] == 1


def test_places_of_one_pair_are_numbered_too():
    pairs = pd.DataFrame({"country_o": list("NNB"), "municipality_o": list("xxy")})
    assert origins(pairs).tolist() == [0, 0, 1]
    assert origins(pairs.iloc[[1, 2, 0]]).tolist() == [0, 1, 0]


def test_city_links_are_neither_next_door_nor_far_away():
    # B 3 km, C 39 km and D 390 km south of A, each across the border from it, all of one size.
    zones = make_zones("NL BE BE BE", people=(100, 100, 100, 100), towns="a b c d")
    zones = dataclasses.replace(
        zones, lon=np.full(4, 5.0), lat=np.array([51.0, 50.97, 50.65, 47.5])
    )
    links = {(p.origin, p.destination) for p in suggest_pairs(zones) if p.kind == "city"}
    assert {frozenset(link) for link in links} == {frozenset("ac")}


def test_access_by_all_modes_counts_the_median_departure():
    slow = make_times(percentiles=(25, 50, 75), spread=0.5)
    table = modes.logsum_access({"pt": slow}, ZONES)
    again = modes.logsum_access({"pt": slow}, ZONES, percentile=50)
    pd.testing.assert_frame_equal(table, again)
    # One mode only: the composite is its own time, 10 min to B and 20 to C.
    beta = modes.BETA_PER_MIN
    weigh = decay.exponential(beta)(np.array([0.0, 600.0, 1200.0]))
    jobs = values(table[table["opportunity"] == "jobs"], "gravity_logsum")[0]
    assert jobs == pytest.approx(weigh @ [10, 20, 40])


def test_a_city_link_by_car_is_judged_by_its_speed():
    pairs = [Pair(origin="zone A", destination="c", kind="city")]  # 11.1 km apart
    for minutes, signal in ((10, "good"), (12, "fair"), (20, "poor")):
        car = make_times([[0, 5, minutes, 20]] * 4, mode="car")
        row = scorecard({"car": car}, ZONES, pairs).iloc[0]
        assert row["signal"] == signal, row["speed_kph"]


def test_the_card_counts_signals_that_a_mode_has_none_of():
    pairs = [Pair(origin="zone A", destination="c", kind="border")]
    slow = make_times(
        [[0, 5, 100, 20], [5, 0, 20, 20], [100, 20, 0, 5], [20, 20, 5, 0]], mode="bike"
    )
    (half,) = card(scorecard({"pt": TIMES, "bike": slow}, ZONES, pairs), "en")
    counts = half.counts.set_index("mode")[["good", "fair", "poor", "none"]]
    assert counts.loc["pt"].tolist() == [2, 0, 0, 0]
    assert counts.loc["bike"].tolist() == [0, 0, 2, 0]


def test_a_zone_partly_outside_the_streets_still_penetrates():
    outside = np.zeros((4, 4), bool)
    outside[0, 3] = True
    outside[1] = True
    table = penetration(
        make_times(outside=outside), ZONES, settings=[european.Setting("near", 1200, 12_000)]
    )
    assert table["reached_own"].notna().tolist() == [True, False, True, True]
