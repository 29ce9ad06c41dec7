"""One look for every chart: colours, source line, saving."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from mobility.words import marked, number, signed, translator

# Okabe and Ito's eight, grey first for the baseline: told apart by every kind of colour vision.
BASELINE_COLOUR = "#5c5c5c"
SCENARIO_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#7A6A00")
FASTER_COLOUR, SLOWER_COLOUR = "#2166ac", "#b35806"
# Near is dark, far is pale; blue is faster, orange slower. The page and the layers for QGIS
# show the same colours (a test compares them).
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
SEQUENTIAL = "YlGnBu_r"
DIVERGING = "PuOr"
INK = "#333333"
DPI = 200
PNG = {"compress_level": 3}
FINGERPRINT_SHOWN = 12
ROLES = {
    "streets": marked("streets"),
    "zones": marked("zones"),
    "border": marked("national borders"),
    "observed drives": marked("observed drives"),
    "merge overrides": marked("corrections to the merge"),
}
TITLE_LETTERS_PER_INCH = 9.5


@dataclass(frozen=True)
class Stamp:
    """What stands in the corner of a chart: where its numbers come from.

    `source` names the data, `fingerprint` the run; either may be empty. `roles` names inputs
    by what they are for, in the reader's language where it is a word of ours.
    """

    source: str = ""
    fingerprint: str = ""
    demonstration: bool = False
    roles: tuple[str, ...] = ()

    @classmethod
    def of_inputs(cls, roles: Iterable[str], fingerprint: str, *, demonstration: bool) -> Stamp:
        """Name the inputs by their roles, each once, in order."""
        return cls("", fingerprint, demonstration, tuple(sorted(set(roles))))

    def line(self, lang: str) -> str:
        """The corner text in `lang`."""
        _ = translator(lang)
        parts = [_("Demonstration timetable")] if self.demonstration else []
        named = [self.source] if self.source else []
        named += dict.fromkeys(_role(role, lang) for role in self.roles)
        if named:
            parts.append(_("Source: {source}").format(source=", ".join(named)))
        if self.fingerprint:
            parts.append(_("Run {name}").format(name=self.fingerprint[:FINGERPRINT_SHOWN]))
        return " · ".join(parts)


def _role(role: str, lang: str) -> str:
    """What an input is for; of a feed its name."""
    kind, _, name = role.partition(" ")
    if kind == "feed":
        return name
    return translator(lang)(ROLES[role]) if role in ROLES else role


@contextmanager
def styled() -> Iterator[None]:
    """Draw inside the charts' style; the caller's settings come back afterwards."""
    sheet = resources.files("mobility.charts") / "report.mplstyle"
    with resources.as_file(sheet) as path, matplotlib.style.context([path]):
        yield


def scenario_colour(position: int) -> str:
    """Colour of the scenario at a position; 0 is the baseline. Repeats after eight."""
    if position == 0:
        return BASELINE_COLOUR
    return SCENARIO_COLOURS[(position - 1) % len(SCENARIO_COLOURS)]


def new_figure(
    title: str, stamp: Stamp, lang: str, *, width: float = 6.3, height: float = 4.2
) -> Figure:
    """Make an empty figure with its title and its source line; sizes in inches."""
    figure = Figure(figsize=(width, height), layout="constrained")
    letters = int(width * TITLE_LETTERS_PER_INCH)
    head = textwrap.fill(title, letters, break_on_hyphens=False)
    figure.suptitle(head, x=0.01, ha="left", fontsize=11, fontweight="bold", color="#1a1a1a")
    corner = stamp.line(lang)
    if corner:
        figure.supxlabel(corner, x=0.99, ha="right", fontsize=6.5, color="#6b6b6b")
    return figure


def number_axis(
    axis: Axis, lang: str, digits: int = 0, *, sign: bool = False, scale: float = 1.0
) -> None:
    """Write an axis' ticks as readers of `lang` do."""
    write: Callable[[float, str, int], str] = signed if sign else number
    axis.set_major_formatter(FuncFormatter(partial(_tick, write, lang, digits, scale)))


