"""Colours of the points of the map: by classes and other names, or from low to high."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.core.palette import ACCENT, LINE, MUTED, Tone
from workbench.gui.pages.forget_set.facets import value_label
from workbench.gui.session.rows import MAP_X, MAP_Y, RowTable

_NAMED = 10
_LEVELS = 8

# The sequence of ten accessible colours of Petroff (2021), arXiv:2107.02270. Classes come in any
# number and have no fixed meaning, so they cannot have tones of the palette.
SEQUENCE = (
    *("#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6"),
    *("#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd"),
)
LOW, HIGH = LINE, ACCENT
OTHERS: Tone = MUTED


@dataclass(frozen=True)
class Colouring:
    """`index` (n,) into `n_colours` colours.

    Each has a name, or `is_ordered` and they rise from the first name to the last.
    """

    index: NDArray[np.uint8]
    names: tuple[str, ...]
    n_colours: int
    is_ordered: bool = False
    has_others: bool = False


def columns_to_colour_by(table: RowTable) -> tuple[str, ...]:
    """Everything but the row number and the place on the map."""
    others = (name for name in table.columns if name not in ("class", "row", MAP_X, MAP_Y))
    return ("class", *others)


def colouring(table: RowTable, column: str) -> Colouring:
    values = table.columns[column]
    if values.dtype.kind == "f":
        return _by_level(values)
    found, index, counts = np.unique(values, return_inverse=True, return_counts=True)
    names = [value_label(table, column, value) for value in found.tolist()]
    if len(found) <= _NAMED:
        return Colouring(index.astype(np.uint8), tuple(names), len(names))
    if values.dtype.kind in "iu" and column != "class":
        return _by_level(values.astype(np.float64))
    most = np.sort(np.argsort(-counts, kind="stable")[: _NAMED - 1])
    place = np.full(len(found), _NAMED - 1, dtype=np.uint8)
    place[most] = np.arange(_NAMED - 1)
    shown = (*(names[i] for i in most), f"{len(found) - len(most)} others")
    return Colouring(place[index], shown, len(shown), has_others=True)


def _by_level(values: NDArray[np.float64]) -> Colouring:
    """Levels of equally many rows: losses are so skewed that equal steps would show nothing."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return Colouring(np.zeros(len(values), np.uint8), ("not finite",), 1)
    edges = np.quantile(finite, np.linspace(0, 1, _LEVELS + 1))
    index = np.searchsorted(edges[1:-1], values, side="right").astype(np.uint8)
    ends = (f"{edges[0]:.3g}", f"{edges[-1]:.3g}")
    return Colouring(index, ends, _LEVELS, is_ordered=True)
