"""Nodes of an OSM PBF as arrays, block by block.

A country's file holds tens of millions of nodes, and most belong to no street. A loop over
objects takes minutes for them and a filter by id over a gigabyte; decoding a block's packed
columns by array takes seconds and a few megabytes. Only what extracts use is understood:
dense nodes, zlib or no compression; `read_nodes` says where a file is otherwise.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from mobility.streets.model import Float64, Int64

# Limits of the format itself: nothing larger is a PBF, whatever it says of its size.
LARGEST_HEADER = 64 << 10
LARGEST_BLOB = 32 << 20
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


class UnknownFormError(Exception):
    """The file is no PBF of the form that is understood here."""


@dataclass(frozen=True, eq=False)
class NodeBlock:
    """Some nodes: ids, positions in degrees (NaN: none), and tags of those rows that have any."""

    ids: Int64
    lon: Float64
    lat: Float64
    tags: Mapping[int, Mapping[str, str]]


def read_nodes(path: Path, *, with_tags: bool = True) -> Iterator[NodeBlock]:
    """Read the nodes of a file, a few thousand at a time, in the file's order.

    Raises
    ------
    UnknownFormError
        The file is damaged or of another form; pyosmium may read it.
    """
    with path.open("rb") as file:
        sorted_by_type = False
        seen_nodes = False
        while (blob := _next_blob(file)) is not None:
            kind, data = blob
            if kind == b"OSMHeader":
                features = [value for key, value in _fields(data) if key in (4, 5)]
                sorted_by_type = b"Sort.Type_then_ID" in features
                continue
            if kind != b"OSMData":
                continue
            blocks = list(_node_blocks(data, with_tags))
            yield from blocks
            if blocks:
                seen_nodes = True
            elif seen_nodes and sorted_by_type:
                return  # only ways and relations follow


def _next_blob(file: BinaryIO) -> tuple[bytes, bytes] | None:
    head = file.read(4)
    if not head:
        return None
    if len(head) < 4:
        raise UnknownFormError("cut off")
    (size,) = struct.unpack(">I", head)
    if size > LARGEST_HEADER:
        raise UnknownFormError("no blob header")
    kind, length = b"", -1
    for key, value in _fields(_exactly(file, size)):
        if key == 1 and isinstance(value, bytes):
            kind = value
        elif key == 3 and isinstance(value, int):
            length = value
    if not 0 <= length <= LARGEST_BLOB:
        raise UnknownFormError("no blob size")
    return kind, _unpacked(_exactly(file, length))


def _exactly(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    if len(data) != size:
        raise UnknownFormError("cut off")
    return data


def _unpacked(blob: bytes) -> bytes:
    for key, value in _fields(blob):
        if key == 1 and isinstance(value, bytes):
            return value
        if key == 3 and isinstance(value, bytes):
            machine = zlib.decompressobj()
            try:
                data = machine.decompress(value, LARGEST_BLOB)
            except zlib.error as error:
                raise UnknownFormError(str(error)) from error
            if machine.unconsumed_tail:
                raise UnknownFormError("a block larger than the format allows")
            return data
    raise UnknownFormError("another compression")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise UnknownFormError("cut off")
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Fields of a protobuf message in order: number and content."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, kind = tag >> 3, tag & 7
        if kind == VARINT:
            value, at = _varint(data, at)
            yield number, value
            continue
        if kind == BYTES:
            size, at = _varint(data, at)
        elif kind in (FIXED64, FIXED32):
            size = 8 if kind == FIXED64 else 4
        else:
            raise UnknownFormError("no protobuf")
        if at + size > len(data):
            raise UnknownFormError("cut off")
        yield number, data[at : at + size]
        at += size


def _node_blocks(data: bytes, with_tags: bool) -> Iterator[NodeBlock]:
    groups: list[bytes] = []
    table: bytes = b""
    scale, lat_offset, lon_offset = 100, 0, 0
    for key, value in _fields(data):
        if isinstance(value, bytes):
            if key == 1:
                table = value
            elif key == 2:
                groups.append(value)
        elif key == 17:
            scale = value
        elif key == 19:
            lat_offset = _signed(value)
        elif key == 20:
            lon_offset = _signed(value)
    words: list[str] = []
    for group in groups:
        for key, value in _fields(group):
            if key == 1:
                raise UnknownFormError("nodes that are not dense")
            if key != 2 or not isinstance(value, bytes):
                break  # ways or relations
            if with_tags and not words:
                words = [text.decode("utf-8", "replace") for k, text in _fields(table)
                         if k == 1 and isinstance(text, bytes)]  # fmt: skip
            yield _dense(value, scale, lat_offset, lon_offset, words)


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def _dense(
    data: bytes, scale: int, lat_offset: int, lon_offset: int, words: list[str]
) -> NodeBlock:
    columns: dict[int, bytes] = {}
    for key, value in _fields(data):
        if isinstance(value, bytes):
            columns[key] = columns.get(key, b"") + value
    ids = np.cumsum(_zigzag(columns.get(1, b"")))
    lat = np.cumsum(_zigzag(columns.get(8, b"")))
    lon = np.cumsum(_zigzag(columns.get(9, b"")))
    if not len(ids) == len(lat) == len(lon):
        raise UnknownFormError("columns of different lengths")
    tags = _tags(columns.get(10, b""), words) if words else {}
    # Rounded to the seven decimals OSM keeps, as pyosmium gives them.
    x = np.rint((lon_offset + scale * lon) / 100.0) / 1e7
    y = np.rint((lat_offset + scale * lat) / 100.0) / 1e7
    nowhere = (np.abs(x) > 180) | (np.abs(y) > 90)
    x[nowhere] = y[nowhere] = np.nan
    return NodeBlock(ids, x, y, tags)


def _varints(data: bytes) -> npt.NDArray[np.uint64]:
    """Decode packed variable-length numbers, all at once."""
    raw = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(raw < 128)
    if len(raw) and (not len(ends) or ends[-1] != len(raw) - 1):
        raise UnknownFormError("cut off")
    starts = np.concatenate(([0], ends[:-1] + 1)) if len(ends) else ends
    lengths = ends - starts + 1
    longest = int(lengths.max(initial=0))
    if longest > 10:
        raise UnknownFormError("a number too long")
    values = np.zeros(len(ends), np.uint64)
    for k in range(longest):
        rows = np.flatnonzero(lengths > k)
        part = (raw[starts[rows] + k] & 127).astype(np.uint64)
        values[rows] |= part << np.uint64(7 * k)
    return values


def _zigzag(data: bytes) -> Int64:
    values = _varints(data)
    half = (values >> np.uint64(1)).astype(np.int64)
    return half ^ -(values & np.uint64(1)).astype(np.int64)


def _tags(data: bytes, words: list[str]) -> dict[int, dict[str, str]]:
    """Tags by row: key and value numbers, each node's closed by a zero."""
    numbers = _varints(data).astype(np.int64)
    if not len(numbers):
        return {}
    if int(numbers.max()) >= len(words):
        raise UnknownFormError("a tag without a word")
    # A zero at an even place of its node closes it; values are never zero in practice, but
    # a key never is, so pairs are walked only in stretches that hold some.
    found: dict[int, dict[str, str]] = {}
    row = at = 0
    listed = numbers.tolist()
    size = len(listed)
    zeros = np.flatnonzero(numbers == 0)
    skip = 0
    while at < size:
        if listed[at] == 0:
            # Jump over a run of nodes without tags.
            while skip < len(zeros) and zeros[skip] < at:
                skip += 1
            run = skip
            while run + 1 < len(zeros) and zeros[run + 1] == zeros[run] + 1:
                run += 1
            row += int(zeros[run] - at) + 1
            at = int(zeros[run]) + 1
            skip = run + 1
            continue
        tags = {}
        while at + 1 < size and listed[at] != 0:
            tags[words[listed[at]]] = words[listed[at + 1]]
            at += 2
        if at >= size or listed[at] != 0:
            raise UnknownFormError("tags that do not end")
        found[row] = tags
        row += 1
        at += 1
    return found
