"""Streets: OSM to arrays per mode, under the law of each edge's country."""

from mobility.streets.adding import Added, NewStreet, add_edges
from mobility.streets.build import rebuild_graphs
from mobility.streets.calibration import Calibration, calibrate_car, calibrate_period, read_observed
from mobility.streets.congestion import PERIODS, congestion_factor, period_of, terminal_s
from mobility.streets.crossings import crossing_gaps, crossings, gap_detours
from mobility.streets.editing import change_edges, close_edges, open_edges, set_speed
from mobility.streets.layers import (
    edge_lines,
    edges_layer,
    route_line,
    street_pieces,
    street_tags,
    write_layer,
)
from mobility.streets.missing_links import LinkSearch, missing_links, worst_detours
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
from mobility.streets.quality import (
    comfort_factor,
    cycle_highways,
    junction_network,
    low_stress_pairs,
    low_stress_share,
    quality_table,
    traffic_stress,
)
from mobility.streets.reading import from_osmnx, read_streets
from mobility.streets.routing import matrix_ms, node_times_ms, one_point, route, within_ms
from mobility.streets.selecting import select_edges
from mobility.streets.snapping import on_shape, snap, usable_edges

__all__ = [
    "CLOSED",
    "GRAPH_MODES",
    "PERIODS",
    "UNREACHED",
    "Added",
    "Calibration",
    "LinkSearch",
    "ModeGraph",
    "NewStreet",
    "Route",
    "Snapped",
    "StreetNetwork",
    "StreetSettings",
    "add_edges",
    "calibrate_car",
    "calibrate_period",
    "change_edges",
    "close_edges",
    "comfort_factor",
    "congestion_factor",
    "crossing_gaps",
    "crossings",
    "cycle_highways",
    "edge_lines",
    "edges_layer",
    "from_osmnx",
    "gap_detours",
    "junction_network",
    "low_stress_pairs",
    "low_stress_share",
    "matrix_ms",
    "missing_links",
    "node_times_ms",
    "on_shape",
    "one_point",
    "open_edges",
    "period_of",
    "quality_table",
    "read_observed",
    "read_streets",
    "rebuild_graphs",
    "route",
    "route_line",
    "select_edges",
    "set_speed",
    "snap",
    "street_pieces",
    "street_tags",
    "terminal_s",
    "to_osmnx",
    "traffic_stress",
    "usable_edges",
    "within_ms",
    "worst_detours",
    "write_layer",
]
