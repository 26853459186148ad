"""What drawing text needs besides a page: a Qt application and at least one font."""

from __future__ import annotations

import sys
from functools import cache

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QFontDatabase, QGuiApplication

from workbench.core.errors import WorkbenchError

_ALIASES = {"Monospace", "Sans Serif", "Serif"}  # listed by fontconfig even if nothing is installed


def require_fonts() -> None:
    """Make text drawable in this process; WorkbenchError if there is no font to draw it with."""
    if QCoreApplication.instance() is None:
        _without_display()
    if set(QFontDatabase.families()) <= _ALIASES:
        raise WorkbenchError(
            "The PDF cannot be written, because no font is installed on this machine.",
            remedy="Install one, DejaVu Sans for example, or write the report as HTML.",
        )


@cache  # kept, because Qt takes its fonts down with the application
def _without_display() -> QGuiApplication:
    # A display that is named but cannot be reached would end the process. Only on Linux do the
    # fonts of the system exist without one.
    platform = ["-platform", "offscreen"] if sys.platform == "linux" else []
    return QGuiApplication(["workbench", *platform])
