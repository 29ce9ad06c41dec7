"""New streets: lines joined to the network at their ends, or wherever they cross it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
import shapely

from mobility.streets.build import rebuild_graphs
from mobility.streets.edges import distance_m, shape_lengths
from mobility.streets.model import Bool, Float64, Int32, StreetNetwork
from mobility.streets.reading import freeze
from mobility.streets.snapping import cut_shape, snap
from mobility.streets.splitting import Joint, split_edges

_SAME_PLACE_M = 0.5
_STEP_M = 200.0


@dataclass(frozen=True, eq=False)
class NewStreet:
    """A street to be built.

    Parameters
    ----------
    lon, lat
        Its line, float64 (n,), n ≥ 2, WGS 84.
    tags
        OSM tags, e.g. ``{"highway": "cycleway", "oneway": "no"}``; decide who may use it.
    name
        For tables and maps.
    """

    lon: Float64
    lat: Float64
    tags: Mapping[str, str]
    name: str = ""


@dataclass(frozen=True, eq=False)
class Added:
    """A network with new streets.

    Parameters
    ----------
    streets
        The new network. Edges that were there keep their numbers (a divided edge keeps that
        of its first piece); what is new follows after them.
    edges
        int32: edges of the new streets.
    street
        int32 beside `edges`: which of the streets asked for each belongs to.
    loose
        (street, ``"start"`` or ``"end"``, metres to the nearest usable street): ends that
        lie too far from everything to be joined.
    """

    streets: StreetNetwork
    edges: Int32
    street: Int32
    loose: tuple[tuple[int, str, float], ...]


def add_edges(
    streets: StreetNetwork,
    new: Sequence[NewStreet],
    *,
    join: Literal["ends", "crossings"] = "ends",
    join_to: str = "walk",
    max_join_m: float = 100.0,
) -> Added:
    """Build streets into the network.

    Parameters
    ----------
    streets
        Network; stays as it is.
    new
        Streets to build.
    join
        ``"ends"``: the two ends alone are joined, as for a motorway or a tunnel;
        ``"crossings"``: every street the line crosses too, as for a cycle highway at grade.
    join_to
        Mode whose edges the new street is joined to.
    max_join_m
        An end farther from any such edge stays loose and is reported.
    """
    loose: list[tuple[int, str, float]] = []
    plans = []
    joints: list[tuple[int, float]] = []
    for number, street in enumerate(new):
        plan = _plan(streets, street, join, join_to, max_join_m)
        loose.extend((number, end, metres) for end, metres in plan.loose)
        plans.append((number, street, plan, len(joints)))
        joints.extend(plan.joints)
    divided = split_edges(streets, joints)
    return _append(divided.streets, plans, divided.joints, tuple(loose))


@dataclass(frozen=True, eq=False)
class _Plan:
    """Where along its line (metres) a street meets which edge at which fraction.

    `borders` are the metres at which it enters another country, `countries` its countries.
    """

    along: tuple[float, ...]
    joints: tuple[tuple[int, float], ...]
    loose: tuple[tuple[str, float], ...]
    borders: tuple[float, ...]
    countries: tuple[int, ...]


def _along(lon: Float64, lat: Float64) -> Float64:
    return np.concatenate(([0.0], np.cumsum(distance_m(lon[:-1], lat[:-1], lon[1:], lat[1:]))))


def _plan(
    streets: StreetNetwork, street: NewStreet, join: str, join_to: str, max_join_m: float
) -> _Plan:
    along = _along(street.lon, street.lat)
    ends = snap(streets, join_to, street.lon[[0, -1]], street.lat[[0, -1]], max_m=20_000)
    found: list[tuple[float, int, float]] = []
    loose = []
    for end, place, words in ((0, 0.0, "start"), (1, float(along[-1]), "end")):
        if ends.distance_m[end] <= max_join_m:
            found.append((place, int(ends.edge[end]), float(ends.fraction[end])))
        else:
            loose.append((words, float(ends.distance_m[end])))
    if join == "crossings":
        found.extend(_crossings(streets, street, along, join_to))
    found.sort()
    kept: list[tuple[float, int, float]] = []
    for item in found:
        if not kept or item[0] - kept[-1][0] > _SAME_PLACE_M:
            kept.append(item)
    borders, countries = _borders(streets, street, along)
    return _Plan(
        along=tuple(item[0] for item in kept),
        joints=tuple((item[1], item[2]) for item in kept),
        loose=tuple(loose),
        borders=borders,
        countries=countries,
    )


def _crossings(
    streets: StreetNetwork, street: NewStreet, along: Float64, mode: str
) -> list[tuple[float, int, float]]:
    """Where the line crosses edges of a mode on the level: (metres along, edge, fraction)."""
    line = shapely.LineString(np.stack((street.lon, street.lat), axis=1))
    used = np.diff(streets.graphs[mode].edge_offset) > 0
    low = np.minimum.reduceat(streets.shape_lon, streets.shape_offset[:-1])
    high = np.maximum.reduceat(streets.shape_lon, streets.shape_offset[:-1])
    south = np.minimum.reduceat(streets.shape_lat, streets.shape_offset[:-1])
    north = np.maximum.reduceat(streets.shape_lat, streets.shape_offset[:-1])
    west, bottom, east, top = line.bounds
    near = used & (low <= east) & (high >= west) & (south <= top) & (north >= bottom)
    found = []
    for edge in np.flatnonzero(near).tolist():
        tags = streets.tagsets[int(streets.ways["tagset"].iloc[int(streets.edge_way[edge])])]
        if tags.get("bridge", "no") != "no" or tags.get("tunnel", "no") != "no":
            continue
        lon, lat = cut_shape(streets, edge, 0.0, 1.0)
        shape = shapely.LineString(np.stack((lon, lat), axis=1))
        for point in shapely.get_parts(shapely.intersection(line, shape)):
            if point.geom_type != "Point":
                continue
            here = line.project(point, normalized=False)
            fraction = shape.project(point, normalized=True)
            steps = _along_degrees(street.lon, street.lat)
            found.append((float(np.interp(here, steps, along)), edge, float(fraction)))
    return found


def _along_degrees(lon: Float64, lat: Float64) -> Float64:
    return np.concatenate(([0.0], np.cumsum(np.hypot(np.diff(lon), np.diff(lat)))))


def _append(
    streets: StreetNetwork,
    plans: Sequence[tuple[int, NewStreet, _Plan, int]],
    joints: Sequence[Joint],
    loose: tuple[tuple[int, str, float], ...],
) -> Added:
    builder = _Builder(streets)
    for number, street, plan, first in plans:
        builder.build(number, street, plan, joints[first : first + len(plan.along)])
    return builder.finish(loose)


class _Builder:
    """Collects new nodes, edges and ways, and puts them behind those that are there."""

    def __init__(self, streets: StreetNetwork) -> None:
        self.streets = streets
        self.node_lon: list[float] = []
        self.node_lat: list[float] = []
        self.ends: list[tuple[int, int]] = []
        self.shapes: list[tuple[Float64, Float64]] = []
        self.way: list[int] = []
        self.country: list[int] = []
        self.street: list[int] = []
        self.ways: list[dict[str, object]] = []
        self.tagsets = list(streets.tagsets)

    def _node(self, lon: float, lat: float) -> int:
        self.node_lon.append(lon)
        self.node_lat.append(lat)
        return len(self.streets.node_id) + len(self.node_lon) - 1

    def build(self, number: int, street: NewStreet, plan: _Plan, joints: Sequence[Joint]) -> None:
        """Cut one street at its joints and at borders, and note the pieces."""
        along = _along(street.lon, street.lat)
        stops: dict[float, Joint | None] = {0.0: None, float(along[-1]): None}
        stops.update(dict.fromkeys(plan.borders))
        stops.update(dict(zip(plan.along, joints, strict=True)))
        row = self._way_row(street)
        places = sorted(stops)
        nodes: list[Joint] = []
        for place in places:
            joint = stops[place]
            if joint is None:
                lon = float(np.interp(place, along, street.lon))
                lat = float(np.interp(place, along, street.lat))
                joint = Joint(self._node(lon, lat), lon, lat)
            nodes.append(joint)
        for k in range(len(places) - 1):
            low, high = places[k], places[k + 1]
            inner = (along > low) & (along < high)
            self.shapes.append(_piece(street, along, inner, (low, high), nodes[k], nodes[k + 1]))
            self.ends.append((nodes[k].node, nodes[k + 1].node))
            self.way.append(row)
            self.street.append(number)
            middle = (low + high) / 2
            self.country.append(plan.countries[int(np.searchsorted(plan.borders, middle))])

    def _way_row(self, street: NewStreet) -> int:
        tags = dict(street.tags)
        self.tagsets.append(tags)
        lowest = min(0, int(self.streets.ways["way_id"].min()))
        self.ways.append(
            {
                "way_id": lowest - 1 - len(self.ways),
                "highway": tags.get("highway", "") or tags.get("route", ""),
                "name": street.name or tags.get("name", ""),
                "ref": tags.get("ref", ""),
                "tagset": len(self.tagsets) - 1,
            }
        )
        return len(self.streets.ways) + len(self.ways) - 1

    def finish(self, loose: tuple[tuple[int, str, float], ...]) -> Added:
        """Make the new network."""
        old = self.streets
        n_new = len(self.node_lon)
        lon = np.concatenate([shape[0] for shape in self.shapes])
        lat = np.concatenate([shape[1] for shape in self.shapes])
        sizes = [len(shape[0]) for shape in self.shapes]
        offset = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
        ends = np.array(self.ends, np.int32)
        lowest = min(0, int(old.node_id.min()))
        ways = pd.DataFrame(self.ways).astype({"way_id": np.int64, "tagset": np.int32})
        streets = replace(
            old,
            node_id=np.concatenate((old.node_id, lowest - 1 - np.arange(n_new))),
            node_lon=np.concatenate((old.node_lon, self.node_lon)),
            node_lat=np.concatenate((old.node_lat, self.node_lat)),
            node_tags=np.concatenate((old.node_tags, np.zeros(n_new, np.int32))),
            edge_from=np.concatenate((old.edge_from, ends[:, 0])),
            edge_to=np.concatenate((old.edge_to, ends[:, 1])),
            edge_length_m=np.concatenate((old.edge_length_m, shape_lengths(lon, lat, offset))),
            edge_way=np.concatenate((old.edge_way, np.array(self.way, np.int32))),
            edge_country=np.concatenate((old.edge_country, np.array(self.country, np.int16))),
            shape_offset=np.concatenate((old.shape_offset, old.shape_offset[-1] + offset[1:])),
            shape_lon=np.concatenate((old.shape_lon, lon)),
            shape_lat=np.concatenate((old.shape_lat, lat)),
            ways=pd.concat([old.ways, ways], ignore_index=True),
            tagsets=tuple(self.tagsets),
        )
        edges = np.arange(len(old.edge_from), len(streets.edge_from), dtype=np.int32)
        return Added(freeze(rebuild_graphs(streets)), edges, np.array(self.street, np.int32), loose)


def _piece(
    street: NewStreet,
    along: Float64,
    inner: Bool,
    span: tuple[float, float],
    start: Joint,
    end: Joint,
) -> tuple[Float64, Float64]:
    """Shape between two nodes: to the line, along it, and from it."""
    at = np.concatenate(([span[0]], along[inner], [span[1]]))
    lon, lat = np.interp(at, along, street.lon), np.interp(at, along, street.lat)
    lon = np.concatenate(([start.lon], lon, [end.lon]))
    lat = np.concatenate(([start.lat], lat, [end.lat]))
    # The line's own ends stay only where its nodes stand apart from them.
    keep = np.ones(len(lon), bool)
    keep[1:] = distance_m(lon[:-1], lat[:-1], lon[1:], lat[1:]) > _SAME_PLACE_M
    keep[[0, -1]] = True
    if float(distance_m(lon[-2], lat[-2], lon[-1], lat[-1])) <= _SAME_PLACE_M:
        keep[-2] = False
    return lon[keep], lat[keep]


def _borders(
    streets: StreetNetwork, street: NewStreet, along: Float64
) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Where the country of the nearest street changes along a line, and the countries."""
    steps = max(2, int(np.ceil(along[-1] / _STEP_M)) + 1)
    places = np.linspace(0, along[-1], steps)
    lon, lat = np.interp(places, along, street.lon), np.interp(places, along, street.lat)
    near = snap(streets, "walk", lon, lat, max_m=50_000)
    country = np.where(near.edge >= 0, streets.edge_country[np.maximum(near.edge, 0)], 0)
    change = np.flatnonzero(np.diff(country))
    borders = tuple(float(places[k] + places[k + 1]) / 2 for k in change)
    return borders, (int(country[0]), *(int(country[k + 1]) for k in change))
