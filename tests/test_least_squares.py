"""Clustered least squares against statsmodels, and by hand."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.stats import t as student
from statsmodels.regression.linear_model import OLS

from mobility.border.least_squares import clustered


@pytest.mark.parametrize("seed", range(4))
def test_the_figures_of_statsmodels(seed):
    random = np.random.default_rng(seed)
    n = 500
    table = np.column_stack([np.ones(n), random.normal(8, 2, (n, 4)), random.random(n) < 0.2])
    group = random.integers(0, 17, n)
    outcome = table @ random.normal(size=6) + random.normal(size=17)[group] + random.normal(size=n)
    if seed == 3:
        table = np.column_stack([table, table[:, 1] - 2 * table[:, 2]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the columns that depend on each other
        theirs = OLS(outcome, table).fit(cov_type="cluster", cov_kwds={"groups": group}, use_t=True)
    bounds = theirs.conf_int(0.05)
    mine = clustered(outcome, table, group)
    np.testing.assert_allclose(mine.coefficients, theirs.params, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(mine.low, bounds[:, 0], rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(mine.high, bounds[:, 1], rtol=1e-9, atol=1e-10)


def test_the_mean_of_two_groups_by_hand():
    # y 1, 3 | 5, 7: mean 4, residuals −3, −1 | 1, 3, sums −4 and 4. (XᵀX)⁻¹ = 1/4, so the
    # variance is (16 + 16)/16 = 2, times 2/1 · 3/3 = 4: error 2, with one degree of freedom.
    found = clustered(np.array([1.0, 3, 5, 7]), np.ones((4, 1)), np.array([0, 0, 1, 1]))
    half = 2 * student.ppf(0.975, 1)
    assert found.coefficients == pytest.approx([4])
    assert found.low == pytest.approx([4 - half])
    assert found.high == pytest.approx([4 + half])
