from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist, pdist

from workbench.metrics import Undefined, representation
from workbench.metrics.representation import (
    linear_cka,
    median_distance,
    minibatch_cka,
    mmd_squared,
    neighbour_purity,
    silhouette,
    unbiased_cka,
    unbiased_hsic,
)

X = np.array([[1, 0], [2, 1], [3, 1], [4, 3]], dtype=float)
Y = np.array([[1, 1, 0], [2, 1, 1], [2, 3, 1], [4, 4, 0]], dtype=float)


@st.composite
def feature_pairs(draw, fewest=5):
    n = draw(st.integers(fewest, 25))
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    p, q = draw(st.integers(1, 60)), draw(st.integers(1, 60))
    x = generator.normal(size=(n, p)) + generator.normal(size=p) * 5
    y = x @ generator.normal(size=(p, q)) + generator.normal(size=(n, q)) * draw(st.floats(0.1, 9))
    return x, y


def hsic_of_gram_matrices(k, m):
    """The definition: Gram matrices without their diagonals."""
    n = len(k)
    k, m = k - np.diag(np.diag(k)), m - np.diag(np.diag(m))
    product = np.trace(k @ m) + k.sum() * m.sum() / ((n - 1) * (n - 2))
    return (product - 2 * (k @ m).sum() / (n - 2)) / (n * (n - 3))


def test_known_alignments():
    assert linear_cka(X, Y) == pytest.approx(0.9516766302, abs=1e-9)
    assert unbiased_cka(X, Y) == pytest.approx(0.9244734516, abs=1e-9)


@given(feature_pairs())
def test_alignment_matches_the_matrix_formulas(pair):
    x, y = pair
    a, b = x - x.mean(axis=0), y - y.mean(axis=0)
    norm = np.linalg.norm
    assert linear_cka(x, y) == pytest.approx(
        norm(a.T @ b) ** 2 / (norm(a.T @ a) * norm(b.T @ b)), abs=1e-9
    )
    k, m = x @ x.T, y @ y.T
    dependence = hsic_of_gram_matrices(k, m)
    own = hsic_of_gram_matrices(k, k), hsic_of_gram_matrices(m, m)
    assert unbiased_hsic(x, y) == pytest.approx(dependence, rel=1e-6, abs=1e-6 * np.sqrt(own[0]))
    assert unbiased_cka(x, y) == pytest.approx(dependence / np.sqrt(own[0] * own[1]), abs=1e-6)


@given(feature_pairs(), st.floats(-20, 20), st.integers(-12, 12))
def test_alignment_ignores_rotation_shift_and_scale(pair, shift, power):
    x, y = pair
    rotation = scipy.stats.ortho_group.rvs(max(2, x.shape[1]), random_state=1)
    if x.shape[1] == 1:
        rotation = np.array([[-1.0]])
    moved = 10.0**power * (x @ rotation + shift)
    for alignment in (linear_cka, unbiased_cka):
        value = alignment(x, y)
        assert alignment(moved, y) == pytest.approx(value, abs=1e-6)
        assert alignment(y, x) == pytest.approx(value, abs=1e-12)
        assert -1 <= value <= 1
    assert linear_cka(x, y) >= 0


@given(feature_pairs())
def test_a_representation_is_aligned_with_itself(pair):
    x, _ = pair
    assert linear_cka(x, x) == pytest.approx(1, abs=1e-12)
    assert unbiased_cka(x, x) == pytest.approx(1, abs=1e-12)
    assert minibatch_cka([(x, x), (x[:5], x[:5])]) == pytest.approx(1, abs=1e-12)


