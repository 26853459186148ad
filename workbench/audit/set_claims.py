"""The strongest claims that the rows of a plan permit, before anything is run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.audit.cost import is_of
from workbench.audit.guards import Rows, matched_non_members, subjects_sharing_rows
from workbench.audit.plan import ForgetSetChoice, Plan
from workbench.audit.resolve import forget_set_rows
from workbench.audit.rung_cost import NO_PROJECT
from workbench.core.dataset import Dataset
from workbench.core.errors import WorkbenchError
from workbench.metrics.unseen import highest_rate_unseen, perfect_attack_epsilon, trials_needed
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
        return None if self.units is None else self.units[1] >= trials_needed(fpr)


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
    forget, others = len(rows), len(non_members)
    of_row = subjects_sharing_rows(dataset, rows)
    if of_row is not None:
        forget, others = (len(np.unique(of_row[some])) for some in (rows, non_members))
    return SetClaims(
        forget_set=forget_set,
        n_forget=len(rows),
        n_non_members=len(non_members),
        units=(forget, others),
        smallest_fpr=highest_rate_unseen(others) if others else None,
        smallest_tpr=highest_rate_unseen(forget),
        largest_epsilon=perfect_attack_epsilon(forget, others) if others else None,
        unknown="" if others else "There are no comparable non-members.",
    )


def claims_in_words(one: SetClaims) -> Iterator[str]:
    """What the rows of a forget set permit to claim, a sentence each."""
    if one.units is None:
        yield f"{one.forget_set}: its rows are not known. {one.unknown}"
        return
    forget, others = one.units
    yield (
        f"{one.forget_set}: {one.n_forget} forget rows, {one.n_non_members} comparable non-members"
        + (
            f", of {forget} and {others} subjects, which count instead."
            if one.units != (one.n_forget, one.n_non_members)
            else "."
        )
    )
    stated = [rate for rate in CLAIMED_RATES if one.certifies(rate)]
    short = [rate for rate in CLAIMED_RATES if not one.certifies(rate)]
    if stated:
        rates = ", ".join(f"{rate:g}" for rate in stated)
        yield f"False positive rates that can be stated: {rates} (at best {one.smallest_fpr:.2g})."
    if short:
        needed = ", ".join(f"{trials_needed(rate)} for {rate:g}" for rate in short)
        yield f"Non-members that it takes to state other false positive rates: {needed}."
    yield (
        f"If no forget row is recognised, a true positive rate above {one.smallest_tpr:.2g} is "
        "excluded."
    )
    if one.largest_epsilon is not None:
        yield (
            f"The largest epsilon that a perfect attack could certify is {one.largest_epsilon:.2f}."
        )
