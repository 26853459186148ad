"""The verdict line by line: forget sets, their candidates, and every criterion of each."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeView, QWidget

from workbench.gui.pages.report.contents import Line
from workbench.gui.pages.report.verdict_model import Column, Index, LineRole, VerdictModel
from workbench.gui.theme import theme
from workbench.gui.widgets.outcomes import OutcomeDelegate, select_quietly

_WIDTHS = {
    Column.NAME: 258,
    Column.OUTCOME: 138,
    Column.ESTIMATE: 66,
    Column.INTERVAL: 132,
    Column.DEMAND: 124,
    Column.WHY: 48,
}
_NAME_GROWS = 0.25
"""What share of the room beyond these widths the names get; the reasons get the rest."""


class VerdictTree(QTreeView):
    """Emits `line_chosen` with the line that the keyboard or the pointer is on."""

    line_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines = VerdictModel(self)
        self.setModel(self.lines)
        self.setAccessibleName("Verdict line by line")
        self.setItemDelegateForColumn(Column.OUTCOME, OutcomeDelegate(self))
        self.setUniformRowHeights(True)
        self.setIndentation(16)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        header = self.header()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setStretchLastSection(True)
        header.setMinimumSectionSize(40)
        theme.changed.connect(self._dress)
        self._dress()

    def show_lines(self, lines: Iterable[Line]) -> None:
        """Show forget sets with their candidates; what was open stays open, the cursor in place."""
        is_first = not self.lines.rowCount()
        was_open = {
            self.lines.path(one) for one in self.lines.every_index() if self.isExpanded(one)
        }
        cursor = self.lines.path(self.currentIndex())
        self.lines.show_lines(lines)
        for one in self.lines.every_index():
            is_top = not one.parent().isValid()
            self.setExpanded(one, is_top if is_first else self.lines.path(one) in was_open)
        found = (one for one in self.lines.every_index() if self.lines.path(one) == cursor)
        self.setCurrentIndex(next(found, self.lines.index(0, 0)))

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        if current.isValid():
            self.line_chosen.emit(current.data(LineRole))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = max(0, self.viewport().width() - sum(_WIDTHS.values()))
        for column, width in _WIDTHS.items():
            grown = int(_NAME_GROWS * room) if column is Column.NAME else 0
            self.setColumnWidth(column, width + grown)

    def _dress(self) -> None:
        select_quietly(self)
