"""The first job of a plan: its data, its original model, that model's outputs, its forget sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import nn

from workbench.audit.duplicates import duplicates_in_words, duplicates_record
from workbench.audit.plan import Plan, stored_plan
from workbench.compute.tensors import DatasetTensors
from workbench.core.errors import UsageError
from workbench.jobs.execution import Channel
from workbench.jobs.executor.models import (
    architecture_for,
    import_model,
    live_events,
    stored_outputs,
    train_model,
)
from workbench.jobs.executor.workspace import Workspace
from workbench.jobs.importing import import_dataset, save_choice

_ORIGINAL = "original"


def prepare(workspace: Workspace, plan_id: int, folder: Path, channel: Channel) -> dict[str, Any]:
    """Make everything the runs of a locked plan start from, once. `folder` is the plan's.

    A plan that was prepared keeps its data, model and forget sets for good: whatever the project
    gets under the same names afterwards is not what the plan was locked for. What was found of
    copies of the forget rows goes into the evidence log; `notes` say it in sentences.
    """
    project = workspace.project
    row = workspace.row("plan", plan_id)
    if row["forget_sets"] is not None:
        return {"forget_sets": row["forget_sets"], "notes": []}
    plan = stored_plan(row["content"])
    dataset_id = _dataset(workspace, plan, folder)
    data = workspace.data(dataset_id)
    model_id, model = _original(workspace, plan, folder, dataset_id, data, channel)
    outputs = stored_outputs(workspace, model_id, model, dataset_id, live_events(channel))
    forget_sets, copies, notes = {}, {}, []
    for choice in plan.forget_sets:
        forget_set_id, rows = save_choice(
            project, workspace.registry, choice, dataset_id, data.dataset, outputs
        )
        forget_sets[choice.name] = forget_set_id
        found = workspace.duplicates(forget_set_id, rows, model_id, dataset_id)
        copies[choice.name] = duplicates_record(found)
        notes += [f"{choice.name}: {one}" for one in duplicates_in_words(found)]
    with project.transaction(
        "plan.prepared", subject=f"plan:{plan_id}", payload={"duplicates": copies}
    ) as tx:
        tx.update(
            "plan",
            {"id": plan_id},
            dataset_id=dataset_id,
            original_model_id=model_id,
            forget_sets=forget_sets,
        )
    return {"forget_sets": forget_sets, "notes": notes}


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
        workspace.project,
        workspace.registry,
        plan.data.source,
        path,
        plan.data.params,
        plant=plan.data.plant,
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
    architecture = architecture_for(
        workspace.registry, plan.model.architecture, plan.model.params, data.dataset
    )
    if plan.model.weights:
        model_id = import_model(
            workspace,
            name=_ORIGINAL,
            file=folder / plan.model.weights,
            architecture=architecture,
            dataset_id=dataset_id,
            recipe=plan.recipe,
        )
        return model_id, workspace.model(model_id)
    return train_model(
        workspace,
        name=_ORIGINAL,
        architecture=architecture,
        dataset_id=dataset_id,
        recipe=plan.recipe,
        seed=plan.model.seed,
        channel=channel,
    )
