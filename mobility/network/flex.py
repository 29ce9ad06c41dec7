"""On-demand areas as links: a ride between every door of an area and its hubs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from mobility.network.links import plane
from mobility.network.model import FlexZone, Reach
from mobility.zones import Zones


def flex_links(
    areas: tuple[FlexZone, ...],
    zones: Zones,
    stop_ids: npt.NDArray[np.object_],
    stop_lon: npt.NDArray[np.float64],
    stop_lat: npt.NDArray[np.float64],
) -> Reach:
    """Find which zones reach which hub stops by on-demand service.

    The time is the wait and the ride, the straight line × detour at the service's speed.
    It serves both ways alike: as access to a hub, and as egress from it.

    Returns
    -------
    Reach
        Zone → stop, seconds.
    """
    origin: list[npt.NDArray[np.int32]] = [np.empty(0, np.int32)]
    destination = [np.empty(0, np.int32)]
    time_s = [np.empty(0, np.int32)]
    for area in areas:
        shape = shapely.from_wkb(area.area_wkb)
        inside = np.flatnonzero(shapely.contains_xy(shape, zones.lon, zones.lat))
        hubs = np.flatnonzero(np.isin(stop_ids, list(area.hubs)))
        if not len(inside) or not len(hubs):
            continue
        lat_0 = float(zones.lat[inside].mean())
        doors = plane(zones.lon[inside], zones.lat[inside], lat_0)
        stops = plane(stop_lon[hubs], stop_lat[hubs], lat_0)
        distance_m = np.hypot(*np.moveaxis(doors[:, None] - stops[None], 2, 0))
        ride_s = distance_m * area.detour_factor / (area.speed_kph / 3.6)
        origin.append(np.repeat(inside, len(hubs)).astype(np.int32))
        destination.append(np.tile(hubs, len(inside)).astype(np.int32))
        time_s.append(np.ceil(area.wait_s + ride_s).astype(np.int32).ravel())
    return Reach(np.concatenate(origin), np.concatenate(destination), np.concatenate(time_s))
