"""The report: one HTML file that opens anywhere, made from plain tables and matrices."""

from mobility.report.model import (
    BORDER,
    LINES,
    MUNICIPALITIES,
    Figure,
    Headline,
    NamedPair,
    ReportInput,
    Run,
)
from mobility.report.page import write_report
from mobility.report.pairs import pair_times
from mobility.report.ranking import scenario_ranking

__all__ = [
    "BORDER",
    "LINES",
    "MUNICIPALITIES",
    "Figure",
    "Headline",
    "NamedPair",
    "ReportInput",
    "Run",
    "pair_times",
    "scenario_ranking",
    "write_report",
]
