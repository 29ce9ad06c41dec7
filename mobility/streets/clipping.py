"""An extract of a country clipped once to the streets of a box, and kept as PBF."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import osmium

from mobility.errors import Problem, StreetError, writing
from mobility.leftovers import whole_file
from mobility.streets.edges import Box
from mobility.streets.model import Float64, Int64
from mobility.streets.nodes import is_in, node_blocks

# A smaller file is read whole in less time than clipping saves.
FROM_BYTES = 48 << 20
FORM = "1"
GENERATOR = "mobility clip"


@dataclass(frozen=True)
class Clipped:
    """How many nodes, ways and relations a clip holds, and how many ways were streets at all."""

    nodes: int
    ways: int
    relations: int
    ways_before: int


def clip(source: Path, box: Box, target: Path) -> Clipped:
    """Write the streets and ferries that touch a box, each way whole, into a PBF.

    Passes over the file: nodes (which lie in the box), ways (which have one of them), nodes
    again (all of those ways), ways and relations once more, to write. Nothing but ids is
    held in memory. Restrictions and cycle routes come along, other ways and nodes do not.

    Parameters
    ----------
    source
        OSM PBF.
    box
        lon_min, lat_min, lon_max, lat_max.
    target
        PBF to write, whole or not at all.

    Raises
    ------
    StreetError
        The file is damaged. A file without any street in the box makes an empty clip: among
        several extracts one may lie beside the region.
    RunError
        `target` can't be written.
    """
    with writing(target), whole_file(target) as beside:
        return _clip(source, box, beside, target)


def _clip(source: Path, box: Box, beside: Path, target: Path) -> Clipped:
    try:
        way_ids, needed, before = _wanted(source, box)
        with writing(target), _writer(beside) as writer:
            nodes = _write_nodes(writer, source, needed)
            ways, relations = _write_others(writer, source, way_ids)
    except (RuntimeError, OSError, ValueError) as error:
        raise StreetError(
            Problem(str(source), f"a file that breaks off or is no OSM data ({error})",
                    "a whole OSM file", "Download it again")
        ) from error  # fmt: skip
    return Clipped(nodes, ways, relations, before)


def _wanted(source: Path, box: Box) -> tuple[Int64, Int64, int]:
    """Ids of the streets that touch the box, of all their nodes; and how many streets there are."""
    way_ids, refs, before = _ways_touching(source, _ids_inside(source, box))
    return way_ids, np.unique(refs), before


def _writer(path: Path) -> osmium.SimpleWriter:
    header = osmium.io.Header()
    header.set("generator", GENERATOR)
    header.set("sorting", "Type_then_ID")
    file = osmium.io.File(str(path), "pbf,add_metadata=false")
    return osmium.SimpleWriter(file, header=header)


def _ids_inside(source: Path, box: Box) -> Int64:
    west, south, east, north = box
    found = [
        block.ids[(block.lon >= west) & (block.lon <= east)
                  & (block.lat >= south) & (block.lat <= north)]
        for block in node_blocks(source, with_tags=False)
    ]  # fmt: skip
    return np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)


def _streets(source: Path) -> Iterator[osmium.osm.Way]:
    processor = osmium.FileProcessor(str(source), osmium.osm.WAY)
    for way in processor.with_filter(osmium.filter.KeyFilter("highway", "route")):
        if "highway" in way.tags or way.tags.get("route") == "ferry":
            yield way


def _ways_touching(source: Path, inside: Int64) -> tuple[Int64, Int64, int]:
    """Ids of the streets with a node inside, ascending; their nodes; and how many streets."""
    kept_ids: list[Int64] = []
    kept_refs: list[Int64] = []
    ids: list[int] = []
    refs: list[int] = []
    size: list[int] = []
    before = 0

    def settle() -> None:
        nodes, sizes = np.array(refs, np.int64), np.array(size, np.int64)
        way_of = np.repeat(np.arange(len(sizes)), sizes)
        keep = np.zeros(len(sizes), bool)
        keep[way_of[is_in(nodes, inside)]] = True
        kept_ids.append(np.array(ids, np.int64)[keep])
        kept_refs.append(nodes[keep[way_of]])
        for held in (ids, refs, size):
            held.clear()

    for way in _streets(source):
        nodes = [node.ref for node in way.nodes]
        ids.append(way.id)
        refs.extend(nodes)
        size.append(len(nodes))
        before += 1
        if len(refs) > 1_000_000:
            settle()
    settle()
    return np.unique(np.concatenate(kept_ids)), np.concatenate(kept_refs), before


def _write_nodes(writer: osmium.SimpleWriter, source: Path, needed: Int64) -> int:
    node = osmium.osm.mutable.Node
    count = 0
    for block in node_blocks(source):
        rows = np.flatnonzero(is_in(block.ids, needed) & np.isfinite(block.lon))
        places: Float64 = np.stack((block.lon[rows], block.lat[rows]), axis=1)
        for row, number, place in zip(
            rows.tolist(), block.ids[rows].tolist(), places.tolist(), strict=True
        ):
            writer.add_node(node(id=number, location=tuple(place), tags=block.tags.get(row)))
        count += len(rows)
    return count


def _write_others(writer: osmium.SimpleWriter, source: Path, way_ids: Int64) -> tuple[int, int]:
    kept = set(way_ids.tolist())
    ways = relations = 0
    for way in _streets(source):
        if way.id in kept:
            writer.add_way(way)
            ways += 1
    processor = osmium.FileProcessor(str(source), osmium.osm.RELATION).with_filter(
        osmium.filter.TagFilter(("type", "restriction"), ("type", "route"))
    )
    for relation in processor:
        bicycle = relation.tags.get("type") == "restriction" or (
            relation.tags.get("route") == "bicycle"
        )
        if bicycle and any(m.type == "w" and m.ref in kept for m in relation.members):
            writer.add_relation(relation)
            relations += 1
    return ways, relations
