"""A plan as it is stored in a project: the only place where the audit reads the project file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.audit.artifact_names import EXPLAINED_ROWS, attack_of, maps_of
from workbench.audit.duplicates import Duplicates, find_duplicates
from workbench.audit.findings import Evidence, RunEvidence
from workbench.audit.guards import Rows, matched_non_members
from workbench.audit.plan import Criterion, stored_plan
from workbench.audit.planting import planted_in
from workbench.core.dataset import Dataset
from workbench.core.errors import ProjectError
from workbench.core.metric_value import MetricValue
from workbench.core.planting import Planting
from workbench.core.vocabulary import RunRole, RunStatus
from workbench.store import Project, load_dataset, load_metrics, load_outputs


@dataclass(frozen=True)
class StoredForgetSet:
    """A forget set of the plan. `name` is the plan's, which may use one stored under another."""

    id: int
    name: str
    rows: Rows
    non_members: Rows


@dataclass(frozen=True)
class StoredRun:
    """A run that finished: its model and the hashes of the arrays it left, by name."""

    id: int
    label: str
    role: RunRole
    seed: int
    model_id: int
    original_model_id: int
    artifacts: dict[str, str]


@dataclass(frozen=True)
class Maps:
    """Attribution maps (k, ...) of `rows` (k,)."""

    rows: Rows
    maps: NDArray[Any]


class StoredPlan:
    """Reads one locked plan. ProjectError if there is none, or it is not what was locked."""

    def __init__(self, project: Project, plan_id: int) -> None:
        self.id = plan_id
        self._project = project
        self._row = self._only("plan", plan_id)
        name = self._row["name"]
        if self._row["locked"] is None:
            raise ProjectError(
                f"The plan {name!r} is not locked.", remedy="Lock it before judging results."
            )
        self.plan = stored_plan(self._row["content"])
        if self.plan.hash != self._row["hash"]:
            raise ProjectError(
                f"The plan {name!r} is no longer the one that was locked.",
                remedy="Run 'workbench verify', and restore the project from a copy.",
            )
        if self._row["dataset_id"] is None:
            raise ProjectError(f"The plan {name!r} was not prepared.", remedy="Run it first.")
        self._dataset_id = int(self._row["dataset_id"])
        self._duplicates: dict[int, Duplicates] = {}

    @cached_property
    def dataset(self) -> Dataset:
        return load_dataset(self._project, self._dataset_id)

    @cached_property
    def plantings(self) -> tuple[Planting, ...]:
        """What was planted in the training rows of the dataset on purpose."""
        return planted_in(self._only("dataset", self._dataset_id)["source"])

    @cached_property
    def forget_sets(self) -> tuple[StoredForgetSet, ...]:
        """Those of the plan, in its order, as they were when it was prepared."""
        ids = self._row["forget_sets"]
        return tuple(
            self._forget_set(choice.name, ids[choice.name]) for choice in self.plan.forget_sets
        )

    @property
    def exploratory(self) -> tuple[Criterion, ...]:
        """Criteria added after the lock."""
        rows = self._project.rows(
            "SELECT definition FROM criterion WHERE plan_id = ? AND is_exploratory = 1 ORDER BY id",
            self.id,
        )
        return tuple(Criterion.model_validate(row["definition"]) for row in rows)

    def evidence(self, forget_set: StoredForgetSet) -> Evidence:
        """Every run on a forget set, finished or not, with its metrics."""
        runs = tuple(
            RunEvidence(
                label=row["label"],
                role=RunRole(row["role"]),
                seed=row["seed"],
                status=RunStatus(row["status"]),
                metrics=tuple(self.metrics(row["id"])),
                weights=row["weights_hash"] or "",
            )
            for row in self._runs(forget_set)
        )
        return Evidence(forget_set.name, runs)

    def finished_runs(self, forget_set: StoredForgetSet) -> tuple[StoredRun, ...]:
        return tuple(
            StoredRun(
                id=row["id"],
                label=row["label"],
                role=RunRole(row["role"]),
                seed=row["seed"],
                model_id=row["model_id"],
                original_model_id=row["original_model_id"],
                artifacts=self._artifacts(row["id"]),
            )
            for row in self._runs(forget_set)
            if row["status"] == RunStatus.DONE
        )

    def metrics(self, run_id: int) -> list[MetricValue]:
        return load_metrics(self._project, run_id)

    def verdicts(self) -> list[dict[str, Any]]:
        """The rows written by the last judgement."""
        return self._project.rows("SELECT * FROM verdict WHERE plan_id = ? ORDER BY id", self.id)

    def output(self, model_id: int, name: str) -> NDArray[Any]:
        """One array of the outputs of a model over the plan's dataset."""
        stored = load_outputs(self._project, model_id, self._dataset_id, [name])
        if stored is None:
            raise ProjectError(
                f"The {name} of model {model_id} are not stored.", remedy="Run the plan again."
            )
        return stored[name]

    def scores(self, run: StoredRun) -> dict[str, NDArray[Any]]:
        """Membership scores over the whole dataset by attack."""
        return {
            attack: self._project.array(digest)
            for name, digest in run.artifacts.items()
            if (attack := attack_of(name)) is not None
        }

    def maps(self, run: StoredRun, attribution: str) -> Maps | None:
        """Attribution maps of the model of a run; None if it left none."""
        digest = run.artifacts.get(maps_of(attribution))
        rows = run.artifacts.get(EXPLAINED_ROWS)
        if digest is None or rows is None:
            return None
        return Maps(self._project.array(rows).astype(np.int64), self._project.array(digest))

    def duplicates(self, forget_set: StoredForgetSet) -> Duplicates:
        """Exact and near copies of the forget rows, as the runs of the plan saw them."""
        if forget_set.id not in self._duplicates:
            original = self._row["original_model_id"]
            stored = load_outputs(self._project, original, self._dataset_id, ["embedding"])
            embedding = None if stored is None else stored["embedding"]
            found = find_duplicates(self.dataset, forget_set.rows, embedding)
            self._duplicates[forget_set.id] = found
        return self._duplicates[forget_set.id]

    def _forget_set(self, name: str, forget_set_id: int) -> StoredForgetSet:
        row = self._only("forget_set", forget_set_id)
        rows = self._project.array(row["rows_artifact"]).astype(np.int64)
        where = row["definition"].get("non_members", "")
        return StoredForgetSet(
            row["id"], name, rows, matched_non_members(self.dataset, rows, where)
        )

    def _runs(self, forget_set: StoredForgetSet) -> list[dict[str, Any]]:
        return self._project.rows(
            "SELECT run.*, model.weights_hash FROM run LEFT JOIN model ON model.id = run.model_id "
            "WHERE plan_id = ? AND forget_set_id = ? ORDER BY run.id",
            self.id,
            forget_set.id,
        )

    def _artifacts(self, run_id: int) -> dict[str, str]:
        rows = self._project.rows("SELECT name, hash FROM run_artifact WHERE run_id = ?", run_id)
        return {row["name"]: row["hash"] for row in rows}

    def _only(self, table: str, id_: int) -> dict[str, Any]:
        row = self._project.row(f"SELECT * FROM {table} WHERE id = ?", id_)
        if row is None:
            raise ProjectError(f"The project has no {table} {id_}.", remedy="Check the number.")
        return row
