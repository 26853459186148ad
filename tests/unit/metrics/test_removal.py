from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st

from workbench.metrics import Undefined
from workbench.metrics.removal import (
    AttackSuccess,
    InterclassConfusion,
    anamnesis_index,
    attack_success,
    interclass_confusion,
    recovered_gain,
    residual_share,
)
from workbench.metrics.statistics import clopper_pearson_upper, wilson

label_pairs = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60)
relearning = st.lists(st.integers(0, 130), min_size=1, max_size=9)


def test_known_interclass_confusion():
    truth = [3] * 50 + [5] * 50 + [0] * 7
    predicted = [3] * 40 + [5] * 10 + [3] * 8 + [5] * 42 + [3] * 7
    result = interclass_confusion(predicted, truth, 3, 5)
    assert result == InterclassConfusion(18, 100)
    assert result.error == pytest.approx(0.18)
    assert result.interval() == wilson(18, 100)


@given(label_pairs)
def test_interclass_confusion_is_off_the_diagonal(pairs):
    predicted, truth = np.array(pairs).T
    matrix = sklearn.metrics.confusion_matrix(truth, predicted, labels=range(4))
    if matrix[[0, 2]].sum() == 0:
        with pytest.raises(Undefined, match="classes 0 and 2"):
            interclass_confusion(predicted, truth, 0, 2)
        return
    result = interclass_confusion(predicted, truth, 0, 2)
    assert result == interclass_confusion(predicted, truth, 2, 0)
    assert result.confused == matrix[0, 2] + matrix[2, 0]
    assert result.n == matrix[[0, 2]].sum()


@given(label_pairs, st.integers(0, 3))
def test_attack_success_matches_a_loop(pairs, target):
    predicted, truth = np.array(pairs).T
    others = [p == target for p, t in pairs if t != target]
    if not others:
        with pytest.raises(Undefined, match="target class"):
            attack_success(predicted, truth, target)
        return
    result = attack_success(predicted, truth, target)
    assert result == AttackSuccess(
        sum(others), len(others), clopper_pearson_upper(sum(others), len(others))
    )
    assert result.rate == np.mean(others) <= result.upper


def test_no_success_in_200_rows_still_leaves_an_upper_limit():
    result = attack_success(np.zeros(200, dtype=int), np.zeros(200, dtype=int), 1)
    assert result.rate == 0
    assert result.upper == pytest.approx(1 - 0.05 ** (1 / 200))


def test_known_residual_share():
    assert residual_share(0.30, 0.90, 0.10) == pytest.approx(0.25)
    assert residual_share(0.90, 0.90, 0.10) == 1
    assert residual_share(0.10, 0.90, 0.10) == 0
    assert residual_share(0.02, 0.90, 0.10) == pytest.approx(-0.1)
    for original in (0.14, 0.10, 0.05):
        with pytest.raises(Undefined, match="hardly shows"):
            residual_share(0.1, original, 0.10)
    with pytest.raises(ValueError, match="fraction"):
        residual_share(30, 90, 10)


def test_known_anamnesis_index():
    result = anamnesis_index([3], [True], [12], [True])
    assert (result.ratio, result.bound) == (0.25, "exact")
    assert anamnesis_index([2, 3, 40], [True] * 3, [10, 14], [True] * 2).ratio == 0.25


@given(relearning, relearning, st.integers(1, 120))
def test_a_step_limit_never_makes_a_wrong_statement(times, reference, cap):
    """Cut at the limit, the index holds for the times that would have been seen without it."""

    def cut(values):
        x = np.array(values)
        return np.minimum(x, cap), x <= cap

    try:
        result = anamnesis_index(*cut(times), *cut(reference))
    except Undefined:
        assert np.median(reference) == 0 or min(np.median(times), np.median(reference)) > cap / 2
        return
    truth = np.median(times) / np.median(reference)
    if result.bound == "exact":
        assert result.ratio == pytest.approx(truth)
    elif result.bound == "at least":
        assert result.ratio <= truth
    else:
        assert result.ratio >= truth


def test_times_at_the_step_limit_make_bounds():
    reached, stopped = [True] * 3, [True, False, False]
    assert anamnesis_index([5, 60, 60], stopped, [20, 20, 60], reached).bound == "at least"
    assert anamnesis_index([5, 9, 60], [True, True, False], [20] * 3, reached).bound == "exact"
    low = anamnesis_index([6, 6, 6], reached, [50, 60, 60], stopped)
    assert (low.ratio, low.bound) == (0.1, "at most")
    # one of the two middle times is cut off
    assert anamnesis_index([10, 60], [True, False], [20], [True]).bound == "at least"
    # reached at the very last step is not cut off
    assert anamnesis_index([60, 60], [True, False], [20], [True]).bound == "at least"
    assert anamnesis_index([60, 60, 60], [True, True, False], [20], [True]).bound == "exact"


def test_undefined_and_refused_relearn_times():
    for steps, reached, retrained, retrained_reached in (
        ([60], [False], [60], [False]),
        ([5], [True], [0], [True]),
        ([], [], [5], [True]),
    ):
        with pytest.raises(Undefined):
            anamnesis_index(
                np.array(steps, dtype=int),
                np.array(reached, dtype=bool),
                retrained,
                retrained_reached,
            )
    for steps, reached in (([5], [1]), ([5, 6], [True]), ([-1], [True]), ([9, 5], [True, False])):
        with pytest.raises(ValueError) as caught:
            anamnesis_index(steps, reached, [5], [True])
        assert not isinstance(caught.value, Undefined)


def test_only_the_gain_over_the_control_counts():
    assert recovered_gain(0.5, 0.99, 0.75, 0.76) == pytest.approx(0.48)
    assert recovered_gain(0.75, 0.76, 0.75, 0.76) == 0
    with pytest.raises(ValueError, match="fraction"):
        recovered_gain(50, 99, 75, 76)


def test_confusion_needs_two_classes():
    with pytest.raises(ValueError, match="different classes"):
        interclass_confusion([0], [0], 1, 1)
    with pytest.raises(Undefined, match="no rows"):
        attack_success(np.array([], dtype=int), np.array([], dtype=int), 0)
