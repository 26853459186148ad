from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from workbench.metrics import Undefined
from workbench.metrics.statistics import (
    benjamini_hochberg,
    clopper_pearson,
    clopper_pearson_lower,
    clopper_pearson_upper,
    holm,
    mcnemar,
    paired_t,
    sign_flip,
    signed_rank,
    t_interval,
    welch,
    wilson,
)

counts = st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
levels = st.sampled_from([0.5, 0.9, 0.95, 0.99])
p_values = st.lists(st.floats(0, 1), min_size=1, max_size=20)
samples = st.lists(st.integers(-1000, 1000).map(lambda x: x / 8), min_size=2, max_size=20)


def test_known_proportion_intervals():
    exact, display = clopper_pearson(90, 100), wilson(90, 100)
    assert (exact.low, exact.high) == pytest.approx((0.8237774023, 0.9509953108), abs=1e-9)
    assert (display.low, display.high) == pytest.approx((0.8256343385, 0.9447708629), abs=1e-9)
    assert clopper_pearson_upper(1, 1000) == pytest.approx(0.0047349936, abs=1e-9)


@given(counts, levels)
def test_proportion_intervals_match_scipy(count, level):
    k, n = count
    reference = scipy.stats.binomtest(k, n)
    for ours, method in ((wilson, "wilson"), (clopper_pearson, "exact")):
        expected = reference.proportion_ci(level, method)
        interval = ours(k, n, level)
        assert (interval.low, interval.high) == pytest.approx(tuple(expected), abs=1e-9)
        assert 0 <= interval.low <= k / n <= interval.high <= 1


@given(counts, levels)
def test_one_sided_limits_mirror_each_other(count, level):
    k, n = count
    assert clopper_pearson_lower(k, n, level) == pytest.approx(
        1 - clopper_pearson_upper(n - k, n, level), abs=1e-12
    )


@given(samples, levels)
def test_t_interval_matches_scipy(values, level):
    interval = t_interval(values, level)
    if np.ptp(values) == 0:
        assert interval.low == interval.high == values[0]
        return
    expected = scipy.stats.ttest_1samp(values, 0).confidence_interval(level)
    assert (interval.low, interval.high) == pytest.approx(tuple(expected), rel=1e-9, abs=1e-9)


def test_known_welch():
    result = welch([0.91, 0.92, 0.93, 0.90, 0.92], [0.94, 0.95, 0.94, 0.96, 0.95])
    assert result.t == pytest.approx(-5.0596443, abs=1e-6)
    assert result.p_value == pytest.approx(0.0012695386, abs=1e-9)
    assert result.df == pytest.approx(7.3394, abs=1e-4)


# scipy warns when one of the samples does not vary
@pytest.mark.filterwarnings("ignore:Precision loss:RuntimeWarning")
@given(samples, samples, levels)
def test_welch_matches_scipy(x, y, level):
    if np.ptp(x) == 0 and np.ptp(y) == 0:
        with pytest.raises(Undefined, match="varies"):
            welch(x, y, level)
        return
    result, expected = welch(x, y, level), scipy.stats.ttest_ind(x, y, equal_var=False)
    assert (result.t, result.df) == pytest.approx((expected.statistic, expected.df), rel=1e-6)
    assert result.p_value == pytest.approx(expected.pvalue, rel=1e-6, abs=1e-12)
    ci = expected.confidence_interval(level)
    assert (result.interval.low, result.interval.high) == pytest.approx(
        (ci.low, ci.high), rel=1e-6, abs=1e-9
    )


@given(st.lists(st.tuples(st.integers(-99, 99), st.integers(-99, 99)), min_size=2), levels)
def test_paired_t_matches_scipy(pairs, level):
    x, y = np.array(pairs).T / 8
    if np.ptp(x - y) == 0:
        with pytest.raises(Undefined, match="do not vary"):
            paired_t(x, y, level)
        return
    result, expected = paired_t(x, y, level), scipy.stats.ttest_rel(x, y)
    assert (result.t, result.df) == pytest.approx((expected.statistic, len(x) - 1))
    assert result.p_value == pytest.approx(expected.pvalue)
    ci = expected.confidence_interval(level)
    assert (result.interval.low, result.interval.high) == pytest.approx((ci.low, ci.high))


@given(st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=10))
def test_exact_signed_ranks_match_all_sign_patterns(differences):
    result = signed_rank(differences)
    d = np.array(differences)
    d = d[d != 0]
    ranks = scipy.stats.rankdata(np.abs(d))
    assert result.exact
    assert result.n == len(d)
    assert result.statistic == ranks[d > 0].sum()
    sums = [sum(kept) for kept in itertools.product(*[(0, rank) for rank in ranks])]
    tails = (np.array(sums) <= result.statistic).mean(), (np.array(sums) >= result.statistic).mean()
    assert result.p_value == pytest.approx(min(1, 2 * min(tails)))


