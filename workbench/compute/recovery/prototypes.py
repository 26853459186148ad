"""A new last layer from mean features: knowledge that only the last layer hides comes back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from workbench.metrics import Undefined

_TOLERANCE = 0.01  # of the largest logit; devices sum in other orders and precisions

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]


def prototype_hits(
    model: nn.Module,
    outputs: dict[str, NDArray[Any]],
    targets: NDArray[np.int64],
    forget_rows: Rows,
    *,
    rows_per_class: int,
    seed: int,
) -> tuple[int, int]:
    """Right answers on forget rows after their classes got a new last layer, and how many rows.

    outputs: stored logits (n, C) and embedding (n, d) of `model`; targets: (n,). For each class in
    the forget set the mean features m of `rows_per_class` of its forget rows, or of half of them
    if there are fewer than twice as many, give the class the weights s m and the bias -s |m|^2 / 2:
    that of the nearest mean, scaled to the norm of the weights that stay. Rows that made a mean
    are not tested, nor are classes with one forget row. No gradient is taken (prototypical
    relearning, after arXiv:2506.01318).

    Undefined if the logits are not a linear layer on the embedding, or no class has two rows.
    """
    embedding = np.asarray(outputs["embedding"], dtype=np.float64)
    weights, bias = _linear_head(model, outputs["logits"], embedding)
    shown, tested = _parted(targets, forget_rows, rows_per_class, seed)
    classes = np.unique(targets[shown])
    means = np.stack([embedding[shown[targets[shown] == c]].mean(axis=0) for c in classes])
    kept = np.setdiff1d(np.arange(len(weights)), classes)
    scale = _scale(means, weights[kept])
    weights[classes] = scale * means
    bias[classes] = -scale * (means**2).sum(axis=1) / 2
    answers = (embedding[tested] @ weights.T + bias).argmax(axis=1)
    return int((answers == targets[tested]).sum()), len(tested)


def _parted(
    targets: NDArray[np.int64], forget_rows: Rows, rows_per_class: int, seed: int
) -> tuple[Rows, Rows]:
    """The rows that make the means, and those that are tested."""
    draw = np.random.Generator(np.random.PCG64(seed))
    shown, tested = [], []
    for label in np.unique(targets[forget_rows]):
        of_class = draw.permutation(forget_rows[targets[forget_rows] == label])
        size = min(rows_per_class, len(of_class) // 2)
        if size:
            shown.append(of_class[:size])
            tested.append(of_class[size:])
    if not shown:
        raise Undefined("No class has two forget rows: one for its mean and one to test it on.")
    return np.concatenate(shown), np.concatenate(tested)


def _scale(means: Floats, kept: Floats) -> float:
    """Brings the new weights to the size of those that stay; 1 if none stay."""
    size = float(np.linalg.norm(means, axis=1).mean())
    if len(kept) == 0 or size == 0:
        return 1.0
    return float(np.linalg.norm(kept, axis=1).mean()) / size


def _linear_head(
    model: nn.Module, logits: NDArray[Any], embedding: Floats
) -> tuple[Floats, Floats]:
    """Copies of weights (C, d) and bias (C,) of the layer that makes logits of the embedding."""
    fitting = (logits.shape[1], embedding.shape[1])
    tolerance = _TOLERANCE * max(1.0, float(np.abs(logits).max()))
    for layer in model.modules():
        if isinstance(layer, nn.Linear) and tuple(layer.weight.shape) == fitting:
            weights = layer.weight.detach().cpu().double().numpy().copy()
            bias = np.zeros(fitting[0])
            if layer.bias is not None:
                bias += layer.bias.detach().cpu().double().numpy()
            if np.abs(embedding @ weights.T + bias - logits).max() <= tolerance:
                return weights, bias
    raise Undefined("The model does not end in a linear layer on its features.")
