"""The one path by which the window writes: edits through the journal, so they can be undone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from workbench.core.errors import ProjectError
from workbench.gui.background import Background
from workbench.gui.faults import Faults
from workbench.store import Project
from workbench.store.journal import Journal

T = TypeVar("T")
_KEPT = "Nothing was changed."


class Editor(QObject):
    """Does edits in their order on a thread of its own: a worker may hold the file for a moment."""

    edited = Signal()
    due = Signal()
    """Asks whoever waits for a pause in typing to hand in the edit now."""

    undo_changed = Signal()

    def __init__(self, project: Project, faults: Faults, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project = project
        self._journal = Journal(project)
        self._faults = faults
        self.background = Background("editor", faults, self)
        self.undo_title: str | None = None
        self.redo_title: str | None = None
        self.refresh()

    @property
    def read_only(self) -> bool:
        return self._project.read_only

    def edit(
        self,
        owner: QObject,
        write: Callable[[Journal], T],
        then: Callable[[T], None] | None = None,
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        """Call `write` with the journal on the editor's thread, then `then` with its answer."""
        failed = failed or self._fail
        if self.read_only:
            failed(
                ProjectError(
                    f"Project {self._project.path.name!r} is open for reading only.",
                    remedy="Close the other window, or copy the file to a folder you can write to.",
                )
            )
            return

        def done(answer: T) -> None:
            self.refresh()
            self.edited.emit()
            if then is not None:
                then(answer)

        self.background.ask(owner, "", lambda: write(self._journal), done, failed)

    def undo(self) -> None:
        """Take back the last edit."""
        self.due.emit()
        self.edit(self, lambda journal: journal.undo())

    def redo(self) -> None:
        """Do again what was taken back last."""
        self.due.emit()
        self.edit(self, lambda journal: journal.redo())

    def refresh(self) -> None:
        """Learn what could be undone now."""
        self.background.ask(
            self,
            "titles",
            lambda: (self._journal.undo_title(), self._journal.redo_title()),
            self._take_titles,
        )

    def close(self) -> None:
        """Do all edits that were asked for, then stop."""
        self.due.emit()
        self.background.close(finish=True)

    def _take_titles(self, titles: tuple[str | None, str | None]) -> None:
        self.undo_title, self.redo_title = titles
        self.undo_changed.emit()

    def _fail(self, fault: Exception) -> None:
        self._faults.report(fault, kept=_KEPT)
