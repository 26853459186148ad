from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from workbench.metrics import Undefined
from workbench.metrics.faithfulness import (
    area_under_curve,
    completeness_gap,
    deletion_curve,
    gaussian_perturbations,
    infidelity,
    insertion_curve,
    pointing_hit,
    randomisation_summary,
    sensitivity_max,
    square_perturbations,
)

WEIGHTS, ROW = np.array([1.0, -2.0, 3.0]), np.array([2.0, 1.0, -1.0])
GRADIENT_TIMES_INPUT = WEIGHTS * ROW


def linear(inputs):
    return inputs @ WEIGHTS


@st.composite
def linear_models(draw, max_size=5):
    size = draw(st.integers(2, max_size))
    values = hnp.arrays(np.float64, size, elements=st.integers(-8, 8).map(float))
    return draw(values), draw(values)


def test_known_areas():
    assert area_under_curve([1, 0.8, 0.5, 0.2, 0.1]) == pytest.approx(0.5125)
    assert area_under_curve([1, 0.6, 0.2, 0]) == pytest.approx(0.4333333333)
    assert area_under_curve([0.3, 0.3]) == pytest.approx(0.3)


def test_known_infidelity():
    perturbation = np.array([[2.0, 0.0, 0.0]])
    assert infidelity(linear, ROW, WEIGHTS, perturbation) == pytest.approx(0)
    assert infidelity(linear, ROW, [0.0, -2.0, 3.0], perturbation) == pytest.approx(4)


def test_known_completeness_of_integrated_gradients():
    # on a linear model and from a baseline of zero they are gradient times input
    assert GRADIENT_TIMES_INPUT.tolist() == [2, -2, -3]
    assert completeness_gap(GRADIENT_TIMES_INPUT, float(linear(ROW))) == 0
    assert completeness_gap([2.0, -2.0, -2.7], -3.0) == pytest.approx(0.1)


def test_curves_of_a_linear_model_add_and_remove_its_terms():
    # order of the terms 2, -2, -3 of the score -3
    deleted = deletion_curve(linear, ROW, GRADIENT_TIMES_INPUT, 0.0)
    assert deleted == pytest.approx([-3, -5, -3, 0])
    inserted = insertion_curve(linear, ROW, GRADIENT_TIMES_INPUT, 0.0)
    assert inserted == pytest.approx([0, 2, 0, -3])


@given(linear_models())
def test_the_exact_map_has_the_best_curves_of_all_orders(model):
    weights, row = model
    exact = weights * row
    if np.ptp(exact) == 0:
        return

    def score(inputs):
        return inputs @ weights

    deletion = area_under_curve(deletion_curve(score, row, exact, 0.0))
    insertion = area_under_curve(insertion_curve(score, row, exact, 0.0))
    for order in itertools.permutations(range(len(row))):
        other = np.array(order, dtype=float)
        assert deletion <= area_under_curve(deletion_curve(score, row, other, 0.0)) + 1e-9
        assert insertion >= area_under_curve(insertion_curve(score, row, other, 0.0)) - 1e-9


@given(linear_models(8), st.integers(0, 2**32))
def test_only_the_gradient_of_a_linear_model_is_faithful(model, seed):
    weights, row = model

    def score(inputs):
        return inputs @ weights + 5

    moves = gaussian_perturbations(row.shape, n=30, seed=seed)
    assert infidelity(score, row, weights, moves) == pytest.approx(0, abs=1e-18)
    off = weights + 1.0
    expected = np.square(moves.sum(axis=1)).mean()
    assert infidelity(score, row, off, moves) == pytest.approx(expected)
    if weights.any():
        assert infidelity(score, row, 7 * weights, moves, scaled=True) == pytest.approx(
            0, abs=1e-18
        )
        assert infidelity(score, row, 7 * weights, moves) > 0


def test_infidelity_matches_a_loop_for_a_curved_model():
    generator = np.random.default_rng(3)
    row, attribution = generator.normal(size=(2, 4, 5))
    moves = gaussian_perturbations((4, 5), n=12, deviation=0.5, seed=1)

    def score(inputs):
        return np.sin(inputs).sum(axis=(1, 2))

    changes = [np.sin(row).sum() - np.sin(row - move).sum() for move in moves]
    predicted = [(move * attribution).sum() for move in moves]
    assert infidelity(score, row, attribution, moves) == pytest.approx(
        np.mean([(p - c) ** 2 for p, c in zip(predicted, changes, strict=True)])
    )
    beta = np.dot(predicted, changes) / np.dot(predicted, predicted)
    best = min(
        infidelity(score, row, factor * attribution, moves)
        for factor in beta * np.array([0.9, 0.99, 1.0, 1.01, 1.1])
    )
    assert infidelity(score, row, attribution, moves, scaled=True) == pytest.approx(best)


def test_one_step_of_a_picture_is_a_column_of_pixels_in_all_channels():
    generator = np.random.default_rng(1)
    row, blank = generator.normal(size=(2, 3, 4, 6))
    attribution = generator.normal(size=(4, 6))
    seen = []

    def score(inputs):
        seen.append(inputs)
        return inputs.sum(axis=(1, 2, 3))

    curve = deletion_curve(score, row, attribution, blank)
    inputs = np.concatenate(seen)
    assert len(curve) == 7
    assert (inputs[0] == row).all()
    assert (inputs[-1] == blank).all()
    for step, picture in enumerate(inputs):
        replaced = (picture == blank).all(axis=0)
        assert replaced.sum() == 4 * step
        if 0 < step < 6:
            assert attribution[replaced].min() >= attribution[~replaced].max()
    assert len(deletion_curve(score, row, attribution, blank, steps=24)) == 25
    assert len(insertion_curve(score, row, attribution, blank, steps=5)) == 6


