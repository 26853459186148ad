"""A scatter of up to millions of points, to look at, to point at and to draw a lasso around."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFocusEvent, QImage, QKeyEvent, QPainter, QShowEvent, QTransform
from PySide6.QtWidgets import QWidget

from workbench.gui.background import Background
from workbench.gui.widgets.lasso import LassoPlane
from workbench.gui.widgets.point_raster import Cloud, Frame, Look, arrange, draw

_REACH = 8  # pixels around the pointer in which a point is meant
_MARGIN = 0.2  # drawn beyond each edge of the view, so that panning shows no gap at once
_PAUSE = 25  # milliseconds between a change of the view and the picture that follows it
_PAN, _ZOOM = 0.1, 0.8
_PANS = {
    Qt.Key.Key_Left: (-_PAN, 0.0),
    Qt.Key.Key_Right: (_PAN, 0.0),
    Qt.Key.Key_Down: (0.0, -_PAN),
    Qt.Key.Key_Up: (0.0, _PAN),
}
_ZOOMS = {Qt.Key.Key_Plus: _ZOOM, Qt.Key.Key_Equal: _ZOOM, Qt.Key.Key_Minus: 1 / _ZOOM}


class PointCloud(pg.PlotWidget):  # type: ignore[misc]
    """Points are drawn by numpy on a background thread; meanwhile the last picture is moved along.

    Drag pans, or draws a lasso after `set_lasso(True)`; the wheel and + and - zoom; arrows pan;
    Home and a double click show all.
    """

    lassoed = Signal(list)
    """A polygon [(x, y), ...] in the coordinates of the points."""
    clicked = Signal(int)
    """Index of the point that was clicked."""
    hovered = Signal(int)
    """Index of the point under the pointer, or -1."""
    drawn = Signal()
    """A new picture is shown, and no newer one is due."""

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        self._plane = LassoPlane()
        super().__init__(parent, viewBox=self._plane)
        self._elsewhere = background
        self._cloud: Cloud | None = None
        self._highlighted: NDArray[np.bool_] | None = None
        self._look = Look((), QColor("white"), QColor("black"))
        self._accent = QColor("black")
        self._hovered = -1
        self._is_drawing = False
        self._is_stale = False
        self._picture = _Picture()
        self._plane.addItem(self._picture, ignoreBounds=True)
        self._plane.disableAutoRange()
        self.hideButtons()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Map of rows")
        self.setAccessibleDescription(
            "Arrow keys pan, plus and minus zoom, Home shows all points. "
            "Filters and the gallery select rows without a pointer."
        )
        self._redraw_soon = QTimer(self, singleShot=True, interval=_PAUSE)
        self._redraw_soon.timeout.connect(self._redraw)
        self._plane.sigTransformChanged.connect(self._view_changed)
        self._plane.drawn.connect(self.lassoed)
        self._plane.clicked.connect(self._click)
        self._plane.double_clicked.connect(self.show_all)
        self.scene().sigMouseMoved.connect(self._hover)

    def set_points(
        self,
        x: NDArray[Any],
        y: NDArray[Any],
        colour_index: NDArray[np.uint8],
        colours: Sequence[QColor],
    ) -> None:
        """Show points (n,), each in `colours[colour_index]`, with none highlighted.

        Points without a finite place are not shown. The view stays if the places span what the
        last ones did. The arrays are read on another thread: do not change them.
        """
        self._cloud = None
        self._highlighted = None
        self._look = Look(tuple(colours), self._look.ground, self._look.ink)
        work = lambda: arrange(x, y, colour_index)  # noqa: E731 - no reference to self in it
        self._elsewhere.ask(self, "arrange", work, self._take)

    def set_highlight(self, mask: NDArray[np.bool_] | None) -> None:
        """Ring the points of a mask (n,) and make all others faint; None shows all alike."""
        self._highlighted = mask
        self._redraw()

    def set_colours(self, ground: QColor, ink: QColor, line: QColor, accent: QColor) -> None:
        """Colour the ground, rings and words, the axes, and the frame that shows the focus."""
        self._look = Look(self._look.colours, ground, ink)
        self._accent = accent
        self.setBackground(ground)
        self._plane.set_ink(ink)
        for side in ("bottom", "left"):
            axis = self.getPlotItem().getAxis(side)
            axis.setPen(pg.mkPen(line))
            axis.setTextPen(pg.mkPen(ink))
        self._frame_focus()
        self._redraw()

    def set_titles(self, x: str, y: str) -> None:
        """What the axes mean."""
        self.getPlotItem().setLabel("bottom", x)
        self.getPlotItem().setLabel("left", y)

    def set_lasso(self, on: bool) -> None:
        """Whether dragging draws a lasso instead of panning."""
        self._plane.lasso = on
        self._plane.cancel()
        self.viewport().setCursor(
            Qt.CursorShape.CrossCursor if on else Qt.CursorShape.ArrowCursor
        )  # fmt: skip

    def show_all(self) -> None:
        """Fit all points into the view."""
        if self._cloud is not None and len(self._cloud.row):
            self._plane.setRange(_roomy(self._cloud.bounds), padding=0.04)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._redraw()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._point_at(-1)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._frame_focus()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._frame_focus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in _PANS:
            view, (across, up) = self._plane.viewRect(), _PANS[key]
            self._plane.translateBy(x=across * view.width(), y=up * view.height())
        elif key in _ZOOMS:
            self._plane.scaleBy((_ZOOMS[key], _ZOOMS[key]))
        elif key == Qt.Key.Key_Home:
            self.show_all()
        elif not (key == Qt.Key.Key_Escape and self._plane.cancel()):
            super().keyPressEvent(event)
            return
        event.accept()

    def _take(self, cloud: Cloud) -> None:
        is_elsewhere = cloud.bounds != self._picture.bounds_of_points
        self._cloud = cloud
        if is_elsewhere:
            self._picture.clear(cloud.bounds)
            room = _roomy(cloud.bounds)
            self._plane.setLimits(
                minXRange=room.width() / 1e6,
                minYRange=room.height() / 1e6,
                maxXRange=room.width() * 20,
                maxYRange=room.height() * 20,
            )
            self.show_all()
        self._redraw()

    def _view_changed(self) -> None:
        if not self._redraw_soon.isActive():
            self._redraw_soon.start()

    def _redraw(self) -> None:
        """Ask for a picture, unless one is under way: then for another after it."""
        cloud, look, highlighted = self._cloud, self._look, self._highlighted
        if cloud is None or not self.isVisible():
            return
        self._is_stale = self._is_drawing
        if self._is_drawing:
            return
        self._is_drawing = True
        frame = self._frame()
        self._elsewhere.ask(
            self,
            "draw",
            lambda: draw(cloud, highlighted, frame, look),
            lambda image: self._show(image, frame),
            self._fail,
        )

    def _show(self, image: QImage, frame: Frame) -> None:
        self._is_drawing = False
        self._picture.show_image(image, frame.area)
        if self._is_stale:
            self._redraw()
        elif self._cloud is not None and not self._redraw_soon.isActive():
            self.drawn.emit()

    def _fail(self, fault: Exception) -> None:
        self._is_drawing = False
        self._elsewhere.report(fault)

    def _frame(self) -> Frame:
        """The view and its margin, on whole pixels."""
        ratio = self.devicePixelRatioF()
        view, size = self._plane.viewRect(), self._plane.size()
        width, height = max(1.0, size.width()) * ratio, max(1.0, size.height()) * ratio
        beside, above = round(_MARGIN * width), round(_MARGIN * height)
        dx, dy = view.width() / width * beside, view.height() / height * above
        area = view.normalized().adjusted(-dx, -dy, dx, dy)
        return Frame(area, round(width) + 2 * beside, round(height) + 2 * above, ratio)

    def _click(self, place: QPointF) -> None:
        index = self._index_at(place)
        if index is not None:
            self.clicked.emit(index)

    def _hover(self, place: QPointF) -> None:
        index = self._index_at(place)
        self._point_at(-1 if index is None else index)

    def _point_at(self, index: int) -> None:
        if index != self._hovered:
            self._hovered = index
            self.hovered.emit(index)

    def _index_at(self, place: QPointF) -> int | None:
        """The point within reach of a place in the scene."""
        if self._cloud is None or not self._plane.sceneBoundingRect().contains(place):
            return None
        x_pixel, y_pixel = self._plane.viewPixelSize()
        there = self._plane.mapSceneToView(place)
        return self._cloud.nearest(there.x(), there.y(), _REACH * x_pixel, _REACH * y_pixel)

    def _frame_focus(self) -> None:
        has_focus = self.hasFocus()
        self._plane.setBorder(pg.mkPen(self._accent, width=2) if has_focus else None)


class _Picture(pg.GraphicsObject):  # type: ignore[misc]
    """The last picture of the points, at its place on the plane."""

    def __init__(self) -> None:
        super().__init__()
        self.bounds_of_points = QRectF()
        self._image = QImage()
        self._area = QRectF()

    def clear(self, bounds_of_points: QRectF) -> None:
        self.bounds_of_points = bounds_of_points
        self.show_image(QImage(), QRectF())

    def show_image(self, image: QImage, area: QRectF) -> None:
        self.prepareGeometryChange()
        self._image, self._area = image, area
        self.update()

    def boundingRect(self) -> QRectF:
        return self._area

    def paint(self, painter: QPainter, *_: object) -> None:
        if self._image.isNull():
            return
        # In pixels, top line first: Qt copies what keeps its size, and mirrors only slowly.
        target = painter.worldTransform().mapRect(self._area)
        painter.setWorldTransform(QTransform())
        size = self._image.deviceIndependentSize()
        if abs(target.width() - size.width()) < 1 and abs(target.height() - size.height()) < 1:
            painter.drawImage(target.topLeft().toPoint(), self._image)
        else:
            painter.drawImage(target, self._image)


def _roomy(bounds: QRectF) -> QRectF:
    """The bounds with some width and height, also of points that all lie on one line."""
    if bounds.width() > 0 and bounds.height() > 0:
        return bounds
    beside = 0.0 if bounds.width() else max(1.0, abs(bounds.left())) / 2
    above = 0.0 if bounds.height() else max(1.0, abs(bounds.top())) / 2
    return bounds.adjusted(-beside, -above, beside, above)
