"""A form that starts one job of the lanes and follows it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QFormLayout,
    QFrame,
    QLabel,
    QLayout,
    QProgressBar,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from workbench.core.vocabulary import RunStatus
from workbench.gui.faults import notice_of
from workbench.gui.session.session import Session
from workbench.gui.session.tasks import Task
from workbench.gui.task_widgets import StopButton, time_left
from workbench.gui.widgets.blocks import button, fault_label, muted, row, set_fault


class JobDialog(QDialog):
    """Keeps what was entered whatever becomes of the job; `succeeded` carries its result.

    A subclass makes its entries, calls `fill` with them and `check` when they change, and has
    `fault` and `submit`. Closed while the job runs, it leaves the job alone: the status line shows
    it too.
    """

    succeeded = Signal(object)

    def __init__(self, session: Session, title: str, purpose: str, start: str, parent: QWidget):
        super().__init__(parent)
        self.session = session
        self.task: Task | None = None
        self.setWindowTitle(title)
        self._purpose, self._start_text = purpose, start
        self._form = QWidget()

    def fill(self, entries: QLayout, below: QWidget | None = None) -> None:
        """Finish the dialog: entries, something below them, progress and buttons."""
        self._form.setLayout(entries)
        entries.setContentsMargins(0, 0, 0, 0)
        # Made after the entries, so that the keyboard reaches them last.
        self._fault = fault_label()
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setAccessibleName("Progress")
        self._doing = muted()
        self._start = button(self._start_text, primary=True)
        self._start.setDefault(True)
        self._stop = StopButton()
        self._close = button("Close")
        self._start.clicked.connect(self._submit)
        self._close.clicked.connect(self.reject)
        self._lay_out(below)
        self._show_task()
        self.check()

    def fault(self) -> str:
        """What keeps the job from being started, in one sentence; "" if nothing."""
        raise NotImplementedError

    def submit(self) -> Task:
        """Start the job with what was entered."""
        raise NotImplementedError

    def show_progress(self, task: Task) -> None:
        """Show more of the running job than its share and its text."""

    @property
    def is_running(self) -> bool:
        return self.task is not None and not self.task.is_over

    def check(self) -> None:
        """Enable the start, or say what is missing."""
        fault = self.fault()
        self._start.setEnabled(not fault and not self.is_running)
        self._start.setToolTip(fault)
        if not self.is_running:
            self._doing.setText(fault)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # A plain Return in an entry must not start minutes of work by surprise.
        is_return = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_return and not self._start.hasFocus():
            event.accept()
            return
        super().keyPressEvent(event)

    def _lay_out(self, below: QWidget | None) -> None:
        area = QScrollArea()
        area.setWidget(self._form)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        buttons = row(self._doing, self._start, self._stop, self._close, stretch=0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.addWidget(muted(self._purpose))
        layout.addWidget(area, 1)
        if below is not None:
            layout.addWidget(below)
        layout.addWidget(self._fault)
        layout.addWidget(self._bar)
        layout.addLayout(buttons)

    def _submit(self) -> None:
        set_fault(self._fault, "")
        self.task = self.submit()
        self.task.changed.connect(self._show_task)
        self.task.finished.connect(self._end)
        self._show_task()

    def _show_task(self) -> None:
        self._bar.setVisible(self.is_running)
        self._stop.setVisible(self.is_running)
        self._start.setVisible(not self.is_running)
        self._form.setEnabled(not self.is_running)
        self._close.setToolTip(
            "The work goes on; the status line shows it" if self.is_running else ""
        )
        if self.task is None or self.task.is_over:
            self.check()
            return
        self._bar.setValue(round(1000 * self.task.progress.share))
        self._doing.setText(_doing(self.task))
        self._stop.follow(self.task)
        self.show_progress(self.task)

    def _end(self) -> None:
        task = self.task
        if task is None:
            return
        self._show_task()
        self.check()
        if task.fault is not None:
            self._tell(task.fault)
        elif task.progress.state is RunStatus.DONE:
            self.succeeded.emit(task.result)
            self.accept()

    def _tell(self, fault: BaseException) -> None:
        if not self.isVisible():
            self.session.faults.report(fault, kept="What you entered is kept in the dialog.")
            return
        notice = notice_of(fault)
        set_fault(self._fault, f"{notice.message} {notice.remedy}".strip())


def labelled(form: QFormLayout, text: str, field: QWidget, tip: str = "") -> None:
    """Add an entry with its words, which name it for screen readers too."""
    caption = QLabel(text)
    caption.setBuddy(field)
    field.setAccessibleName(text)
    for widget in (caption, field):
        widget.setToolTip(tip)
    form.addRow(caption, field)


def _doing(task: Task) -> str:
    if task.is_stopping:
        return "Stopping at the next batch…"
    if task.progress.state is RunStatus.QUEUED:
        return "Waiting for the compute lane…"
    text = task.progress.text or task.title
    return ", ".join(filter(None, (text, time_left(task.progress.seconds_left))))
