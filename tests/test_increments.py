"""Origins a change can't concern have the same row before and after, to the last number."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import worlds
from test_travel_times import EIGHT, run

from mobility import travel_times
from mobility.increments import changed_origins
from mobility.network.model import Transfers

TWO_TOWNS = """
    nl bus: A -10- B        08:05 every 15 until 11:05
    be bus: M -10- N        08:05 every 15 until 11:05
    """
DOORS = {"a": {"A": 60}, "b": {"B": 60}, "m": {"M": 60}, "n": {"N": 60}}


def mark(old, new, mode, times):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(travel_times, "street_matrix_ms", old.street_matrix_ms)
        return changed_origins(old.network, new.network, mode, times)


def rows_equal(a, b) -> np.ndarray:
    """Origins whose row is the same in every array."""
    alike = np.ones(len(a.origins), bool)
    for x, y in [
        (a.time_s, b.time_s),
        (a.share_reached, b.share_reached),
        (a.transfers_p50, b.transfers_p50),
        *((a.parts[name], b.parts[name]) for name in a.parts),
    ]:
        same = (x == y) | (np.isnan(x) & np.isnan(y))
        alike &= same.reshape(len(same), -1).all(axis=1)
    names = [np.array([*t.operator_names, ""], object)[t.operators] for t in (a, b)]
    return alike & (names[0] == names[1]).all(axis=1)


def with_trips(world, trips):
    table = world.network.timetable
    feeds = list(table.stops["feed"])
    changed = worlds.make_timetable(list(table.stops["name"]), feeds, trips)
    return worlds.World(dataclasses.replace(world.network, timetable=changed), world.street_ms)


def test_a_line_in_one_town_does_not_concern_the_other() -> None:
    old = worlds.drawn_world(TWO_TOWNS, doors=DOORS)
    trips = worlds.trips_of(old.network.timetable)
    new = with_trips(old, [t for t in trips if t.feed == "nl" or t.calls[0][1] < EIGHT + 3600])
    times = run(old, start_s=EIGHT, end_s=EIGHT + 3600, percentiles=(50, 100))
    # Buses from M stop running at 9:00: only who starts at m meets them.
    assert mark(old, new, "pt", times).tolist() == [False, False, True, False]
    assert not mark(old, old, "pt", times).any()


def test_a_detour_longer_than_any_journey_does_not_concern_a_pair() -> None:
    drawing = """
        nl bus: A -10- B            08:00 every 5 until 11:00
        nl far: A -90- C -90- B     08:00 every 60 until 11:00
        """
    doors = {"a": {"A": 60}, "b": {"B": 60}}
    old = worlds.drawn_world(drawing, doors=doors, street_s={("a", "b"): 7200})
    trips = worlds.trips_of(old.network.timetable)
    new = with_trips(old, [t for t in trips if t.line == "bus"])
    times = run(old, start_s=EIGHT, end_s=EIGHT + 3600, percentiles=(50, 95))
    # By the far line a–b takes 1 + 180 + 1 minutes at best, but its first hop alone can be
    # boarded at A, where the bound is that of the bus: 1 + 10 + 1 minutes. So a is searched.
    assert mark(old, new, "pt", times).tolist() == [True, False]
    new = dataclasses.replace(
        old,
        network=dataclasses.replace(
            old.network, transfers=Transfers(*worlds.compress(3, {(0, 0): 120, (1, 1): 120}))
        ),
    )
    # The change is at C, 90 minutes from A and from B: 182 minutes, the bus takes 17 at most.
    assert mark(old, new, "pt", times).tolist() == [False, False]


@pytest.mark.parametrize("mode", ["pt", "bike+pt", "car+pt"])
def test_unmarked_rows_stay_the_same_on_random_worlds(mode: str) -> None:
    unmarked = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        old = worlds.random_world(seed)
        trips = worlds.trips_of(old.network.timetable)
        kept = [t for t in trips if t.line != f"line {rng.integers(0, 3)}"] or trips
        if rng.random() < 0.4:
            feeds = list(old.network.timetable.stops["feed"])
            kept = trips + worlds.random_trips(rng, feeds, worlds.start_of(old))[:2]
        new = with_trips(old, kept)
        start = worlds.start_of(old)
        window = {"start_s": start, "end_s": start + 3600, "percentiles": (5, 50, 100)}
        before, after = run(old, mode, **window), run(new, mode, **window)
        marked = mark(old, new, mode, before)
        assert rows_equal(before, after)[~marked].all(), seed
        unmarked += int((~marked).sum())
    assert unmarked > 10
