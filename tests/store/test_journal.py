from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from store_examples import add_run, example_dataset, example_tensors

from workbench.core.errors import UsageError
from workbench.store import Project, save_dataset, save_model, verify
from workbench.store.journal import Edit, Journal, RowChange

ROWS = np.array([0, 3])


@pytest.fixture
def dataset_id(project: Project) -> int:
    with project.transaction("filled") as tx:
        save_model(tx, "m", {"id": "mlp"}, example_tensors(), source={})
        return save_dataset(tx, example_dataset(), {"plugin": "demo"})


@pytest.fixture
def journal(project: Project, dataset_id: int) -> Journal:
    return Journal(project)


def rename_model(name: str) -> Edit:
    change = RowChange(table="model", key={"id": 1}, values={"name": name})
    return Edit(title=f"Rename the model to {name!r}", changes=(change,))


def model_name(project: Project) -> str:
    row = project.row("SELECT name FROM model WHERE id = 1")
    assert row is not None
    return str(row["name"])


def everything(project: Project) -> dict[str, list[dict[str, Any]]]:
    """All rows a person may edit."""
    tables = ("forget_set", "plan", "dataset", "model", "project", "request")
    return {table: project.rows(f"SELECT * FROM {table} ORDER BY id") for table in tables}


def journaled(project: Project) -> list[tuple[str, int]]:
    return [
        (row["edit"]["title"], row["undone"])
        for row in project.rows("SELECT edit, undone FROM journal ORDER BY id")
    ]


def test_undo_and_redo_go_back_and_forth(project: Project, journal: Journal) -> None:
    journal.do(rename_model("a"))
    journal.do(rename_model("b"))
    assert journal.undo() == "Rename the model to 'b'"
    assert model_name(project) == "a"
    journal.undo()
    assert model_name(project) == "m"
    assert journal.undo_title() is None
    assert journal.redo_title() == "Rename the model to 'a'"
    journal.redo()
    assert journal.redo() == "Rename the model to 'b'"
    assert model_name(project) == "b"
    assert journal.redo_title() is None
    assert verify(project) == []


def test_nothing_to_undo_or_redo_is_said(journal: Journal) -> None:
    with pytest.raises(UsageError, match="nothing to undo"):
        journal.undo()
    with pytest.raises(UsageError, match="nothing to redo"):
        journal.redo()


def test_a_new_edit_drops_what_could_be_redone(project: Project, journal: Journal) -> None:
    journal.do(rename_model("a"))
    journal.undo()
    journal.do(rename_model("b"))
    assert journal.redo_title() is None
    assert journaled(project) == [("Rename the model to 'b'", 0)]
    assert verify(project) == []


def test_an_edit_that_changes_nothing_is_not_kept(project: Project, journal: Journal) -> None:
    journal.do(rename_model("a"))
    journal.undo()
    journal.do(rename_model("m"))
    assert journal.redo_title() == "Rename the model to 'a'"


def test_every_kind_of_change_is_taken_back_whole(project: Project, journal: Journal) -> None:
    request = {"external_id": "R-1", "received": "2026-01-01", "status": "open", "scope": "all"}
    (first,) = journal.do(Edit(title="Add", changes=(RowChange(table="request", values=request),)))
    before = everything(project)
    inserted = journal.do(
        Edit(
            title="Many",
            changes=(
                RowChange(table="request", key={"id": first}),
                RowChange(table="request", values=request | {"status": "done"}),
                RowChange(table="dataset", key={"id": 1}, values={"name": "n", "notes": "new"}),
                RowChange(table="project", key={"id": 1}, values={"name": "Other"}),
            ),
        )
    )
    after = everything(project)
    assert after != before
    assert len(inserted) == 1
    journal.undo()
    assert everything(project) == before
    journal.redo()
    assert everything(project) == after
    assert verify(project) == []


def test_the_journal_survives_closing(path: Path, project: Project, journal: Journal) -> None:
    id_ = journal.save_forget_set(1, "some", {"where": "x"}, ROWS)
    journal.do(rename_model("a"))
    journal.undo()
    project.close()
    with Project.open(path) as again:
        journal = Journal(again)
        assert journal.undo() == "Save the forget set 'some'"
        assert again.rows("SELECT id FROM forget_set") == []
    with Project.open(path) as again:
        journal = Journal(again)
        journal.redo()
        row = again.row("SELECT id, rows_artifact FROM forget_set")
        assert row is not None
        assert row["id"] == id_
        assert again.array(row["rows_artifact"]).tolist() == ROWS.tolist()
        assert journal.redo() == "Rename the model to 'a'"
        assert verify(again) == []


def test_events_name_the_edit(project: Project, journal: Journal) -> None:
    journal.do(rename_model("a"))
    journal.undo()
    journal.redo()
    events = project.rows("SELECT type, payload FROM event ORDER BY seq DESC LIMIT 3")
    assert [event["type"] for event in events] == ["edit.redone", "edit.undone", "edit.done"]
    assert {event["payload"]["title"] for event in events} == {"Rename the model to 'a'"}


def test_a_row_changed_since_is_left_alone(project: Project, journal: Journal) -> None:
    journal.do(rename_model("a"))
    with project.transaction("renamed elsewhere") as tx:
        tx.update("model", {"id": 1}, name="z")
    with pytest.raises(UsageError, match="changed again since"):
        journal.undo()
    assert model_name(project) == "z"
    assert journaled(project) == [("Rename the model to 'a'", 0)]
    assert verify(project) == []


