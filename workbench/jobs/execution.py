"""The executor side of a job: its channel, its cancel token, and how it ends.

Shared by the worker process and by lanes that run jobs in their own process.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import platform
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, Self

from workbench.core.cancellation import CancelToken
from workbench.core.errors import PluginError, WorkbenchError
from workbench.jobs import protocol
from workbench.jobs.protocol import Job
from workbench.plugin_api import Cancelled
from workbench.store import worker_identity

Send = Callable[[protocol.Reply], None]

_INTERVAL = 0.05  # seconds between two messages of one stream: a screen shows no more
_REPORTED_PACKAGES = ("unlearning-workbench", "numpy", "torch")
_REPORT = "The details name the line of code; report them to its author."


class Executor(Protocol):
    """Does jobs. Made once per worker as `Class(device)`, which is the place to warm up."""

    def run(self, job: Job, channel: Channel) -> dict[str, Any]:
        """The result of `job` as plain JSON data. Exceptions become the error of the job."""
        ...

    def close(self) -> None:
        """Give back what is held, such as open files. Called once, after the last job."""
        ...


class Channel:
    """What a running job tells whoever started it. Every call is safe from any thread."""

    def __init__(self, job_id: str, send: Send, cancel_token: CancelToken) -> None:
        self.cancel_token = cancel_token
        self._job = job_id
        self._send = send
        self._throttle = _Throttle(send)

    def progress(self, share: float, text: str = "") -> None:
        """Report the share of the job done, in [0, 1], and what is being done."""
        share = max(0.0, min(1.0, float(share)))
        self._throttle.offer("progress", protocol.Progress(job=self._job, share=share, text=text))

    def log(self, line: str) -> None:
        self._send(protocol.Log(job=self._job, text=line))

    def series(self, name: str, x: float, value: float) -> None:
        """Append a point to a live curve; a record that must be complete belongs in the result."""
        self._throttle.offer(
            f"series {name}", protocol.Series(job=self._job, name=name, x=x, value=value)
        )

    def committed(self, what: dict[str, Any]) -> None:
        """Say that a piece of the work is stored and stays, whatever happens next."""
        self._send(protocol.Committed(job=self._job, what=what))

    def __enter__(self) -> Self:
        self._throttle.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._throttle.stop()


def run_job(executor: Executor, job: Job, send: Send, cancel_token: CancelToken) -> None:
    """Run `job` and send everything about it, with exactly one outcome as the last message."""
    try:
        send(protocol.Started(job=job.id))
        with Channel(job.id, send, cancel_token) as channel:
            result = executor.run(job, channel)
        send(protocol.Done(job=job.id, result=result))
    except Cancelled:
        send(protocol.Cancelled(job=job.id))
    except BaseException as error:  # noqa: BLE001 - whatever a plugin raises ends its job only
        send(explain(job, error))


def explain(job: Job, error: BaseException) -> protocol.Error:
    """What a user is told about `error`: a sentence, a remedy and the traceback. Never raises."""
    try:
        return _explanation(job, error)
    except BaseException:  # noqa: BLE001 - an exception of a plugin may fail to describe itself
        return protocol.Error(
            job=job.id,
            message=f"The job {job.kind!r} failed with {type(error).__name__}.",
            remedy=_REPORT,
            traceback="".join(traceback.format_tb(error.__traceback__)),
        )


def load_executor(reference: str, device: str) -> Executor:
    """The executor `module:Class` on `device`. One that cannot be made fails each of its jobs."""
    module, _, name = reference.partition(":")
    try:
        executor: Executor = getattr(importlib.import_module(module), name)(device)
    except BaseException as error:  # noqa: BLE001 - reported as the error of each job
        return _Unavailable(error)
    return executor


def hello(device: str) -> protocol.Hello:
    """Introduce this process."""
    versions = {"python": platform.python_version()}
    for package in _REPORTED_PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = "not installed"
    identity = worker_identity()
    return protocol.Hello(
        pid=identity["pid"],
        process_start=identity["start"] or "",
        host=identity["host"],
        device=device,
        versions=versions,
    )


class _Unavailable:
    def __init__(self, error: BaseException) -> None:
        self._error = error
        self._where = error.__traceback__

    def run(self, job: Job, channel: Channel) -> dict[str, Any]:  # noqa: ARG002
        raise self._error.with_traceback(self._where)

    def close(self) -> None:
        pass


class _Throttle:
    """Passes on one message per stream and interval; the newest one held back follows in time."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._sent_at: dict[str, float] = {}
        self._held: dict[str, protocol.Reply] = {}
        self._lock = threading.Lock()
        self._holding = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._follow_up, name="throttle", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._holding.set()
        self._thread.join()
        self._release(list(self._held))

    def offer(self, stream: str, message: protocol.Reply) -> None:
        with self._lock:
            self._held[stream] = message
            if self._is_due(stream):
                self._release([stream])
            else:
                self._holding.set()

    def _follow_up(self) -> None:
        while self._holding.wait():
            self._holding.clear()  # before the look at `_stopping`, or its wake-up could be lost
            if self._stopping.wait(_INTERVAL):
                return
            with self._lock:
                self._release([stream for stream in self._held if self._is_due(stream)])
                if self._held:
                    self._holding.set()

    def _is_due(self, stream: str) -> bool:
        return time.monotonic() - self._sent_at.get(stream, -_INTERVAL) >= _INTERVAL

    def _release(self, streams: list[str]) -> None:
        for stream in streams:
            self._sent_at[stream] = time.monotonic()
            self._send(self._held.pop(stream))


def _explanation(job: Job, error: BaseException) -> protocol.Error:
    details = "".join(traceback.format_exception(error))
    if isinstance(error, WorkbenchError):
        return protocol.Error(
            job=job.id,
            message=error.message,
            remedy=error.remedy,
            exit_code=error.exit_code,
            traceback=details,
            plugin=error.plugin if isinstance(error, PluginError) else "",
        )
    message, remedy = _plain_sentence(job, error)
    return protocol.Error(job=job.id, message=message, remedy=remedy, traceback=details)


def _plain_sentence(job: Job, error: BaseException) -> tuple[str, str]:
    if isinstance(error, MemoryError):
        return (
            f"The job {job.kind!r} ran out of memory.",
            "Close other programs, or use a smaller model, dataset or batch size.",
        )
    if isinstance(error, SystemExit):
        return (
            f"The job {job.kind!r} tried to end the whole program.",
            "A plugin must raise an error instead of calling exit; tell its author.",
        )
    first_line = next(iter(_words(error).splitlines()), "")
    said = f"{type(error).__name__}: {first_line}" if first_line else type(error).__name__
    return f"The job {job.kind!r} failed with {said.rstrip('.')}.", _REPORT


def _words(error: BaseException) -> str:
    if not isinstance(error, OSError) or not error.strerror:
        return str(error)
    # Without the number and the folders of the machine, which the details have.
    if isinstance(error.filename, str | bytes | os.PathLike):
        return f"{error.strerror}: {Path(os.fsdecode(error.filename)).name!r}"
    return error.strerror
