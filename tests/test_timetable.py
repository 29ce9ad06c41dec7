"""Timetables: patterns, overtaking, days beside, headways, clock changes."""

from __future__ import annotations

import datetime as dt
from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from toy_gtfs import TOY, TUESDAY, files, read, toy, write_zip

from mobility.errors import FeedError
from mobility.feeds import Feeds
from mobility.feeds.clock import written
from mobility.timetable import Timetable, build_timetable
from mobility.timetable.phases import phase_shares

ZONE = "Europe/Brussels"


def build(
    feeds: Feeds, day: dt.date = TUESDAY, *, zone: str = ZONE, seed: int = 1, draw: int = 0
) -> Timetable:
    return build_timetable(feeds, day, timezone=zone, seed=seed, draw=draw)


def rows_of(table: Timetable) -> list[tuple]:
    """Every run as (id, shift, stops, arrivals, departures), pattern by pattern."""
    found = []
    for p in range(len(table.pattern_route)):
        stops = table.pattern_stops[table.pattern_stop_offset[p] : table.pattern_stop_offset[p + 1]]
        first, last = table.pattern_trip_offset[p], table.pattern_trip_offset[p + 1]
        for t in range(first, last):
            start = table.pattern_event_offset[p] + (t - first) * len(stops)
            events = slice(start, start + len(stops))
            found.append(
                (
                    table.trip_ids[t],
                    int(table.trip_day_shift[t]),
                    tuple(stops.tolist()),
                    tuple(table.arrival_s[events].tolist()),
                    tuple(table.departure_s[events].tolist()),
                )
            )
    return found


def assert_sound(table: Timetable) -> None:
    """Offsets fit, no run overtakes its successor, times rise, arrays are read-only."""
    n = len(table.pattern_route)
    for offset in (
        table.pattern_stop_offset,
        table.pattern_trip_offset,
        table.pattern_event_offset,
    ):
        assert len(offset) == n + 1
        assert offset[0] == 0
        assert (np.diff(offset) > 0).all()
    n_stops, n_trips = np.diff(table.pattern_stop_offset), np.diff(table.pattern_trip_offset)
    assert (n_stops >= 2).all()
    assert np.array_equal(np.diff(table.pattern_event_offset), n_stops.astype(np.int64) * n_trips)
    assert (
        table.pattern_stop_offset[-1]
        == len(table.pattern_stops)
        == len(table.pickup)
        == len(table.drop_off)
    )
    assert (
        table.pattern_trip_offset[-1]
        == len(table.trip_ids)
        == len(table.trip_route)
        == len(table.trip_day_shift)
    )
    assert table.pattern_event_offset[-1] == len(table.arrival_s) == len(table.departure_s)
    for p in range(n):
        events = slice(table.pattern_event_offset[p], table.pattern_event_offset[p + 1])
        shape = (n_trips[p], n_stops[p])
        arrival, departure = (
            a[events].reshape(shape) for a in (table.arrival_s, table.departure_s)
        )
        assert (np.diff(arrival, axis=0) >= 0).all()
        assert (np.diff(departure, axis=0) >= 0).all()
        assert (arrival <= departure).all()
        assert (departure[:, :-1] <= arrival[:, 1:]).all()
    for field in fields(table):
        value = getattr(table, field.name)
        if isinstance(value, np.ndarray):
            assert not value.flags.writeable, field.name


def times(*trips: tuple[str, list[tuple[str, str]]]) -> str:
    """stop_times.txt of trips given as (id, [(stop, time), …])."""
    rows = ["trip_id,arrival_time,departure_time,stop_id,stop_sequence"]
    for name, calls in trips:
        rows += [f"{name},{t},{t},{stop},{i}" for i, (stop, t) in enumerate(calls)]
    return "\n".join(rows) + "\n"


def trips_of(*names: str, service: str = "wk") -> str:
    return "route_id,service_id,trip_id\n" + "".join(f"r,{service},{name}\n" for name in names)


