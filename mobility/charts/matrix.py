"""Charts of municipality pairs: heat map of times and of the VF factor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colorbar import Colorbar
from matplotlib.colors import Colormap, Normalize, TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mobility.charts.style import (
    DIVERGING,
    SEQUENTIAL,
    Stamp,
    new_figure,
    no_data,
    styled,
)
from mobility.words import label, number, translator

MOST_NUMBERS = 26
MOST_NAMES = 60
LARGEST_INCH = 8.5
VF_BALANCE = 1.5
DAY_TRIP_MIN = 240.0
"""Longer than this one way, and there and back fills the day."""
SLOW_FACTOR = 4.0
SCALE_STEP_MIN = 30.0
MOST_PERCENT = 75
WIDER = 1.5
LABEL_ROOM = 0.04
TINY = 1e-9
LIGHTNESS = (0.299, 0.587, 0.114)
"""Shares of red, green and blue in how light a colour looks (ITU-R BT.601)."""
Grid = npt.NDArray[np.float64]


def matrix_of(table: pd.DataFrame, value: str = "minutes") -> pd.DataFrame:
    """Lay out pair rows as a square, places ordered by country, then name."""
    ends = [
        table[[end, f"country_{end[0]}"]].set_axis(["place", "country"], axis=1)
        for end in ("origin", "destination")
    ]
    places = pd.concat(ends).drop_duplicates().astype(str).sort_values(["country", "place"])
    order = list(dict.fromkeys(places["place"]))
    wide = table.pivot_table(
        index="origin", columns="destination", values=value, observed=True, dropna=False
    )
    return wide.reindex(index=order, columns=order)


def heat_map(
    table: pd.DataFrame, *, scenario: str, mode: str, title: str, lang: str, stamp: Stamp
) -> Figure:
    """Draw the municipality matrix as coloured cells, from rows to columns.

    Parameters
    ----------
    table
        Rows ``scenario, mode, origin, destination, country_o, country_d, minutes``.
    scenario, mode
        Which rows.
    title
        Title of the scenario in `lang`.
    """
    _ = translator(lang)
    rows = table[(table["scenario"] == scenario) & (table["mode"] == mode)]
    head = _("{title}: travel time by {mode}").format(title=title, mode=label(mode, lang))
    return _square(
        rows,
        head,
        _("minutes, median over departures"),
        lang,
        stamp,
        digits=0,
        colours=SEQUENTIAL,
        centre=None,
    )


def vf_heat_map(
    table: pd.DataFrame, *, scenario: str, mode: str, title: str, lang: str, stamp: Stamp
) -> Figure:
    """Draw the VF factor, time by `mode` over time by car, for each municipality pair."""
    _ = translator(lang)
    rows = table[table["scenario"] == scenario]
    keys = ["origin", "destination", "country_o", "country_d"]
    own = rows[rows["mode"] == mode][[*keys, "minutes"]]
    car = rows[rows["mode"] == "car"][["origin", "destination", "minutes"]]
    both = own.merge(car, on=["origin", "destination"], suffixes=("", "_car"))
    both = both.assign(factor=both["minutes"] / both["minutes_car"].where(both["minutes_car"] > 0))
    head = _("{title}: VF factor of {mode}").format(title=title, mode=label(mode, lang))
    return _square(
        both,
        head,
        _("VF factor: travel time divided by that of the car"),
        lang,
        stamp,
        digits=1,
        colours=f"{DIVERGING}_r",
        centre=VF_BALANCE,
        value="factor",
    )


def _square(
    rows: pd.DataFrame,
    head: str,
    bar_label: str,
    lang: str,
    stamp: Stamp,
    *,
    digits: int,
    colours: str,
    centre: float | None,
    value: str = "minutes",
) -> Figure:
    with styled():
        if rows.empty:
            figure = new_figure(head, stamp, lang)
            no_data(figure.add_subplot(), lang)
            return figure
        square = matrix_of(rows, value)
        values = square.to_numpy(float, copy=True)
        np.fill_diagonal(values, np.nan)
        side = min(max(0.9 + 0.2 * len(square), 4.2), LARGEST_INCH)
        figure = new_figure(head, stamp, lang, width=side + 2.0, height=side + 1.2)
        axes = figure.add_subplot()
        norm = _norm(values, centre)
        image = axes.imshow(values, cmap=_with_grey(colours), norm=norm, interpolation="nearest")
        _name_ticks(axes, [str(place) for place in square.index])
        if len(square) <= MOST_NUMBERS:
            _write_cells(axes, values, image.cmap, norm, lang, digits)
        _part_countries(axes, square, rows)
        beyond = bool(np.nanmax(values, initial=-np.inf) > norm.vmax)
        bar = figure.colorbar(image, ax=axes, shrink=0.75, aspect=30, pad=0.02)
        bar.set_label(bar_label)
        bar.outline.set_visible(False)
        _write_scale(bar, norm, lang, digits, beyond=beyond)
        _ = translator(lang)
        axes.set_ylabel(_("from"))
        axes.set_xlabel(_("to; grey: not reachable, or the place itself"))
    return figure


def _with_grey(name: str) -> Colormap:
    from matplotlib import colormaps  # noqa: PLC0415  (loads the whole registry)

    return colormaps[name].with_extremes(bad="#d9d9d9")


def _norm(values: Grid, centre: float | None) -> Normalize:
    """Spread the colours over what most pairs take; longer ones are all as pale as the last."""
    known = values[np.isfinite(values)]
    if not known.size:
        return Normalize(0.0, 1.0)
    low, high = float(known.min()), float(np.percentile(known, 98))
    # Where no service runs one walks for hours: that must not take all colours from the rest.
    if centre is not None:
        usual = max(SLOW_FACTOR, _room(known))
        if high < known.max() or high > usual:
            high = math.ceil(2 * min(high, usual)) / 2
        return TwoSlopeNorm(centre, min(low, centre - 0.1), max(high, centre + 0.1))
    usual = max(DAY_TRIP_MIN, _room(known))
    if high < known.max() or high > usual:
        high = SCALE_STEP_MIN * math.ceil(min(high, usual) / SCALE_STEP_MIN)
    return Normalize(low, max(high, low + 1.0))


def _room(known: Grid) -> float:
    """Half as much again as three quarters of the pairs take: what is far but no outlier."""
    return WIDER * float(np.percentile(known, MOST_PERCENT, method="lower"))


def _write_scale(bar: Colorbar, norm: Normalize, lang: str, digits: int, *, beyond: bool) -> None:
    """Number the colour bar, both sides of a centre, the end as more than where it is that."""
    low, high = float(norm.vmin or 0.0), float(norm.vmax or 1.0)
    centre = getattr(norm, "vcenter", None)
    parts = [(low, high, 6)] if centre is None else [(low, centre, 2), (centre, high, 4)]
    found = {
        float(tick)
        for a, b, most in parts
        for tick in MaxNLocator(most, steps=[1, 2, 5, 10]).tick_values(a, b)
        if low <= tick <= high and abs(tick - round(tick, digits)) < TINY
    }
    fixed = {high} if beyond else set()
    fixed |= set() if centre is None else {centre}
    clear = {tick for tick in found if all(_apart(norm, tick, other) for other in fixed)}
    ticks = sorted(clear | fixed)
    texts = [number(tick, lang, digits) for tick in ticks]
    if beyond:
        texts[-1] = f"> {texts[-1]}"
    bar.set_ticks(ticks, labels=texts)


def _apart(norm: Normalize, one: float, other: float) -> bool:
    """Whether two numbers beside the colour bar don't run into each other."""
    return abs(float(norm(one)) - float(norm(other))) > LABEL_ROOM


