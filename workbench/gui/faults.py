"""The one funnel for everything that goes wrong: one sentence, what was kept, what to do."""

from __future__ import annotations

import logging
import platform
import sys
import threading
import traceback
from dataclasses import dataclass
from types import TracebackType

from PySide6.QtCore import QObject, Signal, qVersion

from workbench import __version__
from workbench.core.errors import WorkbenchError

_log = logging.getLogger(__name__)
_KEPT = 200  # notices


@dataclass(frozen=True)
class Notice:
    """One thing to tell the user. `details` is for whoever repairs it, and may be empty."""

    message: str
    kept: str = ""
    remedy: str = ""
    details: str = ""
    is_fault: bool = True

    @property
    def debug_info(self) -> str:
        """Everything a report about this notice needs."""
        lines = [
            self.message,
            self.kept,
            self.remedy,
            f"Unlearning Workbench {__version__}, Python {platform.python_version()}, "
            f"Qt {qVersion()}, {platform.platform()}",
            self.details,
        ]
        return "\n".join(line for line in lines if line)


class Faults(QObject):
    """Collects notices from any thread and announces them on the window's."""

    noticed = Signal(object)
    _arrived = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.notices: list[Notice] = []
        self._arrived.connect(self._take)

    def report(self, fault: BaseException, *, kept: str = "") -> None:
        """Tell the user about an error. From any thread."""
        self._arrived.emit(notice_of(fault, kept))

    def tell(self, notice: Notice) -> None:
        """Tell the user something. From any thread."""
        self._arrived.emit(notice)

    def install(self) -> None:
        """Let nothing that no code caught go unseen."""
        sys.excepthook = self._uncaught
        threading.excepthook = self._uncaught_in_thread

    def uninstall(self) -> None:
        sys.excepthook = sys.__excepthook__
        threading.excepthook = threading.__excepthook__

    def _take(self, notice: Notice) -> None:
        self.notices.append(notice)
        del self.notices[:-_KEPT]
        if notice.is_fault:
            _log.warning("%s", notice.message)
            _log.debug("%s", notice.debug_info)
        self.noticed.emit(notice)

    def _uncaught(
        self, kind: type[BaseException], fault: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, fault, trace)
            return
        self.report(fault)

    def _uncaught_in_thread(self, what: threading.ExceptHookArgs) -> None:
        if what.exc_value is not None:
            self.report(what.exc_value)


def notice_of(fault: BaseException, kept: str = "") -> Notice:
    """What to tell about an error: its own sentence, or a plain one for what nobody foresaw."""
    details = "".join(traceback.format_exception(fault))
    if isinstance(fault, WorkbenchError):
        return Notice(fault.message, kept, fault.remedy, details)
    if isinstance(fault, OSError) and fault.strerror:
        name = f" ({fault.filename})" if fault.filename else ""
        return Notice(f"The system says: {fault.strerror}{name}.", kept, "", details)
    return Notice(
        f"Something unforeseen went wrong ({type(fault).__name__}).",
        kept or "Everything that was written to the project is kept.",
        "Copy the debug info and send it to those who maintain the workbench.",
        details,
    )
