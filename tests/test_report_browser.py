"""The report in a real browser: opened from a file, looked at, clicked, read and printed."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from report_world import EVIL, make_input

from mobility import charts
from mobility.charts import Stamp
from mobility.report import Figure, ReportInput, pair_times, write_report
from mobility.report.pdf import find_browser, write_pdf

pytestmark = pytest.mark.browser

DRAWN = "document.getElementById('map').getAttribute('data-drawn')"
COLOURS = "() => { const c = document.querySelector('#map canvas'); const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let s = new Set(); for (let i = 0; i < d.length; i += 4 * 97) s.add((d[i] << 16) + (d[i + 1] << 8) + d[i + 2]); return [...s]; }"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    program = find_browser()
    if program is None:
        pytest.skip("no Chromium on this machine")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=str(program), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def data() -> ReportInput:
    plain = make_input(evil=True)
    table = pair_times(plain.runs, plain.pairs, plain.zones)
    stamp = Stamp("OpenOV", "0123456789abcdef", demonstration=True)
    svg = {
        lang: charts.svg_bytes(
            charts.pair_bars(
                table,
                mode="pt",
                titles={r.name: r.title[lang] for r in plain.runs},
                lang=lang,
                stamp=stamp,
            )
        )
        for lang in ("nl", "en")
    }
    figure = Figure(
        "pairs-pt",
        svg,
        {"nl": "Reistijden van genoemde verbindingen", "en": "Times of named pairs"},
    )
    return dataclasses.replace(plain, figures=(figure,))


@pytest.fixture(scope="module")
def report(data: ReportInput, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(tmp_path_factory.mktemp("report") / "report met spatie.html", data, "nl")


def until(page: Any, expression: str) -> None:
    """Wait without evaluating text inside the page, which its policy rightly forbids."""
    for _ in range(200):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(25)
    raise AssertionError(f"never true: {expression}")


class Watched:
    """A page with everything it asked for and complained about."""

    def __init__(self, page: Any, report: Path) -> None:
        self.page = page
        self.asked: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda r: self.asked.append(r.url))
        page.on(
            "console",
            self.heard,
        )
        page.on("pageerror", lambda e: self.complaints.append(str(e)))
        page.on("dialog", lambda d: (self.complaints.append("dialog " + d.message), d.dismiss()))
        page.goto(report.as_uri())
        until(page, DRAWN)

    def heard(self, message: Any) -> None:
        # Reading the canvas back is this test's own doing.
        if message.type in ("error", "warning") and "getImageData" not in message.text:
            self.complaints.append(message.text)

    def choose(self, control: str, value: str) -> None:
        before = self.page.evaluate(DRAWN)
        self.page.select_option(f"#{control}", value)
        until(self.page, f"{DRAWN} !== {json.dumps(before)}")

    def search(self, name: str) -> None:
        self.page.fill("#search", name)
        self.page.press("#search", "Enter")
        until(self.page, f"document.getElementById('search').value === {json.dumps(name)}")
        self.page.wait_for_timeout(50)

    def rows(self) -> dict[str, list[str]]:
        """The table beside the map: place → its cells."""
        if self.page.is_visible("#more") and "alle" in self.page.inner_text("#more"):
            self.page.click("#more")
        cells = self.page.eval_on_selector_all(
            "#reached tbody tr", "rs => rs.map(r => [...r.children].map(c => c.textContent))"
        )
        return {row[0]: row[1:] for row in cells}


@pytest.fixture
def opened(chromium: Any, report: Path) -> Iterator[Watched]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    watched = Watched(context.new_page(), report)
    yield watched
    context.close()
    assert [url for url in watched.asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert sum(url.startswith("file:") for url in watched.asked) == 1
    assert watched.complaints == []


def test_it_opens_from_a_file_asks_for_nothing_and_draws(opened: Watched) -> None:
    assert len(opened.page.evaluate(COLOURS)) > 3
    assert "inwoners binnen 60 minuten" in opened.page.inner_text("#status")
    image = "document.querySelector('figure span[lang=nl] img')"
    assert opened.page.evaluate(f"{image}.complete && {image}.naturalWidth") > 300


def test_a_click_on_the_map_changes_place_and_colours(opened: Watched) -> None:
    page = opened.page
    place, before = page.input_value("#search"), page.evaluate(DRAWN)
    page.eval_on_selector("#map", "m => m.scrollIntoView({block: 'center'})")
    box = page.locator("#map").bounding_box()
    colours = page.evaluate(COLOURS)
    page.mouse.click(box["x"] + box["width"] * 0.5 - 60, box["y"] + box["height"] * 0.15)
    until(page, f"{DRAWN} !== {json.dumps(before)}")
    assert page.input_value("#search") != place
    assert page.evaluate(COLOURS) != colours


def test_the_values_shown_equal_the_travel_times(opened: Watched, data: ReportInput) -> None:
    opened.choose("unit", "zone")
    zones = data.zones
    for origin, mode, run, percentile in (
        (10, "pt", 0, 50),
        (10, "bike+pt", 2, 95),
        (20, "car", 1, 50),
        (7, "car+pt", 1, 5),
    ):
        for control, value in (
            ("mode", mode),
            ("run", str(run)),
            ("percentile", f"p{percentile:02d}"),
        ):
            if opened.page.input_value(f"#{control}") != value:
                opened.choose(control, value)
        opened.search(zones.names[origin])
        times = data.runs[run].times[mode].at(percentile)[origin]
        base = data.runs[0].times[mode].at(percentile)[origin]
        shown = opened.rows()
        checked = 0
        for k, name in enumerate(zones.names):
            minutes = shown[name][1]
            if zones.ids[k] == "z0035":
                assert minutes == "buiten het netwerk"
            elif np.isnan(times[k]):
                assert minutes == "niet bereikbaar"
            else:
                assert minutes == str(int(np.floor(times[k] / 60 + 0.5))), (mode, name)
                checked += 1
            if run and np.isfinite(times[k]):
                moved = (times[k] - base[k]) / 60
                whole = int(np.floor(abs(moved) + 0.5))
                assert shown[name][2] == (
                    "0" if whole == 0 else f"{'−' if moved < 0 else '+'}{whole}"
                )
        assert checked > 25


def test_directions_are_kept_apart(opened: Watched, data: ReportInput) -> None:
    """The world's waits differ by direction: 37·i + 53·j."""
    opened.choose("unit", "zone")
    opened.choose("direction", "to")
    opened.search(data.zones.names[12])
    times = data.baseline.times["pt"].at(50)[:, 12]
    shown = opened.rows()
    for k in range(4, 30):
        if np.isfinite(times[k]):
            assert shown[data.zones.names[k]][1] == str(int(np.floor(times[k] / 60 + 0.5)))


