"""The outputs pass: one forward pass gives everything the standard audit needs of a model."""

from __future__ import annotations

import math
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from workbench.compute.batching import MicroBatcher
from workbench.compute.events import EventSink, Unheard
from workbench.compute.modes import eval_mode
from workbench.compute.tensors import DatasetTensors
from workbench.core.cancellation import CancelToken
from workbench.core.errors import DataError

_MOST_ROWS, _FEWEST_ROWS = 512, 8  # of a batch
# A processor slows down when the activations of a batch leave its caches: ResNet-20 on images of
# 32x32x3 takes 2.6 times as long in batches of 512 as in batches of 32 to 64.
_PROCESSOR_VALUES = 32 * 3 * 32 * 32  # of a batch of inputs
_LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
_SHOWN_ROWS = 5


def outputs_pass(
    model: nn.Module,
    data: DatasetTensors,
    *,
    batch_size: int | None = None,
    events: EventSink | None = None,
    cancel: CancelToken | None = None,
) -> dict[str, NDArray[Any]]:
    """Logits (n, C) float32, loss (n,) float64 and embedding (n, d) float32 of every row.

    One forward pass of `model`, which is on the device of `data`, in eval mode over rows in
    order. The embedding is the input of the last linear or convolutional layer to run, averaged
    over positions where it has any. DataError if the model does not fit the data or gives logits
    or embeddings that are not finite; it names their first rows.
    """
    dataset = data.dataset
    events, cancel = events or Unheard(), cancel or CancelToken()
    batcher = MicroBatcher(data.device, events.log)
    batch_size = batch_size or batch_size_for(data)

    def piece(start: int, stop: int) -> tuple[Tensor, Tensor]:
        cancel.check()
        logits = model(data.inputs(slice(start, stop)))
        _check_shape(logits, (stop - start, dataset.n_classes))
        outputs = logits.float().cpu(), last_layer.take().float().cpu()
        events.progress(stop / len(data), "outputs of all rows")
        return outputs

    with torch.no_grad(), eval_mode(model), _LastLayerInput(model) as last_layer:
        try:
            parts = list(batcher.pieces(len(data), piece, batch_size=batch_size))
        except RuntimeError as fault:
            raise DataError(
                f"The model cannot read rows of shape {dataset.input_shape} ({fault}).",
                remedy="Choose the architecture and the preprocessing the model was trained with.",
            ) from fault
    logits = torch.cat([logits for logits, _ in parts]).numpy()
    embedding = torch.cat([embedding for _, embedding in parts]).numpy()
    _check_finite("logits", logits)
    _check_finite("embeddings", embedding)
    return {
        "logits": logits,
        "loss": data.task.stored_loss(logits, dataset.targets),
        "embedding": embedding,
    }


def accuracy_on(
    model: nn.Module, data: DatasetTensors, rows: Tensor, batcher: MicroBatcher
) -> float:
    """Share of `rows`, at least one, that `model` answers correctly in eval mode."""

    def piece(start: int, stop: int) -> Tensor:
        some = rows[start:stop]
        return data.task.correct(model(data.inputs(some)), data.targets(some)).sum()

    batch_size = batch_size_for(data)
    with torch.no_grad(), eval_mode(model):
        correct = sum(int(n) for n in batcher.pieces(len(rows), piece, batch_size=batch_size))
    return correct / len(rows)


def logits_on(
    model: nn.Module, data: DatasetTensors, rows: Tensor, batcher: MicroBatcher
) -> NDArray[np.float32]:
    """Logits (k, C) of `rows` (k,), at least one, in eval mode."""

    def piece(start: int, stop: int) -> Tensor:
        logits: Tensor = model(data.inputs(rows[start:stop]))
        return logits.float().cpu()

    with torch.no_grad(), eval_mode(model):
        parts = batcher.pieces(len(rows), piece, batch_size=batch_size_for(data))
        found: NDArray[np.float32] = torch.cat(list(parts)).numpy()
    return found


def batch_size_for(data: DatasetTensors) -> int:
    """Depends on nothing that changes from run to run: outputs differ in their last bits by it."""
    if data.device.type != "cpu":
        return _MOST_ROWS
    fitting = _PROCESSOR_VALUES // max(1, math.prod(data.dataset.input_shape))
    return max(_FEWEST_ROWS, min(_MOST_ROWS, fitting))


class _LastLayerInput:
    """While entered, remembers what went into the last layer that ran."""

    def __init__(self, model: nn.Module) -> None:
        self._layers = [layer for layer in model.modules() if isinstance(layer, _LAYERS)]
        self._latest: tuple[nn.Module, Tensor] | None = None

    def __enter__(self) -> Self:
        self._hooks = [layer.register_forward_pre_hook(self._remember) for layer in self._layers]
        return self

    def __exit__(self, *_: object) -> None:
        for hook in self._hooks:
            hook.remove()

    def take(self) -> Tensor:
        """(b, d) of the forward pass that just ended."""
        if self._latest is None:
            raise DataError(
                "The model has no linear or convolutional layer, so its rows have no embedding.",
                remedy="Give the network a last layer of type torch.nn.Linear.",
            )
        layer, features = self._latest
        self._latest = None
        if isinstance(layer, nn.Linear):
            return features if features.dim() == 2 else features.flatten(1, -2).mean(dim=1)
        return features.flatten(2).mean(dim=2)

    def _remember(self, layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        self._latest = layer, inputs[0]


def _check_shape(logits: Any, expected: tuple[int, int]) -> None:
    shape = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
    if shape != expected:
        raise DataError(
            f"The model gives {shape} for {expected[0]} rows of {expected[1]} classes.",
            remedy="Choose a model with one output per class of the dataset.",
        )


def _check_finite(name: str, values: NDArray[np.float32]) -> None:
    bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
    if bad.size:
        shown = ", ".join(str(row) for row in bad[:_SHOWN_ROWS])
        raise DataError(
            f"The model gives {name} that are not finite for {bad.size} rows, first {shown}.",
            remedy="The weights are damaged or diverged; repeat the run with gentler settings.",
        )
