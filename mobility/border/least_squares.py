"""Ordinary least squares with standard errors clustered by group, for long and narrow tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student

from mobility.indicators.frame import Array


@dataclass(frozen=True)
class Fit:
    """Coefficients (k,) and the 95 % interval of each, low and high (k,)."""

    coefficients: Array
    low: Array
    high: Array


def clustered(outcome: Array, table: Array, group: npt.NDArray[np.intp]) -> Fit:
    """Fit outcome ≈ table · b and give each b its interval, groups being what is independent.

    The variance is the sandwich (XᵀX)⁻¹ (Σ_g s_g s_gᵀ) (XᵀX)⁻¹ with s_g = Σ_{i in g} x_i e_i,
    times G/(G − 1) · (n − 1)/(n − k); the interval takes Student's t with G − 1 degrees of
    freedom. These are the figures of statsmodels' OLS with clustered errors.

    Parameters
    ----------
    outcome, table
        (n,) and (n, k). Where columns depend on each other the least b is taken.
    group
        (n,), numbered from 0.
    """
    n, k = table.shape
    # All that is asked of the n rows is held by the (k + 1)² triangle of their QR, where a
    # pseudo-inverse of the table itself would decompose it whole.
    triangle: Array = np.asarray(np.linalg.qr(np.column_stack([table, outcome]), mode="r"))
    inverse = np.linalg.pinv(triangle[:k, :k], rcond=1e-15)
    coefficients = inverse @ triangle[:k, k]
    scores = table * (outcome - table @ coefficients)[:, None]
    sums = np.column_stack([np.bincount(group, column) for column in scores.T])
    groups = len(np.unique(group))
    spread = inverse @ (inverse.T @ sums.T)
    variance = np.einsum("ij,ij->i", spread, spread)
    variance *= groups / (groups - 1) * (n - 1) / (n - k)
    half = student.ppf(0.975, groups - 1) * np.sqrt(variance)
    return Fit(coefficients, coefficients - half, coefficients + half)