def test_redo_is_refused_where_the_id_has_gone_to_another_row(
    project: Project, journal: Journal
) -> None:
    journal.save_forget_set(1, "some", {"where": "x"}, ROWS)
    journal.undo()
    with project.transaction("chosen elsewhere") as tx:
        add_run(tx)
        tx.update("forget_set", {"id": 1}, name="other")
    with pytest.raises(UsageError, match="changed again since"):
        journal.redo()
    assert verify(project) == []


@pytest.mark.parametrize("user", ["run", "plan", "request"])
def test_a_forget_set_in_use_cannot_go(project: Project, journal: Journal, user: str) -> None:
    id_ = journal.save_forget_set(1, "some", {"where": "x"}, ROWS)
    with project.transaction("used") as tx:
        if user == "run":
            add_run(tx)
        elif user == "plan":
            tx.insert(
                "plan",
                name="p",
                content={},
                hash="h",
                locked="t",
                created="t",
                forget_sets={"threes": id_},
            )
        else:
            tx.insert(
                "request",
                external_id="R-1",
                received="t",
                forget_set_id=id_,
                status="open",
                scope="",
            )
    before = everything(project)
    for attempt in (journal.undo, lambda: journal.delete_forget_set(id_)):
        with pytest.raises(UsageError, match=f"because .*{user}.* uses it"):
            attempt()
    assert everything(project) == before
    assert verify(project) == []


def test_forget_sets_are_versioned_renamed_and_deleted(project: Project, journal: Journal) -> None:
    first = journal.save_forget_set(1, "some", {"where": "x"}, ROWS)
    assert journal.save_forget_set(1, "some", {"where": "x"}, ROWS) == first
    second = journal.save_forget_set(1, "some", {"where": "y"}, np.array([6]))
    journal.save_forget_set(1, "other", {"where": "y"}, np.array([6]))
    with pytest.raises(UsageError, match="name is taken"):
        journal.rename_forget_set(first, "other")
    journal.rename_forget_set(first, "renamed")
    names = {
        (row["id"], row["name"], row["version"])
        for row in project.rows("SELECT id, name, version FROM forget_set")
    }
    assert {(first, "renamed", 1), (second, "renamed", 2)} <= names
    assert journal.undo() == "Rename the forget set 'some'"
    journal.delete_forget_set(second)
    assert project.row("SELECT id FROM forget_set WHERE id = ?", second) is None
    journal.undo()
    row = project.row("SELECT * FROM forget_set WHERE id = ?", second)
    assert row is not None
    assert (row["definition"], row["version"]) == ({"where": "y"}, 2)
    assert len(journaled(project)) == 4
    assert verify(project) == []


def test_a_name_that_is_taken_is_refused(project: Project, journal: Journal) -> None:
    with project.transaction("filled") as tx:
        save_dataset(tx, example_dataset("second", n=15), {"plugin": "demo"})
    change = RowChange(table="dataset", key={"id": 2}, values={"name": "digits"})
    with pytest.raises(UsageError, match="name is taken"):
        journal.do(Edit(title="Rename", changes=(change,)))
    assert journal.undo_title() is None


def test_a_locked_plan_is_never_edited(project: Project, journal: Journal) -> None:
    plan = {"name": "p", "content": {}, "hash": "h", "created": "t", "locked": "t"}
    with pytest.raises(UsageError, match="is locked"):
        journal.do(Edit(title="Forge", changes=(RowChange(table="plan", values=plan),)))
    with project.transaction("locked") as tx:
        tx.insert("plan", **plan)
    for values in ({"name": "q"}, None):
        change = RowChange(table="plan", key={"id": 1}, values=values)
        with pytest.raises(UsageError, match="is locked"):
            journal.do(Edit(title="Change", changes=(change,)))


@pytest.mark.parametrize(
    "change",
    [
        RowChange(table="run", key={"id": 1}, values={"status": "done"}),
        RowChange(table="model", key={"id": 1}),
        RowChange(table="model", key={"id": 1}, values={"weights_hash": "h"}),
        RowChange(table="forget_set", key={"id": 1}, values={"rows_artifact": "h"}),
        RowChange(table="model", key={"name": "m"}, values={"name": "a"}),
        RowChange(table="metric", values={"value": 1.0}),
    ],
    ids=str,
)
def test_what_was_measured_is_out_of_reach(journal: Journal, change: RowChange) -> None:
    with pytest.raises(ValueError, match="edit"):
        journal.do(Edit(title="Forge", changes=(change,)))
    assert journal.undo_title() is None


def test_a_row_that_is_gone_is_named(journal: Journal) -> None:
    with pytest.raises(UsageError, match="no forget set 7"):
        journal.delete_forget_set(7)


def test_deleting_for_good_leaves_other_edits(project: Project, journal: Journal) -> None:
    plan = {"name": "p", "content": {}, "hash": "draft", "created": "t"}
    (id_,) = journal.do(Edit(title="Start", changes=(RowChange(table="plan", values=plan),)))
    journal.do(rename_model("a"))
    change = RowChange(table="plan", key={"id": id_}, values={"content": {"seeds": [1]}})
    journal.do(Edit(title="Change", changes=(change,)))
    journal.delete_for_good("Lock", "plan", {"id": id_})
    assert journaled(project) == [("Rename the model to 'a'", 0)]
    journal.undo()
    assert model_name(project) == "m"
    assert verify(project) == []
