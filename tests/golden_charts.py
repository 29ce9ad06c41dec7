"""Charts of made data, their stored pictures, and how a picture is compared with its stored one.

``python -m tests.golden_charts`` draws the stored pictures anew; look at each before it is kept.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.text import Text
from scipy.ndimage import maximum_filter, minimum_filter, uniform_filter

if __name__ == "__main__":  # as pytest does for its own folder
    sys.path.insert(0, str(Path(__file__).parent))

from report_world import make_countries, make_zones

from mobility import charts
from mobility.charts import Stamp
from mobility.charts.style import styled

FOLDER = Path(__file__).parent / "golden"
DPI = 60
# Every version of the font library gives letters other widths, and so the frames between them
# other places. So the frames' places are compared first, and then taken from the store; letters
# are compared as text, by place, size and colour, and the rest as a picture: a pixel is right
# where the other picture has its colour at most so far away, and what is wrong is judged tile by
# tile, so that one bar that moves is enough.
REACH_PX = 2
BLUR_PX = 3
TILE_PX = 12
WORST_TILE = 0.05
MOST_PERCENT = 1.5
MOST_PERCENT_FRAMES = 8.0
STAMP = Stamp("OpenOV, NMBS", "0123456789abcdef", demonstration=True)
TITLES = {"baseline": "Huidige situatie", "new": "Nieuwe lijn"}
PAIRS = {"Aa – Bee": (80.0, 61.4), "Cé – Dé": (48.0, 48.0), "E – F": (np.nan, 95.0)}
TOWNS = {"Aa": "BE", "Bee": "BE", "Cé": "NL", "Dé": "NL"}

Image = npt.NDArray[np.float64]
Chart = Callable[[], Figure]


def pairs() -> Figure:
    rows = [
        (scenario, "pt", pair, "border", 50, minutes[k])
        for pair, minutes in PAIRS.items()
        for k, scenario in enumerate(TITLES)
    ]
    columns = ["scenario", "mode", "pair", "kind", "percentile", "minutes"]
    table = pd.DataFrame(rows, columns=columns)
    return charts.pair_bars(table, mode="pt", titles=TITLES, lang="nl", stamp=STAMP)


def scorecard() -> Figure:
    rows = [
        ("baseline", "city", "Aa", "Bee", "pt", 5400.0, "poor"),
        ("new", "city", "Aa", "Bee", "pt", 3600.0, "good"),
        ("new", "city", "Aa", "Bee", "car", 3000.0, "fair"),
        ("new", "border", "Cé", "Dé", "pt", np.nan, ""),
        ("new", "border", "Cé", "Dé", "car", 900.0, "good"),
    ]
    columns = ["scenario", "kind", "origin", "destination", "mode", "time_s", "signal"]
    return charts.scorecard_page(
        pd.DataFrame(rows, columns=columns), titles=TITLES, scenario="new", modes=["pt", "car"],
        lang="nl", stamp=STAMP,
    )  # fmt: skip


def vf() -> Figure:
    rows = [
        ("new", mode, a, b, TOWNS[a], TOWNS[b], base + slope * abs(i - j) + 4.0 * i)
        for i, a in enumerate(TOWNS)
        for j, b in enumerate(TOWNS)
        if a != b
        for mode, base, slope in (("pt", 20.0, 15.0), ("car", 20.0, 6.0))
    ]
    columns = ["scenario", "mode", "origin", "destination", "country_o", "country_d", "minutes"]
    return charts.vf_heat_map(
        pd.DataFrame(rows, columns=columns), scenario="new", mode="pt", title="Nieuwe lijn",
        lang="nl", stamp=STAMP,
    )  # fmt: skip


def access() -> Figure:
    minute = np.arange(121)
    table = pd.concat([
        pd.DataFrame({
            "scenario": scenario, "mode": "pt", "minute": minute,
            "people": 400_000 * (minute / 120) ** power,
        })
        for scenario, power in (("baseline", 2.2), ("new", 1.8))
    ])  # fmt: skip
    return charts.access_curves(table, titles=TITLES, place="Aa", lang="nl", stamp=STAMP)


def change() -> Figure:
    zones = make_zones(3, 2)
    minutes = np.array([-20.0, -2.0, 0.0, 2.0, 20.0, np.nan])
    return charts.change_map(
        minutes, zones, make_countries(zones), title="Nieuwe lijn", lang="nl", stamp=STAMP
    )


CHARTS: dict[str, Chart] = {
    "pairs": pairs,
    "scorecard": scorecard,
    "vf": vf,
    "access": access,
    "change": change,
}


@dataclass(frozen=True)
class Golden:
    """A chart as compared: a small PNG without letters, and what stands where.

    `frames` has left, bottom, width and height per pair of axes, `letters` has ``text, x, y,
    size, colour`` per text (where it is anchored, points, hexadecimal) and per entry of a legend;
    places in percent of the picture.
    """

    png: bytes
    frames: list[list[float]]
    letters: list[list[Any]]


def golden(figure: Figure, stored: Golden | None = None) -> Golden:
    """Draw a chart for comparing; with what is stored, its frames stand where they stood then."""
    target = BytesIO()
    with styled():
        figure.set_dpi(DPI)
        canvas = FigureCanvasAgg(figure)
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
        frames = [[round(100 * v, 2) for v in _place(axes)] for axes in figure.axes]
        if stored is not None and len(stored.frames) == len(frames):
            for axes, place in zip(figure.axes, stored.frames, strict=True):
                axes.set_position([v / 100 for v in place])
            figure.draw_without_rendering()
        keys = [key for legend in figure.findobj(Legend) for key in _keys(legend)]
        for legend in figure.findobj(Legend):
            legend.remove()
        texts = [t for t in figure.findobj(Text) if t.get_text() and t.get_visible()]
        letters = sorted([*keys, *(_told(text, figure) for text in texts)])
        for text in figure.findobj(Text):
            text.set_alpha(0.0)
        canvas.print_png(target, metadata={"Software": None})
    return Golden(target.getvalue(), frames, letters)


def _place(axes: Axes) -> list[float]:
    return [float(v) for v in axes.get_position().bounds]


def _keys(legend: Legend) -> list[list[Any]]:
    """A legend's entries with their colours; it lies where its letters let it."""
    handles = [
        handle.get_color() if isinstance(handle, Line2D) else handle.get_facecolor()
        for handle in legend.legend_handles
    ]
    return [
        [text.get_text(), 0.0, 0.0, text.get_fontsize(), to_hex(colour)]
        for text, colour in zip(legend.get_texts(), handles, strict=True)
    ]


