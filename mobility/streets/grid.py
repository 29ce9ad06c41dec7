"""A grid of street segments, and the nearest one to each point."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from numba import njit

from mobility.streets.edges import EARTH_M, ranges
from mobility.streets.model import Bool, Float64, Int32, Int64, StreetNetwork
from mobility.streets.planar import mercator

_CELL_M = 250.0
_MOST_CELLS = 16_000_000


@dataclass(frozen=True, eq=False)
class SegmentGrid:
    """Straight pieces of all edges, by square cell of the Mercator plane.

    Parameters
    ----------
    x, y
        float64: plane coordinates of every vertex of the network's shapes.
    first
        int32 (n_segments,): vertex a segment starts at; it ends at the next.
    edge
        int32 (n_segments,): edge it belongs to.
    west, south, cell
        Corner of the grid and side of a cell, in plane units.
    columns, rows
        Size of the grid.
    offset, segment
        Segments that touch cell c: ``segment[offset[c]:offset[c + 1]]``.
    """

    x: Float64
    y: Float64
    first: Int32
    edge: Int32
    west: float
    south: float
    cell: float
    columns: int
    rows: int
    offset: Int64
    segment: Int32


@lru_cache(maxsize=2)
def segment_grid(streets: StreetNetwork) -> SegmentGrid:
    """Sort all segments of a network into cells of about 250 m."""
    x, y = mercator(streets.shape_lon, streets.shape_lat)
    size = np.diff(streets.shape_offset) - 1
    first = ranges(streets.shape_offset[:-1], size).astype(np.int32)
    edge = np.repeat(np.arange(len(size), dtype=np.int32), size)
    west, south = float(x.min()), float(y.min())
    width, height = float(x.max()) - west, float(y.max()) - south
    cell = _CELL_M * float(np.cosh(np.median(y))) / EARTH_M
    # Far-flung streets (two cities in one file) must not make a grid of mostly nothing.
    cell = max(cell, np.sqrt(width * height / _MOST_CELLS), max(width, height) / 30_000, 1e-12)
    columns, rows = int(width / cell) + 1, int(height / cell) + 1
    counts = np.zeros(columns * rows + 1, np.int64)
    none = np.empty(0, np.int32)
    _fill(x, y, first, west, south, cell, columns, rows, counts, none)
    offset = np.concatenate((np.zeros(1, np.int64), np.cumsum(counts[:-1])))
    segment = np.empty(int(offset[-1]), np.int32)
    _fill(x, y, first, west, south, cell, columns, rows, offset.copy(), segment)
    return SegmentGrid(x, y, first, edge, west, south, cell, columns, rows, offset, segment)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _fill(
    x: Float64,
    y: Float64,
    first: Int32,
    west: float,
    south: float,
    cell: float,
    columns: int,
    rows: int,
    cursor: Int64,
    segment: Int32,
) -> None:
    """Count the segments of each cell in `cursor`, or write them where it points."""
    writing = len(segment) > 0
    for s in range(len(first)):
        a = first[s]
        xa, ya, xb, yb = x[a], y[a], x[a + 1], y[a + 1]
        if xa > xb:
            xa, ya, xb, yb = xb, yb, xa, ya
        c0 = min(max(int((xa - west) / cell), 0), columns - 1)
        c1 = min(max(int((xb - west) / cell), 0), columns - 1)
        for c in range(c0, c1 + 1):
            low, high = ya, yb
            if c1 > c0:
                left = max(xa, west + c * cell)
                right = min(xb, west + (c + 1) * cell)
                low = ya + (yb - ya) * (left - xa) / (xb - xa)
                high = ya + (yb - ya) * (right - xa) / (xb - xa)
            if low > high:
                low, high = high, low
            r0 = min(max(int((low - south) / cell - 1e-9), 0), rows - 1)
            r1 = min(max(int((high - south) / cell + 1e-9), 0), rows - 1)
            for r in range(r0, r1 + 1):
                k = r * columns + c
                if writing:
                    segment[cursor[k]] = s
                cursor[k] += 1


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _apart(x: Float64, y: Float64, a: int, px: float, py: float) -> float:
    """Squared distance of a point from the segment that starts at vertex `a`."""
    dx, dy = x[a + 1] - x[a], y[a + 1] - y[a]
    square = dx * dx + dy * dy
    t = 0.0
    if square > 0.0:
        t = min(max(((px - x[a]) * dx + (py - y[a]) * dy) / square, 0.0), 1.0)
    ex, ey = x[a] + t * dx - px, y[a] + t * dy - py
    return float(ex * ex + ey * ey)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _nearest(
    x: Float64,
    y: Float64,
    first: Int32,
    edge: Int32,
    usable: Bool,
    west: float,
    south: float,
    cell: float,
    columns: int,
    rows: int,
    offset: Int64,
    segment: Int32,
    px: Float64,
    py: Float64,
    reach: Float64,
    found: Int32,
) -> None:
    """Search rings of cells outward from each point; ties go to the lowest segment."""
    for p in range(len(px)):
        if not (np.isfinite(px[p]) and np.isfinite(py[p])):
            continue
        c = int(np.floor((px[p] - west) / cell))
        r = int(np.floor((py[p] - south) / cell))
        best = reach[p] * reach[p]
        hit = -1
        # Skip the rings that lie wholly off the grid.
        ring = max(0, -c, c - columns + 1, -r, r - rows + 1)
        while True:
            inner = (ring - 1) * cell
            if inner > 0 and inner * inner > best:
                break
            if ring > max(c, columns - 1 - c, r, rows - 1 - r):
                break
            for rr in range(max(r - ring, 0), min(r + ring, rows - 1) + 1):
                edge_row = rr in (r - ring, r + ring)
                step = 1 if edge_row or ring == 0 else 2 * ring
                for cc in range(c - ring, c + ring + 1, step):
                    if cc < 0 or cc >= columns:
                        continue
                    k = rr * columns + cc
                    for i in range(offset[k], offset[k + 1]):
                        s = segment[i]
                        if not usable[edge[s]]:
                            continue
                        apart = _apart(x, y, first[s], px[p], py[p])
                        if apart < best or (apart == best and (hit < 0 or s < hit)):
                            best = apart
                            hit = s
            ring += 1
        found[p] = hit


def nearest_segment(
    grid: SegmentGrid, usable: Bool, x: Float64, y: Float64, reach: npt.ArrayLike
) -> Int32:
    """Segment of a usable edge nearest to each point, −1 where none is within `reach`.

    `x`, `y` and `reach` are in plane units; `usable` is bool (n_edges,).
    """
    found = np.full(len(x), -1, np.int32)
    reaches = np.broadcast_to(np.asarray(reach, np.float64), x.shape)
    _nearest(
        grid.x, grid.y, grid.first, grid.edge, usable, grid.west, grid.south, grid.cell,
        grid.columns, grid.rows, grid.offset, grid.segment, x, y,
        np.ascontiguousarray(reaches), found,
    )  # fmt: skip
    return found
