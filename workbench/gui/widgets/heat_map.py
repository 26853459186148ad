"""Signed values of the pixels of an image, on a diverging colour scale around zero."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QAction,
    QContextMenuEvent,
    QFocusEvent,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    qRgb,
    qRgba,
)
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolTip, QWidget

from workbench.core import palette
from workbench.gui.theme import theme

Values = NDArray[np.float64]

_LEVELS = 255  # odd, so that zero has a colour of its own
_SHORTEST = 96
_LABEL_HEIGHT = 18
_BAR_HEIGHT = 12
_MOVES = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


class HeatMap(QWidget):
    """A map (h, w), each pixel a square; hover, or move with the arrow keys, to read a value."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: Values = np.empty((0, 0))
        self._image = QImage()
        self._backdrop = QImage()
        self._at: tuple[int, int] | None = None
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(_SHORTEST, _SHORTEST)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setSizePolicy(policy)

    def set_map(self, values: Values, scale: float) -> None:
        """Show values (h, w); plus and minus `scale` have the full colours."""
        self._values = values
        self._image = _indexed(values, scale)
        self._at = None
        self.setAccessibleDescription("")
        self.update()

    def set_backdrop(self, image: QImage) -> None:
        """Show the map over a picture, the weaker the clearer; alone if the picture is null."""
        self._backdrop = image
        self.update()

    def clear(self) -> None:
        self.set_map(np.empty((0, 0)), 1.0)

    def value_text(self, row: int, column: int) -> str:
        """What the pixel holds, in words."""
        return f"Pixel in row {row}, column {column}: {self._values[row, column]:+.4g}"

    def sizeHint(self) -> QSize:
        return QSize(180, 180)

    def copy_picture(self) -> None:
        QGuiApplication.clipboard().setPixmap(self.grab())

    def copy_values(self) -> None:
        """As tab-separated lines, which every spreadsheet takes."""
        lines = ("\t".join(f"{value:.6g}" for value in line) for line in self._values)
        QGuiApplication.clipboard().setText("\n".join(lines))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        for text, slot in (
            ("Copy as picture", self.copy_picture),
            ("Copy as table", self.copy_values),
        ):
            action = QAction(text, menu)
            action.triggered.connect(slot)
            menu.addAction(action)
        menu.exec(event.globalPos())
        menu.deleteLater()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        target = self._target()
        if target.isEmpty():
            return
        if not self._backdrop.isNull():
            painter.drawImage(target, self._backdrop)
        self._image.setColorTable(_SOLID if self._backdrop.isNull() else _VEILED)
        painter.drawImage(target, self._image)
        painter.setPen(QPen(theme.colour(palette.LINE), 1))
        painter.drawRect(target.adjusted(0, 0, -1, -1))
        if self._at is not None:
            painter.setPen(QPen(theme.colour(palette.ACCENT), 2))
            painter.drawRect(self._pixel(target, *self._at))
        if self.hasFocus():
            painter.setPen(QPen(theme.colour(palette.ACCENT), 1, Qt.PenStyle.DashLine))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = self._under(event.position().toPoint())
        self._look_at(at, event.globalPosition().toPoint())

    def leaveEvent(self, event: QEvent) -> None:
        self._look_at(None)
        super().leaveEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._look_at(None)
        super().focusOutEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = _MOVES.get(Qt.Key(event.key()))
        if move is None or not self._values.size:
            super().keyPressEvent(event)
            return
        height, width = self._values.shape
        at = (0, 0)
        if self._at is not None:
            row, column = self._at[0] + move[0], self._at[1] + move[1]
            at = (min(max(row, 0), height - 1), min(max(column, 0), width - 1))
        self._look_at(at, self.mapToGlobal(self._pixel(self._target(), *at).bottomRight()))

    def _look_at(self, at: tuple[int, int] | None, place: QPoint | None = None) -> None:
        """Mark a pixel and tell its value at a place of the screen."""
        if at != self._at:
            self._at = at
            self.setAccessibleDescription(self.value_text(*at) if at else "")
            self.update()
        if at is None:
            QToolTip.hideText()
        elif place is not None and self.isVisible():
            QToolTip.showText(place, self.value_text(*at), self)

    def _target(self) -> QRect:
        """Where the map is painted: centred, its pixels square."""
        if not self._values.size:
            return QRect()
        height, width = self._values.shape
        side = min(self.width() / width, self.height() / height)
        size = QSize(round(width * side), round(height * side))
        corner = QPoint((self.width() - size.width()) // 2, (self.height() - size.height()) // 2)
        return QRect(corner, size)

    def _pixel(self, target: QRect, row: int, column: int) -> QRect:
        height, width = self._values.shape
        left, right = (target.left() + i * target.width() // width for i in (column, column + 1))
        top, bottom = (target.top() + i * target.height() // height for i in (row, row + 1))
        return QRect(left, top, right - left, bottom - top)

    def _under(self, point: QPoint) -> tuple[int, int] | None:
        target = self._target()
        if not target.contains(point):
            return None
        height, width = self._values.shape
        inside = point - target.topLeft()
        return inside.y() * height // target.height(), inside.x() * width // target.width()


class ColourBar(QWidget):
    """The scale of heat maps, with the numbers at its ends and middle."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scale: float | None = None
        self.setAccessibleName("Colour scale")
        self.setMinimumSize(110, _BAR_HEIGHT + _LABEL_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_scale(self, scale: float | None) -> None:
        """The value of full colour; None takes the numbers away."""
        self._scale = scale
        told = "" if scale is None else f"from {-scale:.3g} (blue) over 0 to {scale:.3g} (orange)"
        self.setAccessibleDescription(told)
        self.update()

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        bar = QRectF(0, 0, self.width(), _BAR_HEIGHT)
        gradient = QLinearGradient(bar.topLeft(), bar.topRight())
        for place, colour in zip((0.0, 0.5, 1.0), palette.DIVERGING, strict=True):
            gradient.setColorAt(place, qRgb(*colour))
        painter.fillRect(bar, gradient)
        if self._scale is None:
            return
        painter.setPen(theme.colour(palette.MUTED))
        below = QRectF(0, _BAR_HEIGHT, self.width(), _LABEL_HEIGHT)
        for text, side in (
            (f"\N{MINUS SIGN}{self._scale:.3g}", Qt.AlignmentFlag.AlignLeft),
            ("0", Qt.AlignmentFlag.AlignHCenter),
            (f"+{self._scale:.3g}", Qt.AlignmentFlag.AlignRight),
        ):
            painter.drawText(below, side | Qt.AlignmentFlag.AlignVCenter, text)


def _indexed(values: Values, scale: float) -> QImage:
    """One byte per pixel, an index into the colours of the diverging scale."""
    if not values.size:
        return QImage()
    share = np.clip(values / scale if scale > 0 else 0 * values, -1, 1)
    index = np.ascontiguousarray(((share + 1) / 2 * (_LEVELS - 1)).round().astype(np.uint8))
    height, width = index.shape
    return QImage(index.data, width, height, width, QImage.Format.Format_Indexed8).copy()


def _solid_colours() -> list[int]:
    ends = np.asarray(palette.DIVERGING, dtype=np.float64)
    places = np.linspace(0, 2, _LEVELS)
    channels = [np.interp(places, (0, 1, 2), ends[:, channel]) for channel in range(3)]
    return [qRgb(*colour) for colour in np.stack(channels, axis=1).round().astype(int).tolist()]


def _veiled_colours() -> list[int]:
    """The ends of the scale, the more transparent the closer to zero."""
    below, _, above = palette.DIVERGING
    shares = np.linspace(-1, 1, _LEVELS).tolist()
    return [qRgba(*(above if share > 0 else below), round(255 * abs(share))) for share in shares]


_SOLID, _VEILED = _solid_colours(), _veiled_colours()
