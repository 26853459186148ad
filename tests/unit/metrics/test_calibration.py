from __future__ import annotations

import math

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import special

from workbench.metrics import Undefined
from workbench.metrics.calibration import (
    brier,
    calibration_error_floor,
    calibration_error_interval,
    classwise_calibration_error,
    expected_calibration_error,
    maximum_calibration_error,
    nll,
    reliability,
)

CONFIDENCE, CORRECT = [0.95, 0.85, 0.75, 0.65, 0.55, 0.45], [1, 1, 0, 1, 0, 0]
P = np.log([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4], [0.5, 0.4, 0.1]])
Y = [0, 1, 0, 1]


@st.composite
def labelled_logits(draw):
    n, c = draw(st.integers(1, 30)), draw(st.integers(2, 5))
    # quarter steps make tied confidences common
    values = st.integers(-16, 16).map(lambda x: x / 4)
    logits = draw(hnp.arrays(np.float64, (n, c), elements=values))
    return logits, draw(hnp.arrays(np.int64, n, elements=st.integers(0, c - 1)))


def labels_from(p, generator):
    return (p.cumsum(axis=1)[:, :-1] < generator.random((len(p), 1))).sum(axis=1)


def test_known_calibration_errors():
    assert reliability(CONFIDENCE, CORRECT, 5).expected_error == pytest.approx(0.2666666667)
    assert reliability(CONFIDENCE, CORRECT, 15).expected_error == pytest.approx(0.3833333333)
    assert expected_calibration_error(P, Y, 2, equal_mass=True) == pytest.approx(0.35)


def test_known_likelihood_and_brier_score():
    assert nll(P, Y) == pytest.approx(0.6750205079, abs=1e-9)
    assert brier(P, Y) == pytest.approx(0.39)
    # the multi-class sum counts each of two classes, so it is twice the binary score
    binary = np.log(np.column_stack([1 - np.array(CONFIDENCE), CONFIDENCE]))
    assert brier(binary, CORRECT) / 2 == pytest.approx(0.2025)


@given(labelled_logits(), st.integers(1, 20))
def test_equal_width_error_matches_a_loop(case, bins):
    logits, targets = case
    p = special.softmax(logits, axis=1)
    confidence, right = p.max(axis=1), logits.argmax(axis=1) == targets
    expected = 0.0
    for low, high in zip(np.arange(bins) / bins, np.arange(1, bins + 1) / bins, strict=True):
        inside = (confidence > low + 1e-12) & (confidence <= high + 1e-12)
        if inside.any():
            expected += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    # a confidence may fall on an edge in exact arithmetic and beside it in floating point
    if np.abs(confidence * bins - np.round(confidence * bins)).min() > 1e-9:
        assert expected_calibration_error(logits, targets, bins) == pytest.approx(expected)


@given(labelled_logits(), st.integers(1, 20), st.booleans())
def test_classwise_error_is_a_mean_over_classes(case, bins, equal_mass):
    logits, targets = case
    p = special.softmax(logits, axis=1)
    errors = [
        reliability(p[:, c], targets == c, bins, equal_mass=equal_mass).expected_error
        for c in range(p.shape[1])
    ]
    on_edge = np.abs(p * bins - np.round(p * bins)).min() < 1e-9
    # ties of a probability may be broken by rounding, which moves them between equal-count bins
    tied = equal_mass and any(len(np.unique(column.round(12))) < len(column) for column in p.T)
    if not on_edge and not tied:
        assert classwise_calibration_error(
            logits, targets, bins, equal_mass=equal_mass
        ) == pytest.approx(np.mean(errors))


def test_known_classwise_error():
    # one bin: gaps of the mean probability to the share of each class
    gaps = np.abs(np.exp(P).mean(axis=0) - [0.5, 0.5, 0.0])
    assert classwise_calibration_error(P, Y, 1) == pytest.approx(gaps.mean())


