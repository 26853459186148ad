"""The lane's end of a worker process: start it, talk to it, listen to it, bury it."""

from __future__ import annotations

import contextlib
import io
import os
import site
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import workbench
from workbench.jobs import protocol
from workbench.jobs.processes import exit_in_words, kill_group

_NICENESS = 10  # of a worker that gives way to a window on the same cores
_THREAD_COUNTS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
_LONGEST_LOG_LINE = 1 << 14
_LAST_WORDS = 2.0  # seconds to hear the rest from the pipes of a dead worker


@dataclass(frozen=True)
class LogLine:
    """A line that the worker printed."""

    text: str


@dataclass(frozen=True)
class LogEnded:
    """All that the last job printed has been heard."""


@dataclass(frozen=True)
class Garbled:
    """The worker wrote a line that is not a message."""

    error: protocol.ProtocolError


@dataclass(frozen=True)
class Exited:
    """The worker is dead. `how` says so in words, `faults` is the report of the fault handler."""

    how: str
    faults: str


Event = protocol.Reply | LogLine | LogEnded | Garbled | Exited


def worker_command(device: str, executor: str, fault_file: Path) -> list[str]:
    """The command that starts a worker; a frozen application starts itself as its worker."""
    frozen = getattr(sys, "frozen", False)
    # -P: a file named torch.py in the current folder must not be taken for the library.
    program = ["worker"] if frozen else ["-P", "-m", "workbench.jobs.worker"]
    options = ["--device", device, "--executor", executor, "--fault-file", str(fault_file)]
    return [sys.executable, *program, *options]


def worker_environment(threads: int, extra: Mapping[str, str]) -> dict[str, str]:
    """Our environment, `threads` for each numerical library; `extra` has the last word."""
    environment = dict(os.environ) | dict.fromkeys(_THREAD_COUNTS, str(threads)) | dict(extra)
    root = Path(workbench.__file__).parents[1].resolve()
    if root in _site_folders():
        # The worker finds it there too. PYTHONPATH comes before the standard library, whose
        # modules must not give way to a library of the same name.
        return environment
    paths = [str(root), environment.get("PYTHONPATH", "")]
    return environment | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}


def _site_folders() -> set[Path]:
    """Where libraries are installed for this interpreter."""
    return {Path(name).resolve() for name in (*site.getsitepackages(), site.getusersitepackages())}


class WorkerProcess:
    """A running worker. `on_event` is called on the threads that listen to it.

    With `gives_way` it computes at a lower priority than the program that started it.

    It must be made on a thread that outlives it: on Linux a worker dies with the thread that
    started it. OSError if the process cannot be started.
    """

    def __init__(
        self,
        device: str,
        executor: str,
        environment: Mapping[str, str],
        on_event: Callable[[WorkerProcess, Event], None],
        *,
        gives_way: bool = False,
    ) -> None:
        self.killed = False
        self._on_event = on_event
        handle, name = tempfile.mkstemp(prefix="workbench-worker-", suffix=".fault")
        self._faults = os.fdopen(handle, errors="replace")
        self._fault_file = Path(name)
        try:
            command = worker_command(device, executor, self._fault_file)
            self._process = _start(command, environment, gives_way=gives_way)
        except OSError:
            self._take_faults()
            raise
        self._listeners = [
            threading.Thread(target=listen, name="worker pipe", daemon=True)
            for listen in (self._hear_replies, self._hear_log)
        ]
        for thread in [*self._listeners, threading.Thread(target=self._wait, daemon=True)]:
            thread.start()

    def send(self, line: bytes) -> None:
        """Send an encoded command. A worker that cannot hear it any more says so by Exited."""
        commands = _pipe(self._process.stdin)
        # Windows has no BrokenPipeError for it; ValueError means that it was closed by _wait.
        with contextlib.suppress(OSError, ValueError):
            commands.write(line)
            commands.flush()

    def kill(self) -> None:
        """Kill the worker and the programs its job started."""
        self.killed = True
        if self._process.poll() is None:
            kill_group(self._process.pid)
            with contextlib.suppress(OSError):  # Windows denies it for one that is just ending
                self._process.kill()

    def _hear_replies(self) -> None:
        with _pipe(self._process.stdout) as replies:
            for line in replies:
                try:
                    event: Event = protocol.decode_reply(line)
                except protocol.ProtocolError as error:
                    event = Garbled(error)
                self._on_event(self, event)

    def _hear_log(self) -> None:
        # Universal newlines, since progress bars print carriage returns.
        with io.TextIOWrapper(_pipe(self._process.stderr), "utf-8", "replace") as log:
            while line := log.readline(_LONGEST_LOG_LINE):
                text = line.rstrip()
                if text == protocol.END_OF_LOG:
                    self._on_event(self, LogEnded())
                elif text:
                    self._on_event(self, LogLine(text))

    def _wait(self) -> None:
        code = self._process.wait()
        kill_group(self._process.pid)  # what a job started must not outlive its worker
        for thread in self._listeners:
            thread.join(_LAST_WORDS)
        with contextlib.suppress(OSError):
            _pipe(self._process.stdin).close()
        self._on_event(self, Exited(exit_in_words(code), self._take_faults()))

    def _take_faults(self) -> str:
        with self._faults:
            report = self._faults.read().strip()
        with contextlib.suppress(OSError):  # a scanner may hold it on Windows; Exited must come
            self._fault_file.unlink(missing_ok=True)
        return report


def _start(
    command: list[str], environment: Mapping[str, str], *, gives_way: bool
) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
        if gives_way:
            flags |= subprocess.BELOW_NORMAL_PRIORITY_CLASS
        return subprocess.Popen(
            command,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            env=environment,
            creationflags=flags,
        )
    # A group of its own: Ctrl-C in a terminal reaches the lane only, a kill reaches all of it.
    process = subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment, process_group=0
    )
    if gives_way:
        with contextlib.suppress(ProcessLookupError):  # it ended at once, which _wait will tell
            os.setpriority(os.PRIO_PROCESS, process.pid, _NICENESS)
    return process


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise RuntimeError("a worker has all three pipes")
    return pipe
