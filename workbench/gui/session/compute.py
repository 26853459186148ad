"""The compute lanes of the window: what is under way on them, and on which device."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from workbench.audit.plan import Plan
from workbench.core.vocabulary import RunStatus
from workbench.gui.session.plan_task import PlanTask
from workbench.gui.session.tasks import JobTask, Task
from workbench.jobs.lanes import LanePool
from workbench.jobs.opening import open_pool
from workbench.jobs.protocol import Job
from workbench.store import Project

_JOIN = 10.0  # seconds for a stopped campaign to write how it ended
_STOPPING = 100  # milliseconds between two looks at what is still running


class Compute(QObject):
    """Submits work to the lanes, which start with the first of it.

    `changed`: a task began or ended, or the device became known; `ended`: the task that did.
    """

    changed = Signal()
    ended = Signal(Task)
    logged = Signal(str)

    def __init__(
        self,
        project: Project,
        plugin_folders: tuple[Path, ...],
        *,
        device: str = "auto",
        jobs: int | None = None,
        in_process: bool = False,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._project = project
        self._folders = plugin_folders
        self._options: dict[str, Any] = {"device": device, "jobs": jobs, "in_process": in_process}
        self._pool: LanePool | None = None
        self._opening = threading.Lock()
        self._is_closed = False
        self._jobs_made = 0
        self._tasks: list[Task] = []
        self._once_stopped: Callable[[], object] | None = None
        self._stopping = QTimer(self)
        self._stopping.setInterval(_STOPPING)
        self._stopping.timeout.connect(self._press_on)
        self.device = ""
        """What the lanes compute on; "" until a worker has said so."""

    @property
    def tasks(self) -> tuple[Task, ...]:
        """What is not over yet, oldest first."""
        return tuple(self._tasks)

    @property
    def is_working(self) -> bool:
        """Whether closing now would lose work."""
        return any(not task.is_idle_talk for task in self._tasks)

    @property
    def plan_task(self) -> PlanTask | None:
        """The plan that is running, if one is."""
        return next((task for task in self._tasks if isinstance(task, PlanTask)), None)

    def warm_up(self) -> JobTask:
        """Start a worker now, and learn the device."""
        task = self.submit("describe", "Starting the compute lane")
        task.is_idle_talk = True
        task.finished.connect(lambda: self._take_device(task))
        return task

    def submit(self, kind: str, title: str, **payload: Any) -> JobTask:
        """Give the lanes a job of the executor; see `workbench.jobs.executor` for the kinds."""
        self._jobs_made += 1
        data = {
            "project": str(self._project.path),
            "plugins": [str(folder) for folder in self._folders],
            **payload,
        }
        job = Job(f"{kind}:{self._jobs_made}", kind, data)
        task = JobTask(title, self)
        self._add(task)
        threading.Thread(target=self._hand_over, args=(job, task), daemon=True).start()
        return task

    def run_plan(self, plan: Plan, *, resume: bool, folder: Path | None = None) -> PlanTask:
        """Run a plan from its lock to its verdict, or what is missing of it with `resume`."""
        task = PlanTask(plan, self)
        self._add(task)
        task.start(
            self._project,
            self._open,
            folder or self._project.path.parent,
            self._folders,
            resume=resume,
        )
        return task

    def stop_all(self) -> None:
        """Ask everything to stop at its next batch."""
        for task in self.tasks:
            task.cancel()

    def stop_then(self, then: Callable[[], object]) -> None:
        """Let work stop at its next batch and be recorded, kill what does not, then call `then`."""
        self._once_stopped = then
        self.stop_all()
        self._stopping.start()

    def close(self) -> None:
        """Stop everything and end the workers; blocks for some seconds at most."""
        self._is_closed = True
        self.stop_all()
        with self._opening:
            if self._pool is not None:
                self._pool.close()
        for task in self.tasks:
            if isinstance(task, PlanTask):
                task.join(_JOIN)

    def _hand_over(self, job: Job, task: JobTask) -> None:
        """On a thread of its own, since the lanes may have to start first."""
        try:
            handle = self._open().submit(job, task.hear)
        except BaseException as fault:  # noqa: BLE001 - shown by whoever follows the task
            failure = fault
            task.post(lambda: task.end(RunStatus.ERROR, fault=failure))
        else:
            task.post(lambda: task.follow(handle.cancel, handle.force, lambda: handle.can_force))

    def _open(self) -> LanePool:
        """The lanes. From any thread; the first call starts a worker to ask for the device."""
        with self._opening:
            if self._is_closed:
                raise RuntimeError("the window is closing")
            if self._pool is None:
                self._pool = open_pool(**self._options, kill_when_due=False, gives_way=True)
            return self._pool

    def _add(self, task: Task) -> None:
        self._tasks.append(task)
        task.logged.connect(self.logged)
        task.finished.connect(self._sort_out)
        self.changed.emit()

    def _sort_out(self) -> None:
        for task in self.tasks:
            if task.is_over:
                self._tasks.remove(task)
                self.ended.emit(task)
                task.deleteLater()  # what it found stays readable for whoever still holds it
        self.changed.emit()

    def _press_on(self) -> None:
        for task in self.tasks:
            if task.can_force:
                task.force()
        then = self._once_stopped
        if then is not None and not self.is_working:
            self._stopping.stop()
            self._once_stopped = None
            then()

    def _take_device(self, task: Task) -> None:
        if task.result is not None:
            self.device = str(task.result["device"])
            self.changed.emit()
