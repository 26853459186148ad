from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.metrics import Undefined
from workbench.metrics.bootstrap import cluster_bootstrap
from workbench.metrics.clustered import (
    FEWEST_RESAMPLES,
    MOST_RESAMPLES,
    clustered_membership,
    clustered_share,
    resamples_for,
)
from workbench.metrics.membership import auc, delong_interval, tpr_at_fpr
from workbench.metrics.statistics import clopper_pearson, wilson


def brute_force(x, y, of_x, of_y, rates, resamples, seed):
    """Draw clusters, gather their rows, and ask the plain metrics."""
    generator = np.random.default_rng(seed)
    only_x = sorted(set(of_x) - set(of_y))
    only_y = sorted(set(of_y) - set(of_x))
    both = sorted(set(of_x) & set(of_y))
    found = []
    for _ in range(resamples):
        drawn = [
            c for ids in (only_x, only_y, both) if ids for c in generator.choice(ids, len(ids))
        ]
        xs = np.concatenate([x[of_x == c] for c in drawn])
        ys = np.concatenate([y[of_y == c] for c in drawn])
        found.append([auc(xs, ys), *(tpr_at_fpr(xs, ys, rate).tpr for rate in rates)])
    return np.quantile(found, [0.025, 0.975], axis=0)


@pytest.fixture
def scores():
    generator = np.random.default_rng(5)
    of_x, of_y = np.repeat(np.arange(14), 6), np.repeat(np.arange(10, 40), 5)
    person = generator.normal(size=40)
    x = (person[of_x] + generator.normal(size=len(of_x)) + 0.7).round(1)  # with ties
    y = (person[of_y] + generator.normal(size=len(of_y))).round(1)
    return x, y, of_x, of_y


def test_intervals_match_drawing_clusters_one_by_one(scores):
    rates = (0.1, 0.3)
    found = clustered_membership(*scores, rates, resamples=4000, seed=1)
    low, high = brute_force(*scores, rates, 2500, seed=2)
    for i, interval in enumerate((found.auc, *found.tpr)):
        assert (interval.low, interval.high) == pytest.approx((low[i], high[i]), abs=0.025)
    assert found.auc.method == "cluster-bootstrap of 40 B=4000 PCG64 seed=1"


def test_they_repeat_with_their_seed(scores):
    first = clustered_membership(*scores, (0.1,), seed=3)
    assert first == clustered_membership(*scores, (0.1,), seed=3)
    assert first != clustered_membership(*scores, (0.1,), seed=4)


def test_rows_of_one_cluster_each_give_what_delong_gives():
    generator = np.random.default_rng(0)
    x, y = generator.normal(0.8, 1, 200), generator.normal(size=300)
    found = clustered_membership(x, y, np.arange(200), 200 + np.arange(300), resamples=3000)
    _, plain = delong_interval(x, y)
    assert (found.auc.low, found.auc.high) == pytest.approx((plain.low, plain.high), abs=0.01)


def test_shared_rows_widen_the_interval(scores):
    x, y, of_x, of_y = scores
    by_person = clustered_membership(x, y, of_x, of_y).auc
    _, by_row = delong_interval(x, y)
    assert by_person.high - by_person.low > 1.4 * (by_row.high - by_row.low)
    assert by_person.low < auc(x, y) < by_person.high


@pytest.mark.parametrize("side", ["members", "non-members", "both"])
def test_a_side_of_one_cluster_is_resampled_by_its_rows(scores, side):
    x, y, of_x, of_y = scores
    of_x = np.full_like(of_x, 7) if side != "non-members" else of_x
    of_y = np.full_like(of_y, 99) if side != "members" else of_y
    found = clustered_membership(x, y, of_x, of_y, (0.1,))
    _, by_row = delong_interval(x, y)
    assert found.auc.high - found.auc.low >= 0.8 * (by_row.high - by_row.low)
    assert found.tpr[0].low < tpr_at_fpr(x, y, 0.1).tpr < found.tpr[0].high


