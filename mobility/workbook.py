"""The Excel workbook: one file an officer opens, sorts and copies from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xlsxwriter

from mobility.tables import Column
from mobility.words import label, translator

# Excel's own limits.
MAX_SHEET_NAME = 31
MAX_ROWS = 1_048_576
MAX_TEXT = 32_767
FORBIDDEN = str.maketrans(dict.fromkeys(r"[]:*?/\\", "-"))
# A fixed day, so that the same tables give the same bytes.
CREATED = dt.datetime(2000, 1, 1)  # noqa: DTZ001  (Excel knows no zones)
OPTIONS = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
}


@dataclass(frozen=True)
class Sheet:
    """One sheet.

    Parameters
    ----------
    name
        Sheet name, already in the reader's language; mended where Excel forbids it.
    table
        What stands in it; the index is not written.
    about
        One sentence for the contents sheet.
    columns
        Contract of the columns that have one: gives unit and meaning (English texts,
        translated here). Columns without a contract are listed without a meaning.
    digits
        Decimals of numbers that have no other rule.
    matrix
        A square of places: the first column is frozen too, cells are coloured by value.
    """

    name: str
    table: pd.DataFrame
    about: str = ""
    columns: tuple[Column, ...] = ()
    digits: int = 1
    matrix: bool = False


@dataclass(frozen=True)
class _Book:
    book: Any
    formats: Mapping[str, Any]
    lang: str
    names: list[str] = field(default_factory=list)


def write_workbook(
    path: Path,
    sheets: Sequence[Sheet],
    *,
    lang: str,
    title: str = "",
    notes: Sequence[str] = (),
) -> Path:
    """Write sheets with a contents sheet before and an explanation of every column after them.

    Parameters
    ----------
    path
        Ends in ``.xlsx``.
    sheets
        In order. A table longer than Excel's limit is cut, and the contents sheet says so.
    lang
        Language of heads, contents and explanations.
    title, notes
        Shown on the contents sheet, such as the fingerprint or "demonstration timetable".

    Returns
    -------
    Path
        `path`. The same input gives the same bytes.
    """
    _ = translator(lang)
    book = xlsxwriter.Workbook(str(path), OPTIONS)
    book.set_properties({"title": title, "author": "border-mobility", "created": CREATED})
    work = _Book(book, _formats(book), lang)
    names = _unique_names([_("Contents"), *(s.name for s in sheets), _("Columns")])
    contents = book.add_worksheet(names[0])
    for sheet, name in zip(sheets, names[1:-1], strict=True):
        _write_sheet(work, sheet, name)
    _write_columns(work, sheets, names)
    _write_contents(work, contents, sheets, names, title, notes)
    book.close()
    return path


def _formats(book: Any) -> dict[str, Any]:
    base = {"font_name": "Calibri", "font_size": 10}
    formats = {
        "title": book.add_format({**base, "font_size": 15, "bold": True}),
        "head": book.add_format(
            {
                **base,
                "bold": True,
                "bg_color": "#1f3b57",
                "font_color": "#ffffff",
                "text_wrap": True,
                "valign": "top",
                "bottom": 1,
            }
        ),
        "text": book.add_format({**base, "num_format": "@"}),
        "note": book.add_format({**base, "text_wrap": True, "valign": "top", "num_format": "@"}),
        "link": book.add_format({**base, "font_color": "#0563c1", "underline": 1}),
        "whole": book.add_format({**base, "num_format": "#,##0"}),
        "bold": book.add_format({**base, "bold": True, "num_format": "@"}),
        "day": book.add_format({**base, "num_format": "yyyy-mm-dd"}),
    }
    for digits in range(1, 5):
        pattern = "#,##0." + "0" * digits
        formats[f"digits{digits}"] = book.add_format({**base, "num_format": pattern})
    return formats


def _unique_names(wanted: Sequence[str]) -> list[str]:
    """Sheet names as Excel takes them: 31 signs, none forbidden, none twice in any case."""
    names: list[str] = []
    for text in wanted:
        clean = text.translate(FORBIDDEN).strip("'")[:MAX_SHEET_NAME] or "-"
        name, count = clean, 1
        while name.casefold() in {n.casefold() for n in names}:
            count += 1
            tail = f" ({count})"
            name = clean[: MAX_SHEET_NAME - len(tail)] + tail
        names.append(name)
    return names


def _write_sheet(work: _Book, sheet: Sheet, name: str) -> None:
    page = work.book.add_worksheet(name)
    table = sheet.table.iloc[: MAX_ROWS - 1]
    contract = {column.name: column for column in sheet.columns}
    heads = [_head(str(c), contract.get(str(c)), work.lang) for c in table.columns]
    for j, head in enumerate(heads):
        page.write_string(0, j, _text(head), work.formats["head"])
        kind = _kind(table.iloc[:, j], sheet.digits)
        _write_column(page, table.iloc[:, j], j, kind, work.formats[kind])
        page.set_column(j, j, _width(table.iloc[:, j], head, kind, sheet.matrix), None)
    page.set_row(0, 30)
    page.freeze_panes(1, 1 if sheet.matrix else min(2, max(len(heads) - 1, 0)))
    if len(table) and heads and not sheet.matrix:
        page.autofilter(0, 0, len(table), len(heads) - 1)
    if sheet.matrix and len(table):
        scale = {
            "type": "3_color_scale",
            "min_color": "#d1e5f0",
            "mid_color": "#f7f7f7",
            "max_color": "#fdb863",
        }
        page.conditional_format(1, 1, len(table), len(heads) - 1, scale)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)


def _head(column: str, contract: Column | None, lang: str) -> str:
    """Head of a column with its unit; a contract's unit of seconds or minutes is shown."""
    unit = contract.unit if contract else ""
    shown = label(column, lang)
    return f"{shown} [{label(unit, lang)}]" if unit and unit != "1" else shown