def test_toy(tmp_path: Path) -> None:
    table = build(read(toy(tmp_path)))
    assert_sound(table)
    today = [row for row in rows_of(table) if row[1] == 0]
    assert today == [
        ("x:t1", 0, (0, 1, 2), (28800, 29400, 30600), (28800, 29460, 30600)),
        ("x:t2", 0, (0, 1, 2), (32400, 33000, 34200), (32400, 33060, 34200)),
    ]
    assert table.pickup.tolist() == [True, True, False]
    assert table.drop_off.tolist() == [False, True, True]
    assert table.stops["stop_id"].tolist() == ["x:a", "x:b", "x:c"]
    assert table.counts == {}


def test_overtaking_makes_two_patterns_and_no_more(tmp_path: Path) -> None:
    #        a     c
    # slow1  8:00  9:00   fast1 passes it, fast2 passes slow2: 2 patterns of 2.
    # fast1  8:10  8:40
    # slow2  8:20  9:20
    # fast2  8:30  9:00
    feeds = read(
        toy(
            tmp_path,
            trips=trips_of("slow1", "fast1", "slow2", "fast2"),
            stop_times=times(
                ("slow1", [("a", "08:00:00"), ("c", "09:00:00")]),
                ("fast1", [("a", "08:10:00"), ("c", "08:40:00")]),
                ("slow2", [("a", "08:20:00"), ("c", "09:20:00")]),
                ("fast2", [("a", "08:30:00"), ("c", "09:00:00")]),
            ),
        )
    )
    table = build(feeds)
    assert_sound(table)
    assert [row[0] for row in rows_of(table)] == ["x:slow1", "x:slow2", "x:fast1", "x:fast2"]
    assert len(table.pattern_route) == 2


def test_trips_that_set_off_together_need_no_second_pattern(tmp_path: Path) -> None:
    feeds = read(
        toy(
            tmp_path,
            trips=trips_of("slow", "fast"),
            stop_times=times(
                ("slow", [("a", "08:00:00"), ("c", "09:00:00")]),
                ("fast", [("a", "08:00:00"), ("c", "08:40:00")]),
            ),
        )
    )
    table = build(feeds)
    assert [row[0] for row in rows_of(table)] == ["x:fast", "x:slow"]
    assert len(table.pattern_route) == 1


def test_leaving_first_is_overtaking_too(tmp_path: Path) -> None:
    # The second train reaches Beek a minute after the first and leaves five before it.
    rows = (
        "t1,08:00:00,08:00:00,a,1\nt1,08:10:00,08:20:00,b,2\nt1,08:30:00,08:30:00,c,3\n"
        "t2,08:01:00,08:01:00,a,1\nt2,08:11:00,08:15:00,b,2\nt2,08:30:00,08:30:00,c,3\n"
    )
    head = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    table = build(read(toy(tmp_path, stop_times=head + rows)))
    assert_sound(table)
    assert len(table.pattern_route) == 2


def test_patterns_differ_by_rules_of_boarding_but_not_by_route(tmp_path: Path) -> None:
    head = "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,drop_off_type\n"
    rows = (
        "t1,08:00:00,08:00:00,a,1,0,0\nt1,08:10:00,08:10:00,b,2,0,0\nt1,08:20:00,08:20:00,c,3,0,0\n"
        # Nobody may get off at a trip's first stop anyway: the same pattern as t1.
        "t2,09:00:00,09:00:00,a,1,0,1\nt2,09:10:00,09:10:00,b,2,2,3\nt2,09:20:00,09:20:00,c,3,1,0\n"
        # No boarding at b: another pattern.
        "t3,10:00:00,10:00:00,a,1,0,0\nt3,10:10:00,10:10:00,b,2,1,0\nt3,10:20:00,10:20:00,c,3,0,0\n"
    )
    feeds = read(
        toy(
            tmp_path,
            routes=TOY["routes.txt"] + "s,X,S,,3\n",
            trips="route_id,service_id,trip_id\nr,wk,t1\ns,wk,t2\nr,wk,t3\n",
            stop_times=head + rows,
        )
    )
    table = build(feeds)
    assert_sound(table)
    assert np.diff(table.pattern_trip_offset).tolist() == [2, 1]
    assert table.trip_route.tolist() == [0, 1, 0]
    assert table.pickup.tolist() == [True, True, False, True, False, False]


