"""Travel times where the minute in which a headway service starts is not known, but drawn.

Each draw of the phases is a network of its own. A pair of zones has, whole, the times of its
middle draw: that with the middle median, the earlier of two draws that tie. So percentiles
tell of the minute of departure and the parts of a journey still add up; how far the draws lie
apart is told beside it, in `TravelTimes.draws_s`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mobility import travel_times as single
from mobility.network import MultimodalNetwork, build_network
from mobility.tables import TRANSIT_MODES, TravelTimes

KEPT_NETWORKS: Final = 4
"""Networks of other draws kept at once; a run comes back to them for each mode and block."""


def has_phases(network: MultimodalNetwork) -> bool:
    """Whether any service of the network has a headway whose phase isn't known."""
    exact = network.supply.feeds.frequencies["exact"]
    return not exact.to_numpy(bool).all()


def travel_times(
    network: MultimodalNetwork,
    mode: str,
    *,
    on_progress: Callable[[int, int], None] | None = None,
    **query: Any,
) -> TravelTimes:
    """Travel times over all draws that the network's settings ask for.

    Parameters
    ----------
    network
        Of the first draw.
    mode, on_progress, query
        As of `mobility.travel_times.travel_times`.

    Returns
    -------
    TravelTimes
        Of each pair's middle draw; `draws_s` holds all draws where there are several.
    """
    n_draws = network.supply.settings.draws
    if n_draws == 1 or mode not in TRANSIT_MODES or not has_phases(network):
        return single.travel_times(network, mode, on_progress=on_progress, **query)
    found = []
    for draw in range(n_draws):
        drawn = network if draw == network.draw else _drawn(single.Same(network), draw)
        told = None if on_progress is None else _share_of(on_progress, draw, n_draws)
        found.append(single.travel_times(drawn, mode, on_progress=told, **query))
    return middle_draw(found)


@functools.lru_cache(maxsize=KEPT_NETWORKS)
def _drawn(same: single.Same[MultimodalNetwork], draw: int) -> MultimodalNetwork:
    network = same.known
    return build_network(
        network.supply, day=network.day, timezone=network.timezone, draw=draw, reuse=network
    )


def _share_of(
    on_progress: Callable[[int, int], None], draw: int, n_draws: int
) -> Callable[[int, int], None]:
    """Tell origins of one draw as a share of those of all."""

    def told(done: int, total: int) -> None:
        on_progress(draw * total + done, n_draws * total)

    return told


def middle_draw(draws: Sequence[TravelTimes]) -> TravelTimes:
    """Put together, pair by pair, the draw with the middle median.

    The nearest rank, as of percentiles: of four draws the second. A draw in which a pair
    can't be reached is its worst.

    Parameters
    ----------
    draws
        Matrices of the same pairs, one per draw.
    """
    first = draws[0]
    medians = np.stack([times.at(50) for times in draws], axis=2)
    order = np.argsort(medians, axis=2, kind="stable")  # what isn't reached comes last
    taken = order[:, :, (len(draws) + 1) // 2 - 1]

    def of_taken(values: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        chosen = values[0].copy()
        for draw, other in enumerate(values[1:], start=1):
            chosen[taken == draw] = other[taken == draw]
        return chosen

    kept = [name for name in first.parts if all(name in times.parts for times in draws)]
    operators, names = _operators(draws)
    return replace(
        first,
        time_s=of_taken([times.time_s for times in draws]),
        share_reached=of_taken([times.share_reached for times in draws]),
        transfers_p50=of_taken([times.transfers_p50 for times in draws]),
        parts={name: of_taken([times.parts[name] for times in draws]) for name in kept},
        operators=None if operators is None else of_taken(operators),
        operator_names=names,
        draws_s=medians.astype(np.float32),
    )


def _operators(
    draws: Sequence[TravelTimes],
) -> tuple[list[npt.NDArray[np.int32]] | None, tuple[str, ...]]:
    """Number the feeds ridden alike in all draws."""
    names = tuple(sorted({name for times in draws for name in times.operator_names}))
    number = {name: place for place, name in enumerate(names)}
    renumbered = []
    for times in draws:
        if times.operators is None:
            return None, ()
        new = np.array([*(number[name] for name in times.operator_names), -1], np.int32)
        renumbered.append(new[times.operators])
    return renumbered, names
