from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.metrics import Undefined
from workbench.metrics.planted import (
    backdoor_success,
    exposures,
    interclass_error,
    mean_exposure,
    planted_label_share,
)
from workbench.metrics.statistics import clopper_pearson, t_interval, wilson

CONFUSION = ((40, 10), (8, 42))


def answers_of(confusion):
    pairs = [(a, b) for a in (0, 1) for b in (0, 1) for _ in range(confusion[a][b])]
    targets, predicted = np.array(pairs).T
    return predicted, targets


def test_the_known_interclass_error():
    predicted, targets = answers_of(CONFUSION)
    value, interval, n = interclass_error(predicted, targets, (0, 1))
    assert value == pytest.approx(0.18)
    assert n == 100
    assert interval == wilson(18, 100)


def test_other_classes_and_other_errors_do_not_count():
    predicted, targets = answers_of(CONFUSION)
    predicted = np.concatenate([predicted, [2, 0, 1, 2]])
    targets = np.concatenate([targets, [0, 2, 2, 1]])
    value, _, n = interclass_error(predicted, targets, (1, 0))
    assert n == 102
    assert value == pytest.approx(18 / 102)


def test_without_either_class_there_is_no_interclass_error():
    with pytest.raises(Undefined, match="two classes"):
        interclass_error([2, 2], [2, 2], (0, 1))


def test_planted_labels_that_are_still_given():
    value, interval, n = planted_label_share([1, 1, 0, 1], [1, 0, 0, 0])
    assert (value, n) == (0.5, 4)
    assert interval == wilson(2, 4)
    with pytest.raises(Undefined):
        planted_label_share(np.array([], dtype=int), np.array([], dtype=int))


def test_backdoor_success_has_an_exact_interval():
    value, interval, n = backdoor_success([7] * 150 + [1] * 100, 7)
    assert (value, n) == (0.6, 250)
    assert interval == clopper_pearson(150, 250)
    assert backdoor_success([0] * 200, 7)[0] == 0


@pytest.mark.parametrize("n", [0, 1, 199])
def test_few_triggered_rows_show_no_success(n):
    with pytest.raises(Undefined, match=f"at least 200 .* there are {n}"):
        backdoor_success([7] * n, 7)


def test_the_first_of_all_is_exposed_most_and_the_last_not_at_all():
    references = np.arange(1000) + 1.0
    first, middle, last = exposures([0.0, 511.5, 2000.0], references)
    assert first == pytest.approx(math.log2(1001))
    assert middle == pytest.approx(math.log2(1001) - 9)
    assert last == pytest.approx(0)


def test_without_memory_the_mean_exposure_is_that_of_a_uniform_rank():
    draw = np.random.default_rng(0)
    value, interval, n = mean_exposure(draw.normal(size=4000), draw.normal(size=20_000))
    assert n == 4000
    assert value == pytest.approx(1 / math.log(2), abs=0.1)
    assert interval.low < 1 / math.log(2) < interval.high


@given(
    st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0]), min_size=1, max_size=5),
    st.integers(0, 2**16),
)
def test_ranks_agree_with_counting(losses, seed):
    references = np.random.default_rng(seed).choice([0.0, 0.5, 1.0, 2.0, 3.0], 1000)
    for loss, bits in zip(losses, exposures(losses, references), strict=True):
        rank = 1 + sum(r < loss for r in references) + sum(r == loss for r in references) / 2
        assert bits == pytest.approx(math.log2(1001) - math.log2(rank))
        assert 0 <= bits <= math.log2(1001)


def test_only_the_order_of_losses_counts():
    draw = np.random.default_rng(1)
    losses, references = draw.normal(size=9), draw.normal(size=1000)
    np.testing.assert_allclose(
        exposures(losses, references), exposures(np.exp(losses), np.exp(references))
    )


def test_the_mean_has_an_interval_from_two_canaries_on():
    references = np.arange(1000.0)
    bits = exposures([3.0, 40.0, 500.0], references)
    assert mean_exposure([3.0, 40.0, 500.0], references) == (bits.mean(), t_interval(bits), 3)
    assert mean_exposure([3.0], references)[1] is None


def test_faulty_input_is_said():
    with pytest.raises(Undefined, match="at least 1000 reference canaries, there are 999"):
        exposures([1.0], np.zeros(999))
    with pytest.raises(Undefined, match="NaN"):
        exposures([np.nan], np.zeros(1000))
    with pytest.raises(Undefined, match="no losses"):
        exposures([], np.zeros(1000))
