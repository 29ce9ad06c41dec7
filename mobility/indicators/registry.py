"""Every indicator with formula, unit, source and meaning: data, and the page made of it."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from importlib import resources

SPLITS = ("_own", "_foreign", "_unknown")
PAGE_HEAD = """# Indicators

Made from `mobility/indicators/registry.csv`; write it anew with

    python -m mobility.indicators.registry docs/indicators.md

Names in `<…>` stand for a choice. Indicators of access also come split into `_own` (the origin's
country), `_foreign` and, where a zone's country isn't known, `_unknown`; the parts add up to the
whole. P people, O opportunities, S supply, t door-to-door time, d crow-fly distance, f decay, v
crow-fly speed. A place that can't be reached has no time: it never counts as 0 or as reached.
"""

COVERAGE_HEAD = """
## The forty-eight, and what tests them

The indicators in use in European, Dutch and Flemish practice that this model set out to have, made
from `mobility/indicators/coverage.csv`. Tests stand in `tests/`; a dash where there is none of that
sort. Cases of a peer are from a publication, from R5's or the R package `accessibility`'s own
examples, or computed by `access`, `pandana` or `statsmodels` while testing.

| no. | indicator | function | by hand | publication or peer | invariant |
|--|--|--|--|--|--|"""


@dataclass(frozen=True)
class Entry:
    """One indicator: see the columns of registry.csv."""

    name: str
    group: str
    function: str
    formula: str
    unit: str
    source: str
    en: str
    nl: str


def registry() -> tuple[Entry, ...]:
    """All indicators, in the order of the page."""
    path = resources.files("mobility.indicators").joinpath("registry.csv")
    with path.open(encoding="utf-8") as file:
        return tuple(Entry(**row) for row in csv.DictReader(file))


@dataclass(frozen=True)
class Coverage:
    """One of the 48 indicators of the study this model follows, and what tests it.

    `function` computes it; `by_hand`, `peer` (a publication's or another program's case) and
    `invariant` name tests as ``file::test``, several joined by ``"; "``, empty for none.
    """

    number: str
    indicator: str
    function: str
    by_hand: str
    peer: str
    invariant: str

    def tests(self) -> tuple[str, ...]:
        """All tests named."""
        cells = (self.by_hand, self.peer, self.invariant)
        return tuple(test for cell in cells for test in cell.split("; ") if test)


def coverage() -> tuple[Coverage, ...]:
    """The 48 indicators in the order of the study."""
    path = resources.files("mobility.indicators").joinpath("coverage.csv")
    with path.open(encoding="utf-8") as file:
        return tuple(Coverage(**row) for row in csv.DictReader(file))


def find(indicator: str) -> Entry | None:
    """Entry of an indicator as it stands in a table, e.g. ``"gravity_linear_foreign"``."""
    whole = indicator
    for split in SPLITS:
        whole = whole.removesuffix(split)
    for entry in registry():
        parts = re.split(r"<\w+>", entry.name)
        if re.fullmatch(r"[^_]+".join(re.escape(part) for part in parts), whole):
            return entry
    return None


def meaning(indicator: str, lang: str) -> str:
    """What an indicator means, in a short sentence; its name where it isn't registered."""
    entry = find(indicator)
    if entry is None:
        return indicator
    return entry.nl if lang == "nl" else entry.en


def _as_code(tests: str) -> str:
    return ", ".join(f"`{test}`" for test in tests.split("; ")) if tests else "–"


def page() -> str:
    """Write the page ``docs/indicators.md``."""
    lines = [PAGE_HEAD]
    group = ""
    for entry in registry():
        if entry.group != group:
            group = entry.group
            lines += [
                f"\n## {group[0].upper()}{group[1:]}\n",
                "| name | formula | unit | source | meaning | betekenis | function |",
                "|--|--|--|--|--|--|--|",
            ]
        module, function = entry.function.removeprefix("mobility.").rsplit(".", 1)
        cells = (
            f"`{entry.name}`",
            entry.formula,
            entry.unit,
            entry.source,
            entry.en,
            entry.nl,
            f"`{module}.{function}`",
        )
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    lines += [COVERAGE_HEAD]
    for row in coverage():
        named = (_as_code(row.by_hand), _as_code(row.peer), _as_code(row.invariant))
        cells_ = (row.number, row.indicator, f"`{row.function.removeprefix('mobility.')}`", *named)
        lines.append("| " + " | ".join(cells_) + " |")
    return "\n".join(lines) + "\n"


def _main(arguments: list[str]) -> None:
    from pathlib import Path  # noqa: PLC0415 – only the command writes

    Path(arguments[0]).write_text(page(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    import sys

    _main(sys.argv[1:])
