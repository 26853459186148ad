"""What a plan will cost, from what the same work took in this project before."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from workbench.audit.plan import Plan
from workbench.audit.schedule import PlannedRun, planned_runs
from workbench.core.planting import PLANTED
from workbench.core.vocabulary import PluginKind, RunRole
from workbench.registry import Registry
from workbench.store import Project


@dataclass(frozen=True, slots=True)
class Cost:
    """The runs of a plan, and the time they need one after the other.

    `seconds` is None if nothing tells; `basis` says in a sentence where it comes from, or why
    it is not known.
    """

    runs: int
    by_role: Mapping[RunRole, int]
    seconds: float | None
    basis: str


def planned_cost(project: Project, plan: Plan, registry: Registry) -> Cost:
    """Count the runs of `plan` and estimate their time.

    A run is taken to need the median wall time of the finished runs of its method on the same
    data and architecture; other settings, such as epochs, are not looked at.
    """
    runs = planned_runs(plan, registry)
    seconds, basis = _estimate(runs, seconds_by_method(project, plan, registry))
    return Cost(len(runs), Counter(run.role for run in runs), seconds, basis)


def _estimate(
    runs: Sequence[PlannedRun], known: Mapping[str, list[float]]
) -> tuple[float | None, str]:
    if not known:
        return None, "No finished run on these data and this architecture tells yet."
    every = [seconds for of_method in known.values() for seconds in of_method]
    total = sum(median(known.get(run.method, every)) for run in runs)
    basis = f"From {len(every)} finished runs on these data and this architecture."
    new = sorted({run.method for run in runs} - known.keys())
    if new:
        basis += f" Not yet run, and taken as the median of the others: {', '.join(new)}."
    return total, basis


def seconds_by_method(project: Project, plan: Plan, registry: Registry) -> dict[str, list[float]]:
    """Wall times of the finished runs on the plan's data and architecture, by method."""
    architecture = architecture_of(project, plan, registry)
    found = defaultdict(list)
    for run in project.rows(
        "SELECT run.method, run.started, run.finished, model.architecture, dataset.name, "
        "dataset.source FROM run JOIN plan ON plan.id = run.plan_id "
        "JOIN model ON model.id = run.original_model_id "
        "JOIN dataset ON dataset.id = plan.dataset_id WHERE run.status = 'done'"
    ):
        if is_of(plan, run, registry) and named_architecture(run["architecture"]) == architecture:
            started, finished = map(datetime.fromisoformat, (run["started"], run["finished"]))
            found[run["method"]].append((finished - started).total_seconds())
    return dict(found)


def is_of(plan: Plan, dataset: Mapping[str, Any], registry: Registry) -> bool:
    """Whether a dataset, by its name and source, is the one that the plan names."""
    if plan.data.use:
        return bool(dataset["name"] == plan.data.use)
    source = registry.get(PluginKind.DATASET, plan.data.source)
    params = source.parse_params(plan.data.params).model_dump(mode="json")
    made = dataset["source"]
    planted = [planting.model_dump(mode="json") for planting in plan.data.plant]
    return bool(
        made["plugin"] == plan.data.source
        and made["params"] == params
        and made.get(PLANTED, []) == planted
    )


def architecture_of(
    project: Project, plan: Plan, registry: Registry
) -> tuple[str, dict[str, Any]] | None:
    """Id and parameters of the plan's network; None if the project has no such model."""
    if plan.model.use:
        row = project.row(
            "SELECT architecture FROM model WHERE name = ? ORDER BY id DESC LIMIT 1", plan.model.use
        )
        return None if row is None else named_architecture(row["architecture"])
    contributed = registry.get(PluginKind.ARCHITECTURE, plan.model.architecture)
    return contributed.id, contributed.parse_params(plan.model.params).model_dump(mode="json")


def named_architecture(architecture: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Id and parameters of a stored architecture."""
    return architecture["id"], architecture["params"]
