"""Charts along a line: people reached by minute, departures over the day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

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
from mobility.tables import TravelTimes
from mobility.words import label, translator

LAST_MINUTE = 120
UPPER_TO_LOWER = (3.0, 2.0)
HOURS = range(24)
BAR_WIDTH = 0.86
DASHES: tuple[tuple[float, Sequence[float]], ...] = (
    (0, ()),
    (0, (5, 1.5)),
    (0, (1.5, 1.2)),
    (0, (6, 1.5, 1.5, 1.5)),
)


def people_by_minute(
    times: TravelTimes,
    people: Mapping[str, float],
    *,
    origins: Sequence[str] = (),
    percentile: int = 50,
    last_minute: int = LAST_MINUTE,
) -> pd.DataFrame:
    """Count the people reached within each minute, averaged over origins by their people.

    Parameters
    ----------
    times
        One scenario and mode.
    people
        Zone id → inhabitants; used to weigh origins and to count destinations.
    origins
        Zone ids that count as origins; none means all.
    percentile
        Percentile of travel time.

    Returns
    -------
    DataFrame
        ``scenario, mode, minute, people`` for minutes 0 … `last_minute`; a zone counts from
        the first whole minute not below its time. The origin itself counts.
    """
    chosen = np.ones(len(times.origins), bool)
    if origins:
        chosen = np.isin(times.origins.astype(str), list(origins))
    seconds = times.at(percentile)[chosen].astype(np.float64)
    weight = np.array([people.get(str(z), 0.0) for z in times.origins[chosen]])
    size = np.array([people.get(str(z), 0.0) for z in times.destinations])
    if weight.sum() <= 0:
        weight = np.ones(len(weight))
    counts = np.zeros(last_minute + 1)
    known = np.isfinite(seconds)
    minute = np.ceil(np.where(known, seconds, 0.0) / 60.0).astype(np.int64)
    inside = known & (minute <= last_minute)
    row, column = np.nonzero(inside)
    np.add.at(counts, minute[row, column], weight[row] * size[column])
    reached = np.cumsum(counts) / weight.sum() if len(weight) else counts
    return pd.DataFrame({
        "scenario": times.scenario, "mode": times.mode,
        "minute": np.arange(last_minute + 1), "people": reached,
    })  # fmt: skip


def access_curves(
    table: pd.DataFrame, *, titles: Mapping[str, str], place: str, lang: str, stamp: Stamp
) -> Figure:
    """Draw people reached against minutes: colour by scenario, dashes by mode.

    Scenarios lie close together where so many people are counted, so that beside a baseline a
    second panel shows how many more or fewer each of the others reaches.

    Parameters
    ----------
    table
        Rows ``scenario, mode, minute, people``, as from `people_by_minute`.
    titles
        Scenario → title in `lang`, the baseline first.
    place
        Where the curves start, for the title.
    """
    _ = translator(lang)
    modes = list(dict.fromkeys(table["mode"].astype(str)))
    head = _("People within reach of {place}").format(place=label(place, lang))
    if len(modes) == 1:
        head = f"{head}, {label(f'by {modes[0]}', lang)}"
    beside = len(titles) > 1 and len(table) > 0
    with styled():
        figure = new_figure(head, stamp, lang, height=5.8 if beside else 4.2)
        ratios = UPPER_TO_LOWER if beside else (1.0,)
        panels = figure.subplots(len(ratios), 1, sharex=True, squeeze=False, height_ratios=ratios)
        axes = panels[0, 0]
        if table.empty:
            no_data(axes, lang)
            return figure
        _curves(axes, table, titles, modes)
        axes.set_ylim(bottom=0)
        axes.set_ylabel(_("inhabitants reached"))
        number_axis(axes.yaxis, lang)
        if beside:
            _draw_gains(panels[1, 0], table, titles, modes, lang)
        bottom = panels[-1, 0]
        bottom.set_xlim(0, float(table["minute"].max()))
        bottom.set_xticks(range(0, int(table["minute"].max()) + 1, 15))
        bottom.set_xlabel(_("minutes, door to door, median over departures"))
        grid(axes, "y")
        _keys(axes, titles, modes, lang)
    return figure


def _curves(
    axes: Axes, table: pd.DataFrame, titles: Mapping[str, str], modes: Sequence[str]
) -> None:
    for m, mode in enumerate(modes):
        for k, scenario in enumerate(titles):
            rows = table[(table["mode"] == mode) & (table["scenario"] == scenario)]
            axes.plot(
                rows["minute"], rows["people"], color=scenario_colour(k),
                linestyle=DASHES[m % len(DASHES)], zorder=3 + k,
            )  # fmt: skip


def _draw_gains(
    axes: Axes, table: pd.DataFrame, titles: Mapping[str, str], modes: Sequence[str], lang: str
) -> None:
    """Draw the same curves less the first scenario's of their mode."""
    first = next(iter(titles))
    base = table[table["scenario"] == first].set_index(["mode", "minute"])["people"]
    keys = pd.MultiIndex.from_frame(table[["mode", "minute"]])
    less = table["people"].to_numpy(float) - base.reindex(keys).to_numpy(float)
    _curves(axes, table.assign(people=less), titles, modes)
    axes.set_ylabel(translator(lang)("difference with “{title}”").format(title=titles[first]))
    number_axis(axes.yaxis, lang, sign=True)
    grid(axes, "y")


