"""Main roads, cycle routes and border crossings as chains of points."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from mobility.demo.dice import uniform
from mobility.demo.plane import Int64, gabriel_edges, to_plane
from mobility.demo.source import Place, Polyline, Tables

MOTORWAY = "motorway"
MAX_LINK_DM = 150_000
BIG_PLACE = 8_000


@dataclass(frozen=True)
class Chain:
    """A road drawn on the plane.

    Parameters
    ----------
    highway, ref, name
        OSM tags of the whole chain; empty where there is none.
    xy
        int64 (n, 2), decimetres.
    given
        bool (n,): points of the tables (shared with other chains); the rest lie between.
    crossing
        Name of the border crossing at each point, or "".
    junction
        bool (n,): a motorway can be entered and left here.
    """

    highway: str
    ref: str
    name: str
    xy: Int64
    given: tuple[bool, ...]
    crossing: tuple[str, ...]
    junction: tuple[bool, ...]


def _plane_points(points: Sequence[tuple[float, float]]) -> Int64:
    lon, lat = np.array(points, float).T
    return to_plane(lon, lat)


def draw(road: Polyline, highway: str, ref: str, name: str, *, step_m: float, seed: int) -> Chain:
    """Draw a polyline with points every `step_m` metres or nearer, slightly winding."""
    corners = _plane_points(road.points)
    wobble = uniform(seed, f"road {road.id}", 4096)
    xy: list[Int64] = []
    given: list[bool] = []
    k = 0
    for a, b in pairwise(corners):
        xy.append(a)
        given.append(True)
        dx, dy = (b - a).tolist()
        length = math.sqrt(dx * dx + dy * dy)
        parts = max(1, math.ceil(length / (step_m * 10)))
        for i in range(1, parts):
            swing = (wobble[k % len(wobble)] - 0.5) * min(0.3 * length / parts, 1500.0)
            k += 1
            x = a[0] + dx * i / parts - dy / length * swing
            y = a[1] + dy * i / parts + dx / length * swing
            xy.append(np.rint(np.array([x, y])).astype(np.int64))
            given.append(False)
    xy.append(corners[-1])
    given.append(True)
    at = [j for j, is_given in enumerate(given) if is_given]
    crossing, junction = [""] * len(given), [False] * len(given)
    for j, kind, label in zip(at, road.kinds, road.names, strict=False):
        crossing[j] = label if kind == "border crossing" else ""
        junction[j] = kind == "junction"
    return Chain(highway, ref, name, np.stack(xy), tuple(given), tuple(crossing), tuple(junction))


def _pairs_along(roads: Sequence[Polyline]) -> set[frozenset[tuple[float, float]]]:
    return {
        frozenset((a, b))
        for road in roads
        if road.kind != MOTORWAY
        for a, b in pairwise(road.points)
    }


def connecting_roads(tables: Tables, land: Mapping[str, BaseGeometry]) -> list[Polyline]:
    """Join neighbouring settlements of one country by roads, where no named road does."""
    places = [place for place in tables.places if place.municipality_code]
    xy = _plane_points([(place.lon, place.lat) for place in places])
    border = land["border"]
    known = _pairs_along(tables.roads)
    found = []
    for i, j in gabriel_edges(xy).tolist():
        a, b = places[i], places[j]
        step = (xy[i] - xy[j]).tolist()
        straight = shapely.LineString([(a.lon, a.lat), (b.lon, b.lat)])
        if (
            math.sqrt(step[0] ** 2 + step[1] ** 2) > MAX_LINK_DM
            or frozenset(((a.lon, a.lat), (b.lon, b.lat))) in known
            or straight.intersects(border)
        ):
            continue
        found.append(
            Polyline(
                id=f"{a.id}/{b.id}",
                name=f"{a.name} – {b.name}",
                kind=_class_between(a, b),
                points=((a.lon, a.lat), (b.lon, b.lat)),
            )
        )
    return found


def _class_between(a: Place, b: Place) -> str:
    return "secondary" if min(a.people, b.people) >= BIG_PLACE else "tertiary"


def crossing_roads(tables: Tables) -> list[Polyline]:
    """Local roads and paths over the border: from a Belgian to a Dutch place."""
    found = []
    for row in tables.crossings:
        a, b = tables.place(row["place_be"]), tables.place(row["place_nl"])
        middle = (float(row["lon"]), float(row["lat"]))
        found.append(
            Polyline(
                id=row["name"],
                name=row["name"],
                kind=row["highway"],
                points=((a.lon, a.lat), middle, (b.lon, b.lat)),
                kinds=("", "border crossing", ""),
                names=("", row["name"], ""),
            )
        )
    return found


def all_chains(
    tables: Tables, land: Mapping[str, BaseGeometry], *, step_m: float, seed: int
) -> list[Chain]:
    """Draw every road that has a name or joins two places; motorways first."""
    chains = [
        draw(road, road.kind, road.name, "", step_m=step_m, seed=seed) for road in tables.roads
    ]
    chains += [
        draw(road, road.kind, "", road.name, step_m=step_m, seed=seed)
        for road in [*connecting_roads(tables, land), *crossing_roads(tables)]
    ]
    chains += [
        draw(route, "cycleway", route.id, route.name, step_m=step_m, seed=seed)
        for route in tables.cycle_routes
    ]
    return sorted(chains, key=lambda chain: chain.highway != MOTORWAY)
