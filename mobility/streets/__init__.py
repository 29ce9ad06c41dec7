"""Streets: OSM to arrays per mode, under the law of each edge's country."""

from mobility.streets.build import rebuild_graphs
from mobility.streets.model import (
    CLOSED,
    GRAPH_MODES,
    UNREACHED,
    ModeGraph,
    Route,
    Snapped,
    StreetNetwork,
    StreetSettings,
)
from mobility.streets.reading import read_streets
from mobility.streets.routing import matrix_ms, one_point, route, within_ms
from mobility.streets.snapping import on_shape, snap

__all__ = [
    "CLOSED",
    "GRAPH_MODES",
    "UNREACHED",
    "ModeGraph",
    "Route",
    "Snapped",
    "StreetNetwork",
    "StreetSettings",
    "matrix_ms",
    "on_shape",
    "one_point",
    "read_streets",
    "rebuild_graphs",
    "route",
    "snap",
    "within_ms",
]
