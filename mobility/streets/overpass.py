"""Streets of a small area from an Overpass service, by osmnx, as a graph file."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import networkx as nx
import osmnx as ox

from mobility.errors import Problem, StreetError
from mobility.streets.law import rule_keys
from mobility.streets.osm import MORE_WAY_KEYS, NODE_KEYS

# osmnx's own presets drop paths, ferries and streets with pavements apart: all ways are
# asked for, and our rules decide who may use them.
STREETS = '["highway"]["highway"!~"proposed|construction|abandoned|razed"]["area"!~"yes"]'
FERRIES = '["route"="ferry"]'
AGENT = "border-mobility (cross-border mobility model)"
TIMEOUT_S = 300.0
LARGEST_KM2 = 2500.0
KM_PER_DEGREE = 111.195
# Attributes whose change ends a street, so that none is merged away.
KEPT_APART = ("osmid",)


def download_graph(
    box: tuple[float, float, float, float],
    path: Path,
    *,
    service: str,
    cache: Path | None = None,
    polite: bool = True,
) -> None:
    """Ask an Overpass service for the streets and ferries of a box; write ``.graphml``.

    Parameters
    ----------
    box
        lon_min, lat_min, lon_max, lat_max.
    path
        File to write, whole or not at all.
    service
        Address of the service, e.g. ``https://overpass-api.de/api``.
    cache
        Folder where osmnx keeps the answers; None: beside `path`.
    polite
        Ask the service how long to wait before the next question.

    Raises
    ------
    StreetError
        The box is too large for such a service, or it does not answer right.
    """
    _check_box(box)
    cache = cache if cache is not None else path.parent / "overpass"
    with _settings(service, cache, polite):
        graph = _ask(box, STREETS, service)
        if graph is None:
            raise StreetError(
                Problem(service, "no street in the box", "streets", "Look at overpass_box")
            )
        ferries = _ask(box, FERRIES, service)
        if ferries is not None:
            graph = nx.MultiDiGraph(nx.compose(graph, ferries))
        graph = ox.simplify_graph(graph, edge_attrs_differ=list(KEPT_APART))
    beside = path.with_name(path.name + ".beside")
    ox.save_graphml(graph, beside)
    os.replace(beside, path)  # noqa: PTH105 - also over an existing file on Windows


def _check_box(box: tuple[float, float, float, float]) -> None:
    west, south, east, north = box
    if not (-180 <= west < east <= 180 and -85 <= south < north <= 85):
        raise StreetError(
            Problem("overpass_box", str(box), "lon_min, lat_min, lon_max, lat_max in degrees")
        )
    height = (north - south) * KM_PER_DEGREE
    area = height * (east - west) * KM_PER_DEGREE * 0.64  # at 50 degrees
    if area > LARGEST_KM2:
        raise StreetError(
            Problem("overpass_box", f"a box of about {area:.0f} km²", f"at most {LARGEST_KM2:.0f}",
                    "Take an extract, e.g. of Geofabrik: urls in place of overpass")
        )  # fmt: skip


def _ask(
    box: tuple[float, float, float, float], wanted: str, service: str
) -> nx.MultiDiGraph[Any] | None:
    try:
        graph: nx.MultiDiGraph[Any] = ox.graph_from_bbox(
            box,
            custom_filter=wanted,
            simplify=False,
            retain_all=True,
            truncate_by_edge=True,
        )
    except ox._errors.InsufficientResponseError:  # noqa: SLF001 - osmnx's public name for it moved
        return None
    except Exception as error:  # osmnx lets every library's errors through
        raise StreetError(
            Problem(service, f"no right answer ({type(error).__name__}: {str(error)[:150]})",
                    "an Overpass answer", "Try again later, or take an extract")
        ) from error  # fmt: skip
    return graph


@contextlib.contextmanager
def _settings(service: str, cache: Path, polite: bool) -> Iterator[None]:
    """Set osmnx up and put everything back: its settings are global."""
    wanted = {
        "overpass_url": service,
        "overpass_rate_limit": polite,
        "http_user_agent": AGENT,
        "use_cache": True,
        "cache_folder": str(cache),
        "requests_timeout": TIMEOUT_S,
        "useful_tags_way": sorted({"highway", "name", "ref", "oneway", "junction", "route"}
                                  | rule_keys() | set(MORE_WAY_KEYS)),
        "useful_tags_node": sorted(NODE_KEYS),
        "log_console": False,
    }  # fmt: skip
    before = {name: getattr(ox.settings, name) for name in wanted}
    try:
        for name, value in wanted.items():
            setattr(ox.settings, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(ox.settings, name, value)
