"""The table of runs: what is stored about each, with what is heard of those that run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
)
from PySide6.QtGui import QPainter, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from workbench.core import palette
from workbench.core.vocabulary import RunStatus
from workbench.gui.pages.runs.contents import FAILED, STATUS_WORDS, STOPPED, WAITING, RunRow
from workbench.gui.theme import theme
from workbench.gui.widgets.marks import role_icon, status_icon, status_tone
from workbench.report.display import duration
from workbench.report.wording import ROLE_NAMES

Index = QModelIndex | QPersistentModelIndex


class Column(IntEnum):
    FORGET_SET = 0
    METHOD = 1
    ROLE = 2
    SEED = 3
    STATUS = 4
    TIME = 5
    DEVICE = 6


class Role(IntEnum):
    """What the model tells beyond Qt's own roles."""

    SORT = Qt.ItemDataRole.UserRole
    SHARE = SORT + 1
    RUN = SORT + 2


HEADERS = {
    Column.FORGET_SET: ("Forget set", "Which rows the run has to forget"),
    Column.METHOD: ("Method", "The name of the method in the plan"),
    Column.ROLE: ("Role", "Why the run is in the plan"),
    Column.SEED: ("Seed", "The number that fixes all chance in the run"),
    Column.STATUS: ("Status", "How far the run is, or how it ended"),
    Column.TIME: ("Time", "From the start of the run to its end, measuring included"),
    Column.DEVICE: ("Device", "What the run computed on"),
}
ROLE_MEANINGS = {
    "original": "The untouched model, which the attacks must be able to recognise",
    "reference": "A model retrained without the forget rows; these make the band",
    "control": "A retrained model outside the band, which must pass",
    "candidate": "A method under audit",
    "straw_man": "A method that is known to be wrong, which must fail",
}
SHOWN: dict[str, tuple[RunStatus, ...]] = {
    "All runs": tuple(RunStatus),
    "Running": (RunStatus.RUNNING,),
    "Waiting": WAITING,
    "Done": (RunStatus.DONE,),
    "Failed or stopped": (*FAILED, *STOPPED),
}
_WIDTHS = {
    Column.FORGET_SET: 140,
    Column.ROLE: 150,
    Column.SEED: 60,
    Column.TIME: 80,
    Column.DEVICE: 70,
}


@dataclass(frozen=True, slots=True)
class Live:
    """What is heard of a run while it is running."""

    share: float = 0.0
    text: str = ""
    seconds: float = 0.0
    is_stopping: bool = False


