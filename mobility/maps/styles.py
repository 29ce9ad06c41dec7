"""QGIS styles, written as QML: what a layer looks like when it is dragged onto the map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pandas as pd

Geometry = Literal["point", "line", "polygon"]

TIME_COLOURS = (
    "#081d58",
    "#233390",
    "#225aa6",
    "#1e8bbd",
    "#40b5c4",
    "#87d0ba",
    "#bfe6b4",
    "#fdfcd9",
)
CHANGE_COLOURS = ("#08519c", "#4292c6", "#b3d3ea", "#efefef", "#fdd49e", "#fc8d3c", "#a63603")
CHANGE_LIMITS = (-15.0, -5.0, -1.0, 1.0, 5.0, 15.0)
KIND_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#7A6A00")
SYMBOL = {"point": "marker", "line": "line", "polygon": "fill"}
LAYER_CLASS = {"point": "SimpleMarker", "line": "SimpleLine", "polygon": "SimpleFill"}
FAR = 1e9
# Layer → column that says most, unit of a number ("" for a text), width of a line or point.
TOLD_BY = {
    "crossings": ("car", "", 1.8),
    "crossing_gaps": ("gap_km", "km", 3.0),
    "missing_links": ("people_per_km", "people/km", 1.0),
    "calm_streets": ("stress", "", 0.4),
}
CHANGE_COLUMN = " [min]"
CONTOURS = "isochrones"
PEOPLE_WITHIN_AN_HOUR = "pt_population_60min"


@dataclass(frozen=True)
class Class:
    """One colour of a style: a range ``low <= x < high``, or one `value`."""

    label: str
    colour: str
    low: float = -FAR
    high: float = FAR
    value: str | None = None


@dataclass(frozen=True)
class Style:
    """How one layer looks.

    Parameters
    ----------
    column
        Column that decides the colour; ``""`` for one look.
    classes
        One class, ranges of a number, or single values of a text.
    outline
        Draw polygons as outlines only.
    width
        Line width or point size in millimetres.
    dashed
        Broken lines.
    """

    column: str = ""
    classes: tuple[Class, ...] = field(default_factory=tuple)
    outline: bool = False
    width: float = 0.3
    dashed: bool = False


def geometry_of(frame: gpd.GeoDataFrame) -> Geometry:
    """Whether a layer holds points, lines or polygons."""
    first = next((g for g in frame.geometry if g is not None), None)
    name = "" if first is None else first.geom_type
    if name.endswith("Point"):
        return "point"
    return "line" if "Line" in name else "polygon"


def even_classes(
    values: pd.Series, unit: str = "", colours: Sequence[str] = TIME_COLOURS
) -> tuple[Class, ...]:
    """Classes that hold about as many rows each, with limits rounded to two figures."""
    known = values.to_numpy(float)
    known = known[np.isfinite(known)]
    if not known.size:
        return (Class("–", colours[-1]),)
    limits = np.quantile(known, np.linspace(0, 1, len(colours) + 1)[1:-1])
    # No class without a row: nothing lies under the least value.
    rounded = sorted({float(f"{limit:.2g}") for limit in limits if limit > known.min()})
    return ranges(rounded, colours[: len(rounded) + 1], unit)


def ranges(limits: Sequence[float], colours: Sequence[str], unit: str = "") -> tuple[Class, ...]:
    """One class per range between `limits`; open at both ends."""
    edges = [-FAR, *limits, FAR]
    tail = f" {unit}" if unit else ""
    classes = []
    for k, colour in enumerate(colours):
        low, high = edges[k], edges[k + 1]
        if low == -FAR and high == FAR:
            text = "–"
        elif low == -FAR:
            text = f"< {high:g}{tail}"
        elif high == FAR:
            text = f"≥ {low:g}{tail}"
        else:
            text = f"{low:g} – {high:g}{tail}"
        classes.append(Class(text, colour, low, high))
    return tuple(classes)


def kinds(values: pd.Series) -> tuple[Class, ...]:
    """One class per value of a text column, in alphabetical order."""
    names = sorted({str(v) for v in values.dropna()})
    return tuple(
        Class(name or "–", KIND_COLOURS[k % len(KIND_COLOURS)], value=name)
        for k, name in enumerate(names)
    )


def default_style(name: str, frame: gpd.GeoDataFrame) -> Style:
    """Choose a look by the layer's name and columns; a plain one where nothing fits."""
    if name == "countries":
        return Style(classes=(Class("", "#1a1a1a"),), outline=True, width=0.6, dashed=True)
    if name == "roads":
        return Style(classes=(Class("", "#9a9a9a"),), width=0.35)
    if name == "stops":
        return Style(classes=(Class("", "#444444"),), width=1.2)
    if name in TOLD_BY and TOLD_BY[name][0] in frame.columns:
        column, unit, width = TOLD_BY[name]
        if unit:
            return Style(column, even_classes(frame[column], unit, TIME_COLOURS[::-1]), width=width)
        return Style(column, kinds(frame[column]), width=width)
    if "change_min" in frame.columns:
        return Style("change_min", ranges(CHANGE_LIMITS, CHANGE_COLOURS, "min"))
    changes = [str(column) for column in frame.columns if str(column).endswith(CHANGE_COLUMN)]
    if changes:
        return Style(changes[0], ranges(CHANGE_LIMITS, CHANGE_COLOURS, "min"))
    if "minutes" in frame.columns:
        return _minutes(frame["minutes"], contours=name == CONTOURS)
    if "cross_border" in frame.columns:
        # Truth is stored as 0 and 1.
        across = (
            Class("binnenlands / domestic", "#6a3d9a", value="0"),
            Class("over de grens / cross-border", "#b30059", value="1"),
        )
        return Style("cross_border", across, width=0.5)
    for column in ("grade", "kind", "mode", "status"):
        if column in frame.columns:
            return Style(column, kinds(frame[column]), width=0.9)
    return _numbers(frame)


