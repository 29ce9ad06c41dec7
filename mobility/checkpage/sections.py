"""Tables of the merge report, in words."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mobility.feeds.notes import note_said
from mobility.merge import Merged
from mobility.words import Translate, label, number, time_of_day, translator

MOST_ROWS = 200
_NUMBERED = re.compile(r"^(train or trip number|line|vehicle) (\S+) in both$")

Rows = list[list[str]]


@dataclass(frozen=True)
class Section:
    """A table of the page: heading, what it means, column heads, rows, whether it is folded.

    `cards` says whether each row stands as a card of its own where the screen is narrow.
    """

    title: str
    text: str
    heads: list[str]
    rows: Rows
    left_out: int = 0
    folded: bool = False
    cards: bool = False


def rows_with(table: pd.DataFrame, column: str, *values: str) -> pd.DataFrame:
    """Rows of a table whose column holds one of the values."""
    return table[table[column].isin(values).to_numpy()]


def section(
    title: str, text: str, heads: list[str], rows: Rows, *,
    folded: bool = False, cards: bool = False,
) -> Section:  # fmt: skip
    """A section, its rows cut after `MOST_ROWS`."""
    return Section(
        title, text, heads, rows[:MOST_ROWS], max(0, len(rows) - MOST_ROWS), folded, cards
    )


def _problem_rows(table: pd.DataFrame, lang: str) -> Rows:
    return [
        [label(r.severity, lang), r.feed, r.table, note_said(label(r.problem, lang), lang),
         number(r.count, lang),
         r.examples, label(r.done, lang), label(r.cure, lang)]
        for r in table.itertuples(index=False)
    ]  # fmt: skip


def _problem_heads(_: Translate) -> list[str]:
    return [_("severity"), _("feed"), _("where"), _("what was found"), _("number"),
            _("examples"), _("what was done"), _("what to do")]  # fmt: skip


def problems(merged: Merged, lang: str) -> Section:
    """Errors and warnings, with their cure."""
    _ = translator(lang)
    table = rows_with(merged.evidence["problems"], "severity", "error", "warning")
    return section(
        _("What to fix, and where"),
        _("With errors a region can't be used; warnings deserve a look."),
        _problem_heads(_), _problem_rows(table, lang), cards=True,
    )  # fmt: skip


def notes(merged: Merged, lang: str) -> Section:
    """Everything else that was counted."""
    _ = translator(lang)
    table = rows_with(merged.evidence["problems"], "severity", "note")
    return section(
        _("What else was found"), _("Counted so that nothing is left out in silence."),
        _problem_heads(_), _problem_rows(table, lang), folded=True,
    )  # fmt: skip


def _stop_rows(table: pd.DataFrame, lang: str) -> Rows:
    return [
        [r.name_a, r.stop_a, r.name_b, r.stop_b, number(r.crow_m, lang),
         number(r.walk_m, lang) if np.isfinite(r.walk_m) else "–",
         label(r.grade, lang), label(r.reason, lang)]
        for r in table.itertuples(index=False)
    ]  # fmt: skip


def _stop_heads(_: Translate) -> list[str]:
    return [_("stop"), _("id"), _("stop in the other feed"), _("id"), _("distance (m)"),
            _("on foot (m)"), _("grade"), _("why")]  # fmt: skip


def stations(merged: Merged, lang: str) -> Section:
    """Pairs of train stops that are one station."""
    _ = translator(lang)
    stops = rows_with(merged.evidence["stops"], "grade", "same station", "same stop")
    rail = stops["modes_a"].str.contains("rail") & stops["modes_b"].str.contains("rail")
    return section(
        _("Train stations that two feeds share"),
        _("A wrong pair is put right in the overrides file named in the region file."),
        _stop_heads(_), _stop_rows(stops[rail.to_numpy()], lang),
    )  # fmt: skip


def apart(merged: Merged, lang: str) -> Section:
    """Pairs of stops that look alike but are kept apart."""
    _ = translator(lang)
    return section(
        _("Stops kept apart"),
        _("Near and alike, but a long way round on foot, or said by the user."),
        _stop_heads(_), _stop_rows(rows_with(merged.evidence["stops"], "grade", "apart"), lang),
    )  # fmt: skip


def reason(text: str, lang: str) -> str:
    """Translate a reason; what stands in brackets, and numbers, are filled in again."""
    _ = translator(lang)
    numbered = _NUMBERED.match(text)
    if numbered is not None:
        kind, value = numbered.groups()
        templates = {
            "train or trip number": _("train or trip number {value} in both"),
            "line": _("line {value} in both"),
            "vehicle": _("vehicle {value} in both"),
        }
        return templates[kind].format(value=value)
    base, bracket, rest = text.partition(" (")
    counts = re.fullmatch(r"(\d+) runs, (\d+) in the other feed\)", rest)
    if bracket and counts is not None:
        runs = _("{n} runs, {other} in the other feed").format(n=counts[1], other=counts[2])
        return f"{label(base, lang)} ({runs})"
    return label(text, lang)


def _grouped(
    table: pd.DataFrame, keys: list[str], cells: Callable[[tuple[str, ...], int, str], list[str]]
) -> Rows:
    """One row per distinct keys, with the number of trips and the first of them."""
    if table.empty:
        return []
    groups = table.groupby(keys, sort=True)
    return [
        cells(
            tuple(str(k) for k in key), len(part), str(part.iloc[0, part.columns.get_loc("first")])
        )
        for key, part in groups
    ]


def dropped(merged: Merged, lang: str) -> Section:
    """Trips left out or doubtful, grouped by line and reason."""
    _ = translator(lang)
    table = merged.evidence["trips_dropped"]
    names = _names(merged)
    rows = _grouped(
        table.assign(first=table["trip"]),
        ["decision", "reason", "line", "kept_line", "from_stop", "to_stop"],
        lambda key, n, first: [
            label(key[0], lang), reason(key[1], lang), key[2], key[3],
            names.get(key[4], key[4]), names.get(key[5], key[5]), number(n, lang), first,
        ],
    )  # fmt: skip
    return section(
        _("Trips left out, and doubtful ones"),
        _("A run that two feeds have is kept once; doubtful ones are both kept."),
        [_("decision"), _("why"), _("line"), _("line that stays"), _("from"), _("to"),
         _("number"), _("first of them")],
        rows,
    )  # fmt: skip


def stitched(merged: Merged, lang: str) -> Section:
    """Joints, grouped by line, place and reason."""
    _ = translator(lang)
    table = merged.evidence["trips_stitched"]
    rows = _grouped(
        table.assign(first=table["trip_a"] + " + " + table["trip_b"]),
        ["decision", "way", "line_a", "line_b", "at_stop", "stop_name", "reason"],
        lambda key, n, first: [
            label(key[0], lang), label(key[1], lang), key[2], key[3], f"{key[5]} ({key[4]})",
            reason(key[6], lang), number(n, lang), first,
        ],
    )  # fmt: skip
    return section(
        _("Rides joined from pieces, and doubtful ones"),
        _("Who rides through need not change; doubtful pieces are not joined."),
        [_("decision"), _("how known"), _("line"), _("goes on as"), _("at"), _("why"),
         _("number"), _("first of them")],
        rows,
    )  # fmt: skip


def _names(merged: Merged) -> dict[str, str]:
    stops = merged.feeds.stops
    return {
        str(stop): str(name) or str(stop)
        for stop, name in zip(stops["stop_id"], stops["name"], strict=True)
    }


def lines(merged: Merged, lang: str) -> Section:
    """Lines that cross a border, one row per direction."""
    _ = translator(lang)
    names = _names(merged)
    rows = [
        [r.short_name or r.line, r.operator, label(r.mode, lang),
         f"{r.country_from} → {r.country_to}",
         names.get(r.from_stop, r.from_stop), names.get(r.to_stop, r.to_stop),
         f"{names.get(r.last_stop_before, '')} → {names.get(r.first_stop_after, '')}",
         time_of_day(r.first_departure_s), time_of_day(r.last_departure_s),
         number(r.departures, lang), number(r.departures_per_hour, lang, 1),
         number(r.days_per_year, lang) if np.isfinite(r.days_per_year) else "–",
         label(r.times, lang)]
        for r in merged.evidence["cross_border_lines"].itertuples(index=False)
    ]  # fmt: skip
    return section(
        _("Lines that cross a border"),
        _("Departures at the last stop before the border; days per year from the feed's calendar."),
        [_("line"), _("operator"), _("mode"), _("direction"), _("from"), _("to"),
         _("at the border"), _("first"), _("last"), _("departures"), _("per hour"),
         _("days per year"), _("times")],
        rows,
    )  # fmt: skip


def balance(merged: Merged, lang: str) -> Section:
    """Steps that took rows out or put rows in."""
    _ = translator(lang)
    rows = [
        [label(r.step, lang), r.table, *(number(x, lang) for x in r[2:])]
        for r in merged.evidence["balance"].itertuples(index=False)
        if r.dropped or r.added
    ]
    return section(
        _("Rows in and out"),
        _("Rows before, less those dropped, plus those added, are those after."),
        [_("step"), _("table"), _("before"), _("dropped"), _("added"), _("after")],
        rows, folded=True,
    )  # fmt: skip


def as_is(table: pd.DataFrame, title: str, lang: str) -> Section:
    """Another module's table, shown as it is."""
    rows = [
        [number(float(x), lang, 2) if isinstance(x, float) else str(x) for x in row]
        for row in table.itertuples(index=False)
    ]
    heads = [label(str(c), lang) for c in table.columns]
    return section(title, "", heads, rows, folded=True)
