"""Opening the lanes that a program computes on."""

from __future__ import annotations

import os

from workbench.jobs.handle import failure_of
from workbench.jobs.lane import Lane
from workbench.jobs.lanes import LanePool
from workbench.jobs.protocol import Job


def open_pool(
    device: str = "auto",
    jobs: int | None = None,
    *,
    in_process: bool = False,
    kill_when_due: bool = True,
    gives_way: bool = False,
) -> LanePool:
    """One lane per core on a CPU, one per accelerator, unless `jobs` says how many.

    Only a worker can tell which device "auto" is: the first lane is asked, which takes as long as
    a worker takes to start, and stays warm. WorkbenchError if there is no such device.
    """
    cores = _usable_cores()
    wanted = 1 if in_process else jobs or cores
    threads = max(1, cores // wanted)

    def lane() -> Lane:
        return Lane(device, threads=threads, in_process=in_process, gives_way=gives_way)

    lanes = [lane()]
    described = lanes[0].submit(Job(id="describe", kind="describe")).wait()
    if described.result is None:
        lanes[0].close()
        raise failure_of(described)
    if jobs or described.result["device"] == "cpu":
        lanes += [lane() for _ in range(wanted - 1)]
    return LanePool(lanes, kill_when_due=kill_when_due)


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
