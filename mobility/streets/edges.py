"""Ways to edges: cut where streets meet, where a node matters, and where nodes are missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.errors import Problem, StreetError
from mobility.streets.model import Bool, Float32, Float64, Int32, Int64
from mobility.streets.osm import RawStreets

EARTH_M = 6_371_008.8
Box = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class Edges:
    """Street nodes and edges before any rule has been applied; fields as in StreetNetwork."""

    node_id: Int64
    node_lon: Float64
    node_lat: Float64
    node_tags: Int32
    edge_from: Int32
    edge_to: Int32
    edge_length_m: Float32
    edge_way: Int32
    shape_offset: Int64
    shape_lon: Float64
    shape_lat: Float64
    ways: pd.DataFrame
    counts: Mapping[str, int]


def distance_m(
    lon_a: npt.ArrayLike, lat_a: npt.ArrayLike, lon_b: npt.ArrayLike, lat_b: npt.ArrayLike
) -> Float64:
    """Great-circle distances in metres between points given in degrees."""
    lon_a, lat_a, lon_b, lat_b = (
        np.radians(np.asarray(x, np.float64)) for x in (lon_a, lat_a, lon_b, lat_b)
    )
    half = (
        np.sin((lat_b - lat_a) / 2) ** 2
        + np.cos(lat_a) * np.cos(lat_b) * np.sin((lon_b - lon_a) / 2) ** 2
    )
    return np.asarray(2 * EARTH_M * np.arcsin(np.sqrt(np.clip(half, 0, 1))), np.float64)


def ranges(start: npt.NDArray[np.integer], size: npt.NDArray[np.integer]) -> Int64:
    """Concatenate ``start[i], start[i] + 1, …`` of `size[i]` numbers each."""
    start, size = np.asarray(start, np.int64), np.asarray(size, np.int64)
    first = np.cumsum(size) - size
    return np.asarray(np.repeat(start - first, size) + np.arange(size.sum()), np.int64)


def make_edges(raw: RawStreets, box: Box | None) -> Edges:
    """Cut ways into edges between junctions, keeping their shape.

    An edge ends where ways meet, where a way ends or touches itself, and at nodes with tags
    of interest. A way with missing nodes is cut into the pieces that are there.

    Parameters
    ----------
    raw
        Ways and nodes as read.
    box
        lon_min, lat_min, lon_max, lat_max; a stretch is kept if one of its ends lies inside.

    Raises
    ------
    StreetError
        Nothing is left: no node is there, or none lies in the box.
    """
    way, node, counts = _positions(raw)
    valid = (way[1:] == way[:-1]) & (node[1:] >= 0) & (node[:-1] >= 0)
    if box is not None:
        inside = _inside(raw, box)
        seen = np.zeros(len(node), bool)
        seen[node >= 0] = inside[node[node >= 0]]
        outside = valid & ~(seen[1:] | seen[:-1])
        counts["street segments outside the region's box"] = int(outside.sum())
        valid &= ~outside
    _require(raw, box, valid)
    first, size = _runs(node, valid, raw.node_tags > 0)
    is_used = np.zeros(len(raw.way_id), bool)
    is_used[way[first]] = True
    used_ways, edge_way = np.flatnonzero(is_used), (np.cumsum(is_used) - 1)[way[first]]
    counts["ways without a usable stretch"] = len(raw.way_id) - len(used_ways)
    vertices = node[ranges(first, size + 1)]
    ends = np.stack([node[first], node[first + size]])
    is_street = np.zeros(len(raw.node_id), bool)
    is_street[ends] = True
    street_nodes = np.flatnonzero(is_street)
    ends_row = (np.cumsum(is_street) - 1)[ends].astype(np.int32)
    shape_offset = np.concatenate(([0], np.cumsum(size + 1)))
    lon, lat = raw.node_lon[vertices], raw.node_lat[vertices]
    return Edges(
        node_id=raw.node_id[street_nodes],
        node_lon=raw.node_lon[street_nodes],
        node_lat=raw.node_lat[street_nodes],
        node_tags=raw.node_tags[street_nodes],
        edge_from=ends_row[0],
        edge_to=ends_row[1],
        edge_length_m=shape_lengths(lon, lat, shape_offset),
        edge_way=edge_way.astype(np.int32),
        shape_offset=shape_offset,
        shape_lon=lon,
        shape_lat=lat,
        ways=_way_table(raw, used_ways),
        counts={**raw.counts, **{name: count for name, count in counts.items() if count}},
    )


def shape_lengths(lon: Float64, lat: Float64, offset: Int64) -> Float32:
    """Length in metres of each shape given as compressed rows of vertices."""
    if len(offset) < 2:
        return np.empty(0, np.float32)
    steps = np.zeros(len(lon))
    steps[1:] = distance_m(lon[:-1], lat[:-1], lon[1:], lat[1:])
    steps[offset[:-1]] = 0
    return np.add.reduceat(steps, offset[:-1]).astype(np.float32)


def _positions(raw: RawStreets) -> tuple[Int64, Int64, dict[str, int]]:
    """Way row and node row (−1 missing) of each node reference, repeats in place dropped."""
    way = np.repeat(np.arange(len(raw.way_id)), np.diff(raw.ref_offset))
    refs = raw.refs
    twice = np.zeros(len(refs), bool)
    twice[1:] = (refs[1:] == refs[:-1]) & (way[1:] == way[:-1])
    way, refs = way[~twice], refs[~twice]
    row = np.searchsorted(raw.node_id, refs)
    row[row == len(raw.node_id)] = 0
    known = raw.node_id[row] == refs if len(raw.node_id) else np.zeros(len(refs), bool)
    node = np.where(known, row, -1)
    counts = {
        "node references missing from the files": int((~known).sum()),
        "ways cut at missing nodes": int(np.count_nonzero(np.bincount(way[~known]))),
    }
    return way, node, counts


def _inside(raw: RawStreets, box: Box) -> Bool:
    lon_min, lat_min, lon_max, lat_max = box
    return np.asarray(
        (raw.node_lon >= lon_min)
        & (raw.node_lon <= lon_max)
        & (raw.node_lat >= lat_min)
        & (raw.node_lat <= lat_max)
    )


def _require(raw: RawStreets, box: Box | None, valid: Bool) -> None:
    if valid.any():
        return
    if len(raw.node_id) == 0:
        raise StreetError(
            Problem("streets", "ways whose nodes are all missing", "an extract with nodes")
        )
    extent = (
        f"lon {raw.node_lon.min():.2f} to {raw.node_lon.max():.2f}, "
        f"lat {raw.node_lat.min():.2f} to {raw.node_lat.max():.2f}"
    )
    if box is None:
        raise StreetError(Problem("streets", "no two neighbouring nodes", "whole streets"))
    raise StreetError(
        Problem(
            "streets.osm",
            f"streets at {extent}",
            f"streets at lon {box[0]:.2f} to {box[2]:.2f}, lat {box[1]:.2f} to {box[3]:.2f}",
            "Give an extract that covers the zones",
        )
    )


def _runs(node: Int64, valid: Bool, tagged: Bool) -> tuple[Int64, Int64]:
    """First position and number of segments of each edge."""
    linked = np.zeros(len(node), bool)
    linked[:-1] |= valid
    linked[1:] |= valid
    uses = np.bincount(node[linked], minlength=len(tagged))
    breaks = (uses > 1) | tagged
    start = np.flatnonzero(valid)
    before = np.zeros(len(start), bool)
    before[start > 0] = valid[start[start > 0] - 1]
    opens = ~before | breaks[node[start]]
    row = np.flatnonzero(opens)
    size = np.diff(np.concatenate((row, [len(start)])))
    return start[row], size.astype(np.int64)


def _way_table(raw: RawStreets, rows: Int64) -> pd.DataFrame:
    highway = np.array(
        [tags.get("highway", "") or tags.get("route", "") for tags in raw.tagsets], object
    )
    return pd.DataFrame(
        {
            "way_id": raw.way_id[rows],
            "highway": pd.Categorical(highway[raw.tagset[rows]]),
            "name": raw.name[rows],
            "ref": raw.ref[rows],
            "tagset": raw.tagset[rows],
        }
    )
