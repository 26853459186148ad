import math

import numpy as np
import pytest
from audit_cases import BAND
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from workbench.audit.equivalence import Comparison, Margin, Sample, compare_with_band, rank_test
from workbench.metrics import Undefined

ALPHA = 0.05


def compare(x, y, size, *, ratio=False, resolution=0.0, capped=(), band_capped=()) -> Comparison:
    return compare_with_band(
        Sample.of(x, [i in capped for i in range(len(x))]),
        Sample.of(y, [i in band_capped for i in range(len(y))]),
        Margin(size, ALPHA, ratio, resolution),
    )


def test_one_candidate_run_is_one_more_draw_with_the_spread_of_the_band():
    found = compare([0.80], BAND, 0.05)
    half = stats.t.ppf(0.95, 4) * np.std(BAND, ddof=1) * math.sqrt(1 + 1 / 5)
    assert found.estimate == pytest.approx(0.01)
    assert (found.low, found.high) == pytest.approx((0.01 - half, 0.01 + half))


def test_several_runs_are_judged_by_the_wider_of_pooled_and_welch():
    x, y = [0.78, 0.80, 0.84], list(BAND)
    found = compare(x, y, 0.05)
    welch = stats.ttest_ind(x, y, equal_var=False).confidence_interval(0.9)
    pooled = stats.ttest_ind(x, y, equal_var=True).confidence_interval(0.9)
    assert found.low == pytest.approx(min(welch.low, pooled.low))
    assert found.high == pytest.approx(max(welch.high, pooled.high))


def test_p_value_adds_both_tails_at_the_edge_of_the_margin():
    x, y = [0.90, 0.92, 0.91], list(BAND)
    found = compare(x, y, 0.05)
    p = []
    for equal_var in (True, False):
        above = stats.ttest_ind(np.subtract(x, 0.05), y, equal_var=equal_var, alternative="greater")
        below = stats.ttest_ind(np.add(x, 0.05), y, equal_var=equal_var, alternative="greater")
        p.append(above.pvalue + below.pvalue)
    assert found.p_beyond == pytest.approx(max(p))


def test_ratio_is_compared_on_logarithms_and_reported_as_a_ratio():
    found = compare([50, 55], [48, 50, 52, 55, 60], 2, ratio=True, resolution=0.5)
    logs = compare(np.log([50, 55]), np.log([48, 50, 52, 55, 60]), math.log(2))
    assert math.log(found.estimate) == pytest.approx(logs.estimate)
    assert math.log(found.low) == pytest.approx(logs.low)
    assert found.p_beyond == pytest.approx(logs.p_beyond)
    assert found.within


def test_equal_band_values_do_not_give_an_interval_without_width():
    found = compare([0.80], [0.80] * 5, 0.05, resolution=0.5 / 100)
    assert found.high - found.low > 0.005
    assert found.within


def test_a_margin_below_the_resolution_cannot_be_met_even_by_equal_values():
    assert not compare([0.80], [0.80] * 5, 0.004, resolution=0.5 / 100).within


def test_a_continuous_metric_without_any_spread_cannot_be_compared():
    with pytest.raises(Undefined, match="do not differ"):
        compare([0.3], [0.2] * 5, 0.05)


def test_ratio_of_zero_is_undefined_for_a_continuous_metric():
    with pytest.raises(Undefined, match="above zero"):
        compare([0.0], [1.0, 2.0, 3.0, 4.0, 5.0], 2, ratio=True)


def test_ratio_takes_zero_steps_as_half_a_step():
    found = compare([0], [48, 50, 52, 55, 60], 2, ratio=True, resolution=0.5)
    assert found.estimate == pytest.approx(0.5 / stats.gmean([48, 50, 52, 55, 60]))
    assert found.p_beyond < ALPHA


