"""Plain rows for the page's static tables, each word in both languages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mobility.report.answer import scenario_title
from mobility.report.model import ReportInput, spoken
from mobility.report.ranking import people_reached, ranking_digits, scenario_ranking
from mobility.report.speech import Spoken, by_language, change, figure, say, word
from mobility.tables import MODES, TRANSIT_MODES

MEDIAN = 50
SHOWN_ROWS = 40
BAR_LENGTH = 100.0


@dataclass(frozen=True)
class Cell:
    """A cell: its text, and a bar from 0 to 100 where it has one; `kind` styles it."""

    text: Spoken | str
    bar: float | None = None
    note: Spoken | str = ""
    kind: str = ""


@dataclass(frozen=True)
class Block:
    """A titled table; `kind` styles it."""

    title: Spoken | str
    heads: tuple[Spoken | str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: Spoken | str = ""
    opened: bool = False
    kind: str = ""


def in_mode_order(modes: Sequence[str]) -> list[str]:
    """Modes in the order of the contract, unknown ones after them."""
    return sorted(set(modes), key=lambda m: (MODES.index(m) if m in MODES else 99, m))


def pair_blocks(data: ReportInput, times: pd.DataFrame) -> list[Block]:
    """One table per mode: named pairs down, scenarios across."""
    median = times[times["percentile"] == MEDIAN]
    blocks = []
    for mode in in_mode_order([str(m) for m in median["mode"].unique()]):
        rows = median[median["mode"] == mode]
        wide = rows.pivot_table(
            index="pair", columns="scenario", values="minutes", observed=True, dropna=False
        ).reindex(index=list(dict.fromkeys(rows["pair"])), columns=[r.name for r in data.runs])
        values = wide.to_numpy(float)
        limit = float(np.nanmax(values, initial=1.0))
        bases = [data.runs.index(data.base_of(run)) for run in data.runs]
        kinds = dict(zip(rows["pair"], rows["kind"], strict=True))
        body = tuple(
            (Cell(pair, kind=str(kinds[pair])), *_pair_cells(row, bases, limit))
            for pair, row in zip(wide.index, values, strict=True)
        )
        heads = (say("connection"), *(scenario_title(data, run.name) for run in data.runs))
        blocks.append(Block(word(mode), heads, body, opened=mode == "pt"))
    return blocks


def _pair_cells(minutes: np.ndarray, bases: Sequence[int], limit: float) -> list[Cell]:
    """Give the cells of one pair; `bases` has the column each column is compared with."""
    cells = []
    for k, (value, base) in enumerate(zip(minutes, bases, strict=True)):
        if not math.isfinite(value):
            cells.append(Cell(say("not reachable"), kind="none"))
            continue
        difference = value - minutes[base] if k != base else math.nan
        told = math.isfinite(difference) and abs(difference) >= 0.5
        kind = ("faster" if difference < 0 else "slower") if told else "time"
        note = change(difference) if told else ""
        cells.append(Cell(figure(value), BAR_LENGTH * value / limit, note, kind))
    return cells


def ranking_blocks(data: ReportInput) -> list[Block]:
    """Scenarios ranked, one table per transit mode that was computed."""
    names = [run.name for run in data.runs]
    bases = {run.name: data.base_of(run).name for run in data.runs}
    heads = (
        say("rank"),
        say("scenario"),
        say("mean change, all pairs [min]"),
        say("mean change, pairs across the border [min]"),
        say("pairs faster"),
        say("pairs slower"),
        say("newly reachable"),
        say("no longer reachable"),
        say("people within an hour"),
    )
    blocks = []
    reached = people_reached(data.accessibility, names, _people(data))
    present = set() if data.municipalities.empty else set(data.municipalities["mode"].astype(str))
    for mode in [m for m in (*TRANSIT_MODES, "bike", "ebike", "car") if m in present]:
        table = scenario_ranking(data.municipalities, names, mode, bases)
        if table.empty:
            continue
        digits = ranking_digits(table)
        body = tuple(
            _ranking_row(data, i, row, (mode, bases[str(row["scenario"])]), reached, digits)
            for i, row in enumerate(table.to_dict("records"))
        )
        changed = bool((table["faster"] + table["slower"]).sum())
        if mode in TRANSIT_MODES or changed:
            blocks.append(Block(word(mode), heads, body, opened=mode == "pt"))
    return blocks


def _ranking_row(
    data: ReportInput,
    position: int,
    row: Mapping[Any, Any],
    base: tuple[str, str],
    reached: Mapping[tuple[str, str], float],
    digits: int,
) -> tuple[Cell, ...]:
    """Give one row; `base` is the mode, and the run its people are compared with."""
    name = str(row["scenario"])
    gain = reached.get((base[0], name), math.nan) - reached.get(base, math.nan)
    return (
        Cell(str(position + 1)),
        Cell(scenario_title(data, name)),
        Cell(change(row["mean_change"], digits)),
        Cell(change(row["mean_change_border"], digits)),
        *(Cell(figure(row[key])) for key in ("faster", "slower", "gained", "lost")),
        Cell(change(gain)),
    )


def _people(data: ReportInput) -> dict[str, float]:
    table = data.zones.opportunities
    if "population" not in table:
        return {}
    people = table["population"].fillna(0.0).to_numpy(float)
    return dict(zip(map(str, data.zones.ids), people.tolist(), strict=True))


def border_blocks(data: ReportInput) -> list[Block]:
    """Causes of the border effect: pairs down, causes across, the sum at the end."""
    if data.border.empty:
        return []
    blocks = []
    for mode in in_mode_order([str(m) for m in data.border["mode"].unique()]):
        rows = data.border[data.border["mode"] == mode]
        pair = rows["origin"].astype(str) + " – " + rows["destination"].astype(str)
        causes = list(dict.fromkeys(rows["cause"].astype(str)))
        wide = rows.assign(pair=pair).pivot_table(
            index="pair",
            columns="cause",
            values="minutes",
            aggfunc="sum",
            observed=True,
            sort=False,
        )[causes]
        body = tuple(
            (
                Cell(str(name)),
                *(Cell(change(v, 1)) for v in values),
                Cell(change(float(np.nansum(values)), 1), kind="sum"),
            )
            for name, values in zip(wide.index, wide.to_numpy(float), strict=True)
        )
        heads = (say("connection"), *(word(c) for c in causes), say("border effect [min]"))
        blocks.append(Block(word(mode), heads, body, opened=mode == "pt"))
    return blocks


def any_table(title: Spoken | str, table: pd.DataFrame, rows: int = SHOWN_ROWS) -> Block:
    """Any table as it is, its first rows; columns ``x_nl`` and ``x_en`` become one."""
    columns = [str(c) for c in table.columns]
    spoken_stems = {c[:-3] for c in columns if c.endswith("_nl") and f"{c[:-3]}_en" in columns}
    shown: list[tuple[str, bool]] = []
    for column in columns:
        stem = column[:-3]
        if stem in spoken_stems and column.endswith(("_nl", "_en")):
            if (stem, True) not in shown:
                shown.append((stem, True))
        else:
            shown.append((column, False))
    records = table.head(rows).to_dict("records")
    body = tuple(
        tuple(_any_cell(record, column, two) for column, two in shown) for record in records
    )
    note: Spoken | str = ""
    if len(table) > rows:
        note = say(
            "The first {n} of {all} rows; the CSV file beside this report has them all.",
            n=figure(rows),
            all=figure(len(table)),
        )
    return Block(title, tuple(word(column) for column, _two in shown), body, note)


def _any_cell(record: Mapping[Any, Any], column: str, two: bool) -> Cell:
    if two:
        texts = {"nl": str(record[f"{column}_nl"]), "en": str(record[f"{column}_en"])}
        return Cell(by_language(texts.__getitem__))
    value = record[column]
    if isinstance(value, (bool, np.bool_)):
        return Cell(say("yes") if value else say("no"))
    if isinstance(value, (int, np.integer)):
        return Cell(figure(float(value)), kind="number")
    if isinstance(value, (float, np.floating)):
        digits = 0 if not math.isfinite(value) or float(value).is_integer() else 1
        return Cell(figure(float(value), digits), kind="number")
    return Cell("" if value is None or value is pd.NaT else word(str(value)))


def evidence_blocks(data: ReportInput) -> list[Block]:
    """What the merge did, one table per step that has rows."""
    return [
        any_table(say("{what}: {n}", what=word(f"merge/{name}"), n=figure(len(table))), table)
        for name, table in sorted(data.evidence.items())
        if len(table.columns)
    ]


def told_effects(data: ReportInput) -> list[tuple[Spoken, Spoken | None, list[Spoken]]]:
    """Per scenario its title, its description and what each change did."""
    told = []
    for run in data.scenarios:
        effects = [
            by_language(lambda lang, k=k, run=run: _nth(run.effects, lang, k))  # type: ignore[misc]
            for k in range(max((len(e) for e in run.effects.values()), default=0))
        ]
        about = by_language(lambda lang, run=run: spoken(run.description, lang, ""))  # type: ignore[misc]
        told.append((scenario_title(data, run.name), about if about.texts["nl"] else None, effects))
    return told


def _nth(effects: Mapping[str, tuple[str, ...]], lang: str, k: int) -> str:
    own = effects.get(lang) or next(iter(effects.values()))
    return own[k] if k < len(own) else ""
