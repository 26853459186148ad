"""Many independent jobs over several lanes, for a caller that waits for all of them."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Self

from workbench.core.vocabulary import RunStatus
from workbench.jobs import protocol
from workbench.jobs.handle import JobHandle, JobResult
from workbench.jobs.lane import Lane
from workbench.jobs.protocol import Job

OnMessage = Callable[[Job, protocol.Reply], None]
OnResult = Callable[[Job, JobResult], None]

_POLL = 0.1  # seconds between two looks at the cancel event


class LanePool:
    """Lanes that share work. A job goes to the first lane that is free."""

    def __init__(self, lanes: Sequence[Lane]) -> None:
        if not lanes:
            raise ValueError("A pool needs at least one lane.")
        self._lanes = tuple(lanes)

    def map(
        self,
        jobs: Sequence[Job],
        on_message: OnMessage | None = None,
        on_result: OnResult | None = None,
        cancel: threading.Event | None = None,
    ) -> list[JobResult]:
        """The results of `jobs` in their order; one that fails or crashes does not stop others.

        `on_message` hears every message of every job as it comes, to show what is going on.
        `on_result` hears each result, in the order in which jobs end.
        `cancel`, set from any thread, stops the rest: no job starts any more, and a running one
        that does not stop within the grace period of its lane is killed.

        Both callbacks run on the calling thread. If one raises, or Ctrl-C is pressed, the rest is
        cancelled in the same way before the exception goes on.
        """
        work = _Work(self._lanes, jobs, on_message, on_result, cancel or threading.Event())
        try:
            work.go_on()
        except BaseException:
            work.abandon()
            raise
        return work.results()

    def close(self) -> None:
        """Close every lane."""
        for lane in self._lanes:
            lane.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Work:
    """One call of `map`."""

    def __init__(
        self,
        lanes: Sequence[Lane],
        jobs: Sequence[Job],
        on_message: OnMessage | None,
        on_result: OnResult | None,
        cancel: threading.Event,
    ) -> None:
        self._jobs = jobs
        self._on_message = on_message
        self._on_result = on_result
        self._cancel = cancel
        self._free = deque(lanes)
        self._waiting = deque(range(len(jobs)))
        self._running: dict[int, tuple[Lane, JobHandle]] = {}
        self._results: dict[int, JobResult] = {}
        self._news: queue.SimpleQueue[tuple[int, protocol.Reply]] = queue.SimpleQueue()

    def results(self) -> list[JobResult]:
        return [self._results[index] for index in range(len(self._jobs))]

    def go_on(self) -> None:
        while self._waiting or self._running:
            if self._cancel.is_set():
                self._stop()
            else:
                self._hand_out()
            try:
                index, message = self._news.get(timeout=_POLL)
            except queue.Empty:
                continue
            self._hear(index, message)

    def abandon(self) -> None:
        """Leave no job running. Looks at the handles, as the news may have been lost."""
        for _, handle in self._running.values():
            handle.cancel()
        for _, handle in self._running.values():
            while not handle.done.wait(_POLL):
                _force_if_due(handle)

    def _hand_out(self) -> None:
        while self._free and self._waiting:
            index, lane = self._waiting.popleft(), self._free.popleft()
            handle = lane.submit(self._jobs[index], partial(self._post, index))
            self._running[index] = (lane, handle)

    def _stop(self) -> None:
        while self._waiting:
            self._settle(self._waiting.popleft(), JobResult(RunStatus.CANCELLED))
        for _, handle in self._running.values():
            if not handle.cancelled:
                handle.cancel()
            _force_if_due(handle)

    def _post(self, index: int, message: protocol.Reply) -> None:
        self._news.put((index, message))

    def _hear(self, index: int, message: protocol.Reply) -> None:
        if not isinstance(message, protocol.Outcome):
            self._tell(index, message)
            return
        lane, handle = self._running.pop(index)
        self._free.append(lane)
        if not self._cancel.is_set():
            self._hand_out()  # before the callbacks, so that no lane waits for them
        self._tell(index, message)
        self._settle(index, handle.wait())

    def _tell(self, index: int, message: protocol.Reply) -> None:
        if self._on_message:
            self._on_message(self._jobs[index], message)

    def _settle(self, index: int, result: JobResult) -> None:
        self._results[index] = result
        if self._on_result:
            self._on_result(self._jobs[index], result)


def _force_if_due(handle: JobHandle) -> None:
    if handle.can_force:
        handle.force()
