"""Each reason for which a row of a feed is left out or read otherwise has its Dutch."""

from __future__ import annotations

import ast
from pathlib import Path

from mobility import feeds
from mobility.words.catalogue import part_texts

SOURCE = Path(feeds.__file__).parent
NAMED_KEYS = ("stop_id", "route_id", "trip_id")


def reasons() -> set[str]:
    """Reasons handed to the ledger; those of trips also with the word before their events'."""
    found: set[str] = set()
    for file in sorted(SOURCE.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("drop", "repair"):
                found |= {a.value for a in node.args[1:2] if isinstance(a, ast.Constant)}
            if isinstance(node, ast.FunctionDef) and node.name == "_reasons":
                (given,) = (n.value for n in ast.walk(node) if isinstance(n, ast.Return))
                of_trips = {pair.elts[0].value for pair in given.elts}
                found |= of_trips | {f"trip {reason}" for reason in of_trips}
    return found | {f"no {key}" for key in NAMED_KEYS}


def test_every_reason_has_its_dutch_and_no_other_stands_there() -> None:
    found = reasons()
    assert len(found) > 40
    assert set(part_texts("nl")["feeds"]) == found
