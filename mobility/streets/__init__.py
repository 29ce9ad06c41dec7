"""Streets: OSM to arrays per mode, under the law of each edge's country."""

from mobility.streets.adding import Added, NewStreet, add_edges
from mobility.streets.build import rebuild_graphs
from mobility.streets.calibration import Calibration, calibrate_car, read_observed
from mobility.streets.congestion import PERIODS, congestion_factor, period_of, terminal_s
from mobility.streets.crossings import crossing_gaps, crossings, gap_detours
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
from mobility.streets.osmnx_graphs import to_osmnx
from mobility.streets.reading import from_osmnx, read_streets
from mobility.streets.routing import matrix_ms, one_point, route, within_ms
from mobility.streets.selecting import select_edges
from mobility.streets.snapping import on_shape, snap, usable_edges

__all__ = [
    "CLOSED",
    "GRAPH_MODES",
    "PERIODS",
    "UNREACHED",
    "Added",
    "Calibration",
    "ModeGraph",
    "NewStreet",
    "Route",
    "Snapped",
    "StreetNetwork",
    "StreetSettings",
    "add_edges",
    "calibrate_car",
    "change_edges",
    "close_edges",
    "congestion_factor",
    "crossing_gaps",
    "crossings",
    "from_osmnx",
    "gap_detours",
    "matrix_ms",
    "on_shape",
    "one_point",
    "open_edges",
    "period_of",
    "read_observed",
    "read_streets",
    "rebuild_graphs",
    "route",
    "select_edges",
    "set_speed",
    "snap",
    "terminal_s",
    "to_osmnx",
    "usable_edges",
    "within_ms",
]
