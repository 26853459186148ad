"""A and B against the retrained range, small enough for the cell of a table."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QTransform

from workbench.core import palette
from workbench.core.vocabulary import RunRole
from workbench.gui.pages.compare.scores import Number, Score
from workbench.gui.theme import theme
from workbench.gui.widgets.marks import marker_path

_MARK = 9.0  # pixels
_BOX = 16.0  # in which markers are drawn
_ROOM = 0.06  # left free at either side, of the width
_NARROWEST = 3.0  # of the range of the retrained models, in pixels


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float
    box: QRectF

    def __call__(self, value: float) -> float:
        if self.high == self.low:
            return self.box.center().x()
        share = (value - self.low) / (self.high - self.low)
        return self.box.left() + self.box.width() * (_ROOM + (1 - 2 * _ROOM) * share)


def paint_strip(painter: QPainter, box: QRectF, score: Score, a: RunRole, b: RunRole) -> None:
    """The range shaded over the whole height, A in the upper half, B in the lower."""
    values = [value for number in (score.a, score.b) for value in _extent(number)]
    if score.band is not None:
        values += [score.band.low, score.band.high]
    if not values:
        return
    scale = _Scale(min(values), max(values), box)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if score.band is not None:
        left, right = scale(score.band.low), scale(score.band.high)
        missing = max(0.0, _NARROWEST - (right - left)) / 2
        shade = QRectF(left - missing, box.top(), right - left + 2 * missing, box.height())
        painter.fillRect(shade, theme.colour(palette.RETRAINED, 60))
        middle = scale(score.band.mean)
        painter.setPen(QPen(theme.colour(palette.RETRAINED), 1))
        painter.drawLine(QPointF(middle, box.top()), QPointF(middle, box.bottom()))
    _paint_number(painter, scale, score.a, a, box.top() + 0.27 * box.height())
    _paint_number(painter, scale, score.b, b, box.top() + 0.73 * box.height())
    painter.restore()


def _extent(number: Number) -> list[float]:
    return [value for value in (number.low, number.value, number.high) if value is not None]


def _paint_number(
    painter: QPainter, scale: _Scale, number: Number, role: RunRole, y: float
) -> None:
    if number.value is None:
        return
    colour = theme.colour(palette.ROLES[role])
    if number.low is not None and number.high is not None:
        painter.setPen(QPen(colour, 1.4))
        painter.drawLine(QPointF(scale(number.low), y), QPointF(scale(number.high), y))
    painter.setPen(Qt.PenStyle.NoPen)
    placed = QTransform.fromTranslate(scale(number.value), y)
    placed.scale(_MARK / _BOX, _MARK / _BOX).translate(-_BOX / 2, -_BOX / 2)
    painter.fillPath(placed.map(marker_path(palette.MARKERS[role])), colour)
