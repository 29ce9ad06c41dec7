"""How good streets are to cycle on: traffic stress, cycle highways, the junction network."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.streets.ferries import is_ferry
from mobility.streets.judging import combos_of, limits_of
from mobility.streets.law import read_table
from mobility.streets.model import Bool, Float32, Route, Snapped, StreetNetwork
from mobility.streets.routing import one_point, route
from mobility.streets.snapping import usable_edges

LOW_STRESS = 2
_SIDES = ("cycleway", "cycleway:left", "cycleway:right", "cycleway:both")
_TRACKS = frozenset({"track", "opposite_track", "separate", "sidepath", "sidewalk"})
_LANES = frozenset({"lane", "opposite_lane", "buffered_lane", "share_busway", "shoulder"})
_HIGHWAY_NAME = re.compile(
    r"fietssnelweg|fietsostrade|snelfietsroute|doorfietsroute|radschnell|cycle (super)?highway",
    re.IGNORECASE,
)
# Belgium numbers its cycle highways F1, F74 …; a motor road never bears such a number there.
_HIGHWAY_NUMBER = re.compile(r"^F\d{1,3}[a-z]?$")
_CYCLEWAYS = frozenset({"cycleway", "path", "track", "service", "unclassified", "residential"})


def traffic_stress(streets: StreetNetwork) -> npt.NDArray[np.int8]:
    """Level of traffic stress of each edge, int8 (n_edges,): 1 for all ages to 4; 0 where no bike.

    The level follows from the facility (track, lane, cycle street, none), the class and the
    speed limit, by a table of the package.
    """
    combos = combos_of(streets)
    limits = limits_of(combos, streets.usual_kph)
    kph = np.fmax(limits.forward_kph, limits.backward_kph)
    rows = [
        (row["facility"], row["highway"], float(row["up_to_kph"]), int(row["stress"]))
        for row in read_table("traffic_stress")
    ]
    level = np.array(
        [_level(tags, speed, rows) for tags, speed in zip(combos.tags, kph, strict=True)], np.int8
    )
    stress = np.where(usable_edges(streets, "bike"), level[combos.of_edge], 0).astype(np.int8)
    stress.setflags(write=False)
    return stress


def _facility(tags: Mapping[str, str]) -> str:
    if tags.get("cyclestreet") == "yes" or tags.get("bicycle_road") == "yes":
        return "street"
    found = {tags[key] for key in _SIDES if key in tags}
    if found & _TRACKS:
        return "track"
    return "lane" if found & _LANES else "mixed"


def _level(tags: Mapping[str, str], kph: float, rows: list[tuple[str, str, float, int]]) -> int:
    """First row of the table that fits."""
    facility = _facility(tags)
    highway = "ferry" if is_ferry(tags) else tags.get("highway", "")
    for row_facility, row_highway, up_to, stress in rows:
        fits = row_facility in ("any", facility) and row_highway in ("any", highway)
        if fits and kph <= up_to:
            return stress
    return 4


def comfort_factor(stress: npt.NDArray[np.int8], *, high: float = 3.0) -> Float32:
    """Factors that make a cyclist shun stress: `high` times the time at level 3, twice that at 4.

    For `matrix_ms` and `route`, to find the way an anxious rider takes.
    """
    factor = np.array([1.0, 1.0, 1.0, high, 2 * high], np.float32)[stress]
    factor.setflags(write=False)
    return factor


def low_stress_share(streets: StreetNetwork, stress: npt.NDArray[np.int8], way: Route) -> float:
    """Share of a route's length on edges of level 1 and 2; NaN for an empty route."""
    metres = streets.edge_length_m[way.edges] * way.share
    if not metres.sum() > 0:
        return float("nan")
    return float(metres[stress[way.edges] <= LOW_STRESS].sum() / metres.sum())


