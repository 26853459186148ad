from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.metrics import Undefined
from workbench.metrics.klom import klom, klom_by_row, klom_null_floor

UNLEARNED = np.array([[1, 1.2, 1.4, 2, 2.2, 2.4, 3, 3.2]]).T
RETRAINED = np.array([[0.5, 0.8, 1.1, 1.3, 1.9, 2.1, 2.3, 2.9]]).T


def by_histogram(u, r, bins=20, smallest=1e-5):
    u, r = np.clip(u, -100, 100), np.clip(r, -100, 100)
    ends = min(u.min(), r.min()), max(u.max(), r.max())
    p, q = (np.histogram(side, bins, ends)[0] / len(side) for side in (u, r))
    q = np.where(p > 0, np.maximum(q, smallest), q)
    q = q / q.sum()
    return sum(a * math.log(a / b) for a, b in zip(p, q, strict=True) if a > 0)


def test_known_value_keeps_the_largest_margin():
    assert klom_by_row(UNLEARNED, RETRAINED) == pytest.approx([7.0751729407])


@given(st.integers(0, 10**6), st.integers(1, 30), st.integers(1, 40), st.integers(1, 40))
def test_rows_match_histograms(seed, bins, n_unlearned, n_retrained):
    generator = np.random.default_rng(seed)
    u = generator.normal(size=(n_unlearned, 4)) * [0.1, 1, 3, 60]
    r = generator.normal(loc=[0, 1, 0, 0], size=(n_retrained, 4))
    found = klom_by_row(u, r, bins=bins)
    assert found == pytest.approx(
        [by_histogram(u[:, row], r[:, row], bins) for row in range(4)], abs=1e-9
    )
    assert (found >= 0).all()


@given(st.integers(0, 1000))
def test_the_same_models_are_at_zero(seed):
    values = np.random.default_rng(seed).normal(size=(12, 6))
    assert klom_by_row(values, values) == pytest.approx(np.zeros(6), abs=1e-12)


def test_disjoint_sides_are_near_the_largest_value():
    low, high = np.random.default_rng(1).normal(size=(2, 50, 3))
    found = klom_by_row(low, high + 1000)
    assert (np.abs(found - math.log(1e5)) < 0.01).all()


def test_margins_are_clipped_at_a_hundred():
    u, r = np.random.default_rng(2).normal(size=(2, 30, 1))
    u[0], r[0] = 150, -7000
    v, s = u.copy(), r.copy()
    v[0], s[0] = 100, -100
    assert klom_by_row(u, r) == klom_by_row(v, s)


def test_equal_constants_are_at_zero():
    assert klom_by_row(np.full((5, 2), 3.0), np.full((7, 2), 3.0)).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("models", "mean", "percentile"), [(10, 5.57, 7.92), (30, 1.83, 3.26), (100, 0.35, 0.66)]
)
def test_known_null_floor(models, mean, percentile):
    values = np.random.default_rng(3).normal(size=(2 * models, 4000))
    floor = klom_null_floor(values)
    assert floor.per_side == (models, models)
    assert floor.mean == pytest.approx(mean, rel=0.05)
    assert floor.percentile_95 == pytest.approx(percentile, rel=0.08)


def test_a_perfect_method_is_at_the_floor_and_a_shifted_one_above():
    generator = np.random.default_rng(4)
    oracles, perfect = generator.normal(size=(100, 500)), generator.normal(size=(50, 500))
    floor = klom_null_floor(oracles)
    matched = klom(perfect, oracles[:50])
    assert matched.mean == pytest.approx(floor.mean, rel=0.1)
    assert klom(perfect + 1, oracles[:50]).mean > 2 * floor.mean
    assert klom(perfect, oracles).median == pytest.approx(np.median(klom_by_row(perfect, oracles)))


def test_blocks_change_nothing(monkeypatch):
    u, r = np.random.default_rng(5).normal(size=(2, 9, 11))
    whole = klom_by_row(u, r)
    monkeypatch.setattr("workbench.metrics.arrays._HELD", 1)
    assert np.array_equal(klom_by_row(u, r), whole)


def test_few_models_are_refused_in_the_summary():
    u, r = np.random.default_rng(6).normal(size=(2, 30, 4))
    assert klom(u, r).per_side == (30, 30)
    with pytest.raises(Undefined, match=r"fewer than 30 .* 29 and 30"):
        klom(u[:29], r)
    with pytest.raises(Undefined, match="two retrained"):
        klom_null_floor(r[:1])


def test_faulty_input_is_refused():
    with pytest.raises(Undefined, match="no margins"):
        klom_by_row(np.zeros((0, 2)), np.zeros((3, 2)))
    with pytest.raises(Undefined, match="in row 1"):
        klom_by_row([[0.0, np.inf]], [[0.0, 0.0]])
    with pytest.raises(ValueError, match="different rows"):
        klom_by_row(np.zeros((3, 2)), np.zeros((3, 1)))
    with pytest.raises(ValueError, match="bin"):
        klom_by_row(UNLEARNED, RETRAINED, bins=0)
    with pytest.raises(ValueError, match="smallest share"):
        klom_by_row(UNLEARNED, RETRAINED, smallest_share=0)
