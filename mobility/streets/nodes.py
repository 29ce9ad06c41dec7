"""Nodes of any OSM file in blocks of arrays, as quickly as its form allows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import osmium

from mobility.streets.model import Int64
from mobility.streets.pbf import NodeBlock, UnknownFormError, read_nodes


def node_blocks(path: Path, *, with_tags: bool = True) -> Iterator[NodeBlock]:
    """Read nodes by blocks: by array where the file's form allows it, else by pyosmium."""
    begun = False
    if path.name.lower().endswith(".pbf"):
        try:
            for block in read_nodes(path, with_tags=with_tags):
                begun = True
                yield block
        except UnknownFormError as error:
            if begun:
                raise ValueError(str(error)) from error
        else:
            return
    yield from _slow_blocks(path)


def _slow_blocks(path: Path, size: int = 100_000) -> Iterator[NodeBlock]:
    ids: list[int] = []
    lon: list[float] = []
    lat: list[float] = []
    tags: dict[int, Mapping[str, str]] = {}
    for node in osmium.FileProcessor(str(path), osmium.osm.NODE):
        if node.tags:
            tags[len(ids)] = dict(node.tags)
        valid = node.location.valid()
        ids.append(node.id)
        lon.append(node.location.lon_without_check() if valid else np.nan)
        lat.append(node.location.lat_without_check() if valid else np.nan)
        if len(ids) == size:
            yield NodeBlock(np.array(ids, np.int64), np.array(lon), np.array(lat), tags)
            ids, lon, lat, tags = [], [], [], {}
    if ids:
        yield NodeBlock(np.array(ids, np.int64), np.array(lon), np.array(lat), tags)


def is_in(values: Int64, known: Int64) -> npt.NDArray[np.bool_]:
    """Tell which values stand in `known`, ascending; smaller and quicker than np.isin."""
    if not len(known):
        return np.zeros(len(values), bool)
    at = np.searchsorted(known, values)
    at[at == len(known)] = 0
    return np.asarray(known[at] == values)
