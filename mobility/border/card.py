"""The card of objective 2B laid out for one page: two halves, now and per scenario."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mobility.words import label, marked, translator

CARD_MODES = ("bike", "ebike", "pt", "bike+pt", "car")
HALVES = {
    "city": marked("Fast links between cities"),
    "border": marked("Daily links between border municipalities"),
}


@dataclass(frozen=True)
class Half:
    """One half of the card.

    Parameters
    ----------
    kind, title
        ``"city"`` or ``"border"``, and its heading.
    table
        A row per pair, direction and mode: ``origin, destination, country_o, country_d, mode``
        and per scenario ``<name> min`` (float, NaN where not reached), ``<name> signal`` (good,
        fair, poor or empty) and, but for the baseline, ``<name> change`` (minutes).
    rules
        Mode → the rule of its signal, as a sentence.
    counts
        Per scenario and mode how many directions are good, fair, poor or not judged.
    """

    kind: str
    title: str
    table: pd.DataFrame
    rules: dict[str, str]
    counts: pd.DataFrame


def card(scorecards: pd.DataFrame, lang: str, *, baseline: str = "") -> tuple[Half, ...]:
    """Lay the scorecards of one or more scenarios out in two halves.

    Parameters
    ----------
    scorecards
        Rows of `scorecard`, of several scenarios stacked.
    baseline
        Scenario the changes are against; by default the first.

    Returns
    -------
    tuple
        The halves that have pairs, cities first.
    """
    names = [str(name) for name in pd.unique(scorecards["scenario"])]
    first = baseline if baseline in names else next(iter(names), "")
    halves = []
    for kind, title in HALVES.items():
        rows = scorecards[(scorecards["kind"] == kind) & scorecards["mode"].isin(CARD_MODES)]
        if len(rows):
            halves.append(_half(rows, kind, translator(lang)(title), names, first, lang))
    return tuple(halves)


def _half(
    rows: pd.DataFrame, kind: str, title: str, names: list[str], baseline: str, lang: str
) -> Half:
    keys = ["origin", "destination", "country_o", "country_d", "mode"]
    rows = rows.astype(dict.fromkeys([*keys, "scenario", "signal"], object))
    order = {mode: k for k, mode in enumerate(CARD_MODES)}
    table = rows[keys].drop_duplicates().reset_index(drop=True)
    for name in [baseline, *[n for n in names if n != baseline]]:
        mine = rows.loc[rows["scenario"] == name, [*keys, "time_s", "signal"]]
        mine = mine.drop_duplicates(keys)
        joined = table[keys].merge(mine, on=keys, how="left")
        table[f"{name} min"] = joined["time_s"].to_numpy(np.float64) / 60
        table[f"{name} signal"] = joined["signal"].fillna("").to_numpy(object)
        if name != baseline:
            table[f"{name} change"] = table[f"{name} min"] - table[f"{baseline} min"]
    place = table.groupby(keys[:4], sort=False).ngroup()
    table = table.assign(_place=place, _mode=table["mode"].map(order))
    table = table.sort_values(["_place", "_mode"], kind="stable").drop(columns=["_place", "_mode"])
    column = "rule_nl" if lang == "nl" else "rule"
    once = rows.drop_duplicates("mode")
    rules = {
        label(mode, lang): str(rule)
        for mode, rule in zip(once["mode"], once[column], strict=True)
        if rule
    }
    counts = rows.assign(signal=rows["signal"].replace("", "none"))
    counted = counts.groupby(["scenario", "mode", "signal"], sort=True).size().unstack(fill_value=0)
    counted = counted.reindex(columns=["good", "fair", "poor", "none"], fill_value=0)
    counted.columns.name = None
    return Half(kind, title, table.reset_index(drop=True), rules, counted.reset_index())
