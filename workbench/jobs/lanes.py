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
from workbench.jobs.handle import JobHandle, JobResult, Listener
from workbench.jobs.lane import Lane
from workbench.jobs.protocol import Job

OnMessage = Callable[[Job, protocol.Reply], None]
OnResult = Callable[[Job, JobResult], None]

_POLL = 0.1  # seconds between two looks at the cancel event


class LanePool:
    """Lanes that share work. A job goes to the first lane that is free.

    With `kill_when_due` a cancelled job that does not stop within the grace period of its lane is
    killed; without, it goes on until it stops or somebody calls `force`. Every call is safe from
    any thread. Job ids tell jobs apart, so two that are not done should not share one.
    """

    def __init__(self, lanes: Sequence[Lane], *, kill_when_due: bool = True) -> None:
        if not lanes:
            raise ValueError("A pool needs at least one lane.")
        self._lanes = tuple(lanes)
        self._kill_when_due = kill_when_due
        self._lock = threading.Lock()
        self._given: list[tuple[Lane, JobHandle]] = []
        self._works: list[_Work] = []

    def map(
        self,
        jobs: Sequence[Job],
        on_message: OnMessage | None = None,
        on_result: OnResult | None = None,
        cancel: threading.Event | None = None,
    ) -> list[JobResult]:
        """The results of `jobs` in their order; one that fails or crashes does not stop others.

        `on_message` hears every message of every job as it comes, to show what is going on; of a
        job that never starts it hears only that it is cancelled.
        `on_result` hears each result, in the order in which jobs end.
        `cancel`, set from any thread, cancels the rest: no job starts any more.

        Both callbacks run on the calling thread. If one raises, or Ctrl-C is pressed, the rest is
        cancelled in the same way before the exception goes on.
        """
        work = _Work(self, jobs, on_message, on_result, cancel or threading.Event())
        with self._lock:
            self._works.append(work)
        try:
            work.go_on()
        except BaseException:
            work.abandon()
            raise
        finally:
            with self._lock:
                self._works.remove(work)
        return work.results()

    def submit(self, job: Job, listener: Listener | None = None) -> JobHandle:
        """Give a job to the lane with the fewest, beside whatever is mapped."""
        return self.give(min(self._lanes, key=self._load), job, listener)

    def cancel(self, job_id: str) -> None:
        """Ask a job to stop at its next batch; one that waits never starts."""
        with self._lock:
            works = list(self._works)
        for work in works:
            work.withdraw(job_id)
        for handle in self._handles(job_id):
            handle.cancel()

    def can_force(self, job_id: str) -> bool:
        """Whether a job was asked to stop, did not within the grace period, and can be killed."""
        return any(handle.can_force for handle in self._handles(job_id))

    def force(self, job_id: str) -> None:
        """Cancel a job and kill its worker, which costs no other job.

        UsageError for one that runs in this process.
        """
        self.cancel(job_id)
        for handle in self._handles(job_id):
            handle.force()

    def warm_up(self) -> None:
        """Start every worker now, so that the first jobs find them ready."""
        for lane in self._lanes:
            lane.warm_up()

    def close(self) -> None:
        """Close every lane, all at once, as each may take its time."""
        closing = [threading.Thread(target=lane.close, name="closing") for lane in self._lanes]
        for thread in closing:
            thread.start()
        for thread in closing:
            thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def lanes(self) -> tuple[Lane, ...]:
        return self._lanes

    @property
    def kill_when_due(self) -> bool:
        return self._kill_when_due

    def give(self, lane: Lane, job: Job, listener: Listener | None) -> JobHandle:
        """Submit a job to a lane of this pool, where `cancel` and `force` find it."""
        with self._lock:
            handle = lane.submit(job, listener)
            self._given = [one for one in self._given if not one[1].done.is_set()]
            self._given.append((lane, handle))
        return handle

    def _load(self, lane: Lane) -> int:
        with self._lock:
            return sum(on is lane and not handle.done.is_set() for on, handle in self._given)

    def _handles(self, job_id: str) -> list[JobHandle]:
        with self._lock:
            return [
                handle
                for _, handle in self._given
                if handle.job.id == job_id and not handle.done.is_set()
            ]


class _Work:
    """One call of `map`."""

    def __init__(
        self,
        pool: LanePool,
        jobs: Sequence[Job],
        on_message: OnMessage | None,
        on_result: OnResult | None,
        cancel: threading.Event,
    ) -> None:
        self._pool = pool
        self._jobs = jobs
        self._on_message = on_message
        self._on_result = on_result
        self._cancel = cancel
        self._free = deque(pool.lanes)
        self._waiting = deque(range(len(jobs)))
        self._withdrawn: set[str] = set()
        self._running: dict[int, tuple[Lane, JobHandle]] = {}
        self._results: dict[int, JobResult] = {}
        self._news: queue.SimpleQueue[tuple[int, protocol.Reply] | None] = queue.SimpleQueue()

    def results(self) -> list[JobResult]:
        return [self._results[index] for index in range(len(self._jobs))]

    def withdraw(self, job_id: str) -> None:
        """Let a job end, or never start; from any thread."""
        self._withdrawn.add(job_id)
        self._news.put(None)

    def go_on(self) -> None:
        while self._waiting or self._running:
            self._stop_cancelled()
            self._hand_out()
            try:
                news = self._news.get(timeout=_POLL)
            except queue.Empty:
                continue
            if news:
                self._hear(*news)

    def abandon(self) -> None:
        """Leave no job running. Looks at the handles, as the news may have been lost."""
        for _, handle in self._running.values():
            handle.cancel()
        for _, handle in self._running.values():
            while not handle.done.wait(_POLL):
                self._force_if_due(handle)

    def _hand_out(self) -> None:
        for index in [index for index in self._waiting if not self._is_cancelled(index)]:
            if not self._free:
                return
            self._waiting.remove(index)
            lane = self._free.popleft()
            handle = self._pool.give(lane, self._jobs[index], partial(self._post, index))
            self._running[index] = (lane, handle)

    def _stop_cancelled(self) -> None:
        for index in [index for index in self._waiting if self._is_cancelled(index)]:
            self._waiting.remove(index)
            self._tell(index, protocol.Cancelled(job=self._jobs[index].id))
            self._settle(index, JobResult(RunStatus.CANCELLED))
        for index, (_, handle) in self._running.items():
            if self._is_cancelled(index):
                if not handle.cancelled:
                    handle.cancel()
                self._force_if_due(handle)

    def _is_cancelled(self, index: int) -> bool:
        return self._cancel.is_set() or self._jobs[index].id in self._withdrawn

    def _post(self, index: int, message: protocol.Reply) -> None:
        self._news.put((index, message))

    def _hear(self, index: int, message: protocol.Reply) -> None:
        if not isinstance(message, protocol.Outcome):
            self._tell(index, message)
            return
        lane, handle = self._running.pop(index)
        self._free.append(lane)
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

    def _force_if_due(self, handle: JobHandle) -> None:
        if self._pool.kill_when_due and handle.can_force:
            handle.force()
