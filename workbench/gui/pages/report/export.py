"""Writing the report into a file: the dialog that asks where, and the work behind it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QFileDialog,
    QLabel,
    QLineEdit,
    QProgressBar,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.faults import Notice, notice_of
from workbench.gui.pdf.apart import render_pdf_apart
from workbench.gui.session.session import Session
from workbench.gui.widgets.blocks import (
    button,
    column,
    fault_label,
    heading,
    muted,
    row,
    set_fault,
)
from workbench.report import RENDERERS, Renderer, write_report

FORMATS = {
    "html": ("Web page", "One file for any browser, with every figure; opens without a network"),
    "pdf": ("PDF", "Pages to print, sign or file; takes some seconds"),
    "json": ("Data (JSON)", "Every number, for programs"),
}
_RENDERERS: Mapping[str, Renderer] = {**RENDERERS, "pdf": render_pdf_apart}
_NAMES = {"html": "Web page (*.html)", "pdf": "PDF (*.pdf)", "json": "JSON (*.json)"}


class Exporter(QObject):
    """Writes reports on the thread of the editor. `written` and `failed` tell how it ended."""

    written = Signal(object)
    failed = Signal(object)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.is_busy = False

    def export(self, plan_id: int, path: Path, kind: str) -> None:
        """Write the report on a plan; `kind` is a key of `FORMATS`."""
        project = self._session.project
        self.is_busy = True
        self._session.editor.background.ask(
            self,
            "export",
            lambda: write_report(project, path, kind, plan_id, renderers=_RENDERERS),
            self._done,
            self._fail,
        )

    def _done(self, path: Path) -> None:
        self.is_busy = False
        self.written.emit(path)

    def _fail(self, fault: Exception) -> None:
        self.is_busy = False
        self.failed.emit(fault)


class ExportDialog(QDialog):
    """Asks for a format and a file, shows that work goes on, and offers what was written.

    It may be closed meanwhile: the work goes on, and the message bar tells how it ended.
    """

    def __init__(
        self,
        session: Session,
        exporter: Exporter,
        plan_id: int,
        plan_name: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._exporter, self._plan_id = session, exporter, plan_id
        self._written: Path | None = None
        self.setWindowTitle("Export report")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._formats = QButtonGroup(self)
        self._file = QLineEdit(str(session.path.parent / f"{_file_name(plan_name)}-report.html"))
        self._file.setAccessibleName("File")
        self._browse = button("Browse…", "Browse for the file")
        self._note = muted()
        self._fault = fault_label()
        self._progress = QProgressBar()
        self._progress.setRange(0, 0)
        self._progress.setTextVisible(False)
        self._progress.setAccessibleName("Export in progress")
        self._export = button("Export", primary=True)
        self._close = button("Close")
        self._open = button("Open")
        self._open_folder = button("Open folder")
        self._lay_out()
        self._formats.idToggled.connect(self._change_format)
        self._file.textChanged.connect(self._show_note)
        self._browse.clicked.connect(self._choose_file)
        self._export.clicked.connect(self.start)
        self._close.clicked.connect(self.close)
        self._open.clicked.connect(self._open_file)
        self._open_folder.clicked.connect(self._open_its_folder)
        exporter.written.connect(self._done)
        exporter.failed.connect(self._fail)
        self._show_note()
        self._show_state()

    @property
    def kind(self) -> str:
        return list(FORMATS)[self._formats.checkedId()]

    def choose(self, kind: str, path: Path) -> None:
        """Fill the dialog in."""
        self._formats.button(list(FORMATS).index(kind)).setChecked(True)
        self._file.setText(str(path))

    def start(self) -> None:
        """Write the file."""
        path = Path(self._file.text().strip()).expanduser()
        if not path.name or not path.parent.is_dir():
            set_fault(self._fault, "There is no such folder. Choose another file.")
            return
        set_fault(self._fault, "")
        self._written = None
        self._exporter.export(self._plan_id, path, self.kind)
        self._show_state()

    def _change_format(self, _: int, checked: bool) -> None:
        if checked:
            path = Path(self._file.text())
            self._file.setText(str(path.with_suffix(f".{self.kind}")) if path.name else "")
            self._written = None
            self._show_state()

    def _choose_file(self) -> None:
        dialog = QFileDialog(self, "Export report", self._file.text(), _NAMES[self.kind])
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(self.kind)
        dialog.selectFile(self._file.text())
        dialog.fileSelected.connect(self._file.setText)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _show_note(self) -> None:
        path = Path(self._file.text().strip()).expanduser()
        replaced = path.is_file() and path != self._written
        self._note.setText("This file exists and will be replaced" if replaced else "")
        self._export.setEnabled(bool(path.name) and not self._exporter.is_busy)

    def _show_state(self) -> None:
        busy = self._exporter.is_busy
        self._progress.setVisible(busy)
        for one in (self._export, self._file, self._browse, *self._formats.buttons()):
            one.setEnabled(not busy)
        for one in (self._open, self._open_folder):
            one.setVisible(self._written is not None)
        if busy:
            self._note.setText("Writing the report…")
        elif self._written is not None:
            self._note.setText(f"Wrote {self._written}")

    def _done(self, path: Path) -> None:
        self._written = path
        self._open.setText("Open in browser" if path.suffix in (".html", ".htm") else "Open")
        self._show_state()
        self._open.setFocus()

    def _fail(self, fault: Exception) -> None:
        notice = notice_of(fault)
        self._note.setText("")
        self._show_state()
        set_fault(self._fault, f"{notice.message} {notice.remedy}".strip())

    def _open_file(self) -> None:
        self._open_local(self._written)

    def _open_its_folder(self) -> None:
        self._open_local(self._written.parent if self._written else None)

    def _open_local(self, path: Path | None) -> None:
        if path is not None and not QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))):
            self._session.faults.tell(
                Notice("No program of this machine opens this file.", remedy=f"It is at {path}.")
            )

    def _lay_out(self) -> None:
        kinds = QVBoxLayout()
        kinds.addWidget(heading("Format"))
        for number, (name, meaning) in enumerate(FORMATS.values()):
            choice = QRadioButton(name)
            choice.setAccessibleDescription(meaning)
            choice.setToolTip(meaning)
            self._formats.addButton(choice, number)
            kinds.addLayout(row(choice, muted(meaning), stretch=1))
        self._formats.button(0).setChecked(True)
        caption = QLabel("File")
        caption.setBuddy(self._file)
        self._close.setAutoDefault(False)
        self._browse.setAutoDefault(False)
        buttons = row(self._open, self._open_folder)
        buttons.addWidget(self._close)
        buttons.addWidget(self._export)
        layout = QVBoxLayout(self)
        layout.addLayout(
            column(
                kinds,
                row(caption, self._file, self._browse, stretch=1),
                self._note,
                self._progress,
                self._fault,
                buttons,
            )
        )
        self.resize(560, self.sizeHint().height())


def _file_name(plan: str) -> str:
    """A name of a plan as part of a file name on any system."""
    return re.sub(r"[^\w-]+", "-", plan.lower()).strip("-") or "audit"
