from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.metrics import Undefined
from workbench.metrics.weights import (
    layer_distances,
    non_finite_count,
    sparsity,
    unchanged_tensors,
    weight_distance,
)

BEFORE = {"a": np.array([1.0, 2.0, 2.0]), "b": np.array([[0.0, 3.0], [4.0, 0.0]])}
AFTER = {"a": np.array([1.0, 2.0, 0.0]), "b": np.array([[0.0, 0.0], [4.0, 0.0]])}


def test_known_distances():
    total = weight_distance(BEFORE, AFTER)
    assert total.l2 == pytest.approx(3.6055512755)
    assert total.relative == pytest.approx(0.6183469424)
    assert total.cosine == pytest.approx(0.7859052480)
    layers = layer_distances(BEFORE, AFTER)
    assert layers["a"].relative == pytest.approx(2 / 3)
    assert layers["b"].relative == pytest.approx(0.6)


@given(st.integers(0, 2**32 - 1))
def test_distance_of_a_model_is_that_of_its_flattened_weights(seed):
    generator = np.random.default_rng(seed)
    shapes = {"weight": (4, 3), "bias": (3,), "scale": ()}
    before = {n: np.asarray(generator.normal(size=s), dtype=np.float32) for n, s in shapes.items()}
    after = {n: t + np.float32(0.1) * t**2 for n, t in before.items()}
    x, y = (np.concatenate([t.ravel().astype(float) for t in m.values()]) for m in (before, after))
    total = weight_distance(before, after)
    assert total.l2 == pytest.approx(np.linalg.norm(x - y))
    assert total.relative == pytest.approx(np.linalg.norm(x - y) / np.linalg.norm(x))
    assert total.cosine == pytest.approx(x @ y / np.linalg.norm(x) / np.linalg.norm(y))


def test_a_model_is_at_distance_zero_from_itself():
    total = weight_distance(BEFORE, BEFORE)
    assert (total.l2, total.relative) == (0, 0)
    assert total.cosine == pytest.approx(1)
    assert unchanged_tensors(BEFORE, BEFORE) == ("a", "b")


def test_unchanged_means_the_same_bits():
    before = {"x": np.array([0.0, np.nan]), "y": np.array([0.0]), "z": np.array([1, 2])}
    after = {"x": before["x"].copy(), "y": np.array([-0.0]), "z": np.array([1, 3])}
    assert unchanged_tensors(before, after) == ("x",)


def test_counters_are_no_weights():
    counter = {"steps": np.array(10)}
    assert weight_distance(BEFORE | counter, AFTER | {"steps": np.array(900)}).l2 == pytest.approx(
        math.sqrt(13)
    )
    assert sparsity(BEFORE | counter) == pytest.approx(2 / 7)
    with pytest.raises(Undefined, match="no weights"):
        weight_distance(counter, counter)
    with pytest.raises(Undefined, match="no weights"):
        sparsity(counter)


def test_zero_weights_have_no_relative_distance():
    zeros = {"bias": np.zeros(3)}
    moved = weight_distance(zeros, {"bias": np.ones(3)})
    assert moved.l2 == pytest.approx(math.sqrt(3))
    with pytest.raises(Undefined, match="all zero"):
        _ = moved.relative
    with pytest.raises(Undefined, match="only zero weights"):
        _ = moved.cosine


def test_non_finite_weights_are_counted_and_named():
    broken = {"a": np.array([1.0, np.nan, np.inf]), "b": BEFORE["b"]}
    assert non_finite_count(broken) == 2
    assert non_finite_count(BEFORE) == 0
    with pytest.raises(Undefined, match=r"in a\."):
        weight_distance(BEFORE, broken)


def test_different_architectures_are_refused():
    with pytest.raises(ValueError, match="only one of the models: b"):
        weight_distance(BEFORE, {"a": BEFORE["a"]})
    with pytest.raises(ValueError, match="shapes"):
        weight_distance({"a": np.ones(2)}, {"a": np.ones(3)})
