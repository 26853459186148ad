from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.jobs import protocol
from workbench.jobs.protocol import Job

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
DATA = st.dictionaries(st.text(), PLAIN)

REPLIES = st.one_of(
    st.builds(
        protocol.Hello,
        pid=st.integers(),
        process_start=st.text(),
        host=st.text(),
        device=st.text(),
        versions=st.dictionaries(st.text(), st.text()),
    ),
    st.builds(protocol.Started, job=st.text()),
    st.builds(protocol.Progress, job=st.text(), share=st.floats(0, 1), text=st.text()),
    st.builds(protocol.Log, job=st.text(), text=st.text()),
    st.builds(
        protocol.Series,
        job=st.text(),
        name=st.text(),
        x=st.floats(allow_nan=False),
        value=st.floats(allow_nan=False),
    ),
    st.builds(protocol.Committed, job=st.text(), what=DATA),
    st.builds(protocol.Done, job=st.text(), result=DATA),
    st.builds(protocol.Cancelled, job=st.text()),
    st.builds(
        protocol.Error,
        job=st.text(),
        message=st.text(),
        remedy=st.text(),
        exit_code=st.integers(),
        traceback=st.text(),
        plugin=st.text(),
    ),
)
COMMANDS = st.one_of(
    st.builds(protocol.Run, job=st.builds(Job, id=st.text(), kind=st.text(), payload=DATA)),
    st.builds(protocol.Cancel, job=st.text()),
    st.builds(protocol.Shutdown),
)


@given(REPLIES)
def test_a_reply_survives_the_pipe_as_one_line(reply: protocol.Reply) -> None:
    line = protocol.encode(reply)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert protocol.decode_reply(line) == reply


@given(COMMANDS)
def test_a_command_survives_the_pipe_as_one_line(command: protocol.Command) -> None:
    line = protocol.encode(command)
    assert line.count(b"\n") == 1
    assert protocol.decode_command(line) == command


def test_a_diverging_curve_can_be_shown() -> None:
    point = protocol.Series(job="1", name="loss", x=0, value=math.nan)
    received = protocol.decode_reply(protocol.encode(point))
    assert isinstance(received, protocol.Series)
    assert math.isnan(received.value)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"hello\n",
        b"\xff\xfe\n",
        b"[]\n",
        b"3\n",
        b'{"type":"done"}\n',
        b'{"type":"unheard-of","job":"1"}\n',
        b'{"type":"started","job":"1","more":2}\n',
        b'{"type":"cancel","job":"1"}\n',
        b"[" * 100_000,
    ],
)
def test_any_other_line_is_named(line: bytes) -> None:
    with pytest.raises(protocol.ProtocolError) as caught:
        protocol.decode_reply(line)
    assert repr(line[:50])[2:-1] in caught.value.message
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 1000


def test_a_reply_is_not_taken_for_a_command() -> None:
    with pytest.raises(protocol.ProtocolError, match="lane sent"):
        protocol.decode_command(protocol.encode(protocol.Started(job="1")))


def test_a_job_is_received_as_an_independent_copy() -> None:
    rows = [1, 2]
    received = protocol.as_received(Job("1", "run", {"rows": rows, "shape": (3, 4)}))
    rows.append(3)
    assert received == Job("1", "run", {"rows": [1, 2], "shape": [3, 4]})


def test_a_job_that_could_not_pass_the_pipe_is_refused() -> None:
    with pytest.raises(ValueError, match="kind"):
        protocol.as_received(Job("1", None))  # type: ignore[arg-type]


def test_words_that_no_file_can_hold_are_escaped() -> None:
    error = protocol.Error(job="1", message="caf\udce9", remedy="\ud800", traceback="é \udfff")
    assert (error.message, error.remedy) == (r"caf\udce9", r"\ud800")
    assert error.traceback == r"é \udfff"


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes"])
def test_data_that_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        protocol.encode(protocol.Done(job="1", result={"value": value}))
