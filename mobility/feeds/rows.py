"""CSV as GTFS has it, read by pyarrow: only the columns needed, trimmed, in any encoding."""

from __future__ import annotations

import csv
import lzma
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pa_csv

from mobility.errors import nearest
from mobility.feeds.archive import Archive
from mobility.feeds.ledger import SHOWN_PER_KIND, Ledger
from mobility.feeds.parse import Parser

_DAMAGE = (zlib.error, lzma.LZMAError, BadZipFile)

BLOCK_BYTES = 16 << 20
HEADER_BYTES = 1 << 16
ENCODINGS = ("utf-8", "cp1252", "latin-1")
BLANKS = " \t\r\n\u00a0\u200b\ufeff\0"

# A few rows with an unquoted comma are left out and counted; a file full of them is no CSV.
LARGEST_RAGGED_SHARE = 0.1


@dataclass(frozen=True)
class FileColumns:
    """Which columns of a file are read; a file without a required one is refused."""

    file: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Required, then optional columns."""
        return (*self.required, *self.optional)


@dataclass(frozen=True)
class Block:
    """Consecutive rows of a file.

    Parameters
    ----------
    file
        File name.
    first_row
        Line number of the first row in the file, the header being 1 (blank lines and
        rows that were left out are not counted).
    columns
        Name → dictionary-encoded text. A column the file lacks is all blank.
    present
        Columns the file has.
    """

    file: str
    first_row: int
    columns: dict[str, pa.DictionaryArray]
    present: frozenset[str]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def codes(self, name: str) -> npt.NDArray[np.int32]:
        """Index into `texts` per row, int32 (n,)."""
        indices: npt.NDArray[np.int32] = self.columns[name].indices.to_numpy(zero_copy_only=False)
        return indices

    def texts(self, name: str) -> list[str]:
        """Return the distinct texts of a column, trimmed."""
        return [text.strip(BLANKS) for text in self.columns[name].dictionary.to_pylist()]

    def text(self, name: str) -> pa.StringArray:
        """Text of a column per row, trimmed."""
        return pa.array(self.texts(name), pa.string()).take(self.columns[name].indices)

    def decode(
        self, name: str, parser: Parser, blank: float
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
        """Parse a column; return its values and where `parser` gave None.

        Blank texts become `blank` without being parsed. Each distinct text is parsed once.
        """
        texts = self.texts(name)
        if not texts:
            return np.zeros(0), np.zeros(0, bool)
        parsed = [blank if not text else parser(text) for text in texts]
        bad = np.array([value is None for value in parsed], bool)
        values = np.array([blank if value is None else value for value in parsed], np.float64)
        codes = self.codes(name)
        return values[codes], bad[codes]


def read_table(archive: Archive, columns: FileColumns, ledger: Ledger) -> Block | None:
    """Read a whole file; None where it is absent or unusable (the ledger says why)."""
    blocks = list(stream(archive, columns, ledger))
    if not blocks:
        return None
    if len(blocks) == 1:
        return blocks[0]
    joined = {
        name: pa.chunked_array([b.columns[name] for b in blocks]).unify_dictionaries()
        for name in columns.all
    }
    whole = {name: chunks.combine_chunks() for name, chunks in joined.items()}
    return Block(columns.file, 2, whole, blocks[0].present)


def stream(archive: Archive, columns: FileColumns, ledger: Ledger) -> Iterator[Block]:
    """Yield a file block by block; a file with a header only gives one block of no rows.

    Text that is not UTF-8 is read as Windows-1252 and counted as mended.
    """
    if columns.file not in archive.members:
        return
    n_rows = 0
    for encoding in ENCODINGS:
        ragged: list[int] = []
        try:
            for block in _blocks(archive, columns, encoding, ledger, ragged, n_rows):
                n_rows = block.first_row - 2 + len(block)
                yield block
        except (UnicodeError, pa.ArrowInvalid, pa.ArrowException) as error:
            if "UTF" in str(error).upper() or isinstance(error, UnicodeError):
                continue  # the next encoding takes over where this one stopped
            ledger.problem(columns.file, f"rows that are no CSV ({_short(error)})", "CSV")
        except (OSError, EOFError, NotImplementedError, RuntimeError, *_DAMAGE) as error:
            ledger.problem(
                columns.file, f"damaged data ({_short(error)})", "a whole file", "Get the feed anew"
            )
        else:
            if encoding != ENCODINGS[0] and n_rows:
                ledger.repair(columns.file, "not UTF-8, read as Windows-1252", n_rows)
        break
    _count(columns.file, n_rows, len(ragged), ledger)


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:160]


def _count(file: str, n_rows: int, n_ragged: int, ledger: Ledger) -> None:
    ledger.rows[file] += n_rows + n_ragged
    ledger.drop(file, "wrong number of fields", n_ragged)
    if n_ragged > LARGEST_RAGGED_SHARE * (n_rows + n_ragged):
        ledger.problem(
            file,
            f"{n_ragged} of {n_rows + n_ragged} rows with another number of fields",
            "as many fields in each row as in the header",
            "Put texts that hold a comma in double quotes",
        )


def _blocks(
    archive: Archive,
    columns: FileColumns,
    encoding: str,
    ledger: Ledger,
    ragged: list[int],
    skip: int,
) -> Iterator[Block]:
    with archive.open(columns.file) as file:
        head = file.read(HEADER_BYTES)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    header, n_lines = _header(head, encoding)
    indices = _match(header, columns, ledger)
    if indices is None:
        return
    names = [f"{i}" for i in range(len(header))]
    kind = pa.dictionary(pa.int32(), pa.string())

    def keep_count(row: pa_csv.InvalidRow) -> str:
        if row.text.strip(BLANKS):
            ragged.append(0)
        return "skip"

    with archive.open(columns.file) as file:
        reader = pa_csv.open_csv(
            file,
            read_options=pa_csv.ReadOptions(
                column_names=names, skip_rows=n_lines, block_size=BLOCK_BYTES, encoding=encoding
            ),
            parse_options=pa_csv.ParseOptions(
                newlines_in_values=True, invalid_row_handler=keep_count
            ),
            convert_options=pa_csv.ConvertOptions(
                include_columns=[names[i] for i in indices.values()],
                column_types=dict.fromkeys(names, kind),
                strings_can_be_null=False,
                check_utf8=True,
            ),
        )
        row = 0
        for batch in reader:
            start = max(skip - row, 0)
            if start < len(batch):
                yield _block(columns, indices, names, batch.slice(start), row + start + 2)
            row += len(batch)
        if not row:
            yield Block(columns.file, 2, _no_rows(columns), frozenset(indices))


def _block(
    columns: FileColumns,
    indices: dict[str, int],
    names: Sequence[str],
    batch: pa.RecordBatch,
    first_row: int,
) -> Block:
    found = {
        name: batch.column(names[indices[name]]) if name in indices else _blank_column(len(batch))
        for name in columns.all
    }
    return Block(columns.file, first_row, found, frozenset(indices))


def _no_rows(columns: FileColumns) -> dict[str, pa.DictionaryArray]:
    return {name: _blank_column(0) for name in columns.all}


def _blank_column(n_rows: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(
        pa.array(np.zeros(n_rows, np.int32)), pa.array([""], pa.string())
    )


def _header(head: bytes, encoding: str) -> tuple[list[str], int]:
    """Return the column names, trimmed and in lower case, and the lines they take up."""
    # The cut at the end may split a character; the header is complete long before it.
    text = head.decode(encoding, errors="replace")
    lines = text.splitlines()
    for n, line in enumerate(lines):
        if line.strip(BLANKS):
            fields = next(csv.reader([line.lstrip("\ufeff")]), [])
            return [field.strip(BLANKS).strip('"').lower() for field in fields], n + 1
    return [], 0


def _match(header: list[str], columns: FileColumns, ledger: Ledger) -> dict[str, int] | None:
    missing = [name for name in columns.required if name not in header]
    for name in missing:
        near = nearest(name, header)
        ledger.problem(
            columns.file,
            f"no column {name}" + (f", but {near}" if near else "") if header else "an empty file",
            f"the column {name}, which GTFS requires",
        )
    for name in columns.all:
        if header.count(name) > 1:
            ledger.problem(columns.file, f"the column {name} twice", "each column once")
            return None
    if missing:
        return None
    return {name: header.index(name) for name in columns.all if name in header}


def checked(
    block: Block,
    name: str,
    parser: Parser,
    blank: float,
    expected: str,
    ledger: Ledger,
    *,
    rows: npt.NDArray[np.bool_] | None = None,
) -> npt.NDArray[np.float64]:
    """Parse a column, float64 (n,), and note a problem for each text that can't be parsed.

    `rows` limits which rows may cause a problem.
    """
    values, bad = block.decode(name, parser, blank)
    if rows is not None:
        bad &= rows
    if bad.any():
        report(
            block,
            name,
            np.flatnonzero(bad),
            lambda text: f'{name} "{text[:60]}"',
            f"{name} as {expected}",
            ledger,
        )
    return values


def report(
    block: Block,
    name: str,
    rows: npt.NDArray[np.intp],
    found: Callable[[str], str],
    expected: str,
    ledger: Ledger,
) -> None:
    """Note a problem for each row: what is `found` is told by the text in column `name`."""
    codes, texts = block.codes(name), block.texts(name)
    for row in rows[:SHOWN_PER_KIND]:
        where = block.first_row + int(row)
        ledger.problem(block.file, found(texts[codes[row]]), expected, row=where)
    ledger.more(block.file, expected, len(rows) - SHOWN_PER_KIND)


def whole(values: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Whole numbers of parsed values."""
    return values.astype(np.int64)
