"""Countries and zones of the demonstration region as polygons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyogrio
import shapely
from shapely.geometry import LineString, MultiPoint, Polygon, box
from shapely.geometry.base import BaseGeometry
from shapely.ops import polygonize, unary_union

from mobility.demo.source import Place, Tables

WEST, SOUTH, EAST, NORTH = 4.2, 50.45, 6.45, 51.85
# How far from its point a zone reaches at most; zones at the rim would be huge else.
REACH_DEG = 0.06
PEOPLE_PER_SCHOOL = 8000
PEOPLE_PER_SUPERMARKET = 3500
DATE_OPTION = "OGR_CURRENT_DATE"
GPKG_DATE = "2026-01-01T00:00:00.000Z"


def border_lines(tables: Tables) -> dict[str, LineString]:
    """Return the land borders, without the enclaves of Baarle: name → line."""
    return {
        line.id: LineString(line.points) for line in tables.border if line.id.startswith("line-")
    }


def mainlands(tables: Tables) -> dict[str, Polygon]:
    """Cut the region's box along the borders: country → polygon, enclaves not yet moved."""
    lines = border_lines(tables)
    frame = box(WEST, SOUTH, EAST, NORTH)
    # The lines are prolonged past the frame, so that the cut closes.
    west = LineString([(WEST - 1, 51.372), lines["line-NL-BE"].coords[0]])
    north = LineString([lines["line-NL-DE"].coords[-1], (5.95, NORTH + 1)])
    south = LineString([lines["line-BE-DE"].coords[-1], (6.35, SOUTH - 1)])
    cuts = unary_union([*lines.values(), west, north, south, frame.exterior])
    parts = [part for part in polygonize(cuts) if frame.contains(part.representative_point())]
    seeds = {"NL": (5.47, 51.44), "BE": (5.33, 50.93), "DE": (6.35, 50.9)}
    return {
        country: next(part for part in parts if part.contains(shapely.Point(seed)))
        for country, seed in seeds.items()
    }


def countries(tables: Tables) -> dict[str, BaseGeometry]:
    """Country polygons, the enclaves of Baarle included (simplified by hand)."""
    shapes: dict[str, BaseGeometry] = dict(mainlands(tables))
    for line in tables.border:
        if not line.id.startswith("line-"):
            patch = Polygon(line.points)
            shapes[line.kind] = shapes[line.kind].difference(patch)
            shapes[line.name] = shapes[line.name].union(patch)
    return shapes


def _largest_remainder(total: int, weights: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Share `total` out by `weights` in whole numbers that add up."""
    exact = total * weights / weights.sum()
    shares: npt.NDArray[np.int64] = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact - shares), kind="stable")
    shares[order[: total - int(shares.sum())]] += 1
    return shares


def _cells(points: Sequence[tuple[float, float]], land: BaseGeometry) -> list[BaseGeometry]:
    """Cut `land` into the nearest-point cell of each point, each within `REACH_DEG`."""
    cloud = MultiPoint(points)
    cells = list(shapely.voronoi_polygons(cloud, extend_to=land.envelope).geoms)
    tree = shapely.STRtree(cells)
    found = []
    for x, y in points:
        point = shapely.Point(x, y)
        cell = cells[int(tree.query(point, predicate="intersects")[0])]
        disc = shapely.affinity.scale(point.buffer(REACH_DEG, 12), 1.5, 1.0)
        found.append(cell.intersection(land).intersection(disc))
    return found


def _members(tables: Tables) -> dict[str, list[Place]]:
    """Zone places of each municipality."""
    members: dict[str, list[Place]] = {}
    for place in tables.places:
        if place.zone and place.municipality_code:
            members.setdefault(place.municipality_code, []).append(place)
    return members


def _facilities(people: int, hospitals: int) -> dict[str, int]:
    return {
        "hospitals": hospitals,
        "secondary_schools": people // PEOPLE_PER_SCHOOL,
        "supermarkets": max(1, round(people / PEOPLE_PER_SUPERMARKET)) if people > 800 else 0,
    }


def zones(tables: Tables, land: Mapping[str, BaseGeometry]) -> gpd.GeoDataFrame:
    """Lay out zones: a cell around each zone place, with people, jobs and facilities.

    The people and jobs of a municipality are shared over its zones and add up to it.
    """
    rows: list[dict[str, object]] = []
    for code, places in sorted(_members(tables).items()):
        town = tables.municipalities[code]
        people = _largest_remainder(
            int(town["population"]), np.array([max(p.people, 1) for p in places], float)
        )
        jobs = _largest_remainder(
            int(town["jobs"]), np.array([max(p.work, 1) for p in places], float)
        )
        for place, n_people, n_jobs in zip(places, people, jobs, strict=True):
            rows.append(
                {
                    "zone_id": place.id,
                    "name": place.name,
                    "municipality_code": code,
                    "municipality": town["name"],
                    "country": town["country"],
                    "population": int(n_people),
                    "jobs": int(n_jobs),
                    **_facilities(int(n_people), place.hospitals),
                    "lon": place.lon,
                    "lat": place.lat,
                }
            )
    shapes: list[BaseGeometry] = [Polygon()] * len(rows)
    for country in ("BE", "NL"):
        mine = [k for k, row in enumerate(rows) if row["country"] == country]
        points = [(float(str(rows[k]["lon"])), float(str(rows[k]["lat"]))) for k in mine]
        for k, cell in zip(mine, _cells(points, land[country]), strict=True):
            shapes[k] = cell
    return gpd.GeoDataFrame(rows, geometry=shapes, crs="EPSG:4326")


@contextmanager
def _fixed_date() -> Iterator[None]:
    """Let GDAL write a fixed date of change, so that the same table gives the same bytes."""
    before = pyogrio.get_gdal_config_option(DATE_OPTION)
    pyogrio.set_gdal_config_options({DATE_OPTION: GPKG_DATE})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({DATE_OPTION: before})


def write_layer(table: gpd.GeoDataFrame, path: Path, layer: str) -> None:
    """Write a GeoPackage that holds one layer, replacing an older file."""
    path.unlink(missing_ok=True)
    with _fixed_date():
        table.to_file(path, layer=layer, driver="GPKG", engine="pyogrio", index=False)


def write_land(tables: Tables, folder: Path) -> None:
    """Write ``zones.gpkg`` and ``countries.gpkg``."""
    land = countries(tables)
    write_layer(zones(tables, land), folder / "zones.gpkg", "zones")
    codes = sorted(land)
    table = gpd.GeoDataFrame(
        {"country": codes}, geometry=[land[code] for code in codes], crs="EPSG:4326"
    )
    write_layer(table, folder / "countries.gpkg", "countries")
