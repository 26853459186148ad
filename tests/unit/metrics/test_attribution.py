from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from workbench.metrics import Undefined
from workbench.metrics.attribution import (
    centre_of_mass_shift,
    change_against_controls,
    cosine,
    magnitude,
    map_entropy,
    mass_inside,
    pearson,
    quartiles,
    spearman,
    ssim,
    ssim_one_window,
    top_k_iou,
    total_variation_of_maps,
    unit_scaled,
)

A = np.array([[0.9, 0.1], [0.4, 0.2]])
B = np.array([[0.1, 0.8], [0.3, 0.4]])
ALL = [spearman, pearson, cosine, top_k_iou, ssim, ssim_one_window]


@st.composite
def map_pairs(draw, low=-8, high=8):
    shape = draw(st.tuples(st.integers(1, 7), st.integers(2, 7)))
    # few distinct values, so that ties are common
    maps = hnp.arrays(np.float64, shape, elements=st.integers(low, high).map(lambda x: x / 8))
    a, b = draw(maps), draw(maps)
    assume(np.ptp(a) > 0 and np.ptp(b) > 0)
    return a, b


def test_known_changes():
    assert spearman(A, B) == pytest.approx(-1)
    assert top_k_iou(A, B, 0.5) == 0
    assert total_variation_of_maps(A, B) == pytest.approx(0.5625)
    assert ssim_one_window(A, B) == pytest.approx(-0.8334369174, abs=1e-9)


@given(map_pairs())
def test_correlations_match_scipy(maps):
    a, b = maps
    x, y = a.ravel(), b.ravel()
    assert spearman(a, b) == pytest.approx(scipy.stats.spearmanr(x, y).statistic, abs=1e-9)
    if len(x) > 2:
        assert pearson(a, b) == pytest.approx(scipy.stats.pearsonr(x, y).statistic, abs=1e-9)
    expected = (x @ y) / (np.linalg.norm(x) * np.linalg.norm(y))
    assert cosine(a, b) == pytest.approx(expected, abs=1e-12)


@given(map_pairs(), st.sampled_from([0.05, 0.1, 0.2, 0.5, 1.0]))
def test_top_k_overlap_matches_sets(maps, share):
    a, b = maps
    k = max(1, round(share * a.size))

    def top(values):
        flat = values.ravel()
        return set(sorted(range(flat.size), key=lambda i: (-flat[i], i))[:k])

    expected = len(top(a) & top(b)) / len(top(a) | top(b))
    assert top_k_iou(a, b, share) == pytest.approx(expected)


@given(map_pairs(low=0))
def test_ssim_matches_sliding_windows(maps):
    a, b = maps
    offsets = np.arange(-5, 6)
    kernel = np.exp(-(offsets**2) / (2 * 1.5**2))
    window = np.outer(kernel, kernel) / kernel.sum() ** 2
    padded_a, padded_b = (np.pad(image, 5, mode="symmetric") for image in (a, b))
    values = []
    for i, j in np.ndindex(a.shape):
        x, y = padded_a[i : i + 11, j : j + 11], padded_b[i : i + 11, j : j + 11]
        mean_x, mean_y = (window * x).sum(), (window * y).sum()
        var_x, var_y = (window * (x - mean_x) ** 2).sum(), (window * (y - mean_y) ** 2).sum()
        covariance = (window * (x - mean_x) * (y - mean_y)).sum()
        values.append(
            (2 * mean_x * mean_y + 1e-4)
            * (2 * covariance + 9e-4)
            / ((mean_x**2 + mean_y**2 + 1e-4) * (var_x + var_y + 9e-4))
        )
    assert ssim(a, b) == pytest.approx(np.mean(values), abs=1e-9)


@given(map_pairs())
def test_a_map_does_not_change_against_itself(maps):
    a, _ = maps
    for similarity in ALL:
        assert similarity(a, a) == pytest.approx(1, abs=1e-12)
    assert total_variation_of_maps(a, a) == 0
    assert centre_of_mass_shift(a, a) == 0


@given(map_pairs())
def test_changes_are_symmetric_and_in_range(maps):
    a, b = maps
    for similarity in ALL:
        assert similarity(a, b) == pytest.approx(similarity(b, a), abs=1e-12)
        assert -1 <= similarity(a, b) <= 1 + 1e-12
    for change in (total_variation_of_maps, centre_of_mass_shift):
        assert change(a, b) == pytest.approx(change(b, a), abs=1e-12)
        assert 0 <= change(a, b) <= 1 + 1e-12


@given(map_pairs(), st.floats(1e-90, 1e90))
def test_the_size_of_a_map_does_not_matter(maps, factor):
    a, b = maps
    for measure in (
        spearman,
        pearson,
        cosine,
        top_k_iou,
        total_variation_of_maps,
        centre_of_mass_shift,
    ):
        assert measure(a * factor, b) == pytest.approx(measure(a, b), abs=1e-9)
    assert map_entropy(a * factor) == pytest.approx(map_entropy(a), abs=1e-9)


def test_centre_of_mass_moves_along_the_diagonal():
    near, far = np.zeros((4, 7)), np.zeros((4, 7))
    near[0, 0] = far[-1, -1] = -2.0
    assert centre_of_mass_shift(near, far) == pytest.approx(1)
    middle = near + far
    assert centre_of_mass_shift(near, middle) == pytest.approx(0.5)


