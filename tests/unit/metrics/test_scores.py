from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import special

from workbench.metrics import Undefined, arrays, scores

UNLABELLED = [scores.max_confidence, scores.entropy]
LABELLED = [scores.margin, scores.cross_entropy, scores.confidence, scores.modified_entropy]
P = np.array([[0.7, 0.2, 0.1]])


@st.composite
def labelled_logits(draw, size=30.0):
    n, c = draw(st.integers(1, 12)), draw(st.integers(2, 6))
    values = st.floats(-size, size, allow_nan=False)
    logits = draw(hnp.arrays(np.float64, (n, c), elements=values))
    return logits, draw(hnp.arrays(np.int64, n, elements=st.integers(0, c - 1)))


def every_score(logits, targets):
    return [f(logits) for f in UNLABELLED] + [f(logits, targets) for f in LABELLED]


def test_known_entropy():
    assert scores.entropy(np.log(P)) == pytest.approx([0.8018185525], abs=1e-9)


@pytest.mark.parametrize(
    ("target", "expected"), [(0, 0.1621672450), (1, 2.1408673445), (2, 2.9597362560)]
)
def test_known_modified_entropy_alone_and_in_a_batch(target, expected):
    alone = scores.modified_entropy(np.log(P), [target])
    batch = scores.modified_entropy(np.log(np.repeat(P, 3, axis=0)), [0, 1, 2])
    assert alone == pytest.approx([expected], abs=1e-9)
    assert batch[target] == pytest.approx(expected, abs=1e-9)


def test_known_margins():
    assert scores.margin(np.log(P), [0]) == pytest.approx([0.8472978604], abs=1e-9)
    assert scores.margin([[2.0, 1.0, -1.0]], [0]) == pytest.approx([0.8730719890], abs=1e-9)


@given(labelled_logits())
def test_scores_match_plain_probability_formulas(case):
    logits, targets = case
    rows = np.arange(len(logits))
    p = special.softmax(logits, axis=1)
    p_y = p[rows, targets]
    assert scores.log_probabilities(logits) == pytest.approx(
        special.log_softmax(logits, axis=1), abs=1e-10
    )
    assert scores.confidence(logits, targets) == pytest.approx(p_y, abs=1e-12)
    assert scores.max_confidence(logits) == pytest.approx(p.max(axis=1), abs=1e-12)
    assert scores.entropy(logits) == pytest.approx(special.entr(p).sum(axis=1), abs=1e-10)
    assert scores.cross_entropy(logits, targets) == pytest.approx(
        -special.log_softmax(logits, axis=1)[rows, targets], abs=1e-10
    )


@given(labelled_logits(size=8.0))
def test_modified_entropy_matches_a_loop(case):
    logits, targets = case
    p = special.softmax(logits, axis=1)
    expected = [
        sum(-(1 - q) * math.log(q) if i == y else -q * math.log1p(-q) for i, q in enumerate(row))
        for row, y in zip(p, targets, strict=True)
    ]
    assert scores.modified_entropy(logits, targets) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(labelled_logits(), st.floats(-1e3, 1e3))
def test_a_constant_added_to_the_logits_changes_nothing(case, constant):
    logits, targets = case
    for before, after in zip(
        every_score(logits, targets), every_score(logits + constant, targets), strict=True
    ):
        assert after == pytest.approx(before, rel=1e-9, abs=1e-9)


@given(labelled_logits(), st.randoms(use_true_random=False))
def test_renaming_the_classes_changes_nothing(case, random):
    logits, targets = case
    order = list(range(logits.shape[1]))
    random.shuffle(order)
    renamed = np.argsort(order)[targets]
    for before, after in zip(
        every_score(logits, targets), every_score(logits[:, order], renamed), strict=True
    ):
        assert after == pytest.approx(before, rel=1e-9, abs=1e-12)


@given(labelled_logits())
def test_classes_of_probability_zero_change_nothing(case):
    logits, targets = case
    padded = np.hstack([logits, np.full((len(logits), 5), -2000.0)])
    for before, after in zip(
        every_score(logits, targets), every_score(padded, targets), strict=True
    ):
        assert after == pytest.approx(before, rel=1e-12, abs=1e-12)


