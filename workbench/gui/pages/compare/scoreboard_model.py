"""The scoreboard as a table: a heading row per group of metrics, then one row a metric."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from workbench.gui.metric_card import metric_tip, metric_words
from workbench.gui.pages.compare.scores import Score, ScoreGroup, Standing
from workbench.report.tables import Cell

Index = QModelIndex | QPersistentModelIndex
ScoreRole = Qt.ItemDataRole.UserRole + 10
"""The `Score` of a row; None for a heading."""
CellRole = Qt.ItemDataRole.UserRole + 11
"""The `Cell` that is written in two lines; None where something else is painted."""


class Column(IntEnum):
    METRIC = 0
    A = 1
    B = 2
    DIFFERENCE = 3
    BAND = 4
    STRIP = 5
    CRITERION = 6


HEADERS = {
    Column.METRIC: ("Metric", "What was measured, and on which rows"),
    Column.A: ("A", "The number of model A with its 95 % interval"),
    Column.B: ("B", "The number of model B with its 95 % interval"),
    Column.DIFFERENCE: (
        "B \N{MINUS SIGN} A",
        "How much B differs from A; pp are percentage points",
    ),
    Column.BAND: ("Retrained", "Mean and range of the retrained models, which are the target"),
    Column.STRIP: (
        "Range",
        "Shaded: the range of the retrained models. Upper mark: A, lower mark: B, with their "
        "intervals. Every row has its own scale",
    ),
    Column.CRITERION: (
        "Criterion",
        "What the plan demands of this metric, and how B's method stands to it, all seeds together",
    ),
}


class ScoreboardModel(QAbstractTableModel):
    """Rows are headings (`str`) and scores."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[str | Score] = []

    def show_groups(self, groups: Sequence[ScoreGroup]) -> None:
        self.beginResetModel()
        self._rows = []
        for group in groups:
            self._rows += [group.title, *group.scores]
        self.endResetModel()

    @property
    def headings(self) -> list[int]:
        """The rows that are headings."""
        return [number for number, row in enumerate(self._rows) if isinstance(row, str)]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(Column)

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
            case Qt.ItemDataRole.TextAlignmentRole:
                left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
                right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                return right if Column.A <= section <= Column.BAND else left
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        if isinstance(self._rows[index.row()], str):
            return Qt.ItemFlag.ItemIsEnabled
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = self._rows[index.row()], Column(index.column())
        if isinstance(row, str):
            shown = role == Qt.ItemDataRole.DisplayRole and column is Column.METRIC
            return row if shown else None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return _text(row, column)
            case Qt.ItemDataRole.ToolTipRole:
                return _tip(row, column)
            case Qt.ItemDataRole.AccessibleDescriptionRole:
                return metric_words(row.key[0]) if column is Column.METRIC else _tip(row, column)
            case _ if role == ScoreRole:
                return row
            case _ if role == CellRole:
                return cell_of(row, column)
        return None

    def table(self) -> list[list[str]]:
        """Everything as text, with the headings of the columns first."""
        head = ["Metric", "About", "A", "A interval", "B", "B interval", "B - A"]
        head += ["Retrained mean", "Retrained range", "B against retrained", "Demand", "Outcome"]
        lines = [head]
        for row in self._rows:
            if isinstance(row, Score):
                demand, outcome = _standing_texts(row.standing)
                cells = [row.a.cell, row.b.cell]
                line = [row.title, row.about]
                line += [part for one in cells for part in (one.main, one.extra)]
                line += [row.difference.main, row.band_cell.main, row.band_cell.extra, row.place]
                lines.append([*line, demand, outcome])
        return lines


def cell_of(score: Score, column: Column) -> Cell | None:
    match column:
        case Column.METRIC:
            return Cell(score.title, score.about)
        case Column.A:
            return score.a.cell
        case Column.B:
            return score.b.cell
        case Column.DIFFERENCE:
            return score.difference
        case Column.BAND:
            return score.band_cell
    return None


def _text(score: Score, column: Column) -> str:
    if column is Column.STRIP:
        return score.place
    if column is Column.CRITERION:
        demand, outcome = _standing_texts(score.standing)
        return f"{outcome} {demand}".strip()
    cell = cell_of(score, column)
    return " ".join(filter(None, [cell.main, cell.extra])) if cell else ""


def _tip(score: Score, column: Column) -> str:
    match column:
        case Column.METRIC:
            return metric_tip(score.key[0], score.about) or _text(score, column)
        case Column.STRIP:
            return f"B is {score.place}" if score.place else "There is nothing to compare B with"
        case Column.CRITERION:
            return _standing_tip(score.standing)
        case Column.BAND:
            if score.band is None:
                return "No retrained model has this number"
            return f"Mean and range of {score.band.n} retrained models"
    cell = cell_of(score, column)
    return cell.note if cell else ""


def _standing_texts(standing: Standing | None) -> tuple[str, str]:
    if standing is None:
        return "", ""
    demand = f"{standing.demand} (exploratory)" if standing.exploratory else standing.demand
    return demand, str(standing.outcome or "")


def _standing_tip(standing: Standing | None) -> str:
    if standing is None:
        return "The plan demands nothing of this metric"
    lines = [
        f"{standing.name} ({standing.importance})",
        f"Demanded: {standing.demand}",
        f"Found: {standing.found}" if standing.found else "",
        standing.why,
    ]
    return "\n".join(line for line in lines if line)
