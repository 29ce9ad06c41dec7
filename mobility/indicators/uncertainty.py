"""A band beside every headline figure, and whether two figures can be told apart.

A figure is computed again for each thing that could as well have been otherwise: the minute of
departure (other percentiles), speeds (times some per cent up and down), other phase draws or
days (other matrices). Low and high are the extremes of what comes out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mobility.tables import TravelTimes

BAND_PERCENTILES = (25, 75)
SPEED_SHARE = 0.1
DRAW = "draw"

Figure = Callable[[TravelTimes], float]


@dataclass(frozen=True)
class Band:
    """A figure with its low and high, and what spans them.

    Parameters
    ----------
    value, low, high
        low ≤ value ≤ high; NaN where the figure has none.
    variants
        Name of each variant and its figure, in order.
    """

    value: float
    low: float
    high: float
    variants: tuple[tuple[str, float], ...] = ()


def variants(
    times: TravelTimes,
    *,
    percentiles: Sequence[int] = BAND_PERCENTILES,
    speed_share: float = SPEED_SHARE,
    others: Sequence[TravelTimes] = (),
) -> list[tuple[str, TravelTimes]]:
    """Matrices that could as well have been: name and matrix, the given one first.

    A matrix that holds draws of its own has these in place of `others`. A variant's percentile
    stands in the place of the median, so that the figure's function need not know.
    """
    found = [("median", times)]
    middle = times.percentiles.index(50) if 50 in times.percentiles else -1
    found += [
        (f"departure p{p}", _with_median(times, times.at(p)))
        for p in percentiles
        if p in times.percentiles and middle >= 0
    ]
    if speed_share > 0 and middle >= 0:
        median = times.at(50)
        slower = (median * np.float32(1 + speed_share)).astype(np.float32)
        faster = (median * np.float32(1 - speed_share)).astype(np.float32)
        found.append((f"times +{speed_share:.0%}", _with_median(times, slower)))
        found.append((f"times −{speed_share:.0%}", _with_median(times, faster)))
    if times.draws_s is not None and middle >= 0:
        others = [_with_median(times, median) for median in np.moveaxis(times.draws_s, 2, 0)]
    found += [(f"{DRAW} {k + 1}", other) for k, other in enumerate(others)]
    return found


def _with_median(
    times: TravelTimes, median: np.ndarray[tuple[int, ...], np.dtype[np.float32]]
) -> TravelTimes:
    """Copy of a matrix in which other times stand for the median."""
    time_s = times.time_s.copy()
    time_s[:, :, times.percentiles.index(50)] = median
    return replace(times, time_s=time_s)


def band(
    times: TravelTimes,
    figure: Figure,
    *,
    percentiles: Sequence[int] = BAND_PERCENTILES,
    speed_share: float = SPEED_SHARE,
    others: Sequence[TravelTimes] = (),
) -> Band:
    """Compute a figure with its band.

    Parameters
    ----------
    figure
        Function of a matrix that looks at its median.
    """
    found = [
        (name, figure(matrix))
        for name, matrix in variants(
            times, percentiles=percentiles, speed_share=speed_share, others=others
        )
    ]
    return _span(found)


def band_of_difference(
    base: TravelTimes,
    other: TravelTimes,
    figure: Figure,
    *,
    percentiles: Sequence[int] = BAND_PERCENTILES,
    speed_share: float = SPEED_SHARE,
    draws: Sequence[tuple[TravelTimes, TravelTimes]] = (),
) -> Band:
    """Band of ``figure(other) - figure(base)``, both varied alike.

    What changes both alike falls out, so that this band is narrower, and fairer, than the
    difference of two bands.
    """
    settings = {"percentiles": percentiles, "speed_share": speed_share}
    first = variants(base, **settings, others=[a for a, _ in draws])  # type: ignore[arg-type]
    second = variants(other, **settings, others=[b for _, b in draws])  # type: ignore[arg-type]
    theirs = dict(second)
    found = [
        (name, figure(theirs[name]) - figure(matrix)) for name, matrix in first if name in theirs
    ]
    return _span(found)


def distinguishable(difference: Band) -> bool:
    """Whether a difference has the same sign, and is not nought, in all of its band."""
    return bool(difference.low > 0 or difference.high < 0)


def _span(found: list[tuple[str, float]]) -> Band:
    numbers = np.array([value for _, value in found], np.float64)
    known = numbers[np.isfinite(numbers)]
    if not np.isfinite(numbers[0]):
        return Band(float("nan"), float("nan"), float("nan"), tuple(found))
    return Band(float(numbers[0]), float(known.min()), float(known.max()), tuple(found))
