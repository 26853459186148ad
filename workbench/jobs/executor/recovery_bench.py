"""What the recovery tests of one run work on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from torch import nn

from workbench.audit.plan import RecoveryChoice
from workbench.compute.events import EventSink
from workbench.compute.tensors import DatasetTensors
from workbench.compute.training import DivergenceError
from workbench.core.cancellation import CancelToken
from workbench.core.errors import DataError
from workbench.core.recipe import Recipe
from workbench.metrics import Undefined

Arrays = dict[str, NDArray[Any]]
Rows = NDArray[np.int64]
_T = TypeVar("_T")


@dataclass(frozen=True)
class RecoveryBench:
    """A model and all that its tests need; `outputs` are its own, `original` the original's.

    `seed` is of what the tests draw that have no seeds of their own.
    """

    model: nn.Module
    original_model: nn.Module
    data: DatasetTensors
    outputs: Arrays
    original: Arrays
    forget: Rows
    retain: Rows
    non_members: Rows
    recipe: Recipe
    choice: RecoveryChoice
    seed: int
    events: EventSink
    cancel: CancelToken

    @property
    def targets(self) -> NDArray[np.int64]:
        return self.data.dataset.targets

    @property
    def relearn_target(self) -> float:
        """The accuracy to reach again: a share of what the original knew."""
        answers = self.original["logits"][self.forget].argmax(axis=1)
        known = float((answers == self.targets[self.forget]).mean())
        return self.choice.relearn_share * known


def unless_impossible(trial: Callable[[], _T]) -> _T:
    """What a trial finds. That a model diverges or refuses a batch is no reason to lose its run."""
    try:
        return trial()
    except (DivergenceError, DataError) as fault:
        raise Undefined(fault.message) from fault
