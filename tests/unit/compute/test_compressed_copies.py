"""Rounded and pruned copies."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tiny_models import batch_norm_net, mlp, same_state, state, trained
from torch import nn

from workbench.compute.outputs import outputs_pass
from workbench.compute.recovery import pruned, quantised
from workbench.compute.tensors import DatasetTensors
from workbench.core.dataset import Dataset
from workbench.metrics import Undefined


def by_hand(weight: np.ndarray, bits: int) -> np.ndarray:
    """Channel by channel, value by value."""
    largest = 2 ** (bits - 1) - 1
    rounded = np.zeros_like(weight)
    for channel, values in enumerate(weight):
        scale = np.abs(values).max() / largest
        for place, value in np.ndenumerate(values):
            rounded[channel][place] = 0 if scale == 0 else np.round(value / scale) * scale
    return rounded


@pytest.mark.parametrize("bits", [8, 4, 2])
def test_each_output_channel_is_rounded_to_steps_of_its_own(bits: int) -> None:
    model = batch_norm_net(seed=3)
    with torch.no_grad():
        model[0].weight[1] = 0  # a channel that does nothing has no scale
    before = state(model)
    after = state(quantised(model, bits))
    for name in ("0.weight", "4.weight", "7.weight"):
        expected = by_hand(before[name].astype(np.float64), bits)
        np.testing.assert_allclose(after[name], expected, atol=1e-6)
        for channel in after[name]:
            assert len(np.unique(channel)) <= 2**bits - 1
    others = set(before) - {"0.weight", "4.weight", "7.weight"}
    assert all(np.array_equal(before[name], after[name]) for name in others)


def test_rounding_twice_is_rounding_once() -> None:
    once = quantised(mlp(seed=2), 4)
    twice = state(quantised(once, 4))
    for name, values in state(once).items():
        np.testing.assert_allclose(twice[name], values, atol=1e-6)


def test_transposed_kernels_have_their_channels_on_the_second_axis() -> None:
    kernel = nn.ConvTranspose2d(2, 3, 2, bias=False)
    with torch.no_grad():
        kernel.weight[:, 0] *= 100
    after = quantised(kernel, 8).weight.detach()
    error = (after - kernel.weight.detach()).abs().amax(dim=(0, 2, 3))
    assert error[1] < error[0] / 10


def test_eight_bits_change_little_and_four_bits_more(dataset: Dataset) -> None:
    data = DatasetTensors(dataset, torch.device("cpu"))
    model = trained(mlp(), dataset)

    def change(bits: int) -> float:
        other = outputs_pass(quantised(model, bits), data)["logits"]
        return float(np.abs(other - outputs_pass(model, data)["logits"]).max())

    def right(other: nn.Module) -> float:
        answers = outputs_pass(other, data)["logits"].argmax(axis=1)
        return float((answers == dataset.targets).mean())

    assert 0 < change(8) < change(4) < change(2)
    assert abs(right(quantised(model, 8)) - right(model)) < 0.02


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_the_smallest_weights_of_all_layers_are_removed(share: float) -> None:
    model = batch_norm_net(seed=4)
    names = ("0.weight", "4.weight", "7.weight")
    before = state(model)
    after = state(pruned(model, share))
    sizes = np.abs(np.concatenate([before[name].ravel() for name in names]))
    kept = np.concatenate([after[name].ravel() for name in names]) != 0
    count = int(share * len(sizes))
    assert (~kept).sum() == count
    assert sizes[~kept].max() <= sizes[kept].min()
    for name in names:
        assert np.array_equal(after[name][after[name] != 0], before[name][after[name] != 0])
    others = set(before) - set(names)
    assert all(np.array_equal(before[name], after[name]) for name in others)


def test_of_equal_weights_no_more_than_the_share_is_removed() -> None:
    model = nn.Linear(10, 10, bias=False)
    nn.init.constant_(model.weight, 0.5)
    assert int((pruned(model, 0.2).weight == 0).sum()) == 20


def test_tied_weights_stay_tied_and_count_once() -> None:
    model = nn.Sequential(nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False))
    model[1].weight = model[0].weight
    for changed in (quantised(model, 4), pruned(model, 0.5)):
        assert changed[0].weight is changed[1].weight
    assert int((pruned(model, 0.5)[0].weight == 0).sum()) == 8


@pytest.mark.parametrize("change", [lambda m: quantised(m, 4), lambda m: pruned(m, 0.5)])
def test_the_audited_model_stays_as_it_was(change) -> None:  # type: ignore[no-untyped-def]
    model = batch_norm_net(seed=1)
    before, randomness = state(model), torch.get_rng_state()
    copy = change(model)
    assert same_state(model, before)
    assert not same_state(copy, before)
    assert same_state(change(model), copy)
    assert torch.equal(torch.get_rng_state(), randomness)
    assert all(weight.requires_grad for weight in model.parameters())
    assert [m.training for m in copy.modules()] == [m.training for m in model.modules()]


@pytest.mark.parametrize("change", [lambda m: quantised(m, 4), lambda m: pruned(m, 0.5)])
def test_a_model_without_weights_is_said_to_have_none(change) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Undefined, match="no weight matrices"):
        change(nn.Sequential(nn.Flatten(), nn.ReLU()))
