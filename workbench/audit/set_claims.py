"""The strongest claims that the rows of a plan permit, before anything is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.audit.cost import is_of
from workbench.audit.guards import Rows, matched_non_members
from workbench.audit.plan import ForgetSetChoice, Plan
from workbench.audit.resolve import forget_set_rows
from workbench.audit.rung_cost import NO_PROJECT
from workbench.audit.subjects import shared_subjects
from workbench.core.dataset import Dataset
from workbench.core.errors import WorkbenchError
from workbench.metrics.bounds import epsilon_lower_bound, negatives_needed
from workbench.metrics.statistics import clopper_pearson_upper
from workbench.registry import Registry
from workbench.store import Project, load_dataset

CLAIMED_RATES = (0.1, 0.01, 0.001)


@dataclass(frozen=True, slots=True)
class SetClaims:
    """The strongest claims that the rows of one forget set permit, at 95 % confidence.

    `units` are what counts as independent: rows, or subjects where these share forget rows;
    forget and non-member ones. `smallest_fpr` is the lowest false positive rate that can be
    certified, `smallest_tpr` the lowest true positive rate that can be excluded, and
    `largest_epsilon` what a perfect attack could certify (delta 1e-5). All are None where the
    rows are not known, and `unknown` says why.
    """

    forget_set: str
    n_forget: int | None = None
    n_non_members: int | None = None
    units: tuple[int, int] | None = None
    smallest_fpr: float | None = None
    smallest_tpr: float | None = None
    largest_epsilon: float | None = None
    unknown: str = ""

    def certifies(self, fpr: float) -> bool | None:
        """Whether the non-members suffice to state this rate; None if they are not known."""
        return None if self.units is None else self.units[1] >= negatives_needed(fpr)


def all_set_claims(
    project: Project | None, plan: Plan, registry: Registry
) -> tuple[SetClaims, ...]:
    """The claims of every forget set of a plan; those of a prepared one are of its stored rows."""
    unknown = NO_PROJECT if project is None else ""
    dataset_id = _dataset_id(project, plan, registry) if project else None
    if project is None or dataset_id is None:
        reason = unknown or "The data are not in the project yet."
        return tuple(SetClaims(one.name, unknown=reason) for one in plan.forget_sets)
    dataset = load_dataset(project, dataset_id, inputs=False)
    prepared = project.row("SELECT forget_sets FROM plan WHERE hash = ?", plan.hash)
    ids: Mapping[str, int] = (prepared and prepared["forget_sets"]) or {}
    return tuple(
        _claims_of(project, one, dataset, dataset_id, ids.get(one.name), registry)
        for one in plan.forget_sets
    )


def _claims_of(
    project: Project,
    choice: ForgetSetChoice,
    dataset: Dataset,
    dataset_id: int,
    stored_id: int | None,
    registry: Registry,
) -> SetClaims:
    stored = _stored_set(project, choice, dataset_id, stored_id)
    where = stored["definition"].get("non_members", "") if stored else choice.non_members
    try:
        if stored:
            rows = project.array(stored["rows_artifact"]).astype(np.int64)
        elif choice.use:
            return SetClaims(choice.name, unknown="The project has no such forget set yet.")
        elif choice.selector:
            unknown = "Its selector proposes the rows when the plan is prepared."
            return SetClaims(choice.name, unknown=unknown)
        else:
            rows, _ = forget_set_rows(choice, dataset, registry)
        non_members = matched_non_members(dataset, rows, where)
    except WorkbenchError as fault:
        return SetClaims(choice.name, unknown=fault.message)
    return set_claims(choice.name, dataset, rows, non_members)


def _stored_set(
    project: Project, choice: ForgetSetChoice, dataset_id: int, stored_id: int | None
) -> dict[str, Any] | None:
    """The set that the prepared plan has, else the newest that the plan uses by name."""
    if stored_id is not None:
        return project.row("SELECT * FROM forget_set WHERE id = ?", stored_id)
    if not choice.use:
        return None
    return project.row(
        "SELECT * FROM forget_set WHERE dataset_id = ? AND name = ? ORDER BY version DESC LIMIT 1",
        dataset_id,
        choice.use,
    )


def _dataset_id(project: Project, plan: Plan, registry: Registry) -> int | None:
    rows = project.rows("SELECT id, name, source FROM dataset ORDER BY id DESC")
    return next((row["id"] for row in rows if is_of(plan, row, registry)), None)


def set_claims(forget_set: str, dataset: Dataset, rows: Rows, non_members: Rows) -> SetClaims:
    """What rows of these numbers permit to claim."""
    units = (len(rows), len(non_members))
    subjects = shared_subjects(dataset, rows, seed=0)
    if subjects is not None:
        of_row = subjects.of_row
        units = (len(np.unique(of_row[rows])), len(np.unique(of_row[non_members])))
    forget, others = units
    return SetClaims(
        forget_set=forget_set,
        n_forget=len(rows),
        n_non_members=len(non_members),
        units=units,
        smallest_fpr=clopper_pearson_upper(0, others) if others else None,
        smallest_tpr=clopper_pearson_upper(0, forget) if forget else None,
        largest_epsilon=(
            epsilon_lower_bound(forget, forget, 0, others) if forget and others else None
        ),
        unknown="" if others else "There are no comparable non-members.",
    )
