"""Statistical offices' files of small areas → one zone file, and country polygons."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyogrio
import shapely

from mobility.errors import Problem, ZoneError, nearest, raise_all, writing
from mobility.leftovers import whole_file
from mobility.scenario.model import BorderEntry, ZonesEntry, ZoneSource, ZoneTable
from mobility.zones.concordance import bare, current_codes, current_names
from mobility.zones.model import Float64, Objects
from mobility.zones.table import read_table, texts

FORMAT = "2"
COLUMNS = ("zone_id", "name", "municipality", "municipality_code", "country", "lon", "lat")
# Countries are drawn this far beyond the zones: streets and stops lie there too.
AROUND_DEG = 0.5
SEPARATORS = ("|", ";", "\t", ",")
DATE_OPTION = "OGR_CURRENT_DATE"


@dataclass(frozen=True)
class _Areas:
    """One source: `table` (`COLUMNS`, opportunities) and `shapes` of its zones; all its land."""

    table: pd.DataFrame
    shapes: Objects
    land: Objects
    country: str


def assemble(zones: ZonesEntry, border: BorderEntry | None) -> bool:
    """Put the zone file together from its sources, and the countries where they come of it.

    Nothing is done where the files stand there and rest on the very same sources.

    Returns
    -------
    bool
        Whether anything was written.

    Raises
    ------
    ZoneError
        All that is wrong with the sources, at once.
    RunError
        The place of the zones can't be written.
    """
    if not zones.sources:
        return False
    _require_files(zones)
    key = _key(zones, border)
    made_from = zones.path.with_name(zones.path.name + ".from.txt")
    countries = border.countries if border is not None and border.from_zones else None
    there = zones.path.is_file() and (countries is None or countries.is_file())
    if there and made_from.is_file() and made_from.read_text(encoding="utf-8").strip() == key:
        return False
    problems: list[Problem] = []
    parts = [part for source in zones.sources if (part := _read_source(source, problems))]
    raise_all(ZoneError, problems)
    table = pd.concat([part.table for part in parts], ignore_index=True)
    shapes = np.concatenate([part.shapes for part in parts])
    for entry in zones.tables:
        table = _with_table(table, entry, "", problems)
    raise_all(ZoneError, problems)
    with writing(zones.path):
        made_from.unlink(missing_ok=True)  # of two files and a note, none goes for the others'
        _write(table.fillna(dict.fromkeys(table.columns[len(COLUMNS) :], 0.0)), shapes, zones.path)
        if countries is not None:
            _write_countries(parts, shapely.total_bounds(shapes), countries, border)
        with whole_file(made_from) as beside:
            beside.write_text(key + "\n", encoding="utf-8", newline="\n")
    return True


def _require_files(zones: ZonesEntry) -> None:
    tables = [t for s in zones.sources for t in s.tables] + list(zones.tables)
    wanted = [s.path for s in zones.sources] + [t.path for t in tables if not t.optional]
    raise_all(ZoneError, [
        Problem(str(path), "no such file", "a file the zones are made of", "Run fetch")
        for path in wanted if not path.is_file()
    ])  # fmt: skip


def _key(zones: ZonesEntry, border: BorderEntry | None) -> str:
    """Fingerprint of the sources' contents and of what is made of them."""
    tables = [t for s in zones.sources for t in s.tables] + list(zones.tables)
    paths = [s.path for s in zones.sources] + [t.path for t in tables]
    digest = hashlib.sha256(FORMAT.encode())
    for path in paths:
        if path.is_file():
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    said = zones.model_dump(mode="json", include={"sources", "tables"})
    for entry in [*said["sources"], *said["tables"], *(t for s in said["sources"] for t in s["tables"])]:  # fmt: skip  # noqa: E501
        entry.pop("path")
    said["border"] = border is not None and border.from_zones
    digest.update(json.dumps(said, sort_keys=True).encode())
    return digest.hexdigest()


