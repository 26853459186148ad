"""Outcomes as signs: a shape, a colour and the written name, so that none stands alone."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from workbench.core import palette
from workbench.core.palette import Tone
from workbench.core.vocabulary import Outcome
from workbench.gui.theme import theme

NOT_JUDGED = "NOT JUDGED"
OutcomeRole = Qt.ItemDataRole.UserRole + 1
_SIDE = 16.0
_TINT = 0.18  # of the accent, in what is selected
_LINE = 1.7  # height of a line in a table, of the height of its text
_Points = tuple[tuple[float, float], ...]
_Strokes = tuple[_Points, ...]
_OCTAGON = ((5, 0.5), (11, 0.5), (15.5, 5), (15.5, 11), (11, 15.5), (5, 15.5), (0.5, 11), (0.5, 5))
_TRIANGLE = ((8, 0.5), (15.8, 15), (0.2, 15))
_CHECK: _Strokes = (((4.2, 8.3), (6.8, 10.9), (11.8, 5.4)),)
_CROSS: _Strokes = (((5, 5), (11, 11)), ((11, 5), (5, 11)))
_EXCLAMATION: _Strokes = (((8, 5.5), (8, 10.5)), ((8, 12.4), (8, 13)))
_DASH: _Strokes = (((4.5, 8), (11.5, 8)),)


def outcome_tone(outcome: Outcome | None) -> Tone:
    return palette.OUTCOMES[outcome] if outcome else palette.MUTED


def paint_outcome(painter: QPainter, box: QRectF, outcome: Outcome | None) -> None:
    """The sign of an outcome: disc, octagon, triangle or square, as in the report."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(box.topLeft())
    painter.scale(box.width() / _SIDE, box.height() / _SIDE)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour(outcome_tone(outcome)))
    match outcome:
        case Outcome.PASS:
            painter.drawEllipse(QPointF(8, 8), 7.5, 7.5)
            strokes = _CHECK
        case Outcome.FAIL:
            painter.drawPolygon(_polygon(_OCTAGON))
            strokes = _CROSS
        case Outcome.INCONCLUSIVE:
            painter.drawPolygon(_polygon(_TRIANGLE))
            strokes = _EXCLAMATION
        case _:
            painter.drawRect(QRectF(1, 1, 14, 14))
            strokes = _DASH
    pen = QPen(theme.colour(palette.CARD), 2)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    for stroke in strokes:
        painter.drawPolyline(_polygon(stroke))
    painter.restore()


def _polygon(points: _Points) -> QPolygonF:
    return QPolygonF([QPointF(x, y) for x, y in points])


class OutcomeBadge(QWidget):
    """An outcome in a frame of its colour. `factor`: size of its text against that around it."""

    def __init__(self, parent: QWidget | None = None, *, factor: float = 1.0) -> None:
        super().__init__(parent)
        self._outcome: Outcome | None = None
        font = QFont(self.font())
        font.setPointSizeF(font.pointSizeF() * factor)
        font.setBold(True)
        self.setFont(font)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)
        self.show_outcome(None)

    def show_outcome(self, outcome: Outcome | None) -> None:
        self._outcome = outcome
        self.setAccessibleName(f"Verdict {self._word}")
        self.updateGeometry()
        self.update()

    @property
    def _word(self) -> str:
        return str(self._outcome) if self._outcome else NOT_JUDGED

    def sizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(round(self.fontMetrics().horizontalAdvance(self._word) + 2.3 * em), 2 * em)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tone = outcome_tone(self._outcome)
        em = float(self.fontMetrics().height())
        painter.setPen(QPen(theme.colour(tone), 1.5))
        painter.setBrush(theme.colour(tone, 28))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 5, 5)
        top = (self.height() - em) / 2
        paint_outcome(painter, QRectF(0.5 * em, top, em, em), self._outcome)
        painter.setPen(theme.colour(tone))
        text = QRectF(1.85 * em, 0, self.width() - 1.85 * em, self.height())
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, self._word)


class OutcomeDelegate(QStyledItemDelegate):
    """Puts the sign of the outcome in `OutcomeRole` before the text of a cell."""

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        hint = super().sizeHint(option, index)
        return QSize(hint.width(), round(_LINE * option.fontMetrics.height()))

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        outcome = index.data(OutcomeRole)
        if not outcome:
            super().paint(painter, option, index)
            return
        paint_ground(painter, option, index)
        line = QRectF(option.rect).adjusted(6, 0, -4, 0)
        paint_outcome_line(painter, line, Outcome(outcome), index.data())


def paint_outcome_line(painter: QPainter, line: QRectF, outcome: Outcome, word: str = "") -> None:
    """The sign and the name of an outcome, or `word`, in the middle of the height of `line`."""
    painter.save()
    font = QFont(painter.font())
    font.setBold(True)
    painter.setFont(font)
    side = 0.9 * painter.fontMetrics().height()
    top = line.center().y() - side / 2
    paint_outcome(painter, QRectF(line.left(), top, side, side), outcome)
    painter.setPen(theme.colour(outcome_tone(outcome)))
    text = line.adjusted(side + 6, 0, 0, 0)
    painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, word or str(outcome))
    painter.restore()


def paint_ground(
    painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
) -> None:
    """What lies behind the words of a cell: its colour, the selection, the focus."""
    ground = QStyleOptionViewItem(option)
    ground.index = index  # type: ignore[assignment]
    style = option.widget.style() if option.widget else QApplication.style()
    style.drawPrimitive(
        QStyle.PrimitiveElement.PE_PanelItemViewItem, ground, painter, option.widget
    )


def select_quietly(view: QAbstractItemView) -> None:
    """Tint what is selected in the colours of the theme, so that coloured cells stay readable."""
    colours = QPalette(QApplication.palette())
    # opaque, because a cell is painted over its row
    colours.setColor(QPalette.ColorRole.Highlight, _mixed(palette.ACCENT, palette.CARD, _TINT))
    colours.setColor(QPalette.ColorRole.HighlightedText, theme.colour(palette.INK))
    view.setPalette(colours)


def _mixed(tone: Tone, ground: Tone, share: float) -> QColor:
    """`share` of a tone on a ground."""
    colour, below = theme.colour(tone), theme.colour(ground)
    parts = zip(colour.getRgb()[:3], below.getRgb()[:3], strict=True)  # type: ignore[index]
    return QColor(*(round(share * top + (1 - share) * under) for top, under in parts))
