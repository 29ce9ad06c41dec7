"""In some ten lines what a run found: named pairs, the baseline by mode, scenarios beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd
from rich.markup import escape
from rich.table import Table

from mobility.batch.results import RunData
from mobility.batch.write import named_pairs, report_input
from mobility.errors import printable
from mobility.report.model import spoken
from mobility.report.pairs import pair_times
from mobility.words import number, signed, translator

SHORT = {
    "pt": "PT",
    "bike+pt": "cycle+PT",
    "bike": "cycle",
    "car": "car",
    "car+pt": "car+PT",
    "ebike": "e-cycle",
    "walk": "walk",
}
MODE_COLUMNS = 4
SHOWN_PAIRS = 10
HALF_MINUTE = 0.5


def summary(results: Sequence[RunData], lang: str) -> tuple[Table, list[str]]:
    """Lay out the median minutes of named pairs.

    Parameters
    ----------
    results
        Scenarios, the baseline first.
    lang
        ``nl`` or ``en``.

    Returns
    -------
    table
        A row per pair: minutes by mode in the baseline, then in each scenario the mode that
        changes most, and by how many.
    legend
        What the numbered scenarios are.
    """
    _ = translator(lang)
    data = report_input(results)
    rows = pair_times(data.runs, named_pairs(results[0]), data.zones)
    rows = rows[rows["percentile"] == 50]
    minutes = rows.pivot_table(
        index="pair", columns=["scenario", "mode"], values="minutes", dropna=False, sort=False
    )
    base, others = data.runs[0], data.runs[1:]
    shown = _most_changed(minutes, rows.drop_duplicates("pair"), base.name)
    title = f"{printable(data.region)}\n{_('Minutes, door to door')}"
    table = Table(title=escape(title), title_justify="left", box=None, padding=(0, 2, 0, 0))
    table.add_column("", no_wrap=True)
    modes = [mode for mode in SHORT if mode in base.times][:MODE_COLUMNS]
    for mode in modes:
        table.add_column(_(SHORT[mode]), justify="right", no_wrap=True, min_width=3)
    legend = []
    for count, run in enumerate(others, start=1):
        table.add_column(f"[{count}]".replace("[", r"\["), justify="right", no_wrap=True)
        legend.append(f"[{count}] {printable(spoken(run.title, lang, run.name))}")
    for pair in shown:
        cells = [_minutes(minutes.loc[pair].get((base.name, mode)), lang) for mode in modes]
        cells += [_change(minutes.loc[pair], base.name, run.name, lang) for run in others]
        table.add_row(escape(printable(str(pair))), *cells)
    return table, legend


def ranking(scenarios: pd.DataFrame, lang: str) -> Table:
    """Lay out what many scenarios bring, those that bring most and those that take most.

    Parameters
    ----------
    scenarios
        As `mobility.batch.comparing` lays them out, ranked.
    lang
        ``nl`` or ``en``.
    """
    _ = translator(lang)
    head = _("People abroad within an hour by public transport, mean per person")
    table = Table(title=escape(head), title_justify="left", box=None, padding=(0, 2, 0, 0))
    for name, side in (("#", "right"), (_("scenario"), "left"), (_("people"), "right"),
                       (_("change"), "right"), (_("PT, min"), "right")):  # fmt: skip
        table.add_column(name, justify="right" if side == "right" else "left", overflow="fold")
    ranked = scenarios[scenarios["rank"].notna()]
    half = SHOWN_PAIRS // 2
    cut = max(len(ranked) - SHOWN_PAIRS, 0)
    for row in scenarios[scenarios["rank"].isna() & (scenarios["status"] == "done")].itertuples():
        table.add_row("", *_ranked(row, lang))
    for row in ranked.head(half if cut else len(ranked)).itertuples():
        table.add_row(f"{row.rank:.0f}", *_ranked(row, lang))
    if cut:
        table.add_row("…", _("{n} more between").format(n=number(cut, lang)), "", "", "")
        for row in ranked.tail(half).itertuples():
            table.add_row(f"{row.rank:.0f}", *_ranked(row, lang))
    return table


def _ranked(row: Any, lang: str) -> tuple[str, ...]:
    title = str(row.title_nl if lang == "nl" else row.title_en)
    gain = "" if pd.isna(row.people_abroad_change) else signed(row.people_abroad_change, lang)
    if gain and not row.stands_out:
        gain = f"({gain})"
    minutes = row.border_pt_change_min if gain else math.nan
    return (
        escape(printable(title if title != "nan" else row.scenario)),
        number(row.people_abroad, lang),
        gain,
        "" if pd.isna(minutes) else signed(minutes, lang, 1),
    )


def _most_changed(minutes: pd.DataFrame, pairs: pd.DataFrame, base: str) -> list[str]:
    """Pick the pairs that change most, as many of each kind, in the order of the region file."""
    before = minutes[base]
    gains = [
        (minutes[name] - before).abs().max(axis=1) for name in minutes.columns.unique("scenario")
    ]
    most = pd.concat(gains, axis=1).max(axis=1).fillna(0.0)
    order = pd.DataFrame({"kind": pairs["kind"].to_numpy(), "most": most[pairs["pair"]].to_numpy()})
    order["rank"] = order.groupby("kind")["most"].rank(method="first", ascending=False)
    chosen = order.sort_values(["rank", "most"], ascending=[True, False]).index[:SHOWN_PAIRS]
    return [str(pair) for pair in pairs["pair"].to_numpy()[sorted(chosen)]]


def _change(minutes: pd.Series, base: str, scenario: str, lang: str) -> str:
    """Say which mode a scenario changes most, and by how many minutes; ``–`` is no longer.

    As in the report, the change of unrounded times is rounded; below half a minute it is none.
    """
    _ = translator(lang)
    after, before = minutes[scenario], minutes[base]
    differences = (after - before).dropna()
    new = after[after.notna() & before.isna()]
    if len(new):
        mode = str(new.index[0])
        return f"{_(SHORT[mode])} {_minutes(new.iloc[0], lang)}"
    lost = before[before.notna() & after.isna()]
    if len(lost):
        modes = [mode for mode in SHORT if mode in lost.index]
        # Where no mode is left there is none to name.
        return "–" if not after.notna().any() else f"{_(SHORT[modes[0]])} –"
    if not len(differences) or differences.abs().max() < HALF_MINUTE:
        return "="
    mode = str(differences.abs().idxmax())
    sign = "+" if differences[mode] > 0 else "−"
    by = number(abs(float(differences[mode])), lang)
    return f"{_(SHORT[mode])} {sign}{by}"


def _minutes(minutes: float | None, lang: str) -> str:
    return "–" if minutes is None or pd.isna(minutes) else number(float(minutes), lang)
