"""Change the program in one small place at a time and see whether a test notices.

    python tests/mutants.py --part raptor --times 60 --seed 11
    python tests/mutants.py --part raptor --times 60 --seed 11 --slowest 2  # at first by tests of up to 2 s
    python tests/mutants.py --part raptor --times 60 --seed 11 --only 7     # one again, with its tests' output

One operator, number, sign or jump of a part is changed in a copy of the repository, never in the
checkout, and the part's quick tests that come by the changed line run on it, kernels uncompiled,
until the first fails. Which tests come by is measured first, on the unchanged copy, where all
must pass. Who takes far longer than unchanged counts as killed: it will not end.
"""

from __future__ import annotations

import argparse
import ast
import copy
import math
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple, cast

import coverage
import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
CONTENTS = ("mobility", "tests", "feeds", "scenarios", "docs", "pyproject.toml", "README.md")
PRELOADED = ("pandas", "numba", "geopandas", "pyogrio", "osmium", "osmnx", "scipy.optimize", "networkx",
             "statsmodels.api", "pydantic", "pyarrow.parquet", "pytest", "hypothesis", "coverage")  # fmt: skip

PARTS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "changes": (
        ("mobility/changes",),
        ("changes_lines", "changes_policy", "changes_streets", "changes_travel", "comparison",
         "small_print_changes"),
    ),
    "indicators": (
        ("mobility/indicators", "mobility/border"),
        ("indicators_access", "indicators_competition", "indicators_invariants",
         "indicators_practice", "indicators_suite", "border_access", "border_closed",
         "border_links", "border_timetable", "least_squares", "small_print",
         "small_print_indicators"),
    ),
    "merge": (
        ("mobility/merge",),
        ("merge", "merge_duplicates", "merge_inventory", "merge_repairs", "merge_repeats",
         "merge_stitch", "merge_stops", "small_print_merge"),
    ),
    "raptor": (
        ("mobility/raptor",),
        ("travel_times", "itineraries", "increments", "small_print"),
    ),
}  # fmt: skip

SWAPPED: Mapping[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
    ast.And: ast.Or, ast.Or: ast.And, ast.Break: ast.Continue, ast.Continue: ast.Break,
}  # fmt: skip
OPPOSITES = {"min": "max", "minimum": "maximum", "any": "all", "floor": "ceil", "argmin": "argmax"}
OPPOSITES |= {other: one for one, other in OPPOSITES.items()}
# What decides nothing about a result, or is a text that is tested by its words.
LEFT_ALONE = (ast.Raise, ast.Import, ast.ImportFrom)
LEFT_FIELDS = {"decorator_list", "annotation", "returns"}


class Spot(NamedTuple):
    """A node of a module's syntax, where it hangs, and the statement around it."""

    parent: ast.AST
    field: str
    at: int | None
    node: ast.AST
    statement: ast.stmt


class Mutant(NamedTuple):
    """One change of one module, with the lines of it whose tests can notice."""

    path: str
    line: int
    change: str
    text: str
    lines: range


class Measured(NamedTuple):
    """Which tests come by each line of a file, and how long each takes."""

    tests: Mapping[str, Mapping[int, frozenset[str]]]
    seconds: Mapping[str, float]


def spots(parent: ast.AST, statement: ast.stmt | None = None) -> Iterator[Spot]:
    """Every node in which something can be changed, in the order of the text."""
    for field, value in ast.iter_fields(parent):
        if field in LEFT_FIELDS:
            continue
        for at, node in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(node, ast.AST) or isinstance(node, LEFT_ALONE):
                continue
            around = node if isinstance(node, ast.stmt) else statement
            if around is not None:
                yield Spot(parent, field, at if isinstance(value, list) else None, node, around)
            yield from spots(node, around)


