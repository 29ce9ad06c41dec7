"""One GeoPackage: named layers, each with its look stored beside it, the same bytes every time."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio

from mobility.maps.styles import Style, default_style, geometry_of, to_qml

# GDAL writes the day into every layer's entry; a fixed one keeps the bytes the same.
WRITTEN = "2000-01-01T00:00:00.000Z"
STYLES = """CREATE TABLE layer_styles (
 id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256),
 f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256),
 styleName TEXT(30), styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT,
 owner TEXT(30), ui TEXT(30), update_time DATETIME)"""
REGISTER = """INSERT INTO gpkg_contents
 (table_name, data_type, identifier, description, last_change, srs_id)
 VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?, NULL)"""
INSERT = """INSERT INTO layer_styles
 (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, styleQML,
  styleSLD, useAsDefault, description, owner, ui, update_time)
 VALUES ('', '', ?, 'geom', ?, ?, '', 1, '', '', NULL, ?)"""


def write_layers(
    path: Path,
    layers: Mapping[str, gpd.GeoDataFrame],
    styles: Mapping[str, Style] | None = None,
) -> Path:
    """Write layers into one GeoPackage, with a default style each.

    Parameters
    ----------
    path
        Ends in ``.gpkg``; an existing file is replaced.
    layers
        Name → rows, in WGS 84 or with their own coordinate system. Empty layers are left out.
    styles
        Name → look, for layers whose default is not wanted.

    Returns
    -------
    Path
        `path`.
    """
    path.unlink(missing_ok=True)
    written = {name: _plain(frame) for name, frame in layers.items() if len(frame)}
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": WRITTEN})
    try:
        for name, frame in written.items():
            pyogrio.write_dataframe(
                frame,
                path,
                layer=name,
                driver="GPKG",
                append=path.exists(),
                layer_options={"SPATIAL_INDEX": "YES", "GEOMETRY_NAME": "geom"},
                dataset_options={} if path.exists() else {"VERSION": "1.3"},
                promote_to_multi=geometry_of(frame) != "point",
            )
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})
    chosen = styles or {}
    _store_styles(path, {
        name: to_qml(chosen.get(name) or default_style(name, frame), geometry_of(frame))
        for name, frame in written.items()
    })  # fmt: skip
    return path


def _plain(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Types that every reader of GeoPackages knows: text, whole numbers and decimals."""
    plain = frame.reset_index(drop=True)
    for column in plain.columns:
        if column == plain.geometry.name:
            continue
        kind = plain[column].dtype
        if pd.api.types.is_bool_dtype(kind):
            plain[column] = plain[column].astype("int32")
        elif not pd.api.types.is_numeric_dtype(kind):
            values = plain[column].astype(object)
            plain[column] = values.map(lambda v: None if v is None or v is pd.NA else str(v))
    return plain


def _store_styles(path: Path, styles: Mapping[str, str]) -> None:
    if not styles:
        return
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(STYLES)
        database.execute(REGISTER, (WRITTEN,))
        database.executemany(
            INSERT, [(name, name[:30], qml, WRITTEN) for name, qml in styles.items()]
        )
