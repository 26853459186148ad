"""Saving the selection as a forget set with a name."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import TypeAdapter, ValidationError
from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from workbench.audit.plan import Name
from workbench.core.errors import WorkbenchError
from workbench.core.validation import faults_by_path
from workbench.gui.faults import notice_of
from workbench.gui.pages.forget_set.contents import (
    Rows,
    SavedForgetSet,
    Summary,
    non_members_in_words,
    twin_warnings,
)
from workbench.gui.session.reading import Reader
from workbench.gui.session.rows import RowTable
from workbench.gui.widgets.blocks import column, fault_label, heading, muted, set_fault

_NAME: TypeAdapter[str] = TypeAdapter(Name)
_PAUSE = 250  # milliseconds without typing before a rule is tried
_NON_MEMBERS_TIP = (
    "Membership attacks compare forget rows with rows that no model saw. Where forget rows share "
    "more than their class, such as a wrong label, a rule like “noisy == 1” keeps like with like."
)


class SaveDialog(QDialog):
    """Shows what was found in the selection before it is saved; `saved` carries name and rule."""

    saved = Signal(str, str)

    def __init__(
        self,
        reader: Reader,
        table: RowTable,
        rows: Rows,
        summary: Summary,
        saved: Sequence[SavedForgetSet],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Save as a forget set")
        self._reader, self._table, self._rows = reader, table, rows
        self._versions = {one.name: one.version for one in reversed(saved)}
        self._rule_fault = ""
        self._tried_rule: str | None = None
        self._are_rows_good = False
        self.name = QLineEdit()
        self.name.setMaxLength(64)
        self._name_note = muted()
        self._name_fault = fault_label()
        self.non_members = QLineEdit()
        self.non_members.setPlaceholderText("Those of the same classes")
        self._non_members_note = muted("Counting comparable non-members…")
        self._non_members_fault = fault_label()
        self._findings = muted("Looking for copies of these rows…")
        self._rows_fault = fault_label()
        self._buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel
        )
        save = self._buttons.button(QDialogButtonBox.StandardButton.Save)
        save.setProperty("primary", "true")
        self._try_soon = QTimer(self, singleShot=True, interval=_PAUSE)
        self._lay_out(summary)
        self._try_soon.timeout.connect(self._try_rule)
        self.name.textChanged.connect(self._check)
        self.non_members.textChanged.connect(self._rule_edited)
        self._buttons.accepted.connect(self._save)
        self._buttons.rejected.connect(self.reject)
        reader.ask(
            self, "twins", lambda _: twin_warnings(table.dataset, rows), self._take, self._refuse
        )
        self._try_rule()
        self._check()

    def _lay_out(self, summary: Summary) -> None:
        words = muted(f"Training rows where {summary.words}")
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for text, tip, edit, note, fault in (
            ("Name", "Plans and reports use it", self.name, self._name_note, self._name_fault),
            (
                "Comparable non-members",
                f"<p>{_NON_MEMBERS_TIP}</p>",
                self.non_members,
                self._non_members_note,
                self._non_members_fault,
            ),
        ):
            caption = QLabel(text)
            caption.setBuddy(edit)
            edit.setAccessibleName(text)
            for widget in (caption, edit):
                widget.setToolTip(tip)
            form.addRow(caption, column(edit, note, fault))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.addWidget(
            heading(f"{summary.count:,} rows, {summary.share:.1%} of the training rows")
        )
        layout.addWidget(words)
        layout.addLayout(form)
        layout.addWidget(self._findings)
        layout.addWidget(self._rows_fault)
        layout.addStretch(1)
        layout.addWidget(self._buttons)
        self.resize(520, 360)

    def _check(self) -> None:
        name = self.name.text().strip()
        fault = fault_of_name(name) if name else ""
        set_fault(self._name_fault, fault)
        version = self._versions.get(name, 0)
        self._name_note.setVisible(bool(version))
        self._name_note.setText(f"This becomes version {version + 1} of “{name}”")
        is_rule_good = self._tried_rule == self._rule and not self._rule_fault
        save = self._buttons.button(QDialogButtonBox.StandardButton.Save)
        save.setEnabled(bool(name) and not fault and is_rule_good and self._are_rows_good)
        save.setToolTip("" if name else "Give the forget set a name")

    @property
    def _rule(self) -> str:
        return self.non_members.text().strip()

    def _rule_edited(self) -> None:
        self._try_soon.start()
        self._check()

    def _try_rule(self) -> None:
        dataset, rows, where = self._table.dataset, self._rows, self._rule
        self._reader.ask(
            self,
            "non-members",
            lambda _: non_members_in_words(dataset, rows, where),
            lambda words: self._show_rule(where, words=words),
            lambda fault: self._show_rule(where, fault=_in_words(fault)),
        )

    def _show_rule(self, where: str, *, words: str = "", fault: str = "") -> None:
        self._tried_rule, self._rule_fault = where, fault
        self._non_members_note.setText(words)
        self._non_members_note.setVisible(bool(words))
        set_fault(self._non_members_fault, fault)
        self._check()

    def _take(self, warnings: tuple[str, ...]) -> None:
        self._are_rows_good = True
        self._findings.setText(" ".join(warnings) or "No other row is a copy of one of these.")
        self._check()

    def _refuse(self, fault: Exception) -> None:
        if not isinstance(fault, WorkbenchError):
            self._reader.report(fault)
        self._findings.hide()
        set_fault(self._rows_fault, _in_words(fault))

    def _save(self) -> None:
        self.saved.emit(self.name.text().strip(), self.non_members.text().strip())
        self.accept()


def _in_words(fault: Exception) -> str:
    notice = notice_of(fault)
    return f"{notice.message} {notice.remedy}".strip()


def fault_of_name(name: str) -> str:
    """What is wrong with the name of a forget set, in one sentence; "" if nothing."""
    try:
        _NAME.validate_python(name)
    except ValidationError as error:
        return faults_by_path(error)[0][1]
    return ""
