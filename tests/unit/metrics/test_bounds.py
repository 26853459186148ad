from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import beta, binom, norm

from workbench.metrics import Undefined
from workbench.metrics.bounds import (
    dataset_usage,
    dataset_usage_interval,
    distribution_band,
    dkw_half_width,
    epsilon_lower_bound,
    gaussian_epsilon,
    gaussian_mu_lower_bound,
    largest_certifiable_epsilon,
    negatives_needed,
    order_statistic_rank,
    undetected_tpr_limit,
)
from workbench.metrics.statistics import clopper_pearson, clopper_pearson_upper


@pytest.mark.parametrize(
    ("fpr", "needed"), [(0.1, 29), (0.01, 299), (0.001, 2995), (0.0001, 29956)]
)
def test_known_negatives_needed(fpr, needed):
    assert negatives_needed(fpr) == needed
    assert clopper_pearson_upper(0, needed) <= fpr < clopper_pearson_upper(0, needed - 1)


@pytest.mark.parametrize(
    ("n", "upper"),
    [(30, 0.0950338529), (100, 0.0295130496), (300, 0.0099360819), (1000, 0.0029912495)],
)
def test_known_upper_limit_without_a_detection(n, upper):
    assert undetected_tpr_limit(n) == pytest.approx(upper, abs=1e-9)


@pytest.mark.parametrize(
    ("n", "fpr", "rank"),
    [
        (500, 0.1, 39),
        (500, 0.01, 2),
        (1000, 0.01, 5),
        (5000, 0.01, 39),
        (10_000, 0.01, 84),
        (10_000, 0.001, 5),
        (2995, 0.001, 1),
        (299, 0.01, 1),
    ],
)
def test_known_order_statistic_ranks(n, fpr, rank):
    assert order_statistic_rank(n, fpr) == rank


@given(st.integers(1, 400), st.floats(0.005, 0.6), st.floats(0.5, 0.99))
def test_rank_is_the_largest_that_certifies(n, fpr, level):
    ranks = np.arange(1, n + 1)
    limits = beta.ppf(level, ranks, n + 1 - ranks)
    assume(np.abs(limits - fpr).min() > 1e-9)
    certified = ranks[limits <= fpr]
    if not certified.size:
        with pytest.raises(Undefined, match="cannot certify"):
            order_statistic_rank(n, fpr, level)
    else:
        assert order_statistic_rank(n, fpr, level) == max(certified)


def test_a_rate_met_exactly_is_certified():
    assert order_statistic_rank(1, 0.5, 0.5) == negatives_needed(0.5, 0.5) == 1
    assert order_statistic_rank(3, 0.5, 0.5) == 2


def test_too_few_non_members_name_the_number_needed():
    with pytest.raises(Undefined, match="299 are needed"):
        order_statistic_rank(298, 0.01)
    with pytest.raises(Undefined, match="0 non-members"):
        order_statistic_rank(0, 0.01)


def test_certified_threshold_keeps_its_false_positive_rate():
    generator = np.random.default_rng(1)
    n, fpr, repeats = 500, 0.1, 2000
    rank = order_statistic_rank(n, fpr)
    scores = np.sort(generator.random((repeats, n)), axis=1)
    true_rates = 1 - scores[:, -rank]
    kept = (true_rates <= fpr).mean()
    exact = beta.cdf(fpr, rank, n + 1 - rank)
    assert exact >= 0.95
    assert kept == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / repeats))


@pytest.mark.parametrize("p", [0.01, 0.1, 0.5])
def test_exact_interval_covers_by_enumeration(p):
    n = 50
    covered = covered_one_sided = 0.0
    for k in range(n + 1):
        interval = clopper_pearson(k, n)
        covered += binom.pmf(k, n, p) * (interval.low <= p <= interval.high)
        covered_one_sided += binom.pmf(k, n, p) * (p <= clopper_pearson_upper(k, n))
    assert covered >= 0.95
    assert covered_one_sided >= 0.95


def test_known_dkw_half_width():
    assert dkw_half_width(1000) == pytest.approx(0.0429469408, abs=1e-9)
    with pytest.raises(Undefined):
        dkw_half_width(0)


def test_known_epsilon_lower_bounds():
    assert clopper_pearson_upper(1, 1000, 0.975) == pytest.approx(0.0055589243, abs=1e-9)
    assert clopper_pearson_upper(900, 1000, 0.975) == pytest.approx(0.9178946656, abs=1e-9)
    assert epsilon_lower_bound(100, 1000, 1, 1000) == pytest.approx(2.6924765714, abs=1e-8)
    assert epsilon_lower_bound(500, 1000, 500, 1000) == 0


@pytest.mark.parametrize(
    ("n", "ceiling"), [(100, 3.28), (1000, 5.60), (10**4, 7.90), (10**5, 10.21)]
)
def test_even_a_perfect_attack_certifies_no_more(n, ceiling):
    assert largest_certifiable_epsilon(n, n) == pytest.approx(ceiling, abs=0.006)
    assert largest_certifiable_epsilon(n, 10 * n) >= largest_certifiable_epsilon(n, n)


@given(st.integers(0, 99), st.integers(1, 100), st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99]))
def test_epsilon_bound_moves_the_right_way(tp, fp, level):
    here = epsilon_lower_bound(tp, 100, fp, 100, level=level)
    assert here >= 0
    assert epsilon_lower_bound(tp + 1, 100, fp, 100, level=level) >= here
    assert epsilon_lower_bound(tp, 100, fp - 1, 100, level=level) >= here
    assert epsilon_lower_bound(tp, 100, fp, 100, level=(1 + level) / 2) <= here


