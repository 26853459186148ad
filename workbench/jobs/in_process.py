"""The worker of a lane that runs jobs on its own thread, to debug a plugin or to test."""

from __future__ import annotations

import contextlib
import logging
import queue
import sys
import threading

from workbench.core.cancellation import CancelToken
from workbench.jobs import protocol
from workbench.jobs.execution import hello, load_executor, run_job
from workbench.jobs.handle import JobHandle

_log = logging.getLogger(__name__)


class InProcessWorker:
    """Runs jobs on the calling thread, which also hears everything they send."""

    def __init__(self, device: str, executor: str) -> None:
        self.hello = hello(device)
        self._executor = load_executor(executor, device)
        self._current: tuple[JobHandle, CancelToken] | None = None

    def run(self, handle: JobHandle) -> protocol.Outcome:
        """Run the job of `handle` to its end. Standard output stays free for the program itself."""
        token = CancelToken()
        self._current = (handle, token)
        if handle.cancelled:
            token.cancel()
        relay = _Relay(handle)
        with contextlib.redirect_stdout(sys.stderr):
            run_job(self._executor, handle.job, relay.send, token)
        self._current = None
        return relay.outcome

    def cancel(self, handle: JobHandle) -> None:
        """Ask the job of `handle` to stop if it is the one running; from any thread."""
        current = self._current
        if current and current[0] is handle:
            current[1].cancel()

    def close(self) -> None:
        """Let the executor give back what it holds; it may fail without harm to the lane."""
        try:
            with contextlib.redirect_stdout(sys.stderr):
                self._executor.close()
        except BaseException:  # noqa: BLE001 - no job can be told any more
            _log.exception("An executor could not be closed.")


class _Relay:
    """Delivers on its own thread only; what other threads send waits for the next message."""

    outcome: protocol.Outcome

    def __init__(self, handle: JobHandle) -> None:
        self._handle = handle
        self._thread = threading.current_thread()
        self._waiting: queue.SimpleQueue[protocol.Reply] = queue.SimpleQueue()

    def send(self, message: protocol.Reply) -> None:
        # Over the wire and back, so that a job which works here works in a worker process too.
        self._waiting.put(protocol.decode_reply(protocol.encode(message)))
        if threading.current_thread() is self._thread:
            while not self._waiting.empty():
                self._deliver(self._waiting.get())

    def _deliver(self, message: protocol.Reply) -> None:
        if isinstance(message, protocol.Outcome):
            self.outcome = message
        else:
            self._handle.deliver(message)
