from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import norm

from workbench.metrics import Undefined
from workbench.metrics.bounds import order_statistic_rank
from workbench.metrics.claims import certified_tpr, split_tpr, strongest_claim
from workbench.metrics.statistics import clopper_pearson, clopper_pearson_upper

tied_scores = st.lists(st.integers(-4, 4).map(float), min_size=1, max_size=40)


def test_certified_threshold_is_the_order_statistic():
    generator = np.random.default_rng(1)
    members, non_members = generator.normal(size=200) + 2, generator.normal(size=1000)
    found = certified_tpr(members, non_members, 0.01)
    assert found.rank == 5
    assert found.threshold == np.sort(non_members)[-5]
    assert found.k == (members > found.threshold).sum()
    assert found.tpr == found.k / 200
    assert found.interval == clopper_pearson(found.k, 200)


@given(tied_scores, tied_scores, st.sampled_from([0.1, 0.3, 0.6]))
def test_ties_count_as_not_detected(members, non_members, fpr):
    try:
        rank = order_statistic_rank(len(non_members), fpr)
    except Undefined:
        assume(False)
        return
    found = certified_tpr(members, non_members, fpr)
    assert sum(y > found.threshold for y in non_members) < rank
    assert sum(y >= found.threshold for y in non_members) >= rank
    assert found.k == sum(x > found.threshold for x in members)


@pytest.mark.parametrize("digits", [6, 0])
def test_true_false_positive_rate_is_kept_even_with_ties(digits):
    generator = np.random.default_rng(2)
    repeats, fpr = 1000, 0.1
    kept = 0
    for _ in range(repeats):
        threshold = certified_tpr([0.0], generator.normal(size=200).round(digits), fpr).threshold
        # rounded scores exceed t only from half a step above it on
        edge = threshold + 0.5 * 10.0**-digits
        kept += norm.sf(edge) <= fpr
    assert kept / repeats >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / repeats)


def test_too_few_non_members_are_refused():
    with pytest.raises(Undefined, match="299 are needed"):
        certified_tpr([1.0], np.zeros(298), 0.01)
    with pytest.raises(Undefined, match="no member"):
        certified_tpr([], np.zeros(298), 0.1)
    with pytest.raises(Undefined, match="row 1"):
        certified_tpr([1.0], [0.0, np.nan], 0.1)
    with pytest.raises(Undefined, match="Splitting"):
        split_tpr([1.0], [0.0], 0.1)


def test_split_measures_the_rate_on_the_other_half():
    generator = np.random.default_rng(3)
    members, non_members = generator.normal(size=100) + 1, generator.normal(size=400)
    found = split_tpr(members, non_members, 0.1)
    assert split_tpr(members, non_members, 0.1) == found
    above = (non_members > found.threshold).sum()
    assert 20 <= above <= 20 + 200 * found.fpr + 1e-9
    k = round(found.fpr * 200)
    assert found.fpr_interval == clopper_pearson(k, 200)
    assert found.fpr_limit == clopper_pearson_upper(k, 200)
    assert found.tpr == (members > found.threshold).mean()


def test_split_rate_is_unbiased_and_its_limit_covers():
    generator = np.random.default_rng(4)
    covered, misses = 0, []
    for seed in range(400):
        found = split_tpr([0.0], generator.normal(size=400), 0.1, seed=seed)
        truth = norm.sf(found.threshold)
        covered += truth <= found.fpr_limit
        misses.append(found.fpr - truth)
    assert covered / 400 >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / 400)
    assert np.mean(misses) == pytest.approx(0, abs=0.004)


def test_known_strongest_claim():
    claim = strongest_claim(1000, 1000)
    assert claim.undetected_tpr == pytest.approx(0.0029912495, abs=1e-9)
    assert claim.smallest_fpr == pytest.approx(0.0029912495, abs=1e-9)
    assert claim.largest_epsilon == pytest.approx(5.60, abs=0.006)
    assert [(rate.fpr, rate.needed, rate.rank) for rate in claim.rates] == [
        (0.1, 29, 85),
        (0.01, 299, 5),
        (0.001, 2995, None),
    ]
    seen = [rate.detectable_tpr for rate in claim.rates]
    assert seen[2] is None
    assert 0.01 < seen[1] < 0.03 < 0.1 < seen[0] < 0.15


@given(st.integers(1, 3000), st.integers(1, 3000))
def test_larger_sets_never_permit_less(n_members, n_non_members):
    here = strongest_claim(n_members, n_non_members)
    more = strongest_claim(n_members + 50, n_non_members + 50)
    assert more.smallest_fpr <= here.smallest_fpr
    assert more.undetected_tpr <= here.undetected_tpr
    assert more.largest_epsilon >= here.largest_epsilon
    for rate in here.rates:
        assert (rate.rank is not None) == (n_non_members >= rate.needed)
        assert (rate.rank is not None) == (here.smallest_fpr <= rate.fpr)


def test_one_member_cannot_show_much():
    rates = strongest_claim(1, 5000).rates
    assert rates[0].rank is not None
    assert rates[0].detectable_tpr is None
    with pytest.raises(Undefined, match="at least one member"):
        strongest_claim(0, 10)
