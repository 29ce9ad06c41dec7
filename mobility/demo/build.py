"""Making the files of the demonstration region."""

from __future__ import annotations

import hashlib
from pathlib import Path

from mobility.demo.gtfs import write_feeds
from mobility.demo.land import write_land
from mobility.demo.local import with_local_lines
from mobility.demo.national import write_fine_zones, write_national
from mobility.demo.osm_file import write_osm
from mobility.demo.source import TABLES, read_tables
from mobility.demo.streets import build_streets
from mobility.errors import Problem, RegionError, raise_all

DEFAULT_NODES = 50_000
RANGES = {
    "nodes": (5_000, 2_000_000),
    "stop_times": (100_000, 50_000_000),
    "zones": (10, 100_000),
}


def build(
    folder: Path,
    *,
    nodes: int = DEFAULT_NODES,
    stop_times: int | None = None,
    zones: int | None = None,
    seed: int = 1,
    tables: Path | None = None,
) -> None:
    """Write GTFS zips, streets, zones and countries of the demonstration region.

    The same arguments give the same bytes in any process.

    Parameters
    ----------
    folder
        Gets ``gtfs/*.zip``, ``osm/region.osm.pbf``, ``zones.gpkg``, ``countries.gpkg`` and, last,
        ``made_from.txt``, by which `is_current` knows it.
    nodes
        About how many OSM nodes the streets have, 5 thousand to 2 million.
    stop_times
        If given, a feed ``gtfs/national.zip`` of a country's size is added, with about so
        many rows in its ``stop_times.txt``; for measuring, not for answers.
    zones
        If given, ``zones_fine.csv`` is added with so many points; for measuring as well.
    seed
        Of everything drawn by chance.
    tables
        Folder of the text tables; the project's own by default.

    Raises
    ------
    RegionError
        A table is missing or inconsistent, or a number is out of range.
    """
    _check({"nodes": nodes, "stop_times": stop_times, "zones": zones})
    source = read_tables(tables)
    for part in (folder / "gtfs", folder / "osm"):
        part.mkdir(parents=True, exist_ok=True)
    write_feeds(with_local_lines(source), folder / "gtfs")
    write_land(source, folder)
    streets = build_streets(source, nodes=nodes, seed=seed)
    write_osm(source, streets, folder / "osm" / "region.osm.pbf", seed=seed)
    if stop_times is not None:
        path = folder / "gtfs" / "national.zip"
        write_national(source, path, stop_times=stop_times, seed=seed)
    if zones is not None:
        write_fine_zones(source, folder / "zones_fine.csv", zones=zones, seed=seed)

    _stamp(folder).write_text(fingerprint(tables) + "\n", encoding="utf-8", newline="\n")


def _stamp(folder: Path) -> Path:
    return folder / "made_from.txt"


def fingerprint(tables: Path | None = None) -> str:
    """SHA-256 over the text tables and the generator's own code."""
    folder = TABLES if tables is None else tables
    files = [*sorted(folder.glob("*.csv")), *sorted(Path(__file__).parent.glob("*.py"))]
    digest = hashlib.sha256()
    for file in files:
        # Line ends may differ by how the project was fetched; the content does not.
        content = file.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{file.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def is_current(folder: Path, tables: Path | None = None) -> bool:
    """Whether `folder` was made from today's tables by today's generator."""
    stamp = _stamp(folder)
    return stamp.is_file() and stamp.read_text(encoding="utf-8").strip() == fingerprint(tables)


def _check(numbers: dict[str, int | None]) -> None:
    problems = [
        Problem(name, str(value), f"a number from {RANGES[name][0]} to {RANGES[name][1]}")
        for name, value in numbers.items()
        if value is not None and not RANGES[name][0] <= value <= RANGES[name][1]
    ]
    raise_all(RegionError, problems)


def write_region_file(folder: Path, *, national: bool = False, fine_zones: bool = False) -> Path:
    """Write ``region.toml`` beside built files, after the project's own ``demo.toml``.

    Returns
    -------
    Path
        The region file; it names what stands in `folder` and needs no generator.
    """
    text = (TABLES.parent / "demo.toml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith(("#", "generator"))]
    text = "\n".join(lines).replace('"demo/build/', '"') + "\n"
    if fine_zones:
        text = text.replace('"zones.gpkg"', '"zones_fine.csv"').replace(
            'opportunities = ["population", "jobs", "hospitals", "secondary_schools", '
            '"supermarkets"]',
            'opportunities = ["population", "jobs"]',
        )
    if national:
        feed = 'id = "national"\ncountry = "NL"\npath = "gtfs/national.zip"\n'
        text = text.replace("[streets]", f"[[feeds]]\n{feed}\n[streets]")
    path = folder / "region.toml"
    path.write_text(text, encoding="utf-8", newline="\n")
    return path
