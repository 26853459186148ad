from __future__ import annotations

import math

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import norm

from workbench.metrics import Undefined
from workbench.metrics.membership import (
    advantage,
    auc,
    delong_interval,
    delong_variance,
    paired_delong,
    roc_curve,
    tpr_at_fpr,
)

MEMBERS = [0.9, 0.8, 0.7, 0.55, 0.4]
NON_MEMBERS = [0.6, 0.5, 0.4, 0.3, 0.2, 0.1]
# few distinct values, so that ties within and across the sides are common
tied_scores = st.lists(st.integers(-4, 4).map(float), min_size=2, max_size=25)


def wins(members, non_members):
    """psi of every pair by comparison, (m, n)."""
    x, y = np.array(members)[:, None], np.array(non_members)[None]
    return (x > y) + 0.5 * (x == y)


def test_known_auc_variance_and_interval():
    area, interval = delong_interval(MEMBERS, NON_MEMBERS)
    assert auc(MEMBERS, NON_MEMBERS) == area == pytest.approx(0.8833333333)
    variance = delong_variance(MEMBERS, NON_MEMBERS)
    assert variance == pytest.approx(0.0109444444)
    raw = norm.ppf(0.975) * math.sqrt(variance)
    assert (area - raw, area + raw) == pytest.approx((0.6783, 1.0884), abs=1e-4)
    assert (interval.low, interval.high) == pytest.approx((0.5086857, 0.9822597), abs=1e-6)


def test_known_tpr_at_fpr_and_advantage():
    assert tpr_at_fpr(MEMBERS, NON_MEMBERS, 0.0).tpr == pytest.approx(0.6)
    at_sixth = tpr_at_fpr(MEMBERS, NON_MEMBERS, 1 / 6)
    assert (at_sixth.tpr, at_sixth.threshold, at_sixth.k) == (pytest.approx(0.8), 0.5, 4)
    assert at_sixth.fpr == pytest.approx(1 / 6)
    assert advantage(MEMBERS, NON_MEMBERS) == pytest.approx(0.6333333333)


@given(tied_scores, tied_scores)
def test_auc_and_its_variance_match_all_pairs(members, non_members):
    psi = wins(members, non_members)
    by_member, by_non_member = psi.mean(axis=1), psi.mean(axis=0)
    expected = by_member.var(ddof=1) / len(members) + by_non_member.var(ddof=1) / len(non_members)
    assert auc(members, non_members) == pytest.approx(psi.mean())
    assert delong_variance(members, non_members) == pytest.approx(expected, abs=1e-15)


@given(tied_scores, tied_scores)
def test_auc_matches_scikit_learn(members, non_members):
    truth = [1] * len(members) + [0] * len(non_members)
    assert auc(members, non_members) == pytest.approx(
        sklearn.metrics.roc_auc_score(truth, members + non_members)
    )


@given(tied_scores, tied_scores)
def test_auc_turns_over_with_the_sign_and_with_the_sides(members, non_members):
    area = auc(members, non_members)
    assert auc(-np.array(members), -np.array(non_members)) == pytest.approx(1 - area)
    assert auc(non_members, members) == pytest.approx(1 - area)


@given(tied_scores, tied_scores)
def test_monotone_transforms_change_nothing(members, non_members):
    stretched = [np.exp(3 * np.array(side) + 1) for side in (members, non_members)]
    assert auc(*stretched) == auc(members, non_members)
    for rate in (0.0, 0.1, 0.5, 1.0):
        assert tpr_at_fpr(*stretched, rate).tpr == tpr_at_fpr(members, non_members, rate).tpr


@given(tied_scores, tied_scores)
def test_intervals_contain_the_auc_and_stay_in_range(members, non_members):
    area, interval = delong_interval(members, non_members)
    assert 0 <= interval.low <= area <= interval.high <= 1
    assert interval.high > interval.low


