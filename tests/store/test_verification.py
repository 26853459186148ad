from __future__ import annotations

import random
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from store_examples import tables

from workbench.core.errors import ProjectError
from workbench.store import Fault, Project, event_hash, verify
from workbench.store.artifacts import CHUNK_BYTES


@contextmanager
def forger(path: Path) -> Iterator[sqlite3.Connection]:
    """Someone with any SQLite tool, who hides that the triggers were away."""
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("PRAGMA ignore_check_constraints = ON")
        triggers = raw.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall()
        for name, _ in triggers:
            raw.execute(f"DROP TRIGGER {name}")
        yield raw
        for _, sql in triggers:
            raw.execute(sql)


def faults(path: Path) -> list[Fault]:
    with Project.open(path, read_only=True) as project:
        return verify(project)


def _schema() -> dict[str, list[tuple[str, str]]]:
    """Column names and types of every table, those of SQLite and sqlite-utils included."""
    script = files("workbench.store").joinpath("schema.sql").read_text()
    with closing(sqlite3.connect(":memory:")) as raw:
        raw.executescript(script)
        names = raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        found = {
            name: [(row[1], row[2]) for row in raw.execute(f"PRAGMA table_info({name})")]
            for (name,) in names
        }
    found["sqlite_sequence"] = [("name", "TEXT"), ("seq", "INTEGER")]
    found["_sqlite_migrations"] = [
        ("id", "INTEGER"),
        ("migration_set", "TEXT"),
        ("name", "TEXT"),
        ("applied_at", "TEXT"),
    ]
    return found


SCHEMA = _schema()
EVERY_COLUMN = [(table, *column) for table, columns in SCHEMA.items() for column in columns]


def changed(value: Any, kind: str) -> Any:
    """The smallest change of a value that its column allows."""
    if value is None:
        return {"TEXT": "x", "INTEGER": 1, "REAL": 0.5}[kind]
    if isinstance(value, bytes):
        return value[:-1] + bytes([value[-1] ^ 1])
    return value + "x" if isinstance(value, str) else value + 1


def test_the_example_is_intact_and_fills_every_table(populated: Path) -> None:
    assert faults(populated) == []
    assert set(tables(populated)) == set(SCHEMA)
    assert all(tables(populated).values())


@pytest.mark.parametrize(("table", "column", "kind"), EVERY_COLUMN)
def test_one_changed_value_is_found(populated: Path, table: str, column: str, kind: str) -> None:
    with forger(populated) as raw:
        row, value = raw.execute(
            f"SELECT rowid, {column} FROM {table} ORDER BY rowid DESC LIMIT 1"
        ).fetchone()
        raw.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (changed(value, kind), row))
    assert faults(populated)


@pytest.mark.parametrize("table", sorted(SCHEMA.keys() - {"project"}))
def test_a_deleted_row_is_found(populated: Path, table: str) -> None:
    with forger(populated) as raw:
        raw.execute(f"DELETE FROM {table} WHERE rowid = (SELECT max(rowid) FROM {table})")
    assert faults(populated)


def test_a_project_without_its_row_does_not_open(populated: Path) -> None:
    with forger(populated) as raw:
        raw.execute("DELETE FROM project")
    with pytest.raises(ProjectError, match="has lost its name"):
        faults(populated)


# SQLite itself refuses to drop its own table and one that views and triggers need
@pytest.mark.parametrize("table", sorted(SCHEMA.keys() - {"project", "event", "sqlite_sequence"}))
def test_a_project_without_one_of_its_tables_does_not_open(populated: Path, table: str) -> None:
    with forger(populated) as raw:
        raw.execute(f"DROP TABLE {table}")
    with pytest.raises(ProjectError, match=rf"damaged.*'?{table}'?"):
        Project.open(populated)


def test_a_changed_row_is_named_in_a_sentence(populated: Path) -> None:
    with forger(populated) as raw:
        raw.execute("UPDATE metric SET value = 0.5 WHERE id = 1")
        raw.execute("DELETE FROM journal")
        raw.execute("INSERT INTO environment VALUES (9, 'h', '{}')")
    assert [str(fault) for fault in faults(populated)] == [
        "environment: Row 9 is not in the evidence log.",
        "journal: Row 1 is missing.",
        "metric: Row 1 was changed after it was logged.",
    ]


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TRIGGER event_is_append_only_delete",
        "CREATE TRIGGER t AFTER INSERT ON metric BEGIN UPDATE metric SET value = 1; END",
        "DROP INDEX metric_by_run",
        "ALTER TABLE request ADD COLUMN extra TEXT",
        "CREATE TABLE extra (a)",
        "CREATE VIEW metric_view AS SELECT * FROM metric",
    ],
)
def test_a_changed_schema_is_found(populated: Path, sql: str) -> None:
    with closing(sqlite3.connect(populated)) as raw:
        raw.execute(sql)
    assert {fault.where for fault in faults(populated)} & {"schema", "request"}


