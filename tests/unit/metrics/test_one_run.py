from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from workbench.metrics import Undefined
from workbench.metrics.one_run import Guesses, audit, epsilon_lower_bound, guess, p_value

KNOWN = Guesses(canaries=1000, made=100, correct=95)
guesses = st.integers(1, 60).flatmap(
    lambda r: st.builds(Guesses, st.integers(r, 500), st.just(r), st.integers(0, r))
)


def by_loop(g, epsilon, delta):
    q = math.exp(epsilon) / (1 + math.exp(epsilon))

    def f(j):
        return sum(binom.pmf(k, g.made, q) for k in range(j, g.made + 1))

    v = g.correct
    gain = max(((f(v - i) - f(v)) / i for i in range(1, v + 1)), default=0.0)
    return min(1.0, f(v) + 2 * g.canaries * delta * gain)


def test_known_bounds_and_p_value():
    assert epsilon_lower_bound(KNOWN, delta=0) == pytest.approx(2.1724340432, abs=1e-9)
    assert epsilon_lower_bound(Guesses(1000, 100, 50), delta=0) == 0
    assert p_value(KNOWN, 1.0, delta=1e-5) == pytest.approx(6.6391447e-4, rel=1e-7)


@given(guesses, st.floats(0, 4), st.sampled_from([0.0, 1e-5, 1e-3]))
def test_p_value_matches_the_formula_by_loop(made, epsilon, delta):
    found = p_value(made, epsilon, delta=delta)
    assert found == pytest.approx(by_loop(made, epsilon, delta), abs=1e-10)


@given(guesses, st.sampled_from([0.0, 1e-5, 1e-3]), st.sampled_from([0.8, 0.95, 0.99]))
def test_the_bound_is_where_the_p_value_crosses(made, delta, level):
    bound = epsilon_lower_bound(made, delta=delta, level=level)
    if bound == 0:
        assert p_value(made, 0.0, delta=delta) >= 1 - level - 1e-12
        return
    assert p_value(made, bound, delta=delta) == pytest.approx(1 - level, rel=1e-6)
    below = [p_value(made, share * bound, delta=delta) for share in np.linspace(0, 0.99, 12)]
    assert max(below) < 1 - level
    assert np.diff(below).min() >= 0


@given(guesses)
def test_the_bound_moves_the_right_way(made):
    here = epsilon_lower_bound(made)
    assert epsilon_lower_bound(made, delta=1e-3) <= here + 1e-9
    assert epsilon_lower_bound(made, level=0.99) <= here + 1e-9
    if made.correct:
        fewer = Guesses(made.canaries, made.made, made.correct - 1)
        assert epsilon_lower_bound(fewer) <= here + 1e-9


@pytest.mark.parametrize("epsilon", [0.0, 1.0, 2.0])
def test_the_bound_holds_for_randomised_response(epsilon):
    generator = np.random.default_rng(1)
    truthful = math.exp(epsilon) / (1 + math.exp(epsilon))
    bounds = []
    for seed in range(400):
        coins = generator.random(200) < 0.5
        reported = coins ^ (generator.random(200) >= truthful)
        bounds.append(
            audit(reported, coins, guess_in=60, guess_out=60, delta=0.0, seed=seed).epsilon
        )
    assert np.mean(np.array(bounds) > epsilon) <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / 400)
    assert np.mean(bounds) > epsilon / 2 - 0.01


def test_guesses_take_the_ends_and_count_what_is_right():
    scores = np.arange(10.0)
    coins = scores >= 5
    assert guess(scores, coins) == Guesses(10, 2, 2)
    assert guess(-scores, coins) == Guesses(10, 2, 0)
    assert guess(scores, coins, guess_in=6, guess_out=4) == Guesses(10, 10, 9)
    assert guess(scores, coins, guess_in=0, guess_out=3) == Guesses(10, 3, 3)
    assert guess(np.arange(1000.0), np.arange(1000) >= 500) == Guesses(1000, 200, 200)


def test_equal_scores_are_guessed_by_a_coin_of_their_own():
    coins = np.arange(1000) < 500  # in the order of the rows, which must not matter
    rights = [guess(np.ones(1000), coins, seed=seed).correct for seed in range(40)]
    assert np.mean(rights) == pytest.approx(100, abs=4)
    assert guess(np.ones(1000), coins, seed=3) == guess(np.ones(1000), coins, seed=3)


def test_audit_of_a_leak_and_of_an_erasure():
    generator = np.random.default_rng(2)
    coins = generator.random(1000) < 0.5
    leaking = audit(generator.normal(size=1000) + 3 * coins, coins)
    assert leaking.epsilon > 2
    assert leaking.p_value < 1e-3
    assert leaking.guesses.made == 200
    erased = audit(generator.normal(size=1000), coins)
    assert erased.epsilon == 0
    assert erased.p_value > 0.05


def test_faulty_input_is_refused():
    with pytest.raises(Undefined, match="no canary scores"):
        guess([], [])
    with pytest.raises(Undefined, match="there are 1"):
        guess([1.0], [True])
    with pytest.raises(Undefined, match="No guess"):
        p_value(Guesses(10, 0, 0), 1.0)
    with pytest.raises(Undefined, match="row 0"):
        guess([np.nan, 1.0], [True, False])
    with pytest.raises(ValueError, match="true or false"):
        guess([1.0, 2.0], [1, 0])
    with pytest.raises(ValueError, match="different shapes"):
        guess([1.0, 2.0], [True])
    with pytest.raises(ValueError, match="at least one guess"):
        guess([1.0, 2.0], [True, False], guess_in=0, guess_out=0)
    with pytest.raises(ValueError, match="cannot be"):
        p_value(Guesses(10, 5, 6), 1.0)
    with pytest.raises(ValueError, match="negative"):
        p_value(KNOWN, -1.0)
