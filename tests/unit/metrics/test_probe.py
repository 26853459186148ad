from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from workbench.metrics import Undefined
from workbench.metrics.membership import auc
from workbench.metrics.probe import MOST_ROWS, probe_auc


def features(n: int, seed: int, shift: float = 0.0, d: int = 8) -> NDArray[np.float64]:
    values = np.random.default_rng(seed).normal(size=(n, d))
    values[:, 0] += shift
    return values


def test_what_a_direction_separates_is_found():
    value, interval, n = probe_auc(features(60, 0, shift=8), features(90, 1))
    assert value > 0.99
    assert interval.low <= value <= interval.high
    assert n == 150


def test_a_gaussian_shift_gives_its_auc():
    """Two unit Gaussians one apart have an AUC of Phi(1 / sqrt 2) = 0.760."""
    value, interval, _ = probe_auc(features(1500, 0, shift=1), features(1500, 1))
    assert value == pytest.approx(0.7602, abs=0.03)
    assert interval.low < 0.7602 < interval.high


def test_exchangeable_rows_are_not_told_apart():
    covered = 0
    for seed in range(30):
        _, interval, _ = probe_auc(features(60, 2 * seed), features(60, 2 * seed + 1))
        covered += interval.low <= 0.5 <= interval.high
    assert covered >= 25


def test_rows_are_scored_by_fits_that_never_saw_them():
    """With more dimensions than rows a probe fits noise perfectly, which must not count."""
    wide = {"d": 200}
    value, _, _ = probe_auc(features(40, 0, **wide), features(40, 1, **wide))
    assert 0.3 < value < 0.7


def test_equal_scale_does_not_matter():
    scale = 10.0 ** np.arange(-4, 4)
    one, other = features(50, 0, shift=1), features(50, 1)
    plain, scaled = probe_auc(one, other), probe_auc(one * scale, other * scale)
    assert scaled[0] == pytest.approx(plain[0], abs=1e-6)


def test_large_sides_are_sampled_by_a_seed():
    one, other = features(MOST_ROWS + 500, 0, shift=0.5, d=3), features(40, 1, d=3)
    first = probe_auc(one, other, seed=4)
    assert first[2] == MOST_ROWS + 40
    assert probe_auc(one, other, seed=4) == first
    assert probe_auc(one, other, seed=5) != first


def test_swapped_sides_give_the_same_answer():
    one, other = features(50, 0, shift=1), features(50, 1)
    assert probe_auc(one, other)[0] == pytest.approx(probe_auc(other, one)[0], abs=0.05)
    assert auc(one[:, 0], other[:, 0]) == pytest.approx(probe_auc(one, other)[0], abs=0.1)


@pytest.mark.parametrize("size", [0, 1, 4])
def test_too_few_rows_are_said(size):
    for sides in ((features(size, 0), features(9, 1)), (features(9, 0), features(size, 1))):
        with pytest.raises(Undefined, match=f"at least 5 rows on each side, got {size}"):
            probe_auc(*sides)


def test_features_that_do_not_vary_have_nothing_to_probe():
    with pytest.raises(Undefined, match="same for every row"):
        probe_auc(np.ones((9, 3)), np.ones((9, 3)))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_faulty_features_are_named(bad):
    values = features(9, 0)
    values[4, 1] = bad
    with pytest.raises(Undefined, match="row 4"):
        probe_auc(values, features(9, 1))


def test_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match="dimensions"):
        probe_auc(features(9, 0, d=2), features(9, 1, d=3))
    with pytest.raises(ValueError, match="shape"):
        probe_auc(np.ones(9), np.ones(9))
