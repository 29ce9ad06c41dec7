"""The generated street network: junctions, edges, their classes and countries."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from mobility.demo.dice import uniform
from mobility.demo.land import border_lines, mainlands
from mobility.demo.plane import (
    Floats,
    Int64,
    distinct,
    gabriel_edges,
    length_dm,
    to_degrees,
    to_plane,
)
from mobility.demo.roads import MOTORWAY, Chain, all_chains
from mobility.demo.source import Tables

# A local edge has one node between its ends; so many nodes come with one local point.
NODES_PER_POINT = 2.78
RURAL_SHARE = 0.45
RURAL_REACH_DM = 70_000
KEPT_LOOPS = 0.6
NEAR_BORDER_DEG = 0.03
CARRIAGEWAY_DM = 120

# Codes of local edge classes, drawn by share within and outside settlements.
LOCAL_CLASSES = (
    "residential", "living_street", "service", "footway", "cycleway", "path",
    "unclassified", "tertiary", "track",
)  # fmt: skip
INSIDE = ((0, 0.70), (1, 0.06), (2, 0.05), (3, 0.07), (4, 0.07), (5, 0.05))
OUTSIDE = ((6, 0.55), (7, 0.08), (8, 0.17), (4, 0.08), (5, 0.12))


@dataclass(frozen=True)
class Streets:
    """Points and edges of the generated network.

    Parameters
    ----------
    xy
        int64 (n, 2): junctions first, then the motorways' own points; decimetres.
    inside
        bool (n,): in a settlement.
    country
        object (n,): NL, BE or DE, by mainland.
    local
        int64 (n_local, 2): local edges, rows of `xy`; `local_class` indexes `LOCAL_CLASSES`,
        `local_kept` marks edges of the spanning tree, which stay open both ways.
    chains
        Chains of `roads.Chain` with the rows of their points; motorways have two rows lists,
        one per direction.
    joints
        int64 (n_joints, 2): (motorway point, junction) to be joined by slip roads both ways.
    """

    xy: Int64
    inside: npt.NDArray[np.bool_]
    country: npt.NDArray[np.object_]
    local: Int64
    local_class: npt.NDArray[np.int8]
    local_kept: npt.NDArray[np.bool_]
    chains: tuple[tuple[Chain, Int64], ...]
    motorways: tuple[tuple[Chain, Int64, Int64], ...]
    joints: Int64


def _jittered(x_dm: Floats, y_dm: Floats, cell: float, seed: int, purpose: str) -> Int64:
    jitter = uniform(seed, purpose, 2 * len(x_dm)).reshape(-1, 2) - 0.5
    xy = np.stack([x_dm, y_dm], axis=1) + jitter * (0.7 * cell)
    return np.rint(xy).astype(np.int64)


def radius_dm(people: int) -> float:
    """Radius of a settlement: about 1,900 people per square kilometre, 300 m at least."""
    return max(3_000.0, 10_000.0 * math.sqrt(people / (1_900.0 * 3.14159265)))


def _settlement_points(tables: Tables, count: int, seed: int) -> Int64:
    """Spread `count` points over the settlements, on jittered grids within their radius."""
    radii = np.array([radius_dm(place.people) for place in tables.places])
    cell = math.sqrt(3.14159265 * float((radii * radii).sum()) / max(count, 1))
    centres = to_plane(
        np.array([place.lon for place in tables.places]),
        np.array([place.lat for place in tables.places]),
    )
    found = []
    for place, centre, radius in zip(tables.places, centres, radii, strict=True):
        half = int(radius / cell) + 1
        i, j = np.meshgrid(np.arange(-half, half + 1), np.arange(-half, half + 1))
        x, y = i.ravel() * cell, j.ravel() * cell
        near = (x * x + y * y <= radius * radius) & ((x != 0) | (y != 0))
        grid = _jittered(x[near], y[near], cell, seed, f"place {place.id}")
        found += [centre[None, :], grid + centre]
    return np.concatenate(found)


def _rural_points(tables: Tables, count: int, seed: int) -> Int64:
    """Spread `count` points over the country around the settlements."""
    centres = to_plane(
        np.array([place.lon for place in tables.places]),
        np.array([place.lat for place in tables.places]),
    )
    low, high = centres.min(axis=0) - RURAL_REACH_DM, centres.max(axis=0) + RURAL_REACH_DM
    coarse = RURAL_REACH_DM // 10
    shape = (high - low) // coarse + 1
    covered = np.zeros(shape, bool)
    reach = RURAL_REACH_DM // coarse
    for i, j in ((centres - low) // coarse).tolist():
        covered[max(i - reach, 0) : i + reach + 1, max(j - reach, 0) : j + reach + 1] = True
    cell = math.sqrt(float(covered.sum()) * coarse * coarse / max(count, 1))
    size = ((high - low) / cell).astype(int) + 1
    i, j = np.meshgrid(np.arange(size[0]), np.arange(size[1]), indexing="ij")
    x, y = low[0] + (i.ravel() + 0.5) * cell, low[1] + (j.ravel() + 0.5) * cell
    column = np.minimum(((x - low[0]) / coarse).astype(int), shape[0] - 1)
    row = np.minimum(((y - low[1]) / coarse).astype(int), shape[1] - 1)
    keep = covered[column, row]
    return _jittered(x[keep], y[keep], cell, seed, "rural")


def _country_of(
    lon: Floats, lat: Floats, lands: Mapping[str, BaseGeometry]
) -> npt.NDArray[np.object_]:
    country = np.full(len(lon), "", object)
    for code in sorted(lands):
        country[shapely.contains_xy(lands[code], lon, lat)] = code
    return country


def _crosses(lon: Floats, lat: Floats, edges: Int64, border: BaseGeometry) -> npt.NDArray[np.bool_]:
    """Mark edges that touch a land border; only those near it are looked at closely."""
    points = shapely.points(lon, lat)
    shapely.prepare(border)
    near = np.asarray(shapely.dwithin(points, border, NEAR_BORDER_DEG), bool)
    close = np.flatnonzero(near[edges[:, 0]] | near[edges[:, 1]])
    ends = np.stack([lon[edges[close]], lat[edges[close]]], axis=-1)
    found = np.zeros(len(edges), bool)
    found[close] = shapely.intersects(shapely.linestrings(ends), border)
    return found


def _spanning(xy: Int64, edges: Int64) -> npt.NDArray[np.bool_]:
    """Mark the edges of the minimum spanning forest."""
    # Lengths are made distinct by the edge's number, so that the tree is unique.
    weight = np.rint(length_dm(xy, edges) * 1000) + np.arange(1, len(edges) + 1) / len(edges) / 2
    graph = coo_array((weight, (edges[:, 0], edges[:, 1])), shape=(len(xy), len(xy))).tocsr()
    tree = minimum_spanning_tree(graph).tocoo()
    key = edges[:, 0] * len(xy) + edges[:, 1]
    pairs = np.sort(np.stack([tree.row, tree.col], axis=1).astype(np.int64), axis=1)
    return np.isin(key, pairs[:, 0] * len(xy) + pairs[:, 1])


def _draw_classes(
    inside: npt.NDArray[np.bool_], tree: npt.NDArray[np.bool_], seed: int
) -> npt.NDArray[np.int8]:
    """Draw a class per edge; edges of the tree stay open to all modes."""
    dice = uniform(seed, "classes", len(inside))
    classes = np.zeros(len(inside), np.int8)
    for within, shares in ((True, INSIDE), (False, OUTSIDE)):
        codes = np.array([code for code, _ in shares], np.int8)
        limits = np.cumsum([share for _, share in shares])
        drawn = codes[np.minimum(np.searchsorted(limits, dice, "right"), len(codes) - 1)]
        classes = np.where(inside == within, drawn, classes)
    open_to_all = np.where(inside, 0, np.where(dice < 0.8, 6, 7)).astype(np.int8)
    return np.where(tree, open_to_all, classes).astype(np.int8)


def _carriageways(
    motorways: list[Chain], first_row: int, junction_row: dict[tuple[int, int], int]
) -> tuple[list[tuple[Chain, Int64, Int64]], list[Int64], list[tuple[int, int]]]:
    """Give each motorway two rows of points, 12 m to each side, and its joints."""
    rows, points, joints = [], [], []
    for chain in motorways:
        n = len(chain.xy)
        ahead = np.zeros_like(chain.xy)
        ahead[:-1] = chain.xy[1:] - chain.xy[:-1]
        ahead[-1] = ahead[-2]
        length = np.sqrt((ahead.astype(float) ** 2).sum(axis=1))
        side = np.stack([ahead[:, 1], -ahead[:, 0]], axis=1) / length[:, None] * CARRIAGEWAY_DM
        shift = np.rint(side).astype(np.int64)
        forth = np.arange(first_row, first_row + n)
        back = forth + n
        first_row += 2 * n
        points += [chain.xy + shift, chain.xy - shift]
        rows.append((chain, forth, back[::-1].copy()))
        for k in range(n):
            row = junction_row.get(tuple(chain.xy[k].tolist()))
            if row is not None and (chain.junction[k] or k in (0, n - 1)):
                joints += [(int(forth[k]), row), (int(back[k]), row)]
    return rows, points, joints


def _local_edges(
    xy: Int64, taken: Int64, lon: Floats, lat: Floats, border: BaseGeometry, seed: int
) -> tuple[Int64, npt.NDArray[np.bool_]]:
    """Gabriel edges that no road has taken and that don't cross the border, thinned."""
    edges = gabriel_edges(xy)
    key = edges[:, 0] * len(xy) + edges[:, 1]
    ends = np.sort(taken, axis=1)
    free = ~np.isin(key, ends[:, 0] * len(xy) + ends[:, 1])
    edges = edges[free & ~_crosses(lon, lat, edges, border)]
    tree = _spanning(xy, edges)
    keep = tree | (uniform(seed, "loops", len(edges)) < KEPT_LOOPS)
    return edges[keep], tree[keep]


