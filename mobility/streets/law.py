"""The rule tables, and what they say about one set of tags.

A rule row reads: if `key` has one of `values` (and `also_key` one of `also_values`, ``-``
meaning that the key is absent), then `field` becomes `setting`. Rows are taken in the order
of `step`; within a step the generic table's rows first, then the country's own, so that the
law of the land has the last word. ``same`` leaves a field as it is: the row states that the
value is known and changes nothing.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from mobility.errors import Problem, StreetError

_FIELDS = ("access", "forward", "backward", "factor", "kph")
_TABLES = ("walk", "bike", "speed_pedelec", "car")
TABLE_OF_MODE = {
    "walk": "walk",
    "bike": "bike",
    "ebike": "bike",
    "speed_pedelec": "speed_pedelec",
    "car": "car",
}
# Country files carry two or three letters; the tables are named by two.
_TWO_LETTERS = {
    "AUT": "AT", "BEL": "BE", "CHE": "CH", "CZE": "CZ", "DEU": "DE", "DNK": "DK", "ESP": "ES",
    "FRA": "FR", "GBR": "GB", "ITA": "IT", "LUX": "LU", "NLD": "NL", "POL": "PL",
}  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """One row of a rule table."""

    step: int
    layer: int
    row: int
    key: str
    values: frozenset[str]
    also_keys: tuple[str, ...]
    also_values: frozenset[str]
    field: str
    setting: str
    source: str

    def holds(self, tags: Mapping[str, str]) -> bool:
        """Whether the row's conditions hold; `key` is known to be present."""
        if tags[self.key] not in self.values and "*" not in self.values:
            return False
        if not self.also_keys:
            return True
        if "-" in self.also_values:
            return all(key not in tags for key in self.also_keys)
        return any(tags.get(key) in self.also_values for key in self.also_keys)


@dataclass(frozen=True)
class Verdict:
    """What the rules say of one set of tags for one mode.

    `access` is ``yes``, ``no``, ``destination`` (no through traffic) or ``push`` (on foot);
    `factor` slows the moving speed; `kph` caps it (0: no cap).
    """

    access: str = "no"
    forward: bool = False
    backward: bool = False
    factor: float = 1.0
    kph: float = 0.0


@dataclass(frozen=True)
class Rules:
    """Rules of one country and mode table, by the key they look at first."""

    country: str
    table: str
    own_table: bool
    by_key: Mapping[str, tuple[Rule, ...]]

    def judge(self, tags: Mapping[str, str]) -> Verdict:
        """Go through the rules in order and return what remains."""
        matching = [
            rule
            for key in tags
            for rule in self.by_key.get(key, ())
            if rule.setting != "same" and rule.holds(tags)
        ]
        matching.sort(key=lambda rule: (rule.step, rule.layer, rule.row))
        access, forward, backward, factor, kph = "no", True, True, 1.0, 0.0
        for rule in matching:
            if rule.field == "access":
                access = rule.setting
            elif rule.field == "forward":
                forward = rule.setting == "yes"
            elif rule.field == "backward":
                backward = rule.setting == "yes"
            elif rule.field == "factor":
                factor *= float(rule.setting)
            else:
                kph = float(rule.setting)
        if access == "no":
            return Verdict()
        # A bicycle in hand, like a person on foot, minds no one-way sign.
        both = access == "push"
        return Verdict(access, forward or both, backward or both, factor, kph)


def two_letters(code: str) -> str:
    """Country code as the tables name it: ``NLD`` → ``NL``, ``BE-VLG`` stays."""
    return _TWO_LETTERS.get(code, code)


def read_table(name: str) -> list[dict[str, str]]:
    """Read one of the package's CSV tables as rows of text."""
    file = resources.files("mobility.streets.rules").joinpath(f"{name}.csv")
    return list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"), newline="")))


def has_table(name: str) -> bool:
    """Whether the package holds a table of this name."""
    return resources.files("mobility.streets.rules").joinpath(f"{name}.csv").is_file()


def _parse(name: str, layer: int) -> list[Rule]:
    rules: list[Rule] = []
    for number, row in enumerate(read_table(name), start=2):
        if row["field"] not in _FIELDS:
            raise StreetError(Problem(f"{name}.csv:{number}", row["field"], f"one of {_FIELDS}"))
        also_keys = tuple(part for part in row["also_key"].split("|") if part)
        rules.extend(
            Rule(
                step=int(row["step"]),
                layer=layer,
                row=number,
                key=key,
                values=frozenset(row["values"].split("|")),
                also_keys=also_keys,
                also_values=frozenset(row["also_values"].split("|")),
                field=row["field"],
                setting=row["setting"],
                source=row["source"],
            )
            for key in row["key"].split("|")
        )
    return rules


@lru_cache(maxsize=64)
def rules_for(country: str, table: str) -> Rules:
    """Rules of a country (code as in the country file) for one mode table.

    A region (``BE-VLG``) takes its own table, else its country's; a country without one
    takes the generic table, and `own_table` says so.
    """
    code = two_letters(country)
    own = next(
        (
            part
            for part in (code, code.split("-")[0])
            if part and has_table(f"{part.lower()}_{table}")
        ),
        "",
    )
    rules = _parse(f"any_{table}", 0)
    if own:
        rules += _parse(f"{own.lower()}_{table}", 1)
    by_key: dict[str, list[Rule]] = {}
    for rule in rules:
        by_key.setdefault(rule.key, []).append(rule)
    return Rules(country, table, bool(own), {key: tuple(rows) for key, rows in by_key.items()})


@lru_cache(maxsize=1)
def known_values() -> Mapping[str, frozenset[str]]:
    """Every tag value some rule row names, by key; what is not here is counted as unmapped."""
    values: dict[str, set[str]] = {}
    for table in _TABLES:
        for name in ("any", "nl", "be"):
            for rule in _parse(f"{name}_{table}", 0):
                values.setdefault(rule.key, set()).update(rule.values)
                for key in rule.also_keys:
                    values.setdefault(key, set()).update(rule.also_values - {"-"})
    return {key: frozenset(found) for key, found in values.items()}


@lru_cache(maxsize=1)
def rule_keys() -> frozenset[str]:
    """Every tag key some rule row looks at."""
    return frozenset(known_values())
