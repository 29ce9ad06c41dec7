"""Points to the nearest edge of a mode, by a grid of segments."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mobility.errors import MobilityError, Problem
from mobility.streets.edges import EARTH_M, ranges
from mobility.streets.ferries import ferry_edges
from mobility.streets.grid import SegmentGrid, nearest_segment, segment_grid
from mobility.streets.model import Bool, Float64, Int32, ModeGraph, Snapped, StreetNetwork
from mobility.streets.planar import mercator


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
    streets: StreetNetwork,
    mode: str,
    lon: npt.ArrayLike,
    lat: npt.ArrayLike,
    *,
    max_m: float,
    countries: npt.NDArray[np.object_] | None = None,
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
    countries
        Country of each point, ``""`` where unknown. One whose country is known goes to a
        street of that country, though one abroad may be nearer (across a river, say): else it
        would start on the other side of a border that may be closed. Only where its country
        has no street at all within reach, open or closed, does it go to the nearest abroad.
    """
    x, y = mercator(
        np.atleast_1d(np.asarray(lon, np.float64)), np.atleast_1d(np.asarray(lat, np.float64))
    )
    metres = EARTH_M / np.cosh(y)  # of one unit of the projection, at each point
    grid = segment_grid(streets)
    usable = usable_edges(streets, mode) & ~ferry_edges(streets)
    row = _nearest_at_home(streets, usable, x, y, max_m / metres, countries)
    hit = np.flatnonzero(row >= 0)
    edge = np.full(len(x), -1, np.int32)
    fraction = np.zeros(len(x))
    distance = np.full(len(x), np.inf, np.float32)
    edge[hit] = grid.edge[row[hit]]
    fraction[hit], apart = _place(streets, grid, row[hit], x[hit], y[hit])
    distance[hit] = apart * metres[hit]
    for array in (edge, fraction, distance):
        array.setflags(write=False)
    return Snapped(mode=mode, edge=edge, fraction=fraction, distance_m=distance)


def _nearest_at_home(
    streets: StreetNetwork,
    usable: Bool,
    x: Float64,
    y: Float64,
    reach: Float64,
    countries: npt.NDArray[np.object_] | None,
) -> Int32:
    """Segment nearest to each point, of its own country where that has streets near."""
    grid = segment_grid(streets)
    row = np.full(len(x), -1, np.int32)
    rest = np.ones(len(x), bool)
    for code in sorted({str(c) for c in countries if c}) if countries is not None else []:
        if code in streets.country_codes:
            mine = np.flatnonzero(countries == code)
            own = streets.edge_country == list(streets.country_codes).index(code)
            row[mine] = nearest_segment(grid, usable & own, x[mine], y[mine], reach[mine])
            # a street of its own that is closed, or cut off, is no reason to start abroad
            near = nearest_segment(grid, own, x[mine], y[mine], reach[mine]) >= 0
            rest[mine[near]] = False
    row[rest] = nearest_segment(grid, usable, x[rest], y[rest], reach[rest])
    return row


def _place(
    streets: StreetNetwork, grid: SegmentGrid, row: Int32, x: Float64, y: Float64
) -> tuple[Float64, Float64]:
    """Fraction along the edge and distance (in plane units) of points on segments."""
    a, edge = grid.first[row], grid.edge[row]
    dx, dy = grid.x[a + 1] - grid.x[a], grid.y[a + 1] - grid.y[a]
    square = np.maximum(dx * dx + dy * dy, 1e-300)
    t = np.clip(((x - grid.x[a]) * dx + (y - grid.y[a]) * dy) / square, 0, 1)
    apart = np.hypot(grid.x[a] + t * dx - x, grid.y[a] + t * dy - y)
    start = streets.shape_offset[edge]
    size = streets.shape_offset[edge + 1] - start - 1
    vertex = ranges(start, size)
    steps = np.hypot(grid.x[vertex + 1] - grid.x[vertex], grid.y[vertex + 1] - grid.y[vertex])
    first = np.cumsum(size) - size
    total = np.add.reduceat(steps, first) if len(first) else steps
    before = vertex < np.repeat(a, size)
    here = np.add.reduceat(np.where(before, steps, 0), first) if len(first) else steps
    here = here + t * np.sqrt(square)
    return np.clip(here / np.maximum(total, 1e-300), 0, 1), apart


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
