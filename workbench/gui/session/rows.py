"""What can be asked and shown about the training rows of a dataset: columns and a map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.audit.resolve import training_columns
from workbench.core.dataset import Dataset
from workbench.core.errors import ProjectError
from workbench.core.selection import Rule, select
from workbench.core.vocabulary import Split
from workbench.metrics import Undefined
from workbench.metrics.projection import principal_plane
from workbench.store import Project, load_dataset, load_outputs

MAP_X, MAP_Y = "map x", "map y"
"""Columns with the place of a row on the map; a lasso is a rule on them."""


@dataclass(frozen=True)
class RowTable:
    """The training rows (n,) of a dataset, ascending, and their columns (n,) by name.

    `map_of` says in words what the map is a plane of; it is "" and `no_map` says why if there is
    none. `model_id` is the model whose loss, confidence and embedding are among the columns.
    """

    dataset: Dataset
    dataset_id: int
    model_id: int | None
    rows: NDArray[np.int64]
    columns: dict[str, NDArray[Any]]
    map_of: str
    no_map: str

    def rows_where(self, rule: Rule) -> NDArray[np.int64]:
        """Ascending row ids. UsageError names a column that is not there."""
        return self.rows[select(rule, self.columns)]


def read_row_table(project: Project, dataset_id: int, model_id: int | None) -> RowTable:
    """Columns of the rule language, and the plane of largest variance of the embedding.

    Without a model, or before its outputs were computed, the plane is that of the inputs.
    """
    dataset = load_dataset(project, dataset_id)
    rows = dataset.rows_of(Split.TRAIN)
    outputs = load_outputs(project, model_id, dataset_id) if model_id is not None else None
    columns = training_columns(dataset, outputs)
    if outputs is None:
        features, map_of = dataset.inputs[rows].reshape(len(rows), -1), "inputs"
    else:
        features, map_of = outputs["embedding"][rows], f"embedding of {_name(project, model_id)!r}"
    try:
        plane, explained = principal_plane(features)
    except Undefined as reason:
        return RowTable(dataset, dataset_id, model_id, rows, columns, "", str(reason))
    columns |= {MAP_X: plane[:, 0], MAP_Y: plane[:, 1]}
    shown = f"principal plane of the {map_of}, {explained.sum():.0%} of the variance"
    return RowTable(dataset, dataset_id, model_id, rows, columns, shown, "")


def _name(project: Project, model_id: int | None) -> str:
    row = project.row("SELECT name FROM model WHERE id = ?", model_id)
    if row is None:
        raise ProjectError(f"The project has no model {model_id}.")
    return str(row["name"])
