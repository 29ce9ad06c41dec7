"""A closed border: nothing leaks across, and both sides keep their streets."""

from __future__ import annotations

import numpy as np
import pytest
from street_toys import metres, node_xml, way_xml, write_osm
from test_streets_border import RESIDENTIAL, square

from mobility.changes.street_changes import closed_edges
from mobility.changes.street_select import border_edges
from mobility.streets import UNREACHED, matrix_ms, read_streets, snap
from mobility.zones import Countries

# South of y = 0 Belgium, north the Netherlands, and a Belgian strip in the Netherlands that a
# street runs through without a node in it. Streets of 60 km on each side: 120 km of arcs.
PLACES = {
    1: (0, -60_000), 2: (0, -10), 3: (0, 100), 4: (0, 60_000),
    5: (1000, 100), 6: (1000, 2000), 7: (0, 2000),
}  # fmt: skip
STRIP = (900, 1000, 1100, 1200)


@pytest.fixture
def world(tmp_path):
    strip = square(*STRIP)
    countries = Countries(
        {
            "BE": square(-30_000, -70_000, 30_000, 0).union(strip),
            "NL": square(-30_000, 0, 30_000, 70_000).difference(strip),
        }
    )
    body = [node_xml(i, *metres(*place)) for i, place in PLACES.items()]
    body += [
        way_xml(1, [1, 2], RESIDENTIAL),
        way_xml(2, [2, 3], RESIDENTIAL),
        way_xml(3, [3, 7, 4], RESIDENTIAL),
        way_xml(4, [3, 5], RESIDENTIAL),
        way_xml(5, [5, 6], RESIDENTIAL),
        way_xml(6, [6, 7], RESIDENTIAL),
    ]
    streets = read_streets([write_osm(tmp_path / "b.osm", "\n".join(body))], countries=countries)
    return closed_edges(streets, border_edges(streets, frozenset(), countries))


def test_both_sides_of_a_closed_border_keep_their_streets(world):
    lon, lat = zip(*(metres(*spot) for spot in ((0, -30_000), (0, -50_000), (0, 30_000), (0, 5000))),
                   strict=True)  # fmt: skip
    points = snap(world, "bike", lon, lat, max_m=5)
    reached = matrix_ms(world, "bike", points, points) < UNREACHED
    south = np.array([True, True, False, False])
    assert (reached == (south[:, None] == south[None, :])).all()


def test_a_place_starts_in_its_own_country(world):
    # 30 m from the end of the Belgian street, 80 m from that of the Dutch one
    lon, lat = metres(0, 20)
    of = {
        code: snap(world, "walk", lon, lat, max_m=500, countries=np.array([code], object))
        for code in ("", "NL", "BE", "XX")
    }
    apart = {code: float(found.distance_m[0]) for code, found in of.items()}
    assert apart == pytest.approx({"": 30, "NL": 80, "BE": 30, "XX": 30}, abs=0.5)
    # within 50 m its own country has the closed street over the border only: no start abroad
    near = snap(world, "walk", lon, lat, max_m=50, countries=np.array(["NL"], object))
    assert near.edge[0] < 0
    # one within reach, but closed: no start abroad
    lon, lat = metres(1000, 1100)
    assert snap(world, "walk", lon, lat, max_m=500, countries=np.array(["BE"], object)).edge[0] < 0


def test_a_street_through_a_foreign_strip_is_closed(world):
    lon, lat = metres(1000, 1100)
    assert snap(world, "walk", lon, lat, max_m=50).edge[0] == -1
