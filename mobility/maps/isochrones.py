"""Isochrones as they are: the streets one reaches in time, with the land along them.

No hulls: where no street leads, nothing is filled, and a place behind a canal stays outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyproj
import shapely
from contourpy import FillType, contour_generator
from scipy.ndimage import maximum_filter
from scipy.spatial import cKDTree
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

WGS84 = "EPSG:4326"
Floats = npt.NDArray[np.float64]
# Holes smaller than a block of houses are filled: one can walk there.
HOLE_M2 = 40_000.0
STEPS_PER_WIDTH = 4
MOST_CELLS = 2_500
ROUNDING_S = 1e-6


@dataclass(frozen=True)
class Reach:
    """Street pieces with the time at both ends.

    Parameters
    ----------
    lon_a, lat_a, lon_b, lat_b
        Ends of each piece, degrees.
    time_a_s, time_b_s
        When one can be at each end, seconds after leaving; infinite or NaN for never. Taken
        over all ways there: on foot alone, or by public transport and on foot from a stop.
    edge_s
        Time along the piece, seconds.
    one_way
        bool: passable from a to b only.
    """

    lon_a: Floats
    lat_a: Floats
    lon_b: Floats
    lat_b: Floats
    time_a_s: Floats
    time_b_s: Floats
    edge_s: Floats
    one_way: npt.NDArray[np.bool_]


def isochrones(
    reach: Reach, cutoffs_s: Sequence[float], *, width_m: float = 120.0
) -> gpd.GeoDataFrame:
    """Draw the area within reach for each cutoff, as true polygons in WGS 84.

    Parameters
    ----------
    reach
        Streets with times.
    cutoffs_s
        Time limits in seconds.
    width_m
        How far from a reached street still counts as reached.

    Returns
    -------
    GeoDataFrame
        ``minutes, area_km2, geometry``, the largest cutoff first so that smaller ones lie on
        top; a cutoff within which nothing is reached has no row.
    """
    place = _metres_around(reach)
    cutoffs = sorted({float(c) for c in cutoffs_s}, reverse=True)
    points, times = _timed_points(reach, place, cutoffs, width_m / STEPS_PER_WIDTH)
    rows = []
    if (times <= max(cutoffs, default=0.0)).any():
        x, y = _grid(points[times <= cutoffs[0]], width_m)
        for cutoff in cutoffs:
            inside = points[times <= cutoff]
            if len(inside):
                area = _without_small_holes(_within(inside, x, y, width_m))
                rows.append((cutoff / 60.0, area.area / 1e6, area))
    return gpd.GeoDataFrame(
        {"minutes": [r[0] for r in rows], "area_km2": [r[1] for r in rows]},
        geometry=[r[2] for r in rows],
        crs=place,
    ).to_crs(WGS84)


def _metres_around(reach: Reach) -> pyproj.CRS:
    """A plane in metres that fits the place, anywhere in the world."""
    lon = float(np.median(np.concatenate([reach.lon_a, reach.lon_b])))
    lat = float(np.median(np.concatenate([reach.lat_a, reach.lat_b])))
    return pyproj.CRS.from_dict(
        {"proj": "aeqd", "lon_0": lon, "lat_0": lat, "datum": "WGS84", "units": "m"}
    )


def _timed_points(
    reach: Reach, place: pyproj.CRS, cutoffs: Sequence[float], spacing: float
) -> tuple[Floats, Floats]:
    """Points along all pieces that are reached at all, and when one is there.

    Beside points every `spacing` metres there is one wherever a cutoff falls, so that each
    isochrone ends exactly where its time does, and smaller ones lie within larger ones.
    """
    to_metres = pyproj.Transformer.from_crs(WGS84, place, always_xy=True).transform
    used = np.fmin(_never(reach.time_a_s), _never(reach.time_b_s)) <= max(cutoffs, default=0.0)
    start = np.column_stack(to_metres(reach.lon_a[used], reach.lat_a[used]))
    end = np.column_stack(to_metres(reach.lon_b[used], reach.lat_b[used]))
    time_a = _never(reach.time_a_s[used])
    time_b = np.where(reach.one_way[used], np.inf, _never(reach.time_b_s[used]))
    spent = np.maximum(reach.edge_s[used].astype(float), 1e-9)
    count = np.ceil(np.hypot(*(end - start).T) / spacing).astype(np.int64) + 1
    piece = np.repeat(np.arange(len(spent)), count)
    step = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    pieces, shares = [piece], [step / np.maximum(count[piece] - 1, 1)]
    for cutoff in cutoffs:
        for share in ((cutoff - time_a) / spent, 1.0 - (cutoff - time_b) / spent):
            inner = np.flatnonzero((share > 0) & (share < 1))
            pieces.append(inner)
            shares.append(share[inner])
    piece, share = np.concatenate(pieces), np.concatenate(shares)
    times = np.fmin(
        time_a[piece] + share * spent[piece], time_b[piece] + (1.0 - share) * spent[piece]
    )
    return start[piece] + (end[piece] - start[piece]) * share[:, None], times - ROUNDING_S


def _never(times: Floats) -> Floats:
    return np.where(np.isfinite(times), times, np.inf)


def _grid(points: Floats, width_m: float) -> tuple[Floats, Floats]:
    """Lines of a grid around points, as fine as the width asks and memory bears."""
    low, high = points.min(axis=0) - 2 * width_m, points.max(axis=0) + 2 * width_m
    cell = max(width_m / STEPS_PER_WIDTH, float((high - low).max()) / MOST_CELLS)
    return np.arange(low[0], high[0] + cell, cell), np.arange(low[1], high[1] + cell, cell)


def _within(points: Floats, x: Floats, y: Floats, width_m: float) -> BaseGeometry:
    """Land within `width_m` of points: the contour of the distance to the nearest one.

    The points lie a quarter of the width apart, which makes the distance too long by less
    than one part in a hundred. Buffering every piece of street instead takes minutes in a
    town, where a hundred of them overlap.
    """
    far = 2 * width_m + 2 * float(x[1] - x[0])
    distance = np.full((len(y), len(x)), far)
    near = _near(points, x, y, far)
    corners = np.column_stack([x[near[1]], y[near[0]]])
    found = cKDTree(points).query(corners, distance_upper_bound=far)[0]
    distance[near] = np.where(np.isfinite(found), found, far)
    contours = contour_generator(x, y, distance, fill_type=FillType.OuterOffset)
    rings, offsets = contours.filled(-1.0, width_m)[:2]
    areas = [
        Polygon(ring[cut[0] : cut[1]], [ring[i:j] for i, j in pairwise(cut[1:])])
        for ring, cut in zip(rings, offsets, strict=True)
        if ring is not None and cut is not None
    ]
    return shapely.union_all(np.asarray(shapely.make_valid(np.asarray(areas, object)), object))


def _near(points: Floats, x: Floats, y: Floats, far: float) -> tuple[Any, ...]:
    """Row and column of the grid's corners that may lie within `far` of a point."""
    cell = float(x[1] - x[0])
    held = np.zeros((len(y), len(x)), np.uint8)
    held[((points[:, 1] - y[0]) / cell).astype(int), ((points[:, 0] - x[0]) / cell).astype(int)] = 1
    return np.nonzero(maximum_filter(held, size=2 * (int(far / cell) + 1) + 1, mode="constant"))


def _without_small_holes(area: BaseGeometry) -> BaseGeometry:
    polygons = [part for part in shapely.get_parts(area) if isinstance(part, Polygon)]
    filled = [
        Polygon(part.exterior, [h for h in part.interiors if Polygon(h).area >= HOLE_M2])
        for part in polygons
    ]
    return MultiPolygon(filled)
