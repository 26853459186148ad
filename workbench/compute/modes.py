"""Train and eval mode: what they change, and how to leave them as they were."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from workbench.core.errors import DataError


def frozen_copy(model: nn.Module) -> nn.Module:
    """An independent copy in eval mode without trainable parameters."""
    return copy.deepcopy(model).eval().requires_grad_(False)


@contextmanager
def each_mode_kept(model: nn.Module) -> Iterator[None]:
    """Give every module its own train or eval mode back after a block that changes modes."""
    modes = [(module, module.training) for module in model.modules()]
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


@contextmanager
def eval_mode(model: nn.Module) -> Iterator[None]:
    """Run a block in eval mode. DataError if the model does not stay in it to the end."""
    with each_mode_kept(model):
        model.eval()
        _require_eval(model)
        yield
        _require_eval(model)


def _require_eval(model: nn.Module) -> None:
    """A layer left in train mode makes the outputs of a row depend on chance or on its batch."""
    active = next((name for name, module in model.named_modules() if module.training), None)
    if active is not None:
        raise DataError(
            f"The model does not stay in eval mode: {f'layer {active!r}' if active else 'it'} "
            "goes on in train mode.",
            remedy="Let the network leave the choice of its mode to train() and eval().",
        )


def why_indivisible(model: nn.Module) -> str:
    """Why a batch must reach `model` whole; empty if it may come in pieces."""
    for module in model.modules():
        if isinstance(module, _BatchNorm) and module.training:
            return "batch normalisation in training ties the rows of a batch together"
    return ""
