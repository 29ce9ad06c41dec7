"""Indicators from travel-time matrices and zones; also from another tool's matrix."""

from mobility.indicators.access import cumulative, gravity, interval
from mobility.indicators.municipalities import municipality_times
from mobility.indicators.nearest import dual, norm_shares
from mobility.indicators.suite import all_indicators

__all__ = [
    "all_indicators",
    "cumulative",
    "dual",
    "gravity",
    "interval",
    "municipality_times",
    "norm_shares",
]