def _read_source(source: ZoneSource, problems: list[Problem]) -> _Areas | None:
    table, shapes = read_table(source.path, source.layer)
    where = str(source.path)
    if shapes is None:
        problems.append(Problem(where, "a table without areas", "polygons of small areas"))
        return None
    named = [source.id, source.name, source.municipality, source.municipality_code,
             *source.leave_out, *source.opportunities.values()]  # fmt: skip
    missing = sorted({name for name in named if name and name not in table.columns})
    for name in missing:
        near = nearest(name, map(str, table.columns))
        problems.append(
            Problem(where, f'no column "{name}"', "one of its columns",
                    f"Did you mean {near}?" if near else "")
        )  # fmt: skip
    if missing:
        return None
    in_country = np.ones(len(table), bool)
    for column, values in source.leave_out.items():
        in_country &= ~np.isin(texts(table, column).astype(str), values)
    table, shapes = table[in_country].reset_index(drop=True), shapes[in_country]
    codes = texts(table, source.municipality_code)
    made = pd.DataFrame({
        "zone_id": texts(table, source.id),
        "name": texts(table, source.name) if source.name else texts(table, source.id),
        "municipality": current_names(source.country, codes, texts(table, source.municipality)),
        "municipality_code": current_codes(source.country, codes),
        "country": source.country,
    })  # fmt: skip
    points = shapely.point_on_surface(shapes)
    made["lon"], made["lat"] = shapely.get_x(points), shapely.get_y(points)
    for name, column in source.opportunities.items():
        made[name] = _counted(table[column])
    kept = np.ones(len(made), bool)
    if source.municipalities:
        wanted = current_codes(source.country, source.municipalities)
        kept = made["municipality_code"].isin(wanted).to_numpy()
        absent = sorted(set(wanted) - set(made["municipality_code"]))
        if absent:
            problems.append(
                Problem(where, f"no area of the municipalities {', '.join(absent[:10])}",
                        f"areas of every municipality named, by {source.municipality_code}")
            )  # fmt: skip
    for entry in source.tables:
        made = _with_table(made, entry, source.country, problems)
    zones, areas = _joined(made[kept], shapes[kept], source.joined_by)
    return _Areas(zones, areas, shapes, source.country)


def _joined(table: pd.DataFrame, shapes: Objects, length: int) -> tuple[pd.DataFrame, Objects]:
    """Join areas of one municipality whose ids begin alike; the most peopled gives name and point.

    People are the first of the opportunities, so that trips start where people live and not
    in the middle of a wood.
    """
    if not length:
        return table.reset_index(drop=True), shapes
    numbers = list(table.columns[len(COLUMNS) :])
    ids = table["zone_id"].str.slice(0, length)
    key = ids + "\t" + table["municipality_code"]
    weight = table[numbers[0]] if numbers else pd.Series(1.0, index=table.index)
    order = pd.DataFrame({"key": key, "weight": -weight}).reset_index(drop=True)
    order = order.sort_values(["key", "weight"], kind="stable")
    first = order[~order["key"].duplicated()].index.to_numpy()
    zones = table.iloc[first].reset_index(drop=True)
    zones["zone_id"] = ids.iloc[first].to_numpy()
    # One id in two municipalities, as after a move of borders, becomes two.
    twice = zones["zone_id"].duplicated(keep=False)
    zones.loc[twice, "zone_id"] += "-" + zones.loc[twice, "municipality_code"]
    rows = pd.Series(np.arange(len(table))).groupby(key.to_numpy()).indices
    keys = key.iloc[first].to_numpy()
    for name in numbers:
        values = table[name].to_numpy(np.float64)
        zones[name] = [values[rows[one]].sum() for one in keys]
    joined = np.empty(len(keys), object)
    joined[:] = [shapely.union_all(shapely.make_valid(shapes[rows[one]])) for one in keys]
    return zones, joined


def _counted(values: pd.Series) -> Float64:
    """Numbers from 0; blanks and an office's codes for "unknown", which are negative, count 0."""
    numbers = pd.to_numeric(values.astype(str).str.replace(",", "."), errors="coerce")
    return np.asarray(np.maximum(np.nan_to_num(numbers.to_numpy(np.float64)), 0.0))