def _minutes(values: pd.Series, *, contours: bool) -> Style:
    """Give each contour of an isochrone its colour, and travel times those of the page."""
    known = sorted({float(v) for v in values.dropna()})
    if contours and 0 < len(known) <= len(TIME_COLOURS):
        half = [(a + b) / 2 for a, b in pairwise(known)]
        edges = [-FAR, *half, FAR]
        return Style(
            "minutes",
            tuple(
                Class(f"≤ {value:g} min", TIME_COLOURS[k], edges[k], edges[k + 1])
                for k, value in enumerate(known)
            ),
        )
    return Style("minutes", ranges((15, 30, 45, 60, 90, 120, 180), TIME_COLOURS, "min"))


def _numbers(frame: gpd.GeoDataFrame) -> Style:
    """Colour by access within an hour by public transport where it is there, else by the last."""
    numeric = [
        str(c)
        for c in frame.columns
        if c not in ("lon", "lat") and pd.api.types.is_float_dtype(frame[c].dtype)
    ]
    if not numeric:
        return Style(classes=(Class("", "#9fb3c4"),))
    hour = [c for c in numeric if c.startswith("pt_") and "60" in c]
    told = PEOPLE_WITHIN_AN_HOUR if PEOPLE_WITHIN_AN_HOUR in numeric else None
    column = told or (hour[0] if hour else numeric[-1])
    return Style(column, even_classes(frame[column], colours=TIME_COLOURS[::-1]))


def to_qml(style: Style, geometry: Geometry) -> str:
    """Write a style as QGIS reads it."""
    root = ET.Element("qgis", version="3.28.0", styleCategories="Symbology")
    number = bool(style.column) and all(c.value is None for c in style.classes)
    kind = "singleSymbol"
    if style.column:
        kind = "graduatedSymbol" if number else "categorizedSymbol"
    renderer = ET.SubElement(root, "renderer-v2", type=kind, forceraster="0", symbollevels="0")
    if style.column:
        renderer.set("attr", style.column)
        _list_classes(renderer, style, number=number)
    symbols = ET.SubElement(renderer, "symbols")
    for k, one in enumerate(style.classes or (Class("", "#888888"),)):
        symbols.append(_symbol(k, one.colour, style, geometry))
    ET.indent(root, " ")
    return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + ET.tostring(
        root, encoding="unicode"
    )


def _list_classes(renderer: ET.Element, style: Style, *, number: bool) -> None:
    if number:
        renderer.set("graduatedMethod", "GraduatedColor")
    group = ET.SubElement(renderer, "ranges" if number else "categories")
    for k, one in enumerate(style.classes):
        shown = {"symbol": str(k), "label": one.label, "render": "true"}
        if number:
            ET.SubElement(
                group, "range", {"lower": f"{one.low:.6f}", "upper": f"{one.high:.6f}", **shown}
            )
        else:
            ET.SubElement(group, "category", {"value": one.value or "", "type": "string", **shown})


def _symbol(k: int, colour: str, style: Style, geometry: Geometry) -> ET.Element:
    symbol = ET.Element(
        "symbol", type=SYMBOL[geometry], name=str(k), alpha="1", clip_to_extent="1", force_rhr="0"
    )
    layer = ET.SubElement(
        symbol,
        "layer",
        attrib={"class": LAYER_CLASS[geometry], "pass": "0", "locked": "0", "enabled": "1"},
    )
    options = ET.SubElement(layer, "Option", type="Map")
    for name, value in _options(colour, style, geometry).items():
        ET.SubElement(options, "Option", name=name, value=value, type="QString")
    return symbol


def _options(colour: str, style: Style, geometry: Geometry) -> dict[str, str]:
    paint = ",".join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5)) + ",255"
    if geometry == "line":
        return {
            "line_color": paint,
            "line_width": str(style.width),
            "line_width_unit": "MM",
            "line_style": "dash" if style.dashed else "solid",
            "capstyle": "round",
        }
    if geometry == "point":
        return {
            "name": "circle",
            "color": paint,
            "size": str(max(style.width, 1.0)),
            "size_unit": "MM",
            "outline_style": "no",
        }
    if style.outline:
        return {
            "style": "no",
            "color": paint,
            "outline_color": paint,
            "outline_width": str(style.width),
            "outline_width_unit": "MM",
            "outline_style": "dash" if style.dashed else "solid",
        }
    return {
        "style": "solid",
        "color": paint,
        "outline_color": "255,255,255,255",
        "outline_width": "0.1",
        "outline_width_unit": "MM",
        "outline_style": "solid",
    }
