"""One run close up: its curves, its numbers, its settings, its log, and why it failed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from workbench.core.vocabulary import RunStatus
from workbench.gui.pages.runs.contents import (
    STATUS_WORDS,
    Curve,
    RunDetail,
    RunRow,
    thin_curve,
)
from workbench.gui.pages.runs.curves_chart import CurvesChart
from workbench.gui.pages.runs.error_view import ErrorView
from workbench.gui.pages.runs.facts import FactTable, number_facts, setting_facts
from workbench.gui.session.plan_task import PlanTask
from workbench.gui.session.tasks import Progress
from workbench.gui.theme import theme
from workbench.gui.widgets.blocks import button, heading, muted
from workbench.gui.widgets.legend import Legend
from workbench.gui.widgets.log_view import LogView
from workbench.gui.widgets.marks import status_icon
from workbench.report.wording import ROLE_NAMES

_ICON = QSize(18, 18)


class RunPane(QWidget):
    """Shows a run from what is stored and what is heard of it, or the preparation of a plan."""

    stop_requested = Signal(int)
    force_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run: RunRow | None = None
        self._state = RunStatus.QUEUED
        self._curves: tuple[Curve, ...] = ()
        self._points = -1
        self._icon = QLabel()
        self._icon.setFixedSize(_ICON)
        self._title = heading("")
        self._status = muted()
        self._status.setWordWrap(False)
        self.stop = button("Stop this run")
        self.stop.setToolTip("Stops it at its next batch; all other runs go on")
        self.stop.clicked.connect(self._ask_to_stop)
        self.force = button("Force stop", "Force this run to stop")
        self.force.setToolTip("Ends the process of this run; all other runs go on")
        self.force.clicked.connect(self._ask_to_force)
        self.follow = QCheckBox("Follow what is running")
        self.follow.setToolTip("Shows the run that started last, until you choose another one")
        self.chart = CurvesChart()
        self._legend = Legend()
        self._quantity = self._quantity_box()
        self._log_scale = QCheckBox("Logarithmic scale")
        self._log_scale.setToolTip("Draw the values on a logarithmic scale")
        self._log_scale.toggled.connect(self._set_log)
        self._chart_note = muted()
        self.numbers = FactTable("Numbers of the run")
        self.settings = FactTable("Settings of the run")
        self.log = LogView("Log of the run")
        self.log.setPlaceholderText("Nothing was logged")
        self.error = ErrorView()
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        for widget, name in (
            (self.numbers, "Numbers"),
            (self.settings, "Settings"),
            (self.log, "Log"),
            (self.error, "Error"),
        ):
            self.tabs.addTab(widget, name)
        self._lay_out()
        theme.changed.connect(self._dress)
        theme.changed.connect(self._draw)

    @property
    def run_id(self) -> int | None:
        """The run in view."""
        return self._run.id if self._run else None

    def show_run(self, run: RunRow, detail: RunDetail | None, live: Progress | None) -> None:
        """Show a run; `detail` once it was read, `live` if this window has heard of it."""
        is_other = run.id != self.run_id
        self._run = run
        self._title.setText(f"{run.label}, seed {run.seed}")
        role = ROLE_NAMES[run.role]
        self._status.setText(f"{role} on {run.forget_set}, {STATUS_WORDS[run.status]}")
        self._state = run.status
        self._dress()
        stored = detail.log if detail else ()
        self.log.set_lines(stored or (live.log if live else ()))
        self.numbers.show_facts(number_facts(detail.numbers if detail else ()))
        self.settings.show_facts(setting_facts(detail) if detail else ())
        self._show_error(run, detail, is_other=is_other)
        if detail and detail.curves:
            self._show_curves(detail.curves, len(detail.curves[0].values))
        elif live:
            self.show_live(live, again=True)
        else:
            self._show_curves((), 0)

    def show_preparation(self, task: PlanTask) -> None:
        """Show what a plan does before its first run."""
        if self._run is not None or not self._title.text():
            self._run = None
            self.numbers.show_facts(number_facts(()))
            self.settings.show_facts(())
            self.log.set_lines(task.progress.log)
            self.tabs.setCurrentWidget(self.log)
        self._title.setText("Preparing the data and the original model")
        share = f"{100 * task.progress.share:.0f} % " if task.progress.share else ""
        self._status.setText(f"{share}{task.progress.text}")
        self._state = RunStatus.RUNNING
        self._dress()
        self.tabs.setTabVisible(self.tabs.indexOf(self.error), False)
        self.show_live(task.progress)

    def show_live(self, live: Progress, *, again: bool = False) -> None:
        """Draw the curves that are heard of, if there is anything new in them."""
        points = sum(len(values) for _, values in live.curves.values())
        if again or points != self._points:
            curves = [thin_curve(name, *points) for name, points in live.curves.items()]
            self._show_curves(curves, points)

    def show_stopping(self, *, can_stop: bool, is_stopping: bool, can_force: bool) -> None:
        """What can be done about the run now."""
        self.stop.setVisible(can_stop and not can_force)
        self.stop.setEnabled(not is_stopping)
        self.stop.setText("Stopping…" if is_stopping else "Stop this run")
        self.force.setVisible(can_force)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._icon)
        head.addWidget(self._title)
        head.addWidget(self._status, 1)
        for widget in (self.follow, self.stop, self.force):
            head.addWidget(widget)
        tools = QHBoxLayout()
        tools.addWidget(self._quantity)
        tools.addWidget(self._log_scale)
        tools.addWidget(self._legend, 1)
        tools.addWidget(self._chart_note)
        left = QWidget()
        drawn = QVBoxLayout(left)
        drawn.setContentsMargins(0, 0, 0, 0)
        drawn.addLayout(tools)
        drawn.addWidget(self.chart, 1)
        self._beside = QSplitter(Qt.Orientation.Horizontal)
        self._beside.setChildrenCollapsible(False)
        self._beside.addWidget(left)
        self._beside.addWidget(self.tabs)
        self._beside.setStretchFactor(0, 3)
        self._beside.setStretchFactor(1, 2)
        self._beside.setSizes([600, 400])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.addLayout(head)
        layout.addWidget(self._beside, 1)
        self.show_stopping(can_stop=False, is_stopping=False, can_force=False)

    def _dress(self) -> None:
        self._icon.setPixmap(status_icon(self._state).pixmap(_ICON))

    def _quantity_box(self) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName("Quantity of the curves")
        box.setToolTip("Which quantity is drawn; loss and accuracy have different scales")
        box.activated.connect(self._draw)
        return box

    def _show_error(self, run: RunRow, detail: RunDetail | None, *, is_other: bool) -> None:
        """A tab of its own, which comes to the front when it is new."""
        tab = self.tabs.indexOf(self.error)
        error = detail.error if detail else None
        is_new = error is not None and (is_other or not self.tabs.isTabVisible(tab))
        self.tabs.setTabVisible(tab, error is not None)
        if error is not None and is_new:
            context = f"Run {run.id}: {run.label}, seed {run.seed}, on {run.forget_set}"
            self.error.show_error(error, context)
            self.tabs.setCurrentWidget(self.error)

    def _show_curves(self, curves: Sequence[Curve], points: int) -> None:
        self._curves, self._points = tuple(curves), points
        offered = list(dict.fromkeys(curve.quantity for curve in curves))
        if offered != [self._quantity.itemText(at) for at in range(self._quantity.count())]:
            chosen = self._quantity.currentText()
            with QSignalBlocker(self._quantity):
                self._quantity.clear()
                self._quantity.addItems(offered)
                self._quantity.setCurrentIndex(max(0, self._quantity.findText(chosen)))
        self._quantity.setVisible(len(offered) > 1)
        self._log_scale.setEnabled(bool(curves))
        self._draw()

    def _draw(self) -> None:
        quantity = self._quantity.currentText()
        self.chart.show_curves([one for one in self._curves if one.quantity == quantity])
        self._legend.show_entries(self.chart.legend)
        note = ""
        if not self._curves:
            note = self._why_no_curves()
        elif self.chart.leaves_out:
            note = "Values at or below 0 are left out"
        self._chart_note.setText(note)

    def _why_no_curves(self) -> str:
        if self._run is None or self._run.status is RunStatus.RUNNING:
            return "No curve yet"
        if self._run.status is RunStatus.QUEUED:
            return "This run has not started"
        return "This run left no curves"

    def _set_log(self, is_log: bool) -> None:
        self.chart.set_log(is_log)
        self._draw()

    def _ask_to_stop(self) -> None:
        if self._run is not None:
            self.stop_requested.emit(self._run.id)

    def _ask_to_force(self) -> None:
        if self._run is not None:
            self.force_requested.emit(self._run.id)
