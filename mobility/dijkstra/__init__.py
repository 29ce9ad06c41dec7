"""Shortest paths on arc arrays: arrays in, arrays out, exact integer milliseconds.

A graph is given by ``offset`` (n_nodes + 1), ``head`` and ``cost`` (n_arcs), all int32. Sources
and targets of many points are compressed rows: point i has the nodes
``node[offset[i]:offset[i + 1]]``, each with the milliseconds `ms` between it and the point.
`search` is Dijkstra's, for few sources or near goals; `hierarchy` sweeps a contracted graph,
for many. Both give the same numbers.
"""

from mobility.dijkstra.hierarchy import (
    Contraction,
    Weights,
    contract,
    swept_table,
    swept_to_all,
    weigh,
    with_arcs,
)
from mobility.dijkstra.search import (
    FARTHEST,
    UNREACHED,
    many_to_many,
    one_to_all,
    shortest_path,
    within_limit,
)

__all__ = [
    "FARTHEST",
    "UNREACHED",
    "Contraction",
    "Weights",
    "contract",
    "many_to_many",
    "one_to_all",
    "shortest_path",
    "swept_table",
    "swept_to_all",
    "weigh",
    "with_arcs",
    "within_limit",
]
