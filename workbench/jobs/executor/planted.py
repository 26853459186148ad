"""The removal tests of one run: what the model still does with rows that were planted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from workbench.audit.planted_metrics import backdoor_metric, canary_metric, swap_metrics
from workbench.audit.planting import reference_canaries, triggered_test_rows
from workbench.compute.events import AsOneStep, EventSink
from workbench.compute.outputs import outputs_pass
from workbench.compute.tensors import DatasetTensors
from workbench.core.cancellation import CancelToken
from workbench.core.metric_value import MetricValue
from workbench.core.planting import Backdoor, Canaries, LabelSwap, Planting
from workbench.core.vocabulary import Split

Arrays = dict[str, NDArray[Any]]


def removal_metrics(
    model: nn.Module,
    data: DatasetTensors,
    outputs: Arrays,
    plantings: Sequence[Planting],
    events: EventSink,
    cancel: CancelToken,
) -> list[MetricValue]:
    """The numbers of everything planted in `data`; `outputs` are the model's, stored.

    A backdoor costs one pass over triggered test rows, canaries one over their references.
    """
    dataset = data.dataset

    def outputs_of(inputs: NDArray[Any], targets: NDArray[np.int64], step: str) -> Arrays:
        rows = replace(
            dataset,
            inputs=inputs,
            targets=targets,
            split=np.full(len(targets), str(Split.TEST)),
            columns={},
        )
        tensors = DatasetTensors(rows, data.device)
        return outputs_pass(model, tensors, events=AsOneStep(events, step), cancel=cancel)

    found = swap_metrics(outputs["logits"], dataset, plantings)
    for planting in plantings:
        match planting:
            case LabelSwap():
                pass
            case Backdoor():
                inputs, targets = triggered_test_rows(dataset, planting)
                logits = np.empty((0, dataset.n_classes), dtype=np.float32)
                if len(inputs):
                    logits = outputs_of(inputs, targets, "outputs of triggered rows")["logits"]
                found.append(backdoor_metric(logits, targets, planting))
            case Canaries():
                references = reference_canaries(dataset, planting)
                losses = outputs_of(*references, "outputs of reference canaries")["loss"]
                found.append(canary_metric(outputs["loss"], losses, dataset, planting))
    return found
