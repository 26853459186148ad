"""How far the weights of two models are apart.

Informative only: independently trained models are far apart, and a small distance proves nothing.
A model is a mapping from tensor name to array. Distances are over its floating-point tensors;
integer ones, such as batch counters, are not parameters. Give batch-norm statistics as a mapping
of their own to see them apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.metrics.arrays import LARGEST
from workbench.metrics.errors import Undefined

Tensors = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class WeightDistance:
    """Norms of the weights before, after and of their difference, and the inner product."""

    l2: float
    norm_before: float
    norm_after: float
    inner: float

    @property
    def relative(self) -> float:
        """l2 / norm before. Undefined when the weights before are all zero."""
        if self.norm_before == 0:
            raise Undefined("The weights before are all zero, so no relative distance exists.")
        return self.l2 / self.norm_before

    @property
    def cosine(self) -> float:
        """Cosine of the angle between the two weight vectors. Undefined when one is all zero."""
        if self.norm_before == 0 or self.norm_after == 0:
            raise Undefined("One of the models has only zero weights, so no angle exists.")
        return min(1.0, max(-1.0, self.inner / self.norm_before / self.norm_after))


def weight_distance(before: Tensors, after: Tensors) -> WeightDistance:
    """Distance over all tensors together. Undefined names tensors with NaN or infinite weights."""
    return _total(layer_distances(before, after).values())


def layer_distances(before: Tensors, after: Tensors) -> dict[str, WeightDistance]:
    """Distance of each tensor by name."""
    _require_same_tensors(before, after)
    names = [name for name in before if before[name].dtype.kind == "f"]
    if not any(before[name].size for name in names):
        raise Undefined("There are no weights to compare.")
    faulty = [name for name in names if _unusable(before[name]) or _unusable(after[name])]
    if faulty:
        raise Undefined(f"Weights are NaN, infinite or too large in {', '.join(faulty[:5])}.")
    return {name: _distance(before[name], after[name]) for name in names}


def unchanged_tensors(before: Tensors, after: Tensors) -> tuple[str, ...]:
    """Names of the tensors that are bit for bit the same."""
    _require_same_tensors(before, after)
    return tuple(
        name
        for name in before
        if before[name].dtype == after[name].dtype
        and before[name].tobytes() == after[name].tobytes()
    )


def sparsity(tensors: Tensors) -> float:
    """Share of floating-point weights that are exactly 0."""
    floating = [tensor for tensor in tensors.values() if tensor.dtype.kind == "f"]
    total = sum(tensor.size for tensor in floating)
    if total == 0:
        raise Undefined("There are no weights to compute from.")
    return (total - sum(int(np.count_nonzero(tensor)) for tensor in floating)) / total


def non_finite_count(tensors: Tensors) -> int:
    """How many weights are NaN or infinite."""
    floating = [tensor for tensor in tensors.values() if tensor.dtype.kind == "f"]
    return sum(int(np.count_nonzero(~np.isfinite(tensor))) for tensor in floating)


def _distance(before: NDArray[Any], after: NDArray[Any]) -> WeightDistance:
    a = before.astype(np.float64).ravel()
    b = after.astype(np.float64).ravel()
    change = b - a
    return WeightDistance(
        l2=math.sqrt(change @ change),
        norm_before=math.sqrt(a @ a),
        norm_after=math.sqrt(b @ b),
        inner=float(a @ b),
    )


def _total(parts: Iterable[WeightDistance]) -> WeightDistance:
    layers = list(parts)
    return WeightDistance(
        l2=math.hypot(*(part.l2 for part in layers)),
        norm_before=math.hypot(*(part.norm_before for part in layers)),
        norm_after=math.hypot(*(part.norm_after for part in layers)),
        inner=math.fsum(part.inner for part in layers),
    )


def _unusable(tensor: NDArray[Any]) -> bool:
    return bool(tensor.size) and not float(np.abs(tensor).max()) <= LARGEST


def _require_same_tensors(before: Tensors, after: Tensors) -> None:
    if before.keys() != after.keys():
        odd = sorted(before.keys() ^ after.keys())
        raise ValueError(f"tensors found in only one of the models: {', '.join(odd[:5])}")
    for name in before:
        if before[name].shape != after[name].shape:
            raise ValueError(f"{name} has shapes {before[name].shape} and {after[name].shape}")
