"""The standard audit of one model: array arithmetic on its stored outputs and attack scores."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.audit.duplicates import WITHOUT_TWINS
from workbench.audit.guards import (
    Rows,
    matched_non_members,
    non_member_shortage,
    rows_by_split,
)
from workbench.audit.measured import LEVEL, measured
from workbench.audit.subjects import Subjects, shared_subjects
from workbench.core.dataset import Dataset
from workbench.core.errors import DataError
from workbench.core.metric_value import MetricValue
from workbench.core.vocabulary import Split
from workbench.metrics import Undefined
from workbench.metrics.calibration import expected_calibration_error
from workbench.metrics.membership import delong_interval, tpr_at_fpr
from workbench.metrics.statistics import Interval, t_interval, wilson

FALSE_POSITIVE_RATES = (0.1, 0.01, 0.001)
CALIBRATED = (Split.TEST, Split.FORGET, Split.RETAIN)
BY_CLASS = (Split.TEST, Split.FORGET)
NO_ROWS: Rows = np.empty(0, dtype=np.int64)
ALL_TWINS = "Every forget row has a twin among the retain rows."

Measurement = tuple[float, Interval | None, int]


@dataclass(frozen=True)
class StoredOutputs:
    """Outputs of one model over a whole dataset, in its row order.

    logits: (n, C); loss: (n,) nats; embedding: (n, d), the penultimate layer; fingerprint: of the
    dataset whose rows these are, "" where they were just computed on it.
    """

    logits: NDArray[Any]
    loss: NDArray[np.float64]
    embedding: NDArray[Any]
    fingerprint: str = ""


def standard_metrics(
    outputs: StoredOutputs,
    dataset: Dataset,
    forget_rows: Rows,
    *,
    twins: Rows = NO_ROWS,
    seed: int = 0,
) -> list[MetricValue]:
    """Accuracy and mean loss by split, accuracy by class, and calibration.

    Forget accuracy is given once more without `twins`, forget rows that also occur among the
    retain rows, if there are any. Intervals come from resampling subjects, with `seed`, where
    these share rows. DataError if the outputs are of other rows or not finite: such a model has
    no accuracy worth averaging.
    """
    _check_outputs(outputs, dataset)
    correct = outputs.logits.argmax(axis=1) == dataset.targets
    splits = rows_by_split(dataset, forget_rows)
    subjects = shared_subjects(dataset, forget_rows, seed)
    share = partial(_share, correct, subjects=subjects)
    mean = partial(_mean, outputs.loss, subjects=subjects)
    metrics = []
    for split, rows in splits.items():
        metrics.append(measured("accuracy", split, partial(share, rows)))
        metrics.append(measured("mean_loss", split, partial(mean, rows)))
    if len(twins):
        single = np.setdiff1d(splits[Split.FORGET], twins)
        compute = partial(share, single, none=ALL_TWINS)
        metrics.append(measured("accuracy", Split.FORGET, compute, group_key=WITHOUT_TWINS))
    for split in CALIBRATED:
        rows = splits[split]
        compute = partial(_calibration, outputs.logits[rows], dataset.targets[rows])
        metrics.append(measured("calibration_error", split, compute))
    for split in BY_CLASS:
        rows = splits[split]
        for label in np.unique(dataset.targets[rows]):
            of_class = rows[dataset.targets[rows] == label]
            compute = partial(share, of_class)
            metrics.append(measured("class_accuracy", split, compute, group_key=f"class:{label}"))
    return metrics


def attack_metrics(
    scores_by_attack: Mapping[str, NDArray[Any]],
    dataset: Dataset,
    forget_rows: Rows,
    non_members: Rows | None = None,
    *,
    twins: Rows = NO_ROWS,
    seed: int = 0,
) -> list[MetricValue]:
    """How well each attack tells forget rows from comparable rows the model never saw.

    Scores are over all rows of the dataset, larger is more member-like; group_key is the attack.
    `non_members` are those of the classes in the forget set if not given. The AUC is given once
    more without `twins`, and intervals come from resampling subjects, as in `standard_metrics`.
    """
    if non_members is None:
        non_members = matched_non_members(dataset, forget_rows)
    shortage = non_member_shortage(non_members)
    subjects = shared_subjects(dataset, forget_rows, seed)
    metrics = []
    for attack, scores in scores_by_attack.items():
        trial = _Trial(scores, forget_rows, non_members, shortage, subjects)
        computations = {"membership_auc": trial.auc} | {
            f"membership_tpr_at_fpr_{fpr:g}": partial(trial.tpr, i)
            for i, fpr in enumerate(FALSE_POSITIVE_RATES)
        }
        metrics += [
            measured(name, Split.FORGET, compute, group_key=attack, reference=str(Split.NON_MEMBER))
            for name, compute in computations.items()
        ]
        if len(twins):
            single = replace(trial, forget=np.setdiff1d(forget_rows, twins))
            metrics.append(
                measured(
                    "membership_auc",
                    Split.FORGET,
                    single.auc,
                    group_key=f"{attack}, {WITHOUT_TWINS}",
                    reference=str(Split.NON_MEMBER),
                )
            )
    return metrics


@dataclass(frozen=True)
class _Trial:
    """One attack on one set of forget rows; `shortage` says why there can be none."""

    scores: NDArray[np.float64]
    forget: Rows
    non_members: Rows
    shortage: str
    subjects: Subjects | None

    def auc(self) -> Measurement:
        value, interval = delong_interval(*self._sides(), LEVEL)
        if self.subjects is not None:
            interval = self._by_subject[0]
        return value, interval, len(self.forget) + len(self.non_members)

    def tpr(self, i: int) -> Measurement:
        """At FALSE_POSITIVE_RATES[i]."""
        members, non_members = self._sides()
        value, interval, n = tpr_at(members, non_members, self.shortage, FALSE_POSITIVE_RATES[i])
        if self.subjects is not None:
            interval = self._by_subject[1][i]
        return value, interval, n

    def _sides(self) -> tuple[NDArray[Any], NDArray[Any]]:
        if len(self.forget) == 0:
            raise Undefined(ALL_TWINS)
        members, non_members = self.scores[self.forget], self.scores[self.non_members]
        _require_contrast(members, non_members, self.shortage)
        return members, non_members

    @cached_property
    def _by_subject(self) -> tuple[Interval, tuple[Interval, ...]]:
        if self.subjects is None:
            raise AssertionError("no rows share a subject")
        return self.subjects.membership(
            self.scores, self.forget, self.non_members, FALSE_POSITIVE_RATES
        )


def _check_outputs(outputs: StoredOutputs, dataset: Dataset) -> None:
    if outputs.fingerprint and outputs.fingerprint != dataset.fingerprint:
        raise DataError(
            f"The outputs are of other rows than those of dataset {dataset.name!r} as it is now.",
            remedy="Compute the outputs again on this dataset.",
        )
    named = ("logits", outputs.logits), ("loss", outputs.loss), ("embedding", outputs.embedding)
    for name, values in named:
        if len(values) != len(dataset):
            raise DataError(
                f"The {name} hold {len(values)} rows but dataset {dataset.name!r} has "
                f"{len(dataset)}.",
                remedy="Compute the outputs again on this dataset.",
            )
        if values.size and np.isfinite([values.min(), values.max()]).all():
            continue  # a NaN is the least and the most of its array; no temporary is needed
        bad = ~np.isfinite(values.reshape(len(values), -1)).all(axis=1)
        if bad.any():
            first = ", ".join(str(row) for row in np.flatnonzero(bad)[:5])
            raise DataError(
                f"The model gives NaN or infinite {name} on {int(bad.sum())} rows, "
                f"the first are {first}.",
                remedy="Its weights diverged; lower the learning rate of the method.",
            )


def _share(
    hits: NDArray[np.bool_],
    rows: Rows,
    *,
    subjects: Subjects | None,
    none: str = "There are no rows.",
) -> Measurement:
    found = hits[rows]
    k, n = int(found.sum()), len(found)
    if n == 0:
        raise Undefined(none)
    return k / n, subjects.share(found, rows) if subjects else wilson(k, n, LEVEL), n


def _mean(values: NDArray[np.float64], rows: Rows, *, subjects: Subjects | None) -> Measurement:
    found = values[rows]
    if len(found) == 0:
        raise Undefined("There are no rows.")
    if subjects is not None:
        interval = subjects.mean(found, rows)
    else:
        interval = t_interval(found, LEVEL) if len(found) > 1 else None
    return float(found.mean()), interval, len(found)


def _calibration(logits: NDArray[Any], targets: NDArray[np.int64]) -> Measurement:
    return expected_calibration_error(logits, targets), None, len(targets)


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
