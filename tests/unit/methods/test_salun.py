"""SalUn: which weights may change, and that the others really stay."""

from __future__ import annotations

import pytest
import torch
from method_workshop import Workshop, same

from workbench.testing import MethodRun

# Weights that may change at a share of one half, counted with the reference code.
REFERENCE_COUNTS = {
    "conv1.weight": 123,
    "conv1.bias": 16,
    "conv2.weight": 2762,
    "fc1.weight": 3641,
    "fc2.weight": 252,
}


def mask(workshop: Workshop, share: float, batch_size: int = 16) -> dict[str, torch.Tensor]:
    ctx = workshop.bench.context(workshop.method("salun"), MethodRun())
    model = workshop.bench.original
    found: dict[str, torch.Tensor] = workshop.part("salun", "saliency_mask")(ctx, model, share, 64)
    return found


@pytest.mark.parametrize("batch_size", [256, 64, 10])
def test_mask_agrees_with_the_reference_code(digits: Workshop, batch_size: int) -> None:
    counts = {name: int(part.sum()) for name, part in mask(digits, 0.5, batch_size).items()}
    assert sum(counts.values()) == 6853
    for name, expected in REFERENCE_COUNTS.items():
        assert abs(counts[name] - expected) <= 1, name


def test_a_smaller_share_is_part_of_a_larger(blobs: Workshop) -> None:
    small, large = mask(blobs, 0.1), mask(blobs, 0.4)
    total = sum(part.numel() for part in small.values())
    assert sum(int(part.sum()) for part in small.values()) == int(0.1 * total)
    assert all(bool((large[name] | ~part).all()) for name, part in small.items())


@pytest.mark.parametrize(
    "settings",
    [
        {"optimiser": "sgd", "momentum": 0.9, "weight_decay": 0.1},
        {"optimiser": "adam", "weight_decay": 0.1},
        {"optimiser": "adamw", "weight_decay": 0.1},
    ],
    ids=lambda settings: settings["optimiser"],
)
def test_other_weights_stay_bit_identical(blobs: Workshop, settings: dict[str, object]) -> None:
    allowed = mask(blobs, 0.3)
    model = blobs.unlearn("salun", share=0.3, epochs=3, **settings)
    start = dict(blobs.bench.original.named_parameters())
    moved = 0
    for name, weight in model.named_parameters():
        assert torch.equal(weight[~allowed[name]], start[name][~allowed[name]])
        moved += int((weight != start[name]).sum())
    assert moved > 0.9 * sum(int(part.sum()) for part in allowed.values())


def test_the_optimiser_remembers_nothing_of_frozen_weights(blobs: Workshop) -> None:
    model = torch.nn.Linear(3, 2)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=0.5)
    allowed = {n: torch.zeros_like(p, dtype=torch.bool) for n, p in model.named_parameters()}
    freeze = blobs.part("salun", "Freeze")(model, optimiser, allowed)
    start = model.weight.detach().clone()
    model(torch.ones(1, 3)).sum().backward()
    freeze.mask_gradients()
    optimiser.step()
    assert not torch.equal(model.weight, start)  # weight decay alone moved it
    freeze.restore()
    assert torch.equal(model.weight, start)
    assert not optimiser.state[model.weight]["momentum_buffer"].any()


def test_with_every_weight_allowed_it_is_random_relabelling(blobs: Workshop) -> None:
    settings = {"epochs": 2, "learning_rate": 0.02}
    masked = blobs.unlearn("salun", seed=4, share=1.0, **settings)
    assert same(masked, blobs.unlearn("random-labels", seed=4, **settings))
