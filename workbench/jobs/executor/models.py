"""Models of a project: described, read from a file, trained, and their outputs."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

from workbench.compute.batching import MicroBatcher
from workbench.compute.models import load_tensors_into, read_weights, tensors_of
from workbench.compute.outputs import outputs_pass
from workbench.compute.seeding import generator
from workbench.compute.training import train
from workbench.compute.watching import AccuracyWatch
from workbench.core.dataset import Dataset
from workbench.core.hashing import hash_arrays
from workbench.core.recipe import Recipe
from workbench.core.vocabulary import PluginKind, Split
from workbench.jobs.execution import Channel
from workbench.jobs.executor.workspace import RunEvents, Workspace
from workbench.registry import Registry
from workbench.store import load_outputs, save_model, save_outputs

Architecture = dict[str, Any]


def architecture_for(
    registry: Registry, id_: str, params: Mapping[str, Any], dataset: Dataset
) -> Architecture:
    """The JSON that names a network completely. UsageError for a wrong id or parameter."""
    contributed = registry.get(PluginKind.ARCHITECTURE, id_)
    return {
        "id": contributed.id,
        "params": contributed.parse_params(params).model_dump(mode="json"),
        "input_shape": list(dataset.input_shape),
        "n_outputs": dataset.n_classes,
    }


def import_model(
    workspace: Workspace,
    *,
    name: str,
    file: Path,
    architecture: Architecture,
    dataset_id: int,
    recipe: Recipe | None,
) -> int:
    """Check a weights file against an architecture and store it. DataError if it does not fit."""
    model = workspace.new_model(architecture, seed=0)
    load_tensors_into(model, read_weights(file))
    with workspace.project.transaction("model.imported", subject=f"model:{name}") as tx:
        return save_model(
            tx,
            name,
            architecture,
            tensors_of(model),
            dataset_id=dataset_id,
            recipe=None if recipe is None else recipe.model_dump(mode="json"),
            source={"file": file.name},
        )


def train_model(
    workspace: Workspace,
    *,
    name: str,
    architecture: Architecture,
    dataset_id: int,
    recipe: Recipe,
    seed: int,
    channel: Channel,
) -> tuple[int, nn.Module]:
    """Train on every training row and store the model; the stored one if it was made before."""
    data = workspace.data(dataset_id)
    source = {
        "trained": True,
        "seed": seed,
        "architecture": architecture,
        "dataset": data.dataset.fingerprint,
        "recipe": recipe.model_dump(mode="json"),
    }
    for row in workspace.project.rows("SELECT id, source FROM model WHERE name = ?", name):
        if row["source"] == source:
            return int(row["id"]), workspace.model(int(row["id"]))
    channel.log(f"Training the model {name!r}.")
    model = workspace.new_model(architecture, seed)
    events = live_events(channel)
    batcher = MicroBatcher(data.device, events.log)
    rows = {split: data.row_ids(data.dataset.rows_of(split)) for split in (Split.TRAIN, Split.TEST)}
    train(
        model,
        data,
        rows[Split.TRAIN],
        recipe,
        generator(seed),
        events=events,
        cancel=channel.cancel_token,
        batcher=batcher,
        after_epoch=AccuracyWatch(data, rows, events, batcher, channel.cancel_token).look_at,
    )
    model.eval()
    tensors = tensors_of(model)
    with workspace.project.transaction(
        "model.trained", subject=f"model:{name}", payload={"weights": hash_arrays(tensors)}
    ) as tx:
        model_id = save_model(
            tx,
            name,
            architecture,
            tensors,
            dataset_id=dataset_id,
            recipe=recipe.model_dump(mode="json"),
            source=source,
        )
    return model_id, model


def stored_outputs(
    workspace: Workspace, model_id: int, model: nn.Module, dataset_id: int, events: RunEvents
) -> dict[str, Any]:
    """The outputs of a model over a dataset: read if stored, else one forward pass."""
    known = load_outputs(workspace.project, model_id, dataset_id)
    if known is not None:
        return known
    outputs = outputs_pass(
        model, workspace.data(dataset_id), events=events, cancel=events.channel.cancel_token
    )
    with workspace.project.transaction("outputs.stored", subject=f"model:{model_id}") as tx:
        save_outputs(tx, model_id, dataset_id, outputs)
    return dict(outputs)


def live_events(channel: Channel) -> RunEvents:
    """What a computation tells, passed on to `channel` with the seconds from now on."""
    start = time.perf_counter()
    return RunEvents(channel, lambda: time.perf_counter() - start)
