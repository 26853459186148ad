"""pytest fixtures that open sessions and windows and fail a test which leaves something behind.

For the workbench's own tests and for plugin authors: a conftest.py imports the fixtures it wants,
`from workbench.gui.testing import leak_check, make_session, make_window`. They need pytest-qt,
whose `qapp` gives the application.
"""

from __future__ import annotations

import gc
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QObject, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from workbench.gui.faults import Faults
from workbench.gui.garbage import no_automatic_collection
from workbench.gui.session.session import Session
from workbench.gui.settings import Settings

if TYPE_CHECKING:
    from workbench.gui.main_window import MainWindow

_PATIENCE = 10.0  # seconds for what was closed to be gone
_QUIET_TURNS, _TURN = 3, 30  # turns of the event loop, milliseconds each
_OURS = ("reader", "editor", "lane", "campaign", "exporter")


class LeakCheck:
    """Everything that is watched must be gone, with its threads, once `assert_gone` is called."""

    def __init__(self) -> None:
        self._watched: list[tuple[str, weakref.ref[QObject]]] = []
        self._threads_before = set(threading.enumerate())
        self._widgets_before = {id(widget) for widget in QApplication.topLevelWidgets()}

    def watch(self, made: QObject) -> None:
        self._watched.append((type(made).__name__, weakref.ref(made)))

    def assert_gone(self) -> None:
        deadline = time.monotonic() + _PATIENCE
        while (left := self._left()) and time.monotonic() < deadline:
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            gc.collect()
            threading.Event().wait(0.02)
        assert not left, f"left behind: {', '.join(left)}"

    def _left(self) -> list[str]:
        left = [f"{name} object" for name, ref in self._watched if ref() is not None]
        left += [
            f"top-level {type(widget).__name__} {widget.accessibleName()!r}"
            for widget in QApplication.topLevelWidgets()
            if id(widget) not in self._widgets_before
        ]
        new_threads = set(threading.enumerate()) - self._threads_before
        return left + [f"thread {one.name}" for one in new_threads if one.name.startswith(_OURS)]


@pytest.fixture
def leak_check(qapp: QApplication) -> Iterator[LeakCheck]:
    """Fails the test if a watched object, a window or a thread of ours outlives it."""
    with no_automatic_collection():
        check = LeakCheck()
        yield check
        # pytest keeps a failed test's error for debuggers; its traceback holds what the test made.
        if not hasattr(sys, "last_value"):
            check.assert_gone()


@pytest.fixture
def make_session(leak_check: LeakCheck) -> Iterator[Callable[..., Session]]:
    """Open a project as the window does. Unexpected notices fail the test.

    Keep no reference to what it made beyond the test.
    """
    made: list[Session] = []

    def make(path: Path, **options: Any) -> Session:
        session = Session(path, Faults(), Settings(), in_process=True, **options)
        leak_check.watch(session)
        made.append(session)
        return session

    yield make
    faults = [notice for session in made for notice in session.faults.notices if notice.is_fault]
    while made:
        session = made.pop()
        session.close()
        session.deleteLater()
        del session
    assert not faults, "\n".join(notice.debug_info for notice in faults)


@pytest.fixture
def make_window(leak_check: LeakCheck) -> Iterator[Callable[..., MainWindow]]:
    """Open the main window, shown, on a project or on the start page; closed after the test.

    Fault notices fail the test; one that wants them takes them from `window.faults.notices`.
    """
    made: list[MainWindow] = []

    def make(
        project: Path | None = None,
        *,
        size: tuple[int, int] = (1024, 700),
        settings: Settings | None = None,
        in_process: bool = True,
    ) -> MainWindow:
        from workbench.gui.main_window import MainWindow

        window = MainWindow(settings or Settings(), in_process=in_process)
        leak_check.watch(window)
        made.append(window)
        window.resize(*size)
        window.show()
        if project is not None:
            window.open_path(project)
        return window

    yield make
    faults = [notice for window in made for notice in window.faults.notices if notice.is_fault]
    while made:
        window = made.pop()
        window.close_without_asking()
        window.deleteLater()
        del window
    assert not faults, "\n".join(notice.debug_info for notice in faults)


def widgets_of(window: QWidget, kind: type[QWidget]) -> list[QWidget]:
    """The visible widgets of a kind, in the order in which they were made."""
    return [one for one in window.findChildren(kind) if one.isVisible()]


def is_settled(session: Session) -> bool:
    """Whether nothing that was asked of the project is still to be answered."""
    return session.reader.is_idle and session.editor.background.is_idle


def settle(session: Session, *, seconds: float = _PATIENCE) -> None:
    """Let the event loop run until the pages have shown what they asked for."""
    deadline = time.monotonic() + seconds
    quiet = 0
    while quiet < _QUIET_TURNS:
        assert time.monotonic() < deadline, "the pages are still waiting for answers"
        loop = QEventLoop()
        QTimer.singleShot(_TURN, loop.quit)
        loop.exec()
        quiet = quiet + 1 if is_settled(session) else 0
