"""What the tests of jobs share: patient waits and a listener that remembers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from workbench.jobs import protocol
from workbench.jobs.handle import JobResult
from workbench.jobs.lane import Lane
from workbench.jobs.protocol import Job

PATIENCE = 60.0  # seconds a test waits for what should happen at once


def eventually(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.01)


class Heard(list[protocol.Reply]):
    """A listener that remembers, and lets a test wait until something was said."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: set[str] = set()

    def __call__(self, message: protocol.Reply) -> None:
        self.threads.add(threading.current_thread().name)
        self.append(message)

    def of(self, kind: type) -> list[Any]:
        return [message for message in self if isinstance(message, kind)]

    def wait_for(self, kind: type) -> Any:
        eventually(lambda: bool(self.of(kind)), f"a {kind.__name__} message")
        return self.of(kind)[0]


def do(lane: Lane, kind: str, listener: Heard | None = None, **payload: Any) -> JobResult:
    return lane.submit(Job(f"{kind}-1", kind, payload), listener).wait(PATIENCE)
