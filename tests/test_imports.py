"""A module imports only from a lower rank, and each big library has its one room."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "mobility"
RANKS = {
    "errors": 0, "compiled": 0, "leftovers": 0, "country_codes": 1, "shapley": 1, "tables": 1, "scenario": 1, "words": 1, "store": 1,
    "feeds": 2, "zones": 2, "raptor": 2, "dijkstra": 2, "demo": 2,
    "calendars": 3, "merge": 3, "timetable": 3, "streets": 3,
    "network": 4, "fetch": 4, "changes": 5, "travel_times": 6, "itineraries": 7, "increments": 7,
    "draws": 7, "indicators": 7, "border": 8, "comparison": 7,
    "snapshots": 9, "charts": 10, "maps": 9, "report": 9, "workbook": 9, "checkpage": 9,
    "batch": 11, "cli": 12,
}  # fmt: skip
ROOMS = {
    "osmnx": {"streets", "network"},
    "gtfs_kit": {"feeds"},
    "osmium": {"streets", "demo"},
    "requests": {"fetch"},
}
KERNELS = {"raptor": {"numpy", "numba"}, "dijkstra": {"numpy", "numba"}}
STANDARD = {"__future__", "collections", "dataclasses", "typing", "math", "concurrent", "os"}
FILES = sorted(PACKAGE.rglob("*.py"))


def part_of(path: Path) -> str:
    inner = path.relative_to(PACKAGE)
    return inner.parts[0].removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "mobility":
                found |= {f"mobility.{alias.name}" for alias in node.names}
            else:
                found.add(node.module)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_imports_come_from_below(path: Path) -> None:
    own = part_of(path)
    if own == "__init__":
        return
    assert own in RANKS, f"give {own} a rank"
    for name in imports_of(path):
        if name.startswith("mobility."):
            other = name.split(".")[1]
            assert other == own or RANKS[other] < RANKS[own], f"{own} must not import {other}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_libraries_stay_in_their_rooms(path: Path) -> None:
    own = part_of(path)
    outside = {name.split(".")[0] for name in imports_of(path)}
    for library, rooms in ROOMS.items():
        assert library not in outside or own in rooms, f"{library} belongs to {sorted(rooms)}"
    if own in KERNELS:
        assert outside - STANDARD - {"mobility"} <= KERNELS[own]


def test_indicators_never_import_the_router() -> None:
    for path in FILES:
        if part_of(path) in ("indicators", "border", "charts", "report", "maps"):
            for name in imports_of(path):
                assert not name.startswith(("mobility.raptor", "mobility.travel_times"))
