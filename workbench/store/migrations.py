"""The schema of project files, version by version; sqlite-utils keeps the books."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from enum import Enum
from functools import cache
from importlib.resources import files
from pathlib import Path

import sqlite_utils

from workbench import __version__
from workbench.core.errors import ProjectError
from workbench.store.columns import fetch
from workbench.store.connection import connect, immediate
from workbench.store.digests import changed_rows, differences
from workbench.store.evidence import append_event

PROGRAM = f"unlearning-workbench {__version__}"
MIGRATIONS = sqlite_utils.Migrations("unlearning-workbench")


@MIGRATIONS(name="schema 1")
def _first_schema(database: sqlite_utils.Database) -> None:
    schema = files("workbench.store").joinpath("schema.sql").read_text(encoding="utf-8")
    for statement in _statements(schema):
        database.conn.execute(statement)


def _statements(script: str) -> Iterator[str]:
    """Split a script; `executescript` would commit the transaction that is open."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def apply_migrations(connection: sqlite3.Connection) -> None:
    """Bring the schema up to date inside the write transaction of the caller."""
    MIGRATIONS.apply(_database(connection))


def record_migration(connection: sqlite3.Connection, kind: str, actor: str) -> None:
    """Append the event that holds the schema, the bookkeeping and every row they changed."""
    payload = {"program": PROGRAM, "rows": changed_rows(connection)}
    append_event(connection, kind, actor=actor, payload=payload)


class Age(Enum):
    """How the schema of a file compares with the one this program knows."""

    OLDER = "older"
    CURRENT = "current"
    NEWER = "newer"


def age_of(connection: sqlite3.Connection) -> Age:
    """OperationalError if the file does not keep books of its schema."""
    with closing(sqlite3.connect(":memory:")) as empty:
        known = {migration.name for migration in MIGRATIONS.pending(_database(empty))}
    applied = set(_applied(connection))
    if applied == known:
        return Age.CURRENT
    return Age.OLDER if applied < known else Age.NEWER


def missing_tables(connection: sqlite3.Connection) -> list[str]:
    """Tables of the present schema that a file with this schema lacks."""
    return sorted(_known_tables() - _tables(connection))


@cache
def _known_tables() -> frozenset[str]:
    with closing(sqlite3.connect(":memory:")) as fresh:
        apply_migrations(fresh)
        return _tables(fresh)


def _tables(connection: sqlite3.Connection) -> frozenset[str]:
    found = connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
    return frozenset(str(name) for (name,) in found)


def last_writer(connection: sqlite3.Connection) -> str:
    """The program that gave the file its present schema."""
    changes = fetch(
        connection,
        "SELECT payload FROM event WHERE type IN ('project.created', 'project.upgraded') "
        "ORDER BY seq DESC LIMIT 1",
    )
    return str(changes[0]["payload"].get("program")) if changes else "an unknown version"


def upgrade(path: Path, connection: sqlite3.Connection) -> None:
    """Apply the migrations that are missing, after copying the file to NAME.backup-vN.

    All or nothing. A project that disagrees with its own log is refused (ProjectError): after
    new digests were recorded, nobody could see any more that it had been changed.
    """
    with immediate(connection):
        if age_of(connection) is not Age.OLDER:
            return  # another process was faster
        if next(differences(connection), None):
            raise ProjectError(
                f"Project {path.name!r} does not agree with its evidence log, so its schema was "
                "not brought up to date.",
                remedy="Run `workbench verify` to see what was changed.",
            )
        _back_up(path, version=len(_applied(connection)))
        apply_migrations(connection)
        record_migration(connection, "project.upgraded", actor="workbench")


def _back_up(path: Path, version: int) -> None:
    backup = path.with_name(f"{path.name}.backup-v{version}")
    unfinished = path.with_name(f"{backup.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    with closing(connect(path, "read")) as source, closing(sqlite3.connect(unfinished)) as target:
        source.backup(target)
    unfinished.replace(backup)


def _applied(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute(
        f"SELECT name FROM {MIGRATIONS.migrations_table} WHERE migration_set = ? ORDER BY id",
        (MIGRATIONS.name,),
    )
    return [str(name) for (name,) in rows]


def _database(connection: sqlite3.Connection) -> sqlite_utils.Database:
    # Opening a project runs no code but ours, so no plugins of sqlite-utils.
    return sqlite_utils.Database(connection, execute_plugins=False, recursive_triggers=False)
