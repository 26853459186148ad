"""Follows the accuracy of a model while it changes, for live curves."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from workbench.compute.batching import MicroBatcher
from workbench.compute.events import EventSink
from workbench.compute.outputs import accuracy_on
from workbench.compute.seeding import isolated_rng
from workbench.compute.tensors import DatasetTensors
from workbench.core.cancellation import CancelToken
from workbench.core.vocabulary import Split

# A look costs one forward pass of the sample, an epoch about three of its rows: this keeps
# watching to a few per cent of the time.
_SHARE = 20
_FEWEST_ROWS, _MOST_ROWS = 64, 512


class AccuracyWatch:
    """Reports the accuracy on a fixed sample of each of `rows`, row ids by split.

    The curves are called "forget sample accuracy" and so on, and leave the model, its modes and
    all random numbers as they were. They are for the eye: audits use whole outputs passes.
    """

    def __init__(
        self,
        data: DatasetTensors,
        rows: Mapping[Split, Tensor],
        events: EventSink,
        batcher: MicroBatcher,
        cancel: CancelToken,
    ) -> None:
        self._data = data
        self._events = events
        self._batcher = batcher
        self._cancel = cancel
        self._samples = {name: _sample(some) for name, some in rows.items() if len(some)}

    def look_at(self, model: nn.Module) -> None:
        """Add a point to every curve. Cancelled if the user said so meanwhile."""
        with isolated_rng(0, self._data.device):
            for name, rows in self._samples.items():
                accuracy = accuracy_on(model, self._data, rows, self._batcher)
                self._cancel.check()
                self._events.series(f"{name} sample accuracy", accuracy)


def _sample(rows: Tensor) -> Tensor:
    """Rows at even distances, so that every part of an ordered file is in it."""
    size = min(len(rows), max(_FEWEST_ROWS, min(_MOST_ROWS, len(rows) // _SHARE)))
    return rows[torch.arange(size, device=rows.device) * len(rows) // size]
