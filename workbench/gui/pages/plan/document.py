"""The plan that is shown: the draft, which can be edited, or a locked plan, which can not."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from workbench.audit.draft import Content, write_draft
from workbench.gui.session.session import Session

_PAUSE = 500  # milliseconds without typing, after which what was typed is one edit

Path = Sequence[str | int]


class PlanDocument(QObject):
    """Holds the content and writes it as undoable edits.

    `edited`: the user changed something; `written`: the project has it. What is typed into one
    place without a pause becomes one edit, and a content that was handed out never changes.
    """

    edited = Signal()
    written = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._content: Content | None = None
        self._is_locked = False
        self._title = ""
        self._writing = 0
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE)
        self._pause.timeout.connect(self.flush)
        session.editor.due.connect(self.flush)

    @property
    def content(self) -> Content:
        """The plan as JSON data; {} if none is shown."""
        return self._content or {}

    @property
    def is_there(self) -> bool:
        return self._content is not None

    @property
    def is_locked(self) -> bool:
        return self._is_locked

    @property
    def read_only(self) -> bool:
        return self._is_locked or self._session.read_only or not self.is_there

    @property
    def is_unwritten(self) -> bool:
        """Whether the project does not yet have what is shown."""
        return bool(self._title) or self._writing > 0

    def show(self, content: Content | None, *, is_locked: bool) -> None:
        """Show another content, or the same as the project has it now."""
        self._content, self._is_locked = content, is_locked

    def set(self, path: Path, value: Any, title: str) -> None:
        """The user changed one place; `title` is what undo calls it."""
        if self.read_only:
            return
        if self._title not in ("", title):
            self.flush()
        self._content = _with(self.content, path, value)
        self._title = title
        self._pause.start()
        self.edited.emit()

    def replace(self, content: Content, title: str) -> None:
        """Make another content the draft, in one edit of its own."""
        self.flush()
        self._content, self._is_locked, self._title = content, False, title
        self.flush()
        self.edited.emit()

    def flush(self) -> None:
        """Write what was typed, now."""
        self._pause.stop()
        if not self._title:
            return
        content, title, self._title = self.content, self._title, ""
        self._writing += 1
        self._session.editor.edit(
            self,
            lambda journal: write_draft(journal, content, title),
            lambda _: self._done(),
            lambda fault: self._failed(title, fault),
        )

    def _done(self) -> None:
        self._writing -= 1
        self.written.emit()

    def _failed(self, title: str, fault: Exception) -> None:
        self._writing -= 1
        self._title = self._title or title  # so that it stays, and is written with the next change
        self._session.faults.report(
            fault, kept="What you typed is still shown, but not in the project."
        )


def _with(content: Content, path: Path, value: Any) -> Content:
    """A copy of `content` with another value at `path`."""
    made = copy.deepcopy(content)
    here: Any = made
    for part in path[:-1]:
        if isinstance(here, dict):
            here.setdefault(part, {})
        here = here[part]
    here[path[-1]] = value
    return made