def _kind(column: pd.Series[Any], digits: int) -> str:
    if pd.api.types.is_bool_dtype(column.dtype):
        return "text"
    if pd.api.types.is_integer_dtype(column.dtype):
        return "whole"
    if pd.api.types.is_float_dtype(column.dtype):
        known = column.dropna().to_numpy(float)
        if known.size == 0 or bool(np.all(known == np.round(known))):
            return "whole"
        return f"digits{digits}" if digits else "whole"
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return "day"
    return "text"


def _write_column(page: Any, column: pd.Series[Any], j: int, kind: str, style: Any) -> None:
    """Write cells by type; text always as text, so that no cell can run as a formula."""
    if kind == "day":
        for i, value in enumerate(column, start=1):
            if not pd.isna(value):
                page.write_datetime(i, j, pd.Timestamp(value).to_pydatetime(), style)
    elif kind == "text":
        for i, value in enumerate(column.astype(object), start=1):
            if value is not None and value == value:  # noqa: PLR0124  (NaN is not itself)
                page.write_string(i, j, _text(str(value)), style)
    else:
        for i, value in enumerate(column.to_numpy(float, na_value=np.nan), start=1):
            if np.isfinite(value):
                page.write_number(i, j, value, style)


def _text(value: str) -> str:
    return value[:MAX_TEXT]


def _width(column: pd.Series[Any], head: str, kind: str, matrix: bool) -> float:
    longest_word = max((len(word) for word in head.split()), default=4)
    if matrix and kind != "text":
        return max(6.0, min(longest_word + 2.0, 14.0))
    if kind != "text":
        return max(10.0, min(longest_word + 4.0, 22.0))
    sample = column.astype(object).dropna().head(500).astype(str)
    return max(
        9.0,
        min(float(sample.str.len().max() if len(sample) else 0) + 2.0, 48.0),
        min(longest_word + 4.0, 22.0),
    )


def _write_columns(work: _Book, sheets: Sequence[Sheet], names: Sequence[str]) -> None:
    """Explain every column of every sheet: unit and meaning."""
    _ = translator(work.lang)
    page = work.book.add_worksheet(names[-1])
    heads = (_("sheet"), _("column"), _("unit"), _("meaning"))
    for j, (head, width) in enumerate(zip(heads, (24, 30, 12, 80), strict=True)):
        page.write_string(0, j, head, work.formats["head"])
        page.set_column(j, j, width)
    i = 1
    for sheet, name in zip(sheets, names[1:-1], strict=True):
        contract = {column.name: column for column in sheet.columns}
        if sheet.matrix:
            cells = [name, _("first column"), "", _("from: each row; to: each column")]
            i = _write_texts(page, i, cells, work.formats["note"])
            continue
        for column in map(str, sheet.table.columns):
            known = contract.get(column)
            unit, meaning = (known.unit, known.meaning) if known else ("", "")
            cells = [
                name,
                label(column, work.lang),
                label(unit, work.lang) if unit else "",
                label(meaning, work.lang) if meaning else "",
            ]
            i = _write_texts(page, i, cells, work.formats["note"])
    page.freeze_panes(1, 0)
    if i > 1:
        page.autofilter(0, 0, i - 1, 3)


def _write_texts(page: Any, i: int, cells: Sequence[str], style: Any) -> int:
    for j, cell in enumerate(cells):
        page.write_string(i, j, _text(cell), style)
    return i + 1


def _write_contents(
    work: _Book,
    page: Any,
    sheets: Sequence[Sheet],
    names: Sequence[str],
    title: str,
    notes: Sequence[str],
) -> None:
    _ = translator(work.lang)
    page.write_string(0, 0, _text(title or _("Tables")), work.formats["title"])
    i = 1
    for note in notes:
        page.write_string(i, 0, _text(note), work.formats["text"])
        i += 1
    i += 1
    for j, head in enumerate((_("sheet"), _("what it shows"), _("rows"))):
        page.write_string(i, j, head, work.formats["head"])
    page.freeze_panes(i + 1, 0)
    last = Sheet(names[-1], pd.DataFrame(), _("What each column means"))
    for sheet, name in zip([*sheets, last], names[1:], strict=True):
        i += 1
        target = name.replace("'", "''")
        page.write_url(i, 0, f"internal:'{target}'!A1", work.formats["link"], string=name)
        about = sheet.about
        if len(sheet.table) > MAX_ROWS - 1:
            cut = _("Cut at {n} rows, the most a sheet can hold; the CSV file has them all.")
            about = f"{about} {cut.format(n=MAX_ROWS - 1)}".strip()
        page.write_string(i, 1, _text(about), work.formats["note"])
        if sheet is not last:
            page.write_number(i, 2, min(len(sheet.table), MAX_ROWS - 1), work.formats["whole"])
    page.set_column(0, 0, 34)
    page.set_column(1, 1, 90)
    page.set_column(2, 2, 10)
    page.hide_gridlines(2)
    page.activate()