def test_entropy_of_a_point_and_of_a_flat_map():
    point = np.zeros((5, 5))
    point[2, 3] = -4.0
    assert map_entropy(point) == 0
    assert map_entropy(np.full((5, 5), 0.3)) == pytest.approx(math.log(25))


def test_channels_are_summed_as_magnitudes():
    a = np.array([[[1.0, -2.0]], [[-3.0, 0.5]]])
    assert magnitude(a).tolist() == [[4.0, 2.5]]
    assert magnitude(a[0]).tolist() == [[1.0, 2.0]]


def test_unit_scale_clips_at_the_99th_percentile():
    a = np.arange(1000, dtype=float).reshape(20, 50) - 500
    scaled = unit_scaled(a)
    assert scaled.max() == 1
    assert scaled.min() == 0
    assert 0.005 <= (scaled == 1).mean() <= 0.015
    sparse = np.zeros((20, 50))
    sparse[0, 0] = 1.0
    with pytest.raises(Undefined, match="almost everywhere"):
        unit_scaled(sparse)


@pytest.mark.parametrize("measure", [*ALL, total_variation_of_maps, centre_of_mass_shift])
def test_a_map_of_zeros_is_undefined_and_not_dissimilar(measure):
    with pytest.raises(Undefined, match="zero everywhere"):
        measure(np.zeros((3, 3)), np.ones((3, 3)))
    with pytest.raises(Undefined, match="zero everywhere"):
        measure(np.ones((3, 3)), np.zeros((3, 3)))
    with pytest.raises(Undefined, match="NaN"):
        measure(np.full((3, 3), np.nan), np.ones((3, 3)))
    with pytest.raises(ValueError, match="different shapes"):
        measure(np.ones((3, 3)), np.ones((3, 2)))


@pytest.mark.parametrize("measure", [spearman, pearson, top_k_iou])
def test_a_constant_map_has_no_ranking(measure):
    with pytest.raises(Undefined, match="constant"):
        measure(np.full((3, 3), 0.1), A.repeat(3)[:9].reshape(3, 3))


def test_one_pixel_cannot_move():
    with pytest.raises(Undefined, match="one pixel"):
        centre_of_mass_shift([[1.0]], [[2.0]])
    with pytest.raises(Undefined, match="zero everywhere"):
        map_entropy(np.zeros(4))


@given(map_pairs(), st.randoms(use_true_random=False))
def test_mass_inside_and_outside_a_mask_is_all(maps, random):
    a, _ = maps
    mask = np.array([random.random() < 0.5 for _ in range(a.size)]).reshape(a.shape)
    mask[0, 0], mask[-1, -1] = True, False
    inside = mass_inside(a, mask)
    assert inside == pytest.approx(np.abs(a)[mask].sum() / np.abs(a).sum())
    assert inside + mass_inside(a, ~mask) == pytest.approx(1)
    assert mass_inside(a, np.ones(a.shape, dtype=bool)) == pytest.approx(1)


def test_masks_are_checked():
    with pytest.raises(Undefined, match="mask is empty"):
        mass_inside(A, np.zeros((2, 2), dtype=bool))
    with pytest.raises(Undefined, match="zero everywhere"):
        mass_inside(np.zeros((2, 2)), np.ones((2, 2), dtype=bool))
    with pytest.raises(ValueError, match="true or false"):
        mass_inside(A, np.ones((2, 2)))
    with pytest.raises(ValueError, match="different shapes"):
        mass_inside(A, np.ones((2, 3), dtype=bool))


# few distinct values, so that ties are common
changes = st.lists(st.integers(-4, 4).map(lambda x: x / 4), min_size=30, max_size=60)


@given(changes, changes)
def test_comparison_with_controls_matches_scipy(forget, control):
    result = change_against_controls(forget, control)
    assert (result.forget.n, result.control.n) == (len(forget), len(control))
    assert result.forget.median == pytest.approx(np.median(forget))
    iqr = result.control.high - result.control.low
    assert iqr == pytest.approx(scipy.stats.iqr(control))
    pairs = np.subtract.outer(forget, control)
    assert result.share_above == pytest.approx((pairs > 0).mean() + (pairs == 0).mean() / 2)
    if np.ptp(forget + control) > 0:
        expected = scipy.stats.mannwhitneyu(forget, control, method="asymptotic")
        assert result.p_value == pytest.approx(expected.pvalue)


def test_controls_that_change_alike_give_no_evidence():
    assert change_against_controls([0.5] * 30, [0.5] * 30).p_value == 1
    generator = np.random.default_rng(4)
    alike = generator.normal(size=(200, 2, 50))
    found = [change_against_controls(a, b).p_value < 0.05 for a, b in alike]
    # 5 % of 200 has a standard error of 1.5 points
    assert np.mean(found) < 0.1
    lower = change_against_controls(generator.normal(size=100) - 2, generator.normal(size=100))
    assert lower.p_value < 1e-6
    assert lower.share_above < 0.15


def test_few_maps_are_not_compared():
    with pytest.raises(Undefined, match="there are 29 and 30"):
        change_against_controls([0.5] * 29, [0.5] * 30)
    with pytest.raises(Undefined, match="no values"):
        quartiles([])
