"""Length of the way between stops, for lines whose run times follow from a speed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mobility.errors import Problem, ScenarioError, raise_all
from mobility.streets import UNREACHED, StreetNetwork, one_point, route, snap

_MAX_SNAP_M = 1000.0


def street_lengths_m(
    streets: StreetNetwork,
    lon: npt.NDArray[np.float64],
    lat: npt.NDArray[np.float64],
    where: str,
) -> list[float]:
    """Metres along the fastest car way from each stop to the next.

    Raises
    ------
    ScenarioError
        A stop lies farther than a kilometre from any street, or no way leads on.
    """
    points = snap(streets, "car", lon, lat, max_m=_MAX_SNAP_M)
    problems = [
        Problem(f"{where}.stops[{k + 1}]", "no street within 1 km", "a stop beside a street",
                'Give run_s, or geometry = "straight".')
        for k in np.flatnonzero(points.edge < 0)
    ]  # fmt: skip
    raise_all(ScenarioError, problems)
    lengths: list[float] = []
    for k in range(len(lon) - 1):
        way = route(streets, "car", one_point(points, k), one_point(points, k + 1))
        if way.ms == UNREACHED:
            problems.append(
                Problem(f"{where}.stops[{k + 2}]", "no way by street to it", "streets that lead on")
            )
        lengths.append(way.length_m)
    raise_all(ScenarioError, problems)
    return lengths
