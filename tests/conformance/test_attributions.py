"""Every built-in attribution: exact on linear models, complete, and blind to batching."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from workbench.core.vocabulary import PluginKind
from workbench.plugin_api import PluginError
from workbench.registry import Origin, Registry

REGISTRY = Registry.discover()
ATTRIBUTIONS = [
    one.id
    for one in REGISTRY.contributions(PluginKind.ATTRIBUTION)
    if one.plugin.origin is Origin.BUILTIN
]
every_attribution = pytest.mark.parametrize("attribution", ATTRIBUTIONS)


def explain(
    attribution: str, model: nn.Module, inputs: Tensor, targets: Tensor, **params: object
) -> Tensor:
    one = REGISTRY.get(PluginKind.ATTRIBUTION, attribution)
    maps: Tensor = one.load().attribute(model, inputs, targets, one.parse_params(params))
    return maps


@pytest.fixture
def cnn() -> nn.Module:
    one = REGISTRY.get(PluginKind.ARCHITECTURE, "small-cnn")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model: nn.Module = one.load().build((2, 8, 8), 4, one.parse_params({}))
    return model.eval().requires_grad_(False)


@pytest.fixture
def rows() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(9, 2, 8, 8, generator=generator), torch.arange(9) % 4


def linear(weights: list[list[float]]) -> nn.Module:
    layer = nn.Linear(len(weights[0]), len(weights))
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(weights))
        layer.bias.fill_(5.0)
    return layer.eval()


def test_there_are_attributions_to_check() -> None:
    assert {"saliency", "integrated-gradients", "grad-cam"} <= set(ATTRIBUTIONS)


def test_saliency_of_a_linear_model_is_its_weights() -> None:
    model = linear([[1.0, -2.0, 3.0], [0.0, 4.0, -1.0]])
    inputs = torch.tensor([[2.0, 1.0, -1.0], [7.0, 7.0, 7.0]])
    maps = explain("saliency", model, inputs, torch.tensor([0, 1]))
    assert maps.tolist() == [[1.0, -2.0, 3.0], [0.0, 4.0, -1.0]]


@pytest.mark.parametrize("n_steps", [1, 8, 32])
def test_integrated_gradients_of_a_linear_model_are_weights_times_inputs(n_steps: int) -> None:
    model = linear([[1.0, -2.0, 3.0]])
    inputs = torch.tensor([[2.0, 1.0, -1.0]])
    maps = explain("integrated-gradients", model, inputs, torch.tensor([0]), n_steps=n_steps)
    torch.testing.assert_close(maps, torch.tensor([[2.0, -2.0, -3.0]]))


def test_integrated_gradients_add_up_to_the_change_of_the_logit(
    cnn: nn.Module, rows: tuple[Tensor, Tensor]
) -> None:
    inputs, targets = rows
    maps = explain("integrated-gradients", cnn, inputs, targets, n_steps=300)
    with torch.no_grad():
        change = cnn(inputs) - cnn(torch.zeros_like(inputs))
    expected = change.gather(1, targets[:, None])[:, 0]
    torch.testing.assert_close(maps.sum(dim=(1, 2, 3)), expected, atol=5e-3, rtol=0.02)


def test_saliency_is_the_slope_of_the_target_logit(
    cnn: nn.Module, rows: tuple[Tensor, Tensor]
) -> None:
    inputs, targets = (part.double() if part.is_floating_point() else part for part in rows)
    model = cnn.double()
    maps = explain("saliency", model, inputs, targets)
    step = torch.zeros_like(inputs)
    step[:, 1, 3, 4] = 1e-6
    with torch.no_grad():
        slope = (model(inputs + step) - model(inputs - step)) / 2e-6
    torch.testing.assert_close(
        maps[:, 1, 3, 4], slope.gather(1, targets[:, None])[:, 0], atol=1e-6, rtol=1e-4
    )


def test_grad_cam_on_a_hand_made_network() -> None:
    """One 1x1 convolution copies the image, the logit is its mean: the map is image / pixels."""
    model = nn.Sequential(nn.Conv2d(1, 1, 1, bias=False), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    with torch.no_grad():
        model[0].weight.fill_(1.0)  # type: ignore[operator]
    image = torch.tensor([[[[1.0, -2.0], [3.0, 4.0]]]])
    maps = explain("grad-cam", model.eval(), image, torch.tensor([0]))
    torch.testing.assert_close(maps, image.clamp(min=0) / 4)


def test_grad_cam_is_never_negative_and_equal_in_all_channels(
    cnn: nn.Module, rows: tuple[Tensor, Tensor]
) -> None:
    maps = explain("grad-cam", cnn, *rows)
    assert (maps >= 0).all()
    assert maps.max() > 0
    assert torch.equal(maps[:, 0], maps[:, 1])


def test_grad_cam_needs_a_convolution() -> None:
    with pytest.raises(PluginError, match="needs a model with a 2-d convolution"):
        explain("grad-cam", linear([[1.0, 2.0]]), torch.zeros(1, 2), torch.tensor([0]))


@every_attribution
def test_maps_have_the_shape_of_the_inputs(
    cnn: nn.Module, rows: tuple[Tensor, Tensor], attribution: str
) -> None:
    maps = explain(attribution, cnn, *rows)
    assert maps.shape == rows[0].shape
    assert maps.dtype == rows[0].dtype
    assert maps.isfinite().all()
    assert not maps.requires_grad


@every_attribution
@pytest.mark.parametrize("size", [1, 4])
def test_maps_do_not_depend_on_the_batch(
    cnn: nn.Module, rows: tuple[Tensor, Tensor], attribution: str, size: int
) -> None:
    whole = explain(attribution, cnn, *rows)
    pieces = [
        explain(attribution, cnn, inputs, targets)
        for inputs, targets in zip(*(part.split(size) for part in rows), strict=True)  # type: ignore[no-untyped-call]
    ]
    torch.testing.assert_close(torch.cat(pieces), whole, atol=1e-6, rtol=1e-5)


@every_attribution
def test_the_map_follows_the_target(
    cnn: nn.Module, rows: tuple[Tensor, Tensor], attribution: str
) -> None:
    inputs, targets = rows
    assert not torch.equal(
        explain(attribution, cnn, inputs, targets),
        explain(attribution, cnn, inputs, (targets + 1) % 4),
    )


@every_attribution
def test_the_model_and_the_inputs_stay_as_they_were(
    cnn: nn.Module, rows: tuple[Tensor, Tensor], attribution: str
) -> None:
    inputs, targets = rows
    copy = inputs.clone()
    weights = {name: tensor.clone() for name, tensor in cnn.state_dict().items()}
    random = torch.get_rng_state()

    explain(attribution, cnn, inputs, targets)

    assert torch.equal(inputs, copy)
    assert not inputs.requires_grad
    assert inputs.grad is None
    assert all(torch.equal(tensor, weights[name]) for name, tensor in cnn.state_dict().items())
    assert not any(p.requires_grad or p.grad is not None for p in cnn.parameters())
    assert not any(m._forward_hooks or m._backward_hooks for m in cnn.modules())
    assert not any(module.training for module in cnn.modules())
    assert torch.equal(torch.get_rng_state(), random)


@every_attribution
def test_gradients_are_taken_even_where_they_are_switched_off(
    cnn: nn.Module, rows: tuple[Tensor, Tensor], attribution: str
) -> None:
    expected = explain(attribution, cnn, *rows)
    with torch.no_grad():
        assert torch.equal(explain(attribution, cnn, *rows), expected)
