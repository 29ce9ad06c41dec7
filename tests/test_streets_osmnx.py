"""To osmnx and back, through memory and through GraphML."""

from __future__ import annotations

import networkx as nx
import numpy as np
import osmnx as ox
import pytest
from street_toys import metres, node_xml, two_way_square, way_xml, write_osm

from mobility.errors import StreetError
from mobility.streets import from_osmnx, matrix_ms, read_streets, snap, to_osmnx


@pytest.fixture
def town(tmp_path):
    # 1 - 2 - 3 in a row, 2 is a junction with a bent street to 5; 1 to 3 is one-way
    places = {1: (0, 0), 2: (200, 0), 3: (400, 0), 4: (200, 90), 5: (260, 150)}
    body = [node_xml(i, *metres(*place)) for i, place in places.items()]
    body += [
        way_xml(10, [1, 2, 3], {"highway": "tertiary", "oneway": "yes", "name": "Dorpsstraat"}),
        way_xml(11, [2, 4, 5], {"highway": "residential", "maxspeed": "30"}),
        way_xml(12, [3, 5], {"highway": "residential"}),
        way_xml(13, [5, 1], {"highway": "residential"}),
    ]
    return read_streets([write_osm(tmp_path / "town.osm", "\n".join(body))])


def all_pairs(streets, mode, reference):
    points = snap(streets, mode, reference.node_lon, reference.node_lat, max_m=1)
    return matrix_ms(streets, mode, points, points)


def test_osmnx_graph_serves_osmnx(town):
    graph = to_osmnx(town, "car")
    assert set(graph) == {1, 2, 3, 5}
    assert not graph.has_edge(3, 2)
    assert graph.edges[2, 3, 0]["name"] == "Dorpsstraat"
    assert graph.edges[2, 3, 0]["length"] == pytest.approx(200, abs=0.1)
    stats = ox.basic_stats(graph)
    assert stats["n"] == 4
    assert stats["street_length_total"] == pytest.approx(town.edge_length_m.sum(), abs=1)
    way = ox.routing.shortest_path(graph, 3, 1, weight="travel_time")
    assert way == [3, 5, 1]
    _, edges = ox.convert.graph_to_gdfs(graph)
    assert len(edges) == len(graph.edges)
    assert {"osmid", "length", "highway", "geometry", "travel_time"} <= set(edges.columns)
    assert (
        ox.simplification.consolidate_intersections(
            ox.project_graph(graph), tolerance=5
        ).number_of_nodes()
        == 4
    )


@pytest.mark.parametrize("mode", ["walk", "bike", "car"])
def test_there_and_back(town, mode):
    again = from_osmnx(to_osmnx(town, "car" if mode == "car" else mode))
    assert (all_pairs(again, mode, town) == all_pairs(town, mode, town)).all()


def test_graphml_round_trip(town, tmp_path):
    path = tmp_path / "town.graphml"
    ox.save_graphml(to_osmnx(town, "car"), path)
    again = read_streets([path])
    assert (all_pairs(again, "car", town) == all_pairs(town, "car", town)).all()
    assert again.edge_length_m.sum() == pytest.approx(town.edge_length_m.sum(), abs=0.01)


def test_graph_lists_of_merged_ways_are_read():
    graph = nx.MultiDiGraph(crs="epsg:4326")
    graph.add_node(1, x=5.0, y=51.0)
    graph.add_node(2, x=5.01, y=51.0)
    attributes = {
        "osmid": [7, 8],
        "highway": ["residential", "tertiary"],
        "maxspeed": ["50", "30"],
        "length": 700.0,
    }
    graph.add_edge(1, 2, oneway=False, reversed=False, **attributes)
    graph.add_edge(2, 1, oneway=False, reversed=True, **attributes)
    streets = from_osmnx(graph)
    assert len(streets.edge_from) == 1
    assert streets.ways["highway"].tolist() == ["residential"]
    # 30 km/h, the lower limit, times 0.7 for a residential street in town
    points = snap(streets, "car", [5.0, 5.01], [51.0, 51.0], max_m=1)
    expected = streets.edge_length_m[0] / (30 * 0.7 / 3.6) * 1000
    assert matrix_ms(streets, "car", points, points)[0, 1] == pytest.approx(expected, abs=2)


def test_graphs_that_can_not_be_read(tmp_path):
    with pytest.raises(StreetError, match="no such file"):
        read_streets([tmp_path / "none.graphml"])
    bomb = tmp_path / "bomb.graphml"
    bomb.write_text('<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><graphml/>', "utf-8")
    with pytest.raises(StreetError, match="document type"):
        read_streets([bomb])
    junk = tmp_path / "junk.graphml"
    junk.write_text("<graphml><graph", encoding="utf-8")
    with pytest.raises(StreetError, match="osmnx"):
        read_streets([junk])
    with pytest.raises(StreetError, match="coordinate system"):
        from_osmnx(nx.MultiDiGraph())
    with pytest.raises(StreetError, match="without x and y"):
        from_osmnx(nx.MultiDiGraph([(1, 2)], crs="epsg:4326"))


def test_osm_and_graphml_join(town, tmp_path):
    path = tmp_path / "town.graphml"
    ox.save_graphml(to_osmnx(town, "walk"), path)
    other = two_way_square(tmp_path)
    both = read_streets([path, other])
    assert len(both.edge_from) >= len(town.edge_from)
    assert np.isin(town.node_id, both.node_id).all()
