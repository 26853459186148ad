"""The scoreboard: numbers in two lines, a strip against the retrained range, a verdict."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import (
    QAction,
    QContextMenuEvent,
    QFont,
    QFontMetricsF,
    QGuiApplication,
    QKeySequence,
    QPainter,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QMenu,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from workbench.core import palette
from workbench.core.vocabulary import RunRole
from workbench.gui.pages.compare.scoreboard_model import (
    CellRole,
    Column,
    Index,
    ScoreboardModel,
    ScoreRole,
)
from workbench.gui.pages.compare.scores import Score, ScoreGroup
from workbench.gui.pages.compare.strip import paint_strip
from workbench.gui.theme import theme
from workbench.gui.widgets.outcomes import paint_ground, paint_outcome_line, select_quietly
from workbench.report.display import MISSING
from workbench.report.tables import Cell

_ACROSS, _DOWN = 6, 5  # room inside a cell
_SMALL = 0.87  # of the second line against the first
_WIDTHS = {
    Column.METRIC: 168,
    Column.A: 110,
    Column.B: 110,
    Column.DIFFERENCE: 106,
    Column.BAND: 110,
    Column.STRIP: 78,
    Column.CRITERION: 108,
}
_GROWING = {Column.METRIC: 0.3, Column.STRIP: 0.55, Column.CRITERION: 0.15}
"""What share of the room beyond these widths each column gets."""


class Scoreboard(QTableView):
    """Every metric of A and B beside the retrained models."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = ScoreboardModel(self)
        self._delegate = _ScoreDelegate(self)
        self.setModel(self._model)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName("Scoreboard")
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setHighlightSections(False)
        self._copy = QAction("Copy as table", self)
        self._copy.setShortcut(QKeySequence.StandardKey.Copy)
        self._copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self._copy.triggered.connect(self.copy_table)
        self.addAction(self._copy)
        theme.changed.connect(self._dress)
        self._dress()

    def show_groups(self, groups: Sequence[ScoreGroup], a: RunRole, b: RunRole) -> None:
        """`a` and `b`: in which roles the two models are."""
        self._delegate.roles = (a, b)
        self.clearSpans()
        self._model.show_groups(groups)
        for row in self._model.headings:
            self.setSpan(row, 0, 1, len(Column))
        self._set_heights()

    def copy_table(self) -> None:
        """What is shown, as tab-separated text, which every spreadsheet takes."""
        text = io.StringIO()
        csv.writer(text, delimiter="\t", lineterminator="\n").writerows(self._model.table())
        QGuiApplication.clipboard().setText(text.getvalue())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = max(0, self.viewport().width() - sum(_WIDTHS.values()))
        for column, width in _WIDTHS.items():
            self.setColumnWidth(column, width + int(room * _GROWING.get(column, 0)))
        self._set_heights()

    def _dress(self) -> None:
        select_quietly(self)

    def _set_heights(self) -> None:
        """Names of metrics take a second line where the column is too narrow for one."""
        for row in range(self._model.rowCount()):
            score = self._model.index(row, Column.METRIC).data(ScoreRole)
            width = self.columnWidth(Column.METRIC)
            self.setRowHeight(row, self._delegate.height_of(score, width))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.addAction(self._copy)
        menu.exec(event.globalPos())
        menu.deleteLater()


