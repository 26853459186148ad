"""Models, rows and numbers of an audit made up at random: what its arithmetic costs."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.audit.comparison import (
    BAND,
    ORIGINAL,
    aligned_rows,
    answers_of,
    band_metrics,
    original_metrics,
    representation_metrics,
)
from workbench.audit.composites import Members, composite_metrics
from workbench.audit.from_arrays import metrics_from_arrays
from workbench.audit.guards import matched_non_members
from workbench.audit.standard import StoredOutputs
from workbench.core.dataset import Dataset, Preprocessing
from workbench.core.metric_value import MetricValue
from workbench.core.vocabulary import MetricStatus, PluginKind, Split
from workbench.jobs.executor.attacks import attack_scores
from workbench.metrics.scores import cross_entropy
from workbench.plugin_api import NoParams
from workbench.registry import Registry

BAND_SIZE = 5
SITES = np.array(["north", "south", "east", "west"])
ROWS_OF_A_SUBJECT = 4
FEATURES = 64

Outputs = dict[str, NDArray[Any]]
Rows = NDArray[np.int64]


def random_dataset(n: int, shape: tuple[int, ...], *, subjects: bool = False) -> Dataset:
    """Noise with ten classes at four sites: 60 % train, 20 % test, 20 % non-members."""
    rng = np.random.default_rng(n)
    columns = {"site": SITES[rng.integers(0, len(SITES), n)]}
    if subjects:
        columns["subject"] = np.arange(n) // ROWS_OF_A_SUBJECT
    return Dataset(
        name="noise",
        inputs=rng.integers(0, 256, (n, *shape), dtype=np.uint8),
        targets=rng.integers(0, 10, n),
        split=np.repeat(["train", "test", "non_member"], [n - 2 * (n // 5), n // 5, n // 5]),
        class_names=tuple("0123456789"),
        columns=columns,
        preprocessing=Preprocessing(divide_by=255.0, mean=(0.5,), std=(0.25,)),
    )


def some_forget_rows(dataset: Dataset) -> Rows:
    """Every tenth training row, or all training rows of every tenth subject."""
    train = dataset.rows_of(Split.TRAIN)
    if "subject" not in dataset.columns:
        return train[::10]
    return train[dataset.columns["subject"][train] % 10 == 0]


def random_logits(dataset: Dataset, seed: int = 0) -> NDArray[np.float32]:
    """As of a half-trained model, so that scores seldom tie."""
    rng = np.random.default_rng(seed)
    n = len(dataset)
    logits = rng.normal(0.0, 3.0, (n, dataset.n_classes)).astype(np.float32)
    logits[np.arange(n), dataset.targets] += 4.0
    return logits


def random_outputs(dataset: Dataset) -> Outputs:
    logits = random_logits(dataset)
    return {
        "logits": logits,
        "loss": cross_entropy(logits, dataset.targets),
        "embedding": np.ones((len(dataset), FEATURES), np.float32),
    }


def audit_arithmetic(
    arrays: Outputs, dataset: Dataset, forget: Rows, registry: Registry
) -> list[MetricValue]:
    """Everything after the forward pass of one model, the scores of every attack included."""
    outputs = StoredOutputs(**arrays)
    scores = {
        attack.id: attack_scores(attack.load(), outputs, dataset.targets, NoParams())
        for attack in registry.contributions(PluginKind.ATTACK)
    }
    non_members = matched_non_members(dataset, forget)
    return metrics_from_arrays(outputs, scores, dataset, forget, non_members)


def check_whole(metrics: list[MetricValue], registry: Registry) -> None:
    missing = {metric.name for metric in metrics if metric.status is not MetricStatus.OK}
    assert missing <= {"membership_tpr_at_fpr_0.001"}  # which takes 1,000 non-members
    attacks = {metric.group_key for metric in metrics if metric.name == "membership_auc"}
    assert attacks == {one.id for one in registry.contributions(PluginKind.ATTACK)}
    assert attacks >= {"loss", "confidence", "entropy", "modified-entropy", "margin"}


@dataclass(frozen=True)
class Arithmetic:
    """The array arithmetic of an audit over n rows of noise, without any forward pass."""

    registry: Registry
    n: int
    subjects: bool = False

    @cached_property
    def dataset(self) -> Dataset:
        return random_dataset(self.n, (1, 1, 1), subjects=self.subjects)

    @cached_property
    def forget(self) -> Rows:
        return some_forget_rows(self.dataset)

    @cached_property
    def outputs(self) -> Outputs:
        return random_outputs(self.dataset)

    @cached_property
    def others(self) -> list[NDArray[np.float32]]:
        """Logits of the original and of a band."""
        return [random_logits(self.dataset, 1 + seed) for seed in range(1 + BAND_SIZE)]

    @cached_property
    def features(self) -> list[dict[Split, NDArray[np.float32]]]:
        """Penultimate layers of all models on the rows over which these are compared."""
        rng = np.random.default_rng(0)
        rows = aligned_rows(self.dataset, self.forget)
        return [
            {
                split: rng.normal(size=(len(some), FEATURES)).astype(np.float32)
                for split, some in rows.items()
            }
            for _ in range(2 + BAND_SIZE)
        ]

    @cached_property
    def stored_metrics(self) -> list[MetricValue]:
        return self.audit()

    def audit(self) -> list[MetricValue]:
        return audit_arithmetic(self.outputs, self.dataset, self.forget, self.registry)

    def compare(self) -> list[MetricValue]:
        """A candidate beside the original and a band, from the logits on.

        Composites fold stored numbers; these of the candidate stand in for those of all models.
        """
        own, original, *band = (
            answers_of(logits, self.dataset, self.forget)
            for logits in (self.outputs["logits"], *self.others)
        )
        own_features, of_original, *of_band = self.features
        alone = self.stored_metrics
        members = Members(alone, alone, [alone] * BAND_SIZE, attack="loss")
        return [
            *band_metrics(own, band, reference=BAND),
            *original_metrics(own, original, self.dataset, self.forget),
            *representation_metrics(own_features, of_band, reference=BAND),
            *representation_metrics(own_features, [of_original], reference=ORIGINAL),
            *composite_metrics(members, reference=BAND),
        ]

    def check(self) -> None:
        check_whole(self.stored_metrics, self.registry)
        by_subject = [one for one in self.stored_metrics if "subject" in one.ci_method]
        assert bool(by_subject) is self.subjects
        assert {metric.status for metric in self.compare()} == {MetricStatus.OK}


def megabytes(*arrays: NDArray[Any]) -> float:
    return sum(array.nbytes for array in arrays) / 1e6


def peak_megabytes(work: Callable[[], Any]) -> float:
    """The most that `work` allocates at once, arrays included; it takes longer than alone."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()
