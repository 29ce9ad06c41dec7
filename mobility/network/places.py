"""Places where stops stand, and what they reach on the streets.

Several stops may share one place (platforms, one stop in two feeds, one stop per ticket).
Street searches run once per place; and a scenario that adds a few stops searches only for
those, the rest is taken from the network it started from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mobility.network.links import beyond_streets, reach, select, snap_points
from mobility.network.model import Int32, Places, Points, Reach, Settings
from mobility.streets import StreetNetwork


@dataclass(frozen=True)
class PlaceIndex:
    """Unique coordinates of stops: `lon`, `lat` (n_places,) and `place_of` int32 (n_stops,).

    `country` is that of the stops at each place, ``""`` where unknown.
    """

    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]
    place_of: Int32
    country: npt.NDArray[np.object_] | None = None


def index_places(
    lon: npt.NDArray[np.float64],
    lat: npt.NDArray[np.float64],
    country: npt.NDArray[np.object_] | None = None,
) -> PlaceIndex:
    """Find the distinct coordinates among stops, in ascending order of longitude, latitude."""
    places, rows = np.unique(np.column_stack([lon, lat]), axis=0, return_inverse=True)
    place_of = rows.reshape(-1).astype(np.int32)
    of_place = None
    if country is not None:
        # stops at one spot lie in one country, whatever the order in which they come
        of_place = np.full(len(places), "", object)
        of_place[place_of] = country
    return PlaceIndex(places[:, 0].copy(), places[:, 1].copy(), place_of, of_place)


def link_places(
    streets: StreetNetwork,
    index: PlaceIndex,
    zones: Mapping[str, Points],
    parking: npt.NDArray[np.bool_],
    settings: Settings,
    known: Places | None = None,
    known_zones: bool = True,
) -> Places:
    """Search the streets from and to every place.

    Parameters
    ----------
    streets
        The network to walk, cycle and drive on.
    index
        The places.
    zones
        Street mode (walk, bike, car) → the zones on that mode's streets.
    parking
        bool (n_places,).
    settings
        Limits and speeds.
    known
        Links of another network on the *same* streets and settings; ways between its places
        are not searched again,
    known_zones
        nor are those between its places and the zones, where these are the same too.
    """
    old_of = _known_rows(index, known)
    new = np.flatnonzero(old_of < 0)
    snapped = {
        mode: _snap_new(streets, mode, index, new, old_of, known, settings)
        for mode in ("walk", "bike", "car")
    }
    walk = settings.walk_kph
    limits = {"walk": settings.max_access_walk_s, "bike": settings.max_access_bike_s}
    everywhere = np.arange(len(index.lon))

    walked = _carry(known.walked if known else None, old_of, old_of)
    for a, b in ((new, everywhere), (np.flatnonzero(old_of >= 0), new)):
        walked = _merge(walked, *_changes(streets, snapped["walk"], a, b, settings))
    linked = known if known_zones else None
    unlinked = new if linked is not None else everywhere
    access = {}
    all_zones = np.arange(len(zones["walk"].lon))
    for mode, limit_s in limits.items():
        found = _search(streets, zones[mode], all_zones, snapped[mode], unlinked, limit_s, walk)
        access[mode] = _merge(_carry(linked.access[mode] if linked else None, None, old_of), found)
    access["car"] = _car_access(
        streets, zones["car"], snapped["car"], parking, settings, old_of, linked
    )
    left = _search(
        streets,
        snapped["walk"],
        unlinked,
        zones["walk"],
        all_zones,
        settings.max_access_walk_s,
        walk,
    )
    egress = _merge(_carry(linked.egress if linked else None, old_of, None), left)
    return Places(
        walk=snapped["walk"], bike=snapped["bike"], car=snapped["car"], walked=walked,
        access=access, egress=egress, parking=parking,
    )  # fmt: skip


def _known_rows(index: PlaceIndex, known: Places | None) -> npt.NDArray[np.int32]:
    old_of = np.full(len(index.lon), -1, np.int32)
    if known is None:
        return old_of
    rows = {
        place: row
        for row, place in enumerate(zip(known.walk.lon.tolist(), known.walk.lat.tolist(),
                                        strict=True))
    }  # fmt: skip
    for row, place in enumerate(zip(index.lon.tolist(), index.lat.tolist(), strict=True)):
        old_of[row] = rows.get(place, -1)
    return old_of


def _snap_new(
    streets: StreetNetwork,
    mode: str,
    index: PlaceIndex,
    new: npt.NDArray[np.intp],
    old_of: npt.NDArray[np.int32],
    known: Places | None,
    settings: Settings,
) -> Points:
    country = None if index.country is None else index.country[new]
    fresh = snap_points(streets, mode, index.lon[new], index.lat[new], settings.max_snap_m, country)
    if known is None:
        return fresh
    old: Points = getattr(known, mode)
    source = np.empty(len(index.lon), np.intp)
    source[old_of >= 0] = old_of[old_of >= 0]
    source[new] = len(old.lon) + np.arange(len(new))
    s, f = old.snapped, fresh.snapped
    joined = replace(
        s,
        edge=np.concatenate([s.edge, f.edge])[source],
        fraction=np.concatenate([s.fraction, f.fraction])[source],
        distance_m=np.concatenate([s.distance_m, f.distance_m])[source],
    )
    return Points(index.lon, index.lat, joined)


def _search(
    streets: StreetNetwork,
    origins: Points,
    origin_rows: npt.NDArray[np.intp],
    destinations: Points,
    destination_rows: npt.NDArray[np.intp],
    limit_s: float,
    walk_kph: float,
) -> Reach:
    none = np.empty(0, np.int32)
    if not len(origin_rows) or not len(destination_rows):
        return Reach(none, none, none)
    found = reach(
        streets, select(origins, origin_rows), select(destinations, destination_rows),
        limit_s=limit_s, walk_kph=walk_kph,
    )  # fmt: skip
    return Reach(
        origin_rows[found.origin].astype(np.int32),
        destination_rows[found.destination].astype(np.int32),
        found.time_s,
    )


def _changes(
    streets: StreetNetwork,
    points: Points,
    from_rows: npt.NDArray[np.intp],
    to_rows: npt.NDArray[np.intp],
    settings: Settings,
) -> tuple[Reach, Reach]:
    """Walks between some places and some others: on the streets, and beyond them."""
    limit_s, walk = settings.max_transfer_walk_s, settings.walk_kph
    on_streets = _search(streets, points, from_rows, points, to_rows, limit_s, walk)
    off = beyond_streets(
        select(points, from_rows), select(points, to_rows), limit_s=limit_s, walk_kph=walk
    )
    beyond = Reach(
        from_rows[off.origin].astype(np.int32), to_rows[off.destination].astype(np.int32),
        off.time_s,
    )  # fmt: skip
    return on_streets, beyond


def _car_access(
    streets: StreetNetwork,
    zones: Points,
    places: Points,
    parking: npt.NDArray[np.bool_],
    settings: Settings,
    old_of: npt.NDArray[np.int32],
    known: Places | None,
) -> Reach:
    carried = _carry(known.access["car"] if known else None, None, old_of)
    keep = parking[carried.destination]
    carried = Reach(carried.origin[keep], carried.destination[keep], carried.time_s[keep])
    parked_before = np.zeros(len(parking), bool)
    if known is not None:
        had = old_of >= 0
        parked_before[had] = known.parking[old_of[had]]
    fresh = np.flatnonzero(parking & ~parked_before)
    found = _search(
        streets, zones, np.arange(len(zones.lon)), places, fresh, settings.max_access_car_s,
        settings.walk_kph,
    )  # fmt: skip
    return _merge(carried, found)


def _carry(
    found: Reach | None,
    origin_old_of: npt.NDArray[np.int32] | None,
    destination_old_of: npt.NDArray[np.int32] | None,
) -> Reach:
    """Renumber what was known to the new places; None leaves a side's numbers as they are."""
    none = np.empty(0, np.int32)
    if found is None:
        return Reach(none, none, none)
    origin = _renumber(found.origin, origin_old_of)
    destination = _renumber(found.destination, destination_old_of)
    keep = (origin >= 0) & (destination >= 0)
    return Reach(origin[keep], destination[keep], found.time_s[keep])


