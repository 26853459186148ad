"""How often intervals hold what they should, over thousands of draws from known laws.

A share of REPEATS draws has a standard error; bands are four of them wide, so that a right
interval fails about once in ten thousand runs, plus what the method itself is known to miss.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom, norm

from workbench.metrics.bootstrap import (
    bca_bootstrap,
    cluster_bootstrap,
    hierarchical_bootstrap,
    percentile_bootstrap,
)
from workbench.metrics.bounds import order_statistic_rank
from workbench.metrics.calibration import (
    calibration_error_interval,
    expected_calibration_error,
)
from workbench.metrics.claims import certified_tpr
from workbench.metrics.equivalence import tost
from workbench.metrics.membership import delong_interval
from workbench.metrics.statistics import clopper_pearson, wilson

pytestmark = pytest.mark.long

REPEATS = 2000


def margin(share, repeats=REPEATS):
    """Four standard errors of a share of `repeats` draws."""
    return 4 * math.sqrt(share * (1 - share) / repeats)


@pytest.fixture
def tell(capsys):
    """Say a figure, also where output is captured."""

    def say(what, share, repeats=REPEATS):
        with capsys.disabled():
            print(f"\n  {what}: {share:.4f} of {repeats}", end="")  # noqa: T201

    return say


@pytest.mark.parametrize("p", [0.01, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("n", [50, 1000])
def test_intervals_of_a_proportion(p, n, tell):
    repeats = 20_000
    drawn = np.random.default_rng(1).binomial(n, p, repeats)
    for interval_of in (wilson, clopper_pearson):
        intervals = [interval_of(k, n) for k in range(n + 1)]
        holds = np.array([one.low <= p <= one.high for one in intervals])
        covered, exact = holds[drawn].mean(), holds @ binom.pmf(np.arange(n + 1), n, p)
        tell(f"{interval_of.__name__}, n={n}, p={p}", covered, repeats)
        assert covered == pytest.approx(exact, abs=margin(exact, repeats) + 1e-12)
        # Wilson misses most where less than one success is expected
        lowest = 0.95 if interval_of is clopper_pearson else 0.93 if n * p >= 1 else 0.90
        assert covered >= lowest - margin(lowest, repeats)


def test_wilson_is_right_on_average_and_clopper_pearson_always():
    n, shares = 50, np.linspace(0.005, 0.995, 199)
    law = binom.pmf(np.arange(n + 1)[:, None], n, shares)
    covered = []
    for interval_of in (wilson, clopper_pearson):
        intervals = [interval_of(k, n) for k in range(n + 1)]
        low, high = np.array([(one.low, one.high) for one in intervals]).T
        covered.append((law * ((low[:, None] <= shares) & (shares <= high[:, None]))).sum(axis=0))
    assert covered[0].mean() == pytest.approx(0.95, abs=0.005)
    assert covered[1].min() >= 0.95


@pytest.mark.parametrize("shift", [0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("sizes", [(60, 80), (200, 1000)])
def test_interval_of_the_area_under_the_curve(shift, sizes, tell):
    generator = np.random.default_rng(2)
    truth, covered = norm.cdf(shift / math.sqrt(2)), 0
    for _ in range(REPEATS):
        members, non_members = generator.normal(shift, 1, sizes[0]), generator.normal(size=sizes[1])
        _, interval = delong_interval(members, non_members)
        covered += interval.low <= truth <= interval.high
    tell(f"DeLong on the logit scale, {sizes}, shift {shift}", covered / REPEATS)
    assert covered / REPEATS == pytest.approx(0.95, abs=margin(0.95) + 0.005)


@pytest.mark.parametrize("bootstrap", [percentile_bootstrap, bca_bootstrap])
@pytest.mark.parametrize(("law", "lowest"), [("normal", 0.93), ("exponential", 0.90)])
def test_bootstrap_intervals_of_a_mean(bootstrap, law, lowest, tell):
    """Of 50 values, for which resampling misses a little of 95 %, and more of a skewed law."""
    generator = np.random.default_rng(3)
    truth, covered = float(law == "exponential"), 0
    for seed in range(REPEATS):
        interval = bootstrap(getattr(generator, law)(size=50), resamples=1000, seed=seed)
        covered += interval.low <= truth <= interval.high
    tell(f"{bootstrap.__name__}, {law}", covered / REPEATS)
    assert lowest <= covered / REPEATS <= 0.97


def test_bootstrap_intervals_of_clustered_rows(tell):
    """60 people with 1 to 9 rows each; by rows the interval is far too narrow."""
    generator = np.random.default_rng(4)
    by_cluster = by_row = 0
    for seed in range(REPEATS):
        sizes = generator.integers(1, 10, 60)
        people = np.repeat(np.arange(60), sizes)
        values = generator.normal(size=60)[people] + 0.5 * generator.normal(size=len(people))
        honest = cluster_bootstrap(values, people, resamples=1000, seed=seed)
        naive = percentile_bootstrap(values, resamples=300, seed=seed)
        by_cluster += honest.low <= 0 <= honest.high
        by_row += naive.low <= 0 <= naive.high
    tell("bootstrap of 60 clusters", by_cluster / REPEATS)
    tell("the same by rows", by_row / REPEATS)
    assert 0.95 - 0.02 - margin(0.95) <= by_cluster / REPEATS <= 0.95 + margin(0.95)
    assert by_row / REPEATS < 0.75


def test_hierarchical_bootstrap_of_seeds(tell):
    """20 training seeds with two unlearning seeds each, on 20 rows that all models answer."""
    generator, covered = np.random.default_rng(5), 0
    for seed in range(REPEATS):
        between, within = generator.normal(size=(20, 1, 1)), generator.normal(size=(20, 2, 1))
        values = between + 0.5 * within + 0.5 * generator.normal(size=(20, 2, 20))
        interval = hierarchical_bootstrap(values, resamples=400, seed=seed)
        covered += interval.low <= 0 <= interval.high
    tell("hierarchical bootstrap of 20 seeds", covered / REPEATS)
    assert 0.95 - 0.03 - margin(0.95) <= covered / REPEATS <= 0.95 + margin(0.95)


def overconfident(generator, n):
    """Logits twice as sure as the law that the labels come from."""
    logits = generator.normal(scale=1.5, size=(n, 3))
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    labels = (p.cumsum(axis=1)[:, :-1] < generator.random((n, 1))).sum(axis=1)
    return 2 * logits, labels


def test_bootstrap_interval_of_the_calibration_error(tell):
    """Of 1000 rows of a badly calibrated model, where the upward bias is small."""
    generator = np.random.default_rng(6)
    truth = expected_calibration_error(*overconfident(generator, 2_000_000))
    covered = 0
    for seed in range(REPEATS):
        logits, labels = overconfident(generator, 1000)
        interval = calibration_error_interval(logits, labels, resamples=300, seed=seed)
        covered += interval.low <= truth <= interval.high
    tell(f"bootstrap of the calibration error, truth {truth:.4f}", covered / REPEATS)
    assert 0.95 - 0.03 - margin(0.95) <= covered / REPEATS <= 0.95 + margin(0.95)


@pytest.mark.parametrize(("n", "fpr"), [(500, 0.1), (1000, 0.01), (299, 0.01), (2995, 0.001)])
def test_certified_thresholds(n, fpr, tell):
    rank = order_statistic_rank(n, fpr)
    generator, repeats, kept = np.random.default_rng(7), 4 * REPEATS, 0
    for _ in range(repeats):
        # the true rate above a threshold is 1 - threshold, as scores are uniform
        kept += certified_tpr([0.5], generator.random(n), fpr).threshold >= 1 - fpr
    tell(f"certified rate {fpr}, {n} non-members, rank {rank}", kept / repeats, repeats)
    # P(Beta(rank, n + 1 - rank) <= fpr) = P(Bin(n, fpr) >= rank)
    exact = binom.sf(rank - 1, n, fpr)
    assert exact >= 0.95
    assert kept / repeats == pytest.approx(exact, abs=margin(exact, repeats))


@pytest.mark.parametrize(
    ("sizes", "spreads", "paired"),
    [
        ((5, 5), (1, 1), False),
        ((30, 30), (1, 1), False),
        ((5, 20), (2, 1), False),
        ((5, 5), (1, 1), True),
        ((30, 30), (2, 1), True),
    ],
)
def test_false_claims_of_equivalence(sizes, spreads, paired, tell):
    """At a true difference of exactly the margin, the worst case, at most alpha pass."""
    generator, repeats, limit = np.random.default_rng(8), 2 * REPEATS, 6.0
    passed = 0
    for _ in range(repeats):
        x = generator.normal(limit, spreads[0], sizes[0])
        y = generator.normal(0, spreads[1], sizes[1])
        passed += tost(x, y, limit, paired=paired).equivalent
    how = "paired" if paired else "unpaired"
    tell(f"equivalence at the margin, {sizes}, {spreads}, {how}", passed / repeats, repeats)
    assert passed / repeats <= 0.05 + margin(0.05, repeats)
    assert passed / repeats >= 0.03
