"""What the project holds before any plan: its datasets and the models to audit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.dataset import SPLITS, Dataset
from workbench.core.vocabulary import Split
from workbench.store import Project, load_outputs

Rows = NDArray[np.int64]

_SAMPLES = 120  # pictures shown at a time


@dataclass(frozen=True)
class DatasetSummary:
    """A dataset without its rows. `counts` holds the rows (n_classes,) of each split by class."""

    id: int
    name: str
    task: str
    input_shape: tuple[int, ...]
    class_names: tuple[str, ...]
    counts: Mapping[Split, NDArray[np.int64]]
    columns: tuple[str, ...]
    fingerprint: str
    source: str
    notes: str
    findings: tuple[str, ...]

    @property
    def rows(self) -> dict[Split, int]:
        return {split: int(counts.sum()) for split, counts in self.counts.items()}


@dataclass(frozen=True)
class ModelSummary:
    """A model that was trained or imported, not one that a run made."""

    id: int
    name: str
    architecture: str
    parameters: int
    origin: str
    dataset: str
    is_measured: bool


@dataclass(frozen=True)
class DataContents:
    """Newest first. `made_by_runs` counts the models that are not listed."""

    datasets: tuple[DatasetSummary, ...]
    models: tuple[ModelSummary, ...]
    made_by_runs: int


def read_data(project: Project) -> DataContents:
    """Everything about datasets and models but their inputs and weights."""
    datasets = project.rows("SELECT * FROM dataset ORDER BY id DESC")
    models = project.rows("SELECT * FROM model ORDER BY id DESC")
    by_hand = [row for row in models if "run" not in row["source"]]
    return DataContents(
        datasets=tuple(_dataset_summary(project, row) for row in datasets),
        models=tuple(_model_summary(project, row) for row in by_hand),
        made_by_runs=len(models) - len(by_hand),
    )


def sample_rows(
    dataset: Dataset, split: Split, class_id: int | None, draw: int
) -> tuple[Rows, int]:
    """Some rows of a split and class (None: every class), and how many there are.

    `draw` 0 gives the first ones, any other number a random draw that it repeats.
    """
    rows = dataset.rows_of(split)
    if class_id is not None:
        rows = rows[dataset.targets[rows] == class_id]
    if len(rows) <= _SAMPLES or not draw:
        return rows[:_SAMPLES], len(rows)
    generator = np.random.Generator(np.random.PCG64(draw))
    return np.sort(generator.choice(rows, size=_SAMPLES, replace=False)), len(rows)


def _dataset_summary(project: Project, row: Mapping[str, Any]) -> DatasetSummary:
    arrays = row["arrays"]
    split, targets = project.array(arrays["split"]), project.array(arrays["targets"])
    class_names = tuple(row["class_names"])
    return DatasetSummary(
        id=row["id"],
        name=row["name"],
        task=row["task"],
        input_shape=tuple(_shape(project, arrays["inputs"])[1:]),
        class_names=class_names,
        counts={
            one: np.bincount(targets[split == str(one)], minlength=len(class_names))
            for one in SPLITS
        },
        columns=tuple(name.partition(":")[2] for name in arrays if name.startswith("column:")),
        fingerprint=row["fingerprint"],
        source=_source_of_data(row["source"]),
        notes=row["notes"],
        findings=_findings(project, row["id"]),
    )


def _findings(project: Project, dataset_id: int) -> tuple[str, ...]:
    """What the import found out about duplicates, as the log has it."""
    event = project.row(
        "SELECT payload FROM event WHERE type = 'dataset.imported' "
        "AND json_extract(payload, '$.rows.dataset') ->> ? IS NOT NULL",
        str(dataset_id),
    )
    return tuple(event["payload"].get("duplicates", ())) if event else ()


def _source_of_data(source: Mapping[str, Any]) -> str:
    file = source.get("file")
    return f"{file}, read by “{source['plugin']}”" if file else f"bundled, “{source['plugin']}”"


def _model_summary(project: Project, row: Mapping[str, Any]) -> ModelSummary:
    dataset_id = row["dataset_id"]
    dataset = project.row("SELECT name FROM dataset WHERE id = ?", dataset_id)
    architecture = row["architecture"]
    return ModelSummary(
        id=row["id"],
        name=row["name"],
        architecture=architecture["id"],
        parameters=_size_of(project, row["tensors"].values()),
        origin=_origin_of_model(row["source"]),
        dataset=dataset["name"] if dataset else "",
        is_measured=dataset_id is not None
        and load_outputs(project, row["id"], dataset_id, names=()) is not None,
    )


def _origin_of_model(source: Mapping[str, Any]) -> str:
    if file := source.get("file"):
        return f"imported from {file}"
    return f"trained here, seed {source['seed']}" if source.get("trained") else "unknown"


def _size_of(project: Project, digests: Iterable[str]) -> int:
    return sum(math.prod(_shape(project, digest)) for digest in digests)


def _shape(project: Project, digest: str) -> list[int]:
    row = project.row("SELECT shape FROM artifact WHERE hash = ?", digest)
    return list(row["shape"]) if row else []