def test_loops_call_twice_at_a_stop(tmp_path: Path) -> None:
    calls = [("a", "08:00:00"), ("b", "08:10:00"), ("a", "08:20:00")]
    feeds = read(toy(tmp_path, trips=trips_of("ring"), stop_times=times(("ring", calls))))
    table = build(feeds)
    assert table.pattern_stops.tolist() == [0, 1, 0]
    assert_sound(table)


def test_times_that_go_back_are_left_out_and_counted(tmp_path: Path) -> None:
    feeds = read(
        toy(
            tmp_path,
            trips=trips_of("good", "back"),
            stop_times=times(
                ("good", [("a", "08:00:00"), ("c", "08:10:00")]),
                ("back", [("a", "08:00:00"), ("c", "07:59:59")]),
            ),
        )
    )
    table = build(feeds)
    assert [row[0] for row in rows_of(table)] == ["x:good"]
    assert table.counts == {"trip's times go back": 1}


EVERY_DAY = TOY["calendar.txt"].replace("0,0,2019", "1,1,2019")


def test_days_beside_stand_shifted(tmp_path: Path) -> None:
    feeds = read(
        toy(
            tmp_path,
            calendar=EVERY_DAY,
            trips=trips_of("night", "dawn"),
            stop_times=times(
                ("night", [("a", "23:50:00"), ("c", "24:10:00")]),
                ("dawn", [("a", "05:59:59"), ("b", "06:10:00")]),
            ),
        )
    )
    found = {(row[0], row[1]): row[3] for row in rows_of(build(feeds))}
    assert found == {
        # 24:10 of yesterday is 00:10: 600 s; its start is 10 minutes before the day's.
        ("x:night", -1): (-600, 600),
        ("x:night", 0): (85800, 87000),
        ("x:dawn", 0): (21599, 22200),
        # 05:59:59 tomorrow is 29:59:59, a second before the limit; the night trip is beyond.
        ("x:dawn", 1): (21599 + 86400, 22200 + 86400),
    }


@pytest.mark.parametrize(
    ("day", "yesterday", "tomorrow"),
    [
        # Clocks go forward at 2:00 on Sunday 29 March 2020. "Noon minus 12 h" of that Sunday is
        # 23:00 of the Saturday by the winter clock, so Saturday's day is 23 hours long.
        (dt.date(2020, 3, 29), -82800, 86400),
        (dt.date(2020, 3, 28), -86400, 82800),
        # Clocks go back on Sunday 27 October 2019: Saturday's day is 25 hours long.
        (dt.date(2019, 10, 27), -90000, 86400),
        (dt.date(2019, 10, 26), -86400, 90000),
        (dt.date(2019, 10, 29), -86400, 86400),
    ],
)
def test_clock_changes(tmp_path: Path, day: dt.date, yesterday: int, tomorrow: int) -> None:
    feeds = read(
        toy(
            tmp_path,
            calendar=EVERY_DAY.replace("20191231", "20201231"),
            trips=trips_of("t"),
            stop_times=times(("t", [("a", "01:00:00"), ("c", "30:00:00")])),
        ),
        day=day,
    )
    starts = {row[1]: row[3][0] for row in rows_of(build(feeds, day))}
    assert starts == {-1: 3600 + yesterday, 0: 3600, 1: 3600 + tomorrow}


