"""Between Python values and columns: JSON, numpy scalars, and rows as dictionaries."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.core.hashing import canonical_json
from workbench.store.connection import UnreadableValue

# A column of one of these names holds JSON in whatever table it is.
JSON_COLUMNS = frozenset(
    {
        "architecture",
        "arrays",
        "class_names",
        "content",
        "definition",
        "description",
        "detail",
        "edit",
        "error",
        "forget_sets",
        "inverse",
        "manifest",
        "params",
        "payload",
        "preprocessing",
        "recipe",
        "settings",
        "shape",
        "source",
        "tensors",
        "worker",
    }
)


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def encode(column: str, value: Any) -> Any:
    """The value to bind for `column`. ValueError for NaN, which SQLite would store as NULL."""
    if column in JSON_COLUMNS and value is not None:
        return canonical_json(value)
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"column {column!r} cannot hold {value}")
    return value


def fetch(
    connection: sqlite3.Connection, sql: str, values: Sequence[Any] = ()
) -> list[dict[str, Any]]:
    """All rows of a query, JSON columns decoded. UnreadableValue for one that is not JSON."""
    bound = [value.item() if isinstance(value, np.generic) else value for value in values]
    cursor = connection.execute(sql, bound)
    names = [column[0] for column in cursor.description or ()]
    return [
        {name: _decode(name, value) for name, value in zip(names, row, strict=True)}
        for row in cursor
    ]


def _decode(column: str, value: Any) -> Any:
    if column in JSON_COLUMNS and isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError as fault:
            raise UnreadableValue(f"column {column!r} holds text that is not JSON") from fault
    return value
