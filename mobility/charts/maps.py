"""Charts with a map: differences between scenarios, and isochrones as polygons."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import BoundaryNorm, Colormap, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path
from shapely.geometry.base import BaseGeometry

from mobility.charts.style import (
    CHANGE_COLOURS,
    CHANGE_LIMITS,
    TIME_COLOURS,
    Stamp,
    new_figure,
    no_data,
    styled,
)
from mobility.words import number, signed, translator
from mobility.zones import Countries, Zones

NO_VALUE = "#d0d0d0"
FRAME_SHARE = 0.03
MOST_PLACES = 10
LETTER_SHARE = 0.02
LINE_SHARE = 0.06
"""Width of a letter and height of a line of a place's name, in shares of the map."""
# Two files seldom agree to the metre where countries meet.
MEETING_DEG = 0.001


def change_map(
    change_min: npt.NDArray[np.float64],
    zones: Zones,
    countries: Countries | None,
    *,
    title: str,
    lang: str,
    stamp: Stamp,
    limits: Sequence[float] = CHANGE_LIMITS,
    unit: str = "minutes less (blue) or more (orange) than in the baseline, mean to all places",
) -> Figure:
    """Colour zones by a difference from the baseline, negative blue, positive orange.

    The largest places are named, as many as have room.

    Parameters
    ----------
    change_min
        One value per zone; NaN is grey.
    limits
        Six limits between the seven colours.
    unit
        Text of the legend, English, in the catalogue.
    """
    _ = translator(lang)
    with styled():
        figure = new_figure(title, stamp, lang, height=5.2)
        axes = figure.add_subplot()
        if not np.isfinite(change_min).any():
            no_data(axes, lang)
            return figure
        colours = ListedColormap(list(CHANGE_COLOURS))
        norm = BoundaryNorm([-1e9, *limits, 1e9], len(CHANGE_COLOURS))
        _fill_zones(axes, zones, change_min, colours, norm)
        _draw_border(axes, zones, countries)
        _name_places(axes, zones)
        texts = _range_texts(limits, lang)
        patches = [Patch(color=c, label=t) for c, t in zip(CHANGE_COLOURS, texts, strict=True)]
        patches.append(Patch(color=NO_VALUE, label=_("no value")))
        figure.legend(handles=patches, loc="outside right center", title=_fold(_(unit)),
                      title_fontsize=8, fontsize=8, alignment="left")  # fmt: skip
        _frame(axes, zones)
    return figure


def _fold(text: str, width: int = 24) -> str:
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)


def _range_texts(limits: Sequence[float], lang: str) -> list[str]:
    _ = translator(lang)
    texts = [_("under {n}").format(n=signed(limits[0], lang))]
    texts += [
        _("{a} to {b}").format(a=signed(a, lang), b=signed(b, lang)) for a, b in pairwise(limits)
    ]
    return [*texts, _("{n} and more").format(n=signed(limits[-1], lang))]


def _fill_zones(
    axes: Axes,
    zones: Zones,
    values: npt.NDArray[np.float64],
    colours: Colormap,
    norm: BoundaryNorm,
) -> None:
    paint = [colours(norm(v)) if np.isfinite(v) else NO_VALUE for v in values]
    if zones.shapes is None:
        axes.scatter(zones.lon, zones.lat, c=paint, s=14, linewidths=0)
        return
    rings, paints = [], []
    for shape, colour in zip(zones.shapes, paint, strict=True):
        for part in shapely.get_parts(shape):
            rings.append(np.asarray(part.exterior.coords)[:, :2])
            paints.append(colour)
    axes.add_collection(
        PolyCollection(rings, facecolors=paints, edgecolors="white", linewidths=0.2)
    )


def _draw_border(axes: Axes, zones: Zones, countries: Countries | None) -> None:
    if countries is None:
        return
    west, south, east, north = _bounds(zones)
    frame = shapely.box(west, south, east, north)
    inside = [
        shapely.make_valid(polygon).intersection(frame)
        for _code, polygon in sorted(countries.polygons.items())
    ]
    for one, other in combinations(inside, 2):
        meeting = one.boundary.intersection(shapely.buffer(other, MEETING_DEG, quad_segs=1))
        outline = meeting.intersection(shapely.buffer(frame, -2 * MEETING_DEG))
        for line in shapely.get_parts(outline):
            points = shapely.get_coordinates(line)
            axes.plot(
                points[:, 0], points[:, 1], color="#1a1a1a", linewidth=1.0, linestyle=(0, (5, 2))
            )


def _bounds(zones: Zones) -> tuple[float, float, float, float]:
    if zones.shapes is not None:
        west, south, east, north = shapely.total_bounds(zones.shapes)
    else:
        west, east = zones.lon.min(), zones.lon.max()
        south, north = zones.lat.min(), zones.lat.max()
    room = max(east - west, north - south, 1e-6) * FRAME_SHARE
    return float(west - room), float(south - room), float(east + room), float(north + room)


