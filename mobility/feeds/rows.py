"""CSV as GTFS has it, read by pyarrow: only the columns needed, trimmed, in any encoding."""

from __future__ import annotations

import codecs
import csv
import lzma
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from mobility.errors import nearest
from mobility.feeds.archive import NO_TIMETABLE, Archive
from mobility.feeds.ledger import SHOWN_PER_KIND, Ledger
from mobility.feeds.parse import Parser

_DAMAGE = (zlib.error, lzma.LZMAError, BadZipFile)

BLOCK_BYTES = 16 << 20
HEADER_BYTES = 1 << 16
CHECKED_BYTES = 8 << 20
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
ENCODINGS = ("utf-8", "cp1252", "latin-1")
BLANKS = " \t\r\n\u00a0\u200b\ufeff\0"

# A few rows with an unquoted comma are left out and counted; a file full of them is no CSV.
LARGEST_RAGGED_SHARE = 0.1


@dataclass(frozen=True)
class FileColumns:
    """Which columns of a file are read; a file without a required one is refused.

    `plain` columns are not dictionary-encoded while reading: in a large file of which few
    rows are kept, encoding those rows alone is cheaper.
    """

    file: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    plain: frozenset[str] = frozenset()

    @property
    def all(self) -> tuple[str, ...]:
        """Required, then optional columns."""
        return (*self.required, *self.optional)


@dataclass(frozen=True)
class Block:
    """Rows of a file.

    Parameters
    ----------
    file
        File name.
    lines
        int64 (n,): line of each row in the file, the header being 1 (blank lines and rows
        that were left out are not counted).
    columns
        Name → text, dictionary-encoded or not. A column the file lacks is all blank.
    """

    file: str
    lines: npt.NDArray[np.int64]
    columns: dict[str, pa.Array]

    def __len__(self) -> int:
        return len(self.lines)

    def take(self, rows: npt.NDArray[np.bool_]) -> Block:
        """Return some of the rows, by mask."""
        mask = pa.array(rows)
        columns = {name: column.filter(mask) for name, column in self.columns.items()}
        return Block(self.file, self.lines[rows], columns)

    def coded(self, name: str) -> tuple[npt.NDArray[np.int32], pa.StringArray]:
        """Return a column as code per row, int32 (n,), and the trimmed texts codes stand for.

        Two codes may stand for one text, where the file has it with and without blanks.
        """
        column = self.columns[name]
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        codes: npt.NDArray[np.int32] = column.indices.to_numpy(zero_copy_only=False)
        return codes, pc.utf8_trim(column.dictionary, characters=BLANKS)

    def text(self, name: str) -> pa.StringArray:
        """Text of a column per row, trimmed."""
        codes, texts = self.coded(name)
        return texts.take(pa.array(codes))

    def rows_of(self, name: str, known: pa.StringArray) -> npt.NDArray[np.int32]:
        """Row of each text among the known ones, int32 (n,), −1 where it is not there."""
        codes, texts = self.coded(name)
        return row_of(texts, known)[codes] if len(texts) else codes


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
    return Block(columns.file, np.concatenate([b.lines for b in blocks]), whole)


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
                n_rows = int(block.lines[-1]) - 1 if len(block) else 0
                yield block
        except (UnicodeError, pa.ArrowInvalid, pa.ArrowException) as error:
            ragged_too = encoding == ENCODINGS[0] and "Expected" in str(error)
            if "UTF" in str(error).upper() or isinstance(error, UnicodeError) or ragged_too:
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
        if encoding == ENCODINGS[0] and not head.startswith(UTF_16):
            # Beyond, the reader itself finds out; but not in rows of a wrong number of fields.
            codecs.getincrementaldecoder(encoding)().decode(head + file.read(CHECKED_BYTES))
    if head.startswith(UTF_16):
        encoding = "utf-16"
    header, n_lines = _header(head, encoding)
    if archive.has_areas and "stop_id" in columns.required and "stop_id" not in header:
        ledger.problem(columns.file, "areas, and no column of stops (GTFS-Flex)", *NO_TIMETABLE)
        return
    indices = _match(header, columns, ledger)
    if indices is None:
        return
    names = [f"{i}" for i in range(len(header))]
    coded = pa.dictionary(pa.int32(), pa.string())
    kinds = {
        names[i]: pa.string() if name in columns.plain else coded for name, i in indices.items()
    }

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
                column_types=kinds,
                strings_can_be_null=False,
                check_utf8=True,
            ),
        )
        row = 0
        for batch in reader:
            start = max(skip - row, 0)
            if start < len(batch):
                lines = np.arange(row + start, row + len(batch), dtype=np.int64) + 2
                yield Block(columns.file, lines, _columns(columns, indices, batch.slice(start)))
            row += len(batch)
        if not row:
            yield Block(columns.file, np.zeros(0, np.int64), _no_rows(columns))


def _columns(
    columns: FileColumns, indices: dict[str, int], batch: pa.RecordBatch
) -> dict[str, pa.Array]:
    return {
        name: batch.column(str(indices[name])) if name in indices else _blank_column(len(batch))
        for name in columns.all
    }


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
    block: Block, name: str, parser: Parser, blank: float, expected: str, ledger: Ledger
) -> npt.NDArray[np.float64]:
    """Parse a column, float64 (n,), and note a problem for each text that can't be parsed.

    Blank texts, and those that can't be parsed, become `blank`. Each distinct text is parsed
    once.
    """
    codes, distinct = block.coded(name)
    texts: list[str] = distinct.to_pylist()
    if not texts:
        return np.zeros(len(block))
    parsed = [blank if not text else parser(text) for text in texts]
    values = np.array([np.nan if value is None else value for value in parsed], np.float64)
    if None in parsed:
        bad = np.array([value is None for value in parsed], bool)
        values[bad] = blank
        rows = np.flatnonzero(bad[codes])
        report(block, name, rows, name + ' "{}"', f"{name} as {expected}", ledger)
    return values[codes]


def report(
    block: Block,
    name: str,
    rows: npt.NDArray[np.intp],
    found: str,
    expected: str,
    ledger: Ledger,
) -> None:
    """Note a problem for each row; ``{}`` in `found` stands for the text in column `name`."""
    codes, texts = block.coded(name)
    for row in rows[:SHOWN_PER_KIND]:
        text = texts[int(codes[row])].as_py()[:60]
        ledger.problem(block.file, found.replace("{}", text), expected, row=int(block.lines[row]))
    ledger.more(block.file, expected, len(rows) - SHOWN_PER_KIND)


def row_of(texts: pa.StringArray, known: pa.StringArray) -> npt.NDArray[np.int32]:
    """Row of each text among the known ones, int32, −1 where it is not there."""
    rows = pc.index_in(texts, value_set=known).fill_null(-1)
    found: npt.NDArray[np.int32] = rows.to_numpy(zero_copy_only=False).astype(np.int32)
    return found


def whole(values: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Whole numbers of parsed values."""
    return values.astype(np.int64)