def build_streets(tables: Tables, *, nodes: int, seed: int) -> Streets:
    """Lay out the network with about `nodes` OSM nodes.

    Named and connecting roads come first; around them local streets by pattern: jittered
    grids in settlements, thinner ones in the country, joined where no other point lies
    between (Gabriel graph). No local street crosses a national border: roads and paths of
    the crossing list do. Pieces that hang on nothing are left out.
    """
    lands = mainlands(tables)
    border = unary_union(list(border_lines(tables).values()))
    step_m = min(max(420.0 * math.sqrt(50_000 / nodes), 150.0), 2_500.0)
    chains = all_chains(tables, {**lands, "border": border}, step_m=step_m, seed=seed)
    motorways = [chain for chain in chains if chain.highway == MOTORWAY]
    others = [chain for chain in chains if chain.highway != MOTORWAY]

    junctions = [
        chain.xy[[k for k in range(len(chain.xy)) if chain.junction[k] or k == 0]]
        for chain in motorways
    ] + [chain.xy[-1:] for chain in motorways]
    road_points = np.concatenate([chain.xy for chain in others] + junctions)
    n_local = int(max((nodes - len(road_points) * 1.9) / NODES_PER_POINT, 600))
    rural = int(n_local * RURAL_SHARE)
    local_points = np.concatenate(
        [
            _settlement_points(tables, n_local - rural, seed),
            _rural_points(tables, rural, seed),
        ]
    )
    return _assemble(tables, motorways, others, road_points, local_points, lands, border, seed)


