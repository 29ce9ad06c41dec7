"""Pack travel-time matrices small enough to mail, exact enough to quote.

A matrix becomes whole steps of `step_s` seconds in 16 bits. What is stored is the difference
from a matrix known already (percentiles from the median, scenarios from the baseline), then
from the neighbouring cells: times to neighbouring places differ alike, so most of what
remains is zero. The bytes are split into low and high halves, deflated and written as base64.
The page undoes each step when a layer is first asked for. All sums wrap at 2**16, so the way
back is exact.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mobility.tables import PARTS, TravelTimes

UInt16 = npt.NDArray[np.uint16]

UNREACHED = 65535
OUTSIDE = 65534
LONGEST = 65533
MEDIAN = 50
PREDICTORS = (0, 1, 2)
LEVEL = 6
SAMPLE_ROWS = 64


@dataclass(frozen=True)
class Layer:
    """One packed matrix.

    Parameters
    ----------
    key
        ``"<scenario row>.<mode>.<name>"``; name is ``p50`` and the like, or a part.
    reference
        Key of the layer it is a difference from, ``""`` for none.
    predictor
        0 none, 1 cell to the left, 2 left plus above minus the one between.
    data
        base64 of the deflated bytes; empty where the layer equals its reference.
    """

    key: str
    reference: str
    predictor: int
    data: str


def steps_of(seconds: npt.NDArray[np.float32], step_s: int) -> UInt16:
    """Whole steps, halves up; NaN becomes `UNREACHED`, times too long become `LONGEST`."""
    reached = np.isfinite(seconds)
    steps = np.floor(np.where(reached, seconds, 0.0) / np.float32(step_s) + 0.5)
    packed = np.minimum(steps, LONGEST).astype(np.uint16)
    packed[~reached] = UNREACHED
    return packed


def predicted(matrix: UInt16, predictor: int) -> UInt16:
    """Take each cell's guess from its neighbours away, wrapping at 2**16."""
    if predictor == 0:
        return matrix
    rest = matrix.copy()
    rest[:, 1:] -= matrix[:, :-1]
    if predictor == 2:
        rest[1:] -= rest[:-1].copy()
    return rest


def restored(rest: UInt16, predictor: int) -> UInt16:
    """Undo `predicted`; the page does the same sums."""
    matrix = rest
    if predictor == 2:
        matrix = np.cumsum(matrix, axis=0, dtype=np.uint16)
    if predictor >= 1:
        matrix = np.cumsum(matrix, axis=1, dtype=np.uint16)
    return matrix


def _deflated(rest: UInt16, level: int) -> bytes:
    low_high = rest.astype("<u2").reshape(-1).view(np.uint8).reshape(-1, 2).T
    return zlib.compress(np.ascontiguousarray(low_high).tobytes(), level)


def pack(key: str, matrix: UInt16, reference: str, known: UInt16 | None) -> Layer:
    """Pack one matrix, as the difference from `known` where there is one."""
    rest = matrix if known is None else matrix - known
    if known is not None and not rest.any():
        return Layer(key, reference, 0, "")
    sample = rest[:SAMPLE_ROWS]
    sizes = [len(_deflated(predicted(sample, p), 1)) for p in PREDICTORS]
    best = PREDICTORS[int(np.argmin(sizes))]
    data = base64.b64encode(_deflated(predicted(rest, best), LEVEL)).decode("ascii")
    return Layer(key, reference, best, data)


def unpack(layer: Layer, shape: tuple[int, int], known: UInt16 | None) -> UInt16:
    """Undo `pack`; for tests and for tools that read a report back."""
    if not layer.data:
        if known is None:
            raise ValueError(f"{layer.key} has neither data nor a reference")
        return known
    raw = np.frombuffer(zlib.decompress(base64.b64decode(layer.data)), np.uint8)
    halves = raw.reshape(2, -1).astype(np.uint16)
    rest = (halves[0] | (halves[1] << 8)).reshape(shape)
    matrix = restored(rest, layer.predictor)
    return matrix if known is None else matrix + known


def pack_times(
    scenarios: Sequence[Mapping[str, TravelTimes]],
    row: npt.NDArray[np.intp],
    column: npt.NDArray[np.intp],
    *,
    step_s: int,
    percentiles: bool,
    parts: bool,
) -> Iterator[Layer]:
    """Pack every scenario's matrices, each scenario as its difference from the first.

    Parameters
    ----------
    scenarios
        Mode → travel times per scenario; the first is the baseline. All of one mode have
        the same origins and destinations.
    row, column
        Order in which origins and destinations are written, neighbours beside each other.
    step_s
        Length of one step.
    percentiles, parts
        Whether percentiles other than the median and the parts are packed too.
    """
    modes = dict.fromkeys(mode for times in scenarios for mode in times)
    for mode in modes:
        base: dict[str, UInt16] = {}
        first = -1
        for s, by_mode in enumerate(scenarios):
            if mode not in by_mode:
                continue
            own: dict[str, UInt16] = {}
            for name, matrix in _matrices(by_mode[mode], step_s, percentiles, parts):
                ordered = matrix[np.ix_(row, column)]
                own[name] = ordered
                key = f"{s}.{mode}.{name}"
                if name in base:
                    yield pack(key, ordered, f"{first}.{mode}.{name}", base[name])
                elif name.startswith("p") and name != "p50" and "p50" in own:
                    yield pack(key, ordered, f"{s}.{mode}.p50", own["p50"])
                else:
                    yield pack(key, ordered, "", None)
            if not base:
                base, first = own, s


def _matrices(
    times: TravelTimes, step_s: int, percentiles: bool, parts: bool
) -> Iterator[tuple[str, UInt16]]:
    """The median first, then the other percentiles, then transfers and parts."""
    middle = MEDIAN if MEDIAN in times.percentiles else times.percentiles[0]
    others = [p for p in times.percentiles if p != middle]
    for p in (middle, *(others if percentiles else ())):
        steps = steps_of(times.at(p), step_s)
        steps[times.outside] = OUTSIDE
        yield ("p50" if p == middle else f"p{p:02d}"), steps
    if not parts or not times.parts:
        return
    if np.isfinite(times.transfers_p50).any():
        yield "transfers", steps_of(times.transfers_p50, 1)
    # The last part is what the others leave of the total: four parts tell all five.
    for name in PARTS[:-1]:
        if name in times.parts and np.nanmax(times.parts[name], initial=0.0) > 0:
            yield name, steps_of(times.parts[name], step_s)
