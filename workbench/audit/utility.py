"""Utility beyond plain accuracy: skewed classes, stated probabilities, and groups of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.audit.guards import Rows, rows_by_split
from workbench.audit.measured import LEVEL, measured
from workbench.audit.standard import Measurement, StoredOutputs
from workbench.core.dataset import Dataset
from workbench.core.metric_value import MetricValue
from workbench.core.vocabulary import Split
from workbench.metrics import Undefined
from workbench.metrics.accuracy import balanced_accuracy, macro_f1
from workbench.metrics.calibration import brier
from workbench.metrics.scores import predictions
from workbench.metrics.statistics import wilson
from workbench.metrics.subgroups import (
    SMALLEST_GROUP,
    Grouped,
    GroupOutcomes,
    RateGap,
    demographic_parity_difference,
    equal_opportunity_difference,
    equalised_odds_difference,
    group_outcomes,
    group_utility,
    worst_group,
)

KEPT, FORGOTTEN = "kept classes", "forgotten classes"
MOST_GROUPS = 50  # a column with more values names rows rather than groups of them
_SUBJECT = "subject"
_POSITIVE = 1
_GAPS = {
    "demographic_parity_difference": demographic_parity_difference,
    "equal_opportunity_difference": equal_opportunity_difference,
    "equalised_odds_difference": equalised_odds_difference,
}


def utility_metrics(
    outputs: StoredOutputs, dataset: Dataset, forget_rows: Rows
) -> list[MetricValue]:
    """Macro scores, Brier score and median loss; whole forgotten classes apart; groups.

    Groups are the values of each metadata column with 2 to 50 of them among the test rows; one of
    fewer than 20 rows is NOT_COMPUTED.
    """
    splits = rows_by_split(dataset, forget_rows)
    test = splits[Split.TEST]
    predicted = predictions(outputs.logits)
    metrics = [
        measured("median_loss", split, partial(_median, outputs.loss[rows]))
        for split, rows in splits.items()
    ]
    if len(test) == 0:
        return metrics
    labels, truth = predicted[test], dataset.targets[test]
    n = len(test)
    metrics += [
        measured(
            "balanced_accuracy", Split.TEST, lambda: (balanced_accuracy(labels, truth), None, n)
        ),
        measured("macro_f1", Split.TEST, lambda: (macro_f1(labels, truth), None, n)),
        measured("brier_score", Split.TEST, lambda: (brier(outputs.logits[test], truth), None, n)),
    ]
    metrics += _by_whole_classes(labels == truth, truth, dataset, splits)
    for column, groups in grouping_columns(dataset, test):
        metrics += _by_group(column, groups, labels, truth, outputs.loss[test], dataset)
    return metrics


def grouping_columns(dataset: Dataset, rows: Rows) -> Iterator[tuple[str, NDArray[Any]]]:
    """Metadata columns that part these rows into groups, with the group of each row."""
    for name, column in dataset.columns.items():
        values = column[rows]
        if name == _SUBJECT or values.dtype.kind not in "iubU":
            continue
        if not 2 <= len(np.unique(values)) <= MOST_GROUPS:
            continue
        if values.dtype.kind in "iu" and np.array_equal(values, dataset.targets[rows]):
            continue  # the classes once more
        yield name, values


def forgotten_classes(dataset: Dataset, splits: dict[Split, Rows]) -> NDArray[np.int64]:
    """Classes of which training rows were to be forgotten, and none is retained."""
    forget, retain = (dataset.targets[splits[split]] for split in (Split.FORGET, Split.RETAIN))
    return np.setdiff1d(forget, retain)


def _by_whole_classes(
    correct: NDArray[np.bool_],
    truth: NDArray[np.int64],
    dataset: Dataset,
    splits: dict[Split, Rows],
) -> Iterator[MetricValue]:
    """Test accuracy on kept and on forgotten classes, if whole classes were to be forgotten."""
    gone = forgotten_classes(dataset, splits)
    if len(gone) == 0:
        return
    forgotten = np.isin(truth, gone)
    for group, mask in ((KEPT, ~forgotten), (FORGOTTEN, forgotten)):
        yield measured("accuracy", Split.TEST, partial(_share, correct[mask]), group_key=group)


def _by_group(
    column: str,
    groups: NDArray[Any],
    labels: NDArray[np.int64],
    truth: NDArray[np.int64],
    losses: NDArray[np.float64],
    dataset: Dataset,
) -> Iterator[MetricValue]:
    utility = group_utility(labels, truth, losses, groups)
    for group in utility.groups:
        rate = group.accuracy
        yield measured(
            "group_accuracy",
            Split.TEST,
            partial(_rate, rate.hits, rate.n),
            group_key=f"{column}={group.name}",
        )
    for name in utility.suppressed:
        yield measured("group_accuracy", Split.TEST, _too_few, group_key=f"{column}={name}")

    def worst() -> Measurement:
        rate = worst_group(utility).accuracy
        return _rate(rate.hits, rate.n)

    yield measured("worst_group_accuracy", Split.TEST, worst, group_key=column)
    if len(dataset.class_names) != _POSITIVE + 1:
        return
    outcomes = group_outcomes(labels, truth, groups, _POSITIVE)
    for name, gap in _GAPS.items():
        compute = partial(_gap, gap, outcomes, len(labels))
        yield measured(name, Split.TEST, compute, group_key=column)


def _gap(difference: Any, outcomes: Grouped[GroupOutcomes], n: int) -> Measurement:
    found: RateGap = difference(outcomes)
    return found.size, None, n


def _plain(score: Callable[[], float], n: int) -> Measurement:
    return score(), None, n


def _too_few() -> Measurement:
    raise Undefined(f"The group has fewer than {SMALLEST_GROUP} rows.")


def _rate(hits: int, n: int) -> Measurement:
    return hits / n, wilson(hits, n, LEVEL), n


def _share(hits: NDArray[np.bool_]) -> Measurement:
    if len(hits) == 0:
        raise Undefined("There are no rows.")
    return _rate(int(hits.sum()), len(hits))


def _median(values: NDArray[np.float64]) -> Measurement:
    if len(values) == 0:
        raise Undefined("There are no rows.")
    return float(np.median(values)), None, len(values)
