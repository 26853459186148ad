"""Answers to inputs with noise on them: knowledge that lies thin does not survive it."""

from __future__ import annotations

import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from workbench.compute.batching import MicroBatcher
from workbench.compute.events import EventSink, Unheard
from workbench.compute.input_range import InputRange
from workbench.compute.modes import eval_mode
from workbench.compute.outputs import batch_size_for
from workbench.compute.recovery.rows import some_rows
from workbench.compute.seeding import generator
from workbench.compute.tensors import DatasetTensors
from workbench.core.cancellation import CancelToken


def noisy_accuracy(
    model: nn.Module,
    data: DatasetTensors,
    rows: ArrayLike,
    *,
    level: float,
    within: InputRange,
    draws: int,
    seed: int,
    events: EventSink | None = None,
    cancel: CancelToken | None = None,
) -> float:
    """Share of right answers under normal noise on the preprocessed inputs, mean over `draws`.

    Its standard deviation is `level` times the range of each channel or feature. The noise comes
    from `seed`, so that every model of an audit meets the same (Hendrycks and Dietterich 2019,
    arXiv:1903.12261, for noise as a test).
    """
    ids = some_rows(data, rows)
    events, cancel = events or Unheard(), cancel or CancelToken()
    batcher = MicroBatcher(data.device, events.log)
    source = generator(seed)
    deviation = level * within.width
    correct = 0
    with torch.no_grad(), eval_mode(model):
        for _ in range(draws):
            for batch in torch.split(ids, batch_size_for(data)):
                cancel.check()
                shape = (len(batch), *data.dataset.input_shape)
                noise = torch.randn(shape, generator=source).to(data.device)
                correct += _correct(model, data, batch, deviation * noise, batcher)
    return correct / (draws * len(ids))


def _correct(
    model: nn.Module, data: DatasetTensors, rows: Tensor, noise: Tensor, batcher: MicroBatcher
) -> int:
    def piece(start: int, stop: int) -> int:
        some = rows[start:stop]
        answers = model(data.inputs(some) + noise[start:stop])
        return int(data.task.correct(answers, data.targets(some)).sum())

    return sum(batcher.pieces(len(rows), piece))
