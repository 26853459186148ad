"""The training loop."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from tiny_models import (
    CPU,
    N_TRAIN,
    RECIPE,
    MemoryFor,
    RecordingEvents,
    batch_norm_net,
    blobs,
    mlp,
    same_state,
    state,
    trained,
)
from torch import nn

from workbench.compute.seeding import generator
from workbench.compute.tensors import DatasetTensors
from workbench.compute.training import (
    DivergenceError,
    learning_rate_at,
    make_optimiser,
    shuffled,
    train,
)
from workbench.core.cancellation import CancelToken
from workbench.core.dataset import Dataset
from workbench.core.errors import DataError, WorkbenchError
from workbench.core.recipe import Recipe
from workbench.plugin_api import Cancelled

ROWS = torch.arange(N_TRAIN)


@pytest.mark.parametrize("optimiser", ["sgd", "adam", "adamw"])
def test_it_does_what_a_plain_loop_does(dataset: Dataset, optimiser: str) -> None:
    recipe = Recipe(
        optimiser=optimiser,
        learning_rate=0.01,
        weight_decay=0.01,
        epochs=3,
        batch_size=20,
        schedule="cosine",
    )
    model = mlp()
    losses = train(model, DatasetTensors(dataset, CPU), ROWS, recipe, generator(7))

    plain, draws = mlp().train(), generator(7)
    torch.randint(2**31, (), generator=draws)
    inputs = torch.tensor((dataset.inputs.astype(np.float32) / 255 - 0.5) / 0.25)
    targets = torch.tensor(dataset.targets)
    kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    extra = {"momentum": 0.9} if optimiser == "sgd" else {}
    stepper = kind[optimiser](plain.parameters(), lr=0.01, weight_decay=0.01, **extra)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(stepper, T_max=3)
    for _ in range(3):
        for batch in ROWS[torch.randperm(N_TRAIN, generator=draws)].split(20):
            stepper.zero_grad()
            F.cross_entropy(plain(inputs[batch]), targets[batch]).backward()
            stepper.step()
        schedule.step()
    assert len(losses) == 3
    assert losses == sorted(losses, reverse=True)
    for name, value in state(plain).items():
        np.testing.assert_allclose(state(model)[name], value, atol=1e-5)


def test_the_learning_rate_follows_its_schedule() -> None:
    cosine = Recipe(learning_rate=0.2, epochs=4, schedule="cosine")
    assert [learning_rate_at(cosine, e) for e in (0, 2)] == pytest.approx([0.2, 0.1])
    assert learning_rate_at(cosine, 3) == pytest.approx(0.1 * (1 + math.cos(0.75 * math.pi)))
    assert learning_rate_at(Recipe(learning_rate=0.2), 19) == 0.2


def test_the_same_seed_gives_the_same_weights(dataset: Dataset) -> None:
    one, two, other = (trained(batch_norm_net(), dataset, seed) for seed in (1, 1, 2))
    assert same_state(one, two)
    assert not same_state(one, other)


def test_pieces_give_the_weights_of_whole_batches(dataset: Dataset) -> None:
    whole, split = mlp(), mlp()
    data = DatasetTensors(dataset, CPU)
    train(whole, data, ROWS, RECIPE, generator(0))
    events = RecordingEvents()
    train(MemoryFor(5).limit(split), data, ROWS, RECIPE, generator(0), events=events)
    assert events.lines
    for name, value in state(whole).items():
        np.testing.assert_allclose(state(split)[name], value, atol=1e-4)


def test_batch_norm_is_not_trained_on_pieces(dataset: Dataset) -> None:
    model, data = MemoryFor(5).limit(batch_norm_net()), DatasetTensors(dataset, CPU)
    with pytest.raises(WorkbenchError, match="batch normalisation"):
        train(model, data, ROWS, RECIPE, generator(0))


def test_a_last_batch_of_one_row_joins_the_one_before(dataset: Dataset) -> None:
    sizes = [len(b) for b in shuffled(torch.arange(33), 16, generator(0))]
    assert sizes == [16, 17]
    recipe = RECIPE.model_copy(update={"epochs": 1})
    train(batch_norm_net(), DatasetTensors(dataset, CPU), ROWS[:33], recipe, generator(0))


def test_one_row_alone_cannot_train_batch_norm(dataset: Dataset) -> None:
    data = DatasetTensors(dataset, CPU)
    with pytest.raises(DataError, match="a batch of 1 rows"):
        train(batch_norm_net(), data, ROWS[:1], RECIPE, generator(0))


def test_it_reports_a_curve_and_leaves_modes_and_gradients_clean(dataset: Dataset) -> None:
    events, model = RecordingEvents(), batch_norm_net()
    model[1].train()
    data = DatasetTensors(dataset, CPU)
    losses = train(model, data, ROWS, RECIPE, generator(0), events=events)
    assert events.curves["loss"] == losses
    assert events.shares[-1][0] == 1
    assert losses[-1] < losses[0] / 2
    assert model[1].training
    assert not model.training
    assert all(parameter.grad is None for parameter in model.parameters())


def test_frozen_weights_stay(dataset: Dataset) -> None:
    model = mlp()
    model[1].requires_grad_(False)
    before = state(model)
    trained(model, dataset)
    assert np.array_equal(state(model)["1.weight"], before["1.weight"])
    assert not np.array_equal(state(model)["4.weight"], before["4.weight"])


def test_cancelling_stops_within_a_batch(dataset: Dataset) -> None:
    cancel, model, batches = CancelToken(), mlp(), []

    def cancel_at_third(_: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        batches.append(len(inputs[0]))
        if len(batches) == 3:
            cancel.cancel()

    model.register_forward_pre_hook(cancel_at_third)
    data = DatasetTensors(dataset, CPU)
    with pytest.raises(Cancelled):
        train(model, data, ROWS, RECIPE, generator(0), cancel=cancel)
    assert len(batches) == 3


def test_divergence_is_an_error_that_names_the_step(dataset: Dataset) -> None:
    model = mlp()
    with torch.no_grad():
        model[4].bias[0] = float("nan")
    with pytest.raises(DivergenceError, match="loss became not finite at step 1") as fault:
        train(model, DatasetTensors(dataset, CPU), ROWS, RECIPE, generator(0))
    assert fault.value.step == 1


def test_no_rows_to_train_on_is_said_plainly(dataset: Dataset) -> None:
    with pytest.raises(DataError, match="no rows"):
        train(mlp(), DatasetTensors(dataset, CPU), ROWS[:0], RECIPE, generator(0))


def test_momentum_is_for_sgd() -> None:
    def group(name: str) -> dict[str, object]:
        made = make_optimiser(mlp(), name, learning_rate=0.1, momentum=0.5, weight_decay=0.01)
        return made.param_groups[0]

    assert group("sgd")["momentum"] == 0.5
    assert "momentum" not in group("adam")
    assert {group(name)["weight_decay"] for name in ("sgd", "adam", "adamw")} == {0.01}


def test_preprocessing_is_checked_and_applied_per_channel() -> None:
    draw = np.random.default_rng(0)
    inputs = draw.integers(0, 256, (96, 3, 2, 2)).astype(np.uint8)
    three = blobs(inputs=inputs).preprocessing.model_copy(
        update={"mean": (0.1, 0.2, 0.3), "std": (0.5, 0.25, 2.0)}
    )
    data = DatasetTensors(blobs(inputs=inputs, preprocessing=three), CPU)
    mean, std = (np.array(v, np.float32).reshape(3, 1, 1) for v in (three.mean, three.std))
    expected = (inputs[4:6].astype(np.float32) / 255 - mean) / std
    np.testing.assert_allclose(data.inputs(slice(4, 6)).numpy(), expected, rtol=1e-6)
    two = three.model_copy(update={"mean": (0.1, 0.2)})
    with pytest.raises(DataError, match="2 values of mean"):
        DatasetTensors(blobs(inputs=inputs, preprocessing=two), CPU)


def test_batches_never_share_memory_with_the_dataset() -> None:
    dataset = blobs(
        inputs=np.ones((96, 1, 4, 4), np.float32),
        preprocessing=blobs().preprocessing.model_validate({}),
    )
    dataset.inputs.flags.writeable = False
    DatasetTensors(dataset, CPU).inputs(slice(0, 8)).zero_()
    dataset.inputs.flags.writeable = True
    data = DatasetTensors(dataset, CPU)
    data.inputs(slice(0, 8)).zero_()
    data.inputs(torch.arange(8)).zero_()
    assert (dataset.inputs == 1).all()


def test_unsupported_tasks_are_refused() -> None:
    with pytest.raises(DataError, match="'juggling'"):
        DatasetTensors(blobs(task="juggling"), CPU)


class _Doubler(nn.Module):
    """Uses one weight twice, so that autograd adds two gradients."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(16, 3)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        flat = inputs.flatten(1)
        return self.head(flat) + self.head(flat.flip(1))


def test_shared_weights_train(dataset: Dataset) -> None:
    model = _Doubler()
    losses = train(model, DatasetTensors(dataset, CPU), ROWS, RECIPE, generator(0))
    assert losses[-1] < losses[0]