def _part_countries(axes: Axes, square: pd.DataFrame, rows: pd.DataFrame) -> None:
    """Draw a line where one country's places end, and write the codes along the far edges."""
    ends = [
        rows[[end, f"country_{end[0]}"]].astype(str).set_axis(["place", "country"], axis=1)
        for end in ("origin", "destination")
    ]
    country = dict(pd.concat(ends).itertuples(index=False, name=None))
    codes = [country.get(str(place), "") for place in square.index]
    starts = [k for k in range(len(codes)) if k == 0 or codes[k] != codes[k - 1]]
    if len(starts) < 2:
        return
    for start, end in pairwise([*starts, len(codes)]):
        middle = (start + end - 1) / 2
        for place, beside, sides in (
            ((middle, -0.5), (0, 3), ("center", "bottom")),
            ((len(codes) - 0.5, middle), (4, 0), ("left", "center")),
        ):
            axes.annotate(codes[start], place, beside, textcoords="offset points", fontsize=8,
                          ha=sides[0], va=sides[1], annotation_clip=False)  # fmt: skip
        if start:
            for line in (axes.axhline, axes.axvline):
                line(start - 0.5, color="#1a1a1a", linewidth=1.0)


def _name_ticks(axes: Axes, names: Sequence[str]) -> None:
    shown_names = min(len(names), MOST_NAMES)
    size = 7.5 if shown_names <= MOST_NUMBERS else max(5.0, 7.5 * MOST_NUMBERS / shown_names + 2)
    # Of very many places only every second, third … name can be read.
    step = max(1, math.ceil(len(names) / MOST_NAMES))
    shown = range(0, len(names), step)
    axes.set_xticks(shown, names[::step], rotation=90, fontsize=size)
    axes.set_yticks(shown, names[::step], fontsize=size)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _write_cells(
    axes: Axes, values: Grid, colours: Colormap, norm: Normalize, lang: str, digits: int
) -> None:
    """Write each number in black or white, whichever stands out."""
    dark = colours(norm(values))[:, :, :3] @ LIGHTNESS < 0.5
    for (i, j), value in np.ndenumerate(values):
        if not np.isfinite(value):
            continue
        axes.text(
            j,
            i,
            number(value, lang, digits),
            ha="center",
            va="center",
            fontsize=6,
            color="white" if dark[i, j] else "#1a1a1a",
            in_layout=False,  # inside their cells, so that none has to be measured
        )
