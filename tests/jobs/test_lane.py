from __future__ import annotations

import os
import site
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from listening import PATIENCE, Heard, do, eventually

import workbench
from workbench.core.errors import UsageError
from workbench.core.vocabulary import RunStatus
from workbench.jobs import protocol
from workbench.jobs.handle import JobResult
from workbench.jobs.lane import Lane
from workbench.jobs.protocol import Job
from workbench.jobs.worker_process import worker_environment

MakeLane = Callable[..., Lane]


def test_messages_come_in_order_on_the_lane_thread(any_lane: Lane, heard: Heard) -> None:
    result = do(any_lane, "count", heard, steps=200)
    assert result.status is RunStatus.DONE
    assert isinstance(heard[0], protocol.Hello)
    assert isinstance(heard[1], protocol.Started)
    assert isinstance(heard[-1], protocol.Done)
    shares = [message.share for message in heard.of(protocol.Progress)]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert heard.of(protocol.Series)[-1].x == 199
    assert heard.of(protocol.Committed) == [protocol.Committed(job="count-1", what={"steps": 200})]
    assert heard.threads == {"lane cpu"}


def test_a_job_gets_its_payload_and_gives_its_result(any_lane: Lane) -> None:
    payload: dict[str, Any] = {
        "text": "naïve\n\x1e",
        "shape": (2, 3),
        "nested": {"none": None, "x": 0.1},
    }
    result = do(any_lane, "echo", **payload)
    assert result.result is not None
    assert result.result["payload"] == payload | {"shape": [2, 3]}
    assert result.result["device"] == "cpu"
    assert result.error is None


def test_the_payload_is_taken_when_submitted(any_lane: Lane) -> None:
    payload = {"rows": [1]}
    handle = any_lane.submit(Job("1", "echo", payload))
    payload["rows"].append(2)
    result = handle.wait(PATIENCE).result
    assert result is not None
    assert result["payload"] == {"rows": [1]}


def test_one_warm_worker_does_all_jobs(lane: Lane, heard: Heard) -> None:
    lane.warm_up()
    results = [do(lane, "nothing", heard).result for _ in range(3)]
    assert [result and result["jobs"] for result in results] == [1, 2, 3]
    (pid,) = {message.pid for message in heard.of(protocol.Hello)}
    assert pid != os.getpid()
    assert len(heard.of(protocol.Hello)) == 3
    hello = heard.of(protocol.Hello)[0]
    assert hello.device == "cpu"
    assert hello.host
    assert hello.process_start
    assert hello.versions["python"] == sys.version.split()[0]


def test_jobs_wait_their_turn(lane: Lane, heard: Heard) -> None:
    handles = [lane.submit(Job(str(index), "nothing"), heard) for index in range(5)]
    results = [handle.wait(PATIENCE) for handle in handles]
    assert [result.status for result in results] == [RunStatus.DONE] * 5
    assert [message.job for message in heard.of(protocol.Done)] == list("01234")


def test_in_process_runs_here_many_times(make_lane: MakeLane) -> None:
    lane = make_lane(in_process=True)
    handles = [lane.submit(Job(str(index), "nothing")) for index in range(1500)]
    results = [handle.wait(PATIENCE).result for handle in handles]
    assert results[-1] == {"device": "cpu", "jobs": 1500, "pid": os.getpid()}


def test_huge_payloads_and_results_pass(any_lane: Lane) -> None:
    result = do(any_lane, "be_huge", numbers=300_000)
    assert result.result is not None
    assert result.result["numbers"][-1] == 299_999 / 7
    numbers = list(range(300_000))
    result = do(any_lane, "echo", numbers=numbers)
    assert result.result is not None
    assert result.result["payload"] == {"numbers": numbers}


def test_what_is_not_finite_passes(any_lane: Lane, heard: Heard) -> None:
    result = do(any_lane, "diverge", heard)
    assert result.result is not None
    assert result.result["loss"] == float("inf")
    assert len(heard.of(protocol.Series)) == 1


def test_all_that_is_printed_becomes_log(lane: Lane, heard: Heard) -> None:
    result = do(lane, "speak", heard)
    assert result.status is RunStatus.DONE
    assert set(result.log_tail) == {
        "from print",
        "from print to stderr",
        "from file descriptor 1",
        "from C",
        "from a child",
        "odd bytes \N{REPLACEMENT CHARACTER}",
        "from the channel",
        "from C without newline",
    }
    assert tuple(message.text for message in heard.of(protocol.Log)) == result.log_tail
    assert isinstance(heard[-1], protocol.Done)
    assert do(lane, "nothing").log_tail == ()


