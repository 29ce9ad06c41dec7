"""What transfers.txt says about changing, laid over the walk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from toy_gtfs import read, toy

from mobility.network.model import Reach
from mobility.network.transfers import build_transfers

HEAD = (
    "from_stop_id,to_stop_id,transfer_type,min_transfer_time,from_trip_id,to_trip_id,"
    "from_route_id,to_route_id\n"
)
WALK_S, LEAST_S = 300, 120

# A station with two platforms, and two stops beside it.
STOPS = (
    "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station\n"
    "s,Aton,51.0,5.0,1,\np,Aton,51.0,5.0,0,s\nq,Aton,51.0,5.0,0,s\n"
    "b,Beek,51.0,5.1,0,\nc,Ceto,51.0,5.3,0,\n"
)
TIMES = (
    "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    "t1,08:00:00,08:00:00,p,1\nt1,08:10:00,08:10:00,b,2\n"
    "t2,08:00:00,08:00:00,q,1\nt2,08:10:00,08:10:00,c,2\n"
)


def times(tmp_path: Path, rules: str) -> tuple[dict[tuple[str, str], int], dict[str, int]]:
    """Seconds of each change where a walk of `WALK_S` joins all stops but p and q."""
    feeds = read(toy(tmp_path, stops=STOPS, stop_times=TIMES, transfers=HEAD + rules))
    ids = feeds.stops["stop_id"].to_numpy(object)
    names = [name.removeprefix("x:") for name in ids]
    apart = [
        (i, j)
        for i, a in enumerate(names)
        for j, b in enumerate(names)
        if i != j and {a, b} != {"p", "q"}
    ]
    walked = Reach(*np.array([(*pair, WALK_S) for pair in apart], np.int32).T)
    made, counts = build_transfers(walked, feeds, ids, {}, LEAST_S, lambda a, b: np.zeros_like(a))
    start = np.repeat(np.arange(len(ids)), np.diff(made.offset))
    pairs = zip(start.tolist(), made.to_stop.tolist(), made.time_s.tolist(), strict=True)
    return {(names[a], names[b]): t for a, b, t in pairs}, {k: n for k, n in counts.items() if n}


@pytest.mark.parametrize(
    ("rule", "pair", "expected"),
    [
        ("b,c,0,,,,,", ("b", "c"), WALK_S),
        ("b,c,1,,,,,", ("b", "c"), 0),
        ("b,c,2,60,,,,", ("b", "c"), 60),
        ("b,c,2,0,,,,", ("b", "c"), 0),
        ("b,c,3,,,,,", ("b", "c"), None),
        ("b,c,3,,,,,", ("c", "b"), WALK_S),
        ("b,b,2,30,,,,", ("b", "b"), 30),
        ("b,b,3,,,,,", ("b", "b"), None),
        ("s,s,2,240,,,,", ("p", "q"), 240),
        ("s,s,2,240,,,,", ("q", "q"), 240),
        ("s,s,2,240,,,,\np,q,2,90,,,,", ("p", "q"), 90),
        ("p,q,2,90,,,,\ns,s,2,240,,,,", ("p", "q"), 90),
        ("s,s,3,,,,,\np,q,2,90,,,,", ("p", "q"), 90),
        ("s,b,2,400,,,,", ("q", "b"), 400),
    ],
)
def test_each_type_between_stops_and_stations(
    tmp_path: Path, rule: str, pair: tuple[str, str], expected: int | None
) -> None:
    found, _ = times(tmp_path, rule + "\n")
    assert found.get(pair) == expected


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("b,c,2,,,,,", "transfers.txt: least time left blank"),
        ("b,b,2,,,,,", "transfers.txt: least time left blank"),
        ("b,c,3,,t1,t2,,", "transfers.txt: rules for single trips or routes"),
        ("b,c,2,0,,,r,r", "transfers.txt: rules for single trips or routes"),
    ],
)
def test_what_stop_pairs_cannot_hold_leaves_the_walk_and_is_counted(
    tmp_path: Path, rule: str, reason: str
) -> None:
    found, counts = times(tmp_path, rule + "\n")
    assert counts == {reason: 1}
    assert found == times(tmp_path, "")[0]
    assert (found["b", "b"], found["b", "c"], found.get(("p", "q"))) == (LEAST_S, WALK_S, None)
