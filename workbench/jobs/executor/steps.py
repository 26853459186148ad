"""Steps that a person takes one by one, beside any plan: data, models, forget sets, maps."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workbench.audit.guards import duplicate_findings
from workbench.audit.plan import forget_set_from, recipe_from
from workbench.audit.resolve import forget_set_rows
from workbench.compute.attribution import attribution_maps
from workbench.core.dataset import Dataset
from workbench.core.errors import DataError, UsageError
from workbench.core.vocabulary import PluginKind
from workbench.jobs.execution import Channel
from workbench.jobs.executor.models import (
    architecture_for,
    import_model,
    live_events,
    stored_outputs,
    train_model,
)
from workbench.jobs.executor.workspace import Workspace
from workbench.jobs.importing import import_dataset

Payload = dict[str, Any]


def import_data_step(workspace: Workspace, payload: Payload, channel: Channel) -> Payload:
    """Read a dataset into the project; `notes` are sentences about it for the person."""
    channel.progress(0.0, "reading the data")
    path = Path(payload["path"]) if payload["path"] else None
    dataset_id, dataset = import_dataset(
        workspace.project,
        workspace.registry,
        payload["source"],
        path,
        payload["params"],
        name=payload["name"],
    )
    notes = duplicate_findings(dataset)
    if payload["name"] not in (None, dataset.name):
        notes.insert(0, f"The same data are in the project already, as {dataset.name!r}.")
    return {"dataset": dataset_id, "name": dataset.name, "notes": notes}


def import_model_step(workspace: Workspace, payload: Payload, channel: Channel) -> Payload:
    """Read weights from a file and make their outputs pass."""
    dataset_id = _dataset_id(workspace, payload["dataset"])
    dataset = workspace.data(dataset_id).dataset
    model_id = import_model(
        workspace,
        name=payload["name"],
        file=Path(payload["file"]),
        architecture=architecture_for(
            workspace.registry, payload["architecture"], payload["params"], dataset
        ),
        dataset_id=dataset_id,
        recipe=None,
    )
    channel.committed({"model": model_id})
    _measure(workspace, model_id, dataset_id, channel)
    return {"model": model_id, "name": payload["name"]}


def train_model_step(workspace: Workspace, payload: Payload, channel: Channel) -> Payload:
    """Train a model on every training row and make its outputs pass."""
    dataset_id = _dataset_id(workspace, payload["dataset"])
    dataset = workspace.data(dataset_id).dataset
    model_id, _ = train_model(
        workspace,
        name=payload["name"],
        architecture=architecture_for(
            workspace.registry, payload["architecture"], payload["params"], dataset
        ),
        dataset_id=dataset_id,
        recipe=recipe_from(payload["recipe"]),
        seed=int(payload["seed"]),
        channel=channel,
    )
    channel.committed({"model": model_id})
    _measure(workspace, model_id, dataset_id, channel)
    return {"model": model_id}


def measure_outputs_step(workspace: Workspace, payload: Payload, channel: Channel) -> Payload:
    """Make the outputs pass of a model over a dataset, unless it is stored."""
    dataset_id = _dataset_id(workspace, payload["dataset"])
    _measure(workspace, int(payload["model"]), dataset_id, channel)
    return {}


def choose_forget_set_step(workspace: Workspace, payload: Payload, channel: Channel) -> Payload:
    """The rows that a choice means and the definition to save them under; nothing is saved."""
    choice = forget_set_from(payload["choice"])
    dataset_id = _dataset_id(workspace, payload["dataset"])
    outputs = None
    if payload["model"] is not None:
        outputs = _measure(workspace, int(payload["model"]), dataset_id, channel)
    channel.progress(0.0, "choosing rows")
    dataset = workspace.data(dataset_id).dataset
    rows, definition = forget_set_rows(choice, dataset, workspace.registry, outputs)
    return {"dataset": dataset_id, "rows": rows.tolist(), "definition": definition}


def explain_step(workspace: Workspace, payload: Payload, channel: Channel) -> Payload:
    """Attribution maps (k, ...) of rows under each model, made as those of runs are; not stored."""
    data = workspace.data(_dataset_id(workspace, payload["dataset"]))
    rows = payload["rows"]
    _check_rows(rows, data.dataset)
    contributed = workspace.registry.get(PluginKind.ATTRIBUTION, payload["explainer"])
    params = contributed.parse_params(payload["params"])
    maps = {}
    for model_id in payload["models"]:
        of_model = attribution_maps(
            contributed.load(),
            workspace.model(int(model_id)),
            data,
            rows,
            params,
            name=contributed.id,
            events=live_events(channel),
            cancel=channel.cancel_token,
        )
        maps[str(model_id)] = base64.b64encode(of_model.astype("<f4").tobytes()).decode()
    return {"shape": [len(rows), *data.dataset.input_shape], "dtype": "<f4", "maps": maps}


def _measure(
    workspace: Workspace, model_id: int, dataset_id: int, channel: Channel
) -> dict[str, Any]:
    model = workspace.model(model_id)
    return stored_outputs(workspace, model_id, model, dataset_id, live_events(channel))


def _dataset_id(workspace: Workspace, given: int | str) -> int:
    """The id of a dataset that is given by id or by name."""
    if isinstance(given, int):
        return int(workspace.row("dataset", given)["id"])
    row = workspace.project.row("SELECT id FROM dataset WHERE name = ?", given)
    if row is None:
        raise UsageError(
            f"The project has no dataset {given!r}.",
            remedy="Import the data before the model; it gives the shapes.",
        )
    return int(row["id"])


def _check_rows(rows: Sequence[int], dataset: Dataset) -> None:
    absent = next((row for row in rows if not 0 <= row < len(dataset)), None)
    if absent is not None:
        raise DataError(
            f"Dataset {dataset.name!r} has no row {absent}; it has rows 0 to {len(dataset) - 1}.",
            remedy="Correct the row numbers.",
        )
