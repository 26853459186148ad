"""The criteria of a plan as a table that can be edited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from workbench.core import palette
from workbench.gui.metric_card import metric_tip
from workbench.gui.pages.plan.criterion_row import (
    HEADS,
    Column,
    Criterion,
    Offers,
    changed,
    choices,
    has_group,
    placeholder,
    value,
    words,
)
from workbench.gui.theme import theme

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole
EXPLORATORY = "exploratory"
_WHY_EXPLORATORY = "Added after the plan was locked: it is judged and shown, and decides nothing"


class CriteriaModel(QAbstractTableModel):
    """Shows criteria as they are in the plan; `change` is called with all of them and a title."""

    def __init__(
        self, change: Callable[[list[Criterion], str], None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._change = change
        self._rows: list[Criterion] = []
        self._faults: dict[int, str] = {}
        self._offers = Offers()
        self._first_exploratory = 0
        self._read_only = True

    def show(
        self,
        rows: Sequence[Criterion],
        faults: dict[int, str],
        offers: Offers,
        *,
        read_only: bool,
        exploratory: Sequence[Criterion] = (),
    ) -> None:
        """Show these criteria, with a sentence for each wrong one by its row.

        The `exploratory` ones follow below, and cannot be edited.
        """
        self._offers, self._faults, self._read_only = offers, faults, read_only
        self._first_exploratory = len(rows)
        rows = [*rows, *exploratory]
        if len(rows) != len(self._rows):
            self.beginResetModel()
            self._rows = list(rows)
            self.endResetModel()
        elif rows:
            self._rows = list(rows)
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(Column) - 1))

    def fault(self, row: int) -> str:
        return self._faults.get(row, "")

    def choices(self, index: Index) -> tuple[tuple[Any, str], ...]:
        """What the cell offers, as pairs of (data, words)."""
        return choices(self._rows[index.row()], Column(index.column()), self._offers)

    def placeholder(self, index: Index) -> str:
        """What an empty cell asks for."""
        return placeholder(self._rows[index.row()], Column(index.column()))

    def is_exploratory(self, row: int) -> bool:
        return row >= self._first_exploratory

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(Column)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole
    ) -> Any:
        if orientation is Qt.Orientation.Vertical:
            return section + 1 if role == Role.DisplayRole else None
        head, tip = HEADS[Column(section)]
        return {Role.DisplayRole: head, Role.ToolTipRole: tip}.get(Role(role))

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if self._read_only or self.is_exploratory(index.row()):
            return flags
        if index.column() == Column.PRIMARY:
            return flags | Qt.ItemFlag.ItemIsUserCheckable
        if index.column() == Column.GROUP and not has_group(self._rows[index.row()]):
            return flags
        return flags | Qt.ItemFlag.ItemIsEditable

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = self._rows[index.row()], Column(index.column())
        if column is Column.PRIMARY and self.is_exploratory(index.row()):
            return {Role.DisplayRole: EXPLORATORY, Role.ToolTipRole: _WHY_EXPLORATORY}.get(
                Role(role)
            )
        match role:
            case Role.DisplayRole:
                return words(row, column) or self._asked_for(index)
            case Role.EditRole:
                return value(row, column)
            case Role.CheckStateRole if column is Column.PRIMARY:
                is_on = row.get("primary", True)
                return Qt.CheckState.Checked if is_on else Qt.CheckState.Unchecked
            case Role.ToolTipRole:
                return self.fault(index.row()) or _tip(row, column)
            case Role.ForegroundRole if self.fault(index.row()):
                return theme.colour(palette.FAILED)
            case Role.ForegroundRole if not words(row, column):
                return theme.colour(palette.MUTED)
            case Role.AccessibleDescriptionRole:
                return self.fault(index.row())
        return None

    def setData(self, index: Index, value: Any, role: int = Role.EditRole) -> bool:
        column = Column(index.column())
        expected = Role.CheckStateRole if column is Column.PRIMARY else Role.EditRole
        if self._read_only or self.is_exploratory(index.row()) or role != expected:
            return False
        before = self._rows[index.row()]
        if column is Column.PRIMARY:
            value = Qt.CheckState(value) is Qt.CheckState.Checked
        after = changed(before, column, value, self._offers)
        if after != before:
            self._rows[index.row()] = after
            self.dataChanged.emit(index, index)
            self._change([*self._rows], f"Change criterion {index.row() + 1}")
        return True

    def _asked_for(self, index: Index) -> str:
        return "" if self._read_only else self.placeholder(index)


def _tip(row: Criterion, column: Column) -> str:
    card = metric_tip(str(row.get("metric"))) if column is Column.METRIC else ""
    return card or HEADS[column][1]
