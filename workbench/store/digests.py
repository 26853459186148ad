"""Digests of rows: as the tables hold them, and as the evidence log last recorded them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from workbench.core.hashing import canonical_json, hash_bytes
from workbench.store.columns import quoted

Digests = dict[str, dict[str, str]]  # table -> primary key as text -> digest

SCHEMA_TABLE = "sqlite_master"
# The log is held by its own chain and SQLite's count of it; chunks by the hash of their artifact.
NOT_LOGGED = frozenset({"event", "artifact_chunk", "sqlite_sequence"})
_UNREADABLE = ""


def logged_tables(connection: sqlite3.Connection) -> list[str]:
    """Tables whose rows are in the log, SQLite's table of tables and triggers among them."""
    found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    return [SCHEMA_TABLE, *(name for (name,) in found if name not in NOT_LOGGED)]


def columns_of(connection: sqlite3.Connection, table: str) -> tuple[str, ...]:
    """The columns that a digest covers, in table order."""
    if table == SCHEMA_TABLE:
        return ("type", "name", "tbl_name", "sql")  # not the root page, which VACUUM may move
    return tuple(row[1] for row in _described(connection, table))


def key_columns(connection: sqlite3.Connection, table: str) -> tuple[str, ...]:
    """The primary key."""
    if table == SCHEMA_TABLE:
        return ("type", "name")
    parts = sorted((row[5], row[1]) for row in _described(connection, table) if row[5])
    return tuple(name for _, name in parts)


def _described(connection: sqlite3.Connection, table: str) -> list[Any]:
    return connection.execute(f"PRAGMA table_info({quoted(table)})").fetchall()


def key_text(key: Sequence[Any]) -> str:
    """A primary key as text: the value itself, or a JSON list when it has several columns."""
    return str(key[0]) if len(key) == 1 else canonical_json(list(key))


def row_digest(columns: Sequence[str], values: Sequence[Any]) -> str:
    """Hash of a row as stored: the canonical JSON of column names and values."""
    text = canonical_json(dict(zip(columns, values, strict=True)))
    # Damaged text may not be UTF-8; it must get a digest too, and another one.
    return hash_bytes(text.encode(errors="surrogateescape"))


def stored_digests(connection: sqlite3.Connection) -> Digests:
    """The digest of every row now in the project."""
    return {table: dict(_of_table(connection, table)) for table in logged_tables(connection)}


def _of_table(connection: sqlite3.Connection, table: str) -> Iterator[tuple[str, str]]:
    columns, keys = columns_of(connection, table), key_columns(connection, table)
    if not keys:
        return  # none of ours; its entry in the table of tables gives it away
    positions = [columns.index(key) for key in keys]
    names = ", ".join(quoted(column) for column in columns)
    for row in connection.execute(f"SELECT {names} FROM {quoted(table)}"):
        yield key_text([row[position] for position in positions]), _digest_or_none(columns, row)


def _digest_or_none(columns: Sequence[str], row: Sequence[Any]) -> str:
    try:
        return row_digest(columns, row)
    except (TypeError, ValueError):  # a blob or an infinity, which we never write
        return _UNREADABLE


def recorded_digests(connection: sqlite3.Connection) -> Digests:
    """The digest of every row according to the log, deleted rows left out.

    Events that cannot be read are passed over: verification of the chain reports them.
    """
    known: Digests = {}
    for (payload,) in connection.execute("SELECT payload FROM event ORDER BY seq"):
        for table, rows in _rows_of(payload).items():
            of_table = known.setdefault(table, {})
            for key, digest in rows.items():
                if digest is None:
                    of_table.pop(key, None)
                else:
                    of_table[key] = digest
    return known


def _rows_of(payload: str) -> dict[str, dict[str, str | None]]:
    try:
        rows = json.loads(payload).get("rows", {})
        return {table: dict(of_table) for table, of_table in rows.items()}
    except (ValueError, TypeError, AttributeError):
        return {}


class Difference(NamedTuple):
    """A row whose digest in the log is not the one it has; None where there is no such row."""

    table: str
    key: str
    recorded: str | None
    stored: str | None


def differences(connection: sqlite3.Connection) -> Iterator[Difference]:
    """Every row in which the log and the tables differ."""
    recorded, stored = recorded_digests(connection), stored_digests(connection)
    for table in sorted(recorded.keys() | stored.keys()):
        before, after = recorded.get(table, {}), stored.get(table, {})
        for key in sorted(before.keys() | after.keys()):
            if before.get(key) != after.get(key):
                yield Difference(table, key, before.get(key), after.get(key))


def changed_rows(connection: sqlite3.Connection) -> dict[str, dict[str, str | None]]:
    """What an event must record after its transaction changed rows by plain SQL."""
    rows: dict[str, dict[str, str | None]] = {}
    for changed in differences(connection):
        rows.setdefault(changed.table, {})[changed.key] = changed.stored
    return rows
