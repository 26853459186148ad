"""A short table of what a run measured or was made with: name at the left, value at the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from workbench.audit.metric_words import BY_CLASS, about, by_family, metric_in_words, reading_place
from workbench.core import palette
from workbench.core.metric_value import MetricValue
from workbench.core.vocabulary import MetricStatus, Split
from workbench.gui.metric_card import metric_tip
from workbench.gui.pages.runs.contents import RunDetail
from workbench.gui.theme import theme
from workbench.report.display import MISSING
from workbench.report.runs import key_of
from workbench.report.tables import cell

_KEY_NUMBERS: tuple[tuple[str, Split | None, str], ...] = (
    ("accuracy", Split.FORGET, ""),
    ("accuracy", Split.RETAIN, ""),
    ("accuracy", Split.TEST, ""),
    ("mean_loss", Split.FORGET, ""),
    ("relearn_steps", Split.FORGET, ""),
    ("recovered_accuracy", Split.FORGET, ""),
    ("unlearning_seconds", None, ""),
    ("peak_memory", None, ""),
)


@dataclass(frozen=True, slots=True)
class Fact:
    """`tip` is about the name, `value_tip` about the value; a heading stands above others."""

    name: str
    value: str
    tip: str = ""
    value_tip: str = ""
    is_heading: bool = False


class FactTable(QTableWidget):
    """Two columns; the definition of each fact is one hover away."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(0, 2, parent)
        self.setAccessibleName(name)
        self.horizontalHeader().hide()
        self.verticalHeader().hide()
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setTabKeyNavigation(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 8)
        header = self.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)

    def show_facts(self, facts: Sequence[Fact]) -> None:
        self.clearSpans()
        self.setRowCount(len(facts))
        for at, fact in enumerate(facts):
            if fact.is_heading:
                self._write_heading(at, fact.name)
            else:
                self._write(at, fact)

    def _write(self, at: int, fact: Fact) -> None:
        pairs = (fact.name, fact.tip), (fact.value, fact.value_tip)
        for column, (text, tip) in enumerate(pairs):
            item = QTableWidgetItem(text)
            item.setToolTip(tip or text)
            if column:
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.setItem(at, column, item)

    def _write_heading(self, at: int, text: str) -> None:
        item = QTableWidgetItem(text)
        item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        font = QFont(self.font())
        font.setBold(True)
        item.setFont(font)
        item.setForeground(theme.colour(palette.MUTED))
        self.setItem(at, 0, item)
        self.setSpan(at, 0, 1, 2)


def number_facts(numbers: Sequence[MetricValue]) -> list[Fact]:
    """The numbers of a finished run, those to read first, then all by family.

    One that could not be computed says why.
    """
    if not numbers:
        return [Fact("Numbers are there once the run is done", "")]
    facts = _below("Read first", _key_numbers(numbers))
    ordered = sorted(numbers, key=lambda one: reading_place(one.name, one.split))
    of_classes = [one for one in ordered if one.name == BY_CLASS]
    others = [one for one in ordered if one.name != BY_CLASS]
    for family, own in by_family(others, lambda one: one.name):
        facts += _below(family, own)
    return facts + _below("Accuracy by class", of_classes)


def _below(heading: str, numbers: Sequence[MetricValue]) -> list[Fact]:
    return [Fact(heading, "", is_heading=True), *map(_number, numbers)] if numbers else []


def _key_numbers(numbers: Sequence[MetricValue]) -> list[MetricValue]:
    """The numbers to read first, and the membership attacks, in a fixed order."""
    by_key = {key_of(one): one for one in numbers}
    chosen = [by_key[key] for key in _KEY_NUMBERS if key in by_key]
    return chosen + [one for one in numbers if one.name == "membership_auc"]


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
    name = metric_in_words(one.name, one.split, one.group_key)
    tip = metric_tip(one.name, about(one.name, one.split, one.group_key))
    found = cell(one)
    if one.status is MetricStatus.NOT_COMPUTED:
        return Fact(name, found.main, tip, found.note)
    interval = ". ".join(filter(None, [found.extra, found.note]))
    return Fact(name, found.main, tip, interval)
