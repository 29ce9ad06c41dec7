"""Medians of each draw of the phases, beside a run's travel times, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mobility.tables import Column, TravelTimes

FILE = "draws.parquet"
DRAWS = (
    Column("scenario", "string", "", "scenario name"),
    Column("mode", "string", "", "mode of travel, door to door"),
    Column("draw", "int32", "", "number of the draw of the phases of headway services, from 1"),
    Column("origin", "string", "", "zone of departure"),
    Column("destination", "string", "", "zone of arrival"),
    Column("p50_s", "float32", "s", "median travel time over departures in this draw"),
)
_TEXT = pa.dictionary(pa.int32(), pa.string())
_SCHEMA = pa.schema([(c.name, _TEXT if c.dtype == "string" else c.dtype) for c in DRAWS])


def write_draws(folder: Path, times: Mapping[str, TravelTimes]) -> None:
    """Write `DRAWS`, a row group per mode that has several draws; no file where none has."""
    drawn = [matrix for matrix in times.values() if matrix.draws_s is not None]
    if not drawn:
        return
    with pq.ParquetWriter(folder / FILE, _SCHEMA, compression="zstd") as writer:
        for matrix in drawn:
            writer.write_table(_rows(matrix), row_group_size=1 << 62)


def _rows(times: TravelTimes) -> pa.Table:
    """Lay draws out in order, each origin-major."""
    assert times.draws_s is not None
    n_o, n_d, n_draws = times.draws_s.shape

    def text(codes: np.ndarray[tuple[int, ...], np.dtype[np.intp]], names: list[str]) -> pa.Array:
        return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(names))

    n = n_o * n_d * n_draws
    one = np.zeros(n, np.intp)
    columns = [
        text(one, [times.scenario]),
        text(one, [times.mode]),
        pa.array(np.repeat(np.arange(1, n_draws + 1), n_o * n_d), pa.int32()),
        text(np.tile(np.repeat(np.arange(n_o), n_d), n_draws), [str(z) for z in times.origins]),
        text(np.tile(np.arange(n_d), n_o * n_draws), [str(z) for z in times.destinations]),
        pa.array(np.moveaxis(times.draws_s, 2, 0).ravel(), pa.float32()),
    ]
    return pa.Table.from_arrays(columns, schema=_SCHEMA)


def with_draws(folder: Path, times: Mapping[str, TravelTimes]) -> dict[str, TravelTimes]:
    """Give matrices read from a folder the draws that stand beside them."""
    found = dict(times)
    if not (folder / FILE).is_file():
        return found
    opened = pq.ParquetFile(folder / FILE)
    for group in range(opened.num_row_groups):
        table = opened.read_row_group(group, columns=["mode", "p50_s"])
        matrix = found[table["mode"][0].as_py()]
        shape = (-1, len(matrix.origins), len(matrix.destinations))
        medians = table["p50_s"].to_numpy().reshape(shape)
        found[matrix.mode] = replace(
            matrix, draws_s=np.ascontiguousarray(np.moveaxis(medians, 0, 2))
        )
    return found