class RunsModel(QAbstractTableModel):
    """One row for each run, in the order in which they were queued."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runs: tuple[RunRow, ...] = ()
        self._live: dict[int, Live] = {}
        self._row_of: dict[int, int] = {}

    @property
    def runs(self) -> tuple[RunRow, ...]:
        return self._runs

    def set_runs(self, runs: tuple[RunRow, ...]) -> None:
        """Show these runs; rows that are still the same keep their selection."""
        before = self._runs
        if [run.id for run in runs] != [run.id for run in before]:
            self.beginResetModel()
            self._runs = runs
            self._row_of = {run.id: row for row, run in enumerate(runs)}
            self.endResetModel()
            return
        self._runs = runs
        for row, (old, new) in enumerate(zip(before, runs, strict=True)):
            if old != new:
                self._tell_changed(row)

    def set_live(self, live: Mapping[int, Live]) -> None:
        """What is heard of each run that is running now."""
        before, self._live = self._live, dict(live)
        for run_id in before.keys() | live.keys():
            if run_id in self._row_of and before.get(run_id) != live.get(run_id):
                self._tell_changed(self._row_of[run_id])

    def row_of(self, run_id: int) -> int | None:
        return self._row_of.get(run_id)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._runs)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(Column)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is not Qt.Orientation.Horizontal or section not in HEADERS:
            return None
        title, meaning = HEADERS[Column(section)]
        if role == Qt.ItemDataRole.DisplayRole:
            return title
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        return meaning if role == Qt.ItemDataRole.ToolTipRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        run, column = self._runs[index.row()], Column(index.column())
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(run, column)
            case Qt.ItemDataRole.DecorationRole if column is Column.ROLE:
                return role_icon(run.role)
            case Qt.ItemDataRole.DecorationRole if column is Column.STATUS:
                return status_icon(self._state(run))
            case Qt.ItemDataRole.ForegroundRole if column is Column.STATUS:
                return theme.colour(status_tone(self._state(run)))
            case Qt.ItemDataRole.ToolTipRole:
                return self._tip(run, column)
            case Role.SORT:
                return self._sort_key(run, column)
            case Role.SHARE if column is Column.STATUS:
                live = self._heard(run)
                return live.share if live else None
            case Role.RUN:
                return run
        return None

    def _text(self, run: RunRow, column: Column) -> str:
        match column:
            case Column.FORGET_SET:
                return run.forget_set
            case Column.METHOD:
                return run.label
            case Column.ROLE:
                return ROLE_NAMES[run.role]
            case Column.SEED:
                return str(run.seed)
            case Column.STATUS:
                return self._status(run)
            case Column.TIME:
                seconds = self._seconds(run)
                return "" if seconds is None else duration(seconds)
            case Column.DEVICE:
                return run.device

    def _heard(self, run: RunRow) -> Live | None:
        """What is heard of a run that is not over; it is stored a moment later."""
        is_over = run.status not in (RunStatus.QUEUED, RunStatus.RUNNING)
        return None if is_over else self._live.get(run.id)

    def _state(self, run: RunRow) -> RunStatus:
        return RunStatus.RUNNING if self._heard(run) else run.status

    def _status(self, run: RunRow) -> str:
        live = self._heard(run)
        if live is None:
            return STATUS_WORDS[run.status]
        return "stopping…" if live.is_stopping else f"{100 * live.share:.0f} % {live.text}".strip()

    def _seconds(self, run: RunRow) -> float | None:
        live = self._heard(run)
        return live.seconds if live else run.wall_seconds

    def _tip(self, run: RunRow, column: Column) -> str:
        return ROLE_MEANINGS[run.role] if column is Column.ROLE else self._text(run, column)

    def _sort_key(self, run: RunRow, column: Column) -> Any:
        match column:
            case Column.SEED:
                return run.seed
            case Column.TIME:
                return self._seconds(run) or -1.0
            case Column.STATUS:
                return list(RunStatus).index(self._state(run))
        return self._text(run, column).casefold()

    def _tell_changed(self, row: int) -> None:
        self.dataChanged.emit(self.index(row, 0), self.index(row, len(Column) - 1))


class ShownRuns(QSortFilterProxyModel):
    """The runs that match some words and a state, sorted as the user wants."""

    def __init__(self, source: RunsModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._words: list[str] = []
        self._states: tuple[RunStatus, ...] = tuple(RunStatus)
        self.setSortRole(Role.SORT)
        self.setSourceModel(source)

    def show_matching(self, text: str, states: tuple[RunStatus, ...]) -> None:
        """Keep runs in one of `states` in whose texts every word of `text` occurs."""
        self._words, self._states = text.casefold().split(), states
        self.invalidate()

    def filterAcceptsRow(self, source_row: int, source_parent: Index) -> bool:
        model = self.sourceModel()
        run: RunRow = model.data(model.index(source_row, 0, source_parent), Role.RUN)
        text = f"{run.forget_set} {run.label} {ROLE_NAMES[run.role]} seed {run.seed}".casefold()
        return run.status in self._states and all(word in text for word in self._words)


class StatusDelegate(QStyledItemDelegate):
    """Paints a bar behind the words of a run that is running."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        share = index.data(Role.SHARE)
        if share is not None:
            given: Any = option
            room = given.rect.adjusted(2, 3, -2, -3)
            painter.fillRect(room, theme.colour(palette.ACCENT, 30))
            room.setWidth(round(room.width() * min(max(share, 0.0), 1.0)))
            painter.fillRect(room, theme.colour(palette.ACCENT, 90))
        super().paint(painter, option, index)


class RunTable(QTableView):
    """Shows a `ShownRuns`; one row is chosen at a time."""

    def __init__(self, shown: ShownRuns, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Runs")
        self.setModel(shown)
        self.setItemDelegateForColumn(Column.STATUS, StatusDelegate(self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setSortingEnabled(True)
        self.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 10)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        for column, width in _WIDTHS.items():
            self.setColumnWidth(column, width)
        for column in (Column.METHOD, Column.STATUS):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        theme.changed.connect(self._dress)
        self._dress()

    def _dress(self) -> None:
        """A pale selection, on which the colours of the marks can still be told apart."""
        made = self.palette()
        made.setColor(QPalette.ColorRole.Highlight, theme.colour(palette.ACCENT, 50))
        made.setColor(QPalette.ColorRole.HighlightedText, theme.colour(palette.INK))
        self.setPalette(made)
