"""Changes between stops that lie where the street extract has ended."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from street_toys import metres, node_xml, way_xml, write_osm

from mobility.network.links import beyond_streets, select, snap_points
from mobility.network.model import Places, Settings
from mobility.network.places import index_places, link_places
from mobility.streets import StreetNetwork, read_streets

SETTINGS = Settings()
# A street of 1 km; stops at its ends, and three beyond: in a row of 300 m and 700 m.
PLACES_M = (0, 1000, 20_000, 20_300, 21_000)
LON, LAT = (np.array(axis) for axis in zip(*(metres(m, 0) for m in PLACES_M), strict=True))
# 300 m × 1.3 at 4/3 m/s = 292.5 s; 700 m: 682.5 s; 1000 m: 975 s, more than 900 s.
WALKS_S = {(2, 3): 293, (3, 4): 683}
ON_STREET_S = 750  # 1 km


@pytest.fixture
def streets(tmp_path: Path) -> StreetNetwork:
    ends = [node_xml(i + 1, *metres(1000 * i, 0)) for i in range(2)]
    way = way_xml(1, [1, 2], {"highway": "residential"})
    return read_streets([write_osm(tmp_path / "s.osm", "\n".join([*ends, way]))])


def linked(streets: StreetNetwork, rows: list[int], known: Places | None = None) -> Places:
    zones = {
        mode: snap_points(streets, mode, LON[:1], LAT[:1], SETTINGS.max_snap_m)
        for mode in ("walk", "bike", "car")
    }
    index = index_places(LON[rows], LAT[rows])
    return link_places(streets, index, zones, np.zeros(len(rows), bool), SETTINGS, known)


def test_stops_beyond_the_streets_are_joined_by_a_straight_line(streets: StreetNetwork) -> None:
    walked = linked(streets, [0, 1, 2, 3, 4]).walked
    found = {
        (int(a), int(b)): int(t)
        for a, b, t in zip(walked.origin, walked.destination, walked.time_s, strict=True)
        if a < b
    }
    expected = {**WALKS_S, (0, 1): ON_STREET_S}
    assert found.keys() == expected.keys()
    assert all(abs(found[pair] - expected[pair]) <= 1 for pair in expected), found
    back = dict(zip(zip(walked.destination.tolist(), walked.origin.tolist(), strict=True),
                    walked.time_s.tolist(), strict=True))  # fmt: skip
    assert {pair: back[pair] for pair in found} == found


@pytest.mark.parametrize("first", [[0, 1, 2], [3], [2, 3, 4], [0, 1, 2, 3, 4]])
def test_stops_added_later_are_joined_alike(streets: StreetNetwork, first: list[int]) -> None:
    at_once = linked(streets, [0, 1, 2, 3, 4])
    later = linked(streets, [0, 1, 2, 3, 4], known=linked(streets, first))
    for name in ("origin", "destination", "time_s"):
        found = getattr(later.walked, name)
        np.testing.assert_array_equal(found, getattr(at_once.walked, name), err_msg=name)


def test_one_end_off_is_enough_and_the_date_line_no_gap(streets: StreetNetwork) -> None:
    points = snap_points(streets, "walk", LON, LAT, SETTINGS.max_snap_m)
    moved = replace(points, lon=np.array([179.999, -179.999, 179.999, 0, 0]), lat=np.full(5, -17.0))
    on, off = select(moved, np.array([0])), select(moved, np.array([3]))
    assert (on.snapped.edge[0] >= 0, off.snapped.edge[0] >= 0) == (True, False)
    off = replace(off, lon=np.array([-179.999]))
    # 0.002° at 17° south is 212.7 m: 207.4 s.
    for a, b in ((on, off), (off, on)):
        found = beyond_streets(a, b, limit_s=900, walk_kph=4.8)
        assert (found.origin.tolist(), found.destination.tolist()) == ([0], [0])
        assert found.time_s.tolist() == [208]
    assert not len(beyond_streets(on, on, limit_s=900, walk_kph=4.8).origin)
