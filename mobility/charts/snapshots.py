"""Figures over the years: one small panel per figure, all snapshots along the line."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mobility.charts.style import (
    SCENARIO_COLOURS,
    Stamp,
    grid,
    new_figure,
    no_data,
    number_axis,
    styled,
)
from mobility.words import label, marked, number, translator

PANEL_HEIGHT, COLUMNS = 1.55, 2
NAMES = {
    "lines": marked("Lines"),
    "crossing_lines": marked("Lines across the border"),
    "departures": marked("Departures a day"),
    "crossing_departures": marked("Departures a day across the border"),
    "stops": marked("Stops served"),
    "reach_pt": marked("People within 60 minutes by public transport"),
    "reach_car": marked("People within 60 minutes by car"),
    "penetration_pt": marked("Access across the border against within, public transport (%)"),
    "border_effect_pt": marked("Border effect on public transport time (%)"),
    "vf_city": marked("VF factor between cities"),
    "border_links_bike": marked("Border links within cycling time"),
    "foreign_people_pt": marked("Residents who reach 10,000 people abroad within the hour (%)"),
    "asymmetry_pt": marked("Difference between directions, public transport (min)"),
    "modal_potential_pt": marked("Trips public transport could win (%)"),
    "co2_saved": marked("CO2 saved per trip (g)"),
}
SHOWN = ("crossing_departures", "crossing_lines", "departures", "stops", "reach_pt",
         "foreign_people_pt", "penetration_pt", "border_effect_pt")  # fmt: skip
WHOLE = 10.0
TITLE_WIDTH = 40


def over_snapshots(
    table: pd.DataFrame, *, lang: str, stamp: Stamp, keys: Sequence[str] = SHOWN
) -> Figure:
    """Draw the figures of several snapshots, each figure in a panel of its own.

    Parameters
    ----------
    table
        ``snapshot, day, key, value`` as `mobility.snapshots.series` lays them out, oldest first.
    keys
        Figures drawn, those of them that have a value.
    """
    _ = translator(lang)
    values = {
        key: rows for key in keys
        if len(rows := table[(table["key"] == key) & table["value"].notna()])
    }  # fmt: skip
    n_rows = max(-(-len(values) // COLUMNS), 1)
    with styled():
        title = _("Supply and access over the snapshots")
        figure = new_figure(title, stamp, lang, height=0.9 + PANEL_HEIGHT * n_rows)
        if not values:
            no_data(figure.add_subplot(), lang)
            return figure
        places, names = _places(table)
        panels = figure.subplots(n_rows, min(COLUMNS, len(values)), squeeze=False)
        for axes in panels.flat[len(values) :]:
            axes.set_axis_off()
        for axes, (key, rows) in zip(panels.flat, values.items(), strict=False):
            x = [places[name] for name in rows["snapshot"]]
            _panel(axes, x, rows["value"].to_numpy(np.float64), lang)
            name = textwrap.fill(label(NAMES.get(key, key), lang), TITLE_WIDTH)
            axes.set_title(name, fontsize=7.5, loc="left")
            axes.set_xticks(list(places.values()), names, fontsize=6.5)
    return figure


def _places(table: pd.DataFrame) -> tuple[dict[str, float], list[str]]:
    """Where each snapshot stands along the line, by its day; evenly where days are unknown."""
    shots = table[["snapshot", "day"]].drop_duplicates("snapshot")
    days = shots["day"].astype(str).tolist()
    known = all(days) and len(set(days)) == len(days)
    x = [float(dt.date.fromisoformat(d).toordinal()) if known else float(k)
         for k, d in enumerate(days)]  # fmt: skip
    names = days if known else shots["snapshot"].astype(str).tolist()
    return dict(zip(shots["snapshot"], x, strict=True)), names


def _panel(axes: Axes, x: Sequence[float], y: np.ndarray, lang: str) -> None:
    axes.plot(x, y, marker="o", markersize=3.5, color=SCENARIO_COLOURS[0])
    digits = 0 if np.abs(y).max() >= WHOLE else 1
    for at, value in zip(x, y.tolist(), strict=True):
        axes.annotate(
            number(value, lang, digits), (at, value), textcoords="offset points", xytext=(0, 4),
            ha="center", fontsize=6.5,
        )  # fmt: skip
    low, high = float(min(y.min(), 0.0)), float(max(y.max(), 0.0))
    axes.set_ylim(low, (high or 1.0) + (high - low) * 0.25)
    axes.margins(x=0.12)
    number_axis(axes.yaxis, lang, digits)
    grid(axes, "y")
