"""Start the application: guards with plain sentences, then the window."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.core.errors import UsageError, WorkbenchError

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from workbench.gui.main_window import MainWindow

_INSTALL = "Install it with: pip install 'unlearning-workbench[gui]'."
_NO_DISPLAY = "There is no display to open a window on."
_HEADLESS = "Log in to a desktop, or use the commands that need none, see 'workbench --help'."


def run_window(open_on: Callable[[MainWindow], None] | None = None) -> int:
    """Show the main window until it is closed; the exit code of the application.

    `open_on` is called with the window once it is shown. WorkbenchError if no window can be shown.
    """
    application = make_application()
    from workbench.gui.faults import Faults
    from workbench.gui.garbage import collection_on_this_thread
    from workbench.gui.main_window import MainWindow
    from workbench.gui.settings import read_settings

    settings, problem = read_settings()
    faults = Faults()
    faults.install()
    with collection_on_this_thread():
        window = MainWindow(settings, faults)
        window.apply_theme()
        if problem:
            from workbench.gui.faults import Notice

            faults.tell(Notice(problem, kept="Your projects are not affected."))
        window.show()
        if open_on is not None:
            open_on(window)
        signal.signal(signal.SIGINT, lambda *_: window.close())
        try:
            return int(application.exec())
        finally:
            faults.uninstall()


def make_application() -> QApplication:
    """The Qt application. WorkbenchError in plain words where there can be none."""
    _check_display()
    try:
        from PySide6.QtCore import QLibraryInfo, QtMsgType, qInstallMessageHandler
        from PySide6.QtWidgets import QApplication
    except ModuleNotFoundError as fault:
        raise UsageError("The window needs PySide6, which is missing.", remedy=_INSTALL) from fault
    except ImportError as fault:
        raise WorkbenchError(
            f"Qt cannot be loaded: {fault}.",
            remedy="On Debian and Ubuntu: apt-get install libegl1 libgl1 libxkbcommon0.",
        ) from fault
    refuse_broken_qt(QLibraryInfo.version().toString(), sys.version_info[:2])

    def told(kind: QtMsgType, _: object, message: str) -> None:
        # Qt aborts after a fatal message; this is the last chance for a plain sentence.
        if kind is QtMsgType.QtFatalMsg:
            first = message.strip().splitlines()[0] if message.strip() else ""
            sys.stderr.write(f"{_NO_DISPLAY} {_HEADLESS} (Qt says: {first})\n")
            sys.stderr.flush()
            os._exit(1)
        sys.stderr.write(f"Qt: {message}\n")

    qInstallMessageHandler(told)
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)  # noqa: S101 - we make no other
    application.setApplicationName("Unlearning Workbench")
    application.setDesktopFileName("unlearning-workbench")
    return application


def refuse_broken_qt(qt: str, python: tuple[int, int]) -> None:
    """UsageError for PySide6 6.12 and Python before 3.12.

    There every Qt call that returns nothing gives away a reference to None, and the interpreter
    dies after some thousand of them.
    """
    version = tuple(int(part) for part in qt.split(".")[:2])
    if version == (6, 12) and python < (3, 12):
        raise UsageError(
            f"PySide6 {qt} is broken on Python {python[0]}.{python[1]} and would crash.",
            remedy="Install 'PySide6-Essentials<6.12', or use Python 3.12 or later.",
        )


def _check_display() -> None:
    """Where Qt would need an X or Wayland server, there must be one named."""
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise WorkbenchError(_NO_DISPLAY, remedy=_HEADLESS)


def open_file(path: Path) -> Callable[[MainWindow], None]:
    """What to do once the window is shown: open a project."""

    def open_on(window: MainWindow) -> None:
        window.open_path(path)

    return open_on
