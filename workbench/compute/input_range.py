"""Between which values the preprocessed inputs of the training rows lie."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from workbench.compute.outputs import batch_size_for
from workbench.compute.tensors import DatasetTensors
from workbench.core.vocabulary import Split


@dataclass(frozen=True, slots=True)
class InputRange:
    """Smallest, largest and mean value, each shaped to broadcast over one input."""

    low: Tensor
    high: Tensor
    mean: Tensor

    @property
    def width(self) -> Tensor:
        return self.high - self.low


def input_range(data: DatasetTensors) -> InputRange:
    """Of each channel of images, each feature of tables; of all values of images without channels.

    After preprocessing, over the training rows; no model is asked.
    """
    rows = data.row_ids(data.dataset.rows_of(Split.TRAIN))
    rank = len(data.dataset.input_shape)
    over = [axis for axis in range(rank + 1) if axis != 1 or rank == 2]
    lows, highs, sums, values = [], [], [], 0
    for batch in torch.split(rows, batch_size_for(data)):
        inputs = data.inputs(batch)
        lows.append(inputs.amin(dim=over, keepdim=True)[0])
        highs.append(inputs.amax(dim=over, keepdim=True)[0])
        total = inputs.cpu().double().sum(dim=over, keepdim=True)[0]
        sums.append(total)
        values += inputs.numel() // total.numel()
    mean = torch.stack(sums).sum(dim=0) / values
    return InputRange(
        torch.stack(lows).amin(dim=0),
        torch.stack(highs).amax(dim=0),
        mean.float().to(data.device),
    )
