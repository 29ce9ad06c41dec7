"""Streets over the border, in words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from mobility.checkpage.sections import Section, section
from mobility.words import label, number, translator

CALM = 2
MODES = ("walk", "bike", "car")


def border_streets(inventory: Mapping[str, pd.DataFrame], lang: str) -> Section:
    """One row per border: crossings by mode, and the longest gap for cyclists.

    Parameters
    ----------
    inventory
        ``crossings, crossing_gaps, cycle_quality`` as the streets give them.
    lang
        ``"nl"`` or ``"en"``.
    """
    _ = translator(lang)
    crossings, gaps = inventory["crossings"], inventory["crossing_gaps"]
    text = _(
        "Crossings of a border: {n}; stretches of 3 km of border or more without a crossing for "
        "cyclists: {gaps}. {share} of the kilometres cyclists may use are quiet."
    ).format(
        n=number(len(crossings), lang), gaps=number(len(gaps), lang),
        share=_calm_share(inventory["cycle_quality"], lang),
    )  # fmt: skip
    rows = []
    for border in sorted({*crossings["border"], *gaps["border"]}):
        here = crossings[(crossings["border"] == border).to_numpy()]
        longest = gaps.loc[(gaps["border"] == border).to_numpy(), "gap_km"].max()
        rows.append([
            str(border),
            *(number(int((here[mode] != "closed").sum()), lang) for mode in MODES),
            number(longest, lang, 1) if np.isfinite(longest) else "–",
        ])  # fmt: skip
    heads = [_("border between"), _("open on foot"), _("open by bicycle"), _("open by car"),
             _("longest gap by bicycle (km)")]  # fmt: skip
    return section(_("Streets over the border"), text, heads, rows)


def fitted_drives(table: pd.DataFrame, lang: str) -> Section:
    """What fitting car times to observed drives did, a row per period and group of streets."""
    _ = translator(lang)
    rows = [
        [
            label(row.period, lang), _group(row.group, lang),
            number(row.factor, lang, 2) if np.isfinite(row.factor) else "–",
            number(row.trips, lang), number(row.left_out, lang),
            number(row.error_before_s, lang), number(row.error_after_s, lang),
        ]
        for row in table.itertuples(index=False)
    ]  # fmt: skip
    heads = [_("period"), _("streets"), _("factor on the time"), _("drives"),
             _("not drivable"), _("error before (s)"), _("error after (s)")]  # fmt: skip
    text = _("Car times are multiplied by these factors, which fit the drives observed best.")
    return section(_("Car times against observed drives"), text, heads, rows)


def _group(name: str, lang: str) -> str:
    """Country and kind of streets, as calibration names them."""
    country, _, kind = name.rpartition(" ")
    return f"{country} {label(f'streets: {kind}', lang)}".strip()


def _calm_share(quality: pd.DataFrame, lang: str) -> str:
    """Share of the kilometres open to bicycles at level of stress 1 and 2."""
    total = float(quality["km"].sum())
    calm = float(quality.loc[(quality["stress"] <= CALM).to_numpy(), "km"].sum())
    return f"{number(100 * calm / total if total else 0.0, lang)} %"
