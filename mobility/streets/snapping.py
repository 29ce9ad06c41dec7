"""Points to the nearest edge of a mode, by a grid of segments."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import shapely

from mobility.errors import MobilityError, Problem
from mobility.streets.edges import EARTH_M, ranges
from mobility.streets.ferries import ferry_edges
from mobility.streets.model import Bool, Float64, Int32, Int64, ModeGraph, Snapped, StreetNetwork
from mobility.streets.planar import mercator, straight_lines

_FIRST_RADIUS_M = 150.0
_GROWTH = 4.0


def graph_of(streets: StreetNetwork, mode: str) -> ModeGraph:
    """Return the graph of a mode.

    Raises
    ------
    MobilityError
        The network has no graph of that mode.
    """
    if mode not in streets.graphs:
        raise MobilityError(Problem("street mode", mode, f"one of {sorted(streets.graphs)}"))
    return streets.graphs[mode]


def usable_edges(streets: StreetNetwork, mode: str) -> Bool:
    """Edges a mode may use within its kept component, bool (n_edges,)."""
    return np.asarray(np.diff(graph_of(streets, mode).edge_offset) > 0)


def snap(
    streets: StreetNetwork, mode: str, lon: npt.ArrayLike, lat: npt.ArrayLike, *, max_m: float
) -> Snapped:
    """Put points on the nearest edge the mode may use; ferries are no place to start.

    Parameters
    ----------
    streets, mode
        Network and one of its graphs.
    lon, lat
        Degrees, shape (n,).
    max_m
        Points farther from any edge stay off the network (edge −1, distance infinite).
    """
    x, y = mercator(
        np.atleast_1d(np.asarray(lon, np.float64)), np.atleast_1d(np.asarray(lat, np.float64))
    )
    metres = EARTH_M / np.cosh(y)  # of one unit of the projection, at each point
    segments = _segments(streets, mode)
    n = len(x)
    edge = np.full(n, -1, np.int32)
    fraction = np.zeros(n)
    distance = np.full(n, np.inf, np.float32)
    radius = min(_FIRST_RADIUS_M, max_m)
    left = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    while len(left) and len(segments.row):
        point, row = segments.nearest(x[left], y[left], radius / metres[left])
        hit = left[point]
        edge[hit], fraction[hit], apart = segments.place(row, x[hit], y[hit])
        distance[hit] = apart * metres[hit]
        left = np.setdiff1d(left, hit)
        if radius >= max_m:
            break
        radius = min(radius * _GROWTH, max_m)
    for array in (edge, fraction, distance):
        array.setflags(write=False)
    return Snapped(mode=mode, edge=edge, fraction=fraction, distance_m=distance)


class _Segments:
    """Straight pieces of the usable edges, in a tree."""

    def __init__(self, streets: StreetNetwork, usable: Int64) -> None:
        offset = streets.shape_offset
        size = offset[usable + 1] - offset[usable] - 1
        self.row = ranges(offset[usable], size)
        self.edge = np.repeat(usable, size)
        self.x, self.y = mercator(streets.shape_lon, streets.shape_lat)
        a = np.stack((self.x[self.row], self.y[self.row]), axis=1)
        b = np.stack((self.x[self.row + 1], self.y[self.row + 1]), axis=1)
        self.tree = shapely.STRtree(straight_lines(np.stack((a, b), axis=1)))
        steps = np.zeros(len(self.x))
        steps[1:] = np.hypot(np.diff(self.x), np.diff(self.y))
        self.along = np.cumsum(steps)
        self.first, self.last = offset[:-1], offset[1:] - 1

    def nearest(self, x: Float64, y: Float64, radius: Float64) -> tuple[Int64, Int64]:
        """Index of points that have a segment within the radius, and that segment's row."""
        points = shapely.points(x, y)
        found = self.tree.query_nearest(
            points, max_distance=float(radius.max()), all_matches=True, return_distance=True
        )
        (point, segment), apart = found
        near = apart <= radius[point]
        point, segment = point[near], segment[near]
        # Ties (a point off a corner) go to the lowest edge, whatever the tree's order.
        order = np.lexsort((segment, point))
        point, segment = point[order], segment[order]
        first = np.ones(len(point), bool)
        first[1:] = point[1:] != point[:-1]
        return point[first], segment[first]

    def place(self, row: Int64, x: Float64, y: Float64) -> tuple[Int32, Float64, Float64]:
        """Edge, fraction along it and distance (in plane units) of points on segments."""
        a = self.row[row]
        edge = self.edge[row]
        dx, dy = self.x[a + 1] - self.x[a], self.y[a + 1] - self.y[a]
        square = np.maximum(dx * dx + dy * dy, 1e-300)
        t = np.clip(((x - self.x[a]) * dx + (y - self.y[a]) * dy) / square, 0, 1)
        apart = np.hypot(self.x[a] + t * dx - x, self.y[a] + t * dy - y)
        start, end = self.along[self.first[edge]], self.along[self.last[edge]]
        here = self.along[a] + t * np.sqrt(square) - start
        fraction = np.clip(here / np.maximum(end - start, 1e-300), 0, 1)
        return edge.astype(np.int32), fraction, apart


@lru_cache(maxsize=6)
def _segments(streets: StreetNetwork, mode: str) -> _Segments:
    usable = usable_edges(streets, mode)
    return _Segments(streets, np.flatnonzero(usable & ~ferry_edges(streets)))


def on_shape(streets: StreetNetwork, edge: int, fraction: float) -> tuple[float, float]:
    """Longitude and latitude of a point at a fraction of an edge's length."""
    lon, lat, along = _vertices(streets, edge)
    here = fraction * along[-1]
    return float(np.interp(here, along, lon)), float(np.interp(here, along, lat))


def _vertices(streets: StreetNetwork, edge: int) -> tuple[Float64, Float64, Float64]:
    rows = slice(streets.shape_offset[edge], streets.shape_offset[edge + 1])
    lon, lat = streets.shape_lon[rows], streets.shape_lat[rows]
    x, y = mercator(lon, lat)
    along = np.concatenate(([0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))))
    return lon, lat, along


def cut_shape(
    streets: StreetNetwork, edge: int, start: float, end: float
) -> tuple[Float64, Float64]:
    """Shape of an edge from one fraction to another; backward where `end` < `start`."""
    lon, lat, along = _vertices(streets, edge)
    low, high = min(start, end) * along[-1], max(start, end) * along[-1]
    inner = (along > low) & (along < high)
    at = np.concatenate(([low], along[inner], [high]))
    lons, lats = np.interp(at, along, lon), np.interp(at, along, lat)
    return (lons, lats) if start <= end else (lons[::-1], lats[::-1])
