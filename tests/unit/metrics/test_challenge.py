from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.metrics import Undefined
from workbench.metrics.challenge import (
    EPSILON_CAP,
    final_score,
    forgetting,
    largest_epsilon,
    null_floor,
    row_credits,
    row_epsilons,
    threshold_epsilon,
)

DELTA = 1e-5


def by_thresholds(unlearned, retrained, family, thresholds=None):
    """Epsilon of one row straight from the definition, None if every threshold is discarded.

    Without a number of thresholds there is one at every value.
    """
    joint = np.concatenate([unlearned, retrained])
    grid = np.linspace(joint.min(), joint.max(), thresholds) if thresholds else np.unique(joint)
    if family == "single":
        swap = np.median(unlearned) < np.median(retrained)
        rules = [lambda x, t=t: x >= t for t in grid]
    else:
        swap = np.ptp(unlearned) > np.ptp(retrained)
        ends = itertools.combinations([*grid, math.inf], 2)
        rules = [lambda x, a=a, b=b: (x >= a) & (x < b) for a, b in ends]
    positive, negative = (retrained, unlearned) if swap else (unlearned, retrained)
    found = []
    for rule in rules:
        fpr, fnr = rule(negative).mean(), 1 - rule(positive).mean()
        if fpr == fnr == 0:
            return EPSILON_CAP
        if fpr == 0 or fnr == 0:
            continue
        terms = [0.0]
        if 1 - DELTA - fpr > 0:
            terms.append(math.log(1 - DELTA - fpr) - math.log(fnr))
        if 1 - DELTA - fnr > 0:
            terms.append(math.log(1 - DELTA - fnr) - math.log(fpr))
        found.append(max(terms))
    return max(found, default=None)


def test_known_epsilon_takes_the_larger_term():
    assert threshold_epsilon(0.1, 0.2) == pytest.approx(2.0794290416, abs=1e-9)
    assert threshold_epsilon(0.2, 0.1) == threshold_epsilon(0.1, 0.2)
    smaller = math.log(1 - DELTA - 0.1) - math.log(0.2)
    assert smaller == pytest.approx(1.5040662856, abs=1e-9)


def test_known_credits_score_and_largest_epsilon():
    assert row_credits([0, 0.49, 0.5, 1.2, 3]).tolist() == [1, 1, 0.5, 0.25, 0.015625]
    assert row_credits([0, 0.3, 0.7, 1.2, 3]).mean() == pytest.approx(0.553125)
    assert [largest_epsilon(n) for n in (32, 64, 128, 512)] == [4, 5, 5, 7]
    assert row_credits([3.9, 4.0], 4).tolist() == [2**-7, 0]


@pytest.mark.parametrize(("models", "epsilon", "credit"), [(32, 1.18, 0.33), (64, 1.13, 0.36)])
def test_known_null_floor_of_the_single_threshold(models, epsilon, credit):
    generator = np.random.default_rng(1)
    both = generator.normal(size=(2, models, 4000))
    found = forgetting(*both, families=["single"])
    assert found.epsilons.mean() == pytest.approx(epsilon, abs=0.05)
    assert found.score == pytest.approx(credit, abs=0.05)
    assert found.models == (models, models)
    floor = null_floor(np.concatenate(both), families=["single"])
    assert floor.models == (models, models)
    assert floor.score == pytest.approx(credit, abs=0.05)


def test_two_families_find_more_than_one():
    both = np.random.default_rng(2).normal(size=(2, 32, 1000))
    single, interval = (row_epsilons(*both, families=[f]) for f in ("single", "interval"))
    assert np.array_equal(row_epsilons(*both), np.maximum(single, interval))
    assert interval.mean() > single.mean() + 0.4


@pytest.mark.parametrize("family", ["single", "interval"])
@pytest.mark.parametrize("counts", [(24, 24), (13, 20)])
def test_epsilons_match_the_definition_threshold_by_threshold(family, counts):
    generator = np.random.default_rng(3)
    shift = np.linspace(-2, 2, 30)
    unlearned = generator.normal(size=(counts[0], 30)) + shift
    retrained = generator.normal(size=(counts[1], 30)) * np.linspace(0.5, 2, 30)
    expected = [
        by_thresholds(unlearned[:, row], retrained[:, row], family, 25) for row in range(30)
    ]
    assert None not in expected
    found = row_epsilons(unlearned, retrained, families=[family], thresholds=25)
    assert found == pytest.approx(np.array(expected, dtype=float))


@given(st.integers(0, 1000), st.floats(0.1, 10), st.floats(-20, 20))
def test_epsilon_forgets_names_sides_units_and_origin(seed, scale, origin):
    unlearned, retrained = np.random.default_rng(seed).normal(size=(2, 20, 5))
    here = row_epsilons(unlearned, retrained)
    assert row_epsilons(retrained, unlearned) == pytest.approx(here)
    moved = row_epsilons(scale * unlearned + origin, scale * retrained + origin)
    assert moved == pytest.approx(here, abs=0.4)  # a value may cross a threshold by rounding
    order = np.random.default_rng(1).permutation(5)
    assert np.array_equal(row_epsilons(unlearned[:, order], retrained[:, order]), here[order])


