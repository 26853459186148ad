from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

import pytest
from listening import PATIENCE, Heard, do

from workbench.core.vocabulary import RunStatus
from workbench.jobs import protocol
from workbench.jobs.in_process import InProcessWorker
from workbench.jobs.lane import Lane
from workbench.jobs.protocol import Job
from workbench.jobs.worker_process import WorkerProcess

MakeLane = Callable[..., Lane]


@pytest.mark.parametrize(
    ("kind", "message", "in_details"),
    [
        ("raise_data_error", "Row 7 has no label.", "raise_data_error"),
        ("raise_plugin_error", "The method 'ssd' failed.", "ZeroDivisionError"),
        (
            "raise_value_error",
            "The job 'raise_value_error' failed with ValueError: shapes differ.",
            "in a second line",
        ),
        ("raise_memory_error", "The job 'raise_memory_error' ran out of memory.", "bytearray"),
        ("leave", "The job 'leave' tried to end the whole program.", "enough"),
        (
            "raise_mute_error",
            "The job 'raise_mute_error' failed with MuteError.",
            "raise_mute_error",
        ),
        ("raise_odd_error", "The job 'raise_odd_error' failed with OddError.", "raise_odd_error"),
        ("raise_undecodable", r"The file 'caf\udce9.csv' is empty.", "raise_undecodable"),
        (
            "open_missing_file",
            "The job 'open_missing_file' failed with FileNotFoundError: "
            "No such file or directory: 'cifar.npz'.",
            "/no such folder/",
        ),
    ],
)
def test_an_exception_is_the_error_of_its_job_only(
    any_lane: Lane, heard: Heard, kind: str, message: str, in_details: str
) -> None:
    result = do(any_lane, kind, heard)
    assert result.status is RunStatus.ERROR
    assert result.error is not None
    assert result.error.message == message
    assert in_details in result.error.traceback
    assert heard[-1] == result.error
    after = do(any_lane, "nothing").result
    assert after is not None
    assert after["jobs"] == 2


def test_our_errors_keep_remedy_exit_code_and_plugin(any_lane: Lane) -> None:
    data, plugin = do(any_lane, "raise_data_error").error, do(any_lane, "raise_plugin_error").error
    assert data is not None
    assert plugin is not None
    assert (data.remedy, data.exit_code, data.plugin) == ("Label it.", 1, "")
    assert plugin.plugin == "toy-methods"


def test_the_last_progress_before_a_failure_is_heard(any_lane: Lane, heard: Heard) -> None:
    do(any_lane, "raise_diverging", heard)
    assert heard.of(protocol.Progress)[-1].text == "last before the failure"
    assert isinstance(heard[-1], protocol.Error)


@pytest.mark.parametrize("returned", [None, [1, 2], "text"])
def test_a_result_that_is_no_dict_is_an_error(make_lane: MakeLane, returned: object) -> None:
    result = do(make_lane("toy_executor:Raw", in_process=True), "any", returned=returned)
    assert result.status is RunStatus.ERROR


def test_a_payload_that_is_no_json_is_refused_at_once(any_lane: Lane) -> None:
    with pytest.raises(TypeError):
        any_lane.submit(Job("1", "echo", {"rows": {1, 2}}))
    with pytest.raises(ValueError, match="id"):
        any_lane.submit(Job(1, "echo"))  # type: ignore[arg-type]
    assert do(any_lane, "nothing").status is RunStatus.DONE


@pytest.mark.parametrize("in_process", [False, True])
def test_an_executor_that_cannot_be_made(make_lane: MakeLane, in_process: bool) -> None:
    result = do(make_lane("toy_executor:Broken", in_process=in_process), "nothing")
    assert result.status is RunStatus.ERROR
    assert result.error is not None
    assert result.error.message == "There is no device 'cpu'."


@pytest.mark.parametrize("in_process", [False, True])
def test_an_executor_that_leaves_ends_no_lane(make_lane: MakeLane, in_process: bool) -> None:
    lane = make_lane("toy_executor:Leaving", in_process=in_process)
    first, second = do(lane, "nothing").error, do(lane, "nothing").error
    assert first is not None
    assert "tried to end the whole program" in first.message
    assert second == first


def test_a_listener_that_fails_stops_nothing(
    any_lane: Lane, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(message: protocol.Reply) -> None:
        raise RuntimeError("the listener is broken")

    handle = any_lane.submit(Job("1", "count", {"steps": 3}), fail)
    assert handle.wait(PATIENCE).status is RunStatus.DONE
    assert "the listener is broken" in caplog.text


def test_a_listener_that_leaves_stops_nothing(any_lane: Lane) -> None:
    def leave(message: protocol.Reply) -> None:
        sys.exit("enough")

    assert any_lane.submit(Job("1", "nothing"), leave).wait(PATIENCE).status is RunStatus.DONE
    assert do(any_lane, "nothing").status is RunStatus.DONE


def test_a_fault_of_the_lane_leaves_nobody_waiting(
    lane: Lane, heard: Heard, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    handles = [lane.submit(Job("running", "wait_for_cancel"), heard)]
    heard.wait_for(protocol.Progress)
    handles += [lane.submit(Job(str(index), "nothing"), heard) for index in range(2)]
    monkeypatch.setattr(WorkerProcess, "send", fault)
    handles[0].cancel()
    for handle in handles:
        result = handle.wait(PATIENCE)
        assert result.status is RunStatus.ERROR
        assert result.error is not None
        assert result.error.message == (
            f"The job {handle.job.id!r} ended because its lane failed with ZeroDivisionError."
        )
        assert "in fault" in result.error.traceback
    assert heard[-3:] == [handle.wait(0).error for handle in handles]
    assert "starts afresh" in caplog.text
    monkeypatch.undo()
    assert do(lane, "nothing").status is RunStatus.DONE


def test_a_fault_of_the_lane_in_process_leaves_nobody_waiting(
    make_lane: MakeLane, monkeypatch: pytest.MonkeyPatch
) -> None:
    lane = make_lane(in_process=True)
    monkeypatch.setattr(InProcessWorker, "run", fault)
    handles = [lane.submit(Job(str(index), "nothing")) for index in range(3)]
    assert [handle.wait(PATIENCE).status for handle in handles] == [RunStatus.ERROR] * 3
    monkeypatch.undo()
    assert do(lane, "nothing").status is RunStatus.DONE


def test_a_program_that_cannot_be_started(
    make_lane: MakeLane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/program")
    lane = make_lane()
    lane.warm_up()
    result = do(lane, "nothing")
    assert result.status is RunStatus.ERROR
    assert result.error is not None
    assert "could not be started" in result.error.message
    monkeypatch.undo()
    assert do(lane, "nothing").status is RunStatus.DONE


def test_a_worker_that_dies_idle_costs_no_job(lane: Lane, heard: Heard) -> None:
    first = do(lane, "nothing", heard).result
    assert first is not None
    os.kill(first["pid"], signal.SIGKILL)
    second = do(lane, "nothing")
    assert second.status is RunStatus.DONE
    assert second.result is not None
    assert second.result["pid"] != first["pid"]


def fault(*_: object) -> None:
    raise ZeroDivisionError
