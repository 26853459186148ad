"""The executor of the workbench with a few jobs whose only purpose is to be timed."""

from __future__ import annotations

import time
from typing import Any

from workbench.jobs.execution import Channel
from workbench.jobs.executor import Executor
from workbench.jobs.protocol import Job


class Bench(Executor):
    def run(self, job: Job, channel: Channel) -> dict[str, Any]:
        match job.kind:
            case "nothing":
                return {}
            case "busy":
                _compute_until_cancelled(channel)
            case "deaf":
                _ignore_everybody(channel)
        return super().run(job, channel)


def _compute_until_cancelled(channel: Channel) -> None:
    """Pure Python, the hardest case: its loop holds the interpreter whenever it can."""
    channel.committed({"busy": True})
    total = 0
    while True:
        channel.cancel_token.check()
        total += sum(range(100))


def _ignore_everybody(channel: Channel) -> None:
    channel.committed({"deaf": True})
    while True:
        time.sleep(1.0)