def replacements(node: ast.AST) -> Iterator[ast.AST]:
    """What a node can be changed into."""
    new = copy.copy(node)
    if isinstance(node, ast.Compare):
        for i, op in enumerate(node.ops):
            ops: list[ast.cmpop] = [*node.ops]
            ops[i] = cast("ast.cmpop", SWAPPED[type(op)]())
            yield ast.Compare(node.left, ops, node.comparators)
    elif isinstance(new, ast.BinOp | ast.AugAssign | ast.BoolOp) and type(new.op) in SWAPPED:
        new.op = SWAPPED[type(new.op)]()  # type: ignore[assignment]
        yield new
    elif isinstance(node, ast.UnaryOp) and not isinstance(node.op, ast.UAdd):
        yield node.operand
    elif isinstance(new, ast.Constant) and isinstance(new.value, bool):
        new.value = not new.value
        yield new
    elif isinstance(new, ast.Constant) and isinstance(new.value, int | float):
        new.value += 1
        yield new
    elif isinstance(node, ast.Break | ast.Continue):
        yield SWAPPED[type(node)]()
    elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
        yield ast.Pass()
    elif isinstance(new, ast.Name) and new.id in OPPOSITES:
        new.id = OPPOSITES[new.id]
        yield new
    elif isinstance(new, ast.Attribute) and new.attr in OPPOSITES:
        new.attr = OPPOSITES[new.attr]
        yield new


def changes(tree: ast.Module) -> list[tuple[Spot, ast.AST]]:
    """Every change of a module."""
    return [(spot, new) for spot in spots(tree) for new in replacements(spot.node)]


def mutant(path: str, source: str, number: int) -> Mutant:
    """Make one change of a module."""
    tree = ast.parse(source)
    spot, new = changes(tree)[number]
    change = f"{ast.unparse(spot.node)}  ->  {ast.unparse(new)}"
    if spot.at is None:
        setattr(spot.parent, spot.field, ast.copy_location(new, spot.node))
    else:
        getattr(spot.parent, spot.field)[spot.at] = ast.copy_location(new, spot.node)
    first, last = spot.statement.lineno, getattr(spot.node, "end_lineno", None)
    return Mutant(
        path, getattr(spot.node, "lineno", first), " ".join(change.split()),
        ast.unparse(ast.fix_missing_locations(tree)), range(first, (last or first) + 1),
    )  # fmt: skip


def drawn(root: Path, folders: Sequence[str], times: int, seed: int) -> tuple[int, list[Mutant]]:
    """How many changes a part has, and a sample of them."""
    paths = sorted(path for folder in folders for path in (root / folder).rglob("*.py"))
    text = {p.relative_to(root).as_posix(): p.read_text(encoding="utf-8") for p in paths}
    every = [(p, n) for p, source in text.items() for n in range(len(changes(ast.parse(source))))]
    sample = random.Random(seed).sample(every, min(times, len(every)))
    return len(every), [mutant(path, text[path], number) for path, number in sample]


class Clock:
    """What a run of the tests reports of each: its outcome and its seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.failed: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] += report.duration
        if report.failed:
            self.failed.add(report.nodeid)


def run_tests(root: str, arguments: list[str], heard: bool, answer: Connection) -> None:
    """In a process of its own: run tests of the copy and send back how they went."""
    import hypothesis

    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    hypothesis.settings.register_profile("mutants", derandomize=True, database=None, phases=phases)
    hypothesis.settings.load_profile("mutants")
    os.chdir(root)
    own = {REPOSITORY, REPOSITORY / "tests"}
    sys.path[:] = [path for path in sys.path if path and Path(path).resolve() not in own]
    if not heard:
        for stream in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
    clock = Clock()
    ahead = ["-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    code = pytest.main([*ahead, *arguments], plugins=[clock])
    import mobility

    if not Path(mobility.__file__).is_relative_to(root):
        code = pytest.ExitCode.INTERNAL_ERROR
    answer.send((int(code), dict(clock.seconds), sorted(clock.failed)))


def ask(
    root: Path, arguments: list[str], *, limit_s: float | None = None, heard: bool = False
) -> tuple[int, dict[str, float], list[str]] | None:
    """Run tests in a process that has the libraries already; None where it had to be ended."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.Process(target=run_tests, args=(str(root), arguments, heard, sender))
    process.start()
    sender.close()
    try:
        found = receiver.recv() if receiver.poll(limit_s) else None
    except EOFError:  # it fell over, which a test notices too
        found = (int(pytest.ExitCode.INTERNAL_ERROR), {}, [])
    process.kill()
    process.join()
    return found