@given(labelled_logits(), st.integers(1, 20))
def test_the_worst_bin_is_at_least_as_wrong_as_the_mean(case, bins):
    logits, targets = case
    worst = maximum_calibration_error(logits, targets, bins)
    assert expected_calibration_error(logits, targets, bins) <= worst + 1e-12
    right = logits.argmax(axis=1) == targets
    confidence = special.softmax(logits, axis=1).max(axis=1)
    if np.abs(confidence * bins - np.round(confidence * bins)).min() > 1e-9:
        expected = reliability(confidence, right, bins).largest_error
        assert worst == pytest.approx(expected, abs=1e-12)


@given(labelled_logits(), st.randoms(use_true_random=False))
def test_a_constant_and_new_class_names_change_no_calibration(case, random):
    logits, targets = case
    # distinct and off the edges of bins, where rounding would move a row
    logits = logits + 1e-3 * np.sqrt(2 + np.arange(logits.size)).reshape(logits.shape)
    names = list(range(logits.shape[1]))
    random.shuffle(names)
    shift = random.choice([-3.0, 0.5, 40.0])
    renamed = logits[:, names], np.argsort(names)[targets]
    for measure in (
        expected_calibration_error,
        maximum_calibration_error,
        classwise_calibration_error,
        nll,
        brier,
    ):
        value = measure(logits, targets)
        assert measure(logits + shift, targets) == pytest.approx(value, abs=1e-9)
        assert measure(*renamed) == pytest.approx(value, abs=1e-9)


def test_floor_is_the_error_of_a_calibrated_model():
    generator = np.random.default_rng(4)
    logits = generator.normal(size=(400, 5)) * 2
    p = special.softmax(logits, axis=1)
    for equal_mass in (False, True):
        observed = [
            expected_calibration_error(logits, labels_from(p, generator), equal_mass=equal_mass)
            for _ in range(300)
        ]
        floor = calibration_error_floor(logits, equal_mass=equal_mass)
        assert floor.mean == pytest.approx(np.mean(observed), abs=0.002)
        assert (floor.interval.low, floor.interval.high) == pytest.approx(
            np.quantile(observed, [0.025, 0.975]), abs=0.006
        )
        overconfident = expected_calibration_error(3 * logits, labels_from(p, generator))
        assert overconfident > calibration_error_floor(3 * logits).interval.high


def test_floor_falls_with_the_rows_and_repeats_with_its_seed():
    logits = np.random.default_rng(4).normal(size=(2000, 3))
    few, many = calibration_error_floor(logits[:50]), calibration_error_floor(logits)
    assert few.mean > 3 * many.mean
    assert few == calibration_error_floor(logits[:50])
    assert few != calibration_error_floor(logits[:50], seed=1)
    assert "seed=0" in few.interval.method
    assert calibration_error_floor([[800.0, 0.0]] * 4).mean == 0


def test_bins_contain_their_upper_edge():
    result = reliability([0.2, 0.4, 1.0, 0.0], [0, 1, 1, 0], 5)
    assert result.n.tolist() == [2, 1, 1]
    assert result.confidence == pytest.approx([0.1, 0.4, 1.0])
    assert result.largest_error == pytest.approx(0.6)


@given(labelled_logits())
def test_scores_match_scikit_learn(case):
    logits, targets = case
    p = special.softmax(logits, axis=1)
    classes = list(range(p.shape[1]))
    assert nll(logits, targets) == pytest.approx(
        sklearn.metrics.log_loss(targets, p, labels=classes)
    )
    one_hot = np.eye(p.shape[1])[targets]
    assert brier(logits, targets) == pytest.approx(((p - one_hot) ** 2).sum(axis=1).mean())