def test_an_interval_sees_a_change_of_spread_that_one_threshold_misses():
    generator = np.random.default_rng(4)
    narrow, wide = 0.1 * generator.normal(size=(64, 200)), 3 * generator.normal(size=(64, 200))
    single = row_epsilons(narrow, wide, families=["single"])
    both = row_epsilons(narrow, wide)
    assert np.median(both) > np.median(single) + 1


def test_separated_and_peaky_sides_reach_the_cap():
    low, high = np.random.default_rng(5).normal(size=(2, 16, 3))
    high += 50
    assert row_epsilons(low, high).tolist() == [EPSILON_CAP] * 3
    assert row_epsilons(np.full((16, 3), 0.1), low).tolist() == [EPSILON_CAP] * 3
    barely = 0.009 * np.ptp(low, axis=0) * np.linspace(0, 1, 16)[:, None]
    assert row_epsilons(barely, low).tolist() == [EPSILON_CAP] * 3
    assert row_credits([EPSILON_CAP])[0] < 1e-30
    assert forgetting(low, high).score == 0


def test_equal_constants_cannot_be_told_apart():
    assert row_epsilons(np.ones((8, 2)), np.ones((9, 2))).tolist() == [0, 0]


def test_diverged_models_do_not_hide_what_the_others_tell():
    unlearned, retrained = np.random.default_rng(6).normal(size=(2, 40, 3))
    unlearned += [0, 1, 2]
    unlearned[0], retrained[0] = 1e6, 2e6
    hidden = by_thresholds(unlearned[:, 2], retrained[:, 2], "single", 100)
    assert hidden is None or hidden < 0.1
    for family in ("single", "interval"):
        found = row_epsilons(unlearned, retrained, families=[family])
        assert found == pytest.approx(
            [by_thresholds(unlearned[:, row], retrained[:, row], family) for row in range(3)]
        )
        assert found[2] > 2


def test_what_no_threshold_can_tell_is_undefined():
    # all but a tie is separated: every threshold leaves one side without an error
    unlearned, retrained = np.array([[0.0], [1.0], [1.0]]), np.array([[1.0], [2.0], [2.0]])
    with pytest.raises(Undefined, match="in row 0"):
        row_epsilons(unlearned, retrained, families=["single"])
    for rates in ((0.0, 0.2), (0.2, 0.0)):
        with pytest.raises(Undefined, match="Exactly one"):
            threshold_epsilon(*rates)
    assert threshold_epsilon(0, 0) == EPSILON_CAP
    assert threshold_epsilon(1, 1) == threshold_epsilon(0.5, 0.5) == 0


def test_blocks_change_nothing(monkeypatch):
    unlearned, retrained = np.random.default_rng(7).normal(size=(2, 12, 9))
    whole = row_epsilons(unlearned, retrained)
    monkeypatch.setattr("workbench.metrics.arrays._HELD", 1)
    assert np.array_equal(row_epsilons(unlearned, retrained), whole)


def test_final_score_scales_by_both_accuracies():
    assert final_score(0.4, (0.9, 0.95), (0.8, 0.85)) == pytest.approx(
        0.4 * 0.9 / 0.95 * 0.8 / 0.85
    )
    with pytest.raises(Undefined, match="test accuracy of 0"):
        final_score(0.4, (0.9, 0.95), (0.8, 0.0))
    with pytest.raises(ValueError, match="retain accuracy"):
        final_score(0.4, (90, 0.95), (0.8, 0.85))


def test_faulty_input_is_refused():
    values = np.random.default_rng(8).normal(size=(4, 3))
    with pytest.raises(Undefined, match="two unlearned"):
        row_epsilons(values[:1], values)
    with pytest.raises(Undefined, match="two unlearned"):
        null_floor(values[:3])
    with pytest.raises(Undefined, match="two unlearned"):
        largest_epsilon(1)
    with pytest.raises(Undefined, match="no margins"):
        row_epsilons(np.zeros((4, 0)), np.zeros((4, 0)))
    with pytest.raises(Undefined, match="in row 2"):
        row_epsilons(values, np.where(np.arange(3) == 2, np.nan, values))
    with pytest.raises(ValueError, match="different rows"):
        row_epsilons(values, values[:, 1:])
    with pytest.raises(ValueError, match="families"):
        row_epsilons(values, values, families=["triple"])
    with pytest.raises(ValueError, match="families"):
        row_epsilons(values, values, families=[])
    with pytest.raises(ValueError, match="thresholds"):
        row_epsilons(values, values, thresholds=1)
    with pytest.raises(ValueError, match="negative"):
        row_credits([-0.1])
