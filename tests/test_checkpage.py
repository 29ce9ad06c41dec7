"""The merge report: what an officer reads, in both languages."""

from __future__ import annotations

import ast
import datetime as dt
import inspect
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box
from test_merge import BE, NL, over_the_canal
from worlds_merge import DAY, Text, build

from mobility import merge
from mobility.checkpage import check_page, problem_counts, sections, verdict, write_check_page
from mobility.checkpage.days import day_said, kinds_of_days, proposal, spans
from mobility.merge import merge_feeds
from mobility.words.catalogue import part_texts
from mobility.zones import Countries

COUNTRIES = Countries({"NL": box(4.0, 51.3, 6.5, 53.0), "BE": box(4.0, 50.0, 6.5, 51.3)})


@pytest.fixture(scope="module")
def merged():
    return merge_feeds(build(NL, BE), day=DAY, timezone="Europe/Amsterdam", walk_m=over_the_canal)


class Outline(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.headings: list[str] = []
        self.cells: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag not in {"meta", "rect", "circle", "line", "path", "br"}:
            self.open.append(tag)
        self.outside += [v for k, v in attrs if k in {"src", "href"} and v]

    def handle_endtag(self, tag):
        if tag in {"rect", "circle", "path", "line"}:
            return
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in {"h1", "h2", "summary"}:
            self.headings.append(data)
        if self.open and self.open[-1] == "td":
            self.cells.append(data)


def read(html: str) -> Outline:
    outline = Outline()
    outline.feed(html)
    assert outline.open == []
    return outline


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_the_page_is_whole_and_needs_nothing_from_outside(merged, lang):
    html = check_page(merged, region="Twee landen", day=DAY, lang=lang, countries=COUNTRIES)
    outline = read(html)
    assert outline.outside == []
    assert "<script" not in html
    assert f'<html lang="{lang}">' in html
    assert len(outline.headings) >= 8
    assert html.count('class="bar"') == 40 + 48  # eight weeks of five days, and of six


def test_the_page_says_what_was_found(merged):
    outline = read(check_page(merged, region="R", day=DAY, lang="en", countries=COUNTRIES))
    cells = set(outline.cells)
    assert "Hamont (B)" in cells
    assert "same trip in another feed" in cells or "part of a trip in another feed" in cells
    assert "train or trip number 5356 in both" in cells
    assert "agency that runs only in another country" in cells
    assert "NL → BE" in cells


def test_the_dutch_page_speaks_dutch(merged):
    html = check_page(merged, region="R", day=DAY, lang="nl")
    assert "Wat te herstellen, en waar" in html
    assert "trein- of ritnummer 5356 in beide" in html
    for english in ("What to fix", "doubtful", "same station", "kept apart", "left out while"):
        assert english not in html


def test_the_map_marks_every_pair_and_draws_the_countries(merged):
    html = check_page(merged, region="R", day=DAY, lang="en", countries=COUNTRIES)
    stops = merged.evidence["stops"]
    for grade in ("same stop", "same station"):
        kind = grade.replace(" ", "-")
        marks = len(re.findall(rf'class="{kind}"', html)) - 1  # the legend has one
        assert marks == (stops["grade"] == grade).sum() > 0
    assert html.count('class="land"') == 2


def test_the_same_input_gives_the_same_bytes(merged, tmp_path):
    paths = [
        write_check_page(
            tmp_path / name, merged, region="R", day=DAY, lang="nl", countries=COUNTRIES
        )
        for name in ("a.html", "b.html")
    ]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert b"\r" not in paths[0].read_bytes()


def test_names_from_feeds_are_escaped():
    feeds = build(
        Text(
            "nl", "NL", "a 5.4 51.4 <b>Dorp</b>\nb 5.0 52.0 B", "R rail", "t R wk | b 7:00 | a 8:00"
        ),
        Text(
            "be", "BE", "a 5.4 51.4 <b>Dorp</b>\nc 5.5 51.0 C", "R rail", "t R wk | a 9:00 | c 9:30"
        ),
    )
    found = merge_feeds(feeds, day=DAY, timezone="Europe/Amsterdam")
    html = check_page(found, region="<i>R</i>", day=DAY, lang="en")
    assert "<b>Dorp" not in html
    assert "&lt;b&gt;Dorp" in html
    assert "<i>R" not in html


def test_the_verdict_is_short_and_its_code_0_where_the_region_can_be_used(merged):
    text, code = verdict(merged, day=DAY, lang="en")
    assert code == 0
    assert text.splitlines()[0] == "The region can be used; some things deserve a look."
    assert len(text.splitlines()) <= 10
    assert "1 rides joined" in text or "rides joined" in text


def test_the_page_proposes_the_best_day_of_each_kind_that_all_feeds_share(merged):
    found = sections_of(merged, "en")["Which day to take"]
    kinds = {row[0]: row[2] for row in found.rows}
    # 7 October to 1 December 2019; each kind's first day on which both run as usual, working
    # days from Tuesdays and Thursdays. Armistice Day is one in Belgium only; autumn holidays
    # were a week apart.
    assert kinds == {
        "working day": "2019-10-08",
        "Saturday": "2019-10-12",
        "Sunday": "2019-10-13",
        "public holiday in BE only": "2019-11-11",
        "school holiday in BE only": "2019-10-29",
        "school holiday in NL only": "2019-10-15",
    }
    assert found.heads[3:] == ["nl", "be"]
    assert "best day of each kind" in verdict(merged, day=DAY, lang="en")[0]
    dutch = sections_of(merged, "nl")["Welke dag te nemen"]
    assert [row[0] for row in dutch.rows[:2]] == ["werkdag", "zaterdag"]
    assert dutch.rows[0][1] == "dinsdag 8 oktober 2019"


def test_the_kind_of_the_day_is_said(merged):
    assert day_said(merged, DAY, "nl") == "Dag: dinsdag 8 oktober 2019 (werkdag)"
    armistice = day_said(merged, dt.date(2019, 11, 11), "en")
    assert armistice.endswith("(public holiday in BE only)")
    christmas = day_said(merged, dt.date(2019, 12, 25), "nl")
    assert christmas.endswith("(feestdag in BE + NL)")


def test_feeds_that_share_no_day_get_no_proposal():
    early = replace(BE, weeks=dict.fromkeys(BE.weeks, "1000000"))
    late = replace(NL, weeks=dict.fromkeys(NL.weeks, "0100000"))
    found = merge_feeds(build(early, late), day=None, timezone="Europe/Amsterdam")
    assert proposal(found, "en") == ""
    assert "Which day to take" not in check_page(found, region="R", day=None, lang="en")
    shown = sections_of(found, "en")["Calendars in figures"]
    assert [row[9] for row in shown.rows] == ["0", "0"]


def sections_of(merged, lang):
    return {s.title: s for s in (kinds_of_days(merged, lang), spans(merged, lang))}


@pytest.mark.parametrize(
    ("lang", "word"), [("en", "can't be used"), ("nl", "kan zo niet worden gebruikt")]
)
def test_the_verdict_is_1_where_it_cannot(lang, word):
    far = dt.date(2020, 6, 1)
    found = merge_feeds(build(NL, BE), day=far, timezone="Europe/Amsterdam")
    text, code = verdict(found, day=far, lang=lang)
    assert code == 1
    assert word in text.splitlines()[0]
    assert (
        sum(line.startswith("!") for line in text.splitlines())
        == problem_counts(found)["error"]
        == 2
    )


def test_empty_feeds_make_a_page_too():
    found = merge_feeds(build(Text("x", "", "", "", "")), day=None, timezone="Europe/Amsterdam")
    html = check_page(found, region="R", day=None, lang="nl")
    assert verdict(found, day=None, lang="nl")[1] == 1
    read(html)


def test_streets_are_shown_as_they_are(merged):
    table = pd.DataFrame({"tag": ["maxspeed"], "share": [0.25]})
    cells = read(check_page(merged, region="R", day=DAY, lang="en", streets=table)).cells
    assert "maxspeed" in cells


def test_problems_stand_as_cards_on_a_phone_and_name_their_heads(merged):
    html = check_page(merged, region="R", day=DAY, lang="en")
    cards = html.split('<table class="cards">')
    assert len(cards) == 2  # what to fix only; the long tables scroll
    first = cards[1].split("</tr>")[1]
    heads = re.findall('data-head="([^"]+)"', first)
    assert heads[3:5] == ["what was found", "number"]
    assert len(heads) == first.count("<td")


def test_a_long_table_is_cut_and_says_so(merged):
    many = merged.evidence["stops"].iloc[np.zeros(450, int)].reset_index(drop=True)
    many = many.assign(grade="apart")
    longer = merge.Merged(merged.feeds, {**merged.evidence, "stops": many})
    html = check_page(longer, region="R", day=DAY, lang="en")
    assert "and 250 more rows, in the folder merge" in html


def sentences() -> set[str]:
    """Texts that merging writes into its evidence, taken from its source."""
    found: set[str] = set()
    columns = {"problem", "done", "cure", "reason"}
    for path in sorted(Path(inspect.getfile(merge)).parent.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg in columns:
                found |= {
                    c.value for c in ast.walk(node.value)
                    if isinstance(c, ast.Constant) and isinstance(c.value, str)
                }  # fmt: skip
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                if node.func.attr == "by_feed":
                    found |= {a.value for a in node.args[4:] if isinstance(a, ast.Constant)}
                if (
                    node.func.attr == "add"
                    and len(node.args) >= 4
                    and isinstance(node.args[3], ast.Constant)
                ):
                    found.add(node.args[3].value)
    return {text for text in found if len(text) > 3}


def test_every_sentence_of_the_evidence_has_its_dutch():
    known = {text for part in part_texts("nl").values() for text in part}
    texts = sentences()
    assert len(texts) > 30
    assert texts - known == set()


@pytest.mark.parametrize("name", ["trips_dropped", "trips_stitched", "stops", "problems"])
def test_what_the_evidence_really_says_has_its_dutch(merged, name):
    known = {text for part in part_texts("nl").values() for text in part}
    for column in ("reason", "grade", "decision", "way", "severity", "problem", "done", "cure"):
        if column in merged.evidence[name]:
            for text in merged.evidence[name][column]:
                assert not text or sections.reason(text, "nl") != text or text in known, text
