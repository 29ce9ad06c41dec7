"""Whose law holds where: country by polygon, with water given to the nearest shore."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from mobility.streets.model import Float64
from mobility.streets.planar import straight_lines
from mobility.zones import Countries

# Outlines of land leave rivers and canals to nobody; bridges and ferries go to the shore.
_SHORE_DEG = 0.03


def country_codes(countries: Countries | None) -> tuple[str, ...]:
    """Codes in order, ``""`` (nowhere) first."""
    if countries is None:
        return ("",)
    return ("", *sorted(code for code in countries.polygons if code))


def country_rows(countries: Countries | None, lon: Float64, lat: Float64) -> npt.NDArray[np.int16]:
    """Index into `country_codes` of each point, int16 (n,).

    A point in no polygon belongs to the nearest one within about two kilometres, else
    nowhere (0).
    """
    found = np.zeros(len(lon), np.int16)
    if countries is None:
        return found
    codes = country_codes(countries)
    for number, code in enumerate(codes[1:], start=1):
        polygon = countries.polygons[code]
        shapely.prepare(polygon)
        undecided = np.flatnonzero(found == 0)
        inside = shapely.contains_xy(polygon, lon[undecided], lat[undecided])
        found[undecided[inside]] = number
    undecided = np.flatnonzero(found == 0)
    if len(undecided) and len(codes) > 1:
        found[undecided] = _nearest_shore(countries, codes, lon[undecided], lat[undecided])
    return found


def _nearest_shore(
    countries: Countries, codes: tuple[str, ...], lon: Float64, lat: Float64
) -> npt.NDArray[np.int16]:
    shores, owners = [], []
    around = shapely.box(
        lon.min() - _SHORE_DEG,
        lat.min() - _SHORE_DEG,
        lon.max() + _SHORE_DEG,
        lat.max() + _SHORE_DEG,
    )
    for number, code in enumerate(codes[1:], start=1):
        outline = shapely.intersection(shapely.boundary(countries.polygons[code]), around)
        for line in shapely.get_parts(outline):
            points = shapely.get_coordinates(line)
            if len(points) > 1:
                shores.append(np.stack((points[:-1], points[1:]), axis=1))
                owners.append(np.full(len(points) - 1, number, np.int16))
    found = np.zeros(len(lon), np.int16)
    if not shores:
        return found
    owner = np.concatenate(owners)
    tree = shapely.STRtree(straight_lines(np.concatenate(shores)))
    point, segment = tree.query_nearest(shapely.points(lon, lat), max_distance=_SHORE_DEG)
    # Where two shores are equally near the first country in order takes the point.
    order = np.lexsort((owner[segment], point))[::-1]
    found[point[order]] = owner[segment[order]]
    return found