def test_perfect_separation_has_an_exact_interval():
    k = 20
    area, interval = delong_interval(np.arange(k) + 100.0, np.arange(50.0))
    assert area == 1
    assert interval.method == "clopper-pearson-pairs"
    assert (interval.low, interval.high) == (pytest.approx(0.025 ** (1 / k)), 1.0)
    area, mirrored = delong_interval(np.arange(50.0), np.arange(k) + 100.0)
    assert area == 0
    assert (mirrored.low, mirrored.high) == (0.0, pytest.approx(1 - interval.low))


def test_a_constant_score_is_not_certain_to_be_chance():
    area, interval = delong_interval(np.ones(20), np.ones(30))
    assert area == 0.5
    broken = 1 - 0.025 ** (1 / 20)
    assert (interval.low, interval.high) == pytest.approx((0.5 - broken / 2, 0.5 + broken / 2))


def test_the_fallback_covers_where_separation_is_nearly_perfect():
    generator = np.random.default_rng(11)
    shift, covered, repeats = 2.5, 0, 600
    truth = norm.cdf(shift / math.sqrt(2))
    exact = 0
    for _ in range(repeats):
        members, non_members = generator.normal(size=(2, 12))
        _, interval = delong_interval(members + shift, non_members)
        exact += interval.method == "clopper-pearson-pairs"
        covered += interval.low <= truth <= interval.high
    assert exact > 50
    assert covered / repeats >= 0.93


def test_gaussian_scores_reach_their_theoretical_figures():
    generator = np.random.default_rng(0)
    n = 20_000
    members, non_members = generator.normal(1, 1, n), generator.normal(0, 1, n)
    truth = norm.cdf(1 / math.sqrt(2))
    assert truth == pytest.approx(0.7602499, abs=1e-7)
    error = math.sqrt(delong_variance(members, non_members))
    assert abs(auc(members, non_members) - truth) < 4 * error
    for rate, expected in ((0.1, 0.3891437), (0.01, 0.0923622), (0.001, 0.0182985)):
        density_ratio = norm.pdf(norm.isf(rate) - 1) / norm.pdf(norm.isf(rate))
        spread = math.sqrt(expected * (1 - expected) / n + density_ratio**2 * rate / n)
        assert abs(tpr_at_fpr(members, non_members, rate).tpr - expected) < 4 * spread
    assert advantage(members, non_members) == pytest.approx(0.3829249, abs=0.02)


def test_intervals_cover_at_their_level_without_a_gap_and_with_one():
    generator = np.random.default_rng(5)
    for shift in (0.0, 1.0):
        truth, covered, repeats = norm.cdf(shift / math.sqrt(2)), 0, 500
        for _ in range(repeats):
            members = generator.normal(shift, 1, 60)
            _, interval = delong_interval(members, generator.normal(0, 1, 80))
            covered += interval.low <= truth <= interval.high
        assert 0.92 <= covered / repeats <= 0.98


@given(tied_scores, tied_scores, st.randoms(use_true_random=False))
def test_paired_test_matches_variances_and_covariance(members, non_members, random):
    other_x = [value + random.randint(-2, 2) for value in members]
    other_y = [value + random.randint(-2, 2) for value in non_members]
    a, b = wins(members, non_members), wins(other_x, other_y)
    spread = sum(
        np.cov(a.mean(axis=axis), b.mean(axis=axis)) / a.shape[1 - axis] for axis in (0, 1)
    )
    expected = spread[0, 0] + spread[1, 1] - 2 * spread[0, 1]
    difference = a.mean() - b.mean()
    assume(expected > 1e-12)
    result = paired_delong(members, non_members, other_x, other_y)
    assert result.difference == pytest.approx(difference, abs=1e-12)
    assert result.standard_error == pytest.approx(math.sqrt(expected))
    assert result.p_value == pytest.approx(2 * norm.sf(abs(difference) / math.sqrt(expected)))
    assert result.interval.low <= result.difference <= result.interval.high


def test_paired_test_of_the_same_scores_finds_nothing():
    result = paired_delong(MEMBERS, NON_MEMBERS, MEMBERS, NON_MEMBERS)
    assert (result.difference, result.p_value) == (0.0, 1.0)


