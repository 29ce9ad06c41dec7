"""Zone files to zones: every problem of the file at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from mobility.country_codes import alpha2
from mobility.errors import Problem, ZoneError, nearest, raise_all
from mobility.scenario.model import ZonesEntry
from mobility.zones.countries import country_at
from mobility.zones.model import Countries, Float64, Objects, Zones
from mobility.zones.table import read_table, texts

LON_NAMES = ("lon", "longitude", "lng", "long", "x")
LAT_NAMES = ("lat", "latitude", "y")


def read_zones(entry: ZonesEntry, countries: Countries | None) -> Zones:
    """Read zones from GeoPackage, GeoJSON, Shapefile, GeoParquet or CSV.

    A zone's point is what the columns lon and lat say, else the file's point, else a point
    inside its polygon. Its country is what the column says (code or English name), else the
    polygon it lies in, else ``""``. Blank opportunities count as 0.

    Raises
    ------
    ZoneError
        All problems of the file at once.
    """
    table, shapes = read_table(entry.path, entry.layer)
    _require_columns(table, entry)
    problems: list[Problem] = []
    ids = texts(table, entry.id)
    _check_ids(ids, entry, problems)
    lon, lat = _points(table, shapes, entry)
    _check_points(lon, lat, ids, entry, problems)
    opportunities = _opportunities(table, entry, problems)
    raise_all(ZoneError, problems)
    country = np.array([alpha2(text) for text in texts(table, entry.country)], object)
    blank = country == ""
    if countries is not None and blank.any():
        country[blank] = country_at(countries, lon[blank], lat[blank])
    polygons = None
    if shapes is not None and np.isin(shapely.get_type_id(shapes), (3, 6)).any():
        polygons = shapes
    names = texts(table, entry.name) if entry.name else ids
    towns = texts(table, entry.municipality)
    kept = _kept(entry, towns, lon, lat)
    ids, names, country, towns = ids[kept], names[kept], country[kept], towns[kept]
    lon, lat = lon[kept], lat[kept]
    _refuse_date_line(lon, entry)
    for array in (ids, country, lon, lat):
        array.flags.writeable = False
    return Zones(
        ids=ids,
        names=names,
        countries=country,
        municipalities=towns,
        lon=lon,
        lat=lat,
        opportunities=opportunities[kept].reset_index(drop=True),
        shapes=polygons if polygons is None else polygons[kept],
    )


def _refuse_date_line(lon: Float64, entry: ZonesEntry) -> None:
    """Refuse zones on both sides of the 180th meridian, where east is west of west."""
    if np.ptp(lon) > 180:
        raise ZoneError(
            Problem(
                str(entry.path),
                f"zones from longitude {lon.min():.2f} to {lon.max():.2f}",
                "zones on one side of the 180th meridian",
                "Keep those of one side, by zones.box or zones.only_municipalities",
            )
        )


def _kept(entry: ZonesEntry, towns: Objects, lon: Float64, lat: Float64) -> npt.NDArray[np.bool_]:
    """Tell which zones the region file keeps: of its municipalities, in its box."""
    kept = np.ones(len(towns), bool)
    problems: list[Problem] = []
    if entry.only_municipalities:
        known = {str(town).casefold(): str(town) for town in towns if town}
        for name in entry.only_municipalities:
            if name.casefold() not in known:
                near = nearest(name, known.values())
                problems.append(
                    Problem(f"{entry.path}: zones.only_municipalities", f'no zone of "{name}"',
                            "names in the column of municipalities",
                            f"Did you mean {near}?" if near else "")
                )  # fmt: skip
        wanted = {name.casefold() for name in entry.only_municipalities}
        kept &= np.array([str(town).casefold() in wanted for town in towns], bool)
    if entry.box is not None:
        west, south, east, north = entry.box
        kept &= (west <= lon) & (lon <= east) & (south <= lat) & (lat <= north)
    if not problems and not kept.any():
        problems.append(Problem(f"{entry.path}: zones", "no zone that is kept", "at least one"))
    raise_all(ZoneError, problems)
    return kept


def _require_columns(table: pd.DataFrame, entry: ZonesEntry) -> None:
    named = {
        "id": (entry.id,),
        "name": (entry.name,),
        "country": (entry.country,),
        "municipality": (entry.municipality,),
        "opportunities": entry.opportunities,
    }
    problems = [
        Problem(
            f"{entry.path}: zones.{key}",
            f'no column "{column}"',
            f"one of the columns {', '.join(map(str, table.columns))}",
            f"Do you mean {near}?" if (near := nearest(column, map(str, table.columns))) else "",
        )
        for key, columns in named.items()
        for column in columns
        if column and column not in table.columns
    ]
    raise_all(ZoneError, problems)
    if table.empty:
        raise ZoneError(Problem(str(entry.path), "no rows", "at least one zone"))


def _check_ids(ids: Objects, entry: ZonesEntry, problems: list[Problem]) -> None:
    where = f"{entry.path}: column {entry.id}"
    blank = int((ids == "").sum())
    if blank:
        problems.append(Problem(where, f"{blank} blank ids", "an id for each zone"))
    counts = pd.Series(ids[ids != ""]).value_counts()
    twice = sorted(counts[counts > 1].index)
    if twice:
        shown = ", ".join(f'"{name}"' for name in twice[:5])
        problems.append(
            Problem(where, f"{len(twice)} ids more than once ({shown})", "each id once")
        )


def _named(table: pd.DataFrame, names: tuple[str, ...]) -> str:
    columns = {str(column).strip().lower(): str(column) for column in table.columns}
    return next((columns[name] for name in names if name in columns), "")


def _points(
    table: pd.DataFrame, shapes: Objects | None, entry: ZonesEntry
) -> tuple[Float64, Float64]:
    lon_name, lat_name = _named(table, LON_NAMES), _named(table, LAT_NAMES)
    if lon_name and lat_name and _all_degrees(table, lon_name, lat_name, shapes):
        return _numbers(table[lon_name]), _numbers(table[lat_name])
    if shapes is None:
        raise ZoneError(
            Problem(
                str(entry.path),
                f"the columns {', '.join(map(str, table.columns))}",
                "also the columns lon and lat, in degrees",
            )
        )
    # A representative point lies inside its polygon, a centroid may not; of a point it is
    # the point itself.
    there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    lon, lat = np.full(len(shapes), np.nan), np.full(len(shapes), np.nan)
    points = shapely.point_on_surface(shapes[there])
    lon[there], lat[there] = shapely.get_x(points), shapely.get_y(points)
    return lon, lat


def _all_degrees(table: pd.DataFrame, lon: str, lat: str, shapes: Objects | None) -> bool:
    """Whether the columns can be degrees; with shapes at hand, metres in x and y are no loss."""
    if shapes is None:
        return True
    x, y = _numbers(table[lon]), _numbers(table[lat])
    with np.errstate(invalid="ignore"):
        return bool(((np.abs(x) <= 180) & (np.abs(y) <= 90)).all())


def _numbers(values: pd.Series) -> Float64:
    """Numbers of a column, NaN where it holds none."""
    if values.dtype.kind not in "fiu":
        values = pd.to_numeric(values.astype(str).str.strip(), errors="coerce")
    numbers: Float64 = values.to_numpy(np.float64, na_value=np.nan).copy()
    return numbers


def _check_points(
    lon: Float64, lat: Float64, ids: Objects, entry: ZonesEntry, problems: list[Problem]
) -> None:
    with np.errstate(invalid="ignore"):
        off = ~((np.abs(lon) <= 180) & (np.abs(lat) <= 90))
    if off.any():
        shown = ", ".join(f'"{name}"' for name in ids[off][:5])
        problems.append(
            Problem(
                str(entry.path),
                f"{int(off.sum())} zones without a position in degrees ({shown})",
                "longitude −180 to 180 and latitude −90 to 90",
            )
        )


def _opportunities(table: pd.DataFrame, entry: ZonesEntry, problems: list[Problem]) -> pd.DataFrame:
    columns = {}
    for name in entry.opportunities:
        written = texts(table, name)
        values = _numbers(table[name])
        bad = np.isnan(values) & (written != "") & (np.char.lower(written.astype(str)) != "nan")
        bad |= values < 0
        bad |= np.isinf(values)
        if bad.any():
            row = int(np.argmax(bad))
            problems.append(
                Problem(
                    f"{entry.path}: column {name}, row {row + 1}",
                    f'"{written[row]}"' + (f" (and {bad.sum() - 1} more)" if bad.sum() > 1 else ""),
                    "a number from 0",
                )
            )
        columns[name] = np.nan_to_num(values)
    return pd.DataFrame(columns, index=pd.RangeIndex(len(table)))
