"""Importance of weights, against a plain loop and against the published code of SSD."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from tiny_models import FORGET, RETAIN, MemoryFor, batch_norm_net, context, mean_loss, mlp, state
from torch import nn

from workbench.compute.gradients import Loss
from workbench.compute.models import load_tensors_into, read_weights
from workbench.core.dataset import Dataset, Preprocessing
from workbench.core.errors import PluginError
from workbench.plugin_api import Batch


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


def test_a_last_batch_of_one_row_counts_like_any_other() -> None:
    whole = next(context().batches("forget", "retain", batch_size=100))
    ctx, model = context(forget_rows=FORGET[:5]), mlp()
    found = ctx.squared_gradients(model, ["retain", "forget"], mean_loss(ctx, model), batch_size=16)
    rows = np.concatenate([RETAIN, FORGET[:5]])
    assert len(rows) % 16 == 1
    expected = plain(model, whole.inputs, whole.targets, rows, power=2)
    for value, wanted in zip(found.values(), expected, strict=True):
        torch.testing.assert_close(value, wanted, rtol=1e-5, atol=1e-9)


def test_memory_does_not_change_it() -> None:
    def importance(rows: int) -> dict[str, torch.Tensor]:
        ctx, model = context(), MemoryFor(rows).limit(mlp())
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


class DigitsNetwork(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.fc1 = nn.Linear(128, 64)
        self.fc2 = nn.Linear(64, 10)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        maps = F.max_pool2d(F.relu(self.conv1(inputs)), 2)
        maps = F.max_pool2d(F.relu(self.conv2(maps)), 2)
        return self.fc2(F.relu(self.fc1(maps.flatten(1))))


def test_sums_equal_those_of_the_published_code() -> None:
    """The code of Foster et al. 2024 (arXiv:2308.07707), run on this model with batches of 64."""
    data_folder = os.environ.get("WORKBENCH_TEST_DATA", Path(__file__).parents[4] / "shared/data")
    weights = Path(data_folder).parent / "fixtures" / "digits_cnn.safetensors"
    if not weights.is_file():
        pytest.skip("the weights of the reference run are not on this computer")
    digits = load_digits()
    dataset = Dataset(
        name="digits",
        inputs=digits.images.astype(np.float32)[:, None],
        targets=digits.target.astype(np.int64),
        split=np.array(["train"] * 1400 + ["test"] * 397),
        class_names=tuple("0123456789"),
        preprocessing=Preprocessing(divide_by=16),
    )
    model = DigitsNetwork().eval()
    load_tensors_into(model, read_weights(weights))
    is_three = dataset.targets[:1400] == 3
    ctx = context(
        dataset, forget_rows=np.flatnonzero(is_three), retain_rows=np.flatnonzero(~is_three)
    )

    def total(splits: list[str], loss: Loss, power: int) -> float:
        found = ctx.squared_gradients(model, splits, loss, batch_size=64, power=power)
        return sum(float(value.double().sum()) for value in found.values())

    def squared_norm(batch: Batch) -> torch.Tensor:
        return model(batch.inputs).square().sum(dim=1).mean()

    labelled = mean_loss(ctx, model)
    assert total(["forget"], labelled, 2) == pytest.approx(2.289662, rel=1e-6)
    assert total(["retain", "forget"], labelled, 2) == pytest.approx(1.6092923, rel=1e-6)
    assert total(["forget"], squared_norm, 1) == pytest.approx(135832.06, rel=1e-6)
    assert total(["retain", "forget"], squared_norm, 1) == pytest.approx(58062.183, rel=1e-6)
