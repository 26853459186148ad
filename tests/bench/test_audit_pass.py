"""The standard audit against a bare forward pass of the same model over the same rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from audit_case import (
    Arithmetic,
    audit_arithmetic,
    check_whole,
    random_dataset,
    some_forget_rows,
)
from figures import THREADS, Figures, Goal
from networks import ResNet20
from numpy.typing import NDArray
from timing import Sample, interleave, timed
from torch import Tensor, nn

from workbench.compute.models import build_model
from workbench.compute.outputs import outputs_pass
from workbench.compute.tensors import DatasetTensors
from workbench.core.dataset import Dataset
from workbench.core.metric_value import MetricValue
from workbench.core.vocabulary import PluginKind
from workbench.registry import Registry

pytestmark = pytest.mark.bench

SECTION = "audit pass"
CPU = torch.device("cpu")
WHOLE = 50_000  # rows of the goal
RESNET_ROWS = 4_000  # affordable on one core
BATCH_SIZES = (16, 32, 64, 128, 256, 512, 1024)
TRIAL_ROWS = 1_024
ROUNDS = 5
GOAL = Goal(1.3)


@pytest.fixture(autouse=True)
def threads_of_a_worker() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry.discover()


@dataclass(frozen=True)
class Audit:
    """The standard audit of one model as a run does it, all attacks included."""

    model: nn.Module
    data: DatasetTensors
    forget: NDArray[np.int64]
    registry: Registry

    @property
    def dataset(self) -> Dataset:
        return self.data.dataset

    def outputs(self) -> dict[str, NDArray[Any]]:
        return outputs_pass(self.model, self.data)

    def whole(self) -> list[MetricValue]:
        return audit_arithmetic(self.outputs(), self.dataset, self.forget, self.registry)


def bare_pass(model: nn.Module, inputs: Tensor, batch_size: int) -> Tensor:
    """The least there is to do: inputs preprocessed before, nothing kept but the logits."""
    with torch.inference_mode():
        return torch.cat([model(batch) for batch in torch.split(inputs, batch_size)])


def best_batch_size(model: nn.Module, inputs: Tensor) -> int:
    some = inputs[:TRIAL_ROWS]
    trials = {
        str(size): timed(lambda size=size: bare_pass(model, some, size))  # type: ignore[misc]
        for size in BATCH_SIZES
    }
    found = interleave(3, trials)
    return min(BATCH_SIZES, key=lambda size: min(found[str(size)].values))


def measure(name: str, audit: Audit, figures: Figures) -> dict[str, Sample]:
    inputs = audit.data.inputs(slice(None))
    batch_size = best_batch_size(audit.model, inputs)
    arrays = audit.outputs()
    expected = bare_pass(audit.model, inputs, batch_size).numpy()
    np.testing.assert_allclose(arrays["logits"], expected, rtol=1e-3, atol=1e-4)
    check_whole(audit.whole(), audit.registry)

    measured = interleave(
        ROUNDS,
        {
            "bare": timed(lambda: bare_pass(audit.model, inputs, batch_size)),
            "outputs": timed(audit.outputs),
            "audit": timed(audit.whole),
        },
    )
    of = f"{name}, {len(audit.dataset):,} rows:"
    figures.add(
        SECTION,
        f"{of} bare forward pass",
        "s",
        measured["bare"],
        note=f"at its best batch size, {batch_size}, of {BATCH_SIZES[0]} to {BATCH_SIZES[-1]}",
    )
    outputs, whole = (measured[key].over(measured["bare"]) for key in ("outputs", "audit"))
    figures.add(SECTION, f"{of} outputs pass / bare", "ratio", outputs)
    figures.add(SECTION, f"{of} whole audit / bare", "ratio", whole, goal=GOAL)
    return measured


def test_resnet20(registry: Registry, figures: Figures) -> None:
    torch.manual_seed(0)
    dataset = random_dataset(RESNET_ROWS, (3, 32, 32))
    audit = Audit(
        ResNet20().eval(), DatasetTensors(dataset, CPU), some_forget_rows(dataset), registry
    )
    parts = measure("ResNet-20, 32x32x3", audit, figures)

    alone, of_people = Arithmetic(registry, WHOLE), Arithmetic(registry, WHOLE, subjects=True)
    alone.check()
    of_people.check()
    arithmetic = interleave(
        ROUNDS,
        {
            "whole audit": timed(alone.audit),
            "whole audit, intervals by subject": timed(of_people.audit),
            "comparison": timed(alone.compare),
        },
    )
    arithmetic["whole audit and its comparison"] = arithmetic["whole audit"].plus(
        arithmetic.pop("comparison")
    )
    growth = WHOLE / RESNET_ROWS
    bare, outputs = parts["bare"].times(growth), parts["outputs"].times(growth)
    for what, seconds in arithmetic.items():
        figures.add(
            SECTION,
            f"ResNet-20, 32x32x3, {WHOLE:,} rows: {what} / bare",
            "ratio",
            outputs.plus(seconds).over(bare),
            goal=GOAL,
            note=f"both passes scaled up from {RESNET_ROWS:,} rows, the arithmetic in full",
        )


def test_small_cnn_on_the_digits_of_the_demo(registry: Registry, figures: Figures) -> None:
    source = registry.get(PluginKind.DATASET, "digits")
    dataset: Dataset = source.load().load(None, source.parse_params({}))
    model = small_cnn(registry, dataset)
    measure(
        "small CNN, digits",
        Audit(model, DatasetTensors(dataset, CPU), some_forget_rows(dataset), registry),
        figures,
    )


def test_small_cnn_on_many_rows(registry: Registry, figures: Figures) -> None:
    dataset = random_dataset(WHOLE, (1, 8, 8))
    model = small_cnn(registry, dataset)
    measure(
        "small CNN, 8x8",
        Audit(model, DatasetTensors(dataset, CPU), some_forget_rows(dataset), registry),
        figures,
    )


def small_cnn(registry: Registry, dataset: Dataset) -> nn.Module:
    architecture = {
        "id": "small-cnn",
        "params": {},
        "input_shape": dataset.input_shape,
        "n_outputs": dataset.n_classes,
    }
    return build_model(registry, architecture, seed=0)
