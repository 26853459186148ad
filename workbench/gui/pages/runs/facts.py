"""A short table of what a run measured or was made with: name at the left, value at the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from workbench.core.metric_value import MetricValue
from workbench.core.vocabulary import MetricStatus
from workbench.gui.pages.runs.contents import RunDetail
from workbench.metrics.catalogue import CATALOGUE
from workbench.report.display import MISSING, quantity
from workbench.report.wording import about, metric_title


@dataclass(frozen=True, slots=True)
class Fact:
    name: str
    value: str
    tip: str = ""


class FactTable(QTableWidget):
    """Two columns; the definition of each fact is one hover away."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(0, 2, parent)
        self.setAccessibleName(name)
        self.horizontalHeader().hide()
        self.verticalHeader().hide()
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 8)
        header = self.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)

    def show_facts(self, facts: Sequence[Fact]) -> None:
        self.setRowCount(len(facts))
        for at, fact in enumerate(facts):
            for column, text in enumerate((fact.name, fact.value)):
                item = QTableWidgetItem(text)
                item.setToolTip(fact.tip or text)
                if column:
                    item.setTextAlignment(
                        Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                    )
                self.setItem(at, column, item)


def number_facts(numbers: Sequence[MetricValue]) -> list[Fact]:
    """The numbers of a finished run; one that could not be computed says why."""
    if not numbers:
        return [Fact("Numbers are there once the run is done", "")]
    return [_number(one) for one in numbers]


def setting_facts(detail: RunDetail) -> list[Fact]:
    """What the run was made with."""
    return [
        Fact("method", detail.method),
        Fact("plugin", detail.plugin or MISSING),
        *(Fact(name.replace("_", " "), _plain(value)) for name, value in detail.params.items()),
    ]


def _plain(value: Any) -> str:
    if value is None:
        return "not set"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _number(one: MetricValue) -> Fact:
    on = about(one.split, one.group_key)
    name = metric_title(one.name) + (f", {on}" if on else "")
    card = CATALOGUE.get(one.name)
    meaning = card.definition if card else ""
    if one.status is MetricStatus.NOT_COMPUTED:
        return Fact(name, "not computed", one.reason)
    return Fact(name, quantity(one.value, one.unit), meaning)
