"""Country polygons, and which country a point lies in."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from mobility.country_codes import alpha2
from mobility.errors import Problem, ZoneError
from mobility.scenario.model import BorderEntry
from mobility.zones.model import Countries, Float64, Objects
from mobility.zones.table import read_table, texts

METRES_PER_DEGREE = 111_195.0

# Wider than the rivers that borders run along, narrower than what lies between towns.
NEAR_M = 500.0


def read_countries(entry: BorderEntry) -> Countries:
    """Read country polygons; several rows of one country are joined, broken ones mended.

    Raises
    ------
    ZoneError
        The file can't be read, has no polygons, or not the column named.
    """
    table, shapes = read_table(entry.countries, "")
    where = str(entry.countries)
    if shapes is None:
        raise ZoneError(Problem(where, "a table without polygons", "polygons of countries"))
    if entry.column not in table.columns:
        names = ", ".join(map(str, table.columns))
        raise ZoneError(Problem(where, f'no column "{entry.column}"', f"one of {names}"))
    codes = np.array([alpha2(text) for text in texts(table, entry.column)], object)
    flat = np.isin(shapely.get_type_id(shapes), (3, 6)) & ~shapely.is_empty(shapes) & (codes != "")
    if not flat.any():
        raise ZoneError(Problem(where, "no polygon with a country code", "polygons of countries"))
    mended = shapely.make_valid(shapes)
    polygons = {
        code: shapely.union_all(mended[flat & (codes == code)]) for code in sorted(set(codes[flat]))
    }
    for polygon in polygons.values():
        shapely.prepare(polygon)
    return Countries(polygons)


def country_at(
    countries: Countries, lon: npt.ArrayLike, lat: npt.ArrayLike, *, near_m: float = NEAR_M
) -> Objects:
    """Country code of each point, object array, ``""`` outside all polygons.

    Where polygons overlap the smaller country holds the point, so that an enclave drawn
    over its surroundings is still found. Many files cut rivers, lakes and harbours out of
    the land: a point up to `near_m` metres off (0: none) belongs to the nearest country.
    """
    x, y = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    found = np.full(x.shape, "", object)
    by_size = sorted(countries.polygons.items(), key=lambda item: (item[1].area, item[0]))
    for code, polygon in by_size:
        shapely.prepare(polygon)
        open_ = found == ""
        if open_.any():
            inside = shapely.intersects_xy(polygon, x[open_], y[open_])
            found[open_] = np.where(inside, code, "")
    open_ = (found == "") & np.isfinite(x) & np.isfinite(y)
    if near_m > 0 and open_.any():
        found[open_] = _nearest_country(countries, x[open_], y[open_], near_m)
    return found


def _nearest_country(countries: Countries, x: Float64, y: Float64, near_m: float) -> Objects:
    """Country whose border is nearest, ``""`` where none is within `near_m`."""
    # Degrees of longitude are squeezed to the length of those of latitude.
    squeeze = float(np.cos(np.radians(np.median(y))))
    codes = sorted(countries.polygons)
    pieces: list[Objects] = []
    owner: list[npt.NDArray[np.int64]] = []
    for number, code in enumerate(codes):
        rings = shapely.get_rings(shapely.get_parts(countries.polygons[code]))
        ends, ring = shapely.get_coordinates(rings, return_index=True)
        ends[:, 0] *= squeeze
        along = np.flatnonzero(ring[1:] == ring[:-1])
        segments = shapely.linestrings(np.stack([ends[along], ends[along + 1]], axis=1))
        pieces.append(np.asarray(segments, object))
        owner.append(np.full(len(along), number, np.int64))
    tree = shapely.STRtree(np.concatenate(pieces))
    points, piece = tree.query_nearest(
        shapely.points(x * squeeze, y), max_distance=near_m / METRES_PER_DEGREE, all_matches=False
    )
    found = np.full(len(x), "", object)
    found[points] = np.array(codes, object)[np.concatenate(owner)[piece]]
    return found
