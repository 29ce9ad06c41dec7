"""The report: what stands in the page, packed exactly, safe, and the same every time."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from report_world import EVIL, make_input, make_zones, municipality_table

from mobility.errors import RunError
from mobility.report import (
    Headline,
    ReportInput,
    Run,
    matrices,
    pair_times,
    payload,
    scenario_ranking,
    write_report,
)
from mobility.report.answer import next_steps, sentences, told_run
from mobility.report.cards import headline_blocks, scorecard_blocks
from mobility.report.geometry import STEPS_PER_DEGREE, border_lines, locality_order, zone_rings
from mobility.report.page import own_script, page_script
from mobility.report.sections import pair_blocks, ranking_blocks
from mobility.report.sources import ages_told, input_block
from mobility.report.speech import Spoken
from mobility.report.variants import told_apart


@pytest.fixture(scope="module")
def data() -> ReportInput:
    return make_input()


@pytest.fixture(scope="module")
def page(data: ReportInput, tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_report(tmp_path_factory.mktemp("r") / "report.html", data, "nl").read_text(
        encoding="utf-8"
    )


def meta_of(page: str) -> dict:
    found = re.search(r'<script type="application/json" id="meta">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found.group(1))


def layer_of(page: str, meta: dict, key: str) -> np.ndarray:
    """Undo the packing as the page does."""
    reference, predictor, same = meta["layers"][key]
    n = len(meta["zones"]["id"])
    known = layer_of(page, meta, reference) if reference else None
    text = "" if same else re.search(rf'id="layer-{re.escape(key)}">([^<]*)<', page).group(1)
    return matrices.unpack(matrices.Layer(key, reference, predictor, text), (n, n), known)


# Packing ---------------------------------------------------------------------------------


@given(
    cells=hnp.arrays(np.uint16, st.tuples(st.integers(1, 9), st.integers(1, 9))),
    other=st.integers(0, 65535),
    relative=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_packing_comes_back_exactly(cells: np.ndarray, other: int, relative: bool) -> None:
    known = np.roll(cells, 1) + np.uint16(other) if relative else None
    layer = matrices.pack("0.pt.p50", cells, "r" if relative else "", known)
    assert (matrices.unpack(layer, cells.shape, known) == cells).all()


@pytest.mark.parametrize("predictor", matrices.PREDICTORS)
def test_each_predictor_can_be_undone(predictor: int) -> None:
    cells = np.random.default_rng(3).integers(0, 65536, (5, 7)).astype(np.uint16)
    assert (matrices.restored(matrices.predicted(cells, predictor), predictor) == cells).all()


def test_steps_keep_unreachable_apart_and_round_halves_up() -> None:
    seconds = np.array([[0, 29, 30, 90, np.nan, 1e9]], np.float32)
    assert matrices.steps_of(seconds, 60).tolist() == [
        [0, 0, 1, 2, matrices.UNREACHED, matrices.LONGEST]
    ]


def test_every_matrix_in_the_page_equals_the_travel_times(page: str, data: ReportInput) -> None:
    meta = meta_of(page)
    assert meta["step"] == 1
    order = [meta["zones"]["id"].index(z) for z in data.zones.ids]
    checked = 0
    for s, run in enumerate(data.runs):
        for mode, times in run.times.items():
            for p in times.percentiles:
                cells = layer_of(page, meta, f"{s}.{mode}.p{p:02d}")[np.ix_(order, order)]
                seconds = times.at(p)
                expected = np.where(np.isfinite(seconds), seconds, matrices.UNREACHED)
                expected = np.where(times.outside, matrices.OUTSIDE, expected)
                assert (cells == expected).all(), (run.name, mode, p)
                checked += 1
    assert checked == 3 * (4 + 3 * 5)


def test_parts_in_the_page_equal_the_travel_times(page: str, data: ReportInput) -> None:
    meta = meta_of(page)
    order = [meta["zones"]["id"].index(z) for z in data.zones.ids]
    times = data.runs[1].times["bike+pt"]
    reached = np.isfinite(times.at(50))
    for part in ("access_s", "wait_s", "ride_s", "transfer_s"):
        cells = layer_of(page, meta, f"1.bike+pt.{part}")[np.ix_(order, order)]
        assert (cells[reached] == times.parts[part][reached]).all()
    transfers = layer_of(page, meta, "1.bike+pt.transfers")[np.ix_(order, order)]
    assert (transfers[reached] == times.transfers_p50[reached]).all()


def test_a_small_budget_makes_the_map_coarser_and_the_page_say_so(
    data: ReportInput, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(payload, "LAYER_BUDGET", 10)
    built = payload.build(data, "")
    assert (built.step_s, built.percentiles, built.parts) == (60, False, False)
    assert {key.rsplit(".", 1)[1] for key in built.meta["layers"]} == {"p50"}
    text = write_report(tmp_path / "r.html", data, "en").read_text(encoding="utf-8")
    assert "the map rounds times to 60 seconds" in text
    assert "Only the median of departures is on the map" in text


def test_a_band_of_rows_finds_the_grade_that_packing_whole_finds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A budget that the third grade just fits; the band only saves packing the first two whole.
    data = make_input(14, 14)
    monkeypatch.setattr(payload, "LARGEST_BAND", 0.0)
    monkeypatch.setattr(payload, "GRADES", payload.GRADES[2:])
    third = payload.build(data, "").layers
    monkeypatch.undo()
    monkeypatch.setattr(payload, "LAYER_BUDGET", sum(len(layer.data) for layer in third))
    monkeypatch.setattr(payload, "LARGEST_BAND", 0.0)
    whole = payload.build(data, "")
    packed = []
    fitting = payload._fitting
    monkeypatch.setattr(payload, "LARGEST_BAND", 0.25)
    # Deflating a small band costs a little more for each row: the first two must be far off.
    monkeypatch.setattr(payload, "HOPELESS", 1.3)
    monkeypatch.setattr(
        payload, "_fitting", lambda made, most: packed.append(most) or fitting(made, most)
    )
    built = payload.build(data, "")
    assert (built.step_s, built.percentiles, built.parts) == payload.GRADES[2]
    assert built.layers == whole.layers == third
    # Bands of three grades, and of those only the third whole.
    assert packed.count(payload.LAYER_BUDGET) == 1
    assert len(packed) == 4


def test_scenarios_with_other_zones_are_refused(data: ReportInput) -> None:
    times = data.runs[1].times["pt"]
    turned = dataclasses.replace(times, origins=times.origins[::-1])
    run = dataclasses.replace(data.runs[1], times={"pt": turned})
    with pytest.raises(RunError, match="other origins or destinations than baseline"):
        payload.build(dataclasses.replace(data, runs=(data.runs[0], run)), "")


def test_some_origins_only(data: ReportInput, tmp_path: Path) -> None:
    """A matrix of three origins to all zones still packs, and knows its rows."""
    times = data.baseline.times["pt"]
    few = dataclasses.replace(
        times,
        origins=times.origins[[5, 2, 9]],
        country_o=times.country_o[[5, 2, 9]],
        time_s=times.time_s[[5, 2, 9]],
        share_reached=times.share_reached[[5, 2, 9]],
        transfers_p50=times.transfers_p50[[5, 2, 9]],
        outside=times.outside[[5, 2, 9]],
        parts={},
    )
    built = payload.build(
        dataclasses.replace(data, runs=(dataclasses.replace(data.baseline, times={"pt": few}),)), ""
    )
    axis = built.meta["axes"]["pt"]
    assert axis["d"] is None
    assert sorted(built.meta["zones"]["id"][k] for k in axis["o"]) == ["z0002", "z0005", "z0009"]
    layer = next(la for la in built.layers if la.key == "0.pt.p50")
    cells = matrices.unpack(layer, (3, 36), None)
    first = built.meta["zones"]["id"][axis["o"][0]]
    column = built.meta["zones"]["id"].index("z0020")
    row = list(few.origins).index(first)
    assert cells[0, column] == few.at(50)[row, 20]


# The page --------------------------------------------------------------------------------


def test_the_page_is_the_same_bytes_in_any_hash_seed(tmp_path: Path) -> None:
    code = (
        "import sys; sys.path[:0]=sys.argv[2:]; from pathlib import Path; from report_world import make_input; "
        "from mobility.report import write_report; write_report(Path(sys.argv[1]), make_input(4, 3, 2), 'en')"
    )
    root = Path(__file__).parent
    pages = []
    for seed in ("1", "2"):
        out = tmp_path / f"{seed}.html"
        subprocess.run(
            [sys.executable, "-c", code, str(out), str(root), str(root.parent)],
            check=True,
            env={**__import__("os").environ, "PYTHONHASHSEED": seed},
        )
        pages.append(out.read_bytes())
    assert pages[0] == pages[1]


def test_the_policy_allows_these_scripts_and_styles_and_nothing_else(page: str) -> None:
    policy = (
        re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
        .group(1)
        .replace("&#39;", "'")
    )
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "http" not in policy
    executed = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    styles = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert (len(executed), len(styles)) == (1, 1)
    for text in (executed[0], styles[0]):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert " style=" not in page.replace(executed[0], "")
    assert not re.search(r"<[^>]+\son\w+=", page.replace(executed[0], ""))


def test_the_page_asks_nothing_of_the_network(page: str) -> None:
    without_scripts = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    assert not re.findall(r'(?:src|href)="(?!#|data:)[^"]*"', without_scripts)
    assert "url(" not in re.search(r"<style>(.*?)</style>", page, re.DOTALL).group(1)
    assert "sourceMappingURL" not in page_script()


def test_names_from_feeds_stay_text(tmp_path: Path) -> None:
    data = make_input(evil=True)
    text = write_report(tmp_path / "r.html", data, "nl").read_text(encoding="utf-8")
    assert "<script>alert(1)" not in text
    assert "<img src=x" not in text
    assert len(re.findall("</script>", text)) == len(re.findall(r"<script[ >]", text))
    assert EVIL[0] in meta_of(text)["zones"]["name"]
    own = own_script()
    for danger in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        'setAttribute("style"',
    ):
        assert danger not in own


def test_both_languages_stand_in_the_page(page: str, data: ReportInput) -> None:
    assert '<html lang="nl">' in page
    assert (
        '<span lang="nl">De vraag en het antwoord</span><span lang="en">The question and the answer</span>'
        in page
    )
    meta = meta_of(page)
    assert set(meta["words"]["nl"]) == set(meta["words"]["en"])
    assert meta["words"]["nl"]["pt"] == "openbaar vervoer"
    assert "Demonstratiedienstregeling" in page
    real = payload.safe_json(1)
    assert real == "1"


def test_a_real_timetable_carries_no_demonstration_banner(
    data: ReportInput, tmp_path: Path
) -> None:
    text = write_report(
        tmp_path / "r.html", dataclasses.replace(data, demonstration=False)
    ).read_text(encoding="utf-8")
    assert "Demonstratiedienstregeling" not in text


def test_hashes_licences_and_settings_are_shown(page: str) -> None:
    for told in ("ab" * 32, "CC0", "0123456789abcdef" * 4, "walk_kph", "BSD 2-Clause"):
        assert told in page


def test_the_page_works_with_the_least_input(data: ReportInput, tmp_path: Path) -> None:
    bare = ReportInput(
        region="R",
        runs=(dataclasses.replace(data.baseline, times={}),),
        zones=data.zones,
        day=data.day,
        window=data.window,
    )
    text = write_report(tmp_path / "r.html", bare, "en").read_text(encoding="utf-8")
    assert "No named connection has been computed" in text
    assert 'id="map"' not in text


def test_zones_without_shapes_are_points(data: ReportInput, tmp_path: Path) -> None:
    zones = dataclasses.replace(data.zones, shapes=None)
    text = write_report(
        tmp_path / "r.html", dataclasses.replace(data, zones=zones, countries=None)
    ).read_text(encoding="utf-8")
    meta = meta_of(text)
    assert meta["zones"]["rings"] is None
    assert meta["border"] == []


# Words and sums --------------------------------------------------------------------------


def test_the_answer_says_the_largest_gain(data: ReportInput) -> None:
    table = pd.DataFrame([
        ("baseline", "pt", "A – B", "city", 50, 80.0, 1.0), ("baseline", "car", "A – B", "city", 50, 40.0, 1.0),
        ("hamont-weert", "pt", "A – B", "city", 50, 77.0, 1.0), ("express-bus", "pt", "A – B", "city", 50, 61.0, 1.0),
        ("baseline", "pt", "C – D", "city", 50, np.nan, 0.0), ("express-bus", "pt", "C – D", "city", 50, np.nan, 0.0),
    ], columns=["scenario", "mode", "pair", "kind", "percentile", "minutes", "share_reached"])  # fmt: skip
    question, now, then = sentences(data, table)
    assert question.texts["nl"].endswith(
        "en wat verandert er door ‘Trein Antwerpen–Hamont door naar Weert’ en ‘Snelbus Eindhoven–Hasselt’?"
    )
    assert "dinsdag 8 oktober 2019" in question.texts["nl"]
    assert now.texts["nl"] == (
        "Op de middelste van 2 genoemde verbindingen is men nu 80 minuten met het openbaar vervoer en "
        "40 minuten met de auto onderweg; met het openbaar vervoer zijn er 1 niet mogelijk."
    )
    assert (
        then.texts["nl"]
        == "‘Snelbus Eindhoven–Hasselt’ maakt het grootste verschil: A – B met het openbaar vervoer gaat van 80 naar 61 minuten."
    )
    assert now.texts["en"] == (
        "Today the middle one of 2 named connections takes 80 minutes by public transport and "
        "40 minutes by car; not possible by public transport: 1."
    )
    assert then.texts["en"].startswith(
        "“Express bus Eindhoven–Hasselt” makes the largest difference: A – B by public transport"
    )


def test_a_pair_that_becomes_possible_beats_one_that_gets_faster(data: ReportInput) -> None:
    table = pd.DataFrame([
        ("baseline", "pt", "A – B", "city", 50, 80.0, 1.0), ("hamont-weert", "pt", "A – B", "city", 50, 20.0, 1.0),
        ("baseline", "pt", "C – D", "city", 50, np.nan, 0.0), ("express-bus", "pt", "C – D", "city", 50, 90.0, 1.0),
    ], columns=["scenario", "mode", "pair", "kind", "percentile", "minutes", "share_reached"])  # fmt: skip
    assert (
        "C – D met het openbaar vervoer wordt mogelijk, in 90 minuten"
        in sentences(data, table)[2].texts["nl"]
    )


def test_of_many_scenarios_the_question_gives_the_number_only() -> None:
    five = make_input(3, 2, 5, modes=("pt",))
    empty = pd.DataFrame(columns=["scenario", "mode", "pair", "percentile", "minutes"])
    assert "en wat zouden 4 scenario’s veranderen?" in sentences(five, empty)[0].texts["nl"]
    alone = dataclasses.replace(five, runs=five.runs[:1])
    assert sentences(alone, empty)[0].texts["nl"].endswith("op dinsdag 8 oktober 2019?")


def test_the_tables_of_the_scenario_that_the_answer_names_stand_open(data: ReportInput) -> None:
    table = pd.DataFrame([
        ("baseline", "pt", "A – B", "city", 50, 80.0, 1.0), ("hamont-weert", "pt", "A – B", "city", 50, 20.0, 1.0),
        ("express-bus", "pt", "A – B", "city", 50, 79.9, 1.0),
    ], columns=["scenario", "mode", "pair", "kind", "percentile", "minutes", "share_reached"])  # fmt: skip
    told = told_run(data, table)
    assert told.name == "hamont-weert"
    assert told_run(data, table[table["scenario"] != "hamont-weert"]).name == "express-bus"
    lines = [Headline(run.name, {"nl": "1", "en": "1"}, {"nl": "", "en": ""}, {"nl": "Z.", "en": "S."})
             for run in data.runs]  # fmt: skip
    blocks = headline_blocks(dataclasses.replace(data, headlines=tuple(lines)), told)
    assert [block.opened for block in blocks] == [False, True, False]


def test_a_run_alone_offers_no_choice_of_scenario_or_difference(
    data: ReportInput, page: str, tmp_path: Path
) -> None:
    alone = dataclasses.replace(data, runs=data.runs[:1])
    text = write_report(tmp_path / "r.html", alone).read_text(encoding="utf-8")
    for control in ("run", "what", "matrix-run", "matrix-what"):
        assert re.search(rf'<label hidden><span>.*?</span><select id="{control}">', text)
        assert re.search(rf'<label><span>.*?</span><select id="{control}">', page)
    assert "Tussen haakjes" not in text
    assert "Tussen haakjes" in page


def test_next_steps_lead_to_sections_that_are_there(page: str, data: ReportInput) -> None:
    listed = re.search(r'<ul class="next".*?</ul>', page, re.DOTALL).group(0)
    anchors = re.findall(r'href="#([^"]+)"', listed)
    assert anchors == ["map-section", "pairs", "ranking", "data"]
    assert all(f'id="{anchor}"' in page for anchor in anchors)
    assert "met echte dienstregelingen" in listed
    real = next_steps(dataclasses.replace(data, demonstration=False), ["data"])
    assert [anchor for anchor, _text in real] == ["data", ""]
    assert "hoe oud de gegevens zijn" in real[0][1].texts["nl"]


def test_no_gain_of_a_minute_is_said_to_be_none(data: ReportInput) -> None:
    table = pd.DataFrame([
        ("baseline", "pt", "A – B", "city", 50, 80.0, 1.0), ("hamont-weert", "pt", "A – B", "city", 50, 79.2, 1.0),
    ], columns=["scenario", "mode", "pair", "kind", "percentile", "minutes", "share_reached"])  # fmt: skip
    assert "None of the scenarios" in sentences(data, table)[2].texts["en"]


def test_the_ranking_by_hand() -> None:
    pairs = [
        ("a", "b", "NL", "BE"),
        ("b", "a", "BE", "NL"),
        ("a", "c", "NL", "NL"),
        ("c", "a", "NL", "NL"),
        ("a", "a", "NL", "NL"),
    ]
    minutes = {
        "base": [60, 60, 30, np.nan, 5],
        "x": [50, 60.5, 30, np.nan, 1],
        "y": [60, 58, np.nan, 40, 5],
    }
    table = pd.DataFrame([(s, "pt", *pair, m) for s, ms in minutes.items() for pair, m in zip(pairs, ms, strict=True)],
                         columns=["scenario", "mode", "origin", "destination", "country_o", "country_d", "minutes"])  # fmt: skip
    found = scenario_ranking(table, ["base", "x", "y"], "pt").set_index("scenario")
    assert list(found.index) == ["x", "y"]
    # x: changes −10, +0.5, 0 → mean −9.5 / 3; across the border (−10 + 0.5) / 2
    assert found.loc["x", "mean_change"] == pytest.approx(-9.5 / 3)
    assert found.loc["x", "mean_change_border"] == pytest.approx(-4.75)
    assert found.loc["x", ["pairs", "faster", "slower", "gained", "lost"]].tolist() == [
        4,
        1,
        0,
        0,
        0,
    ]
    # y: 0 and −2 → −1; a–c is lost, c–a gained
    assert found.loc["y", "mean_change"] == pytest.approx(-1.0)
    assert found.loc["y", ["faster", "slower", "gained", "lost"]].tolist() == [1, 0, 1, 1]


def test_the_scorecard_has_a_table_per_scenario_with_signal_and_change(data: ReportInput) -> None:
    card = pd.DataFrame(
        [
            ("baseline", "border", "C", "D", "bike", 1800.0, "fair", "r", "s"),
            ("baseline", "city", "A", "B", "pt", 5400.0, "poor", "r", "s"),
            ("hamont-weert", "city", "A", "B", "pt", 3600.0, "good", "r", "s"),
            ("hamont-weert", "border", "C", "D", "bike", np.nan, "", "r", "s"),
        ],
        columns=[
            "scenario",
            "kind",
            "origin",
            "destination",
            "mode",
            "time_s",
            "signal",
            "rule",
            "rule_nl",
        ],
    )
    blocks = scorecard_blocks(dataclasses.replace(data, scorecard=card))
    assert len(blocks) == 2
    city, border = blocks[1].rows
    assert city[0].text == "A → B"
    assert city[2].text.texts["nl"] == "● 60"
    assert city[2].note.texts["nl"] == "−30"
    assert border[1].text.texts["nl"] == "niet bereikbaar"
    assert blocks[0].rows[0][2].text.texts["en"] == "○ 90"
    assert "In brackets" in blocks[1].note.texts["en"]
    assert blocks[0].note.texts["en"] == "Minutes; ● good, ◐ fair, ○ poor."


def test_headlines_stand_by_scenario(data: ReportInput, tmp_path: Path) -> None:
    line = Headline(
        "express-bus",
        {"nl": "1,5", "en": "1.5"},
        {"nl": "", "en": ""},
        {"nl": "Zin.", "en": EVIL[0]},
    )
    told = dataclasses.replace(data, headlines=(line,))
    (block,) = headline_blocks(told)
    assert isinstance(block.title, Spoken)
    assert block.title.texts["nl"] == "Snelbus Eindhoven–Hasselt"
    assert "&lt;script&gt;alert(1)" in write_report(tmp_path / "r.html", told).read_text(
        encoding="utf-8"
    )


# Runs of several days -------------------------------------------------------------------


TUESDAY, SUNDAY = dt.date(2026, 10, 6), dt.date(2026, 10, 11)
MORNING, EVENING = ("07:00", "09:00"), ("19:00", "21:00")
SAME = {"nl": "Trein", "en": "Train"}


def test_titles_of_variants_say_what_differs() -> None:
    runs = (
        Run("base", {"nl": "Nu", "en": "Now"}, day=TUESDAY, window=MORNING),
        Run("train.tuesday", SAME, day=TUESDAY, window=MORNING),
        Run("train.sunday", SAME, day=SUNDAY, window=MORNING),
    )
    told = told_apart(runs)
    assert [run.title["nl"] for run in told] == [
        "Nu", "Trein (dinsdag 6 oktober 2026)", "Trein (zondag 11 oktober 2026)",
    ]  # fmt: skip
    assert told[2].title["en"] == "Train (Sunday 11 October 2026)"
    windows = (runs[1], dataclasses.replace(runs[1], name="train.evening", window=EVENING))
    assert [run.title["nl"] for run in told_apart(windows)] == [
        "Trein (07:00 tot 09:00)", "Trein (19:00 tot 21:00)",
    ]  # fmt: skip
    neither = (runs[1], dataclasses.replace(runs[1], name="other"))
    assert [run.title["en"] for run in told_apart(neither)] == [
        "Train (train.tuesday)", "Train (other)",
    ]  # fmt: skip
    assert told_apart(runs[:2]) == runs[:2]


def of_two_days(data: ReportInput) -> ReportInput:
    """Baseline and scenario on a Tuesday and on a Sunday, the Sunday 1,000 s slower."""
    base, train = data.runs[:2]

    def slower(run: Run, name: str) -> Run:
        times = {
            mode: dataclasses.replace(t, scenario=name, time_s=t.time_s + np.float32(1000))
            for mode, t in run.times.items()
        }
        return dataclasses.replace(run, name=name, times=times, day=SUNDAY, baseline="")

    runs = (
        dataclasses.replace(base, day=TUESDAY),
        dataclasses.replace(train, day=TUESDAY, baseline="baseline"),
        slower(base, "baseline.sunday"),
        dataclasses.replace(slower(train, "hamont-weert.sunday"), baseline="baseline.sunday"),
    )
    return dataclasses.replace(
        data, runs=told_apart(runs), municipalities=municipality_table(data.zones, runs)
    )


def test_a_run_is_compared_with_the_baseline_of_its_own_day(data: ReportInput) -> None:
    two = of_two_days(data)
    assert [two.base_of(run).name for run in two.runs] == [
        "baseline", "baseline", "baseline.sunday", "baseline.sunday",
    ]  # fmt: skip
    assert [run.name for run in two.scenarios] == ["hamont-weert", "hamont-weert.sunday"]
    assert [run["base"] for run in payload.build(two, "").meta["runs"]] == [0, 0, 2, 2]
    times = pair_times(two.runs, two.pairs, two.zones)
    (block,) = [b for b in pair_blocks(two, times) if b.title.texts["en"] == "public transport"]
    # Both scenarios take 150 s off, 2.5 minutes; the slower Sunday is no difference of either.
    first = block.rows[0][1:]
    assert [str(cell.note and cell.note.texts["nl"]) for cell in first] == ["", "−3", "", "−3"]
    (ranked,) = [b for b in ranking_blocks(two) if b.title.texts["en"] == "public transport"]
    assert [row[3].text.texts["nl"] for row in ranked.rows] == ["−2,5", "−2,5"]


def test_a_report_of_several_days_names_each(data: ReportInput, tmp_path: Path) -> None:
    text = write_report(tmp_path / "r.html", of_two_days(data)).read_text(encoding="utf-8")
    assert "dinsdag 6 oktober 2026 en zondag 11 oktober 2026, vertrek van 07:00 tot 09:00" in text


# Data -----------------------------------------------------------------------------------


CALENDARS = pd.DataFrame({
    "feed": ["nl", "nl", "nl", "lijn"],
    "date": ["2019-10-02", "2019-12-14", "2019-10-01", "2019-10-08"],
})  # fmt: skip


def test_the_page_says_how_old_the_data_are(data: ReportInput, tmp_path: Path) -> None:
    manifest = {
        "inputs": [
            {"path": "a.zip", "role": "feed nl", "sha256": "ab", "owner": "this project"},
            {"path": "z.gpkg", "role": "border", "sha256": "cd", "owner": ""},
        ],
        "snapshot": {"day": "2019-10-03", "files": {"feed nl": {"fetched": "2019-10-03T07:00"}}},
    }
    told = dataclasses.replace(data, manifest=manifest, evidence={"calendars": CALENDARS})
    block = input_block(told)
    assert [head.texts["nl"] for head in block.heads] == [
        "gebruikt voor", "opgehaald", "eerste dag", "laatste dag", "eigenaar", "bestand", "SHA-256",
    ]  # fmt: skip
    nl, border = ([str(cell.text if isinstance(cell.text, str) else cell.text.texts["nl"])
                   for cell in row] for row in block.rows)  # fmt: skip
    assert nl == [
        "dienstregeling nl", "donderdag 3 oktober 2019", "dinsdag 1 oktober 2019",
        "zaterdag 14 december 2019", "dit project", "a.zip", "ab",
    ]  # fmt: skip
    assert border[:4] == ["landsgrenzen", "", "", ""]
    foot = write_report(tmp_path / "r.html", told).read_text(encoding="utf-8").split("<footer>")[1]
    assert (
        "Dienstregeling nl bevat ritten van dinsdag 1 oktober 2019 tot en met zaterdag 14 december 2019."
        in foot
    )
    assert "Het nieuwste bestand is opgehaald op donderdag 3 oktober 2019." in foot
    unknown = dataclasses.replace(told, manifest={"inputs": manifest["inputs"]})
    assert "is niet bekend" in [age.texts["nl"] for age in ages_told(unknown)][-1]


# Shapes ----------------------------------------------------------------------------------


def test_shapes_come_back_within_ten_metres() -> None:
    zones = make_zones(3, 2)
    rings = zone_rings(zones)
    for shape, (ring,) in zip(zones.shapes, rings, strict=True):
        points = np.cumsum(np.array(ring).reshape(-1, 2), axis=0) / STEPS_PER_DEGREE
        west, south, east, north = shape.bounds
        assert [
            points[:, 1].min(),
            points[:, 0].min(),
            points[:, 1].max(),
            points[:, 0].max(),
        ] == pytest.approx([west, south, east, north], abs=1e-4)


def test_the_border_is_drawn_once_where_countries_meet(data: ReportInput) -> None:
    lines = [
        np.cumsum(np.array(line).reshape(-1, 2), axis=0) / STEPS_PER_DEGREE
        for line in border_lines(data.countries, data.zones)
    ]
    level = [line for line in lines if np.allclose(line[:, 0], 51.25)]
    assert len(level) == 1


def test_neighbours_in_the_list_are_neighbours_on_the_map() -> None:
    zones = make_zones(8, 8)
    order = locality_order(zones.lon, zones.lat)
    assert sorted(order) == list(range(64))
    step = np.hypot(np.diff(zones.lon[order]), np.diff(zones.lat[order]))
    plain = np.hypot(np.diff(zones.lon), np.diff(zones.lat))
    assert np.median(step) <= np.median(plain)
    assert step.max() < 0.3