@pytest.mark.parametrize("epsilon", [0.5, 1.0, 3.0])
def test_epsilon_bound_holds_for_randomised_response(epsilon):
    generator = np.random.default_rng(4)
    n, repeats = 500, 500
    truthful = math.exp(epsilon) / (1 + math.exp(epsilon))
    bounds = [
        epsilon_lower_bound(tp, n, fp, n, delta=0.0)
        for tp, fp in zip(
            generator.binomial(n, truthful, repeats),
            generator.binomial(n, 1 - truthful, repeats),
            strict=True,
        )
    ]
    assert np.mean(np.array(bounds) > epsilon) <= 0.05
    assert np.mean(bounds) > epsilon / 3


def test_dataset_usage():
    assert dataset_usage(0.35, 0.6, 0.1) == pytest.approx(0.5)
    assert dataset_usage(0.05, 0.6, 0.1) == 0
    assert dataset_usage(0.9, 0.6, 0.1) == 1
    with pytest.raises(Undefined, match="hardly separates"):
        dataset_usage(0.35, 0.12, 0.1)


@pytest.mark.parametrize("fpr", [0.0, 1.0, 10.0])
def test_rates_that_nothing_can_certify_are_refused(fpr):
    with pytest.raises(ValueError, match="false positive rate"):
        negatives_needed(fpr)


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=40))
def test_band_surrounds_the_share_at_or_below_each_point(values):
    band = distribution_band(values)
    assert band.points.tolist() == sorted(set(values))
    assert band.share == pytest.approx([np.mean(np.array(values) <= x) for x in band.points])
    half = dkw_half_width(len(values))
    assert band.low == pytest.approx(np.clip(band.share - half, 0, 1))
    assert band.high == pytest.approx(np.clip(band.share + half, 0, 1))


def test_no_values_have_no_band():
    with pytest.raises(Undefined, match="no values"):
        distribution_band([])


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 1.0])
def test_usage_intervals_cover(share):
    generator = np.random.default_rng(5)
    n, shadows, tpr, fpr, repeats = 100, 1000, 0.6, 0.1, 1000
    covered = 0
    for _ in range(repeats):
        interval = dataset_usage_interval(
            (generator.binomial(n, fpr + share * (tpr - fpr)), n),
            (generator.binomial(shadows, tpr), shadows),
            (generator.binomial(shadows, fpr), shadows),
        )
        assert 0 <= interval.low <= interval.high <= 1
        covered += interval.low <= share <= interval.high
    # cutting to 0..1 gives the ends of the range away for free
    assert 0.93 <= covered / repeats <= (0.97 if 0 < share < 1 else 0.995)


def test_usage_interval_is_honest_at_the_edges():
    nothing = dataset_usage_interval((0, 50), (200, 200), (0, 200))
    assert nothing.low == 0
    assert nothing.high > 0.02
    assert dataset_usage_interval((50, 50), (200, 200), (0, 200)).low < 0.98
    with pytest.raises(Undefined, match="hardly separates"):
        dataset_usage_interval((10, 50), (30, 200), (25, 200))
    with pytest.raises(Undefined, match="no rows"):
        dataset_usage_interval((0, 0), (30, 200), (5, 200))
    with pytest.raises(ValueError, match="not a proportion"):
        dataset_usage_interval((51, 50), (30, 200), (5, 200))


@given(st.integers(0, 99), st.integers(1, 100))
def test_gaussian_bound_moves_the_right_way(tp, fp):
    here = gaussian_mu_lower_bound(tp, 100, fp, 100)
    assert here >= 0
    assert gaussian_mu_lower_bound(tp + 1, 100, fp, 100) >= here
    assert gaussian_mu_lower_bound(tp, 100, fp - 1, 100) >= here
    assert gaussian_mu_lower_bound(tp, 100, fp, 100, level=0.99) <= here


@pytest.mark.parametrize("mu", [0.5, 1.0, 3.0])
def test_gaussian_bound_holds_for_a_gaussian_mechanism(mu):
    generator = np.random.default_rng(6)
    n, repeats = 1000, 500
    rates = norm.sf(np.array([mu / 2 - mu, mu / 2]))
    bounds = np.array(
        [
            gaussian_mu_lower_bound(tp, n, fp, n)
            for tp, fp in generator.binomial(n, rates, (repeats, 2))
        ]
    )
    assert np.mean(bounds > mu) <= 0.05
    assert bounds.mean() > 0.6 * mu


@given(st.floats(0.05, 8), st.floats(1e-9, 0.3))
def test_gaussian_epsilon_solves_its_equation(mu, delta):
    epsilon = gaussian_epsilon(mu, delta)
    reached = norm.cdf(mu / 2 - epsilon / mu) - math.exp(epsilon) * norm.cdf(-mu / 2 - epsilon / mu)
    if epsilon > 0:
        assert reached == pytest.approx(delta, rel=1e-5)
    else:
        assert reached <= delta
    assert gaussian_epsilon(1.1 * mu, delta) >= epsilon


def test_gaussian_assumption_tightens_the_bound():
    counts = (900, 1000, 10, 1000)
    assert gaussian_epsilon(gaussian_mu_lower_bound(*counts)) > 2 * epsilon_lower_bound(*counts)
    assert gaussian_mu_lower_bound(500, 1000, 500, 1000) == gaussian_epsilon(0.0) == 0
    assert gaussian_mu_lower_bound(0, 10, 10, 10) == 0
    for mu, delta in ((1.0, 0.0), (-1.0, 1e-5), (math.inf, 1e-5)):
        with pytest.raises(ValueError, match=r"delta lies|mu is"):
            gaussian_epsilon(mu, delta)
