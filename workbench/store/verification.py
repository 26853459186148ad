"""Does a project still hold what its evidence log says it holds?"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from workbench.core.errors import ProjectError
from workbench.core.hashing import canonical_json, hash_array, hash_bytes
from workbench.store.artifacts import BYTES, read_array, read_bytes
from workbench.store.digests import SCHEMA_TABLE, differences
from workbench.store.evidence import GENESIS, event_hash
from workbench.store.project import Project


@dataclass(frozen=True)
class Fault:
    """One thing that is not as it was logged: where, and a sentence about it."""

    where: str
    problem: str

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}"


def verify(project: Project) -> list[Fault]:
    """Every fault of one snapshot of the project; an intact project has none.

    Looks at the structure of the file, the chain of events, every row of every table, every
    artifact, and the definitions of tables and triggers. A log rewritten as a whole, with all
    its hashes, can be told only by a head hash that was kept elsewhere.
    """
    faults: list[Fault] = []
    with closing(project.connect()) as connection:
        # Damaged text must be compared, not refused.
        connection.text_factory = lambda data: data.decode(errors="surrogateescape")
        connection.execute("BEGIN")
        for check in (_structure, _chain, _rows, _artifacts):
            try:
                faults.extend(check(connection, project.path))
            # A damaged column may hold a value of any type.
            except (sqlite3.DatabaseError, UnicodeError, TypeError) as fault:
                faults.append(Fault("file", f"It cannot be read any further: {fault}."))
    return faults


def _structure(connection: sqlite3.Connection, _: Path) -> Iterator[Fault]:
    for (problem,) in connection.execute("PRAGMA integrity_check"):
        if problem != "ok":
            yield Fault("file", f"SQLite finds it damaged: {problem}.")
    for table, row, parent, _key in connection.execute("PRAGMA foreign_key_check"):
        yield Fault(table, f"Row {row} points to a row of {parent} that is not there.")


def _chain(connection: sqlite3.Connection, _: Path) -> Iterator[Fault]:
    last_seq, last_hash = 0, GENESIS
    for seq, prev, stored, actor, role, kind, time, subject, payload in connection.execute(
        "SELECT seq, prev_hash, hash, actor, role, type, time, subject, payload "
        "FROM event ORDER BY seq"
    ):
        where = f"event {seq}"
        if seq != last_seq + 1:
            yield Fault(where, f"Events are missing between {last_seq} and {seq}.")
        if prev != last_hash:
            yield Fault(where, "It does not follow from the event before it.")
        try:
            content = json.loads(payload)
            computed = event_hash(
                seq=seq,
                prev=prev,
                actor=actor,
                role=role,
                type=kind,
                time=time,
                subject=subject,
                payload=content,
            )
            is_intact = computed == stored and canonical_json(content) == payload
        except (ValueError, TypeError):
            is_intact = False
        if not is_intact:
            yield Fault(where, "It was changed after it was written.")
        last_seq, last_hash = seq, stored
    counted = connection.execute("SELECT name, seq FROM sqlite_sequence").fetchall()
    if counted != [("event", last_seq)]:
        yield Fault("event", f"The log ends at {last_seq}, but that is not where SQLite left it.")


def _rows(connection: sqlite3.Connection, _: Path) -> Iterator[Fault]:
    for table, key, recorded, stored in differences(connection):
        where = "schema" if table == SCHEMA_TABLE else table
        if recorded is None:
            yield Fault(where, f"Row {key} is not in the evidence log.")
        elif stored is None:
            yield Fault(where, f"Row {key} is missing.")
        else:
            yield Fault(where, f"Row {key} was changed after it was logged.")


def _artifacts(connection: sqlite3.Connection, path: Path) -> Iterator[Fault]:
    for digest, dtype in connection.execute("SELECT hash, dtype FROM artifact").fetchall():
        where = f"artifact {digest[:12]}"
        try:
            if dtype == BYTES:
                computed = hash_bytes(read_bytes(connection, path, digest))
            else:
                computed = hash_array(read_array(connection, path, digest))
        except ProjectError as fault:
            yield Fault(where, fault.message)
        else:
            if computed != digest:
                yield Fault(where, "Its bytes were changed after they were stored.")
    yield from _chunks(connection)


def _chunks(connection: sqlite3.Connection) -> Iterator[Fault]:
    for digest, storage, first, last, count, shortest in connection.execute(
        "SELECT c.hash, a.storage, min(c.seq), max(c.seq), count(*), min(length(c.data)) "
        "FROM artifact_chunk c LEFT JOIN artifact a ON a.hash = c.hash GROUP BY c.hash"
    ):
        where = f"artifact {digest[:12]}"
        if storage != "inline":
            yield Fault(where, "It has chunks in the file that nothing refers to.")
        if (first, last) != (0, count - 1) or not shortest:
            yield Fault(where, "Its chunks do not follow each other.")
