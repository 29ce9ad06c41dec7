"""Names that a browser, spreadsheet, terminal or file system would act on stay text everywhere."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
from toy_gtfs import write_zip
from toy_region import write_region

from mobility.batch.reading import read_run
from mobility.batch.write import write_csv
from mobility.cli import main

SCRIPT, CALL, SUM, AT = "<script>alert(1)</script>", "=cmd|' /C calc'!A0", "+1", "@x"
TITLE = "\x1b]0;owned\x07\x1b[2J" + SCRIPT
STOPS = {"A": "../../x", "B": "\x1b[31mred", "C": "%s{0}", "Grens": "-2+3"}
LINES = {"r1": "=1+1", "r2": "{}%n"}
STARTS = ("=", "+", "-", "@", "\t", "\r")


def renamed(path: Path, name: str, column: str, words: dict[str, str]) -> None:
    """Give cells of a table in a feed other words."""
    with zipfile.ZipFile(path) as archive:
        texts = {inner: archive.read(inner).decode() for inner in archive.namelist()}
    rows = list(csv.DictReader(io.StringIO(texts[name])))
    for row in rows:
        row[column] = words.get(row[column], row[column])
    texts[name] = written(rows)
    write_zip(path, texts)


def written(rows: list[dict[str, str]]) -> str:
    target = io.StringIO()
    table = csv.DictWriter(target, list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return target.getvalue()


def write_evil(folder: Path) -> Path:
    base = write_region(folder)
    for feed in ("nl.zip", "be.zip"):
        renamed(folder / feed, "stops.txt", "stop_name", STOPS)
        renamed(
            folder / feed, "routes.txt", "route_short_name", {"1": LINES["r1"], "2": LINES["r2"]}
        )
        renamed(folder / feed, "agency.txt", "agency_name", {"NL": SCRIPT, "BE": AT})
    zones = list(csv.DictReader(io.StringIO((folder / "zones.csv").read_text(encoding="utf-8"))))
    for zone, name, municipality in zip(zones, (SCRIPT, SUM), (CALL, AT), strict=True):
        zone["name"], zone["municipality"] = name, municipality
    (folder / "zones.csv").write_text(written(zones), encoding="utf-8")
    for file, words in (
        ("region.toml", {'"Wstad"': CALL, '"Estad"': AT, '"Toy"': SCRIPT}),
        ("base.toml", {'"Nu"': TITLE, '"Now"': TITLE}),
    ):
        text = (folder / file).read_text(encoding="utf-8")
        for old, new in words.items():
            text = text.replace(old, json.dumps(new))
        (folder / file).write_text(text, encoding="utf-8")
    return base


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A run folder full of such names, and all that was written to the terminal."""
    import contextlib

    folder = tmp_path_factory.mktemp("evil")
    base, terminal = write_evil(folder), io.StringIO()
    before = set(folder.iterdir())
    with contextlib.redirect_stdout(terminal), contextlib.redirect_stderr(terminal):
        code = main([str(base), "--out", str(folder / "out"), "--lang", "nl"])
    assert code == 0, terminal.getvalue()
    assert set(folder.iterdir()) - before == {folder / "out"}
    return folder / "out" / "base", terminal.getvalue()


def test_nothing_of_it_reaches_the_terminal_as_an_order(said: tuple[Path, str]) -> None:
    text = said[1]
    assert "\x1b]" not in text
    assert "\x1b[2J" not in text
    assert "\x07" not in text
    assert SCRIPT in text  # of the region and its title: shown, as text


def test_pages_and_pictures_hold_no_script_but_their_own(said: tuple[Path, str]) -> None:
    html = (said[0] / "report.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)" in html
    assert "<script>alert" not in html
    for path in said[0].rglob("*.svg"):
        tags = {element.tag.rsplit("}", 1)[-1] for element in ET.parse(path).iter()}
        assert "script" not in tags


def test_no_cell_of_the_workbook_is_a_formula(said: tuple[Path, str]) -> None:
    book = openpyxl.load_workbook(said[0] / "tables.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    texts = {cell.value for cell in cells if cell.data_type in ("s", "inlineStr")}
    assert any(CALL in text for text in texts)
    assert [cell.value for cell in cells if cell.data_type == "f"] == []


def test_no_cell_of_a_csv_file_is_a_formula_and_numbers_stay_numbers(
    said: tuple[Path, str],
) -> None:
    paths = list(said[0].rglob("*.csv"))
    cells = [
        (path.name, cell)
        for path in paths
        for row in csv.reader(path.read_text(encoding="utf-8-sig").splitlines())
        for cell in row
        if cell.startswith(STARTS)
    ]
    assert all(re.fullmatch(r"-\d+(\.\d+)?(e-?\d+)?", cell, re.IGNORECASE) for _, cell in cells), (
        cells
    )
    towns = (said[0] / "municipalities.csv").read_text(encoding="utf-8-sig").splitlines()
    assert "'" + CALL in {cell for row in csv.reader(towns) for cell in row}


def test_read_back_they_are_as_they_were(said: tuple[Path, str]) -> None:
    run = read_run(said[0])
    assert {CALL, AT} == set(run.municipalities["municipality_o"])
    assert set(STOPS.values()) >= set(run.supply["stops"]["name"])
    assert "=1+1" in set(run.supply["lines"]["line"])


def test_texts_with_an_apostrophe_of_their_own_keep_it(tmp_path: Path) -> None:
    from mobility.batch.reading import _table

    names = ["=a", "'=a", "''=a", "'s-Hertogenbosch", "-5", "\tx", "a=b"]
    write_csv(tmp_path / "t.csv", pd.DataFrame({"name": names, "n": range(-3, 4)}))
    back = _table(tmp_path / "t.csv")
    assert back["name"].tolist() == names
    assert back["n"].tolist() == list(range(-3, 4))


def test_layers_and_manifest_hold_them_as_text(said: tuple[Path, str]) -> None:
    layers = said[0] / "maps" / "layers.gpkg"
    assert set(gpd.read_file(layers, layer="zones")["name"]) == {SCRIPT, SUM}
    assert set(gpd.read_file(layers, layer="lines")["name"]) == set(LINES.values())
    assert set(gpd.read_file(layers, layer="isochrones")["place"]) <= {CALL, AT}
    facts = json.loads((said[0] / "manifest.json").read_text(encoding="utf-8"))
    assert facts["title"]["en"] == TITLE


def test_no_file_is_called_after_them(said: tuple[Path, str]) -> None:
    out = said[0].parent
    names = [path.relative_to(out).as_posix() for path in out.rglob("*")]
    assert all(re.fullmatch(r"[\w./-]+", name) for name in names)


def test_a_scenario_named_after_another_folder_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = write_region(tmp_path)
    base.write_text(
        base.read_text(encoding="utf-8").replace('"base"', '"../../x"'), encoding="utf-8"
    )
    assert main([str(base), "--out", str(tmp_path / "a" / "b" / "out"), "--quiet"]) == 1
    assert not (tmp_path / "x").exists()
    assert "../../x" in capsys.readouterr().err