class _ScoreDelegate(QStyledItemDelegate):
    """Paints headings, numbers with their interval below, strips and verdicts."""

    def __init__(self, view: Scoreboard) -> None:
        super().__init__(view)
        self.roles = (RunRole.ORIGINAL, RunRole.CANDIDATE)
        self._font = QFont(view.font())
        self._small = QFont(view.font())
        self._small.setPointSizeF(self._font.pointSizeF() * _SMALL)
        self._bold = QFont(view.font())
        self._bold.setBold(True)

    def height_of(self, score: Score | None, width: int) -> int:
        """Of a row whose first cell is this wide; None stands for a heading."""
        if score is None:
            return round(QFontMetricsF(self._bold).height() + 3 * _DOWN)
        metrics = QFontMetricsF(self._font)
        lines = 1 if metrics.horizontalAdvance(score.title) <= width - 2 * _ACROSS else 2
        small = QFontMetricsF(self._small).height()
        return round(lines * metrics.height() + small + 2 * _DOWN)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        score = index.data(ScoreRole)
        box = QRectF(option.rect)
        painter.save()
        if score is None:
            self._paint_heading(painter, box, index.data() or "")
        else:
            paint_ground(painter, option, index)
            self._paint_score(painter, box, score, index)
        painter.restore()

    def _paint_heading(self, painter: QPainter, box: QRectF, text: str) -> None:
        painter.fillRect(box, theme.colour(palette.PAGE))
        painter.setFont(self._bold)
        painter.setPen(theme.colour(palette.MUTED))
        line = box.adjusted(_ACROSS, 0, -_ACROSS, -_DOWN)
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, text)

    def _paint_score(self, painter: QPainter, box: QRectF, score: Score, index: Index) -> None:
        painter.setPen(theme.colour(palette.LINE))
        painter.drawLine(box.bottomLeft(), box.bottomRight())
        inner = box.adjusted(_ACROSS, _DOWN, -_ACROSS, -_DOWN)
        match Column(index.column()):
            case Column.STRIP:
                paint_strip(painter, inner, score, *self.roles)
            case Column.CRITERION:
                self._paint_standing(painter, inner, score)
            case Column.METRIC:
                self._paint_name(painter, inner, score)
            case _:
                self._paint_number(painter, inner, index.data(CellRole))

    def _paint_name(self, painter: QPainter, box: QRectF, score: Score) -> None:
        small = QFontMetricsF(self._small).height() if score.about else 0.0
        upper, lower = box.adjusted(0, 0, 0, -small), box.adjusted(0, box.height() - small, 0, 0)
        painter.setFont(self._font)
        painter.setPen(theme.colour(palette.INK))
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(upper, left | Qt.TextFlag.TextWordWrap, score.title)
        painter.setPen(theme.colour(palette.MUTED))
        _write(painter, lower, self._small, score.about, Qt.AlignmentFlag.AlignLeft)

    def _paint_number(self, painter: QPainter, box: QRectF, cell: Cell) -> None:
        is_missing = cell.main in (MISSING, "not computed")
        painter.setPen(theme.colour(palette.MUTED if is_missing else palette.INK))
        line, small = QFontMetricsF(self._font).height(), QFontMetricsF(self._small).height()
        top = box.center().y() - (line + (small if cell.extra else 0.0)) / 2
        upper = QRectF(box.left(), top, box.width(), line)
        _write(painter, upper, self._font, cell.main, Qt.AlignmentFlag.AlignRight)
        painter.setPen(theme.colour(palette.MUTED))
        lower = QRectF(box.left(), upper.bottom(), box.width(), small)
        _write(painter, lower, self._small, cell.extra, Qt.AlignmentFlag.AlignRight)

    def _paint_standing(self, painter: QPainter, box: QRectF, score: Score) -> None:
        standing = score.standing
        if standing is None:
            return
        line = box
        if standing.outcome is not None:
            upper = QFontMetricsF(self._font).height()
            painter.setFont(self._small)
            paint_outcome_line(
                painter, QRectF(box.left(), box.top(), box.width(), upper), standing.outcome
            )
            line = QRectF(box.left(), box.top() + upper, box.width(), box.height() - upper)
        painter.setPen(theme.colour(palette.MUTED))
        demand = standing.demand.removesuffix(" of the retrained models")
        if standing.exploratory:
            demand = f"exploratory, {demand.removeprefix('within ')}"
        _write(painter, line, self._small, demand, Qt.AlignmentFlag.AlignLeft)


def _write(painter: QPainter, box: QRectF, font: QFont, text: str, side: Qt.AlignmentFlag) -> None:
    painter.setFont(font)
    shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, box.width())
    painter.drawText(box, side | Qt.AlignmentFlag.AlignVCenter, shown)
