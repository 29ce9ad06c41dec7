"""The network as one graph, of a world drawn by hand: what is on it, and how long it takes."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import networkx as nx
import numpy as np
import pandas as pd
import worlds

from mobility.network.graph import ride_table, to_networkx

WORLD = worlds.drawn_world(
    """
    nl 8: A -10- M -2- B     08:05 every 30 until 09:05
    be IC: C -20- D          08:27 every 20 until 08:47
    """,
    doors={"home": {"A": 120}, "work": {"D": 180}},
    walks={("B", "C"): 240},
    street_s={("home", "work"): 36_000},
).network


def test_rides_are_summed_up_by_line_and_hop() -> None:
    rides = ride_table(WORLD.timetable)
    stops = WORLD.timetable.stops["stop_id"].to_numpy(object)
    found = {
        (stops[r.from_stop], stops[r.to_stop]): (r.line, int(r.trips), float(r.time_s))
        for r in rides.itertuples(index=False)
    }

    assert sorted(found.values()) == [
        ("8", 3, 120.0), ("8", 3, 600.0), ("IC", 2, 1200.0),
    ]  # fmt: skip


def test_the_graph_leads_from_door_to_door() -> None:
    none = SimpleNamespace(
        node_id=np.empty(0, np.int64), node_lon=np.empty(0), node_lat=np.empty(0),
        ways=pd.DataFrame({"way_id": [], "name": [], "highway": []}),
    )  # fmt: skip
    network = replace(WORLD, supply=SimpleNamespace(zones=WORLD.supply.zones, streets=none))
    graph = to_networkx(network, street_modes=())
    kinds = {
        kind: [n for n, k in graph.nodes(data="kind") if k == kind] for kind in ("stop", "zone")
    }
    assert len(kinds["stop"]) == 5
    assert len(kinds["zone"]) == 2
    links = {
        (edge["mode"], one, two, edge["time_s"])
        for one, two, edge in graph.edges(data=True)
        if one.startswith("zone") or two.startswith("zone")
    }
    stop = {name: node for node, name in graph.nodes(data="name") if node.startswith("stop")}
    assert {link for link in links if "zone/home" in link} == {
        ("access", "zone/home", stop["A"], 120.0), ("egress", stop["A"], "zone/home", 120.0),
    }  # fmt: skip

    # On foot to the bus, by bus and train, and the walk between: 2 + 10 + 2 + 4 + 20 + 3 minutes.
    def weight(one: str, two: str, edges: dict[int, dict[str, float]]) -> float:
        return min(edge["time_s"] for edge in edges.values())

    length = nx.shortest_path_length(graph, "zone/home", "zone/work", weight=weight)
    assert length == 60 * (2 + 10 + 2 + 4 + 20 + 3)
    assert graph.graph["crs"] == "EPSG:4326"
