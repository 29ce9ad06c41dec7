"""Matrices: hand-computed toys, the slow reference on random worlds, and what must always hold."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import reference
import worlds
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility import itineraries, raptor, travel_times
from mobility.errors import RunError
from mobility.raptor import model, trace
from mobility.tables import PARTS, TRANSIT_MODES
from mobility.travel_times import PLAIN, Engine

EIGHT = 8 * 3600
WORLDS_PER_TEST = 20


def run(world, mode="pt", **kwargs):
    """Travel times in a world, with its own street times."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(travel_times, "street_matrix_ms", world.street_matrix_ms)
        kwargs = {"scenario": "test", "threads": 1} | kwargs
        return travel_times.travel_times(world.network, mode, **kwargs)


def journey(world, mode, origin, destination, at_s, **kwargs):
    """One journey in a world, with its own street times."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(travel_times, "street_matrix_ms", world.street_matrix_ms)
        patch.setattr(itineraries, "street_matrix_ms", world.street_matrix_ms)
        return itineraries.journey(world.network, mode, origin, destination, at_s, **kwargs)


def same(a, b) -> None:
    """Two results are equal in every array."""
    for field in dataclasses.fields(a):
        left, right = getattr(a, field.name), getattr(b, field.name)
        if field.name == "parts":
            assert sorted(left) == sorted(right)
            for name in left:
                np.testing.assert_array_equal(left[name], right[name], err_msg=name)
        else:
            np.testing.assert_array_equal(left, right, err_msg=field.name)


@pytest.fixture
def border():
    """Two border towns: a bus to the border, a walk across, a train on.

    ::

        home ..2 min.. A --10-- B ..4 min walk.. C --20-- D ..3 min.. work
              nl bus, every 30 min           be train, hourly from 8:25
    """
    return worlds.drawn_world(
        """
        nl bus: A -10- B       08:05 every 30 until 10:05
        be train: C -20- D     08:25 every 60 until 11:25
        """,
        doors={"home": {"A": 120}, "work": {"D": 180}},
        walks={("B", "C"): 240},
    )


def test_a_journey_across_the_border_by_hand(border) -> None:
    times = run(border, start_s=EIGHT, end_s=EIGHT + 60, percentiles=(50,))
    # 8:00 door, 8:02 A, bus 8:05–8:15 B, walk 4 min, 8:19 C, train 8:25–8:45 D, 8:48 work.
    assert times.at(50)[0, 1] == 48 * 60
    parts = {name: float(values[0, 1]) for name, values in times.parts.items()}
    assert parts == {
        "access_s": 120,
        "wait_s": (3 + 6) * 60,
        "ride_s": (10 + 20) * 60,
        "transfer_s": 240,
        "egress_s": 180,
    }
    assert times.transfers_p50[0, 1] == 1
    assert times.operator_names == ("nl+be",)
    assert times.operators[0, 1] == 0
    assert times.operators[0, 0] == -1
    assert np.isnan(times.at(50)[1, 0])  # nothing goes back


def test_percentiles_count_departures_nearest_rank(border) -> None:
    times = run(border, start_s=EIGHT, end_s=EIGHT + 3600, percentiles=(1, 25, 50, 75, 100))
    # Buses to be caught: 8:05 (leave by 8:03), 8:35 (by 8:33), 9:05. The train at 8:25 takes
    # the first only, that at 9:25 the 8:35 and the 9:05. Leaving 8:00–8:03 arrives 8:48, after
    # 4 minutes; later leavers arrive at 9:48: times 48…45 and 104…49 minutes, 60 in all.
    expected = sorted([48 - d for d in range(4)] + [108 - d for d in range(4, 60)])
    ranks = [expected[int(np.ceil(p / 100 * 60)) - 1] for p in (1, 25, 50, 75, 100)]
    assert ranks == [45, 59, 74, 89, 104]
    assert (times.time_s[0, 1] / 60).tolist() == ranks


def test_unreached_departures_count_as_the_worst() -> None:
    world = worlds.drawn_world("nl bus: A -10- B   08:09", doors={"x": {"A": 0}, "y": {"B": 60}})
    times = run(world, start_s=EIGHT, end_s=EIGHT + 20 * 60, percentiles=(25, 50, 75))
    # Ten of twenty departures (8:00–8:09) arrive at 8:20: 20, 19 … 11 minutes.
    assert times.share_reached[0, 1] == pytest.approx(0.5)
    assert times.at(25)[0, 1] == 15 * 60
    assert times.at(50)[0, 1] == 20 * 60
    assert np.isnan(times.at(75)[0, 1])


def test_walking_all_the_way_bounds_public_transport() -> None:
    world = worlds.drawn_world(
        "nl bus: A -10- B   08:30",
        doors={"x": {"A": 60}, "y": {"B": 60}},
        street_s={("x", "y"): 25 * 60},
    )
    times = run(world, start_s=EIGHT, end_s=EIGHT + 30 * 60, percentiles=(5, 50))
    # The bus arrives at 8:41; before 8:16 walking 25 minutes is faster, at 8:16 as fast.
    assert times.at(5)[0, 1] == 13 * 60  # 2 of 30: leaving 8:28 is 13, 8:29 is 12
    # 13 departures (8:17–8:29) take 24 … 12 minutes, the other 17 walk: the 15th is 25.
    assert times.at(50)[0, 1] == 25 * 60
    assert times.transfers_p50[0, 1] == 0
    assert times.parts["access_s"][0, 1] == 25 * 60
    by_car = run(world, "car+pt", start_s=EIGHT, end_s=EIGHT + 60, percentiles=(50,))
    assert by_car.at(50)[0, 1] == 41 * 60  # must ride


def test_fewest_rides_among_equal_arrivals() -> None:
    world = worlds.drawn_world(
        """
        nl direct: A -30- C         08:10
        nl first: A -5- B           08:10
        be second: B -5- C          08:35
        """,
        doors={"x": {"A": 0}, "y": {"C": 0}},
    )
    times = run(world, start_s=EIGHT, end_s=EIGHT + 60, percentiles=(50,))
    assert times.at(50)[0, 1] == 40 * 60  # both arrive at 8:40
    assert times.transfers_p50[0, 1] == 0
    assert times.operator_names == ("nl",)


def test_min_transfer_holds_after_a_ride_but_not_at_the_door() -> None:
    drawing = """
        nl one: A -10- B       08:00
        nl two: B -10- C       08:11 every 20 until 09:00
    """
    doors = {"x": {"A": 0, "B": 660}, "y": {"C": 0}}
    slow = worlds.drawn_world(drawing, doors=doors, min_transfer_s=120)
    # Riding reaches B at 8:10, too late with two minutes' change; walking there at 8:11 is not.
    times = run(slow, start_s=EIGHT, end_s=EIGHT + 60, percentiles=(50,))
    assert times.at(50)[0, 1] == 21 * 60
    assert times.transfers_p50[0, 1] == 0
    far = worlds.drawn_world(drawing, doors={"x": {"A": 0}, "y": {"C": 0}}, min_transfer_s=120)
    assert run(far, start_s=EIGHT, end_s=EIGHT + 60).at(50)[0, 1] == 41 * 60


@pytest.mark.parametrize("block", range(12))
def test_equal_to_the_reference_on_random_worlds(block: int) -> None:
    n = 12
    for seed in range(block * WORLDS_PER_TEST, (block + 1) * WORLDS_PER_TEST):
        world = worlds.random_world(seed)
        start = worlds.start_of(world)
        judge = reference.build(world.network)
        mode = TRANSIT_MODES[seed % 3]
        times = run(world, mode, start_s=start, end_s=start + n * 120, step_s=120)
        n_zones = len(times.origins)
        for o in range(n_zones):
            departures = [start + 120 * d for d in range(n)]
            rows = [
                reference.earliest(judge, mode, o, at, world.direct_s(mode, o)) for at in departures
            ]
            for z in range(n_zones):
                took = [
                    np.inf if row[z] is None else row[z][0] - at
                    for row, at in zip(rows, departures, strict=True)
                ]
                where = f"world {seed}, {mode}, {o} to {z}"
                found = np.nan_to_num(times.time_s[o, z], nan=np.inf).tolist()
                expected = [reference.nearest_rank(took, p) for p in times.percentiles]
                assert found == expected, where
                assert times.share_reached[o, z] == np.float32(np.isfinite(took).mean()), where
                middle = reference.nearest_rank(took, 50)
                if np.isfinite(middle):
                    rides = rows[took.index(middle)][z][1]
                    assert times.transfers_p50[o, z] == max(rides - 1, 0), where
                    assert sum(times.parts[name][o, z] for name in PARTS) == middle, where


@pytest.mark.parametrize("arrive_by", [False, True])
@pytest.mark.parametrize("mode", TRANSIT_MODES)
def test_every_way_to_search_gives_the_same(mode: str, arrive_by: bool) -> None:
    for seed in range(40):
        world = worlds.random_world(seed)
        start = worlds.start_of(world) + (7200 if arrive_by else 0)
        window = {"start_s": start, "end_s": start + 3600, "step_s": 60, "arrive_by": arrive_by}
        plain = run(world, mode, engine=PLAIN, **window)
        for few_lanes, reduce in ((True, False), (False, True), (True, True)):
            same(plain, run(world, mode, engine=Engine(few_lanes, reduce), **window))


def many_zones(seed: int):
    """Return a world whose zones fill several blocks of origins."""
    world = worlds.random_world(seed)
    rows = np.random.default_rng(seed).integers(0, len(world.network.supply.zones.ids), 40)
    return world, rows


def test_threads_and_blocks_do_not_matter() -> None:
    world, rows = many_zones(3)
    start = worlds.start_of(world)
    window = {"start_s": start, "end_s": start + 1800, "origins": rows, "destinations": rows[:7]}
    done: list[tuple[int, int]] = []
    one = run(world, threads=1, on_progress=lambda k, n: done.append((k, n)), **window)
    same(one, run(world, threads=2, **window))
    assert done[-1] == (40, 40)
    few = run(world, threads=1, **{**window, "origins": rows[5:8]})
    np.testing.assert_array_equal(one.time_s[5:8], few.time_s)


def test_a_forgetful_memory_explains_journeys_alike(monkeypatch) -> None:
    """With room for a single leg nearly every one is looked for anew."""
    world, rows = many_zones(5)
    start = worlds.start_of(world)
    window = {"start_s": start, "end_s": start + 1800, "origins": rows}
    remembering = run(world, **window)
    assert np.nanmax(remembering.transfers_p50) >= 1
    make_scratch = raptor.make_scratch

    def forgetful(query):
        memory = trace.Memory(np.full(1, -1, np.int64), np.zeros((1, trace.LEG_COLUMNS), np.int32))
        return make_scratch(query)._replace(memory=memory)

    monkeypatch.setattr(raptor, "make_scratch", forgetful)
    same(remembering, run(world, **window))


def test_the_next_exit_is_the_next_position_one_may_leave_at() -> None:
    # Two patterns of four and three positions; doors at 1 and 3 of the first, 0 of the second.
    offset = np.array([0, 4, 7], np.int32)
    leave = np.array([False, True, False, True, True, False, False])
    found = model.next_exits(offset, leave)
    assert found.tolist() == [1, 3, 3, model.NOWHERE, *[model.NOWHERE] * 3]
    assert model.next_exits(np.zeros(1, np.int32), leave[:0]).tolist() == []


def test_memory_kept_from_other_searches_does_not_matter() -> None:
    """One memory serves a layout and a number of departures, whatever was searched before."""
    world, rows = many_zones(6)
    start = worlds.start_of(world)
    whole = {"start_s": start, "end_s": start + 1800, "origins": rows}
    first = run(world, **whole)
    run(world, **{**whole, "start_s": start + 600, "end_s": start + 2400})  # the same memory
    again = run(world, threads=2, **whole)
    same(first, again)
    run(world, start_s=start, end_s=start + 600)  # a shorter one takes its place
    same(first, run(world, **whole))


def test_an_interrupt_stops_the_search() -> None:
    world, rows = many_zones(4)
    start = worlds.start_of(world)

    def interrupt(_done: int, _n: int) -> None:
        raise KeyboardInterrupt

    for threads in (1, 2):
        with pytest.raises(KeyboardInterrupt):
            run(
                world,
                start_s=start,
                end_s=start + 600,
                origins=rows,
                threads=threads,
                on_progress=interrupt,
            )


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10**6), extra=st.integers(0, 10**6), depart=st.integers(0, 40))
def test_a_service_added_never_lengthens_a_journey(seed: int, extra: int, depart: int) -> None:
    world = worlds.random_world(seed)
    timetable = world.network.timetable
    start = worlds.start_of(world) + 60 * depart
    rng = np.random.default_rng(extra)
    trips = worlds.trips_of(timetable)
    feeds = list(timetable.stops["feed"])
    more = worlds.random_trips(rng, feeds, start)
    richer = worlds.World(
        dataclasses.replace(
            world.network,
            timetable=worlds.make_timetable(list(timetable.stops["name"]), feeds, trips + more),
        ),
        world.street_ms,
    )
    for mode in TRANSIT_MODES:
        before = run(world, mode, start_s=start, end_s=start + 1).at(50)
        after = run(richer, mode, start_s=start, end_s=start + 1).at(50)
        assert (np.nan_to_num(after, nan=np.inf) <= np.nan_to_num(before, nan=np.inf)).all()


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 90), step=st.sampled_from([1, 30, 60, 600]))
def test_what_always_holds(seed: int, n: int, step: int) -> None:
    world = worlds.random_world(seed)
    start = worlds.start_of(world)
    for mode in TRANSIT_MODES:
        times = run(world, mode, start_s=start, end_s=start + n * step, step_s=step)
        filled = np.nan_to_num(times.time_s, nan=np.inf)
        assert (filled[:, :, 1:] >= filled[:, :, :-1]).all()
        total = sum(times.parts[name] for name in PARTS)
        np.testing.assert_array_equal(total, times.at(50))
        assert all((values[np.isfinite(values)] >= 0).all() for values in times.parts.values())
        direct = np.stack([world.direct_s(mode, o) for o in range(len(times.origins))])
        assert (filled[direct >= 0] <= direct[direct >= 0][:, None]).all()
        assert ((times.share_reached == 1) | (filled[:, :, -1] >= filled[:, :, 0])).all()


@pytest.mark.parametrize("mode", TRANSIT_MODES)
def test_arriving_by_is_leaving_at_backwards(mode: str) -> None:
    """The latest departure that arrives in time: leaving then does, a second later does not."""
    for seed in range(30):
        world = worlds.random_world(seed)
        by = worlds.start_of(world) + 5400
        times = run(world, mode, start_s=by, end_s=by + 1, percentiles=(50,), arrive_by=True)
        for o, z in np.argwhere(np.isfinite(times.at(50))):
            leave = by - int(times.at(50)[o, z])
            window = {"origins": [o], "destinations": [z], "percentiles": (50,)}
            for at in (leave, leave + 1):
                took = run(world, mode, start_s=at, end_s=at + 1, **window).at(50)[0, 0]
                assert (at + np.nan_to_num(took, nan=np.inf) <= by) == (at == leave), (seed, o, z)


def test_street_modes_repeat_their_one_time() -> None:
    world = worlds.drawn_world(
        "nl bus: A -10- B   08:30",
        doors={"x": {"A": 60}, "y": {"B": 60}, "z": {"B": 90}},
        street_s={("x", "y"): 1500},
    )
    times = run(world, "walk", start_s=EIGHT, end_s=EIGHT + 60)
    assert times.time_s[0, 1].tolist() == [1500] * 5
    assert times.parts["ride_s"][0, 1] == 1500
    assert np.isnan(times.time_s[0, 2]).all()
    assert times.share_reached.tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 1]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mode": "tram"}, "mode: found tram; expected one of walk"),
        ({"end_s": EIGHT}, "a start before its end"),
        ({"step_s": 0}, "a step above 0"),
        ({"percentiles": (50, 25)}, "ascending numbers from 1 to 100"),
        ({"origins": [7]}, "origins: found rows 7 to 7; expected rows of 2 zones"),
        ({"end_s": EIGHT + 40_000, "step_s": 1}, "Take a longer step"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(border, change, message) -> None:
    query = {"mode": "pt", "start_s": EIGHT, "end_s": EIGHT + 60} | change
    with pytest.raises(RunError, match=message):
        run(border, **query)


def test_too_many_rides_are_refused() -> None:
    world = worlds.drawn_world("nl bus: A -10- B   08:30", doors={"x": {"A": 60}}, max_rides=16)
    with pytest.raises(RunError, match="max_rides: found 16; expected 1 to 15"):
        run(world, start_s=EIGHT, end_s=EIGHT + 60)
