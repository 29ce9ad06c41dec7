"""Making the files of the demonstration region."""

from __future__ import annotations

from pathlib import Path

from mobility.demo.gtfs import write_feeds
from mobility.demo.land import write_land
from mobility.demo.osm_file import write_osm
from mobility.demo.source import read_tables
from mobility.demo.streets import build_streets
from mobility.errors import Problem, RegionError

DEFAULT_NODES = 50_000
NODES_RANGE = (5_000, 2_000_000)


def build(
    folder: Path,
    *,
    nodes: int = DEFAULT_NODES,
    stop_times: int | None = None,
    seed: int = 1,
    tables: Path | None = None,
) -> None:
    """Write GTFS zips, streets, zones and countries of the demonstration region.

    The same arguments give the same bytes in any process.

    Parameters
    ----------
    folder
        Gets ``gtfs/*.zip``, ``osm/region.osm.pbf``, ``zones.gpkg`` and ``countries.gpkg``.
    nodes
        About how many OSM nodes the streets have, 5 thousand to 2 million.
    stop_times
        If given, a feed ``gtfs/national.zip`` of a country's size is added, with about so
        many rows in its ``stop_times.txt``; for measuring, not for answers.
    seed
        Of everything drawn by chance.
    tables
        Folder of the text tables; the project's own by default.

    Raises
    ------
    RegionError
        A table is missing or inconsistent, or `nodes` is out of range.
    """
    low, high = NODES_RANGE
    if not low <= nodes <= high:
        raise RegionError(Problem("nodes", str(nodes), f"a number from {low} to {high}"))
    source = read_tables(tables)
    for part in (folder / "gtfs", folder / "osm"):
        part.mkdir(parents=True, exist_ok=True)
    write_feeds(source, folder / "gtfs")
    write_land(source, folder)
    streets = build_streets(source, nodes=nodes, seed=seed)
    write_osm(source, streets, folder / "osm" / "region.osm.pbf", seed=seed)
