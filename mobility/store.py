"""Frozen dataclasses of arrays and tables in a folder, and back: memory-mapped, no pickle.

The folder holds ``index.json`` with the tree of values, one ``.npy`` per numeric array
(opened memory-mapped) and one Arrow file per table. What is on disk is checked on
loading: every file's size and the class names; nothing is ever executed from it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import json
import shutil
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import shapely
from pyarrow import feather

from mobility.errors import Problem, RunError, writing
from mobility.leftovers import USED, aside, begin, touch

T = TypeVar("T")
INDEX = USED
FORMAT = 1


@dataclasses.dataclass
class _Writer:
    folder: Path
    sizes: dict[str, int]

    def path(self, ending: str) -> Path:
        return self.folder / f"{len(self.sizes):04d}{ending}"

    def done(self, path: Path) -> str:
        self.sizes[path.name] = path.stat().st_size
        return path.name


def save(value: object, folder: Path) -> None:
    """Write a dataclass tree so that the folder appears whole or not at all.

    Two processes that save the same folder at once do no harm: the first one wins.

    Raises
    ------
    RunError
        The folder can't be written, or the tree holds a value of a kind that can't be kept.
    """
    with writing(folder):
        beside = begin(folder)
        try:
            with writing(folder):
                _fill(beside, value)
            try:
                beside.rename(folder)
            except OSError:
                # Another process was first, or an older folder stands there that did not load.
                if not (folder / INDEX).is_file():
                    raise
                shutil.rmtree(beside, ignore_errors=True)
        except BaseException:
            shutil.rmtree(beside, ignore_errors=True)
            raise


def _fill(folder: Path, value: object) -> None:
    writer = _Writer(folder, {})
    tree = _encode(value, writer)
    index = {"format": FORMAT, "files": writer.sizes, "tree": tree}
    (folder / INDEX).write_text(
        json.dumps(index, ensure_ascii=False), encoding="utf-8", newline="\n"
    )


def load(kind: type[T], folder: Path) -> T:
    """Read a dataclass tree back; numeric arrays stay on disk, memory-mapped and read-only.

    Raises
    ------
    RunError
        The folder is incomplete, changed, or holds another kind of value.
    """
    try:
        value = _decode(_checked_tree(folder), kind, folder)
        touch(folder / INDEX)
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as cause:
        raise RunError(
            Problem(str(folder), f"a damaged folder ({cause})", "a folder written whole",
                    "Delete it; it is made again")
        ) from cause  # fmt: skip
    return typing.cast("T", value)


def _checked_tree(folder: Path) -> Any:
    index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    if index["format"] != FORMAT:
        raise ValueError(index["format"])
    for name, size in index["files"].items():
        if (folder / name).stat().st_size != size:
            raise ValueError(name)
    return index["tree"]


def _encode(value: object, writer: _Writer) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return _encode_plain(value)
    if isinstance(value, np.generic):
        return _encode(value.item(), writer)
    if isinstance(value, np.ndarray):
        return _encode_array(value, writer)
    if isinstance(value, pd.DataFrame):
        path = writer.path(".arrow")
        feather.write_feather(
            pa.Table.from_pandas(value, preserve_index=False), str(path), compression="lz4"
        )
        return {"table": writer.done(path)}
    if isinstance(value, dt.date):
        return {"date": value.isoformat()}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {
            "class": type(value).__name__,
            "fields": {f.name: _encode(getattr(value, f.name), writer) for f in fields},
        }
    if isinstance(value, Mapping):
        return {"map": [[str(key), _encode(item, writer)] for key, item in value.items()]}
    if isinstance(value, tuple | list):
        return {"list": [_encode(item, writer) for item in value]}
    if isinstance(value, shapely.Geometry):
        return {"wkb": shapely.to_wkb(value, hex=True)}
    raise RunError(Problem("store", f"a value of type {type(value).__name__}", "plain data"))


def _encode_plain(value: bool | float | str | None) -> Any:
    if isinstance(value, float) and not np.isfinite(value):
        return {"float": repr(value)}
    return value


def _encode_array(array: npt.NDArray[Any], writer: _Writer) -> Any:
    if array.dtype == object:
        path = writer.path(".arrow")
        if len(array) and all(isinstance(v, shapely.Geometry) for v in array.flat):
            column, form = pa.array(shapely.to_wkb(array).tolist(), pa.binary()), "wkb"
        else:
            column, form = pa.array(array.tolist()), "object"
        feather.write_feather(pa.table({"v": column}), str(path), compression="lz4")
        return {form + "s": writer.done(path)}
    path = writer.path(".npy")
    np.save(path, array, allow_pickle=False)
    return {"array": writer.done(path)}


def _decode(tree: Any, kind: Any, folder: Path) -> Any:
    if not isinstance(tree, dict):
        return tree
    ((form, content), *_) = tree.items()
    if form == "class":
        return _decode_class(tree, _class_named(kind, content), folder)
    if form == "map":
        item_kind = (typing.get_args(kind) or (str, Any))[-1]
        return {key: _decode(item, item_kind, folder) for key, item in content}
    if form == "list":
        item_kind = next((a for a in typing.get_args(kind) if a is not Ellipsis), Any)
        return tuple(_decode(item, item_kind, folder) for item in content)
    return _decode_leaf(form, content, folder)


def _decode_leaf(form: str, content: str, folder: Path) -> Any:
    match form:
        case "array":
            return _open_array(folder / content)
        case "table":
            return feather.read_table(str(folder / content), memory_map=True).to_pandas()
        case "objects" | "wkbs":
            column = feather.read_table(str(folder / content)).column("v")
            values = np.empty(len(column), object)
            items = column.to_pylist()
            values[:] = shapely.from_wkb(items) if form == "wkbs" else items
            values.setflags(write=False)
            return values
        case "date":
            return dt.date.fromisoformat(content)
        case "bytes":
            return bytes.fromhex(content)
        case "wkb":
            return shapely.from_wkb(content)
        case "float":
            return float(content)
    raise ValueError(form)


def _open_array(path: Path) -> npt.NDArray[Any]:
    try:
        array: npt.NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError:  # an array of no elements can't be mapped
        array = np.load(path, allow_pickle=False)
    # A plain view, not np.memmap: kernels compile once for it.
    view = array.view(np.ndarray)
    view.setflags(write=False)
    return view


def _class_named(kind: Any, name: str) -> type:
    for candidate in _candidates(kind):
        if isinstance(candidate, type) and candidate.__name__ == name:
            return candidate
    raise ValueError(f"{name} where {kind} is expected")


def _candidates(kind: Any) -> list[Any]:
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return list(typing.get_args(kind))
    return [kind]


def _decode_class(tree: dict[str, Any], kind: type, folder: Path) -> Any:
    hints = typing.get_type_hints(kind)
    known = {field.name for field in dataclasses.fields(kind)}
    values = {
        name: _decode(item, hints[name], folder)
        for name, item in tree["fields"].items()
        if name in known
    }
    return kind(**values)


def remove(folder: Path) -> None:
    """Delete a stored folder, if it is there; where this process is killed, the next one does."""
    doomed = aside(folder, "gone")
    with contextlib.suppress(FileNotFoundError):  # another process was first
        folder.rename(doomed)
    shutil.rmtree(doomed, ignore_errors=True)
