"""The rows of a recovery test."""

from __future__ import annotations

from numpy.typing import ArrayLike
from torch import Tensor

from workbench.compute.tensors import DatasetTensors
from workbench.core.errors import DataError


def some_rows(data: DatasetTensors, rows: ArrayLike) -> Tensor:
    """Row ids on the device of `data`. DataError if there are none."""
    ids = data.row_ids(rows)
    if len(ids) == 0:
        raise DataError(
            "A recovery test needs rows, and there are none.", remedy="Choose another forget set."
        )
    return ids
