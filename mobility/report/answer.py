"""The question and the answer in three sentences."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mobility.report.model import ReportInput, spoken
from mobility.report.ranking import FELT_MINUTES
from mobility.report.speech import Spoken, by_language, day, figure, listed, say, word

MEDIAN = 50
TOLD_MODES = ("pt", "bike", "car")


def scenario_title(data: ReportInput, name: str) -> Spoken:
    """Title of a scenario by language; its name where it has none."""
    titles = next((run.title for run in data.runs if run.name == name), {})
    return by_language(lambda lang: spoken(titles, lang, name))


def sentences(data: ReportInput, times: pd.DataFrame) -> list[Spoken]:
    """Say what was asked, how it is now, and what the scenarios would change.

    Parameters
    ----------
    data
        The report's input.
    times
        Table of `mobility.report.pairs.pair_times`.
    """
    median = times[times["percentile"] == MEDIAN]
    return [_question(data), _now(data, median), _then(data, median)]


def _question(data: ReportInput) -> Spoken:
    values = {
        "region": data.region,
        "day": day(data.day),
        "start": data.window[0],
        "end": data.window[1],
        "n": len(data.runs) - 1,
    }
    if len(data.runs) == 1:
        return say(
            "How long does one travel, door to door, between the cities and border "
            "municipalities of {region}, leaving between {start} and {end} on {day}?",
            **values,
        )
    if len(data.runs) == 2:
        return say(
            "How long does one travel, door to door, between the cities and border "
            "municipalities of {region}, leaving between {start} and {end} on {day}, and "
            "what would one scenario change?",
            **values,
        )
    return say(
        "How long does one travel, door to door, between the cities and border "
        "municipalities of {region}, leaving between {start} and {end} on {day}, and what "
        "would {n} scenarios change?",
        **values,
    )


def _now(data: ReportInput, median: pd.DataFrame) -> Spoken:
    rows = median[median["scenario"] == data.baseline.name]
    told = []
    for mode in TOLD_MODES:
        minutes = rows.loc[rows["mode"] == mode, "minutes"].to_numpy(float)
        if minutes.size and np.isfinite(minutes).any():
            told.append(
                say(
                    "{minutes} minutes by {mode}",
                    mode=word(mode),
                    minutes=figure(float(np.nanmedian(minutes))),
                )
            )
    if not told:
        return say("No named connection has been computed in the baseline.")
    pt = rows.loc[rows["mode"] == "pt", "minutes"]
    missing = int(pt.isna().sum())
    values = {"times": listed(told), "n": rows["pair"].nunique(), "missing": missing}
    if missing:
        return say(
            "Today the middle one of {n} named connections takes {times}; not possible by "
            "public transport: {missing}.",
            **values,
        )
    return say("Today the middle one of {n} named connections takes {times}.", **values)


def _then(data: ReportInput, median: pd.DataFrame) -> Spoken:
    if len(data.runs) < 2:
        return say("No scenario stands beside the baseline in this report.")
    best = _largest_gain(data, median)
    if best is None:
        return say("None of the scenarios makes a named connection a minute or more faster.")
    scenario, pair, mode, before, after = best
    values = {
        "scenario": scenario_title(data, scenario),
        "pair": pair,
        "mode": word(mode),
        "before": figure(before),
        "after": figure(after),
    }
    if not np.isfinite(before):
        return say(
            "“{scenario}” makes the largest difference: {pair} can then be made by {mode}, "
            "in {after} minutes.",
            **values,
        )
    return say(
        "“{scenario}” makes the largest difference: {pair} by {mode} goes from {before} to "
        "{after} minutes.",
        **values,
    )


def _largest_gain(
    data: ReportInput, median: pd.DataFrame
) -> tuple[str, str, str, float, float] | None:
    """The pair that gains most; one that becomes possible beats any that gets faster."""
    keys = ["mode", "pair"]
    base = median[median["scenario"] == data.baseline.name].set_index(keys)["minutes"]
    best: tuple[str, str, str, float, float] | None = None
    best_gain = FELT_MINUTES
    for run in data.runs[1:]:
        other = median[median["scenario"] == run.name].set_index(keys)["minutes"]
        for (mode, pair), after in other.items():
            before = float(base.get((mode, pair), np.nan))
            if not np.isfinite(after):
                continue
            gain = before - after if np.isfinite(before) else 1e6 - after
            if gain >= best_gain and (best is None or gain > best_gain):
                best, best_gain = (run.name, str(pair), str(mode), before, float(after)), gain
    return best
