"""Places in the kernels and formulas that a slip of one sign or number would have passed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import worlds
from indicator_world import make_times, make_zones
from test_travel_times import EIGHT, run

from mobility.indicators import decay, practice, uncertainty
from mobility.indicators import equity as eq
from mobility.raptor.model import TILE


def test_the_parts_of_a_journey_by_late_trips() -> None:
    # Events stand in tiles of so many trips; both rides here are in the second of their line.
    world = worlds.drawn_world(
        """
        nl 8: A -10- M -2- B     08:05 every 30 until 18:05
        be IC: C -20- D          08:27 every 20 until 20:07
        """,
        doors={"home": {"A": 120}, "work": {"D": 180}},
        walks={("B", "C"): 240},
        street_s={("home", "work"): 36_000},
    )
    start = EIGHT + 8 * 3600
    assert min(8 * 3600 // 1800, 8 * 3600 // 1200) >= TILE
    times = run(world, start_s=start, end_s=start + 60)
    # 16:00 walk 2, wait 3, bus 16:05–16:17, walk 4, wait 6, train 16:27–16:47, walk 3.
    found = {name: float(values[0, 1]) for name, values in times.parts.items()}
    assert found == {
        "access_s": 120, "wait_s": 180 + 360, "ride_s": 720 + 1200, "transfer_s": 240,
        "egress_s": 180,
    }  # fmt: skip
    assert times.at(50)[0, 1] == sum(found.values()) == 3000


def test_a_gaussian_falls_with_the_square() -> None:
    # At twice σ: exp(−4/2); at σ any power would do.
    assert decay.gaussian(20)(np.array([2400.0])) == pytest.approx(np.exp(-2))


def test_nobody_with_access_has_no_concentration() -> None:
    with np.errstate(all="raise"):
        assert np.isnan(eq.concentration([0, 0], [1, 1], [10, 20]))
        assert np.isnan(eq.concentration([], [], []))


def test_the_median_of_the_potential_is_that_of_people() -> None:
    zones = make_zones(people=(100, 800, 100, 100))  # half of 1,100 is passed in the second
    people = zones.opportunities["population"].to_numpy()
    value = np.arange(1.0, len(people) + 1)
    table = pd.DataFrame({
        "scenario": "x", "mode": "pt", "indicator": "vf", "zone": zones.ids, "value": value,
    })  # fmt: skip
    (row,) = practice.modal_potential_total(table, zones).itertuples()
    assert row.median == 2
    assert row.mean == pytest.approx(value @ people / people.sum())
    assert row.zones_without == 0


def test_without_a_median_there_are_no_variants() -> None:
    times = make_times(percentiles=(25, 75), spread=0.5)
    found = uncertainty.variants(times)
    assert [name for name, _ in found] == ["median"]


def test_a_table_keeps_the_order_of_its_modes() -> None:
    zones = make_zones()
    table = pd.concat([
        pd.DataFrame({"scenario": "x", "mode": mode, "indicator": "vf", "zone": zones.ids,
                      "value": 1.0})
        for mode in ("walk", "bike", "pt")
    ])  # fmt: skip
    assert practice.modal_potential_total(table, zones)["mode"].tolist() == ["walk", "bike", "pt"]


def test_a_poverty_line_may_lie_below_one() -> None:
    zones = make_zones()
    table = pd.DataFrame({
        "scenario": "x", "mode": "pt", "indicator": "competitive", "opportunity": "jobs",
        "cutoff_s": 1800.0, "percentile": 50, "zone": zones.ids, "value": [0.2, 0.4, 0.6, 0.9],
    })  # fmt: skip
    (row,) = eq.equity_table(table, zones, lines={"competitive": 0.5}).itertuples()
    # A's 100 people lack three fifths of the norm, B's 200 one fifth.
    assert row.fgt0 == pytest.approx(300 / 1500)
    assert row.fgt1 == pytest.approx((100 * 0.6 + 200 * 0.2) / 1500)
    assert row.line == 0.5
