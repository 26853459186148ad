"""Training a copy on the forget rows until it knows them again."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from workbench.compute.batching import MicroBatcher
from workbench.compute.events import EventSink, Unheard
from workbench.compute.outputs import accuracy_on
from workbench.compute.recovery.rows import some_rows
from workbench.compute.seeding import draw_seed, generator, isolated_rng
from workbench.compute.tensors import DatasetTensors
from workbench.compute.training import OptimiserStep, make_optimiser, shuffled
from workbench.core.cancellation import CancelToken
from workbench.metrics import Undefined


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
    return _relearn(
        copy.deepcopy(model),
        data,
        some_rows(data, forget_rows),
        target_accuracy=target_accuracy,
        learning_rate=learning_rate,
        cap=cap,
        batch_size=batch_size,
        draws=generator(seed),
        step_name=f"relearning the forget rows, seed {seed}",
        events=events,
        cancel=cancel,
    )


def relearn_transfer_accuracy(
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
) -> tuple[float, int]:
    """Accuracy on one half of the forget rows after a copy relearned the other, and its size.

    The halves are drawn from `seed`, so every model of an audit gets the same ones; an odd row is
    in the half that is tested. Undefined below two forget rows.
    """
    rows = some_rows(data, forget_rows)
    if len(rows) < 2:
        raise Undefined("Halves of the forget set need at least two forget rows, there is 1.")
    draws = generator(seed)
    order = rows[torch.randperm(len(rows), generator=draws).to(rows.device)]
    shown, held_out = order[: len(rows) // 2], order[len(rows) // 2 :]
    relearning = copy.deepcopy(model)
    _relearn(
        relearning,
        data,
        shown,
        target_accuracy=target_accuracy,
        learning_rate=learning_rate,
        cap=cap,
        batch_size=batch_size,
        draws=draws,
        step_name=f"relearning half of the forget rows, seed {seed}",
        events=events,
        cancel=cancel,
    )
    log = (events or Unheard()).log
    return accuracy_on(relearning, data, held_out, MicroBatcher(data.device, log)), len(held_out)


def _relearn(
    relearning: nn.Module,
    data: DatasetTensors,
    rows: Tensor,
    *,
    target_accuracy: float,
    learning_rate: float,
    cap: int,
    batch_size: int,
    draws: torch.Generator,
    step_name: str,
    events: EventSink | None,
    cancel: CancelToken | None,
) -> Relearning:
    """Train `relearning`, which is a copy, in place."""
    events, cancel = events or Unheard(), cancel or CancelToken()
    batcher = MicroBatcher(data.device, events.log)
    relearning.requires_grad_()
    optimiser = make_optimiser(
        relearning, "adam", learning_rate=learning_rate, momentum=0.0, weight_decay=0.0
    )
    step = OptimiserStep(relearning.train(), data, optimiser, batcher)
    with isolated_rng(draw_seed(draws), data.device):
        while True:
            for batch in shuffled(rows, batch_size, draws):
                cancel.check()
                if accuracy_on(relearning, data, rows, batcher) >= target_accuracy:
                    return Relearning(step.count, reached=True)
                if step.count == cap:
                    return Relearning(cap, reached=False)
                step.take(batch)
                events.progress(step.count / cap, step_name)