def test_a_municipality_is_the_mean_of_its_zones_by_people(
    opened: Watched, data: ReportInput
) -> None:
    zones, times = data.zones, data.baseline.times["pt"].at(50)
    a, b = zones.municipalities[9], zones.municipalities[24]
    opened.search(a)
    rows = opened.rows()
    people = zones.opportunities["population"].to_numpy()
    o, d = np.flatnonzero(zones.municipalities == a), np.flatnonzero(zones.municipalities == b)
    seconds = np.average(
        np.average(times[np.ix_(o, d)], axis=0, weights=people[o]), weights=people[d]
    )
    assert rows[b][1] == str(int(np.floor(seconds / 60 + 0.5)))


def test_the_difference_with_the_baseline_is_coloured_and_explained(opened: Watched) -> None:
    opened.choose("run", "2")
    plain = opened.page.evaluate(COLOURS)
    opened.choose("what", "difference")
    assert opened.page.evaluate(COLOURS) != plain
    assert "5 tot 14 min sneller" in opened.page.inner_text("#legend")


def test_the_time_limit_greys_what_lies_beyond(opened: Watched) -> None:
    count = COLOURS.replace("let s = new Set()", "let s = []").replace("s.add(", "s.push(")

    def near() -> int:
        """Pixels about as warm a grey as places without a time."""
        found = opened.page.evaluate(count)
        wanted = (0x7D, 0x70, 0x68)
        parts = [(c >> 16, c >> 8 & 255, c & 255) for c in found]
        return sum(all(abs(a - b) < 10 for a, b in zip(one, wanted, strict=True)) for one in parts)

    before = near()
    opened.choose("cutoff", "1800")
    assert near() > before * 2 + 20
    assert "30 minuten" in opened.page.inner_text("#status")