def _renumber(rows: Int32, old_of: npt.NDArray[np.int32] | None) -> Int32:
    if old_of is None:
        return rows
    new_of = np.full(max(int(rows.max(initial=-1)), int(old_of.max(initial=-1))) + 1, -1, np.int32)
    known = np.flatnonzero(old_of >= 0)
    new_of[old_of[known]] = known
    return new_of[rows]


def _merge(*parts: Reach) -> Reach:
    origin = np.concatenate([part.origin for part in parts])
    destination = np.concatenate([part.destination for part in parts])
    time_s = np.concatenate([part.time_s for part in parts])
    order = np.lexsort((destination, origin))
    return Reach(origin[order], destination[order], time_s[order])


def spread(found: Reach, origin_place: Int32 | None, destination_place: Int32 | None) -> Reach:
    """Turn pairs of places into pairs of stops.

    `origin_place` and `destination_place` are the place of each stop, or None where that
    side is not places (zones). Sorted by origin, then destination.
    """
    origin, destination, time_s = found.origin, found.destination, found.time_s
    if origin_place is not None:
        row, origin = _expand(origin, origin_place)
        destination, time_s = destination[row], time_s[row]
    if destination_place is not None:
        row, destination = _expand(destination, destination_place)
        origin, time_s = origin[row], time_s[row]
    return _merge(Reach(origin, destination, time_s))


def _expand(places: Int32, place_of: Int32) -> tuple[npt.NDArray[np.intp], Int32]:
    """Repeat each row once per stop at its place: (row repeated, stop)."""
    by_place = np.argsort(place_of, kind="stable").astype(np.int32)
    size = max(int(place_of.max(initial=-1)), int(places.max(initial=-1))) + 1
    count = np.bincount(place_of, minlength=size)
    start = np.concatenate([[0], np.cumsum(count)])
    repeats = count[places]
    row = np.repeat(np.arange(len(places)), repeats)
    within = np.arange(len(row)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    return row, by_place[start[places[row]] + within]
