from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest
from listening import PATIENCE, Heard, eventually

from workbench.core.vocabulary import RunStatus
from workbench.jobs import protocol
from workbench.jobs.handle import JobResult
from workbench.jobs.lane import Lane
from workbench.jobs.processes import exit_in_words
from workbench.jobs.protocol import Job
from workbench.store import process_start


def crashed(lane: Lane, kind: str, heard: Heard) -> tuple[JobResult, protocol.Error]:
    result = lane.submit(Job("1", kind), heard).wait(PATIENCE)
    assert result.status is RunStatus.CRASHED
    assert result.error is not None
    assert heard[-1] == result.error
    assert lane.submit(Job("2", "nothing")).wait(PATIENCE).status is RunStatus.DONE
    return result, result.error


def test_a_segmentation_fault_is_reported_in_words(lane: Lane, heard: Heard) -> None:
    result, error = crashed(lane, "crash", heard)
    words = exit_in_words(-signal.SIGSEGV)
    assert error.message == f"The worker died while doing the job '1': {words}."
    assert "Segmentation fault" in error.traceback
    assert "toy_executor.py" in error.traceback
    assert result.log_tail == ("about to crash",)


def test_leaving_at_once_is_a_crash_with_the_last_words(lane: Lane, heard: Heard) -> None:
    result, error = crashed(lane, "leave_at_once", heard)
    assert "exit status 3" in error.message
    assert result.log_tail == ("last words",)


def test_being_killed_from_outside_points_at_memory(lane: Lane, heard: Heard) -> None:
    _, error = crashed(lane, "be_killed", heard)
    assert "SIGKILL" in error.message
    assert "memory" in error.remedy


class DeafPipe:
    """The end of a pipe that nobody reads, as Windows has it."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe

    def write(self, _: bytes) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    def close(self) -> None:
        self._pipe.close()
        raise OSError(errno.EINVAL, "Invalid argument")


def test_a_worker_that_dies_before_it_is_written_to_costs_no_job_on_windows(
    lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = lane.submit(Job("1", "nothing")).wait(PATIENCE).result
    assert first is not None
    assert lane._worker is not None
    process = lane._worker._process
    assert process.stdin is not None
    monkeypatch.setattr(process, "stdin", DeafPipe(process.stdin))
    second = lane.submit(Job("2", "nothing"))
    os.kill(first["pid"], signal.SIGKILL)
    assert second.wait(PATIENCE).status is RunStatus.DONE


def test_garbage_on_the_private_pipe_is_named(lane: Lane, heard: Heard) -> None:
    result = lane.submit(Job("1", "babble"), heard).wait(PATIENCE)
    assert result.status is RunStatus.ERROR
    assert result.error is not None
    assert "this is no message" in result.error.message
    assert lane.submit(Job("2", "nothing")).wait(PATIENCE).status is RunStatus.DONE


def test_a_queued_job_survives_the_crash_of_the_one_before(lane: Lane) -> None:
    handles = [lane.submit(Job(kind, kind)) for kind in ("nothing", "crash", "nothing", "crash")]
    assert [handle.wait(PATIENCE).status for handle in handles] == [
        RunStatus.DONE,
        RunStatus.CRASHED,
        RunStatus.DONE,
        RunStatus.CRASHED,
    ]


def test_what_a_job_started_dies_with_its_worker(lane: Lane, heard: Heard) -> None:
    lane.submit(Job("1", "start_child_and_crash"), heard).wait(PATIENCE)
    child = heard.wait_for(protocol.Committed).what["child"]
    eventually(lambda: process_start(child) is None, "the child ends")


def test_what_a_job_started_dies_when_it_is_forced(lane: Lane, heard: Heard) -> None:
    handle = lane.submit(Job("1", "start_child_and_wait"), heard)
    child = heard.wait_for(protocol.Committed).what["child"]
    assert process_start(child) is not None
    handle.force()
    assert handle.wait(PATIENCE).status is RunStatus.CANCELLED
    eventually(lambda: process_start(child) is None, "the child ends")


@pytest.mark.skipif(sys.platform == "win32", reason="names of POSIX signals")
@pytest.mark.parametrize("name", ["SIGSEGV", "SIGKILL"])
def test_a_deadly_signal_in_words(name: str) -> None:
    number = signal.Signals[name]
    assert exit_in_words(-number) == f"{signal.strsignal(number)} ({name})"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (-200, "signal 200"),
        (3, "it left with exit status 3"),
        (0xC0000005, "access violation (0xC0000005)"),
    ],
)
def test_exit_codes_in_words(code: int, words: str) -> None:
    assert exit_in_words(code) == words


PARENT = """
import sys
from workbench.jobs import protocol
from workbench.jobs.lane import Lane
from workbench.jobs.lanes import LanePool
from workbench.jobs.protocol import Job

def say(job, message):
    if isinstance(message, protocol.Hello):
        pid.append(message.pid)
    if isinstance(message, protocol.Progress):
        print(pid[0], flush=True)

pid = []
with LanePool([Lane("cpu", "toy_executor:Toy", grace=0.2)]) as pool:
    try:
        pool.map([Job("1", sys.argv[1])] * 3, on_message=say)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
print("left", flush=True)
"""


@pytest.fixture
def start_parent(tmp_path: Path) -> Callable[[str], subprocess.Popen[str]]:
    def start(kind: str) -> subprocess.Popen[str]:
        repository = Path(__file__).parents[2]
        path = os.pathsep.join([str(repository), str(Path(__file__).parent)])
        return subprocess.Popen(
            [sys.executable, "-c", PARENT, kind],
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": path, "TMPDIR": str(tmp_path)},
            text=True,
            start_new_session=True,
        )

    return start


@pytest.mark.parametrize("kind", ["wait_for_cancel", "ignore_cancel", "hold_interpreter"])
def test_no_worker_outlives_a_killed_parent(
    start_parent: Callable[[str], subprocess.Popen[str]], tmp_path: Path, kind: str
) -> None:
    if kind == "hold_interpreter" and sys.platform != "linux":
        pytest.skip("only Linux ends a worker that never runs Python again")
    with start_parent(kind) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        assert process_start(worker) is not None
        parent.kill()
    eventually(lambda: process_start(worker) is None, "the worker ends")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["wait_for_cancel", "hold_interpreter"])
def test_ctrl_c_ends_the_jobs_and_then_the_program(
    start_parent: Callable[[str], subprocess.Popen[str]], kind: str
) -> None:
    with start_parent(kind) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        os.killpg(parent.pid, signal.SIGINT)
        rest = parent.stdout.read().split()
    assert rest == ["interrupted", "left"]
    assert parent.returncode == 0
    assert process_start(worker) is None
