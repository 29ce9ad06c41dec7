"""The judge: a slow, plain search that the engine must equal.

A time-expanded graph on networkx, one layer per number of rides, searched by Dijkstra's
algorithm. It knows nothing of patterns without overtaking, rounds, lanes or pruning.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass

import networkx as nx
import numpy as np

from mobility.network.model import MultimodalNetwork

Node = tuple[object, ...]


@dataclass(frozen=True)
class Reference:
    """The time-expanded graph of a network, and the ways on and off it."""

    graph: nx.DiGraph
    network: MultimodalNetwork
    max_rides: int
    boardings: dict[int, list[int]]
    arrivals: dict[int, list[int]]


def _events(network: MultimodalNetwork):
    """Yield (pattern, trip, calls) with calls = [(stop, arrival, departure, pickup, drop_off)]."""
    tt = network.timetable
    for p in range(len(tt.pattern_stop_offset) - 1):
        low, high = tt.pattern_stop_offset[p], tt.pattern_stop_offset[p + 1]
        n = high - low
        for t in range(tt.pattern_trip_offset[p + 1] - tt.pattern_trip_offset[p]):
            base = tt.pattern_event_offset[p] + t * n
            yield (
                p,
                t,
                [
                    (
                        int(tt.pattern_stops[low + i]),
                        int(tt.arrival_s[base + i]),
                        int(tt.departure_s[base + i]),
                        bool(tt.pickup[low + i]),
                        bool(tt.drop_off[low + i]),
                    )
                    for i in range(n)
                ],
            )


def build(network: MultimodalNetwork) -> Reference:
    """Expand a network in time and rides."""
    max_rides = network.supply.settings.max_rides
    graph = nx.DiGraph()
    boardings: dict[int, set[int]] = defaultdict(set)
    arrivals: dict[int, set[int]] = defaultdict(set)
    trips = list(_events(network))
    for _, _, calls in trips:
        for stop, arrival, departure, pickup, drop_off in calls:
            if pickup:
                boardings[stop].add(departure)
            if drop_off:
                arrivals[stop].add(arrival)
    ready = {stop: sorted(times) for stop, times in boardings.items()}
    for rides in range(max_rides + 1):
        for stop, times in ready.items():
            for early, late in itertools.pairwise(times):
                graph.add_edge(
                    ("ready", stop, early, rides), ("ready", stop, late, rides), weight=late - early
                )
        for p, t, calls in trips:
            _add_trip(graph, p, t, calls, rides, max_rides)
        if rides > 0:
            _add_changes(graph, network, arrivals, ready, rides)
    return Reference(
        graph, network, max_rides, ready, {s: sorted(times) for s, times in arrivals.items()}
    )


def _add_trip(graph: nx.DiGraph, p: int, t: int, calls, rides: int, max_rides: int) -> None:
    for i, (stop, arrival, departure, pickup, drop_off) in enumerate(calls):
        here = ("aboard", p, t, i)
        if pickup and rides < max_rides and i + 1 < len(calls):
            graph.add_edge(
                ("ready", stop, departure, rides), (*here, "leaving", rides + 1), weight=0
            )
        if rides == 0:
            continue
        if i + 1 < len(calls):
            graph.add_edge(
                (*here, "leaving", rides),
                ("aboard", p, t, i + 1, "arriving", rides),
                weight=calls[i + 1][1] - departure,
            )
        if i > 0:
            graph.add_edge(
                (*here, "arriving", rides), (*here, "leaving", rides), weight=departure - arrival
            )
            if drop_off:
                graph.add_edge((*here, "arriving", rides), ("off", stop, arrival, rides), weight=0)


def _add_changes(graph, network, arrivals, ready, rides: int) -> None:
    transfers = network.transfers
    for stop, times in arrivals.items():
        for c in range(transfers.offset[stop], transfers.offset[stop + 1]):
            to, walk = int(transfers.to_stop[c]), int(transfers.time_s[c])
            for time in times:
                later = [x for x in ready.get(to, []) if x >= time + walk]
                if later:
                    graph.add_edge(
                        ("off", stop, time, rides),
                        ("ready", to, later[0], rides),
                        weight=later[0] - time,
                    )


def earliest(
    reference: Reference, mode: str, origin: int, depart_s: int, direct_s: np.ndarray
) -> list[tuple[int, int] | None]:
    """(arrival, rides) at every zone for one departure, earliest then fewest rides.

    `direct_s` holds the seconds without a vehicle per zone, −1 where there is no such way.
    """
    network = reference.network
    links = network.access[{"pt": "walk", "bike+pt": "bike", "car+pt": "car"}[mode]]
    graph = reference.graph
    door = ("door", origin, depart_s)
    edges = []
    for e in range(links.offset[origin], links.offset[origin + 1]):
        stop, walk = int(links.stop[e]), int(links.time_s[e])
        later = [x for x in reference.boardings.get(stop, []) if x >= depart_s + walk]
        if later:
            edges.append((door, ("ready", stop, later[0], 0), later[0] - depart_s))
    graph.add_weighted_edges_from(edges)
    graph.add_node(door)
    reached = nx.single_source_dijkstra_path_length(graph, door)
    graph.remove_node(door)
    egress = network.egress["walk"]
    best: list[tuple[int, int] | None] = []
    off: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for node in reached:
        if node[0] == "off":
            off[node[1]].append((node[2], node[3]))
    for zone in range(len(egress.offset) - 1):
        found = []
        if direct_s[zone] >= 0:
            found.append((depart_s + int(direct_s[zone]), 0))
        for e in range(egress.offset[zone], egress.offset[zone + 1]):
            walk = int(egress.time_s[e])
            found += [(time + walk, rides) for time, rides in off[int(egress.stop[e])]]
        best.append(min(found) if found else None)
    return best


def nearest_rank(times: list[float], percentile: int) -> float:
    """Element ceil(p / 100 · n) of the ascending times."""
    return sorted(times)[max(1, -(-percentile * len(times) // 100)) - 1]
