"""Nearness of made-up inputs to forget rows: by brute force, by symmetry, and at chance."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.metrics import Undefined
from workbench.metrics.inversion import expected_minimum, nearness_gains

seeds = st.integers(0, 2**32 - 1)


def rows(seed: int, n: int, shape: tuple[int, ...] = (3,)) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, *shape))


@given(seeds, st.integers(1, 7), st.data())
@settings(max_examples=40, deadline=None)
def test_expected_minimum_is_the_mean_over_all_subsets(seed: int, n: int, data: st.DataObject):
    size = data.draw(st.integers(1, n))
    values = np.random.default_rng(seed).integers(0, 5, (2, n))  # with ties
    by_hand = [[min(some) for some in combinations(row, size)] for row in values.tolist()]
    np.testing.assert_allclose(expected_minimum(values, size), np.mean(by_hand, axis=1))


def test_expected_minimum_at_its_ends_and_with_many_values():
    values = rows(1, 4, (5000,))
    np.testing.assert_allclose(expected_minimum(values, 1), values.mean(axis=1), atol=1e-9)
    np.testing.assert_array_equal(expected_minimum(values, 5000), values.min(axis=1))
    assert np.isfinite(expected_minimum(values, 2500)).all()
    for size in (0, 5001):
        with pytest.raises(ValueError, match="no subset"):
            expected_minimum(values, size)


@pytest.mark.parametrize("n_forget", [1, 2, 4, 5])
def test_over_all_ways_to_divide_the_rows_the_mean_is_zero(n_forget: int):
    made, everything = rows(2, 2), rows(3, 6)
    gains = [
        nearness_gains(made, everything[list(chosen)], np.delete(everything, chosen, axis=0))
        for chosen in combinations(range(6), n_forget)
    ]
    np.testing.assert_allclose(np.mean(gains, axis=0), 0, atol=1e-12)
    assert np.abs(gains).max() > 0.1


def test_a_copy_of_a_forget_row_gains_and_of_another_row_loses():
    forget, others = rows(4, 8), rows(5, 8)
    gains = nearness_gains(np.stack([forget[2], others[3]]), forget, others)
    assert gains[0] > 0.5
    assert gains[1] < -0.5


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_sides_unit_place_and_order_of_rows(seed: int):
    made, forget, others = rows(seed, 3), rows(seed + 1, 4), rows(seed + 2, 7)
    gains = nearness_gains(made, forget, others)
    np.testing.assert_allclose(nearness_gains(made, others, forget), -gains)
    moved = (10 * one + 7 for one in (made, forget[::-1], others[::-1]))
    np.testing.assert_allclose(nearness_gains(*moved), gains, atol=1e-9)


def test_a_value_by_hand():
    # distances 1 and 2 to forget rows, 3 and 4 to the others: (3 - 1) / sd(1, 2, 3, 4)
    assert nearness_gains([[0.0]], [[1.0], [-2.0]], [[3.0], [-4.0]]) == pytest.approx(
        2 / np.std([1, 2, 3, 4], ddof=1)
    )
    # one forget row at 1 against the mean of the others, 3.5
    assert nearness_gains([[0.0]], [[1.0]], [[3.0], [-4.0]]) == pytest.approx(
        2.5 / np.std([1, 3, 4], ddof=1)
    )


def test_images_are_flattened():
    made, forget, others = rows(6, 2, (1, 2, 3)), rows(7, 4, (1, 2, 3)), rows(8, 4, (1, 2, 3))
    flat = [one.reshape(-1, 6) for one in (made, forget, others)]
    np.testing.assert_array_equal(nearness_gains(made, forget, others), nearness_gains(*flat))


@pytest.mark.parametrize(
    ("made", "forget", "others", "reason"),
    [
        ([[0.0]], np.empty((0, 1)), [[1.0]], "no forget rows"),
        ([[0.0]], [[1.0]], np.empty((0, 1)), "no non-member rows"),
        (np.empty((0, 1)), [[1.0]], [[1.0]], "no inversions"),
        ([[0.0]], [[1.0]], [[2.0]], "Two rows"),
        ([[0.0]], [[1.0], [-1.0]], [[1.0]], "equally far"),
        ([[np.nan]], [[1.0], [2.0]], [[1.0]], "inversions"),
        ([[0.0]], [[1.0], [np.inf]], [[1.0]], "forget rows"),
    ],
)
def test_what_cannot_be_told_says_why(made, forget, others, reason):
    with pytest.raises(Undefined, match=reason):
        nearness_gains(made, forget, others)


def test_inputs_of_other_sizes_are_refused():
    with pytest.raises(ValueError, match="values"):
        nearness_gains([[0.0]], [[1.0, 2.0]], [[1.0, 2.0], [2.0, 3.0]])
