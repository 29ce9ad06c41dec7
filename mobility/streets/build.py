"""Times and graphs of every mode from edges, tags, countries and rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mobility.streets.delays import blocked_nodes, class_ranks, node_delays_ms
from mobility.streets.ferries import closed_ferries, ferry_edges, ferry_ms
from mobility.streets.graphs import EdgeTimes, build_graph, still_holds
from mobility.streets.judging import Combos, Judgement, combos_of, count_rules, judge, limits_of
from mobility.streets.limits import Limits, class_table, of_class
from mobility.streets.model import (
    CLOSED,
    GRAPH_MODES,
    Bool,
    Float64,
    Int32,
    Int64,
    ModeGraph,
    StreetNetwork,
)

_PUSH_KPH = 4.0
_MS_PER_HOUR = 3_600_000.0


def rebuild_graphs(streets: StreetNetwork, modes: Sequence[str] = GRAPH_MODES) -> StreetNetwork:
    """Judge and time all edges afresh, and make the graphs of `modes` anew.

    Parameters
    ----------
    streets
        Network whose nodes, edges, ways or tags may have changed.
    modes
        Graphs to make; those of other modes are kept as they are.

    Returns
    -------
    StreetNetwork
        A new network; counts of the rules are replaced, others kept.
    """
    combos = combos_of(streets)
    limits = limits_of(combos, streets.usual_kph)
    rank = class_ranks(streets)
    ferry = ferry_edges(streets)
    closed, ferry_counts = closed_ferries(streets, ferry)
    urban = limits.urban[combos.of_edge]
    bans = _bans(streets)
    graphs = dict(streets.graphs)
    counts = {k: v for k, v in streets.counts.items() if not k.startswith(_OWN_COUNTS)}
    counts.update(ferry_counts)
    for mode in modes:
        judgement = judge(combos, mode)
        if mode == "car":
            counts.update(count_rules(combos, limits, judgement))
        forward, backward = _moving_ms(streets, combos, judgement, limits, mode)
        sail_forward, sail_backward = ferry_ms(streets, mode, ferry)
        open_f = judgement.forward[combos.of_edge] & ~closed
        open_b = judgement.backward[combos.of_edge] & ~closed
        late_forward, late_backward = node_delays_ms(streets, mode, rank, urban, open_f | open_b)
        forward = np.where(ferry, sail_forward, forward + late_forward)
        backward = np.where(ferry, sail_backward, backward + late_backward)
        times = EdgeTimes(
            forward_ms=np.where(open_f, forward, CLOSED).astype(np.int32),
            backward_ms=np.where(open_b, backward, CLOSED).astype(np.int32),
            through=judgement.through[combos.of_edge],
            blocked=blocked_nodes(streets, mode),
            bans=bans if mode == "car" else np.empty((0, 3), np.int64),
        )
        graph = graphs.get(mode)
        # A mode that the change does not touch keeps its very graph, and with it all that
        # has been prepared on it.
        if graph is None or not still_holds(graph, streets.edge_from, streets.edge_to, times):
            new = build_graph(
                mode, streets.edge_from, streets.edge_to, streets.edge_length_m, times
            )
            graph = new if graph is None else replace(new, kin=graph.kin or graph)
        graphs[mode] = graph
        counts.update(_graph_counts(streets, graph, times))
    return replace(
        streets, graphs=graphs, usual_kph=limits.usual_kph, counts=dict(sorted(counts.items()))
    )


_OWN_COUNTS = ("edges with an unmapped", "km under", "car km", "ferry edges", "graph ")


def _graph_counts(streets: StreetNetwork, graph: ModeGraph, times: EdgeTimes) -> dict[str, int]:
    usable = (times.forward_ms != CLOSED) | (times.backward_ms != CLOSED)
    used = np.diff(graph.edge_offset) > 0
    cut = usable & ~used
    name = f"graph {graph.mode}"
    return {
        f"{name}: edges open": int(usable.sum()),
        f"{name}: edges outside the largest component": int(cut.sum()),
        f"{name}: km outside the largest component": round(
            float(streets.edge_length_m[cut].sum()) / 1000
        ),
        f"{name}: barriers in the way": int(times.blocked.sum()),
        f"{name}: edges without through traffic": int((used & ~times.through).sum()),
    }


def _moving_ms(
    streets: StreetNetwork, combos: Combos, judgement: Judgement, limits: Limits, mode: str
) -> tuple[Int32, Int32]:
    """Milliseconds to travel each edge without stopping, at least one."""
    forward, backward = moving_kph(streets, combos, judgement, limits, mode)

    def milliseconds(kph: Float64) -> Int32:
        ms = streets.edge_length_m / 1000.0 / kph[combos.of_edge] * _MS_PER_HOUR
        return np.maximum(np.rint(ms), 1).astype(np.int32)

    return milliseconds(forward), milliseconds(backward)


def moving_kph(
    streets: StreetNetwork, combos: Combos, judgement: Judgement, limits: Limits, mode: str
) -> tuple[Float64, Float64]:
    """Speeds per combo, along and against the edge, km/h."""
    forward, backward = _lawful_kph(streets, combos, judgement, limits, mode)
    given = judgement.set_kph
    return (
        np.where(np.isnan(given), forward, given),
        np.where(np.isnan(given), backward, given),
    )


def _lawful_kph(
    streets: StreetNetwork, combos: Combos, judgement: Judgement, limits: Limits, mode: str
) -> tuple[Float64, Float64]:
    settings = streets.settings
    if mode == "car":
        flow = _free_flow(combos, limits.urban)
        return limits.forward_kph * flow, limits.backward_kph * flow
    own = {
        "walk": settings.walk_kph,
        "bike": settings.bike_kph,
        "ebike": settings.ebike_kph,
        "speed_pedelec": settings.speed_pedelec_kph,
    }[mode]
    kph = own * judgement.factor
    kph = np.where(judgement.cap_kph > 0, np.minimum(kph, judgement.cap_kph), kph)
    if mode == "speed_pedelec":
        kph = np.minimum(kph, limits.forward_kph)
    kph = np.where(judgement.push, np.minimum(_PUSH_KPH, settings.walk_kph), kph)
    return kph, kph


def _free_flow(combos: Combos, urban: Bool) -> Float64:
    table = class_table("car_free_flow", "rural_factor", "urban_factor")
    factors = [
        of_class(table, country, tags.get("highway", ""))[int(built_up)]
        for tags, country, built_up in zip(combos.tags, combos.countries, urban, strict=True)
    ]
    return np.array(factors, np.float64)


def _bans(streets: StreetNetwork) -> Int64:
    """Turn restrictions as (node, edge in, edge out); ``only`` bans every other way on."""
    rows = streets.restrictions
    if not len(rows):
        return np.empty((0, 3), np.int64)
    way_id = streets.ways["way_id"].to_numpy(np.int64)[streets.edge_way]
    found: list[tuple[int, int, int]] = []
    vias = rows["via"].to_numpy()
    touching = np.flatnonzero(np.isin(streets.edge_from, vias) | np.isin(streets.edge_to, vias))
    at_node: dict[int, list[int]] = {}
    for edge in touching.tolist():
        for node in {int(streets.edge_from[edge]), int(streets.edge_to[edge])}:
            at_node.setdefault(node, []).append(edge)
    for via, start, end, only in rows.itertuples(index=False):
        edges = at_node.get(int(via), [])
        comes = [edge for edge in edges if way_id[edge] == start]
        named = [edge for edge in edges if way_id[edge] == end]
        if not comes or not named:
            continue
        banned = [edge for edge in edges if edge not in named] if only else named
        found.extend((int(via), edge, other) for edge in comes for other in banned)
    return np.array(sorted(set(found)), np.int64).reshape(-1, 3)
