"""The domain objects of a project: datasets, models, outputs, metrics, and what made them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.dataset import Dataset, Preprocessing
from workbench.core.errors import DataError, ProjectError
from workbench.core.hashing import canonical_json, hash_json
from workbench.core.metric_value import MetricValue
from workbench.core.vocabulary import Direction, MetricStatus, Split, Unit
from workbench.store.evidence import now
from workbench.store.project import Project
from workbench.store.transaction import Transaction

Arrays = Mapping[str, NDArray[Any]]

_COLUMN = "column:"


def save_dataset(tx: Transaction, dataset: Dataset, source: Mapping[str, Any]) -> int:
    """Store a dataset; the id it already has if the same content is there, under any name.

    DataError if its name is taken by other content.
    """
    known = tx.row("SELECT id FROM dataset WHERE fingerprint = ?", dataset.fingerprint)
    if known:
        return int(known["id"])
    if tx.row("SELECT id FROM dataset WHERE name = ?", dataset.name):
        raise DataError(
            f"The project has another dataset named {dataset.name!r}.",
            remedy="Import this one under another name.",
        )
    arrays = {"inputs": dataset.inputs, "targets": dataset.targets, "split": dataset.split}
    arrays |= {_COLUMN + name: values for name, values in dataset.columns.items()}
    preprocessing = dataset.preprocessing.model_dump(mode="json")
    return tx.insert(
        "dataset",
        name=dataset.name,
        fingerprint=dataset.fingerprint,
        task=dataset.task,
        source=dict(source),
        n_rows=len(dataset),
        class_names=list(dataset.class_names),
        preprocessing=preprocessing,
        preprocessing_hash=hash_json(preprocessing),
        arrays=_put_arrays(tx, arrays),
        notes=dataset.notes,
        created=now(),
    )


def load_dataset(project: Project, dataset_id: int, *, inputs: bool = True) -> Dataset:
    """ProjectError if there is none of this id.

    Questions about rows and not about what is in them are answered faster without `inputs`, which
    are then (n, 0); such a dataset has another fingerprint.
    """
    row = _existing(project, "dataset", dataset_id)
    wanted = {name: digest for name, digest in row["arrays"].items() if inputs or name != "inputs"}
    arrays = {name: project.array(digest) for name, digest in wanted.items()}
    if not inputs:
        arrays["inputs"] = np.empty((row["n_rows"], 0), dtype=np.uint8)
    return Dataset(
        name=row["name"],
        inputs=arrays.pop("inputs"),
        targets=arrays.pop("targets"),
        split=arrays.pop("split"),
        class_names=tuple(row["class_names"]),
        columns={name.removeprefix(_COLUMN): values for name, values in arrays.items()},
        preprocessing=Preprocessing.model_validate(row["preprocessing"]),
        task=row["task"],
        notes=row["notes"],
    )


def save_model(
    tx: Transaction,
    name: str,
    architecture: Mapping[str, Any],
    tensors: Arrays,
    *,
    parent_id: int | None = None,
    dataset_id: int | None = None,
    recipe: Mapping[str, Any] | None = None,
    source: Mapping[str, Any],
) -> int:
    """Store a model tensor by tensor, so that models share the tensors they have in common."""
    hashes = _put_arrays(tx, tensors)
    return tx.insert(
        "model",
        name=name,
        architecture=dict(architecture),
        weights_hash=hash_json(hashes),  # equals hash_arrays(tensors), without hashing them again
        tensors=hashes,
        parent_id=parent_id,
        dataset_id=dataset_id,
        recipe=None if recipe is None else dict(recipe),
        source=dict(source),
        created=now(),
    )


def load_tensors(project: Project, model_id: int) -> dict[str, NDArray[Any]]:
    """The weights of a model by tensor name. ProjectError if there is no such model."""
    row = _existing(project, "model", model_id)
    return {name: project.array(digest) for name, digest in row["tensors"].items()}


def save_outputs(tx: Transaction, model_id: int, dataset_id: int, arrays: Arrays) -> None:
    """Store the outputs of one model over one dataset: logits (n, C), loss (n,), ...

    The event says which rows they are of. DataError if there is not one output for each.
    """
    dataset = tx.row("SELECT * FROM dataset WHERE id = ?", dataset_id)
    if dataset is None:
        raise ProjectError(f"The project has no dataset {dataset_id}.")
    for name, values in arrays.items():
        if len(values) != dataset["n_rows"]:
            raise DataError(
                f"The {name} of model {model_id} hold {len(values)} rows but dataset "
                f"{dataset['name']!r} has {dataset['n_rows']}.",
                remedy="Compute the outputs again on this dataset.",
            )
    tx.payload["rows_of"] = {"dataset": dataset["fingerprint"], "rows": dataset["n_rows"]}
    network = _network_hash(tx.row("SELECT * FROM model WHERE id = ?", model_id), model_id)
    for name, digest in _put_arrays(tx, arrays).items():
        tx.upsert("output", network_hash=network, dataset_id=dataset_id, name=name, hash=digest)


def load_outputs(
    project: Project, model_id: int, dataset_id: int, names: Iterable[str] | None = None
) -> dict[str, NDArray[Any]] | None:
    """Stored outputs by name, all or those named; None if an equal network never made its pass.

    A dataset never changes its preprocessing, so the dataset stands for both. ProjectError if
    there is not one output for each of its rows.
    """
    network = _network_hash(project.row("SELECT * FROM model WHERE id = ?", model_id), model_id)
    rows = project.rows(
        "SELECT name, hash FROM output WHERE network_hash = ? AND dataset_id = ?",
        network,
        dataset_id,
    )
    stored = {row["name"]: row["hash"] for row in rows}
    wanted = list(stored if names is None else names)
    if not stored or not set(wanted) <= stored.keys():
        return None
    n_rows = _existing(project, "dataset", dataset_id)["n_rows"]
    arrays = {name: project.array(stored[name]) for name in wanted}
    for name, values in arrays.items():
        if len(values) != n_rows:
            raise ProjectError(
                f"The stored {name} of model {model_id} hold {len(values)} rows for a dataset of "
                f"{n_rows}.",
                remedy="Run 'workbench verify', and restore the project from a copy.",
            )
    return arrays


def _network_hash(model: Mapping[str, Any] | None, model_id: int) -> str:
    """Equal for models that give equal outputs: the same weights in the same architecture."""
    if model is None:
        raise ProjectError(f"The project has no model {model_id}.")
    return hash_json({"weights": model["weights_hash"], "architecture": model["architecture"]})


def save_metrics(
    tx: Transaction, run_id: int, model_id: int | None, values: Iterable[MetricValue]
) -> None:
    for metric in values:
        tx.insert(
            "metric",
            run_id=run_id,
            model_id=model_id,
            name=metric.name,
            version=metric.version,
            split=None if metric.split is None else str(metric.split),
            group_key=metric.group_key,
            value=metric.value,
            ci_low=metric.ci_low,
            ci_high=metric.ci_high,
            ci_method=metric.ci_method,
            n=metric.n,
            unit=str(metric.unit),
            direction=str(metric.direction),
            reference=metric.reference,
            status=str(metric.status),
            reason=metric.reason,
        )


def load_metrics(project: Project, run_id: int) -> list[MetricValue]:
    """The metrics of a run in the order in which they were saved."""
    rows = project.rows("SELECT * FROM metric WHERE run_id = ? ORDER BY id", run_id)
    try:
        return [_metric(row) for row in rows]
    except ValueError as fault:
        raise ProjectError(
            f"Project {project.path.name!r} holds a metric that was never written so ({fault}).",
            remedy="Run 'workbench verify', and restore the project from a copy.",
        ) from fault


def _metric(row: Mapping[str, Any]) -> MetricValue:
    return MetricValue(
        name=row["name"],
        version=row["version"],
        split=None if row["split"] is None else Split(row["split"]),
        value=row["value"],
        unit=Unit(row["unit"]),
        direction=Direction(row["direction"]),
        n=row["n"],
        ci_low=row["ci_low"],
        ci_high=row["ci_high"],
        ci_method=row["ci_method"],
        group_key=row["group_key"],
        reference=row["reference"],
        status=MetricStatus(row["status"]),
        reason=row["reason"],
    )


def save_environment(tx: Transaction, description: Mapping[str, Any]) -> int:
    """The id of this environment, stored if it is new."""
    digest = hash_json(dict(description))
    known = tx.row("SELECT id FROM environment WHERE hash = ?", digest)
    if known:
        return int(known["id"])
    return tx.insert("environment", hash=digest, description=dict(description))


def save_plugin(
    tx: Transaction,
    name: str,
    version: str,
    origin: str,
    hash: str,  # noqa: A002 - the column's name
    manifest: Mapping[str, Any],
) -> int:
    """The id of this state of a plugin, stored if it is new."""
    known = tx.row(
        "SELECT id FROM plugin WHERE name = ? AND version = ? AND hash = ?", name, version, hash
    )
    if known:
        return int(known["id"])
    return tx.insert(
        "plugin", name=name, version=version, origin=origin, hash=hash, manifest=dict(manifest)
    )


def save_forget_set(
    tx: Transaction,
    dataset_id: int,
    name: str,
    definition: Mapping[str, Any],
    rows: NDArray[np.integer[Any]],
) -> int:
    """The id of this forget set: an equal version's, or that of a new version.

    rows: (k,) row ids of the dataset.
    """
    digest = tx.put_array(np.asarray(rows, dtype=np.int64))
    known = tx.row(
        "SELECT id FROM forget_set "
        "WHERE dataset_id = ? AND name = ? AND rows_artifact = ? AND definition = ?",
        dataset_id,
        name,
        digest,
        canonical_json(dict(definition)),
    )
    if known:
        return int(known["id"])
    last = tx.row(
        "SELECT version FROM forget_set WHERE dataset_id = ? AND name = ? "
        "ORDER BY version DESC LIMIT 1",
        dataset_id,
        name,
    )
    return tx.insert(
        "forget_set",
        dataset_id=dataset_id,
        name=name,
        version=last["version"] + 1 if last else 1,
        definition=dict(definition),
        rows_artifact=digest,
        n_rows=len(rows),
        created=now(),
    )


def _put_arrays(tx: Transaction, arrays: Arrays) -> dict[str, str]:
    return {name: tx.put_array(values) for name, values in arrays.items()}


def _existing(project: Project, table: str, row_id: int) -> dict[str, Any]:
    row = project.row(f"SELECT * FROM {table} WHERE id = ?", row_id)
    if row is None:
        raise ProjectError(f"Project {project.path.name!r} has no {table} {row_id}.")
    return row
