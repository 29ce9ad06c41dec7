"""Who caused how much of a change: Shapley values, exact and sampled, of numbers or arrays.

The value of a coalition (a frozenset of causes) may be a number or an array; arrays are
shared out element by element. Shares add up to ``value(all) - value(none)``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from mobility.errors import MobilityError, Problem

Array = npt.NDArray[np.float64]
Coalition = frozenset[str]
MAX_EXACT = 12


def coalitions(causes: Sequence[str]) -> Iterator[Coalition]:
    """Name all 2^k coalitions of `causes`, smallest first, in a fixed order."""
    for size in range(len(causes) + 1):
        for chosen in combinations(causes, size):
            yield frozenset(chosen)


def exact(causes: Sequence[str], values: Mapping[Coalition, npt.ArrayLike]) -> dict[str, Array]:
    """Share a change out over its causes, exactly.

    Parameters
    ----------
    causes
        Names, each once; at most 12 (4,096 coalitions).
    values
        Every coalition → its value, a number or an array; all of one shape.

    Returns
    -------
    dict
        Cause → float64 array of the values' shape. The shares of all causes add up to
        ``values[all] - values[none]``; where a coalition's value is NaN, so is every share.

    Raises
    ------
    MobilityError
        A cause stands twice, there are too many, or coalitions are missing.
    """
    _check(causes, values)
    n = len(causes)
    numbers = {who: np.asarray(values[who], np.float64) for who in coalitions(causes)}
    weights = [
        math.factorial(size) * math.factorial(n - size - 1) / math.factorial(n) for size in range(n)
    ]
    shares: dict[str, Array] = {}
    for cause in causes:
        share = np.zeros_like(numbers[frozenset()])
        for who in coalitions([other for other in causes if other != cause]):
            share = share + weights[len(who)] * (numbers[who | {cause}] - numbers[who])
        shares[cause] = share
    return shares


def sampled(
    causes: Sequence[str],
    value: Callable[[Coalition], npt.ArrayLike],
    *,
    orders: int,
    seed: int,
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Estimate the shares from random orders of joining, each beside its reverse.

    Every order adds up to the whole change, so the estimates do as well. `value` is asked
    once per coalition.

    Parameters
    ----------
    causes
        Names, each once.
    value
        Coalition → value; the same shape each time.
    orders
        Random orders to draw; each is also walked backwards.
    seed
        Seed of the draw.

    Returns
    -------
    tuple
        Cause → mean share, and cause → standard error of that mean over the drawn pairs
        (NaN with a single pair).
    """
    if len(set(causes)) != len(causes) or orders < 1:
        raise MobilityError(
            Problem(
                "causes", f"{list(causes)}, {orders} orders", "distinct causes, 1 order or more"
            )
        )
    known: dict[Coalition, Array] = {}

    def ask(who: Coalition) -> Array:
        if who not in known:
            known[who] = np.asarray(value(who), np.float64)
        return known[who]

    random = np.random.default_rng(seed)
    drawn: dict[str, list[Array]] = {cause: [] for cause in causes}
    for _ in range(orders):
        order = [causes[k] for k in random.permutation(len(causes))]
        there, back = _walk(order, ask), _walk(order[::-1], ask)
        for cause in causes:
            drawn[cause].append((there[cause] + back[cause]) / 2)
    mean = {cause: np.mean(drawn[cause], axis=0) for cause in causes}
    error = {
        cause: (
            np.std(drawn[cause], axis=0, ddof=1) / math.sqrt(orders)
            if orders > 1
            else np.full_like(drawn[cause][0], np.nan)
        )
        for cause in causes
    }
    return mean, error


def _walk(order: Sequence[str], ask: Callable[[Coalition], Array]) -> dict[str, Array]:
    """Let the causes join one by one; the gain of each step is its cause's."""
    gains: dict[str, Array] = {}
    inside: Coalition = frozenset()
    for cause in order:
        joined = inside | {cause}
        gains[cause] = ask(joined) - ask(inside)
        inside = joined
    return gains


def _check(causes: Sequence[str], values: Mapping[Coalition, npt.ArrayLike]) -> None:
    if len(set(causes)) != len(causes):
        raise MobilityError(Problem("causes", str(list(causes)), "each cause once"))
    if len(causes) > MAX_EXACT:
        raise MobilityError(
            Problem("causes", f"{len(causes)} causes", f"at most {MAX_EXACT}", "Sample instead.")
        )
    missing = [who for who in coalitions(causes) if who not in values]
    if missing:
        names = ", ".join("{" + ", ".join(sorted(who)) + "}" for who in missing[:5])
        raise MobilityError(
            Problem("values", f"{len(missing)} coalitions without a value: {names}", "one for each")
        )
