"""Areas of a change: polygons and circles, and what lies in them."""

from __future__ import annotations

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from mobility.scenario.street_forms import Area

_M_PER_DEGREE = 111_195.0
_CORNERS = 72  # of a circle: a sixtieth of a per cent off in area


def shape_of(area: Area) -> BaseGeometry:
    """Make the polygon, in WGS 84."""
    if area.polygon:
        return shapely.make_valid(shapely.Polygon(area.polygon))
    assert area.center is not None and area.radius_m is not None  # noqa: PT018 - the form's rule
    lon, lat = area.center
    angle = np.linspace(0, 2 * np.pi, _CORNERS, endpoint=False)
    degrees = area.radius_m / _M_PER_DEGREE
    return shapely.Polygon(
        np.column_stack(
            [
                lon + degrees * np.cos(angle) / np.cos(np.radians(lat)),
                lat + degrees * np.sin(angle),
            ]
        )
    )
