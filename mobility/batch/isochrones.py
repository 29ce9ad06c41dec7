"""How far one gets from the places a run is about: areas along the streets, by mode.

By public transport the median time to every stop is searched and the walk from there goes on
along the streets; by bicycle the streets are all there is.
"""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from mobility import raptor
from mobility.border import resolve_pairs
from mobility.maps import isochrones, street_reach
from mobility.network import MultimodalNetwork
from mobility.scenario.model import Pair
from mobility.streets import crossings
from mobility.travel_times import EGRESS, Engine, Window, make_query, prepare_search, subset_links
from mobility.zones import Countries

WGS84 = "EPSG:4326"
CUTOFFS_MIN = (30, 45, 60)
PLACES = 4
WIDTH_M = 200.0
MEDIAN = 50


def network_layers(
    network: MultimodalNetwork,
    countries: Countries | None,
    pairs: Sequence[Pair],
    modes: Sequence[str],
    window: Window,
) -> dict[str, gpd.GeoDataFrame]:
    """Lay out what of a scenario's network belongs on a map beside lines and stops.

    Missing links are not among it: to find them takes as long as a whole scenario, and they
    are those of the streets as they are; ``check`` writes them.
    """
    layers = {"isochrones": isochrone_layer(network, pairs, modes, window)}
    if countries is not None:
        table = crossings(network.supply.streets, countries)
        points = shapely.points(table["lon"].to_numpy(float), table["lat"].to_numpy(float))
        layers["crossings"] = gpd.GeoDataFrame(
            table, geometry=np.asarray(points, object), crs=WGS84
        )
    return layers


def isochrone_layer(
    network: MultimodalNetwork, pairs: Sequence[Pair], modes: Sequence[str], window: Window
) -> gpd.GeoDataFrame:
    """Draw what is within reach of the first places of the named pairs.

    Parameters
    ----------
    network
        Of the scenario.
    pairs
        Named pairs; each end counts once, as its first zone, `PLACES` at most.
    modes
        Of the run; by ``pt`` it is drawn, without that by ``bike``.
    window
        Departures whose median counts; they leave in it also where a run arrives in it.

    Returns
    -------
    GeoDataFrame
        ``place, zone, mode, minutes, area_km2, geometry``, larger areas first.
    """
    zones = network.supply.zones
    drawn = []
    for place, row in places(network, pairs):
        for mode in [mode for mode in ("pt", "bike") if mode in modes][:1]:
            area = _area(network, mode, row, window)
            about = {"place": place, "zone": str(zones.ids[row]), "mode": mode}
            drawn.append(area.assign(**about))
    columns = ["place", "zone", "mode", "minutes", "area_km2", "geometry"]
    if not drawn:
        return gpd.GeoDataFrame({name: [] for name in columns}, geometry="geometry", crs=WGS84)
    table = gpd.GeoDataFrame(pd.concat(drawn, ignore_index=True), crs=WGS84)[columns]
    order = table.sort_values("minutes", ascending=False, kind="stable").index
    return table.loc[order].reset_index(drop=True)


def places(network: MultimodalNetwork, pairs: Sequence[Pair]) -> list[tuple[str, int]]:
    """Name the ends of pairs, each once, with the zone that stands for it."""
    found: dict[str, int] = {}
    for ends in resolve_pairs(network.supply.zones, pairs):
        for end in ends:
            found.setdefault(end.name, int(end.rows[0]))
    return list(found.items())[:PLACES]


def _area(network: MultimodalNetwork, mode: str, row: int, window: Window) -> gpd.GeoDataFrame:
    zones, stops = network.supply.zones, network.timetable.stops
    lon, lat = zones.lon[row : row + 1], zones.lat[row : row + 1]
    start_s = np.zeros(1)
    if mode == "pt":
        lon = np.concatenate([lon, stops["lon"].to_numpy(np.float64)])
        lat = np.concatenate([lat, stops["lat"].to_numpy(np.float64)])
        start_s = np.concatenate([start_s, stop_seconds(network, row, window)])
    on_foot = EGRESS if mode == "pt" else mode
    reach = street_reach(
        network.supply.streets, on_foot, lon, lat, start_s,
        longest_s=60.0 * max(CUTOFFS_MIN), max_snap_m=network.supply.settings.max_snap_m,
    )  # fmt: skip
    return isochrones(reach, [60.0 * minutes for minutes in CUTOFFS_MIN], width_m=WIDTH_M)


def stop_seconds(network: MultimodalNetwork, row: int, window: Window) -> npt.NDArray[np.float64]:
    """Median seconds from a zone to getting off at each stop, NaN where no vehicle brings one."""
    search = prepare_search(network, "pt", engine=Engine())
    n_stops = len(network.timetable.stops)
    times_s = window.times_s()
    max_rides = network.supply.settings.max_rides
    query = make_query(search, times_s, (MEDIAN,), max_rides, parts=False, few_lanes=True)
    each = np.arange(n_stops + 1, dtype=np.int32)
    answer = raptor.make_answer(1, n_stops, query)
    raptor.run_block(
        search.service,
        subset_links(search.access, np.array([row], np.int32)),
        raptor.StopLinks(each, each[:-1], raptor.pack(np.zeros(n_stops, np.int32))),
        np.full((1, n_stops), raptor.NO_TIME, np.int32),
        query,
        raptor.make_work(search.service, n_lanes=len(times_s), max_rides=max_rides),
        raptor.make_scratch(query),
        0,
        answer,
    )  # fmt: skip
    seconds = answer.time_s[0, :, 0].astype(np.float64)
    return np.where(seconds < raptor.NO_TIME, seconds, np.nan)
