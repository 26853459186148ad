from __future__ import annotations

import multiprocessing
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from workbench.core.errors import ProjectError
from workbench.store import Project, migrations, verify


def test_a_new_project_is_intact_and_named(path: Path) -> None:
    with Project.create(path, "My study") as project:
        assert (project.name, project.path, project.read_only) == ("My study", path, False)
        assert verify(project) == []
    with Project.open(path) as project:
        assert project.name == "My study"


def test_a_closed_project_is_one_file(project: Project) -> None:
    with project.transaction("x") as tx:
        tx.put_bytes(b"content")
    project.close()
    assert [file.name for file in project.path.parent.iterdir()] == ["study.audit"]


def test_any_sqlite_tool_can_read_it(project: Project) -> None:
    with closing(sqlite3.connect(project.path)) as raw:
        assert raw.execute("PRAGMA application_id").fetchone() == (0x554C5742,)
        assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        strict = raw.execute("SELECT name FROM pragma_table_list WHERE strict = 1").fetchall()
        assert ("metric",) in strict


def test_a_name_with_signs_of_an_address_works(tmp_path: Path) -> None:
    path = tmp_path / "50% of a?b#c &d=e.audit"
    Project.create(path, "x").close()
    with Project.open(path) as project:
        assert project.name == "x"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_create_refuses_what_exists(path: Path) -> None:
    path.write_text("mine")
    with pytest.raises(ProjectError, match=r"'study\.audit' exists already"):
        Project.create(path, "x")
    assert path.read_text() == "mine"


def test_create_refuses_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="There is no folder"):
        Project.create(tmp_path / "nowhere" / "x.audit", "x")


def test_a_failed_creation_leaves_no_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(connection: sqlite3.Connection) -> None:
        connection.execute("SELECT * FROM nothing")

    monkeypatch.setattr(migrations, "apply_migrations", fail)
    with pytest.raises(sqlite3.OperationalError):
        Project.create(path, "x")
    assert list(path.parent.iterdir()) == []


def _nothing(path: Path) -> None:
    pass


def _text_file(path: Path) -> None:
    path.write_text("seed,accuracy\n1,0.9\n" * 100)


def _short_file(path: Path) -> None:
    path.write_text("x")


def _empty_file(path: Path) -> None:
    path.touch()


def _other_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("CREATE TABLE photos (id INTEGER)")


def _interrupted_creation(path: Path) -> None:
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA journal_mode = WAL")


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (_nothing, "There is no file"),
        (Path.mkdir, "is a folder"),
        (_text_file, "is not a project"),
        (_short_file, "is not a project"),
        (_empty_file, "is empty"),
        (_other_database, "database of another application"),
        (_interrupted_creation, "was interrupted"),
    ],
)
def test_what_is_no_project_is_refused(
    path: Path, make: object, message: str, read_only: bool
) -> None:
    make(path)  # type: ignore[operator]
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(ProjectError, match=message) as caught:
        Project.open(path, read_only=read_only)
    assert caught.value.remedy
    assert "study.audit" in caught.value.message
    assert before is None or path.read_bytes() == before


@pytest.mark.parametrize("kept", [0.03, 0.3, 0.9, 0.9999])
def test_a_truncated_file_is_refused(populated: Path, kept: float) -> None:
    os.truncate(populated, int(populated.stat().st_size * kept))
    with pytest.raises(ProjectError, match="is damaged"):
        Project.open(populated)


def test_opening_a_project_twice_keeps_the_locks_of_the_first(project: Project) -> None:
    with project.transaction("x") as tx:
        tx.insert("environment", hash="a", description={})
    Project.open(project.path).close()
    # A process that believes to be alone removes the write-ahead log when it leaves.
    leave = "import sys; from workbench.store import Project; Project.open(sys.argv[1]).close()"
    subprocess.run([sys.executable, "-c", leave, project.path], check=True)
    assert project.path.with_name("study.audit-wal").exists()
    with project.transaction("x") as tx:
        tx.insert("environment", hash="b", description={})
    with Project.open(project.path) as other:
        assert len(other.rows("SELECT * FROM environment")) == 2


def test_an_overwritten_schema_is_refused(populated: Path, populated_bytes: bytes) -> None:
    populated.write_bytes(populated_bytes[:100] + bytes(4000) + populated_bytes[4100:])
    with pytest.raises(ProjectError, match="is damaged"):
        Project.open(populated)


def test_a_read_only_project_cannot_be_written(populated: Path) -> None:
    before = populated.read_bytes()
    with Project.open(populated, read_only=True) as project:
        assert project.read_only
        assert project.rows("SELECT name FROM dataset") == [{"name": "digits"}]
        with (
            pytest.raises(ProjectError, match="open read-only"),
            project.transaction("x"),
        ):
            pass
        assert verify(project) == []
    assert populated.read_bytes() == before
    assert [file.name for file in populated.parent.iterdir()] == ["study.audit"]


def test_a_reader_sees_what_a_writer_commits(project: Project) -> None:
    with Project.open(project.path, read_only=True) as reader:
        assert reader.rows("SELECT * FROM environment") == []
        with project.transaction("x") as tx:
            tx.insert("environment", hash="h", description={})
        assert len(reader.rows("SELECT * FROM environment")) == 1


@pytest.fixture
def locked_folder(populated_bytes: bytes) -> Iterator[Path]:
    """A folder with a project in which an ordinary user may not write."""
    folder = Path(tempfile.mkdtemp())
    try:
        (folder / "study.audit").write_bytes(populated_bytes)
        (folder / "study.audit").chmod(0o444)
        folder.chmod(0o555)
        yield folder
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)


def visit_as_ordinary_user(folder: Path, answers: Connection) -> None:
    if os.getuid() == 0:
        # Load all modules first: that user may have no right to read the interpreter's.
        Project.open(folder / "study.audit", read_only=True).close()
        os.setgid(65534)
        os.setuid(65534)
    with pytest.raises(ProjectError) as caught:
        Project.open(folder / "study.audit")
    answers.send(caught.value.message)
    with pytest.raises(ProjectError) as caught:
        Project.create(folder / "new.audit", "new")
    answers.send(caught.value.message)
    with Project.open(folder / "study.audit", read_only=True) as project:
        answers.send(project.rows("SELECT name FROM dataset"))
        answers.send([str(fault) for fault in verify(project)])


@pytest.mark.skipif(sys.platform == "win32", reason="needs file modes of POSIX")
def test_a_folder_without_write_permission(locked_folder: Path) -> None:
    answers, theirs = multiprocessing.Pipe(duplex=False)
    visitor = multiprocessing.get_context("spawn").Process(
        target=visit_as_ordinary_user, args=(locked_folder, theirs)
    )
    visitor.start()
    visitor.join()
    assert visitor.exitcode == 0
    got = [answers.recv() for _ in range(4)]
    answers.close()
    theirs.close()
    assert got == [
        "Project 'study.audit' lies where you may not write.",
        "Project 'new.audit' lies where you may not write.",
        [{"name": "digits"}],
        [],
    ]
    assert [file.name for file in locked_folder.iterdir()] == ["study.audit"]
