"""Recovery tests tell a model that hides what it knows from one that never knew it."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from memorised import RECIPE, Memorised, memorised
from tiny_models import batch_norm_net, blobs, mlp, same_state, state
from torch import nn

from workbench.compute.outputs import outputs_pass
from workbench.compute.recovery import (
    prototype_hits,
    recovered_accuracy,
    relearn_transfer_accuracy,
)
from workbench.compute.tensors import DatasetTensors
from workbench.core.cancellation import CancelToken
from workbench.metrics import Undefined
from workbench.metrics.probe import probe_auc
from workbench.plugin_api import Cancelled

HALF: dict[str, Any] = {
    "target_accuracy": 0.95, "learning_rate": 0.003, "cap": 200, "batch_size": 32, "seed": 0,
}  # fmt: skip


@pytest.fixture(scope="module")
def case() -> Memorised:
    return memorised()


def prototype_accuracy(case: Memorised, model: nn.Module, rows_per_class: int = 5) -> float:
    outputs, targets = outputs_pass(model, case.data), case.data.dataset.targets
    hits, n = prototype_hits(
        model, outputs, targets, case.forget, rows_per_class=rows_per_class, seed=0
    )
    return hits / n


def test_by_its_accuracy_the_hiding_model_looks_as_if_it_had_forgotten(case: Memorised) -> None:
    assert case.accuracy(case.original) == 1
    assert case.accuracy(case.retrained) < 0.2
    assert case.accuracy(case.hidden) < 0.2


def test_a_new_last_layer_exposes_it(case: Memorised) -> None:
    assert prototype_accuracy(case, case.hidden) > 0.8
    assert prototype_accuracy(case, case.hidden) == prototype_accuracy(case, case.original)
    assert prototype_accuracy(case, case.retrained) < 0.65


def test_a_linear_probe_exposes_it(case: Memorised) -> None:
    def probed(model: nn.Module) -> Any:
        embedding = outputs_pass(model, case.data)["embedding"]
        return probe_auc(embedding[case.forget], embedding[case.non_members])

    hidden, retrained = probed(case.hidden), probed(case.retrained)
    assert hidden == probed(case.original)
    assert hidden[1].low > 0.5
    assert retrained[1].low < 0.5 < retrained[1].high


def test_tuning_on_retain_rows_exposes_what_a_bias_hides(case: Memorised) -> None:
    biased = copy.deepcopy(case.original)
    with torch.no_grad():
        biased[4].bias[0] += 10
    recipe = RECIPE.model_copy(update={"learning_rate": 0.001})

    def tuned(model: nn.Module) -> float:
        return recovered_accuracy(
            model, case.data, case.forget, case.retain, recipe=recipe, epochs=5, seed=0
        )

    assert case.accuracy(biased) < 0.75
    assert tuned(biased) > 0.85
    assert tuned(case.retrained) < 0.2


def test_relearning_one_half_brings_back_no_other_half_that_was_never_known(
    case: Memorised,
) -> None:
    known, n = relearn_transfer_accuracy(case.original, case.data, case.forget, **HALF)
    unknown, _ = relearn_transfer_accuracy(case.retrained, case.data, case.forget, **HALF)
    assert n == len(case.forget) / 2
    assert known == 1
    assert unknown < 0.6


def test_the_other_half_is_not_trained_on(case: Memorised) -> None:
    """A label that the shown half contradicts cannot be learned from it."""
    inputs = np.tile(case.data.dataset.inputs[:1], (4, 1))
    other = replace(
        case.data.dataset, inputs=inputs, targets=np.array([0, 0, 1, 1]), split=np.full(4, "train")
    )
    data = DatasetTensors(other, case.data.device)
    settings = HALF | {"cap": 50, "target_accuracy": 1.0}
    found = {
        relearn_transfer_accuracy(case.original, data, np.arange(4), **(settings | {"seed": seed}))
        for seed in range(8)
    }
    assert (0.0, 2) in found  # both rows of one label shown, both of the other tested


def test_an_odd_row_is_tested_and_one_row_has_no_halves(case: Memorised) -> None:
    settings = HALF | {"cap": 1}
    assert relearn_transfer_accuracy(case.original, case.data, [0, 4, 8], **settings)[1] == 2
    with pytest.raises(Undefined, match="at least two forget rows"):
        relearn_transfer_accuracy(case.original, case.data, [0], **settings)


def test_halves_repeat_under_a_seed_and_leave_the_model_alone(case: Memorised) -> None:
    before, randomness = state(case.hidden), torch.get_rng_state()

    def measured(seed: int) -> Any:
        settings = HALF | {"seed": seed, "cap": 20}
        return relearn_transfer_accuracy(case.hidden, case.data, case.forget, **settings)

    assert measured(3) == measured(3)
    assert len({measured(seed) for seed in range(4)}) > 1
    prototype_accuracy(case, case.hidden)
    assert same_state(case.hidden, before)
    assert torch.equal(torch.get_rng_state(), randomness)


def test_relearning_a_half_can_be_cancelled(case: Memorised) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        relearn_transfer_accuracy(case.original, case.data, case.forget, **HALF, cancel=cancel)


def test_rows_that_make_the_means_are_not_tested(case: Memorised) -> None:
    outputs, targets = outputs_pass(case.original, case.data), case.data.dataset.targets
    sizes = np.bincount(targets[case.forget])

    def tested(rows_per_class: int) -> int:
        return prototype_hits(
            case.original, outputs, targets, case.forget, rows_per_class=rows_per_class, seed=0
        )[1]

    assert tested(2) == len(case.forget) - 2 * len(sizes)
    assert tested(1000) == len(case.forget) - sum(size // 2 for size in sizes)


def test_only_classes_of_forget_rows_get_a_new_last_layer(case: Memorised) -> None:
    """With the kept rows as strong as the new ones, a class that is known stays known."""
    targets = case.data.dataset.targets
    of_class = case.retain[targets[case.retain] == 1]
    outputs = outputs_pass(case.retrained, case.data)
    hits, n = prototype_hits(case.retrained, outputs, targets, of_class, rows_per_class=10, seed=0)
    assert n == len(of_class) - 10
    assert hits / n > 0.9


def test_a_class_with_a_single_row_has_no_prototype(case: Memorised) -> None:
    outputs, targets = outputs_pass(case.original, case.data), case.data.dataset.targets
    lone = np.array([int(np.flatnonzero(targets == label)[0]) for label in range(3)])
    with pytest.raises(Undefined, match="No class has two forget rows"):
        prototype_hits(case.original, outputs, targets, lone, rows_per_class=1, seed=0)


class Scaled(nn.Module):
    """Its logits are not those of its last linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.inside = mlp()

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = 3 * self.inside(inputs).tanh()
        return logits


def test_the_last_layer_is_found_by_what_it_gives() -> None:
    dataset = blobs()
    data = DatasetTensors(dataset, torch.device("cpu"))
    rows = np.arange(36)

    def hits(model: nn.Module) -> tuple[int, int]:
        outputs = outputs_pass(model, data)
        return prototype_hits(model, outputs, dataset.targets, rows, rows_per_class=4, seed=0)

    sizes = np.bincount(dataset.targets[rows])
    assert hits(mlp())[1] == hits(batch_norm_net())[1] == len(rows) - 4 * len(sizes)
    with pytest.raises(Undefined, match="does not end in a linear layer"):
        hits(Scaled())
    convolutional = nn.Sequential(nn.Conv2d(1, 3, 4), nn.Flatten()).eval()
    with pytest.raises(Undefined, match="does not end in a linear layer"):
        hits(convolutional)
