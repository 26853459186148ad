"""Training a copy on the retain rows alone."""

from __future__ import annotations

import copy

from numpy.typing import ArrayLike
from torch import nn

from workbench.compute.batching import MicroBatcher
from workbench.compute.events import AsOneStep, EventSink, Unheard
from workbench.compute.outputs import accuracy_on
from workbench.compute.recovery.rows import some_rows
from workbench.compute.seeding import generator
from workbench.compute.tensors import DatasetTensors
from workbench.compute.training import train
from workbench.core.cancellation import CancelToken
from workbench.core.recipe import Recipe


def recovered_accuracy(
    model: nn.Module,
    data: DatasetTensors,
    forget_rows: ArrayLike,
    retain_rows: ArrayLike,
    *,
    recipe: Recipe,
    epochs: int,
    seed: int,
    events: EventSink | None = None,
    cancel: CancelToken | None = None,
) -> float:
    """Accuracy on the forget rows after a copy of `model` was tuned on the retain rows alone.

    A rise above the untuned model means that the knowledge was hidden, not removed
    (arXiv:2505.22310).
    """
    tuned = copy.deepcopy(model).requires_grad_()
    events = AsOneStep(events or Unheard(), f"tuning on the retain rows, seed {seed}")
    batcher = MicroBatcher(data.device, events.log)
    forget = some_rows(data, forget_rows)
    train(
        tuned,
        data,
        some_rows(data, retain_rows),
        recipe.model_copy(update={"epochs": epochs}),
        generator(seed),
        events=events,
        cancel=cancel,
        batcher=batcher,
    )
    return accuracy_on(tuned, data, forget, batcher)
