"""A whole plan at work: the campaign on a thread of its own, its runs on the lanes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from workbench.audit.plan import Plan
from workbench.core.cancellation import Cancelled
from workbench.core.vocabulary import RunStatus
from workbench.gui.session.tasks import Progress, Task
from workbench.jobs import protocol
from workbench.jobs.lanes import LanePool
from workbench.jobs.protocol import Job
from workbench.store import Project

if TYPE_CHECKING:
    from workbench.jobs.campaign import CampaignResult


class PlanTask(Task):
    """Runs a plan and follows each of its runs by id in `runs`. `result` is a CampaignResult."""

    run_changed = Signal(int)
    run_logged = Signal(int, str)

    def __init__(self, plan: Plan, parent: QObject | None = None) -> None:
        super().__init__(f"Running plan “{plan.name}”", parent)
        self.plan = plan
        self.runs: dict[int, Progress] = {}
        self.stopping: set[int] = set()
        """Runs that were asked to stop, each by itself."""
        self.total = 0
        """How many runs this task has queued; 0 until it has."""
        self._ended = 0
        self._first_run: float | None = None
        self._cancel = threading.Event()
        self._pool: LanePool | None = None
        self._thread: threading.Thread | None = None

    @property
    def ended(self) -> int:
        """Runs that are over."""
        return self._ended

    @property
    def runs_per_minute(self) -> float | None:
        """None until a run is over."""
        if self._first_run is None or not self._ended:
            return None
        return 60 * self._ended / max(time.monotonic() - self._first_run, 1e-3)

    @property
    def seconds_left(self) -> float | None:
        rate = self.runs_per_minute
        return None if not rate else 60 * (self.total - self._ended) / rate

    @property
    def can_force(self) -> bool:
        return any(self.can_force_run(run_id) for run_id in self._running())

    def start(
        self,
        project: Project,
        opened: Callable[[], LanePool],
        folder: Path,
        plugin_folders: tuple[Path, ...],
        *,
        resume: bool,
    ) -> None:
        """Begin. `opened` gives the lanes, and is called off the window's thread."""

        def follow(job: Job, message: protocol.Reply) -> None:
            if job.kind == "run" and not self.total:
                self.total = _queued(project, self.plan)
            self.post(lambda: self._hear(job, message))

        def work() -> None:
            # Imports what judging needs, which a window that runs nothing can do without.
            from workbench.jobs.campaign import Campaign

            try:
                campaign = Campaign(
                    project,
                    self.plan,
                    folder=folder,
                    plugin_folders=plugin_folders,
                    resume=resume,
                    say=lambda line: self.post(lambda: self.say(line)),
                    follow=follow,
                )
                self._pool = opened()
                result = campaign.run(self._pool, self._cancel)
            except Cancelled:
                self.post(lambda: self.end(RunStatus.CANCELLED))
            except BaseException as fault:  # noqa: BLE001 - shown by whoever follows the task
                failure = fault
                self.post(lambda: self.end(RunStatus.ERROR, fault=failure))
            else:
                self.post(lambda: self._finish(result))

        self.progress.state, self.progress.started = RunStatus.RUNNING, time.monotonic()
        self._thread = threading.Thread(target=work, name="campaign", daemon=True)
        self._thread.start()

    def cancel(self) -> None:
        """Stop all runs at their next batch, and start no other."""
        self._cancel.set()
        super().cancel()

    def force(self) -> None:
        """Kill the workers of the runs that do not stop."""
        for run_id in self._running():
            if self.can_force_run(run_id):
                self.force_run(run_id)

    def cancel_run(self, run_id: int) -> None:
        """Stop one run at its next batch; the others go on."""
        if self._pool is not None:
            self.stopping.add(run_id)
            self._pool.cancel(f"run:{run_id}")

    def can_force_run(self, run_id: int) -> bool:
        return self._pool is not None and self._pool.can_force(f"run:{run_id}")

    def force_run(self, run_id: int) -> None:
        """Kill the worker of one run; the others go on."""
        if self._pool is not None:
            self._pool.force(f"run:{run_id}")

    def join(self, timeout: float) -> None:
        """Wait for the campaign's thread."""
        if self._thread is not None:
            self._thread.join(timeout)

    def _running(self) -> list[int]:
        return [id_ for id_, run in self.runs.items() if run.state is RunStatus.RUNNING]

    def _finish(self, result: CampaignResult) -> None:
        self.progress.share = 1.0
        self.end(RunStatus.DONE, result=result)

    def _hear(self, job: Job, message: protocol.Reply) -> None:
        if job.kind != "run":
            if not isinstance(message, protocol.Outcome):  # the plan goes on after its preparation
                self.progress.hear(message)
            return
        run_id = int(job.payload["run"])
        run = self.runs.setdefault(run_id, Progress())
        run.hear(message)
        self._first_run = self._first_run or time.monotonic()
        if isinstance(message, protocol.Outcome):
            self._ended += 1
            self.progress.share = self._ended / self.total if self.total else 0.0
        if isinstance(message, protocol.Log):
            self.run_logged.emit(run_id, message.text)
        self.run_changed.emit(run_id)


def _queued(project: Project, plan: Plan) -> int:
    """How many runs of the plan are not over."""
    row = project.row(
        "SELECT count(*) AS n FROM run JOIN plan ON plan.id = run.plan_id "
        "WHERE plan.hash = ? AND run.status IN (?, ?)",
        plan.hash,
        str(RunStatus.QUEUED),
        str(RunStatus.RUNNING),
    )
    return int(row["n"]) if row else 0
