"""Properties that hold for every metric at once; those of one metric are beside its module.

Functions of logits are found by their parameters, so that a new one is held to them as well.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable

import numpy as np
import pytest

from workbench.metrics import (
    Undefined,
    accuracy,
    attribution,
    calibration,
    challenge,
    connectivity,
    distances,
    equivalence,
    klom,
    membership,
    representation,
    scores,
    statistics,
    subgroups,
    weights,
)

N, C = 40, 5
_BY_NAME = {"logits": "first", "logits_p": "first", "logits_q": "second", "random_logits": "second"}


def takes_logits(function):
    return any(name in _BY_NAME for name in inspect.signature(function).parameters)


EVERY = {
    name: function
    for module in (scores, distances, calibration)
    for name, function in inspect.getmembers(module, inspect.isfunction)
    if function.__module__ == module.__name__ and not name.startswith("_")
    if takes_logits(function)
}
PER_ROW = [
    name
    for name, function in EVERY.items()
    if inspect.signature(function).return_annotation in ("Floats", "Integers")
]
every = pytest.mark.parametrize("name", sorted(EVERY))


@pytest.fixture(scope="module")
def case():
    """Logits of two models, and labels."""
    generator = np.random.default_rng(11)
    return {
        "first": generator.normal(scale=3, size=(N, C)),
        "second": generator.normal(scale=3, size=(N, C)),
        "targets": generator.integers(0, C, N),
    }


def value(name, case):
    """The metric as an array."""
    function: Callable[..., object] = EVERY[name]
    given = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name == "initialisations":
            given.append([case["second"] / k for k in range(1, 6)])
        elif parameter.default is inspect.Parameter.empty:
            given.append(case[_BY_NAME.get(parameter.name, parameter.name)])
    found = function(*given)
    if isinstance(found, calibration.CalibrationFloor):
        found = (found.mean, found.interval.low, found.interval.high)
    if isinstance(found, statistics.Interval):
        found = (found.low, found.high)
    if isinstance(found, distances.ZeroRetrainForgetting):
        found = (found.mean, found.standard_deviation)
    return np.asarray(found)


def changed(case, change):
    return {**case, "first": change(case["first"]), "second": change(case["second"])}


def test_every_kind_of_function_of_logits_is_found():
    assert {
        "modified_entropy",
        "js_divergence",
        "zero_retrain_forgetting_over",
        "expected_calibration_error",
        "calibration_error_interval",
        "brier",
    } < set(EVERY)
    assert len(EVERY) >= 22
    assert len(PER_ROW) >= 12


@every
def test_a_constant_added_to_the_logits_of_a_row_changes_nothing(case, name):
    constants = np.random.default_rng(1).normal(scale=50, size=(N, 1))
    shifted = {**case, "first": case["first"] + constants, "second": case["second"] - constants}
    np.testing.assert_allclose(value(name, shifted), value(name, case), atol=1e-11)


@every
def test_new_names_of_the_classes_change_nothing(case, name):
    order = np.random.default_rng(2).permutation(C)
    renamed = changed(case, lambda logits: logits[:, order])
    renamed["targets"] = np.argsort(order)[case["targets"]]
    expected = value(name, case)
    if name == "log_probabilities":
        expected = expected[:, order]
    if name == "predictions":
        expected = np.argsort(order)[expected]
    np.testing.assert_allclose(value(name, renamed), expected, atol=1e-11)


@pytest.mark.parametrize("name", sorted(EVERY.keys() - {"classwise_calibration_error"}))
def test_classes_of_probability_zero_change_nothing(case, name):
    """A mean over classes would shrink. (That of the classwise error is by its definition.)"""
    padded = changed(
        case, lambda logits: np.concatenate([logits, np.full((N, 7), -2000.0)], axis=1)
    )
    found = value(name, padded)
    if name == "log_probabilities":
        found = found[:, :C]
    np.testing.assert_allclose(found, value(name, case), atol=1e-11)


@every
def test_the_order_of_rows_does_not_matter(case, name):
    order = np.random.default_rng(3).permutation(N)
    shuffled = {key: rows[order] for key, rows in case.items()}
    expected = value(name, case)
    if name in PER_ROW:
        expected = expected[order]
    if name in ("calibration_error_interval", "calibration_error_floor"):
        # what is drawn for a row depends on its place, so these agree up to resampling
        np.testing.assert_allclose(value(name, shuffled), expected, atol=0.02)
    else:
        np.testing.assert_allclose(value(name, shuffled), expected, atol=1e-11)


@pytest.mark.parametrize("name", PER_ROW)
@pytest.mark.parametrize("size", [1, 7])
def test_a_row_does_not_depend_on_its_batch(case, name, size):
    whole = value(name, case)
    assert len(whole) == N
    batches = [
        value(name, {key: rows[start : start + size] for key, rows in case.items()})
        for start in range(0, N, size)
    ]
    np.testing.assert_allclose(np.concatenate(batches), whole, rtol=1e-13)


def test_a_model_is_no_different_from_itself(case):
    logits, targets = case["first"], case["targets"]
    predicted = scores.predictions(logits)
    losses = scores.cross_entropy(logits, targets)
    for distance in (
        distances.js_divergence,
        distances.kl_divergence,
        distances.total_variation,
        distances.activation_distance,
    ):
        assert distance(logits, logits) == pytest.approx(np.zeros(N), abs=1e-12)
    assert distances.kolmogorov_smirnov_distance(losses, losses) == 0
    assert distances.wasserstein(losses, losses) == 0
    assert distances.churn(predicted, predicted, targets).changed == 0
    assert distances.confusion_shift(predicted, predicted, C) == 0

    fractions = {"test": accuracy.accuracy(predicted, targets), "membership": 0.3}
    assert accuracy.average_gap(fractions, fractions) == 0
    assert accuracy.tug_of_war(fractions, fractions) == 1
    assert accuracy.symmetric_percentage_error(0.3, 0.3) == 0
    assert accuracy.privacy_leak(0.6, 0.6) == 0
    assert statistics.mcnemar(0, 0).exact == statistics.mcnemar(0, 0).mid_p == 1
    drops = subgroups.group_drops(predicted, predicted, targets, np.arange(N) % 2)
    assert [(one.drop, one.p_value) for one in drops.groups] == [(0, 1), (0, 1)]
    assert membership.auc(losses, losses) == 0.5
    assert membership.paired_delong(losses[:20], losses[20:], losses[:20], losses[20:]).p_value == 1

    assert representation.linear_cka(logits, logits) == pytest.approx(1)
    assert representation.unbiased_cka(logits, logits) == pytest.approx(1)
    assert attribution.spearman(logits, logits) == pytest.approx(1)
    assert attribution.top_k_iou(logits, logits) == 1
    assert weights.weight_distance({"w": logits}, {"w": logits}).l2 == 0
    assert klom.klom_by_row(logits, logits) == pytest.approx(np.zeros(C), abs=1e-12)
    assert challenge.row_credits(challenge.row_epsilons(logits[:, :1], logits[:, :1])) == 1
    assert connectivity.loss_barrier([0.7] * 5).height == 0


def test_equal_values_are_equivalent_only_where_something_varies():
    values = np.random.default_rng(4).normal(size=10)
    result = equivalence.tost(values, values, 2.0)
    assert result.difference == 0
    assert result.equivalent
    with pytest.raises(Undefined, match="varies"):
        equivalence.tost([0.5] * 10, [0.5] * 10, 2.0)
