"""The standard audit against a bare forward pass of the same model over the same rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from figures import THREADS, Figures, Goal
from networks import ResNet20
from numpy.typing import NDArray
from timing import Sample, interleave, timed
from torch import Tensor, nn

from workbench.audit.guards import matched_non_members
from workbench.audit.standard import StoredOutputs, attack_metrics, standard_metrics
from workbench.compute.models import build_model
from workbench.compute.outputs import outputs_pass
from workbench.compute.tensors import DatasetTensors
from workbench.core.dataset import Dataset, Preprocessing
from workbench.core.metric_value import MetricValue
from workbench.core.vocabulary import MetricStatus, PluginKind, Split
from workbench.jobs.executor.attacks import attack_scores
from workbench.plugin_api import NoParams
from workbench.registry import Registry

pytestmark = pytest.mark.bench

SECTION = "audit pass"
CPU = torch.device("cpu")
WHOLE = 50_000  # rows of the goal
RESNET_ROWS = 4_000  # affordable on one core
ARITHMETIC_ROWS = (50_000, 1_000_000)
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


def audit_arithmetic(
    arrays: dict[str, NDArray[Any]],
    dataset: Dataset,
    forget: NDArray[np.int64],
    registry: Registry,
) -> list[MetricValue]:
    """Everything after the forward pass: metrics, scores of every attack, and their metrics."""
    outputs = StoredOutputs(**arrays)
    scores = {
        attack.id: attack_scores(attack.load(), outputs, dataset.targets, NoParams())
        for attack in registry.contributions(PluginKind.ATTACK)
    }
    non_members = matched_non_members(dataset, forget)
    return [
        *standard_metrics(outputs, dataset, forget),
        *attack_metrics(scores, dataset, forget, non_members),
    ]


def random_dataset(n: int, shape: tuple[int, ...]) -> Dataset:
    """Noise with ten classes: 60 % train, 20 % test, 20 % non-members."""
    rng = np.random.default_rng(n)
    return Dataset(
        name="noise",
        inputs=rng.integers(0, 256, (n, *shape), dtype=np.uint8),
        targets=rng.integers(0, 10, n),
        split=np.repeat(["train", "test", "non_member"], [n - 2 * (n // 5), n // 5, n // 5]),
        class_names=tuple("0123456789"),
        preprocessing=Preprocessing(divide_by=255.0, mean=(0.5,), std=(0.25,)),
    )


def some_forget_rows(dataset: Dataset) -> NDArray[np.int64]:
    """Every tenth training row."""
    return dataset.rows_of(Split.TRAIN)[::10]


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


def check_whole(metrics: list[MetricValue], registry: Registry) -> None:
    assert {metric.status for metric in metrics} == {MetricStatus.OK}
    attacks = {metric.group_key for metric in metrics if metric.name == "membership_auc"}
    assert attacks == {one.id for one in registry.contributions(PluginKind.ATTACK)}
    assert attacks >= {"loss", "confidence", "entropy", "modified-entropy", "margin"}


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

    large = random_dataset(WHOLE, (1, 1, 1))
    arrays, forget = random_outputs(large), some_forget_rows(large)
    arithmetic = interleave(
        ROUNDS, {"": timed(lambda: audit_arithmetic(arrays, large, forget, registry))}
    )[""]
    growth = WHOLE / RESNET_ROWS
    bare, outputs = parts["bare"].times(growth), parts["outputs"].times(growth)
    figures.add(
        SECTION,
        f"ResNet-20, 32x32x3, {WHOLE:,} rows: whole audit / bare",
        "ratio",
        outputs.plus(arithmetic).over(bare),
        goal=GOAL,
        note=f"both passes scaled up from {RESNET_ROWS:,} rows, the arithmetic measured in full",
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


def test_arithmetic_grows_with_the_rows(registry: Registry, figures: Figures) -> None:
    datasets = {n: random_dataset(n, (1, 1, 1)) for n in ARITHMETIC_ROWS}
    arrays = {n: random_outputs(dataset) for n, dataset in datasets.items()}

    def arithmetic(n: int) -> list[MetricValue]:
        return audit_arithmetic(arrays[n], datasets[n], some_forget_rows(datasets[n]), registry)

    few, many = ARITHMETIC_ROWS
    check_whole(arithmetic(few), registry)
    measured = interleave(
        ROUNDS,
        {str(n): timed(lambda n=n: arithmetic(n)) for n in ARITHMETIC_ROWS},  # type: ignore[misc]
    )
    for n in ARITHMETIC_ROWS:
        figures.add(SECTION, f"arithmetic alone, {n:,} rows", "s", measured[str(n)])
    growth = measured[str(many)].over(measured[str(few)]).times(few / many)
    figures.add(
        SECTION,
        f"arithmetic alone, time a row at {many:,} / at {few:,}",
        "ratio",
        growth,
        note="1 is linear growth",
    )


def random_outputs(dataset: Dataset) -> dict[str, NDArray[Any]]:
    """Logits and losses as of a half-trained model, so that scores seldom tie."""
    rng = np.random.default_rng(0)
    n = len(dataset)
    logits = rng.normal(0.0, 3.0, (n, dataset.n_classes)).astype(np.float32)
    logits[np.arange(n), dataset.targets] += 4.0
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=1))
    return {
        "logits": logits,
        "loss": log_sum - shifted[np.arange(n), dataset.targets],
        "embedding": np.zeros((n, 1), np.float32),
    }


def small_cnn(registry: Registry, dataset: Dataset) -> nn.Module:
    architecture = {
        "id": "small-cnn",
        "params": {},
        "input_shape": dataset.input_shape,
        "n_outputs": dataset.n_classes,
    }
    return build_model(registry, architecture, seed=0)