def measured(root: Path, folders: Sequence[str], files: Sequence[str]) -> Measured:
    """Run all quick tests of a part on the unchanged copy, noting by which lines each comes."""
    data = root / ".coverage"
    sources = [f"--cov={folder}" for folder in folders]
    found = ask(root, [*files, *sources, "--cov-context=test", "--cov-report="], heard=True)
    if found is None or found[0] != 0:
        raise SystemExit(f"these fail before anything is changed: {found and found[2]}")
    of_file = defaultdict(set)
    for test in found[1]:
        of_file[test.split("::")[0]].add(test)
    kept = coverage.CoverageData(str(data))
    kept.read()
    tests = {}
    for name in kept.measured_files():
        lines = {}
        for line, contexts in kept.contexts_by_lineno(name).items():
            met: set[str] = set()
            for test, _, when in (c.rpartition("|") for c in contexts if c):
                # what a fixture lays ready may be looked at by every test of the file
                met |= of_file[test.split("::")[0]] if when == "setup" else {test}
            lines[line] = frozenset(met)
        tests[Path(name).relative_to(root).as_posix()] = lines
    return Measured(tests, found[1])


def noticing(mutant: Mutant, known: Measured, slowest_s: float = math.inf) -> list[str]:
    """Tests that come by a changed line, the quickest first; for constants all of the module."""
    lines = known.tests.get(mutant.path, {})
    met = frozenset().union(*(lines.get(line, frozenset()) for line in mutant.lines))
    if not met and any(line in lines for line in mutant.lines):  # run while it is imported
        met = frozenset().union(*lines.values())
    quick = [test for test in met if known.seconds.get(test, 0.0) <= slowest_s]
    return sorted(quick, key=lambda test: (known.seconds.get(test, 0.0), test))


def verdict(root: Path, mutant: Mutant, tests: Sequence[str], known: Measured, heard: bool) -> str:
    """Put a mutant in its place in the copy, run its tests, put back what stood there."""
    if not tests:
        return "not reached"
    path = root / mutant.path
    stood, stat = path.read_bytes(), path.stat()
    path.write_text(mutant.text, encoding="utf-8")
    limit_s = 60 + 5 * sum(known.seconds.get(test, 0.0) for test in tests)
    try:
        found = ask(root, ["-x", *tests], limit_s=limit_s, heard=heard)
    finally:
        path.write_bytes(stood)
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # what was compiled of it holds
    if found is None:
        return "endless"
    return "survived" if found[0] == 0 else "killed"


def attack(options: argparse.Namespace, root: Path) -> Counter[str]:
    """Try a sample of mutants of a part and print what became of each."""
    folders, names = PARTS[options.part]
    for name in CONTENTS:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, root / name)
    places, sample = drawn(root, folders, options.times, options.seed)
    known = measured(root, folders, [f"tests/test_{name}.py" for name in names])
    print(f"{options.part}: {places} places, {len(sample)} drawn", flush=True)
    counts: Counter[str] = Counter()
    for number, mutant in enumerate(sample):
        if options.only and number not in options.only:
            continue
        began = time.perf_counter()
        tests = noticing(mutant, known, options.slowest)
        state = verdict(root, mutant, tests, known, heard=len(options.only) == 1)
        counts[state] += 1
        took_s = time.perf_counter() - began
        print(f"{number:3} {state:11} {took_s:5.1f} s  {mutant.path}:{mutant.line}  "
              f"{mutant.change[:200]}", flush=True)  # fmt: skip
    return counts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=list(PARTS), required=True)
    parser.add_argument("--times", type=int, default=60)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--only", type=int, nargs="*", default=[], help="numbers in the sample")
    parser.add_argument("--slowest", type=float, default=math.inf, help="seconds of a test asked")
    options = parser.parse_args()
    os.environ |= {"NUMBA_DISABLE_JIT": "1", "OMP_NUM_THREADS": "1"}
    if sys.platform != "win32":
        multiprocessing.set_start_method("forkserver")
        multiprocessing.set_forkserver_preload(list(PRELOADED))
    with tempfile.TemporaryDirectory() as place:
        root = Path(place).resolve()
        counts = attack(options, root)
    print(", ".join(f"{state} {count}" for state, count in sorted(counts.items())))
    return 1 if counts["survived"] or counts["not reached"] else 0


if __name__ == "__main__":
    sys.exit(main())
