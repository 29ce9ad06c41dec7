"""Write the reference of all keys of region, scenario and plan files from their forms.

``python -m mobility.scenario.reference docs/scenario.md`` writes the file anew; a test
compares it with the forms.
"""

from __future__ import annotations

import datetime as dt
import sys
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Union

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from mobility.scenario import model, plan
from mobility.scenario.clock import CLOCK_CHECK
from mobility.scenario.examples import EXAMPLES
from mobility.scenario.forms import FORMS
from mobility.scenario.layers import ScenarioLayer, SettingsEntry, WindowLayer
from mobility.scenario.selectors import ChangeForm, LineSelector, Period, Span, StopRef
from mobility.scenario.street_forms import Area, StreetSelector

_TABLES: tuple[tuple[str, type[BaseModel]], ...] = (
    ("A stop: `{ … }`", StopRef),
    ("Lines: `lines = [{ … }]`", LineSelector),
    ("Streets: `streets = [{ … }]`", StreetSelector),
    ("A period: `period = { … }`", Period),
    ("A span with a headway: `spans = [{ … }]`", Span),
    ("An area: `area = { … }`", Area),
)
_REGION: tuple[tuple[str, type[BaseModel]], ...] = (
    ("`[[feeds]]`", model.FeedEntry),
    ("`[streets]`", model.StreetsEntry),
    ("`[zones]`", model.ZonesEntry),
    ("`[[zones.sources]]`", model.ZoneSource),
    ("`[[zones.tables]]` and `[[zones.sources.tables]]`", model.ZoneTable),
    ("`[border]`", model.BorderEntry),
    ("`[merge]`", model.MergeEntry),
    ("`[[pairs]]`", model.Pair),
)
_WORDS = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    Path: "path",
    dt.date: "date",
}
_BOUNDS = ((Gt, "gt", ">"), (Ge, "ge", "≥"), (Lt, "lt", "<"), (Le, "le", "≤"))

INTRODUCTION = """# Region, scenario and plan files

This page is made from the forms the program checks files with; do not edit it by hand. Make it
anew with `python -m mobility.scenario.reference docs/scenario.md`.

All files are TOML. Paths are relative to the file they stand in. An unknown key is an error that
names the nearest known one; all mistakes of all files are reported together, before anything
runs. Times of day are written `"06:20"`, after midnight `"25:10"`. Lists count from one in
messages.
"""

CHANGES = """## Changes

Each `[[changes]]` table of a scenario is one change. Changes apply in the order of the file, those
of the base first, each to what the one before left; order therefore matters. Examples:

- `change-headway` before `shift-timetable` shifts the new departures; after it, the departures are
  rebuilt from the shifted ones.
- `remove-lines` before `extend-line` of the same line is an error, since the line is gone; after it
  too, in one file, since the extension would be for nothing. A scenario may remove what its base
  changed.
- A line or stop that one change adds can be named by the changes after it.
- `meet` looks at the timetable as it stands: put it after what changes departures.
- `congestion` and the factors of `change-street` multiply what is there.

A change that affects nothing is an error, but for `no-border`, which may find no friction left.

A Python file with a function `changes(network)` may stand where a scenario file stands. It gets the
supply as it stands after its base's changes (`network.feeds`, `.streets`, `.zones`, `.settings` …)
and returns a list of change tables, as they would stand here, or a new supply. The other keys of
a scenario may stand in a dictionary `SCENARIO` in the same file.
"""

UNCERTAINTY = """## Uncertainty

Beside each difference between a scenario and its baseline, pair by pair of zones, stands a band
(`band_s` in `zone_pairs.parquet`). A difference within it is marked *not distinguishable* in the
column `verdict`; one below a tenth of a second, which rounding of streets may be, *same*. A mean
between municipalities or named places is not distinguishable where fewer than half of its pairs
stand out (`share_distinguishable`). The band is the root of the sum of the squares of:

- *minute of departure*: 1.96 standard errors of the median over the departures of the window
  (0.93 × interquartile range ÷ √departures), of both runs. Nil for walking, cycling and driving.
- *speed ±10 %*: 10 % of the difference in time on the street, to and from stops and between them
  (the whole way in a street mode). Speeds are wrong in both runs alike, so what has not changed
  falls out; a difference of a street mode is 10 times its band.
- *phases*: of a service known by its headway only (`frequencies.txt` without exact times,
  `add-line` with `exact = false`) nobody knows the minute, so it is drawn. With `draws` of the
  window above 1 the whole window is searched once for each draw, in both runs with the same
  phases. A pair then has, whole, the times of its middle draw; of the differences in all draws
  the band holds 95 %: the farthest of fewer than twenty. With one draw, the default, this part is
  nil, also where headways are drawn: ask for 8 or 16. Runs take as many times longer. The medians
  of all draws stand in `draws.parquet`.

The ten figures (`figures` of a comparison, and *stands out* in its table) are computed again for
the first and third quartile over departures, with all times 10 % longer and shorter, and in each
draw. A change stands out where it has one sign in all of these.
"""


