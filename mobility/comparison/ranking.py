"""Ranks with a tie rule, and what each line or street carries."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import pandas as pd


def rank(values: Mapping[str, float], *, tie: float, best: str = "low") -> pd.DataFrame:
    """Rank scenarios; values that lie within `tie` of the leader of a rank share it.

    The rule: sorted from the best on, the first leads rank 1. Each next one that differs from
    the leader by no more than `tie` shares the leader's rank; the first that does not leads
    the rank of its own place (1, 2, 2, 4). NaN comes last, without a rank.

    Parameters
    ----------
    values
        Scenario → value.
    tie
        Largest difference that is none, in the values' unit: the uncertainty band.
    best
        ``"low"`` or ``"high"``.

    Returns
    -------
    pandas.DataFrame
        ``scenario, value, rank (Int64), tied (bool)``, best first.
    """
    sign = {"low": 1.0, "high": -1.0}[best]
    order = sorted(values, key=lambda s: (math.isnan(values[s]), sign * values[s], s))
    ranks: list[int | None] = []
    leader = math.nan
    for place, name in enumerate(order, start=1):
        value = values[name]
        if math.isnan(value):
            ranks.append(None)
        elif ranks and abs(value - leader) <= tie:
            ranks.append(ranks[-1])
        else:
            ranks.append(place)
            leader = value
    column = pd.array(ranks, dtype="Int64")
    tied = [r is not None and ranks.count(r) > 1 for r in ranks]
    return pd.DataFrame(
        {"scenario": order, "value": [values[s] for s in order], "rank": column, "tied": tied}
    )


def carries(
    names: Sequence[str], value: Callable[[str | None], float], *, tie: float = 0.0
) -> pd.DataFrame:
    """Rank lines (or streets) by what is lost when each is out: who carries the border.

    Parameters
    ----------
    names
        Lines or streets.
    value
        Name → value without it; None → value with all, e.g. people reached across the border.
    tie
        Losses this near to each other share a rank.

    Returns
    -------
    pandas.DataFrame
        ``name, value, loss, share, rank, tied``, largest loss first.
    """
    whole = float(value(None))
    without = {name: float(value(name)) for name in names}
    order = rank({n: whole - v for n, v in without.items()}, tie=tie, best="high")
    result = order.rename(columns={"scenario": "name", "value": "loss"})
    result.insert(1, "value", [without[n] for n in result["name"]])
    result.insert(3, "share", result["loss"] / whole if whole else math.nan)
    return result


def gain_per_vehicle_hour(access_gain: float, vehicle_hours: float) -> float:
    """Access gained for each vehicle hour more; NaN where no hours are added."""
    return access_gain / vehicle_hours if vehicle_hours > 0 else math.nan