def test_a_perfect_attack_is_as_sure_as_its_fewest_clusters():
    x, y = np.arange(20.0) + 100, np.arange(30.0)
    found = clustered_membership(x, y, np.repeat([0, 1, 2, 3], 5), np.repeat([4, 5, 6], 10), (0.1,))
    assert (found.auc.low, found.auc.high) == (1 - clopper_pearson(0, 3).high, 1)
    assert (found.tpr[0].low, found.tpr[0].high) == (1 - clopper_pearson(0, 4).high, 1)
    assert found.auc.method == "clopper-pearson of 3 clusters"


@given(
    st.lists(st.integers(0, 5), min_size=2, max_size=25),
    st.lists(st.integers(0, 5), min_size=2, max_size=25),
    st.integers(1, 4),
)
def test_intervals_stay_in_range_and_in_order(members, non_members, size):
    of_x = np.arange(len(members)) // size
    of_y = 100 + np.arange(len(non_members)) // size
    found = clustered_membership(members, non_members, of_x, of_y, (0.0, 0.1, 1.0), resamples=50)
    for interval in (found.auc, *found.tpr):
        assert 0 <= interval.low <= interval.high <= 1
    assert found.tpr[2].high == 1


def test_a_share_is_the_mean_over_clusters():
    generator = np.random.default_rng(1)
    clusters = np.repeat(np.arange(25), 8)
    hits = generator.random(200) < generator.beta(2, 2, 25)[clusters]
    found = clustered_share(hits, clusters, seed=4)
    expected = cluster_bootstrap(hits, clusters, resamples=MOST_RESAMPLES, seed=4)
    assert found == expected
    by_row = wilson(int(hits.sum()), len(hits))
    assert found.high - found.low > by_row.high - by_row.low


@pytest.mark.parametrize("value", [0, 1])
def test_an_unbroken_share_has_the_interval_of_its_clusters(value):
    found = clustered_share([value] * 12, np.repeat([0, 1, 2], 4))
    width = clopper_pearson(0, 3).high
    assert (found.low, found.high) == (max(0.0, value - width), min(1.0, value + width))


def test_intervals_by_cluster_cover_where_intervals_by_row_do_not():
    generator = np.random.default_rng(11)
    clusters = np.repeat(np.arange(40), 10)
    by_cluster = by_row = 0
    for seed in range(200):
        hits = generator.random(400) < generator.beta(1, 1, 40)[clusters]
        honest, naive = clustered_share(hits, clusters, seed=seed), wilson(int(hits.sum()), 400)
        by_cluster += honest.low <= 0.5 <= honest.high
        by_row += naive.low <= 0.5 <= naive.high
    assert by_cluster >= 180
    assert by_row <= 160


def test_undefined_and_wrong_inputs():
    with pytest.raises(Undefined, match="two clusters"):
        clustered_share([0, 1], [3, 3])
    with pytest.raises(Undefined):
        clustered_share([], [])
    for members in ([], [1.0], [1.0, np.nan]):
        with pytest.raises(Undefined):
            clustered_membership(members, [1.0, 2.0], [0] * len(members), [1, 2])
    with pytest.raises(ValueError, match="cluster"):
        clustered_membership([1.0, 2.0], [1.0, 2.0], [0], [1, 2])
    with pytest.raises(ValueError):
        clustered_membership([1.0, 2.0], [1.0, 2.0], [0, 1], [1, 2], (1.5,))


def test_many_rows_take_fewer_resamples_and_little_time():
    assert [resamples_for(n) for n in (1, 10_000, 10**6)] == [
        MOST_RESAMPLES, MOST_RESAMPLES, FEWEST_RESAMPLES,
    ]  # fmt: skip
    generator = np.random.default_rng(0)
    x, y = generator.normal(0.3, 1, 10_000), generator.normal(size=10_000)
    people = np.arange(10_000) // 20
    start = time.perf_counter()
    clustered_membership(x, y, people, 1000 + people, (0.1, 0.01))
    assert time.perf_counter() - start < 10
