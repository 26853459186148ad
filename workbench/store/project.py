"""A project: one SQLite file that holds everything an audit used, measured and concluded."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from numpy.typing import NDArray

from workbench.core.errors import ProjectError
from workbench.core.hashing import canonical_json
from workbench.store import migrations
from workbench.store.artifacts import read_array, read_bytes
from workbench.store.columns import fetch
from workbench.store.connection import (
    APPLICATION_ID,
    PAGE_SIZE,
    Access,
    connect,
    damaged,
    immediate,
    not_a_project,
    plain_disk_faults,
    plain_faults,
)
from workbench.store.evidence import now
from workbench.store.migrations import Age
from workbench.store.transaction import Transaction

SIDE_FOLDER_ABOVE_BYTES = 256 << 20
_SMALLEST_DATABASE = 512


class Project:
    """An open project file. Get one from `create` or `open`; close it, or use it in `with`.

    While it is open, this process must not read the file by other means than SQLite: closing
    any handle of a file drops the locks that POSIX systems keep for the whole process.

    Any thread may read, several at a time: each read borrows a connection from a pool. Writers
    of this process take turns at a lock, those of other processes at SQLite's own.
    """

    def __init__(self, path: Path, access: Access) -> None:
        self.path = path
        self._access = access
        self._idle: list[sqlite3.Connection] = []
        self._writing = threading.RLock()
        self._in_transaction = False
        self._closed = threading.Event()
        self._name = ""
        self._file = _identity(path)

    @classmethod
    def create(cls, path: Path, name: str) -> Project:
        """Make a new project file. ProjectError if the path exists or cannot be written."""
        path = Path(path)
        _make_file(path)
        try:
            with plain_faults(path), closing(connect(path, "write")) as connection:
                _fill(connection, name)
            return cls.open(path)
        except BaseException:
            for suffix in ("", "-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            raise

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> Project:
        """Open a project file; an older schema is brought up to date unless `read_only`.

        ProjectError says what is wrong with a file that cannot be opened. One with a newer
        schema opens only with `read_only`.
        """
        path = Path(path)
        _check_path(path)
        project = cls(path, _access(path, read_only))
        try:
            project._check_and_upgrade()
        except BaseException:
            project.close()
            raise
        return project

    @property
    def read_only(self) -> bool:
        return self._access != "write"

    @property
    def name(self) -> str:
        return self._name

    def close(self) -> None:
        """Close every connection; the last one to a file merges its write-ahead log."""
        self._closed.set()
        while self._idle:
            self._idle.pop().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """All rows of a query over committed data, JSON columns decoded."""
        with self._borrowed() as connection:
            return fetch(connection, sql, values)

    def row(self, sql: str, *values: Any) -> dict[str, Any] | None:
        """The first row of a query."""
        return next(iter(self.rows(sql, *values)), None)

    def array(self, digest: str) -> NDArray[Any]:
        """A stored array, private and writable; large ones are mapped, not read."""
        with self._borrowed() as connection:
            return read_array(connection, self.path, digest)

    def blob(self, digest: str) -> bytes:
        """Stored bytes."""
        with self._borrowed() as connection:
            return read_bytes(connection, self.path, digest)

    @contextmanager
    def transaction(
        self,
        kind: str,
        *,
        subject: str = "",
        actor: str = "workbench",
        role: str = "",
        payload: Mapping[str, Any] | None = None,
    ) -> Iterator[Transaction]:
        """All that is written inside happens, with one event of type `kind`, or none of it."""
        if self.read_only:
            raise ProjectError(
                f"Project {self.path.name!r} is open read-only.", remedy="Open it for writing."
            )
        self.check_in_place()
        with self._writing, self._borrowed(write=True) as connection:
            if self._in_transaction:
                raise RuntimeError("a transaction cannot begin inside another one")
            self._in_transaction = True
            try:
                with immediate(connection):
                    tx = Transaction(connection, self.path, subject, payload or {})
                    yield tx
                    tx.append_event(kind, actor, role)
            finally:
                self._in_transaction = False

    def check_in_place(self) -> None:
        """ProjectError if the path names another file by now, or none.

        An open file outlives its name on POSIX systems: what is written to it would be lost.
        """
        if _identity(self.path) != self._file:
            raise ProjectError(
                f"The file {self.path.name!r} was moved, deleted or replaced while it was open, "
                "so nothing more is written to it.",
                remedy="Put it back where it was, or open the project where it is now.",
            )

    def connect(self) -> sqlite3.Connection:
        """One more connection, which the caller closes."""
        return connect(self.path, self._access)

    @contextmanager
    def _borrowed(self, *, write: bool = False) -> Iterator[sqlite3.Connection]:
        if self._closed.is_set():
            raise ProjectError(f"Project {self.path.name!r} is closed.", remedy="Open it again.")
        with plain_faults(self.path):
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = self.connect()
            try:
                connection.execute(f"PRAGMA query_only = {not write}")
                yield connection
            finally:
                self._idle.append(connection)
                if self._closed.is_set():  # meanwhile, by another thread
                    self.close()

    def _check_and_upgrade(self) -> None:
        with self._borrowed(write=not self.read_only) as connection:
            _check_owner(connection, self.path)
            _check_size(connection, self.path)
            try:
                age = migrations.age_of(connection)
                found = connection.execute("SELECT name FROM project").fetchone()
            except sqlite3.OperationalError as fault:
                raise damaged(self.path, str(fault)) from fault
            if found is None:
                raise damaged(self.path, "it has lost its name")
            if age is Age.CURRENT and (lost := migrations.missing_tables(connection)):
                raise damaged(self.path, f"it has lost its table {lost[0]!r}")
            self._name = str(found[0])
            if age is Age.OLDER and not self.read_only:
                migrations.upgrade(self.path, connection)
            if age is Age.NEWER and not self.read_only:
                raise ProjectError(
                    f"Project {self.path.name!r} has a newer schema, "
                    f"written by {migrations.last_writer(connection)}.",
                    remedy="Open it read-only, or use that version.",
                )


def _make_file(path: Path) -> None:
    if path.exists():
        raise ProjectError(f"{path.name!r} exists already.", remedy="Choose another name.")
    if not path.parent.is_dir():
        raise ProjectError(f"There is no folder {str(path.parent)!r}.", remedy="Make it first.")
    if not _may_write(path.parent):
        raise _read_only_folder(path)
    with plain_disk_faults(path):
        path.touch(exist_ok=False)


def _fill(connection: sqlite3.Connection, name: str) -> None:
    connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")
    connection.execute("PRAGMA journal_mode = WAL")
    with immediate(connection):
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        migrations.apply_migrations(connection)
        settings = canonical_json({"side_folder_above_bytes": SIDE_FOLDER_ABOVE_BYTES})
        connection.execute(
            "INSERT INTO project (id, name, created, created_by, settings) VALUES (1, ?, ?, ?, ?)",
            (name, now(), migrations.PROGRAM, settings),
        )
        migrations.record_migration(connection, "project.created", actor="workbench")


def _check_path(path: Path) -> None:
    if path.is_dir():
        raise ProjectError(f"{path.name!r} is a folder, not a project.", remedy="Name a file.")
    if not path.exists():
        raise ProjectError(f"There is no file {str(path)!r}.", remedy="Check the path.")
    if 0 < path.stat().st_size < _SMALLEST_DATABASE:  # which SQLite would take for empty
        raise not_a_project(f"{path.name!r} is not a project.")


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells a file from any other, whatever it is called; None if there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _has_log(path: Path) -> bool:
    log = path.with_name(f"{path.name}-wal")
    return log.exists() and log.stat().st_size > 0


def _access(path: Path, read_only: bool) -> Access:
    folder_is_writable = _may_write(path.parent)
    if read_only:
        return "read" if folder_is_writable or _has_log(path) else "frozen"
    if not folder_is_writable or not _may_write(path):
        raise _read_only_folder(path)
    return "write"


def _read_only_folder(path: Path) -> ProjectError:
    return ProjectError(
        f"Project {path.name!r} lies where you may not write.",
        remedy="Open it read-only, or use a folder of your own.",
    )


def _check_owner(connection: sqlite3.Connection, path: Path) -> None:
    (owner,) = connection.execute("PRAGMA application_id").fetchone()
    if owner == APPLICATION_ID:
        return
    if owner == 0 and not connection.execute("SELECT 1 FROM sqlite_master").fetchone():
        raise ProjectError(
            f"{path.name!r} is empty: making this project was interrupted.",
            remedy="Delete the file and make the project again.",
        )
    raise not_a_project(f"{path.name!r} is a database of another application, not a project.")


def _check_size(connection: sqlite3.Connection, path: Path) -> None:
    """SQLite itself notices missing pages, but not a last page that is cut short."""
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (page_size,) = connection.execute("PRAGMA page_size").fetchone()
    # While a write-ahead log exists, it may hold the pages that the file lacks.
    if not _has_log(path) and path.stat().st_size < pages * page_size:
        raise damaged(path, "its end is missing")


def _may_write(path: Path) -> bool:
    """Whether this process may, as the user it acts for."""
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)