def test_feed_in_a_zone_whose_clocks_change_on_another_day(tmp_path: Path) -> None:
    # Casablanca stays at +1 in October 2019 while Brussels goes from +2 to +1: Saturday's
    # trips differ by an hour from the region's clock, Sunday's do not.
    agency = TOY["agency.txt"].replace("Europe/Brussels", "Africa/Casablanca")
    feeds = read(
        toy(
            tmp_path,
            agency=agency,
            calendar=EVERY_DAY,
            trips=trips_of("t"),
            stop_times=times(("t", [("a", "12:00:00"), ("c", "36:00:00")])),
        ),
        day=dt.date(2019, 10, 27),
    )
    table = build(feeds, dt.date(2019, 10, 27))
    starts = {row[1]: row[3][0] for row in rows_of(table)}
    # Sunday noon in Casablanca is Sunday noon in Brussels. Saturday noon there is 24 hours
    # earlier.
    assert starts[0] == 43200
    assert starts[-1] == 43200 - 86400


def test_headways_exact_and_not(tmp_path: Path) -> None:
    text = (
        "trip_id,start_time,end_time,headway_secs,exact_times\n"
        "t1,06:00:00,08:00:00,1200,0\nt1,08:00:00,10:00:00,2400,0\nt2,06:05:00,07:05:00,1800,1\n"
    )
    feeds = read(toy(tmp_path, frequencies=text))
    runs = rows_of(build(feeds))
    exact = [row for row in runs if row[0].startswith("x:t2") and row[1] == 0]
    # 6:05 and 6:35; 7:05 is the window's end and no departure.
    assert [row[0] for row in exact] == ["x:t2@06:05:00", "x:t2@06:35:00"]
    assert exact[0][3] == (21900, 22500, 23700)
    assert exact[0][4] == (21900, 22560, 23700)
    share = phase_shares(["x:t1"], seed=1, draw=0)[0]
    first = [21600 + int(share * 1200) + 1200 * k for k in range(6)]
    second = [28800 + int(share * 2400) + 2400 * k for k in range(3)]
    drawn = [row[4][0] for row in runs if row[0].startswith("x:t1") and row[1] == 0]
    assert drawn == first + second
    assert [row[0] for row in runs if row[4][0] == first[0] and row[1] == 0] == [
        f"x:t1@{written(first[0])}"
    ]


def test_headway_trips_past_midnight(tmp_path: Path) -> None:
    text = "trip_id,start_time,end_time,headway_secs,exact_times\nt1,23:00:00,25:00:00,3600,1\n"
    feeds = read(toy(tmp_path, calendar=EVERY_DAY, frequencies=text, trips=trips_of("t1")))
    starts = [(row[0], row[1], row[4][0]) for row in rows_of(build(feeds))]
    # Half an hour's run: yesterday's 23:00 is over by 23:30, its 24:00 reaches in.
    assert starts == [
        ("x:t1@00:00:00", -1, 0),
        ("x:t1@23:00:00", 0, 82800),
        ("x:t1@24:00:00", 0, 86400),
    ]


def test_phases_are_even_over_draws_and_independent_of_company() -> None:
    names = [f"feed:{k}" for k in range(200)]
    shares = np.array([phase_shares(names, seed=7, draw=k) for k in range(16)])
    assert ((shares >= 0) & (shares < 1)).all()
    # Each of 16 draws falls in its own sixteenth of the headway, for every trip.
    assert (np.sort((shares * 16).astype(int), axis=0) == np.arange(16)[:, None]).all()
    # One draw over many trips is spread evenly: no sixteenth is empty or holds a fifth.
    counts = np.bincount((shares[0] * 16).astype(int), minlength=16)
    assert counts.min() > 0
    assert counts.max() < 40
    # Trips move independently: the difference of two is not the same in all draws.
    gaps = (shares[:, 0] - shares[:, 1]) % 1
    assert len(np.unique(np.round(gaps, 6))) > 8
    # The company a trip keeps does not matter, the seed does.
    assert np.array_equal(phase_shares(names[5:9], seed=7, draw=3), shares[3, 5:9])
    assert not np.array_equal(phase_shares(names, seed=8, draw=0), shares[0])


