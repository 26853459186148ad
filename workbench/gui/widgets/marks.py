"""Small painted marks in the colours of the theme: roles of models, states of runs, notices."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

from workbench.core import palette
from workbench.core.palette import Marker, Tone
from workbench.core.vocabulary import RunRole, RunStatus
from workbench.gui.theme import theme

_SIDE = 16
_SCALE = 2  # pixels per unit, for screens with small pixels
_FAILURES = (RunStatus.ERROR, RunStatus.CRASHED)


def role_icon(role: RunRole) -> QIcon:
    """The marker of a role, as in every figure."""
    return _painted(_marker(palette.MARKERS[role]), palette.ROLES[role])


def status_icon(status: RunStatus) -> QIcon:
    """A shape for each state of a run, so that no state is told by colour alone."""
    return _painted(_STATUS_SHAPES[status](), status_tone(status), line=True)


def status_tone(status: RunStatus) -> Tone:
    if status is RunStatus.DONE:
        return palette.PASSED
    if status in _FAILURES:
        return palette.FAILED
    return palette.ACCENT if status is RunStatus.RUNNING else palette.MUTED


def notice_icon(*, is_fault: bool) -> QIcon:
    """A triangle with a stroke for faults, a disc with an i for everything else."""
    shape = _warning() if is_fault else _information()
    return _painted(shape, palette.FAILED if is_fault else palette.ACCENT, line=True)


def _painted(shape: QPainterPath, tone: Tone, *, line: bool = False) -> QIcon:
    pixmap = QPixmap(_SIDE * _SCALE, _SIDE * _SCALE)
    pixmap.setDevicePixelRatio(_SCALE)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    colour = theme.colour(tone)
    if line:
        pen = QPen(colour, 2.0)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.strokePath(shape, pen)
    else:
        painter.fillPath(shape, colour)
    painter.end()
    return QIcon(pixmap)


def _marker(marker: Marker) -> QPainterPath:
    path = QPainterPath()
    match marker:
        case Marker.DIAMOND:
            path.addPolygon(_polygon((8, 2), (14, 8), (8, 14), (2, 8)))
        case Marker.CIRCLE:
            path.addEllipse(QRectF(3, 3, 10, 10))
        case Marker.BAR:
            path.addRect(QRectF(2, 6, 12, 4))
        case Marker.TRIANGLE:
            path.addPolygon(_polygon((8, 2.5), (14, 13), (2, 13)))
        case Marker.CROSS:
            for x, y in ((2.5, 6.5), (6.5, 2.5)):
                path.addRect(QRectF(x, y, 16 - 2 * x, 16 - 2 * y))
            path.setFillRule(Qt.FillRule.WindingFill)
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
    return _lines(((8, 2), (14.5, 13.5), (1.5, 13.5), (8, 2)), ((8, 6.5), (8, 9)), ((8, 11.5), (8, 11.6)))


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
