"""A million points as a picture: arranged once, then drawn by numpy on any thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

_SHUFFLE_SEED = 20
_STAMPED_AT_ONCE = 1 << 20  # pixels
_FAINT = 0.28  # share of its own colour that a point keeps beside highlighted ones
_TYPICAL = 1500  # points at which a dot has its typical radius
_TYPICAL_RADIUS = 4.0
_SMALLEST_RADIUS, _LARGEST_RADIUS = 0.6, 5.0


@dataclass(frozen=True)
class Cloud:
    """The points that have a place, in drawing order, and again sorted by x to be found.

    Drawing order is a fixed shuffle, so that no class lies on top of the others. `row` and
    `sorted_row` say which point it is among those given.
    """

    x: Floats
    y: Floats
    colour: NDArray[np.uint8]
    row: Indices
    sorted_x: Floats
    sorted_y: Floats
    sorted_row: Indices
    bounds: QRectF

    def nearest(self, x: float, y: float, reach_x: float, reach_y: float) -> int | None:
        """The point nearest to (x, y) within an ellipse of half axes `reach_x` and `reach_y`."""
        first, last = np.searchsorted(self.sorted_x, [x - reach_x, x + reach_x])
        if first == last:
            return None
        across = (self.sorted_x[first:last] - x) / reach_x
        along = (self.sorted_y[first:last] - y) / reach_y
        distance = across**2 + along**2
        found = int(distance.argmin())
        return int(self.sorted_row[first + found]) if distance[found] <= 1 else None


@dataclass(frozen=True)
class Frame:
    """The part of the plane that is drawn, and its size in pixels of the device."""

    area: QRectF
    width: int
    height: int
    pixel_ratio: float


@dataclass(frozen=True)
class Look:
    """Colours of the points by index, of the ground below and of rings around highlighted ones."""

    colours: Sequence[QColor]
    ground: QColor
    ink: QColor

    @property
    def table(self) -> NDArray[np.uint32]:
        """ARGB of every value on the canvas: nothing, colours, faint colours, ground, ink."""
        faint = [_mixed(colour, self.ground) for colour in self.colours]
        drawn = [*self.colours, *faint, self.ground, self.ink]
        return np.array([0, *(colour.rgba() for colour in drawn)], dtype=np.uint32)


def arrange(x: NDArray[Any], y: NDArray[Any], colour_index: NDArray[np.uint8]) -> Cloud:
    """Make a cloud of points (n,); those with a NaN or infinite coordinate have no place in it."""
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    row = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    by_x = row[np.argsort(x[row])]
    np.random.default_rng(_SHUFFLE_SEED).shuffle(row)
    bounds = QRectF()
    if len(row):
        left, right = float(x[by_x[0]]), float(x[by_x[-1]])
        bottom, top = float(y[row].min()), float(y[row].max())
        bounds = QRectF(left, bottom, right - left, top - bottom)
    return Cloud(
        x=x[row],
        y=y[row],
        colour=colour_index[row],
        row=row,
        sorted_x=x[by_x],
        sorted_y=y[by_x],
        sorted_row=by_x,
        bounds=bounds,
    )


def draw(cloud: Cloud, highlighted: NDArray[np.bool_] | None, frame: Frame, look: Look) -> QImage:
    """Draw what of the cloud lies in the frame on a transparent ground, row 0 at the top.

    With a mask (n,) over all points, the highlighted ones lie on top, larger and ringed, and all
    others are faint.
    """
    canvas = _Canvas(cloud, frame)
    visible, colour = canvas.visible, cloud.colour[canvas.visible] + np.uint16(1)
    halo, ring = len(look.table) - 2, len(look.table) - 1
    radius = canvas.radius
    rim = 0.7 if radius >= 2 else 0.0
    if highlighted is None:
        canvas.stamp(slice(None), colour, radius, rim, halo)
    else:
        lit = highlighted[cloud.row[visible]]
        faint = colour + np.uint16(len(look.colours))
        canvas.stamp(~lit, faint[~lit], 0.85 * radius, rim, halo)
        larger = 1.2 * np.sqrt(radius * _radius(int(lit.sum())))
        if larger < 2.5:  # so many that one ring around each group says more than one each
            canvas.stamp(lit, np.full_like(colour[lit], ring), larger + 1, 0, ring)
        canvas.stamp(lit, colour[lit], larger, 1.2 if larger >= 2.5 else 0, ring)
    return canvas.picture(look.table)


class _Canvas:
    """One number per pixel, or per part of a pixel where few points leave time for smooth edges."""

    def __init__(self, cloud: Cloud, frame: Frame) -> None:
        self._frame = frame
        area = frame.area
        column = (cloud.x - area.left()) * (frame.width / area.width())
        line = (area.bottom() - cloud.y) * (frame.height / area.height())
        pad = (_LARGEST_RADIUS + 3) * frame.pixel_ratio
        seen = (column > -pad) & (column < frame.width + pad)
        seen &= (line > -pad) & (line < frame.height + pad)
        self.visible = np.flatnonzero(seen)
        count = len(self.visible)
        self.radius = _radius(count)
        self._fine = 1 if count > 100_000 else 2 if count > 5_000 or frame.pixel_ratio > 1 else 3
        self._pad = int(np.ceil(2 * pad * self._fine))
        height = frame.height * self._fine + 2 * self._pad
        self._stride = frame.width * self._fine + 2 * self._pad
        self._values = np.zeros(height * self._stride, dtype=np.uint16)
        self._at = self._places(line[seen]) * self._stride + self._places(column[seen])

    def stamp(
        self, which: Any, values: NDArray[np.uint16], radius: float, rim: float, rim_value: int
    ) -> None:
        """Put discs on the canvas, in order; radius and width of the rim in logical pixels."""
        scale = self._fine * self._frame.pixel_ratio
        shifts, is_rim = self._disc(radius * scale, rim * scale)
        at = self._at[which]
        step = max(1, _STAMPED_AT_ONCE // len(shifts))
        for start in range(0, len(at), step):
            part = slice(start, start + step)
            # Of pixels named more than once, numpy keeps what is assigned last.
            stamped = np.where(is_rim, np.uint16(rim_value), values[part, None])
            self._values[at[part, None] + shifts] = stamped

    def picture(self, table: NDArray[np.uint32]) -> QImage:
        lines = self._values.reshape(-1, self._stride)
        inner = lines[self._pad : -self._pad, self._pad : -self._pad]
        argb = table[inner]
        height, width = argb.shape
        image = QImage(
            argb.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied
        )
        image = image.copy() if self._fine == 1 else image.scaled(
            self._frame.width,
            self._frame.height,
            Qt.AspectRatioMode.IgnoreAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )  # fmt: skip
        image.setDevicePixelRatio(self._frame.pixel_ratio)
        return image

    def _places(self, pixels: Floats) -> Indices:
        return np.floor(pixels * self._fine).astype(np.intp) + self._pad

    def _disc(self, radius: float, rim: float) -> tuple[Indices, NDArray[np.bool_]]:
        """Shifts of all pixels of a disc with its rim, and which of them are the rim."""
        reach = int(radius + rim)
        side = np.arange(-reach, reach + 1)
        distance = np.hypot(side[:, None], side[None, :])
        line, column = np.nonzero(distance <= max(radius + rim, 0.5))
        is_rim = distance[line, column] > max(radius, 0.5)
        return (line - reach) * self._stride + (column - reach), is_rim


def _radius(count: int) -> float:
    """Of a dot among `count`, in logical pixels."""
    usual = _TYPICAL_RADIUS * (_TYPICAL / max(count, 1)) ** 0.25
    return float(np.clip(usual, _SMALLEST_RADIUS, _LARGEST_RADIUS))


def _mixed(colour: QColor, ground: QColor) -> QColor:
    def channel(own: int, below: int) -> int:
        return round(_FAINT * own + (1 - _FAINT) * below)

    return QColor(
        channel(colour.red(), ground.red()),
        channel(colour.green(), ground.green()),
        channel(colour.blue(), ground.blue()),
    )
