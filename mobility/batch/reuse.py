"""What a scenario need not compute: rows of its baseline's matrices that its changes leave alone.

The baseline is the same network without changes, so its kept parts are found by their
fingerprint. Which origins a change can concern is said by `mobility.increments`; the matrix put
together is, to the byte, the one computed whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mobility.increments import changed_origins
from mobility.network import MultimodalNetwork
from mobility.tables import TRANSIT_MODES, TravelTimes

Rows = npt.NDArray[np.intp]
WORTH_ASKING = 500


@dataclass(frozen=True)
class Reused:
    """A matrix of the baseline.

    Parameters
    ----------
    times
        The matrix, all zones.
    changed
        bool (n_zones,): origins to be searched again.
    """

    times: TravelTimes
    changed: npt.NDArray[np.bool_]


def reused(
    times: TravelTimes, base: MultimodalNetwork, network: MultimodalNetwork, mode: str
) -> Reused | None:
    """Say what of the baseline's matrix stays; None where nothing does.

    Where lines change few origins escape, so with few zones the question is not worth asking.
    It is answered for one draw of the phases only.
    """
    if mode in TRANSIT_MODES and network.supply.settings.draws > 1:
        return None
    lines_change = mode in TRANSIT_MODES and base.timetable is not network.timetable
    if lines_change and len(times.origins) < WORTH_ASKING:
        return None
    changed = changed_origins(base, network, mode, times)
    return None if changed.all() else Reused(times, changed)


def rows_of(times: TravelTimes, rows: Rows, scenario: str) -> TravelTimes:
    """Some rows of a matrix, under a scenario's name."""
    return replace(
        times,
        scenario=scenario,
        origins=times.origins[rows],
        country_o=times.country_o[rows],
        time_s=times.time_s[rows],
        share_reached=times.share_reached[rows],
        transfers_p50=times.transfers_p50[rows],
        outside=times.outside[rows],
        parts={name: values[rows] for name, values in times.parts.items()},
        operators=None if times.operators is None else times.operators[rows],
        draws_s=None if times.draws_s is None else times.draws_s[rows],
    )


def join(parts: Sequence[TravelTimes]) -> TravelTimes:
    """Stack blocks of origins; operators that occur are numbered anew, in sorted order."""
    names = sorted({name for part in parts for name in _occurring(part)})
    number = {name: i for i, name in enumerate(names)}
    first = parts[0]
    kept = set.intersection(*(set(part.parts) for part in parts))
    operators = None
    if all(part.operators is not None for part in parts):
        operators = np.concatenate([_renumbered(part, number) for part in parts])
    return replace(
        first,
        origins=np.concatenate([part.origins for part in parts]),
        country_o=np.concatenate([part.country_o for part in parts]),
        time_s=np.concatenate([part.time_s for part in parts]),
        share_reached=np.concatenate([part.share_reached for part in parts]),
        transfers_p50=np.concatenate([part.transfers_p50 for part in parts]),
        outside=np.concatenate([part.outside for part in parts]),
        parts={
            name: np.concatenate([part.parts[name] for part in parts])
            for name in first.parts
            if name in kept
        },
        operators=operators,
        operator_names=tuple(names),
        draws_s=_joined_draws(parts),
    )


def _joined_draws(parts: Sequence[TravelTimes]) -> npt.NDArray[np.float32] | None:
    draws = [part.draws_s for part in parts if part.draws_s is not None]
    return np.concatenate(draws) if len(draws) == len(parts) else None


def put_together(old: TravelTimes, new: TravelTimes, old_rows: Rows, new_rows: Rows) -> TravelTimes:
    """Put rows kept and rows computed into one matrix, ascending by row."""
    order = np.argsort(np.concatenate([old_rows, new_rows]), kind="stable")
    both = join([old, new])
    return rows_of(both, order, both.scenario)


def _occurring(times: TravelTimes) -> list[str]:
    if times.operators is None:
        return []
    return [times.operator_names[k] for k in np.unique(times.operators) if k >= 0]


def _renumbered(times: TravelTimes, number: dict[str, int]) -> npt.NDArray[np.int32]:
    assert times.operators is not None
    new = np.array([number.get(name, -1) for name in times.operator_names] + [-1], np.int32)
    renumbered: npt.NDArray[np.int32] = new[times.operators]
    return renumbered