def reference() -> str:
    """Write the whole page, Markdown."""
    parts = [INTRODUCTION, "## Region\n", _table(model.Region)]
    for title, form in _REGION:
        parts += [f"### {title}\n", _table(form)]
    parts += ["## Scenario\n", _doc(ScenarioLayer), _table(ScenarioLayer)]
    parts += ["### `[day]`\n", _table(model.DayEntry)]
    parts += ["### `[window]`\n", _table(WindowLayer)]
    parts += ["### `[settings]`\n", _table(SettingsEntry), CHANGES]
    for title, form in _TABLES:
        parts += [f"### {title}\n", _doc(form), _table(form)]
    for kind, form in FORMS.items():
        parts += [f"### `{kind}`\n", _doc(form), f"```toml\n{EXAMPLES[kind]}```\n", _table(form)]
    parts += ["## Plan\n", _doc(plan.PlanFile), _table(plan.PlanFile)]
    parts += ["### `days = [{ … }]`\n", _table(plan.PlanDay)]
    parts += ["### `windows = [{ … }]`\n", _table(plan.PlanWindow), UNCERTAINTY]
    return "\n".join(parts)


def _doc(form: type[BaseModel]) -> str:
    return f"{(form.__doc__ or '').strip()}\n"


def _table(form: type[BaseModel]) -> str:
    lines = ["| key | value | without it | meaning |", "|---|---|---|---|"]
    for name, field in form.model_fields.items():
        if name == "kind" and issubclass(form, ChangeForm):
            continue
        cells = [f"`{name}`", _type(field), _default(field), field.description or ""]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _type(field: FieldInfo) -> str:
    if any(item is CLOCK_CHECK for item in field.metadata):
        return "time of day"
    limits = [*_limits(field.metadata), *_inner_limits(field.annotation)]
    text = _words(field.annotation)
    return f"{text}, {', '.join(limits)}" if limits else text


def _words(annotation: Any) -> str:
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation in _WORDS:
        return _WORDS[annotation]
    if annotation is Any:
        return "anything"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "table"
    if origin is typing.Annotated:
        return "time of day" if CLOCK_CHECK in parts else _words(parts[0])
    if origin is Literal:
        return " / ".join(f"`{part}`" for part in parts)
    if origin in (Union, types.UnionType):
        return " or ".join(_words(part) for part in parts if part is not type(None))
    if origin is dict:
        return f"table of {_words(parts[1])} by {_words(parts[0])}"
    if origin is tuple and len(parts) == 2 and parts[1] is ...:
        return f"list of {_words(parts[0])}"
    if origin is tuple:
        return "[" + ", ".join(_words(part) for part in parts) + "]"
    return str(annotation)


def _limits(metadata: list[Any]) -> Iterator[str]:
    for item in metadata:
        for kind, key, sign in _BOUNDS:
            if isinstance(item, kind):
                yield f"{sign} {getattr(item, key):g}"
        if isinstance(item, MinLen) and item.min_length:
            yield f"at least {item.min_length}"
        if isinstance(item, MaxLen):
            yield f"at most {item.max_length}"


def _inner_limits(annotation: Any) -> Iterator[str]:
    """Limits that stand on the members of a list, or inside an optional value."""
    if typing.get_origin(annotation) is typing.Annotated:
        for item in typing.get_args(annotation)[1:]:
            yield from _limits(getattr(item, "metadata", [item]))
    for part in typing.get_args(annotation):
        if part is not annotation and not isinstance(part, str):
            yield from _inner_limits(part)


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True) if not field.is_required() else None
    if field.is_required() or value is PydanticUndefined:
        return "**required**"
    if value is None or value in ("", (), {}) or isinstance(value, BaseModel):
        return "–"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return ", ".join(f"`{item}`" for item in value)
    return f"`{value}`"


def main(arguments: list[str]) -> int:
    """Write the page to the file named by the one argument."""
    Path(arguments[0]).write_text(reference(), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
