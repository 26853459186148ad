"""The lanes a command computes on, as its options say."""

from __future__ import annotations

import argparse
import os

from workbench.jobs.campaign import failure_of
from workbench.jobs.lane import Lane
from workbench.jobs.lanes import LanePool
from workbench.jobs.protocol import Job


def open_pool(options: argparse.Namespace) -> LanePool:
    """One lane per core on a CPU, one per accelerator, unless --jobs says otherwise.

    Only a worker can tell which device "auto" is: the first lane is asked, and stays warm.
    """
    cores = _usable_cores()
    wanted = 1 if options.in_process else options.jobs or cores
    threads = max(1, cores // wanted)
    lanes = [Lane(options.device, threads=threads, in_process=options.in_process)]
    described = lanes[0].submit(Job(id="describe", kind="describe")).wait()
    if described.result is None:
        lanes[0].close()
        raise failure_of(described)
    if options.jobs or described.result["device"] == "cpu":
        lanes += [Lane(options.device, threads=threads) for _ in range(wanted - 1)]
    return LanePool(lanes)


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
