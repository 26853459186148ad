from __future__ import annotations

import math

import numpy as np
import pytest

from workbench.metrics import Undefined
from workbench.metrics.class_thresholds import most_accurate_thresholds, thresholds_at_fpr
from workbench.metrics.membership import advantage


def two_classes(seed, per_class=200):
    """Scores of members and non-members of two classes at far apart levels, with labels."""
    generator = np.random.default_rng(seed)
    labels = np.repeat([0, 1], per_class)
    members, non_members = generator.normal(size=(2, 2 * per_class)) + 10 * labels
    return members + 1, non_members, labels


def test_a_class_gets_the_threshold_of_best_balanced_accuracy():
    members, non_members, labels = two_classes(1)
    fitted = most_accurate_thresholds(members, labels, non_members, labels)
    assert fitted.pooled_classes == ()
    for label in (0, 1):
        x, y = members[labels == label], non_members[labels == label]
        reached = (x > fitted.by_class[label]).mean() - (y > fitted.by_class[label]).mean()
        assert reached == pytest.approx(advantage(x, y))
        candidates = [(x > t).mean() - (y > t).mean() for t in np.concatenate([x, y])]
        assert reached >= max(candidates) - 1e-12
    assert fitted.calls([11.0, 0.0, 4.0], [1, 1, 0]).tolist() == [
        fitted.by_class[1] < 11,
        False,
        True,
    ]


def test_class_thresholds_beat_one_threshold_on_fresh_rows():
    members, non_members, labels = two_classes(2)
    fitted = most_accurate_thresholds(members, labels, non_members, labels)
    fresh_members, fresh_others, labels = two_classes(3)

    def gain(calls_in, calls_out):
        return calls_in.mean() - calls_out.mean()

    own = gain(fitted.calls(fresh_members, labels), fitted.calls(fresh_others, labels))
    shared = gain(fresh_members > fitted.overall, fresh_others > fitted.overall)
    assert own > shared + 0.1


def test_rare_classes_share_the_overall_threshold_and_are_named():
    members, non_members, labels = two_classes(4)
    seen = np.flatnonzero(labels == 0).tolist() + np.flatnonzero(labels == 1)[:49].tolist()
    fitted = most_accurate_thresholds(members, labels, non_members[seen], labels[seen])
    assert set(fitted.by_class) == {0}
    assert fitted.pooled_classes == (1,)
    scores = np.linspace(-5, 15, 50)
    for label in (1, 99):
        called = fitted.calls(scores, np.full(50, label))
        assert np.array_equal(called, scores > fitted.overall)
    only_non_members = most_accurate_thresholds([1.0], [7], non_members, labels)
    assert only_non_members.by_class == {}
    assert only_non_members.pooled_classes == (0, 1, 7)


@pytest.mark.parametrize("fpr", [0.0, 0.05, 0.5, 1.0])
def test_every_class_keeps_the_false_positive_rate(fpr):
    _, non_members, labels = two_classes(5)
    fitted = thresholds_at_fpr(non_members, labels, fpr)
    calls = fitted.calls(non_members, labels)
    for label in (0, 1):
        rate = calls[labels == label].mean()
        assert fpr - 1 / 200 < rate <= fpr
    assert (fitted.overall == -math.inf) == (fpr == 1)


def test_tied_scores_stay_below_the_rate():
    fitted = thresholds_at_fpr(np.ones(60), np.zeros(60, dtype=int), 0.1)
    assert not fitted.calls(np.ones(60), np.zeros(60, dtype=int)).any()


def test_faulty_input_is_refused():
    with pytest.raises(Undefined, match="no member scores"):
        most_accurate_thresholds([], [], [1.0], [0])
    with pytest.raises(Undefined, match="no non-member scores"):
        thresholds_at_fpr([], [], 0.1)
    with pytest.raises(Undefined, match="row 0"):
        thresholds_at_fpr([np.nan], [0], 0.1)
    with pytest.raises(ValueError, match="different shapes"):
        thresholds_at_fpr([1.0, 2.0], [0], 0.1)
    with pytest.raises(ValueError, match="fpr"):
        thresholds_at_fpr([1.0], [0], 1.5)