@given(feature_pairs())
def test_memory_may_be_bounded_without_changing_the_value(pair):
    x, y = pair
    whole = linear_cka(x, y), unbiased_cka(x, y), mmd_squared(x, x * 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(representation, "_CHUNK", 7)
        pieces = linear_cka(x, y), unbiased_cka(x, y), mmd_squared(x, x * 2)
    assert pieces == pytest.approx(whole, rel=1e-9, abs=1e-12)


def test_unbiased_alignment_of_noise_is_near_zero_where_the_biased_one_is_not():
    generator = np.random.default_rng(8)
    values = [
        (unbiased_cka(x, y), linear_cka(x, y)) for x, y in generator.normal(size=(40, 2, 30, 200))
    ]
    unbiased, biased = np.mean(values, axis=0)
    assert abs(unbiased) < 0.02
    assert biased > 0.7


def test_batches_estimate_the_alignment_of_all_rows():
    generator = np.random.default_rng(3)
    x = generator.normal(size=(3000, 20)) * np.linspace(0.2, 2, 20)
    y = x @ generator.normal(size=(20, 30)) + 6 * generator.normal(size=(3000, 30))
    whole = unbiased_cka(x, y)
    for size in (20, 150):
        batches = [(x[i : i + size], y[i : i + size]) for i in range(0, 3000, size)]
        assert minibatch_cka(iter(batches)) == pytest.approx(whole, abs=0.03)
        one_by_one = np.mean([linear_cka(a, b) for a, b in batches])
        assert abs(minibatch_cka(batches) - whole) < abs(one_by_one - whole)


def test_features_of_any_shape_are_flattened():
    x = np.random.default_rng(1).normal(size=(9, 2, 3, 4))
    assert linear_cka(x, x.reshape(9, -1)) == pytest.approx(1)


@given(feature_pairs(), st.booleans())
def test_discrepancy_matches_pairwise_sums(pair, default):
    x, _ = pair
    y = x[: len(x) // 2] + 0.7
    pooled = np.concatenate([x, y])
    sigma = np.median(pdist(pooled)) if default else 1.7

    def kernel(a, b):
        return np.exp(-(cdist(a, b) ** 2) / (2 * sigma**2))

    n, m = len(x), len(y)
    expected = (
        (kernel(x, x).sum() - n) / (n * (n - 1))
        + (kernel(y, y).sum() - m) / (m * (m - 1))
        - 2 * kernel(x, y).mean()
    )
    assert mmd_squared(x, y, None if default else sigma) == pytest.approx(expected, abs=1e-12)
    assert mmd_squared(y, x) == pytest.approx(mmd_squared(x, y), abs=1e-12)


def test_discrepancy_is_centred_on_zero_for_one_law_and_sees_another():
    generator = np.random.default_rng(6)
    same = [mmd_squared(a, b) for a, b in generator.normal(size=(60, 2, 40, 5))]
    assert min(same) < 0 < max(same)
    assert abs(np.mean(same)) < 3 * np.std(same, ddof=1) / np.sqrt(60)
    a, b = generator.normal(size=(2, 40, 5))
    assert mmd_squared(a, b + 1) > max(same)


def test_bandwidth_of_many_rows_repeats_with_its_seed():
    rows = np.random.default_rng(2).normal(size=(5000, 2))
    assert median_distance(rows, seed=1) == median_distance(rows, seed=1)
    assert median_distance(rows, seed=1) != median_distance(rows, seed=2)
    assert median_distance(rows) == pytest.approx(np.median(pdist(rows[:2000])), rel=0.05)


def test_silhouette_and_purity_of_separate_groups():
    generator = np.random.default_rng(7)
    labels = np.repeat([0, 1], 40)
    features = generator.normal(size=(80, 3)) + 4 * labels[:, None]
    assert silhouette(features, labels).mean() == pytest.approx(
        sklearn.metrics.silhouette_score(features, labels)
    )
    assert neighbour_purity(features, labels).mean() > 0.99
    mixed = neighbour_purity(features, generator.permutation(labels))
    assert mixed.mean() == pytest.approx(39 / 79, abs=0.05)


@given(feature_pairs(fewest=6), st.integers(1, 5))
def test_purity_matches_a_loop(pair, k):
    features, _ = pair
    labels = np.arange(len(features)) % 3
    distances = cdist(features, features)
    np.fill_diagonal(distances, np.inf)
    expected = [
        np.mean(labels[np.argsort(row)[:k]] == label)
        for row, label in zip(distances, labels, strict=True)
    ]
    assert neighbour_purity(features, labels, k) == pytest.approx(expected)


def test_a_row_is_not_its_own_neighbour_even_among_copies():
    features = np.zeros((6, 2))
    assert neighbour_purity(features, [0, 1, 2, 3, 4, 5], 2).tolist() == [0] * 6


def test_undefined_inputs():
    constant = np.full((6, 2), 0.1)
    varying = np.random.default_rng(1).normal(size=(6, 2))
    for undefined, reason in (
        (lambda: linear_cka(constant, varying), "do not vary"),
        (lambda: unbiased_cka(varying, constant), "do not vary"),
        # rows without any two alike have an empty Gram matrix beside its diagonal
        (lambda: unbiased_cka(np.eye(6), varying), "do not vary"),
        (lambda: unbiased_hsic(varying[:3], varying[:3]), "four rows"),
        (lambda: minibatch_cka([]), "no features"),
        (lambda: minibatch_cka([(varying, varying), (varying[:2], varying[:2])]), "four rows"),
        (lambda: mmd_squared(varying[:1], varying), "two rows"),
        (lambda: mmd_squared(constant, constant), "no scale"),
        (lambda: median_distance(varying[:1]), "two rows"),
        (lambda: silhouette(varying, [0] * 6), "two groups"),
        (lambda: silhouette(varying, range(6)), "fewer groups"),
        (lambda: neighbour_purity(varying, [0] * 6), "6 rows do not have 15"),
        (lambda: linear_cka(varying * np.nan, varying), "NaN"),
        (lambda: linear_cka(varying * 1e60, varying), "too large"),
        (lambda: linear_cka(np.empty((0, 2)), np.empty((0, 2))), "no features"),
    ):
        with pytest.raises(Undefined, match=reason):
            undefined()


def test_refused_inputs():
    rows = np.random.default_rng(1).normal(size=(6, 2))
    for refused in (
        lambda: linear_cka(rows, rows[:5]),
        lambda: linear_cka(rows[:, 0], rows[:, 0]),
        lambda: mmd_squared(rows, rows[:, :1]),
        lambda: mmd_squared(rows, rows, 0.0),
        lambda: silhouette(rows, [0, 1]),
        lambda: neighbour_purity(rows, [0] * 6, 0),
    ):
        with pytest.raises(ValueError) as caught:
            refused()
        assert not isinstance(caught.value, Undefined)
