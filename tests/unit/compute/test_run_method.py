"""Running a method without any way for it to reach the original."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tiny_models import RECIPE, batch_norm_net, context, mean_loss, mlp, same_state, state
from torch import nn

from workbench.compute.unlearning import run_method
from workbench.core.errors import PluginError
from workbench.plugin_api import NoParams


class Made:
    def __init__(self, unlearn: Any) -> None:
        self._unlearn = unlearn

    def unlearn(self, ctx: Any, model: nn.Module, _: NoParams) -> Any:
        return self._unlearn(ctx, model)


def run(unlearn: Any, model: nn.Module, **changes: Any) -> nn.Module:
    return run_method(Made(unlearn), context(**changes), model, NoParams())


def ascend(ctx: Any, model: nn.Module) -> nn.Module:
    optimiser = ctx.optimiser(model.train(), "sgd", learning_rate=0.1)
    for batch in ctx.batches("forget", shuffle=True):
        optimiser.zero_grad()
        ctx.backward(batch, lambda b: -mean_loss(ctx, model)(b))
        optimiser.step()
    return model


def test_a_method_changes_its_copy_and_never_the_original() -> None:
    model = batch_norm_net().requires_grad_(False)
    before, randomness = state(model), torch.get_rng_state()
    unlearned = run(ascend, model)
    assert same_state(model, before)
    assert torch.equal(torch.get_rng_state(), randomness)
    assert not any(p.requires_grad or p.grad is not None for p in model.parameters())
    assert not same_state(unlearned, before)
    assert not any(m.training for m in unlearned.modules())
    assert all(p.requires_grad and p.grad is None for p in unlearned.parameters())
    assert same_state(unlearned, run(ascend, model))


def test_a_retrained_model_depends_on_the_seed_of_the_run() -> None:
    def retrain(ctx: Any, model: nn.Module) -> nn.Module:
        return ctx.train(ctx.new_model(), ctx.recipe, "retain")

    recipe = RECIPE.model_copy(update={"epochs": 2})
    first, again, other = (run(retrain, mlp(), seed=s, recipe=recipe) for s in (1, 1, 2))
    assert same_state(first, again)
    assert not same_state(first, other)


def _poison(ctx: Any, model: nn.Module) -> nn.Module:
    with torch.no_grad():
        model[4].bias[1] = torch.nan
    return model


def _fail(ctx: Any, model: nn.Module) -> nn.Module:
    raise ZeroDivisionError("division by zero")


@pytest.mark.parametrize(
    ("unlearn", "sentence"),
    [
        (_poison, "'tested' left values that are not finite in '4.bias'"),
        (_fail, r"'tested' failed \(ZeroDivisionError: division by zero\)"),
        (lambda *_: None, "'tested' returned NoneType"),
        (lambda _, model: model[:2], "'tested' returned a model of another architecture"),
        (lambda ctx, _: ctx.batches("test"), "'tested' asks for 'test' rows"),
    ],
)
def test_what_a_method_does_wrong_is_said_with_its_name(unlearn: Any, sentence: str) -> None:
    model = mlp()
    with pytest.raises(PluginError, match=sentence):
        run(unlearn, model)
    assert same_state(model, mlp())
