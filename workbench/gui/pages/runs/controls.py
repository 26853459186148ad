"""What stands above the table of runs: which plan, which runs, start and stop, how far it is."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from workbench.core.vocabulary import RunStatus
from workbench.gui.pages.runs.contents import LockedPlan, NextStep, PlanRuns, counts_in_words
from workbench.gui.pages.runs.run_table import SHOWN
from workbench.gui.session.plan_task import PlanTask
from workbench.gui.task_widgets import StopButton, seconds_left, time_left
from workbench.gui.widgets.blocks import button, muted

_STOPPING = "Stopping at the next batch; finished runs are kept, and Resume does the rest"
_MEANINGS = {
    NextStep.START: "Prepares the data and the original model, then does every run of the plan",
    NextStep.RESUME: "Does what is missing; finished runs are not done again",
    NextStep.RETRY: "Does the failed runs again; finished runs are not done again",
    NextStep.NOTHING: "Every run of this plan is done and judged",
}


class RunControls(QWidget):
    """Emits what the user wants; the page does it."""

    start_requested = Signal()
    plan_chosen = Signal(int)
    matching_changed = Signal(str, tuple)
    """Words, and states of runs."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plan = QComboBox()
        self.plan.setAccessibleName("Plan")
        self.plan.setToolTip("Which locked plan is shown")
        self.plan.setMinimumContentsLength(16)
        self.plan.activated.connect(lambda: self.plan_chosen.emit(self.plan_id))
        self.words = QLineEdit()
        self.words.setAccessibleName("Find runs")
        self.words.setPlaceholderText("Find by method, role or forget set")
        self.words.setClearButtonEnabled(True)
        self.words.textChanged.connect(self._ask_for_matching)
        self.states = QComboBox()
        self.states.setAccessibleName("Which runs are listed")
        self.states.addItems(list(SHOWN))
        self.states.activated.connect(self._ask_for_matching)
        self.start = button(NextStep.START, primary=True)
        self.start.clicked.connect(self.start_requested)
        self.stop = StopButton("Stop all runs")
        self.counts = QLabel()
        self.counts.setAccessibleName("How many runs are done")
        self._bar = QProgressBar()
        self._bar.setAccessibleName("Share of the runs that are over")
        self._bar.setTextVisible(False)
        self._bar.setFixedSize(160, 8)
        self._pace = muted()
        self._pace.setWordWrap(False)
        self._lay_out()

    @property
    def plan_id(self) -> int | None:
        """The plan that is shown."""
        chosen: int | None = self.plan.currentData()
        return chosen

    def offer_plans(self, plans: Sequence[LockedPlan], chosen: int | None) -> None:
        with QSignalBlocker(self.plan):
            self.plan.clear()
            for plan in plans:
                self.plan.addItem(plan.name, plan.id)
            self.plan.setCurrentIndex(max(0, self.plan.findData(chosen)))
        self.plan.setEnabled(len(plans) > 1)

    def show_runs(self, shown: PlanRuns, step: NextStep) -> None:
        """How far the plan is, and what can be done about it next."""
        self.counts.setText(counts_in_words(shown.runs) if shown.runs else "")
        over = sum(run.status not in (RunStatus.QUEUED, RunStatus.RUNNING) for run in shown.runs)
        self._bar.setRange(0, max(1, len(shown.runs)))
        self._bar.setValue(over)
        self._bar.setVisible(bool(shown.runs))
        self.start.setText(step)
        self.start.setAccessibleName(step)
        self.start.setToolTip(_MEANINGS[step])

    def show_task(self, task: PlanTask | None, *, why_not: str) -> None:
        """What is under way; `why_not` says what keeps the runs from being started."""
        self.start.setVisible(task is None)
        self.start.setEnabled(not why_not)
        if why_not:
            self.start.setToolTip(why_not)
        self.stop.setVisible(task is not None)
        self.stop.follow(task)
        self._pace.setText(_pace(task) if task else "")

    def _lay_out(self) -> None:
        above = QHBoxLayout()
        above.addWidget(self.plan, 2)
        above.addWidget(self.words, 3)
        above.addWidget(self.states)
        above.addSpacing(16)
        above.addWidget(self.start)
        above.addWidget(self.stop)
        below = QHBoxLayout()
        below.addWidget(self._bar)
        below.addWidget(self.counts)
        below.addWidget(self._pace, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(above)
        layout.addLayout(below)

    def _ask_for_matching(self) -> None:
        self.matching_changed.emit(self.words.text(), SHOWN[self.states.currentText()])


def _pace(task: PlanTask) -> str:
    """Rate and time left, or what becomes of the runs while they stop."""
    if task.is_stopping:
        return _STOPPING
    rate = task.runs_per_minute
    words = [
        f"{rate:.0f} runs a minute" if rate and rate >= 1 else "",
        time_left(seconds_left(task)),
    ]
    if rate and rate < 1:
        words[0] = f"{60 * rate:.1f} runs an hour"
    return " · ".join(filter(None, words))
