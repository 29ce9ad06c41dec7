"""The generated streets as an OSM PBF."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import osmium
import shapely
from scipy.spatial import cKDTree
from shapely.ops import unary_union

from mobility.demo.dice import uniform
from mobility.demo.land import border_lines
from mobility.demo.plane import Floats, Int64, to_degrees, to_plane
from mobility.demo.roads import Chain
from mobility.demo.source import Row, Tables
from mobility.demo.streets import LOCAL_CLASSES, Streets
from mobility.demo.tags import Tags, local_tags, road_tags

WALLOON_LAT = 50.745
WAY_NODES = 30
STRAIGHT_DEG = 0.03
GENERATOR = "mobility demonstration generator"
Way = tuple[list[int], Tags]


@dataclass(frozen=True)
class _Draft:
    """Nodes and ways before they are numbered for the file."""

    lon: Floats
    lat: Floats
    node_tags: dict[int, Tags]


def _land_of(streets: Streets, lat: Floats, a: int, b: int) -> tuple[str, bool]:
    """Country of an edge and whether it lies in Wallonia."""
    country = str(streets.country[a] or streets.country[b] or "BE")
    return country, country == "BE" and bool(lat[a] < WALLOON_LAT)


def _chain_ways(
    streets: Streets, lat: Floats, chain: Chain, rows: Int64, dice: npt.NDArray[np.float64]
) -> Iterator[Way]:
    """Cut a chain into ways wherever its tags change, and at border crossings."""
    part: list[int] = []
    tags: Tags = {}
    for k in range(len(rows) - 1):
        a, b = int(rows[k]), int(rows[k + 1])
        country, walloon = _land_of(streets, lat, a, b)
        inside = bool(streets.inside[a] and streets.inside[b])
        crossing = chain.crossing[k] or chain.crossing[k + 1]
        chosen = dice[(k // WAY_NODES) % len(dice)]
        now = road_tags(
            chain.highway,
            country,
            inside=inside and chain.highway != "motorway",
            walloon=walloon,
            dice=[float(chosen[0]), float(chosen[1])],
            ref=chain.ref,
            name=crossing or chain.name,
        )
        if "brug" in crossing.lower():
            now |= {"bridge": "yes", "layer": "1", "bridge:name": crossing}
        if part and (now != tags or len(part) > WAY_NODES):
            yield part, tags
            part = []
        part = part or [a]
        part.append(b)
        tags = now
    if part:
        yield part, tags


def _road_ways(streets: Streets, lat: Floats, seed: int) -> Iterator[Way]:
    dice = uniform(seed, "road tags", 64_000).reshape(-1, 64, 2)
    for n, (chain, forth, back) in enumerate(streets.motorways):
        yield from _chain_ways(streets, lat, chain, forth, dice[n])
        mirrored = Chain(
            chain.highway, chain.ref, chain.name, chain.xy[::-1], chain.given[::-1],
            chain.crossing[::-1], chain.junction[::-1],
        )  # fmt: skip
        yield from _chain_ways(streets, lat, mirrored, back, dice[n])
    for motorway, junction in streets.joints.tolist():
        country, walloon = _land_of(streets, lat, junction, motorway)
        link = road_tags("motorway_link", country, inside=False, walloon=walloon, dice=[0.0, 0.0])
        yield [motorway, junction], link | {"oneway": "no"}
    for n, (chain, rows) in enumerate(streets.chains):
        yield from _chain_ways(streets, lat, chain, rows, dice[(n + 100) % len(dice)])


def _local_ways(streets: Streets, lat: Floats, first_middle: int, seed: int) -> Iterator[Way]:
    n = len(streets.local)
    dice = uniform(seed, "local tags", 3 * n).reshape(-1, 3).tolist()
    ends = streets.local.tolist()
    classes = streets.local_class.tolist()
    tree = streets.local_kept.tolist()
    inside = (streets.inside[streets.local[:, 0]] & streets.inside[streets.local[:, 1]]).tolist()
    for k in range(n):
        a, b = ends[k]
        country, walloon = _land_of(streets, lat, a, b)
        tags = local_tags(
            LOCAL_CLASSES[classes[k]],
            country,
            inside=inside[k],
            walloon=walloon,
            both_ways=tree[k],
            dice=dice[k],
        )
        yield [a, first_middle + k, b], tags


def _middles(tables: Tables, streets: Streets, seed: int) -> Int64:
    """One node between the ends of each local edge, a little off the straight line.

    Streets near a border are straight, so that none bends over it.
    """
    a, b = streets.xy[streets.local[:, 0]], streets.xy[streets.local[:, 1]]
    swing = (uniform(seed, "middles", len(a)) - 0.5)[:, None] * 0.25
    across = np.stack([a[:, 1] - b[:, 1], b[:, 0] - a[:, 0]], axis=1)
    border = unary_union(list(border_lines(tables).values()))
    shapely.prepare(border)
    lon, lat = to_degrees((a + b) // 2)
    swing[shapely.dwithin(shapely.points(lon, lat), border, STRAIGHT_DEG)] = 0.0
    return np.rint((a + b) / 2 + across * swing).astype(np.int64)


def _drivable_rows(streets: Streets) -> Int64:
    """Junctions of streets open to everyone."""
    return np.unique(streets.local[streets.local_kept])


def _ferries(tables: Tables, streets: Streets, first: int) -> tuple[Int64, list[Way]]:
    """Ferry ways with their landings, each tied to the nearest street of its own bank."""
    rows = _drivable_rows(streets)
    points: list[Int64] = []
    ways: list[Way] = []
    for n, row in enumerate(tables.ferries):
        landings = to_plane(
            np.array([float(row["lon_be"]), float(row["lon_nl"])]),
            np.array([float(row["lat_be"]), float(row["lat_nl"])]),
        )
        points.append(landings)
        at = [first + 2 * n, first + 2 * n + 1]
        ways.append((at, _ferry_tags(row)))
        for end, country in zip((0, 1), ("BE", "NL"), strict=True):
            bank = rows[streets.country[rows] == country]
            _, near = cKDTree(streets.xy[bank]).query(landings[end])
            access = {"highway": "unclassified", "name": "Veerweg", "surface": "asphalt"}
            ways.append(([at[end], int(bank[int(near)])], access))
    return np.concatenate(points), ways


def _ferry_tags(row: Row) -> Tags:
    modes = row["modes"].split()
    return {
        "route": "ferry",
        "name": f"Veer {row['name']}",
        "foot": "yes",
        "bicycle": "yes",
        "motor_vehicle": "yes" if "car" in modes else "no",
        "opening_hours": row["opening_hours"],
        "duration": f"00:{int(row['crossing_min']):02d}",
        "fee": "yes" if "car" in modes else "no",
    }


def _name_bridges(tables: Tables, ways: list[Way], lon: Floats, lat: Floats) -> None:
    """Write the names of canal bridges on the nearest road piece, cut out as a way."""
    roads = [
        (w, k)
        for w, (nodes, tags) in enumerate(ways)
        if tags.get("highway") in {"primary", "secondary", "tertiary"}
        for k in range(len(nodes) - 1)
    ]
    a = np.array([ways[w][0][k] for w, k in roads])
    b = np.array([ways[w][0][k + 1] for w, k in roads])
    tree = cKDTree(to_plane((lon[a] + lon[b]) / 2, (lat[a] + lat[b]) / 2))
    rows = tables.bridges
    points = to_plane(
        np.array([float(row["lon"]) for row in rows]), np.array([float(row["lat"]) for row in rows])
    )
    near = np.asarray(tree.query(points)[1])
    for row, index in sorted(zip(rows, near.tolist(), strict=True), key=lambda x: -roads[x[1]][1]):
        w, k = roads[index]
        nodes, tags = ways[w]
        if k + 1 >= len(nodes):
            continue
        bridge = tags | {"bridge": "yes", "layer": "1", "bridge:name": row["name"]}
        ways.append((nodes[k : k + 2], bridge))
        if len(nodes) > k + 2:
            ways.append((nodes[k + 1 :], tags))
        ways[w] = (nodes[: k + 1], tags)


def _node_tags(streets: Streets, tables: Tables, seed: int) -> dict[int, Tags]:
    """Signals and crossings on main roads in settlements, numbered cycle junctions."""
    found: dict[int, Tags] = {}
    dice = uniform(seed, "signals", len(streets.xy))
    for chain, rows in streets.chains:
        if chain.highway in {"primary", "secondary"}:
            for row in rows[streets.inside[rows]].tolist():
                if dice[row] < 0.12:
                    found[row] = {"highway": "traffic_signals"}
                elif dice[row] < 0.2:
                    found[row] = {"highway": "crossing", "crossing": "uncontrolled"}
    tree = cKDTree(streets.xy[: len(streets.inside)])
    for number, place in enumerate(tables.places):
        xy = to_plane(np.array([place.lon]), np.array([place.lat]))
        row = int(tree.query(xy[0])[1])
        found[row] = found.get(row, {}) | {"rcn_ref": str(number % 98 + 1)}
    return found


def _ends_meet(ways: Sequence[Way]) -> list[Way]:
    return [(nodes, tags) for nodes, tags in ways if len(nodes) > 1]


def write_osm(tables: Tables, streets: Streets, path: Path, *, seed: int) -> None:
    """Write the network as OSM PBF; nodes and ways numbered from 1, no dates, no compression.

    Uncompressed, because compressors differ between machines and the bytes shall not.
    """
    middles = _middles(tables, streets, seed)
    first_middle = len(streets.xy)
    landings, ferry_ways = _ferries(tables, streets, first_middle + len(middles))
    lon, lat = to_degrees(np.concatenate([streets.xy, middles, landings]))
    ways = [*_road_ways(streets, lat, seed), *ferry_ways]
    _name_bridges(tables, ways, lon, lat)
    ways = _ends_meet(ways)
    ways += _local_ways(streets, lat, first_middle, seed)
    draft = _Draft(lon, lat, _node_tags(streets, tables, seed))
    _write(draft, ways, path)


def _write(draft: _Draft, ways: Sequence[Way], path: Path) -> None:
    used = np.zeros(len(draft.lon), bool)
    for nodes, _ in ways:
        used[nodes] = True
    rows = np.flatnonzero(used)
    number = np.zeros(len(used), np.int64)
    number[rows] = np.arange(1, len(rows) + 1)
    lon, lat = draft.lon.tolist(), draft.lat.tolist()
    path.unlink(missing_ok=True)
    header = osmium.io.Header()
    header.set("generator", GENERATOR)
    file = osmium.io.File(str(path), "pbf,pbf_compression=none,add_metadata=false")
    with osmium.SimpleWriter(file, header=header) as writer:
        node, way = osmium.osm.mutable.Node, osmium.osm.mutable.Way
        for n, row in enumerate(rows.tolist(), start=1):
            tags = draft.node_tags.get(row)
            writer.add_node(node(id=n, location=(lon[row], lat[row]), tags=tags))
        numbers = number.tolist()
        for n, (nodes, tags) in enumerate(ways, start=1):
            writer.add_way(way(id=n, nodes=[numbers[row] for row in nodes], tags=tags))
