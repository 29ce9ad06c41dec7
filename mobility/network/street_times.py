"""Door-to-door times on the streets between zones: one mode, no vehicle but one's own."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mobility.network.links import DETOUR, off_street_s, plane, select, snap_points
from mobility.network.model import MultimodalNetwork
from mobility.streets import matrix_ms

UNREACHED_MS = np.iinfo(np.int32).max


def street_seconds(
    network: MultimodalNetwork,
    mode: str,
    origins: npt.NDArray[np.integer],
    destinations: npt.NDArray[np.integer],
) -> npt.NDArray[np.float64]:
    """Seconds from zone to zone on foot, by bike, e-bike or car.

    The way to and from the street is walked and counted; zones nearer to each other than to
    the streets are joined by a straight line × detour, walked (see `links`). A trip by car
    takes `settings.car_terminal_s` on top, for walking to it and parking. A zone to itself
    takes no time.

    Parameters
    ----------
    network
        Built network.
    mode
        walk, bike, ebike or car.
    origins, destinations
        Zone rows.

    Returns
    -------
    ndarray
        float64 (n_o, n_d), infinite where there is no way or no such streets.
    """
    shape = (len(origins), len(destinations))
    supply, walk_kph = network.supply, network.supply.settings.walk_kph
    if mode not in supply.streets.graphs or 0 in shape:
        return np.full(shape, np.inf)
    points = network.zone_points.get(mode)
    if points is None:
        zones, limit_m = supply.zones, supply.settings.max_snap_m
        points = snap_points(supply.streets, mode, zones.lon, zones.lat, limit_m)
    a, b = select(points, origins), select(points, destinations)
    ms = matrix_ms(
        supply.streets, mode, a.snapped, b.snapped, factor=supply.street_factor.get(mode)
    )
    seconds = np.where(ms == UNREACHED_MS, np.inf, ms / 1000.0)
    seconds += off_street_s(a, walk_kph)[:, None] + off_street_s(b, walk_kph)[None, :]
    if mode == "car":
        seconds += supply.settings.car_terminal_s
    lat_0 = float(points.lat.mean())
    place_a, place_b = plane(a.lon, a.lat, lat_0), plane(b.lon, b.lat, lat_0)
    distance_m = np.hypot(*np.moveaxis(place_a[:, None] - place_b[None], 2, 0))
    gap_m = (a.snapped.distance_m[:, None].astype(float) + b.snapped.distance_m[None]) / 2
    near = (distance_m <= gap_m) & np.isfinite(gap_m)
    seconds[near] = np.minimum(seconds[near], distance_m[near] * DETOUR / (walk_kph / 3.6))
    seconds[(origins[:, None] == destinations[None]) & np.isfinite(gap_m)] = 0.0
    return seconds
