from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from workbench.metrics import Undefined
from workbench.metrics.bootstrap import (
    bca_bootstrap,
    cluster_bootstrap,
    jackknife_acceleration,
    percentile_bootstrap,
)


def median(samples):
    return np.median(samples, axis=1)


def test_known_acceleration():
    values = [0.1, 0.4, 0.35, 0.8, 0.55]
    assert jackknife_acceleration(values) == pytest.approx(0.0095314475, abs=1e-9)
    assert jackknife_acceleration([2.0, 2.0, 2.0]) == 0


@pytest.mark.parametrize("bootstrap", [percentile_bootstrap, bca_bootstrap])
def test_intervals_cover_the_mean(bootstrap):
    generator = np.random.default_rng(21)
    covered, repeats = 0, 600
    for seed in range(repeats):
        interval = bootstrap(generator.normal(size=50), resamples=600, seed=seed)
        covered += interval.low <= 0 <= interval.high
    # 95 % of 600 has a standard error of 0.9 points
    assert 0.92 <= covered / repeats <= 0.98


@pytest.mark.parametrize(
    ("bootstrap", "method"), [(percentile_bootstrap, "percentile"), (bca_bootstrap, "BCa")]
)
def test_intervals_match_scipy(bootstrap, method):
    values = np.random.default_rng(9).exponential(size=40)
    expected = scipy.stats.bootstrap(
        (values,), np.mean, n_resamples=20_000, method=method, rng=np.random.default_rng(1)
    ).confidence_interval
    interval = bootstrap(values, resamples=20_000)
    assert (interval.low, interval.high) == pytest.approx(tuple(expected), abs=0.015)


def test_bca_follows_the_skew_that_percentile_ignores():
    values = np.random.default_rng(9).lognormal(sigma=1.5, size=40)
    assert bca_bootstrap(values).high > percentile_bootstrap(values).high


def test_any_statistic_of_rows_may_be_given():
    rows = np.random.default_rng(2).normal(size=(60, 2))
    interval = percentile_bootstrap(rows, lambda s: median(s[..., 0] - s[..., 1]), resamples=500)
    assert interval.low < np.median(rows[:, 0] - rows[:, 1]) < interval.high


def test_intervals_repeat_with_their_seed_and_name_it():
    values = np.random.default_rng(2).normal(size=30)
    first = percentile_bootstrap(values, resamples=300, seed=5)
    assert first == percentile_bootstrap(values, resamples=300, seed=5)
    assert first != percentile_bootstrap(values, resamples=300, seed=6)
    assert first.method == "percentile-bootstrap B=300 PCG64 seed=5"


def test_clustered_rows_widen_the_interval():
    generator = np.random.default_rng(4)
    clusters = np.repeat(np.arange(30), 10)
    values = generator.normal(size=30)[clusters] + 0.1 * generator.normal(size=300)
    naive, honest = percentile_bootstrap(values), cluster_bootstrap(values, clusters)
    assert honest.high - honest.low > 2 * (naive.high - naive.low)
    assert honest.low < values.mean() < honest.high


def test_clusters_of_one_row_are_plain_resampling():
    values = np.random.default_rng(4).normal(size=50)
    honest = cluster_bootstrap(values, [f"person {i}" for i in range(50)], seed=1)
    plain = percentile_bootstrap(values, seed=2)
    assert (honest.low, honest.high) == pytest.approx((plain.low, plain.high), abs=0.02)


def test_clusters_of_unequal_size_weigh_by_their_rows():
    clusters = np.repeat(np.arange(12), [1, 1, 2, 2, 3, 4, 5, 7, 9, 12, 20, 40])
    values = np.random.default_rng(3).normal(size=12)[clusters]
    generator = np.random.default_rng(8)
    means = []
    for _ in range(4000):
        drawn = generator.integers(0, 12, 12)
        means.append(np.concatenate([values[clusters == c] for c in drawn]).mean())
    interval = cluster_bootstrap(values, clusters)
    assert (interval.low, interval.high) == pytest.approx(
        np.quantile(means, [0.025, 0.975]), abs=0.06
    )


def test_equal_values_have_an_interval_of_no_width():
    for bootstrap in (percentile_bootstrap, bca_bootstrap):
        interval = bootstrap([0.1] * 7, resamples=200)
        assert interval.low == pytest.approx(0.1)
        assert interval.high == pytest.approx(0.1)


def test_undefined_inputs():
    for undefined in (
        lambda: percentile_bootstrap([]),
        lambda: percentile_bootstrap([1.0]),
        lambda: bca_bootstrap([1.0, np.nan]),
        lambda: cluster_bootstrap([1.0, 2.0], [7, 7]),
        lambda: percentile_bootstrap([1.0, 2.0], lambda s: s.mean(axis=1) * np.nan),
    ):
        with pytest.raises(Undefined):
            undefined()
    with pytest.raises(Undefined, match="one side"):
        bca_bootstrap([1.0, 2.0, 3.0], lambda s: np.full(len(s), 9.0) * (s.shape[0] > 1))
    with pytest.raises(ValueError, match="do not match"):
        cluster_bootstrap([1.0, 2.0], [7])
