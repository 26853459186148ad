"""Work on the compute lanes, as the window follows it."""

from __future__ import annotations

import queue
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from workbench.core.errors import WorkbenchError
from workbench.core.vocabulary import RunStatus
from workbench.jobs import protocol

_DRAIN = 60  # milliseconds between two looks at what the lanes said
_LOG_LINES = 2000

Message = tuple[str, object]


@dataclass
class Progress:
    """How far a job is, and its live curves: name -> ([seconds], [value])."""

    state: RunStatus = RunStatus.QUEUED
    share: float = 0.0
    text: str = ""
    started: float | None = None
    curves: dict[str, tuple[list[float], list[float]]] = field(default_factory=dict)
    log: deque[str] = field(default_factory=lambda: deque(maxlen=_LOG_LINES))

    def hear(self, message: protocol.Reply) -> None:
        match message:
            case protocol.Started():
                self.state, self.started = RunStatus.RUNNING, time.monotonic()
                self.share, self.text, self.curves = 0.0, "", {}
            case protocol.Progress(share=share, text=text):
                self.share, self.text = share, text
            case protocol.Series(name=name, x=x, value=value):
                xs, values = self.curves.setdefault(name, ([], []))
                xs.append(x)
                values.append(value)
            case protocol.Log(text=text):
                self.log.append(text)
            case protocol.Done():
                self.state, self.share = RunStatus.DONE, 1.0
            case protocol.Cancelled():
                self.state = RunStatus.CANCELLED
            case protocol.Error(message=text):
                self.state, self.text = RunStatus.ERROR, text

    @property
    def seconds(self) -> float:
        """Since it started."""
        return time.monotonic() - self.started if self.started is not None else 0.0

    @property
    def seconds_left(self) -> float | None:
        """From the share done so far; None while that says too little."""
        if self.state is not RunStatus.RUNNING or self.share < 0.02:
            return None
        return self.seconds * (1 - self.share) / self.share


class Task(QObject):
    """One piece of work. Lanes post from their threads; the window hears a few times a second.

    `changed`: progress, text or state; `logged`: a line; `finished`: once, with `result` (JSON
    data) or `fault` set, or neither if it was cancelled.
    """

    changed = Signal()
    logged = Signal(str)
    finished = Signal()

    def __init__(self, title: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.title = title
        self.progress = Progress()
        self.result: Any = None
        self.fault: BaseException | None = None
        self.is_stopping = False
        self.is_idle_talk = False
        """Whether nobody would miss it if the window were closed now."""
        self.kept = ""
        """What a notice of its fault says was kept; "" where whoever follows it tells the fault."""
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._drain)
        self._timer.start(_DRAIN)

    @property
    def is_over(self) -> bool:
        return self.progress.state not in (RunStatus.QUEUED, RunStatus.RUNNING)

    @property
    def can_force(self) -> bool:
        """Whether it was asked to stop, did not in time, and can be killed."""
        return False

    def cancel(self) -> None:
        """Ask it to stop at its next batch."""
        self.is_stopping = True
        self.changed.emit()

    def force(self) -> None:
        """Stop it by killing its worker."""

    def post(self, action: Callable[[], None]) -> None:
        """Have `action` called on the window's thread. From any thread."""
        self._inbox.put(action)

    def end(
        self, state: RunStatus, *, result: Any = None, fault: BaseException | None = None
    ) -> None:
        """On the window's thread: it is over."""
        self.progress.state, self.result, self.fault = state, result, fault
        self._timer.stop()
        self.changed.emit()
        self.finished.emit()

    def say(self, line: str) -> None:
        """On the window's thread: a line of its log."""
        self.progress.log.append(line)
        self.logged.emit(line)

    def _drain(self) -> None:
        heard = False
        while not self.is_over:
            try:
                action = self._inbox.get_nowait()
            except queue.Empty:
                break
            action()
            heard = True
        if not self.is_over and (heard or self.is_stopping):
            self.changed.emit()


class JobTask(Task):
    """One job of a lane."""

    def __init__(self, title: str, parent: QObject | None = None) -> None:
        super().__init__(title, parent)
        self._cancel: Callable[[], None] | None = None
        self._force: Callable[[], None] | None = None
        self._may_force: Callable[[], bool] | None = None

    def follow(
        self, cancel: Callable[[], None], force: Callable[[], None], may_force: Callable[[], bool]
    ) -> None:
        """How to act on the job, once it was submitted."""
        self._cancel, self._force, self._may_force = cancel, force, may_force
        if self.is_stopping:
            cancel()

    @property
    def can_force(self) -> bool:
        return self._may_force is not None and self._may_force()

    def cancel(self) -> None:
        super().cancel()
        if self._cancel is not None:
            self._cancel()

    def force(self) -> None:
        if self._force is not None:
            self._force()

    def hear(self, message: protocol.Reply) -> None:
        """A message of the job. On the lane's thread."""
        self.post(lambda: self._hear(message))

    def _hear(self, message: protocol.Reply) -> None:
        match message:
            case protocol.Log(text=text):
                self.say(text)
            case protocol.Done(result=result):
                self.progress.hear(message)
                self.end(RunStatus.DONE, result=result)
            case protocol.Cancelled():
                self.end(RunStatus.CANCELLED)
            case protocol.Error():
                self.end(RunStatus.ERROR, fault=fault_of(message))
            case _:
                self.progress.hear(message)


def fault_of(message: protocol.Error) -> WorkbenchError:
    """The error of a job, as an exception that can be shown."""
    fault = WorkbenchError(message.message, remedy=message.remedy)
    if message.traceback:
        fault.add_note(message.traceback)
    return fault