def test_a_line_of_any_length_that_is_left_open_ends_with_its_job(lane: Lane) -> None:
    for length in (1, *range(16_368, 16_387), 32_763, 100_000):
        result = do(lane, "print_unfinished_line", length=length)
        assert result.status is RunStatus.DONE
        assert "".join(result.log_tail) == "x" * length
        assert do(lane, "nothing").log_tail == ()


def test_prints_keep_off_standard_output_in_process(
    make_lane: MakeLane, capfd: pytest.CaptureFixture[str]
) -> None:
    lane = make_lane(in_process=True)
    assert do(lane, "ask").status is RunStatus.ERROR
    assert capfd.readouterr().out == ""


def test_a_job_cannot_read_the_commands(lane: Lane) -> None:
    result = do(lane, "ask")
    assert result.error is not None
    assert "EOFError" in result.error.message
    assert do(lane, "nothing").status is RunStatus.DONE


def test_other_threads_of_a_job_may_speak(any_lane: Lane, heard: Heard) -> None:
    assert do(any_lane, "speak_from_thread", heard).log_tail == (
        "from another thread",
        "from the job's thread",
    )
    assert heard.threads == {"lane cpu"}


@pytest.mark.parametrize("in_process", [False, True])
def test_the_executor_is_closed_once_after_the_last_job(
    make_lane: MakeLane, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, in_process: bool
) -> None:
    diary = tmp_path / "diary"
    monkeypatch.setenv("TOY_DIARY", str(diary))
    with make_lane("toy_executor:Closing", in_process=in_process) as lane:
        for _ in range(2):
            assert do(lane, "any").status is RunStatus.DONE
    lane.close()
    assert diary.read_text().split() == ["made", "any-1", "any-1", "closed"]


def test_cancel_stops_a_running_job(any_lane: Lane, heard: Heard) -> None:
    handle = any_lane.submit(Job("1", "wait_for_cancel"), heard)
    heard.wait_for(protocol.Progress)
    before = handle.status
    handle.cancel()
    assert handle.wait(PATIENCE) == JobResult(RunStatus.CANCELLED)
    assert (before, handle.status) == (RunStatus.RUNNING, RunStatus.CANCELLED)
    assert isinstance(heard[-1], protocol.Cancelled)
    handle.cancel()
    assert do(any_lane, "nothing").status is RunStatus.DONE


def test_a_queued_job_that_is_cancelled_never_starts(any_lane: Lane, heard: Heard) -> None:
    first_heard = Heard()
    first = any_lane.submit(Job("first", "wait_for_cancel"), first_heard)
    second = any_lane.submit(Job("second", "nothing"), heard)
    first_heard.wait_for(protocol.Progress)
    assert second.status is RunStatus.QUEUED
    second.cancel()
    first.cancel()
    assert second.wait(PATIENCE).status is RunStatus.CANCELLED
    assert heard == [protocol.Cancelled(job="second")]


def test_a_queued_job_is_cancelled_before_the_running_one_ends(lane: Lane) -> None:
    first = lane.submit(Job("first", "wait_for_cancel"))
    second = lane.submit(Job("second", "nothing"))
    second.cancel()
    assert second.wait(PATIENCE).status is RunStatus.CANCELLED
    assert not first.done.is_set()


def test_a_job_that_finishes_although_cancelled_is_done(any_lane: Lane, heard: Heard) -> None:
    handle = any_lane.submit(Job("1", "finish_although_cancelled"), heard)
    heard.wait_for(protocol.Progress)
    handle.cancel()
    assert handle.wait(PATIENCE).status is RunStatus.DONE


@pytest.mark.parametrize("kind", ["ignore_cancel", "hold_interpreter"])
def test_a_deaf_job_is_killed_and_the_lane_goes_on(
    make_lane: MakeLane, heard: Heard, kind: str
) -> None:
    lane = make_lane(grace=0.1)
    handle = lane.submit(Job("deaf", kind), heard)
    waiting = lane.submit(Job("waiting", "nothing"))
    heard.wait_for(protocol.Progress)
    assert not handle.can_force
    handle.cancel()
    eventually(lambda: handle.can_force, "killing is offered")
    assert not handle.done.is_set()
    handle.force()
    result = handle.wait(PATIENCE)
    assert result.status is RunStatus.CANCELLED
    assert "killed" in result.log_tail[-1]
    assert not handle.can_force
    assert waiting.wait(PATIENCE).status is RunStatus.DONE


