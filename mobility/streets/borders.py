"""The line two countries share, cut into pieces with kilometres along them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from mobility.streets.edges import EARTH_M, distance_m
from mobility.streets.model import Bool, Float64, Int64
from mobility.streets.planar import mercator, straight_lines

# Two countries' outlines of one border lie apart by their generalisation, or by a river.
_SHARED_DEG = 0.006
_MARGIN_DEG = 0.02


@dataclass(frozen=True, eq=False)
class BorderLine:
    """One unbroken piece of border: vertices in degrees and metres along it."""

    lon: Float64
    lat: Float64
    along_m: Float64

    @property
    def length_m(self) -> float:
        """Length in metres."""
        return float(self.along_m[-1])

    def at(self, metres: float) -> tuple[float, float]:
        """Longitude and latitude so many metres along."""
        return (
            float(np.interp(metres, self.along_m, self.lon)),
            float(np.interp(metres, self.along_m, self.lat)),
        )


def border_lines(one: BaseGeometry, other: BaseGeometry, around: BaseGeometry) -> list[BorderLine]:
    """Pieces of the outline of `one` that `other` lies along, longest first.

    Parameters
    ----------
    one, other
        Countries, in WGS 84.
    around
        Box of interest; the border outside it (and a small margin) is left out.
    """
    box = shapely.box(*shapely.buffer(around, _MARGIN_DEG).bounds)
    ours = shapely.intersection(shapely.boundary(one), box)
    theirs = shapely.intersection(shapely.boundary(other), shapely.buffer(box, _SHARED_DEG))
    pieces: list[BorderLine] = []
    far = _segments(theirs)
    if not len(far):
        return pieces
    tree = shapely.STRtree(straight_lines(far))
    # A river cut out of the land has two banks, and one border must not count twice: only
    # the bank that faces the other country is near it.
    for part in shapely.get_parts(shapely.line_merge(ours)):
        points = shapely.get_coordinates(part)
        if len(points) < 2:
            continue
        middle = (points[:-1] + points[1:]) / 2
        near = np.zeros(len(middle), bool)
        hit = tree.query(shapely.points(middle), predicate="dwithin", distance=_SHARED_DEG)
        near[hit[0]] = True
        pieces.extend(_runs(points, near))
    pieces.sort(key=lambda piece: (-round(piece.length_m), piece.lon[0], piece.lat[0]))
    return pieces


def _segments(lines: BaseGeometry) -> Float64:
    """Straight pieces of all lines, (n, 2, 2)."""
    found = []
    for part in shapely.get_parts(lines):
        points = shapely.get_coordinates(part)
        if len(points) > 1:
            found.append(np.stack((points[:-1], points[1:]), axis=1))
    return np.concatenate(found) if found else np.empty((0, 2, 2))


def _runs(points: Float64, near: Bool) -> list[BorderLine]:
    """Unbroken runs of segments that are near."""
    edges = np.diff(np.concatenate(([0], near.astype(np.int8), [0])))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    pieces = []
    for start, end in zip(starts, ends, strict=True):
        lon, lat = points[start : end + 1, 0], points[start : end + 1, 1]
        steps = distance_m(lon[:-1], lat[:-1], lon[1:], lat[1:])
        pieces.append(BorderLine(lon, lat, np.concatenate(([0.0], np.cumsum(steps)))))
    return pieces


def place_on_lines(
    lines: Sequence[BorderLine], lon: Float64, lat: Float64
) -> tuple[Int64, Float64]:
    """Nearest line to each point (−1 where there is none) and metres along it."""
    line, metres = np.full(len(lon), -1, np.int64), np.full(len(lon), np.nan)
    if not lines:
        return line, metres
    ends, owner, station = [], [], []
    for number, piece in enumerate(lines):
        x, y = mercator(piece.lon, piece.lat)
        xy = np.stack((x, y), axis=1)
        ends.append(np.stack((xy[:-1], xy[1:]), axis=1))
        owner.append(np.full(len(x) - 1, number))
        station.append(piece.along_m[:-1])
    segments = np.concatenate(ends)
    owners, stations = np.concatenate(owner), np.concatenate(station)
    tree = shapely.STRtree(straight_lines(segments))
    x, y = mercator(lon, lat)
    nearest = np.asarray(tree.nearest(shapely.points(x, y)), np.int64)
    a, b = segments[nearest, 0], segments[nearest, 1]
    step = b - a
    square = np.maximum((step**2).sum(axis=1), 1e-300)
    share = np.clip((((np.stack((x, y), axis=1) - a) * step).sum(axis=1)) / square, 0, 1)
    length = np.sqrt(square) * EARTH_M / np.cosh(y)
    return owners[nearest], stations[nearest] + share * length