@pytest.mark.parametrize(("n", "method"), [(7, "exact"), (50, "exact"), (51, "asymptotic")])
def test_signed_ranks_match_scipy(n, method):
    generator = np.random.default_rng(n)
    for shift in (0.0, 0.3, 1.5):
        differences = generator.normal(shift, 1, n)
        expected = scipy.stats.wilcoxon(differences, method=method)
        result = signed_rank(differences)
        assert result.exact == (method == "exact")
        assert result.p_value == pytest.approx(expected.pvalue, rel=1e-6)
        # scipy gives the smaller of the two rank sums
        assert min(result.statistic, n * (n + 1) / 2 - result.statistic) == expected.statistic
    tied = np.round(generator.normal(0.2, 1, 200), 1)
    expected = scipy.stats.wilcoxon(tied, zero_method="wilcox", method="asymptotic")
    assert signed_rank(tied).p_value == pytest.approx(expected.pvalue)


def test_known_mcnemar():
    result = mcnemar(3, 12)
    assert result.exact == pytest.approx(0.03515625)
    assert result.mid_p == pytest.approx(0.0212707520, abs=1e-9)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_the_sign_test(b, c):
    result = mcnemar(b, c)
    assert result == mcnemar(c, b)
    assert result.mid_p <= result.exact
    if b == c:
        assert result.exact == pytest.approx(1)
        assert result.mid_p == pytest.approx(1)
    else:
        assert result.exact == pytest.approx(scipy.stats.binomtest(b, b + c).pvalue)


def test_no_discordant_pairs_give_no_evidence():
    assert mcnemar(0, 0).exact == mcnemar(0, 0).mid_p == 1


def test_known_adjusted_p_values():
    p = [0.001, 0.008, 0.039, 0.041, 0.27]
    assert holm(p) == pytest.approx([0.005, 0.032, 0.117, 0.117, 0.27])
    assert benjamini_hochberg(p) == pytest.approx([0.005, 0.02, 0.05125, 0.05125, 0.27])


@given(p_values, st.randoms(use_true_random=False))
def test_adjusted_p_values_are_ordered_and_belong_to_their_test(values, random):
    p = np.array(values)
    strict, loose = holm(p), benjamini_hochberg(p)
    assert (strict >= p).all()
    assert (loose >= p).all()
    assert (strict >= loose - 1e-15).all()
    order = np.argsort(p, kind="stable")
    assert (np.diff(strict[order]) >= 0).all()
    assert (np.diff(loose[order]) >= 0).all()
    assert loose == pytest.approx(scipy.stats.false_discovery_control(p))
    shuffled = list(range(len(p)))
    random.shuffle(shuffled)
    assert holm(p[shuffled]) == pytest.approx(strict[shuffled])


@given(p_values, st.floats(0.01, 0.2))
def test_holm_rejects_what_stepping_down_rejects(values, alpha):
    p = np.sort(values)
    rejected = 0
    while rejected < len(p) and p[rejected] * (len(p) - rejected) <= alpha:
        rejected += 1
    assert (holm(p) <= alpha).sum() == rejected


@given(st.lists(st.integers(-6, 6).map(float), min_size=2, max_size=10))
def test_exact_sign_flip_matches_scipy(differences):
    result = sign_flip(differences)
    expected = scipy.stats.permutation_test(
        (np.array(differences),),
        lambda x, axis: np.abs(x.mean(axis=axis)),
        permutation_type="samples",
        alternative="greater",
        vectorized=True,
    )
    assert result.exact
    assert result.p_value == pytest.approx(expected.pvalue)


def test_random_sign_flips_agree_with_the_normal_limit_and_repeat():
    generator = np.random.default_rng(6)
    differences = generator.normal(0.1, 1, 300)
    result = sign_flip(differences, resamples=20_000, seed=1)
    z = differences.sum() / math.sqrt((differences**2).sum())
    assert not result.exact
    assert result.p_value == pytest.approx(2 * scipy.stats.norm.sf(abs(z)), abs=0.015)
    assert result == sign_flip(differences, resamples=20_000, seed=1)
    assert sign_flip(differences + 10, resamples=999).p_value == pytest.approx(1 / 1000)


def test_unchanged_pairs_give_no_evidence():
    assert sign_flip(np.zeros(30)).p_value == 1
    assert signed_rank(np.zeros(30)).p_value == 1
    assert sign_flip([0.1] * 3 + [-0.1] * 3).p_value == 1


def test_undefined_and_refused_inputs():
    for undefined in (
        lambda: wilson(0, 0),
        lambda: clopper_pearson(0, 0),
        lambda: t_interval([1.0]),
        lambda: welch([1.0], [1.0, 2.0]),
        lambda: paired_t([1.0], [2.0]),
        lambda: paired_t([1.0, 2.0], [2.0, 3.0]),
        lambda: paired_t([0.3, 0.7, 0.9], [0.2, 0.6, 0.8]),  # 0.1 up to rounding
        lambda: signed_rank([]),
        lambda: holm([]),
        lambda: sign_flip([]),
        lambda: t_interval([1.0, np.nan]),
    ):
        with pytest.raises(Undefined):
            undefined()
    for refused in (
        lambda: wilson(3, 2),
        lambda: clopper_pearson(-1, 2),
        lambda: wilson(1, 2, 95),
        lambda: holm([1.2]),
        lambda: mcnemar(-1, 2),
        lambda: paired_t([1.0, 2.0], [1.0]),
    ):
        with pytest.raises(ValueError) as caught:
            refused()
        assert not isinstance(caught.value, Undefined)
