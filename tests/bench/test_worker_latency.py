"""How long one waits for a worker: to start, to answer, to stop, to be replaced."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from figures import Figures
from timing import Clock, Sample, timed

from workbench.core.vocabulary import RunStatus
from workbench.jobs import protocol
from workbench.jobs.handle import JobHandle
from workbench.jobs.lane import Lane
from workbench.jobs.protocol import Job

pytestmark = pytest.mark.bench

SECTION = "worker"
ROUNDS = 5
GRACE = 0.2  # seconds; the default of a lane is longer
MESSAGES = 100  # round trips of one round
PATIENCE = 60.0

ECHO = "import sys\nfor line in sys.stdin.buffer: print(line.decode(), end='', flush=True)"


class Heard:
    """Notes when each type of message came first, and lets one wait for it."""

    def __init__(self) -> None:
        self.at: dict[str, float] = {}
        self._news = threading.Condition()

    def __call__(self, message: protocol.Reply) -> None:
        with self._news:
            self.at.setdefault(message.type, time.perf_counter())
            self._news.notify_all()

    def wait_for(self, kind: str) -> None:
        with self._news:
            assert self._news.wait_for(lambda: kind in self.at, PATIENCE), f"no {kind} message"


class Measured:
    """Samples that grow by one value a round."""

    def __init__(self) -> None:
        self._values: dict[str, list[float]] = defaultdict(list)

    def add(self, name: str, seconds: float) -> None:
        self._values[name].append(seconds)

    def __getitem__(self, name: str) -> Sample:
        return Sample(tuple(self._values[name]))


def python(code: str) -> Callable[[], Any]:
    return lambda: subprocess.run([sys.executable, "-c", code], check=True)


def first_job(lane: Lane) -> tuple[float, float]:
    """Seconds until a lane without a worker hears hello, and until its first job is done."""
    heard, start = Heard(), time.perf_counter()
    result = lane.submit(Job("first", "nothing"), heard).wait(PATIENCE)
    assert result.status is RunStatus.DONE
    return heard.at["hello"] - start, heard.at["done"] - start


def round_trip(lane: Lane) -> float:
    with Clock() as clock:
        for number in range(MESSAGES):
            result = lane.submit(Job(str(number), "nothing")).wait(PATIENCE)
            assert result.status is RunStatus.DONE
    return clock.seconds / MESSAGES


def bare_round_trip() -> float:
    """Of a line, through pipes to another Python and back, with nothing around it."""
    command = [sys.executable, "-c", ECHO]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as echo:
        assert echo.stdin is not None
        assert echo.stdout is not None
        echo.stdin.write(b"ready?\n")
        echo.stdin.flush()
        echo.stdout.readline()
        with Clock() as clock:
            for _ in range(MESSAGES):
                echo.stdin.write(b"a line\n")
                echo.stdin.flush()
                assert echo.stdout.readline() == b"a line\n"
    return clock.seconds / MESSAGES


def started(lane: Lane, kind: str) -> JobHandle:
    heard = Heard()
    handle = lane.submit(Job(kind, kind), heard)
    heard.wait_for("committed")
    return handle


def cooperative_cancel(lane: Lane) -> float:
    handle = started(lane, "busy")
    with Clock() as clock:
        handle.cancel()
        result = handle.wait(PATIENCE)
    assert result.status is RunStatus.CANCELLED
    assert not any("killed" in line for line in result.log_tail)
    return clock.seconds


def forced_kill(lane: Lane) -> float:
    """From the order to kill on; the grace period before it is a setting, not a cost."""
    handle = started(lane, "deaf")
    handle.cancel()
    with pytest.raises(TimeoutError):
        handle.wait(GRACE)
    assert handle.can_force
    with Clock() as clock:
        handle.force()
        result = handle.wait(PATIENCE)
    assert result.status is RunStatus.CANCELLED
    return clock.seconds


def one_round(measured: Measured) -> None:
    for name, code in (
        ("import torch", "import torch"),
        ("import executor", "import workbench.jobs.executor"),
    ):
        measured.add(name, timed(python(code))())
    environment = {"PYTHONPATH": str(Path(__file__).parent)}
    with Lane("cpu", "bench_executor:Bench", environment=environment, grace=GRACE) as lane:
        hello, ready = first_job(lane)
        measured.add("hello", hello)
        measured.add("ready", ready)
        measured.add("round trip", round_trip(lane))
        measured.add("bare round trip", bare_round_trip())
        measured.add("cancel", cooperative_cancel(lane))
        measured.add("kill", forced_kill(lane))
        _, replaced = first_job(lane)
        measured.add("replaced", replaced)


def test_worker(figures: Figures) -> None:
    one_round(Measured())
    measured = Measured()
    for _ in range(ROUNDS):
        one_round(measured)

    def add(name: str, unit: str, sample: Sample, note: str = "") -> None:
        figures.add(SECTION, name, unit, sample, note=note)

    add("python -c 'import torch'", "s", measured["import torch"])
    add("python -c 'import workbench.jobs.executor'", "s", measured["import executor"])
    add("start of a worker: until hello", "s", measured["hello"])
    add("start of a worker: until its first job is done", "s", measured["ready"])
    add("  / import torch", "ratio", measured["ready"].over(measured["import torch"]))
    add(
        "  / import workbench.jobs.executor",
        "ratio",
        measured["ready"].over(measured["import executor"]),
    )
    add("replacement of a killed worker, until its first job is done", "s", measured["replaced"])
    add("bare round trip of a line through two pipes", "ms", measured["bare round trip"].times(1e3))
    add(
        "round trip of an empty job, idle worker",
        "ms",
        measured["round trip"].times(1e3),
        f"mean of {MESSAGES} a round; submitted, started, done, end of log",
    )
    add("cancel of a busy job, until cancelled", "ms", measured["cancel"].times(1e3))
    add(
        "kill of a deaf job, until cancelled",
        "ms",
        measured["kill"].times(1e3),
        f"from the order to kill on, after a grace of {GRACE} s",
    )
