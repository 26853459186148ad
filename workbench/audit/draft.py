"""The plan that is still being written: at most one a project, and never taken for a plan."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from workbench.audit.plan import Plan, plan_from
from workbench.audit.plan_check import faults_against, missing_names
from workbench.audit.schedule import lock_plan
from workbench.core.errors import UsageError
from workbench.core.validation import faults_by_path
from workbench.registry import Registry
from workbench.store import Project, now
from workbench.store.journal import Edit, Journal, RowChange

Content = dict[str, Any]

# In place of the hash of a plan; the table keeps hashes unique, and so drafts too.
_DRAFT = "draft"
_LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class Fault:
    """What keeps a draft from being locked: where, like "methods.0.seeds", and a sentence."""

    path: str
    message: str


def read_draft(project: Project) -> Content | None:
    """The content of the draft, which may be incomplete; None if there is no draft."""
    row = _draft_row(project)
    return None if row is None else dict(row["content"])


def write_draft(journal: Journal, content: Content, title: str) -> None:
    """Make `content`, any JSON object, the draft; an edit that can be undone under `title`."""
    row = _draft_row(journal.project)
    values = {"name": str(content.get("name", "")), "content": content}
    if row is None:
        change = RowChange(table="plan", values={**values, "hash": _DRAFT, "created": now()})
    else:
        change = RowChange(table="plan", key={"id": row["id"]}, values=values)
    journal.do(Edit(title=title, changes=(change,)))


def draft_from(content: Content, *, dataset: str = "", model: str = "") -> Content:
    """A new draft that begins as the locked plan with this content, under another name.

    `dataset` and `model` are the names under which the project has what that plan brought along;
    without them the draft brings its own.
    """
    draft = copy.deepcopy(content)
    ending = " copy"
    draft["name"] = f"{content['name'][: _LONGEST_NAME - len(ending)]}{ending}"
    if dataset:
        draft["data"] = {"use": dataset}
    if model:
        draft["model"] = {"use": model}
    return draft


def draft_faults(content: Content, registry: Registry, project: Project) -> list[Fault]:
    """Everything that keeps a draft from being locked.

    What plugins and the project make of it is told once the draft is a complete plan.
    """
    try:
        plan = Plan.model_validate(content)
    except ValidationError as error:
        return [Fault(path, message) for path, message in faults_by_path(error)]
    found = [*faults_against(plan, registry), *missing_names(plan, project)]
    return [Fault(fault.path, fault.error.message) for fault in found]


def lock_draft(journal: Journal, registry: Registry) -> int:
    """Lock the draft as a plan and remove it; the id of the plan.

    A lock is for good: the edits of the draft leave the journal and cannot be undone any more.
    UsageError names the first fault of the draft, which then stays as it is.
    """
    project = journal.project
    row = _draft_row(project)
    if row is None:
        raise UsageError("There is no draft of a plan to lock.", remedy="Start a plan first.")
    faults = draft_faults(row["content"], registry, project)
    if faults:
        first = faults[0]
        raise UsageError(f"The plan cannot be locked yet. {first.path}: {first.message}")
    plan_id = lock_plan(project, plan_from(row["content"], row["name"]))
    journal.delete_for_good(f"Lock the plan {row['name']!r}", "plan", {"id": row["id"]})
    return plan_id


def _draft_row(project: Project) -> dict[str, Any] | None:
    return project.row("SELECT * FROM plan WHERE hash = ? AND locked IS NULL", _DRAFT)
