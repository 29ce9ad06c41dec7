"""Where streets cross the border, how far apart, and what the gaps between them cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from mobility.streets.borders import BorderLine, border_lines, place_on_lines
from mobility.streets.countries import country_codes, country_rows
from mobility.streets.edges import distance_m
from mobility.streets.ferries import ferry_edges
from mobility.streets.model import CLOSED, Float64, Int64, StreetNetwork
from mobility.streets.routing import matrix_ms
from mobility.streets.snapping import snap
from mobility.zones import Countries

_SAMPLE_M = 50.0
_BISECTIONS = 12
_MODES = ("walk", "bike", "speed_pedelec", "car")
_REACH_M = 5_000.0
# Farther from a gap nobody rides because of it; the longest gaps run on beyond the streets.
_FARTHEST_M = 15_000.0


def crossings(streets: StreetNetwork, countries: Countries) -> pd.DataFrame:
    """List every place where a street changes country.

    A street through an enclave stands in the list each time it goes in or out.

    Returns
    -------
    pandas.DataFrame
        One row per place, by border, then along it: ``border`` (``"BE-NL"``), ``line`` and
        ``border_km`` (piece of border, kilometres along it), ``lon, lat, name, ref, highway,
        way_id, edge, ferry``, ``walk, bike, speed_pedelec, car`` (``both``, ``one way`` or
        ``closed``), ``open`` (to anybody) and ``<mode>_gap_km``, how far along the border the
        next crossing open to the mode is; NaN at the last one.
    """
    found = _changes(streets, countries)
    codes = np.array(country_codes(countries), object)
    one, other = codes[found.before], codes[found.after]
    table = pd.DataFrame(
        {
            "border": ["-".join(sorted(pair)) for pair in zip(one, other, strict=True)],
            "lon": found.lon,
            "lat": found.lat,
            "edge": found.edge.astype(np.int32),
        }
    )
    ways = streets.ways.iloc[streets.edge_way[found.edge]].reset_index(drop=True)
    for column in ("name", "ref", "highway", "way_id"):
        table[column] = ways[column]
    table["ferry"] = ferry_edges(streets)[found.edge]
    for mode in _MODES:
        table[mode] = _openness(streets, mode, found.edge)
    table["open"] = (table[list(_MODES)] != "closed").any(axis=1)
    lines = _lines(table, streets, countries)
    return _along_border(table, lines)


@dataclass(frozen=True, eq=False)
class _Changes:
    edge: Int64
    lon: Float64
    lat: Float64
    before: npt.NDArray[np.int16]
    after: npt.NDArray[np.int16]


def _changes(streets: StreetNetwork, countries: Countries) -> _Changes:
    """Sample all edges every 50 m, and find by halving where the country changes."""
    n_edges = len(streets.edge_from)
    steps = np.zeros(len(streets.shape_lon))
    steps[1:] = distance_m(
        streets.shape_lon[:-1], streets.shape_lat[:-1], streets.shape_lon[1:], streets.shape_lat[1:]
    )
    # One long line of all shapes; the jumps between edges have no length.
    steps[streets.shape_offset[:-1]] = 0
    along = np.cumsum(steps)
    # Equal stations would make the interpolation ambiguous at the jumps.
    along += np.arange(len(along)) * 1e-6
    first, last = along[streets.shape_offset[:-1]], along[streets.shape_offset[1:] - 1]
    size = np.ceil((last - first) / _SAMPLE_M).astype(np.int64) + 1
    edge = np.repeat(np.arange(n_edges), size)
    step = np.arange(len(edge)) - np.repeat(np.cumsum(size) - size, size)
    span = np.repeat(last - first, size) / np.maximum(np.repeat(size, size) - 1, 1)
    at = np.minimum(np.repeat(first, size) + step * span, np.repeat(last, size))

    def country(where: Float64) -> npt.NDArray[np.int16]:
        lon = np.interp(where, along, streets.shape_lon)
        lat = np.interp(where, along, streets.shape_lat)
        return country_rows(countries, lon, lat)

    here = country(at)
    somewhere = here > 0
    edge, at, here = edge[somewhere], at[somewhere], here[somewhere]
    change = np.flatnonzero((edge[1:] == edge[:-1]) & (here[1:] != here[:-1]))
    low, high = at[change], at[change + 1]
    before, after = here[change], here[change + 1]
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        still = country(middle) == before
        low, high = np.where(still, middle, low), np.where(still, high, middle)
    middle = (low + high) / 2
    return _Changes(
        edge=edge[change],
        lon=np.interp(middle, along, streets.shape_lon),
        lat=np.interp(middle, along, streets.shape_lat),
        before=before,
        after=after,
    )


def _openness(streets: StreetNetwork, mode: str, edge: Int64) -> npt.NDArray[np.object_]:
    """Which way a mode may use each edge; closed too where it leads to nothing."""
    graph = streets.graphs[mode]
    used = np.diff(graph.edge_offset)[edge] > 0
    ways = (graph.forward_ms[edge] != CLOSED).astype(int) + (graph.backward_ms[edge] != CLOSED)
    return np.array(["closed", "one way", "both"], object)[np.where(used, ways, 0)]


def _lines(
    table: pd.DataFrame, streets: StreetNetwork, countries: Countries
) -> dict[str, list[BorderLine]]:
    """Border lines of every pair of countries in the table, within the streets' extent."""
    around = shapely.box(
        streets.node_lon.min(),
        streets.node_lat.min(),
        streets.node_lon.max(),
        streets.node_lat.max(),
    )
    by_code = countries.polygons
    found = {}
    for border in sorted(table["border"].unique()):
        one, other = _pair(border, by_code)
        found[border] = border_lines(by_code[one], by_code[other], around)
    return found