def test_paired_test_has_power_for_a_better_attack():
    generator = np.random.default_rng(2)
    members, non_members = generator.normal(1, 1, 300), generator.normal(0, 1, 300)
    noise_x, noise_y = generator.normal(0, 2, (2, 300))
    result = paired_delong(members, non_members, members + noise_x, non_members + noise_y)
    assert result.difference > 0
    assert result.p_value < 1e-4


def test_paired_test_of_opposite_perfect_attacks_is_undefined():
    with pytest.raises(Undefined, match="no variance"):
        paired_delong([2.0, 3.0], [0.0, 1.0], [0.0, 1.0], [2.0, 3.0])


@given(tied_scores, tied_scores)
def test_roc_matches_counting_above_each_threshold(members, non_members):
    fpr, tpr, thresholds = roc_curve(members, non_members)
    assert (fpr[0], tpr[0], fpr[-1], tpr[-1]) == (0, 0, 1, 1)
    assert thresholds[-1] == -math.inf
    for f, t, threshold in zip(fpr, tpr, thresholds, strict=True):
        assert f == np.mean(np.array(non_members) > threshold)
        assert t == np.mean(np.array(members) > threshold)
    assert sklearn.metrics.auc(fpr, tpr) == pytest.approx(auc(members, non_members))
    assert advantage(members, non_members) == max(tpr - fpr)


@given(tied_scores, tied_scores, st.sampled_from([0.0, 0.01, 0.1, 0.2, 1 / 3, 0.5, 0.9, 1.0]))
def test_tpr_at_fpr_is_the_best_allowed_threshold(members, non_members, rate):
    result = tpr_at_fpr(members, non_members, rate)
    fpr, tpr, _ = roc_curve(members, non_members)
    assert result.tpr == tpr[fpr <= rate].max()
    assert result.fpr <= rate
    assert result.fpr == np.mean(np.array(non_members) > result.threshold)
    assert result.k == np.sum(np.array(members) > result.threshold)
    assert result.interval.low <= result.tpr <= result.interval.high


@pytest.mark.parametrize(("rate", "n", "false"), [(0.29, 100, 29), (0.1, 30, 3), (0.07, 100, 7)])
def test_rates_that_are_not_exact_binary_fractions_are_met_exactly(rate, n, false):
    result = tpr_at_fpr([1000.0], np.arange(n), rate)
    assert result.fpr * n == pytest.approx(false)


def test_scores_tied_at_the_threshold_do_not_count():
    result = tpr_at_fpr([1.0, 1.0, 2.0], [1.0, 0.0, 0.0, 0.0], 0.0)
    assert (result.tpr, result.threshold) == (pytest.approx(1 / 3), 1.0)
    assert tpr_at_fpr([1.0] * 4, [1.0] * 4, 0.5).tpr == 0


def test_a_score_without_a_gap_is_chance_within_its_interval():
    generator = np.random.default_rng(8)
    members, non_members = generator.exponential(size=(2, 400))
    _, interval = delong_interval(members, non_members)
    assert interval.low < 0.5 < interval.high


@pytest.mark.parametrize("measure", [auc, delong_interval, roc_curve, advantage])
def test_one_sided_or_broken_scores_are_undefined(measure):
    with pytest.raises(Undefined, match="no member scores"):
        measure([], [1.0])
    with pytest.raises(Undefined, match="no non-member scores"):
        measure([1.0], [])
    with pytest.raises(Undefined, match=r"member scores are NaN.* row 1"):
        measure([1.0, np.nan], [1.0, 2.0])


def test_intervals_need_two_rows_a_side():
    with pytest.raises(Undefined, match="two members"):
        delong_interval([1.0], [0.0, 2.0])
    with pytest.raises(ValueError, match="confidence level"):
        delong_interval(MEMBERS, NON_MEMBERS, level=95)
    with pytest.raises(ValueError, match="fpr"):
        tpr_at_fpr(MEMBERS, NON_MEMBERS, 10)
