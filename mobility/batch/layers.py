"""Layers of a run for QGIS: zones with their figures, lines, stops, border."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from mobility.batch.results import RunData

WGS84 = "EPSG:4326"


def map_layers(result: RunData) -> dict[str, gpd.GeoDataFrame]:
    """Lay a run out as layers: zones, lines, stops, main roads and, where known, countries."""
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
    return layers


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
    shapes = shapely.points(zones.lon, zones.lat) if zones.shapes is None else zones.shapes
    return gpd.GeoDataFrame(table, geometry=np.asarray(shapes, object), crs=WGS84)


def _lines(table: pd.DataFrame) -> gpd.GeoDataFrame:
    shapes = [
        shapely.LineString(np.column_stack([lon, lat]))
        for lon, lat in zip(table["lon"], table["lat"], strict=True)
    ]
    return gpd.GeoDataFrame(table.drop(columns=["lon", "lat"]), geometry=shapes, crs=WGS84)


def _points(table: pd.DataFrame) -> gpd.GeoDataFrame:
    places = shapely.points(table["lon"].to_numpy(), table["lat"].to_numpy())
    return gpd.GeoDataFrame(table.drop(columns=["lon", "lat"]), geometry=places, crs=WGS84)