def _name_places(axes: Axes, zones: Zones) -> None:
    """Write the names of the largest places where they don't run into each other."""
    people = np.ones(len(zones.ids))
    if "population" in zones.opportunities:
        people = zones.opportunities["population"].fillna(0.0).to_numpy(float)
    named = np.where(zones.municipalities == "", zones.names, zones.municipalities).astype(str)
    table = pd.DataFrame({"name": named, "people": people, "lon": zones.lon, "lat": zones.lat})
    table["all"] = table.groupby("name")["people"].transform("sum")
    main = table.sort_values(["all", "name", "people"], ascending=[False, True, False])
    west, south, east, north = _bounds(zones)
    taken: list[tuple[float, float, float]] = []
    for place in main.drop_duplicates("name").itertuples():
        x, y = (place.lon - west) / (east - west), (place.lat - south) / (north - south)
        half = LETTER_SHARE * len(place.name) / 2
        clash = any(abs(x - a) < half + b and abs(y - c) < LINE_SHARE for a, b, c in taken)
        if clash or not half <= x <= 1 - half:
            continue
        axes.text(
            place.lon, place.lat, place.name, ha="center", va="center", fontsize=7,
            color="#1a1a1a", clip_on=True,
            bbox={"facecolor": "white", "alpha": 0.8, "linewidth": 0, "pad": 0.6},
        )  # fmt: skip
        taken.append((x, half, y))
        if len(taken) == MOST_PLACES:
            return


def _frame(axes: Axes, zones: Zones) -> None:
    west, south, east, north = _bounds(zones)
    _plane(axes, west, south, east, north)


def _plane(axes: Axes, west: float, south: float, east: float, north: float) -> None:
    """Degrees drawn so that a kilometre is as long eastward as northward."""
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)
    axes.set_aspect(1.0 / max(np.cos(np.deg2rad((south + north) / 2)), 0.05))
    axes.set_axis_off()


def isochrone_map(
    areas: gpd.GeoDataFrame,
    zones: Zones,
    countries: Countries | None,
    *,
    title: str,
    origin: tuple[float, float] | None,
    lang: str,
    stamp: Stamp,
    roads: pd.DataFrame | None = None,
) -> Figure:
    """Draw isochrone polygons, largest first, over roads and border.

    Parameters
    ----------
    areas
        ``minutes, geometry``, as from `mobility.maps.isochrones`.
    origin
        lon, lat of the place left from, or None.
    roads
        ``lon, lat`` arrays per road, drawn grey.
    """
    _ = translator(lang)
    with styled():
        figure = new_figure(title, stamp, lang, height=5.2)
        axes = figure.add_subplot()
        if areas.empty:
            no_data(axes, lang)
            return figure
        rows = areas.to_crs("EPSG:4326").sort_values("minutes", ascending=False)
        levels = sorted({float(m) for m in rows["minutes"]})
        for minutes, area in zip(rows["minutes"], rows.geometry, strict=True):
            colour = _level_colour(levels.index(float(minutes)), len(levels))
            axes.add_patch(
                PathPatch(_path(area), facecolor=colour, edgecolor="white", linewidth=0.4)
            )
        for lon, lat in [] if roads is None else zip(roads["lon"], roads["lat"], strict=True):
            axes.plot(lon, lat, color="#8a8a8a", linewidth=0.5, alpha=0.6)
        _draw_border(axes, zones, countries)
        if origin is not None:
            axes.plot(*origin, "o", color="#d6004c", markersize=6, markeredgecolor="white")
        west, south, east, north = rows.total_bounds
        room = max(east - west, north - south) * FRAME_SHARE
        _plane(axes, west - room, south - room, east + room, north + room)
        patches = [
            Patch(color=_level_colour(k, len(levels)),
                  label=_("within {n} min").format(n=number(m, lang)))
            for k, m in enumerate(levels)
        ]  # fmt: skip
        figure.legend(handles=patches, loc="outside right center", fontsize=8)
    return figure


def _level_colour(k: int, n: int) -> str:
    return TIME_COLOURS[round(k * (len(TIME_COLOURS) - 2) / max(n - 1, 1))]


def _path(area: BaseGeometry) -> Path:
    """One path of all rings; holes stay open because they run the other way round."""
    points: list[np.ndarray] = []
    codes: list[np.ndarray] = []
    for part in shapely.get_parts(shapely.normalize(area)):
        for ring in (part.exterior, *part.interiors):
            corner = np.asarray(ring.coords)[:, :2]
            code = np.full(len(corner), Path.LINETO, np.uint8)
            code[0], code[-1] = Path.MOVETO, Path.CLOSEPOLY
            points.append(corner)
            codes.append(code)
    return Path(np.concatenate(points), np.concatenate(codes))
