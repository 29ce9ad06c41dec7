"""Street graphs made ready for many searches, once; kept while the graph lasts."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.sparse import csc_array, eye_array
from scipy.sparse.linalg import spilu

from mobility.dijkstra import Contraction, Weights, contract, weigh, with_arcs
from mobility.streets.model import Int32, ModeGraph


def elimination_order(offset: Int32, head: Int32) -> Int32:
    """Rank nodes so that taking them out one by one leaves few shortcuts.

    Least degree first, as sparse matrices are ordered before they are factorised. The
    factors themselves are made of next to nothing and thrown away.
    """
    n = len(offset) - 1
    if n == 0:
        return np.empty(0, np.int32)
    faint = csc_array((np.full(len(head), 1e-9), head, offset), shape=(n, n))
    factors = spilu(
        (eye_array(n, format="csc") + faint + faint.T).tocsc(),
        drop_tol=0.5,
        fill_factor=1,
        diag_pivot_thresh=0.0,
        permc_spec="MMD_AT_PLUS_A",
        options={"SymmetricMode": True},
    )
    return np.ascontiguousarray(factors.perm_c, np.int32)


@lru_cache(maxsize=8)
def contraction_of(graph: ModeGraph) -> Contraction:
    """Contract a graph; of one that was changed, what stays right of the old is taken over.

    Other times and closed streets need no new contraction, new streets between old nodes no
    new order.
    """
    kin = graph.kin
    if kin is not None and np.array_equal(kin.node_of, graph.node_of):
        old = contraction_of(kin)
        return with_arcs(old, graph.offset, graph.head) or contract(
            graph.offset, graph.head, old.rank
        )
    return contract(graph.offset, graph.head, elimination_order(graph.offset, graph.head))


@lru_cache(maxsize=8)
def weights_of(graph: ModeGraph) -> Weights:
    """Weigh the contraction of a graph with its own times."""
    return weigh(contraction_of(graph), graph.arc_ms)
