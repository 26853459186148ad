"""Numbers that published code gets wrong, as the specification lists them.

Each test works the wrong number out as that code does, so that it is known which mistake leads to
it, and shows that ours is the right one.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats

from workbench.metrics import Undefined
from workbench.metrics.accuracy import indiscernibility, privacy_leak
from workbench.metrics.bounds import epsilon_lower_bound
from workbench.metrics.challenge import (
    EPSILON_CAP,
    forgetting,
    null_floor,
    row_epsilons,
    threshold_epsilon,
)
from workbench.metrics.distances import (
    js_divergence,
    js_from_log_probabilities,
    zero_retrain_forgetting,
)
from workbench.metrics.fitted_attacks import svc_non_member_rate
from workbench.metrics.klom import klom_by_row
from workbench.metrics.likelihood_ratio import fit_gaussians, offline_lira, online_lira
from workbench.metrics.membership import auc
from workbench.metrics.scores import modified_entropy

P = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4]])
Q = np.array([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [1 / 3, 1 / 3, 1 / 3]])


def test_divergence_is_not_averaged_over_classes_with_its_arguments_reversed():
    """Bad-teaching, SSD and SUPREME: a library KL of the mixture from each side, mean over all."""
    middle = (P + Q) / 2
    wrong = sum((middle * np.log(middle / side)).mean() for side in (P, Q)) / 2
    assert wrong == pytest.approx(0.0022150561, abs=1e-9)
    assert 1 - wrong == pytest.approx(0.9977849439, abs=1e-9)
    assert js_divergence(np.log(P), np.log(Q)).mean() == pytest.approx(0.0065055184, abs=1e-9)
    assert zero_retrain_forgetting(np.log(P), np.log(Q)) == pytest.approx(0.9906145207, abs=1e-9)


def test_divergence_of_impossible_classes_is_a_number():
    """The same helpers: NaN where a class has probability zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        one_hot = np.log(np.eye(2))
        other = np.log(np.eye(2)[::-1])
        mixture = np.log(np.full((2, 2), 0.5))
        assert np.isnan((np.exp(one_hot) * (one_hot - mixture)).mean())
    found = js_from_log_probabilities(one_hot, other)
    assert found == pytest.approx([math.log(2)] * 2)


@pytest.mark.parametrize(
    ("target", "wrong", "right"),
    [
        (0, 0.6591485750, 0.1621672450),
        (1, 1.7674813000, 2.1408673445),
        (2, 2.6438866269, 2.9597362560),
    ],
)
def test_modified_entropy_takes_the_logarithm_of_the_complement(target, wrong, right):
    """Unlearn-Sparse, SalUn: ln p where ln(1 - p) is due."""
    p, is_label = P[0], np.arange(3) == target
    weight = np.where(is_label, 1 - p, p)
    assert -(weight * np.log(p)).sum() == pytest.approx(wrong, abs=1e-9)
    assert -(weight * np.log(np.where(is_label, p, 1 - p))).sum() == pytest.approx(right, abs=1e-9)
    assert modified_entropy(np.log(P[:1]), [target]) == pytest.approx([right], abs=1e-9)


def test_modified_entropy_of_a_row_does_not_depend_on_its_batch():
    """The same copies: the columns of all labels in a batch are overwritten in every row."""
    logits = np.log(np.concatenate([P, Q]))
    labels = [0, 1, 2, 2, 0, 1]
    p = np.exp(logits)
    overwritten = p.copy()
    overwritten[:, labels] = 1 - p[:, labels]
    wrong = -(overwritten * logits).sum(axis=1)
    assert wrong[0] != pytest.approx(0.6591485750, abs=0.01)  # what the row gives on its own
    alone = [modified_entropy(logits[i : i + 1], labels[i : i + 1])[0] for i in range(6)]
    assert modified_entropy(logits, labels) == pytest.approx(alone, rel=1e-14)


def test_epsilon_is_the_larger_of_both_terms():
    """Unlearning Comparator: the smaller one, which flatters."""
    delta, fpr, fnr = 1e-5, 0.1, 0.2
    terms = [math.log(1 - delta - a) - math.log(b) for a, b in ((fpr, fnr), (fnr, fpr))]
    assert min(terms) == pytest.approx(1.5040662856, abs=1e-9)
    assert threshold_epsilon(fpr, fnr, delta) == pytest.approx(2.0794290416, abs=1e-9)


def test_a_searched_epsilon_stands_beside_its_null_floor_and_is_no_bound():
    """Challenge code, TF-Privacy, Privacy Meter: a maximum over thresholds, taken for a result."""
    same_law = np.random.default_rng(3).normal(size=(2, 64, 500))
    searched = row_epsilons(*same_law)
    assert searched.mean() > 1
    assert forgetting(*same_law).score < 0.6
    floor = null_floor(np.concatenate(same_law))
    assert floor.score == pytest.approx(forgetting(*same_law).score, abs=0.05)
    # one threshold fixed beforehand, with confidence, claims nothing about equal laws
    fixed = [int((side[:, 0] > 0).sum()) for side in same_law]
    assert epsilon_lower_bound(fixed[0], 64, fixed[1], 64) == 0


