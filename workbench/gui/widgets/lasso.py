"""The plane of a plot on which a polygon can be drawn by hand."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QPolygonF
from PySide6.QtWidgets import QGraphicsPolygonItem

_STEP = 3.0  # pixels between corners


class LassoPlane(pg.ViewBox):  # type: ignore[misc]
    """A view box that pans when dragged, or draws a lasso while `lasso` is on."""

    drawn = Signal(list)
    """A polygon of three corners or more, [(x, y), ...] in the coordinates of the data."""
    clicked = Signal(QPointF)
    """Where in the scene the left button was clicked once."""
    double_clicked = Signal()

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.lasso = False
        self._corners: list[QPointF] = []
        self._outline = QGraphicsPolygonItem(self)
        self._outline.setZValue(1e6)

    def set_ink(self, ink: QColor) -> None:
        """Colour the outline of the lasso."""
        self._outline.setPen(pg.mkPen(ink, width=1.5))
        inside = QColor(ink)
        inside.setAlpha(28)
        self._outline.setBrush(inside)

    def cancel(self) -> bool:
        """Give up a lasso that is being drawn; whether there was one."""
        was_drawing = bool(self._corners)
        self._trace([])
        return was_drawing

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:
        if not (self.lasso and axis is None and event.button() == Qt.MouseButton.LeftButton):
            super().mouseDragEvent(event, axis)
            return
        event.accept()
        if event.isStart():
            self._trace([event.buttonDownPos()])
        if not self._corners:
            return
        moved = event.pos() - self._corners[-1]
        if abs(moved.x()) + abs(moved.y()) >= _STEP:
            self._trace([*self._corners, event.pos()])
        if event.isFinish():
            corners = [self.mapToView(corner) for corner in self._corners]
            self._trace([])
            if len(corners) >= 3:
                self.drawn.emit([(corner.x(), corner.y()) for corner in corners])

    def mouseClickEvent(self, event: Any) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            event.accept()
            if event.double():
                self.double_clicked.emit()
            else:
                self.clicked.emit(event.scenePos())

    def _trace(self, corners: list[QPointF]) -> None:
        self._corners = corners
        self._outline.setPolygon(QPolygonF(corners))
