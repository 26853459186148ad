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
from workbench.metrics import Undefined
from workbench.metrics.exposure import exposure
from workbench.metrics.removal import attack_success, interclass_confusion
from workbench.metrics.statistics import Interval, t_interval, wilson

FEWEST_TRIGGERED = 200
FEWEST_REFERENCES = 1000

Measurement = tuple[float, Interval | None, int]


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
            error = partial(_confusion, answers[test], dataset.targets[test], swap.classes)
            memory = partial(_share, answers[rows] == dataset.targets[rows])
            found += [
                measured("interclass_error", Split.TEST, error),
                measured("interclass_memory", Split.TRAIN, memory),
            ]
    return found


def backdoor_metric(
    logits: NDArray[Any], targets: NDArray[np.int64], backdoor: Backdoor
) -> MetricValue:
    """How often the trigger still works; logits (k, C) and true labels (k,) of triggered rows."""

    def success() -> Measurement:
        if len(logits) < FEWEST_TRIGGERED:
            raise Undefined(
                f"The success of a backdoor needs at least {FEWEST_TRIGGERED} test rows of other "
                f"classes, there are {len(logits)}."
            )
        found = attack_success(logits.argmax(axis=1), targets, backdoor.target)
        return found.rate, found.interval(LEVEL), found.n

    return measured("backdoor_success", Split.TEST, success)


def canary_metric(
    loss: NDArray[np.float64],
    reference_loss: NDArray[np.float64],
    dataset: Dataset,
    canaries: Canaries,
) -> MetricValue:
    """How exposed the canaries are; loss (n,) over the dataset, (r,) of the references."""
    rows: Rows = planted_rows(dataset, canaries.kind)

    def mean() -> Measurement:
        if len(reference_loss) < FEWEST_REFERENCES:
            raise Undefined(
                f"Exposure needs at least {FEWEST_REFERENCES} reference canaries, there are "
                f"{len(reference_loss)}."
            )
        bits = exposure(loss[rows], reference_loss).bits
        interval = t_interval(bits, LEVEL) if len(bits) > 1 else None
        return float(bits.mean()), interval, len(bits)

    return measured("canary_exposure", Split.TRAIN, mean)


def _confusion(
    answers: NDArray[np.int64], truth: NDArray[np.int64], classes: tuple[int, int]
) -> Measurement:
    found = interclass_confusion(answers, truth, *classes)
    return found.error, found.interval(LEVEL), found.n


def _share(known: NDArray[np.bool_]) -> Measurement:
    if len(known) == 0:
        raise Undefined("No row is planted.")
    k, n = int(known.sum()), len(known)
    return k / n, wilson(k, n, LEVEL), n
