"""What the border costs, where and why; and the card of objective 2B."""

from mobility.border.places import resolve_pairs, suggest_pairs
from mobility.border.scorecards import scorecard
from mobility.border.suite import all_border

__all__ = ["all_border", "resolve_pairs", "scorecard", "suggest_pairs"]
