"""A lane: a background thread with a queue of jobs and one warm worker that does them in turn."""

from __future__ import annotations

import logging
import queue
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Self

from workbench.core.vocabulary import RunStatus
from workbench.jobs import protocol
from workbench.jobs.handle import JobHandle, Listener
from workbench.jobs.protocol import Job
from workbench.jobs.worker_process import (
    Event,
    Exited,
    Garbled,
    LogEnded,
    LogLine,
    WorkerProcess,
    worker_environment,
)

if TYPE_CHECKING:
    from workbench.jobs.in_process import InProcessWorker

DEFAULT_EXECUTOR = "workbench.jobs.executor:Executor"

_log = logging.getLogger(__name__)
_BURIAL = 10.0  # seconds for a killed worker to be gone


class Lane:
    """Does jobs on one device, one at a time, in the order they were submitted.

    The worker process starts with the first job, or earlier by `warm_up`, and stays warm. A job
    that kills it costs no other job: the next one gets a fresh worker. With `in_process` jobs
    run on the lane's own thread instead, for debugging; then `threads` and `environment`, which
    shape a worker, do not apply, and a job can be cancelled but not killed.

    With `gives_way` the worker computes at a lower priority, so that a window stays smooth.

    `executor` is "module:Class" of a `workbench.jobs.execution.Executor`. `grace` is the time in
    seconds a cancelled job has before killing it is offered. Listeners are called on the lane's
    thread with every message of their job: first hello and started, last exactly one of done,
    cancelled and error. A job that is cancelled or fails before it starts has only the last.
    """

    def __init__(
        self,
        device: str,
        executor: str = DEFAULT_EXECUTOR,
        *,
        threads: int = 1,
        in_process: bool = False,
        environment: Mapping[str, str] | None = None,
        grace: float = 5.0,
        gives_way: bool = False,
    ) -> None:
        self.device = device
        self._gives_way = gives_way
        self.in_process = in_process
        self.grace = grace
        self._executor = executor
        self._environment = worker_environment(threads, environment or {})
        self._closed = False
        self._door = threading.Lock()
        # Whatever changes the state below is an action done on the lane's thread: no locks.
        self._actions: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._queued: deque[JobHandle] = deque()
        self._running: JobHandle | None = None
        self._outcome: protocol.Outcome | None = None
        self._log_ended = False
        self._worker: WorkerProcess | None = None
        self._worker_served = False
        self._hello: protocol.Hello | None = None
        self._here: InProcessWorker | None = None
        self._winding_up = False
        self._kill_at: float | None = None
        self._thread = threading.Thread(target=self._serve, name=f"lane {device}", daemon=True)
        self._thread.start()

    def submit(self, job: Job, listener: Listener | None = None) -> JobHandle:
        """Queue `job` as it is now. TypeError or ValueError if its payload is not JSON data."""
        kill = None if self.in_process else self._kill
        handle = JobHandle(
            protocol.as_received(job), listener, grace=self.grace, stop=self._stop, kill=kill
        )
        self._ask(partial(self._enqueue, handle))
        return handle

    def warm_up(self) -> None:
        """Start the worker now, so that the first job finds it ready."""
        self._ask(self._warm_up)

    def close(self, timeout: float = 5.0) -> None:
        """Cancel what is queued and running and end the worker, after `timeout` seconds by force.

        A job in this process cannot be forced; its thread goes on until the job stops.
        """
        with self._door:
            if not self._closed:
                self._closed = True
                self._actions.put(partial(self._wind_up, timeout))
        if running := self._running:
            running.cancel()  # a job in this process keeps the lane's thread from winding up
        self._thread.join(timeout + _BURIAL)
        if self._thread.is_alive():
            _log.warning("The lane on %s was closed but its job has not stopped.", self.device)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, action: Callable[[], None]) -> None:
        with self._door:
            if self._closed:
                raise RuntimeError(f"The lane on {self.device} is closed.")
            self._actions.put(action)

    def _stop(self, handle: JobHandle) -> None:
        if here := self._here:
            here.cancel(handle)  # at once, since its job keeps the lane's thread
        self._actions.put(partial(self._cancel, handle))

    def _kill(self, handle: JobHandle) -> None:
        self._actions.put(partial(self._force, handle))

    # From here on everything runs on the lane's thread.

    def _serve(self) -> None:
        while not self._winding_up or self._running or self._worker:
            action = self._next_action()
            try:
                action()
            except BaseException as error:  # noqa: BLE001 - no fault may end this thread
                _log.exception("The lane on %s failed and starts afresh.", self.device)
                self._start_afresh(error)
        if self._here:
            self._here.close()

    def _next_action(self) -> Callable[[], None]:
        wait = None if self._kill_at is None else max(0.0, self._kill_at - time.monotonic())
        try:
            return self._actions.get(timeout=wait)
        except queue.Empty:
            return self._lose_patience

    def _start_afresh(self, error: BaseException) -> None:
        """Leave nobody waiting after a fault of the lane itself, and trust no worker it had."""
        waiting = [handle for handle in (self._running, *self._queued) if handle]
        worker, here = self._worker, self._here
        self._running = self._outcome = self._worker = self._here = None
        self._hello = self._kill_at = None
        self._log_ended = False
        self._queued.clear()
        for handle in waiting:
            handle.finish(RunStatus.ERROR, _lane_failure(handle.job, error))
        if worker:
            worker.kill()
        if here:
            here.close()

    def _enqueue(self, handle: JobHandle) -> None:
        self._queued.append(handle)
        self._start_next()

    def _start_next(self) -> None:
        if self._running or not self._queued:
            return
        handle = self._running = self._queued.popleft()
        if handle.cancelled or self._closed:
            self._conclude(protocol.Cancelled(job=handle.job.id))
            return
        try:
            self._ready_worker()
        except OSError as error:
            self._conclude(_no_worker(handle.job, error))
        else:
            self._start(handle)

    def _start(self, handle: JobHandle) -> None:
        if self._hello:
            handle.deliver(self._hello)
        if self._worker:
            self._worker.send(protocol.encode(protocol.Run(job=handle.job)))
        elif self._here:
            self._conclude(self._here.run(handle))

    def _warm_up(self) -> None:
        try:
            self._ready_worker()
        except OSError as error:
            _log.warning("The worker on %s cannot be started: %s.", self.device, error)

    def _ready_worker(self) -> None:
        if self.in_process and self._here is None:
            from workbench.jobs.in_process import InProcessWorker  # brings NumPy along

            self._here = InProcessWorker(self.device, self._executor)
            self._hello = self._here.hello
        elif not self.in_process and self._worker is None:
            self._worker_served = False
            self._worker = WorkerProcess(
                self.device,
                self._executor,
                self._environment,
                lambda worker, event: self._actions.put(partial(self._hear, worker, event)),
                gives_way=self._gives_way,
            )

    def _hear(self, worker: WorkerProcess, event: Event) -> None:
        if worker is not self._worker:
            return  # the last words of one already buried
        match event:
            case Exited():
                self._bury(worker, event)
                return
            case Garbled(error=error):
                self._distrust(worker, error)
            case LogEnded():
                self._log_ended = True
            case LogLine(text=text) if self._running:
                self._running.deliver(protocol.Log(job=self._running.job.id, text=text))
            case LogLine(text=text):
                _log.info("The idle worker on %s printed: %s", self.device, text)
            case _:
                self._hear_reply(event)
        if self._outcome and self._log_ended and not worker.killed:
            self._conclude(self._outcome)

    def _hear_reply(self, reply: protocol.Reply) -> None:
        handle = self._running
        if isinstance(reply, protocol.Hello):
            self._hello = reply
            if handle:
                handle.deliver(reply)
        elif handle is None or reply.job != handle.job.id:
            _log.info("The worker on %s said something about an old job: %s", self.device, reply)
        elif isinstance(reply, protocol.Outcome):
            self._outcome = reply  # its listener hears it last, when the log is complete
        else:
            self._worker_served = True
            handle.deliver(reply)

    def _distrust(self, worker: WorkerProcess, error: protocol.ProtocolError) -> None:
        if self._running and self._outcome is None:
            self._outcome = protocol.Error(
                job=self._running.job.id, message=error.message, remedy=error.remedy
            )
        worker.kill()  # the garbage may have swallowed a message

    def _bury(self, worker: WorkerProcess, exited: Exited) -> None:
        self._worker = self._hello = self._kill_at = None
        handle = self._running
        if handle is None:
            _log.info("The idle worker on %s ended: %s.", self.device, exited.how)
        elif self._outcome:
            self._conclude(self._outcome)
        elif handle.cancelled and worker.killed:
            text = "The worker was killed, since the job did not stop when asked."
            handle.deliver(protocol.Log(job=handle.job.id, text=text))
            self._conclude(protocol.Cancelled(job=handle.job.id))
        elif self._worker_served and handle.status is RunStatus.QUEUED:
            self._running = None  # it died of an earlier job, before it took this one up
            self._queued.appendleft(handle)
            self._start_next()
        else:
            self._conclude(_crash(handle.job, exited), crashed=True)

    def _conclude(self, outcome: protocol.Outcome, *, crashed: bool = False) -> None:
        handle, self._running = self._running, None
        self._outcome, self._log_ended = None, False
        if handle:
            handle.finish(RunStatus.CRASHED if crashed else _STATUS[type(outcome)], outcome)
        self._actions.put(self._start_next)

    def _cancel(self, handle: JobHandle) -> None:
        if handle in self._queued:
            self._queued.remove(handle)
            handle.finish(RunStatus.CANCELLED, protocol.Cancelled(job=handle.job.id))
        elif handle is self._running and self._worker:
            self._worker.send(protocol.encode(protocol.Cancel(job=handle.job.id)))

    def _force(self, handle: JobHandle) -> None:
        if handle is self._running and self._worker:
            self._worker.kill()

    def _wind_up(self, timeout: float) -> None:
        self._winding_up = True
        for handle in list(self._queued):
            handle.cancel()
            self._cancel(handle)
        if self._running:
            self._running.cancel()
        if self._worker:
            self._worker.send(protocol.encode(protocol.Shutdown()))
            self._kill_at = time.monotonic() + timeout

    def _lose_patience(self) -> None:
        self._kill_at = None
        if self._worker:
            self._worker.kill()


_STATUS: dict[type[protocol.Outcome], RunStatus] = {
    protocol.Done: RunStatus.DONE,
    protocol.Cancelled: RunStatus.CANCELLED,
    protocol.Error: RunStatus.ERROR,
}


def _no_worker(job: Job, error: OSError) -> protocol.Error:
    return protocol.Error(
        job=job.id,
        message=f"The worker process could not be started: {error.strerror or error}.",
        remedy="Close other programs or restart the computer if memory or processes ran out.",
    )


def _lane_failure(job: Job, error: BaseException) -> protocol.Error:
    return protocol.Error(
        job=job.id,
        message=f"The job {job.id!r} ended because its lane failed with {type(error).__name__}.",
        remedy="Run it again, and report the details if it happens again.",
        traceback="".join(traceback.format_exception(error)),
    )


def _crash(job: Job, exited: Exited) -> protocol.Error:
    return protocol.Error(
        job=job.id,
        message=f"The worker died while doing the job {job.id!r}: {exited.how}.",
        remedy=(
            "The details and the end of the log say where. If it was killed from outside, memory "
            "probably ran out: use smaller batches or close other programs."
        ),
        traceback=exited.faults,
    )
