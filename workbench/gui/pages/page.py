"""What all pages share: they refresh when shown and out of date, and never while hidden."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import Signal, SignalInstance
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from workbench.gui.session.path_state import Step
from workbench.gui.session.session import Session


class Page(QWidget):
    """One step of the path.

    A subclass names its `step` and the tables it `watches`, builds its widgets in `__init__`, and
    asks the reader in `refresh`. What calls for a refresh while the page is hidden is done once,
    when it is shown. `refreshed` is for tests and pictures: emit it when all answers are in.
    """

    step: ClassVar[Step]
    watches: ClassVar[frozenset[str]] = frozenset()

    refreshed = Signal()
    go_to = Signal(object)
    """Asks the window to show another Step."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self._is_stale = True
        self.setAccessibleName(f"{self.step} page")
        session.changed.connect(self._note)

    def refresh(self) -> None:
        """Ask for everything the page shows. Called only while it is visible."""
        raise NotImplementedError

    def follow(self, *signals: SignalInstance) -> None:
        """Refresh after any of these, once the page is visible."""
        for signal in signals:
            signal.connect(self.invalidate)

    def invalidate(self) -> None:
        """What is shown is out of date."""
        self._is_stale = True
        self._refresh_if_due()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh_if_due()

    def _note(self, tables: frozenset[str]) -> None:
        if tables & self.watches:
            self.invalidate()

    def _refresh_if_due(self) -> None:
        if self._is_stale and self.isVisible():
            self._is_stale = False
            self.refresh()