@given(labelled_logits(), st.booleans(), st.randoms(use_true_random=False))
def test_row_order_class_names_and_padding_do_not_matter(case, equal_mass, random):
    logits, targets = case
    rows, classes = list(range(len(logits))), list(range(logits.shape[1]))
    random.shuffle(rows)
    random.shuffle(classes)
    # renaming moves ties of the top class, so make the top class unique
    logits = logits + 1e-3 * np.arange(logits.shape[1])
    value = expected_calibration_error(logits, targets, equal_mass=equal_mass)
    for other, labels in (
        (logits[rows], targets[rows]),
        (logits[:, classes], np.argsort(classes)[targets]),
        (np.hstack([logits, np.full((len(logits), 3), -2000.0)]), targets),
    ):
        assert expected_calibration_error(other, labels, equal_mass=equal_mass) == pytest.approx(
            value, abs=1e-9
        )


def test_equal_mass_bins_hold_equal_counts_and_keep_ties_together():
    generator = np.random.default_rng(0)
    assert (
        reliability(generator.random(100), np.ones(100), 5, equal_mass=True).n.tolist() == [20] * 5
    )
    assert reliability([0.5] * 8 + [0.9] * 2, [1] * 10, 5, equal_mass=True).n.tolist() == [8, 2]


def test_perfect_and_overconfident_models():
    assert reliability([1.0, 1.0], [1, 1]).expected_error == 0
    assert reliability([1.0, 1.0], [0, 0]).expected_error == 1
    logits = np.array([[60.0, 0.0], [0.0, 60.0]])
    assert expected_calibration_error(logits, [0, 1]) == pytest.approx(0, abs=1e-12)
    assert expected_calibration_error(logits, [1, 0]) == pytest.approx(1)


def test_interval_repeats_and_surrounds_the_error():
    generator = np.random.default_rng(7)
    logits = generator.normal(size=(300, 4)) * 2
    targets = generator.integers(0, 4, 300)
    interval = calibration_error_interval(logits, targets, resamples=500, seed=3)
    assert interval == calibration_error_interval(logits, targets, resamples=500, seed=3)
    assert interval.low < expected_calibration_error(logits, targets) < interval.high
    assert "seed=3" in interval.method


def test_interval_of_a_calibrated_model_lies_above_the_truth():
    # why calibration_error is stored without an interval
    generator = np.random.default_rng(1)
    lows = []
    for _ in range(5):
        logits = generator.normal(size=(2000, 2)) * 2
        targets = (generator.random(2000) < 1 / (1 + np.exp(logits[:, 0] - logits[:, 1]))).astype(
            int
        )
        lows.append(calibration_error_interval(logits, targets, resamples=200).low)
    assert min(lows) > 0.005


def test_interval_resamples_the_same_error_it_reports():
    logits, targets = np.array([[math.log(4), 0.0]] * 30), np.array([0] * 20 + [1] * 10)
    interval = calibration_error_interval(logits, targets, resamples=4000)
    # one bin: |share right - 0.8| of a binomial share with n = 30, p = 2/3
    shares = np.random.default_rng(0).binomial(30, 2 / 3, 100_000) / 30
    assert (interval.low, interval.high) == pytest.approx(
        np.quantile(np.abs(shares - 0.8), [0.025, 0.975]), abs=0.02
    )


def test_undefined_and_refused_inputs():
    with pytest.raises(Undefined, match="no rows"):
        expected_calibration_error(np.empty((0, 3)), np.array([], dtype=int))
    with pytest.raises(Undefined, match="no rows"):
        calibration_error_floor(np.empty((0, 3)))
    with pytest.raises(Undefined, match="two classes"):
        classwise_calibration_error([[1.0]], [0])
    with pytest.raises(ValueError, match="bin"):
        calibration_error_floor([[0.0, 1.0]], bins=0)
    with pytest.raises(Undefined, match="row 1"):
        nll([[0.0, 1.0], [np.inf, 0.0]], [0, 0])
    with pytest.raises(ValueError, match="fraction"):
        reliability([95.0], [1])
    with pytest.raises(ValueError, match="bin"):
        reliability([0.5], [1], 0)
