"""Changes of a scenario, each a small pure function from supply to supply."""

from mobility.changes.apply import apply_changes
from mobility.changes.counts import describe_counts
from mobility.changes.describe import describe
from mobility.changes.model import Applied, Effect
from mobility.scenario.policy_forms import calendar_day

__all__ = [
    "Applied",
    "Effect",
    "apply_changes",
    "calendar_day",
    "describe",
    "describe_counts",
]
