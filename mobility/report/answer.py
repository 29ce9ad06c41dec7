"""The question and the answer in three sentences."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from mobility.report.model import ReportInput, Run, spoken
from mobility.report.ranking import FELT_MINUTES
from mobility.report.speech import Spoken, by_language, day, figure, listed, say, word
from mobility.tables import MODES

MEDIAN = 50
TOLD_MODES = ("pt", "bike", "car")
MOST_NAMED = 3
"""More scenarios than these are counted in the question, not named."""


def scenario_title(data: ReportInput, name: str) -> Spoken:
    """Title of a scenario by language; its name where it has none."""
    titles = next((run.title for run in data.runs if run.name == name), {})
    return by_language(lambda lang: spoken(titles, lang, name))


def by_mode(mode: str) -> Spoken:
    """Say "by public transport"; a mode of nobody's words stays as it is, in brackets."""
    return word(f"by {mode}") if mode in MODES else by_language(lambda _lang: f"({mode})")


def day_told(data: ReportInput) -> Spoken:
    """Say the day that was computed, or the several days of a report's runs."""
    days = list(dict.fromkeys(run.day or data.day for run in data.runs))
    return listed([day(one) for one in days])


def window_told(data: ReportInput) -> Spoken:
    """Say the departures that were computed, of each window there is."""
    windows = list(dict.fromkeys(run.window or data.window for run in data.runs))
    return listed([say("{start} to {end}", start=start, end=end) for start, end in windows])


def next_steps(data: ReportInput, there: Collection[str]) -> list[tuple[str, Spoken]]:
    """Say what to look at next: anchor in the page, ``""`` for none, and a sentence.

    `there` has the anchors of the page's sections.
    """
    before = (
        say("Have the same computed with real timetables before you decide.")
        if data.demonstration
        else say("Check before you decide how old the data are and what they are of.")
    )
    steps = (
        ("map-section", say("Choose your municipality on the map: how far does one get?")),
        ("pairs", say("Look up a connection, before and after.")),
        ("ranking", say("See which scenario helps most, and how many connections.")),
        ("data", before),
    )
    files = say(
        "For a memo: in the folder beside this page lie tables.xlsx (Excel), charts (PNG and "
        "SVG) and maps/layers.gpkg (QGIS)."
    )
    return [step for step in steps if step[0] in there] + [("", files)]


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


def told_run(data: ReportInput, times: pd.DataFrame) -> Run:
    """Give the run whose tables stand open: the one the answer names, else the last."""
    best = _largest_gain(data, times[times["percentile"] == MEDIAN])
    named = [run for run in data.runs if best is not None and run.name == best[0]]
    return named[0] if named else data.runs[-1]


def _question(data: ReportInput) -> Spoken:
    others = data.scenarios
    values = {
        "region": word(data.region),
        "day": day_told(data),
        "start": data.window[0],
        "end": data.window[1],
        "n": len(others),
        "names": listed([say("“{text}”", text=scenario_title(data, run.name)) for run in others]),
    }
    if not others:
        return say(
            "How long does one travel, door to door, between the cities and border "
            "municipalities of {region}, leaving between {start} and {end} on {day}?",
            **values,
        )
    if len(others) <= MOST_NAMED:
        return say(
            "How long does one travel, door to door, between the cities and border "
            "municipalities of {region}, leaving between {start} and {end} on {day}, and "
            "what would {names} change?",
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
                    "{minutes} minutes {by_mode}",
                    by_mode=by_mode(mode),
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
    if not data.scenarios:
        return say("No scenario stands beside the baseline in this report.")
    best = _largest_gain(data, median)
    if best is None:
        return say("None of the scenarios makes a named connection a minute or more faster.")
    scenario, pair, mode, before, after = best
    values = {
        "scenario": scenario_title(data, scenario),
        "pair": pair,
        "by_mode": by_mode(mode),
        "before": figure(before),
        "after": figure(after),
    }
    if not np.isfinite(before):
        return say(
            "“{scenario}” makes the largest difference: {pair} can then be made {by_mode}, "
            "in {after} minutes.",
            **values,
        )
    return say(
        "“{scenario}” makes the largest difference: {pair} {by_mode} goes from {before} to "
        "{after} minutes.",
        **values,
    )


def _largest_gain(
    data: ReportInput, median: pd.DataFrame
) -> tuple[str, str, str, float, float] | None:
    """The pair that gains most; one that becomes possible beats any that gets faster."""
    keys = ["mode", "pair"]
    by_run = {run.name: median[median["scenario"] == run.name] for run in data.runs}
    best: tuple[str, str, str, float, float] | None = None
    best_gain = FELT_MINUTES
    for run in data.scenarios:
        other = by_run[run.name].set_index(keys)["minutes"]
        base = by_run[data.base_of(run).name].set_index(keys)["minutes"]
        for (mode, pair), after in other.items():
            before = float(base.get((mode, pair), np.nan))
            if not np.isfinite(after):
                continue
            gain = before - after if np.isfinite(before) else 1e6 - after
            if gain >= best_gain and (best is None or gain > best_gain):
                best, best_gain = (run.name, str(pair), str(mode), before, float(after)), gain
    return best
