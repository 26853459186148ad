"""One job of a pool, cancelled or forced from outside; jobs beside those that are mapped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from listening import PATIENCE, Heard, eventually

from workbench.core.errors import UsageError
from workbench.core.vocabulary import RunStatus
from workbench.jobs import protocol
from workbench.jobs.handle import JobResult
from workbench.jobs.lane import Lane
from workbench.jobs.lanes import LanePool
from workbench.jobs.protocol import Job

DONE, CANCELLED = RunStatus.DONE, RunStatus.CANCELLED


class Mapping:
    """A `map` on a thread of its own, as a window has it."""

    def __init__(self, pool: LanePool, jobs: list[Job]) -> None:
        self.heard: dict[str, Heard] = {job.id: Heard() for job in jobs}
        self.cancel = threading.Event()
        self._results: list[JobResult] = []
        self._thread = threading.Thread(target=self._run, args=[pool, jobs])
        self._thread.start()

    def _run(self, pool: LanePool, jobs: list[Job]) -> None:
        self._results = pool.map(
            jobs, lambda job, message: self.heard[job.id](message), cancel=self.cancel
        )

    def has_begun(self, job_id: str) -> None:
        self.heard[job_id].wait_for(protocol.Progress)

    def statuses(self) -> list[RunStatus]:
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()
        return [result.status for result in self._results]


@pytest.fixture
def start(make_lane: Callable[..., Lane]) -> Iterator[Callable[..., tuple[LanePool, Mapping]]]:
    pools = []

    def start(*kinds: str, lanes: int = 1, **options: bool) -> tuple[LanePool, Mapping]:
        in_process = options.pop("in_process", False)
        made = [make_lane(grace=0.2, in_process=in_process) for _ in range(lanes)]
        pools.append(LanePool(made, **options))
        return pools[-1], Mapping(pools[-1], [Job(f"{i}", k) for i, k in enumerate(kinds)])

    yield start
    for pool in pools:
        pool.close()


@pytest.mark.parametrize("in_process", [False, True])
def test_one_job_is_cancelled_and_the_others_go_on(
    start: Callable[..., tuple[LanePool, Mapping]], in_process: bool
) -> None:
    pool, mapping = start("wait_for_cancel", "nothing", "nothing", in_process=in_process)
    mapping.has_begun("0")
    pool.cancel("1")
    eventually(lambda: bool(mapping.heard["1"]), "the waiting job ends at once")
    assert mapping.heard["1"] == [protocol.Cancelled(job="1")]
    pool.cancel("0")
    assert mapping.statuses() == [CANCELLED, CANCELLED, DONE]


def test_a_deaf_job_is_killed_when_due(start: Callable[..., tuple[LanePool, Mapping]]) -> None:
    pool, mapping = start("hold_interpreter", "nothing")
    mapping.has_begun("0")
    pool.cancel("0")
    assert mapping.statuses() == [CANCELLED, DONE]


def test_without_killing_a_deaf_job_goes_on_until_it_is_forced(
    start: Callable[..., tuple[LanePool, Mapping]],
) -> None:
    pool, mapping = start("hold_interpreter", "wait_for_cancel", lanes=2, kill_when_due=False)
    mapping.has_begun("0")
    mapping.has_begun("1")
    assert not pool.can_force("0")
    pool.cancel("0")
    eventually(lambda: pool.can_force("0"), "the grace period ends")
    assert not pool.can_force("1")
    assert not mapping.heard["0"].of(protocol.Outcome)
    pool.force("0")
    eventually(lambda: bool(mapping.heard["0"].of(protocol.Cancelled)), "the job is killed")
    assert not mapping.heard["1"].of(protocol.Outcome)
    mapping.cancel.set()
    assert mapping.statuses() == [CANCELLED, CANCELLED]


def test_a_cancelled_map_waits_for_a_deaf_job_that_may_not_be_killed(
    start: Callable[..., tuple[LanePool, Mapping]],
) -> None:
    pool, mapping = start("hold_interpreter", "nothing", kill_when_due=False)
    mapping.has_begun("0")
    mapping.cancel.set()
    eventually(lambda: pool.can_force("0"), "the grace period ends")
    assert mapping.heard["1"] == [protocol.Cancelled(job="1")]
    assert not mapping.heard["0"].of(protocol.Outcome)
    pool.force("0")
    assert mapping.statuses() == [CANCELLED, CANCELLED]


def test_forcing_spares_jobs_that_wait_on_the_same_lane(
    start: Callable[..., tuple[LanePool, Mapping]],
) -> None:
    pool, mapping = start("hold_interpreter", "nothing", kill_when_due=False)
    mapping.has_begun("0")
    beside = pool.submit(Job("beside", "nothing"))
    pool.force("0")
    assert beside.wait(PATIENCE).status is DONE
    assert mapping.statuses() == [CANCELLED, DONE]


def test_a_job_in_this_process_cannot_be_forced(
    start: Callable[..., tuple[LanePool, Mapping]],
) -> None:
    pool, mapping = start("wait_for_cancel", in_process=True)
    mapping.has_begun("0")
    with pytest.raises(UsageError, match="cannot be killed"):
        pool.force("0")
    assert mapping.statuses() == [CANCELLED]


def test_a_job_beside_the_map_goes_to_the_lane_with_the_fewest(
    start: Callable[..., tuple[LanePool, Mapping]],
) -> None:
    pool, mapping = start("wait_for_cancel", lanes=2)
    mapping.has_begun("0")
    heard = Heard()
    assert pool.submit(Job("beside", "nothing"), heard).wait(PATIENCE).status is DONE
    assert [type(message) for message in heard] == [
        protocol.Hello,
        protocol.Started,
        protocol.Done,
    ]
    pool.cancel("0")
    assert mapping.statuses() == [CANCELLED]


def test_a_job_beside_the_map_is_cancelled_by_its_id(make_lane: Callable[..., Lane]) -> None:
    with LanePool([make_lane()]) as pool:
        heard = Heard()
        handle = pool.submit(Job("beside", "wait_for_cancel"), heard)
        heard.wait_for(protocol.Progress)
        pool.cancel("beside")
        assert handle.wait(PATIENCE).status is CANCELLED
        pool.cancel("beside")
        pool.force("beside")
        assert not pool.can_force("beside")


def test_warm_workers_say_so_before_any_job(make_lane: Callable[..., Lane]) -> None:
    with LanePool([make_lane(), make_lane()]) as pool:
        pool.warm_up()
        eventually(lambda: all(lane._hello for lane in pool.lanes), "both workers are there")
