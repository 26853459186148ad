"""Recovery tests."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from tiny_models import (
    FORGET,
    RECIPE,
    RETAIN,
    MemoryFor,
    RecordingEvents,
    batch_norm_net,
    mlp,
    same_state,
    state,
    trained,
)
from torch import nn

from workbench.compute.outputs import outputs_pass
from workbench.compute.recovery import Relearning, recovered_accuracy, relearn_steps
from workbench.compute.tensors import DatasetTensors
from workbench.core.cancellation import CancelToken
from workbench.core.errors import DataError
from workbench.plugin_api import Cancelled

RELEARN: dict[str, Any] = {
    "target_accuracy": 0.9, "learning_rate": 0.01, "cap": 200, "batch_size": 8, "seed": 1,
}  # fmt: skip


def forget_accuracy(model: nn.Module, data: DatasetTensors) -> float:
    logits = outputs_pass(model, data)["logits"]
    return float((logits.argmax(1) == data.dataset.targets)[FORGET].mean())


def test_a_model_that_never_forgot_needs_no_step(data: DatasetTensors, original: nn.Module) -> None:
    assert forget_accuracy(original, data) >= 0.9
    found = relearn_steps(original, data, FORGET, **RELEARN)
    assert found == Relearning(steps=0, reached=True)


def hidden(data: DatasetTensors, depth: float) -> nn.Module:
    """The original with a bias towards one class: it still knows, but hardly ever says so."""
    model = trained(mlp(), data.dataset)
    with torch.no_grad():
        model[4].bias += torch.tensor([depth, 0.0, 0.0])
    return model


def test_the_better_knowledge_is_hidden_the_longer_it_takes_to_come_back(
    data: DatasetTensors,
) -> None:
    settings = RELEARN | {"cap": 2000}
    assert forget_accuracy(hidden(data, 20), data) <= 0.5
    steps = []
    for depth in (0, 8, 20):
        found = relearn_steps(hidden(data, depth), data, FORGET, **settings)
        assert found.reached
        steps.append(found.steps)
    assert steps[0] == 0
    assert steps[0] < steps[1] < steps[2]


def test_steps_are_counted_exactly(data: DatasetTensors) -> None:
    found = relearn_steps(mlp(seed=9), data, FORGET, **RELEARN)
    assert found.reached
    for cap, reached in ((found.steps, True), (found.steps - 1, False)):
        capped = relearn_steps(mlp(seed=9), data, FORGET, **(RELEARN | {"cap": cap}))
        assert capped == Relearning(cap, reached)


def test_the_learning_rate_sets_the_pace(data: DatasetTensors) -> None:
    slow = relearn_steps(mlp(seed=9), data, FORGET, **(RELEARN | {"learning_rate": 1e-7, "cap": 5}))
    assert slow == Relearning(steps=5, reached=False)


@pytest.mark.parametrize("make", [mlp, batch_norm_net])
def test_the_audited_model_is_not_touched(data: DatasetTensors, make: Any) -> None:
    model = make(seed=9).requires_grad_(False)
    model[0].train()
    before, randomness = state(model), torch.get_rng_state()
    relearn_steps(model, data, FORGET, **RELEARN)
    recovered_accuracy(model, data, FORGET, RETAIN, recipe=RECIPE, epochs=1, seed=0)
    assert same_state(model, before)
    assert torch.equal(torch.get_rng_state(), randomness)
    assert [m.training for m in model] == [True, *[False] * (len(model) - 1)]
    assert not any(p.requires_grad or p.grad is not None for p in model.parameters())


def test_both_are_repeatable_under_a_seed(data: DatasetTensors) -> None:
    def measure(seed: int) -> tuple[Relearning, float]:
        model = mlp(seed=9, dropout=0.3)
        return (
            relearn_steps(model, data, FORGET, **(RELEARN | {"seed": seed})),
            recovered_accuracy(model, data, FORGET, RETAIN, recipe=RECIPE, epochs=2, seed=seed),
        )

    first = measure(1)
    torch.manual_seed(123)
    assert measure(1) == first


def test_tuning_on_retain_rows_recovers_classes_shared_with_them(data: DatasetTensors) -> None:
    broken = hidden(data, 20)
    before = forget_accuracy(broken, data)
    recipe = RECIPE.model_copy(update={"learning_rate": 0.1})
    after = recovered_accuracy(broken, data, FORGET, RETAIN, recipe=recipe, epochs=30, seed=0)
    assert after > before
    assert after >= 0.9


def test_it_only_sees_the_rows_it_may_see(data: DatasetTensors) -> None:
    """A class that only the forget rows hold cannot come back by tuning on retain rows."""
    model = trained(mlp(), data.dataset)
    of_class = np.flatnonzero(data.dataset.targets[:72] == 2)
    others = np.flatnonzero(data.dataset.targets[:72] != 2)
    with torch.no_grad():
        model[4].weight[2] = 0
        model[4].bias[2] = -5
    assert recovered_accuracy(model, data, of_class, others, recipe=RECIPE, epochs=3, seed=0) == 0


def test_empty_sets_are_refused(data: DatasetTensors, original: nn.Module) -> None:
    with pytest.raises(DataError, match="needs rows"):
        relearn_steps(original, data, [], **RELEARN)


def test_it_can_be_cancelled(data: DatasetTensors, original: nn.Module) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        relearn_steps(original, data, FORGET, **RELEARN, cancel=cancel)
    with pytest.raises(Cancelled):
        recovered_accuracy(
            original, data, FORGET, RETAIN, recipe=RECIPE, epochs=1, seed=0, cancel=cancel
        )


def test_what_happens_is_told_but_leaves_no_curve(data: DatasetTensors) -> None:
    events, model = RecordingEvents(), MemoryFor(5).limit(mlp(seed=9))
    settings = RELEARN | {"cap": 2, "target_accuracy": 1.0}
    assert not relearn_steps(model, data, FORGET, **settings, events=events).reached
    assert events.shares == [
        (0.5, "relearning the forget rows, seed 1"),
        (1, "relearning the forget rows, seed 1"),
    ]
    assert any("Memory ran out" in line for line in events.lines)
    events.lines.clear()
    events.shares.clear()
    recovered_accuracy(model, data, FORGET, RETAIN, recipe=RECIPE, epochs=2, seed=0, events=events)
    assert events.shares == [
        (0.5, "tuning on the retain rows, seed 0"),
        (1, "tuning on the retain rows, seed 0"),
    ]
    assert any("Memory ran out" in line for line in events.lines)
    assert events.curves == {}
