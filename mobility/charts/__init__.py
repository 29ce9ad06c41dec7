"""Charts for a memo: tables in, matplotlib figures out, PNG and SVG on disk."""

from mobility.charts.matrix import heat_map, matrix_of, vf_heat_map
from mobility.charts.pairs import pair_bands, pair_bars
from mobility.charts.style import Stamp, save, svg_bytes

__all__ = [
    "Stamp",
    "heat_map",
    "matrix_of",
    "pair_bands",
    "pair_bars",
    "save",
    "svg_bytes",
    "vf_heat_map",
]
