"""The worker process: `python -m workbench.jobs.worker --device cpu --executor module:Class`.

Commands come in on standard input and replies go out on standard output, both as the lines of
`workbench.jobs.protocol`. Jobs never see these two: their standard input is empty and what they
print, from Python or from C, goes to standard error, which the lane reads as the log.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import faulthandler
import io
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path

from workbench.core.cancellation import CancelToken
from workbench.jobs import protocol
from workbench.jobs.execution import hello, load_executor, run_job
from workbench.jobs.processes import die_with_parent_thread, end_at_once
from workbench.jobs.protocol import Job

_BLOCK = 1 << 16


class Worker:
    """Reads commands on one thread and runs the jobs on the main thread, one after the other."""

    def __init__(self, pipes: _Pipes) -> None:
        self._pipes = pipes
        self._jobs: queue.SimpleQueue[tuple[Job, CancelToken] | None] = queue.SimpleQueue()
        self._current: tuple[str, CancelToken] | None = None

    def serve(self, device: str, executor_reference: str) -> None:
        """Do what the lane says until it says shutdown."""
        threading.Thread(target=self._obey, name="commands", daemon=True).start()
        self._pipes.send(hello(device))
        with contextlib.closing(load_executor(executor_reference, device)) as executor:
            while (accepted := self._jobs.get()) is not None:
                job, token = accepted
                run_job(executor, job, self._pipes.send, token)
                self._pipes.end_log()

    def _obey(self) -> None:
        try:
            for line in self._pipes.commands():
                self._take(protocol.decode_command(line))
        except protocol.ProtocolError:
            traceback.print_exc()
        end_at_once()  # the lane never closes this pipe while the worker lives: it is gone

    def _take(self, command: protocol.Command) -> None:
        match command:
            case protocol.Run(job=job):
                token = CancelToken()
                self._current = (job.id, token)
                self._jobs.put((job, token))
            case protocol.Cancel(job=job_id):
                if self._current and self._current[0] == job_id:
                    self._current[1].cancel()
            case protocol.Shutdown():
                self._jobs.put(None)


class _Pipes:
    """Takes the standard streams for the protocol and leaves harmless ones to the jobs."""

    def __init__(self) -> None:
        # Duplicates are not inherited, so programs a job starts cannot hold the pipes open.
        self._commands, self._replies, self._log = os.dup(0), os.dup(1), os.dup(2)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
        self._sending = threading.Lock()

    def commands(self) -> Iterator[bytes]:
        # A buffered file would be locked by this thread's read when the interpreter shuts down.
        rest = b""
        while block := os.read(self._commands, _BLOCK):
            *lines, rest = (rest + block).split(b"\n")
            yield from lines

    def send(self, message: protocol.Reply) -> None:
        line = memoryview(protocol.encode(message))
        with self._sending:
            while line:
                line = line[os.write(self._replies, line) :]

    def end_log(self) -> None:
        """Push out what the job printed and mark where its log ends."""
        sys.stdout.flush()
        sys.stderr.flush()
        c_library = ctypes.CDLL("ucrtbase" if sys.platform == "win32" else None)
        c_library.fflush(None)
        # The first line end closes what the job left open, so that the mark has its own line.
        os.write(self._log, f"\n{protocol.END_OF_LOG}\n".encode())


def main(arguments: Sequence[str] | None = None) -> None:
    """Be a worker until the lane says shutdown or is gone."""
    parser = argparse.ArgumentParser(prog="worker", description="Run the jobs of one lane.")
    parser.add_argument("--device", required=True)
    parser.add_argument("--executor", required=True, help="module:Class")
    parser.add_argument("--fault-file", required=True, type=Path, help="where a crash is told")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what Ctrl-C means is for the lane to decide
    die_with_parent_thread()
    with options.fault_file.open("w") as faults:
        faulthandler.enable(faults)
        if sys.platform != "win32":
            options.fault_file.unlink()  # the lane has it open; a lane that is killed leaves none
        Worker(_Pipes()).serve(options.device, options.executor)
        faulthandler.disable()


if __name__ == "__main__":
    main()
