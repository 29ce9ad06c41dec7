"""The shape of zones and countries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from shapely.geometry.base import BaseGeometry

Objects = npt.NDArray[np.object_]
Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Zones:
    """Points with people and opportunities.

    Parameters
    ----------
    ids, names, countries, municipalities
        object (n,); country and municipality ``""`` where unknown.
    lon, lat
        float64 (n,), WGS 84: the point where trips start and end.
    opportunities
        Column name → float64 (n,), e.g. population, jobs.
    shapes
        shapely polygons in WGS 84, object (n,), or None where the file has points only.
    """

    ids: npt.NDArray[np.object_]
    names: npt.NDArray[np.object_]
    countries: npt.NDArray[np.object_]
    municipalities: npt.NDArray[np.object_]
    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]
    opportunities: pd.DataFrame
    shapes: npt.NDArray[np.object_] | None = None


@dataclass(frozen=True)
class Countries:
    """Country polygons in WGS 84, enclaves included: code → geometry."""

    polygons: dict[str, BaseGeometry]
