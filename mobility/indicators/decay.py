"""How the pull of a place falls with travel time: functions that make decay functions.

Each takes and returns float64 arrays; travel time in seconds, weight from 0 to 1. The
parameters are in minutes, as the publications give them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from mobility.errors import MobilityError, Problem

Array = npt.NDArray[np.float64]
Decay = Callable[[Array], Array]


def _positive(**numbers: float) -> None:
    bad = {name: value for name, value in numbers.items() if not value > 0}
    if bad:
        raise MobilityError([Problem(f"decay, {n}", str(v), "above 0") for n, v in bad.items()])


def step(cutoff_min: float) -> Decay:
    """Weigh 1 up to and including the limit, 0 beyond: the cumulative measure."""
    _positive(cutoff_min=cutoff_min)
    return lambda t: (t <= cutoff_min * 60).astype(np.float64)


def steps(limits_min: Sequence[float], weights: Sequence[float]) -> Decay:
    """Weigh 1 before the first limit, then `weights[k]` from `limits_min[k]` on."""
    limits = np.asarray(limits_min, np.float64) * 60
    heights = np.concatenate([[1.0], np.asarray(weights, np.float64)])
    if (
        len(limits) + 1 != len(heights)
        or (np.diff(limits) <= 0).any()
        or (np.diff(heights) > 0).any()
    ):
        raise MobilityError(
            Problem(
                "decay steps",
                f"limits {list(limits_min)}, weights {list(weights)}",
                "as many rising limits as falling weights of at most 1",
            )
        )
    return lambda t: heights[np.searchsorted(limits, t, side="right")]


def linear(cutoff_min: float) -> Decay:
    """f(t) = 1 − t/T up to T, 0 beyond."""
    _positive(cutoff_min=cutoff_min)
    return lambda t: np.clip(1 - t / (cutoff_min * 60), 0, None)


def exponential(beta_per_min: float) -> Decay:
    """f(t) = exp(−β·t)."""
    _positive(beta_per_min=beta_per_min)
    return lambda t: np.exp(-beta_per_min / 60 * t)


def power(exponent: float) -> Decay:
    """f(t) = t^(−β), t in minutes; 1 below one minute, where the power would run away."""
    _positive(exponent=exponent)
    return lambda t: np.maximum(t / 60, 1.0) ** -exponent


def gaussian(sigma_min: float) -> Decay:
    """f(t) = exp(−t²/(2σ²))."""
    _positive(sigma_min=sigma_min)
    return lambda t: np.exp(-((t / (60 * sigma_min)) ** 2) / 2)


def logistic(median_min: float, deviation_min: float) -> Decay:
    """Cumulative logistic of R5: g(t)/g(0), g(t) = 1/(1 + exp((t − μ)·π/(σ·√3)))."""
    _positive(median_min=median_min, deviation_min=deviation_min)
    scale = np.pi / (deviation_min * np.sqrt(3))

    def g(minutes: Array) -> Array:
        return np.asarray(1 / (1 + np.exp(np.clip((minutes - median_min) * scale, -700, 700))))

    top = g(np.zeros(1))[0]
    return lambda t: g(t / 60) / top


def log_logistic(alpha_min: float, beta: float) -> Decay:
    """f(t) = 1/(1 + (t/α)^β): half at α minutes, the steeper the higher β."""
    _positive(alpha_min=alpha_min, beta=beta)
    return lambda t: 1 / (1 + (t / (60 * alpha_min)) ** beta)


# α, β per mode of the Dutch Mobiliteitsscan, accessibility value (bereikbaarheidswaarde).
MOBILITEITSSCAN = {"car": (80.0, 3.5), "pt": (10.0, 3.0), "bike": (80.0, 3.0)}


def mobiliteitsscan(mode: str) -> Decay:
    """Decay of the Dutch Mobiliteitsscan for car, public transport or bike, by our mode names.

    Its parameters α and β are published; they are read here as the α and β of `log_logistic`.
    E-bike takes bike's, walking likewise; every mode with public transport takes its.
    """
    published = {
        "car": "car",
        "bike": "bike",
        "ebike": "bike",
        "walk": "bike",
        "pt": "pt",
        "bike+pt": "pt",
        "car+pt": "pt",
    }
    if mode not in published:
        raise MobilityError(Problem("decay, mode", repr(mode), f"one of {sorted(published)}"))
    return log_logistic(*MOBILITEITSSCAN[published[mode]])
