"""The torch room on a CUDA device: the answers of the processor, and memory that truly ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from tiny_models import (
    CPU,
    FORGET,
    N_TRAIN,
    RECIPE,
    RETAIN,
    RecordingEvents,
    batch_norm_net,
    context,
    mlp,
    same_state,
)
from torch import Tensor, nn

from workbench.compute.attribution import attribution_maps
from workbench.compute.devices import environment, pick_device, release_memory
from workbench.compute.measuring import PeakMemory, synchronise
from workbench.compute.models import load_tensors_into, tensors_of
from workbench.compute.outputs import outputs_pass
from workbench.compute.recovery import recovered_accuracy, relearn_steps
from workbench.compute.seeding import generator, isolated_rng
from workbench.compute.tensors import DatasetTensors
from workbench.compute.training import train
from workbench.compute.unlearning import run_method
from workbench.core.dataset import Dataset
from workbench.core.errors import WorkbenchError
from workbench.core.vocabulary import PluginKind
from workbench.registry import Origin, Registry
from workbench.testing import quick_params

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="this computer has no CUDA device"),
]

MIB = 2**20
ROOM = 128 * MIB
# Convolutions may run with 10 bits of mantissa (TF32) on the device.
TOLERANCE: dict[Callable[..., nn.Module], float] = {mlp: 1e-4, batch_norm_net: 2e-2}

REGISTRY = Registry.discover()


def builtin(kind: PluginKind) -> list[str]:
    found = REGISTRY.contributions(kind)
    return [one.id for one in found if one.plugin.origin is Origin.BUILTIN]


@pytest.fixture
def cuda() -> torch.device:
    return pick_device("cuda")


@pytest.fixture
def on_cuda(dataset: Dataset, cuda: torch.device) -> DatasetTensors:
    return DatasetTensors(dataset, cuda)


@pytest.fixture
def little_memory(cuda: torch.device) -> Iterator[Callable[[], None]]:
    """Call it to leave this process `ROOM` bytes beyond what it holds by then."""

    def limit() -> None:
        synchronise(cuda)
        release_memory(cuda)
        total = torch.cuda.get_device_properties(cuda).total_memory
        allowed = (torch.cuda.memory_reserved(cuda) + ROOM) / total
        torch.cuda.set_per_process_memory_fraction(min(1.0, allowed), cuda)

    yield limit
    torch.cuda.set_per_process_memory_fraction(1.0, cuda)
    release_memory(cuda)


class Greedy(nn.Module):
    """A linear model that first copies each row until its copies take `row_bytes`."""

    def __init__(self, row_bytes: int = 4 * MIB) -> None:
        super().__init__()
        self.row_bytes = row_bytes
        with isolated_rng(0):
            self.head = nn.Linear(16, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        flat = inputs.flatten(1)
        copies = flat.repeat(1, self.row_bytes // (16 * flat.element_size()))
        logits: Tensor = self.head(copies.unflatten(1, (-1, 16)).mean(dim=1))
        return logits


def trained_on(data: DatasetTensors, make: Callable[[], nn.Module] = batch_norm_net) -> nn.Module:
    model = make().to(data.device)
    train(model, data, data.row_ids(np.arange(N_TRAIN)), RECIPE, generator(0))
    return model


def copy_on(device: torch.device, model: nn.Module, make: Callable[[], nn.Module]) -> nn.Module:
    """The same weights, by way of the arrays that a project stores."""
    copy = make()
    load_tensors_into(copy, tensors_of(model))
    return copy.to(device)


@pytest.mark.parametrize("make", [mlp, batch_norm_net])
def test_a_model_trained_on_the_device_gives_the_outputs_of_the_processor(
    data: DatasetTensors, on_cuda: DatasetTensors, make: Callable[[], nn.Module]
) -> None:
    model = trained_on(on_cuda, make)
    assert {weight.device for weight in model.parameters()} == {on_cuda.device}
    there = outputs_pass(model, on_cuda)
    here = outputs_pass(copy_on(CPU, model, make), data)
    assert (here["logits"].argmax(1) == data.dataset.targets).mean() > 0.8
    for name, expected in here.items():
        assert there[name].dtype == expected.dtype
        np.testing.assert_allclose(there[name], expected, atol=TOLERANCE[make], rtol=1e-2)


def test_training_starts_from_the_same_weights_and_sees_the_same_rows(
    data: DatasetTensors, on_cuda: DatasetTensors
) -> None:
    here, there = trained_on(data, mlp), trained_on(on_cuda, mlp)
    for name, expected in tensors_of(here).items():
        np.testing.assert_allclose(tensors_of(there)[name], expected, atol=1e-2)


def test_training_is_repeatable_and_leaves_the_random_state_of_the_device(
    on_cuda: DatasetTensors, cuda: torch.device
) -> None:
    def dropping() -> nn.Module:
        return mlp(dropout=0.5)

    torch.cuda.manual_seed(1)
    before = torch.cuda.get_rng_state(cuda)
    first = tensors_of(trained_on(on_cuda, dropping))
    assert torch.equal(torch.cuda.get_rng_state(cuda), before)
    torch.cuda.manual_seed(2)
    second = tensors_of(trained_on(on_cuda, dropping))
    for name, expected in first.items():
        np.testing.assert_allclose(second[name], expected, atol=1e-5)


@pytest.mark.parametrize("method", builtin(PluginKind.METHOD))
def test_every_method_runs_on_the_device(on_cuda: DatasetTensors, method: str) -> None:
    contributed = REGISTRY.get(PluginKind.METHOD, method)
    original = trained_on(on_cuda)
    before = tensors_of(original)
    ctx = context(
        method=method,
        needs=contributed.declared.needs,
        data=on_cuda,
        new_model=batch_norm_net,
        recipe=RECIPE.model_copy(update={"epochs": 2}),
    )
    unlearned = run_method(contributed.load(), ctx, original, quick_params(contributed))
    assert {tensor.device for tensor in unlearned.state_dict().values()} == {on_cuda.device}
    assert same_state(before, tensors_of(original))
    logits = outputs_pass(unlearned, on_cuda)["logits"]
    assert logits.shape == (len(on_cuda), 3)


@pytest.mark.parametrize("attribution", builtin(PluginKind.ATTRIBUTION))
def test_every_attribution_gives_the_maps_of_the_processor(
    data: DatasetTensors, on_cuda: DatasetTensors, attribution: str
) -> None:
    contributed = REGISTRY.get(PluginKind.ATTRIBUTION, attribution)
    model = trained_on(data)

    def maps(data: DatasetTensors) -> Any:
        explained = copy_on(data.device, model, batch_norm_net)
        params = contributed.parse_params({})
        return attribution_maps(contributed.load(), explained, data, FORGET, params, seed=3)

    here, there = maps(data), maps(on_cuda)
    # Not value by value: rounding at a kink of the network may change a few of them much.
    assert np.linalg.norm(there - here) < 0.2 * np.linalg.norm(here)


def test_recovery_runs_on_the_device(on_cuda: DatasetTensors) -> None:
    original = trained_on(on_cuda)
    before = tensors_of(original)
    settings: dict[str, Any] = {"learning_rate": 0.01, "cap": 200, "batch_size": 8, "seed": 1}
    fresh = batch_norm_net(seed=9).to(on_cuda.device)
    assert relearn_steps(original, on_cuda, FORGET, target_accuracy=0.5, **settings).steps == 0
    assert relearn_steps(fresh, on_cuda, FORGET, target_accuracy=0.9, **settings).steps > 0
    tuned = recovered_accuracy(original, on_cuda, FORGET, RETAIN, recipe=RECIPE, epochs=1, seed=0)
    assert tuned >= 0.5
    assert same_state(before, tensors_of(original))


def test_an_outputs_pass_survives_the_end_of_the_memory(
    data: DatasetTensors, on_cuda: DatasetTensors, little_memory: Callable[[], None]
) -> None:
    expected = outputs_pass(Greedy().eval(), data, batch_size=8)["logits"]
    model, events = Greedy().eval().to(on_cuda.device), RecordingEvents()
    outputs_pass(model, on_cuda, batch_size=1)  # libraries now hold the memory they work in
    little_memory()
    found = outputs_pass(model, on_cuda, events=events)["logits"]
    np.testing.assert_allclose(found, expected, atol=1e-3)
    assert events.lines[0] == "Memory ran out at 96 rows; trying again with 48 at a time."
    assert events.lines[1] == "Memory ran out at 48 rows; trying again with 24 at a time."


def test_training_in_pieces_gives_the_weights_of_whole_batches(
    on_cuda: DatasetTensors, little_memory: Callable[[], None]
) -> None:
    recipe = RECIPE.model_copy(update={"epochs": 2, "batch_size": N_TRAIN})
    rows = on_cuda.row_ids(np.arange(N_TRAIN))
    whole, pieces = (Greedy().to(on_cuda.device) for _ in range(2))
    train(whole, on_cuda, rows, recipe, generator(0))
    little_memory()
    events = RecordingEvents()
    train(pieces, on_cuda, rows, recipe, generator(0), events=events)
    assert events.lines[0] == "Memory ran out at 72 rows; trying again with 36 at a time."
    for name, expected in tensors_of(whole).items():
        np.testing.assert_allclose(tensors_of(pieces)[name], expected, atol=1e-4)


def test_a_row_that_does_not_fit_ends_with_one_plain_sentence(
    on_cuda: DatasetTensors, little_memory: Callable[[], None]
) -> None:
    model = Greedy(row_bytes=2 * ROOM).to(on_cuda.device)
    outputs_pass(model, on_cuda, batch_size=1)
    little_memory()
    with pytest.raises(WorkbenchError, match="'cuda:0' ran out at a single row"):
        outputs_pass(model, on_cuda)


def test_the_peak_of_one_block_is_forgotten_by_the_next(cuda: torch.device) -> None:
    with PeakMemory(cuda) as large:
        torch.ones(8 * MIB, device=cuda)
    with PeakMemory(cuda) as small:
        torch.ones(MIB, device=cuda)
    assert large.peak is not None
    assert small.peak is not None
    assert large.peak >= 32 * MIB
    assert 4 * MIB <= small.peak < large.peak


def test_the_environment_names_the_device(cuda: torch.device) -> None:
    found = environment(cuda)
    assert found["device"] == "cuda:0"
    assert found["device_name"]
    assert found["cuda"] == torch.version.cuda
