"""Access when others want the same: floating catchments, spatial availability, constraints.

All take a matrix of decay weights f (0 where unreachable), people at the origins and supply
at the destinations, and are pure matrix algebra; `competition` makes a table of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mobility.errors import MobilityError, Problem
from mobility.indicators.access import weigh
from mobility.indicators.decay import Decay
from mobility.indicators.frame import (
    Array,
    Measure,
    ends,
    opportunity,
    opportunity_names,
    people,
    rows_for,
    tidy,
)
from mobility.tables import TravelTimes
from mobility.zones import Zones


def _ratio(top: Array, bottom: Array) -> Array:
    """Quotient, 0 where there is nothing to share."""
    return np.asarray(np.divide(top, bottom, out=np.zeros(np.shape(top)), where=bottom > 0))


def two_step(weights: Array, demand: Array, supply: Array) -> Array:
    """2SFCA: R_j = S_j / Σ_i P_i f_ij, A_i = Σ_j R_j f_ij (Luo & Wang 2003).

    Supply per person; Σ_i P_i A_i equals the supply that anybody reaches.
    """
    return np.asarray(weights @ _ratio(supply, demand @ weights))


def balanced(weights: Array, demand: Array, supply: Array) -> Array:
    """BFCA: as 2SFCA, with weights that add up to 1 (Páez, Higgins & Vivona 2019).

    People are shared out over destinations by f_ij / Σ_j f_ij, service levels over origins by
    f_ij / Σ_i f_ij, so that neither demand nor service is counted twice.
    """
    by_origin = _ratio(weights, np.broadcast_to(weights.sum(axis=1)[:, None], weights.shape))
    by_destination = _ratio(weights, np.broadcast_to(weights.sum(axis=0)[None, :], weights.shape))
    return np.asarray(by_destination @ _ratio(supply, demand @ by_origin))


def spatial_availability(
    weights: Array, demand: Array, supply: Array, *, alpha: float = 1.0
) -> Array:
    """Supply allotted to each origin in proportion to its people and nearness.

    V_i = Σ_j S_j · P_i^α f_ij / Σ_i P_i^α f_ij (Soukhov, Páez, Higgins & Mohamed 2023); with
    α = 1 this is the supply-constrained (singly constrained) access. Adds up to the supply
    that anybody reaches.
    """
    pull = (demand**alpha)[:, None] * weights
    return np.asarray(pull @ _ratio(supply, pull.sum(axis=0)))


def total_constrained(weights: Array, supply: Array) -> Array:
    """Gravity access scaled so that it adds up to all supply: K Σ_j S_j f_ij."""
    access = weights @ supply
    return np.asarray(_ratio(access * supply.sum(), np.broadcast_to(access.sum(), access.shape)))


def demand_constrained(weights: Array, demand: Array, supply: Array) -> Array:
    """People allotted to each destination: Σ_i P_i · S_j f_ij / Σ_j S_j f_ij."""
    pull = weights * supply[None, :]
    return np.asarray(_ratio(demand, pull.sum(axis=1)) @ pull)


@dataclass(frozen=True)
class Balanced:
    """A doubly constrained allotment of people to supply.

    Parameters
    ----------
    flows
        (n_o, n_d); rows add up to `demand`, columns to the supply scaled to all demand.
    access
        (n_o,), 1/A_i = Σ_j B_j D_j f_ij: supply within reach, discounted by what others take.
        Its unit is free, so it is scaled to a mean of 1 over people. NaN where nothing is
        reached.
    error
        Greatest relative mismatch of a margin.
    left_out
        Share of people and of supply that reach nothing and can't take part.
    """

    flows: Array
    access: Array
    error: float
    left_out: tuple[float, float]


def doubly_constrained(
    weights: Array,
    demand: Array,
    supply: Array,
    *,
    tolerance: float = 1e-9,
    max_rounds: int = 2000,
) -> Balanced:
    """Balance people and supply (Wilson 1971), both margins met.

    Supply is scaled to the people that take part. Origins and destinations without any link
    are left out, and counted.

    Raises
    ------
    MobilityError
        The margins can't be met within `max_rounds` rounds to 1 in 1,000.
    """
    # Who reaches no supply (or whom no people reach) can't take part; weigh them as nought.
    links = weights * (demand > 0)[:, None] * (supply > 0)[None, :]
    active_o, active_d = links.any(axis=1), links.any(axis=0)
    people_in = np.where(active_o, demand, 0.0)
    supply_in = np.where(active_d, supply, 0.0)
    lost = (_share_lost(demand, people_in), _share_lost(supply, supply_in))
    if not active_o.any():
        return Balanced(np.zeros_like(weights), np.full(len(demand), np.nan), 0.0, lost)
    wanted = supply_in * people_in.sum() / supply_in.sum()
    factor_d = np.ones(len(supply))
    error = np.inf
    for _ in range(max_rounds):
        factor_o = _ratio(np.ones(len(demand)), links @ (factor_d * wanted))
        factor_d = _ratio(np.ones(len(supply)), (factor_o * people_in) @ links)
        rows = factor_o * people_in * (links @ (factor_d * wanted))
        error = float(np.abs(rows - people_in)[active_o].max() / people_in[active_o].max())
        if error < tolerance:
            break
    if error > 1e-3:
        raise MobilityError(
            Problem(
                "doubly constrained access",
                f"margins {error:.2%} apart after {max_rounds} rounds",
                "a network in which people and supply can be matched",
                "Use a decay without a hard limit.",
            )
        )
    flows = (factor_o * people_in)[:, None] * links * (factor_d * wanted)[None, :]
    access = weights @ (factor_d * wanted)
    access = np.where(active_o, access / np.average(access, weights=people_in), np.nan)
    return Balanced(flows, access, error, lost)


def _share_lost(whole: Array, kept: Array) -> float:
    total = whole.sum()
    return float(1 - kept.sum() / total) if total > 0 else 0.0


def competition(
    times: TravelTimes,
    zones: Zones,
    decay: Decay,
    *,
    percentile: int = 50,
    population: str = "population",
    opportunities: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Measure access under competition for each opportunity but the people themselves.

    Returns
    -------
    DataFrame
        `ACCESSIBILITY` rows: `two_step_catchment` and `balanced_catchment` (supply per
        person), `spatial_availability` (supply), `total_constrained` (supply).
    """
    measures = competition_measures(
        times,
        zones,
        decay,
        percentile=percentile,
        population=population,
        opportunities=opportunities,
    )
    return tidy([rows_for(times, measures)])


def competition_measures(
    times: TravelTimes,
    zones: Zones,
    decay: Decay,
    *,
    percentile: int,
    population: str,
    opportunities: Sequence[str] | None = None,
) -> list[Measure]:
    """`competition` before it is laid out as a table."""
    origins, destinations = ends(times, zones)
    names = [n for n in opportunity_names(zones, opportunities) if n != population]
    if not names:
        return []
    weights = weigh(times.at(percentile), decay)
    demand = people(origins, population)
    measures: list[Measure] = []
    for name in names:
        supply = opportunity(destinations, name)
        found = {
            ("two_step_catchment", f"{name}/person"): two_step(weights, demand, supply),
            ("balanced_catchment", f"{name}/person"): balanced(weights, demand, supply),
            ("spatial_availability", name): spatial_availability(weights, demand, supply),
            ("total_constrained", name): total_constrained(weights, supply),
        }
        measures += [
            Measure(indicator, name, values, unit, percentile=percentile)
            for (indicator, unit), values in found.items()
        ]
    return measures
