"""The workbook: what stands in it, and that nothing in it can run."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from report_world import EVIL

from mobility.tables import TRAVEL_TIMES
from mobility.workbook import Sheet, write_workbook

EVIL_CELLS = [
    *EVIL,
    "+1+1",
    "-2",
    "@SUM(A1)",
    "\t=1",
    "https://example.org",
    "0012",
    "1e5",
    "{=1+1}",
    "a" * 40_000,
]


def times_table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "scenario": "baseline",
            "mode": "pt",
            "origin": ["a", "=b"],
            "destination": ["c", "d"],
            "country_o": "NL",
            "country_d": "BE",
            "p50_s": [1234.5, np.nan],
        }
    )


def square() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "": ["Weert (NL)", "Hamont (BE)"],
            "Weert (NL)": [np.nan, 21.4],
            "Hamont (BE)": [20.6, np.nan],
        }
    )


def write(path: Path, lang: str = "nl") -> openpyxl.Workbook:
    sheets = [
        Sheet("Reistijden", times_table(), "Alle reistijden", TRAVEL_TIMES),
        Sheet("openbaar vervoer", square(), "Matrix", matrix=True, digits=0),
        Sheet(
            "Kwaad: [x]/y*?",
            pd.DataFrame({"name": EVIL_CELLS, "flag": True, "n": range(len(EVIL_CELLS))}),
        ),
        Sheet("reistijden", pd.DataFrame({"day": pd.to_datetime(["2019-10-08"])})),
    ]
    write_workbook(path, sheets, lang=lang, title="Regio", notes=["=HYPERLINK(1)"])
    return openpyxl.load_workbook(path)


def test_text_never_becomes_a_formula_link_or_number(tmp_path: Path) -> None:
    book = write(tmp_path / "t.xlsx")
    page = book[book.sheetnames[3]]
    cells = [page.cell(i + 2, 1) for i in range(len(EVIL_CELLS))]
    assert [c.value for c in cells[:-1]] == EVIL_CELLS[:-1]
    assert len(cells[-1].value) == 32_767
    assert {c.data_type for c in cells} == {"s"}
    for sheet in book:
        for row in sheet.iter_rows():
            assert all(c.data_type != "f" for c in row), sheet.title
    with zipfile.ZipFile(tmp_path / "t.xlsx") as archive:
        outside = [
            n for n in archive.namelist() if n.endswith(".rels") and b"External" in archive.read(n)
        ]
        assert outside == []
        assert not any(
            b"<f>" in archive.read(n) for n in archive.namelist() if "worksheets/sheet" in n
        )


def test_sheets_are_frozen_filtered_and_have_units(tmp_path: Path) -> None:
    book = write(tmp_path / "t.xlsx")
    page = book["Reistijden"]
    assert page.freeze_panes == "C2"
    assert page.auto_filter.ref == "A1:G3"
    assert page["G1"].value == "mediaan [s]"
    assert page["A1"].font.bold
    assert page["G2"].value == 1234.5
    assert page["G3"].value is None  # unreachable is empty, never nought
    assert page["C3"].value == "=b"
    matrix = book["openbaar vervoer"]
    assert matrix.freeze_panes == "B2"
    assert matrix["C2"].value == 20.6
    assert matrix["C2"].number_format == "#,##0"
    assert len(matrix.conditional_formatting) == 1


def test_the_contents_sheet_leads_everywhere_and_the_last_explains_each_column(
    tmp_path: Path,
) -> None:
    book = write(tmp_path / "t.xlsx")
    assert book.sheetnames == [
        "Inhoud",
        "Reistijden",
        "openbaar vervoer",
        "Kwaad- -x--y--",
        "reistijden (2)",
        "Kolommen",
    ]
    first = book["Inhoud"]
    assert first["A1"].value == "Regio"
    assert first["A2"].value == "=HYPERLINK(1)"
    links = {
        row[0].value: row[0].hyperlink.location
        for row in first.iter_rows(min_row=5)
        if row[0].hyperlink
    }
    assert list(links) == book.sheetnames[1:]
    assert links["reistijden (2)"] == "'reistijden (2)'!A1"
    told = [[c.value for c in row] for row in book["Kolommen"].iter_rows(min_row=2)]
    assert ["Reistijden", "mediaan", "s", "reistijd, percentiel 50 over de vertrekken"] in told
    assert sum(row[0] == "Reistijden" for row in told) == 7


def test_the_same_tables_give_the_same_bytes(tmp_path: Path) -> None:
    write(tmp_path / "a.xlsx")
    write(tmp_path / "b.xlsx")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_heads_are_english_in_english(tmp_path: Path) -> None:
    book = write(tmp_path / "t.xlsx", "en")
    assert book.sheetnames[0] == "Contents"
    assert book["Reistijden"]["G1"].value == "median [s]"


@pytest.mark.parametrize("table", [pd.DataFrame(), pd.DataFrame({"a": []})])
def test_empty_tables_are_empty_sheets(tmp_path: Path, table: pd.DataFrame) -> None:
    write_workbook(tmp_path / "t.xlsx", [Sheet("leeg", table)], lang="nl")
    assert "leeg" in openpyxl.load_workbook(tmp_path / "t.xlsx").sheetnames


def test_a_column_of_mixed_kinds_keeps_its_texts(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {"x": pd.Categorical(["=1", None, "b"]), "y": pd.array([1, None, 3], dtype="Int64")}
    )
    write_workbook(tmp_path / "t.xlsx", [Sheet("m", table)], lang="nl")
    page = openpyxl.load_workbook(tmp_path / "t.xlsx")["m"]
    assert [page.cell(i, 1).value for i in (2, 3, 4)] == ["=1", None, "b"]
    assert [page.cell(i, 2).value for i in (2, 3, 4)] == [1, None, 3]
