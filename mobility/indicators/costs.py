"""What a trip costs: CO2, money, and time weighed as travellers weigh it.

The factors stand in ``factors.csv`` with their bounds and sources; a table of the same
columns may be given instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources

import numpy as np
import pandas as pd

from mobility.errors import MobilityError, Problem, raise_all
from mobility.indicators.frame import Array, Measure, crow_fly_m, ends, people
from mobility.tables import TRANSIT_MODES, TravelTimes
from mobility.zones import Zones

FACTOR_COLUMNS = ("quantity", "mode", "value", "low", "high", "unit", "year", "source")


def factors() -> pd.DataFrame:
    """Emission factors, values of time and weights, each with bounds, unit and source."""
    path = resources.files("mobility.indicators").joinpath("factors.csv")
    with path.open(encoding="utf-8") as file:
        return pd.read_csv(file, keep_default_na=False, na_values={"year": [""]})


@dataclass(frozen=True)
class Costs:
    """Costs of one trip of each pair, all (n_o, n_d), NaN where there is no trip.

    Parameters
    ----------
    distance_km
        Estimated: crow-fly times the mode's detour factor.
    co2_g
        Grams per person.
    money_euro
        Out of pocket.
    weighted_s
        Seconds, waiting, walking and changing weighed.
    generalised_euro
        `weighted_s` at the value of time, plus `money_euro`.
    """

    distance_km: Array
    co2_g: Array
    money_euro: Array
    weighted_s: Array
    generalised_euro: Array


def trip_costs(
    times: TravelTimes,
    zones: Zones,
    *,
    table: pd.DataFrame | None = None,
    ticket_s: float = 0.0,
    ticket_euro: float = 0.0,
    crow_m: Array | None = None,
) -> Costs:
    """Cost every pair's median trip.

    Where the matrix carries parts, waiting and walking are weighed; without, only the time as
    it is and its changes. The first part of bike+pt and car+pt is ridden by bike or car.

    Parameters
    ----------
    table
        Factors to use instead of `factors()`.
    ticket_s, ticket_euro
        What each change of operator adds; needs the matrix's operators.
    crow_m
        Crow-fly metres, if they are known already.
    """
    origins, destinations = ends(times, zones)
    crow = crow_fly_m(origins, destinations) if crow_m is None else crow_m
    values = _lookup(factors() if table is None else table)
    time_s = times.at(50).astype(np.float64)
    kind = "pt" if times.mode in TRANSIT_MODES else times.mode
    km = np.where(np.isfinite(time_s), crow / 1000 * values["detour", kind], np.nan)
    first, first_km = _first_part(times, values, km)
    tickets = _operator_changes(times)
    co2 = (km - first_km) * values["co2", kind]
    money = (km - first_km) * values["money_km", kind]
    if first:
        co2 = co2 + first_km * values["co2", first]
        money = money + first_km * values["money_km", first]
    rides = km - first_km > 0
    money = money + np.where(rides, values.get(("money_trip", kind), 0.0), 0.0)
    money = money + tickets * ticket_euro
    weighted = _weighted_s(times, values, time_s) + tickets * ticket_s
    return Costs(km, co2, money, weighted, weighted / 3600 * values["value_of_time", kind] + money)


def _lookup(table: pd.DataFrame) -> dict[tuple[str, str], float]:
    """(quantity, mode) → value, complete."""
    values = {
        (str(row.quantity), str(row.mode)): float(str(row.value))
        for row in table.itertuples(index=False)
    }
    needed = [
        *((q, m) for q in ("co2", "detour", "value_of_time", "money_km") for m in STREET_AND_PT),
        *((q, "pt") for q in ("weight_wait", "weight_walk", "weight_bike", "penalty_transfer")),
        ("access_kph", "car"),
        ("access_kph", "bike"),
    ]
    missing = [key for key in needed if key not in values]
    raise_all(
        MobilityError,
        [Problem("factors", f"no {q} for {m}", "a row for it") for q, m in missing],
    )
    return values


STREET_AND_PT = ("walk", "bike", "ebike", "car", "pt")


def _first_part(
    times: TravelTimes, values: dict[tuple[str, str], float], km: Array
) -> tuple[str, Array]:
    """Mode and kilometres of the way to the first stop where it is not walked."""
    first = {"bike+pt": "bike", "car+pt": "car"}.get(times.mode, "")
    access = times.parts.get("access_s")
    if not first or access is None:
        return "", np.where(np.isfinite(km), 0.0, np.nan)
    ridden = access.astype(np.float64) / 3600 * values["access_kph", first]
    return first, np.minimum(np.nan_to_num(ridden), km)


def _weighted_s(times: TravelTimes, values: dict[tuple[str, str], float], time_s: Array) -> Array:
    """Seconds as the traveller weighs them."""
    if times.mode not in TRANSIT_MODES:
        return time_s
    changes = np.where(np.isfinite(time_s), np.nan_to_num(times.transfers_p50), np.nan)
    extra = changes * values["penalty_transfer", "pt"]
    if not times.parts:
        return time_s + extra
    first = {"bike+pt": values["weight_bike", "pt"], "car+pt": 1.0}
    weights = {
        "access_s": first.get(times.mode, values["weight_walk", "pt"]),
        "wait_s": values["weight_wait", "pt"],
        "transfer_s": values["weight_walk", "pt"],
        "egress_s": values["weight_walk", "pt"],
    }
    added = [
        (weight - 1) * np.nan_to_num(times.parts[part].astype(np.float64))
        for part, weight in weights.items()
        if part in times.parts
    ]
    return np.asarray(time_s + extra + np.sum(added, axis=0))


def _operator_changes(times: TravelTimes) -> Array:
    """Changes of operator of each pair's median trip; 0 where the matrix doesn't say."""
    changes = np.zeros(times.share_reached.shape)
    if times.operators is not None:
        counts = np.array([name.count("+") for name in times.operator_names] + [0], np.float64)
        changes += counts[times.operators]
    return changes


def trip_weights(destinations: Zones, crow_m: Array, population: str = "population") -> Array:
    """Weight of trips to each destination, the same for all modes: P_j / (1 + (d/10 km)²).

    Stands in for a trip table where there is none; the zone itself weighs nothing.
    """
    weight = people(destinations, population)[None, :] / (1 + (crow_m / 10_000) ** 2)
    return np.where(crow_m > 0, weight, 0.0)


def weighted_mean(values: Array, weights: Array) -> Array:
    """Mean of each row over the pairs that have a value, NaN where none has."""
    known = np.isfinite(values)
    heavy = np.where(known, weights, 0.0)
    total = heavy.sum(axis=1)
    summed = np.einsum("ij,ij->i", heavy, np.where(known, values, 0.0))
    mean: Array = np.divide(summed, total, out=np.full(len(total), np.nan), where=total > 0)
    return mean


def cost_measures(
    times: TravelTimes,
    zones: Zones,
    *,
    crow_m: Array,
    population: str,
    ticket_euro: float = 0.0,
) -> list[Measure]:
    """Mean cost of a trip from each origin, over the destinations reached."""
    _, destinations = ends(times, zones)
    costs = trip_costs(times, zones, crow_m=crow_m, ticket_euro=ticket_euro)
    weights = trip_weights(destinations, crow_m, population)
    found = {
        ("co2_per_trip", "g"): costs.co2_g,
        ("money_per_trip", "euro"): costs.money_euro,
        ("weighted_time_per_trip", "s"): costs.weighted_s,
        ("generalised_cost_per_trip", "euro"): costs.generalised_euro,
    }
    return [
        Measure(name, population, weighted_mean(matrix, weights), unit, percentile=50)
        for (name, unit), matrix in found.items()
    ]
