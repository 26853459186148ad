"""Inputs as checked float64 arrays, so that no formula ever meets an empty or non-finite one.

A wrong shape is a mistake of the caller and raises ValueError; content for which a number does
not exist raises Undefined.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workbench.metrics.errors import Undefined

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]
Reals = NDArray[np.floating[Any]]  # float32 or float64
ModelRows = Reals  # (models, rows)

LARGEST = 1e100  # sums of squares of anything larger would leave float64
_NAMED_ROWS = 5
_HELD = 2_000_000  # numbers of one block, to bound memory


def as_logits(logits: ArrayLike) -> Floats:
    """Logits as (n, C) float64 with n >= 1 and C >= 2. Undefined names the first faulty rows."""
    return as_any_logits(logits).astype(np.float64, copy=False)


def as_any_logits(logits: ArrayLike) -> Reals:
    """The same, but float32 is kept, so that a large matrix need not be copied whole."""
    array = np.asarray(logits)
    if array.dtype != np.float32:
        array = array.astype(np.float64, copy=False)
    if array.ndim != 2:
        raise ValueError(f"logits need shape (rows, classes), got {array.shape}")
    if array.shape[0] == 0:
        raise Undefined("There are no rows to compute from.")
    if array.shape[1] < 2:
        raise Undefined("The logits need one column per class and at least two classes.")
    _refuse_non_finite(array, "logits")
    return array


def as_targets(targets: ArrayLike, logits: Reals) -> Integers:
    """Class ids as (n,) int64, one per row of `logits` and inside its columns."""
    labels = as_labels(targets)
    n, n_classes = logits.shape
    if len(labels) != n:
        raise ValueError(f"{len(labels)} targets do not fit {n} rows of logits")
    if labels.min() < 0 or labels.max() >= n_classes:
        raise ValueError(f"targets must lie in 0..{n_classes - 1}")
    return labels


def as_labels(labels: ArrayLike) -> Integers:
    """Class ids as (n,) int64, n >= 1."""
    array = np.asarray(labels)
    if array.ndim != 1:
        raise ValueError(f"labels need shape (rows,), got {array.shape}")
    if array.size == 0:
        raise Undefined("There are no rows to compute from.")
    if array.dtype.kind not in "iub":
        raise ValueError(f"labels must be integers, got {array.dtype}")
    return array.astype(np.int64, copy=False)


def as_vector(values: ArrayLike, name: str = "values") -> Floats:
    """Numbers as (n,) float64, n >= 1. Undefined names the first faulty rows."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(f"{name} need shape (rows,), got {array.shape}")
    return as_rows(array, name)


def as_rows(values: ArrayLike, name: str = "values") -> Floats:
    """Numbers as (n, ...) float64, n >= 1. Undefined names the first faulty rows."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 0:
        raise ValueError(f"{name} need at least one dimension")
    if array.size == 0:
        raise Undefined(f"There are no {name} to compute from.")
    _refuse_non_finite(array, name)
    return array


def as_model_rows(values: ArrayLike, name: str = "values") -> ModelRows:
    """Numbers of several models as (models, rows); float32 is kept, anything else is float64.

    Undefined names the first faulty rows.
    """
    array = np.asarray(values)
    if array.ndim != 2:
        raise ValueError(f"{name} need shape (models, rows), got {array.shape}")
    if array.dtype != np.float32:
        array = array.astype(np.float64, copy=False)
    if array.size == 0:
        raise Undefined(f"There are no {name} to compute from.")
    _refuse_non_finite(array, name, rows_axis=1)
    return array


def as_labelled(
    values: ArrayLike, labels: ArrayLike, name: str = "values"
) -> tuple[Floats, Integers]:
    """Numbers and class ids of the same rows, (n,) each."""
    numbers, classes = as_vector(values, name), as_labels(labels)
    require_same_shape(numbers, classes)
    return numbers, classes


def as_mask(mask: ArrayLike, like: NDArray[np.generic], name: str = "mask") -> Booleans:
    """Booleans of the shape of `like`."""
    array = np.asarray(mask)
    if array.dtype != np.bool_:
        raise ValueError(f"the {name} must be true or false, got {array.dtype}")
    require_same_shape(array, like)
    return array


def row_blocks(n_rows: int, numbers_per_row: int) -> Iterator[slice]:
    """Slices that cover the rows in order and hold a bounded count of numbers each."""
    size = max(1, _HELD // max(1, numbers_per_row))
    for start in range(0, n_rows, size):
        yield slice(start, min(start + size, n_rows))


def name_rows(rows: NDArray[np.intp]) -> str:
    """The first few row ids in words, for the reason of an Undefined."""
    named = ", ".join(str(row) for row in rows[:_NAMED_ROWS])
    more = f" and {len(rows) - _NAMED_ROWS} more" if len(rows) > _NAMED_ROWS else ""
    return f"row{'s' if len(rows) > 1 else ''} {named}{more}"


def require_same_shape(a: NDArray[np.generic], b: NDArray[np.generic]) -> None:
    if a.shape != b.shape:
        raise ValueError(f"the two inputs have different shapes: {a.shape} and {b.shape}")


def require_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"a confidence level lies between 0 and 1, got {level}")


def require_fraction(value: float, name: str) -> None:
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must be a fraction from 0 to 1, got {value}")


def count_below(values: Floats, limits: Floats) -> Floats:
    """How many of `values` (n,) lie below each of `limits` (m,), equal ones counted half: (m,).

    Of values among themselves, these are average ranks less one half.
    """
    ordered = np.sort(values)
    below = np.searchsorted(ordered, limits, side="left")
    return (below + np.searchsorted(ordered, limits, side="right")) / 2


def _refuse_non_finite(array: Reals, name: str, rows_axis: int = 0) -> None:
    # min and max carry a NaN through, so the common case costs no temporary array
    if float(array.min()) >= -LARGEST and float(array.max()) <= LARGEST:
        return
    bad = ~(np.abs(array.astype(np.float64)) <= LARGEST)
    others = tuple(axis for axis in range(array.ndim) if axis != rows_axis)
    where = name_rows(np.flatnonzero(bad.any(axis=others)))
    raise Undefined(f"The {name} are NaN, infinite or too large to compute with in {where}.")
