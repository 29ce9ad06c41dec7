"""TOML in, checked forms out; every problem says file, key, found, expected and cure."""

from __future__ import annotations

import tomllib
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn, TypeVar, Union

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from mobility.errors import Problem, nearest

Form = TypeVar("Form", bound=BaseModel)

_LONGEST = 60
# what the checker of forms calls a mistake, in words of a person who writes TOML
_WORDS: Mapping[str, str] = types.MappingProxyType(
    {
        "too_short": "at least {min_length} of them",
        "string_too_short": "text",
        "string_type": "text, in quotes",
        "int_type": "a whole number",
        "int_parsing": "a whole number",
        "int_from_float": "a whole number",
        "float_type": "a number",
        "float_parsing": "a number",
        "bool_type": "true or false",
        "bool_parsing": "true or false",
        "tuple_type": "a list, [ … ]",
        "dict_type": "a table, {{ … }}",
        "model_type": "a table, {{ … }}",
        "date_type": "a date like 2019-10-08, without quotes",
        "date_parsing": "a date like 2019-10-08, without quotes",
        "date_from_datetime_parsing": "a date like 2019-10-08, without quotes",
        "date_from_datetime_inexact": "a date like 2019-10-08, without a time",
    }
)
_PATTERNS: Mapping[str, str] = types.MappingProxyType(
    {
        r"^[^\s:]+$": "text without blanks and colons",
        r"^[a-z0-9][a-z0-9-]*$": "small letters, digits and hyphens",
    }
)


def refuse(found: object, expected: str, cure: str = "") -> NoReturn:
    """Raise, inside a validator, an error that `problems_of` turns into a full `Problem`."""
    raise PydanticCustomError(
        "form", "{expected}", {"found": str(found), "expected": expected, "cure": cure}
    )


def read_toml(path: Path) -> tuple[dict[str, Any] | None, list[Problem]]:
    """Read a TOML file; None and the problem where it is missing or no TOML."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None, [Problem(str(path), "no such file", "a TOML file", _similar_file(path))]
    except (OSError, UnicodeDecodeError) as error:
        return None, [Problem(str(path), f"unreadable: {error}", "a TOML file in UTF-8")]
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        cure = "Texts and times stand in quotes, dates stand bare: date = 2019-10-08."
        return None, [Problem(str(path), f"no TOML: {error}", "a TOML file", cure)]
    if _holds_null(table):
        # No path can hold one, and no name means anything with it.
        return None, [Problem(str(path), "a text with a null character", "texts without one")]
    return table, []


def _holds_null(value: object) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, Mapping):
        return any("\0" in key or _holds_null(inner) for key, inner in value.items())
    return isinstance(value, list) and any(_holds_null(inner) for inner in value)


def _similar_file(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f"There is no folder {folder} either."
    near = nearest(path.name, (p.name for p in sorted(folder.iterdir())))
    return f"Did you mean {near}?" if near else ""


def parse(
    model: type[Form], table: Mapping[str, Any], where: str
) -> tuple[Form | None, list[Problem]]:
    """Check one table against its form; None and all its problems where it does not fit.

    `where` is the file, or the file and the key path of the table.
    """
    try:
        return model.model_validate(dict(table)), []
    except ValidationError as error:
        return None, problems_of(error, model, where)


def problems_of(error: ValidationError, model: type[BaseModel], where: str) -> list[Problem]:
    """Say every line of a pydantic error as a `Problem`."""
    lines = error.errors(include_url=False)
    inner = {line["loc"][:-2] for line in lines if len(line["loc"]) > 1}
    told: dict[tuple[str, str], Problem] = {}
    for line in lines:
        # a list whose rows are wrong is not too short as well
        if line["type"] == "too_short" and line["loc"] in inner:
            continue
        problem = _problem(line, model, where)
        before = told.setdefault((problem.where, problem.found), problem)
        if before is not problem:  # a value that may be one thing or another
            one, _, meaning = before.expected.partition(" (")
            expected = f"{one} or {problem.expected.partition(' (')[0]}"
            expected += f" ({meaning}" if meaning else ""
            told[problem.where, problem.found] = replace(before, expected=expected)
    return list(told.values())


def _kind_of_value(part: int | str) -> bool:
    """Whether a part of a place is no key, but one of the kinds of value that may stand there."""
    return str(part) in ("int", "float", "str", "bool") or str(part).startswith("literal[")


def key_path(where: str, location: Sequence[int | str]) -> str:
    """Write ``"file: changes[2].stops[1].near"``; rows are counted from one."""
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            text += f".{part}" if text else part
    if not text:
        return where
    if ": " in where:
        return where + (text if text.startswith("[") else f".{text}")
    return f"{where}: {text}"


def _problem(line: ErrorDetails, model: type[BaseModel], where: str) -> Problem:
    location = line["loc"]
    if len(location) > 1 and _kind_of_value(location[-1]):
        location = location[:-1]
    place = key_path(where, location)
    context = line.get("ctx", {})
    if line["type"] == "form":
        return Problem(place, context["found"], context["expected"], context["cure"])
    if line["type"] == "extra_forbidden":
        known = sorted(_keys_at(model, location[:-1]))
        near = nearest(str(location[-1]), known)
        cure = f"Did you mean {near}?" if near else ""
        return Problem(place, "an unknown key", f"one of {', '.join(known)}", cure)
    if line["type"] == "missing":
        return Problem(place, "nothing", _description(model, location) or "a value")
    expected = line["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    if line["type"] in _WORDS:
        expected = _WORDS[line["type"]].format(**context)
    elif line["type"] == "string_pattern_mismatch":
        expected = _PATTERNS.get(str(context["pattern"]), f"text like {context['pattern']}")
    meaning = _description(model, location)
    if meaning:
        expected = f"{expected} ({meaning})"
    near = ""
    if line["type"] == "literal_error":
        words = [
            w.strip("' ") for w in str(context.get("expected", "")).replace(" or ", ",").split(",")
        ]
        near = nearest(str(line["input"]), words)
    return Problem(place, _short(line["input"]), expected, f"Did you mean {near}?" if near else "")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    """Every model class an annotation speaks of: itself, in a union, in a tuple."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if typing.get_origin(annotation) in (Union, types.UnionType, tuple, list, dict):
        return [m for part in typing.get_args(annotation) for m in _models_in(part)]
    if typing.get_origin(annotation) is typing.Annotated:
        return _models_in(typing.get_args(annotation)[0])
    return []


def _models_at(model: type[BaseModel], location: Sequence[int | str]) -> list[type[BaseModel]]:
    models = [model]
    for part in location:
        if isinstance(part, int):
            continue
        fields = [m.model_fields[part] for m in models if part in m.model_fields]
        if fields:  # pydantic also puts names of union members into a location
            models = [inner for field in fields for inner in _models_in(field.annotation)]
    return models


def _keys_at(model: type[BaseModel], location: Sequence[int | str]) -> set[str]:
    return {name for found in _models_at(model, location) for name in found.model_fields}


def _description(model: type[BaseModel], location: Sequence[int | str]) -> str:
    names = [part for part in location if isinstance(part, str)]
    if not names:
        return ""
    for found in _models_at(model, location[: list(location).index(names[-1])]):
        field = found.model_fields.get(names[-1])
        if field is not None and field.description:
            return field.description
    return ""
