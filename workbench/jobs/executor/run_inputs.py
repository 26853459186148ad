"""What a run starts from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from workbench.audit.guards import matched_non_members
from workbench.audit.plan import Plan, stored_plan
from workbench.audit.planting import planted_in
from workbench.compute.tensors import DatasetTensors
from workbench.core.planting import Planting
from workbench.core.vocabulary import Split
from workbench.jobs.executor.workspace import Workspace


@dataclass(frozen=True)
class RunInputs:
    """Everything a run starts from, read from the project."""

    row: dict[str, Any]
    plan: Plan
    data: DatasetTensors
    dataset_id: int
    original: nn.Module
    plantings: tuple[Planting, ...]
    forget: NDArray[np.int64]
    retain: NDArray[np.int64]
    non_members: NDArray[np.int64]
    twins: NDArray[np.int64]


def read_inputs(workspace: Workspace, run_id: int) -> RunInputs:
    row = workspace.row("run", run_id)
    plan_row = workspace.row("plan", row["plan_id"])
    forget_set = workspace.row("forget_set", row["forget_set_id"])
    data = workspace.data(forget_set["dataset_id"])
    forget = workspace.project.array(forget_set["rows_artifact"])
    return RunInputs(
        row=row,
        plan=stored_plan(plan_row["content"]),
        data=data,
        dataset_id=int(forget_set["dataset_id"]),
        original=workspace.model(row["original_model_id"]),
        plantings=planted_in(workspace.row("dataset", forget_set["dataset_id"])["source"]),
        forget=forget,
        retain=np.setdiff1d(data.dataset.rows_of(Split.TRAIN), forget),
        non_members=matched_non_members(
            data.dataset, forget, forget_set["definition"].get("non_members", "")
        ),
        twins=workspace.duplicates(
            forget_set["id"], forget, row["original_model_id"], forget_set["dataset_id"]
        ).twinned,
    )
