"""The small text tables that the demonstration region is made from."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from mobility.errors import Problem, RegionError, raise_all

TABLES = Path(__file__).resolve().parents[2] / "feeds" / "demo"
NAMES = (
    "municipalities", "places", "border", "roads", "crossings", "ferries", "bridges",
    "cycle_routes", "stops", "lines", "line_stops", "through", "feeds", "agencies", "holidays",
    "translations",
)  # fmt: skip
Row = Mapping[str, str]
Point = tuple[float, float]


@dataclass(frozen=True)
class Place:
    """A settlement or neighbourhood: streets gather around it, and most are a zone."""

    id: str
    name: str
    municipality_code: str
    lon: float
    lat: float
    people: int
    work: float
    hospitals: int
    zone: bool


@dataclass(frozen=True)
class Polyline:
    """A road, cycle route or border by points; `kinds` and `names` belong to the points."""

    id: str
    name: str
    kind: str
    points: tuple[Point, ...]
    kinds: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """A line of public transport, with its stops and minutes from the first stop."""

    row: Row
    stops: tuple[str, ...]
    minutes: tuple[int, ...]

    @property
    def id(self) -> str:
        """Name of the line in the tables."""
        return self.row["line"]


@dataclass(frozen=True)
class Tables:
    """All tables of ``feeds/demo``, read and joined."""

    municipalities: Mapping[str, Row]
    places: tuple[Place, ...]
    border: tuple[Polyline, ...]
    roads: tuple[Polyline, ...]
    crossings: tuple[Row, ...]
    ferries: tuple[Row, ...]
    bridges: tuple[Row, ...]
    cycle_routes: tuple[Polyline, ...]
    stops: Mapping[str, Row]
    lines: tuple[Line, ...]
    through: tuple[Row, ...]
    feeds: tuple[Row, ...]
    agencies: tuple[Row, ...]
    holidays: tuple[Row, ...]
    translations: tuple[Row, ...]

    def place(self, name: str) -> Place:
        """Find a place by its name."""
        return next(place for place in self.places if place.name == name)


def read_rows(path: Path) -> list[dict[str, str]]:
    """Read a CSV of UTF-8 text.

    Raises
    ------
    RegionError
        The table is not there.
    """
    if not path.is_file():
        cure = "Run from a full copy of the project, or pass the folder of the tables."
        raise RegionError(Problem(str(path), "nothing", "a table of the demonstration", cure))
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _points(rows: Sequence[Row]) -> tuple[Point, ...]:
    return tuple((float(row["lon"]), float(row["lat"])) for row in rows)


def _polylines(rows: Sequence[Row], key: str, name: str, kind: str) -> tuple[Polyline, ...]:
    found = []
    for value, group in groupby(rows, key=lambda row: row[key]):
        part = list(group)
        head = part[0]
        found.append(
            Polyline(
                id=value,
                name=head.get(name, ""),
                kind=head.get(kind, ""),
                points=_points(part),
                kinds=tuple(row.get("point", "") for row in part),
                names=tuple(row.get("name", "") for row in part),
            )
        )
    return tuple(found)


def _place(row: Row) -> Place:
    return Place(
        id=row["place"],
        name=row["name"],
        municipality_code=row["municipality_code"],
        lon=float(row["lon"]),
        lat=float(row["lat"]),
        people=int(row["people"]),
        work=float(row["work"]),
        hospitals=int(row["hospitals"]),
        zone=row["zone"] == "yes",
    )


def _lines(rows: Sequence[Row], calls: Sequence[Row]) -> tuple[Line, ...]:
    by_line: dict[str, list[Row]] = {}
    for call in calls:
        by_line.setdefault(call["line"], []).append(call)
    return tuple(
        Line(
            row=row,
            stops=tuple(call["stop"] for call in by_line.get(row["line"], [])),
            minutes=tuple(int(call["minute"]) for call in by_line.get(row["line"], [])),
        )
        for row in rows
    )


def _problems(tables: Tables) -> list[Problem]:
    problems: list[Problem] = []

    def need(known: Callable[[str], bool], value: str, where: str, what: str) -> None:
        if not known(value):
            problems.append(Problem(where, f'"{value}"', f"a name in {what}"))

    names = {place.name for place in tables.places}
    for row in (*tables.crossings, *tables.ferries):
        for key in ("place_be", "place_nl"):
            need(names.__contains__, row[key], f"crossing {row['name']}", "places.csv")
    for place in tables.places:
        if place.municipality_code:
            where = f"places.csv: {place.name}"
            code = place.municipality_code
            need(tables.municipalities.__contains__, code, where, "municipalities.csv")
    for line in tables.lines:
        for stop in line.stops:
            need(tables.stops.__contains__, stop, f"line_stops.csv: {line.id}", "stops.csv")
        if len(line.stops) < 2 or list(line.minutes) != sorted(set(line.minutes)):
            where = f"line_stops.csv: {line.id}"
            problems.append(Problem(where, str(line.minutes), "two or more rising minutes"))
    return problems


def read_tables(folder: Path | None = None) -> Tables:
    """Read and check the tables of the demonstration region.

    Raises
    ------
    RegionError
        A table is missing, or one names what another does not hold; all are named.
    """
    folder = TABLES if folder is None else folder
    read = {name: read_rows(folder / f"{name}.csv") for name in NAMES}
    tables = Tables(
        municipalities={row["code"]: row for row in read["municipalities"]},
        places=tuple(_place(row) for row in read["places"]),
        border=_polylines(read["border"], "line", "country", "beside"),
        roads=_polylines(read["roads"], "road", "ref", "highway"),
        crossings=tuple(read["crossings"]),
        ferries=tuple(read["ferries"]),
        bridges=tuple(read["bridges"]),
        cycle_routes=_polylines(read["cycle_routes"], "route", "name", "route"),
        stops={row["name"]: row for row in read["stops"]},
        lines=_lines(read["lines"], read["line_stops"]),
        through=tuple(read["through"]),
        feeds=tuple(read["feeds"]),
        agencies=tuple(read["agencies"]),
        holidays=tuple(read["holidays"]),
        translations=tuple(read["translations"]),
    )
    raise_all(RegionError, _problems(tables))
    return tables
