"""Charts of named pairs: bars beside the baseline, and times with their bands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mobility.charts.style import (
    Stamp,
    grid,
    legend_above,
    legend_columns,
    new_figure,
    no_data,
    number_axis,
    scenario_colour,
    styled,
)
from mobility.words import label, number, translator

ROW_INCH = 0.16
MOST_PAIRS = 12
"""More pairs than this are not read any more; see `pair_bars`."""
LEAST_MINUTES = 0.5
"""A smaller difference is none: the bars say whole minutes."""
MEDIAN = 50


def pair_bars(
    table: pd.DataFrame,
    *,
    mode: str,
    titles: Mapping[str, str],
    lang: str,
    stamp: Stamp,
) -> Figure:
    """Draw the median time of each named pair, one bar per scenario, the baseline first.

    Of more than `MOST_PAIRS` pairs those are drawn whose times differ between scenarios, of
    these the ones that differ most, or the first ones where none differs; the axis says so.

    Parameters
    ----------
    table
        Rows ``scenario, mode, pair, kind, percentile, minutes``.
    mode
        The mode shown.
    titles
        Scenario → title in `lang`, in the order of the bars; the first is the baseline.
    """
    _ = translator(lang)
    rows = table[(table["mode"] == mode) & (table["percentile"] == MEDIAN)]
    pairs = list(dict.fromkeys(rows["pair"]))
    grid_of = rows.pivot_table(
        index="pair", columns="scenario", values="minutes", observed=True, dropna=False
    )
    pairs, note = _most_changed(grid_of.reindex(index=pairs, columns=list(titles)), lang)
    height = 1.5 + ROW_INCH * max(len(pairs), 1) * (len(titles) + 1)
    title = _("Travel time by {mode}").format(mode=label(mode, lang))
    with styled():
        figure = new_figure(title, stamp, lang, height=height)
        axes = figure.add_subplot()
        if not pairs:
            no_data(axes, lang)
            return figure
        values = grid_of.reindex(index=pairs, columns=list(titles)).to_numpy(float)
        _bars(axes, values, list(titles.values()), lang)
        axes.set_yticks(range(len(pairs)), pairs)
        axes.set_ylim(len(pairs) - 0.5, -0.5)
        # From the right edge leftwards: centred under the axes a long note runs out of the picture.
        axes.set_xlabel(_("minutes, door to door, median over departures") + note, loc="right")
        number_axis(axes.xaxis, lang)
        grid(axes)
        axes.spines["bottom"].set_visible(False)
        legend_above(axes, legend_columns(titles.values()))
    return figure


def _most_changed(minutes: pd.DataFrame, lang: str) -> tuple[list[str], str]:
    """Choose the pairs (rows) to draw, in the order they come, and say which they are."""
    _ = translator(lang)
    names, n_all = list(minutes.index), len(minutes)
    if n_all <= MOST_PAIRS:
        return names, ""
    known = minutes.notna().to_numpy()
    spread = (minutes.max(axis=1) - minutes.min(axis=1)).fillna(0.0).to_numpy(float)
    spread = np.where(spread < LEAST_MINUTES, 0.0, spread)
    # Reached in one scenario and not in another is the largest change there is.
    spread = np.where(known.any(axis=1) & ~known.all(axis=1), np.inf, spread)
    differ = int((spread > 0).sum())
    shown = min(differ or MOST_PAIRS, MOST_PAIRS)
    rows = np.sort(np.argsort(-spread, kind="stable")[:shown])
    text = _("the first {n} of {all} pairs")
    if differ > MOST_PAIRS:
        text = _("the {n} of {all} pairs that differ most between scenarios")
    elif differ:
        text = _("the {n} of {all} pairs that differ between scenarios")
    said = text.format(n=number(shown, lang), all=number(n_all, lang))
    return [names[row] for row in rows], "\n" + said


def _bars(axes: Axes, values: np.ndarray, names: Sequence[str], lang: str) -> None:
    _ = translator(lang)
    n_scenarios = values.shape[1]
    thickness = 0.84 / n_scenarios
    limit = float(np.nanmax(values, initial=1.0))
    at = np.arange(len(values), dtype=float)
    for k in range(n_scenarios):
        middle = at - 0.42 + thickness * (k + 0.5)
        axes.barh(
            middle,
            np.nan_to_num(values[:, k]),
            thickness * 0.9,
            color=scenario_colour(k),
            label=names[k],
        )
        for y, value in zip(middle, values[:, k], strict=True):
            known = bool(np.isfinite(value))
            text = number(value, lang) if known else _("not reachable")
            axes.text(
                (value if known else 0.0) + limit * 0.01,
                y,
                text,
                va="center",
                fontsize=7,
                color="#333333" if known else "#8a8a8a",
            )
    axes.set_xlim(0, limit * 1.1)


def pair_bands(
    table: pd.DataFrame, *, mode: str, titles: Mapping[str, str], lang: str, stamp: Stamp
) -> Figure:
    """Draw each pair's spread over departures: thin 5–95 %, thick 25–75 %, a dot at the median.

    Percentiles that are missing are left out; see `pair_bars` for the parameters.
    """
    _ = translator(lang)
    rows = table[table["mode"] == mode]
    pairs = list(dict.fromkeys(rows["pair"]))
    height = 1.5 + ROW_INCH * max(len(pairs), 1) * (len(titles) + 1)
    title = _("Travel time by {mode}: spread over departures").format(mode=label(mode, lang))
    with styled():
        figure = new_figure(title, stamp, lang, height=height)
        axes = figure.add_subplot()
        if not pairs:
            no_data(axes, lang)
            return figure
        step = 0.84 / len(titles)
        for k, (scenario, name) in enumerate(titles.items()):
            own = rows[rows["scenario"] == scenario]
            at = np.arange(len(pairs)) - 0.42 + step * (k + 0.5)
            _spread(axes, own, pairs, at, scenario_colour(k), name)
        axes.set_yticks(range(len(pairs)), pairs)
        axes.set_ylim(len(pairs) - 0.5, -0.5)
        axes.set_xlim(left=0)
        axes.set_xlabel(_("minutes; line: 5–95 % of departures, bar: 25–75 %, dot: median"))
        number_axis(axes.xaxis, lang)
        grid(axes)
        legend_above(axes, legend_columns(titles.values()))
    return figure


def _spread(
    axes: Axes, rows: pd.DataFrame, pairs: Sequence[str], at: np.ndarray, colour: str, name: str
) -> None:
    wide = rows.pivot_table(
        index="pair", columns="percentile", values="minutes", observed=True, dropna=False
    )
    wide = wide.reindex(pairs)
    for low, high, width in ((5, 95, 1.2), (25, 75, 4.5)):
        if low in wide and high in wide:
            axes.hlines(at, wide[low], wide[high], color=colour, linewidth=width, alpha=0.75)
    if MEDIAN in wide:
        axes.plot(
            wide[MEDIAN],
            at,
            "o",
            color=colour,
            markersize=4.5,
            markeredgecolor="white",
            markeredgewidth=0.6,
            label=name,
        )
