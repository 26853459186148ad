"""What lanes and workers say to each other: one JSON object a line, `type` names the message."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter

from workbench.core.errors import WorkbenchError

END_OF_LOG = "\x1eend of log"
"""The line that ends the job's part of the worker's log, which travels apart from the messages."""

_SHOWN = 200  # characters of a malformed line that an error quotes


def _storable(text: Any) -> Any:
    return text.encode("utf-8", "backslashreplace").decode() if isinstance(text, str) else text


Text = Annotated[str, BeforeValidator(_storable)]
"""Words for people. Half characters, as odd file names have, are escaped: no file holds them."""


class ProtocolError(WorkbenchError):
    """A line on the private pipe that is not a message."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True)
class Job:
    """A piece of work. `kind` tells the executor what to do; `payload` is plain JSON data."""

    id: str
    kind: str
    payload: dict[str, Any] = field(default_factory=dict)


class Hello(_Record):
    """Which process does the work; pid, start and host together identify it on any machine."""

    type: Literal["hello"] = "hello"
    pid: int
    process_start: str
    host: str
    device: str
    versions: dict[str, str]


class Started(_Record):
    type: Literal["started"] = "started"
    job: str


class Progress(_Record):
    """`share` of the job done, in [0, 1], and what is being done."""

    type: Literal["progress"] = "progress"
    job: str
    share: float
    text: Text = ""


class Log(_Record):
    type: Literal["log"] = "log"
    job: str
    text: Text


class Series(_Record):
    """A point of a live curve. Points that follow each other too fast to be seen are left out."""

    type: Literal["series"] = "series"
    job: str
    name: str
    x: float
    value: float


class Committed(_Record):
    """A finished piece that is kept whatever happens to the rest of the job."""

    type: Literal["committed"] = "committed"
    job: str
    what: dict[str, Any]


class Done(_Record):
    type: Literal["done"] = "done"
    job: str
    result: dict[str, Any]


class Cancelled(_Record):
    type: Literal["cancelled"] = "cancelled"
    job: str


class Error(_Record):
    """Why a job failed: one plain sentence, what to do about it, and the details."""

    type: Literal["error"] = "error"
    job: str
    message: Text
    remedy: Text = ""
    exit_code: int = 1
    traceback: Text = ""
    plugin: str = ""


class Run(_Record):
    type: Literal["run"] = "run"
    job: Job


class Cancel(_Record):
    type: Literal["cancel"] = "cancel"
    job: str


class Shutdown(_Record):
    type: Literal["shutdown"] = "shutdown"


Outcome = Done | Cancelled | Error
Reply = Hello | Started | Progress | Log | Series | Committed | Outcome
Command = Run | Cancel | Shutdown

_ANY_REPLY: TypeAdapter[Reply] = TypeAdapter(Annotated[Reply, Field(discriminator="type")])
_JOB = TypeAdapter(Job)
_ANY_COMMAND: TypeAdapter[Command] = TypeAdapter(Annotated[Command, Field(discriminator="type")])
_M = TypeVar("_M", Reply, Command)


def encode(message: Reply | Command) -> bytes:
    """One line of ASCII. TypeError or ValueError for data that JSON cannot hold.

    NaN and infinities pass, since a live curve may diverge and both ends are Python.
    """
    return json.dumps(message.model_dump(), separators=(",", ":")).encode() + b"\n"


def as_received(job: Job) -> Job:
    """An independent copy of `job` as it comes out of the pipe.

    TypeError or ValueError for one that could not pass it.
    """
    return _JOB.validate_python(json.loads(json.dumps(asdict(job))))


def decode_reply(line: bytes) -> Reply:
    """The message of a worker; ProtocolError naming the line if it is none."""
    return _decode(line, _ANY_REPLY, "worker")


def decode_command(line: bytes) -> Command:
    """The message of a lane; ProtocolError naming the line if it is none."""
    return _decode(line, _ANY_COMMAND, "lane")


def _decode(line: bytes, adapter: TypeAdapter[_M], sender: str) -> _M:
    try:
        return adapter.validate_python(json.loads(line))
    except (ValueError, RecursionError) as error:
        raise ProtocolError(
            f"The {sender} sent a line that is not a message: {line[:_SHOWN]!r}.",
            remedy="Some code writes to the private pipe of the worker; it should use print.",
        ) from error
