from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st

from workbench.metrics import Undefined
from workbench.metrics.accuracy import (
    accuracy,
    accuracy_by_class,
    adaptive_unlearning_score,
    average_gap,
    balanced_accuracy,
    confusion_matrix,
    correct_by_class,
    gap_noise_floor,
    indiscernibility,
    macro_f1,
    nomus,
    prediction_shares,
    privacy_leak,
    retention_ratio,
    symmetric_percentage_error,
    tug_of_war,
)

label_pairs = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=60)
fractions = st.floats(0, 1)


@given(label_pairs)
def test_label_scores_match_scikit_learn(pairs):
    predicted, targets = np.array(pairs).T
    assert accuracy(predicted, targets) == sklearn.metrics.accuracy_score(targets, predicted)
    assert macro_f1(predicted, targets) == pytest.approx(
        sklearn.metrics.f1_score(targets, predicted, average="macro", zero_division=0)
    )
    recall = sklearn.metrics.recall_score(
        targets, predicted, labels=np.unique(targets), average="macro"
    )
    assert balanced_accuracy(predicted, targets) == pytest.approx(recall)
    assert (
        confusion_matrix(predicted, targets, 5)
        == sklearn.metrics.confusion_matrix(targets, predicted, labels=range(5))
    ).all()


def test_classes_are_counted_apart_and_may_be_empty():
    correct, total = correct_by_class([0, 1, 1, 3], [0, 0, 1, 1], 4)
    assert correct.tolist() == [1, 1, 0, 0]
    assert total.tolist() == [2, 2, 0, 0]


@given(label_pairs)
def test_shares_by_class_match_a_loop(pairs):
    predicted, targets = np.array(pairs).T
    by_class = accuracy_by_class(predicted, targets)
    assert by_class == {
        c: pytest.approx(np.mean([p == c for p, t in pairs if t == c])) for c in set(targets)
    }
    assert np.mean(list(by_class.values())) == pytest.approx(balanced_accuracy(predicted, targets))
    shares = prediction_shares(predicted, 6)
    assert shares.tolist() == [np.mean([p == c for p, _ in pairs]) for c in range(6)]
    assert shares.sum() == pytest.approx(1)


@given(label_pairs, st.permutations(range(5)))
def test_renaming_the_classes_keeps_the_accuracy(pairs, names):
    predicted, targets = np.array(pairs).T
    renamed = np.array(names)
    assert accuracy(renamed[predicted], renamed[targets]) == accuracy(predicted, targets)
    assert macro_f1(renamed[predicted], renamed[targets]) == pytest.approx(
        macro_f1(predicted, targets)
    )


def test_labels_are_refused_when_they_are_not_labels():
    with pytest.raises(Undefined, match="no rows"):
        accuracy(np.array([], dtype=int), np.array([], dtype=int))
    for predicted, targets in (([0, 1], [0]), ([0.5], [0]), ([[0, 1]], [[0, 1]])):
        with pytest.raises(ValueError) as caught:
            accuracy(predicted, targets)
        assert not isinstance(caught.value, Undefined)
    with pytest.raises(ValueError, match=r"0\.\.1"):
        confusion_matrix([2], [0], 2)
    with pytest.raises(ValueError, match=r"0\.\.1"):
        prediction_shares([-1, 0], 2)
    with pytest.raises(Undefined, match="no rows"):
        accuracy_by_class(np.array([], dtype=int), np.array([], dtype=int))


CANDIDATE = {"forget": 0.80, "retain": 0.98, "test": 0.92, "membership": 0.30}
RETRAINED = {"forget": 0.90, "retain": 1.00, "test": 0.94, "membership": 0.20}


def without(values, name):
    return {key: value for key, value in values.items() if key != name}


def test_known_gap_scores():
    assert average_gap(CANDIDATE, RETRAINED) == pytest.approx(0.06)
    for dropped in ("membership", "forget"):
        assert tug_of_war(
            without(CANDIDATE, dropped), without(RETRAINED, dropped)
        ) == pytest.approx(0.86436)
    assert adaptive_unlearning_score(0.95, 0.92, 0.80) == pytest.approx(0.8660714286)
    assert nomus(0.92, 0.60) == pytest.approx(0.86)
    assert symmetric_percentage_error(0.80, 0.90) == pytest.approx(5.8823529412)
    assert indiscernibility(0.60) == pytest.approx(0.8)
    assert privacy_leak(0.7, 0.5) == pytest.approx(40.0)
    assert retention_ratio(0.45, 0.9) == pytest.approx(0.5)


@given(st.dictionaries(st.sampled_from("abcde"), fractions, min_size=1))
def test_identical_models_have_no_gap(values):
    assert average_gap(values, values) == 0
    assert tug_of_war(values, values) == 1
    for value in values.values():
        assert symmetric_percentage_error(value, value) == 0


@given(fractions, fractions)
def test_gap_scores_keep_their_range_and_symmetry(a, b):
    assert 0 <= symmetric_percentage_error(a, b) <= 100
    assert symmetric_percentage_error(a, b) == symmetric_percentage_error(b, a)
    assert average_gap({"x": a}, {"x": b}) == pytest.approx(1 - tug_of_war({"x": a}, {"x": b}))
    assert indiscernibility(a) == pytest.approx(indiscernibility(1 - a))
    assert 0 <= nomus(a, b) <= 1


def test_privacy_leak_declares_its_orientation():
    assert privacy_leak(0.7, 0.5, "member") > 0 > privacy_leak(0.7, 0.5, "non_member")
    assert privacy_leak(0.7, 0.6, "non_member") == pytest.approx(100 * (0.3 - 0.4) / 0.4)


def test_ratios_to_nothing_are_undefined():
    with pytest.raises(Undefined, match="too close to 0"):
        privacy_leak(0.5, 2e-5)
    with pytest.raises(Undefined, match="too close to 0"):
        privacy_leak(0.5, 0.99, "non_member")
    with pytest.raises(Undefined, match="reference value is 0"):
        retention_ratio(0.5, 0.0)
    with pytest.raises(Undefined, match="no values"):
        average_gap({}, {})


def test_gap_scores_refuse_percentages_and_unlike_members():
    with pytest.raises(ValueError, match="fraction"):
        average_gap({"forget": 80.0}, {"forget": 90.0})
    with pytest.raises(ValueError, match="not the same members"):
        tug_of_war({"forget": 0.8}, {"retain": 0.8})


def test_noise_floor_holds_out_each_retrained_model():
    seeds = [{"forget": 0.90, "test": 0.94}, {"forget": 0.94, "test": 0.94}]
    assert gap_noise_floor(seeds) == pytest.approx([0.02, 0.02])
    seeds.append({"forget": 0.92, "test": 0.91})
    # against the means (.93, .925), (.91, .925) and (.92, .94)
    assert gap_noise_floor(seeds) == pytest.approx([0.0225, 0.0225, 0.015])


@given(st.lists(fractions, min_size=2, max_size=8))
def test_noise_floor_matches_a_loop(values):
    floor = gap_noise_floor([{"x": value} for value in values])
    expected = [
        abs(value - np.mean(values[:i] + values[i + 1 :])) for i, value in enumerate(values)
    ]
    assert floor == pytest.approx(expected, abs=1e-12)


def test_one_retrained_model_has_no_noise_floor():
    with pytest.raises(Undefined, match="at least two"):
        gap_noise_floor([RETRAINED])
    with pytest.raises(ValueError, match="same members"):
        gap_noise_floor([{"a": 0.1}, {"b": 0.1}])
