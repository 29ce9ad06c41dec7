"""Streets: OSM to arrays per mode, under the law of each edge's country."""

from mobility.streets.adding import Added, NewStreet, add_edges
from mobility.streets.build import rebuild_graphs
from mobility.streets.editing import change_edges, close_edges, open_edges, set_speed
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
from mobility.streets.selecting import select_edges
from mobility.streets.snapping import on_shape, snap

__all__ = [
    "CLOSED",
    "GRAPH_MODES",
    "UNREACHED",
    "Added",
    "ModeGraph",
    "NewStreet",
    "Route",
    "Snapped",
    "StreetNetwork",
    "StreetSettings",
    "add_edges",
    "change_edges",
    "close_edges",
    "matrix_ms",
    "on_shape",
    "one_point",
    "open_edges",
    "read_streets",
    "rebuild_graphs",
    "route",
    "select_edges",
    "set_speed",
    "snap",
    "within_ms",
]
