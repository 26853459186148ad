"""The outputs pass."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from tiny_models import (
    CPU,
    N_ROWS,
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

from workbench.compute.batching import MicroBatcher
from workbench.compute.outputs import accuracy_on, outputs_pass
from workbench.compute.tensors import DatasetTensors
from workbench.core.cancellation import CancelToken
from workbench.core.dataset import Dataset
from workbench.core.errors import DataError
from workbench.plugin_api import Cancelled
from workbench.testing.forward_counter import ForwardCounter


def prepared(dataset: Dataset) -> torch.Tensor:
    return torch.tensor((dataset.inputs.astype(np.float32) / 255 - 0.5) / 0.25)


def test_it_gives_what_a_plain_loop_gives(data: DatasetTensors, original: nn.Module) -> None:
    outputs = outputs_pass(original, data, batch_size=10)
    inputs, targets = prepared(data.dataset), torch.tensor(data.dataset.targets)
    with torch.no_grad():
        logits = torch.cat([original(inputs[i : i + 1]) for i in range(N_ROWS)])
        hidden = original[:-1](inputs)
    loss = F.cross_entropy(logits.double(), targets, reduction="none")
    np.testing.assert_allclose(outputs["logits"], logits, atol=1e-5)
    np.testing.assert_allclose(outputs["embedding"], hidden, atol=1e-5)
    np.testing.assert_allclose(outputs["loss"], loss, atol=1e-5)
    assert [outputs[name].dtype for name in ("logits", "loss", "embedding")] == [
        np.float32, np.float64, np.float32,
    ]  # fmt: skip
    assert outputs["embedding"].shape == (N_ROWS, 12)


def test_losses_below_float32_resolution_are_kept(data: DatasetTensors) -> None:
    sure = nn.Sequential(nn.Flatten(), nn.Linear(16, 3))
    with torch.no_grad():
        sure[1].weight.zero_()
        sure[1].bias.copy_(torch.tensor([60.0, 0.0, 0.0]))
    outputs = outputs_pass(sure, data)
    assert outputs["loss"][0] == pytest.approx(2 * np.exp(-60.0), rel=1e-9)


@pytest.mark.parametrize("make", [mlp, batch_norm_net])
def test_rows_do_not_depend_on_the_batch_they_are_in(data: DatasetTensors, make: type) -> None:
    model = trained(make(), data.dataset)
    whole = outputs_pass(model, data)
    for batch_size in (1, 7):
        batched = outputs_pass(model, data, batch_size=batch_size)
        for name, values in whole.items():
            np.testing.assert_allclose(batched[name], values, atol=1e-5)
    events = RecordingEvents()
    split = outputs_pass(MemoryFor(9).limit(model), data, events=events)
    np.testing.assert_allclose(split["logits"], whole["logits"], atol=1e-5)
    assert "Memory ran out at 96 rows" in events.lines[0]
    shares = [share for share, _ in events.shares]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_the_model_is_evaluated_and_left_as_it_was(data: DatasetTensors) -> None:
    model = trained(batch_norm_net(), data.dataset)
    expected = outputs_pass(model, data)
    model.train()
    model[1].eval()
    before = state(model)
    np.testing.assert_array_equal(outputs_pass(model, data)["logits"], expected["logits"])
    assert [m.training for m in model] == [True, False, *[True] * 6]
    assert same_state(model, before)
    assert not any(m._forward_pre_hooks for m in model.modules())


def test_it_costs_one_forward_pass(data: DatasetTensors, original: nn.Module) -> None:
    with ForwardCounter() as counter:
        outputs_pass(original, data, batch_size=40)
    assert (counter.calls, counter.rows) == (3, N_ROWS)
    with ForwardCounter() as counter:
        pass
    outputs_pass(original, data)
    assert counter.rows == 0


def test_the_counter_survives_a_forward_pass_that_fails(original: nn.Module) -> None:
    with ForwardCounter() as counter:
        with pytest.raises(RuntimeError):
            original(torch.zeros(2, 5))
        original(torch.zeros(3, 1, 4, 4))
    assert (counter.calls, counter.rows) == (2, 5)


def test_logits_that_are_not_finite_are_refused_with_their_rows(data: DatasetTensors) -> None:
    class Faulty(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = mlp()

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            logits = self.head(inputs)
            logits[3, 1], logits[9, 0] = float("nan"), float("inf")
            return logits

    with pytest.raises(DataError, match="not finite for 2 rows, first 3, 9"):
        outputs_pass(Faulty(), data)


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (nn.Sequential(nn.Flatten(), nn.Linear(16, 4)), r"gives \(96, 4\) for 96 rows of 3"),
        (nn.Sequential(nn.Flatten(), nn.Linear(20, 3)), r"cannot read rows of shape \(1, 4, 4\)"),
        (nn.Sequential(nn.Flatten(), nn.AdaptiveAvgPool1d(3)), "no embedding"),
    ],
)
def test_a_model_that_does_not_fit_is_refused(
    data: DatasetTensors, model: nn.Module, sentence: str
) -> None:
    with pytest.raises(DataError, match=sentence):
        outputs_pass(model, data)


def test_the_embedding_of_a_convolutional_head_is_averaged_over_positions(
    data: DatasetTensors,
) -> None:
    body, head = nn.Conv2d(1, 5, 3, padding=1), nn.Conv2d(5, 3, 1)
    model = nn.Sequential(body, head, nn.AdaptiveAvgPool2d(1), nn.Flatten())
    outputs = outputs_pass(model, data)
    expected = body(prepared(data.dataset)).mean(dim=(2, 3)).detach()
    np.testing.assert_allclose(outputs["embedding"], expected, atol=1e-5)


def test_the_last_linear_layer_to_run_counts_not_the_last_to_be_made(data: DatasetTensors) -> None:
    class HeadFirst(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Linear(6, 3)
            self.body = nn.Linear(16, 6)

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            return self.head(self.body(inputs.flatten(1)))

    assert outputs_pass(HeadFirst(), data)["embedding"].shape == (N_ROWS, 6)


def test_it_can_be_cancelled(data: DatasetTensors, original: nn.Module) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with ForwardCounter() as counter, pytest.raises(Cancelled):
        outputs_pass(original, data, cancel=cancel)
    assert counter.calls == 0


def test_accuracy_counts_correct_rows(data: DatasetTensors, original: nn.Module) -> None:
    logits = outputs_pass(original, data)["logits"]
    rows = np.array([5, 0, 17, 80])
    expected = (logits[rows].argmax(1) == data.dataset.targets[rows]).mean()
    assert accuracy_on(original, data, data.row_ids(rows), MicroBatcher(CPU)) == expected
    flipped = DatasetTensors(blobs(targets=(logits.argmax(1) + 1) % 3), CPU)
    assert accuracy_on(original, flipped, data.row_ids(rows), MicroBatcher(CPU)) == 0


class WithDropout(nn.Module):
    """Each row depends on chance in train mode, and on its batch by batch normalisation."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Flatten(), nn.Linear(16, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Dropout(0.5)
        )
        self.head = nn.Linear(12, 3)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.head(self.body(inputs))
        return logits


