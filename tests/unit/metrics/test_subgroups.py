from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st

from workbench.metrics import Undefined
from workbench.metrics.statistics import holm, mcnemar, wilson
from workbench.metrics.subgroups import (
    SMALLEST_GROUP,
    Rate,
    demographic_parity_difference,
    equal_opportunity_difference,
    equalised_odds_difference,
    group_drops,
    group_outcomes,
    group_utility,
    largest_drop,
    worst_group,
)


@st.composite
def audits(draw):
    """Predictions of two models, targets, losses and groups of 1 to 60 rows each."""
    sizes = draw(st.lists(st.integers(1, 60), min_size=1, max_size=5))
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    groups = generator.permutation(np.repeat(list("abcde")[: len(sizes)], sizes))
    n = len(groups)
    return (
        generator.integers(0, 3, n),
        generator.integers(0, 3, n),
        generator.integers(0, 3, n),
        generator.exponential(size=n),
        groups,
    )


@given(audits())
def test_every_group_is_reported_or_named(audit):
    predicted, after, targets, losses, groups = audit
    sizes = {name: int((groups == name).sum()) for name in sorted(set(groups))}
    small = tuple(name for name, n in sizes.items() if n < 20)
    for result in (
        group_utility(predicted, targets, losses, groups),
        group_outcomes(predicted, targets, groups, 1),
        group_drops(predicted, after, targets, groups),
    ):
        assert result.suppressed == small
        assert tuple(group.name for group in result.groups) == tuple(
            name for name in sizes if name not in small
        )


@given(audits())
def test_utility_matches_a_loop_over_groups(audit):
    predicted, _, targets, losses, groups = audit
    utility = group_utility(predicted, targets, losses, groups)
    for group in utility.groups:
        rows = groups == group.name
        assert group.accuracy.n == rows.sum()
        assert group.accuracy.share == sklearn.metrics.accuracy_score(
            targets[rows], predicted[rows]
        )
        assert group.accuracy.interval() == wilson(group.accuracy.hits, group.accuracy.n)
        assert group.mean_loss == pytest.approx(losses[rows].mean())
    if utility.groups:
        worst = worst_group(utility)
        assert worst.accuracy.share == min(group.accuracy.share for group in utility.groups)
    else:
        with pytest.raises(Undefined, match="No group"):
            worst_group(utility)


@given(audits(), st.integers(0, 2))
def test_outcomes_match_scikit_learn(audit, positive):
    predicted, _, targets, _, groups = audit
    for group in group_outcomes(predicted, targets, groups, positive).groups:
        rows = groups == group.name
        tn, fp, fn, tp = sklearn.metrics.confusion_matrix(
            targets[rows] == positive, predicted[rows] == positive, labels=[False, True]
        ).ravel()
        assert group.selection == Rate(tp + fp, rows.sum())
        assert group.true_positive == Rate(tp, tp + fn)
        assert group.false_positive == Rate(fp, fp + tn)


@given(audits())
def test_drops_match_a_test_per_group(audit):
    before, after, targets, _, groups = audit
    drops = group_drops(before, after, targets, groups)
    p_values = []
    for group in drops.groups:
        rows = groups == group.name
        was, remains = before[rows] == targets[rows], after[rows] == targets[rows]
        assert group.n == rows.sum()
        assert group.drop == pytest.approx(was.mean() - remains.mean())
        p_values.append(mcnemar((was & ~remains).sum(), (~was & remains).sum()).exact)
        assert group.p_value == p_values[-1]
    if p_values:
        assert [group.adjusted for group in drops.groups] == pytest.approx(list(holm(p_values)))
        assert largest_drop(drops).drop == max(group.drop for group in drops.groups)


@given(audits())
def test_an_unchanged_model_drops_nothing(audit):
    before, _, targets, _, groups = audit
    for group in group_drops(before, before, targets, groups).groups:
        assert (group.drop, group.p_value, group.adjusted) == (0, 1, 1)


def outcomes_of(cells):
    """`cells`: group -> (true positives, false negatives, false positives, true negatives)."""
    predicted, targets, groups = [], [], []
    for name, counts in cells.items():
        for (label, truth), n in zip(((1, 1), (0, 1), (1, 0), (0, 0)), counts, strict=True):
            predicted += [label] * n
            targets += [truth] * n
            groups += [name] * n
    return group_outcomes(predicted, targets, groups, 1)


def test_known_gaps():
    outcomes = outcomes_of({"a": (18, 2, 6, 14), "b": (10, 10, 16, 4), "c": (15, 5, 10, 10)})
    parity = demographic_parity_difference(outcomes)
    assert parity.size == pytest.approx(26 / 40 - 24 / 40)
    assert (parity.highest, parity.lowest, parity.left_out) == ("b", "a", ())
    opportunity = equal_opportunity_difference(outcomes)
    assert opportunity.size == pytest.approx(0.9 - 0.5)
    assert (opportunity.highest, opportunity.lowest) == ("a", "b")
    odds = equalised_odds_difference(outcomes)
    assert odds.size == pytest.approx(0.8 - 0.3)
    assert (odds.highest, odds.lowest) == ("b", "a")


def test_a_group_with_few_positives_is_left_out_of_their_rate_and_named():
    outcomes = outcomes_of(
        {"a": (18, 2, 6, 14), "b": (1, 0, 16, 24), "c": (15, 5, 10, 10), "d": (1, 1, 1, 1)}
    )
    assert equal_opportunity_difference(outcomes).left_out == ("d", "b")
    assert demographic_parity_difference(outcomes).left_out == ("d",)
    with pytest.raises(Undefined, match="fewer than 20"):
        _ = outcomes.groups[1].true_positive.share
    with pytest.raises(Undefined, match="fewer than 20"):
        outcomes.groups[1].true_positive.interval()


def test_one_group_has_no_gap():
    outcomes = outcomes_of({"a": (18, 2, 6, 14), "b": (1, 0, 16, 24)})
    assert demographic_parity_difference(outcomes).size > 0
    for measure in (equal_opportunity_difference, equalised_odds_difference):
        with pytest.raises(Undefined, match="two groups"):
            measure(outcomes)


def test_groups_may_be_numbers_and_20_rows_are_enough():
    groups = [7] * SMALLEST_GROUP + [11] * (SMALLEST_GROUP - 1)
    labels = np.zeros(len(groups), dtype=int)
    utility = group_utility(labels, labels, np.zeros(len(groups)), groups)
    assert [group.name for group in utility.groups] == ["7"]
    assert utility.suppressed == ("11",)


def test_undefined_and_refused_inputs():
    none = np.array([], dtype=int)
    with pytest.raises(Undefined, match="no rows"):
        group_utility(none, none, [], none)
    with pytest.raises(Undefined, match="losses are NaN"):
        group_utility([0, 0], [0, 0], [0.0, np.nan], ["a", "a"])
    for groups in ([0.5, 1.5], [["a"], ["b"]], ["a"], ["a", None]):
        with pytest.raises(ValueError) as caught:
            group_outcomes([0, 0], [0, 0], groups, 1)
        assert not isinstance(caught.value, Undefined)
    with pytest.raises(ValueError, match="different shapes"):
        group_drops([0, 0], [0], [0, 0], ["a", "a"])
