"""What traffic and parking add to a car's time."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from mobility.errors import MobilityError, Problem
from mobility.streets.edges import EARTH_M
from mobility.streets.law import read_table, two_letters
from mobility.streets.model import Float32, Int32, StreetNetwork
from mobility.streets.planar import mercator
from mobility.streets.snapping import usable_edges

PERIODS = ("night", "morning", "day", "evening")
_DAY_S = 86_400
_AROUND_M = 500.0


def period_of(time_s: float) -> str:
    """Traffic period a time of day (seconds, past midnight too) falls in."""
    clock = time_s % _DAY_S
    for row in read_table("periods"):
        if float(row["start_s"]) <= clock < float(row["end_s"]):
            return row["period"]
    return "day"


@lru_cache(maxsize=1)
def _factors() -> dict[tuple[str, str, str], float]:
    return {
        (row["country"], row["highway"], row["period"]): float(row["factor"])
        for row in read_table("car_congestion")
    }


def congestion_factor(streets: StreetNetwork, period: str) -> Float32:
    """What to multiply each edge's car time by in a period, float32 (n_edges,).

    Hand it to `matrix_ms` as `factor`. A country without rows of its own takes the generic
    ones; a class without rows has the factor 1.

    Raises
    ------
    MobilityError
        The period is none of `PERIODS`.
    """
    if period not in PERIODS:
        raise MobilityError(Problem("period", period, f"one of {PERIODS}"))
    table = _factors()
    classes, names = streets.ways["highway"].factorize()
    codes = [two_letters(code) for code in streets.country_codes]
    grid = np.ones((len(codes), len(names) + 1), np.float32)
    for row, code in enumerate(codes):
        for column, name in enumerate(names):
            highway = str(name)
            for place in (code, code.split("-")[0], "any"):
                if (place, highway, period) in table:
                    grid[row, column] = table[place, highway, period]
                    break
    factor: Float32 = grid[streets.edge_country, classes[streets.edge_way]]
    factor.setflags(write=False)
    return factor


def terminal_s(
    streets: StreetNetwork, lon: npt.ArrayLike, lat: npt.ArrayLike
) -> tuple[Int32, Int32]:
    """Seconds a car trip takes beside the drive: walk to the car, and to park and walk on.

    The kind of place is told by the density of walkable street nodes within 500 m.

    Returns
    -------
    access_s, parking_s
        int32 (n,): at the origin, at the destination.
    """
    x, y = mercator(np.asarray(lon, np.float64), np.asarray(lat, np.float64))
    density = _node_density(streets, x, y)
    rows = sorted(read_table("parking"), key=lambda row: float(row["street_nodes_per_km2"]))
    floors = np.array([float(row["street_nodes_per_km2"]) for row in rows])
    kind = np.maximum(np.searchsorted(floors, density, side="right") - 1, 0)
    access = np.array([int(row["access_s"]) for row in rows], np.int32)
    parking = np.array([int(row["parking_s"]) for row in rows], np.int32)
    return access[kind], parking[kind]


def _node_density(
    streets: StreetNetwork, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Junctions (three arms and more) of the walk network per km² around each point."""
    usable = usable_edges(streets, "walk")
    n = len(streets.node_id)
    arms = np.bincount(streets.edge_from[usable], minlength=n)
    arms += np.bincount(streets.edge_to[usable], minlength=n)
    junction = arms > 2
    node_x, node_y = mercator(streets.node_lon[junction], streets.node_lat[junction])
    order = np.argsort(node_x, kind="stable")
    node_x, node_y = node_x[order], node_y[order]
    reach = _AROUND_M * np.cosh(y) / EARTH_M
    first = np.searchsorted(node_x, x - reach)
    last = np.searchsorted(node_x, x + reach)
    found = np.zeros(len(x))
    for i in range(len(x)):
        rows = slice(first[i], last[i])
        apart = np.hypot(node_x[rows] - x[i], node_y[rows] - y[i])
        found[i] = np.count_nonzero(apart <= reach[i])
    return found / (np.pi * (_AROUND_M / 1000) ** 2)