def test_killing_is_not_offered_within_the_grace_period(lane: Lane, heard: Heard) -> None:
    lane.grace = 1e9
    handle = lane.submit(Job("1", "ignore_cancel"), heard)
    heard.wait_for(protocol.Progress)
    handle.cancel()
    assert not handle.can_force
    handle.force()
    assert handle.wait(PATIENCE).status is RunStatus.CANCELLED


def test_force_takes_a_queued_job_out_and_harms_no_other(lane: Lane, heard: Heard) -> None:
    first = lane.submit(Job("first", "wait_for_cancel"), heard)
    second = lane.submit(Job("second", "nothing"))
    heard.wait_for(protocol.Progress)
    second.force()
    assert second.wait(PATIENCE).status is RunStatus.CANCELLED
    assert not first.done.is_set()


def test_a_job_in_this_process_cannot_be_killed(make_lane: MakeLane, heard: Heard) -> None:
    handle = make_lane(in_process=True, grace=0.0).submit(Job("1", "wait_for_cancel"), heard)
    heard.wait_for(protocol.Progress)
    with pytest.raises(UsageError, match="cannot be killed"):
        handle.force()
    assert not handle.cancelled
    assert not handle.can_force


def test_waiting_can_time_out(lane: Lane) -> None:
    handle = lane.submit(Job("1", "wait_for_cancel"))
    with pytest.raises(TimeoutError):
        handle.wait(0.05)
    assert not handle.done.is_set()


def test_a_listener_may_submit_the_next_job(any_lane: Lane) -> None:
    handles = []

    def go_on(message: protocol.Reply) -> None:
        if isinstance(message, protocol.Done):
            handles.append(any_lane.submit(Job("2", "nothing")))

    any_lane.submit(Job("1", "nothing"), go_on).wait(PATIENCE)
    assert handles[0].wait(PATIENCE).status is RunStatus.DONE


def test_close_cancels_what_runs_and_what_waits(any_lane: Lane, heard: Heard) -> None:
    running = any_lane.submit(Job("running", "wait_for_cancel"), heard)
    queued = any_lane.submit(Job("queued", "nothing"))
    heard.wait_for(protocol.Progress)
    any_lane.close()
    assert running.wait(0).status is RunStatus.CANCELLED
    assert queued.wait(0).status is RunStatus.CANCELLED
    any_lane.close()
    with pytest.raises(RuntimeError, match="closed"):
        any_lane.submit(Job("late", "nothing"))
    running.cancel()


def test_close_kills_a_deaf_worker(lane: Lane, heard: Heard) -> None:
    handle = lane.submit(Job("1", "hold_interpreter"), heard)
    heard.wait_for(protocol.Progress)
    lane.close(timeout=0.1)
    assert handle.wait(0).status is RunStatus.CANCELLED


def test_a_lane_that_did_nothing_closes(make_lane: MakeLane) -> None:
    with make_lane() as idle, make_lane() as warm, make_lane(in_process=True):
        warm.warm_up()
        assert idle.device == "cpu"


def test_threads_and_environment_reach_the_worker(make_lane: MakeLane) -> None:
    names = ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "CUDA_VISIBLE_DEVICES"]
    lane = make_lane(threads=3, environment={"CUDA_VISIBLE_DEVICES": "1", "MKL_NUM_THREADS": "2"})
    result = do(lane, "environment", names=names).result
    assert result is not None
    assert result["environment"] == dict(zip(names, ["3", "2", "1"], strict=True))


def test_the_worker_imports_the_same_workbench_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site, "getsitepackages", lambda: [str(tmp_path)])
    python_path = worker_environment(1, {"PYTHONPATH": "plugins"})["PYTHONPATH"]
    assert python_path.split(os.pathsep) == [str(Path(workbench.__file__).parents[1]), "plugins"]


def test_an_installed_workbench_does_not_put_libraries_before_the_standard_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installed = str(Path(workbench.__file__).parents[1])
    monkeypatch.setattr(site, "getsitepackages", lambda: [installed])
    monkeypatch.delenv("PYTHONPATH", raising=False)
    assert "PYTHONPATH" not in worker_environment(1, {})
    assert worker_environment(1, {"PYTHONPATH": "plugins"})["PYTHONPATH"] == "plugins"


def test_the_client_side_imports_nothing_heavy() -> None:
    check = (
        "import sys, workbench.jobs.lane, workbench.jobs.lanes, workbench.jobs.protocol\n"
        "print([name for name in ('numpy', 'torch', 'PySide6') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_interrupting_the_worker_is_for_the_lane_to_decide(lane: Lane) -> None:
    assert do(lane, "interrupt_self").status is RunStatus.DONE
