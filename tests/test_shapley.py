"""Shapley values: textbook games, exact add-up, sampling."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility import shapley
from mobility.errors import MobilityError


def test_glove_game_from_the_textbook():
    # One right glove (r), two left (a, b); a pair is worth 1: r gets 2/3, a and b 1/6 each.
    def worth(who):
        return float("r" in who and len(who) > 1)

    values = {who: worth(who) for who in shapley.coalitions(["a", "b", "r"])}
    shares = shapley.exact(["a", "b", "r"], values)
    assert {k: pytest.approx(float(v)) for k, v in shares.items()} == {
        "a": 1 / 6,
        "b": 1 / 6,
        "r": 2 / 3,
    }


def test_airport_game_shares_each_stretch_among_its_users():
    # Runways of 8, 11 and 13: 8/3; 8/3 + 3/2; 8/3 + 3/2 + 2.
    need = {"small": 8, "mid": 11, "big": 13}
    values = {who: max((need[k] for k in who), default=0) for who in shapley.coalitions(list(need))}
    shares = shapley.exact(list(need), values)
    assert float(shares["small"]) == pytest.approx(8 / 3)
    assert float(shares["mid"]) == pytest.approx(8 / 3 + 1.5)
    assert float(shares["big"]) == pytest.approx(8 / 3 + 1.5 + 2)


@given(st.integers(1, 5), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=25)
def test_shares_of_arrays_add_up_and_sampling_agrees_in_the_sum(n, seed):
    random = np.random.default_rng(seed)
    causes = [f"c{k}" for k in range(n)]
    values = {who: random.normal(size=(2, 3)) for who in shapley.coalitions(causes)}
    whole = values[frozenset(causes)] - values[frozenset()]
    np.testing.assert_allclose(sum(shapley.exact(causes, values).values()), whole, atol=1e-12)
    mean, _ = shapley.sampled(causes, values.__getitem__, orders=3, seed=seed)
    np.testing.assert_allclose(sum(mean.values()), whole, atol=1e-12)


def test_sampling_nears_the_exact_shares_and_asks_each_coalition_once():
    causes = ["a", "b", "c", "d"]
    random = np.random.default_rng(5)
    values = {who: random.normal() for who in shapley.coalitions(causes)}
    asked = []

    def value(who):
        asked.append(who)
        return values[who]

    mean, error = shapley.sampled(causes, value, orders=400, seed=1)
    assert len(asked) == len(set(asked)) <= 16
    for cause, share in shapley.exact(causes, values).items():
        assert abs(mean[cause] - share) < 5 * error[cause] + 1e-12
    again, _ = shapley.sampled(causes, value, orders=400, seed=1)
    assert all(mean[c] == again[c] for c in causes)


def test_no_causes_share_nothing():
    assert shapley.exact([], {frozenset(): 3.0}) == {}


def test_what_is_missing_is_named():
    with pytest.raises(MobilityError, match=r"1 coalitions without a value: \{a, b\}"):
        shapley.exact(["a", "b"], {frozenset(): 0, frozenset("a"): 1, frozenset("b"): 1})
    with pytest.raises(MobilityError, match="each cause once"):
        shapley.exact(["a", "a"], {})
    with pytest.raises(MobilityError, match="Sample instead"):
        shapley.exact([str(k) for k in range(13)], {})
    with pytest.raises(MobilityError, match="distinct causes"):
        shapley.sampled(["a", "a"], lambda _who: 0.0, orders=1, seed=0)
