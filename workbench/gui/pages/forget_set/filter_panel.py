"""Selecting rows by what is known about them: values, ranges, or a rule in words."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from workbench.core.errors import UsageError
from workbench.core.selection import Rule, Scalar
from workbench.core.where import parse_where
from workbench.gui.pages.forget_set.facets import Facet, choices_rule, range_rule, read_facets
from workbench.gui.session.reading import Reader
from workbench.gui.session.rows import RowTable
from workbench.gui.widgets.blocks import button, fault_label, heading, muted, row, set_fault

_EXAMPLE = "class == 3 and loss > 2"


class FilterPanel(QWidget):
    """`filtered` carries a rule that was tried on the rows and can be applied."""

    filtered = Signal(object)

    def __init__(self, reader: Reader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._reader = reader
        self._table: RowTable | None = None
        self._facets: dict[str, Facet] = {}
        self._column = QComboBox()
        self._column.setAccessibleName("Column to filter by")
        self._choices = QListWidget()
        self._choices.setAccessibleName("Values to select")
        self._range = _RangeFields()
        self._offer = QStackedWidget()
        self._offer.addWidget(self._choices)
        self._offer.addWidget(self._range)
        self._note = muted()
        self._note.hide()
        self._apply = button("Apply", "Apply the filter")
        self._fault = fault_label()
        self.rule = QLineEdit()
        self.rule.setAccessibleName("Rule")
        self.rule.setPlaceholderText(_EXAMPLE)
        self._apply_rule = button("Apply rule")
        self._rule_fault = fault_label()
        self._lay_out()
        self._column.currentIndexChanged.connect(self._show_column)
        self._apply.clicked.connect(self.apply)
        self._choices.itemActivated.connect(_switch)
        for edit in self._range.edits:
            edit.returnPressed.connect(self.apply)
        self.rule.returnPressed.connect(self.apply_rule)
        self.rule.textEdited.connect(lambda _: set_fault(self._rule_fault, ""))
        self._apply_rule.clicked.connect(self.apply_rule)

    def show_table(self, table: RowTable) -> None:
        """Offer the columns of a table."""
        self._table = table
        self.rule.setToolTip(f"Columns: {', '.join(table.columns)}")
        self._reader.ask(self, "facets", lambda _: read_facets(table), self._take_facets)

    def choose_column(self, column: str) -> None:
        self._column.setCurrentIndex(self._column.findText(column))

    def apply(self) -> None:
        """Select by the checked values or the range."""
        facet = self._facets.get(self._column.currentText())
        if facet is not None:
            self._try(lambda: self._rule_of(facet), self._fault)

    def apply_rule(self) -> None:
        """Select by the rule that was written."""
        self._try(lambda: parse_where(self.rule.text()), self._rule_fault)

    def _rule_of(self, facet: Facet) -> Rule:
        if facet.is_range:
            return range_rule(facet.column, *self._range.texts)
        return choices_rule(facet.column, self._checked())

    def _checked(self) -> list[Scalar]:
        items = (self._choices.item(place) for place in range(self._choices.count()))
        return [
            item.data(Qt.ItemDataRole.UserRole)
            for item in items
            if item.checkState() is Qt.CheckState.Checked
        ]

    def _try(self, make: Callable[[], Rule], label: QLabel) -> None:
        """Only a rule that can be evaluated is applied; what is wrong is said beside it."""
        table = self._table
        if table is None:
            return
        set_fault(label, "")

        def failed(fault: Exception) -> None:
            if isinstance(fault, UsageError):
                set_fault(label, f"{fault.message} {fault.remedy}".strip())
            else:
                self._reader.report(fault)

        try:
            rule = make()
        except UsageError as fault:
            failed(fault)
            return
        self._reader.ask(
            self,
            "try",
            lambda _: table.rows_where(rule),
            lambda _: self.filtered.emit(rule),
            failed,
        )

    def _take_facets(self, facets: tuple[Facet, ...]) -> None:
        before = self._column.currentText()
        self._facets = {facet.column: facet for facet in facets}
        with QSignalBlocker(self._column):
            self._column.clear()
            self._column.addItems(list(self._facets))
            self._column.setCurrentIndex(max(0, self._column.findText(before)))
        self._show_column()

    def _show_column(self) -> None:
        facet = self._facets.get(self._column.currentText())
        if facet is None:
            return
        set_fault(self._fault, "")
        self._offer.setCurrentWidget(self._range if facet.is_range else self._choices)
        self._note.setVisible(facet.left_out > 0)
        self._note.setText(f"{facet.left_out:,} more values; use a rule for them")
        if facet.is_range:
            self._range.offer(facet)
            return
        self._choices.clear()
        for value, label, count in facet.choices:
            item = QListWidgetItem(f"{label}  ({count:,})")
            item.setData(Qt.ItemDataRole.UserRole, value)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Unchecked)
            self._choices.addItem(item)

    def _lay_out(self) -> None:
        label = QLabel("Column")
        label.setBuddy(self._column)
        head = heading("Rule")
        head.setBuddy(self.rule)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addLayout(row(label, self._column, stretch=1))
        layout.addWidget(self._offer, 1)
        layout.addWidget(self._note)
        layout.addWidget(self._fault)
        layout.addLayout(row(self._apply))
        layout.addWidget(head)
        layout.addWidget(self.rule)
        layout.addWidget(self._rule_fault)
        layout.addLayout(row(self._apply_rule))


class _RangeFields(QWidget):
    """Both ends of a range; an empty one is open."""

    def __init__(self) -> None:
        super().__init__()
        self.edits = (QLineEdit(), QLineEdit())
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for line, (words, edit) in enumerate(zip(("From", "To"), self.edits, strict=True)):
            label = QLabel(words)
            label.setBuddy(edit)
            edit.setAccessibleName(words)
            layout.addWidget(label, line, 0)
            layout.addWidget(edit, line, 1)
        layout.setRowStretch(2, 1)

    @property
    def texts(self) -> tuple[str, str]:
        return self.edits[0].text(), self.edits[1].text()

    def offer(self, facet: Facet) -> None:
        for edit, end in zip(self.edits, (facet.low, facet.high), strict=True):
            edit.clear()
            edit.setPlaceholderText(f"{end:.6g}")


def _switch(item: QListWidgetItem) -> None:
    checked = item.checkState() is Qt.CheckState.Checked
    item.setCheckState(Qt.CheckState.Unchecked if checked else Qt.CheckState.Checked)
