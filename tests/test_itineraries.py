"""Single journeys: laid out right, and never other than the matrix says."""

from __future__ import annotations

import numpy as np
import pytest
import worlds
from test_travel_times import EIGHT, journey, run

from mobility.errors import RunError
from mobility.tables import TRANSIT_MODES


@pytest.fixture
def world():
    """Return a town, a border and a city; see the drawing."""
    return worlds.drawn_world(
        """
        nl 8: A -10- M -2- B     08:05 every 30 until 10:05
        be IC: C -20- D          08:27 every 60 until 11:27
        """,
        doors={"home": {"A": 120}, "work": {"D": 180}},
        walks={("B", "C"): 240},
        street_s={("home", "work"): 9000},
    )


def test_a_journey_leg_by_leg(world) -> None:
    found = journey(world, "pt", 0, 1, EIGHT)
    assert [
        (x.mode, x.start.name, x.end.name, x.departure_s - EIGHT, x.arrival_s - EIGHT)
        for x in found.legs
    ] == [
        ("walk", "home", "A", 0, 120),
        ("bus", "A", "B", 300, 1020),
        ("walk", "B", "C", 1020, 1260),
        ("bus", "C", "D", 1620, 2820),
        ("walk", "D", "work", 2820, 3000),
    ]
    assert (found.departure_s, found.arrival_s, found.rides) == (EIGHT, EIGHT + 3000, 2)
    assert found.legs[1].via == ("M",)
    assert [(x.feed, x.operator, x.line, x.trip_id) for x in found.legs[1::2]] == [
        ("nl", "nl lines", "8", "8@485"),
        ("be", "be lines", "IC", "IC@507"),
    ]


def test_arriving_by_leaves_as_late_as_can_be(world) -> None:
    found = journey(world, "pt", 0, 1, EIGHT + 3600, arrive_by=True)
    # The 8:27 train is the last to arrive by 9:00; its bus leaves A at 8:05, home at 8:03.
    assert found.departure_s == EIGHT + 180
    assert found.arrival_s == EIGHT + 3000
    assert [leg.departure_s - EIGHT for leg in found.legs] == [180, 300, 1020, 1620, 2820]


def test_the_direct_way_and_no_way(world) -> None:
    late = journey(world, "pt", 1, 0, EIGHT)
    assert [(leg.mode, leg.departure_s, leg.arrival_s) for leg in late.legs] == [
        ("walk", EIGHT, EIGHT + 9000)
    ]
    assert late.rides == 0
    none = journey(world, "car+pt", 1, 0, EIGHT)
    assert not none.reached
    assert none.legs == ()
    on_foot = journey(world, "walk", 1, 0, EIGHT)
    assert on_foot.travel_time_s == 9000


def test_unknown_rows_are_refused(world) -> None:
    with pytest.raises(RunError, match="destinations: found rows 9 to 9"):
        journey(world, "pt", 0, 9, EIGHT)


@pytest.mark.parametrize("mode", TRANSIT_MODES)
def test_journeys_agree_with_the_matrix_at_every_departure(mode: str) -> None:
    for seed in range(25):
        world = worlds.random_world(seed)
        start = worlds.start_of(world)
        for arrive_by in (False, True):
            base = start + 5400 * arrive_by
            for at in range(base, base + 1500, 300):
                times = run(
                    world, mode, start_s=at, end_s=at + 1, percentiles=(50,), arrive_by=arrive_by
                )
                for o, z in np.ndindex(times.share_reached.shape):
                    found = journey(world, mode, o, z, at, arrive_by=arrive_by)
                    _agrees(found, times, o, z, at, arrive_by)


def _agrees(found, times, o: int, z: int, at: int, arrive_by: bool) -> None:
    expected = times.at(50)[o, z]
    if np.isnan(expected):
        assert not found.reached
        return
    took = at - found.departure_s if arrive_by else found.arrival_s - at
    assert took == expected
    assert max(found.rides - 1, 0) == times.transfers_p50[o, z]
    for before, after in zip(found.legs, found.legs[1:], strict=False):
        assert before.arrival_s <= after.departure_s
        assert before.end == after.start
    rides = [leg for leg in found.legs if leg.feed]
    ridden = sum(leg.arrival_s - leg.departure_s for leg in rides)
    if rides:
        assert ridden == times.parts["ride_s"][o, z]
        first, last = found.legs[0], found.legs[-1]
        assert first.arrival_s - first.departure_s == times.parts["access_s"][o, z]
        assert last.arrival_s - last.departure_s == times.parts["egress_s"][o, z]
        names = times.operator_names[times.operators[o, z]]
        assert names == "+".join(dict.fromkeys(leg.feed for leg in rides))


def test_the_median_journeys_parts_are_those_of_the_single_journey() -> None:
    for seed in range(40):
        world = worlds.random_world(seed)
        start = worlds.start_of(world)
        times = run(world, start_s=start, end_s=start + 1800, percentiles=(50,))
        for o, z in np.argwhere(times.operators >= 0):
            took = [journey(world, "pt", o, z, at) for at in range(start, start + 1800, 60)]
            median = next(
                x
                for k, x in enumerate(took)
                if x.reached and x.arrival_s - start - 60 * k == times.at(50)[o, z]
            )
            walks = [leg for leg in median.legs if not leg.feed]
            parts = {name: float(values[o, z]) for name, values in times.parts.items()}
            assert parts["access_s"] == walks[0].arrival_s - walks[0].departure_s
            assert parts["egress_s"] == walks[-1].arrival_s - walks[-1].departure_s
            assert parts["transfer_s"] == sum(
                leg.arrival_s - leg.departure_s for leg in walks[1:-1]
            )
