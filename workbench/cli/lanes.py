"""The lanes a command computes on, as its options say."""

from __future__ import annotations

import argparse

from workbench.jobs import opening
from workbench.jobs.lanes import LanePool


def open_pool(options: argparse.Namespace) -> LanePool:
    return opening.open_pool(options.device, options.jobs, in_process=options.in_process)
