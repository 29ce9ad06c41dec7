"""A finished run's folder → `RunData`, from the folder alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import shapely

from mobility.batch import manifest
from mobility.batch.drawn import with_draws
from mobility.batch.results import LANGUAGES, Background, RunData
from mobility.errors import Problem, RunError
from mobility.scenario.model import Pair
from mobility.tables import PARTS, TravelTimes, from_table
from mobility.zones import Countries, Zones

# Lines are called 1 or 20A, stops 8831005: texts, whatever they look like.
SUPPLY_TEXTS = dict.fromkeys(
    ("feed", "operator", "mode", "line", "stop_id", "name", "country"), "str"
)
# Layers without rows are not written.
NO_LINES = ["name", "mode", "operator", "cross_border", "lon", "lat", "new"]
NETWORK_LAYERS = ("isochrones", "crossings")
OWN_COLUMNS = ("zone_id", "name", "municipality", "country", "lon", "lat", "geometry")


class Tables(Mapping[str, pd.DataFrame]):
    """Tables of a folder by file stem, each read when it is first asked for.

    Of many runs set side by side nobody looks at most of these.
    """

    def __init__(self, folder: Path, read: Callable[[Path], pd.DataFrame]) -> None:
        self._paths = {path.stem: path for path in sorted(folder.glob("*.csv"))}
        self._read = read
        self._known: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._known:
            path = self._paths[name]
            try:
                self._known[name] = self._read(path)
            except (OSError, ValueError) as cause:
                raise _damaged(path, cause) from cause
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


class Layers(Mapping[str, gpd.GeoDataFrame]):
    """Layers of a file by name, each read when it is first asked for."""

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        self._path, self._names = path, tuple(names)
        self._known: dict[str, gpd.GeoDataFrame] = {}

    def __getitem__(self, name: str) -> gpd.GeoDataFrame:
        if name not in self._names:
            raise KeyError(name)
        if name not in self._known:
            try:
                self._known[name] = gpd.read_file(self._path, layer=name)
            except (OSError, ValueError, pyogrio.errors.DataSourceError) as cause:
                raise _damaged(self._path, cause) from cause
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _damaged(path: Path, cause: Exception) -> RunError:
    return RunError(
        Problem(str(path), f"a file that can't be read ({cause})", "a finished run",
                "Run the scenario again")
    )  # fmt: skip


def read_run(folder: Path) -> RunData:
    """Read a run back.

    Raises
    ------
    RunError
        The folder is not a finished run, or a file of it is missing or damaged.
    """
    facts = manifest.read(folder)
    try:
        return _read(folder, facts)
    except (OSError, ValueError, KeyError, pyogrio.errors.DataSourceError) as cause:
        raise _damaged(folder, cause) from cause


def _read(folder: Path, facts: dict[str, Any]) -> RunData:
    layers = folder / "maps" / "layers.gpkg"
    accessibility = pd.read_parquet(folder / "accessibility.parquet")
    zones = _zones(gpd.read_file(layers, layer="zones"), accessibility)
    names = set(pyogrio.list_layers(layers)[:, 0])
    names_of_tables = sorted({path.stem for path in folder.glob("*.csv")} - {"accessibility"})
    tables = {name: _table(folder / f"{name}.csv") for name in names_of_tables}
    return RunData(
        name=facts["scenario"],
        baseline=facts["baseline"],
        title=facts["title"],
        description=facts["description"],
        effects={lang: tuple(facts["effects"].get(lang, ())) for lang in LANGUAGES},
        zones=zones,
        countries=_countries(layers) if "countries" in names else None,
        pairs=tuple(Pair(**pair) for pair in facts["pairs"]),
        times=_times(folder),
        accessibility=accessibility,
        municipalities=tables["municipalities"],
        border={name: table for name, table in tables.items() if name != "municipalities"},
        evidence=Tables(folder / "merge", _table),
        background=Background(
            lines=_lines(layers, "lines"),
            stops=_points(layers),
            roads=_lines(layers, "roads"),
            layers=Layers(layers, [name for name in NETWORK_LAYERS if name in names]),
        ),
        facts={key: value for key, value in facts.items() if key in manifest.SETTLED},
        counts=facts["counts"],
        notes=tuple(facts["notes"]),
        timings_s=facts["timings_s"],
        supply=Tables(folder / "supply", _supply_table),
        snapshot=facts.get("snapshot", {}),
    )


def _table(path: Path) -> pd.DataFrame:
    """Read a table; only an empty cell is missing, not a place called "NA"."""
    return _as_named(pd.read_csv(path, keep_default_na=False, na_values=[""]))


def _supply_table(path: Path) -> pd.DataFrame:
    return _as_named(pd.read_csv(path, keep_default_na=False, dtype=SUPPLY_TEXTS))


def _as_named(table: pd.DataFrame) -> pd.DataFrame:
    """Take the apostrophe away that keeps a spreadsheet from running a text as a formula."""
    guarded = r"^'(?='*[=+\-@\t\r])"
    texts = [name for name in table if pd.api.types.is_string_dtype(table[name].dtype)]
    held = [name for name in texts if table[name].str.startswith("'", na=False).any()]
    return table.assign(**{
        name: table[name].str.replace(guarded, "", n=1, regex=True) for name in held
    })  # fmt: skip


def _zones(table: gpd.GeoDataFrame, accessibility: pd.DataFrame) -> Zones:
    figures = tuple(f"{mode}_".replace("+", "_") for mode in accessibility["mode"].unique())
    opportunities = [
        name
        for name in table.columns
        if name not in OWN_COLUMNS and not (name.startswith(figures) and name.endswith("min"))
    ]
    polygons = table.geometry.geom_type.str.contains("Polygon").all()

    def text(name: str) -> npt.NDArray[np.object_]:
        return np.asarray(table[name].astype(object).fillna(""), dtype=np.object_)

    return Zones(
        ids=text("zone_id"),
        names=text("name"),
        countries=text("country"),
        municipalities=text("municipality"),
        lon=table["lon"].to_numpy(np.float64),
        lat=table["lat"].to_numpy(np.float64),
        opportunities=pd.DataFrame(table[opportunities]).astype(np.float64),
        shapes=table.geometry.to_numpy() if polygons else None,
    )


def _countries(layers: Path) -> Countries:
    table = gpd.read_file(layers, layer="countries")
    return Countries(dict(zip(table["country"], table.geometry, strict=True)))


def _times(folder: Path) -> dict[str, TravelTimes]:
    """Read the matrices, one row group (mode) after the other, with the parts of their journeys."""
    found: dict[str, TravelTimes] = {}
    times = pq.ParquetFile(folder / "travel_times.parquet")
    parts = pq.ParquetFile(folder / "components.parquet")
    for group in range(times.num_row_groups):
        (matrix,) = from_table(times.read_row_group(group).to_pandas())
        rows = parts.read_row_group(group).to_pandas()
        shape = (len(matrix.origins), len(matrix.destinations))
        found[matrix.mode] = TravelTimes(
            **{**vars(matrix), "parts": {
                name: rows[name].to_numpy(np.float32).reshape(shape) for name in PARTS
            }}
        )  # fmt: skip
    return with_draws(folder, found)


def _lines(layers: Path, layer: str) -> pd.DataFrame:
    if layer not in set(pyogrio.list_layers(layers)[:, 0]):
        return pd.DataFrame(columns=NO_LINES)
    table = gpd.read_file(layers, layer=layer)
    coords = [shapely.get_coordinates(line) for line in table.geometry]
    return pd.DataFrame(table.drop(columns="geometry")).assign(
        lon=[c[:, 0] for c in coords], lat=[c[:, 1] for c in coords]
    )


def _points(layers: Path) -> pd.DataFrame:
    if "stops" not in set(pyogrio.list_layers(layers)[:, 0]):
        kinds = {"name": object, "lon": float, "lat": float, "rail": bool}
        return pd.DataFrame({name: np.zeros(0, kind) for name, kind in kinds.items()})
    table = gpd.read_file(layers, layer="stops")
    return pd.DataFrame(table.drop(columns="geometry")).assign(
        lon=table.geometry.x.to_numpy(), lat=table.geometry.y.to_numpy()
    )
