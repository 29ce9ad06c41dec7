"""Shortest paths on arc arrays: arrays in, arrays out, exact integer milliseconds.

A graph is given by ``offset`` (n_nodes + 1), ``head`` and ``cost`` (n_arcs), all int32. Sources
and targets of many points are compressed rows: point i has the nodes
``node[offset[i]:offset[i + 1]]``, each with the milliseconds `ms` between it and the point.
"""

from mobility.dijkstra.search import (
    UNREACHED,
    many_to_many,
    one_to_all,
    shortest_path,
    within_limit,
)

__all__ = ["UNREACHED", "many_to_many", "one_to_all", "shortest_path", "within_limit"]
