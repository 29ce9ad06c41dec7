"""stops.txt: names, positions, stations and their platforms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from mobility.feeds import parse
from mobility.feeds.archive import Archive
from mobility.feeds.ledger import Ledger
from mobility.feeds.rows import Block, FileColumns, checked, read_table, report, row_of

FILE = "stops.txt"
STOPS = FileColumns(
    FILE,
    ("stop_id",),
    (
        "stop_name",
        "stop_code",
        "platform_code",
        "stop_lat",
        "stop_lon",
        "location_type",
        "parent_station",
    ),
)

# No land, and so no stop, lies within a degree of 0, 0: such positions are blanks in disguise.
NULL_ISLAND_DEGREES = 1.0

Box = tuple[float, float, float, float]

Floats = npt.NDArray[np.float64]

EARTH_M = 6_371_009.0


@dataclass(frozen=True)
class Places:
    """All stops of one feed, before it is known which are kept.

    `table` has the columns of `Feeds.stops` but ``feed`` and ``country``, ids not prefixed;
    `placed` is False where neither a stop nor its parents have a position.
    """

    table: pd.DataFrame
    placed: npt.NDArray[np.bool_]

    def in_box(self, box: Box | None) -> npt.NDArray[np.bool_]:
        """Stops with a position inside the box (all with a position, where there is none)."""
        if box is None:
            return self.placed
        lon, lat = self.table["lon"].to_numpy(), self.table["lat"].to_numpy()
        inside = (lon >= box[0]) & (lon <= box[2]) & (lat >= box[1]) & (lat <= box[3])
        found: npt.NDArray[np.bool_] = inside & self.placed
        return found


def read_places(archive: Archive, ledger: Ledger) -> Places | None:
    """Read the stops; doubled rows are dropped, doubled ids that differ are a problem."""
    block = read_table(archive, STOPS, ledger)
    if block is None:
        return None
    keep = unique_rows(block, "stop_id", ledger)
    ids = block.text("stop_id").filter(pa.array(keep))
    texts = {name: block.text(name).filter(pa.array(keep)) for name in STOPS.all}
    kind = checked(block, "location_type", parse.code(4), 0, "0 to 4", ledger)[keep]
    lon, lat = _positions(block, ledger)
    lon, lat = lon[keep], lat[keep]
    parent = _parents(ids, texts["parent_station"], ledger)
    lon, lat, placed = _inherit(lon, lat, parent, ledger)
    table = pd.DataFrame(
        {
            "stop_id": text_series(ids),
            "name": text_series(texts["stop_name"]),
            "code": text_series(texts["stop_code"]),
            "platform": text_series(texts["platform_code"]),
            "lon": lon,
            "lat": lat,
            "location_type": kind.astype(np.int8),
            "parent": parent,
        }
    )
    return Places(table, placed)


def text_series(texts: pa.StringArray) -> pd.Series:
    """Arrow text as a pandas column of its default text type."""
    return pd.Series(texts.to_numpy(zero_copy_only=False), dtype="str")


def unique_rows(block: Block, key: str, ledger: Ledger) -> npt.NDArray[np.bool_]:
    """Rows whose key is there and new, bool (n,).

    A row that repeats an earlier one in all columns is dropped and counted; the same key
    with other content is a problem, since nobody can tell which row is right.
    """
    codes = pd.DataFrame({name: _canonical(block, name) for name in block.columns})
    no_key = block.text(key).to_numpy(zero_copy_only=False) == ""
    again = codes.duplicated().to_numpy() & ~no_key
    clash = codes.duplicated(key).to_numpy() & ~again & ~no_key
    ledger.drop(block.file, f"no {key}", int(no_key.sum()))
    ledger.drop(block.file, "the same row again", int(again.sum()))
    report(
        block,
        key,
        np.flatnonzero(clash),
        key + ' "{}" again, with other content',
        f"each {key} once",
        ledger,
    )
    unique: npt.NDArray[np.bool_] = ~(no_key | again | clash)
    return unique


def _canonical(block: Block, name: str) -> npt.NDArray[np.int32]:
    """Codes of a column's texts such that texts equal when trimmed share one code."""
    codes, texts = block.coded(name)
    code_of: npt.NDArray[np.int32] = texts.dictionary_encode().indices.to_numpy()
    return code_of[codes] if len(code_of) else codes


def _positions(block: Block, ledger: Ledger) -> tuple[Floats, Floats]:
    lon = checked(block, "stop_lon", parse.number, np.nan, "degrees, like 5.4791", ledger)
    lat = checked(block, "stop_lat", parse.number, np.nan, "degrees, like 51.4433", ledger)
    with np.errstate(invalid="ignore"):
        null = (np.abs(lon) < NULL_ISLAND_DEGREES) & (np.abs(lat) < NULL_ISLAND_DEGREES)
        off = ~null & ((np.abs(lon) > 180) | (np.abs(lat) > 90))
    ledger.repair(FILE, "position at 0, 0 taken as blank", int(null.sum()))
    ledger.repair(FILE, "position off the globe taken as blank", int(off.sum()))
    none = null | off | np.isnan(lon) | np.isnan(lat)
    return np.where(none, np.nan, lon), np.where(none, np.nan, lat)


def _parents(ids: pa.StringArray, parents: pa.StringArray, ledger: Ledger) -> npt.NDArray[np.int32]:
    parent = row_of(parents, ids)
    lost = (parent < 0) & (parents.to_numpy(zero_copy_only=False) != "")
    ledger.repair(FILE, "parent_station unknown, taken as blank", int(lost.sum()))
    # Follow the parents as long as there are any; what is still climbing then is in a ring.
    top = parent.copy()
    for _ in range(8):
        top = np.where(top >= 0, parent[top], -1)
    ring = top >= 0
    ledger.repair(FILE, "parent_station in a ring, taken as blank", int(ring.sum()))
    return np.where(ring, np.int32(-1), parent).astype(np.int32)


def _inherit(
    lon: Floats,
    lat: Floats,
    parent: npt.NDArray[np.int32],
    ledger: Ledger,
) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    lon, lat = lon.copy(), lat.copy()
    blank = np.isnan(lon)
    above = parent
    for _ in range(8):
        take = np.isnan(lon) & (above >= 0)
        lon[take], lat[take] = lon[above[take]], lat[above[take]]
        above = np.where(above >= 0, parent[above], -1)
    placed = ~np.isnan(lon)
    ledger.repair(FILE, "position taken from the parent station", int((blank & placed).sum()))
    return lon, lat, placed


def hops_m(lon: Floats, lat: Floats) -> Floats:
    """Metres as the crow flies from each point to the next, on a sphere, (n - 1,)."""
    x, y = np.radians(lon), np.radians(lat)
    dx, dy = np.diff(x), np.diff(y)
    half = np.sin(dy / 2) ** 2 + np.cos(y[1:]) * np.cos(y[:-1]) * np.sin(dx / 2) ** 2
    metres: Floats = 2 * EARTH_M * np.arcsin(np.sqrt(np.minimum(half, 1.0)))
    return metres
