"""Undo and redo of what a person edits in a project, kept in the project itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from workbench.core.errors import ProjectError, UsageError
from workbench.store.contents import save_forget_set
from workbench.store.evidence import now
from workbench.store.project import Project
from workbench.store.transaction import Transaction

Record = dict[str, Any]
Rows = Callable[..., list[Record]]


class _Stored(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RowChange(_Stored):
    """One row inserted (no `key`), updated (both) or deleted (no `values`).

    `key` is {"id": ...}. In the journal an inserted row has all its values, its id among them.
    """

    table: str
    key: Record | None = None
    values: Record | None = None

    @property
    def row_key(self) -> Record:
        """The key of the row; of an inserted one once it is in the journal."""
        return self.key if self.key is not None else {"id": (self.values or {})["id"]}


class Edit(_Stored):
    """What a person changed in one step, under a title like "Rename the model"."""

    title: str
    changes: tuple[RowChange, ...]


@dataclass(frozen=True)
class _Editable:
    """What a person may change of a table: some columns, or also which rows there are."""

    columns: frozenset[str]
    whole_rows: bool = False


_EDITABLE: Mapping[str, _Editable] = {
    "forget_set": _Editable(frozenset({"name"}), whole_rows=True),
    "plan": _Editable(frozenset({"name", "content"}), whole_rows=True),
    "dataset": _Editable(frozenset({"name", "notes"})),
    "model": _Editable(frozenset({"name"})),
    "project": _Editable(frozenset({"name"})),
    "request": _Editable(
        frozenset({"external_id", "received", "due", "forget_set_id", "status", "scope"}),
        whole_rows=True,
    ),
}


class _Made(NamedTuple):
    """A change that was made, and the one that takes it back."""

    change: RowChange
    inverse: RowChange


class Journal:
    """The edits of one project. Everything here is one transaction with one event, or nothing.

    UsageError says in one plain sentence why an edit cannot be made or taken back.
    """

    def __init__(self, project: Project) -> None:
        self.project = project

    def do(self, edit: Edit) -> list[int]:
        """Make an edit; the ids of the rows it inserted, in order."""
        with self._event("done", edit.title) as tx:
            made = [_make(tx, change) for change in edit.changes]
            _record(tx, edit.title, made)
        return [one.inverse.row_key["id"] for one in made if one.change.key is None]

    def undo(self) -> str:
        """Take back the newest edit that is done; its title."""
        return self._step("undone")

    def redo(self) -> str:
        """Make the edit that was taken back last once more; its title."""
        return self._step("redone")

    def undo_title(self) -> str | None:
        """The title of what `undo` would take back."""
        entry = _next(self.project.rows, "undone")
        return entry.edit.title if entry else None

    def redo_title(self) -> str | None:
        """The title of what `redo` would make again."""
        entry = _next(self.project.rows, "redone")
        return entry.edit.title if entry else None

    def save_forget_set(
        self,
        dataset_id: int,
        name: str,
        definition: Mapping[str, Any],
        rows: NDArray[np.integer[Any]],
    ) -> int:
        """The id of this forget set: an equal version's, or that of a new version.

        rows: (k,) row ids of the dataset.
        """
        title = f"Save the forget set {name!r}"
        with self._event("done", title) as tx:
            before = {row["id"] for row in tx.rows("SELECT id FROM forget_set")}
            # The array of rows stays when the set is undone: others may share it, redo needs it.
            saved = save_forget_set(tx, dataset_id, name, definition, rows)
            if saved not in before:
                key = {"id": saved}
                inserted = RowChange(table="forget_set", values=_existing(tx, "forget_set", key))
                _record(tx, title, [_Made(inserted, RowChange(table="forget_set", key=key))])
        return saved

    def rename_forget_set(self, forget_set_id: int, name: str) -> None:
        """Rename a forget set with all its versions."""
        row = _existing(self.project, "forget_set", {"id": forget_set_id})
        versions = self.project.rows(
            "SELECT id, name FROM forget_set WHERE dataset_id = ? AND name IN (?, ?) ORDER BY id",
            row["dataset_id"],
            row["name"],
            name,
        )
        if any(one["name"] != row["name"] for one in versions):
            raise _taken()
        changes = tuple(
            RowChange(table="forget_set", key={"id": one["id"]}, values={"name": name})
            for one in versions
        )
        self.do(Edit(title=f"Rename the forget set {row['name']!r}", changes=changes))

    def delete_forget_set(self, forget_set_id: int) -> None:
        """Delete this version of a forget set; UsageError if anything uses it."""
        key = {"id": forget_set_id}
        name = _existing(self.project, "forget_set", key)["name"]
        change = RowChange(table="forget_set", key=key)
        self.do(Edit(title=f"Delete the forget set {name!r}", changes=(change,)))

    def delete_for_good(self, title: str, table: str, key: Record) -> None:
        """Delete a row beyond undo: every edit that touches it leaves the journal too."""
        with self._event("done", title) as tx:
            _make(tx, RowChange(table=table, key=key))
            for entry in map(_Entry.read, tx.rows("SELECT * FROM journal")):
                if (table, key) in [(one.table, one.row_key) for one in entry.edit.changes]:
                    tx.delete("journal", {"id": entry.id})

    def _step(self, how: Literal["undone", "redone"]) -> str:
        with self._event(how) as tx:
            entry = _next(tx.rows, how)
            if entry is None:
                raise UsageError(f"There is nothing to {'undo' if how == 'undone' else 'redo'}.")
            title = tx.payload["title"] = entry.edit.title
            there, wanted = entry.edit.changes, entry.inverse.changes
            if how == "redone":
                there, wanted = wanted, there
            for change, inverse in zip(reversed(there), wanted, strict=True):
                if not _is_there(tx, change):
                    raise UsageError(
                        f"{title!r} cannot be {how}, because what it changed was changed again "
                        "since.",
                        remedy="Make the change by hand.",
                    )
                _make(tx, inverse)
            tx.update("journal", {"id": entry.id}, undone=int(how == "undone"))
        return title

    @contextmanager
    def _event(self, how: str, title: str = "") -> Iterator[Transaction]:
        payload = {"title": title}
        try:
            with self.project.transaction(f"edit.{how}", subject="journal", payload=payload) as tx:
                yield tx
        except sqlite3.IntegrityError as fault:
            if fault.sqlite_errorname == "SQLITE_CONSTRAINT_UNIQUE":
                raise _taken() from fault
            if fault.sqlite_errorname == "SQLITE_CONSTRAINT_FOREIGNKEY":
                raise UsageError(
                    "Something else in the project refers to this or is referred to by it.",
                    remedy="Remove what refers to it first.",
                ) from fault
            raise


class _Entry(NamedTuple):
    """One row of the journal."""

    id: int
    edit: Edit
    inverse: Edit

    @classmethod
    def read(cls, row: Record) -> _Entry:
        try:
            edit, inverse = (Edit.model_validate(row[name]) for name in ("edit", "inverse"))
        except ValidationError as fault:
            raise ProjectError(
                "The project holds an edit that this version cannot read.",
                remedy="Run 'workbench verify'; if it is intact, a newer version wrote it.",
            ) from fault
        return cls(row["id"], edit, inverse)


def _next(rows: Rows, how: Literal["undone", "redone"]) -> _Entry | None:
    undone, order = (0, "DESC") if how == "undone" else (1, "ASC")
    found = rows(f"SELECT * FROM journal WHERE undone = ? ORDER BY id {order} LIMIT 1", undone)
    return _Entry.read(found[0]) if found else None


def _record(tx: Transaction, title: str, made: Sequence[_Made]) -> None:
    """Add one entry, unless nothing was changed; what was undone before can be redone no more."""
    made = [one for one in made if one.change != one.inverse]
    if not made:
        return
    tx.delete("journal", {"undone": 1})
    edit = Edit(title=title, changes=tuple(one.change for one in made))
    inverse = Edit(title=title, changes=tuple(one.inverse for one in reversed(made)))
    tx.insert(
        "journal", edit=edit.model_dump(), inverse=inverse.model_dump(), undone=0, created=now()
    )


def _make(tx: Transaction, change: RowChange) -> _Made:
    """Make one change; what was made, with the values as the project now has them."""
    _check_editable(change)
    if change.key is None:
        key = {"id": tx.insert(change.table, **change.values or {})}
        inserted = _existing(tx, change.table, key)
        _check_draft(change.table, inserted)
        return _Made(
            RowChange(table=change.table, values=inserted), RowChange(table=change.table, key=key)
        )
    before = _existing(tx, change.table, change.key)
    _check_draft(change.table, before)
    if change.values is None:
        _check_unused(tx, change.table, before)
        tx.delete(change.table, change.key)
        return _Made(change, RowChange(table=change.table, values=before))
    tx.update(change.table, change.key, **change.values)
    after = _existing(tx, change.table, change.key)
    updated, restored = (
        change.model_copy(update={"values": {name: row[name] for name in change.values}})
        for row in (after, before)
    )
    return _Made(updated, restored)


def _is_there(tx: Transaction, change: RowChange) -> bool:
    """Whether the project is still as `change` left it."""
    row = tx.row(f"SELECT * FROM {change.table} WHERE id = ?", change.row_key["id"])
    if row is None or change.values is None:
        return row is None and change.values is None
    return all(row[name] == value for name, value in change.values.items())


def _check_editable(change: RowChange) -> None:
    editable = _EDITABLE.get(change.table)
    if editable is None or (change.key is not None and change.key.keys() != {"id"}):
        raise ValueError(f"rows of {change.table!r} are not edited by {change.key}")
    if change.key is not None and change.values is not None:
        refused = change.values.keys() - editable.columns
        if refused:
            raise ValueError(f"the {sorted(refused)} of {change.table!r} are not edited")
    elif not editable.whole_rows:
        raise ValueError(f"no row of {change.table!r} is inserted or deleted by an edit")


def _check_draft(table: str, row: Record) -> None:
    if table == "plan" and row["locked"] is not None:
        raise UsageError(
            f"The plan {row['name']!r} is locked and cannot be changed.",
            remedy="Start a new plan from it.",
        )


def _check_unused(tx: Transaction, table: str, row: Record) -> None:
    """UsageError if something in the project was made from this row."""
    if table != "forget_set":
        return
    user = _user_of(tx, row["id"])
    if user:
        raise UsageError(
            f"The forget set {row['name']!r} cannot be removed, because {user} uses it.",
            remedy="Save another forget set instead.",
        )


def _user_of(tx: Transaction, forget_set_id: int) -> str:
    for plan in tx.rows("SELECT name, forget_sets FROM plan WHERE forget_sets IS NOT NULL"):
        if forget_set_id in plan["forget_sets"].values():
            return f"the plan {plan['name']!r}"
    run = tx.row("SELECT id FROM run WHERE forget_set_id = ?", forget_set_id)
    if run:
        return f"run {run['id']}"
    request = tx.row("SELECT external_id FROM request WHERE forget_set_id = ?", forget_set_id)
    return f"the request {request['external_id']!r}" if request else ""


def _existing(where: Project | Transaction, table: str, key: Record) -> Record:
    row = where.row(f"SELECT * FROM {table} WHERE id = ?", key["id"])
    if row is None:
        raise UsageError(f"The project has no {table.replace('_', ' ')} {key['id']} any more.")
    return row


def _taken() -> UsageError:
    return UsageError("This name is taken in the project.", remedy="Choose another name.")