def test_epsilons_of_many_rows_need_no_truth_of_an_array():
    """Challenge code asserts an array, which raises for more than one threshold."""
    separated = np.zeros((20, 3)) + np.linspace(0, 0.1, 20)[:, None]
    assert row_epsilons(separated + 5, separated).tolist() == [EPSILON_CAP] * 3


def test_the_largest_margin_is_in_the_last_bin():
    """data-unlearning-bench: digitising drops the largest sample, and its mass with it."""
    u = np.array([1, 1.2, 1.4, 2, 2.2, 2.4, 3, 3.2])
    r = np.array([0.5, 0.8, 1.1, 1.3, 1.9, 2.1, 2.3, 2.9])
    edges = np.linspace(0.5, 3.2, 21)
    wrong_p, q = (
        np.bincount(np.digitize(side, edges) - 1, minlength=21)[:20] / 8 for side in (u, r)
    )
    assert wrong_p.sum() == 7 / 8
    wrong = divergence(wrong_p / wrong_p.sum(), q)
    right = divergence(np.histogram(u, edges)[0] / 8, q)
    assert right == pytest.approx(7.0751729407, abs=1e-9)
    found = klom_by_row(u[:, None], r[:, None])[0]
    assert found == pytest.approx(right)
    assert wrong == pytest.approx(6.8717841947, abs=1e-9)


def divergence(p, q):
    floored = np.where(p > 0, np.maximum(q, 1e-5), q)
    floored = floored / floored.sum()
    used = p > 0
    return float((p[used] * np.log(p[used] / floored[used])).sum())


def test_pooled_deviation_leaves_out_the_spread_between_rows():
    """LiRA research code: one deviation over all raw values of all rows."""
    inside = np.array([[2, 2.5, 3, 3.5], [1, 1.5, 1, 2.5]]).T
    outside = np.array([[0, 0.5, 1, 1.5], [0.5, 0.5, 0, 1]]).T
    for side, wrong, right in (
        (inside, 0.8569568226, 0.5863019700),
        (outside, 0.4841229183, 0.4677071733),
    ):
        assert side.std() == pytest.approx(wrong, abs=1e-8)
        assert fit_gaussians(side, variance="pooled").sigma == pytest.approx([right] * 2, abs=1e-9)


def test_each_side_has_its_own_pooled_deviation():
    """TF-Privacy: with fixed variance, that of the models without the row comes from those with."""
    generator = np.random.default_rng(5)
    inside, outside = generator.normal(3, 0.5, (8, 40)), generator.normal(0, 2, (8, 40))
    shadow = np.concatenate([inside, outside])
    is_in = np.repeat([[True], [False]], 8, axis=0) & np.ones(40, dtype=bool)
    sigmas = [math.sqrt(side.var(axis=0).mean()) for side in (inside, outside)]
    observed = generator.normal(size=40)
    expected = scipy.stats.norm.logpdf(
        observed, inside.mean(axis=0), sigmas[0]
    ) - scipy.stats.norm.logpdf(observed, outside.mean(axis=0), sigmas[1])
    assert online_lira(observed, shadow, is_in, "pooled") == pytest.approx(expected)


def test_offline_likelihood_is_one_sided():
    """TF-Privacy: a log density, which is as low for members as for the least likely members."""
    generator = np.random.default_rng(6)
    outside = generator.normal(size=(70, 5))
    low, high = (offline_lira(np.full(5, value), outside) for value in (-4.0, 4.0))
    assert (high > low).all()


def test_an_area_below_one_half_is_no_success():
    """VeriUnlearn rewards 1 - AUC, so that over-unlearning looks best."""
    members, non_members = (0.05, 0.15), (0.0, 0.1, 0.2, 0.3, 0.4)
    area = auc(members, non_members)
    assert area == pytest.approx(0.3)
    assert 1 - area > 0.5  # what it would reward
    assert indiscernibility(area) == pytest.approx(indiscernibility(1 - area)) == pytest.approx(0.6)


def test_a_leak_needs_a_reference_to_divide_by():
    """OpenUnlearning goes on with a default value where the retrained model is missing."""
    assert privacy_leak(0.3, 0.5) == pytest.approx(-40)
    with pytest.raises(Undefined, match="too close to 0"):
        privacy_leak(0.5, 0.0)


def test_the_members_that_train_an_attack_are_drawn_and_not_the_first():
    """SalUn family: the first rows of the retain set, in the order of the file."""
    generator = np.random.default_rng(7)
    non_members = generator.normal(0.5, 0.05, 100)
    # the first members look like non-members, the others do not
    members = np.concatenate([generator.normal(0.5, 0.05, 100), generator.normal(0.95, 0.01, 900)])
    forget = generator.normal(0.95, 0.01, 200)
    assert svc_non_member_rate(members, non_members, forget).rate < 0.05