def test_a_model_left_in_train_mode_gives_the_same_rows_in_any_batch_and_order(
    data: DatasetTensors,
) -> None:
    torch.manual_seed(0)
    model = WithDropout()
    model(data.inputs(slice(0, 32)))  # so that the running statistics are not those of a start
    model.train()
    whole = outputs_pass(model, data)
    for batch_size in (1, 7, N_ROWS):
        batched = outputs_pass(model, data, batch_size=batch_size)
        for name, values in whole.items():
            np.testing.assert_allclose(batched[name], values, atol=1e-5)
    order = np.random.default_rng(3).permutation(N_ROWS)
    dataset = data.dataset
    shuffled = dataclasses.replace(
        dataset,
        inputs=dataset.inputs[order],
        targets=dataset.targets[order],
        split=dataset.split[order],
    )
    found = outputs_pass(model, DatasetTensors(shuffled, CPU), batch_size=7)
    for name, values in whole.items():
        np.testing.assert_allclose(found[name], values[order], atol=1e-5)
    assert all(module.training for module in model.modules()), "it is left as it was"


class Stubborn(WithDropout):
    """Puts its dropout back into train mode, as if that were the network's own business."""

    def train(self, mode: bool = True) -> Stubborn:
        super().train(mode)
        self.body[-1].training = True
        return self


class Relapsing(WithDropout):
    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        logits = super().forward(inputs)
        self.train()
        return logits


@pytest.mark.parametrize(("kind", "named"), [(Stubborn, "layer 'body.4'"), (Relapsing, "it goes")])
def test_a_model_that_does_not_stay_in_eval_mode_is_refused(
    data: DatasetTensors, kind: type[nn.Module], named: str
) -> None:
    with pytest.raises(DataError, match=f"does not stay in eval mode: {named}"):
        outputs_pass(kind(), data)


def test_embeddings_that_are_not_finite_are_refused_with_their_rows(data: DatasetTensors) -> None:
    class Faulty(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.head = nn.Flatten(), nn.Linear(16, 3)

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            features = self.body(inputs)
            features[[2, 5], 0] = -torch.inf
            logits: torch.Tensor = self.head(features)
            return logits.nan_to_num()

    with pytest.raises(DataError, match="embeddings that are not finite for 2 rows, first 2, 5"):
        outputs_pass(Faulty(), data)
