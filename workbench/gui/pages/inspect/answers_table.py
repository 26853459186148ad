"""The numbers of one row: confidence, loss and attack scores under every model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from workbench.gui.metric_card import tip_over_rows
from workbench.gui.pages.inspect.contents import Answer, RowView
from workbench.report.display import MINUS, MISSING, number

_ROW_HEIGHT = 22
_HEADER_WIDTH = 112
_SMALL = 1e-3
_TIPS = {
    "Confidence": "Probability that the model gives to the label of the row",
    "Loss": "Minus the logarithm of the confidence, in nats",
}
_ATTACK_TIP = "Score of a membership attack; a larger score looks more like a training row"


class AnswersTable(QTableWidget):
    """Numbers as rows, models as columns; one column places B among the retrained models."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Numbers of the row by model")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.horizontalHeader().setStretchLastSection(True)
        self.horizontalHeader().setHighlightSections(False)
        self.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
        self.verticalHeader().setHighlightSections(False)
        self.verticalHeader().setMaximumWidth(_HEADER_WIDTH)
        self.setMinimumSize(220, 100)

    def show_row(self, view: RowView) -> None:
        columns: dict[str, tuple[str, Mapping[str, str]]] = {
            name: (answer.run.title, {key: _written(v) for key, v in answer.numbers.items()})
            for name, answer in view.named
        }
        names = list(next(iter([*(one for _, one in view.named), *view.references])).numbers)
        if view.references and view.b:
            told = "Where B lies among the retrained models"
            b = view.b
            columns["B is"] = (told, {name: _place(b, view.references, name) for name in names})
        if view.references:
            told = f"Range over {len(view.references)} retrained models"
            columns["Retrained"] = (told, {name: _range(view.references, name) for name in names})
        self._write(names, columns)

    def _write(
        self, names: Sequence[str], columns: Mapping[str, tuple[str, Mapping[str, str]]]
    ) -> None:
        self.setRowCount(len(names))
        self.setColumnCount(len(columns))
        for row, name in enumerate(names):
            header = QTableWidgetItem(name)
            header.setToolTip(_tip(name))
            self.setVerticalHeaderItem(row, header)
        for column, (title, (told, texts)) in enumerate(columns.items()):
            header = QTableWidgetItem(title)
            header.setToolTip(told)
            self.setHorizontalHeaderItem(column, header)
            for row, name in enumerate(names):
                item = QTableWidgetItem(texts.get(name, MISSING))
                item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                self.setItem(row, column, item)


def _tip(name: str) -> str:
    if name == "Confidence":
        return _TIPS[name]
    if name == "Loss":
        return tip_over_rows(_TIPS[name], "mean_loss")
    return tip_over_rows(f"{name}. {_ATTACK_TIP}", "membership_auc")


def _written(value: float) -> str:
    """Short, and never 0 for what is not 0."""
    if 0 < abs(value) < _SMALL:
        return f"{value:.0e}".replace("-", MINUS)
    return number(value)


def _range(references: Sequence[Answer], name: str) -> str:
    values = [one.numbers[name] for one in references if name in one.numbers]
    return f"{_written(min(values))} to {_written(max(values))}" if values else MISSING


def _place(b: Answer, references: Sequence[Answer], name: str) -> str:
    values = [one.numbers[name] for one in references if name in one.numbers]
    if not values or name not in b.numbers:
        return MISSING
    below = sum(value < b.numbers[name] for value in values)
    above = sum(value > b.numbers[name] for value in values)
    if below == len(values):
        return f"above all {below}"
    if above == len(values):
        return f"below all {above}"
    return f"above {below} of {len(values)}"
