"""Which edges a scenario means: by way, by name, by area, by class."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from mobility.streets.model import Int32, StreetNetwork
from mobility.streets.reading import edge_midpoints


def select_edges(
    streets: StreetNetwork,
    *,
    way_ids: Collection[int] | None = None,
    names: Collection[str] | None = None,
    highways: Collection[str] | None = None,
    area: BaseGeometry | None = None,
    wholly: bool = False,
) -> Int32:
    """Edges that meet every condition given, ascending.

    Parameters
    ----------
    streets
        Network.
    way_ids
        OSM ids.
    names
        Street names or numbers (``ref``), as on the map; case is ignored, and a street with
        several numbers (``"A2;E25"``) goes by each.
    highways
        Classes.
    area
        Polygon in WGS 84; an edge is inside if the middle of its shape is.
    wholly
        Take an edge only if both its ends are inside too.
    """
    chosen = np.ones(len(streets.ways), bool)
    if way_ids is not None:
        chosen &= streets.ways["way_id"].isin(list(way_ids)).to_numpy(bool)
    if highways is not None:
        chosen &= streets.ways["highway"].isin(list(highways)).to_numpy(bool)
    if names is not None:
        chosen &= _named(streets, names)
    edges = np.flatnonzero(chosen[streets.edge_way])
    if area is not None:
        lon, lat = edge_midpoints(streets)
        shapely.prepare(area)
        inside = shapely.contains_xy(area, lon[edges], lat[edges])
        if wholly:
            for ends in (streets.edge_from[edges], streets.edge_to[edges]):
                inside &= shapely.contains_xy(area, streets.node_lon[ends], streets.node_lat[ends])
        edges = edges[inside]
    return edges.astype(np.int32)


def _named(
    streets: StreetNetwork, names: Collection[str]
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    wanted = {name.casefold().strip() for name in names}

    def fits(text: str) -> bool:
        return any(part.strip() in wanted for part in text.casefold().split(";"))

    found = np.zeros(len(streets.ways), bool)
    for column in ("name", "ref"):
        codes, texts = streets.ways[column].factorize()
        good = np.array([fits(str(text)) for text in texts] + [False], bool)
        found |= good[codes]
    return found
