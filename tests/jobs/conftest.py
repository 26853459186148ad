from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from workbench.jobs import protocol
from workbench.jobs.lane import Lane

TOY = "toy_executor:Toy"
PATIENCE = 60.0  # seconds a test waits for what should happen at once


def eventually(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.01)


def children() -> set[int]:
    """Child processes of this one, dead ones that nobody waited for included."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid():
            found.add(int(status.parent.name))
    return found


@pytest.fixture()
def nothing_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """After the test no thread, no process and no temporary file of it may be left."""
    if sys.platform != "linux":
        pytest.skip("looks for processes in /proc")
    files = tmp_path / "temporary"
    files.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(files))
    threads, processes = set(threading.enumerate()), children()
    yield
    eventually(lambda: set(threading.enumerate()) <= threads, "threads end")
    eventually(lambda: children() <= processes, "processes end")
    assert list(files.iterdir()) == []


@pytest.fixture()
def make_lane(nothing_left: None) -> Iterator[Callable[..., Lane]]:
    lanes = []

    def make(executor: str = TOY, **options: Any) -> Lane:
        here = str(Path(__file__).parent)
        options["environment"] = {"PYTHONPATH": here, **options.pop("environment", {})}
        lanes.append(Lane("cpu", executor, **options))
        return lanes[-1]

    yield make
    for lane in lanes:
        lane.close()


@pytest.fixture()
def lane(make_lane: Callable[..., Lane]) -> Lane:
    return make_lane()


@pytest.fixture(params=[False, True], ids=["worker", "in-process"])
def any_lane(request: pytest.FixtureRequest, make_lane: Callable[..., Lane]) -> Lane:
    return make_lane(in_process=request.param)


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


@pytest.fixture()
def heard() -> Heard:
    return Heard()
