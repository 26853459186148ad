"""Background work in the status bar: the device, what is under way, and how to stop it."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.session.compute import Compute
from workbench.gui.session.plan_task import PlanTask
from workbench.gui.session.tasks import Task
from workbench.gui.widgets.blocks import heading, muted

_INTERVAL = 100  # milliseconds between two looks at what is under way, while something is
_BAR_WIDTH, _TEXT_WIDTH, _LIST_WIDTH = 120, 400, 420
_FULL = 1000


def time_left(seconds: float | None) -> str:
    """About how long, in the words of a person; "" if nobody knows."""
    if seconds is None:
        return ""
    if seconds < 50:
        return "less than a minute left"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"about {minutes} min left"
    return f"about {round(minutes / 60)} h left"


def seconds_left(task: Task) -> float | None:
    """From the runs that are over for a plan, else from the share that is done."""
    return task.seconds_left if isinstance(task, PlanTask) else task.progress.seconds_left


def task_text(task: Task) -> str:
    """What a task does just now."""
    if task.is_stopping:
        return "Stopping…"
    if isinstance(task, PlanTask) and task.total:
        return f"{task.ended} of {task.total} runs"
    return task.progress.text


class TaskRow(QWidget):
    """One task: title, bar, percent, time left, and a button that stops it."""

    def __init__(self, task: Task, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.task = task
        self._title = QLabel(task.title)
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._text = muted()
        self._text.setWordWrap(False)
        self.bar = TaskBar()
        self.stop = StopButton()
        self.stop.follow(task)
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(self.stop)
        below = QHBoxLayout()
        below.addWidget(self.bar)
        below.addWidget(self._text, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 4)
        layout.setSpacing(4)
        layout.addLayout(head)
        layout.addLayout(below)
        task.changed.connect(self.show_progress)
        self.show_progress()

    def show_progress(self) -> None:
        self.bar.show_task(self.task)
        words = (task_text(self.task), time_left(seconds_left(self.task)))
        self._text.setText(" · ".join(filter(None, words)))
        self.stop.show_state()


class TaskBar(QProgressBar):
    """The share of a task that is done; moves to and fro while that is not known."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedWidth(_BAR_WIDTH)
        self.setAccessibleName("Progress of the task")
        self.setRange(0, _FULL)

    def show_task(self, task: Task) -> None:
        share = task.progress.share
        self.setRange(0, _FULL if share > 0 else 0)
        self.setValue(round(_FULL * share))
        self.setTextVisible(share > 0)
        self.setFormat(f"{100 * share:.0f} %")


class StopButton(QToolButton):
    """Stops a task at its next batch; one that does not stop can be killed."""

    def __init__(self, text: str = "Stop", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = text
        self._task: Task | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.clicked.connect(self.act)
        self.show_state()

    def follow(self, task: Task | None) -> None:
        self._task = task
        self.show_state()

    def show_state(self) -> None:
        task = self._task
        stopping = task is not None and task.is_stopping
        may_force = task is not None and task.can_force
        text = "Force stop" if may_force else "Stopping…" if stopping else self._text
        self.setText(text)
        self.setEnabled(task is not None and (may_force or not stopping))
        self.setAccessibleName(f"{text.rstrip('…')}: {task.title}" if task else text)
        self.setToolTip(
            "Ends the worker process at once; what is finished is kept"
            if may_force
            else "Stops at the next batch; what is finished is kept"
        )

    def act(self) -> None:
        """Ask the task to stop, or kill it if it was asked and is due."""
        if self._task is None:
            return
        if self._task.can_force:
            self._task.force()
        else:
            self._task.cancel()
        self.show_state()


class TaskStrip(QWidget):
    """One line for the status bar: the device, the foremost task, and all others on a click."""

    def __init__(self, compute: Compute, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Background work")
        self._compute = compute
        self._device = muted()
        self._device.setWordWrap(False)
        self._device.setToolTip("What models compute on; it is known once the lane has started")
        self._open = QToolButton()
        self._open.setAutoRaise(True)
        self._open.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._open.setToolTip("Show all background work")
        self._open.clicked.connect(self.show_all)
        self._bar = TaskBar()
        self._left = muted()
        self._left.setWordWrap(False)
        self._stop = StopButton()
        self._lay_out()
        self._timer = QTimer(self)
        self._timer.setInterval(_INTERVAL)
        self._timer.timeout.connect(self._show)
        compute.changed.connect(self._note)
        self._show()

    @property
    def foremost(self) -> Task | None:
        """The plan if one is running, else what has been under way for longest."""
        tasks = self._compute.tasks
        return self._compute.plan_task or (tasks[0] if tasks else None)

    def show_all(self) -> None:
        """Open a list of everything that is under way."""
        tasks = TaskList(self._compute, self)
        tasks.adjustSize()
        above = QPoint(0, tasks.height() + 4)
        tasks.move(self._open.mapToGlobal(QPoint(0, 0)) - above)
        tasks.show()

    def _lay_out(self) -> None:
        self._open.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 0, 8, 0)
        layout.setSpacing(8)
        layout.addWidget(self._device)
        layout.addStretch(1)
        for part in (self._open, self._bar, self._left, self._stop):
            layout.addWidget(part)

    def _note(self) -> None:
        """Look at once when something begins or ends, and a few times a second in between."""
        if not self._timer.isActive() or not self._compute.tasks:
            self._show()

    def _show(self) -> None:
        task = self.foremost
        if task is None:
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start()
        self._device.setText(self._lane_in_words())
        for part in (self._bar, self._left, self._stop):
            part.setVisible(task is not None)
        self._open.setVisible(task is not None)
        if task is None:
            return
        others = len(self._compute.tasks) - 1
        words = (task.title, task_text(task), f"{others} more" if others else "")
        text = " · ".join(filter(None, words))
        self._open.setAccessibleName(text)
        self._open.setText(
            self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, _TEXT_WIDTH)
        )
        self._bar.show_task(task)
        self._left.setText(time_left(seconds_left(task)))
        self._stop.follow(task)

    def _lane_in_words(self) -> str:
        device = self._compute.device
        if not device:
            return "Compute lane in use" if self._compute.tasks else "Compute lane not started"
        return f"Computes on {device}, {'busy' if self._compute.tasks else 'idle'}"


class TaskList(QFrame):
    """A popup with one row for each task that is under way."""

    def __init__(self, compute: Compute, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("card", "true")
        self.setAccessibleName("All background work")
        self.setMinimumWidth(_LIST_WIDTH)
        self._compute = compute
        self._rows: dict[int, TaskRow] = {}
        self._none = muted("Nothing is under way")
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(12, 12, 12, 12)
        self._layout.addWidget(heading("Background work"))
        self._layout.addWidget(self._none)
        compute.changed.connect(self._show)
        self._show()

    @property
    def rows(self) -> tuple[TaskRow, ...]:
        return tuple(self._rows.values())

    def _show(self) -> None:
        tasks = {id(task): task for task in self._compute.tasks}
        for key in [key for key in self._rows if key not in tasks]:
            gone = self._rows.pop(key)
            self._layout.removeWidget(gone)
            gone.deleteLater()
        for key, task in tasks.items():
            if key not in self._rows:
                self._rows[key] = TaskRow(task, self)
                self._layout.addWidget(self._rows[key])
        self._none.setVisible(not tasks)
