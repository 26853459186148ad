from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from workbench.metrics import Undefined
from workbench.metrics.equivalence import tost

samples = st.lists(st.integers(-40, 40).map(lambda x: x / 8), min_size=2, max_size=20)
margins = st.floats(0.05, 5)


@given(samples, samples, margins, st.sampled_from([0.01, 0.05, 0.1]))
def test_both_one_sided_tests_match_scipy(x, y, margin, alpha):
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return
    result = tost(x, y, margin, alpha=alpha)
    above = scipy.stats.ttest_ind(
        np.array(x) + margin, y, equal_var=False, alternative="greater"
    ).pvalue
    below = scipy.stats.ttest_ind(
        np.array(x) - margin, y, equal_var=False, alternative="less"
    ).pvalue
    assert result.p_value == pytest.approx(max(above, below), rel=1e-6, abs=1e-12)
    assert result.difference == pytest.approx(np.mean(x) - np.mean(y))
    if abs(result.p_value - alpha) > 1e-9:
        inside = -margin < result.interval.low and result.interval.high < margin
        assert (result.p_value < alpha) == inside
        assert result.equivalent == (inside and min(len(x), len(y)) > 2)


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=2), margins)
def test_pairs_match_scipy(pairs, margin):
    x, y = np.array(pairs, dtype=float).T
    if np.ptp(x - y) == 0:
        with pytest.raises(Undefined, match="do not vary"):
            tost(x, y, margin, paired=True)
        return
    above = scipy.stats.ttest_1samp(x - y, -margin, alternative="greater").pvalue
    below = scipy.stats.ttest_1samp(x - y, margin, alternative="less").pvalue
    result = tost(x, y, margin, paired=True)
    assert result.p_value == pytest.approx(max(above, below), rel=1e-6, abs=1e-12)


@given(samples, samples, margins)
def test_sides_are_exchangeable_and_a_larger_margin_is_easier(x, y, margin):
    if np.ptp(x) == 0 and np.ptp(y) == 0:
        return
    result, mirrored = tost(x, y, margin), tost(y, x, margin)
    assert mirrored.p_value == pytest.approx(result.p_value)
    assert mirrored.interval.low == pytest.approx(-result.interval.high)
    assert tost(x, y, 2 * margin).p_value <= result.p_value


def test_noise_never_shows_equivalence_and_many_values_do():
    generator = np.random.default_rng(1)
    x, y = generator.normal(size=(2, 10_000))
    noisy = tost(x[:20] * 1e6, y[:20] * 1e6, 0.1)
    assert noisy.p_value > 0.45
    p_values = [tost(x[:n], y[:n], 0.1).p_value for n in (10, 100, 1000, 10_000)]
    assert p_values[0] > 0.3
    assert p_values[-1] < 1e-4
    assert tost(x, y, 0.1).equivalent


def test_two_values_never_show_equivalence():
    close = [0.9, 0.9000001]
    assert tost(close, close[::-1], 0.05).p_value < 0.05
    assert not tost(close, close[::-1], 0.05).equivalent
    assert not tost(close, [0.9, 0.9, 0.9000001] * 10, 0.05).equivalent
    assert not tost(close, [0.8999999, 0.90000011], 0.05, paired=True).equivalent


def test_a_true_difference_at_the_margin_passes_as_often_as_alpha():
    generator = np.random.default_rng(7)
    passed = [tost(a + 1, b, 1.0).equivalent for a, b in generator.normal(size=(2000, 2, 30))]
    # 5 % of 2000 has a standard error of 0.5 points
    assert 0.035 < np.mean(passed) < 0.065


def test_undefined_and_refused_inputs():
    for undefined in (
        lambda: tost([1.0], [1.0, 2.0, 3.0], 0.1),
        lambda: tost([1.0], [1.0], 0.1, paired=True),
        lambda: tost([1.0] * 5, [1.0] * 5, 0.1),
        lambda: tost([], [], 0.1),
    ):
        with pytest.raises(Undefined):
            undefined()
    for refused in (
        lambda: tost([1.0, 2.0], [1.0, 2.0], 0.0),
        lambda: tost([1.0, 2.0], [1.0, 2.0], np.nan),
        lambda: tost([1.0, 2.0], [1.0, 2.0], 0.1, alpha=0.5),
        lambda: tost([1.0, 2.0], [1.0, 2.0, 3.0], 0.1, paired=True),
    ):
        with pytest.raises(ValueError) as caught:
            refused()
        assert not isinstance(caught.value, Undefined)
