"""Drawings of the merge report: calendars as bars, matched stops on a small map."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from mobility.merge import Merged
from mobility.merge.model import Float64
from mobility.words import date as spoken_date
from mobility.words import label, number, translator
from mobility.zones import Countries

MAP_WIDTH, MAP_HEIGHT = 760, 520
SPECK_PX2 = 25.0
DAY_WIDTH, BAR_HEIGHT = 760, 34
GRADES = ("same stop", "same station", "near", "apart")


@dataclass(frozen=True)
class Bars:
    """One feed's calendar as bars: (x, y, width, height, title) each, and the day's x."""

    feed: str
    span: str
    bars: list[tuple[float, float, float, float, str]]
    day_x: float | None
    title: str


def calendars(merged: Merged, lang: str) -> list[Bars]:
    """Calendar of each feed, as bars over the days that any feed covers."""
    _ = translator(lang)
    table = merged.evidence["calendars"]
    if table.empty:
        return []
    dates = pd.to_datetime(table["date"])
    first, last = dates.min(), dates.max()
    width = DAY_WIDTH / ((last - first).days + 1)
    found = []
    for feed, rows in table.assign(at=(dates - first).dt.days).groupby("feed", sort=True):
        most = max(1, int(rows["lines"].max()))
        bars = [
            (round(r.at * width, 2), round(BAR_HEIGHT * (1 - r.lines / most), 2),
             round(max(width * 0.85, 0.3), 2), round(BAR_HEIGHT * r.lines / most, 2),
             _("{day}: {n} lines").format(day=_day(r.date, lang), n=number(r.lines, lang)))
            for r in rows.itertuples(index=False)
            if r.lines
        ]  # fmt: skip
        marked = rows.loc[rows["is_day"].to_numpy(), "at"]
        day_x = round((float(marked.iloc[0]) + 0.5) * width, 2) if len(marked) else None
        running = int((rows["lines"] > 0).sum())
        span = f"{_day(rows['date'].iloc[0], lang)} – {_day(rows['date'].iloc[-1], lang)}"
        title = _("{feed}: service on {n} days").format(feed=feed, n=number(running, lang))
        found.append(Bars(str(feed), span, bars, day_x, title))
    return found


def _day(text: str, lang: str) -> str:
    return spoken_date(dt.date.fromisoformat(text), lang)


@dataclass(frozen=True)
class Picture:
    """Marks (x, y, class, title), country outlines as paths, and a legend."""

    marks: list[tuple[float, float, str, str]]
    outlines: list[tuple[str, str]]
    legend: list[tuple[str, str, str]]


def stop_map(merged: Merged, countries: Countries | None, lang: str) -> Picture:
    """Matched stops as marks over the outlines of the countries."""
    stops = merged.evidence["stops"]
    if stops.empty:
        return Picture([], [], [])
    lon = (stops["lon_a"].to_numpy(float) + stops["lon_b"].to_numpy(float)) / 2
    lat = (stops["lat_a"].to_numpy(float) + stops["lat_b"].to_numpy(float)) / 2
    project, frame = _projection(lon, lat)
    rank = {grade: -k for k, grade in enumerate(GRADES)}
    say = {grade: label(grade, lang) for grade in GRADES}
    order = stops["grade"].map(rank).argsort(kind="stable").to_numpy()
    x, y = project(lon, lat)
    name_a, name_b, grade = (stops[c].to_numpy(object) for c in ("name_a", "name_b", "grade"))
    marks = [
        (float(x[k]), float(y[k]), _css(grade[k]), f"{name_a[k]} – {name_b[k]}: {say[grade[k]]}")
        for k in order
    ]
    counts = stops["grade"].value_counts()
    legend = [
        (_css(grade), label(grade, lang), number(int(counts.get(grade, 0)), lang))
        for grade in GRADES
        if counts.get(grade, 0)
    ]
    return Picture(marks, _outlines(countries, project, frame), legend)


def _css(grade: str) -> str:
    return grade.replace(" ", "-")


Project = Callable[[Float64, Float64], tuple[Float64, Float64]]


def _projection(lon: Float64, lat: Float64) -> tuple[Project, tuple[float, float, float, float]]:
    """Plain projection of the middle 98 % of the marks onto the picture, margin in."""
    low_x, high_x = np.quantile(lon, [0.01, 0.99])
    low_y, high_y = np.quantile(lat, [0.01, 0.99])
    squeeze = float(np.cos(np.radians((low_y + high_y) / 2)))
    width, height = max((high_x - low_x) * squeeze, 0.02), max(high_y - low_y, 0.02)
    scale = 0.9 * min(MAP_WIDTH / width, MAP_HEIGHT / height)
    mid_x, mid_y = (low_x + high_x) / 2, (low_y + high_y) / 2

    def project(lon: Float64, lat: Float64) -> tuple[Float64, Float64]:
        x = MAP_WIDTH / 2 + (np.asarray(lon) - mid_x) * squeeze * scale
        y = MAP_HEIGHT / 2 - (np.asarray(lat) - mid_y) * scale
        return np.round(x, 1), np.round(y, 1)

    half_x, half_y = MAP_WIDTH / 2 / scale / squeeze, MAP_HEIGHT / 2 / scale
    return project, (mid_x - half_x, mid_y - half_y, mid_x + half_x, mid_y + half_y)


def _outlines(
    countries: Countries | None, project: Project, frame: tuple[float, float, float, float]
) -> list[tuple[str, str]]:
    if countries is None:
        return []
    tolerance = (frame[2] - frame[0]) / MAP_WIDTH
    paths = []
    for code, polygon in sorted(countries.polygons.items()):
        clipped = shapely.clip_by_rect(polygon, *frame).simplify(tolerance)
        lines: list[str] = []
        for ring in shapely.get_rings(shapely.get_parts(clipped)):
            x, y = project(*shapely.get_coordinates(ring).T)
            # Gaps between areas that do not quite meet are specks on the map.
            if shapely.area(shapely.polygons(np.column_stack([x, y]))) < SPECK_PX2:
                continue
            lines.append("M" + "L".join(f"{a:g},{b:g}" for a, b in zip(x, y, strict=True)) + "Z")
        if lines:
            paths.append((code, "".join(lines)))
    return paths
