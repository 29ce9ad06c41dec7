"""Walking, cycling and driving between points, stops and zones, off the network's edge included.

A point rarely lies on a street. The way to the street is walked in a straight line and
counted. Where two points are closer to each other than to the streets, the streets can't
tell how far apart they are: then the straight line × `DETOUR` is taken. So it is for changes
between stops beyond the streets, where a line is kept whole though the extract ends.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from mobility.network.model import Int32, Links, Points, Reach
from mobility.streets import Snapped, StreetNetwork, snap, within_ms

DETOUR = 1.3  # mean ratio of walked to straight distance in towns, 1.2–1.4 in the literature
METRES_PER_DEGREE = 111_195.0


def snap_points(
    streets: StreetNetwork,
    mode: str,
    lon: npt.NDArray[np.float64],
    lat: npt.NDArray[np.float64],
    max_m: float,
    countries: npt.NDArray[np.object_] | None = None,
) -> Points:
    """Put places on the nearest street of a mode, of their own country where that is known."""
    return Points(lon, lat, snap(streets, mode, lon, lat, max_m=max_m, countries=countries))


def select(points: Points, rows: npt.NDArray[np.integer[Any]]) -> Points:
    """Take some of the points."""
    s = points.snapped
    part = Snapped(s.mode, s.edge[rows], s.fraction[rows], s.distance_m[rows])
    return Points(points.lon[rows], points.lat[rows], part)


def plane(
    lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64], lat_0: float
) -> npt.NDArray[np.float64]:
    """Lay places on a plane, metres, (n, 2); right to a few per mille within a region."""
    x = lon * METRES_PER_DEGREE * np.cos(np.radians(lat_0))
    return np.column_stack([x, lat * METRES_PER_DEGREE])


def off_street_s(points: Points, walk_kph: float) -> npt.NDArray[np.float64]:
    """Seconds walked from each point to its street; infinite where it has none."""
    distance_m = np.where(points.snapped.edge >= 0, points.snapped.distance_m, np.inf)
    return distance_m.astype(np.float64) / (walk_kph / 3.6)


def reach(
    streets: StreetNetwork,
    origins: Points,
    destinations: Points,
    *,
    limit_s: float,
    walk_kph: float,
) -> Reach:
    """Find all pairs within a time limit on the mode the points are snapped to.

    Times are whole seconds, rounded up, so that nobody boards before they arrive.
    """
    offset, destination, ms = within_ms(
        streets, origins.snapped.mode, origins.snapped, destinations.snapped, limit_s=limit_s
    )
    origin = np.repeat(np.arange(len(origins.lon), dtype=np.int32), np.diff(offset))
    time_s = (
        ms / 1000.0
        + off_street_s(origins, walk_kph)[origin]
        + off_street_s(destinations, walk_kph)[destination]
    )
    near = _closer_than_streets(origins, destinations, walk_kph)
    return _shortest(
        np.concatenate([origin, near.origin]),
        np.concatenate([destination.astype(np.int32), near.destination]),
        np.concatenate([np.ceil(time_s - 1e-6), near.time_s]),
        limit_s,
    )


def _closer_than_streets(origins: Points, destinations: Points, walk_kph: float) -> Reach:
    """Pairs nearer to each other than to the streets on average, by straight line × DETOUR."""
    usable_o = np.flatnonzero(origins.snapped.edge >= 0)
    usable_d = np.flatnonzero(destinations.snapped.edge >= 0)
    none = np.empty(0, np.int32)
    if not len(usable_o) or not len(usable_d):
        return Reach(none, none, none)
    lat_0 = float(np.mean(origins.lat[usable_o]))
    place_o = plane(origins.lon[usable_o], origins.lat[usable_o], lat_0)
    place_d = plane(destinations.lon[usable_d], destinations.lat[usable_d], lat_0)
    gap_o = origins.snapped.distance_m[usable_o].astype(np.float64)
    gap_d = destinations.snapped.distance_m[usable_d].astype(np.float64)
    # distance <= (gap_o + gap_d) / 2 <= the larger gap, so one of the two searches finds it.
    from_o = cKDTree(place_d).query_ball_point(place_o, gap_o)
    from_d = cKDTree(place_o).query_ball_point(place_d, gap_d)
    a = np.concatenate([np.repeat(np.arange(len(from_o)), [len(f) for f in from_o]), *from_d])
    b = np.concatenate([*from_o, np.repeat(np.arange(len(from_d)), [len(f) for f in from_d])])
    a, b = a.astype(np.intp), b.astype(np.intp)
    distance_m = np.hypot(*(place_o[a] - place_d[b]).T)
    near = distance_m <= (gap_o[a] + gap_d[b]) / 2
    time_s = np.ceil(distance_m[near] * DETOUR / (walk_kph / 3.6) - 1e-6)
    return Reach(
        usable_o[a[near]].astype(np.int32),
        usable_d[b[near]].astype(np.int32),
        time_s.astype(np.int32),
    )


def beyond_streets(
    origins: Points, destinations: Points, *, limit_s: float, walk_kph: float
) -> Reach:
    """Find pairs of which at least one is off all streets, by straight line × `DETOUR`.

    Of use between stops alone: zones off the streets are off the network.
    """
    none = np.empty(0, np.int32)
    off_o = np.flatnonzero(origins.snapped.edge < 0)
    off_d = np.flatnonzero(destinations.snapped.edge < 0)
    if not len(origins.lon) or not len(destinations.lon) or not len(off_o) + len(off_d):
        return Reach(none, none, none)
    at_o, at_d = (_on_sphere(p.lon, p.lat) for p in (origins, destinations))
    radius_m = limit_s * walk_kph / 3.6 / DETOUR
    from_o: Any = cKDTree(at_d).query_ball_point(at_o[off_o], radius_m) if len(off_o) else []
    from_d: Any = cKDTree(at_o).query_ball_point(at_d[off_d], radius_m) if len(off_d) else []
    a = np.concatenate([np.repeat(off_o, [len(f) for f in from_o]), *from_d])
    b = np.concatenate([*from_o, np.repeat(off_d, [len(f) for f in from_d])])
    a, b = a.astype(np.int32), b.astype(np.int32)
    distance_m = np.sqrt(np.square(at_o[a] - at_d[b]).sum(axis=1))
    return _shortest(a, b, np.ceil(distance_m * DETOUR / (walk_kph / 3.6) - 1e-6), limit_s)


def _on_sphere(
    lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Lay places on a globe, metres, (n, 3): near ones are as far apart as on the ground."""
    x, y = np.radians(lon), np.radians(lat)
    radius_m = METRES_PER_DEGREE * 180 / np.pi
    return radius_m * np.column_stack([np.cos(x) * np.cos(y), np.sin(x) * np.cos(y), np.sin(y)])


