from __future__ import annotations

import os
import threading
from collections.abc import Callable

import pytest
from listening import PATIENCE

from workbench.core.vocabulary import RunStatus
from workbench.jobs import protocol
from workbench.jobs.handle import JobResult
from workbench.jobs.lane import Lane
from workbench.jobs.lanes import LanePool
from workbench.jobs.protocol import Job

DONE, ERROR, CRASHED, CANCELLED = (
    RunStatus.DONE,
    RunStatus.ERROR,
    RunStatus.CRASHED,
    RunStatus.CANCELLED,
)


@pytest.fixture
def pool(make_lane: Callable[..., Lane]) -> LanePool:
    return LanePool([make_lane(grace=0.2), make_lane(grace=0.2)])


def test_results_come_in_the_order_of_the_jobs(pool: LanePool) -> None:
    jobs = [Job(str(index), "echo", {"index": index}) for index in range(12)]
    results = pool.map(jobs)
    assert [result.result and result.result["payload"]["index"] for result in results] == list(
        range(12)
    )
    assert len({result.result and result.result["pid"] for result in results}) == 2


def test_one_that_fails_or_crashes_does_not_stop_the_others(pool: LanePool) -> None:
    kinds = ["nothing", "crash", "raise_value_error", "nothing", "leave_at_once", "nothing"]
    ended = {}

    def on_result(job: Job, result: JobResult) -> None:
        ended[job.id] = result.status

    results = pool.map([Job(str(i), kind) for i, kind in enumerate(kinds)], on_result=on_result)
    expected = [DONE, CRASHED, ERROR, DONE, CRASHED, DONE]
    assert [result.status for result in results] == expected
    assert ended == {str(index): status for index, status in enumerate(expected)}


def test_callbacks_run_on_the_calling_thread_and_in_order(pool: LanePool) -> None:
    heard: list[tuple[str, object]] = []
    threads = set()

    def on_message(job: Job, message: protocol.Reply) -> None:
        threads.add(threading.current_thread())
        heard.append((job.id, type(message)))

    def on_result(job: Job, result: JobResult) -> None:
        threads.add(threading.current_thread())
        heard.append((job.id, JobResult))

    pool.map([Job(str(index), "nothing") for index in range(4)], on_message, on_result)
    assert threads == {threading.current_thread()}
    for index in range(4):
        assert [what for job, what in heard if job == str(index)] == [
            protocol.Hello,
            protocol.Started,
            protocol.Done,
            JobResult,
        ]


def test_a_slow_job_does_not_hold_the_others(pool: LanePool) -> None:
    cancel = threading.Event()
    quick = 0

    def on_result(job: Job, result: JobResult) -> None:
        nonlocal quick
        quick += job.kind == "nothing"
        if quick == 6:
            cancel.set()

    jobs = [Job("slow", "wait_for_cancel"), *(Job(str(i), "nothing") for i in range(6))]
    results = pool.map(jobs, on_result=on_result, cancel=cancel)
    assert [result.status for result in results] == [CANCELLED, *[DONE] * 6]


def test_cancel_stops_the_willing_kills_the_deaf_and_starts_no_other(pool: LanePool) -> None:
    cancel = threading.Event()
    waiting: set[str] = set()
    told: list[str] = []

    def on_message(job: Job, message: protocol.Reply) -> None:
        if isinstance(message, protocol.Progress):
            waiting.add(job.id)
            if len(waiting) == 2:
                cancel.set()

    jobs = [Job("willing", "wait_for_cancel"), Job("deaf", "hold_interpreter"), Job("3", "nothing")]
    results = pool.map(jobs, on_message, lambda job, _: told.append(job.id), cancel)
    assert [result.status for result in results] == [CANCELLED] * 3
    assert sorted(told) == ["3", "deaf", "willing"]
    assert [result.status for result in pool.map([Job("4", "nothing")])] == [DONE]


@pytest.mark.parametrize("in_process", [False, True])
def test_progress_is_seen_live_and_another_thread_cancels(
    make_lane: Callable[..., Lane], in_process: bool
) -> None:
    seen, cancel = threading.Event(), threading.Event()

    def on_message(job: Job, message: protocol.Reply) -> None:
        if isinstance(message, protocol.Progress) and message.text == "waiting":
            seen.set()

    def press_cancel() -> None:
        if seen.wait(PATIENCE):
            cancel.set()

    someone = threading.Thread(target=press_cancel)
    someone.start()
    with LanePool([make_lane(in_process=in_process)]) as pool:
        jobs = [Job("1", "wait_for_cancel"), Job("2", "nothing")]
        results = pool.map(jobs, on_message=on_message, cancel=cancel)
    someone.join()
    assert [result.status for result in results] == [CANCELLED] * 2


def test_a_cancelled_pool_starts_nothing(pool: LanePool) -> None:
    cancel = threading.Event()
    cancel.set()
    assert pool.map([Job("1", "nothing")] * 2, cancel=cancel) == [JobResult(CANCELLED)] * 2


def test_a_callback_that_raises_ends_the_rest(pool: LanePool) -> None:
    def on_message(job: Job, message: protocol.Reply) -> None:
        if message.type == "progress":
            raise LookupError(job.id)

    with pytest.raises(LookupError):
        pool.map([Job("1", "wait_for_cancel"), Job("2", "hold_interpreter")], on_message)
    assert [result.status for result in pool.map([Job("3", "nothing")] * 2)] == [DONE] * 2


def test_no_jobs_give_no_results(pool: LanePool) -> None:
    assert pool.map([]) == []


def test_lanes_in_process(make_lane: Callable[..., Lane]) -> None:
    with LanePool([make_lane(in_process=True)]) as pool:
        results = pool.map([Job("1", "nothing"), Job("2", "raise_value_error")])
    assert [result.status for result in results] == [DONE, ERROR]


def test_a_pool_needs_a_lane() -> None:
    with pytest.raises(ValueError, match="at least one lane"):
        LanePool([])


def test_a_worker_that_gives_way_computes_at_a_lower_priority(
    make_lane: Callable[..., Lane],
) -> None:
    lanes = [make_lane(gives_way=gives_way) for gives_way in (False, True)]
    plain, polite = (lane.submit(Job("1", "echo")).wait(PATIENCE).result for lane in lanes)
    assert plain
    assert polite
    priorities = [os.getpriority(os.PRIO_PROCESS, one["pid"]) for one in (plain, polite)]
    assert priorities[1] > priorities[0] == os.getpriority(os.PRIO_PROCESS, 0)
