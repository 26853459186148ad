"""The standard audit of one model: array arithmetic on its stored outputs and attack scores."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.audit.guards import (
    Rows,
    matched_non_members,
    non_member_shortage,
    rows_by_split,
)
from workbench.audit.measured import LEVEL, measured
from workbench.core.dataset import Dataset
from workbench.core.errors import DataError
from workbench.core.metric_value import MetricValue
from workbench.core.vocabulary import Split
from workbench.metrics import Undefined
from workbench.metrics.calibration import expected_calibration_error
from workbench.metrics.membership import delong_interval, tpr_at_fpr
from workbench.metrics.statistics import Interval, t_interval, wilson

FALSE_POSITIVE_RATES = (0.1, 0.01)
CALIBRATED = (Split.TEST, Split.FORGET, Split.RETAIN)
BY_CLASS = (Split.TEST, Split.FORGET)

Measurement = tuple[float, Interval | None, int]


@dataclass(frozen=True)
class StoredOutputs:
    """Outputs of one model over a whole dataset, in its row order.

    logits: (n, C); loss: (n,) nats; embedding: (n, d), the penultimate layer.
    """

    logits: NDArray[Any]
    loss: NDArray[np.float64]
    embedding: NDArray[Any]


def standard_metrics(
    outputs: StoredOutputs, dataset: Dataset, forget_rows: Rows
) -> list[MetricValue]:
    """Accuracy and mean loss by split, accuracy by class, and calibration.

    DataError if an output is not finite: such a model has no accuracy worth averaging.
    """
    _check_outputs(outputs, dataset)
    correct = outputs.logits.argmax(axis=1) == dataset.targets
    splits = rows_by_split(dataset, forget_rows)
    metrics = []
    for split, rows in splits.items():
        metrics.append(measured("accuracy", split, partial(_share, correct[rows])))
        metrics.append(measured("mean_loss", split, partial(_mean, outputs.loss[rows])))
    for split in CALIBRATED:
        rows = splits[split]
        compute = partial(_calibration, outputs.logits[rows], dataset.targets[rows])
        metrics.append(measured("calibration_error", split, compute))
    for split in BY_CLASS:
        rows = splits[split]
        for label in np.unique(dataset.targets[rows]):
            of_class = rows[dataset.targets[rows] == label]
            compute = partial(_share, correct[of_class])
            metrics.append(measured("class_accuracy", split, compute, group_key=f"class:{label}"))
    return metrics


def attack_metrics(
    scores_by_attack: Mapping[str, NDArray[Any]],
    dataset: Dataset,
    forget_rows: Rows,
    non_members: Rows | None = None,
) -> list[MetricValue]:
    """How well each attack tells forget rows from comparable rows the model never saw.

    Scores are over all rows of the dataset, larger is more member-like; group_key is the attack.
    `non_members` are those of the classes in the forget set if not given.
    """
    if non_members is None:
        non_members = matched_non_members(dataset, forget_rows)
    shortage = non_member_shortage(non_members)
    metrics = []
    for attack, scores in scores_by_attack.items():
        sides = (scores[forget_rows], scores[non_members], shortage)
        computations = {"membership_auc": partial(_auc, *sides)} | {
            f"membership_tpr_at_fpr_{fpr:g}": partial(tpr_at, *sides, fpr)
            for fpr in FALSE_POSITIVE_RATES
        }
        metrics += [
            measured(name, Split.FORGET, compute, group_key=attack, reference=str(Split.NON_MEMBER))
            for name, compute in computations.items()
        ]
    return metrics


def _check_outputs(outputs: StoredOutputs, dataset: Dataset) -> None:
    for name, values in (("logits", outputs.logits), ("loss", outputs.loss)):
        if len(values) != len(dataset):
            raise DataError(
                f"The {name} hold {len(values)} rows but dataset {dataset.name!r} has "
                f"{len(dataset)}.",
                remedy="Compute the outputs again on this dataset.",
            )
        bad = ~np.isfinite(values.reshape(len(values), -1)).all(axis=1)
        if bad.any():
            named = ", ".join(str(row) for row in np.flatnonzero(bad)[:5])
            raise DataError(
                f"The model gives NaN or infinite {name} on {int(bad.sum())} rows, "
                f"the first are {named}.",
                remedy="Its weights diverged; lower the learning rate of the method.",
            )


def _share(hits: NDArray[np.bool_]) -> Measurement:
    k, n = int(hits.sum()), len(hits)
    if n == 0:
        raise Undefined("There are no rows.")
    return k / n, wilson(k, n, LEVEL), n


def _mean(values: NDArray[np.float64]) -> Measurement:
    if len(values) == 0:
        raise Undefined("There are no rows.")
    interval = t_interval(values, LEVEL) if len(values) > 1 else None
    return float(values.mean()), interval, len(values)


def _calibration(logits: NDArray[Any], targets: NDArray[np.int64]) -> Measurement:
    return expected_calibration_error(logits, targets), None, len(targets)


def _auc(members: NDArray[Any], non_members: NDArray[Any], shortage: str) -> Measurement:
    _require_contrast(members, non_members, shortage)
    value, interval = delong_interval(members, non_members, LEVEL)
    return value, interval, len(members) + len(non_members)


def tpr_at(
    members: NDArray[Any], non_members: NDArray[Any], shortage: str, fpr: float
) -> Measurement:
    """True positive rate at a false positive rate; Undefined if there are too few non-members."""
    _require_contrast(members, non_members, shortage)
    needed = math.ceil(1 / fpr)
    if len(non_members) < needed:
        raise Undefined(
            f"A false positive rate of {fpr:g} needs at least {needed} non-members, "
            f"there are {len(non_members)}."
        )
    found = tpr_at_fpr(members, non_members, fpr, LEVEL)
    return found.tpr, found.interval, len(members)


def _require_contrast(members: NDArray[Any], non_members: NDArray[Any], shortage: str) -> None:
    if shortage:
        raise Undefined(shortage)
    both = np.concatenate([members, non_members])
    if (both == both[0]).all():
        raise Undefined("The attack gives every row the same score.")
