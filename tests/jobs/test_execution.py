from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from workbench.core.cancellation import CancelToken
from workbench.jobs import protocol
from workbench.jobs.execution import Channel, load_executor, run_job
from workbench.jobs.protocol import Job


class Sent(list[protocol.Reply]):
    """What was sent, with the time between the first and the last."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    def __call__(self, message: protocol.Reply) -> None:
        self.times.append(time.monotonic())
        self.append(message)


def channel_to(sent: Sent) -> Channel:
    return Channel("1", sent, CancelToken())


def test_a_burst_is_thinned_out_and_its_last_value_arrives() -> None:
    sent = Sent()
    with channel_to(sent) as channel:
        for step in range(20_000):
            channel.progress(step / 20_000, f"step {step}")
        channel.progress(1.0, "all steps")
    assert sent[-1] == protocol.Progress(job="1", share=1.0, text="all steps")
    assert len(sent) <= (sent.times[-1] - sent.times[0]) / 0.05 + 3


def test_the_last_value_arrives_while_the_job_goes_on_silently() -> None:
    arrived = threading.Event()

    def send(message: protocol.Reply) -> None:
        if isinstance(message, protocol.Progress) and message.text == "evaluating":
            arrived.set()

    with Channel("1", send, CancelToken()) as channel:
        channel.progress(0.5, "training")
        channel.progress(0.5, "evaluating")
        assert arrived.wait(60)


def test_each_curve_keeps_its_own_pace() -> None:
    sent = Sent()
    with channel_to(sent) as channel:
        for step in range(100):
            channel.series("loss", step, 1.0)
            channel.series("accuracy", step, 0.5)
    points = [message for message in sent if isinstance(message, protocol.Series)]
    assert {point.name: point.x for point in points} == {"loss": 99, "accuracy": 99}
    assert [point.name for point in points[:2]] == ["loss", "accuracy"]


def test_shares_stay_between_zero_and_one_in_order() -> None:
    sent = Sent()
    with channel_to(sent) as channel:
        for share in (-1.0, 2.0):
            channel.progress(share)
    assert [message.share for message in sent if isinstance(message, protocol.Progress)] == [0, 1]


def test_nothing_is_thinned_out_of_the_log() -> None:
    sent = Sent()
    with channel_to(sent) as channel:
        for line in range(100):
            channel.log(str(line))
    assert [message.text for message in sent if isinstance(message, protocol.Log)] == [
        str(line) for line in range(100)
    ]


@pytest.mark.parametrize(
    "kind", ["nothing", "raise_value_error", "leave", "raise_memory_error", "diverge", "unknown"]
)
def test_a_job_has_exactly_one_outcome_and_it_is_last(kind: str) -> None:
    sent = Sent()
    run_job(load_executor("toy_executor:Toy", "cpu"), Job("1", kind), sent, CancelToken())
    assert isinstance(sent[0], protocol.Started)
    assert [isinstance(message, protocol.Outcome) for message in sent].count(True) == 1
    assert isinstance(sent[-1], protocol.Outcome)


@pytest.mark.parametrize(
    ("reference", "named"),
    [
        ("no_such_module:Toy", "no_such_module"),
        ("toy_executor:Missing", "Missing"),
        ("toy_executor:Broken", "There is no device 'cpu'."),
    ],
)
def test_an_executor_that_cannot_be_made_fails_each_job(reference: str, named: str) -> None:
    executor: Any = load_executor(reference, "cpu")
    for _ in range(2):
        sent = Sent()
        run_job(executor, Job("1", "nothing"), sent, CancelToken())
        assert isinstance(sent[-1], protocol.Error)
        assert named in sent[-1].message
