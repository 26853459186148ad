"""The verdict line by line: forget sets, their candidates, and every criterion of each."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from workbench.core.vocabulary import Outcome
from workbench.gui.pages.report.contents import Line
from workbench.gui.theme import theme
from workbench.gui.widgets.outcomes import OutcomeDelegate, OutcomeRole, select_quietly


class Column(IntEnum):
    NAME = 0
    OUTCOME = 1
    ESTIMATE = 2
    INTERVAL = 3
    DEMAND = 4
    WHY = 5


_HEADERS = {
    Column.NAME: ("Forget set, candidate, criterion", "Open a line to see what it is made of"),
    Column.OUTCOME: ("Outcome", "What the plan's criteria say, fixed before the results"),
    Column.ESTIMATE: ("Estimate", "Difference from the retrained models, or the value itself"),
    Column.INTERVAL: ("Interval", "Where the true value lies, at the error rate of the plan"),
    Column.DEMAND: ("Demanded", "The whole interval must lie within this to pass"),
    Column.WHY: ("Why", "The whole sentence stands below the table"),
}
_WIDTHS = {
    Column.NAME: 256,
    Column.OUTCOME: 138,
    Column.ESTIMATE: 66,
    Column.INTERVAL: 132,
    Column.DEMAND: 116,
    Column.WHY: 60,
}
_NAME_GROWS = 0.25
"""What share of the room beyond these widths the names get; the reasons get the rest."""


_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class VerdictTree(QTreeWidget):
    """Emits `line_chosen` with the line that the keyboard or the pointer is on."""

    line_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Verdict line by line")
        self.setColumnCount(len(Column))
        self.setHeaderLabels([_HEADERS[column][0] for column in Column])
        self.setItemDelegateForColumn(Column.OUTCOME, OutcomeDelegate(self))
        self.setUniformRowHeights(True)
        self.setIndentation(16)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        for column in Column:
            self.headerItem().setToolTip(column, _HEADERS[column][1])
        header = self.header()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setStretchLastSection(True)
        header.setMinimumSectionSize(40)
        self.currentItemChanged.connect(self._choose)
        theme.changed.connect(self._dress)
        self._dress()

    def show_lines(self, lines: Iterable[Line]) -> None:
        """Show forget sets with their candidates; keeps open what was open."""
        is_first = not self.topLevelItemCount()
        open_before = self._open_paths()
        chosen = _path(self.currentItem())
        self.clear()
        for line in lines:
            item = self._add(self.invisibleRootItem(), line)
            item.setExpanded(True)
            font = QFont(self.font())
            font.setBold(True)
            item.setFont(Column.NAME, font)
        for item in self._items():
            if not is_first and item.childCount():
                item.setExpanded(_path(item) in open_before)
        kept = next((item for item in self._items() if _path(item) == chosen), None)
        if first := kept or self.topLevelItem(0):
            self.setCurrentItem(first)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = max(0, self.viewport().width() - sum(_WIDTHS.values()))
        for column, width in _WIDTHS.items():
            grown = int(_NAME_GROWS * room) if column is Column.NAME else 0
            self.setColumnWidth(column, width + grown)

    def _dress(self) -> None:
        select_quietly(self)

    def _add(self, parent: QTreeWidgetItem, line: Line) -> QTreeWidgetItem:
        item = QTreeWidgetItem(parent)
        texts = (line.name, line.word, line.estimate, line.interval, line.demand, line.why)
        for column, text in zip(Column, texts, strict=True):
            item.setText(column, text.removesuffix(" of the retrained models"))
            item.setToolTip(column, text)
        item.setTextAlignment(Column.ESTIMATE, _RIGHT)
        if isinstance(line.outcome, Outcome):
            item.setData(Column.OUTCOME, OutcomeRole, line.outcome)
        item.setData(Column.NAME, Qt.ItemDataRole.UserRole, line)
        for part in line.parts:
            self._add(item, part)
        return item

    def _items(self) -> list[QTreeWidgetItem]:
        """All of them, from the top."""
        found: list[QTreeWidgetItem] = []

        def walk(item: QTreeWidgetItem) -> None:
            for child in map(item.child, range(item.childCount())):
                if child is not None:
                    found.append(child)
                    walk(child)

        walk(self.invisibleRootItem())
        return found

    def _open_paths(self) -> set[tuple[str, ...]]:
        return {_path(item) for item in self._items() if item.isExpanded()}

    def _choose(self, item: QTreeWidgetItem | None) -> None:
        self.line_chosen.emit(item.data(Column.NAME, Qt.ItemDataRole.UserRole) if item else None)


def _path(item: QTreeWidgetItem | None) -> tuple[str, ...]:
    """The names of an item and of those it is in."""
    names: list[str] = []
    while item is not None:
        names.insert(0, item.text(Column.NAME))
        item = item.parent()
    return tuple(names)
