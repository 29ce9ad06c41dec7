"""Layers of a run for QGIS: zones with their figures, lines, stops, border."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from mobility.batch.figures import mean_change_min
from mobility.batch.results import RunData
from mobility.report.model import baseline_of
from mobility.report.pairs import people_of

WGS84 = "EPSG:4326"
MEDIAN = 50


def map_layers(results: Sequence[RunData]) -> dict[str, gpd.GeoDataFrame]:
    """Lay a run out as layers, the last of those given.

    Zones, lines, stops, main roads and, where known, countries, isochrones and street
    crossings of the border; beside a baseline, of each mode that differs also by how much.
    Of more than two runs see `side_by_side`.
    """
    result = results[-1]
    layers = {
        "zones": _zones(result),
        "lines": _lines(result.background.lines),
        "stops": _points(result.background.stops),
        "roads": _lines(result.background.roads),
    }
    if result.countries is not None:
        polygons = result.countries.polygons
        codes = sorted(polygons)
        layers["countries"] = gpd.GeoDataFrame(
            {"country": codes}, geometry=[polygons[c] for c in codes], crs=WGS84
        )
    if len(results) <= 2:
        layers |= result.background.layers
    if len(results) == 2:
        layers |= differences(*results)
    return layers | side_by_side(results) if len(results) > 2 else layers


def side_by_side(results: Sequence[RunData]) -> dict[str, gpd.GeoDataFrame]:
    """Lay several runs beside each other: one layer of differences, and their isochrones.

    ``differences`` has one row per zone and a column ``<scenario> <mode> [min]`` for each mode
    of each scenario that differs from its baseline: the mean change from that zone.
    ``isochrones`` has a column ``scenario``; ``crossings`` are those of the first run.
    """
    layers = {}
    if changes := _changes(results):
        zones = results[0].zones
        table = pd.DataFrame({"zone_id": zones.ids, "name": zones.names, **changes})
        layers["differences"] = gpd.GeoDataFrame(table, geometry=_shapes(results[0]), crs=WGS84)
    drawn = [
        run.background.layers["isochrones"].assign(scenario=run.name)
        for run in results
        if len(run.background.layers.get("isochrones", ()))
    ]
    if drawn:
        layers["isochrones"] = gpd.GeoDataFrame(pd.concat(drawn, ignore_index=True), crs=WGS84)
    if "crossings" in (first := results[0].background.layers):
        layers["crossings"] = first["crossings"]
    return layers


def _changes(results: Sequence[RunData]) -> dict[str, npt.NDArray[np.float64]]:
    """Mean minutes changed from each zone, by the column that holds them."""
    people = people_of(results[0].zones)
    place = {str(zone): k for k, zone in enumerate(results[0].zones.ids)}
    found = {}
    for run in results:
        base = baseline_of(run, results)
        for mode in (mode for mode in run.times if run is not base and mode in base.times):
            change = mean_change_min(base.times[mode], run.times[mode], people)
            if np.nan_to_num(change).any():
                values = np.full(len(place), np.nan)
                values[[place[str(zone)] for zone in run.times[mode].origins]] = change
                found[f"{run.name} {mode} [min]"] = values
    return found


def differences(baseline: RunData, result: RunData) -> dict[str, gpd.GeoDataFrame]:
    """Mean minutes that a scenario changes from each zone, one layer per mode that differs.

    ``change_min`` is the mean over destinations reached in both, weighted by their people;
    ``gained`` and ``lost`` count destinations that only one of both reaches.
    """
    people = people_of(result.zones)
    place = {str(zone): k for k, zone in enumerate(result.zones.ids)}
    layers = {}
    for mode in (mode for mode in result.times if mode in baseline.times):
        before, after = baseline.times[mode], result.times[mode]
        reached = np.isfinite(before.at(MEDIAN)), np.isfinite(after.at(MEDIAN))
        change = mean_change_min(before, after, people)
        gained = (reached[1] & ~reached[0]).sum(axis=1)
        lost = (reached[0] & ~reached[1]).sum(axis=1)
        if not (np.nan_to_num(change).any() or gained.any() or lost.any()):
            continue
        rows = [place[str(zone)] for zone in after.origins]
        table = pd.DataFrame({
            "zone_id": result.zones.ids[rows], "name": result.zones.names[rows],
            "change_min": change, "gained": gained, "lost": lost,
        })  # fmt: skip
        layers[f"difference_{mode.replace('+', '_')}"] = gpd.GeoDataFrame(
            table, geometry=_shapes(result)[rows], crs=WGS84
        )
    return layers


def _shapes(result: RunData) -> npt.NDArray[np.object_]:
    zones = result.zones
    shapes = shapely.points(zones.lon, zones.lat) if zones.shapes is None else zones.shapes
    return np.asarray(shapes, object)


def _zones(result: RunData) -> gpd.GeoDataFrame:
    zones = result.zones
    table = pd.DataFrame({
        "zone_id": zones.ids, "name": zones.names, "municipality": zones.municipalities,
        "country": zones.countries, "lon": zones.lon, "lat": zones.lat,
    })  # fmt: skip
    table = pd.concat([table, zones.opportunities.reset_index(drop=True)], axis=1)
    rows = result.accessibility
    rows = rows[rows["indicator"] == "cumulative"]
    column = [
        f"{mode}_{opportunity}_{cutoff / 60:.0f}min".replace("+", "_")
        for mode, opportunity, cutoff in zip(
            rows["mode"], rows["opportunity"], rows["cutoff_s"], strict=True
        )
    ]
    wide = rows.assign(column=column).pivot_table(
        index="zone", columns="column", values="value", observed=True
    )
    table = table.join(wide, on="zone_id")
    return gpd.GeoDataFrame(table, geometry=_shapes(result), crs=WGS84)


def _lines(table: pd.DataFrame) -> gpd.GeoDataFrame:
    shapes = [
        shapely.LineString(np.column_stack([lon, lat]))
        for lon, lat in zip(table["lon"], table["lat"], strict=True)
    ]
    return gpd.GeoDataFrame(table.drop(columns=["lon", "lat"]), geometry=shapes, crs=WGS84)


def _points(table: pd.DataFrame) -> gpd.GeoDataFrame:
    places = shapely.points(table["lon"].to_numpy(), table["lat"].to_numpy())
    return gpd.GeoDataFrame(table.drop(columns=["lon", "lat"]), geometry=places, crs=WGS84)