def _told(text: Text, figure: Figure) -> list[Any]:
    place = np.ma.filled(text.get_transform().transform(text.get_position()), np.inf)
    x, y = np.clip(100 * place / figure.bbox.size, -100, 200)
    return [text.get_text(), round(float(x), 1), round(float(y), 1), text.get_fontsize(),
            to_hex(text.get_color())]  # fmt: skip


def differences(drawn: Golden, stored: Golden) -> list[str]:
    """What differs by more than versions of the libraries explain; empty where nothing does."""
    found = []
    one, two = np.array(drawn.frames), np.array(stored.frames)
    if one.shape != two.shape or np.abs(one - two).max() > MOST_PERCENT_FRAMES:
        found.append(f"frames are {drawn.frames}, stored are {stored.frames}")
    if (worst := worst_tile(drawn.png, stored.png)) > WORST_TILE:
        found.append(f"a tile of the picture differs by {worst:.3f}")
    if list(map(_said, drawn.letters)) != list(map(_said, stored.letters)):
        return [*found, f"texts are {drawn.letters}, stored are {stored.letters}"]
    return found + [
        f"{one[0]!r} stands at {one[1:3]}, stored is {two[1:3]}"
        for one, two in zip(drawn.letters, stored.letters, strict=True)
        if max(abs(one[1] - two[1]), abs(one[2] - two[2])) > MOST_PERCENT
    ]


def _said(letters: list[Any]) -> tuple[Any, ...]:
    text, _, _, size, colour = letters
    return text, size, colour


def read(name: str) -> Golden:
    told = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return Golden((FOLDER / f"{name}.png").read_bytes(), told["frames"], told["letters"])


def worst_tile(png: bytes, stored: bytes) -> float:
    """Root mean square difference of the tile that differs most, 0 … 1; 1 for other sizes."""
    one, two = (imread(BytesIO(content))[:, :, :3].astype(float) for content in (png, stored))
    if one.shape != two.shape:
        return 1.0
    one, two = (uniform_filter(image, (BLUR_PX, BLUR_PX, 0)) for image in (one, two))
    return float(max(_tiles(_beyond(one, two)).max(), _tiles(_beyond(two, one)).max()))


def _beyond(one: Image, two: Image) -> Image:
    """How far each pixel lies beyond the colours that stand around it in the other picture."""
    around = (2 * REACH_PX + 1, 2 * REACH_PX + 1, 1)
    low, high = minimum_filter(two, around), maximum_filter(two, around)
    return np.maximum(np.maximum(low - one, one - high), 0.0)


def _tiles(beyond: Image) -> Image:
    short = [-size % TILE_PX for size in beyond.shape[:2]]
    padded = np.pad(beyond**2, ((0, short[0]), (0, short[1]), (0, 0)))
    height, width = (size // TILE_PX for size in padded.shape[:2])
    return np.sqrt(padded.reshape(height, TILE_PX, width, TILE_PX, 3).mean(axis=(1, 3, 4)))


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, draw in CHARTS.items():
        made = golden(draw())
        (FOLDER / f"{name}.png").write_bytes(made.png)
        told = {"frames": made.frames, "letters": made.letters}
        text = json.dumps(told, ensure_ascii=False, indent=1)
        (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
