"""Small painted marks in the colours of the theme: roles of models, states of runs, notices."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QIcon,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
    QPixmapCache,
    QPolygonF,
    QTransform,
)

from workbench.core import palette
from workbench.core.palette import Marker, Tone
from workbench.core.vocabulary import RunRole, RunStatus
from workbench.gui.theme import theme

_SIDE = 16
_SCALE = 2  # pixels per unit, for screens with small pixels
_FAILURES = (RunStatus.ERROR, RunStatus.CRASHED)


def role_icon(role: RunRole) -> QIcon:
    """The marker of a role, as in every figure."""
    marker = palette.MARKERS[role]
    return _icon(f"role {role}", palette.ROLES[role], lambda: marker_path(marker))


def status_icon(status: RunStatus) -> QIcon:
    """A shape for each state of a run, so that no state is told by colour alone."""
    return _icon(f"status {status}", status_tone(status), _STATUS_SHAPES[status], stroke=True)


def status_tone(status: RunStatus) -> Tone:
    if status is RunStatus.DONE:
        return palette.PASSED
    if status in _FAILURES:
        return palette.FAILED
    return palette.ACCENT if status is RunStatus.RUNNING else palette.MUTED


def notice_icon(*, is_fault: bool) -> QIcon:
    """A triangle for faults, a disc for everything else."""
    if is_fault:
        return _icon("fault", palette.FAILED, _warning, stroke=True)
    return _icon("information", palette.ACCENT, _information, stroke=True)


def _icon(
    name: str, tone: Tone, shape: Callable[[], QPainterPath], *, stroke: bool = False
) -> QIcon:
    """Painted once per theme; Qt drops the least used ones."""
    key = f"workbench {name} {theme.colour(tone).name()}"
    pixmap = QPixmap()
    if not QPixmapCache.find(key, pixmap):
        pixmap = _painted(shape(), theme.colour(tone), stroke=stroke)
        QPixmapCache.insert(key, pixmap)
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)  # else Qt tints it on a selected row
    return icon


def _painted(shape: QPainterPath, colour: QColor, *, stroke: bool) -> QPixmap:
    pixmap = QPixmap(_SIDE * _SCALE, _SIDE * _SCALE)
    pixmap.setDevicePixelRatio(_SCALE)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if stroke:
        pen = QPen(colour, 2.0)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.strokePath(shape, pen)
    else:
        painter.fillPath(shape, colour)
    painter.end()
    return pixmap


def marker_path(marker: Marker) -> QPainterPath:
    """The shape of a marker in a box of 16 by 16."""
    path = QPainterPath()
    match marker:
        case Marker.DIAMOND:
            path.addPolygon(_polygon((8, 2), (14, 8), (8, 14), (2, 8)))
        case Marker.CIRCLE:
            path.addEllipse(QRectF(3, 3, 10, 10))
        case Marker.BAR:
            path.addRect(QRectF(6, 2, 4, 12))
        case Marker.TRIANGLE:
            path.addPolygon(_polygon((8, 2.5), (14, 13), (2, 13)))
        case Marker.CROSS:
            for x, y in ((2.5, 6.5), (6.5, 2.5)):
                path.addRect(QRectF(x, y, 16 - 2 * x, 16 - 2 * y))
            path.setFillRule(Qt.FillRule.WindingFill)
            path = QTransform().translate(8, 8).rotate(45).translate(-8, -8).map(path)
    path.closeSubpath()
    return path


def _lines(*strokes: tuple[tuple[float, float], ...]) -> QPainterPath:
    path = QPainterPath()
    for (x, y), *rest in strokes:
        path.moveTo(x, y)
        for to_x, to_y in rest:
            path.lineTo(to_x, to_y)
    return path


def _check() -> QPainterPath:
    return _lines(((3, 8.5), (6.5, 12), (13, 4.5)))


def _cross() -> QPainterPath:
    return _lines(((4, 4), (12, 12)), ((12, 4), (4, 12)))


def _dash() -> QPainterPath:
    return _lines(((4, 8), (12, 8)))


def _play() -> QPainterPath:
    return _lines(((5, 3.5), (12.5, 8), (5, 12.5), (5, 3.5)))


def _pause() -> QPainterPath:
    return _lines(((6, 4), (6, 12)), ((10.5, 4), (10.5, 12)))


def _bolt() -> QPainterPath:
    return _lines(((9.5, 2.5), (5, 8.5), (11, 8), (6.5, 13.5)))


def _ring() -> QPainterPath:
    path = QPainterPath()
    path.addEllipse(QRectF(4, 4, 8, 8))
    return path


def _warning() -> QPainterPath:
    return _lines(
        ((8, 2), (14.5, 13.5), (1.5, 13.5), (8, 2)), ((8, 6.5), (8, 9)), ((8, 11.5), (8, 11.6))
    )


def _information() -> QPainterPath:
    path = _lines(((8, 7.5), (8, 11)), ((8, 5), (8, 5.1)))
    path.addEllipse(QRectF(1.5, 1.5, 13, 13))
    return path


def _polygon(*corners: tuple[float, float]) -> QPolygonF:
    return QPolygonF([QPointF(x, y) for x, y in corners])


_STATUS_SHAPES = {
    RunStatus.QUEUED: _ring,
    RunStatus.RUNNING: _play,
    RunStatus.DONE: _check,
    RunStatus.ERROR: _cross,
    RunStatus.CRASHED: _bolt,
    RunStatus.CANCELLED: _dash,
    RunStatus.INTERRUPTED: _pause,
}
