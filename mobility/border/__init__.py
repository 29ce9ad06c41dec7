"""What the border costs, where and why; and the card of objective 2B."""

from mobility.border.card import Half, card
from mobility.border.decomposition import by_municipality, by_municipality_pair, decompose
from mobility.border.figure_changes import figure_changes, figures_by_variant
from mobility.border.figures import figures
from mobility.border.headlines import Headline, headlines
from mobility.border.places import resolve_pairs, suggest_pairs
from mobility.border.scorecards import scorecard, signal_rules
from mobility.border.suite import all_border

__all__ = [
    "Half",
    "Headline",
    "all_border",
    "by_municipality",
    "by_municipality_pair",
    "card",
    "decompose",
    "figure_changes",
    "figures",
    "figures_by_variant",
    "headlines",
    "resolve_pairs",
    "scorecard",
    "signal_rules",
    "suggest_pairs",
]
