from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from workbench.metrics import Undefined, bootstrap
from workbench.metrics.bootstrap import (
    bca_bootstrap,
    cluster_bootstrap,
    hierarchical_bootstrap,
    jackknife_acceleration,
    percentile_bootstrap,
    poisson_bootstrap,
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
    for method in (percentile_bootstrap, bca_bootstrap):
        interval = method([0.1] * 7, resamples=200)
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


def models(seed=0, seeds=6, runs=4, rows=40, between=1.0, within=0.3, noise=1.0):
    """Values (training seeds, unlearning seeds, rows) with an effect of each level."""
    generator = np.random.default_rng(seed)
    effects = between * generator.normal(size=(seeds, 1, 1))
    effects = effects + within * generator.normal(size=(seeds, runs, 1))
    return effects + noise * generator.normal(size=rows)


def width(interval):
    return interval.high - interval.low


def test_hierarchical_interval_matches_plain_loops():
    values = models(3)
    generator = np.random.default_rng(11)
    means = []
    for _ in range(4000):
        rows = generator.integers(0, 40, 40)
        drawn = [
            values[i, generator.integers(0, 4, 4)][:, rows] for i in generator.integers(0, 6, 6)
        ]
        means.append(np.mean(drawn))
    interval = hierarchical_bootstrap(values)
    assert (interval.low, interval.high) == pytest.approx(
        np.quantile(means, [0.025, 0.975]), abs=0.06
    )
    assert interval.method == "hierarchical-bootstrap B=10000 PCG64 seed=0"


def test_seeds_and_people_widen_the_interval():
    values = models()
    naive = percentile_bootstrap(values.ravel(), resamples=2000)
    honest = hierarchical_bootstrap(values, resamples=2000)
    assert width(honest) > 3 * width(naive)
    assert honest.low < values.mean() < honest.high
    people = np.repeat(np.arange(8), 5)
    shared = models(between=0.01, within=0.01)
    shared = shared + 2 * np.random.default_rng(2).normal(size=8)[people]
    assert width(hierarchical_bootstrap(shared, people)) > 1.5 * width(
        hierarchical_bootstrap(shared)
    )


def test_rows_shared_by_all_models_do_not_average_out():
    same = np.broadcast_to(np.random.default_rng(1).normal(size=60), (5, 3, 60))
    rows_only = percentile_bootstrap(same[0, 0])
    assert width(hierarchical_bootstrap(same)) == pytest.approx(width(rows_only), rel=0.05)


def test_one_value_per_model_resamples_the_seeds():
    values = models(rows=1, within=0.0)
    seeds_only = percentile_bootstrap(values[:, 0, 0])
    interval = hierarchical_bootstrap(values)
    assert (interval.low, interval.high) == pytest.approx(
        (seeds_only.low, seeds_only.high), abs=0.05
    )


def test_hierarchical_intervals_cover_the_mean():
    covered = 0
    for seed in range(200):
        values = models(seed, seeds=20, runs=2, rows=20)
        interval = hierarchical_bootstrap(values, resamples=400, seed=seed)
        covered += interval.low <= 0 <= interval.high
    # percentile intervals over 20 units cover a little less than they say
    assert 0.88 <= covered / 200 <= 0.98


def test_four_seeds_have_no_interval():
    with pytest.raises(Undefined, match="there are 4"):
        hierarchical_bootstrap(models(seeds=4))
    with pytest.raises(ValueError, match="training seeds"):
        hierarchical_bootstrap(np.ones((6, 40)))
    with pytest.raises(ValueError, match="do not match"):
        hierarchical_bootstrap(models(), np.arange(39))
    values = models()
    values[2, 1, 7] = np.nan
    with pytest.raises(Undefined, match="row 2"):
        hierarchical_bootstrap(values)


def test_hierarchical_interval_repeats_with_its_seed():
    values = models()
    first = hierarchical_bootstrap(values, resamples=300, seed=5)
    assert first == hierarchical_bootstrap(values, resamples=300, seed=5)
    assert first != hierarchical_bootstrap(values, resamples=300, seed=6)


def test_a_stream_gives_the_interval_of_its_values_however_it_is_cut():
    values = np.random.default_rng(5).exponential(size=3000)
    interval = poisson_bootstrap([values])
    chunks = [values[:1], values[1:1700], values[1700:]]
    streamed = poisson_bootstrap(iter(chunks))
    assert (streamed.low, streamed.high) == pytest.approx((interval.low, interval.high))
    plain = percentile_bootstrap(values, resamples=2000)
    assert (interval.low, interval.high) == pytest.approx((plain.low, plain.high), abs=0.01)
    for too_few in ([], [[1.0]]):
        with pytest.raises(Undefined, match="too few"):
            poisson_bootstrap(too_few)


def test_the_draws_of_a_seed_do_not_depend_on_how_many_are_held_at_once(monkeypatch):
    values, clusters = np.random.default_rng(3).normal(size=301), np.arange(301) // 3

    def intervals():
        return [
            percentile_bootstrap(values, resamples=60, seed=5),
            cluster_bootstrap(values, clusters, resamples=60, seed=5),
        ]

    before = intervals()
    monkeypatch.setattr(bootstrap, "_IN_CACHE", 700)
    assert intervals() == before
