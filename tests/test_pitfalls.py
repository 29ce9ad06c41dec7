"""The table of pitfalls names tests that are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "pitfalls.md"


def rows() -> list[list[str]]:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in lines
        if re.match(r"\| \d+ \|", line)
    ]


def test_every_pitfall_is_held_on_both_sides() -> None:
    table = rows()
    assert [int(row[0]) for row in table] == list(range(1, 31))
    for row in table:
        assert len(row) == 5
        assert all(row)


def test_every_named_test_is_there() -> None:
    known: dict[str, set[str]] = {}
    missing = []
    for row in rows():
        for name in re.split(r",\s*", ", ".join(row[3:])):
            file, _, test = name.partition("::")
            if file not in known:
                path = TESTS / f"{file}.py"
                tree = ast.parse(path.read_text(encoding="utf-8")) if path.exists() else None
                functions = ast.walk(tree) if tree else ()
                known[file] = {f.name for f in functions if isinstance(f, ast.FunctionDef)}
            if test not in known[file]:
                missing.append(name)
    assert missing == []
