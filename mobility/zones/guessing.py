"""Which file is which, and which column means what: a first guess for a new region file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from mobility.country_codes import alpha2
from mobility.scenario.writing import ZonesAnswer
from mobility.zones.reading import LAT_NAMES, LON_NAMES
from mobility.zones.table import read_table, texts

MOST_COUNTRIES = 60
IDS = ("zone_id", "zone", "id", "code", "buurtcode", "wijkcode", "cd_sector", "nuts_id", "lau_id")
NAMES = ("name", "naam", "nom", "nombre", "nome", "zone_name", "label", "title")
TOWNS = ("municipality", "gemeente", "gemeentenaam", "commune", "gemeinde", "municipio", "comune")
COUNTRIES = ("country", "land", "pays", "pais", "cntr_code", "iso", "iso2", "iso_a2", "adm0_a3")
NUMBERS = (
    *("population", "inhabitants", "people", "inwoners", "aantal_inwoners", "einwohner"),
    *("jobs", "workplaces", "banen", "emplois", "pop", "total_population", "poblacion"),
    *("hospitals", "secondary_schools", "schools", "supermarkets", "students"),
)


@dataclass(frozen=True)
class Guess:
    """What a table seems to be: zones with their columns, or countries by a column."""

    zones: ZonesAnswer | None = None
    countries: str = ""


def guess_table(path: Path) -> Guess:
    """Look into a file of areas or points.

    It is a file of countries where it has few rows, polygons and a column of countries, and
    is else a file of zones. A column means what its name says in some language; the id is
    a column of different values.

    Raises
    ------
    ZoneError
        The file can't be read.
    """
    table, shapes = read_table(path, "")
    columns = [str(column) for column in table.columns]
    country = next((c for c in _named(columns, COUNTRIES) if _all_countries(table, c)), "")
    flat = shapes is not None and bool(np.isin(shapely.get_type_id(shapes), (3, 6)).all())
    different = len(set(texts(table, country))) == len(table) if country else False
    if flat and country and different and len(table) <= MOST_COUNTRIES:
        return Guess(countries=country)
    ids = [*_named(columns, IDS), *(c for c in columns if c.lower() not in LON_NAMES + LAT_NAMES)]
    unique = next((c for c in ids if _all_different(table, c)), "")
    if not unique:
        return Guess()
    return Guess(
        zones=ZonesAnswer(
            path,
            unique,
            name=next(iter(_named(columns, NAMES)), ""),
            country=country,
            municipality=next(iter(_named(columns, TOWNS)), ""),
            opportunities=tuple(c for c in _named(columns, NUMBERS) if _all_numbers(table, c)),
        )
    )


def _named(columns: Sequence[str], known: Sequence[str]) -> list[str]:
    """Columns of the known names, in the order of what is known."""
    by_name = {column.lower(): column for column in reversed(columns)}
    return [by_name[name] for name in known if name in by_name]


def _all_countries(table: pd.DataFrame, column: str) -> bool:
    codes = [alpha2(text) for text in set(texts(table, column))]
    return all(len(code) == 2 and code.isupper() for code in codes)


def _all_different(table: pd.DataFrame, column: str) -> bool:
    values = texts(table, column)
    return len(set(values)) == len(values) and "" not in set(values)


def _all_numbers(table: pd.DataFrame, column: str) -> bool:
    numbers = pd.to_numeric(table[column], errors="coerce")
    return bool((numbers.notna() | (texts(table, column) == "")).all())
