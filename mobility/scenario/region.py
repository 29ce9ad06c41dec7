"""Region file → Region with absolute paths."""

from __future__ import annotations

import zoneinfo
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from mobility.errors import Problem, RegionError, nearest, raise_all
from mobility.scenario.model import Region
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

    border, merge = region.border, region.merge
    if border is not None:
        border = border.model_copy(update={"countries": absolute(border.countries)})
    if merge.overrides is not None:
        merge = merge.model_copy(update={"overrides": absolute(merge.overrides)})
    return region.model_copy(
        update={
            "feeds": tuple(f.model_copy(update={"path": absolute(f.path)}) for f in region.feeds),
            "streets": region.streets.model_copy(
                update={"osm": tuple(absolute(p) for p in region.streets.osm)}
            ),
            "zones": region.zones.model_copy(update={"path": absolute(region.zones.path)}),
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
    fetchable = bool(region.streets.urls)
    for row, osm in enumerate(region.streets.osm, start=1):
        if not osm.is_file():
            yield Problem(
                f"{path}: streets.osm[{row}]",
                f"no file {osm}",
                "an OSM extract",
                fetch if fetchable else "Put the extract there, or mend the path.",
            )
    if not region.zones.path.is_file():
        cure = fetch if region.zones.url else "Put the zones there, or mend the path."
        yield Problem(f"{path}: zones.path", f"no file {region.zones.path}", "a zone file", cure)
    if region.border is not None and not region.border.countries.is_file():
        yield Problem(
            f"{path}: border.countries",
            f"no file {region.border.countries}",
            "a file of country polygons",
            "Mend the path, or leave [border] out.",
        )
    overrides = region.merge.overrides
    if overrides is not None and not overrides.is_file():
        yield Problem(f"{path}: merge.overrides", f"no file {overrides}", "a CSV of overrides")