def test_hover_tells_the_time_and_parts_that_add_up(opened: Watched, data: ReportInput) -> None:
    page = opened.page
    opened.choose("unit", "zone")
    opened.search(data.zones.names[14])
    page.eval_on_selector("#map", "m => m.scrollIntoView({block: 'center'})")
    box = page.locator("#map").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.3)
    page.mouse.move(box["x"] + box["width"] * 0.5 + 4, box["y"] + box["height"] * 0.3 + 4)
    until(page, "document.getElementById('told').textContent.includes('wachten')")
    told = page.inner_text("#told")
    total = int(re.search(r"^(\d+) min$", told, re.MULTILINE).group(1))
    parts = [int(m) for m in re.findall(r"(?:halte|wachten|rijden|overstappen) (\d+) min", told)]
    assert len(parts) >= 4
    assert abs(sum(parts) - total) <= len(parts) / 2  # each is rounded to whole minutes
    assert re.search(r"Overstappen: [01]", told)


def test_the_language_switch_turns_every_word(opened: Watched) -> None:
    page = opened.page
    assert page.title().endswith("Reistijden over de grens")
    page.click("button[data-lang=en]")
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.title().endswith("Travel times across the border")
    assert page.inner_text("#h-answer") == "The question and the answer"
    assert "inhabitants within 60 minutes" in page.inner_text("#status")
    assert page.locator("#mode option:checked").inner_text() == "public transport"
    assert page.get_attribute("#search", "placeholder") == "Search a place"
    assert page.locator("button[data-lang=en]").get_attribute("aria-pressed") == "true"
    assert page.get_attribute(".leaflet-control-zoom-in", "aria-label") == "Zoom in"
    assert page.get_attribute(".leaflet-control-zoom-out", "title") == "Zoom out"
    assert page.get_attribute("figure", "aria-label") == "Times of named pairs"
    visible = page.evaluate("document.body.innerText")
    for dutch in (
        "Reistijden",
        "openbaar vervoer",
        "Huidige situatie",
        "niet bereikbaar",
        "Verbindingen",
    ):
        assert dutch not in visible


def test_it_can_be_used_by_keyboard_alone(opened: Watched) -> None:
    page = opened.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    seen = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
        if page.evaluate("document.activeElement.closest('#reached') !== null"):
            break
    assert {
        "search",
        "run",
        "mode",
        "direction",
        "what",
        "percentile",
        "cutoff",
        "unit",
        "map",
    } <= seen
    page.keyboard.press("Tab")
    wanted = page.evaluate("document.activeElement.textContent")
    before = page.evaluate(DRAWN)
    page.keyboard.press("Enter")
    until(page, f"{DRAWN} !== {json.dumps(before)}")
    assert page.input_value("#search") == wanted
    page.focus("#mode")
    page.keyboard.press("ArrowUp")
    until(page, f"!{DRAWN}.includes('|pt|')")


def test_evil_names_stay_text_everywhere(opened: Watched, data: ReportInput) -> None:
    page = opened.page
    opened.choose("unit", "zone")
    for name in EVIL:
        opened.search(name)
        assert page.inner_text("#told strong").startswith(name)
    assert page.locator("#matrix tbody th").first.inner_text().startswith(EVIL[0])
    assert page.locator("h1").inner_text() == EVIL[2]
    assert page.locator("#pairs tbody th", has_text="=cmd|").count() >= 1
    assert page.evaluate("document.querySelectorAll('img[src=x]').length") == 0
    assert page.evaluate("[...document.scripts].length") == page.evaluate(
        "document.querySelectorAll('body > script').length"
    )


def test_the_matrix_shows_the_table_and_its_difference(opened: Watched, data: ReportInput) -> None:
    page = opened.page
    heads = page.eval_on_selector_all("#matrix tbody th", "ts => ts.map(t => t.textContent)")
    page.select_option("#matrix-run", "1")
    cells = page.eval_on_selector_all(
        "#matrix tbody tr",
        "rs => rs.map(r => [...r.querySelectorAll('td')].map(c => c.textContent))",
    )
    table = data.municipalities.query("scenario == 'hamont-weert' and mode == 'pt'")
    checked = 0
    for row in table.itertuples():
        a, b = f"{row.origin} ({row.country_o})", f"{row.destination} ({row.country_d})"
        if a in heads and b in heads and a != b:
            shown = cells[heads.index(a)][heads.index(b)]
            assert shown == (
                "–" if np.isnan(row.minutes) else str(int(np.floor(round(row.minutes, 2) + 0.5)))
            )
            checked += 1
    assert checked == len(heads) * (len(heads) - 1) > 10