@given(labelled_logits(), st.randoms(use_true_random=False))
def test_batches_and_order_do_not_matter(case, random):
    logits, targets = case
    whole = every_score(logits, targets)
    order = list(range(len(logits)))
    random.shuffle(order)
    for index, shuffled in enumerate(every_score(logits[order], targets[order])):
        assert shuffled == pytest.approx(whole[index][order], rel=1e-13)
    for size in (1, 7):
        parts = [
            every_score(logits[i : i + size], targets[i : i + size])
            for i in range(0, len(logits), size)
        ]
        for index, values in enumerate(whole):
            joined = np.concatenate([part[index] for part in parts])
            assert joined == pytest.approx(values, rel=1e-13)


@given(labelled_logits(size=1e99))
def test_huge_logits_give_finite_scores(case):
    logits, targets = case
    for values in every_score(logits, targets):
        assert np.isfinite(values).all()


def test_losses_of_very_confident_rows_stay_apart():
    logits = np.array([[100.0, 0.0], [60.0, 0.0], [40.0, 0.0]])
    loss = scores.cross_entropy(logits, [0, 0, 0])
    expected = [math.exp(-100), math.exp(-60), math.exp(-40)]
    assert loss == pytest.approx(expected, rel=1e-12, abs=0)
    assert scores.log_probabilities(logits)[:, 0] == pytest.approx(-loss, rel=1e-12, abs=0)


def test_modified_entropy_of_a_confidently_wrong_row_is_large_and_finite():
    value = scores.modified_entropy([[800.0, 0.0]], [1])
    assert value == pytest.approx([1600.0])


def test_prediction_ties_go_to_the_lowest_class():
    assert scores.predictions([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]]).tolist() == [1, 0]


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_low_precision_logits_give_float64_scores(dtype):
    logits = np.array([[2.0, 1.0, -1.0]], dtype=dtype)
    for values in every_score(logits, [0]):
        assert values.dtype == np.float64
    assert scores.margin(logits, [0]) == pytest.approx([0.8730719890], abs=1e-9)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_non_finite_logits_are_refused_by_row(bad):
    logits = np.zeros((20, 3))
    logits[[4, 11], 1] = bad
    with pytest.raises(Undefined, match="rows 4, 11"):
        scores.entropy(logits)
    with pytest.raises(Undefined, match="rows 4, 11"):
        scores.cross_entropy(logits, np.zeros(20, dtype=int))


def test_only_the_first_faulty_rows_are_named():
    with pytest.raises(Undefined, match="rows 0, 1, 2, 3, 4 and 45 more"):
        scores.entropy(np.full((50, 2), np.nan))


def test_no_rows_or_one_class_is_undefined():
    with pytest.raises(Undefined, match="no rows"):
        scores.predictions(np.empty((0, 3)))
    with pytest.raises(Undefined, match="at least two classes"):
        scores.margin(np.zeros((4, 1)), np.zeros(4, dtype=int))


@pytest.mark.parametrize("targets", [[0, 3], [-1, 0], [0], [0.0, 1.0], [[0], [1]]])
def test_targets_that_do_not_fit_are_an_error_of_the_caller(targets):
    with pytest.raises(ValueError) as caught:
        scores.cross_entropy(np.zeros((2, 3)), targets)
    assert not isinstance(caught.value, Undefined)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_many_rows_are_scored_as_in_one_block(dtype, monkeypatch):
    random = np.random.default_rng(4)
    logits = random.normal(size=(1000, 3)).astype(dtype)
    targets = random.integers(0, 3, 1000)
    whole = [scores.log_probabilities(logits), *every_score(logits, targets)]
    monkeypatch.setattr(arrays, "_HELD", 2000)
    cut = [scores.log_probabilities(logits), *every_score(logits, targets)]
    assert len(list(arrays.row_blocks(1000, scores._TEMPORARIES * 3))) > 5
    for one, other in zip(whole, cut, strict=True):
        assert one.dtype == np.float64
        assert np.array_equal(one, other)
