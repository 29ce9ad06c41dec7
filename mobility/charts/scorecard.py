"""The scorecard on one page: pairs down, modes across, time and signal in each field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mobility.charts.style import Stamp, new_figure, no_data, styled
from mobility.words import label, number, signed, translator

# Each signal has a colour, a sign and a word: no reader depends on the colour.
SIGNALS = {
    "good": ("#cfe3f5", "●"),
    "fair": ("#fdf0c4", "◐"),
    "poor": ("#f6d2b8", "○"),
    "": ("#ececec", "–"),
}
ROW_INCH = 0.3


def scorecard_page(
    table: pd.DataFrame,
    *,
    titles: Mapping[str, str],
    scenario: str,
    modes: Sequence[str],
    lang: str,
    stamp: Stamp,
) -> Figure:
    """Draw one scenario's scorecard, with the change from the baseline where there is one.

    Parameters
    ----------
    table
        Rows ``scenario, kind, origin, destination, mode, time_s, signal``; signal is good,
        fair, poor or empty.
    titles
        Scenario → title in `lang`; the first is the baseline.
    scenario
        Which one is drawn.
    modes
        Columns, in order.
    """
    _ = translator(lang)
    own = table[table["scenario"] == scenario]
    lines = own[["kind", "origin", "destination"]].drop_duplicates().to_numpy().tolist()
    lines.sort(key=lambda line: (line[0] != "city",))
    head = _("Scorecard: {title}").format(title=titles.get(scenario, scenario))
    with styled():
        figure = new_figure(head, stamp, lang, height=1.6 + ROW_INCH * max(len(lines), 1))
        axes = figure.add_subplot()
        if own.empty:
            no_data(axes, lang)
            return figure
        first = next(iter(titles), scenario)
        before = {} if scenario == first else _fields(table[table["scenario"] == first])
        _draw(axes, lines, list(modes), _fields(own), before, lang)
    return figure


def _fields(rows: pd.DataFrame) -> dict[tuple[str, str, str], tuple[float, str]]:
    return {
        (str(o), str(d), str(m)): (float(t), "" if pd.isna(s) else str(s))
        for o, d, m, t, s in zip(
            rows["origin"], rows["destination"], rows["mode"], rows["time_s"], rows["signal"],
            strict=True,
        )
    }  # fmt: skip


def _draw(
    axes: Axes,
    lines: Sequence[Sequence[str]],
    modes: Sequence[str],
    fields: Mapping[tuple[str, str, str], tuple[float, str]],
    before: Mapping[tuple[str, str, str], tuple[float, str]],
    lang: str,
) -> None:
    _ = translator(lang)
    for y, (_kind, origin, destination) in enumerate(lines):
        for x, mode in enumerate(modes):
            time_s, signal = fields.get((origin, destination, mode), (np.nan, ""))
            colour, sign = SIGNALS.get(signal, SIGNALS[""])
            axes.add_patch(Rectangle((x, y), 0.97, 0.92, color=colour, in_layout=False))
            text = f"{sign} {number(time_s / 60, lang)}"
            was = before.get((origin, destination, mode), (np.nan, ""))[0]
            if np.isfinite(was) and np.isfinite(time_s) and abs(time_s - was) >= 30:
                text += f" ({signed((time_s - was) / 60, lang)})"
            axes.text(
                x + 0.485, y + 0.46, text, ha="center", va="center", fontsize=8, in_layout=False
            )
    places = [f"{origin} → {destination}" for _kind, origin, destination in lines]
    axes.set_yticks(np.arange(len(lines)) + 0.46, places)
    axes.set_xticks(
        np.arange(len(modes)) + 0.485, [label(m, lang).replace(" ", "\n", 1) for m in modes]
    )
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.set_xlim(0, len(modes))
    axes.set_ylim(len(lines), 0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    kinds = [kind for kind, _o, _d in lines]
    for y in range(1, len(kinds)):
        if kinds[y] != kinds[y - 1]:
            axes.axhline(y - 0.04, color="#1a1a1a", linewidth=1.0)
    told = " · ".join(f"{SIGNALS[s][1]} {label(s, lang)}" for s in ("good", "fair", "poor"))
    below = _("{signals}; minutes, in brackets the change") if before else _("{signals}; minutes")
    axes.set_xlabel(below.format(signals=told), fontsize=8)
