"""Streets by name, class, area, country or border → edges."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from mobility.changes.areas import shape_of
from mobility.changes.select import Finder, fold
from mobility.network.model import Supply
from mobility.scenario.street_forms import Area, StreetSelector
from mobility.streets import StreetNetwork
from mobility.streets.countries import country_codes, country_rows
from mobility.zones import Countries

Bool = npt.NDArray[np.bool_]


def midpoints(streets: StreetNetwork) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Longitude and latitude of the middle vertex of each edge's shape."""
    middle = (streets.shape_offset[:-1] + streets.shape_offset[1:] - 1) // 2
    ends = np.stack([middle, (streets.shape_offset[:-1] + streets.shape_offset[1:]) // 2])
    return streets.shape_lon[ends].mean(axis=0), streets.shape_lat[ends].mean(axis=0)


def edges_in(streets: StreetNetwork, area: Area) -> Bool:
    """Edges whose middle lies in an area."""
    inside: Bool = shapely.contains_xy(shape_of(area), *midpoints(streets))
    return inside


def edges_of(finder: Finder, supply: Supply, selector: StreetSelector, key: str) -> Bool:
    """Edges that fit every key of a selector; what fits nothing is noted in the finder."""
    streets = supply.streets
    hit = np.ones(len(streets.edge_from), bool)
    if selector.name:
        hit &= named_edges(finder, streets, selector.name, f"{key}.name")
    if selector.highway:
        hit &= _by_way(finder, streets, "highway", selector.highway, f"{key}.highway")
    if selector.way_id is not None:
        ids = streets.ways["way_id"].to_numpy()
        found = ids == selector.way_id
        if not found.any():
            finder.complain(f"{key}.way_id", str(selector.way_id), "a way of the streets")
        hit &= found[streets.edge_way]
    if selector.country:
        codes = list(streets.country_codes)
        if selector.country not in codes:
            known = ", ".join(c for c in codes if c)
            finder.complain(f"{key}.country", f'"{selector.country}"', f"one of {known}")
            return np.zeros_like(hit)
        hit &= streets.edge_country == codes.index(selector.country)
    if selector.area is not None:
        hit &= edges_in(streets, selector.area)
    if selector.crosses_border:
        hit &= border_edges(streets, frozenset(), supply.countries)
    if not hit.any() and not finder.problems:
        finder.complain(key, f"no street that fits {selector}", "streets that fit every key")
    return hit


def all_edges(
    finder: Finder, supply: Supply, selectors: tuple[StreetSelector, ...], key: str
) -> Bool:
    """Edges that fit one of several selectors."""
    hit = np.zeros(len(supply.streets.edge_from), bool)
    for n, selector in enumerate(selectors, start=1):
        hit |= edges_of(finder, supply, selector, f"{key}[{n}]")
    return hit


def named_edges(finder: Finder, streets: StreetNetwork, name: str, key: str) -> Bool:
    """Edges of ways of a name or number: the whole name, whatever its case and accents."""
    wanted = fold(name)
    found = np.zeros(len(streets.ways), bool)
    known: set[str] = set()
    for column in ("name", "ref"):
        values = streets.ways[column].to_numpy(object)
        words = {v: fold(str(v)) for v in set(values.tolist()) if isinstance(v, str) and v}
        fits = {v for v, folded in words.items() if folded == wanted}
        found |= np.isin(values.astype(str), sorted(fits))
        known |= set(words)
    if not found.any():
        finder.missing(key, f'the street "{name}"', name, known, "streets")
    hit: Bool = found[streets.edge_way]
    return hit


def _by_way(finder: Finder, streets: StreetNetwork, column: str, wanted: str, key: str) -> Bool:
    values = streets.ways[column].to_numpy(object).astype(str)
    found = values == wanted
    if not found.any():
        finder.missing(key, f'{column} "{wanted}"', wanted, values.tolist(), "streets")
    hit: Bool = found[streets.edge_way]
    return hit


def border_edges(
    streets: StreetNetwork, among: frozenset[str], countries: Countries | None
) -> Bool:
    """Edges that lead from one country into another (both of `among`, if any are named).

    An edge does so if its two nodes lie in different countries, so that every way from one
    country to the other has such an edge: closing them all closes the border. So does one that
    runs through another country than its nodes lie in, as through an enclave without a node.
    """
    node = _node_countries(streets, countries)
    one, two = node[streets.edge_from], node[streets.edge_to]
    through = np.array(streets.country_codes, object)[streets.edge_country]
    hit = np.zeros(len(one), bool)
    for a, b in ((one, two), (one, through), (two, through)):
        crosses = (a != "") & (b != "") & (a != b)
        if among:
            crosses &= np.isin(a, sorted(among)) & np.isin(b, sorted(among))
        hit |= crosses
    return hit


def _node_countries(streets: StreetNetwork, countries: Countries | None) -> npt.NDArray[np.object_]:
    """Country of each node: by polygon, or by most of its edges' length without polygons."""
    if countries is not None:
        # by the rule that gives edges theirs, water to the nearest shore
        codes = np.array(country_codes(countries), object)
        return codes[country_rows(countries, streets.node_lon, streets.node_lat)]
    size = len(streets.country_codes)
    ends = np.concatenate([streets.edge_from, streets.edge_to])
    country = np.concatenate([streets.edge_country, streets.edge_country]).astype(np.int64)
    length = np.concatenate([streets.edge_length_m, streets.edge_length_m]).astype(np.float64)
    by_node = np.bincount(
        ends * size + country, weights=length, minlength=len(streets.node_id) * size
    ).reshape(-1, size)
    unknown = [k for k, code in enumerate(streets.country_codes) if not code]
    by_node[:, unknown] = -1.0
    node = np.where(by_node.max(axis=1) > 0, by_node.argmax(axis=1), unknown[0] if unknown else 0)
    found: npt.NDArray[np.object_] = np.array(streets.country_codes, object)[node]
    return found