class TestCap:
    steps = (48, 52, 50, 55, 60)

    def test_all_at_the_cap_are_not_known_to_be_equal(self):
        with pytest.raises(Undefined, match=r"every retrained model reached the cap.*relearn_cap"):
            compare([120], [120] * 5, 2, ratio=True, capped={0}, band_capped=set(range(5)))

    def test_candidate_at_the_cap_gives_a_lower_bound_that_can_fail(self):
        found = compare([500], self.steps, 2, ratio=True, resolution=0.5, capped={0})
        assert found.high is None
        assert found.p_beyond < ALPHA
        assert not found.within
        assert "lower bound" in found.note

    def test_candidate_at_a_cap_close_to_the_band_is_never_within(self):
        found = compare([60], self.steps, 2, ratio=True, resolution=0.5, capped={0})
        assert found.p_beyond > ALPHA
        assert not found.within

    def test_one_seed_at_the_cap_makes_the_candidate_a_lower_bound(self):
        found = compare([60, 52], self.steps, 2, ratio=True, resolution=0.5, capped={0})
        assert found.high is None
        assert not found.within

    @pytest.mark.parametrize(("k", "r"), [(1, 5), (1, 19), (3, 5), (4, 8)])
    def test_band_at_the_cap_is_tested_by_ranks(self, k, r):
        found = compare([6] * k, [120] * r, 2, ratio=True, band_capped=set(range(r)))
        assert found.estimate == pytest.approx(0.05)
        assert found.p_beyond == pytest.approx(1 / math.comb(k + r, k))
        assert "upper bound" in found.note

    def test_one_model_below_a_band_at_the_cap_is_too_little_to_fail(self):
        found = compare([6], [120] * 8, 2, ratio=True, band_capped=set(range(8)))
        assert found.p_beyond > ALPHA

    def test_band_partly_at_the_cap_is_ranked_against_the_margin(self):
        x, y = [20, 26, 30], [50, 55, 70, 120, 120]
        found = compare(x, y, 2, ratio=True, band_capped={3, 4})
        exact = stats.mannwhitneyu(np.multiply(x, 2), y, alternative="less", method="exact")
        assert found.p_beyond == pytest.approx(exact.pvalue)
        assert not found.within

    def test_band_at_a_cap_within_the_margin_says_nothing(self):
        found = compare([100], [120] * 5, 2, ratio=True, band_capped=set(range(5)))
        assert found.p_beyond == 1.0
        assert not found.within

    def test_both_sides_partly_at_the_cap_cannot_be_compared(self):
        with pytest.raises(Undefined, match="Some values of the candidate"):
            compare([120, 60], [50, 55, 70, 120, 120], 2, ratio=True, capped={0}, band_capped={3})


seeds = st.integers(0, 2**32 - 1)


@given(seeds, st.integers(1, 6), st.integers(1, 12))
def test_the_rank_test_is_that_of_mann_and_whitney(seed, k, r):
    rng = np.random.default_rng(seed)
    low, high = rng.normal(-0.5, 1, k), rng.normal(0, 1, r)
    exact = stats.mannwhitneyu(low, high, alternative="less", method="exact").pvalue
    assert rank_test(low, high) == pytest.approx(exact)


def test_a_tie_never_counts_as_below():
    assert rank_test(np.array([1.0]), np.array([1.0] * 19)) == 1.0


@pytest.mark.parametrize("k", [1, 2, 3, 5])
@pytest.mark.parametrize("share", [1.0, 0.5], ids=["as the band", "at the margin"])
def test_relearning_like_the_band_fails_no_more_often_than_alpha_at_any_cap(k, share):
    rng = np.random.default_rng(9)
    draws, failures = 3000, 0
    for _ in range(draws):
        cap = rng.choice([45, 50, 60, 80])
        x, y = share * rng.lognormal(4, 0.3, k), rng.lognormal(4, 0.3, 8)
        x_capped, y_capped = (set(np.flatnonzero(values >= cap)) for values in (x, y))
        try:
            found = compare(
                np.minimum(x, cap),
                np.minimum(y, cap),
                2,
                ratio=True,
                resolution=0.5,
                capped=x_capped,
                band_capped=y_capped,
            )
        except Undefined:
            continue
        failures += found.p_beyond <= ALPHA
    assert failures / draws <= ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / draws)


@given(seeds, st.integers(1, 4), st.integers(5, 10), st.floats(0.01, 2), st.floats(0.01, 2))
def test_a_wider_margin_never_makes_it_worse(seed, k, r, one, other):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(0.5, 1, k), rng.normal(0, 1, r)
    narrow, wide = (compare(x, y, size) for size in sorted((one, other)))
    assert wide.within or not narrow.within
    assert wide.p_beyond >= narrow.p_beyond - 1e-12


@given(seeds, st.integers(1, 4), st.integers(5, 10), st.floats(0, 1))
def test_moving_towards_the_band_never_turns_within_into_beyond(seed, k, r, share):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(0.5, 1, k), rng.normal(0, 1, r)
    far = compare(x, y, 1.0)
    near = compare(x - share * (x.mean() - y.mean()), y, 1.0)
    assert near.within or not far.within
    assert near.p_beyond >= far.p_beyond - 1e-12


@given(seeds, st.integers(1, 4))
def test_within_and_significantly_beyond_exclude_each_other(seed, k):
    rng = np.random.default_rng(seed)
    found = compare(rng.normal(0, 0.3, k), rng.normal(0, 0.3, 6), 1.0)
    assert not (found.within and found.p_beyond <= 0.5)


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("offset", [0.0, 0.2], ids=["no difference", "at a narrow margin"])
def test_beyond_is_claimed_wrongly_no_more_often_than_alpha(k, offset):
    rng = np.random.default_rng(7)
    claims = [
        compare(rng.normal(offset, 1, k), rng.normal(0, 1, 5), 0.2).p_beyond <= ALPHA
        for _ in range(3000)
    ]
    assert np.mean(claims) <= ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / 3000)


@pytest.mark.parametrize("k", [1, 3])
def test_equality_is_claimed_wrongly_no_more_often_than_alpha(k):
    rng = np.random.default_rng(8)
    claims = [compare(rng.normal(4.0, 1, k), rng.normal(0, 1, 5), 4.0).within for _ in range(3000)]
    assert np.mean(claims) <= ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / 3000)
    assert any(claims)
