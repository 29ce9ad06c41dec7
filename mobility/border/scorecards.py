"""The card of objective 2B: fast city links and daily links of border municipalities."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from importlib import resources

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.border.places import Place, resolve_pairs
from mobility.indicators.frame import Array, great_circle_m, people
from mobility.indicators.municipalities import LEAST_REACHED
from mobility.scenario.model import Pair
from mobility.tables import TravelTimes
from mobility.zones import Zones

SIGNALS = ("good", "fair", "poor")
FULL_SPEED_KPH = 60.0
SCORECARD_COLUMNS = (
    "scenario",
    "kind",
    "origin",
    "destination",
    "country_o",
    "country_d",
    "mode",
    "time_s",
    "p05_s",
    "p95_s",
    "share_unreachable",
    "share_reached",
    "transfers_p50",
    "distance_km",
    "speed_kph",
    "vf",
    "signal",
    "rule",
    "rule_nl",
)


def signal_rules() -> pd.DataFrame:
    """Rules of the signals: kind, mode, measure, bounds, sentence in both languages, source."""
    return _read_rules().copy()


@functools.cache
def _read_rules() -> pd.DataFrame:
    path = resources.files("mobility.border").joinpath("signals.csv")
    with path.open(encoding="utf-8") as file:
        return pd.read_csv(file)


def scorecard(
    times_by_mode: Mapping[str, TravelTimes],
    zones: Zones,
    pairs: Sequence[Pair],
    *,
    population: str = "population",
) -> pd.DataFrame:
    """Judge the named pairs, both directions, by every mode.

    Parameters
    ----------
    times_by_mode
        Mode → matrix of one scenario. The VF factor needs ``"car"``.
    zones, pairs
        Zones, and places named in them.

    Returns
    -------
    DataFrame
        A row per pair, direction and mode. `time_s` is the mean over the zone pairs reached at
        the median, weighted by people at both ends; NaN where less than half of that weight is
        reached, which is then judged poor. `vf` is `time_s` over that of the car. `signal` is
        good, fair, poor, or empty where a place lies outside the model or the rule's measure
        is missing; the rule that made it stands beside it in English and Dutch.
    """
    places = resolve_pairs(zones, pairs)
    at = {mode: positions_of(times, zones) for mode, times in times_by_mode.items()}
    rows: list[dict[str, object]] = []
    for pair, (a, b) in zip(pairs, places, strict=True):
        for origin, destination in ((a, b), (b, a)):
            rows += _directed(times_by_mode, at, zones, pair.kind, origin, destination, population)
    table = pd.DataFrame(rows, columns=[*SCORECARD_COLUMNS[:16], "inside"])
    return _judge(table)[list(SCORECARD_COLUMNS)]


def _directed(
    times_by_mode: Mapping[str, TravelTimes],
    positions: Mapping[str, Positions],
    zones: Zones,
    kind: str,
    origin: Place,
    destination: Place,
    population: str,
) -> list[dict[str, object]]:
    """One direction of a pair, a row per mode."""
    weight = people(zones, population)
    km = _distance_km(zones, origin.rows, destination.rows, weight)
    rows: list[dict[str, object]] = []
    for mode, times in times_by_mode.items():
        figures = place_times(times, positions[mode], origin.rows, destination.rows, weight)
        rows.append(
            {
                "scenario": times.scenario,
                "kind": kind,
                "origin": origin.name,
                "destination": destination.name,
                "country_o": origin.country,
                "country_d": destination.country,
                "mode": mode,
                **figures,
                "distance_km": km,
                "speed_kph": km / figures["time_s"] * 3600 if figures["time_s"] > 0 else np.nan,
            }
        )
    car = next((row["time_s"] for row in rows if row["mode"] == "car"), np.nan)
    for row in rows:
        row["vf"] = float(str(row["time_s"])) / car if car > 0 else np.nan  # type: ignore[operator]
    return rows


Positions = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]


def positions_of(times: TravelTimes, zones: Zones) -> Positions:
    """Row and column of each zone in a matrix, −1 where it has none."""
    ids = pd.Index(zones.ids, dtype=object)
    rows, columns = (
        np.asarray(pd.Index(axis, dtype=object).get_indexer(ids), np.intp)
        for axis in (times.origins, times.destinations)
    )
    return rows, columns


def place_times(
    times: TravelTimes,
    positions: Positions,
    rows_o: npt.NDArray[np.intp],
    rows_d: npt.NDArray[np.intp],
    weight: Array,
) -> dict[str, float]:
    """Figures from one set of zones to another, by the rule of `municipality_times`.

    Zones that are no origin (or destination) of the matrix are left out; where none is left,
    everything is NaN and `inside` 0.
    """
    at_o, at_d = positions[0][rows_o], positions[1][rows_d]
    heavy_o, heavy_d = weight[rows_o][at_o >= 0], weight[rows_d][at_d >= 0]
    block = np.ix_(at_o[at_o >= 0], at_d[at_d >= 0])
    heavy = _nonzero(heavy_o)[:, None] * _nonzero(heavy_d)[None, :]
    if heavy.size > 1:
        heavy = np.where(times.origins[block[0]] == times.destinations[block[1]], 0.0, heavy)
    inside = bool(heavy.size) and not times.outside[block].all()

    def mean(values: npt.NDArray[np.floating]) -> tuple[float, float]:
        known = np.isfinite(values)
        total, reached = heavy.sum(), heavy[known].sum()
        if not inside or total <= 0:
            return np.nan, np.nan
        share = reached / total
        value = heavy[known] @ values[known].astype(np.float64) / reached if reached > 0 else 0.0
        return (float(value) if share >= LEAST_REACHED else np.nan), float(share)

    slowest, fastest = max(times.percentiles), min(times.percentiles)
    time_s, share = mean(times.at(50)[block])
    return {
        "time_s": time_s,
        "p05_s": mean(times.at(fastest)[block])[0],
        "p95_s": mean(times.at(slowest)[block])[0],
        "share_unreachable": 1 - share,
        "share_reached": mean(times.share_reached[block])[0],
        "transfers_p50": mean(times.transfers_p50[block])[0],
        "inside": float(inside),
    }


def _nonzero(weight: Array) -> Array:
    """Weights, or ones where they are all nought."""
    return weight if weight.sum() > 0 else np.ones_like(weight)


def _distance_km(
    zones: Zones, rows_o: npt.NDArray[np.intp], rows_d: npt.NDArray[np.intp], weight: Array
) -> float:
    """Crow-fly kilometres between the centres of people of two places."""
    heavy_o, heavy_d = _nonzero(weight[rows_o]), _nonzero(weight[rows_d])
    centre = [
        np.array([np.average(values[rows], weights=heavy)])
        for rows, heavy in ((rows_o, heavy_o), (rows_d, heavy_d))
        for values in (zones.lon, zones.lat)
    ]
    return float(great_circle_m(*centre)[0, 0] / 1000)


def _judge(table: pd.DataFrame) -> pd.DataFrame:
    """Add the signal of each row and the rule it follows."""
    rules = signal_rules().rename(columns={"en": "rule", "nl": "rule_nl"})
    judged = table.merge(rules, on=["kind", "mode"], how="left", validate="many_to_one")
    speed = judged["speed_kph"].to_numpy(np.float64)
    measured = {
        "time_s": judged["time_s"].to_numpy(np.float64),
        "vf": judged["vf"].to_numpy(np.float64),
        "slowness": FULL_SPEED_KPH / speed,
    }
    value = np.full(len(judged), np.nan)
    for name, numbers in measured.items():
        value = np.where(judged["measure"] == name, numbers, value)
    lost = (judged["inside"] > 0).to_numpy() & judged["time_s"].isna().to_numpy()
    signal = np.full(len(judged), "", object)
    signal[np.isfinite(value)] = "poor"
    signal[value <= judged["fair"].to_numpy(np.float64) + 1e-9] = "fair"
    signal[value <= judged["good"].to_numpy(np.float64) + 1e-9] = "good"
    signal[lost & judged["measure"].notna().to_numpy()] = "poor"
    judged["signal"] = signal
    judged[["rule", "rule_nl"]] = judged[["rule", "rule_nl"]].fillna("")
    return judged
