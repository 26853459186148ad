"""Values of several models sorted into equal cells, row by row."""

from __future__ import annotations

import numpy as np

from workbench.metrics.arrays import Floats, Integers


def equal_cells(values: Floats, low: Floats, high: Floats, n_cells: int) -> Integers:
    """Cell of every value (models, rows) between `low` and `high` of its row (rows,).

    Cells 0 to n_cells - 1 are open above; a value equal to `high` is in cell n_cells. Rows
    without any width have all values in cell 0.
    """
    width = high - low
    share = (values - low) / np.where(width > 0, width, 1.0)
    return np.asarray(np.floor(share * n_cells), dtype=np.int64)


def count_in_cells(cells: Integers, n_cells: int) -> Integers:
    """How many models of every row fall into each cell, (rows, n_cells)."""
    rows = cells.shape[1]
    flat = cells + n_cells * np.arange(rows)
    return np.bincount(flat.ravel(), minlength=rows * n_cells).reshape(rows, n_cells)
