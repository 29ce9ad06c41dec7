"""What each measure of a package contributes, from runs of its combinations."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility import shapley

Float64 = npt.NDArray[np.float64]
Coalition = frozenset[str]

EXACT_UP_TO = 6


@dataclass(frozen=True)
class Contribution:
    """What each measure of a package adds.

    Parameters
    ----------
    total
        Value with all measures − value with none; a number or an array.
    alone
        Measure → value with it alone − value with none.
    leave_one_out
        Measure → value with all − value with all but it.
    shares
        Measure → Shapley share; they add up to `total`.
    errors
        Measure → standard error of its share; zero where `exact`.
    exact
        Whether every combination was run.
    runs
        Combinations that were asked for.
    """

    total: Float64
    alone: Mapping[str, Float64]
    leave_one_out: Mapping[str, Float64]
    shares: Mapping[str, Float64]
    errors: Mapping[str, Float64]
    exact: bool
    runs: int = 0

    def table(self) -> pd.DataFrame:
        """Lay numbers out, one row per measure, largest share first; arrays are summed."""
        rows = [
            {
                "measure": name,
                "alone": float(np.sum(self.alone[name])),
                "leave_one_out": float(np.sum(self.leave_one_out[name])),
                "shapley": float(np.sum(self.shares[name])),
                "error": float(np.sqrt(np.sum(np.square(self.errors[name])))),
            }
            for name in self.shares
        ]
        result = pd.DataFrame(rows)
        total = float(np.sum(self.total))
        result["share"] = result["shapley"] / total if total else math.nan
        return result.sort_values(
            ["shapley", "measure"], ascending=[False, True], ignore_index=True
        )


def contribution(
    measures: Sequence[str],
    value: Callable[[Coalition], npt.ArrayLike],
    *,
    orders: int = 50,
    seed: int = 1,
) -> Contribution:
    """Share the effect of a package out over its measures.

    Up to six measures all 2^k combinations are run and the shares are exact; beyond that
    random orders are drawn, each walked forwards and backwards, and the error is given. Each
    combination is run once.

    Parameters
    ----------
    measures
        Names, each once.
    value
        Combination of measures → value (a number or an array, of one shape).
    orders, seed
        Random orders beyond six measures, and their seed.
    """
    known: dict[Coalition, Float64] = {}

    def ask(who: Coalition) -> Float64:
        if who not in known:
            known[who] = np.asarray(value(who), np.float64)
        return known[who]

    whole, none = frozenset(measures), frozenset[str]()
    exact = len(measures) <= EXACT_UP_TO
    if exact:
        shares = shapley.exact(measures, {who: ask(who) for who in shapley.coalitions(measures)})
        errors = {name: np.zeros_like(share) for name, share in shares.items()}
    else:
        shares, errors = shapley.sampled(measures, ask, orders=orders, seed=seed)
    alone = {m: ask(frozenset({m})) - ask(none) for m in measures}
    last = {m: ask(whole) - ask(whole - {m}) for m in measures}
    return Contribution(ask(whole) - ask(none), alone, last, shares, errors, exact, len(known))
