"""Task objects: how outputs become a per-row loss and what counts as correct."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from workbench.core.errors import DataError
from workbench.metrics.scores import cross_entropy


class Task(Protocol):
    """What the host must know about a task family; all that differs between them is here."""

    def row_loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Differentiable loss of each row (b,)."""
        ...

    def stored_loss(
        self, outputs: NDArray[np.float32], targets: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """The same loss in float64, for the record."""
        ...

    def correct(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Boolean (b,): is the answer right?"""
        ...


class Classification:
    """Logits (b, C), class ids (b,), cross-entropy in nats, ties go to the lowest class."""

    def row_loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(outputs, targets, reduction="none")

    def stored_loss(
        self, outputs: NDArray[np.float32], targets: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        loss: NDArray[Any] = cross_entropy(outputs, targets)
        return loss

    def correct(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return outputs.argmax(dim=1) == targets


_TASKS: dict[str, Task] = {"classification": Classification()}


def task_named(name: str) -> Task:
    """The task object of a dataset. DataError for a task family that is not supported."""
    if name not in _TASKS:
        raise DataError(
            f"Task {name!r} is not supported.", remedy=f"Use one of: {', '.join(sorted(_TASKS))}."
        )
    return _TASKS[name]
