"""What merging a region's feeds found, said to an officer: a short verdict and one HTML page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import jinja2
import pandas as pd

from mobility.checkpage import sections as tables
from mobility.checkpage.days import day_said, kinds_of_days, proposal, spans
from mobility.checkpage.drawings import (
    BAR_HEIGHT,
    DAY_WIDTH,
    MAP_HEIGHT,
    MAP_WIDTH,
    calendars,
    stop_map,
)
from mobility.checkpage.sections import rows_with
from mobility.checkpage.streets import border_streets, fitted_drives
from mobility.merge import Merged
from mobility.words import Translate, label, number, translator
from mobility.zones import Countries

__all__ = ["check_page", "problem_counts", "verdict", "write_check_page"]


def verdict(merged: Merged, *, day: dt.date | None, lang: str) -> tuple[str, int]:
    """Say in a few lines what was merged, and whether the region can be used.

    Parameters
    ----------
    merged
        Result of `mobility.merge.merge_feeds`.
    day
        Day of the check; None, all days.
    lang
        ``"nl"`` or ``"en"``.

    Returns
    -------
    tuple
        The text, and the exit code: 0, or 1 where an error makes the region unusable.
    """
    _ = translator(lang)
    errors = rows_with(merged.evidence["problems"], "severity", "error")
    lines = [_("The region can't be used as it is.") if len(errors) else _headline(merged, _)]
    if day is not None:
        lines.append(day_said(merged, day, lang))
    lines += [f"- {text}" for text in (*_facts(merged, lang), proposal(merged, lang)) if text]
    for row in errors.itertuples(index=False):
        where = " ".join(part for part in (row.feed, row.table) if part)
        cure = f" {label(row.cure, lang)}." if row.cure else ""
        lines.append(f"! {where}: {label(row.problem, lang)} ({row.examples}).{cure}")
    return "\n".join(lines), 1 if len(errors) else 0


def write_check_page(
    path: Path, merged: Merged, *, region: str, day: dt.date | None, lang: str,
    countries: Countries | None = None, streets: pd.DataFrame | None = None,
    inventory: Mapping[str, pd.DataFrame] | None = None,
) -> Path:  # fmt: skip
    """Write the merge report as one HTML file that needs no network.

    Parameters
    ----------
    path
        File to write; the same input gives the same bytes.
    merged
        Result of `mobility.merge.merge_feeds`.
    region
        Name of the region.
    day
        Day of the check; None, all days.
    lang
        ``"nl"`` or ``"en"``.
    countries
        Drawn under the map of matched stops.
    streets
        A table about the streets that is shown as it is, if any.
    inventory
        Tables of the streets at the border by name: ``crossings, crossing_gaps, cycle_quality``.

    Returns
    -------
    Path
        `path`.
    """
    html = check_page(merged, region=region, day=day, lang=lang, countries=countries,
                      streets=streets, inventory=inventory)  # fmt: skip
    path.write_text(html, encoding="utf-8", newline="\n")
    return path


def check_page(
    merged: Merged, *, region: str, day: dt.date | None, lang: str,
    countries: Countries | None = None, streets: pd.DataFrame | None = None,
    inventory: Mapping[str, pd.DataFrame] | None = None,
) -> str:  # fmt: skip
    """Give the merge report as text of one HTML page; see `write_check_page`."""
    _ = translator(lang)
    errors = rows_with(merged.evidence["problems"], "severity", "error")
    file = resources.files("mobility.checkpage").joinpath("check.html")
    template = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).from_string(file.read_text(encoding="utf-8"))
    sections = [
        tables.problems(merged, lang), kinds_of_days(merged, lang),
        tables.stations(merged, lang), tables.lines(merged, lang), tables.apart(merged, lang),
        tables.dropped(merged, lang), tables.stitched(merged, lang),
    ]  # fmt: skip
    if inventory:
        sections.append(border_streets(inventory, lang))
        if "car_calibration" in inventory:
            sections.append(fitted_drives(inventory["car_calibration"], lang))
    folded = [spans(merged, lang), tables.notes(merged, lang), tables.balance(merged, lang)]
    if streets is not None and len(streets):
        folded.append(tables.as_is(streets, _("Streets"), lang))
    return template.render(
        lang=lang, region=region, usable=not len(errors),
        title=_("Merge report"),
        headline=_("The region can't be used as it is.") if len(errors) else _headline(merged, _),
        day="" if day is None else day_said(merged, day, lang),
        facts=_facts(merged, lang),
        calendar_title=_("Calendars side by side"),
        calendar_text=_(
            "Each bar is a day; the higher, the more lines run. The line marks the day."
        ),
        calendars=calendars(merged, lang), day_width=DAY_WIDTH, bar_height=BAR_HEIGHT,
        map_title=_("Stops of different feeds that belong together"),
        map_text=_("Each mark is a pair of stops. North is up."),
        map=stop_map(merged, countries, lang), map_width=MAP_WIDTH, map_height=MAP_HEIGHT,
        sections=[s for s in sections if s.rows], folded=[s for s in folded if s.rows],
        more=_("and {n} more rows, in the folder merge"),
    )  # fmt: skip


def _headline(merged: Merged, _: Translate) -> str:
    warnings = rows_with(merged.evidence["problems"], "severity", "warning")
    if len(warnings):
        return _("The region can be used; some things deserve a look.")
    return _("The region can be used.")


def _facts(merged: Merged, lang: str) -> list[str]:
    _ = translator(lang)
    stops, dropped, stitched = (
        merged.evidence[name] for name in ("stops", "trips_dropped", "trips_stitched")
    )
    one = rows_with(stops, "grade", "same stop", "same station")
    gone = rows_with(dropped, "decision", "dropped", "dropped on some days")
    joined = rows_with(stitched, "decision", "joined")
    crossing = merged.evidence["cross_border_lines"]

    def n(count: int) -> str:
        return number(count, lang)

    twice = gone[(gone["kept_trip"] != "").to_numpy()]
    within = sum(
        goes.partition(":")[0] == stays.partition(":")[0]
        for goes, stays in zip(twice["trip"], twice["kept_trip"], strict=True)
    )
    doubt = len(rows_with(dropped, "decision", "doubtful")) + len(
        rows_with(stitched, "decision", "doubtful")
    )
    return [
        _("{n} trips of {feeds} feeds remain").format(
            n=n(len(merged.feeds.trips)), feeds=n(len(merged.feeds.sources))
        ),
        _("{n} pairs of stops are one stop or one station").format(n=n(len(one))),
        _(
            "{n} trips left out, {twice} of them because two feeds have them, {again} because "
            "one feed has them twice"
        ).format(n=n(len(gone)), twice=n(len(twice) - within), again=n(within)),
        _("{n} rides joined from pieces").format(n=n(joined["trip"].nunique())),
        _("{n} doubtful trips left as they are").format(n=n(doubt)),
        _("{n} lines cross a border").format(n=n(crossing["line"].nunique())),
    ]


def problem_counts(merged: Merged) -> Mapping[str, int]:
    """Rows of `problems` by severity: ``{"error": 0, "warning": 2, "note": 11}``."""
    counts = merged.evidence["problems"]["severity"].value_counts()
    return {severity: int(counts.get(severity, 0)) for severity in ("error", "warning", "note")}
