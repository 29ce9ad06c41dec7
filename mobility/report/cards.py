"""The scorecard and the figures in sentences, as tables for the page."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from mobility.report.answer import scenario_title
from mobility.report.model import ReportInput, Run
from mobility.report.sections import Block, Cell, any_table, in_mode_order
from mobility.report.speech import Spoken, by_language, change, figure, say, word

CARD = {"scenario", "kind", "origin", "destination", "mode", "time_s", "signal"}
# A sign beside the colour, so that nobody depends on the colour.
SIGNS = {"good": "●", "fair": "◐", "poor": "○"}
FELT_S = 30.0
Times = Mapping[tuple[str, str, str], float]


def scorecard_blocks(data: ReportInput, told: Run | None = None) -> list[Block]:
    """One table per scenario: pairs down, modes across, minutes with their signal.

    That of `told` stands open, else the last.
    """
    table = data.scorecard
    if table.empty:
        return []
    if not set(table.columns) >= CARD:
        return [any_table(say("Scorecard"), table, 200)]
    # Walking to another town judges nothing; it stays in the table of connections.
    modes = [m for m in in_mode_order([str(m) for m in table["mode"].unique()]) if m != "walk"]
    blocks = []
    for run in data.runs:
        rows = table[table["scenario"] == run.name]
        if rows.empty:
            continue
        base = data.base_of(run)
        before = {} if run is base else _times(table[table["scenario"] == base.name])
        heads = (say("connection"), *(word(mode) for mode in modes))
        body = tuple(_lines(rows, modes, before))
        title = scenario_title(data, run.name)
        blocks.append(
            Block(
                title,
                heads,
                body,
                _key(changed=bool(before)),
                opened=run is (told or data.runs[-1]),
            )
        )
    return blocks


def _times(rows: pd.DataFrame) -> dict[tuple[str, str, str], float]:
    keys = zip(rows["origin"], rows["destination"], rows["mode"], strict=True)
    return {
        (str(o), str(d), str(m)): float(t)
        for (o, d, m), t in zip(keys, rows["time_s"], strict=True)
    }


def _key(*, changed: bool) -> Spoken:
    signals = by_language(
        lambda lang: ", ".join(f"{SIGNS[s]} {word(s).texts[lang]}" for s in SIGNS)
    )
    if not changed:
        return say("Minutes; {signals}.", signals=signals)
    return say(
        "Minutes; {signals}. In brackets the change, rounded from unrounded times.", signals=signals
    )


def _lines(rows: pd.DataFrame, modes: list[str], before: Times) -> list[tuple[Cell, ...]]:
    """Rows of one scenario, cities before border pairs."""
    times = _times(rows)
    signals = {
        (str(o), str(d), str(m)): "" if pd.isna(s) else str(s)
        for o, d, m, s in zip(
            rows["origin"], rows["destination"], rows["mode"], rows["signal"], strict=True
        )
    }
    pairs = rows[["kind", "origin", "destination"]].drop_duplicates().astype(str)
    ordered = sorted(pairs.itertuples(index=False), key=lambda pair: str(pair[0]) != "city")
    return [
        (
            Cell(f"{origin} → {destination}", kind=str(kind)),
            *(_field((str(origin), str(destination), mode), times, signals, before)
              for mode in modes),
        )
        for kind, origin, destination in ordered
    ]  # fmt: skip


def _field(
    key: tuple[str, str, str], times: Times, signals: Mapping[tuple[str, str, str], str],
    before: Times,
) -> Cell:  # fmt: skip
    time_s, signal = times.get(key, math.nan), signals.get(key, "")
    sign = SIGNS.get(signal, "")
    if not math.isfinite(time_s):
        text = by_language(lambda lang: f"{sign} {say('not reachable').texts[lang]}".strip())
        return Cell(text, kind=f"signal {signal}")
    minutes = figure(time_s / 60.0)
    text = by_language(lambda lang: f"{sign} {minutes.texts[lang]}".strip())
    moved = time_s - before.get(key, math.nan)
    note: Spoken | str = change(moved / 60.0) if abs(moved) >= FELT_S else ""
    return Cell(text, None, note, f"signal {signal}")


def card_rules(data: ReportInput) -> list[tuple[Spoken, Spoken, Spoken]]:
    """Kind, mode and rule of each signal, once."""
    table = data.scorecard
    if table.empty or not {"kind", "mode", "rule", "rule_nl"} <= set(table.columns):
        return []
    told = table[["kind", "mode", "rule", "rule_nl"]].dropna().drop_duplicates()
    return [
        (word(str(kind)), word(str(mode)), Spoken({"nl": str(dutch), "en": str(english)}))
        for kind, mode, english, dutch in told.itertuples(index=False)
        if english
    ]


def headline_blocks(data: ReportInput, told: Run | None = None) -> list[Block]:
    """Figures in sentences, one table per scenario; that of `told` stands open, else the last."""
    blocks = []
    for run in data.runs:
        own = [line for line in data.headlines if line.scenario == run.name]
        body = tuple(
            (Cell(Spoken(dict(line.figure))), Cell(Spoken(dict(line.band))),
             Cell(Spoken(dict(line.sentence)), kind="sentence"))
            for line in own
        )  # fmt: skip
        if body:
            heads = (say("figure"), say("low to high"), say("what it means"))
            title = scenario_title(data, run.name)
            opened = run is (told or data.runs[-1])
            blocks.append(Block(title, heads, body, opened=opened, kind="told"))
    return blocks
