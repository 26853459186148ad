"""One open project, and everything the pages share about it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, Signal

from workbench.audit.plan import Plan
from workbench.core.errors import ProjectError
from workbench.gui.faults import Faults, Notice
from workbench.gui.session.changes import Changes
from workbench.gui.session.choice import Choice, read_options
from workbench.gui.session.compute import Compute
from workbench.gui.session.editing import Editor
from workbench.gui.session.path_state import PathState, read_path_state
from workbench.gui.session.plan_task import PlanTask
from workbench.gui.session.reading import Reader
from workbench.gui.session.selection import Selection
from workbench.gui.session.tasks import JobTask, Task
from workbench.gui.settings import Settings
from workbench.registry import Registry
from workbench.store import Project, mark_interrupted

_OPTIONS_FROM = frozenset({"plan", "run"})


class Session(QObject):
    """The state that all pages share. Pages never talk to each other.

    `changed` carries the names of the tables that were written, by whomever. A second window on
    the same file, or one on a file that cannot be written, only reads.
    """

    changed = Signal(frozenset)
    state_changed = Signal()

    def __init__(
        self,
        path: Path,
        faults: Faults,
        settings: Settings,
        *,
        in_process: bool = False,
        parent: QObject | None = None,
    ) -> None:
        """ProjectError if the file cannot be opened. `in_process`: no worker, to debug plugins."""
        folders = tuple(Path(folder) for folder in settings.plugin_folders)
        registry = Registry.discover(folders)
        lock = QLockFile(str(path) + ".lock")
        lock.setStaleLockTime(0)
        project, only_reads_because = _open(path, lock)
        super().__init__(parent)  # from here on nothing fails, so the parent gets no half of one
        self.path = path
        self.faults = faults
        self.settings = settings
        self.plugin_folders = folders
        self.registry = registry
        self.project, self.only_reads_because = project, only_reads_because
        self._lock = lock
        self.reader = Reader(path, faults, self)
        self.editor = Editor(self.project, faults, self)
        self.changes = Changes(self.reader, self)
        self.choice = Choice(self)
        self.selection = Selection(self.reader, self)
        self.compute = Compute(
            self.project,
            folders,
            device=settings.device,
            jobs=settings.jobs,
            in_process=in_process,
            parent=self,
        )
        self.state = PathState()
        self.changes.changed.connect(self._note)
        self.editor.edited.connect(self.changes.look)
        self.compute.ended.connect(self._over)
        if not self.read_only:
            self._mark_interrupted()
        self._read_state()
        self._read_options()

    @property
    def read_only(self) -> bool:
        return self.project.read_only

    def run_unless_complete(self, plan: Plan) -> None:
        """Run a plan, or what is missing of it; nothing if it was judged with all its runs done."""

        def is_complete(project: Project) -> bool:
            row = project.row(
                "SELECT (SELECT count(*) FROM verdict WHERE plan_id = plan.id) AS verdicts, "
                "(SELECT count(*) FROM run WHERE plan_id = plan.id AND status <> 'done') AS left "
                "FROM plan WHERE hash = ?",
                plan.hash,
            )
            return row is not None and row["verdicts"] > 0 and row["left"] == 0

        def run(complete: bool) -> None:
            if not complete and self.compute.plan_task is None:
                self.run_plan(plan, resume=True)

        self.reader.ask(self, "is complete", is_complete, run)

    def run_plan(self, plan: Plan, *, resume: bool) -> PlanTask:
        """Run a plan on the lanes; an error of the campaign itself goes to the funnel."""
        task = self.compute.run_plan(plan, resume=resume)
        task.kept = "Finished runs are kept."
        return task

    def warm_up(self) -> JobTask:
        """Start a worker now; if it cannot be, that is said before anybody waits for one."""
        task = self.compute.warm_up()
        task.kept = "The project is not affected."
        return task

    def close(self) -> None:
        """Stop all work and close the file; blocks for some seconds at most."""
        self.changes.stop()
        self.compute.close()
        self.editor.close()
        self.reader.close()
        self.project.close()
        self._lock.unlock()

    def _over(self, task: Task) -> None:
        if task.fault is not None and task.kept:
            self.faults.report(task.fault, kept=task.kept)
        self.changes.look()

    def _mark_interrupted(self) -> None:
        project = self.project
        self.editor.background.ask(
            self, "interrupted", lambda: mark_interrupted(project), self._tell_interrupted
        )

    def _tell_interrupted(self, runs: list[int]) -> None:
        if not runs:
            return
        self._note(frozenset({"run"}))  # in case it was written before the first look at changes
        were = "1 run was" if len(runs) == 1 else f"{len(runs)} runs were"
        self.faults.tell(
            Notice(
                f"{were} interrupted when the worker ended.",
                kept="All finished runs are kept.",
                remedy="Resume the plan on the Runs page.",
                is_fault=False,
            )
        )

    def _note(self, tables: frozenset[str]) -> None:
        self._read_state()
        if tables & _OPTIONS_FROM:
            self._read_options()
        self.changed.emit(tables)

    def _read_state(self) -> None:
        self.reader.ask(self, "state", read_path_state, self._take_state)

    def _take_state(self, state: PathState) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit()

    def _read_options(self) -> None:
        self.reader.ask(self, "options", read_options, self.choice.set_options)


def check_openable(path: Path) -> None:
    """ProjectError if the file could not even be read as a project."""
    Project.open(path, read_only=True).close()


def _open(path: Path, lock: QLockFile) -> tuple[Project, str]:
    """For writing if possible; else for reading, and one sentence why."""
    if not lock.tryLock(0):
        if lock.error() is QLockFile.LockError.LockFailedError:
            return Project.open(path, read_only=True), (
                "Another window has this project open, so this one only reads."
            )
        return Project.open(path, read_only=True), (
            "The project is in a folder that cannot be written, so this window only reads."
        )
    try:
        return Project.open(path), ""
    except ProjectError as fault:
        try:
            return Project.open(path, read_only=True), f"{fault.message} This window only reads."
        except ProjectError:
            lock.unlock()
            raise fault from None
