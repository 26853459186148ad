from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from workbench.core.errors import DataError, ProjectError
from workbench.core.hashing import hash_array, hash_bytes
from workbench.store import Project, verify
from workbench.store import project as project_module
from workbench.store.artifacts import CHUNK_BYTES
from workbench.store.connection import Access, connect

ARRAYS = {
    "float64": np.linspace(-1, 1, 6).reshape(2, 3),
    "float16": np.array([1.5, np.nan, np.inf], np.float16),
    "int64 scalar": np.array(7),
    "no rows": np.empty((0, 3), np.float32),
    "bool": np.array([True, False]),
    "text": np.array(["a", "ümlaut", ""]),
    "bytes": np.array([b"ab", b"c"]),
    "dates": np.array(["2026-01-01", "2026-02-01"], "M8[D]"),
    "big endian": np.arange(3, dtype=">i4"),
    "transposed": np.arange(6.0).reshape(2, 3).T,
    "strided": np.arange(10)[::3],
    "several chunks": np.arange(3 * CHUNK_BYTES // 8 + 5),
}


def set_side_limit(project: Project, limit: int) -> None:
    with project.transaction("settings.changed") as tx:
        tx.update("project", {"id": 1}, settings={"side_folder_above_bytes": limit})


def put(project: Project, array: NDArray[np.generic]) -> str:
    with project.transaction("stored") as tx:
        return tx.put_array(array)


@pytest.mark.parametrize("side", [False, True], ids=["inline", "side"])
@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS)
def test_arrays_come_back_equal(project: Project, array: NDArray[np.generic], side: bool) -> None:
    if side:
        set_side_limit(project, 1)
    digest = put(project, array)
    back = project.array(digest)
    assert digest == hash_array(array) == hash_array(back)
    assert (back.dtype, back.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(back, array)
    assert verify(project) == []


@pytest.mark.parametrize("side", [False, True], ids=["inline", "side"])
def test_what_is_read_is_a_private_copy(project: Project, side: bool) -> None:
    if side:
        set_side_limit(project, 1)
    digest = put(project, np.zeros(100))
    project.array(digest)[:] = 1
    assert not project.array(digest).any()
    assert verify(project) == []


@pytest.mark.parametrize("size", [0, 10, CHUNK_BYTES, 2 * CHUNK_BYTES + 1])
def test_bytes_come_back_equal(project: Project, size: int) -> None:
    data = np.random.default_rng(0).bytes(size)
    with project.transaction("stored") as tx:
        digest = tx.put_bytes(data)
    assert digest == hash_bytes(data)
    assert project.blob(digest) == data


@pytest.mark.parametrize("side", [False, True], ids=["inline", "side"])
def test_equal_content_is_stored_once(project: Project, side: bool) -> None:
    if side:
        set_side_limit(project, 1)
    array = np.arange(1000.0)
    first = put(project, array)
    chunks = project.rows("SELECT count(*) AS n FROM artifact_chunk")
    assert put(project, array.copy()) == first
    with project.transaction("twice") as tx:
        assert tx.put_array(array) == tx.put_array(array.copy()) == first
    assert project.rows("SELECT count(*) AS n FROM artifact_chunk") == chunks
    assert len(project.rows("SELECT hash FROM artifact")) == 1


def test_type_and_shape_make_another_artifact(project: Project) -> None:
    zeros = np.zeros(4, np.float32)
    digests = {put(project, a) for a in (zeros, zeros.reshape(2, 2), zeros.view(np.int32))}
    assert len(digests) == 3


@pytest.mark.parametrize(
    "array",
    [np.array([{"a": 1}, None], dtype=object), np.zeros(2, dtype=[("a", "f8"), ("b", "i4")])],
    ids=["objects", "structured"],
)
def test_other_arrays_are_refused(project: Project, array: NDArray[np.generic]) -> None:
    with pytest.raises(DataError, match="cannot be stored"):
        put(project, array)


def test_large_artifacts_go_to_the_side_folder(project: Project) -> None:
    set_side_limit(project, 1000)
    small, large = put(project, np.zeros(125)), put(project, np.zeros(126))
    assert project.rows("SELECT DISTINCT hash FROM artifact_chunk") == [{"hash": small}]
    folder = project.path.with_name("study.audit.files")
    assert [file.name for file in folder.iterdir()] == [large]


def test_a_missing_side_file_is_named(project: Project) -> None:
    set_side_limit(project, 0)
    digest = put(project, np.ones(3))
    project.path.with_name("study.audit.files").joinpath(digest).unlink()
    with pytest.raises(ProjectError, match=f"{digest[:12]}... is missing"):
        project.array(digest)
    assert [fault.where for fault in verify(project)] == [f"artifact {digest[:12]}"]


def test_a_path_is_never_read_from_the_file(project: Project, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(bytes(8))
    (tmp_path / "study.audit.files").mkdir()
    with closing(sqlite3.connect(project.path)) as raw, raw:
        raw.execute("INSERT INTO artifact VALUES ('../secret', '<f8', '[1]', 8, 'side', 'now')")
    with pytest.raises(ProjectError, match="not the hash"):
        project.array("../secret")
    assert verify(project)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("dtype", "|O"),
        ("dtype", "nonsense"),
        ("shape", "[-1]"),
        ("shape", "3"),
        ("shape", "["),
        ("size", 10**15),
    ],
)
def test_a_damaged_description_is_refused(project: Project, column: str, value: object) -> None:
    digest = put(project, np.ones(3))
    with closing(sqlite3.connect(project.path)) as raw, raw:
        raw.execute(f"UPDATE artifact SET {column} = ?", (value,))
    with pytest.raises(ProjectError, match="is damaged"):
        project.array(digest)


def test_arrays_and_bytes_are_not_confused(project: Project) -> None:
    with project.transaction("stored") as tx:
        array, data = tx.put_array(np.ones(3)), tx.put_bytes(b"abc")
    with pytest.raises(ProjectError, match="is an array"):
        project.blob(array)
    with pytest.raises(ProjectError, match="is bytes"):
        project.array(data)
    with pytest.raises(ProjectError, match="holds no artifact"):
        project.array("0" * 64)


def test_a_full_disk_leaves_the_project_unharmed(
    path: Path, populated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def with_little_room(path: Path, access: Access) -> sqlite3.Connection:
        connection = connect(path, access)
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 20}")
        return connection

    with Project.open(populated) as project:
        before = project.rows("SELECT count(*) AS n FROM artifact_chunk")
    with monkeypatch.context() as patch:
        patch.setattr(project_module, "connect", with_little_room)
        with Project.open(populated) as project:
            with pytest.raises(ProjectError, match="no room left"):
                put(project, np.random.default_rng(0).random(1_000_000))
            assert project.rows("SELECT count(*) AS n FROM artifact_chunk") == before
            assert verify(project) == []
            put(project, np.ones(3))
    with Project.open(path) as project:
        put(project, np.random.default_rng(0).random(1_000_000))
        assert verify(project) == []


def test_a_disk_full_beside_the_file_leaves_the_project_unharmed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    set_side_limit(project, 0)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", no_room)
        with pytest.raises(ProjectError, match="no room left"):
            put(project, np.ones(3))
    assert project.rows("SELECT * FROM artifact") == []
    assert list(project.path.with_name("study.audit.files").iterdir()) == []
    put(project, np.ones(3))
    assert verify(project) == []
