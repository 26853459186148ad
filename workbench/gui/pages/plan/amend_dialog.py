"""Adding a criterion to a locked plan, which is judged and shown but decides nothing."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from workbench.audit.criterion_check import check_criterion
from workbench.audit.plan import Criterion, Plan, checked
from workbench.core.errors import UsageError
from workbench.gui.faults import Notice, notice_of
from workbench.gui.metric_card import metric_tip
from workbench.gui.pages.page import Page
from workbench.gui.pages.plan import criterion_row as cells
from workbench.gui.pages.plan.criterion_row import Column, Offers
from workbench.gui.pages.plan.starting import free_label
from workbench.gui.widgets.blocks import button, fault_label, muted, set_fault
from workbench.gui.widgets.param_entries import CalmComboBox
from workbench.store import Project

_WIDTH = 460
_TITLE = "Add an exploratory criterion"
_MEANING = (
    "It is judged and shown like the others, marked as exploratory, and decides nothing, since it "
    "comes after the lock. The evidence log keeps it: it cannot be changed or undone."
)
_NEW = {"metric": "accuracy", "split": "forget", "margin": 0.05, "primary": False}
_FIELDS = tuple(column for column in Column if column is not Column.PRIMARY)


class AmendDialog(QDialog):
    """The cells of one criterion below each other; what is wrong is said as it is typed.

    `submitted` carries a `Criterion` that the plan takes. The dialog stays open until `written` or
    `show_fault` says what became of it.
    """

    submitted = Signal(object)

    def __init__(self, plan: Plan, taken: Collection[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plan, self._taken = plan, frozenset(taken)
        self._offers = Offers.of(plan.model_dump(mode="json"))
        self._row: cells.Criterion = {**_NEW, "name": free_label("exploratory", list(taken))}
        self._criterion: Criterion | None = None
        self._is_writing = False
        self._form = QFormLayout()
        self._editors: dict[Column, QWidget] = {}
        self._fault = fault_label()
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self._add = button("Add to the plan", primary=True)
        self._buttons.addButton(self._add, QDialogButtonBox.ButtonRole.AcceptRole)
        self._buttons.accepted.connect(self._submit)
        self._buttons.rejected.connect(self.reject)
        self.setWindowTitle(_TITLE)
        self.setAccessibleName(_TITLE)
        self.setMinimumWidth(_WIDTH)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.addWidget(muted(_MEANING))
        layout.addLayout(self._form)
        layout.addWidget(self._fault)
        layout.addWidget(self._buttons)
        self._show()

    def show_fault(self, sentence: str) -> None:
        """Say why the criterion was not written; it can be mended and added again."""
        self._is_writing = False
        self.setEnabled(True)
        set_fault(self._fault, sentence)

    def written(self) -> None:
        """The project has the criterion."""
        self._is_writing = False
        self.accept()

    def reject(self) -> None:
        """Close without adding anything, unless it is being written."""
        if not self._is_writing:
            super().reject()

    def _show(self) -> None:
        """Make an editor of the right kind for each cell, where it has another kind now."""
        for column in _FIELDS:
            offered = cells.choices(self._row, column, self._offers)
            editor = self._editors.get(column)
            if editor is None or isinstance(editor, CalmComboBox) != bool(offered):
                self._editors[column] = editor = self._place(column, is_choice=bool(offered))
            self._fill(editor, column, offered)
        self._check()

    def _place(self, column: Column, *, is_choice: bool) -> QWidget:
        editor: QWidget
        if is_choice:
            editor = box = CalmComboBox()
            box.activated.connect(lambda: self._change(column, box.currentData()))
        else:
            editor = line = QLineEdit()
            line.textEdited.connect(lambda text: self._change(column, text))
        name, tip = cells.HEADS[column]
        editor.setAccessibleName(name)
        editor.setToolTip(tip)
        if column in self._editors:
            self._form.removeRow(self._editors[column])
        self._form.insertRow(_FIELDS.index(column), name, editor)
        return editor

    def _fill(
        self, editor: QWidget, column: Column, offered: tuple[tuple[object, str], ...]
    ) -> None:
        found = cells.value(self._row, column)
        if isinstance(editor, CalmComboBox):
            with QSignalBlocker(editor):
                editor.clear()
                for data, words in offered:
                    editor.addItem(words, data)
                editor.setCurrentIndex([data for data, _ in offered].index(found))
            if column is Column.METRIC:
                editor.setToolTip(metric_tip(found))
        elif isinstance(editor, QLineEdit):
            if editor.text() != str(found):
                editor.setText(str(found))
            editor.setPlaceholderText(cells.placeholder(self._row, column))
        if column is Column.GROUP:
            self._form.setRowVisible(editor, cells.has_group(self._row))

    def _change(self, column: Column, new: object) -> None:
        self._row = cells.changed(self._row, column, new, self._offers)
        if column is Column.METRIC:
            self._show()
        else:
            self._check()

    def _check(self) -> None:
        """Whether the plan takes it, as it would be written."""
        self._criterion, fault = None, ""
        try:
            self._criterion = self._parsed()
        except UsageError as found:
            fault = found.message
        set_fault(self._fault, fault)
        self._add.setEnabled(self._criterion is not None)

    def _parsed(self) -> Criterion:
        criterion = checked(Criterion, self._row, "The criterion")
        if criterion.name in self._taken:
            raise UsageError(f"The plan has a criterion {criterion.name!r} already.")
        check_criterion(criterion, self._plan)
        return criterion

    def _submit(self) -> None:
        if self._criterion is not None:
            self._is_writing = True
            self.setEnabled(False)
            self.submitted.emit(self._criterion)


def ask_amendment(page: Page, plan_id: int, plan: Plan, taken: Collection[str]) -> None:
    """Ask without blocking; the criterion is written, and judged if the plan was judged before."""
    dialog = AmendDialog(plan, taken, page)
    session = page.session

    def write(criterion: Criterion) -> None:
        session.editor.edit(
            page,
            lambda journal: _amend(journal.project, plan_id, criterion),
            lambda _: judge(criterion.name),
            lambda fault: dialog.show_fault(notice_of(fault).message),
        )

    def judge(name: str) -> None:
        dialog.written()
        session.editor.edit(
            page,
            lambda journal: _judge_again(journal.project, plan_id),
            lambda was_judged: tell(name, was_judged=was_judged),
            lambda fault: session.faults.report(fault, kept="The criterion was added."),
        )

    def tell(name: str, *, was_judged: bool) -> None:
        when = "It was judged at once." if was_judged else "It will be judged with the others."
        message = f"The plan has the exploratory criterion {name!r}"
        session.faults.tell(Notice(message, remedy=when, is_fault=False))

    dialog.submitted.connect(write)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()


def _amend(project: Project, plan_id: int, criterion: Criterion) -> None:
    from workbench.audit.amendment import amend_plan  # not before it is asked for

    amend_plan(project, plan_id, (criterion,))


def _judge_again(project: Project, plan_id: int) -> bool:
    from workbench.audit.amendment import judge_again

    return judge_again(project, plan_id)
