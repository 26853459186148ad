"""A write transaction that notes every row it touches and ends as one event of the log."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from workbench.store.artifacts import (
    Artifact,
    array_artifact,
    bytes_artifact,
    write_chunks,
    write_side_file,
)
from workbench.store.columns import encode, fetch, quoted
from workbench.store.digests import (
    NOT_LOGGED,
    SCHEMA_TABLE,
    columns_of,
    key_columns,
    key_text,
    row_digest,
)
from workbench.store.evidence import append_event, now


class Transaction:
    """Made by `Project.transaction`. `subject` and `payload` may be completed until the end."""

    def __init__(
        self, connection: sqlite3.Connection, path: Path, subject: str, payload: Mapping[str, Any]
    ) -> None:
        self.subject = subject
        self.payload = dict(payload)
        self._connection = connection
        self._path = path
        self._touched: dict[tuple[str, tuple[Any, ...]], None] = {}
        self._columns = cache(lambda table: columns_of(connection, table))
        self._keys = cache(lambda table: key_columns(connection, table))

    def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """All rows of a query, which sees what this transaction has written."""
        return fetch(self._connection, sql, values)

    def row(self, sql: str, *values: Any) -> dict[str, Any] | None:
        """The first row of a query."""
        return next(iter(self.rows(sql, *values)), None)

    def insert(self, table: str, /, **values: Any) -> int:
        """Insert one row; its rowid, which is its id where the table has one."""
        return self._insert(table, values, "")

    def upsert(self, table: str, /, **values: Any) -> int:
        """Insert one row, or change the one that has the same primary key; its rowid."""
        keys = ", ".join(quoted(key) for key in self._keys(table))
        changes = ", ".join(f"{quoted(name)} = excluded.{quoted(name)}" for name in values)
        return self._insert(table, values, f"ON CONFLICT ({keys}) DO UPDATE SET {changes}")

    def update(self, table: str, key: Mapping[str, Any], /, **values: Any) -> int:
        """Change `values` in every row where the columns of `key` have these values; how many."""
        self._check(table, [*key, *values])
        if set(self._keys(table)) & set(values):
            raise ValueError(f"the primary key of {table!r} cannot be changed")
        changes = ", ".join(f"{quoted(name)} = ?" for name in values)
        bound = [encode(name, value) for name, value in values.items()]
        return self._change(table, f"UPDATE {quoted(table)} SET {changes}", bound, key)

    def delete(self, table: str, key: Mapping[str, Any], /) -> int:
        """Delete every row where the columns of `key` have these values; how many."""
        self._check(table, key)
        return self._change(table, f"DELETE FROM {quoted(table)}", [], key)

    def put_array(self, array: NDArray[Any]) -> str:
        """Store an array once, whoever asks; its hash. DataError for arrays of objects."""
        return self._put(array_artifact(array))

    def put_bytes(self, data: bytes) -> str:
        """Store bytes once, whoever asks; their SHA-256."""
        return self._put(bytes_artifact(data))

    def append_event(self, kind: str, actor: str, role: str) -> None:
        """End of the transaction: one event with the digest of every row touched."""
        if "rows" in self.payload:
            raise ValueError("the payload of an event cannot have its own 'rows'")
        append_event(
            self._connection,
            kind,
            actor=actor,
            role=role,
            subject=self.subject,
            payload=self.payload | {"rows": self._digests()},
        )

    def _insert(self, table: str, values: Mapping[str, Any], conflict: str) -> int:
        self._check(table, values)
        names = ", ".join(quoted(name) for name in values)
        marks = ", ".join("?" * len(values))
        keys = ", ".join(quoted(key) for key in self._keys(table))
        ((rowid, *key),) = self._connection.execute(
            f"INSERT INTO {quoted(table)} ({names}) VALUES ({marks}) {conflict} "
            f"RETURNING rowid, {keys}",
            [encode(name, value) for name, value in values.items()],
        ).fetchall()
        self._touched[table, tuple(key)] = None
        return int(rowid)

    def _change(self, table: str, sql: str, bound: list[Any], key: Mapping[str, Any]) -> int:
        condition = " AND ".join(f"{quoted(name)} IS ?" for name in key)
        returned = ", ".join(quoted(name) for name in self._keys(table))
        changed = self._connection.execute(
            f"{sql} WHERE {condition} RETURNING {returned}",
            [*bound, *(encode(name, value) for name, value in key.items())],
        ).fetchall()
        self._touched.update(dict.fromkeys((table, tuple(key)) for key in changed))
        return len(changed)

    def _put(self, artifact: Artifact) -> str:
        if self.row("SELECT hash FROM artifact WHERE hash = ?", artifact.hash):
            return artifact.hash
        size = len(artifact.data)
        is_large = size > self._side_folder_limit()
        if is_large:
            write_side_file(self._path, artifact)
        self.insert(
            "artifact",
            hash=artifact.hash,
            dtype=artifact.dtype,
            shape=list(artifact.shape),
            size=size,
            storage="side" if is_large else "inline",
            created=now(),
        )
        if not is_large:
            write_chunks(self._connection, artifact)
        return artifact.hash

    def _side_folder_limit(self) -> int:
        (project,) = self.rows("SELECT settings FROM project")
        return int(project["settings"]["side_folder_above_bytes"])

    def _digests(self) -> dict[str, dict[str, str | None]]:
        digests: dict[str, dict[str, str | None]] = {}
        for table, key in self._touched:
            digests.setdefault(table, {})[key_text(key)] = self._digest(table, key)
        return digests

    def _digest(self, table: str, key: tuple[Any, ...]) -> str | None:
        """Of the row as SQLite holds it, hence after defaults and conversions; None if deleted."""
        columns = self._columns(table)
        names = ", ".join(quoted(name) for name in columns)
        condition = " AND ".join(f"{quoted(name)} = ?" for name in self._keys(table))
        row = self._connection.execute(
            f"SELECT {names} FROM {quoted(table)} WHERE {condition}", key
        ).fetchone()
        return row_digest(columns, row) if row else None

    def _check(self, table: str, columns: Iterable[str]) -> None:
        known = () if table in NOT_LOGGED | {SCHEMA_TABLE} else self._columns(table)
        if not known:
            raise ValueError(f"there is no table {table!r} to write")
        unknown = [column for column in columns if column not in known]
        if unknown:
            raise ValueError(f"table {table!r} has no column {unknown[0]!r}")