def test_feed_order_draw_and_seed(tmp_path: Path) -> None:
    text = "trip_id,start_time,end_time,headway_secs\nt1,06:00:00,08:00:00,1200\n"
    feeds = read(toy(tmp_path, frequencies=text))
    assert rows_of(build(feeds)) == rows_of(build(feeds))
    assert rows_of(build(feeds, draw=1)) != rows_of(build(feeds))
    assert rows_of(build(feeds, seed=2)) != rows_of(build(feeds))


def test_no_trip_at_all(tmp_path: Path) -> None:
    feeds = read(toy(tmp_path))
    table = build(feeds, dt.date(2019, 10, 5))
    assert len(table.trip_ids) == 0
    assert table.pattern_trip_offset.tolist() == [0]
    assert_sound(table)
    empty = feeds.with_tables(trips=feeds.trips.iloc[:0], stop_times=feeds.stop_times.iloc[:0])
    assert_sound(build(empty))
    with pytest.raises(FeedError, match="Europe/Nowhere"):
        build(feeds, zone="Europe/Nowhere")


def test_trip_without_a_service_runs_every_day(tmp_path: Path) -> None:
    feeds = read(toy(tmp_path))
    trips = feeds.trips.assign(service=np.int32(-1))
    table = build(feeds.with_tables(trips=trips), dt.date(2019, 10, 5))
    assert [row[0] for row in rows_of(table) if row[1] == 0] == ["x:t1", "x:t2"]


# Trips over up to four stops with free run times and dwells: what the timetable holds must be
# what was put in, and no pattern may hold a trip that overtakes.
HOPS = st.lists(st.tuples(st.integers(0, 900), st.integers(0, 300)), min_size=1, max_size=3)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.integers(0, 3600), HOPS), min_size=1, max_size=14))
def test_any_trips_come_out_as_they_went_in(tmp_path: Path, drawn: list) -> None:
    rows = ["trip_id,arrival_time,departure_time,stop_id,stop_sequence"]
    expected = []
    for k, (start, hops) in enumerate(drawn):
        arrivals, departures = [28800 + start], [28800 + start]
        for run, dwell in hops:
            arrivals.append(departures[-1] + run)
            departures.append(arrivals[-1] + dwell)
        rows += [
            f"t{k},{written(a)},{written(d)},{stop},{i}"
            for i, (stop, a, d) in enumerate(zip("abca", arrivals, departures, strict=False))
        ]
        stops = (0, 1, 2, 0)[: len(arrivals)]
        expected.append((f"x:t{k}", 0, stops, tuple(arrivals), tuple(departures)))
    names = [f"t{k}" for k in range(len(drawn))]
    feeds = read(
        write_zip(
            tmp_path / "h.zip", files(trips=trips_of(*names), stop_times="\n".join(rows) + "\n")
        )
    )
    table = build(feeds)
    assert_sound(table)
    assert sorted(row for row in rows_of(table) if row[1] == 0) == sorted(expected)
    # As few patterns as chains are needed: with two trips or fewer that is exact.
    if len(drawn) == 2 and expected[0][2] == expected[1][2]:
        a, b = (np.array(row[3] + row[4]) for row in expected)
        assert len(table.pattern_route) == (1 if (a <= b).all() or (b <= a).all() else 2)


def test_timetable_of_the_region(region_data: Path) -> None:
    from test_feeds_region import region_feeds

    feeds = region_feeds(region_data)
    table = build(feeds, zone="Europe/Amsterdam")
    assert_sound(table)
    assert np.bincount(table.trip_day_shift + 1).tolist()[1] > 50_000
    # Every trip that runs on the day is there once, headway trips as often as they fit.
    today = pd.Series(table.trip_ids[table.trip_day_shift == 0])
    assert today.is_unique
    plain = today[~today.str.startswith("delijn:")]
    runs = feeds.services.on(TUESDAY)[feeds.trips["service"].to_numpy()]
    assert set(plain) == set(feeds.trips["trip_id"][runs & (feeds.trips["feed"] != "delijn")])
