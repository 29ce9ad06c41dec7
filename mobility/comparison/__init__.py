"""Any number of scenarios side by side: differences, ranks, and who contributes what.

Works on travel-time tables alone, also on those of another tool; it never routes. Where
more runs are needed (packages of measures, lines left out) it is handed a function that
gives a value, and only decides which runs to ask for.
"""

from mobility.comparison.contribution import Contribution, contribution
from mobility.comparison.pairs import (
    GROUPS,
    PAIRS,
    VERDICTS,
    Differences,
    band_s,
    by_group,
    by_link,
    compare,
)
from mobility.comparison.ranking import carries, gain_per_vehicle_hour, rank

__all__ = [
    "GROUPS",
    "PAIRS",
    "VERDICTS",
    "Contribution",
    "Differences",
    "band_s",
    "by_group",
    "by_link",
    "carries",
    "compare",
    "contribution",
    "gain_per_vehicle_hour",
    "rank",
]