def test_print_shows_tables_opened_and_hides_controls(opened: Watched) -> None:
    page = opened.page
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert not page.is_visible("#controls")
    assert not page.is_visible("nav")
    rule = "[...document.querySelectorAll('details')].every(d => d.open === !d.closest('#merge'))"
    assert page.evaluate(rule)
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.scroll.tall')).maxHeight")
        == "none"
    )
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert not page.evaluate(rule)
    page.emulate_media(media="screen")


def test_on_paper_the_whole_map_and_whole_tables_are_seen(chromium: Any, report: Path) -> None:
    # Between its margins an A4 page is 186 mm wide, at 96 pixels an inch.
    context = chromium.new_context(viewport={"width": 703, "height": 1000})
    page = Watched(context.new_page(), report).page
    page.emulate_media(media="print")
    edges = (
        "(() => { const m = document.getElementById('map').getBoundingClientRect();"
        " const c = document.querySelector('#map canvas'), r = c.getBoundingClientRect();"
        " return [m.top + 3, m.bottom - 3].some(y => c.getContext('2d').getImageData("
        " 0, Math.round((y - r.top) * c.width / r.width), c.width, 1).data.some(v => v > 0)); })()"
    )
    page.wait_for_timeout(50)
    assert page.evaluate(edges)  # as on the screen, zones run out of the lower map
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    until(page, f"!{edges}")
    wide = (
        "[...document.querySelectorAll('section:not(#merge) table:not(#matrix)')]"
        ".filter(t => t.getBoundingClientRect().right > 704).map(t => t.textContent.slice(0, 40))"
    )
    assert page.evaluate(wide) == []
    context.close()


@pytest.mark.parametrize("width", [390, 768, 1280])
def test_nothing_runs_out_of_the_page(chromium: Any, report: Path, width: int) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 844}, has_touch=width == 390)
    watched = Watched(context.new_page(), report)
    assert watched.page.evaluate("document.documentElement.scrollWidth") <= width
    assert watched.page.locator("#map").bounding_box()["width"] > width * 0.5
    small = watched.page.evaluate(
        "[...document.querySelectorAll('select, #search, .languages button')].filter(e => e.getBoundingClientRect().height < 34).length"
    )
    assert small == 0
    context.close()


def test_dark_mode_is_dark_and_the_map_follows(chromium: Any, report: Path) -> None:
    context = chromium.new_context(color_scheme="dark")
    watched = Watched(context.new_page(), report)
    assert (
        watched.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        == "rgb(20, 25, 31)"
    )
    dark = watched.page.evaluate(COLOURS)
    watched.page.emulate_media(color_scheme="light")
    for _ in range(200):
        if watched.page.evaluate(COLOURS) != dark:
            break
        watched.page.wait_for_timeout(25)
    assert watched.page.evaluate(COLOURS) != dark
    context.close()


def axe_source() -> str:
    """axe-core: a file named by an environment variable, or the one the `dev` extra brings."""
    given = os.environ.get("AXE_CORE_JS")
    if given:
        return Path(given).read_text(encoding="utf-8")
    package = pytest.importorskip("axe_playwright_python", reason="the dev extra is not installed")
    return (Path(package.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390)])
def test_axe_finds_nothing_serious(chromium: Any, report: Path, scheme: str, width: int) -> None:
    source = axe_source()
    context = chromium.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True
    )
    watched = Watched(context.new_page(), report)
    watched.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    watched.page.evaluate(source)
    found = watched.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    serious = [
        (v["id"], [n["html"][:120] for n in v["nodes"][:3]])
        for v in found["violations"]
        if v["impact"] in ("serious", "critical")
    ]
    assert serious == []
    context.close()


def test_the_pdf_holds_the_report(chromium: Any, report: Path, tmp_path: Path) -> None:
    path = write_pdf(report, tmp_path / "report.pdf")
    content = path.read_bytes()
    assert content.startswith(b"%PDF-")
    assert len(content) > 30_000
    assert not re.search(rb"/CreationDate \(D:(?!20000101)", content)
    if shutil.which("pdftotext"):
        import subprocess

        text = subprocess.run(
            ["pdftotext", str(path), "-"], capture_output=True, check=True
        ).stdout.decode()
        assert "Genoemde verbindingen" in text
