"""The one training loop: recipes for originals, retraining, fine-tuning and recovery tests."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from workbench.compute.batching import HostBatch, MicroBatcher, batches_of
from workbench.compute.events import EventSink, Unheard
from workbench.compute.gradients import NotFiniteError, batch_gradient
from workbench.compute.modes import each_mode_kept, why_indivisible
from workbench.compute.seeding import draw_seed, isolated_rng
from workbench.compute.tensors import DatasetTensors
from workbench.core.cancellation import CancelToken
from workbench.core.errors import DataError, UsageError, WorkbenchError
from workbench.core.recipe import Recipe
from workbench.plugin_api import Batch


class DivergenceError(WorkbenchError):
    """Training stopped because its loss or a gradient is no longer a finite number."""

    def __init__(self, what: str, step: int) -> None:
        super().__init__(
            f"Training diverged: the {what} became not finite at step {step}.",
            remedy="Lower the learning rate.",
        )
        self.what = what
        self.step = step


def make_optimiser(
    model: nn.Module, name: str, *, learning_rate: float, momentum: float, weight_decay: float
) -> torch.optim.Optimizer:
    """`sgd`, `adam` or `adamw` over all parameters of `model`."""
    parameters = list(model.parameters())
    match name:
        case "sgd":
            return torch.optim.SGD(
                parameters, lr=learning_rate, momentum=momentum, weight_decay=weight_decay
            )
        case "adam":
            return torch.optim.Adam(parameters, lr=learning_rate, weight_decay=weight_decay)
        case "adamw":
            return torch.optim.AdamW(parameters, lr=learning_rate, weight_decay=weight_decay)
    raise UsageError(f"There is no optimiser {name!r}.", remedy="Use sgd, adam or adamw.")


def learning_rate_at(recipe: Recipe, epoch: int) -> float:
    """Constant, or a half cosine from the initial rate towards 0 (Loshchilov, Hutter 2017)."""
    if recipe.schedule == "constant":
        return recipe.learning_rate
    return recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * epoch / recipe.epochs))


def train(
    model: nn.Module,
    data: DatasetTensors,
    rows: Tensor,
    recipe: Recipe,
    generator: torch.Generator,
    *,
    events: EventSink | None = None,
    cancel: CancelToken | None = None,
    batcher: MicroBatcher | None = None,
    after_epoch: Callable[[nn.Module], None] | None = None,
) -> list[float]:
    """Train `model` in place on `rows` and return the mean loss of every epoch.

    Order of rows and dropout are drawn from `generator`. Each module gets its mode back.
    `after_epoch` may look at the model but must not change it.
    DataError without rows, DivergenceError if the loss or a gradient stops being finite.
    """
    if len(rows) == 0:
        raise DataError("There are no rows to train on.", remedy="Choose a smaller forget set.")
    events, cancel = events or Unheard(), cancel or CancelToken()
    batcher = batcher or MicroBatcher(data.device, events.log)
    optimiser = make_optimiser(
        model,
        recipe.optimiser,
        learning_rate=recipe.learning_rate,
        momentum=recipe.momentum,
        weight_decay=recipe.weight_decay,
    )
    losses = []
    with each_mode_kept(model), isolated_rng(draw_seed(generator), data.device):
        model.train()
        step = OptimiserStep(model, data, optimiser, batcher)
        for epoch in range(recipe.epochs):
            for group in optimiser.param_groups:
                group["lr"] = learning_rate_at(recipe, epoch)
            total = 0.0
            for batch in shuffled(rows, recipe.batch_size, generator):
                cancel.check()
                total += step.take(batch) * len(batch)
            losses.append(total / len(rows))
            events.series("loss", losses[-1])
            cancel.check()
            if after_epoch is not None:
                after_epoch(model)
            events.progress((epoch + 1) / recipe.epochs, f"training for {recipe.epochs} epochs")
        cancel.check()
    return losses


class OptimiserStep:
    """Takes one step per batch of rows on the task's mean loss, and counts the steps.

    `model` is already in the mode in which it is to be trained.
    """

    def __init__(
        self,
        model: nn.Module,
        data: DatasetTensors,
        optimiser: torch.optim.Optimizer,
        batcher: MicroBatcher,
    ) -> None:
        self._model = model
        self._data = data
        self._optimiser = optimiser
        self._batcher = batcher
        self._leaves = [weight for weight in model.parameters() if weight.requires_grad]
        self._indivisible = why_indivisible(model)
        self.count = 0

    def take(self, rows: Tensor) -> float:
        """Return the mean loss of `rows` before the step.

        DivergenceError if it is not finite, DataError if the model refuses such a batch.
        """
        self.count += 1
        batch = HostBatch(self._data.inputs(rows), rows, self._data.targets(rows))
        try:
            gradient = batch_gradient(
                batch,
                self._mean_loss,
                self._batcher,
                leaves=self._leaves,
                indivisible=self._indivisible,
            )
        except NotFiniteError as fault:
            raise DivergenceError(fault.what, self.count) from fault
        except ValueError as fault:
            raise DataError(
                f"The model cannot be trained on a batch of {len(rows)} rows ({fault}).",
                remedy="Use a larger batch size or more rows.",
            ) from fault
        self._optimiser.zero_grad()
        gradient.accumulate()
        self._optimiser.step()
        self._optimiser.zero_grad()
        return gradient.loss

    def _mean_loss(self, batch: Batch) -> Tensor:
        return self._data.task.row_loss(self._model(batch.inputs), batch.targets).mean()


def shuffled(rows: Tensor, batch_size: int, generator: torch.Generator) -> Iterator[Tensor]:
    """One pass over `rows` in random order, in the batches of `batches_of`."""
    order = rows[torch.randperm(len(rows), generator=generator).to(rows.device)]
    return iter(batches_of(order, batch_size))
