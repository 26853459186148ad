"""What a model still does with planted rows, as far as its stored outputs tell."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.audit.guards import Rows
from workbench.audit.measured import LEVEL, measured
from workbench.audit.planting import planted_rows
from workbench.core.dataset import Dataset
from workbench.core.metric_value import MetricValue
from workbench.core.planting import Backdoor, Canaries, LabelSwap, Planting
from workbench.core.vocabulary import Split
from workbench.metrics.planted import (
    backdoor_success,
    interclass_error,
    mean_exposure,
    planted_label_share,
)


def swap_metrics(
    logits: NDArray[Any], dataset: Dataset, plantings: Iterable[Planting]
) -> list[MetricValue]:
    """Confusion of the classes whose labels were swapped, and how many wrong labels are known.

    logits: (n, C) over the whole dataset, in its row order. Empty if no labels were swapped.
    """
    answers, test = logits.argmax(axis=1), dataset.rows_of(Split.TEST)
    found = []
    for swap in plantings:
        if isinstance(swap, LabelSwap):
            rows = planted_rows(dataset, swap.kind)
            found += [
                measured(
                    "interclass_error",
                    Split.TEST,
                    partial(
                        interclass_error, answers[test], dataset.targets[test], swap.classes, LEVEL
                    ),
                ),
                measured(
                    "interclass_memory",
                    Split.TRAIN,
                    partial(planted_label_share, answers[rows], dataset.targets[rows], LEVEL),
                ),
            ]
    return found


def backdoor_metric(logits: NDArray[Any], backdoor: Backdoor) -> MetricValue:
    """How often the trigger still works; logits (k, C) of the triggered test rows."""
    answers = logits.argmax(axis=1) if len(logits) else np.array([], dtype=np.int64)
    return measured(
        "backdoor_success", Split.TEST, lambda: backdoor_success(answers, backdoor.target, LEVEL)
    )


def canary_metric(
    loss: NDArray[np.float64],
    reference_loss: NDArray[np.float64],
    dataset: Dataset,
    canaries: Canaries,
) -> MetricValue:
    """How exposed the canaries are; loss (n,) over the dataset, (r,) of the references."""
    rows: Rows = planted_rows(dataset, canaries.kind)
    return measured(
        "canary_exposure", Split.TRAIN, lambda: mean_exposure(loss[rows], reference_loss, LEVEL)
    )
