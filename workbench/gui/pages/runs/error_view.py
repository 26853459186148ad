"""Why a run failed, what to do about it, and the details for whoever repairs it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QToolButton, QVBoxLayout, QWidget

from workbench.gui.faults import Notice
from workbench.gui.pages.runs.contents import RunError
from workbench.gui.widgets.blocks import button, fault_label, muted, row, set_fault
from workbench.gui.widgets.log_view import LogView

_KEPT = "Every finished run is kept, and so is what the other runs do."


class ErrorView(QWidget):
    """The sentence, what was kept and the remedy; the traceback on demand."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._notice = Notice("")
        self._sentence = fault_label()
        self._advice = muted()
        self._toggle = QToolButton()
        self._toggle.setText("Traceback")
        self._toggle.setAccessibleName("Show the traceback")
        self._toggle.setCheckable(True)
        self._toggle.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._toggle.toggled.connect(self._show_trace)
        self._copy = button("Copy debug info")
        self._copy.clicked.connect(self.copy_debug_info)
        self._trace = LogView("Traceback")
        layout = QVBoxLayout(self)
        layout.addWidget(self._sentence)
        layout.addWidget(self._advice)
        layout.addLayout(row(self._toggle, self._copy))
        layout.addWidget(self._trace, 1)
        layout.addStretch(0)
        self._show_trace(False)

    def show_error(self, error: RunError, context: str) -> None:
        """`context` names the run, for the debug info."""
        details = "\n".join(part for part in (context, error.traceback) if part)
        self._notice = Notice(error.message, _KEPT, error.remedy, details)
        set_fault(self._sentence, error.message)
        self._advice.setText(" ".join(filter(None, (_KEPT, error.remedy))))
        self._trace.setPlainText(error.traceback)
        self._toggle.setVisible(bool(error.traceback))
        self._toggle.setChecked(False)

    def copy_debug_info(self) -> None:
        """Put everything a report about this error needs on the clipboard."""
        QGuiApplication.clipboard().setText(self._notice.debug_info)

    def _show_trace(self, is_shown: bool) -> None:
        self._toggle.setArrowType(Qt.ArrowType.DownArrow if is_shown else Qt.ArrowType.RightArrow)
        self._trace.setVisible(is_shown)
