from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from listening import Heard, eventually

from workbench.jobs.lane import Lane

TOY = "toy_executor:Toy"


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


@pytest.fixture
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
    # torch makes a folder of this name where it is first imported in this process.
    assert [one for one in files.iterdir() if not one.name.startswith("torchinductor")] == []


@pytest.fixture
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


@pytest.fixture
def lane(make_lane: Callable[..., Lane]) -> Lane:
    return make_lane()


@pytest.fixture(params=[False, True], ids=["worker", "in-process"])
def any_lane(request: pytest.FixtureRequest, make_lane: Callable[..., Lane]) -> Lane:
    return make_lane(in_process=request.param)


@pytest.fixture
def heard() -> Heard:
    return Heard()
