"""The lines of a verdict as a tree of Qt's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont

from workbench.gui.metric_card import metric_tip, metric_words
from workbench.gui.pages.report.contents import Line
from workbench.gui.widgets.outcomes import OutcomeRole

Index = QModelIndex | QPersistentModelIndex
LineRole = Qt.ItemDataRole.UserRole + 20
"""The `Line` of an index."""


class Column(IntEnum):
    NAME = 0
    OUTCOME = 1
    ESTIMATE = 2
    INTERVAL = 3
    DEMAND = 4
    WHY = 5


HEADERS = {
    Column.NAME: ("Forget set, candidate, criterion", "Open a line to see what it is made of"),
    Column.OUTCOME: ("Outcome", "What the plan's criteria say, fixed before the results"),
    Column.ESTIMATE: ("Estimate", "Difference from the retrained models, or the value itself"),
    Column.INTERVAL: ("Interval", "Where the true value lies, at the error rate of the plan"),
    Column.DEMAND: ("Demanded", "The whole interval must lie within this to pass"),
    Column.WHY: ("Why", "The whole sentence stands below the table"),
}
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass(eq=False, slots=True)
class _Node:
    """A line in its place; `row` counts among the parts of `parent`."""

    line: Line | None
    parent: _Node | None = None
    row: int = 0
    parts: list[_Node] = field(default_factory=list)

    def add(self, line: Line) -> None:
        node = _Node(line, self, len(self.parts))
        self.parts.append(node)
        for part in line.parts:
            node.add(part)


class VerdictModel(QAbstractItemModel):
    """Forget sets, in them candidates and controls, in these criteria and questions."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._root = _Node(None)

    def show_lines(self, lines: Iterable[Line]) -> None:
        self.beginResetModel()
        self._root = _Node(None)
        for line in lines:
            self._root.add(line)
        self.endResetModel()

    def every_index(self, parent: Index = QModelIndex()) -> Iterator[QModelIndex]:  # noqa: B008
        """The first column of every line, from the top."""
        for row in range(self.rowCount(parent)):
            index = self.index(row, 0, parent)
            yield index
            yield from self.every_index(index)

    def path(self, index: Index) -> tuple[str, ...]:
        """The names of a line and of those it is in, which no other line has."""
        names: list[str] = []
        node: _Node | None = self._node(index)
        while node is not None and node.line is not None:
            names.insert(0, node.line.name)
            node = node.parent
        return tuple(names)

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        return self.createIndex(row, column, self._node(parent).parts[row])

    def parent(self, index: Index) -> QModelIndex:  # type: ignore[override]
        above = self._node(index).parent if index.isValid() else None
        if above is None or above is self._root:
            return QModelIndex()
        return self.createIndex(above.row, 0, above)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.column() > 0 else len(self._node(parent).parts)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: ARG002, B008
        return len(Column)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is not Qt.Orientation.Horizontal or section not in HEADERS:
            return None
        text, tip = HEADERS[Column(section)]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return text
            case Qt.ItemDataRole.ToolTipRole:
                return tip
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        line = self._node(index).line
        if line is None:
            return None
        column = Column(index.column())
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return _text(line, column).removesuffix(" of the retrained models")
            case Qt.ItemDataRole.ToolTipRole:
                return _tip(line, column)
            case Qt.ItemDataRole.AccessibleDescriptionRole if column is Column.NAME:
                return metric_words(line.metric)
            case Qt.ItemDataRole.TextAlignmentRole if column is Column.ESTIMATE:
                return _RIGHT
            case Qt.ItemDataRole.FontRole if column is Column.NAME and self._is_top(index):
                font = QFont()
                font.setBold(True)
                return font
            case _ if role == OutcomeRole and column is Column.OUTCOME:
                return line.outcome
            case _ if role == LineRole:
                return line
        return None

    def _node(self, index: Index) -> _Node:
        node = index.internalPointer() if index.isValid() else self._root
        return node if isinstance(node, _Node) else self._root

    def _is_top(self, index: Index) -> bool:
        return self._node(index).parent is self._root


def _tip(line: Line, column: Column) -> str:
    card = metric_tip(line.metric) if column is Column.NAME else ""
    return card or _text(line, column)


def _text(line: Line, column: Column) -> str:
    match column:
        case Column.NAME:
            return line.name
        case Column.OUTCOME:
            return line.word
        case Column.ESTIMATE:
            return line.estimate
        case Column.INTERVAL:
            return line.interval
        case Column.DEMAND:
            return line.demand
    return line.why
