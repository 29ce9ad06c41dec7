"""Degrees to a conformal plane, and straight lines for shapely's trees."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from mobility.streets.model import Float64


def mercator(lon: Float64, lat: Float64) -> tuple[Float64, Float64]:
    """Project to the unit sphere's Mercator plane.

    It is conformal: what is nearest on the plane is nearest on the ground. One unit is
    ``EARTH_M / cosh(y)`` metres.
    """
    return np.radians(lon), np.arcsinh(np.tan(np.radians(lat)))


def straight_lines(ends: Float64) -> npt.NDArray[np.object_]:
    """Make a line of each pair of points; `ends` has the shape (n, 2, 2)."""
    lines = np.empty(len(ends), object)
    lines[:] = shapely.linestrings(ends)
    return lines
