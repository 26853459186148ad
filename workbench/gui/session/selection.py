"""The selection that all views share: a rule, and the training rows it means."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from workbench.core.selection import CombineMode, Rule, combine
from workbench.gui.session.reading import Reader
from workbench.gui.session.rows import RowTable, read_row_table
from workbench.store import Project

_NONE = np.empty(0, dtype=np.int64)


class Selection(QObject):
    """A rule over the rows of one dataset; gestures combine with it as rules.

    `table_changed` follows a new dataset, model or content; `changed` follows new rows. Both are
    resolved off the window's thread.
    """

    changed = Signal()
    table_changed = Signal()

    def __init__(self, reader: Reader, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._reader = reader
        self._table: RowTable | None = None
        self._rule: Rule | None = None
        self._wanted: Rule | None = None  # ahead of `_rule` until its rows are known
        self._rows = _NONE
        self._undone: list[Rule | None] = []
        self._done: list[Rule | None] = []

    @property
    def table(self) -> RowTable | None:
        """None until a dataset was chosen and read."""
        return self._table

    @property
    def rule(self) -> Rule | None:
        return self._rule

    @property
    def rows(self) -> NDArray[np.int64]:
        """Ascending ids of the selected training rows."""
        return self._rows

    def use(self, dataset_id: int, model_id: int | None) -> None:
        """Choose the dataset to select from, and the model whose outputs describe its rows."""

        def read(project: Project) -> RowTable:
            return read_row_table(project, dataset_id, model_id)

        self._reader.ask(self, "table", read, self._take_table)

    def apply(self, mode: CombineMode, rule: Rule) -> None:
        """Combine the selection with what a gesture or filter says."""
        self.set_rule(combine(mode, self._wanted, rule))

    def clear(self) -> None:
        self.set_rule(None)

    def set_rule(self, rule: Rule | None) -> None:
        """Select by `rule` alone. It can be stepped back."""
        if rule != self._wanted:
            self._done.append(self._wanted)
            self._undone.clear()
            self._resolve(rule)

    def step_back(self) -> bool:
        """Return to the selection before the last gesture; whether there was one."""
        return self._step(self._done, self._undone)

    def step_forward(self) -> bool:
        return self._step(self._undone, self._done)

    def _step(self, source: list[Rule | None], target: list[Rule | None]) -> bool:
        if not source:
            return False
        target.append(self._wanted)
        self._resolve(source.pop())
        return True

    def _take_table(self, table: RowTable) -> None:
        is_other = self._table is None or self._table.dataset_id != table.dataset_id
        self._table = table
        if is_other:
            self._done.clear()
            self._undone.clear()
        self.table_changed.emit()
        self._resolve(None if is_other else self._wanted)

    def _resolve(self, rule: Rule | None) -> None:
        table, self._wanted = self._table, rule
        if rule is None or table is None:
            self._reader.drop(self, "rows")
            self._take(None, _NONE)
            return
        self._reader.ask(
            self,
            "rows",
            lambda _: table.rows_where(rule),
            lambda rows: self._take(rule, rows),
            self._refuse,
        )

    def _refuse(self, fault: Exception) -> None:
        self._wanted = self._rule
        self._reader.report(fault)

    def _take(self, rule: Rule | None, rows: NDArray[np.int64]) -> None:
        self._rule, self._rows = rule, rows
        self.changed.emit()
