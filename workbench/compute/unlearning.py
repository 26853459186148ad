"""Runs a method so that nothing it does can reach the original model."""

from __future__ import annotations

import copy
from typing import Any

from torch import nn

from workbench.compute.context import HostMethodContext
from workbench.compute.seeding import isolated_rng
from workbench.core.errors import PluginError, WorkbenchError
from workbench.core.params import Params
from workbench.plugin_api import Method


def run_method(
    method: Method[Any], ctx: HostMethodContext, model: nn.Module, params: Params
) -> nn.Module:
    """The unlearned model in eval mode, all tensors finite and named as in `model`.

    The method works on a copy and under its own random numbers. PluginError names the method if
    it fails, and the original is then all there is: a failed run leaves no half-changed model.
    """
    candidate = copy.deepcopy(model).eval().requires_grad_()
    with isolated_rng(ctx.seed, ctx.device):
        try:
            unlearned = method.unlearn(ctx, ctx.watch(candidate), params)
        except WorkbenchError:
            raise
        except Exception as fault:
            raise PluginError(
                f"{ctx.who} failed ({type(fault).__name__}: {fault}).",
                remedy="The original model is unchanged; see the log for where it failed.",
            ) from fault
    _check(unlearned, model, ctx.who)
    unlearned.zero_grad()
    return unlearned.eval().requires_grad_()


def _check(unlearned: Any, model: nn.Module, who: str) -> None:
    if not isinstance(unlearned, nn.Module):
        raise PluginError(
            f"{who} returned {type(unlearned).__name__}, not a model.",
            remedy="Return the unlearned torch.nn.Module.",
        )
    before, after = model.state_dict(), unlearned.state_dict()
    if [(n, v.shape) for n, v in before.items()] != [(n, v.shape) for n, v in after.items()]:
        raise PluginError(
            f"{who} returned a model of another architecture.",
            remedy="Return a model with the tensors of the original.",
        )
    for name, tensor in after.items():
        if not tensor.isfinite().all():
            raise PluginError(
                f"{who} left values that are not finite in {name!r}.",
                remedy="Use gentler settings; the original model is unchanged.",
            )