def _with_table(
    zones: pd.DataFrame, entry: ZoneTable, country: str, problems: list[Problem]
) -> pd.DataFrame:
    """Add a table's numbers: to the zone of that id, else shared over the municipality's."""
    if not entry.path.is_file():
        return zones  # optional
    table = read_plain(entry.path)
    missing = [c for c in (entry.key, *entry.opportunities.values()) if c not in table.columns]
    if entry.share_by and entry.share_by not in zones.columns:
        missing.append(entry.share_by)
    if missing:
        problems.append(
            Problem(str(entry.path), f"no column {', '.join(map(repr, missing))}",
                    f"one of {', '.join(map(str, table.columns[:20]))}")
        )  # fmt: skip
        return zones
    keys = table[entry.key].astype(str).str.strip()
    by_zone = dict(zip(zones["zone_id"], range(len(zones)), strict=True))
    row = keys.map(by_zone)
    town = _rows_of_towns(zones, table, keys, country)
    if row.isna().all() and not any(len(rows) for rows in town):
        problems.append(
            Problem(str(entry.path), f"no zone or municipality in column {entry.key}",
                    f"ids such as {zones['zone_id'].iloc[0]}")
        )  # fmt: skip
        return zones
    made = zones.copy()
    for name, column in entry.opportunities.items():
        amounts = _counted(table[column])
        total = made[name].to_numpy(np.float64).copy() if name in made else np.zeros(len(made))
        total = np.nan_to_num(total)
        direct = row.notna().to_numpy()
        np.add.at(total, row[direct].to_numpy(np.int64), amounts[direct])
        for amount, rows in zip(amounts[~direct], [t for t, d in zip(town, direct, strict=True)
                                                   if not d], strict=True):  # fmt: skip
            if len(rows):
                weight = made[entry.share_by].to_numpy(float)[rows] if entry.share_by else None
                if weight is None or weight.sum() <= 0:
                    weight = np.ones(len(rows))
                total[rows] += amount * weight / weight.sum()
        made[name] = total
    return made


def _rows_of_towns(
    zones: pd.DataFrame, table: pd.DataFrame, keys: pd.Series, country: str
) -> list[npt.NDArray[np.int64]]:
    """Rows of the zones of each key's municipality; none where the key is no such code."""
    groups = {
        (str(c), str(code)): np.asarray(rows, np.int64)
        for (c, code), rows in zones.groupby(["country", "municipality_code"]).indices.items()
    }
    named = "country" in table.columns
    countries = [country] if country else sorted(set(zones["country"]))
    nothing = np.empty(0, np.int64)
    found = []
    for position, key in enumerate(keys):
        tried = [str(table["country"].iloc[position]).strip()] if named else countries
        hits = [
            rows for one in tried
            if (rows := groups.get((one, current_codes(one, [key])[0]))) is not None
        ]  # fmt: skip
        found.append(hits[0] if len(hits) == 1 else nothing)
    return found


def read_plain(path: Path) -> pd.DataFrame:
    """Read a text table, zipped or not, with any usual separator, all columns as text."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                names = [n for n in archive.namelist() if n.lower().endswith((".txt", ".csv"))]
                if not names:
                    raise ZoneError(Problem(str(path), "a zip without a text table", "one"))
                data = archive.read(names[0])
        else:
            data = path.read_bytes()
    except (OSError, zipfile.BadZipFile) as error:
        raise ZoneError(Problem(str(path), f"unreadable: {error}", "a text table")) from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    lines = text.splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#"))
    head = text.split("\n", 1)[0]
    separator = max(SEPARATORS, key=head.count)
    table = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False, sep=separator)
    return table.rename(columns=lambda name: str(name).strip())


@contextlib.contextmanager
def _fixed_date() -> Iterator[None]:
    """Write no date into GeoPackages, so that equal sources make equal bytes."""
    before = pyogrio.get_gdal_config_option(DATE_OPTION)
    pyogrio.set_gdal_config_options({DATE_OPTION: "2000-01-01T00:00:00.000Z"})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({DATE_OPTION: before})


def _write(table: pd.DataFrame, shapes: Objects, path: Path) -> None:
    frame = gpd.GeoDataFrame(table, geometry=list(shapes), crs="EPSG:4326")
    with whole_file(path) as beside, writing(path), _fixed_date():
        frame.to_file(beside, layer=path.stem, driver="GPKG", engine="pyogrio", index=False)


def _write_countries(
    parts: Sequence[_Areas], bounds: Float64, path: Path, border: BorderEntry | None
) -> None:
    """Join each country's areas around the zones into one polygon, enclaves included."""
    around = shapely.box(*(bounds + AROUND_DEG * np.array([-1, -1, 1, 1])))
    codes = sorted({part.country for part in parts})
    joined = []
    for code in codes:
        areas = np.concatenate([part.land for part in parts if part.country == code])
        near = areas[shapely.intersects(shapely.box(*shapely.bounds(areas).T), around)]
        joined.append(shapely.make_valid(shapely.union_all(shapely.make_valid(near))))
    column = border.column if border is not None else "country"
    _write(pd.DataFrame({column: codes}), np.array(joined, object), path)


__all__ = ["assemble", "bare", "read_plain"]