def _tick(
    write: Callable[[float, str, int], str],
    lang: str,
    digits: int,
    scale: float,
    value: float,
    _position: float | None,
) -> str:
    return write(value * scale, lang, digits)


def no_data(axes: Axes, lang: str) -> None:
    """Say in the middle of empty axes that there is nothing to show."""
    axes.set_axis_off()
    text = translator(lang)("No data for this chart")
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color="#6b6b6b")


def grid(axes: Axes, axis: Literal["x", "y"] = "x") -> None:
    """Light lines along the numbers, no tick marks."""
    axes.grid(visible=True, axis=axis)
    axes.tick_params(axis="both", length=0)


def save(
    figure: Figure, path_stem: Path, metadata: Mapping[str, str] | None = None
) -> tuple[Path, Path]:
    """Write a figure as PNG (200 dpi) and SVG (text as text), the same bytes every time.

    Parameters
    ----------
    path_stem
        Path without ending; ``.png`` and ``.svg`` are added.
    metadata
        Texts for the files' heads, such as ``Title``, ``Source``, ``fingerprint``.

    Returns
    -------
    tuple
        The two paths written.
    """
    extra = dict(sorted((metadata or {}).items()))
    png = path_stem.with_name(path_stem.name + ".png")
    svg = path_stem.with_name(path_stem.name + ".svg")
    with styled():
        # Not by savefig, which draws everything twice: once in vain, to see how large it is.
        figure.set_dpi(DPI)
        canvas: Any = FigureCanvasAgg(figure)
        canvas.print_png(png, metadata={"Software": "border-mobility", **extra}, pil_kwargs=PNG)
        # What lies where is settled now; finding it out again would take as long as drawing.
        figure.set_layout_engine("none")
    svg.write_bytes(svg_bytes(figure, extra))
    return png, svg


def svg_bytes(figure: Figure, metadata: Mapping[str, str] | None = None) -> bytes:
    """Give a figure as SVG, to be put into the report."""
    from io import BytesIO  # noqa: PLC0415  (a name only this function needs)

    target = BytesIO()
    with styled():
        canvas: Any = FigureCanvasSVG(figure)
        canvas.print_svg(target, metadata=_svg_metadata(dict(metadata or {})))
    return target.getvalue()


def _svg_metadata(extra: Mapping[str, str]) -> dict[str, str | list[str] | None]:
    """SVG knows Dublin Core names only; everything else goes into the description."""
    known = {"Title", "Source", "Description", "Publisher", "Rights", "Language"}
    told: dict[str, str | list[str] | None] = {k: v for k, v in extra.items() if k in known}
    rest = "; ".join(f"{k}: {v}" for k, v in sorted(extra.items()) if k not in known)
    if rest:
        told["Description"] = "; ".join(t for t in (str(told.get("Description", "")), rest) if t)
    # A fixed name and no date: the same figure has the same bytes on any day and machine.
    return {**told, "Creator": "border-mobility", "Date": None}


def legend_columns(names: Iterable[str]) -> int:
    """As many entries beside each other as fit the width of a figure."""
    longest = max((len(name) for name in names), default=1)
    return max(1, min(4, 84 // (longest + 6)))


def legend_above(axes: Axes, columns: int, handles: Sequence[object] | None = None) -> None:
    """Put the legend in one row over the axes, left-aligned."""
    options: dict[str, object] = {
        "loc": "lower left",
        "bbox_to_anchor": (0.0, 1.0),
        "ncols": max(columns, 1),
        "handlelength": 1.2,
        "columnspacing": 1.2,
        "borderaxespad": 0.2,
    }
    if handles is not None:
        options["handles"] = list(handles)
    axes.legend(**options)


__all__ = [
    "Stamp",
    "grid",
    "legend_above",
    "legend_columns",
    "new_figure",
    "no_data",
    "number_axis",
    "save",
    "scenario_colour",
    "styled",
    "svg_bytes",
]
