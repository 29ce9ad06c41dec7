"""Tables with or without geometry from any file a user may have, in WGS 84."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyogrio
import shapely

from mobility.errors import Problem, ZoneError
from mobility.zones.model import Objects

WGS84 = "EPSG:4326"
IN_ZIP = (".gpkg", ".geojson", ".json", ".shp", ".sqlite", ".fgb", ".gml")
_DAMAGE = (
    pa.ArrowException, pd.errors.ParserError, shapely.GEOSException, zipfile.BadZipFile
)  # fmt: skip
LARGEST_CODE = 2.0**53
"""Beyond it a float no longer tells one whole number from the next."""


def read_table(path: Path, layer: str) -> tuple[pd.DataFrame, Objects | None]:
    """Read columns and geometries (WGS 84) of a file; None where it has no geometry."""
    if not path.exists():
        raise ZoneError(Problem(str(path), "no such file", "a zone or country file"))
    try:
        if path.suffix.lower() in (".csv", ".txt"):
            return _read_csv(path), None
        if path.suffix.lower() in (".parquet", ".geoparquet"):
            return _split(gpd.read_parquet(path), path)
        where = _inside(path) if zipfile.is_zipfile(path) else path
        return _split(gpd.read_file(where, layer=layer or None, engine="pyogrio"), path)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        found = f"unreadable: {_short(error)}"
    except (OSError, ValueError, KeyError, *_DAMAGE) as error:
        found = f"unreadable: {_short(error)}"
    raise ZoneError(
        Problem(str(path), found, "a GeoPackage, GeoJSON, Shapefile, GeoParquet or CSV")
    )


def _inside(path: Path) -> str:
    """Address of the one file of areas in a zip, however deep it lies."""
    with zipfile.ZipFile(path) as archive:
        names = sorted(n for n in archive.namelist() if n.lower().endswith(IN_ZIP))
    if len(names) != 1:
        raise ZoneError(
            Problem(str(path), f"{len(names)} files of areas in a zip", "one",
                    f"Take out the one that is meant; known are {', '.join(IN_ZIP)}")
        )  # fmt: skip
    return f"/vsizip/{path.as_posix()}/{names[0]}"


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


def texts(table: pd.DataFrame, column: str) -> Objects:
    """Return a column as trimmed text, ``""`` where blank or where there is no such column."""
    if not column:
        return np.full(len(table), "", object)
    values = table[column]
    written = values.dropna() if pd.api.types.is_float_dtype(values) else values.iloc[:0]
    if len(written) and ((written % 1 == 0) & (written.abs() < LARGEST_CODE)).all():
        # Codes with blanks among them come as 12.0; they mean 12.
        values = values.astype("Int64")
    return np.array(["" if pd.isna(v) else str(v).strip() for v in values], object)
