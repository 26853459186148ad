"""The first job of a plan: its data, its original model, that model's outputs, its forget sets."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from torch import nn

from workbench.audit.plan import Plan, stored_plan
from workbench.compute.models import load_tensors_into, read_weights, tensors_of
from workbench.compute.outputs import outputs_pass
from workbench.compute.seeding import generator
from workbench.compute.tensors import DatasetTensors
from workbench.compute.training import train
from workbench.core.errors import UsageError
from workbench.core.hashing import hash_arrays
from workbench.core.recipe import Recipe
from workbench.core.vocabulary import PluginKind, Split
from workbench.jobs.execution import Channel
from workbench.jobs.executor.workspace import RunEvents, Workspace
from workbench.jobs.importing import import_dataset, save_choice
from workbench.registry import Registry
from workbench.store import load_outputs, save_model, save_outputs


def prepare(workspace: Workspace, plan_id: int, folder: Path, channel: Channel) -> dict[str, Any]:
    """Make everything the runs of a locked plan start from, once. `folder` is the plan's.

    A plan that was prepared keeps its data, model and forget sets for good: whatever the project
    gets under the same names afterwards is not what the plan was locked for.
    """
    project = workspace.project
    row = workspace.row("plan", plan_id)
    if row["forget_sets"] is not None:
        return {"forget_sets": row["forget_sets"]}
    plan = stored_plan(row["content"])
    dataset_id = _dataset(workspace, plan, folder)
    data = workspace.data(dataset_id)
    model_id, model = _original(workspace, plan, folder, dataset_id, data, channel)
    outputs = stored_outputs(
        workspace, model_id, model, dataset_id, RunEvents(channel, time.perf_counter)
    )
    forget_sets = {}
    for choice in plan.forget_sets:
        forget_sets[choice.name], _ = save_choice(
            project, workspace.registry, choice, dataset_id, data.dataset, outputs
        )
    with project.transaction("plan.prepared", subject=f"plan:{plan_id}") as tx:
        tx.update(
            "plan",
            {"id": plan_id},
            dataset_id=dataset_id,
            original_model_id=model_id,
            forget_sets=forget_sets,
        )
    return {"forget_sets": forget_sets}


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


def import_model(
    workspace: Workspace,
    *,
    name: str,
    file: Path,
    architecture: dict[str, Any],
    dataset_id: int | None,
    recipe: dict[str, Any] | None,
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
            parent_id=None,
            dataset_id=dataset_id,
            recipe=recipe,
            source={"file": file.name},
        )


def architecture_for(
    registry_id: str, params: dict[str, Any], data_shape: tuple[int, ...], n_outputs: int
) -> dict[str, Any]:
    """The JSON that names a network completely."""
    return {
        "id": registry_id,
        "params": params,
        "input_shape": list(data_shape),
        "n_outputs": n_outputs,
    }


def _dataset(workspace: Workspace, plan: Plan, folder: Path) -> int:
    if plan.data.use:
        row = workspace.project.row("SELECT id FROM dataset WHERE name = ?", plan.data.use)
        if row is None:
            raise UsageError(
                f"The project has no dataset {plan.data.use!r}.",
                remedy="Import it with 'workbench import-data'.",
            )
        return int(row["id"])
    path = folder / plan.data.path if plan.data.path else None
    dataset_id, _ = import_dataset(
        workspace.project, workspace.registry, plan.data.source, path, plan.data.params
    )
    return dataset_id


def _original(
    workspace: Workspace,
    plan: Plan,
    folder: Path,
    dataset_id: int,
    data: DatasetTensors,
    channel: Channel,
) -> tuple[int, nn.Module]:
    if plan.model.use:
        row = workspace.project.row(
            "SELECT id FROM model WHERE name = ? ORDER BY id DESC LIMIT 1", plan.model.use
        )
        if row is None:
            raise UsageError(
                f"The project has no model {plan.model.use!r}.",
                remedy="Import it with 'workbench import-model'.",
            )
        return int(row["id"]), workspace.model(int(row["id"]))
    architecture = _architecture(workspace.registry, plan, data)
    recipe = plan.recipe.model_dump(mode="json")
    if plan.model.weights:
        model_id = import_model(
            workspace,
            name="original",
            file=folder / plan.model.weights,
            architecture=architecture,
            dataset_id=dataset_id,
            recipe=recipe,
        )
        return model_id, workspace.model(model_id)
    return _trained(workspace, plan, architecture, dataset_id, data, channel)


def _trained(
    workspace: Workspace,
    plan: Plan,
    architecture: dict[str, Any],
    dataset_id: int,
    data: DatasetTensors,
    channel: Channel,
) -> tuple[int, nn.Module]:
    recipe = plan.recipe.model_dump(mode="json")
    source = {
        "trained": True,
        "seed": plan.model.seed,
        "architecture": architecture,
        "dataset": data.dataset.fingerprint,
        "recipe": recipe,
    }
    for row in workspace.project.rows("SELECT id, source FROM model WHERE name = 'original'"):
        if row["source"] == source:
            return int(row["id"]), workspace.model(int(row["id"]))
    channel.log("Training the original model.")
    model = workspace.new_model(architecture, plan.model.seed)
    train_on_all(model, data, plan.recipe, plan.model.seed, channel)
    tensors = tensors_of(model)
    with workspace.project.transaction(
        "model.trained", subject="model:original", payload={"weights": hash_arrays(tensors)}
    ) as tx:
        model_id = save_model(
            tx,
            "original",
            architecture,
            tensors,
            parent_id=None,
            dataset_id=dataset_id,
            recipe=recipe,
            source=source,
        )
    return model_id, model


def train_on_all(
    model: nn.Module, data: DatasetTensors, recipe: Recipe, seed: int, channel: Channel
) -> None:
    """Train on every training row: what makes the original model."""
    start = time.perf_counter()
    rows = data.row_ids(data.dataset.rows_of(Split.TRAIN))
    train(
        model,
        data,
        rows,
        recipe,
        generator(seed),
        events=RunEvents(channel, lambda: time.perf_counter() - start),
        cancel=channel.cancel_token,
    )
    model.eval()


def _architecture(registry: Registry, plan: Plan, data: DatasetTensors) -> dict[str, Any]:
    params = registry.get(PluginKind.ARCHITECTURE, plan.model.architecture).parse_params(
        plan.model.params
    )
    return architecture_for(
        plan.model.architecture,
        params.model_dump(mode="json"),
        data.dataset.input_shape,
        data.dataset.n_classes,
    )
