"""A dataset as tensors on the device that computes."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from workbench.compute.tasks import task_named
from workbench.core.dataset import Dataset
from workbench.core.errors import DataError


class DatasetTensors:
    """Inputs as stored (uint8 stays uint8) and targets on one device, preprocessed per batch."""

    def __init__(self, dataset: Dataset, device: torch.device) -> None:
        self.dataset = dataset
        self.device = device
        self.task = task_named(dataset.task)
        stored = dataset.inputs
        if stored.dtype not in (np.uint8, np.float32):
            stored = stored.astype(np.float32)
        self._inputs = _as_tensor(stored).to(device)
        self._targets = _as_tensor(dataset.targets.astype(np.int64, copy=False)).to(device)
        self._divide_by = dataset.preprocessing.divide_by
        self._mean = self._per_channel(dataset.preprocessing.mean, "mean")
        self._std = self._per_channel(dataset.preprocessing.std, "std")

    def __len__(self) -> int:
        return len(self._targets)

    def row_ids(self, rows: ArrayLike) -> Tensor:
        """Row ids as an index tensor on the device."""
        return torch.tensor(np.asarray(rows, dtype=np.int64), device=self.device)

    def inputs(self, rows: Tensor | slice) -> Tensor:
        """Preprocessed float32 inputs (b, ...): (x / divide_by - mean) / std, always a copy."""
        inputs = self._inputs[rows].to(torch.float32, copy=True)
        if self._divide_by != 1:
            inputs.div_(self._divide_by)
        if self._mean is not None:
            inputs.sub_(self._mean)
        if self._std is not None:
            inputs.div_(self._std)
        return inputs

    def targets(self, rows: Tensor | slice) -> Tensor:
        return self._targets[rows]

    def _per_channel(self, values: tuple[float, ...], name: str) -> Tensor | None:
        """`values` shaped to broadcast over the channel axis; None if they change nothing."""
        shape = self._inputs.shape
        if len(values) not in (1, *shape[1:2]):
            raise DataError(
                f"Dataset {self.dataset.name!r}: the preprocessing has {len(values)} values of "
                f"{name} for inputs of shape {tuple(shape[1:])}.",
                remedy="Give one value for all channels, or one per channel.",
            )
        if set(values) == {0.0 if name == "mean" else 1.0}:
            return None
        trailing = (1,) * (len(shape) - 2)
        return torch.tensor(values, dtype=torch.float32, device=self.device).reshape(-1, *trailing)


def _as_tensor(array: NDArray[Any]) -> Tensor:
    """Shares memory where it may: torch warns about arrays that are read-only."""
    return torch.from_numpy(array) if array.flags.writeable else torch.tensor(array)
