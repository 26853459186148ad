"""The criteria of a plan as a table that can be edited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from workbench.audit.criterion_check import group_kind, measured_splits
from workbench.core import palette
from workbench.core.vocabulary import Direction
from workbench.gui.theme import theme
from workbench.gui.widgets.param_fields import ParamField, Shape
from workbench.metrics.catalogue import CATALOGUE

Criterion = dict[str, Any]
Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole


class Column(IntEnum):
    NAME = 0
    METRIC = 1
    SPLIT = 2
    GROUP = 3
    REQUIREMENT = 4
    VALUE = 5
    PRIMARY = 6


_HEADS = {
    Column.NAME: ("Name", "How the criterion is called in the verdict"),
    Column.METRIC: ("Metric", "What is measured"),
    Column.SPLIT: ("Rows", "The rows it is measured on"),
    Column.GROUP: ("Group", "The attack, or the class, for metrics that have several"),
    Column.REQUIREMENT: ("Must be", "What the metric of an unlearned model must fulfil"),
    Column.VALUE: ("Margin", "The margin or limit, in the unit of the metric; 2 % is 0.02"),
    Column.PRIMARY: ("Decides", "Whether the verdict rests on it, or it only informs"),
}
_REQUIREMENTS = {
    "equivalence difference": "as retrained ±",
    "equivalence ratio": "as retrained, factor",
    "upper difference": "at most",
    "lower difference": "at least",
}
_SPLITS = {
    None: "all",
    "train": "training",
    "forget": "forget",
    "retain": "retain",
    "test": "test",
    "non_member": "non-member",
}
METRICS = {
    name: card.title
    for name, card in CATALOGUE.items()
    if card.direction is not Direction.INFORMATIVE
}
_NUMBER = ParamField("margin", Shape.NUMBER)


@dataclass(frozen=True)
class Choices:
    """What a cell offers: pairs of (data, words); empty for free text."""

    pairs: tuple[tuple[Any, str], ...] = ()


class CriteriaModel(QAbstractTableModel):
    """Shows criteria as they are in the plan; `change` is called with all of them and a title."""

    def __init__(
        self, change: Callable[[list[Criterion], str], None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._change = change
        self._rows: list[Criterion] = []
        self._faults: dict[int, str] = {}
        self._attacks: tuple[str, ...] = ()
        self._read_only = True

    def show(
        self,
        rows: Sequence[Criterion],
        faults: dict[int, str],
        attacks: Sequence[str],
        *,
        read_only: bool,
    ) -> None:
        """Show these criteria, with a sentence for each wrong one by its row."""
        self._attacks, self._faults, self._read_only = tuple(attacks), faults, read_only
        if len(rows) != len(self._rows):
            self.beginResetModel()
            self._rows = list(rows)
            self.endResetModel()
        elif rows:
            self._rows = list(rows)
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(Column) - 1))

    def fault(self, row: int) -> str:
        return self._faults.get(row, "")

    def choices(self, index: Index) -> Choices:
        """What the cell offers."""
        row = self._rows[index.row()]
        match Column(index.column()):
            case Column.METRIC:
                return Choices(tuple(METRICS.items()))
            case Column.SPLIT:
                splits = _splits(row.get("metric"))
                return Choices(tuple((split, _SPLITS[split]) for split in splits))
            case Column.REQUIREMENT:
                return Choices(tuple(_REQUIREMENTS.items()))
            case Column.GROUP if _group(row.get("metric")) == "attack":
                return Choices(tuple((attack, attack) for attack in self._attacks))
        return Choices()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(Column)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole
    ) -> Any:
        if orientation is Qt.Orientation.Vertical:
            return section + 1 if role == Role.DisplayRole else None
        head, tip = _HEADS[Column(section)]
        return {Role.DisplayRole: head, Role.ToolTipRole: tip}.get(Role(role))

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if self._read_only:
            return flags
        if index.column() == Column.PRIMARY:
            return flags | Qt.ItemFlag.ItemIsUserCheckable
        has_group = bool(_group(self._rows[index.row()].get("metric")))
        if index.column() == Column.GROUP and not has_group:
            return flags
        return flags | Qt.ItemFlag.ItemIsEditable

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = self._rows[index.row()], Column(index.column())
        match role:
            case Role.DisplayRole:
                return _words(row, column)
            case Role.EditRole:
                return _value(row, column)
            case Role.CheckStateRole if column is Column.PRIMARY:
                is_on = row.get("primary", True)
                return Qt.CheckState.Checked if is_on else Qt.CheckState.Unchecked
            case Role.ToolTipRole:
                return self.fault(index.row()) or _tip(row, column)
            case Role.ForegroundRole if self.fault(index.row()):
                return theme.colour(palette.FAILED)
            case Role.AccessibleDescriptionRole:
                return self.fault(index.row())
        return None

    def setData(self, index: Index, value: Any, role: int = Role.EditRole) -> bool:
        column = Column(index.column())
        expected = Role.CheckStateRole if column is Column.PRIMARY else Role.EditRole
        if self._read_only or role != expected:
            return False
        before = self._rows[index.row()]
        after = _changed(before, column, value)
        if after != before:
            self._rows[index.row()] = after
            self.dataChanged.emit(index, index)
            self._change([*self._rows], f"Change criterion {index.row() + 1}")
        return True


def in_words(row: Criterion) -> str:
    """One line, like "forget accuracy: Accuracy, forget rows, as retrained ± 0.1"."""
    metric, rows, group, must_be, size = (_words(row, column) for column in list(Column)[1:6])
    about = ", ".join(part for part in (metric, f"{rows} rows", group) if part)
    informs = "" if row.get("primary", True) else " (informs only)"
    return f"{row.get('name', '')}: {about}, {must_be} {size}{informs}"


def _words(row: Criterion, column: Column) -> str:
    value = _value(row, column)
    match column:
        case Column.METRIC:
            return METRICS.get(value, str(value or ""))
        case Column.SPLIT:
            return _SPLITS.get(value, str(value))
        case Column.REQUIREMENT:
            return _REQUIREMENTS.get(value, "")
        case Column.PRIMARY:
            return ""
    return str(value)


def _value(row: Criterion, column: Column) -> Any:
    match column:
        case Column.REQUIREMENT:
            kind = row.get("kind", "equivalence")
            is_ratio = kind == "equivalence" and row.get("scale") == "ratio"
            return f"{kind} {'ratio' if is_ratio else 'difference'}"
        case Column.VALUE:
            return _NUMBER.text_of(row.get(_size(row)))
        case Column.SPLIT:
            return row.get("split")
    return row.get(column.name.lower(), "")


def _changed(row: Criterion, column: Column, value: Any) -> Criterion:
    match column:
        case Column.REQUIREMENT:
            size = row.get(_size(row))
            kept = {name: one for name, one in row.items() if name not in ("margin", "limit")}
            kind, scale = str(value).split()
            made = {**kept, "kind": kind, "scale": scale}
            return {**made, _size(made): size}
        case Column.VALUE:
            number = _NUMBER.value_of(str(value))
            return {**row, _size(row): None if number == "" else number}
        case Column.METRIC:
            return _fitting({**row, "metric": value})
        case Column.PRIMARY:
            return {**row, "primary": Qt.CheckState(value) is Qt.CheckState.Checked}
    return {**row, column.name.lower(): value}


def _fitting(row: Criterion) -> Criterion:
    """What the new metric is not measured on would only be a fault to mend."""
    splits = _splits(row["metric"])
    if row.get("split") not in splits:
        row["split"] = splits[0]
    if not _group(row["metric"]):
        row["group"] = ""
    return row


def _size(row: Criterion) -> str:
    return "margin" if row.get("kind", "equivalence") == "equivalence" else "limit"


def _splits(metric: object) -> tuple[str | None, ...]:
    known = measured_splits(metric) if isinstance(metric, str) and metric in METRICS else ()
    return tuple(str(split) if split else None for split in known) or tuple(_SPLITS)


def _group(metric: object) -> str:
    return group_kind(metric) if isinstance(metric, str) and metric in METRICS else ""


def _tip(row: Criterion, column: Column) -> str:
    card = CATALOGUE.get(str(row.get("metric")))
    if card is None or column is not Column.METRIC:
        return f"{_HEADS[column][1]}"
    return f"<p><b>{card.title}</b><br>{card.definition}</p><p>{card.caveat}</p>"