def _assemble(
    tables: Tables,
    motorways: list[Chain],
    others: list[Chain],
    road_points: Int64,
    local_points: Int64,
    lands: Mapping[str, BaseGeometry],
    border: BaseGeometry,
    seed: int,
) -> Streets:
    lon, lat = to_degrees(local_points)
    on_land = _country_of(lon, lat, lands) != ""
    every = np.concatenate([road_points, local_points[on_land]])
    kept, _ = distinct(every)
    xy = every[kept]
    lon, lat = to_degrees(xy)
    row_of = {tuple(point): row for row, point in enumerate(xy[: len(road_points)].tolist())}
    rows = [
        (chain, np.array([row_of[tuple(p)] for p in chain.xy.tolist()], np.int64))
        for chain in others
    ]
    taken = np.concatenate([np.stack([r[:-1], r[1:]], axis=1) for _, r in rows])
    local, tree = _local_edges(xy, taken, lon, lat, border, seed)
    carriage, points, joints = _carriageways(motorways, len(xy), row_of)
    xy = np.concatenate([xy, *points])
    lon, lat = to_degrees(xy)
    inside = _inside(tables, xy)
    local_inside = inside[local[:, 0]] & inside[local[:, 1]]
    streets = Streets(
        xy=xy,
        inside=inside,
        country=_country_of(lon, lat, lands),
        local=local,
        local_class=_draw_classes(local_inside, tree, seed),
        local_kept=tree,
        chains=tuple(rows),
        motorways=tuple(carriage),
        joints=np.array(joints, np.int64).reshape(-1, 2),
    )
    return _largest_piece(streets)


def _inside(tables: Tables, xy: Int64) -> npt.NDArray[np.bool_]:
    inside = np.zeros(len(xy), bool)
    order = np.argsort(xy[:, 0], kind="stable")
    x = xy[order, 0]
    centres = to_plane(
        np.array([place.lon for place in tables.places]),
        np.array([place.lat for place in tables.places]),
    )
    for place, centre in zip(tables.places, centres, strict=True):
        radius = int(radius_dm(place.people) * 1.05)
        low, high = np.searchsorted(x, [centre[0] - radius, centre[0] + radius])
        rows = order[low:high]
        step = xy[rows] - centre
        inside[rows[(step * step).sum(axis=1) <= radius * radius]] = True
    return inside


def _largest_piece(streets: Streets) -> Streets:
    """Leave out local edges that hang together with nothing but themselves."""
    pairs = [streets.local, streets.joints]
    pairs += [np.stack([r[:-1], r[1:]], axis=1) for _, r in streets.chains]
    for _, forth, back in streets.motorways:
        pairs += [np.stack([r[:-1], r[1:]], axis=1) for r in (forth, back)]
    edges = np.concatenate(pairs)
    n = len(streets.xy)
    graph = coo_array((np.ones(len(edges), np.int8), (edges[:, 0], edges[:, 1])), shape=(n, n))
    _, piece = connected_components(graph, directed=False)
    main = np.bincount(piece).argmax()
    keep = piece[streets.local[:, 0]] == main
    return Streets(
        xy=streets.xy,
        inside=streets.inside,
        country=streets.country,
        local=streets.local[keep],
        local_class=streets.local_class[keep],
        local_kept=streets.local_kept[keep],
        chains=streets.chains,
        motorways=streets.motorways,
        joints=streets.joints,
    )
