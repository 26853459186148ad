"""One way to hash each kind of thing. SHA-256 everywhere; text is UTF-8, JSON is canonical."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_BLOCK = 1 << 20


def canonical_json(value: Any) -> str:
    """Sorted keys, no spaces, no NaN: equal values give equal text (RFC 8785 for plain data)."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def hash_bytes(data: bytes | bytearray | memoryview) -> str:
    return hashlib.sha256(data).hexdigest()


def hash_json(value: Any) -> str:
    return hash_bytes(canonical_json(value).encode())


def hash_array(array: NDArray[Any]) -> str:
    """Hash of dtype, shape and values, independent of memory order."""
    digest = hashlib.sha256(f"{array.dtype.str}{list(array.shape)}".encode())
    digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def hash_arrays(arrays: Mapping[str, NDArray[Any]]) -> str:
    """Hash of a named set of arrays (the weights of a model, the columns of a dataset)."""
    return hash_json({name: hash_array(array) for name, array in arrays.items()})


def hash_file(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def hash_folder(folder: Path) -> str:
    """Hash of every file under `folder` by relative name, compiled bytecode left out."""
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not (path.suffix == ".pyc" and path.parent.name == "__pycache__")
    )
    return hash_json({path.relative_to(folder).as_posix(): hash_file(path) for path in files})
