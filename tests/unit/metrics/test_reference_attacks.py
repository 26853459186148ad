from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.metrics import Undefined
from workbench.metrics.reference_attacks import (
    calibrated_loss,
    gap_attack,
    population_attack,
    population_attack_by_class,
    reference_attack,
)

POPULATION = [0.1, 0.3, 0.5, 0.7, 0.9, 1.1, 1.3, 1.5]
tied_losses = st.lists(st.integers(0, 5).map(float), min_size=1, max_size=20)


def test_known_population_attack():
    assert population_attack([0.2, 0.7, 2.0], POPULATION).tolist() == [0.875, 0.5625, 0]


@given(tied_losses, tied_losses)
def test_population_attack_matches_all_pairs(losses, population):
    x, z = np.array(losses)[:, None], np.array(population)
    expected = ((z > x) + 0.5 * (z == x)).mean(axis=1)
    assert population_attack(losses, population) == pytest.approx(expected)


def test_threshold_of_the_population_attack_is_its_false_positive_rate():
    generator = np.random.default_rng(1)
    population, fresh = generator.exponential(size=(2, 20_000))
    for fpr in (0.1, 0.01):
        called = population_attack(fresh, population) >= 1 - fpr
        error = np.sqrt(2 * fpr * (1 - fpr) / 20_000)
        assert called.mean() == pytest.approx(fpr, abs=4 * error)


def test_rows_are_compared_within_their_class_where_it_is_common():
    generator = np.random.default_rng(2)
    population, labels = generator.random(150), np.repeat([0, 1, 2], [50, 49, 51])
    losses, of_rows = [0.2, 0.2, 0.2, 0.2], [0, 1, 2, 7]
    by_class = population_attack_by_class(losses, of_rows, population, labels)
    assert by_class.pooled_classes == (1, 7)
    everyone = population_attack([0.2], population)[0]
    within = [population_attack([0.2], population[labels == c])[0] for c in (0, 2)]
    assert by_class.scores.tolist() == [within[0], everyone, within[1], everyone]


def test_reference_attack_matches_a_loop():
    generator = np.random.default_rng(3)
    references = generator.integers(0, 4, (20, 15)).astype(float)
    losses = generator.integers(0, 4, 15).astype(float)
    is_in = generator.random((20, 15)) < 0.4
    scores, soft = (
        reference_attack(losses, references, is_in),
        calibrated_loss(losses, references, is_in),
    )
    for row in range(15):
        out = references[~is_in[:, row], row]
        assert scores[row] == pytest.approx(
            np.mean((out > losses[row]) + 0.5 * (out == losses[row]))
        )
        assert soft[row] == pytest.approx(out.mean() - losses[row])
    everyone = reference_attack(losses, references)
    assert everyone == pytest.approx(
        [
            population_attack([loss], column)[0]
            for loss, column in zip(losses, references.T, strict=True)
        ]
    )
    assert calibrated_loss(losses, references) == pytest.approx(references.mean(axis=0) - losses)


def test_float32_references_keep_the_scores():
    generator = np.random.default_rng(4)
    references = generator.random((9, 5)).astype(np.float32)
    assert np.array_equal(
        reference_attack(np.full(5, 0.5), references),
        reference_attack(np.full(5, 0.5), references.astype(float)),
    )


def test_too_few_references_are_refused():
    references = np.ones((8, 3))
    is_in = np.zeros((8, 3), dtype=bool)
    assert reference_attack([0.0, 1.0, 2.0], references, is_in).tolist() == [1, 0.5, 0]
    is_in[0, 1] = True
    with pytest.raises(Undefined, match="Fewer than 8 reference models never saw row 1"):
        reference_attack([0.0, 1.0, 2.0], references, is_in)
    is_in[:, 2] = True
    with pytest.raises(Undefined, match="without row 2"):
        calibrated_loss([0.0, 1.0, 2.0], references, is_in)


def test_gap_attack():
    assert gap_attack([True] * 9 + [False], [True] * 6 + [False] * 4) == pytest.approx(0.65)
    assert gap_attack([True], [True]) == 0.5
    assert gap_attack([False], [True]) == 0


def test_faulty_input_is_refused():
    with pytest.raises(Undefined, match="no losses"):
        population_attack([], POPULATION)
    with pytest.raises(Undefined, match="no population"):
        population_attack([0.1], [])
    with pytest.raises(Undefined, match="row 1"):
        population_attack([0.1, np.nan], POPULATION)
    with pytest.raises(Undefined, match="no rows"):
        gap_attack([], [True])
    with pytest.raises(ValueError, match="booleans"):
        gap_attack([1, 0], [True])
    with pytest.raises(ValueError, match="do not fit"):
        reference_attack([0.1], np.ones((8, 2)))
    with pytest.raises(ValueError, match="different shapes"):
        population_attack_by_class([0.1], [0, 1], POPULATION, [0] * 8)
