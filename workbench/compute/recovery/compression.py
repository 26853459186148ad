"""Copies with rounded or removed weights: forgetting by tiny changes does not survive either."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvTransposeNd

from workbench.metrics import Undefined


def quantised(model: nn.Module, bits: int) -> nn.Module:
    """A copy whose weight matrices and kernels are rounded to `bits` bits and back.

    Symmetric, to the nearest step, with a scale of its own for each output channel:
    max|w| / (2^(bits-1) - 1) (as in arXiv:2410.16454). Biases, normalisation and activations stay.
    Undefined if there is no such weight.
    """
    rounded = copy.deepcopy(model)
    largest = 2 ** (bits - 1) - 1
    with torch.no_grad():
        for weight, channels in _weights(rounded):
            values = weight.float()
            others = [axis for axis in range(values.dim()) if axis != channels]
            scale = values.abs().amax(dim=others, keepdim=True) / largest
            steps = torch.where(scale > 0, values / scale, 0.0).round().clamp(-largest, largest)
            weight.copy_(steps * scale)
    return rounded


def pruned(model: nn.Module, share: float) -> nn.Module:
    """A copy in which the `share` of all weights closest to zero, over all layers, is zero.

    Global magnitude pruning of weight matrices and kernels (Han et al. 2015, arXiv:1506.02626).
    Exactly floor(share * count) weights are set; of equal ones the first. Undefined if there is
    no such weight.
    """
    smaller = copy.deepcopy(model)
    weights = [weight for weight, _ in _weights(smaller)]
    sizes = torch.cat([weight.detach().abs().float().flatten() for weight in weights])
    gone = torch.zeros(len(sizes), dtype=torch.bool, device=sizes.device)
    gone[torch.argsort(sizes, stable=True)[: int(share * len(sizes))]] = True
    with torch.no_grad():
        parts = torch.split(gone, [weight.numel() for weight in weights])
        for weight, mask in zip(weights, parts, strict=True):
            weight.masked_fill_(mask.view_as(weight), 0.0)
    return smaller


def _weights(model: nn.Module) -> Iterator[tuple[Tensor, int]]:
    """Every weight matrix or kernel once, with the axis of its output channels."""
    seen: set[int] = set()
    for module in model.modules():
        for weight in module.parameters(recurse=False):
            if weight.dim() >= 2 and weight.is_floating_point() and id(weight) not in seen:
                seen.add(id(weight))
                yield weight, 1 if isinstance(module, _ConvTransposeNd) else 0
    if not seen:
        raise Undefined("The model has no weight matrices or kernels.")
