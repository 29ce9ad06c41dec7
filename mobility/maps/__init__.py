"""Layers for QGIS: one GeoPackage with styles inside, and isochrones as true polygons."""

from mobility.maps.isochrones import Reach, isochrones
from mobility.maps.layers import write_layers
from mobility.maps.reach import street_reach
from mobility.maps.styles import Class, Style, default_style, to_qml

__all__ = [
    "Class",
    "Reach",
    "Style",
    "default_style",
    "isochrones",
    "street_reach",
    "to_qml",
    "write_layers",
]
