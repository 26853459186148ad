"""Arrays and bytes under their hash: in the project file in chunks, large ones beside it."""

from __future__ import annotations

import json
import math
import os
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.errors import DataError, ProjectError
from workbench.core.hashing import hash_array, hash_bytes
from workbench.store.connection import damaged, plain_disk_faults

CHUNK_BYTES = 1 << 20  # measured: larger chunks write no faster and are read more slowly
BYTES = "bytes"  # the dtype of an artifact that is not an array
_KINDS = "biufcUSmM"
_DTYPE = re.compile(rf"[<>|][{_KINDS}]\d+(\[\d*[a-zA-Z]+\])?")
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Artifact:
    """What is stored: `data` is a flat view of the bytes, no copy of them."""

    hash: str
    dtype: str
    shape: tuple[int, ...]
    data: memoryview


def array_artifact(array: NDArray[Any]) -> Artifact:
    """DataError for arrays of Python objects and structured ones."""
    if array.dtype.kind not in _KINDS:
        raise DataError(
            f"An array of type {array.dtype} cannot be stored.",
            remedy="Convert it to numbers, text of fixed width, dates or truth values.",
        )
    array = np.asarray(array, order="C")
    data = array.reshape(-1).view(np.uint8).data
    return Artifact(hash_array(array), array.dtype.str, array.shape, data)


def bytes_artifact(data: bytes) -> Artifact:
    return Artifact(hash_bytes(data), BYTES, (len(data),), memoryview(data))


def write_chunks(connection: sqlite3.Connection, artifact: Artifact) -> None:
    data = artifact.data
    connection.executemany(
        "INSERT INTO artifact_chunk (hash, seq, data) VALUES (?, ?, ?)",
        (
            (artifact.hash, seq, data[start : start + CHUNK_BYTES])
            for seq, start in enumerate(range(0, len(data), CHUNK_BYTES))
        ),
    )


def side_file(project: Path, digest: str) -> Path:
    """Where a large artifact lies: a function of its hash alone, whatever the file says."""
    if not _HASH.fullmatch(digest):
        raise damaged(project, f"{digest!r} is not the hash of an artifact")
    return project.with_name(f"{project.name}.files") / digest


def write_side_file(project: Path, artifact: Artifact) -> None:
    """Complete and on the disk before its row can be committed; ProjectError if it cannot be."""
    path = side_file(project, artifact.hash)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.unfinished")
    with plain_disk_faults(project):
        path.parent.mkdir(exist_ok=True)
        try:
            with unfinished.open("wb") as file:
                file.write(artifact.data)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
        _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    if os.name == "posix":  # elsewhere a folder cannot be opened, and a rename is durable
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def read_array(connection: sqlite3.Connection, project: Path, digest: str) -> NDArray[Any]:
    """A private writable array: filled chunk by chunk, or mapped copy-on-write from its file.

    Its hash is not recomputed here but by `verify`.
    """
    dtype_text, shape, size, storage = _described(connection, project, digest)
    dtype = _array_dtype(project, digest, dtype_text)
    if math.prod(shape) * dtype.itemsize != size:
        raise damaged(project, f"the size of artifact {digest[:12]} does not fit its shape")
    if storage == "side":
        return _map_file(project, digest, dtype, shape, size)
    return _read_chunks(connection, project, digest, size).view(dtype).reshape(shape)


def read_bytes(connection: sqlite3.Connection, project: Path, digest: str) -> bytes:
    """ProjectError if the artifact is an array."""
    dtype, _, size, storage = _described(connection, project, digest)
    if dtype != BYTES:
        raise ProjectError(f"Artifact {digest[:12]} is an array, not bytes.")
    if storage == "side":
        return _map_file(project, digest, np.dtype(np.uint8), (size,), size).tobytes()
    return _read_chunks(connection, project, digest, size).tobytes()


def _described(
    connection: sqlite3.Connection, project: Path, digest: str
) -> tuple[str, Sequence[int], int, str]:
    row = connection.execute(
        "SELECT dtype, shape, size, storage FROM artifact WHERE hash = ?", (digest,)
    ).fetchone()
    if row is None:
        raise ProjectError(f"Project {project.name!r} holds no artifact {digest[:12]}.")
    dtype, shape_text, size, storage = row
    try:
        shape = json.loads(shape_text)
    except ValueError as fault:
        raise damaged(project, f"artifact {digest[:12]} has no readable shape") from fault
    if not isinstance(shape, list) or not all(type(n) is int and n >= 0 for n in shape):
        raise damaged(project, f"artifact {digest[:12]} has no readable shape")
    return dtype, shape, size, storage


def _array_dtype(project: Path, digest: str, text: str) -> np.dtype[Any]:
    if text == BYTES:
        raise ProjectError(f"Artifact {digest[:12]} is bytes, not an array.")
    try:
        if _DTYPE.fullmatch(text):
            return np.dtype(text)
    except (TypeError, ValueError) as fault:
        raise damaged(project, f"artifact {digest[:12]} has no readable type") from fault
    raise damaged(project, f"artifact {digest[:12]} has no readable type")


def _read_chunks(
    connection: sqlite3.Connection, project: Path, digest: str, size: int
) -> NDArray[np.uint8]:
    (stored,) = connection.execute(
        "SELECT coalesce(sum(length(data)), 0) FROM artifact_chunk WHERE hash = ?", (digest,)
    ).fetchone()
    if stored != size:
        raise damaged(project, f"artifact {digest[:12]} has {stored} of its {size} bytes")
    buffer, end = np.empty(size, np.uint8), 0
    for (data,) in connection.execute(
        "SELECT data FROM artifact_chunk WHERE hash = ? ORDER BY seq", (digest,)
    ):
        start, end = end, end + len(data)
        buffer[start:end] = np.frombuffer(data, np.uint8)
    return buffer


def _map_file(
    project: Path, digest: str, dtype: np.dtype[Any], shape: Sequence[int], size: int
) -> NDArray[Any]:
    path = side_file(project, digest)
    if not path.is_file():
        raise ProjectError(
            f"The file {path.name[:12]}... is missing from the folder {path.parent.name!r}.",
            remedy="Keep that folder beside the project file.",
        )
    with plain_disk_faults(project):
        if path.stat().st_size != size:
            raise damaged(project, f"the file of artifact {digest[:12]} has the wrong size")
        return np.memmap(path, dtype=dtype, mode="c", shape=tuple(shape))