def low_stress_pairs(
    streets: StreetNetwork,
    origins: Snapped,
    destinations: Snapped,
    *,
    mode: str = "bike",
) -> pd.DataFrame:
    """Low-stress share of the fastest way of each pair (row by row, not crossed).

    Returns
    -------
    pandas.DataFrame
        ``km, minutes, low_stress_share, calm_minutes, calm_share``; the calm ones belong to
        the way that shuns stress. NaN where there is no way.
    """
    stress = traffic_stress(streets)
    factor = comfort_factor(stress)
    rows = []
    for row in range(len(origins.edge)):
        start, end = one_point(origins, row), one_point(destinations, row)
        fast = route(streets, mode, start, end)
        calm = route(streets, mode, start, end, factor=factor)
        rows.append(
            (
                fast.length_m / 1000 if len(fast.edges) else np.nan,
                fast.ms / 60_000 if len(fast.edges) else np.nan,
                low_stress_share(streets, stress, fast),
                _plain_minutes(streets, mode, calm) if len(calm.edges) else np.nan,
                low_stress_share(streets, stress, calm),
            )
        )
    columns = ["km", "minutes", "low_stress_share", "calm_minutes", "calm_share"]
    return pd.DataFrame(rows, columns=columns)


def _plain_minutes(streets: StreetNetwork, mode: str, way: Route) -> float:
    """Minutes a way takes when stress costs nothing."""
    graph = streets.graphs[mode]
    ms = np.where(way.backward, graph.backward_ms[way.edges], graph.forward_ms[way.edges])
    return float((ms * way.share).sum()) / 60_000


def cycle_highways(streets: StreetNetwork) -> Bool:
    """Edges of cycle highways, by tag, route relation, name or number, bool (n_edges,)."""
    tagged = np.array(
        [
            tags.get("cycle_highway", "no") not in {"no", "proposed"}
            or "route:cycle_highway" in tags
            for tags in streets.tagsets
        ],
        bool,
    )
    ways = streets.ways
    found = tagged[ways["tagset"].to_numpy()]
    quiet = ways["highway"].isin(_CYCLEWAYS).to_numpy(bool)
    for column, pattern in (("name", _HIGHWAY_NAME), ("ref", _HIGHWAY_NUMBER)):
        codes, texts = ways[column].factorize()
        fits = np.array([bool(pattern.search(str(text))) for text in texts] + [False], bool)
        found = found | (fits[codes] & quiet)
    return np.asarray(found[streets.edge_way] & usable_edges(streets, "bike"))


def junction_network(streets: StreetNetwork) -> tuple[pd.DataFrame, Bool]:
    """Numbered cycle junctions (``node, ref, lon, lat``) and the edges between them.

    The edges are those on ways of a junction network's route relations, bool (n_edges,).
    """
    numbered = np.array(["rcn_ref" in tags for tags in streets.node_tagsets], bool)
    rows = np.flatnonzero(numbered[streets.node_tags])
    table = pd.DataFrame(
        {
            "node": streets.node_id[rows],
            "ref": [streets.node_tagsets[int(streets.node_tags[row])]["rcn_ref"] for row in rows],
            "lon": streets.node_lon[rows],
            "lat": streets.node_lat[rows],
        }
    )
    on_route = np.array(["route:rcn" in tags for tags in streets.tagsets], bool)
    return table, np.asarray(on_route[streets.ways["tagset"].to_numpy()][streets.edge_way])


def quality_table(streets: StreetNetwork) -> pd.DataFrame:
    """Kilometres open to bicycles by country and level of stress.

    Returns
    -------
    pandas.DataFrame
        ``country, stress, km, share, cycle_highway_km``; shares add up to 1 per country.
    """
    stress = traffic_stress(streets)
    open_to = stress > 0
    table = pd.DataFrame(
        {
            "country": np.array(streets.country_codes, object)[streets.edge_country[open_to]],
            "stress": stress[open_to],
            "km": streets.edge_length_m[open_to].astype(np.float64) / 1000,
            "highway": cycle_highways(streets)[open_to],
        }
    )
    table["cycle_highway_km"] = table["km"].where(table["highway"], 0.0)
    sums = table.groupby(["country", "stress"], as_index=False)[["km", "cycle_highway_km"]].sum()
    sums["share"] = sums["km"] / sums.groupby("country")["km"].transform("sum")
    return sums[["country", "stress", "km", "share", "cycle_highway_km"]]
