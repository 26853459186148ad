"""Recovery tests: can a copy of the model be brought to know the forget rows again?"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from numpy.typing import ArrayLike
from torch import nn

from workbench.compute.batching import MicroBatcher
from workbench.compute.events import AsOneStep, EventSink, Unheard
from workbench.compute.outputs import accuracy_on
from workbench.compute.seeding import draw_seed, generator, isolated_rng
from workbench.compute.tensors import DatasetTensors
from workbench.compute.training import OptimiserStep, make_optimiser, shuffled, train
from workbench.core.cancellation import CancelToken
from workbench.core.errors import DataError
from workbench.core.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Relearning:
    """Optimiser steps until the target was reached, or the cap if it was not (censored)."""

    steps: int
    reached: bool


def relearn_steps(
    model: nn.Module,
    data: DatasetTensors,
    forget_rows: ArrayLike,
    *,
    target_accuracy: float,
    learning_rate: float,
    cap: int,
    batch_size: int,
    seed: int,
    events: EventSink | None = None,
    cancel: CancelToken | None = None,
) -> Relearning:
    """Steps of Adam on the forget rows alone until `model` answers `target_accuracy` of them.

    Works on a copy with random numbers of its own; accuracy is measured in eval mode before the
    first and after every step (relearn time of Chundawat et al. 2023, arXiv:2201.05629).
    """
    relearning = copy.deepcopy(model).requires_grad_()
    events, cancel = events or Unheard(), cancel or CancelToken()
    batcher = MicroBatcher(data.device, events.log)
    rows = _some_rows(data, forget_rows)
    optimiser = make_optimiser(
        relearning, "adam", learning_rate=learning_rate, momentum=0.0, weight_decay=0.0
    )
    step = OptimiserStep(relearning.train(), data, optimiser, batcher)
    draws = generator(seed)
    with isolated_rng(draw_seed(draws), data.device):
        while True:
            for batch in shuffled(rows, batch_size, draws):
                cancel.check()
                if accuracy_on(relearning, data, rows, batcher) >= target_accuracy:
                    return Relearning(step.count, reached=True)
                if step.count == cap:
                    return Relearning(cap, reached=False)
                step.take(batch)
                events.progress(step.count / cap, f"relearning the forget rows, seed {seed}")


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
    forget = _some_rows(data, forget_rows)
    train(
        tuned,
        data,
        _some_rows(data, retain_rows),
        recipe.model_copy(update={"epochs": epochs}),
        generator(seed),
        events=events,
        cancel=cancel,
        batcher=batcher,
    )
    return accuracy_on(tuned, data, forget, batcher)


def _some_rows(data: DatasetTensors, rows: ArrayLike) -> torch.Tensor:
    ids = data.row_ids(rows)
    if len(ids) == 0:
        raise DataError(
            "A recovery test needs rows, and there are none.", remedy="Choose another forget set."
        )
    return ids
