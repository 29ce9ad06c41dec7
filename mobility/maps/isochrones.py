"""Isochrones as they are: the streets one reaches in time, with the land along them.

No hulls: where no street leads, nothing is filled, and a place behind a canal stays outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyproj
import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

WGS84 = "EPSG:4326"
Floats = npt.NDArray[np.float64]
# Holes smaller than a block of houses are filled: one can walk there.
HOLE_M2 = 40_000.0
TILE_M = 2_000.0


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
    to_metres = pyproj.Transformer.from_crs(WGS84, place, always_xy=True).transform
    ax, ay = (np.asarray(v) for v in to_metres(reach.lon_a, reach.lat_a))
    bx, by = (np.asarray(v) for v in to_metres(reach.lon_b, reach.lat_b))
    rows = []
    for cutoff in sorted(set(cutoffs_s), reverse=True):
        pieces = _reached_pieces(reach, ax, ay, bx, by, float(cutoff))
        if len(pieces):
            area = _without_small_holes(_band(pieces, width_m))
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


def _reached_pieces(
    reach: Reach, ax: Floats, ay: Floats, bx: Floats, by: Floats, cutoff: float
) -> npt.NDArray[np.object_]:
    """Lines reached within `cutoff`: whole edges, and the part of an edge one still gets along."""
    spent = np.maximum(reach.edge_s.astype(float), 1e-9)
    from_a = np.clip((cutoff - _never(reach.time_a_s)) / spent, 0.0, 1.0)
    from_b = np.clip((cutoff - _never(reach.time_b_s)) / spent, 0.0, 1.0)
    from_b = np.where(reach.one_way, 0.0, from_b)
    whole = from_a + from_b >= 1.0
    parts = []
    for start, end, used in (
        (np.zeros(len(spent)), np.where(whole, 1.0, from_a), whole | (from_a > 0)),
        (1.0 - from_b, np.ones(len(spent)), ~whole & (from_b > 0)),
    ):
        x0, y0 = (ax + (bx - ax) * start)[used], (ay + (by - ay) * start)[used]
        x1, y1 = (ax + (bx - ax) * end)[used], (ay + (by - ay) * end)[used]
        points = np.stack([np.column_stack([x0, y0]), np.column_stack([x1, y1])], axis=1)
        if len(points):
            parts.append(np.asarray(shapely.linestrings(points), object))
    return np.concatenate(parts) if parts else np.empty(0, object)


def _never(times: Floats) -> Floats:
    return np.where(np.isfinite(times), times, np.inf)


def _band(pieces: npt.NDArray[np.object_], width_m: float) -> BaseGeometry:
    """Union of the bands along pieces, tile by tile, which keeps large towns fast."""
    middle = shapely.get_coordinates(pieces).reshape(-1, 2, 2).mean(axis=1)
    tile = np.floor(middle / TILE_M).astype(np.int64)
    _names, which = np.unique(tile, axis=0, return_inverse=True)
    order = np.argsort(which.ravel(), kind="stable")
    cuts = np.flatnonzero(np.diff(which.ravel()[order])) + 1
    bands = [
        shapely.buffer(shapely.multilinestrings(group), width_m, quad_segs=4)
        for group in np.split(pieces[order], cuts)
    ]
    return shapely.union_all(np.asarray(bands, object))


def _without_small_holes(area: BaseGeometry) -> BaseGeometry:
    polygons = [part for part in shapely.get_parts(area) if isinstance(part, Polygon)]
    filled = [
        Polygon(part.exterior, [h for h in part.interiors if Polygon(h).area >= HOLE_M2])
        for part in polygons
    ]
    return MultiPolygon(filled)
