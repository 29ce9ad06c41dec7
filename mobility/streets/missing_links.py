"""Where a short new link would save long ways round, best first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial import cKDTree

from mobility.streets.edges import EARTH_M, distance_m
from mobility.streets.model import UNREACHED, Float64, Int64, Snapped, StreetNetwork
from mobility.streets.planar import mercator
from mobility.streets.quality import LOW_STRESS, traffic_stress
from mobility.streets.routing import matrix_ms, within_ms
from mobility.streets.snapping import snap, usable_edges

# A canal needs closer sampling than a wood: (longest gap, side of the sampling cell), metres.
_SCALES = ((500.0, 120.0), (np.inf, 400.0))
_APART_M = 800.0


@dataclass(frozen=True, eq=False)
class LinkSearch:
    """What to look for.

    Parameters
    ----------
    mode
        ``bike`` or ``walk``.
    longest_m
        Longest link, as the crow flies.
    detour
        A gap counts where the way round is at least so many times the crow's.
    cutoff_s
        Time within which places count as reached.
    candidates
        How many gaps, worst detours at the border first, have their gain worked out.
    """

    mode: str = "bike"
    longest_m: float = 2000.0
    detour: float = 3.0
    cutoff_s: float = 1800.0
    candidates: int = 100


def worst_detours(
    streets: StreetNetwork,
    places: pd.DataFrame,
    *,
    mode: str = "bike",
    within_km: float = 15.0,
    max_snap_m: float = 1500.0,
) -> pd.DataFrame:
    """Rank pairs of places by how much longer the way is than the straight line.

    Parameters
    ----------
    streets
        Network.
    places
        ``name, country, lon, lat``.
    mode
        walk, bike, ebike or speed_pedelec.
    within_km
        Longest straight line looked at.
    max_snap_m
        Places farther from any street are left out.

    Returns
    -------
    pandas.DataFrame
        ``origin, destination, border, straight_km, minutes, detour``, worst first; each pair
        once, in its slower direction. Detour is the time over that of a straight street at
        the mode's own speed, infinite where there is no way.
    """
    lon, lat = places["lon"].to_numpy(np.float64), places["lat"].to_numpy(np.float64)
    points = snap(streets, mode, lon, lat, max_m=max_snap_m)
    times = matrix_ms(streets, mode, points, points).astype(np.float64)
    times[times == UNREACHED] = np.inf
    slower = np.maximum(times, times.T)
    o, d = np.triu_indices(len(places), 1)
    straight = distance_m(lon[o], lat[o], lon[d], lat[d]) / 1000
    near = (straight <= within_km) & (straight > 0.2)
    near &= (points.edge[o] >= 0) & (points.edge[d] >= 0)
    o, d, straight = o[near], d[near], straight[near]
    hours = slower[o, d] / 3_600_000
    name, country = places["name"].to_numpy(), places["country"].to_numpy()
    table = pd.DataFrame(
        {
            "origin": name[o],
            "destination": name[d],
            "border": country[o] != country[d],
            "straight_km": straight,
            "minutes": hours * 60,
            "detour": hours * _kph(streets, mode) / straight,
        }
    )
    return table.sort_values("detour", ascending=False, kind="stable").reset_index(drop=True)


def _kph(streets: StreetNetwork, mode: str) -> float:
    return float(getattr(streets.settings, f"{mode}_kph"))


def missing_links(
    streets: StreetNetwork, places: pd.DataFrame, search: LinkSearch | None = None
) -> pd.DataFrame:
    """Find short gaps between quiet streets that force long ways round, and rank them.

    Quiet places (level of stress 1 and 2, sampled every 120 m for gaps up to 500 m, every
    400 m for longer ones) near each other by air but not on the ground are candidates; of
    several alike the worst stands for all. The gain of a candidate is worked out as if it
    were built in a straight line.

    Parameters
    ----------
    streets
        Network.
    places
        ``lon, lat, population`` (or another weight under that name).
    search
        What to look for.

    Returns
    -------
    pandas.DataFrame
        ``lon_a, lat_a, lon_b, lat_b, km, border, detour, people, people_per_km,
        minutes_saved``. `people` is how many more people the average person reaches within
        the cutoff; `minutes_saved` the mean saving over pairs of people within twice the
        cutoff. Sorted by people per km, then minutes saved.
    """
    find = search or LinkSearch()
    scales = [
        _gaps(streets, _quiet_nodes(streets, find.mode, cell_m), find, min(find.longest_m, most))
        for most, cell_m in _SCALES
    ]
    a, b, metres, detour = (np.concatenate(part) for part in zip(*scales, strict=True))
    border = _crosses(streets, find.mode, a, b)
    order = np.lexsort((b, a, -detour, ~border))
    chosen = _spread(streets, a[order], b[order], find.candidates)
    rows = order[chosen]
    a, b, metres, detour, border = a[rows], b[rows], metres[rows], detour[rows], border[rows]
    people, saved = _gains(streets, places, find, a, b, metres)
    table = pd.DataFrame(
        {
            "lon_a": streets.node_lon[a],
            "lat_a": streets.node_lat[a],
            "lon_b": streets.node_lon[b],
            "lat_b": streets.node_lat[b],
            "km": metres / 1000,
            "border": border,
            "detour": detour,
            "people": people,
            "people_per_km": people / (metres / 1000),
            "minutes_saved": saved,
        }
    )
    return table.sort_values(
        ["people_per_km", "minutes_saved"], ascending=False, kind="stable"
    ).reset_index(drop=True)


def at_nodes(streets: StreetNetwork, mode: str, nodes: Int64) -> Snapped:
    """Street nodes as snapped points, each on the lowest edge of the mode that touches it."""
    usable = np.flatnonzero(usable_edges(streets, mode))[::-1]
    edge = np.full(len(streets.node_id), -1, np.int32)
    edge[streets.edge_from[usable]] = usable
    at_end = np.zeros(len(streets.node_id), bool)
    ends = streets.edge_to[usable]
    lower = (edge[ends] < 0) | (usable < edge[ends])
    # Later writes win, so with descending edges the lowest one stays.
    edge[ends[lower]] = usable[lower]
    known = edge >= 0
    at_end[known] = streets.edge_from[edge[known]] != np.flatnonzero(known)
    found = edge[nodes]
    return Snapped(
        mode=mode,
        edge=found,
        fraction=at_end[nodes].astype(np.float64),
        distance_m=np.where(found >= 0, 0, np.inf).astype(np.float32),
    )


def _quiet_nodes(streets: StreetNetwork, mode: str, cell_m: float) -> Int64:
    """One node per cell, the lowest, of those with a quiet street."""
    usable = usable_edges(streets, mode)
    if mode != "walk":
        usable = usable & (traffic_stress(streets) <= LOW_STRESS)
    nodes = np.unique(np.concatenate((streets.edge_from[usable], streets.edge_to[usable])))
    x, y = mercator(streets.node_lon[nodes], streets.node_lat[nodes])
    cell = cell_m * np.cosh(np.median(y)) / EARTH_M if len(y) else 1.0
    column, row = np.floor(x / cell).astype(np.int64), np.floor(y / cell).astype(np.int64)
    _, first = np.unique(column * 2**31 + row, return_index=True)
    return np.sort(nodes[first]).astype(np.int64)


def _gaps(
    streets: StreetNetwork, nodes: Int64, find: LinkSearch, longest_m: float
) -> tuple[Int64, Int64, Float64, Float64]:
    """Pairs of nodes near by air and far on the ground: a, b, metres, detour."""
    x, y = mercator(streets.node_lon[nodes], streets.node_lat[nodes])
    scale = EARTH_M / np.cosh(np.median(y)) if len(y) else 1.0
    tree = cKDTree(np.stack((x * scale, y * scale), axis=1))
    pairs = tree.query_pairs(longest_m * 1.02, output_type="ndarray")
    none = np.empty(0, np.int64)
    if not len(pairs):
        return none, none, np.empty(0), np.empty(0)
    i, j = np.sort(pairs, axis=1).T
    metres = distance_m(
        streets.node_lon[nodes[i]], streets.node_lat[nodes[i]],
        streets.node_lon[nodes[j]], streets.node_lat[nodes[j]],
    )  # fmt: skip
    short = (metres <= longest_m) & (metres > 50)
    i, j, metres = i[short], j[short], metres[short]
    # No need to search farther than the worst wanted: beyond it all are candidates.
    limit_s = longest_m * find.detour / (_kph(streets, find.mode) / 3.6) * 2
    points = at_nodes(streets, find.mode, nodes)
    offset, target, ms = within_ms(streets, find.mode, points, points, limit_s=limit_s)
    origin = np.repeat(np.arange(len(nodes)), np.diff(offset))
    key = origin * len(nodes) + target
    at = np.searchsorted(key, i * len(nodes) + j)
    at[at == len(key)] = 0
    known = key[at] == i * len(nodes) + j if len(key) else np.zeros(len(i), bool)
    seconds = np.where(known, ms[at] / 1000 if len(ms) else 0, limit_s)
    detour = seconds * _kph(streets, find.mode) / 3.6 / metres
    wide = detour >= find.detour
    return nodes[i[wide]], nodes[j[wide]], metres[wide], detour[wide]


def _crosses(streets: StreetNetwork, mode: str, a: Int64, b: Int64) -> npt.NDArray[np.bool_]:
    """Whether the two ends lie in different countries."""
    country = streets.edge_country
    return np.asarray(
        country[at_nodes(streets, mode, a).edge] != country[at_nodes(streets, mode, b).edge]
    )


def _spread(streets: StreetNetwork, a: Int64, b: Int64, most: int) -> Int64:
    """Rows to keep, in order, so that no two links run side by side."""
    kept: list[int] = []
    lon, lat = streets.node_lon, streets.node_lat
    for row in range(len(a)):
        if len(kept) == most:
            break
        others = np.array(kept, np.int64)
        same = np.maximum(
            distance_m(lon[a[row]], lat[a[row]], lon[a[others]], lat[a[others]]),
            distance_m(lon[b[row]], lat[b[row]], lon[b[others]], lat[b[others]]),
        )
        swapped = np.maximum(
            distance_m(lon[a[row]], lat[a[row]], lon[b[others]], lat[b[others]]),
            distance_m(lon[b[row]], lat[b[row]], lon[a[others]], lat[a[others]]),
        )
        if not kept or min(same.min(), swapped.min()) > _APART_M:
            kept.append(row)
    return np.array(kept, np.int64)


def _gains(
    streets: StreetNetwork,
    places: pd.DataFrame,
    find: LinkSearch,
    a: Int64,
    b: Int64,
    metres: Float64,
) -> tuple[Float64, Float64]:
    """More people reached by the average person, and minutes saved, per candidate."""
    mode = find.mode
    points = snap(streets, mode, places["lon"], places["lat"], max_m=1500)
    weight = np.where(points.edge >= 0, places["population"].to_numpy(np.float64), 0.0)
    ends = at_nodes(streets, mode, np.concatenate((a, b)))
    base = _seconds(matrix_ms(streets, mode, points, points))
    there = _seconds(matrix_ms(streets, mode, points, ends))
    back = _seconds(matrix_ms(streets, mode, ends, points))
    n, total = len(a), max(float(weight.sum()), 1e-9)
    pair_weight = weight[:, None] * weight[None, :]
    near = base <= 2 * find.cutoff_s
    reached = base <= find.cutoff_s
    people, saved = np.zeros(n), np.zeros(n)
    for k in range(n):
        link_s = metres[k] / (_kph(streets, mode) / 3.6)
        new = np.minimum(
            there[:, k][:, None] + link_s + back[n + k][None, :],
            there[:, n + k][:, None] + link_s + back[k][None, :],
        )
        better = new < base
        gained = better & (new <= find.cutoff_s) & ~reached
        people[k] = pair_weight[gained].sum() / total
        counted = better & near
        mass = max(float(pair_weight[near].sum()), 1e-9)
        saved[k] = float(((base[counted] - new[counted]) * pair_weight[counted]).sum()) / mass / 60
    return people, saved


def _seconds(ms: npt.NDArray[np.int32]) -> Float64:
    return np.where(ms == UNREACHED, np.inf, ms / 1000)
