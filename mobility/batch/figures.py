"""Charts of a set of runs: which ones, and under which names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure as Drawing

from mobility.charts import (
    Stamp,
    access_curves,
    border_waterfall,
    change_map,
    departures_over_day,
    heat_map,
    measure_ranking,
    pair_bars,
    people_by_minute,
    save,
    scorecard_page,
    svg_bytes,
    vf_heat_map,
)
from mobility.errors import printable
from mobility.report import Figure, ReportInput
from mobility.report.model import Run, spoken
from mobility.report.pairs import pair_times, people_of
from mobility.report.ranking import ranking_digits, scenario_ranking
from mobility.tables import TravelTimes
from mobility.words import label, translator

LANGUAGES = ("nl", "en")
BAR_MODES = ("pt", "bike+pt", "bike", "car")
MATRIX_MODES = ("pt", "bike")
CARD_MODES = ("bike", "pt", "car")
CURVE_MODES = ("pt", "bike+pt")
CHANGE_MODES = ("pt", "bike+pt", "car+pt", "bike", "ebike", "car", "walk")
# The report has its own matrices, to be sorted.
NOT_IN_REPORT = ("matrix-", "vf-")
RANKED_FROM = 3
FELT_S = 30.0
SEEN_SHARE = 0.0005
MEDIAN = 50
MOST_OPERATORS = 7
MOST_PANELS = 4
MOST_RUNS = 8
"""As many as there are colours to tell them apart; see `worth_drawing`."""


def draw(data: ReportInput, lang: str, *, matrices: bool = True) -> Iterator[tuple[str, Drawing]]:
    """Draw every chart that the runs allow, one after the other: file stem, figure."""
    stamp = Stamp.of_inputs(
        (file["role"] for file in data.manifest.get("inputs", ())),
        str(data.manifest.get("fingerprint", "")),
        demonstration=data.demonstration,
    )
    titles = {run.name: spoken(run.title, lang, run.name) for run in data.runs}
    last = data.runs[-1]
    modes = tuple(last.times)
    for mode in BAR_MODES:
        runs = worth_drawing(data.runs, mode)
        minutes = pair_times(only(runs, mode), data.pairs, data.zones)
        if len(runs) == 1 or _named_pair_differs(minutes):
            yield (
                f"pairs-{_stem(mode)}",
                pair_bars(
                    minutes, mode=mode, titles={run.name: titles[run.name] for run in runs},
                    lang=lang, stamp=stamp,
                ),
            )  # fmt: skip
    if not data.scorecard.empty:
        shown = tuple(m for m in CARD_MODES if m in modes)
        yield (
            "scorecard",
            scorecard_page(
                data.scorecard,
                titles=titles,
                scenario=last.name,
                modes=shown,
                lang=lang,
                stamp=stamp,
            ),
        )
    if matrices:
        yield from _matrices(data, titles, lang, stamp)
    yield from _over_all(data, titles, lang, stamp)
    if len(table := departures_worth_drawing(data, translator(lang)("other operators"))):
        yield (
            "departures",
            departures_over_day(table, place=data.region, titles=titles, lang=lang, stamp=stamp),
        )
    if len(data.border):
        yield "waterfall", _waterfall(data.border, lang, stamp)


def departures_worth_drawing(data: ReportInput, others: str) -> pd.DataFrame:
    """Choose the first run's departures and those that differ from them, the largest operators.

    Operators beyond `MOST_OPERATORS` are one, called `others`. Of several runs that all have
    the first one's departures there is nothing to draw.
    """
    table = data.departures
    if table.empty:
        return table
    size = table.groupby("operator")["departures"].sum().sort_values(ascending=False, kind="stable")
    if len(size) > MOST_OPERATORS:
        large = size.index[: MOST_OPERATORS - 1]
        table = table.assign(
            operator=table["operator"].where(table["operator"].isin(large), others)
        )
    by_run = {
        name: rows.groupby(["operator", "hour"])["departures"].sum()
        for name, rows in table.groupby("scenario", sort=False)
    }
    first = by_run.get(data.baseline.name)
    differ = [name for name, rows in by_run.items() if first is None or not rows.equals(first)]
    if len(data.runs) > 1 and not differ:
        return table.head(0)
    kept = [data.baseline.name, *differ][:MOST_PANELS]
    return table[table["scenario"].isin(kept)]


def _waterfall(border: pd.DataFrame, lang: str, stamp: Stamp) -> Drawing:
    """Draw the named pair that the border costs most."""
    keys = ["origin", "destination", "mode"]
    cost = border.groupby(keys, sort=False)["minutes"].sum()
    origin, destination, mode = cost.idxmax()
    rows = border[(border[keys] == [origin, destination, mode]).all(axis=1)]
    causes = rows.groupby("cause", sort=False)["minutes"].sum()
    return border_waterfall(
        {str(cause): float(minutes) for cause, minutes in causes.items()},
        without_border_min=float(rows["actual_min"].iloc[0] - causes.sum()),
        place=f"{origin} – {destination}", mode=str(mode), lang=lang, stamp=stamp,
    )  # fmt: skip


def worth_drawing(runs: Sequence[Run], mode: str) -> tuple[Run, ...]:
    """Choose the runs that a chart of one mode shows: the first, and those that differ from it.

    A mode that no run changes looks as in the first run's own chart, and has none here. Of
    more than `MOST_RUNS` those are taken that change most pairs of zones, in their order.
    """
    first = runs[0]
    if mode not in first.times or len(runs) == 1:
        return tuple(runs) if mode in first.times else ()
    changed = {
        run.name: _pairs_changed(first.times[mode], run.times[mode])
        for run in runs[1:]
        if mode in run.times
    }
    most = sorted(changed, key=lambda name: -changed[name])[: MOST_RUNS - 1]
    others = tuple(run for run in runs[1:] if run.name in most and changed[run.name])
    return (first, *others) if others else ()


def _pairs_changed(before: TravelTimes, after: TravelTimes) -> int:
    """Pairs reached in one alone, or in other minutes: charts show no less."""
    apart = np.abs(after.time_s - before.time_s)
    changed = (apart >= FELT_S) | (np.isnan(before.time_s) != np.isnan(after.time_s))
    return int(changed.any(axis=2).sum())


def _named_pair_differs(minutes: pd.DataFrame) -> bool:
    """Whether a bar of some named pair would be of another length, or missing, in some run."""
    median = minutes[minutes["percentile"] == MEDIAN]
    by_run = median.pivot_table(index="pair", columns="scenario", values="minutes", dropna=False)
    times = by_run.to_numpy(float)
    reached = np.isfinite(times)
    apart = np.nanmax(times, axis=1, initial=0.0) - np.nanmin(times, axis=1, initial=np.inf)
    return bool((reached.any(axis=1) & (~reached.all(axis=1) | (apart * 60 >= FELT_S))).any())


def only(runs: Sequence[Run], mode: str) -> tuple[Run, ...]:
    """Runs with one mode alone."""
    return tuple(replace(run, times={mode: run.times[mode]}) for run in runs)


def _matrices(
    data: ReportInput, titles: Mapping[str, str], lang: str, stamp: Stamp
) -> Iterator[tuple[str, Drawing]]:
    """Draw heat maps: of a run alone its times, beside its baseline the factor to the car."""
    if len(data.runs) >= RANKED_FROM:
        return
    last = data.runs[-1]
    drawn = {mode for mode in last.times if worth_drawing(data.runs, mode)}
    for mode in (m for m in MATRIX_MODES if m in drawn and len(data.runs) == 1):
        yield f"matrix-{_stem(mode)}", heat_map(
            data.municipalities, scenario=last.name, mode=mode, title=titles[last.name],
            lang=lang, stamp=stamp,
        )  # fmt: skip
    if {"car", "pt"} <= last.times.keys() and {"car", "pt"} & drawn:
        yield "vf-pt", vf_heat_map(
            data.municipalities, scenario=last.name, mode="pt", title=titles[last.name],
            lang=lang, stamp=stamp,
        )  # fmt: skip


def _over_all(
    data: ReportInput, titles: Mapping[str, str], lang: str, stamp: Stamp
) -> Iterator[tuple[str, Drawing]]:
    """Draw what sets runs side by side: people reached, where it changes, which helps most."""
    _ = translator(lang)
    first, last = data.runs[0], data.runs[-1]
    people = people_of(data.zones)
    for mode in CURVE_MODES:
        runs = worth_drawing(data.runs, mode)
        if not runs:
            continue
        parts = [people_by_minute(run.times[mode], people) for run in runs]
        if len(runs) > 1 and not _curves_differ([part["people"].to_numpy(float) for part in parts]):
            continue
        curves = pd.concat(parts, ignore_index=True)
        shown = {run.name: titles[run.name] for run in runs}
        yield (
            f"access-{_stem(mode)}",
            access_curves(curves, titles=shown, place=data.region, lang=lang, stamp=stamp),
        )
    if len(data.runs) == 2:
        mode, change = _largest_change(first, last, people)
        if mode:
            yield f"change-{_stem(mode)}", change_map(
                change, data.zones, data.countries, lang=lang, stamp=stamp,
                title=f"{titles[last.name]} – {label(mode, lang)}",
            )  # fmt: skip
    if len(data.runs) >= RANKED_FROM and "pt" in last.times:
        bases = {run.name: data.base_of(run).name for run in data.runs}
        ranks = scenario_ranking(data.municipalities, list(bases), "pt", bases)
        table = pd.DataFrame({
            "measure": ranks["scenario"].map(titles),
            "value": -ranks["mean_change_border"].fillna(0.0),
        })  # fmt: skip
        yield "ranking-pt", measure_ranking(
            table, unit="min", title=_("Minutes gained across the border, by public transport"),
            lang=lang, stamp=stamp, digits=ranking_digits(ranks),
        )  # fmt: skip


def _curves_differ(curves: Sequence[npt.NDArray[np.float64]]) -> bool:
    """Whether one could tell the curves apart."""
    first = curves[0]
    apart = max(float(np.abs(curve - first).max(initial=0.0)) for curve in curves[1:])
    return apart >= SEEN_SHARE * float(first.max(initial=0.0))


def _largest_change(
    first: Run, last: Run, people: Mapping[str, float]
) -> tuple[str, npt.NDArray[np.float64]]:
    """Find the mode a scenario changes most, and the mean minutes it changes from each zone."""
    best, mode_found = np.empty(0), ""
    for mode in (m for m in CHANGE_MODES if m in first.times and m in last.times):
        change = mean_change_min(first.times[mode], last.times[mode], people)
        if np.nansum(np.abs(change)) > np.nansum(np.abs(best)):
            best, mode_found = change, mode
    return mode_found, best


def mean_change_min(
    before: TravelTimes, after: TravelTimes, people: Mapping[str, float]
) -> npt.NDArray[np.float64]:
    """Mean change of the median time from each zone, weighted by people at the destination.

    Over destinations reached in both; NaN for a zone that has none.
    """
    middle = before.percentiles.index(50)
    change = after.time_s[:, :, middle].astype(float) - before.time_s[:, :, middle]
    weight = np.array([people.get(str(zone), 0.0) for zone in before.destinations])
    weights = np.where(np.isfinite(change), weight if weight.sum() > 0 else 1.0, 0.0)
    held = weights.sum(axis=1)
    total = (np.where(np.isfinite(change), change, 0.0) * weights).sum(axis=1)
    return np.where(held > 0, total / np.where(held > 0, held, 1.0) / 60.0, np.nan)


def _stem(mode: str) -> str:
    return mode.replace("+", "-")


def write_charts(folder: Path, data: ReportInput, lang: str) -> ReportInput:
    """Write each chart as PNG and SVG; return the data with the charts its report shows.

    The report's charts are there in both languages, since its page switches between them.
    """
    folder.mkdir(parents=True)
    clean = drawable(data)
    about = {"fingerprint": str(data.manifest.get("fingerprint", "")), "Source": data.region}
    own: dict[str, bytes] = {}
    for stem, figure in draw(clean, lang):
        _, svg = save(figure, folder / stem, {"Title": stem, **about})
        if not stem.startswith(NOT_IN_REPORT):
            own[stem] = svg.read_bytes()
    drawn = {lang: own}
    for other in (other for other in LANGUAGES if other != lang):
        drawn[other] = {
            stem: svg_bytes(figure, {"Title": stem, **about})
            for stem, figure in draw(clean, other, matrices=False)
        }
    shown = [_shown(stem, {by: drawn[by][stem] for by in LANGUAGES}) for stem in own]
    return replace(data, figures=tuple(shown))


def drawable(data: ReportInput) -> ReportInput:
    """Take out of names what no font draws and no SVG may hold: control characters."""
    runs = tuple(
        replace(run, title={lang: printable(text) for lang, text in run.title.items()})
        for run in data.runs
    )
    return replace(
        data,
        region=printable(data.region),
        runs=runs,
        pairs=tuple(replace(pair, label=printable(pair.label)) for pair in data.pairs),
        **{
            name: _drawable_names(getattr(data, name))
            for name in ("municipalities", "scorecard", "border", "departures")
        },
    )


def _drawable_names(table: pd.DataFrame) -> pd.DataFrame:
    own = [name for name in ("origin", "destination", "operator") if name in table]
    found = {}
    for column in own:
        names = {str(name): printable(str(name)) for name in table[column].unique()}
        if any(name != shown for name, shown in names.items()):
            found[column] = table[column].astype(str).map(names)
    return table.assign(**found) if found else table


def _shown(stem: str, svg: Mapping[str, bytes]) -> Figure:
    kind, _, mode = stem.partition("-")
    names = {
        "pairs": "Travel times of named pairs",
        "scorecard": "Scorecard",
        "access": "People within reach",
        "change": "Where it changes",
        "ranking": "Which scenario helps most",
        "departures": "Departures over the day",
        "waterfall": "What the border costs, by cause",
    }
    alt = {}
    for lang in LANGUAGES:
        by = f", {label(mode.replace('-', '+'), lang)}" if mode else ""
        alt[lang] = translator(lang)(names[kind]) + by
    return Figure(name=stem, svg=svg, alt=alt)
