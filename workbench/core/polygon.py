"""Which of many points lie inside a polygon drawn by hand: exact, and fast for a million points.

Even-odd rule (Shimrat 1962): a point is inside if a ray from it to the right crosses the outline
an odd number of times. A coarse grid answers for all points that are not near the outline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]
Vertices = Sequence[tuple[float, float]]

_CELLS = 256  # along each side of the grid
_WORTH_A_GRID = 8 * _CELLS  # with fewer points, each is tested by itself
_STEPS_PER_CELL = 4


def points_inside(x: ArrayLike, y: ArrayLike, polygon: Vertices) -> Mask:
    """Mask (n,) of the points (x, y), each (n,), inside the closed `polygon` of 3 vertices or more.

    Sides may cross. Of points on a side, those on a left or lower one count as inside, so that
    polygons that share a side share no point. NaN lies outside.
    """
    px, py = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    corners = np.asarray(polygon, dtype=np.float64)
    low, high = corners.min(axis=0), corners.max(axis=0)
    near: Mask = (px >= low[0]) & (px <= high[0]) & (py >= low[1]) & (py <= high[1])
    if not (low < high).all():
        return np.zeros_like(near)  # without width or height there is no inside
    sides = _Sides.of(corners)
    rows = np.flatnonzero(near)
    px, py = px[rows], py[rows]
    if len(rows) < _WORTH_A_GRID:
        near[rows] = sides.enclose(px, py)
        return near
    grid = _Grid(low, high - low)
    at_outline, inside = grid.classify(corners, sides)
    cells = grid.cell_of(px, py)
    found = inside[cells]
    unsure = np.flatnonzero(at_outline[cells])
    found[unsure] = sides.enclose(px[unsure], py[unsure])
    near[rows] = found
    return near


@dataclass(frozen=True)
class _Sides:
    """The sides that are not horizontal, each from its lower end upwards."""

    x: Floats
    low: Floats
    high: Floats
    dx: Floats

    @classmethod
    def of(cls, corners: Floats) -> _Sides:
        ends = np.stack([corners, np.roll(corners, -1, axis=0)], axis=1)
        ends = ends[ends[:, 0, 1] != ends[:, 1, 1]]
        downwards = ends[:, 0, 1] > ends[:, 1, 1]
        ends[downwards] = ends[downwards, ::-1]
        lower, upper = ends[:, 0], ends[:, 1]
        return cls(lower[:, 0], lower[:, 1], upper[:, 1], upper[:, 0] - lower[:, 0])

    def enclose(self, x: Floats, y: Floats) -> Mask:
        """The even-odd rule, each side against the points at its height only."""
        order = np.argsort(y)
        x, y = x[order], y[order]
        begins, ends = np.searchsorted(y, self.low), np.searchsorted(y, self.high)
        dy = self.high - self.low
        odd = np.zeros(len(y), dtype=bool)
        for side, (begin, end) in enumerate(zip(begins, ends, strict=True)):
            beside = slice(begin, end)
            across = (x[beside] - self.x[side]) * dy[side]
            odd[beside] ^= across < (y[beside] - self.low[side]) * self.dx[side]
        inside = np.empty_like(odd)
        inside[order] = odd
        return inside


@dataclass(frozen=True)
class _Grid:
    low: Floats
    extent: Floats

    def cell_of(self, x: Floats, y: Floats) -> NDArray[np.intp]:
        """Cells are numbered line by line."""
        cell: NDArray[np.intp] = self._place(y, 1) * _CELLS + self._place(x, 0)
        return cell

    def classify(self, corners: Floats, sides: _Sides) -> tuple[Mask, Mask]:
        """Per cell: is it at the outline, and if not, is it inside."""
        at_outline = _with_neighbours(self._outline(corners))
        inside = np.zeros_like(at_outline)
        clear = np.flatnonzero(~at_outline)
        line, column = np.divmod(clear, _CELLS)
        x = self.low[0] + (column + 0.5) / _CELLS * self.extent[0]
        y = self.low[1] + (line + 0.5) / _CELLS * self.extent[1]
        inside[clear] = sides.enclose(x, y)
        return at_outline, inside

    def _place(self, values: Floats, axis: int) -> NDArray[np.intp]:
        share = (values - self.low[axis]) / self.extent[axis]
        place: NDArray[np.intp] = np.minimum((share * _CELLS).astype(np.intp), _CELLS - 1)
        return place

    def _outline(self, corners: Floats) -> Mask:
        """Cells that hold one of many points along the sides, closer together than cells."""
        sides = np.roll(corners, -1, axis=0) - corners
        lengths = np.abs(sides / self.extent).max(axis=1) * _CELLS
        steps = np.ceil(lengths * _STEPS_PER_CELL).astype(np.intp) + 1
        side = np.repeat(np.arange(len(corners)), steps)
        first = np.cumsum(steps) - steps
        along = (np.arange(len(side)) - first[side]) / steps[side]
        points = np.clip(
            corners[side] + along[:, None] * sides[side], self.low, self.low + self.extent
        )
        cells = np.zeros(_CELLS * _CELLS, dtype=bool)
        cells[self.cell_of(points[:, 0], points[:, 1])] = True
        return cells


def _with_neighbours(cells: Mask) -> Mask:
    square = np.pad(cells.reshape(_CELLS, _CELLS), 1)
    wide = square[:, :-2] | square[:, 1:-1] | square[:, 2:]
    return (wide[:-2] | wide[1:-1] | wide[2:]).ravel()
