"""Charts for a memo: tables in, matplotlib figures out, PNG and SVG on disk."""

from mobility.charts.border import border_waterfall, measure_ranking
from mobility.charts.curves import (
    access_curves,
    departures_by_hour,
    departures_over_day,
    people_by_minute,
)
from mobility.charts.maps import change_map, isochrone_map
from mobility.charts.matrix import heat_map, matrix_of, vf_heat_map
from mobility.charts.pairs import pair_bands, pair_bars
from mobility.charts.scorecard import scorecard_page
from mobility.charts.style import Stamp, save, svg_bytes

__all__ = [
    "Stamp",
    "access_curves",
    "border_waterfall",
    "change_map",
    "departures_by_hour",
    "departures_over_day",
    "heat_map",
    "isochrone_map",
    "matrix_of",
    "measure_ranking",
    "pair_bands",
    "pair_bars",
    "people_by_minute",
    "save",
    "scorecard_page",
    "svg_bytes",
    "vf_heat_map",
]
