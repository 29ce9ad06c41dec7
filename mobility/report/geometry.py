"""Shapes for the page's map: simplified together, in whole steps of 1e-4 degree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry import LineString, MultiPolygon, Polygon, box
from shapely.geometry.base import BaseGeometry

from mobility.zones import Countries, Zones

STEPS_PER_DEGREE = 10_000
# About 40 m: below what a reader can see on a map of a region.
TOLERANCE_DEG = 0.0004
MARGIN_DEG = 0.12
# Two files seldom agree to the metre where countries meet.
MEETING_DEG = 0.001
HILBERT_BITS = 10
Floats = npt.NDArray[np.float64]


def locality_order(lon: Floats, lat: Floats) -> npt.NDArray[np.intp]:
    """Order points along a Z-curve, so that neighbours in the list are neighbours on the map."""
    code = np.zeros(len(lon), np.int64)
    for shift, values in enumerate((lon, lat)):
        span = float(np.ptp(values)) or 1.0
        cell = ((values - values.min()) / span * (2**HILBERT_BITS - 1)).astype(np.int64)
        for bit in range(HILBERT_BITS):
            code |= ((cell >> bit) & 1) << (2 * bit + shift)
    return np.argsort(code, kind="stable")


def bounds(zones: Zones) -> tuple[float, float, float, float]:
    """West, south, east, north of all zones and their shapes."""
    if zones.shapes is not None:
        west, south, east, north = shapely.total_bounds(zones.shapes)
    else:
        west, east = zones.lon.min(), zones.lon.max()
        south, north = zones.lat.min(), zones.lat.max()
    return float(west), float(south), float(east), float(north)


def zone_rings(zones: Zones) -> list[list[list[int]]] | None:
    """Give each zone's rings as whole-step deltas; None where zones are points only."""
    if zones.shapes is None:
        return None
    shapes = _simplified(np.asarray(zones.shapes, object))
    return [[_deltas(ring) for ring in _rings(shape)] for shape in shapes]


def _simplified(shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Simplify neighbours together where they fit, so that no slivers open between them."""
    usable = shapely.make_valid(shapes)
    if hasattr(shapely, "coverage_simplify") and bool(shapely.coverage_is_valid(usable)):
        return np.asarray(shapely.coverage_simplify(usable, TOLERANCE_DEG), object)
    return np.asarray(shapely.simplify(usable, TOLERANCE_DEG / 2, preserve_topology=True), object)


def _rings(shape: BaseGeometry) -> list[Floats]:
    """Outer and inner rings of all polygons in a shape; drawn by the even-odd rule."""
    rings: list[Floats] = []
    for part in shapely.get_parts(shape):
        if isinstance(part, MultiPolygon):
            rings.extend(_rings(part))
        elif isinstance(part, Polygon) and not part.is_empty:
            rings.append(np.asarray(part.exterior.coords)[:, :2])
            rings.extend(np.asarray(inner.coords)[:, :2] for inner in part.interiors)
    return rings


def _deltas(points: Floats) -> list[int]:
    """Latitude and longitude in turn, each the difference from the point before."""
    steps = np.round(points[:, ::-1] * STEPS_PER_DEGREE).astype(np.int64)
    moved = np.vstack([steps[:1], np.diff(steps, axis=0)])
    kept = np.any(moved != 0, axis=1)
    kept[0] = True
    return [int(v) for v in moved[kept].ravel()]


def border_lines(countries: Countries | None, zones: Zones) -> list[list[int]]:
    """Lines where two countries meet inside the map's frame, once each.

    Outer edges of the polygons are left out: they are coasts, or where the file ends.
    """
    if countries is None:
        return []
    west, south, east, north = bounds(zones)
    frame = box(west - MARGIN_DEG, south - MARGIN_DEG, east + MARGIN_DEG, north + MARGIN_DEG)
    found = [shapely.simplify(line, TOLERANCE_DEG / 2) for line in shared_borders(countries, frame)]
    merged = shapely.line_merge(shapely.union_all(found))
    lines = [part for part in shapely.get_parts(merged) if isinstance(part, LineString)]
    return sorted(_deltas(np.asarray(line.coords)[:, :2]) for line in lines)


def shared_borders(countries: Countries, frame: BaseGeometry) -> list[BaseGeometry]:
    """Outline of each country where it runs along another one, each pair once."""
    inside = [
        shapely.make_valid(polygon).intersection(frame)
        for _code, polygon in sorted(countries.polygons.items())
    ]
    return [
        # Shrunken by as much, the frame cuts off where outlines turn along its own edge.
        one.boundary.intersection(shapely.buffer(other, MEETING_DEG, quad_segs=1)).intersection(
            shapely.buffer(frame, -2 * MEETING_DEG)
        )
        for k, one in enumerate(inside)
        for other in inside[k + 1 :]
    ]


def polyline(lon: Iterable[float], lat: Iterable[float]) -> list[int]:
    """One line for the page, simplified; empty where it has fewer than two points."""
    points = np.column_stack([np.asarray(lon, float), np.asarray(lat, float)])
    points = points[np.isfinite(points).all(axis=1)]
    if len(points) < 2:
        return []
    line = shapely.simplify(LineString(points), TOLERANCE_DEG / 2)
    return _deltas(np.asarray(line.coords)[:, :2])


def lines_of(table: pd.DataFrame, columns: Sequence[str]) -> list[dict[str, Any]]:
    """Rows of a table with ``lon, lat`` arrays as small records ``g`` plus `columns`.

    Columns the table lacks are left out; lines of the same shape and name stand once.
    """
    seen: dict[str, dict[str, Any]] = {}
    if table.empty:
        return []
    present = [name for name in columns if name in table]
    for values in zip(table["lon"], table["lat"], *(table[name] for name in present), strict=True):
        shape = polyline(values[0], values[1])
        if not shape:
            continue
        record: dict[str, Any] = {"g": shape}
        for name, value in zip(present, values[2:], strict=True):
            if name == "cross_border":
                record[name] = bool(value)
            elif not pd.isna(value):
                record[name] = str(value)
        seen.setdefault(repr(record), record)
    return list(seen.values())


def points_of(table: pd.DataFrame) -> list[list[Any]]:
    """Rows ``lon, lat, name`` as ``[lat, lon, name]`` in whole steps, each place once."""
    if table.empty:
        return []
    steps = {
        (round(float(lat) * STEPS_PER_DEGREE), round(float(lon) * STEPS_PER_DEGREE), str(name))
        for lon, lat, name in zip(table["lon"], table["lat"], table["name"], strict=True)
    }
    return [list(point) for point in sorted(steps)]
