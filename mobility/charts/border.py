"""Charts of causes and measures: waterfall of the border effect, contribution of each measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mobility.charts.style import (
    BASELINE_COLOUR,
    FASTER_COLOUR,
    SLOWER_COLOUR,
    Stamp,
    grid,
    new_figure,
    no_data,
    number_axis,
    styled,
)
from mobility.words import label, number, signed, translator

STEP_HEIGHT = 0.62


def border_waterfall(
    causes: Mapping[str, float],
    *,
    without_border_min: float,
    place: str,
    mode: str,
    lang: str,
    stamp: Stamp,
) -> Figure:
    """Draw how each cause adds to the time without a border until the time as it is.

    Parameters
    ----------
    causes
        Cause → minutes, in the order drawn; they add up to the border effect.
    without_border_min
        Time as if both places lay in one country, minutes.
    place
        Pair of places, for the title.
    mode
        Mode of travel.
    """
    _ = translator(lang)
    names = [_("as within one country"), *(label(c, lang) for c in causes), _("as it is")]
    minutes = np.array(list(causes.values()), float)
    starts = without_border_min + np.concatenate([[0.0], np.cumsum(minutes)[:-1]])
    total = without_border_min + float(minutes.sum())
    head = _("What the border costs: {place} ({mode})").format(place=place, mode=label(mode, lang))
    with styled():
        figure = new_figure(head, stamp, lang, height=1.5 + 0.36 * len(names))
        axes = figure.add_subplot()
        if not len(minutes):
            no_data(axes, lang)
            return figure
        last = len(names) - 1
        axes.barh([0, last], [without_border_min, total], STEP_HEIGHT, color=BASELINE_COLOUR)
        colours = [SLOWER_COLOUR if m > 0 else FASTER_COLOUR for m in minutes]
        axes.barh(range(1, last), minutes, STEP_HEIGHT, left=starts, color=colours)
        _join_steps(axes, without_border_min + np.concatenate([[0.0], np.cumsum(minutes)]))
        _write_steps(axes, without_border_min, starts, minutes, total, lang)
        axes.set_yticks(range(len(names)), names)
        axes.invert_yaxis()
        axes.set_xlim(0, max(total, without_border_min, float((starts + minutes).max())) * 1.18)
        axes.set_xlabel(_("minutes, door to door"))
        number_axis(axes.xaxis, lang)
        grid(axes)
    return figure


def _join_steps(axes: Axes, levels: np.ndarray) -> None:
    for k, level in enumerate(levels):
        axes.plot([level, level], [k, k + 1], color="#8a8a8a", linewidth=0.7, zorder=0)


def _write_steps(
    axes: Axes, first: float, starts: np.ndarray, minutes: np.ndarray, total: float, lang: str
) -> None:
    """Numbers to the right of each bar, totals plain, causes with their sign."""
    room = max(total, first) * 0.012
    ends = [first, *np.maximum(starts, starts + minutes), total]
    texts = [number(first, lang), *(signed(m, lang, 1) for m in minutes), number(total, lang)]
    for y, (end, text) in enumerate(zip(ends, texts, strict=True)):
        axes.text(end + room, y, text, va="center", fontsize=8)


def measure_ranking(
    table: pd.DataFrame,
    *,
    unit: str,
    title: str,
    lang: str,
    stamp: Stamp,
    digits: int = 1,
) -> Figure:
    """Draw measures by what each contributes, the largest first.

    Parameters
    ----------
    table
        Rows ``measure, value`` and, where known, ``low, high`` for a band.
    unit
        Unit of the value, English, translated where the catalogue knows it.
    title
        Head of the chart, in `lang`.
    """
    with styled():
        figure = new_figure(title, stamp, lang, height=1.3 + 0.34 * max(len(table), 1))
        axes = figure.add_subplot()
        if table.empty:
            no_data(axes, lang)
            return figure
        rows = table.sort_values(["value", "measure"], ascending=[False, True])
        values = rows["value"].to_numpy(float)
        at = np.arange(len(rows))
        axes.barh(at, values, STEP_HEIGHT,
                  color=[FASTER_COLOUR if v >= 0 else SLOWER_COLOUR for v in values])  # fmt: skip
        ends = values.copy()
        if {"low", "high"} <= set(rows.columns):
            low, high = rows["low"].to_numpy(float), rows["high"].to_numpy(float)
            axes.hlines(at, low, high, color="#1a1a1a", linewidth=1.1)
            ends = np.where(values >= 0, np.fmax(values, high), np.fmin(values, low))
        _write_ranks(axes, ends, values, lang, digits)
        axes.axvline(0, color="#8a8a8a", linewidth=0.8)
        axes.set_yticks(at, [label(str(m), lang) for m in rows["measure"]])
        axes.invert_yaxis()
        axes.margins(x=0.14)
        axes.set_xlabel(label(unit, lang))
        number_axis(axes.xaxis, lang, 0 if float(np.nanmax(np.abs(values))) >= 10 else 1)
        grid(axes)
    return figure


def _write_ranks(
    axes: Axes, ends: Sequence[float] | np.ndarray, values: np.ndarray, lang: str, digits: int
) -> None:
    room = float(np.nanmax(np.abs(values), initial=1.0)) * 0.015
    for y, (end, value) in enumerate(zip(ends, values, strict=True)):
        right = value >= 0
        axes.text(
            end + (room if right else -room), y, signed(value, lang, digits),
            va="center", ha="left" if right else "right", fontsize=8,
        )  # fmt: skip
