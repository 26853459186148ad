from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, mannwhitneyu, norm, t

from workbench.metrics import Undefined
from workbench.metrics.power import (
    detectable_auc_gap,
    detectable_tpr,
    equivalence_sample_size,
    provable_margin,
)


@pytest.mark.parametrize(("margin", "rows"), [(0.01, 15_415), (0.02, 3854), (0.05, 617)])
def test_known_sample_sizes_of_equivalence(margin, rows):
    assert equivalence_sample_size(0.9, margin) == rows


def test_the_sample_size_reaches_its_power():
    rows = equivalence_sample_size(0.9, 0.05)
    generator = np.random.default_rng(1)
    a, b = generator.binomial(rows, 0.9, (2, 20_000)) / rows
    error = np.sqrt((a * (1 - a) + b * (1 - b)) / rows)
    shown = np.abs(a - b) + norm.ppf(0.95) * error < 0.05
    assert shown.mean() == pytest.approx(0.8, abs=0.02)


@given(
    st.integers(1, 500),
    st.sampled_from([0.001, 0.01, 0.1, 0.5]),
    st.sampled_from([0.5, 0.8, 0.95]),
    st.sampled_from([0.9, 0.95, 0.99]),
)
def test_detectable_rate_matches_exact_binomial_tests(n, fpr, power, level):
    significant = [k for k in range(1, n + 1) if binom.sf(k - 1, n, fpr) <= 1 - level]
    if not significant:
        with pytest.raises(Undefined, match="even if all are detected"):
            detectable_tpr(n, fpr, power=power, level=level)
        return
    found = detectable_tpr(n, fpr, power=power, level=level)
    assert binom.sf(significant[0] - 1, n, found) == pytest.approx(power)
    assert found > fpr


def test_more_members_detect_less():
    found = [detectable_tpr(n, 0.01) for n in (30, 100, 1000, 10_000)]
    assert sorted(found, reverse=True) == found


@pytest.mark.parametrize(("m", "n"), [(40, 60), (100, 1000)])
def test_detectable_gap_is_found_with_its_power(m, n):
    gap = detectable_auc_gap(m, n)
    shift = math.sqrt(2) * norm.ppf(0.5 + gap)
    generator = np.random.default_rng(2)
    members = generator.normal(size=(1500, m)) + shift
    non_members = generator.normal(size=(1500, n))
    p = mannwhitneyu(members, non_members, axis=1, method="asymptotic").pvalue
    assert (p < 0.05).mean() == pytest.approx(0.8, abs=0.05)


def test_gap_shrinks_with_rows_and_grows_with_demands():
    assert detectable_auc_gap(1000, 1000) < detectable_auc_gap(100, 1000) < 0.1
    assert detectable_auc_gap(100, 100, power=0.95) > detectable_auc_gap(100, 100)
    assert detectable_auc_gap(100, 100, level=0.99) > detectable_auc_gap(100, 100)
    with pytest.raises(Undefined, match="any AUC"):
        detectable_auc_gap(3, 3)
    with pytest.raises(Undefined, match="any AUC"):
        detectable_auc_gap(1, 30)


@pytest.mark.parametrize(("n_candidate", "n_reference"), [(1, 5), (3, 5), (10, 10)])
def test_provable_margin_reaches_its_power(n_candidate, n_reference):
    margin = provable_margin(n_candidate, n_reference, 2.0)
    generator, repeats = np.random.default_rng(3), 20_000
    x = 2 * generator.normal(size=(repeats, n_candidate))
    y = 2 * generator.normal(size=(repeats, n_reference))
    squares = ((x - x.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    squares += ((y - y.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    freedom = n_candidate + n_reference - 2
    error = np.sqrt(squares / freedom * (1 / n_candidate + 1 / n_reference))
    gap = np.abs(x.mean(axis=1) - y.mean(axis=1))
    shown = gap + t.ppf(0.95, freedom) * error < margin
    assert shown.mean() == pytest.approx(0.8, abs=4 * math.sqrt(0.16 / repeats))


def test_many_seeds_reach_the_normal_margin():
    normal = (norm.ppf(0.95) + norm.ppf(0.9)) * math.sqrt(2 / 5000)
    assert provable_margin(5000, 5000, 1.0) == pytest.approx(normal, rel=1e-3)


@given(st.integers(1, 20), st.integers(3, 20), st.floats(1e-6, 1e6))
def test_margin_scales_with_the_spread_and_falls_with_seeds(n_candidate, n_reference, spread):
    unit = provable_margin(n_candidate, n_reference, 1.0)
    assert provable_margin(n_candidate, n_reference, spread) == pytest.approx(spread * unit)
    assert provable_margin(n_candidate, n_reference + 1, 1.0) < unit


def test_what_no_plan_can_show_is_undefined():
    with pytest.raises(Undefined, match="three retrained"):
        provable_margin(5, 2, 1.0)
    with pytest.raises(Undefined, match="noise is unknown"):
        provable_margin(5, 5, 0.0)
    with pytest.raises(Undefined, match="no members"):
        detectable_tpr(0, 0.1)
    with pytest.raises(Undefined, match="no members"):
        detectable_auc_gap(0, 10)


def test_shares_outside_zero_to_one_are_refused():
    for call in (
        lambda: detectable_tpr(10, 0.0),
        lambda: detectable_tpr(10, 0.1, power=1.0),
        lambda: detectable_auc_gap(10, 10, level=95),
        lambda: equivalence_sample_size(0.9, 0.0),
        lambda: equivalence_sample_size(1.0, 0.1),
        lambda: provable_margin(5, 5, 1.0, power=80),
    ):
        with pytest.raises(ValueError, match="between 0 and 1"):
            call()
