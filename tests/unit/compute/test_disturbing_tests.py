"""Noise on inputs, the path to the original, and class inversion, against what must come out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import norm
from tiny_models import (
    CPU,
    FORGET,
    N_TRAIN,
    RETAIN,
    MemoryFor,
    batch_norm_net,
    blobs,
    mlp,
    same_state,
    state,
    trained,
)
from torch import Tensor, nn

from workbench.compute.batching import MicroBatcher
from workbench.compute.input_range import InputRange, input_range
from workbench.compute.outputs import accuracy_on, logits_on
from workbench.compute.recovery import class_inversions, noisy_accuracy, path_losses
from workbench.compute.tensors import DatasetTensors
from workbench.core.cancellation import Cancelled, CancelToken
from workbench.core.dataset import Dataset
from workbench.core.errors import DataError
from workbench.core.vocabulary import Split
from workbench.metrics import Undefined
from workbench.metrics.connectivity import loss_barrier
from workbench.metrics.inversion import nearness_gains

TRAIN = np.arange(N_TRAIN)
ROWS = {Split.RETAIN: RETAIN, Split.FORGET: FORGET}


@pytest.fixture(scope="module")
def data() -> DatasetTensors:
    return DatasetTensors(blobs(), CPU)


def a_table(inputs: Any, targets: Any) -> DatasetTensors:
    n = len(targets)
    split = np.array(["train"] * n)
    dataset = Dataset("t", np.asarray(inputs, np.float32), np.asarray(targets), split, ("a", "b"))
    return DatasetTensors(dataset, CPU)


# --- the range of the inputs ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "over"),
    [((5,), (0,)), ((2, 4, 4), (0, 2, 3)), ((4, 4), (0, 1, 2)), ((3, 6), (0, 1, 2))],
)
def test_the_range_is_that_of_channels_and_features(shape: Any, over: Any) -> None:
    inputs = np.random.default_rng(0).normal(size=(1200, *shape)).astype(np.float32)
    split = np.array(["train"] * 1100 + ["test"] * 100)
    inputs[1100:] *= 100  # test rows do not count
    dataset = Dataset("r", inputs, np.zeros(1200, np.int64), split, ("a",))
    found = input_range(DatasetTensors(dataset, CPU))
    own = inputs[:1100]
    for tensor, expected in (
        (found.low, own.min(axis=over)),
        (found.high, own.max(axis=over)),
        (found.mean, own.mean(axis=over)),
        (found.width, np.ptp(own, axis=over)),
    ):
        np.testing.assert_allclose(tensor.numpy().ravel(), expected.ravel(), atol=1e-6)
        assert torch.broadcast_shapes(tensor.shape, shape) == shape


def test_the_range_is_taken_after_preprocessing(data: DatasetTensors) -> None:
    found = input_range(data)
    inputs = (data.dataset.inputs[:N_TRAIN] / 255 - 0.5) / 0.25
    assert float(found.low) == pytest.approx(inputs.min(), abs=1e-6)
    assert float(found.high) == pytest.approx(inputs.max(), abs=1e-6)
    assert found.low.shape == (1, 1, 1)


# --- noise ---------------------------------------------------------------------------------


def noisy(model: nn.Module, data: DatasetTensors, level: float, **changes: Any) -> float:
    given: dict[str, Any] = {"level": level, "within": input_range(data), "draws": 3, "seed": 1}
    return noisy_accuracy(model, data, changes.pop("rows", TRAIN), **(given | changes))


def test_noise_on_a_linear_model_costs_what_the_normal_distribution_says() -> None:
    signs = np.tile([-1.0, 1.0], 2000)
    data = a_table(signs[:, None], (signs > 0).astype(np.int64))
    model = nn.Linear(1, 2, bias=False)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[-1.0], [1.0]]))
    for level in (0.25, 0.5, 1.0):  # of a range of 2
        found = noisy(model, data, level, rows=np.arange(4000), draws=5)
        assert found == pytest.approx(norm.cdf(1 / (2 * level)), abs=0.012)


def test_no_noise_changes_nothing_and_much_noise_lowers_accuracy(data: DatasetTensors) -> None:
    model = trained(mlp(), data.dataset)
    plain = accuracy_on(model, data, data.row_ids(TRAIN), MicroBatcher(CPU))
    assert noisy(model, data, 0.0) == plain
    assert plain > noisy(model, data, 1.0) + 0.2
    assert noisy(model, data, 0.05) >= noisy(model, data, 1.0)


def test_noise_repeats_and_leaves_model_and_randomness_alone(data: DatasetTensors) -> None:
    model = trained(mlp(dropout=0.5), data.dataset).train()
    before, randomness = state(model), torch.get_rng_state()
    first = noisy(model, data, 0.5)
    assert torch.equal(torch.get_rng_state(), randomness)
    assert same_state(before, model)
    assert model.training
    torch.manual_seed(7)
    assert noisy(model, data, 0.5) == first
    assert noisy(model, data, 0.5, seed=2) != first


def test_noise_does_not_depend_on_memory(data: DatasetTensors) -> None:
    model = trained(mlp(), data.dataset)
    roomy = noisy(model, data, 0.5)
    memory = MemoryFor(10)
    assert noisy(memory.limit(model), data, 0.5) == roomy
    assert max(memory.tried) > 10


def test_noise_needs_rows_and_hears_a_cancel(data: DatasetTensors) -> None:
    with pytest.raises(DataError, match="needs rows"):
        noisy(mlp(), data, 0.1, rows=[])
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        noisy(mlp(), data, 0.1, cancel=cancel)


# --- the path ------------------------------------------------------------------------------


def barrier(start: nn.Module, end: nn.Module, data: DatasetTensors) -> dict[Split, float]:
    losses = path_losses(start, end, data, ROWS, seed=0)
    return {split: loss_barrier(of_split).height for split, of_split in losses.items()}


def mean_loss(model: nn.Module, data: DatasetTensors, rows: Any) -> float:
    ids = data.row_ids(rows)
    logits = logits_on(model, data, ids, MicroBatcher(CPU))
    return float(data.task.stored_loss(logits, data.dataset.targets[rows]).mean())


@pytest.mark.parametrize("network", [mlp, batch_norm_net])
def test_a_model_and_itself_have_no_hill_between_them(
    network: Callable[[], nn.Module], data: DatasetTensors
) -> None:
    model = trained(network(), data.dataset)
    assert barrier(model, network_copy(model), data) == {Split.RETAIN: 0.0, Split.FORGET: 0.0}


def network_copy(model: nn.Module) -> nn.Module:
    copied = mlp(seed=9) if len(model) == 5 else batch_norm_net(seed=9)
    copied.load_state_dict(model.state_dict())
    return copied.eval()


@pytest.mark.parametrize("network", [mlp, batch_norm_net])
def test_tuned_models_share_a_basin_and_others_do_not(
    network: Callable[..., nn.Module], data: DatasetTensors
) -> None:
    original = trained(network(), data.dataset)
    tuned = trained(network_copy(original), data.dataset, seed=5)
    other = trained(network(seed=4), data.dataset, seed=4)
    near, far = barrier(original, tuned, data), barrier(original, other, data)
    for split in ROWS:
        assert near[split] < 0.01
        assert far[split] > 10 * near[split]
        assert far[split] > 0.05


def test_the_ends_of_the_path_are_the_two_models(data: DatasetTensors) -> None:
    start, end = trained(mlp(), data.dataset), mlp(seed=3)
    losses = path_losses(start, end, data, ROWS, seed=0)
    for split, rows in ROWS.items():
        assert losses[split].shape == (11,)
        assert losses[split][0] == mean_loss(start, data, rows)
        assert losses[split][-1] == mean_loss(end, data, rows)


def test_statistics_of_batch_normalisation_are_those_of_the_model_between(
    data: DatasetTensors,
) -> None:
    def network(seed: int) -> nn.Module:
        torch.manual_seed(seed)
        return nn.Sequential(nn.Flatten(), nn.Linear(16, 6), nn.BatchNorm1d(6), nn.Linear(6, 3))

    start, end = network(1).eval(), network(2).eval()
    found = path_losses(start, end, data, ROWS, seed=0)[Split.FORGET][5]
    half = {
        name: (values + state(end)[name]) / 2
        for name, values in state(start).items()
        if "running" not in name and "tracked" not in name
    }

    def inside(rows: Any) -> Any:
        x = data.inputs(data.row_ids(rows)).numpy().reshape(len(rows), 16).astype(np.float64)
        return x @ half["1.weight"].T + half["1.bias"]

    seen = inside(RETAIN)
    scaled = (inside(FORGET) - seen.mean(axis=0)) / np.sqrt(seen.var(axis=0, ddof=1) + 1e-5)
    features = scaled * half["2.weight"] + half["2.bias"]
    logits = (features @ half["3.weight"].T + half["3.bias"]).astype(np.float32)
    by_hand = data.task.stored_loss(logits, data.dataset.targets[FORGET]).mean()
    assert found == pytest.approx(by_hand, abs=1e-5)


def test_the_path_repeats_and_leaves_both_models_alone(data: DatasetTensors) -> None:
    start, end = batch_norm_net(1).train(), batch_norm_net(2)
    before, randomness = (state(start), state(end)), torch.get_rng_state()
    first = path_losses(start, end, data, ROWS, seed=3)
    assert (same_state(before[0], start), same_state(before[1], end)) == (True, True)
    assert (start.training, end.training) == (True, False)
    assert end[1].momentum == 0.1
    assert torch.equal(torch.get_rng_state(), randomness)
    torch.manual_seed(5)
    again = path_losses(start, end, data, ROWS, seed=3)
    for split in ROWS:
        np.testing.assert_array_equal(again[split], first[split])


def test_a_path_that_cannot_be_walked_says_why(data: DatasetTensors) -> None:
    wide = nn.Sequential(
        nn.Flatten(), nn.Linear(16, 13), nn.ReLU(), nn.Dropout(0), nn.Linear(13, 3)
    )
    with pytest.raises(Undefined, match="differ in shape"):
        path_losses(wide, mlp(), data, ROWS, seed=0)
    broken = mlp()
    with torch.no_grad():
        broken[1].weight.fill_(float("inf"))
    with pytest.raises(Undefined):
        path_losses(mlp(), broken, data, ROWS, seed=0)
    lone = {Split.RETAIN: RETAIN[:1], Split.FORGET: FORGET}
    with pytest.raises(Undefined, match="at least two retain rows"):
        path_losses(batch_norm_net(), batch_norm_net(1), data, lone, seed=0)
    with pytest.raises(DataError, match="needs rows"):
        path_losses(mlp(), mlp(1), data, {Split.RETAIN: [], Split.FORGET: FORGET}, seed=0)


# --- inversion -----------------------------------------------------------------------------


class Memory(nn.Module):
    """Of two classes, the first only near the one input that it remembers."""

    def __init__(self, remembered: Tensor) -> None:
        super().__init__()
        self.remembered = nn.Parameter(remembered)

    def forward(self, inputs: Tensor) -> Tensor:
        distance = (inputs - self.remembered).square().flatten(1).sum(dim=1)
        return torch.stack([-distance, 0 * distance], dim=1)


def invert(model: nn.Module, data: DatasetTensors, label: int = 0, **changes: Any) -> Tensor:
    given: dict[str, Any] = {
        "within": input_range(data),
        "restarts": 4,
        "steps": 200,
        "seed": 3,
    }
    return class_inversions(model, data, label, **(given | changes))


def one_class_beside_another(seed: int) -> tuple[DatasetTensors, Any, Any]:
    """Class 0 has 20 forget rows and 20 other rows of the same distribution."""
    draw = np.random.default_rng(seed)
    inputs = draw.normal(size=(60, 8))
    inputs[40:] += 4
    data = a_table(inputs, np.repeat([0, 1], [40, 20]))
    return data, np.arange(20), np.arange(20, 40)


def gain(model: nn.Module, data: DatasetTensors, forget: Any, others: Any) -> float:
    made = invert(model, data).numpy()
    near, far = (data.inputs(data.row_ids(rows)).numpy() for rows in (forget, others))
    return float(nearness_gains(made, near, far).mean())


def test_a_memorised_prototype_is_found_and_random_networks_give_nothing() -> None:
    data, forget, others = one_class_beside_another(0)
    inputs = data.inputs(slice(None))
    assert gain(Memory(inputs[5]), data, forget, others) > 1
    assert gain(Memory(inputs[25]), data, forget, others) < -1
    by_chance = []
    for seed in range(6):
        torch.manual_seed(seed)
        random = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 2)).eval()
        by_chance.append(gain(random, *one_class_beside_another(seed)))
    assert abs(np.mean(by_chance)) < 0.25


def test_inversions_are_of_their_class_and_inside_the_range(data: DatasetTensors) -> None:
    model = trained(mlp(), data.dataset)
    within = input_range(data)
    for label in range(3):
        made = invert(model, data, label)
        assert made.shape == (4, 1, 4, 4)
        assert (made >= within.low).all()
        assert (made <= within.high).all()
        sure = model(made).softmax(dim=1)[:, label]
        assert (sure > 0.9).all()
    assert not torch.equal(made[0], made[1])


def test_images_are_made_smooth(data: DatasetTensors) -> None:
    class Indifferent(nn.Module):
        def forward(self, inputs: Tensor) -> Tensor:
            return 0 * inputs.flatten(1)[:, :3]

    wide = InputRange(torch.tensor(-9.0), torch.tensor(9.0), torch.tensor(0.0))
    start = invert(Indifferent(), data, steps=1, within=wide)
    made = invert(Indifferent(), data, steps=200, within=wide)
    assert made.diff(dim=-1).abs().sum() < 0.1 * start.diff(dim=-1).abs().sum()


def test_inversion_repeats_and_leaves_model_and_randomness_alone(data: DatasetTensors) -> None:
    model = trained(batch_norm_net(), data.dataset).train()
    before, randomness = state(model), torch.get_rng_state()
    first = invert(model, data, steps=20)
    assert same_state(before, model)
    assert model.training
    assert all(one.grad is None or not one.grad.any() for one in model.parameters())
    assert torch.equal(torch.get_rng_state(), randomness)
    torch.manual_seed(8)
    assert torch.equal(invert(model, data, steps=20), first)


def test_inversion_that_breaks_says_so_and_hears_a_cancel(data: DatasetTensors) -> None:
    broken = mlp()
    with torch.no_grad():
        broken[1].weight.fill_(float("nan"))
    with pytest.raises(Undefined, match="not finite"):
        invert(broken, data, steps=3)
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        invert(mlp(), data, cancel=cancel)


def test_a_range_without_width_leaves_one_point(data: DatasetTensors) -> None:
    point = replace(input_range(data), low=torch.zeros(1), high=torch.zeros(1))
    assert not invert(mlp(), data, steps=5, within=point).any()
