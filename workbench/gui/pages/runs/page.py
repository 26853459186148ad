"""The Runs page: start and stop a plan, and watch its runs."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from workbench.core.vocabulary import RunStatus
from workbench.gui.faults import Notice
from workbench.gui.pages.page import Page
from workbench.gui.pages.runs.contents import (
    FAILED,
    LockedPlan,
    NextStep,
    PlanRuns,
    RunDetail,
    RunRow,
    next_step,
    read_locked_plans,
    read_plan_runs,
    read_run_detail,
)
from workbench.gui.pages.runs.controls import RunControls
from workbench.gui.pages.runs.run_pane import RunPane
from workbench.gui.pages.runs.run_table import Live, Role, RunsModel, RunTable, ShownRuns
from workbench.gui.session.path_state import Step
from workbench.gui.session.plan_task import PlanTask
from workbench.gui.session.session import Session
from workbench.gui.session.tasks import Progress
from workbench.gui.theme import theme
from workbench.gui.widgets.blocks import EmptyState, page_head

_PURPOSE = "Every method of the plan, at every seed, on every forget set"
_TICK = 100  # milliseconds between two looks at what is running


class RunsPage(Page):
    """All runs of one locked plan, one of them close up."""

    step = Step.RUNS
    watches = frozenset({"plan", "run", "verdict"})

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._plans: tuple[LockedPlan, ...] = ()
        self._shown: PlanRuns | None = None
        self._was_read = False
        self._starts_when_read = False
        self._chosen_elsewhere = session.choice.chosen.plan
        self._task: PlanTask | None = None
        self._run_id: int | None = None
        self._detail: RunDetail | None = None
        self._is_selecting = False
        self.model = RunsModel(self)
        self.matching = ShownRuns(self.model, self)
        self.controls = RunControls()
        self.table = RunTable(self.matching)
        self.pane = RunPane()
        self.empty = EmptyState()
        self._lay_out()
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK)
        self._timer.timeout.connect(self._tick)
        self._connect()
        self._follow_compute()

    def start_or_resume(self) -> None:
        """Start the plan in view, do what is missing of it, or retry what failed."""
        self._starts_when_read = not self._was_read
        why_not = self._why_not()
        if self._shown is not None and not why_not:
            self.session.run_plan(self._shown.plan, resume=True)
        elif self._was_read:
            self.session.faults.tell(Notice(why_not, is_fault=False))

    def stop_all(self) -> None:
        """Ask all runs to stop; once they were asked and did not, end their processes."""
        self.controls.stop.act()

    def cancel_run(self) -> None:
        """Ask the run in view to stop; all others go on."""
        if self._task is not None and self._run_id is not None:
            self._task.cancel_run(self._run_id)
            self._tick()

    def force_run(self) -> None:
        """End the process of the run in view; all others go on."""
        if self._task is not None and self._run_id is not None:
            self._task.force_run(self._run_id)
            self._tick()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._follow_compute()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def _connect(self) -> None:
        self.controls.start_requested.connect(self.start_or_resume)
        self.controls.plan_chosen.connect(self._choose_plan)
        self.controls.matching_changed.connect(self.matching.show_matching)
        self.pane.stop_requested.connect(self.cancel_run)
        self.pane.force_requested.connect(self.force_run)
        self.table.selectionModel().currentRowChanged.connect(self._row_chosen)
        self.session.choice.changed.connect(self._follow_choice)
        self.session.compute.changed.connect(self._follow_compute)
        theme.changed.connect(self.table.viewport().update)

    def _lay_out(self) -> None:
        self._both = QSplitter(Qt.Orientation.Vertical)
        self._both.setChildrenCollapsible(False)
        self._both.addWidget(self.table)
        self._both.addWidget(self.pane)
        self._both.setStretchFactor(0, 1)
        self._both.setStretchFactor(1, 1)
        self._both.setSizes([500, 500])
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._both)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(8)
        layout.addLayout(page_head(self.step, _PURPOSE))
        layout.addWidget(self.controls)
        layout.addWidget(self._stack, 1)

    # What is stored.

    def refresh(self) -> None:
        self.session.reader.ask(self, "plans", read_locked_plans, self._take_plans)

    def _take_plans(self, plans: tuple[LockedPlan, ...]) -> None:
        known = {plan.id for plan in self._plans}
        is_new = bool(plans) and plans[0].id not in known
        self._plans = plans
        self.controls.offer_plans(plans, plans[0].id if is_new else self.controls.plan_id)
        self._ask_for_runs()

    def _ask_for_runs(self) -> None:
        plan_id = self.controls.plan_id
        if plan_id is None:
            self._take_runs(None)
            return
        self.session.reader.ask(
            self, "runs", lambda project: read_plan_runs(project, plan_id), self._take_runs
        )

    def _take_runs(self, shown: PlanRuns | None) -> None:
        before = self._run()
        self._shown = shown
        self.model.set_runs(shown.runs if shown else ())
        self._was_read = True
        self._settle_selection()
        if self._starts_when_read:
            self.start_or_resume()
        self._follow_compute()
        run = self._run()
        if run is not None and (run != before or self._detail is None):
            self._ask_for_detail(run.id)
        else:
            self.refreshed.emit()

    def _ask_for_detail(self, run_id: int) -> None:
        self.session.reader.ask(
            self, "detail", lambda project: read_run_detail(project, run_id), self._take_detail
        )

    def _take_detail(self, detail: RunDetail) -> None:
        if detail.run.id == self._run_id:
            self._detail = detail
            self._show_run()
        self.refreshed.emit()

    # What is chosen.

    def _choose_plan(self, plan_id: int) -> None:
        if any(option.id == plan_id for option in self.session.choice.options):
            self.session.choice.set(plan=plan_id)
        self._ask_for_runs()

    def _follow_choice(self) -> None:
        """Another page may have chosen another plan."""
        before, self._chosen_elsewhere = self._chosen_elsewhere, self.session.choice.chosen.plan
        if before not in (None, self._chosen_elsewhere):
            self.controls.offer_plans(self._plans, self._chosen_elsewhere)
            self.invalidate()

    def _settle_selection(self) -> None:
        """Keep the run in view; else one that is running, one that failed, or the first."""
        runs, run = self.model.runs, self._run()
        running = [one for one in runs if one.status is RunStatus.RUNNING]
        newest = max(running, key=lambda one: one.started or "", default=None)
        notable = newest or next((one for one in runs if one.status in FAILED), None)
        if run is None or (self._follows and run.status is not RunStatus.RUNNING):
            run = notable or run or next(iter(runs), None)
        self._select(run)

    @property
    def _follows(self) -> bool:
        return self._task is not None and self.pane.follow.isChecked()

    def _select(self, run: RunRow | None) -> None:
        row = self.model.row_of(run.id) if run else None
        index = QModelIndex() if row is None else self.model.index(row, 0)
        flags = QItemSelectionModel.SelectionFlag
        self._is_selecting = True
        self.table.selectionModel().setCurrentIndex(
            self.matching.mapFromSource(index), flags.ClearAndSelect | flags.Rows
        )
        self._is_selecting = False
        self._set_run(run.id if run else None)

    def _row_chosen(self, index: QModelIndex) -> None:
        if self._is_selecting or not index.isValid():
            return
        run: RunRow = index.data(Role.RUN)
        if run.status is not RunStatus.RUNNING:
            self.pane.follow.setChecked(False)
        self._set_run(run.id)
        self._ask_for_detail(run.id)

    def _set_run(self, run_id: int | None) -> None:
        if run_id != self._run_id:
            self._run_id, self._detail = run_id, None
        self._show_run()

    def _run(self) -> RunRow | None:
        row = None if self._run_id is None else self.model.row_of(self._run_id)
        return None if row is None else self.model.runs[row]

    # What is under way.

    def _follow_compute(self) -> None:
        """A plan may have been started or have ended, by whomever."""
        task = self.session.compute.plan_task
        if task is not None and task is not self._task:
            self._task = task
            task.run_logged.connect(self._take_line)
            task.logged.connect(self._take_plan_line)
            self.pane.follow.setChecked(True)
        if not self.isVisible():
            return
        if task is None:
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start()
        self._show_state()

    def _tick(self) -> None:
        task = self.session.compute.plan_task
        if task is None:
            return
        self.model.set_live({id_: _live(task, id_) for id_ in task.runs if _is_on(task, id_)})
        run, heard = self._run(), self._heard()
        if not self.model.runs:
            self.pane.show_preparation(task)
        elif run is not None and run.status is RunStatus.RUNNING and heard is not None:
            self.pane.show_live(heard)
        self._show_state()

    def _show_state(self) -> None:
        task, shown = self.session.compute.plan_task, self._shown
        if shown is not None:
            step = next_step(shown.runs, is_judged=shown.is_judged)
            self.controls.show_runs(shown, step)
        self.controls.setVisible(shown is not None)
        self.controls.show_task(task, why_not=self._why_not())
        self.pane.follow.setVisible(task is not None and bool(self.model.runs))
        self.table.setVisible(bool(self.model.runs))
        self._show_stopping(task)
        self._show_emptiness(shown, task)

    def _why_not(self) -> str:
        """What keeps the plan in view from being started; "" if nothing does."""
        if self.session.read_only:
            return self.session.only_reads_because
        if self.session.compute.plan_task is not None:
            return "A plan is running"
        if self._shown is None:
            return "Lock a plan first"
        step = next_step(self._shown.runs, is_judged=self._shown.is_judged)
        return "Every run of this plan is done and judged" if step is NextStep.NOTHING else ""

    def _show_emptiness(self, shown: PlanRuns | None, task: PlanTask | None) -> None:
        if shown is None:
            self.empty.say("No plan is locked yet", "Write a plan on the Plan page and lock it")
        elif not shown.runs:
            self.empty.say(
                f"The plan “{shown.plan.name}” has not started",
                "Start prepares the data and the original model, then does every run. "
                "You can stop at any time: what is finished is kept",
            )
        is_empty = shown is None or not (shown.runs or task)
        self._stack.setCurrentWidget(self.empty if is_empty else self._both)

    def _show_run(self) -> None:
        run = self._run()
        if run is not None:
            self.pane.show_run(run, self._detail, self._heard())

    def _show_stopping(self, task: PlanTask | None) -> None:
        run_id = self._run_id
        if task is None or run_id is None:
            self.pane.show_stopping(can_stop=False, is_stopping=False, can_force=False)
            return
        self.pane.show_stopping(
            can_stop=_is_on(task, run_id),
            is_stopping=task.is_stopping or run_id in task.stopping,
            can_force=task.can_force_run(run_id),
        )

    def _heard(self) -> Progress | None:
        """What this window has heard of the run in view, also after the plan has ended."""
        if self._task is None or self._run_id is None:
            return None
        return self._task.runs.get(self._run_id)

    def _take_line(self, run_id: int, line: str) -> None:
        if run_id == self._run_id and self.isVisible():
            self.pane.log.append_line(line)

    def _take_plan_line(self, line: str) -> None:
        if not self.model.runs and self.isVisible():
            self.pane.log.append_line(line)


def _is_on(task: PlanTask, run_id: int) -> bool:
    heard = task.runs.get(run_id)
    return heard is not None and heard.state is RunStatus.RUNNING


def _live(task: PlanTask, run_id: int) -> Live:
    heard = task.runs[run_id]
    is_stopping = task.is_stopping or run_id in task.stopping
    return Live(heard.share, heard.text, heard.seconds, is_stopping)
