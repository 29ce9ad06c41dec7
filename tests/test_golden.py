"""Charts look as their stored pictures; ``python -m tests.golden_charts`` draws these anew."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from golden_charts import CHARTS, differences, golden, read
from matplotlib.figure import Figure


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_looks_as_its_stored_picture(name: str) -> None:
    stored = read(name)
    assert differences(golden(CHARTS[name](), stored), stored) == []


def longer_bar(figure: Figure) -> None:
    bar = figure.axes[0].patches[1]
    bar.set_width(bar.get_width() * 1.05)


def other_colour(figure: Figure) -> None:
    figure.axes[0].patches[1].set_color("#56B4E9")


def moved_label(figure: Figure) -> None:
    text = figure.axes[0].texts[0]
    x, y = text.get_position()
    text.set_position((x + 4, y))


def other_label(figure: Figure) -> None:
    figure.axes[0].texts[0].set_text("81")


def missing_label(figure: Figure) -> None:
    figure.axes[0].texts[0].set_text("")


def paler_label(figure: Figure) -> None:
    figure.axes[0].texts[0].set_color("#dddddd")


def steeper_curve(figure: Figure) -> None:
    line = figure.axes[0].lines[1]
    line.set_ydata(np.asarray(line.get_ydata()) * 1.06)


def warmer_cell(figure: Figure) -> None:
    image = figure.axes[0].images[0]
    values = image.get_array().copy()
    values[0, 1] *= 1.1
    image.set_data(values)


def other_class(figure: Figure) -> None:
    zones = figure.axes[0].collections[0]
    faces = zones.get_facecolor().copy()
    faces[1] = faces[2]
    zones.set_facecolor(faces)


def other_signal(figure: Figure) -> None:
    text = next(t for t in figure.axes[0].texts if t.get_text().startswith("● 60"))
    text.set_text(text.get_text().replace("●", "○"))


@pytest.mark.parametrize(("name", "spoil"), [
    ("pairs", longer_bar),
    ("pairs", other_colour),
    ("pairs", moved_label),
    ("pairs", other_label),
    ("pairs", missing_label),
    ("pairs", paler_label),
    ("access", steeper_curve),
    ("vf", warmer_cell),
    ("change", other_class),
    ("scorecard", other_signal),
])  # fmt: skip
def test_a_spoilt_chart_does_not(name: str, spoil: Callable[[Figure], None]) -> None:
    figure, stored = CHARTS[name](), read(name)
    spoil(figure)
    assert differences(golden(figure, stored), stored)
