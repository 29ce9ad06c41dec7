"""Charts: what is drawn follows from the tables, files are the same every time."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from report_world import EVIL, make_countries, make_input, make_zones

from mobility import charts, maps
from mobility.charts import Stamp
from mobility.charts.style import (
    BASELINE_COLOUR,
    CHANGE_COLOURS,
    SCENARIO_COLOURS,
    TIME_COLOURS,
)
from mobility.maps import styles
from mobility.report import pair_times
from mobility.tables import TravelTimes

STAMP = Stamp("OpenOV, NMBS", "0123456789abcdef" * 4, demonstration=True)
TITLES = {"baseline": "Huidige situatie", "new": "Nieuwe lijn"}
WORDS = {"lang": "nl", "stamp": STAMP}


def texts(figure: Figure) -> list[str]:
    figure.draw_without_rendering()
    return [
        t.get_text() for t in figure.findobj(match=lambda a: hasattr(a, "get_text")) if t.get_text()
    ]


def pair_table() -> pd.DataFrame:
    rows = [
        ("baseline", "pt", "A – B", "city", 50, 80.0),
        ("new", "pt", "A – B", "city", 50, 61.4),
        ("baseline", "pt", "C – D", "border", 50, np.nan),
        ("new", "pt", "C – D", "border", 50, 1234.0),
        ("baseline", "pt", "A – B", "city", 5, 70.0),
        ("baseline", "pt", "A – B", "city", 95, 110.0),
        ("baseline", "car", "A – B", "city", 50, 40.0),
    ]
    return pd.DataFrame(rows, columns=["scenario", "mode", "pair", "kind", "percentile", "minutes"])


def test_bars_are_as_long_as_the_minutes_and_say_them() -> None:
    figure = charts.pair_bars(pair_table(), mode="pt", titles=TITLES, **WORDS)
    axes = figure.axes[0]
    assert sorted(p.get_width() for p in axes.patches) == [0.0, 61.4, 80.0, 1234.0]
    shown = texts(figure)
    assert {"80", "61", "1.234", "niet bereikbaar", "A – B", "Nieuwe lijn"} <= set(shown)
    assert any(
        "Demonstratiedienstregeling · Bron: OpenOV, NMBS · Berekening 0123456789ab" in t
        for t in shown
    )


def many_pairs(changes: list[float]) -> pd.DataFrame:
    rows = [
        (scenario, "pt", f"P{k:02}", "city", 50, 60.0 + (change if scenario == "new" else 0.0))
        for k, change in enumerate(changes)
        for scenario in TITLES
    ]
    return pd.DataFrame(rows, columns=["scenario", "mode", "pair", "kind", "percentile", "minutes"])


def drawn_pairs(table: pd.DataFrame, titles: dict[str, str]) -> tuple[list[str], str]:
    axes = charts.pair_bars(table, mode="pt", titles=titles, **WORDS).axes[0]
    return [t.get_text() for t in axes.get_yticklabels()], axes.get_xlabel()


def test_of_many_pairs_those_that_change_most_are_drawn_in_their_own_order() -> None:
    # 15 pairs; P01 changes 1, … P14 14 minutes, and P00 is not reached in "new".
    table = many_pairs([np.nan, *(-float(k) for k in range(1, 15))])
    shown, said = drawn_pairs(table, TITLES)
    assert shown == ["P00", *(f"P{k:02}" for k in range(4, 15))]
    assert "de 12 van 15 verbindingen die het meest verschillen" in said


def test_of_many_pairs_without_a_change_the_first_are_drawn() -> None:
    shown, said = drawn_pairs(many_pairs([0.0] * 13), {"baseline": "Nu"})
    assert shown == [f"P{k:02}" for k in range(12)]
    assert "de eerste 12 van 13 verbindingen" in said


def test_seconds_of_difference_are_none_where_minutes_are_shown() -> None:
    # 13 pairs, the last 0.4 minutes off: every bar says 60, so nothing can differ "most".
    shown, said = drawn_pairs(many_pairs([0.0] * 12 + [0.4]), TITLES)
    assert shown == [f"P{k:02}" for k in range(12)]
    assert "de eerste 12 van 13 verbindingen" in said


def test_the_note_under_the_bars_stays_inside_the_picture() -> None:
    # Long names leave the axes narrow: a note centred under them would run out to the right.
    table = many_pairs([-1.0] * 13).replace({"P00": "Reusel-De Mierden – Baarle-Hertog"})
    figure = charts.pair_bars(table, mode="pt", titles=TITLES, **WORDS)
    figure.draw_without_rendering()
    said = figure.axes[0].xaxis.label.get_window_extent()
    assert "die het meest verschillen" in figure.axes[0].get_xlabel()
    assert said.x0 >= 0
    assert said.x1 <= figure.bbox.width


def test_of_many_pairs_of_which_few_change_only_these_are_drawn() -> None:
    shown, said = drawn_pairs(many_pairs([0.0] * 11 + [-3.0, 0.0, 5.0]), TITLES)
    assert shown == ["P11", "P13"]
    assert "de 2 van 14 verbindingen die verschillen" in said


def test_twelve_pairs_are_all_drawn_without_a_note() -> None:
    shown, said = drawn_pairs(many_pairs([0.0] * 12), TITLES)
    assert len(shown) == 12
    assert "\n" not in said


def test_long_titles_stay_inside_the_picture() -> None:
    titles = {f"s{k}": f"Een scenario met een tamelijk lange naam nummer {k}" for k in range(4)}
    rows = [(s, "pt", minute, minute * 10.0) for s in titles for minute in (0, 60, 120)]
    table = pd.DataFrame(rows, columns=["scenario", "mode", "minute", "people"])
    figure = charts.access_curves(table, titles=titles, place="lange streek " * 5, **WORDS)
    figure.draw_without_rendering()
    width = figure.bbox.width
    assert figure.get_suptitle().count("\n") == 1
    axes = figure.axes[0]
    legend = axes.get_legend()
    assert legend is not None
    assert legend.get_window_extent().x1 <= width
    assert axes.get_window_extent().width > 0.7 * width


def curve_table(*gains: float) -> pd.DataFrame:
    """10 people a minute in the baseline, `gains` more a minute in each other scenario."""
    rows = [
        (scenario, "pt", minute, minute * (10.0 + gain))
        for scenario, gain in zip(TITLES, (0.0, *gains), strict=False)
        for minute in (0, 60, 120)
    ]
    return pd.DataFrame(rows, columns=["scenario", "mode", "minute", "people"])


def test_beside_a_baseline_a_second_panel_shows_how_many_more_are_reached() -> None:
    figure = charts.access_curves(curve_table(0.5), titles=TITLES, place="X", **WORDS)
    upper, lower = figure.axes
    assert upper.lines[1].get_ydata().tolist() == [0.0, 630.0, 1260.0]
    # (10 + 0.5) · minute − 10 · minute
    assert [line.get_ydata().tolist() for line in lower.lines] == [
        [0.0, 0.0, 0.0],
        [0.0, 30.0, 60.0],
    ]
    assert lower.get_ylabel() == "verschil met ‘Huidige situatie’"
    assert figure.get_suptitle() == "Mensen binnen bereik van X, met het openbaar vervoer"


def test_a_run_alone_has_no_second_panel() -> None:
    table, titles = curve_table(), {"baseline": "Huidige situatie"}
    assert len(charts.access_curves(table, titles=titles, place="X", **WORDS).axes) == 1


def test_bands_run_from_the_fifth_to_the_ninety_fifth_percentile() -> None:
    figure = charts.pair_bands(pair_table(), mode="pt", titles=TITLES, **WORDS)
    lines = [p for c in figure.axes[0].collections for p in c.get_segments()]
    spans = {(s[0][0], s[1][0]) for s in lines if len(s) == 2 and np.isfinite(s).all()}
    assert spans == {(70.0, 110.0)}


def test_a_matrix_is_ordered_by_country_then_name() -> None:
    rows = [
        ("s", "pt", a, b, ca, cb, float(i * 3 + j))
        for i, (a, ca) in enumerate([("b", "NL"), ("a", "NL"), ("c", "BE")])
        for j, (b, cb) in enumerate([("b", "NL"), ("a", "NL"), ("c", "BE")])
    ]
    table = pd.DataFrame(
        rows,
        columns=["scenario", "mode", "origin", "destination", "country_o", "country_d", "minutes"],
    )
    square = charts.matrix_of(table)
    assert list(square.index) == ["c", "a", "b"] == list(square.columns)
    assert square.loc["b", "c"] == 2.0
    figure = charts.heat_map(table, scenario="s", mode="pt", title="T", **WORDS)
    drawn = np.asarray(figure.axes[0].images[0].get_array().filled(np.nan))
    assert np.isnan(np.diag(drawn)).all()
    assert drawn[2, 0] == 2.0


def test_the_vf_factor_is_the_time_over_that_of_the_car() -> None:
    pairs = [("pt", 90.0), ("car", 60.0)]
    table = pd.DataFrame(
        [("s", m, a, b, "NL", "BE", t) for m, t in pairs for a, b in (("x", "y"), ("y", "x"))],
        columns=["scenario", "mode", "origin", "destination", "country_o", "country_d", "minutes"],
    )
    figure = charts.vf_heat_map(table, scenario="s", mode="pt", title="T", **WORDS)
    assert "1,5" in texts(figure)  # 90 / 60


def town_pairs(minutes: list[float]) -> pd.DataFrame:
    """Pairs of five towns, two of them in BE, with `minutes` in turn."""
    towns = {"a": "NL", "b": "BE", "c": "NL", "d": "BE", "e": "NL"}
    ends = [(a, b) for a in towns for b in towns if a != b]
    rows = [
        ("s", "pt", a, b, towns[a], towns[b], minute)
        for (a, b), minute in zip(ends, minutes, strict=True)
    ]
    columns = ["scenario", "mode", "origin", "destination", "country_o", "country_d", "minutes"]
    return pd.DataFrame(rows, columns=columns)


@pytest.mark.parametrize(("minutes", "end"), [
    # A quarter walks for a day and a half: the scale ends at 240, and says so.
    ([30.0] * 10 + [100.0] * 5 + [2000.0] * 5, "> 240"),
    # Three quarters take up to 355 minutes; half as much again is 532.5, rounded up 540.
    ([300.0] * 10 + [355.0] * 6 + [2000.0] * 4, "> 540"),
    # Nothing is beyond: the scale ends where the longest does.
    ([30.0] * 10 + [150.0] * 10, "140"),
])  # fmt: skip
def test_hours_on_foot_do_not_take_the_colours_from_the_rest(
    minutes: list[float], end: str
) -> None:
    figure = charts.heat_map(town_pairs(minutes), scenario="s", mode="pt", title="T", **WORDS)
    bar = figure.axes[1]
    assert bar.get_yticklabels()[-1].get_text() == end
    assert figure.axes[0].images[0].norm.vmax == float(end.lstrip("> ")) + (end == "140") * 10


def test_a_matrix_has_a_line_and_the_codes_where_one_country_ends() -> None:
    table = town_pairs([30.0] * 20)
    axes = charts.heat_map(table, scenario="s", mode="pt", title="T", **WORDS).axes[0]
    # b and d of BE come first: the line lies between the second and the third of five.
    assert sorted({float(p) for line in axes.lines for p in (*line.get_xdata(), *line.get_ydata())
                   if p not in (0, 1)}) == [1.5]  # fmt: skip
    named = {text.get_text(): text.xy for text in axes.texts if text.get_text() in ("BE", "NL")}
    assert named == {"BE": (4.5, 0.5), "NL": (4.5, 3.0)}
    alone = table.assign(country_o="NL", country_d="NL")
    assert not charts.heat_map(alone, scenario="s", mode="pt", title="T", **WORDS).axes[0].lines


def test_the_vf_scale_is_numbered_on_both_sides_of_its_middle() -> None:
    rows = town_pairs([45.0, 60.0, 90.0, 240.0] * 5)
    car = rows.assign(mode="car", minutes=60.0)
    figure = charts.vf_heat_map(pd.concat([rows, car]), scenario="s", mode="pt", title="T", **WORDS)
    # Factors 0.75, 1, 1.5 and 4.
    numbered = [text.get_text() for text in figure.axes[1].get_yticklabels()]
    assert numbered == ["1,0", "1,5", "2,0", "3,0", "4,0"]


def test_the_vf_scale_ends_where_most_pairs_do() -> None:
    # A quarter takes thirty times as long as by car.
    rows = town_pairs([90.0, 120.0, 150.0, 1800.0] * 5)
    car = rows.assign(mode="car", minutes=60.0)
    figure = charts.vf_heat_map(pd.concat([rows, car]), scenario="s", mode="pt", title="T", **WORDS)
    assert figure.axes[1].get_yticklabels()[-1].get_text() == "> 4,0"


def test_people_by_minute_adds_up_by_hand() -> None:
    zones = np.array(["a", "b", "c"], object)
    seconds = np.array([[0, 60, 61], [120, 0, np.nan], [600, 600, 0]], np.float32)[:, :, None]
    blank = np.full((3, 3), np.nan, np.float32)
    country = np.array(["", "", ""], object)
    times = TravelTimes(
        "s",
        "pt",
        zones,
        zones,
        country,
        country,
        (50,),
        seconds,
        blank,
        blank,
        np.zeros((3, 3), bool),
    )
    people = {"a": 10.0, "b": 30.0, "c": 60.0}
    reached = charts.people_by_minute(times, people, last_minute=3)["people"].tolist()
    # minute 0: each zone itself: (10·10 + 30·30 + 60·60) / 100 = 46
    # minute 1: a also reaches b: + 10·30 / 100 = 3
    # minute 2: a reaches c (61 s counts from minute 2): + 10·60 / 100 = 6; b reaches a: + 30·10 / 100 = 3
    assert reached == [46.0, 49.0, 58.0, 58.0]
    from_a = charts.people_by_minute(times, people, origins=["a"], last_minute=2)["people"].tolist()
    assert from_a == [10.0, 40.0, 100.0]


def test_departures_count_by_clock_hour() -> None:
    counts = charts.departures_by_hour([25_200, 25_260, 28_799, 28_800, 90_000])
    assert counts[7] == 3  # 07:00, 07:01, 07:59:59
    assert counts[8] == 1
    assert counts[1] == 1  # 25:00 is one in the night
    assert counts.sum() == 5


def test_operators_are_listed_as_they_are_stacked_and_in_the_readers_language() -> None:
    rows = [("baseline", name, 8, 3) for name in ("Arriva", "Local bus (by rule)", "Zijn")]
    table = pd.DataFrame(rows, columns=["scenario", "operator", "hour", "departures"])
    figure = charts.departures_over_day(table, place="X", titles=TITLES, **WORDS)
    legend = figure.axes[0].get_legend()
    assert legend is not None
    drawn = sorted(figure.axes[0].collections, key=lambda bars: -bars.get_paths()[0].vertices[0, 1])
    assert [text.get_text() for text in legend.get_texts()] == [b.get_label() for b in drawn]
    assert drawn[1].get_label() == "Lokale bus (volgens vuistregel)"


def test_the_waterfall_ends_where_the_causes_add_up_to() -> None:
    causes = {"link": 10.0, "headway": 5.5, "street": -2.0}
    figure = charts.border_waterfall(
        causes, without_border_min=50.0, place="A – B", mode="pt", **WORDS
    )
    ends = [p.get_x() + p.get_width() for p in figure.axes[0].patches]
    assert ends == pytest.approx([50.0, 63.5, 60.0, 65.5, 63.5])
    shown = texts(figure)
    assert {"+10,0", "+5,5", "−2,0", "64", "50", "lage frequentie"} <= set(shown)


def test_measures_stand_largest_first() -> None:
    table = pd.DataFrame({"measure": ["small", "large", "harm"], "value": [2.0, 30.0, -1.0]})
    figure = charts.measure_ranking(table, unit="minutes", title="T", **WORDS)
    names = [t.get_text() for t in figure.axes[0].get_yticklabels()]
    assert names == ["large", "small", "harm"]


def test_difference_maps_colour_by_class() -> None:
    zones = make_zones(3, 2)
    change = np.array([-20.0, -2.0, 0.0, 2.0, 20.0, np.nan])
    figure = charts.change_map(change, zones, make_countries(zones), title="T", **WORDS)
    faces = figure.axes[0].collections[0].get_facecolor()[:, :3]
    wanted = [CHANGE_COLOURS[k] for k in (0, 2, 3, 4, 6)] + ["#d0d0d0"]
    expected = [[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in wanted]
    assert faces == pytest.approx(np.array(expected))


def test_the_largest_places_are_named_where_they_have_room() -> None:
    zones = make_zones(12, 12)
    figure = charts.change_map(np.ones(144), zones, None, title="T", **WORDS)
    figure.draw_without_rendering()
    named = figure.axes[0].texts
    people = zones.opportunities["population"].groupby(zones.municipalities.astype(str)).sum()
    assert len(named) == 10
    largest = people.sort_values(ascending=False).index
    inside = [name for name in largest if name in {text.get_text() for text in named}]
    assert inside[0] == named[0].get_text()
    boxes = [text.get_window_extent() for text in named]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])


def test_the_scorecard_page_shows_minutes_signal_and_change() -> None:
    table = pd.DataFrame(
        [
            ("baseline", "city", "A", "B", "pt", 5400.0, "poor"),
            ("new", "city", "A", "B", "pt", 3600.0, "good"),
            ("new", "border", "C", "D", "pt", np.nan, ""),
        ],
        columns=["scenario", "kind", "origin", "destination", "mode", "time_s", "signal"],
    )
    figure = charts.scorecard_page(table, titles=TITLES, scenario="new", modes=["pt"], **WORDS)
    assert {"● 60 (−30)", "– –"} <= set(texts(figure))
    assert figure.axes[0].get_xlabel().endswith("minuten, tussen haakjes de verandering")
    alone = charts.scorecard_page(
        table[:1], titles=TITLES, scenario="baseline", modes=["pt"], **WORDS
    )
    assert alone.axes[0].get_xlabel().endswith("slecht; minuten")


@pytest.mark.parametrize("draw", [
    lambda: charts.pair_bars(pair_table().head(0), mode="pt", titles=TITLES, **WORDS),
    lambda: charts.pair_bands(pair_table().head(0), mode="pt", titles=TITLES, **WORDS),
    lambda: charts.access_curves(pd.DataFrame({"scenario": [], "mode": [], "minute": [], "people": []}), titles=TITLES, place="X", **WORDS),
    lambda: charts.departures_over_day(pd.DataFrame({"scenario": [], "operator": [], "hour": [], "departures": []}), place="X", titles=TITLES, **WORDS),
    lambda: charts.border_waterfall({}, without_border_min=1.0, place="X", mode="pt", **WORDS),
    lambda: charts.measure_ranking(pd.DataFrame({"measure": [], "value": []}), unit="min", title="T", **WORDS),
])  # fmt: skip
def test_without_data_a_chart_says_so(draw: object) -> None:
    assert "Geen gegevens voor deze grafiek" in texts(draw())  # type: ignore[operator]


def test_saving_gives_the_same_bytes_with_source_and_text(tmp_path: Path) -> None:
    about = {"Title": "pairs", "Source": "OpenOV", "fingerprint": "abc123"}
    written = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        figure = charts.pair_bars(pair_table(), mode="pt", titles=TITLES, **WORDS)
        written.append(charts.save(figure, tmp_path / folder / "v1.0", about))
    (png, svg), (png2, svg2) = written
    assert png.name == "v1.0.png"
    assert png.read_bytes() == png2.read_bytes()
    assert svg.read_bytes() == svg2.read_bytes()
    assert b"abc123" in png.read_bytes()
    text = svg.read_text(encoding="utf-8")
    assert "fingerprint: abc123" in text
    assert re.search(r"<text[^>]*>[^<]*A – B", text)
    assert "<dc:date>" not in text


def test_names_from_feeds_stay_text_in_svg() -> None:
    table = pair_table().assign(pair=EVIL[0] + " $x^2$")
    figure = charts.pair_bars(table.head(1), mode="pt", titles={"baseline": EVIL[2]}, **WORDS)
    root = ET.fromstring(charts.svg_bytes(figure))
    assert not [e for e in root.iter() if e.tag.endswith(("script", "image", "img"))]
    shown = {"".join(e.itertext()) for e in root.iter() if e.tag.endswith("}text")}
    assert EVIL[0] + " $x^2$" in shown
    assert EVIL[2] in shown


def test_one_palette_on_the_page_in_charts_and_in_layers() -> None:
    script = (Path(charts.__file__).parents[1] / "report" / "assets" / "map.js").read_text(
        encoding="utf-8"
    )
    found = {
        name: tuple(json.loads(f"[{colours}]"))
        for name, colours in re.findall(r"var ((?:TIME|CHANGE)_LIGHT) = \[(.*?)\];", script)
    }
    assert found == {"TIME_LIGHT": TIME_COLOURS, "CHANGE_LIGHT": CHANGE_COLOURS}
    assert styles.TIME_COLOURS == TIME_COLOURS
    assert styles.CHANGE_COLOURS == CHANGE_COLOURS
    assert maps.Style is styles.Style


# Machado, Oliveira & Fernandes 2009, severity 1: how the three kinds of dichromats see.
SEEN_BY = {
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def lab(colour: str, seen_by: str) -> np.ndarray:
    srgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    if seen_by in SEEN_BY:
        linear = np.clip(np.array(SEEN_BY[seen_by]) @ linear, 0, 1)
    xyz = (
        np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
        @ linear
    )
    ratio = xyz / np.array([0.9505, 1.0, 1.089])
    f = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def page_palette(name: str) -> tuple[str, ...]:
    script = (Path(charts.__file__).parents[1] / "report" / "assets" / "map.js").read_text(
        encoding="utf-8"
    )
    found = re.search(rf"var {name} = \[(.*?)\];", script)
    assert found
    return tuple(json.loads(f"[{found.group(1)}]"))


@pytest.mark.parametrize("eyes", ["common", "protan", "deutan", "tritan"])
@pytest.mark.parametrize("name", ["TIME_LIGHT", "TIME_DARK", "CHANGE_LIGHT", "CHANGE_DARK"])
def test_every_eye_tells_neighbouring_classes_apart(name: str, eyes: str) -> None:
    palette = page_palette(name)
    seen = [lab(colour, eyes) for colour in palette]
    steps = [float(np.linalg.norm(a - b)) for a, b in pairwise(seen)]
    assert min(steps) > 8, list(zip(palette, steps, strict=False))


@pytest.mark.parametrize("eyes", ["common", "protan", "deutan", "tritan"])
@pytest.mark.parametrize("shade", ["LIGHT", "DARK"])
def test_every_eye_tells_what_is_not_reachable_from_the_classes(shade: str, eyes: str) -> None:
    for none, palette in zip(page_palette(f"NONE_{shade}"), ("TIME", "CHANGE"), strict=True):
        for colour in page_palette(f"{palette}_{shade}"):
            assert np.linalg.norm(lab(none, eyes) - lab(colour, eyes)) > 12, (none, colour)


@pytest.mark.parametrize("eyes", ["common", "protan", "deutan", "tritan"])
def test_every_eye_tells_faster_from_slower_and_the_first_scenarios_apart(eyes: str) -> None:
    for name in ("CHANGE_LIGHT", "CHANGE_DARK"):
        palette = page_palette(name)
        for a in palette[:3]:
            for b in palette[4:]:
                assert np.linalg.norm(lab(a, eyes) - lab(b, eyes)) > 20
    first = (BASELINE_COLOUR, *SCENARIO_COLOURS[:4])
    for i, a in enumerate(first):
        for b in first[i + 1 :]:
            assert np.linalg.norm(lab(a, eyes) - lab(b, eyes)) > 10


def test_pair_times_weigh_by_people_at_both_ends() -> None:
    data = make_input(3, 2, 1, modes=("bike",))
    found = pair_times(data.runs, data.pairs, data.zones)
    pair = data.pairs[0]
    times = data.baseline.times["bike"].at(50)
    people = data.zones.opportunities["population"].to_numpy()
    o = [list(data.zones.ids).index(z) for z in pair.origins]
    d = [list(data.zones.ids).index(z) for z in pair.destinations]
    # Weighed sum over all zone pairs, by hand:
    total = sum(people[a] * people[b] * times[a, b] for a in o for b in d)
    weight = sum(people[a] * people[b] for a in o for b in d)
    row = found[found["pair"] == pair.label].iloc[0]
    assert row["minutes"] == pytest.approx(total / weight / 60)
    assert row["share_reached"] == 1.0