def test_inputs_are_scored_in_batches():
    sizes = []

    def score(inputs):
        sizes.append(len(inputs))
        return inputs.sum(axis=1)

    row = np.arange(200.0)
    curve = deletion_curve(score, row, row, 0.0)
    assert curve == pytest.approx([row.sum() - row[200 - k :].sum() for k in range(201)])
    assert max(sizes) <= 64
    assert sum(sizes) == 201


def test_square_perturbations_remove_one_square():
    row = np.random.default_rng(2).normal(size=(2, 6, 7))
    for move in square_perturbations(row, 0.5, 3, n=20):
        removed = row - move
        changed = (removed != row).all(axis=0)
        assert changed.sum() == 9
        assert np.ptp(np.nonzero(changed), axis=1).tolist() == [2, 2]
        assert removed[:, changed] == pytest.approx(0.5)


def test_sensitivity_of_known_explainers():
    def gradient(inputs):
        return np.broadcast_to(WEIGHTS, inputs.shape)

    assert sensitivity_max(gradient, ROW) == 0
    # a map proportional to the input changes by |noise| / |row|
    assert 0 < sensitivity_max(lambda x: 9 * x, ROW) <= 0.02 * np.sqrt(3) / np.linalg.norm(ROW)
    few, many = (sensitivity_max(lambda x: x, ROW, samples=n) for n in (5, 500))
    assert few < many
    assert many == pytest.approx(0.02 * np.sqrt(3) / np.linalg.norm(ROW), rel=0.1)
    assert sensitivity_max(lambda x: x, ROW, seed=1) != sensitivity_max(lambda x: x, ROW)


def test_pointing_may_miss_by_the_tolerance():
    attribution, mask = np.zeros((40, 40)), np.zeros((40, 40), dtype=bool)
    mask[:5, :5] = True
    attribution[4, 19] = 1.0
    assert pointing_hit(attribution, mask)
    assert not pointing_hit(attribution, mask, 14.9)
    attribution[13, 16] = 2.0  # 9 down and 12 right of the corner of the mask
    assert pointing_hit(attribution, mask)
    attribution[14, 16] = 3.0
    assert not pointing_hit(attribution, mask)
    attribution[2, 2] = 4.0
    assert pointing_hit(attribution, mask, 0)


def test_an_explainer_that_ignores_the_model_is_seen():
    result = randomisation_summary({"head": [0.9, 0.8, 0.7], "block": [0.6, 0.1, 0.2]})
    assert result.layers == ("head", "block")
    assert [layer.median for layer in result.similarity] == [0.8, 0.2]
    assert (result.similarity[0].low, result.similarity[0].high) == pytest.approx((0.75, 0.85))
    assert result.final == 0.2
    assert result.depends_on_model
    assert not randomisation_summary({"all": [0.51, 0.9, 0.3]}).depends_on_model
    assert randomisation_summary({"all": [0.5]}).depends_on_model


def test_undefined_inputs():
    mask = np.ones((2, 2), dtype=bool)
    for undefined, reason in (
        (lambda: deletion_curve(linear, ROW, np.full(3, 0.2), 0.0), "constant"),
        (lambda: insertion_curve(linear, ROW, np.zeros(3), 0.0), "constant"),
        (lambda: deletion_curve(lambda x: x[:, 0] * np.nan, ROW, WEIGHTS, 0.0), "scores are NaN"),
        (lambda: area_under_curve([1.0]), "two points"),
        (lambda: infidelity(linear, ROW, np.zeros(3), np.eye(3), scaled=True), "no factor"),
        (lambda: sensitivity_max(lambda x: 0 * x, ROW), "zero everywhere"),
        (lambda: pointing_hit(np.zeros((2, 2)), mask), "constant"),
        (lambda: pointing_hit(np.eye(2), ~mask), "mask is empty"),
        (lambda: completeness_gap(WEIGHTS, 0.0), "nothing to attribute"),
        (lambda: randomisation_summary({}), "No layer"),
        (lambda: randomisation_summary({"head": []}), "no values"),
    ):
        with pytest.raises(Undefined, match=reason):
            undefined()


def test_refused_inputs():
    for refused in (
        lambda: deletion_curve(linear, ROW, np.eye(3), 0.0),
        lambda: deletion_curve(linear, ROW, WEIGHTS, np.zeros(4)),
        lambda: deletion_curve(linear, ROW, WEIGHTS, 0.0, steps=4),
        lambda: deletion_curve(lambda x: x[0], ROW, WEIGHTS, 0.0, steps=1),
        lambda: infidelity(linear, ROW, WEIGHTS[:2], np.eye(3)),
        lambda: infidelity(linear, ROW, WEIGHTS, np.eye(4)),
        lambda: square_perturbations(np.zeros((3, 3)), 0.0, 4),
        lambda: sensitivity_max(lambda x: x[1:], ROW),
        lambda: pointing_hit(np.eye(2), np.eye(2)),
        lambda: pointing_hit(np.eye(2), np.ones((3, 3), dtype=bool)),
    ):
        with pytest.raises(ValueError) as caught:
            refused()
        assert not isinstance(caught.value, Undefined)
