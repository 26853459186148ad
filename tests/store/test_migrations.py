from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import sqlite_utils

from workbench.core.errors import ProjectError
from workbench.store import Project, migrations, verify

NEXT_PROGRAM = "unlearning-workbench 9.0"


@pytest.fixture
def next_version(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Pretend to be a later workbench whose second migration runs these statements."""

    def pretend(*statements: str) -> None:
        later = sqlite_utils.Migrations("unlearning-workbench")
        later(name="schema 1")(migrations._first_schema)

        @later(name="schema 2")
        def second(database: sqlite_utils.Database) -> None:
            for statement in statements:
                database.conn.execute(statement)

        monkeypatch.setattr(migrations, "MIGRATIONS", later)
        monkeypatch.setattr(migrations, "PROGRAM", NEXT_PROGRAM)

    return pretend


def columns(path: Path, table: str) -> list[str]:
    with closing(sqlite3.connect(path)) as raw:
        return [row[1] for row in raw.execute(f"PRAGMA table_info({table})")]


ADD = "ALTER TABLE dataset ADD COLUMN licence TEXT NOT NULL DEFAULT 'unknown'"
CHANGE = "UPDATE plugin SET version = version || '.0'"


def test_a_migration_keeps_a_backup_and_the_evidence(
    populated: Path, next_version: Callable[..., None]
) -> None:
    next_version(ADD, CHANGE, "CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT) STRICT")
    with Project.open(populated) as project:
        assert project.row("SELECT licence FROM dataset") == {"licence": "unknown"}
        event = project.rows("SELECT * FROM event ORDER BY seq")[-1]
        assert event["type"] == "project.upgraded"
        assert event["payload"]["program"] == NEXT_PROGRAM
        touched = event["payload"]["rows"]
        assert set(touched) == {"sqlite_master", "_sqlite_migrations", "dataset", "plugin"}
        assert verify(project) == []
    backup = populated.with_name("study.audit.backup-v1")
    assert "licence" not in columns(backup, "dataset")
    with Project.open(backup, read_only=True) as project:
        assert project.rows("SELECT version FROM plugin") == [{"version": "1.0"}]
        assert verify(project) == []
    names = sorted(file.name for file in populated.parent.iterdir())
    assert names == ["study.audit", "study.audit.backup-v1"]


def test_an_upgraded_project_opens_without_another_upgrade(
    populated: Path, next_version: Callable[..., None]
) -> None:
    next_version(ADD)
    for _ in range(2):
        with Project.open(populated) as project:
            assert project.row("SELECT max(seq) AS n FROM event") == {"n": 3}


def test_a_failing_migration_changes_nothing(
    populated: Path, next_version: Callable[..., None]
) -> None:
    next_version(ADD, CHANGE, "INSERT INTO nowhere VALUES (1)")
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        Project.open(populated)
    assert "licence" not in columns(populated, "dataset")
    with Project.open(populated, read_only=True) as project:
        assert project.rows("SELECT version FROM plugin") == [{"version": "1.0"}]
        assert verify(project) == []


def test_a_project_that_was_changed_is_not_upgraded(
    populated: Path, next_version: Callable[..., None]
) -> None:
    with closing(sqlite3.connect(populated)) as raw, raw:
        raw.execute("UPDATE metric SET value = 0.1 WHERE id = 1")
    next_version(ADD)
    with pytest.raises(ProjectError, match="does not agree with its evidence log"):
        Project.open(populated)
    assert not populated.with_name("study.audit.backup-v1").exists()


def test_reading_an_older_project_does_not_upgrade_it(
    populated: Path, next_version: Callable[..., None]
) -> None:
    next_version(ADD)
    with Project.open(populated, read_only=True) as project:
        assert project.name == "Full"
    assert "licence" not in columns(populated, "dataset")


def test_a_newer_schema_opens_for_reading_only(
    populated: Path, next_version: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    next_version(ADD)
    Project.open(populated).close()
    monkeypatch.undo()
    with pytest.raises(ProjectError, match=f"newer schema, written by {NEXT_PROGRAM}"):
        Project.open(populated)
    with Project.open(populated, read_only=True) as project:
        assert project.row("SELECT licence FROM dataset") == {"licence": "unknown"}
        assert verify(project) == []
