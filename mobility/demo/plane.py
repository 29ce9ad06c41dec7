"""The flat grid streets are laid on: decimetres, whole numbers, exact geometry."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.spatial import Delaunay

Int64 = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# Decimetres per degree around 51.1 degrees north; constants, so that no cosine is needed.
DM_PER_LON = 700_000.0
DM_PER_LAT = 1_112_500.0
LON_0, LAT_0 = 5.0, 51.0


def to_plane(lon: Floats, lat: Floats) -> Int64:
    """Put degrees on the grid: int64 (n, 2), decimetres east and north."""
    x = np.rint((np.asarray(lon, float) - LON_0) * DM_PER_LON)
    y = np.rint((np.asarray(lat, float) - LAT_0) * DM_PER_LAT)
    return np.stack([x, y], axis=1).astype(np.int64)


def to_degrees(xy: Int64) -> tuple[Floats, Floats]:
    """Return lon, lat in degrees, rounded to 1e-7 as OSM stores them."""
    lon = np.rint((LON_0 + xy[:, 0] / DM_PER_LON) * 1e7) / 1e7
    lat = np.rint((LAT_0 + xy[:, 1] / DM_PER_LAT) * 1e7) / 1e7
    return lon, lat


def gabriel_edges(xy: Int64) -> Int64:
    """Return the Gabriel graph of distinct points: int64 (n_edges, 2), rows and ends ascending.

    Two points are joined when no third lies in or on the circle whose diameter they are.
    Every such edge is in any Delaunay triangulation, and the test runs on whole numbers, so
    the result depends on nothing but the points.
    """
    corners = Delaunay(xy.astype(np.float64)).simplices.astype(np.int64)
    pairs = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
    opposite = np.concatenate([corners[:, 2], corners[:, 0], corners[:, 1]])
    pairs.sort(axis=1)
    a, b, c = xy[pairs[:, 0]], xy[pairs[:, 1]], xy[opposite]
    # c is in or on the circle over ab where the angle at c is right or wider.
    blocked = ((a - c) * (b - c)).sum(axis=1) <= 0
    key = pairs[:, 0] * len(xy) + pairs[:, 1]
    edges, place = np.unique(key, return_inverse=True)
    free = np.ones(len(edges), bool)
    free[place[blocked]] = False
    return np.stack([edges[free] // len(xy), edges[free] % len(xy)], axis=1)


def length_dm(xy: Int64, edges: Int64) -> Floats:
    """Length of each edge in decimetres, float64 (n_edges,)."""
    step = (xy[edges[:, 0]] - xy[edges[:, 1]]).astype(np.float64)
    length: Floats = np.sqrt((step * step).sum(axis=1))
    return length


def distinct(xy: Int64) -> tuple[Int64, Int64]:
    """Drop repeated points, keeping the first of each; return kept rows and row of each point."""
    _, first, back = np.unique(xy, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty(len(first), np.int64)
    rank[order] = np.arange(len(first))
    return first[order].astype(np.int64), rank[back.ravel()]