def _shortest(
    origin: Int32, destination: Int32, time_s: npt.NDArray[np.float64], limit_s: float
) -> Reach:
    keep = time_s <= limit_s
    origin, destination, time_s = origin[keep], destination[keep], time_s[keep]
    order = np.lexsort((time_s, destination, origin))
    origin, destination, time_s = origin[order], destination[order], time_s[order]
    first = np.ones(len(origin), bool)
    first[1:] = (origin[1:] != origin[:-1]) | (destination[1:] != destination[:-1])
    return Reach(
        origin[first].astype(np.int32),
        destination[first].astype(np.int32),
        time_s[first].astype(np.int32),
    )


def as_links(found: Reach, mode: str, n_zones: int, *, extra_s: int = 0) -> Links:
    """Lay zone → stop pairs out as compressed rows by zone, `extra_s` added (parking)."""
    offset = np.zeros(n_zones + 1, np.int32)
    np.cumsum(np.bincount(found.origin, minlength=n_zones), out=offset[1:])
    time_s = (found.time_s + extra_s).astype(np.int32)
    for array in (offset, time_s):
        array.setflags(write=False)
    return Links(mode, offset, found.destination, time_s)


def reversed_reach(found: Reach) -> Reach:
    """Turn stop → zone pairs into zone → stop order, sorted by zone and stop."""
    order = np.lexsort((found.origin, found.destination))
    return Reach(found.destination[order], found.origin[order], found.time_s[order])


def merge_reach(*parts: Reach) -> Reach:
    """Join pairs from several searches; of a pair found twice the shortest time stays."""
    return _shortest(
        np.concatenate([part.origin for part in parts]),
        np.concatenate([part.destination for part in parts]),
        np.concatenate([part.time_s for part in parts]).astype(np.float64),
        np.inf,
    )
