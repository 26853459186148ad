from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.audit.cost import planned_cost
from workbench.audit.plan import Plan
from workbench.audit.schedule import lock_plan, planned_runs
from workbench.core.dataset import Dataset
from workbench.core.vocabulary import PluginKind, RunRole
from workbench.registry import Registry
from workbench.store import Project, save_dataset, save_forget_set, save_model

Seconds = dict[str, list[int]]


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry.discover()


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.create(tmp_path / "p.audit", "P") as project:
        yield project


@pytest.fixture
def plan(tiny_plan: dict[str, Any]) -> Plan:
    return Plan.model_validate(tiny_plan)


def architecture(hidden: int = 16) -> dict[str, Any]:
    params = (
        Registry.discover().get(PluginKind.ARCHITECTURE, "mlp").parse_params({"hidden": [hidden]})
    )
    dumped = params.model_dump(mode="json")
    return {"id": "mlp", "params": dumped, "input_shape": [4], "n_outputs": 2}


def add_finished_runs(
    project: Project, plan: Plan, registry: Registry, seconds: Seconds, hidden: int = 16
) -> None:
    """As if the plan had been run, and the runs of each method had taken so many seconds."""
    plan_id = lock_plan(project, plan)
    source = registry.get(PluginKind.DATASET, "digits").parse_params(plan.data.params)
    data = Dataset(
        "digits",
        np.zeros((3, 4), np.float32),
        np.zeros(3, np.int64),
        np.array(["train", "test", "non_member"]),
        ("a", "b"),
    )
    with project.transaction("filled") as tx:
        described = {"plugin": "digits", "params": source.model_dump(mode="json")}
        dataset_id = save_dataset(tx, data, described)
        model_id = save_model(tx, "original", architecture(hidden), {}, source={})
        forget_set_id = save_forget_set(tx, dataset_id, "threes", {}, np.array([0]))
        tx.update("plan", {"id": plan_id}, dataset_id=dataset_id, original_model_id=model_id)
        for method, times in seconds.items():
            for seed, time in enumerate(times):
                tx.insert(
                    "run",
                    plan_id=plan_id,
                    forget_set_id=forget_set_id,
                    label=method,
                    role="candidate",
                    method=method,
                    params={},
                    seed=seed,
                    status="done",
                    key="k",
                    original_model_id=model_id,
                    queued="t",
                    started="2026-01-01T00:00:00.000Z",
                    finished=f"2026-01-01T00:00:{time:02}.000Z",
                )


def test_without_a_finished_run_only_the_count_is_known(
    project: Project, plan: Plan, registry: Registry
) -> None:
    cost = planned_cost(project, plan, registry)
    assert cost.runs == len(planned_runs(plan, registry))
    assert cost.by_role[RunRole.REFERENCE] == 2
    assert sum(cost.by_role.values()) == cost.runs
    assert cost.seconds is None
    assert "No finished run" in cost.basis


def test_each_run_takes_the_median_of_its_method(
    project: Project, plan: Plan, registry: Registry
) -> None:
    methods = {run.method for run in planned_runs(plan, registry)}
    seconds = {method: [1] for method in methods} | {"retrain": [2, 4, 30]}
    add_finished_runs(project, plan, registry, seconds)
    cost = planned_cost(project, plan, registry)
    retrained = cost.by_role[RunRole.REFERENCE] + cost.by_role[RunRole.CONTROL]
    assert cost.seconds == 4 * retrained + (cost.runs - retrained)
    assert "Not yet run" not in cost.basis


def test_a_method_without_runs_is_named(project: Project, plan: Plan, registry: Registry) -> None:
    add_finished_runs(project, plan, registry, {"retrain": [7]})
    cost = planned_cost(project, plan, registry)
    assert cost.seconds == 7 * cost.runs
    assert "fine-tune" in cost.basis


def test_other_data_and_other_networks_tell_nothing(
    project: Project, plan: Plan, registry: Registry, tiny_plan: dict[str, Any]
) -> None:
    add_finished_runs(project, plan, registry, {"retrain": [7]}, hidden=32)
    assert planned_cost(project, plan, registry).seconds is None
    by_name = tiny_plan | {"data": {"use": "digits"}, "model": {"use": "original"}}
    assert planned_cost(project, Plan.model_validate(by_name), registry).seconds is not None
    elsewhere = by_name | {"data": {"use": "other"}}
    assert planned_cost(project, Plan.model_validate(elsewhere), registry).seconds is None


def test_data_with_other_planted_rows_tell_nothing(
    project: Project, plan: Plan, registry: Registry, tiny_plan: dict[str, Any]
) -> None:
    add_finished_runs(project, plan, registry, {"retrain": [7]})
    assert planned_cost(project, plan, registry).seconds is not None
    planted = tiny_plan | {"data": {**tiny_plan["data"], "plant": [{"kind": "canary"}]}}
    assert planned_cost(project, Plan.model_validate(planted), registry).seconds is None
