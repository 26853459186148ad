"""Loss along the straight line of weights from one model to another."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from workbench.compute.batching import MicroBatcher
from workbench.compute.events import EventSink, Unheard
from workbench.compute.modes import each_mode_kept, frozen_copy, why_indivisible
from workbench.compute.outputs import batch_size_for, logits_on
from workbench.compute.recovery.rows import some_rows
from workbench.compute.seeding import generator
from workbench.compute.tensors import DatasetTensors
from workbench.core.cancellation import CancelToken
from workbench.core.vocabulary import Split
from workbench.metrics import Undefined

POSITIONS = np.linspace(0.0, 1.0, 11)

Losses = dict[Split, NDArray[np.float64]]


def path_losses(
    start: nn.Module,
    end: nn.Module,
    data: DatasetTensors,
    rows: Mapping[Split, ArrayLike],
    *,
    seed: int,
    events: EventSink | None = None,
    cancel: CancelToken | None = None,
) -> Losses:
    """Mean loss (11,) on the rows of each split at (1 - t) start + t end, t = 0, 0.1, ... 1.

    Works on a copy. The running statistics of batch normalisation belong to no model in between,
    so at every t, the ends included, they are computed anew on the retain rows (as in
    arXiv:2211.08403). Undefined if a loss is not finite or the two differ in shape.
    """
    events, cancel = events or Unheard(), cancel or CancelToken()
    batcher = MicroBatcher(data.device, events.log)
    ids = {split: some_rows(data, of_split) for split, of_split in rows.items()}
    between = frozen_copy(end)
    losses: dict[Split, list[float]] = {split: [] for split in ids}
    for done, t in enumerate(POSITIONS, start=1):
        cancel.check()
        _place(between, start, end, float(t))
        _renew_statistics(between, data, ids[Split.RETAIN], seed, batcher, cancel)
        for split, of_split in ids.items():
            cancel.check()
            losses[split].append(_mean_loss(between, data, of_split, batcher))
        events.progress(done / len(POSITIONS), "loss between the original and this model")
    return {split: np.array(of_split) for split, of_split in losses.items()}


def _place(between: nn.Module, start: nn.Module, end: nn.Module, t: float) -> None:
    """What is not a floating point number, a count say, stays that of `end`."""
    first, last = start.state_dict(), end.state_dict()
    for name, tensor in between.state_dict().items():
        if tensor.is_floating_point():
            if first[name].shape != tensor.shape:
                raise Undefined("The two models differ in shape, so no line of weights joins them.")
            tensor.copy_(torch.lerp(first[name], last[name], t))


def _mean_loss(
    model: nn.Module, data: DatasetTensors, rows: Tensor, batcher: MicroBatcher
) -> float:
    logits = logits_on(model, data, rows, batcher)
    return float(data.task.stored_loss(logits, data.targets(rows).cpu().numpy()).mean())


def _renew_statistics(
    model: nn.Module,
    data: DatasetTensors,
    rows: Tensor,
    seed: int,
    batcher: MicroBatcher,
    cancel: CancelToken,
) -> None:
    """Running statistics as the plain mean over batches of almost equal size, rows shuffled.

    Rows often lie sorted by class, and batches of one class vary less than the data do.
    """
    layers = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    layers = [layer for layer in layers if layer.track_running_stats]
    if not layers:
        return
    if len(rows) < 2:
        raise Undefined("Batch normalisation needs at least two retain rows, and there is 1.")
    order = rows[torch.randperm(len(rows), generator=generator(seed)).to(rows.device)]
    count = math.ceil(len(rows) / batch_size_for(data))
    with torch.no_grad(), _gathering(model, layers):
        whole = why_indivisible(model)
        for batch in torch.tensor_split(order, count):
            cancel.check()

            def work(first: int, last: int, batch: Tensor = batch) -> bool:
                model(data.inputs(batch[first:last]))
                return True

            list(batcher.pieces(len(batch), work, indivisible=whole))


@contextmanager
def _gathering(model: nn.Module, layers: list[_BatchNorm]) -> Iterator[None]:
    """Run a block in which only these layers train, and average over all that they see."""
    momenta = [layer.momentum for layer in layers]
    with each_mode_kept(model):
        for layer in layers:
            layer.reset_running_stats()
            layer.momentum = None
            layer.train()
        yield
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
