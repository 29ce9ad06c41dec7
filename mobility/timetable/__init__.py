"""Feeds of one day as arrays: patterns whose trips never overtake, ready for the kernel."""

from __future__ import annotations

from mobility.timetable.build import build_timetable
from mobility.timetable.model import Timetable

__all__ = ["Timetable", "build_timetable"]
