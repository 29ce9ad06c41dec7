"""Zones: where people are and what they want to reach; and the countries' polygons."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyogrio
import shapely
from shapely.geometry.base import BaseGeometry

from mobility.country_codes import alpha2
from mobility.errors import Problem, ZoneError, nearest, raise_all
from mobility.scenario.model import BorderEntry, ZonesEntry

Objects = npt.NDArray[np.object_]
Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Zones:
    """Points with people and opportunities.

    Parameters
    ----------
    ids, names, countries, municipalities
        object (n,); country and municipality ``""`` where unknown.
    lon, lat
        float64 (n,), WGS 84: the point where trips start and end.
    opportunities
        Column name → float64 (n,), e.g. population, jobs.
    shapes
        shapely polygons in WGS 84, object (n,), or None where the file has points only.
    """

    ids: npt.NDArray[np.object_]
    names: npt.NDArray[np.object_]
    countries: npt.NDArray[np.object_]
    municipalities: npt.NDArray[np.object_]
    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]
    opportunities: pd.DataFrame
    shapes: npt.NDArray[np.object_] | None = None


@dataclass(frozen=True)
class Countries:
    """Country polygons in WGS 84, enclaves included: code → geometry."""

    polygons: dict[str, BaseGeometry]


LON_NAMES = ("lon", "longitude", "lng", "long", "x")
LAT_NAMES = ("lat", "latitude", "y")
WGS84 = "EPSG:4326"


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
    table, shapes = _read_table(entry.path, entry.layer)
    _require_columns(table, entry)
    problems: list[Problem] = []
    ids = _texts(table, entry.id)
    _check_ids(ids, entry, problems)
    lon, lat = _points(table, shapes, entry)
    _check_points(lon, lat, ids, entry, problems)
    opportunities = _opportunities(table, entry, problems)
    raise_all(ZoneError, problems)
    country = np.array([alpha2(text) for text in _texts(table, entry.country)], object)
    blank = country == ""
    if countries is not None and blank.any():
        country[blank] = country_at(countries, lon[blank], lat[blank])
    polygons = None
    if shapes is not None and np.isin(shapely.get_type_id(shapes), (3, 6)).any():
        polygons = shapes
    for array in (ids, country, lon, lat):
        array.flags.writeable = False
    return Zones(
        ids=ids,
        names=_texts(table, entry.name) if entry.name else ids,
        countries=country,
        municipalities=_texts(table, entry.municipality),
        lon=lon,
        lat=lat,
        opportunities=opportunities,
        shapes=polygons,
    )


def _read_table(path: Path, layer: str) -> tuple[pd.DataFrame, Objects | None]:
    """Columns and geometries (WGS 84) of a file; None where it has no geometry."""
    if not path.exists():
        raise ZoneError(Problem(str(path), "no such file", "a zone or country file"))
    try:
        if path.suffix.lower() in (".csv", ".txt"):
            return _read_csv(path), None
        if path.suffix.lower() in (".parquet", ".geoparquet"):
            return _split(gpd.read_parquet(path), path)
        return _split(gpd.read_file(path, layer=layer or None, engine="pyogrio"), path)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        found = f"unreadable: {_short(error)}"
    except (OSError, ValueError, KeyError, pa.ArrowException, pd.errors.ParserError) as error:
        found = f"unreadable: {_short(error)}"
    raise ZoneError(
        Problem(str(path), found, "a GeoPackage, GeoJSON, Shapefile, GeoParquet or CSV")
    )


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]


def _read_csv(path: Path) -> pd.DataFrame:
    """Read a CSV as text, so that codes like 0344 keep their zero; comma or semicolon."""
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        text = path.read_text("cp1252", errors="replace")
    head = text.split("\n", 1)[0]
    separator = ";" if head.count(";") > head.count(",") else ","
    return pd.read_csv(
        io.StringIO(text), dtype=str, keep_default_na=False, sep=separator, skipinitialspace=True
    )


def _split(frame: gpd.GeoDataFrame, path: Path) -> tuple[pd.DataFrame, Objects | None]:
    if not isinstance(frame, gpd.GeoDataFrame):
        return frame, None
    if frame.crs is None:
        # A file that names no reference system can only be taken at its word if it fits.
        west, south, east, north = frame.total_bounds
        if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
            raise ZoneError(
                Problem(
                    str(path),
                    f"no coordinate reference system, and coordinates like {west:.0f}, {south:.0f}",
                    "a file that names its reference system",
                )
            )
    elif frame.crs != WGS84:
        frame = frame.to_crs(WGS84)
    shapes = np.asarray(frame.geometry.array, object)
    return pd.DataFrame(frame.drop(columns=frame.geometry.name)), shapes


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


def _texts(table: pd.DataFrame, column: str) -> Objects:
    """Column as trimmed text, ``""`` where blank or where there is no such column."""
    if not column:
        return np.full(len(table), "", object)
    values = table[column]
    if pd.api.types.is_float_dtype(values) and (values.dropna() % 1 == 0).all():
        # Codes with blanks among them come as 12.0; they mean 12.
        values = values.astype("Int64")
    return np.array(["" if pd.isna(v) else str(v).strip() for v in values], object)


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
    points = shapely.point_on_surface(shapes)
    return shapely.get_x(points), shapely.get_y(points)


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
        texts = _texts(table, name)
        values = _numbers(table[name])
        bad = np.isnan(values) & (texts != "") & (np.char.lower(texts.astype(str)) != "nan")
        bad |= values < 0
        bad |= np.isinf(values)
        if bad.any():
            row = int(np.argmax(bad))
            problems.append(
                Problem(
                    f"{entry.path}: column {name}, row {row + 1}",
                    f'"{texts[row]}"' + (f" (and {bad.sum() - 1} more)" if bad.sum() > 1 else ""),
                    "a number from 0",
                )
            )
        columns[name] = np.nan_to_num(values)
    return pd.DataFrame(columns, index=pd.RangeIndex(len(table)))


def read_countries(entry: BorderEntry) -> Countries:
    """Read country polygons; several rows of one country are joined, broken ones mended.

    Raises
    ------
    ZoneError
        The file can't be read, has no polygons, or not the column named.
    """
    table, shapes = _read_table(entry.countries, "")
    where = str(entry.countries)
    if shapes is None:
        raise ZoneError(Problem(where, "a table without polygons", "polygons of countries"))
    if entry.column not in table.columns:
        names = ", ".join(map(str, table.columns))
        raise ZoneError(Problem(where, f'no column "{entry.column}"', f"one of {names}"))
    codes = np.array([alpha2(text) for text in _texts(table, entry.column)], object)
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


def country_at(countries: Countries, lon: npt.ArrayLike, lat: npt.ArrayLike) -> Objects:
    """Country code of each point, object array, ``""`` outside all polygons.

    Where polygons overlap the smaller country holds the point, so that an enclave drawn
    over its surroundings is still found. A point on a border belongs to one of the two.
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
    return found