def _keys(axes: Axes, titles: Mapping[str, str], modes: Sequence[str], lang: str) -> None:
    """Name each colour once and each dash once."""
    keys = [
        Line2D([], [], color=scenario_colour(k), label=t) for k, t in enumerate(titles.values())
    ]
    if len(modes) > 1:
        keys += [
            Line2D([], [], color="#333333", linestyle=DASHES[m % len(DASHES)],
                   label=label(mode, lang))
            for m, mode in enumerate(modes)
        ]  # fmt: skip
    names = [str(key.get_label()) for key in keys]
    legend_above(axes, min(2, legend_columns(names)), keys)


def departures_by_hour(times_s: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Count departures per clock hour; times past midnight fall in the hours after it."""
    hours = (np.asarray(times_s, np.int64) // 3600) % 24
    return np.bincount(hours, minlength=24)[:24]


def departures_over_day(
    table: pd.DataFrame, *, place: str, titles: Mapping[str, str], lang: str, stamp: Stamp
) -> Figure:
    """Draw departures per hour, one small panel per scenario, stacked by operator.

    Parameters
    ----------
    table
        Rows ``scenario, operator, hour, departures``.
    place
        Region or place whose departures these are.
    titles
        Scenario → title in `lang`.
    """
    _ = translator(lang)
    present = [s for s in titles if (table["scenario"] == s).any()] if len(table) else []
    height = 1.3 + 1.9 * max(len(present), 1)
    head = _("Trips by hour of departure: {place}").format(place=label(place, lang))
    with styled():
        figure = new_figure(head, stamp, lang, height=height)
        if not present:
            no_data(figure.add_subplot(), lang)
            return figure
        operators = sorted({str(o) for o in table["operator"]})
        panels = figure.subplots(len(present), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
        most = 1.0
        for axes, scenario in zip(panels, present, strict=True):
            rows = table[table["scenario"] == scenario]
            below = np.zeros(24)
            for k, operator in enumerate(operators):
                own = rows[rows["operator"] == operator].groupby("hour")["departures"].sum()
                counts = own.reindex(HOURS, fill_value=0).to_numpy(float)
                _stack(axes, counts, below, scenario_colour(k + 1), label(operator, lang))
                below += counts
            most = max(most, float(below.max()))
            axes.set_title(titles[scenario], fontsize=9, fontweight="normal", pad=3)
            number_axis(axes.yaxis, lang)
            axes.yaxis.get_major_locator().set_params(integer=True)
            grid(axes, "y")
        panels[-1].set_ylim(0, 1.05 * most)
        panels[-1].set_xlim(-1.0, 24.0)
        panels[-1].set_xticks(range(0, 24, 2))
        panels[-1].set_xlabel(_("hour of the day"))
        figure.supylabel(_("departures per hour"), fontsize=9, color="#333333")
        # What lies highest stands first.
        panels[0].legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=8, reverse=True)
    return figure


def _stack(
    axes: Axes,
    counts: npt.NDArray[np.float64],
    below: npt.NDArray[np.float64],
    colour: str,
    name: str,
) -> None:
    """Draw one operator's bars as one collection: hundreds of single ones take half a second."""
    left, right = np.arange(24) - BAR_WIDTH / 2, np.arange(24) + BAR_WIDTH / 2
    corners = [(left, below), (right, below), (right, below + counts), (left, below + counts)]
    bars = np.stack([np.column_stack(corner) for corner in corners], axis=1)
    axes.add_collection(
        PolyCollection(list(bars[counts > 0]), facecolors=colour, edgecolors="none", label=name)
    )
