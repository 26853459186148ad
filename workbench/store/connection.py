"""SQLite connections to a project file, and what their errors mean to a user."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from workbench.core.errors import ProjectError

Access = Literal["write", "read", "frozen"]

APPLICATION_ID = int.from_bytes(b"ULWB", "big")
PAGE_SIZE = 32_768  # measured: arrays are committed up to twice as fast as with 4,096
BUSY_SECONDS = 30.0
_URI_OPTIONS: dict[Access, str] = {
    "write": "mode=rw",
    # With mode=ro the last reader could not remove the -wal and -shm files that it made.
    "read": "mode=rw",
    # For folders in which SQLite cannot make these files; nobody can write there meanwhile.
    "frozen": "mode=ro&immutable=1",
}
# FULL costs one flush per commit. With it a commit that was reported survives a power cut too,
# which the lock of a plan must; a killed process alone cannot break a file in WAL mode.
_SETTINGS = """
PRAGMA foreign_keys = ON;
PRAGMA synchronous = FULL;
PRAGMA recursive_triggers = ON;
PRAGMA trusted_schema = OFF;
PRAGMA cell_size_check = ON;
PRAGMA journal_size_limit = 67108864;
"""


class UnreadableValue(sqlite3.DatabaseError):
    """A column holds something else than the schema says."""


def connect(path: Path, access: Access) -> sqlite3.Connection:
    """Open an existing file in autocommit mode; any thread may use it, one at a time."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{_URI_OPTIONS[access]}",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        connection.executescript(_SETTINGS)
        connection.execute(f"PRAGMA query_only = {access != 'write'}")
    except BaseException as fault:
        connection.close()
        # Our settings are sound, so what SQLite cannot make sense of is the schema in the file.
        if isinstance(fault, UnicodeDecodeError) or _code(fault) == sqlite3.SQLITE_ERROR:
            raise damaged(path, "its schema cannot be read") from fault
        raise
    return connection


@contextmanager
def immediate(connection: sqlite3.Connection) -> Iterator[None]:
    """A write transaction that waits for its turn when it begins.

    A deferred one would fail at its first write whenever another process wrote since its first
    read, without waiting.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        connection.rollback()  # does nothing after COMMIT, or after SQLite rolled back itself


@contextmanager
def plain_faults(path: Path) -> Iterator[None]:
    """Turn SQLite's faults of file and disk into ProjectError; mistakes in SQL pass unchanged."""
    try:
        yield
    except sqlite3.Error as fault:
        error = _explain(fault, path)
        if error is None:
            raise
        raise error from fault


@contextmanager
def plain_disk_faults(path: Path) -> Iterator[None]:
    """Turn OSError, met at the files of the project `path`, into ProjectError."""
    try:
        yield
    except OSError as fault:
        if fault.errno == errno.ENOSPC:
            raise _disk_full(path) from fault
        reason = fault.strerror or str(fault)
        raise ProjectError(
            f"The files of project {path.name!r} cannot be read or written: {reason}.",
            remedy="Check the disk and your rights on the folder.",
        ) from fault


def _explain(fault: sqlite3.Error, path: Path) -> ProjectError | None:
    match _code(fault):
        case sqlite3.SQLITE_FULL:
            return _disk_full(path)
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return ProjectError(
                f"Project {path.name!r} was being written elsewhere for {BUSY_SECONDS:.0f} s.",
                remedy="Try again when the other program has finished.",
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            return ProjectError(
                f"Project {path.name!r} cannot be written.",
                remedy="Copy it to a folder where you may write, or open it read-only.",
            )
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_IOERR:
            return ProjectError(
                f"Project {path.name!r} cannot be read or written: {fault}.",
                remedy="Check the disk and your rights on the folder.",
            )
        case sqlite3.SQLITE_NOTADB:
            return not_a_project(f"{path.name!r} is not a project.")
        case sqlite3.SQLITE_CORRUPT:
            return damaged(path, str(fault))
    if isinstance(fault, UnreadableValue) or str(fault).startswith("Could not decode to UTF-8"):
        return damaged(path, "it holds text that cannot be decoded")
    return None


def _code(fault: BaseException) -> int:
    """SQLite's primary result code; 0 for errors that are not its own."""
    return int(getattr(fault, "sqlite_errorcode", 0)) & 0xFF


def damaged(path: Path, how: str) -> ProjectError:
    return ProjectError(
        f"Project {path.name!r} is damaged: {how}.", remedy="Restore it from a backup."
    )


def not_a_project(message: str) -> ProjectError:
    return ProjectError(message, remedy="Check that it is a project; their names end in .audit.")


def _disk_full(path: Path) -> ProjectError:
    return ProjectError(
        f"There is no room left on the disk of project {path.name!r}.",
        remedy="Free some space and repeat the last step; the project is unharmed.",
    )
