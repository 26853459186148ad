"""Reads of the project, off the window's thread and on read-only connections of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject

from workbench.gui.background import Background
from workbench.gui.faults import Faults
from workbench.store import Project

T = TypeVar("T")


class Reader(QObject):
    """Asks the project; see `Background` for what becomes of stale answers."""

    def __init__(self, path: Path, faults: Faults, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self._opening = threading.Lock()
        self._project: Project | None = None
        self.background = Background("reader", faults, self, threads=2)

    @property
    def is_idle(self) -> bool:
        """Whether every question was answered or dropped."""
        return self.background.is_idle

    def ask(
        self,
        owner: QObject,
        key: str,
        read: Callable[[Project], T],
        then: Callable[[T], None],
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        """Call `read` on a thread, then `then` with its answer, or `failed` with its error."""
        self.background.ask(owner, key, lambda: read(self._open()), then, failed)

    def report(self, fault: Exception) -> None:
        """Give an error to the funnel, for a `failed` that knows what to do about others only."""
        self.background.report(fault)

    def drop(self, owner: QObject, key: str) -> None:
        """Forget what `owner` asked under `key`."""
        self.background.drop(owner, key)

    def close(self) -> None:
        """Wait for reads that have begun, drop all others, close the connections."""
        self.background.close()
        if self._project is not None:
            self._project.close()

    def _open(self) -> Project:
        with self._opening:
            if self._project is None:
                self._project = Project.open(self._path, read_only=True)
            return self._project
