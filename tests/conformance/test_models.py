"""The built-in architectures: shapes, names of weights, and refusals."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
import torch
from torch import nn

from workbench.core.vocabulary import PluginKind
from workbench.plugin_api import DataError
from workbench.registry import Origin, Registry

REGISTRY = Registry.discover()
ARCHITECTURES = [
    one.id
    for one in REGISTRY.contributions(PluginKind.ARCHITECTURE)
    if one.plugin.origin is Origin.BUILTIN
]


@pytest.fixture(autouse=True)
def fixed_seed() -> Iterator[None]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def build(
    architecture: str, input_shape: tuple[int, ...], n_outputs: int = 10, **params: object
) -> nn.Module:
    one = REGISTRY.get(PluginKind.ARCHITECTURE, architecture)
    model: nn.Module = one.load().build(input_shape, n_outputs, one.parse_params(params))
    return model


def test_there_are_architectures_to_check() -> None:
    assert {"small-cnn", "mlp"} <= set(ARCHITECTURES)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 4, 4), (1, 5, 9), (2, 28, 28)])
@pytest.mark.parametrize("n_outputs", [1, 7])
def test_logits_have_one_row_a_row(
    architecture: str, shape: tuple[int, ...], n_outputs: int
) -> None:
    model = build(architecture, shape, n_outputs)
    logits = model(torch.rand(3, *shape))
    assert logits.shape == (3, n_outputs)
    assert logits.dtype == torch.float32


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_no_row_depends_on_another_even_in_training(architecture: str) -> None:
    model = build(architecture, (1, 8, 8)).train()
    inputs = torch.rand(5, 1, 8, 8)
    alone = torch.cat([model(row) for row in inputs.split(1)])  # type: ignore[no-untyped-call]
    torch.testing.assert_close(model(inputs), alone)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_weights_are_drawn_under_the_seed(architecture: str) -> None:
    torch.manual_seed(3)
    first = build(architecture, (1, 8, 8)).state_dict()
    torch.manual_seed(3)
    again = build(architecture, (1, 8, 8)).state_dict()
    other = build(architecture, (1, 8, 8)).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not any(torch.equal(first[name], other[name]) for name in first)


def test_the_small_cnn_keeps_the_names_and_shapes_of_its_weights() -> None:
    """Weights files written for it must go on fitting."""
    shapes = {
        name: tuple(t.shape) for name, t in build("small-cnn", (1, 8, 8)).state_dict().items()
    }
    assert shapes == {
        "conv1.weight": (16, 1, 3, 3),
        "conv1.bias": (16,),
        "conv2.weight": (32, 16, 3, 3),
        "conv2.bias": (32,),
        "fc1.weight": (64, 128),
        "fc1.bias": (64,),
        "fc2.weight": (10, 64),
        "fc2.bias": (10,),
    }


def test_the_small_cnn_computes_what_its_card_says() -> None:
    model = build("small-cnn", (1, 8, 8))
    weights = model.state_dict()
    inputs = x = torch.rand(4, 1, 8, 8)
    for name in ("conv1", "conv2"):
        x = torch.conv2d(x, weights[f"{name}.weight"], weights[f"{name}.bias"], padding=1)
        x = torch.max_pool2d(x.clamp(min=0), 2)
    x = (x.reshape(4, -1) @ weights["fc1.weight"].T + weights["fc1.bias"]).clamp(min=0)
    expected = x @ weights["fc2.weight"].T + weights["fc2.bias"]
    torch.testing.assert_close(model(inputs), expected)


@pytest.mark.parametrize("shape", [(10,), (1, 3, 8), (8, 8), (1, 8, 3)])
def test_the_small_cnn_refuses_what_is_no_image(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match="'small-cnn' needs images of at least 4x4 pixels"):
        build("small-cnn", shape)


@pytest.mark.parametrize("hidden", [(), (5,), (7, 3)])
def test_the_mlp_has_the_layers_asked_for(hidden: tuple[int, ...]) -> None:
    model = build("mlp", (6,), 2, hidden=hidden)
    layers = [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
    assert [(la.in_features, la.out_features) for la in layers] == list(pairwise((6, *hidden, 2)))
    assert sum(isinstance(module, nn.ReLU) for module in model.modules()) == len(hidden)
