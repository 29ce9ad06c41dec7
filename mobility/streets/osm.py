"""OSM files to flat arrays: the ways of interest, their nodes, turn restrictions, routes.

The loops over OSM objects only collect; everything else is done on arrays afterwards.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import osmium
import pandas as pd

from mobility.errors import Problem, StreetError, raise_all
from mobility.streets.law import rule_keys
from mobility.streets.model import Float64, Int32, Int64
from mobility.streets.nodes import is_in, node_blocks
from mobility.streets.pbf import NodeBlock

_ACCESS = [
    "access",
    "vehicle",
    "motor_vehicle",
    "motorcar",
    "bicycle",
    "foot",
    "moped",
    "mofa",
    "moped_A",
    "moped_B",
    "moped_P",
    "speed_pedelec",
]
# Beside what the rule tables look at: limits, ferries, surroundings, cycling quality.
MORE_WAY_KEYS = (
    *("maxspeed", "maxspeed:forward", "maxspeed:backward", "maxspeed:type"),
    *("source:maxspeed", "zone:traffic", "zone:maxspeed", "lit", "lanes", "sidewalk"),
    *("duration", "interval", "opening_hours", "bridge", "tunnel", "segregated"),
    *("cycleway", "cycleway:left", "cycleway:right", "cycleway:both", "cycle_highway"),
)
NODE_KEYS = frozenset(
    (
        *(*_ACCESS, "barrier", "highway", "crossing", "crossing:signals", "railway"),
        *("rcn_ref", "opening_hours", "locked"),
    )
)
# A node with none of these keys is a mere bend, whatever else it is tagged with.
_NODE_CAUSES = ("barrier", "highway", "crossing", "railway", "rcn_ref")
_CONDITIONAL = tuple(f"{key}:conditional" for key in (*_ACCESS, "oneway", "maxspeed"))
_READABLE = (".osm.pbf", ".pbf", ".osm", ".osm.gz", ".osm.bz2", ".osm.xz")


@dataclass(frozen=True, eq=False)
class RawStreets:
    """Ways and nodes as they stand in the files.

    Parameters
    ----------
    way_id, tagset, name, ref
        One entry per way; `tagset` is an index into `tagsets`.
    ref_offset, refs
        Node ids of way w: ``refs[ref_offset[w]:ref_offset[w + 1]]``.
    node_id
        Ascending; `node_lon`, `node_lat`, `node_tags` (index into `node_tagsets`) beside it.
        Nodes that no file holds are absent.
    restrictions
        ``via (OSM node id), from_way, to_way, only``.
    counts
        What was left out and why.
    """

    way_id: Int64
    tagset: Int32
    name: np.ndarray[tuple[int], np.dtype[np.object_]]
    ref: np.ndarray[tuple[int], np.dtype[np.object_]]
    tagsets: tuple[Mapping[str, str], ...]
    ref_offset: Int64
    refs: Int64
    node_id: Int64
    node_lon: Float64
    node_lat: Float64
    node_tags: Int32
    node_tagsets: tuple[Mapping[str, str], ...]
    restrictions: pd.DataFrame
    counts: Mapping[str, int]


@dataclass
class _Codes:
    """Gives equal tag sets one number."""

    numbers: dict[tuple[tuple[str, str], ...], int] = field(default_factory=dict)

    def number(self, tags: tuple[tuple[str, str], ...]) -> int:
        return self.numbers.setdefault(tags, len(self.numbers))

    def sets(self) -> tuple[Mapping[str, str], ...]:
        return tuple(dict(tags) for tags in self.numbers)


@dataclass
class _Collected:
    """What the loops over the files fill."""

    way_id: array[int] = field(default_factory=lambda: array("q"))
    size: array[int] = field(default_factory=lambda: array("q"))
    tagset: array[int] = field(default_factory=lambda: array("i"))
    refs: array[int] = field(default_factory=lambda: array("q"))
    names: list[str] = field(default_factory=list)
    way_refs: list[str] = field(default_factory=list)
    codes: _Codes = field(default_factory=_Codes)
    routes: dict[int, dict[str, str]] = field(default_factory=dict)
    turns: list[tuple[int, int, int, bool]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


def read_osm(paths: Sequence[Path]) -> RawStreets:
    """Read streets and ferries of one or more OSM files, joined by OSM id.

    A way that several files hold is taken once, from the file that has most of its nodes.

    Raises
    ------
    StreetError
        A file is missing, is no OSM file, is cut off, or none holds a street.
    """
    _check(paths)
    found = _Collected()
    for path in paths:
        _guarded(path, _collect_relations, found)
    for path in paths:
        _guarded(path, _collect_ways, found)
    if not found.way_id:
        files = ", ".join(str(path) for path in paths)
        raise StreetError(
            Problem(files, "no way with a highway tag and no ferry", "an OSM extract with streets")
        )
    refs = np.frombuffer(found.refs, np.int64)
    node_id, lon, lat, node_tags, node_sets = _read_nodes(paths, _distinct(refs), found.counts)
    size = np.frombuffer(found.size, np.int64)
    offset = np.concatenate(([0], np.cumsum(size)))
    keep = _best_versions(np.frombuffer(found.way_id, np.int64), size)
    found.counts["ways in several files, taken once"] += len(size) - len(keep)
    rows = np.repeat(offset[keep] - np.concatenate(([0], np.cumsum(size[keep])[:-1])), size[keep])
    return RawStreets(
        way_id=np.frombuffer(found.way_id, np.int64)[keep],
        tagset=np.frombuffer(found.tagset, np.int32)[keep],
        name=np.array(found.names, object)[keep],
        ref=np.array(found.way_refs, object)[keep],
        tagsets=found.codes.sets(),
        ref_offset=np.concatenate(([0], np.cumsum(size[keep]))),
        refs=refs[rows + np.arange(len(rows))],
        node_id=node_id,
        node_lon=lon,
        node_lat=lat,
        node_tags=node_tags,
        node_tagsets=node_sets,
        restrictions=_turn_table(found.turns),
        counts={name: count for name, count in sorted(found.counts.items()) if count},
    )


def _check(paths: Sequence[Path]) -> None:
    problems = []
    if not paths:
        problems.append(Problem("streets.osm", "no file", "at least one OSM file"))
    for path in paths:
        if not path.is_file():
            problems.append(Problem(str(path), "no such file", "an OSM file"))
        elif not str(path).lower().endswith(_READABLE):
            problems.append(Problem(str(path), "an unknown kind of file", f"one of {_READABLE}"))
        elif path.stat().st_size == 0:
            problems.append(Problem(str(path), "an empty file", "an OSM file"))
    raise_all(StreetError, problems)


def _guarded(path: Path, collect: object, found: _Collected) -> None:
    """Run one loop over a file, and say in plain words what was wrong with the file."""
    try:
        collect(path, found)  # type: ignore[operator]
    except (RuntimeError, OSError, ValueError, osmium.InvalidLocationError) as error:
        raise _damaged(path, error) from error


def _guarded_blocks(path: Path) -> Iterator[NodeBlock]:
    try:
        yield from node_blocks(path)
    except (RuntimeError, OSError, ValueError, osmium.InvalidLocationError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> StreetError:
    return StreetError(
        Problem(
            str(path),
            f"a file that breaks off or is no OSM data ({error})",
            "a whole OSM file",
            "Download it again",
        )
    )


def _collect_ways(path: Path, found: _Collected) -> None:
    processor = osmium.FileProcessor(str(path), osmium.osm.WAY).with_filter(
        osmium.filter.KeyFilter("highway", "route")
    )
    keys = rule_keys() | set(MORE_WAY_KEYS)
    number, routes, conditional = found.codes.number, found.routes, frozenset(_CONDITIONAL)
    for way in processor:
        every = dict(way.tags)
        if "highway" not in every and every.get("route") != "ferry":
            continue
        tags = [pair for pair in every.items() if pair[0] in keys]
        if way.id in routes:
            tags.extend(routes[way.id].items())
        tags.sort()
        nodes = [node.ref for node in way.nodes]
        found.way_id.append(way.id)
        found.size.append(len(nodes))
        found.refs.extend(nodes)
        found.tagset.append(number(tuple(tags)))
        found.names.append(every.get("name", ""))
        found.way_refs.append(every.get("ref", ""))
        for key in conditional.intersection(every):
            found.counts[f"conditional tags ignored ({key})"] += 1


def _collect_relations(path: Path, found: _Collected) -> None:
    processor = osmium.FileProcessor(str(path), osmium.osm.RELATION).with_filter(
        osmium.filter.TagFilter(("type", "restriction"), ("type", "route"))
    )
    for relation in processor:
        tags = dict(relation.tags)
        members = [(member.type, member.ref, member.role) for member in relation.members]
        if tags["type"] == "restriction":
            _collect_turn(tags, members, found)
        elif tags.get("route") == "bicycle":
            _collect_route(tags, members, found)


def _collect_route(
    tags: Mapping[str, str], members: Iterable[tuple[str, int, str]], found: _Collected
) -> None:
    """Note on each way that a cycle highway or a junction network runs over it."""
    noted = {}
    if tags.get("cycle_highway", "no") != "no" or tags.get("cycle_network") == "cycle_highway":
        noted["route:cycle_highway"] = tags.get("ref", "") or "yes"
    if tags.get("network") == "rcn" and tags.get("network:type") == "node_network":
        noted["route:rcn"] = "yes"
    if noted:
        for kind, way, _ in members:
            if kind == "w":
                found.routes.setdefault(way, {}).update(noted)


def _collect_turn(
    tags: Mapping[str, str], members: Sequence[tuple[str, int, str]], found: _Collected
) -> None:
    rule = tags.get("restriction:motorcar") or tags.get("restriction") or ""
    if not rule:
        conditional = any(key.endswith(":conditional") for key in tags)
        reason = "conditional" if conditional else "for other vehicles"
        found.counts[f"turn restrictions ignored ({reason})"] += 1
        return
    if {"motorcar", "motor_vehicle"} & set(tags.get("except", "").split(";")):
        found.counts["turn restrictions ignored (for other vehicles)"] += 1
        return
    via = [ref for kind, ref, role in members if role == "via" and kind == "n"]
    starts = [ref for kind, ref, role in members if role == "from" and kind == "w"]
    ends = [ref for kind, ref, role in members if role == "to" and kind == "w"]
    if len(via) != 1 or not starts or not ends or not rule.startswith(("no_", "only_")):
        over_way = any(role == "via" and kind == "w" for kind, _, role in members)
        reason = "over a way" if over_way else "incomplete or unknown"
        found.counts[f"turn restrictions ignored ({reason})"] += 1
        return
    only = rule.startswith("only_")
    found.turns.extend((via[0], start, end, only) for start in starts for end in ends)


def _turn_table(turns: list[tuple[int, int, int, bool]]) -> pd.DataFrame:
    rows = sorted(set(turns))
    return pd.DataFrame(
        {
            "via": np.array([row[0] for row in rows], np.int64),
            "from_way": np.array([row[1] for row in rows], np.int64),
            "to_way": np.array([row[2] for row in rows], np.int64),
            "only": np.array([row[3] for row in rows], bool),
        }
    )


def _distinct(values: Int64) -> Int64:
    """Different values, ascending; by sorting, which takes a third of the time of hashing."""
    ordered = np.sort(values)
    return ordered[np.concatenate(([True], ordered[1:] != ordered[:-1]))[: len(ordered)]]


def _best_versions(way_id: Int64, size: Int64) -> Int64:
    """Rows to keep so that each way stands once, in order of first appearance."""
    order = np.lexsort((np.arange(len(way_id)), -size, way_id))
    first = np.ones(len(order), bool)
    first[1:] = way_id[order][1:] != way_id[order][:-1]
    return np.sort(order[first])


def _read_nodes(
    paths: Sequence[Path], wanted: Int64, counts: Counter[str]
) -> tuple[Int64, Float64, Float64, Int32, tuple[Mapping[str, str], ...]]:
    """Positions and tags of the nodes `wanted` (ascending), from whichever file has them."""
    ids: list[Int64] = [np.empty(0, np.int64)]
    lons: list[Float64] = [np.empty(0)]
    lats: list[Float64] = [np.empty(0)]
    tagged: list[Int32] = [np.empty(0, np.int32)]
    codes = _Codes()
    codes.number(())
    for path in paths:
        for block in _guarded_blocks(path):
            mine = is_in(block.ids, wanted)
            placed = mine & np.isfinite(block.lon)
            counts["nodes without a position"] += int(mine.sum() - placed.sum())
            rows = np.flatnonzero(placed)
            labels = np.zeros(len(block.ids), np.int32)
            for row, tags in block.tags.items():
                if placed[row]:
                    labels[row] = codes.number(_node_tags(tags))
            ids.append(block.ids[rows])
            lons.append(block.lon[rows])
            lats.append(block.lat[rows])
            tagged.append(labels[rows])
    node_id, first = np.unique(np.concatenate(ids), return_index=True)
    return (
        node_id,
        np.concatenate(lons)[first],
        np.concatenate(lats)[first],
        np.concatenate(tagged)[first],
        codes.sets(),
    )


def _node_tags(tags: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    if not any(cause in tags for cause in _NODE_CAUSES):
        return ()
    return tuple(sorted((key, value) for key, value in tags.items() if key in NODE_KEYS))


def join_raw(parts: Sequence[RawStreets]) -> RawStreets:
    """Put the streets of several sources together; nodes with one id are one node."""
    if len(parts) == 1:
        return parts[0]
    n_sets = np.cumsum([0, *(len(part.tagsets) for part in parts)])
    n_node_sets = np.cumsum([0, *(len(part.node_tagsets) for part in parts)])
    ids = np.concatenate([part.node_id for part in parts])
    node_id, first = np.unique(ids, return_index=True)
    node_tags = [part.node_tags + base for part, base in zip(parts, n_node_sets, strict=False)]
    sizes = np.concatenate([np.diff(part.ref_offset) for part in parts])
    counts: Counter[str] = Counter()
    for part in parts:
        counts.update(part.counts)
    return RawStreets(
        way_id=np.concatenate([part.way_id for part in parts]),
        tagset=np.concatenate(
            [part.tagset + base for part, base in zip(parts, n_sets, strict=False)]
        ).astype(np.int32),
        name=np.concatenate([part.name for part in parts]),
        ref=np.concatenate([part.ref for part in parts]),
        tagsets=tuple(tags for part in parts for tags in part.tagsets),
        ref_offset=np.concatenate(([0], np.cumsum(sizes))).astype(np.int64),
        refs=np.concatenate([part.refs for part in parts]),
        node_id=node_id,
        node_lon=np.concatenate([part.node_lon for part in parts])[first],
        node_lat=np.concatenate([part.node_lat for part in parts])[first],
        node_tags=np.concatenate(node_tags)[first].astype(np.int32),
        node_tagsets=tuple(tags for part in parts for tags in part.node_tagsets),
        restrictions=pd.concat([part.restrictions for part in parts], ignore_index=True),
        counts=dict(sorted(counts.items())),
    )
