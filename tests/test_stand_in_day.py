"""A feed read on another day than asked for: every result says so."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from toy_gtfs import read, toy
from toy_region import W_TO_E_S, write_region

from mobility.cli import main
from mobility.feeds.notes import LEFT_OUT, NOT_VOUCHED, STOOD_IN, note_said

NOTE = STOOD_IN.format(feed="be", day="2019-10-08", other="2019-10-15", kind="working day")
DUTCH = (
    "Dienstregeling be rijdt niet op 2019-10-08; ze is gelezen als op 2019-10-15, "
    "de naaste werkdag die ze heeft."
)


def begin_later(path: Path) -> None:
    """Let a feed's calendar begin on Thursday 10 October 2019."""
    with zipfile.ZipFile(path) as old:
        files = {name: old.read(name) for name in old.namelist()}
    assert b"20191001" in files["calendar.txt"]
    files["calendar.txt"] = files["calendar.txt"].replace(b"20191001", b"20191010")
    with zipfile.ZipFile(path, "w") as new:
        for name, content in files.items():
            new.writestr(name, content)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("later")
    write_region(folder)
    begin_later(folder / "be.zip")
    return folder


def test_without_the_word_of_the_region_file_it_is_refused(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(world / "base.toml"), "--out", str(world / "no"), "--quiet"]) == 1
    said = capsys.readouterr().err
    assert "no trip on 2019-10-08" in said
    assert not (world / "no" / "base").exists()


def test_every_result_carries_the_note(world: Path) -> None:
    region = world / "region.toml"
    whole = region.read_text(encoding="utf-8")
    allowed = whole.replace('path = "be.zip"', 'path = "be.zip"\nnearest_same_day_type = true')
    assert allowed != whole
    region.write_text(allowed, encoding="utf-8")
    words = [str(world / "base.toml"), "--out", str(world / "out"), "--lang", "nl", "--quiet"]
    assert main(words) == 0
    run = world / "out" / "base"
    times = pd.read_parquet(run / "travel_times.parquet").set_index(
        ["mode", "origin", "destination"]
    )
    assert times.loc[("pt", "W", "E"), "p50_s"] == W_TO_E_S
    assert json.loads((run / "manifest.json").read_text(encoding="utf-8"))["notes"] == [NOTE]
    page = (run / "report.html").read_text(encoding="utf-8")
    assert NOTE in page
    assert DUTCH in page
    contents = pd.read_excel(run / "tables.xlsx", sheet_name=0, header=None)
    assert DUTCH in set(contents.astype(str).to_numpy().ravel())
    assert main(["check", str(region), "--date", "2019-10-08", "--out", str(world / "c"),
                 "--lang", "nl", "--quiet"]) == 0  # fmt: skip
    assert DUTCH in (world / "c" / "check" / "check.html").read_text(encoding="utf-8")


def test_notes_are_said_in_both_languages_and_others_left_alone() -> None:
    assert note_said(NOTE, "en") == NOTE
    assert note_said(NOTE, "nl") == DUTCH
    gone = LEFT_OUT.format(feed="x", file="x.zip")
    assert note_said(gone, "nl") == "Dienstregeling x is er niet (x.zip) en is weggelaten."
    assert note_said("something else", "nl") == "something else"
    far = NOT_VOUCHED.format(feed="x", first="2018-01-01", last="2018-12-31", day="2019-10-08")
    assert note_said(far, "en") == far
    assert note_said(far, "nl").startswith(
        "Dienstregeling x staat alleen in voor 2018-01-01 tot en"
    )


INFO = "feed_publisher_name,feed_publisher_url,feed_lang,feed_start_date,feed_end_date\n"


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ("20190101,20191231", ""),
        ("20191008,20191008", ""),
        ("20180101,20191007", "2018-01-01 to 2019-10-07"),
        ("20191009,", "2019-10-09 to 2019-12-31"),  # the calendar ends on that day
        (",20191007", "2019-10-01 to 2019-10-07"),
        (",", ""),
        ("20191231,20190101", ""),  # contradicts itself
        ("soon,later", ""),
    ],
)
def test_a_day_the_publisher_does_not_vouch_for_is_noted(
    tmp_path: Path, days: str, said: str
) -> None:
    """Day 2019-10-08, calendar 2019-10-01 to 2019-12-31."""
    notes = read(toy(tmp_path, feed_info=f"{INFO}P,https://p,nl,{days}\n")).notes
    assert [said in note and "2019-10-08 lies outside" in note for note in notes] == (
        [True] if said else []
    )
