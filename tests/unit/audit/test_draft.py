from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from workbench.audit.draft import draft_faults, draft_from, lock_draft, read_draft, write_draft
from workbench.audit.plan import Plan
from workbench.audit.schedule import lock_plan
from workbench.audit.stored_plan import StoredPlan
from workbench.core.errors import ProjectError, UsageError
from workbench.registry import Registry
from workbench.report import collect
from workbench.store import Project, verify
from workbench.store.journal import Journal

Content = dict[str, Any]


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry.discover()


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.create(tmp_path / "p.audit", "P") as project:
        yield project


@pytest.fixture
def journal(project: Project) -> Journal:
    return Journal(project)


def changed(plan: Content, path: str, value: Any) -> Content:
    content = copy.deepcopy(plan)
    *parents, last = path.split(".")
    table: Any = content
    for part in parents:
        table = table[int(part)] if isinstance(table, list) else table.setdefault(part, {})
    table[last] = value
    return content


def test_a_draft_may_be_incomplete_and_is_undone_step_by_step(
    project: Project, journal: Journal
) -> None:
    assert read_draft(project) is None
    write_draft(journal, {}, "Start a plan")
    write_draft(journal, {"name": "first", "seeds": None}, "Name the plan")
    assert read_draft(project) == {"name": "first", "seeds": None}
    assert journal.undo() == "Name the plan"
    assert read_draft(project) == {}
    journal.undo()
    assert read_draft(project) is None
    journal.redo()
    journal.redo()
    assert read_draft(project) == {"name": "first", "seeds": None}
    assert verify(project) == []


def test_faults_of_an_incomplete_draft_have_a_place_and_plain_words(
    project: Project, registry: Registry, tiny_plan: Content
) -> None:
    del tiny_plan["methods"]
    content = changed(tiny_plan, "recipe.epochs", 0)
    content = changed(content, "data.sauce", "digits")
    content = changed(content, "criteria.0.margin", None)
    faults = {fault.path: fault.message for fault in draft_faults(content, registry, project)}
    assert faults == {
        "methods": "This is still missing.",
        "recipe.epochs": "It must be greater than or equal to 1, got 0.",
        "data.sauce": "There is no setting of this name.",
        "criteria.0": "An equivalence criterion needs a 'margin'.",
    }


def test_every_fault_of_a_complete_draft_is_found(
    project: Project, registry: Registry, tiny_plan: Content
) -> None:
    assert draft_faults(tiny_plan, registry, project) == []
    content = changed(tiny_plan, "methods.0.params", {"epoch": 1})
    content = changed(content, "attacks", ["loss", "los"])
    content = changed(content, "criteria.0.metric", "acuracy")
    content = changed(content, "forget_sets.0.where", "class ==")
    content = changed(content, "model", {"use": "original"})
    faults = {fault.path: fault.message for fault in draft_faults(content, registry, project)}
    assert faults.keys() == {
        "methods.0",
        "attacks.1",
        "criteria.0",
        "forget_sets.0.where",
        "model.use",
    }
    assert "did you mean 'epochs'" in faults["methods.0"]
    assert faults["model.use"] == "The project has no model 'original'."


def test_locking_makes_a_plan_and_ends_the_draft(
    project: Project, journal: Journal, registry: Registry, tiny_plan: Content
) -> None:
    write_draft(journal, {}, "Start a plan")
    write_draft(journal, tiny_plan, "Fill it in")
    plan_id = lock_draft(journal, registry)
    row = project.row("SELECT hash, locked FROM plan WHERE id = ?", plan_id)
    assert row is not None
    assert row["hash"] == Plan.model_validate(tiny_plan).hash
    assert row["locked"] is not None
    assert read_draft(project) is None
    assert (journal.undo_title(), journal.redo_title()) == (None, None)
    assert verify(project) == []


def test_a_faulty_draft_stays(
    project: Project, journal: Journal, registry: Registry, tiny_plan: Content
) -> None:
    with pytest.raises(UsageError, match="no draft"):
        lock_draft(journal, registry)
    content = changed(tiny_plan, "recipe.epochs", 0)
    write_draft(journal, content, "Start")
    with pytest.raises(UsageError, match=r"recipe\.epochs: It must be greater than or equal to 1"):
        lock_draft(journal, registry)
    assert read_draft(project) == content
    assert journal.undo_title() == "Start"


def test_a_new_draft_begins_from_a_locked_plan(
    project: Project, journal: Journal, registry: Registry, tiny_plan: Content
) -> None:
    plan = Plan.model_validate(tiny_plan)
    content = plan.model_dump(mode="json")
    draft = draft_from(content)
    assert draft["name"] == "tiny copy"
    assert draft_faults(draft, registry, project) == []
    assert draft | {"name": "tiny"} == content
    long = draft_from(content | {"name": "x" * 64}, dataset="digits", model="original")
    assert len(long["name"]) == 64
    assert (long["data"], long["model"]) == ({"use": "digits"}, {"use": "original"})


def test_a_draft_is_never_taken_for_a_plan(
    project: Project, journal: Journal, registry: Registry, tiny_plan: Content
) -> None:
    write_draft(journal, tiny_plan, "Start")
    with pytest.raises(UsageError, match="no plan yet"):
        collect(project)
    with pytest.raises(ProjectError, match="not locked"):
        StoredPlan(project, 1)
    plan = Plan.model_validate(tiny_plan)
    assert lock_plan(project, plan) != 1
    write_draft(journal, {"name": "half"}, "Change")
    with pytest.raises(ProjectError, match="not prepared"):  # of the locked one, which is older
        collect(project)
