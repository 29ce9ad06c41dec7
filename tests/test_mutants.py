"""The command that changes the program: which changes it makes, and which tests it asks."""

from __future__ import annotations

import ast

import mutants

SOURCE = '''\
LIMIT = 3

@njit(cache=True)
def f(a: int, b=1) -> int:
    """Number 7."""
    if a < b and not a:
        raise ValueError(1 + 1)
    for x in range(a):
        if min(x, LIMIT) == 2:
            break
    found[0] = -a + b
    return found
'''


def test_one_place_is_changed_at_a_time() -> None:
    number = len(mutants.changes(ast.parse(SOURCE)))
    found = [mutants.mutant("a.py", SOURCE, n) for n in range(number)]
    assert sorted(m.change for m in found) == sorted([
        "3 -> 4", "1 -> 2", "a < b and (not a) -> a < b or not a", "a < b -> a <= b",
        "not a -> a", "min(x, LIMIT) == 2 -> min(x, LIMIT) != 2", "min -> max", "2 -> 3",
        "break -> continue", "found[0] = -a + b -> pass", "-a + b -> -a - b", "-a -> a", "0 -> 1",
    ])  # fmt: skip
    plain = ast.unparse(ast.parse(SOURCE)).splitlines()
    for one in found:
        differing = [a for a, b in zip(plain, one.text.splitlines(), strict=True) if a != b]
        assert len(differing) == 1, one.change


def test_the_tests_that_come_by_are_asked_the_quickest_first() -> None:
    lines = {
        4: frozenset(),
        6: frozenset({"slow", "quick"}),
        8: frozenset({"slow"}),
        1: frozenset(),
    }
    known = mutants.Measured({"a.py": lines}, {"slow": 2.0, "quick": 0.1})
    every = [mutants.mutant("a.py", SOURCE, n) for n in range(13)]
    asked = {m.change: mutants.noticing(m, known) for m in every}
    assert asked["not a -> a"] == ["quick", "slow"]
    assert asked["3 -> 4"] == ["quick", "slow"]  # a constant: whoever comes by the module
    assert asked["-a -> a"] == []
    assert mutants.noticing(every[0]._replace(path="b.py"), known) == []
