"""Bringing data and forget sets into a project. Free of torch: plugins for both are numpy code."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.audit.guards import duplicate_findings
from workbench.audit.plan import ForgetSetChoice
from workbench.audit.planting import planted
from workbench.audit.resolve import forget_set_rows
from workbench.core.dataset import Dataset, check_dataset
from workbench.core.errors import UsageError
from workbench.core.planting import PLANTED, Planting
from workbench.core.vocabulary import PluginKind
from workbench.registry import Registry
from workbench.store import Project, load_dataset, save_dataset, save_forget_set

Outputs = Mapping[str, NDArray[Any]]


def import_dataset(
    project: Project,
    registry: Registry,
    source: str,
    path: Path | None,
    params: Mapping[str, Any],
    *,
    name: str | None = None,
    plant: Sequence[Planting] = (),
) -> tuple[int, Dataset]:
    """Read a dataset with the plugin `source` and store it; its id, and what is stored.

    The same content is stored once, under the name it was first given. What is to be planted in
    the training rows is planted first, and kept with the source.

    DataError names the first fault of the data, UsageError that of the parameters.
    """
    plugin = registry.get(PluginKind.DATASET, source)
    checked = plugin.parse_params(params)
    dataset: Dataset = plugin.load().load(path, checked)
    if plant:
        check_dataset(dataset)
        dataset = planted(dataset, plant)
    if name:
        dataset = dataclasses.replace(dataset, name=name)
    check_dataset(dataset)
    described: dict[str, Any] = {
        "plugin": source,
        "params": checked.model_dump(mode="json"),
        "file": path.name if path else None,
    }
    if plant:
        described[PLANTED] = [planting.model_dump(mode="json") for planting in plant]
    with project.transaction("dataset.imported", subject=f"dataset:{dataset.name}") as tx:
        dataset_id = save_dataset(tx, dataset, described)
        tx.payload["duplicates"] = duplicate_findings(dataset)
    return dataset_id, load_dataset(project, dataset_id)


def choose_forget_set(
    project: Project, registry: Registry, choice: ForgetSetChoice, dataset_name: str | None
) -> tuple[int, NDArray[np.int64]]:
    """Resolve `choice` on a dataset of the project and save it as a named, versioned set."""
    datasets = project.rows("SELECT id, name FROM dataset ORDER BY id")
    fitting = [row for row in datasets if dataset_name in (None, row["name"])]
    names = ", ".join(repr(row["name"]) for row in datasets) or "none"
    if dataset_name and not fitting:
        raise UsageError(
            f"The project has no dataset {dataset_name!r}.", remedy=f"There is: {names}."
        )
    if not datasets:
        raise UsageError(
            "The project has no dataset yet.", remedy="Import one with 'workbench import-data'."
        )
    if len(fitting) != 1:
        raise UsageError(
            "It is not clear which dataset is meant.", remedy=f"Use --dataset; there is: {names}."
        )
    dataset_id = int(fitting[0]["id"])
    dataset = load_dataset(project, dataset_id)
    return save_choice(project, registry, choice, dataset_id, dataset, original=None)


def save_choice(
    project: Project,
    registry: Registry,
    choice: ForgetSetChoice,
    dataset_id: int,
    dataset: Dataset,
    original: Outputs | None,
) -> tuple[int, NDArray[np.int64]]:
    """Resolve and save one forget set; `original` holds the original model's outputs, if any."""
    if choice.use:
        return _in_project(project, choice.use, dataset_id)
    rows, definition = forget_set_rows(choice, dataset, registry, original)
    with project.transaction("forget_set.chosen", subject=f"forget_set:{choice.name}") as tx:
        return save_forget_set(tx, dataset_id, choice.name, definition, rows), rows


def _in_project(project: Project, name: str, dataset_id: int) -> tuple[int, NDArray[np.int64]]:
    known = project.row(
        "SELECT id, rows_artifact FROM forget_set WHERE dataset_id = ? AND name = ? "
        "ORDER BY version DESC LIMIT 1",
        dataset_id,
        name,
    )
    if known is None:
        raise UsageError(
            f"The project has no forget set {name!r} on this dataset.",
            remedy="Make it with 'workbench select'.",
        )
    return int(known["id"]), project.array(known["rows_artifact"])