def test_an_event_cut_off_at_the_end_is_found_even_if_it_wrote_no_row(populated: Path) -> None:
    with Project.open(populated) as project, project.transaction("report.signed"):
        pass
    assert faults(populated) == []
    with forger(populated) as raw:
        raw.execute("DELETE FROM event WHERE seq = (SELECT max(seq) FROM event)")
    assert [fault.where for fault in faults(populated)] == ["event"]


def test_an_event_missing_in_the_middle_is_found(populated: Path) -> None:
    with Project.open(populated) as project, project.transaction("report.signed"):
        pass
    with forger(populated) as raw:
        raw.execute("DELETE FROM event WHERE seq = 2")
    problems = [str(fault) for fault in faults(populated)]
    assert "event 3: Events are missing between 1 and 3." in problems
    assert "event 3: It does not follow from the event before it." in problems


def test_rewriting_an_event_with_its_hash_breaks_the_chain(populated: Path) -> None:
    """A forger who knows the rules still has to rewrite every later event."""
    with Project.open(populated) as project, project.transaction("report.signed"):
        pass
    with Project.open(populated, read_only=True) as project:
        event = project.rows("SELECT * FROM event WHERE seq = 2")[0]
    forged = event_hash(
        seq=2,
        prev=event["prev_hash"],
        actor="someone else",
        role=event["role"],
        type=event["type"],
        time=event["time"],
        subject=event["subject"],
        payload=event["payload"],
    )
    with forger(populated) as raw:
        raw.execute("UPDATE event SET actor = 'someone else', hash = ? WHERE seq = 2", (forged,))
    assert [str(fault) for fault in faults(populated)] == [
        "event 3: It does not follow from the event before it."
    ]


def test_chunks_nobody_refers_to_are_found(populated: Path) -> None:
    with forger(populated) as raw:
        raw.execute("INSERT INTO artifact_chunk VALUES (?, 0, x'00')", ("f" * 64,))
    assert any("nothing refers to" in fault.problem for fault in faults(populated))


def test_an_empty_chunk_too_many_is_found(populated: Path) -> None:
    with forger(populated) as raw:
        raw.execute("INSERT INTO artifact_chunk SELECT hash, 1, x'' FROM artifact_chunk LIMIT 1")
    assert any("do not follow" in fault.problem for fault in faults(populated))


def test_swapped_chunks_are_found(project: Project) -> None:
    with project.transaction("x") as tx:
        tx.put_array(np.arange(3 * CHUNK_BYTES, dtype=np.uint8))
        tx.put_array(np.arange(3 * CHUNK_BYTES // 8, dtype=np.int64))
    with forger(project.path) as raw:
        for old, new in ((0, 9), (1, 0), (9, 1)):
            raw.execute("UPDATE artifact_chunk SET seq = ? WHERE seq = ?", (new, old))
    assert ["bytes were changed" in fault.problem for fault in verify(project)].count(True) >= 1


@pytest.mark.parametrize("change", ["flip", "append", "truncate"])
def test_a_changed_side_file_is_found(project: Project, change: str) -> None:
    with project.transaction("x") as tx:
        tx.update("project", {"id": 1}, settings={"side_folder_above_bytes": 0})
    with project.transaction("x") as tx:
        digest = tx.put_array(np.ones(50))
    assert verify(project) == []
    file = project.path.with_name("study.audit.files") / digest
    data = file.read_bytes()
    flipped = data[:17] + bytes([data[17] ^ 1]) + data[18:]
    file.write_bytes({"flip": flipped, "append": data + b"\0", "truncate": data[:-1]}[change])
    assert [fault.where for fault in verify(project)] == [f"artifact {digest[:12]}"]


def test_any_flipped_byte_is_found_or_changes_no_content(
    populated: Path, populated_bytes: bytes
) -> None:
    """Flips spread over the whole file: content, keys, page structure, header, unused space."""
    original = tables(populated)
    rng = random.Random(3)
    used = [match.start() for match in re.finditer(rb"[^\0]", populated_bytes)]
    found = 0
    for offset in rng.sample(used, 250):
        flipped = bytes([populated_bytes[offset] ^ 1 << rng.randrange(8)])
        populated.write_bytes(populated_bytes[:offset] + flipped + populated_bytes[offset + 1 :])
        try:
            is_found = bool(faults(populated))
        except ProjectError:
            is_found = True
        assert is_found or tables(populated) == original, f"byte {offset}"
        found += is_found
    assert found > 200, "nearly every used byte is content"
