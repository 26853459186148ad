"""Importance of weights, against a plain loop and against the published code of SSD."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from tiny_models import FORGET, RETAIN, MemoryFor, batch_norm_net, context, mean_loss, mlp, state
from torch import nn

from workbench.core.errors import PluginError


def plain(
    model: nn.Module, inputs: torch.Tensor, targets: torch.Tensor, rows: np.ndarray, power: int
) -> list[torch.Tensor]:
    """Batches of 16 rows, each counting the same."""
    parameters = list(model.parameters())
    batches = torch.tensor(rows).split(16)
    sums = [torch.zeros_like(p) for p in parameters]
    for batch in batches:
        loss = F.cross_entropy(model(inputs[batch]), targets[batch])
        for total, gradient in zip(sums, torch.autograd.grad(loss, parameters), strict=True):
            total += gradient.abs() ** power
    return [total / len(batches) for total in sums]


@pytest.mark.parametrize("power", [1, 2])
@pytest.mark.parametrize("splits", [["forget"], ["retain", "forget"]])
def test_it_is_the_mean_over_batches_of_the_power_of_the_batch_gradient(
    power: int, splits: list[str]
) -> None:
    ctx, model = context(), mlp()
    whole = torch.cat([b.inputs for b in ctx.batches("forget", "retain", batch_size=100)])
    targets = torch.cat([b.targets for b in ctx.batches("forget", "retain", batch_size=100)])
    rows = FORGET if splits == ["forget"] else np.concatenate([RETAIN, FORGET])
    found = ctx.squared_gradients(model, splits, mean_loss(ctx, model), batch_size=16, power=power)
    assert list(found) == [name for name, _ in model.named_parameters()]
    for value, expected in zip(
        found.values(), plain(model, whole, targets, rows, power), strict=True
    ):
        torch.testing.assert_close(value, expected, rtol=1e-5, atol=1e-9)


def test_memory_does_not_change_it() -> None:
    def importance(rows: int) -> dict[str, torch.Tensor]:
        ctx, model = context(before_piece=MemoryFor(rows)), mlp()
        return ctx.squared_gradients(
            model, ["retain", "forget"], mean_loss(ctx, model), batch_size=16
        )

    whole, split = importance(1000), importance(3)
    for name, value in whole.items():
        torch.testing.assert_close(value, split[name], atol=1e-6, rtol=0)


def test_it_measures_in_eval_mode_and_leaves_modes_gradients_and_statistics() -> None:
    ctx, model = context(), batch_norm_net()
    model.train()
    model[1].eval()
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    before = state(model)
    found = ctx.squared_gradients(model, ["forget"], mean_loss(ctx, model), batch_size=4)
    in_eval = ctx.squared_gradients(model.eval(), ["forget"], mean_loss(ctx, model), batch_size=4)
    assert all(torch.equal(found[name], in_eval[name]) for name in found)
    assert all(torch.equal(p.grad, torch.ones_like(p)) for p in model.parameters())
    assert all(np.array_equal(value, before[name]) for name, value in state(model).items())


def test_modes_come_back_even_after_a_failure() -> None:
    ctx, model = context(), mlp().train()
    with pytest.raises(PluginError, match="not finite at step 1"):
        ctx.squared_gradients(
            model, ["forget"], lambda b: model(b.inputs).sum() * float("inf"), batch_size=4
        )
    assert all(module.training for module in model.modules())


def test_the_power_is_one_or_two() -> None:
    ctx, model = context(), mlp()
    with pytest.raises(PluginError, match="power 3"):
        ctx.squared_gradients(model, ["forget"], mean_loss(ctx, model), batch_size=4, power=3)
