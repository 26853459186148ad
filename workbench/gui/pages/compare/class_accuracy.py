"""Accuracy class by class of A, B and the retrained models, from their stored outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.audit.guards import Rows, rows_by_split
from workbench.audit.stored_plan import StoredPlan
from workbench.core.errors import ProjectError
from workbench.core.vocabulary import RunRole, Split
from workbench.metrics.accuracy import correct_by_class
from workbench.store import Project

Shares = NDArray[np.float64]
SPLITS = (Split.FORGET, Split.RETAIN, Split.TEST)


@dataclass(frozen=True, slots=True)
class ClassAccuracy:
    """Of the k classes that have rows: counts (k,), shares of right answers (k,).

    `band`: one line per retrained model, (r, k). `absent` names the classes without rows.
    """

    class_names: tuple[str, ...]
    absent: tuple[str, ...]
    rows: NDArray[np.int64]
    a: Shares
    b: Shares
    band: Shares


def read_class_accuracy(
    project: Project, plan_id: int, forget_set_id: int, a: int, b: int
) -> Mapping[Split, ClassAccuracy]:
    """For forget, retain and test rows; `a` and `b` are runs. ProjectError if outputs are gone."""
    stored = StoredPlan(project, plan_id)
    forget_set = next(one for one in stored.forget_sets if one.id == forget_set_id)
    runs = {run.id: run for run in stored.finished_runs(forget_set)}
    if a not in runs or b not in runs:
        raise ProjectError("A model that was to be compared is no longer in the project.")
    band = [run.model_id for run in runs.values() if run.role is RunRole.REFERENCE]
    shown = [runs[a].model_id, runs[b].model_id, *band]
    predicted = [stored.output(model, "logits").argmax(axis=1) for model in shown]
    dataset = stored.dataset
    splits = rows_by_split(dataset, forget_set.rows)
    return {
        split: _by_class(predicted, dataset.targets, splits[split], dataset.class_names)
        for split in SPLITS
    }


def _by_class(
    predicted: Sequence[NDArray[np.int64]],
    targets: NDArray[np.int64],
    rows: Rows,
    names: Sequence[str],
) -> ClassAccuracy:
    counts = np.bincount(targets[rows], minlength=len(names))
    present = counts > 0
    shares = np.zeros((len(predicted), int(present.sum())))
    for line, labels in zip(shares, predicted, strict=True):
        if len(rows):
            right, _ = correct_by_class(labels[rows], targets[rows], len(names))
            line[:] = right[present] / counts[present]
    return ClassAccuracy(
        class_names=tuple(name for name, has in zip(names, present, strict=True) if has),
        absent=tuple(name for name, has in zip(names, present, strict=True) if not has),
        rows=counts[present],
        a=shares[0],
        b=shares[1],
        band=shares[2:],
    )
