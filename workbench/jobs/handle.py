"""A submitted job, as seen by the one who waits for it."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.vocabulary import RunStatus
from workbench.jobs import protocol
from workbench.jobs.protocol import Job

Listener = Callable[[protocol.Reply], None]

_log = logging.getLogger(__name__)
_LOG_TAIL = 50  # lines
_WAIT = 1.0  # seconds; Windows does not interrupt an endless wait for Ctrl-C


@dataclass(frozen=True)
class JobResult:
    """How a job ended: DONE with a result, ERROR or CRASHED with an error, or CANCELLED."""

    status: RunStatus
    result: dict[str, Any] | None = None
    error: protocol.Error | None = None
    log_tail: tuple[str, ...] = ()


def failure_of(result: JobResult) -> WorkbenchError:
    """The error of a job that did not end well, ready to be raised."""
    if result.error is None:
        return WorkbenchError(f"The job was {result.status}.", remedy="Run it again.")
    failure = WorkbenchError(result.error.message, remedy=result.error.remedy)
    failure.exit_code = result.error.exit_code
    return failure


class JobHandle:
    """Follow, cancel and await a submitted job, from any thread.

    The lane gives `stop` and `kill`, which act on the job from any thread; a job that cannot be
    killed has no `kill`. `grace` is the time in seconds a job has to stop when asked.
    """

    def __init__(
        self,
        job: Job,
        listener: Listener | None,
        *,
        grace: float,
        stop: Callable[[JobHandle], None],
        kill: Callable[[JobHandle], None] | None,
    ) -> None:
        self.job = job
        self.done = threading.Event()
        self._listener = listener
        self._grace = grace
        self._stop = stop
        self._kill = kill
        self._started = False
        self._cancelled_at: float | None = None
        self._log_tail: deque[str] = deque(maxlen=_LOG_TAIL)
        self._result: JobResult | None = None

    @property
    def status(self) -> RunStatus:
        if self._result:
            return self._result.status
        return RunStatus.RUNNING if self._started else RunStatus.QUEUED

    @property
    def cancelled(self) -> bool:
        """Whether the job was asked to stop, by whoever."""
        return self._cancelled_at is not None

    @property
    def can_force(self) -> bool:
        """Whether the job was asked to stop, did not within the grace period, and can be killed."""
        if self._cancelled_at is None or self._kill is None or self.done.is_set():
            return False
        return time.monotonic() - self._cancelled_at >= self._grace

    def cancel(self) -> None:
        """Ask the job to stop at its next batch. A job that is still queued never starts."""
        if self._cancelled_at is None:
            self._cancelled_at = time.monotonic()
        self._stop(self)

    def force(self) -> None:
        """Cancel by killing the worker. UsageError for a job that cannot be killed."""
        if self._kill is None:
            raise UsageError(
                f"The job {self.job.id!r} runs in this process and cannot be killed.",
                remedy="Wait for it to stop, or run jobs in a worker process.",
            )
        self.cancel()
        self._kill(self)

    def wait(self, timeout: float | None = None) -> JobResult:
        """The result, once there is one. TimeoutError after `timeout` seconds without."""
        deadline = float("inf") if timeout is None else time.monotonic() + timeout
        while self._result is None:
            left = deadline - time.monotonic()
            if not self.done.wait(max(0.0, min(left, _WAIT))) and left <= 0:
                raise TimeoutError(f"The job {self.job.id!r} is still {self.status}.")
        return self._result

    def deliver(self, message: protocol.Reply) -> None:
        """Note a message of the job and pass it on; for the lane, on its thread."""
        match message:
            case protocol.Started():
                self._started = True
            case protocol.Log(text=text):
                self._log_tail.append(text)
        if self._listener is None:
            return
        try:
            self._listener(message)
        except BaseException:  # noqa: BLE001 - the lane must go on whatever a listener does
            _log.exception("A listener of the job %r failed.", self.job.id)

    def finish(self, status: RunStatus, outcome: protocol.Outcome) -> None:
        """Deliver the last message and wake whoever waits; for the lane, on its thread."""
        self.deliver(outcome)
        self._result = JobResult(
            status,
            result=outcome.result if isinstance(outcome, protocol.Done) else None,
            error=outcome if isinstance(outcome, protocol.Error) else None,
            log_tail=tuple(self._log_tail),
        )
        self.done.set()
