"""Attribution maps under the host's batching."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from tiny_models import (
    CPU,
    MemoryFor,
    RecordingEvents,
    batch_norm_net,
    same_state,
    state,
    trained,
)
from torch import Tensor, nn

from workbench.compute.attribution import attribution_maps
from workbench.compute.tensors import DatasetTensors
from workbench.core.dataset import Dataset
from workbench.core.errors import PluginError
from workbench.plugin_api import NoParams

ROWS = np.array([40, 3, 3, 77, 12])


class Gradient:
    def attribute(self, model: nn.Module, inputs: Tensor, targets: Tensor, _: Any) -> Tensor:
        inputs.requires_grad_()
        chosen = model(inputs).gather(1, targets[:, None]).sum()
        return torch.autograd.grad(chosen, inputs)[0]


def maps(explainer: Any, model: nn.Module, dataset: Dataset, **options: Any) -> np.ndarray:
    data = DatasetTensors(dataset, CPU)
    return attribution_maps(explainer, model, data, ROWS, NoParams(), **options)


def test_maps_are_those_of_the_true_label_in_the_order_asked_for(dataset: Dataset) -> None:
    model = trained(batch_norm_net(), dataset)
    found = maps(Gradient(), model, dataset)
    assert found.shape == (5, 1, 4, 4)
    assert found.dtype == np.float32
    inputs = (dataset.inputs.astype(np.float32) / 255 - 0.5) / 0.25
    for row, value in zip(ROWS, found, strict=True):
        single = torch.tensor(inputs[row : row + 1], requires_grad=True)
        model(single)[0, dataset.targets[row]].backward()
        np.testing.assert_allclose(value, single.grad[0], atol=1e-5)


def test_batches_and_memory_do_not_change_a_map(dataset: Dataset) -> None:
    model = trained(batch_norm_net(), dataset)
    whole = maps(Gradient(), model, dataset)
    np.testing.assert_allclose(maps(Gradient(), model, dataset, batch_size=2), whole, atol=1e-5)
    events, starved = RecordingEvents(), MemoryFor(1).limit(model)
    np.testing.assert_allclose(maps(Gradient(), starved, dataset, events=events), whole, atol=1e-5)
    assert "Memory ran out at 5 rows" in events.lines[0]
    assert events.shares[-1] == (1, "attribution attribution")


def test_the_explainer_cannot_change_the_model(dataset: Dataset) -> None:
    class Vandal(Gradient):
        def attribute(self, model: nn.Module, *rest: Any) -> Tensor:
            assert not any(m.training for m in model.modules())
            with torch.no_grad():
                next(iter(model.buffers())).zero_()
            return super().attribute(model.train(), *rest)

    model = trained(batch_norm_net(), dataset).train()
    before, randomness = state(model), torch.get_rng_state()
    maps(Vandal(), model, dataset)
    assert same_state(model, before)
    assert all(m.training for m in model.modules())
    assert torch.equal(torch.get_rng_state(), randomness)


def test_explainers_that_draw_are_repeatable(dataset: Dataset) -> None:
    class Noise:
        def attribute(self, _: Any, inputs: Tensor, *__: Any) -> Tensor:
            return torch.rand_like(inputs)

    model = batch_norm_net()
    np.testing.assert_array_equal(
        maps(Noise(), model, dataset, seed=4), maps(Noise(), model, dataset, seed=4)
    )
    assert not np.array_equal(
        maps(Noise(), model, dataset, seed=4), maps(Noise(), model, dataset, seed=5)
    )


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda maps: maps.sum(dim=1), r"'faulty' gives \(5, 4, 4\)"),
        (lambda _: None, "'faulty' gives NoneType"),
        (lambda maps: maps.index_fill(0, torch.tensor([3]), torch.inf), "finite for row 77"),
        (lambda maps: maps @ torch.zeros(9, 9), "'faulty' failed .RuntimeError"),
    ],
)
def test_faulty_maps_are_the_plugins_fault(dataset: Dataset, wrong: Any, sentence: str) -> None:
    class Faulty(Gradient):
        def attribute(self, *arguments: Any) -> Any:
            return wrong(super().attribute(*arguments))

    with pytest.raises(PluginError, match=sentence):
        maps(Faulty(), batch_norm_net(), dataset, name="faulty")


def test_no_rows_give_no_maps(data: DatasetTensors) -> None:
    found = attribution_maps(Gradient(), batch_norm_net(), data, [], NoParams())
    assert found.shape == (0, 1, 4, 4)
