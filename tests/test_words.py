"""Words: every text has its Dutch, numbers and dates are written as each reader writes them."""

from __future__ import annotations

import ast
import datetime as dt
import importlib
import math
import re
from pathlib import Path

import pytest

from mobility import tables, words
from mobility.errors import MobilityError
from mobility.words.catalogue import part_texts

SOURCE = Path(words.__file__).parents[1]
CALLED = {"_", "say", "marked", "both"}
IN_TEMPLATE = re.compile(r'\bsay\("((?:[^"\\]|\\.)*)"')
FIELD = re.compile(r"\{(\w*)[^}]*\}")


def _called_name(node: ast.Call) -> str:
    function = node.func
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def texts_of(source: str) -> set[str]:
    """All plain texts handed to the translator in Python source."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        direct = _called_name(node) in CALLED
        # Also a translator that is made and called at once.
        called_at_once = isinstance(node.func, ast.Call) and _called_name(node.func) == "translator"
        first = node.args[0]
        if (
            (direct or called_at_once)
            and isinstance(first, ast.Constant)
            and isinstance(first.value, str)
        ):
            found.add(first.value)
    return found


def all_texts() -> dict[str, set[str]]:
    found = {}
    for file in sorted(SOURCE.rglob("*")):
        name = file.relative_to(SOURCE).as_posix()
        if file.suffix == ".py":
            found[name] = texts_of(file.read_text(encoding="utf-8"))
        elif file.suffix == ".html":
            found[name] = set(IN_TEMPLATE.findall(file.read_text(encoding="utf-8")))
        elif file.suffix == ".js" and "leaflet" not in name:
            script_texts = importlib.import_module("mobility.report.payload").script_texts
            found[name] = set(script_texts(file.read_text(encoding="utf-8")))
    return found


def contract_texts() -> set[str]:
    """Units, meanings and names of every column that leaves the program."""
    model = importlib.import_module("mobility.report.model")
    contracts = [
        value
        for module in (tables, model)
        for value in vars(module).values()
        if isinstance(value, tuple) and value and all(isinstance(c, tables.Column) for c in value)
    ]
    assert len(contracts) >= 6
    found = {c.meaning for contract in contracts for c in contract}
    found |= {
        c.unit for contract in contracts for c in contract if c.unit not in ("", "1", "s", "min")
    }
    found |= {c.name for contract in contracts for c in contract}
    return found


def _missing(texts: set[str]) -> list[str]:
    dutch = {text for part in part_texts("nl").values() for text in part}
    return sorted(texts - dutch)


def test_the_extraction_sees_what_it_should() -> None:
    source = '_ = translator(lang)\n_("a")\nsay("b", n=1)\ntranslator(x)("c")\n_(d)\nother("e")\n'
    assert texts_of(source) == {"a", "b", "c"}
    assert len(set().union(*all_texts().values())) > 100


def test_every_text_in_the_source_has_its_dutch() -> None:
    missing = {name: _missing(texts) for name, texts in all_texts().items()}
    assert {name: texts for name, texts in missing.items() if texts} == {}


def test_every_column_and_mode_has_its_dutch() -> None:
    assert _missing(contract_texts()) == []
    assert _missing({*tables.MODES, *tables.PARTS, *tables.STATUS}) == []


def test_translations_keep_their_values_to_fill_in() -> None:
    wrong = {
        text: dutch
        for part in part_texts("nl").values()
        for text, dutch in part.items()
        if "{" in text + dutch
        if sorted(set(FIELD.findall(text))) != sorted(set(FIELD.findall(dutch)))
    }
    assert wrong == {}


def test_every_short_name_stands_in_both_languages() -> None:
    assert set(part_texts("en")) == {"codes"}
    assert set(part_texts("en")["codes"]) == set(part_texts("nl")["codes"])


def test_no_text_has_two_dutch_words() -> None:
    seen: dict[str, str] = {}
    clashes = []
    for part in part_texts("nl").values():
        for text, dutch in part.items():
            if seen.setdefault(text, dutch) != dutch:
                clashes.append((text, seen[text], dutch))
    assert clashes == []


@pytest.mark.parametrize(
    ("english", "dutch"),
    [
        ("VF factor", "VF-factor"),
        ("transfer", "overstap"),
        ("timetable", "dienstregeling"),
        ("accessibility", "bereikbaarheid"),
        ("transport performance", "vervoerprestatie"),
        ("stop", "halte"),
        ("line", "lijn"),
        ("travel time", "reistijd"),
        ("pt", "openbaar vervoer"),
        ("baseline", "huidige situatie"),
    ],
)
def test_the_terms_of_the_field(english: str, dutch: str) -> None:
    assert words.translator("nl")(english) == dutch
    assert words.translator("en")(english) in {english, "public transport"}


def test_a_text_without_dutch_is_an_error_and_a_users_word_is_not() -> None:
    with pytest.raises(KeyError, match="nobody wrote this"):
        words.translator("nl")("nobody wrote this")
    assert words.label("Hamont-Achel", "nl") == "Hamont-Achel"
    assert words.label("minutes", "nl") == "minuten"


def test_an_unknown_language_names_the_known_ones() -> None:
    with pytest.raises(MobilityError, match=r'found "nll"; expected nl or en\. Write "nl"'):
        words.translator("nll")


@pytest.mark.parametrize(
    ("x", "digits", "nl", "en"),
    [
        (1234.5, 1, "1.234,5", "1,234.5"),
        (0.285, 2, "0,29", "0.29"),
        (2.5, 0, "3", "3"),
        (-2.5, 0, "−3", "−3"),
        (-0.4, 0, "0", "0"),
        (1234567.0, 0, "1.234.567", "1,234,567"),
        (math.nan, 0, "–", "–"),
        (math.inf, 1, "–", "–"),
    ],
)
def test_numbers(x: float, digits: int, nl: str, en: str) -> None:
    assert words.number(x, "nl", digits) == nl
    assert words.number(x, "en", digits) == en


def test_differences_carry_their_sign() -> None:
    assert words.signed(3.0, "nl") == "+3"
    assert words.signed(-1234.0, "nl") == "−1.234"
    assert words.signed(0.3, "nl") == "0"
    assert words.signed(math.nan, "en") == "–"


def test_minutes_dates_and_times_of_day() -> None:
    assert words.minutes(4980.0, "nl") == "83 min"
    assert words.minutes(29.9, "nl") == "0 min"
    assert words.minutes(math.nan, "nl") == "–"
    day = dt.date(2019, 10, 8)
    assert words.date(day, "nl") == "dinsdag 8 oktober 2019"
    assert words.date(day, "en") == "Tuesday 8 October 2019"
    assert words.time_of_day(25 * 3600 + 600) == "25:10"
