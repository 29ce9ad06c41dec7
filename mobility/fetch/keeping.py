"""The dated store of older copies, and what empties it."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import dataclass
from pathlib import Path

from mobility.fetch.checks import hash_of
from mobility.fetch.model import Entry
from mobility.leftovers import whole_file


@dataclass(frozen=True)
class Cleaned:
    """How many files were deleted, and their bytes."""

    files: int
    size: int


def store_of(region_path: Path) -> Path:
    """Name the folder of a region's older copies: ``<region>/store/older``."""
    return region_path.parent / region_path.stem / "store" / "older"


def put_away(path: Path, region_path: Path, day: str, sha256: str) -> Path:
    """Keep a file in the store of its day too; it stays in its place until a newer one takes it."""
    target = store_of(region_path) / day / f"{sha256[:12]}-{path.name}"
    if target.is_file() and hash_of(target) == sha256:
        return target
    with whole_file(target) as beside:
        try:
            beside.hardlink_to(path)
        except OSError:  # on another disk, or a file system without links
            shutil.copyfile(path, beside)
    return target


def find_older(region_path: Path, entry: Entry) -> Path | None:
    """Find a file in the store by its hash; its content is looked at, not only its name."""
    pattern = f"*/{entry.sha256[:12]}-*"
    for path in sorted(store_of(region_path).glob(pattern)):
        if path.stat().st_size == entry.size and hash_of(path) == entry.sha256:
            return path
    return None


def clean(region_path: Path, *, before: dt.date | None = None, really: bool = True) -> Cleaned:
    """Delete older copies, those of the days before `before` only where it is given.

    Where `really` is False they are only counted.
    """
    store = store_of(region_path)
    files = size = 0
    for folder in sorted(store.iterdir()) if store.is_dir() else []:
        try:
            day = dt.date.fromisoformat(folder.name)
        except ValueError:
            continue  # not put there by fetch
        if not folder.is_dir() or (before is not None and day >= before):
            continue
        inside = [path for path in folder.rglob("*") if path.is_file()]
        files += len(inside)
        size += sum(path.stat().st_size for path in inside)
        if really:
            shutil.rmtree(folder)
    return Cleaned(files, size)
