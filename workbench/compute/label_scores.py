"""What a model answers for one label, as the checks of explainers ask it: arrays in and out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from workbench.compute.batching import MicroBatcher
from workbench.compute.modes import eval_mode
from workbench.compute.tensors import DatasetTensors

Values = NDArray[np.float64]
LabelScore = Callable[[Values], Values]


def label_scores(
    model: nn.Module,
    data: DatasetTensors,
    label: int,
    batcher: MicroBatcher,
    *,
    as_probability: bool,
) -> LabelScore:
    """A function from preprocessed inputs (m, ...) to the probability or logit of `label` (m,)."""

    def score(inputs: Values) -> Values:
        def piece(start: int, stop: int) -> Tensor:
            given = torch.as_tensor(inputs[start:stop], dtype=torch.float32, device=data.device)
            logits: Tensor = model(given).cpu().double()
            return logits.softmax(dim=1)[:, label] if as_probability else logits[:, label]

        with torch.no_grad(), eval_mode(model):
            found: Values = torch.cat(list(batcher.pieces(len(inputs), piece))).numpy()
        return found

    return score
