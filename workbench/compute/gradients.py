"""Gradients of whole batches, computed in as many pieces as memory asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from workbench.compute.batching import HostBatch, MicroBatcher
from workbench.core.errors import PluginError
from workbench.plugin_api import Batch

Loss = Callable[[Batch], Tensor]


class NotFiniteError(ArithmeticError):
    """A loss or gradient is NaN or infinite; nothing was added to any gradient."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the {what} became not finite")
        self.what = what


@dataclass(frozen=True)
class BatchGradient:
    """Value of a batch-mean loss and its gradient by leaf tensor."""

    loss: float
    gradients: dict[Tensor, Tensor]

    def accumulate(self) -> None:
        """Add to `.grad` of every leaf."""
        for leaf, gradient in self.gradients.items():
            if leaf.grad is None:
                # A copy: autograd may hand out one tensor for two leaves, or an expanded one.
                leaf.grad = gradient.clone(memory_format=torch.contiguous_format)
            else:
                leaf.grad.add_(gradient)


def batch_gradient(
    batch: HostBatch,
    loss: Loss,
    batcher: MicroBatcher,
    *,
    leaves: Sequence[Tensor] | None = None,
    indivisible: str = "",
) -> BatchGradient:
    """Gradient of `loss(batch)`, a mean over rows, with respect to `leaves`.

    Without `leaves`, every trainable tensor the loss depends on. Pieces are weighted by their
    rows, so that the result is that of the whole batch. NotFiniteError if anything is not finite.
    """

    def piece(start: int, stop: int) -> BatchGradient:
        return _piece_gradient(batch.piece(start, stop), loss, (stop - start) / len(batch), leaves)

    total = BatchGradient(0.0, {})
    for part in batcher.pieces(len(batch), piece, indivisible=indivisible):
        total = _sum(total, part)
    return total


def _piece_gradient(
    piece: HostBatch, loss: Loss, weight: float, leaves: Sequence[Tensor] | None
) -> BatchGradient:
    value = loss(piece)
    if value.numel() != 1 or not value.requires_grad:
        raise PluginError(
            f"A loss of shape {tuple(value.shape)} has no gradient to follow.",
            remedy="Return one number, the mean over rows, that depends on trainable weights.",
        )
    if weight != 1:
        value = value * weight
    wanted = _leaves_of(value) if leaves is None else leaves
    # Not backward(): should memory run out half way, it leaves some gradients added twice.
    gradients = torch.autograd.grad(value, wanted, allow_unused=True)
    found = {leaf: g for leaf, g in zip(wanted, gradients, strict=True) if g is not None}
    return BatchGradient(_checked(value, found.values()), found)


def _checked(value: Tensor, gradients: Iterable[Tensor]) -> float:
    """The loss as a number, once it and every gradient are known to be finite.

    A sum is finite only if every element is; one transfer from the device answers for all.
    """
    sums = torch.stack([value.detach().float().reshape(()), *(g.sum().float() for g in gradients)])
    if not sums.isfinite().all():
        raise NotFiniteError("loss" if not value.isfinite().all() else "gradient")
    return float(sums[0])


def _sum(total: BatchGradient, part: BatchGradient) -> BatchGradient:
    gradients = dict(total.gradients)
    for leaf, gradient in part.gradients.items():
        known = gradients.get(leaf)
        gradients[leaf] = gradient if known is None else known + gradient
    return BatchGradient(total.loss + part.loss, gradients)


def _leaves_of(value: Tensor) -> list[Tensor]:
    """Every trainable tensor in the graph behind `value`, in a fixed order."""
    leaves: dict[Tensor, None] = {}
    seen: set[Any] = set()
    waiting: list[Any] = [value.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            leaves[node.variable] = None
        waiting.extend(following for following, _ in node.next_functions)
    return list(leaves)