def _pair(border: str, known: Mapping[str, object]) -> tuple[str, str]:
    """Two codes of a border's name; region codes hold hyphens themselves."""
    parts = border.split("-")
    for cut in range(1, len(parts)):
        one, other = "-".join(parts[:cut]), "-".join(parts[cut:])
        if one in known and other in known:
            return one, other
    msg = f"no two countries make {border}"
    raise KeyError(msg)


def _along_border(table: pd.DataFrame, lines: dict[str, list[BorderLine]]) -> pd.DataFrame:
    table["line"], table["border_km"] = -1, np.nan
    for border, rows in table.groupby("border"):
        line, metres = place_on_lines(
            lines[str(border)], rows["lon"].to_numpy(), rows["lat"].to_numpy()
        )
        table.loc[rows.index, "line"] = line
        table.loc[rows.index, "border_km"] = metres / 1000
    table = table.sort_values(["border", "line", "border_km", "edge"], kind="stable")
    table = table.reset_index(drop=True)
    for mode in _MODES:
        table[f"{mode}_gap_km"] = np.nan
        usable = table[table[mode] != "closed"]
        gap = usable.groupby(["border", "line"])["border_km"].diff(-1).abs()
        table.loc[usable.index, f"{mode}_gap_km"] = gap
    first = ["border", "line", "border_km", "lon", "lat", "name", "ref", "highway", "way_id"]
    return table[[*first, *(column for column in table.columns if column not in first)]]


def crossing_gaps(
    streets: StreetNetwork,
    countries: Countries,
    table: pd.DataFrame,
    *,
    mode: str = "bike",
    longer_km: float = 3.0,
) -> pd.DataFrame:
    """Stretches of border without a crossing open to a mode.

    The stretch before the first and after the last crossing of a piece of border counts too:
    there the streets' extent or the border itself ends.

    Parameters
    ----------
    streets, countries
        What `table` was made from.
    table
        From `crossings`.
    mode
        Mode that would cross.
    longer_km
        Shortest stretch listed.

    Returns
    -------
    pandas.DataFrame
        ``border, line, from_km, to_km, gap_km, lon, lat`` (the middle), longest first.
    """
    rows = []
    for border, lines in _lines(table, streets, countries).items():
        usable = table[(table["border"] == border) & (table[mode] != "closed")]
        for number, line in enumerate(lines):
            places = np.sort(usable.loc[usable["line"] == number, "border_km"].to_numpy())
            stations = np.concatenate(([0.0], places, [line.length_m / 1000]))
            for start, end in pairwise(stations.tolist()):
                if end - start >= longer_km:
                    lon, lat = line.at((start + end) * 500)
                    rows.append((border, number, start, end, end - start, lon, lat))
    columns = ["border", "line", "from_km", "to_km", "gap_km", "lon", "lat"]
    gaps = pd.DataFrame(rows, columns=columns)
    return gaps.sort_values("gap_km", ascending=False, kind="stable").reset_index(drop=True)


def gap_detours(
    streets: StreetNetwork,
    gaps: pd.DataFrame,
    places: pd.DataFrame,
    *,
    mode: str = "bike",
    max_snap_m: float = 1500.0,
) -> pd.DataFrame:
    """What each gap makes the places on its two sides ride around.

    Parameters
    ----------
    streets
        Network.
    gaps
        From `crossing_gaps`.
    places
        ``name, country, lon, lat``: municipalities or zones.
    mode
        Mode that rides.
    max_snap_m
        Places farther from any street are left out.

    Returns
    -------
    pandas.DataFrame
        One row per gap and pair of places, one in each of its border's countries, both within
        the gap's length of its middle, but at least 5 and at most 15 km: ``gap, origin,
        destination, straight_km, minutes, detour`` (time over the time a straight street would
        take at the mode's own speed).
    """
    points = snap(streets, mode, places["lon"], places["lat"], max_m=max_snap_m)
    times = matrix_ms(streets, mode, points, points)
    lon, lat = places["lon"].to_numpy(np.float64), places["lat"].to_numpy(np.float64)
    country, name = places["country"].to_numpy(), places["name"].to_numpy()
    kph = getattr(streets.settings, f"{mode}_kph", 50.0)
    known = dict.fromkeys([*streets.country_codes, *country])
    rows = []
    for gap in gaps.itertuples():
        reach = np.clip(float(gap.gap_km) * 1000, _REACH_M, _FARTHEST_M)
        near = (distance_m(lon, lat, gap.lon, gap.lat) <= reach) & (points.edge >= 0)
        one, other = _pair(gap.border, known)
        for a in np.flatnonzero(near & (country == one)).tolist():
            for b in np.flatnonzero(near & (country == other)).tolist():
                if times[a, b] < np.iinfo(np.int32).max:
                    straight = float(distance_m(lon[a], lat[a], lon[b], lat[b])) / 1000
                    hours = times[a, b] / 3_600_000
                    detour = hours * kph / max(straight, 1e-3)
                    rows.append((gap.Index, name[a], name[b], straight, hours * 60, detour))
    columns = ["gap", "origin", "destination", "straight_km", "minutes", "detour"]
    return pd.DataFrame(rows, columns=columns)
