"""Region file → Region with absolute paths."""

from __future__ import annotations

import zoneinfo
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from mobility.errors import Problem, RegionError, nearest, raise_all
from mobility.scenario.model import Region, ZoneTable
from mobility.scenario.parse import parse, read_toml


def read_region(path: str | Path, *, check_files: bool = True) -> Region:
    """Read and check a region file.

    Parameters
    ----------
    path
        TOML file; the paths in it are relative to it.
    check_files
        Whether the files it names must be there. A region that names a `generator` makes
        its own, and a feed marked `optional` may be absent.

    Returns
    -------
    Region
        Frozen, all paths absolute.

    Raises
    ------
    RegionError
        All that is wrong, at once.
    """
    region, problems = load_region(Path(path), check_files=check_files)
    raise_all(RegionError, problems)
    assert region is not None
    return region


def load_region(path: Path, *, check_files: bool) -> tuple[Region | None, list[Problem]]:
    """Read a region file; its problems are returned, not raised."""
    path = path.resolve()
    table, problems = read_toml(path)
    if table is None:
        return None, problems
    read, problems = parse(Region, table, str(path))
    if read is None:
        return None, problems
    region = _with_absolute_paths(read, path.parent)
    problems = [*_id_problems(region, path), *_timezone_problems(region, path)]
    if check_files and not region.generator:
        problems += _file_problems(region, path)
    return (None if problems else region), problems


def _with_absolute_paths(region: Region, folder: Path) -> Region:
    def absolute(path: Path) -> Path:
        return (folder / path).resolve()

    def table(entry: ZoneTable) -> ZoneTable:
        return entry.model_copy(update={"path": absolute(entry.path)})

    border, merge, zones, streets = region.border, region.merge, region.zones, region.streets
    sources = tuple(
        source.model_copy(
            update={
                "path": absolute(source.path),
                "tables": tuple(table(entry) for entry in source.tables),
            }
        )
        for source in zones.sources
    )
    if border is not None:
        border = border.model_copy(update={"countries": absolute(border.countries)})
    if merge.overrides is not None:
        merge = merge.model_copy(update={"overrides": absolute(merge.overrides)})
    return region.model_copy(
        update={
            "feeds": tuple(f.model_copy(update={"path": absolute(f.path)}) for f in region.feeds),
            "streets": streets.model_copy(
                update={
                    "osm": tuple(absolute(p) for p in streets.osm),
                    "observed": streets.observed and absolute(streets.observed),
                }
            ),
            "zones": zones.model_copy(
                update={
                    "path": absolute(zones.path),
                    "sources": sources,
                    "tables": tuple(table(entry) for entry in zones.tables),
                }
            ),
            "border": border,
            "merge": merge,
        }
    )


def _id_problems(region: Region, path: Path) -> Iterator[Problem]:
    # "scenario" is the prefix of lines that changes add without a feed of their own
    for row, feed in enumerate(region.feeds, start=1):
        if feed.id.casefold() == "scenario":
            yield Problem(f"{path}: feeds[{row}].id", f'"{feed.id}"', "another id; it is reserved")
    counts = Counter(feed.id for feed in region.feeds)
    for feed_id, count in sorted(counts.items()):
        if count > 1:
            yield Problem(f"{path}: feeds", f'the id "{feed_id}" {count} times', "each id once")


def _timezone_problems(region: Region, path: Path) -> Iterator[Problem]:
    try:
        zoneinfo.ZoneInfo(region.timezone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        near = nearest(region.timezone, zoneinfo.available_timezones())
        cure = f"Did you mean {near}?" if near else ""
        yield Problem(
            f"{path}: timezone", f'"{region.timezone}"', 'a zone like "Europe/Amsterdam"', cure
        )


def _file_problems(region: Region, path: Path) -> Iterator[Problem]:
    fetch = f"Run: python run_scenario.py fetch {path.name}"
    for row, feed in enumerate(region.feeds, start=1):
        if not feed.path.exists() and not feed.optional:
            cure = fetch if feed.url else "Put the feed there, or mend the path."
            yield Problem(
                f"{path}: feeds[{row}].path", f"no file {feed.path}", "a GTFS zip or folder", cure
            )
    fetchable = bool(region.streets.urls or region.streets.overpass)
    for row, osm in enumerate(region.streets.osm, start=1):
        if not osm.is_file():
            yield Problem(
                f"{path}: streets.osm[{row}]",
                f"no file {osm}",
                "an OSM extract",
                fetch if fetchable else "Put the extract there, or mend the path.",
            )
    yield from _zone_problems(region, path, fetch)
    observed = region.streets.observed
    if observed is not None and not observed.is_file():
        yield Problem(
            f"{path}: streets.observed", f"no file {observed}", "a CSV of observed drives",
            "Mend the path, or leave observed out.",
        )  # fmt: skip
    overrides = region.merge.overrides
    if overrides is not None and not overrides.is_file():
        yield Problem(f"{path}: merge.overrides", f"no file {overrides}", "a CSV of overrides")


def _zone_problems(region: Region, path: Path, fetch: str) -> Iterator[Problem]:
    zones, border = region.zones, region.border
    needed = [("zones.path", zones.path, zones.url, "a zone file")]
    if zones.sources:
        needed = []
        for row, source in enumerate(zones.sources, start=1):
            where = f"zones.sources[{row}]"
            needed.append((f"{where}.path", source.path, source.url, "a file of areas"))
            needed += [
                (f"{where}.tables[{n}].path", table.path, table.url, "a table of numbers")
                for n, table in enumerate(source.tables, start=1)
                if not table.optional
            ]
    needed += [
        (f"zones.tables[{n}].path", table.path, table.url, "a table of numbers")
        for n, table in enumerate(zones.tables, start=1)
        if not table.optional
    ]
    for where, file, url, expected in needed:
        if not file.is_file():
            cure = fetch if url else "Put the file there, or mend the path."
            yield Problem(f"{path}: {where}", f"no file {file}", expected, cure)
    if border is None:
        return
    if border.from_zones and not zones.sources:
        yield Problem(
            f"{path}: border.from_zones", "no zones.sources", "the areas that make the countries"
        )
    if not border.from_zones and not border.countries.is_file():
        yield Problem(
            f"{path}: border.countries",
            f"no file {border.countries}",
            "a file of country polygons",
            fetch if border.url else "Mend the path, or leave [border] out.",
        )
