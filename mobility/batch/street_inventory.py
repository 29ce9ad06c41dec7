"""What ``check`` tells of the streets: crossings, gaps, quality for cyclists, missing links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from mobility.batch.drives import FITTED, fits
from mobility.maps import write_layers
from mobility.streets import (
    LinkSearch,
    StreetNetwork,
    crossing_gaps,
    crossings,
    edges_layer,
    gap_detours,
    junction_network,
    missing_links,
    quality_table,
    traffic_stress,
    worst_detours,
)
from mobility.zones import Countries, Zones

WGS84 = "EPSG:4326"
MODE = "bike"
LONGER_KM = 3.0
CALM = 2


@dataclass(frozen=True)
class StreetInventory:
    """Tables by file stem, and layers by name."""

    tables: Mapping[str, pd.DataFrame]
    layers: Mapping[str, gpd.GeoDataFrame]


def take_inventory(
    streets: StreetNetwork,
    zones: Zones,
    countries: Countries,
    observed: pd.DataFrame | None = None,
) -> StreetInventory:
    """Gather what a cyclist meets at the border and on the way there.

    Parameters
    ----------
    streets
        As read.
    zones
        One place per municipality stands for its people.
    countries
        Border polygons.
    observed
        Drives that car times are fitted to, if any.

    Returns
    -------
    StreetInventory
        Tables ``crossings, crossing_gaps, cycle_quality, missing_links, worst_detours``; layers
        of the same things with ``calm_streets`` (level of stress 1 and 2) and the junction
        network; with drives also ``car_calibration``, a fit for each period.
    """
    places = municipal_places(zones)
    found = crossings(streets, countries)
    gaps = crossing_gaps(streets, countries, found, mode=MODE, longer_km=LONGER_KM)
    links = missing_links(streets, places, LinkSearch(mode=MODE))
    tables = {
        "crossings": found,
        "crossing_gaps": _with_detours(streets, gaps, places),
        "cycle_quality": quality_table(streets),
        "missing_links": links,
        "worst_detours": worst_detours(streets, places, mode=MODE),
    }
    if observed is not None:
        tables[FITTED] = fits(streets, observed)
    return StreetInventory(tables, _layers(streets, tables))


def municipal_places(zones: Zones) -> pd.DataFrame:
    """Return one place per municipality: where its most peopled zone is, with all its people.

    A zone without a municipality stands for itself; without a column ``population`` every
    zone counts as one.
    """
    people = zones.opportunities.get("population", pd.Series(np.ones(len(zones.ids))))
    table = pd.DataFrame({
        "name": np.where(zones.municipalities == "", zones.names, zones.municipalities),
        "country": zones.countries, "lon": zones.lon, "lat": zones.lat,
        "people": people.to_numpy(np.float64),
    })  # fmt: skip
    keys = ["country", "name"]
    table["population"] = table.groupby(keys)["people"].transform("sum")
    table = table.sort_values([*keys, "people"], ascending=[True, True, False], kind="stable")
    return table.drop_duplicates(keys).drop(columns="people").reset_index(drop=True)


def _with_detours(streets: StreetNetwork, gaps: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """Add to each gap how many pairs of places lie around it, and the worst of them."""
    pairs = gap_detours(streets, gaps, places, mode=MODE)
    worst = pairs.sort_values("detour", ascending=False, kind="stable").drop_duplicates("gap")
    worst = worst.set_index("gap")
    counts = pairs.groupby("gap").size()
    return gaps.assign(
        pairs=counts.reindex(gaps.index, fill_value=0).astype(np.int64),
        **{name: worst[name].reindex(gaps.index)
           for name in ("origin", "destination", "straight_km", "minutes", "detour")},
    )  # fmt: skip


def _layers(
    streets: StreetNetwork, tables: Mapping[str, pd.DataFrame]
) -> dict[str, gpd.GeoDataFrame]:
    links = tables["missing_links"]
    ends = np.stack(
        (links[["lon_a", "lat_a"]].to_numpy(float), links[["lon_b", "lat_b"]].to_numpy(float)),
        axis=1,
    )
    junctions, on_route = junction_network(streets)
    stress = traffic_stress(streets)
    columns = ["edge", "way_id", "highway", "name", "country", "length_m", "stress",
               "cycle_highway", "geometry"]  # fmt: skip
    calm = np.flatnonzero((stress > 0) & (stress <= CALM))
    return {
        "crossings": _points(tables["crossings"]),
        "crossing_gaps": _points(tables["crossing_gaps"]),
        "missing_links": gpd.GeoDataFrame(
            links, geometry=np.asarray(shapely.linestrings(ends)) if len(links) else [], crs=WGS84
        ),
        "calm_streets": edges_layer(streets, calm)[columns],
        "junction_routes": edges_layer(streets, np.flatnonzero(on_route))[columns],
        "junctions": _points(junctions),
    }


def _points(table: pd.DataFrame) -> gpd.GeoDataFrame:
    places = shapely.points(table["lon"].to_numpy(float), table["lat"].to_numpy(float))
    return gpd.GeoDataFrame(table, geometry=np.asarray(places, object), crs=WGS84)


def write_map(inventory: StreetInventory, path: Path) -> None:
    """Write the layers into one GeoPackage."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_layers(path, inventory.layers)
